"""Average precision against values worked out by hand and against a loop written from the definition."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_core.errors import UserError
from ag_core.evaluation.average_precision import (
    compute_action_precision,
    compute_average_precision,
    compute_detection_precision,
)
from ag_core.evaluation.metrics import Counts
from ag_core.evaluation.protocol import Averaging, Origin, Owner
from ag_core.records import Detections


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0], (1 + 2 / 3) / 2),
        ([0.9, 0.8, 0.7], [0, 0, 1], 1 / 3),
        ([0.5, 0.5], [1, 0], 1.0),
        ([0.5, 0.5], [0, 1], 0.5),
        ([0.1, 0.9], [1, 1], 1.0),
    ],
)
def test_hand_worked_values(scores: list[float], labels: list[int], expected: float) -> None:
    assert compute_average_precision(scores, labels) == pytest.approx(expected)


def test_no_positive_is_not_a_number() -> None:
    assert np.isnan(compute_average_precision([0.3, 0.2], [0, 0]))


def test_only_classes_with_positives_are_averaged() -> None:
    scores = np.array([[0.9, 0.1, 0.5], [0.8, 0.9, 0.5], [0.7, 0.2, 0.5]])
    labels = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0]])
    result = compute_action_precision(scores, labels)
    assert result.classes.tolist() == [0, 1]
    assert result.mean == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    assert result.weighted == pytest.approx((2 * (1 + 2 / 3) / 2 + 1) / 3)
    assert result.chance == pytest.approx((2 / 3 + 1 / 3) / 2)


def test_videos_without_actions_rank_last() -> None:
    scores, labels = np.array([[0.9], [0.1]]), np.array([[0], [1]])
    assert compute_action_precision(scores, labels).mean == 1.0


def test_a_video_with_another_action_keeps_its_place_where_some_classes_are_asked_for() -> None:
    scores, labels = np.array([[0.9], [0.1]]), np.array([[0], [1]])
    assert compute_action_precision(scores, labels, np.array([True, True])).mean == 0.5
    assert compute_action_precision(scores, labels, np.array([False, True])).mean == 1.0


ORIGIN = Origin(Owner.OURS_HOME, "by hand", "val", seeds=(3,), command="pytest")


def test_videos_without_scores_are_told_and_rank_last() -> None:
    scores, labels = np.array([[0.1, 0.2], [np.nan, np.nan], [0.9, 0.1]]), np.array([[1, 0], [1, 0], [0, 1]])
    result = compute_action_precision(scores, labels)
    assert result.videos_without_scores == 1
    assert result.per_class == pytest.approx([(1 / 2 + 2 / 3) / 2, 1 / 2])
    told = result.to_metrics(ORIGIN)[0].format_sentence()
    assert "3 videos (1 of them without scores, scored as zero)" in told
    with pytest.raises(UserError, match="none of the 2 videos has scores"):
        compute_action_precision(np.full((2, 2), np.nan), labels[:2])
    with pytest.raises(ValueError, match="some scores of a video are NaN"):
        compute_action_precision(np.array([[0.1, np.nan]]), labels[:1])


def test_metrics_of_actions() -> None:
    scores = np.array([[0.9, 0.1, 0.5], [0.8, 0.9, 0.5], [0.7, 0.2, 0.5]])
    result = compute_action_precision(scores, np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0]]))
    plain, weighted = result.to_metrics(ORIGIN, Counts(train_videos=9), "SGFB")
    chance = result.to_chance_metric(ORIGIN)
    assert chance.is_comparable(plain) and (chance.model, plain.model) == ("chance", "SGFB")
    assert chance.origin.seeds == () and plain.origin.seeds == (3,)
    assert plain.number == pytest.approx(100 * result.mean)
    assert weighted.number == pytest.approx(100 * result.weighted) and chance.number == pytest.approx(50)
    assert not plain.is_comparable(weighted) and weighted.protocol.averaging is Averaging.CLASS_WEIGHTED
    assert plain.n == Counts(videos=3, classes=2, videos_without_scores=0, train_videos=9)
    assert [metric.protocol.label for metric in result.to_class_metrics(ORIGIN)] == [
        "video AP (c000)",
        "video AP (c001)",
    ]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30))
def test_equals_the_definition(rows: list[tuple[int, bool]]) -> None:
    scores, labels = [float(s) for s, _ in rows], [int(y) for _, y in rows]
    order = sorted(range(len(rows)), key=lambda i: -scores[i])
    hits, precisions = 0, []
    for rank, i in enumerate(order, start=1):
        hits += labels[i]
        if labels[i]:
            precisions.append(hits / rank)
    expected = np.mean(precisions) if precisions else np.nan
    assert compute_average_precision(scores, labels) == pytest.approx(expected, nan_ok=True)
    assert compute_average_precision([3 * s - 7 for s in scores], labels) == pytest.approx(expected, nan_ok=True)


def boxes(*rows: Sequence[float], classes: list[int] | None = None, scores: list[float] | None = None) -> Detections:
    n = len(rows)
    return Detections(np.array(rows), classes or np.ones(n), scores or np.ones(n))


def test_perfect_boxes() -> None:
    truth = [boxes((0, 0, 10, 10), (20, 20, 40, 30), classes=[1, 2])]
    result = compute_detection_precision(truth, truth)
    assert result.mean == 1.0
    assert result.counts[[1, 2]].tolist() == [1, 1]
    assert result.short_sides[2] == 10


def test_second_detection_of_one_box_is_false() -> None:
    truth = [boxes((0, 0, 10, 10), (50, 50, 60, 60))]
    found = [boxes((0, 0, 10, 10), (0, 0, 10, 9), (50, 50, 60, 60), scores=[0.9, 0.8, 0.7])]
    # hit, false, hit: precisions 1, 1/2, 2/3; the envelope keeps 1 and 2/3
    assert compute_detection_precision(found, truth).per_class[1] == pytest.approx((1 + 2 / 3) / 2)


def test_interpolation_lifts_an_early_mistake() -> None:
    truth = [boxes((0, 0, 10, 10)), boxes((0, 0, 10, 10))]
    found = [boxes((30, 0, 40, 10), (0, 0, 10, 10), scores=[0.9, 0.8]), boxes((0, 0, 10, 10), scores=[0.7])]
    # false, hit, hit: precisions at the hits 1/2 and 2/3; the envelope makes both 2/3
    assert compute_detection_precision(found, truth).per_class[1] == pytest.approx(2 / 3)


def test_nothing_found_and_nothing_true() -> None:
    truth = [boxes((0, 0, 10, 10))]
    assert compute_detection_precision([Detections.empty()], truth).mean == 0
    assert np.isnan(compute_detection_precision([Detections.empty()], [Detections.empty()]).mean)


def test_ignored_boxes_make_nothing_right_and_nothing_wrong() -> None:
    truth = [boxes((0, 0, 10, 10), (50, 50, 60, 60))]
    faint = [boxes((20, 20, 30, 30), (80, 80, 90, 90), (0, 0, 9, 10), classes=[1, 2, 1])]
    found = [
        boxes(
            (20, 20, 30, 30),  # on an ignored box: does not count
            (20, 20, 30, 29),  # on the same one, which is taken: false
            (0, 0, 10, 10),  # on a true box and on an ignored one: right
            (80, 80, 90, 90),  # on an ignored box of another class: false
            (50, 50, 60, 60),  # right
            scores=[0.9, 0.8, 0.7, 0.6, 0.5],
        )
    ]
    # false, hit, false, hit: precisions at the hits 1/2 and 2/4
    result = compute_detection_precision(found, truth, ignored=faint)
    assert result.per_class[1] == pytest.approx(1 / 2)
    assert result.ignored == 3 and result.counts[1] == 2 and result.counts[2] == 0
    assert "small and hidden objects ignored" in result.to_metric(ORIGIN).protocol.details
    # without them false, false, hit, false, hit: 1/3 and 2/5, which the envelope makes 2/5 both
    assert compute_detection_precision(found, truth).per_class[1] == pytest.approx(2 / 5)
    none = compute_detection_precision(found, truth, ignored=[Detections.empty()])
    assert none.per_class[1] == pytest.approx(2 / 5) and none.ignored == 0
    alone = compute_detection_precision([found[0][[0]]], truth, ignored=faint)
    assert alone.per_class[1] == 0


def test_frames_that_nobody_looked_at_are_told() -> None:
    truth = [boxes((0, 0, 10, 10)), boxes((0, 0, 10, 10))]
    result = compute_detection_precision([truth[0], None], truth)
    assert result.frames_without_prediction == 1 and result.per_class[1] == pytest.approx(1 / 2)
    assert compute_detection_precision([truth[0], Detections.empty()], truth).frames_without_prediction == 0
    metric = result.to_metric(ORIGIN)
    assert metric.n == Counts(frames=2, boxes=2, classes=1, frames_without_prediction=1)
    assert [one.protocol.label for one in result.to_class_metrics(ORIGIN)] == ["box AP (bag)"]
    assert "2 frames (1 of them without a prediction, scored as zero)" in metric.format_sentence()
    with pytest.raises(UserError, match="none of the 2 annotated frames was looked at"):
        compute_detection_precision([None, None], truth)
