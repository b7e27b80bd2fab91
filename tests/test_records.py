"""Records check their shapes, and frames and seconds agree there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ag_core.records import (
    ActionInterval,
    ActionScores,
    Detections,
    SceneGraph,
    frame_to_time,
    latest_graph_at,
    time_to_frame,
)


def graph(frame: int, n: int = 0) -> SceneGraph:
    return SceneGraph(
        frame, (frame - 1) / 30, None, 0.0, np.full(n, 7), np.zeros((n, 4)), np.ones(n), np.zeros((n, 25))
    )


@given(
    st.integers(1, 200_000), st.sampled_from([6, 10, 12, 15, 16.64, 24000 / 1001, 24, 25, 30000 / 1001, 30, 60, 120])
)
def test_frame_to_seconds_and_back(frame: int, fps: float) -> None:
    time_s = frame_to_time(frame, fps)
    assert time_to_frame(time_s, fps) == time_to_frame(round(time_s, 3), fps) == frame


def test_times_outside_the_video_are_clamped() -> None:
    assert time_to_frame(-1, 30, 100) == 1
    assert time_to_frame(99, 30, 100) == 100


def test_empty_frames_are_ordinary() -> None:
    assert len(graph(1)) == 0 and graph(1).relations.shape == (0, 25)
    assert len(Detections.empty()) == 0


def test_invisible_objects_have_no_box() -> None:
    boxes = np.array([[0, 0, 5, 5], [np.nan] * 4])
    made = SceneGraph(1, 0, None, 0, np.array([1, 2]), boxes, np.ones(2), np.zeros((2, 25)))
    assert made.visible.tolist() == [True, False]


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="relations"):
        SceneGraph(1, 0, None, 0, np.array([1]), np.zeros((1, 4)), np.ones(1), np.zeros((1, 26)))
    with pytest.raises(ValueError, match="person has a field"):
        SceneGraph(1, 0, None, 0, np.array([0]), np.zeros((1, 4)), np.ones(1), np.zeros((1, 25)))
    with pytest.raises(ValueError, match="count from 1"):
        graph(0)
    with pytest.raises(ValueError, match="lengths differ"):
        Detections(np.zeros((1, 4)), np.zeros(2), np.zeros(1))
    with pytest.raises(ValueError, match="scores"):
        ActionScores("lfb", np.zeros(156))
    with pytest.raises(ValueError, match="action"):
        ActionInterval("ABCDE", 157, 0, 1)


def test_detections_are_chosen_by_mask() -> None:
    found = Detections(np.arange(12).reshape(3, 4), np.array([0, 5, 6]), np.array([0.9, 0.5, 0.1]))
    assert found[found.scores > 0.3].classes.tolist() == [0, 5]


def test_the_graph_in_force_is_the_last_one_annotated() -> None:
    graphs = [graph(3), graph(9)]
    assert latest_graph_at(graphs, 2) is None
    assert latest_graph_at(graphs, 8) is graphs[0]
    assert latest_graph_at(graphs, 9) is graphs[1]
