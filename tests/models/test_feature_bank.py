"""The bank's grid and window against the published numbers, and confidence matrices by hand."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import ArrayLike

from ag_core.models.feature_bank import (
    build_graph_bank,
    build_oracle_bank,
    compute_bank_times,
    cut_window,
    find_window_indices,
)
from ag_core.records import SceneGraph
from ag_core.taxonomy import BANK_SIZE, N_RELATIONS, find_object_index, find_relation_index

GRID = compute_bank_times(720 / 24)


def graph(
    classes: Sequence[int],
    scores: Sequence[float] | None = None,
    relations: ArrayLike | None = None,
    person: bool = True,
    time_s: float = 0.0,
    boxes: ArrayLike | None = None,
) -> SceneGraph:
    n = len(classes)
    return SceneGraph(
        frame=1,
        time_s=time_s,
        person_box_xyxy=[0, 0, 9, 9] if person else None,
        person_score=1.0,
        object_classes=classes,
        object_boxes_xyxy=np.tile([0, 0, 5, 5], (n, 1)) if boxes is None else boxes,
        object_scores=np.ones(n) if scores is None else scores,
        relations=np.zeros((n, N_RELATIONS)) if relations is None else relations,
    )


def test_grid_of_a_720_frame_video() -> None:
    frames = np.round(GRID * 24).astype(int)
    assert len(frames) == 60
    assert frames[:2].tolist() == [11, 23]
    assert frames[-1] == 719


@pytest.mark.parametrize("duration", [0.0, 0.3, 0.459])
def test_grid_of_a_video_before_the_first_entry(duration: float) -> None:
    assert len(compute_bank_times(0.0)) == 0
    assert len(compute_bank_times(duration)) == int(duration > 11 / 24)


@pytest.mark.parametrize(
    ("centre", "first", "last", "hits", "packed"),
    [(360, 251, 479, 20, 20), (359, 239, 479, 21, 20), (10, 11, 119, 10, 10)],
)
def test_window_cases(centre: int, first: int, last: int, hits: int, packed: int) -> None:
    found = find_window_indices(GRID, centre / 24)
    frames = np.round(GRID[found] * 24).astype(int)
    assert (frames[0], frames[-1], len(frames)) == (first, last, hits)
    bank = np.arange(1, 61, dtype=np.float32)[:, None]
    rows = cut_window(bank, GRID, centre / 24)
    assert rows.shape == (20, 1)
    assert rows[:packed, 0].tolist() == bank[found[:packed], 0].tolist()
    assert not rows[packed:].any()


def test_a_crowded_window_is_spread_for_the_oracle() -> None:
    times = np.arange(41) / 8
    bank = np.arange(41, dtype=np.float32)[:, None]
    spread = cut_window(bank, times, 2.5, spread=True)[:, 0]
    assert (spread[0], spread[-1], len(set(spread))) == (0, 40, 20)
    assert cut_window(bank, times, 2.5)[-1, 0] == 19


def test_window_of_an_empty_bank() -> None:
    assert not cut_window(np.zeros((0, 5), np.float32), [], 3.0).any()


@pytest.mark.parametrize(
    ("name", "relation", "position"),
    [("chair", "sitting_on", 168), ("window", "writing_on", 874), ("bag", "looking_at", 0)],
)
def test_position_of_an_entry(name: str, relation: str, position: int) -> None:
    thing, held = find_object_index(name), find_relation_index(relation)
    relations = np.zeros((1, N_RELATIONS))
    relations[0, held] = 0.5
    row = build_graph_bank([graph([thing], [0.8], relations)])[0]
    assert row.shape == (BANK_SIZE,)
    assert np.flatnonzero(row).tolist() == [position]
    assert row[position] == pytest.approx(0.4)


def test_largest_of_several_instances_and_any_order() -> None:
    relations = np.random.default_rng(0).random((3, N_RELATIONS))
    one = graph([4, 4, 9], [0.5, 0.9, 0.3], relations)
    other = graph([9, 4, 4], [0.3, 0.9, 0.5], relations[[2, 1, 0]])
    assert np.array_equal(one.confidence_matrix(), other.confidence_matrix())
    assert one.confidence_matrix()[3] == pytest.approx(np.maximum(0.5 * relations[0], 0.9 * relations[1]))


def test_nobody_or_nothing_visible_gives_zeros() -> None:
    full = np.ones((1, N_RELATIONS))
    assert not graph([4], relations=full, person=False).confidence_matrix().any()
    assert not graph([4], relations=full, boxes=np.full((1, 4), np.nan)).confidence_matrix().any()
    assert build_graph_bank([]).shape == (0, BANK_SIZE)


def test_oracle_joins_graphs_on_one_grid_point() -> None:
    one, two = np.zeros((1, N_RELATIONS)), np.zeros((1, N_RELATIONS))
    one[0, 0] = two[0, 5] = 1
    times, bank = build_oracle_bank(
        [graph([1], relations=one, time_s=1.0), graph([1], relations=two, time_s=1.01), graph([2], time_s=3.0)]
    )
    assert times.tolist() == [1.0, 3.0]
    assert np.flatnonzero(bank[0]).tolist() == [0, 5]
    assert build_oracle_bank([])[1].shape == (0, BANK_SIZE)
