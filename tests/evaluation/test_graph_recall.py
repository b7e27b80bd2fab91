"""Scene-graph recall against hand-worked frames and a slow loop written from the definition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.evaluation.graph_columns import NO_RANK, GraphColumns, Ranking, sort_parts
from ag_core.evaluation.graph_recall import GraphRecall, compute_graph_recall
from ag_core.evaluation.metrics import Counts
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner
from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, Mode, find_object_index, find_relation_index

PERSON = np.array([0, 0, 50, 100], np.float32)
Thing = tuple[str, Sequence[float], float, Mapping[str, float]]
ORIGIN = Origin(Owner.YOURS, "by hand", "val", command="pytest")


def graph(
    frame: int = 1,
    objects: Sequence[Thing] = (),
    person: NDArray[np.float32] | None = PERSON,
    person_score: float = 1.0,
) -> SceneGraph:
    """`objects`: (class name, box, score, {relation name: probability})."""
    relations = np.zeros((len(objects), 25))
    for row, (_, _, _, given) in enumerate(objects):
        for name, value in given.items():
            relations[row, find_relation_index(name)] = value
    classes = [find_object_index(name) for name, *_ in objects]
    boxes, scores = [o[1] for o in objects], [o[2] for o in objects]
    return SceneGraph(frame, 0.0, person, person_score, classes, boxes, scores, relations)


FOUR = {"looking_at": 1, "in_front_of": 1, "on_the_side_of": 1, "holding": 1}


def cup(
    relations: Mapping[str, float],
    box: Sequence[float] = (60, 60, 70, 70),
    score: float = 1.0,
    name: str = "cup/glass/bottle",
) -> Thing:
    return (name, box, score, relations)


TRUE = graph(objects=[cup(FOUR)])


def recall(
    truth: SceneGraph,
    guess: SceneGraph,
    constraint: Constraint = Constraint.WITH_CONSTRAINT,
    ks: tuple[int, ...] = (10, 20, 50),
) -> GraphRecall:
    return compute_graph_recall({"A": [truth]}, {"A": [guess]}, constraint, ks)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (Constraint.WITH_CONSTRAINT, 3 / 4),
        (Constraint.NO_CONSTRAINT, 1.0),
        (Constraint.SEMI_CONSTRAINT, 1.0),
        (Constraint.ONE_PER_DIRECTION, 2 / 4),
    ],
)
def test_perfect_predictor(constraint: Constraint, expected: float) -> None:
    result = recall(TRUE, TRUE, constraint)
    assert result.frame_mean[20] == result.video_mean[20] == pytest.approx(expected)
    assert result.counts.sum() == 4


def test_frames_without_prediction_are_told_and_score_zero() -> None:
    truth = {"A": [TRUE, replace(TRUE, frame=2)], "B": [TRUE, graph(frame=3)]}
    result = compute_graph_recall(truth, {"A": [TRUE]})
    assert (result.n_frames, result.frames_without_prediction) == (3, 2)
    assert result.frame_mean[50] == pytest.approx((3 / 4 + 0 + 0) / 3)
    assert compute_graph_recall(truth, truth).frames_without_prediction == 0
    told = result.to_metrics(ORIGIN, Mode.SGDET)[0].format_sentence()
    assert "3 frames (2 of them without a prediction, scored as zero)" in told


def test_predictions_of_other_frames_are_refused() -> None:
    for predictions in ({}, {"B": [TRUE]}, {"A": [replace(TRUE, frame=2)]}):
        with pytest.raises(UserError, match="none of the 1 annotated frames has a predicted graph"):
            compute_graph_recall({"A": [TRUE]}, predictions)
    assert compute_graph_recall({}, {}).n_frames == 0


def test_metrics_say_k_averaging_and_mode() -> None:
    result = recall(TRUE, TRUE, Constraint.NO_CONSTRAINT)
    metrics = result.to_metrics(ORIGIN, Mode.PREDCLS, Counts(train_videos=5))
    names = ["R", "R", "mR", "mR", "hR", "hR"]
    assert [metric.protocol.label for metric in metrics] == [f"{name}@{k}" for name in names for k in (10, 20, 50)]
    first = metrics[0]
    assert first.number == 100.0 * result.frame_mean[10] and first.protocol.n_relations == 25
    assert first.protocol.mode is Mode.PREDCLS and first.protocol.averaging is Averaging.FRAME
    assert first.n == Counts(1, 1, triplets=4, frames_without_prediction=0, train_videos=5)
    of_relation = result.to_relation_metrics(ORIGIN, Mode.PREDCLS, 50)
    assert [metric.protocol.subject for metric in of_relation] == list(FOUR)
    assert [metric.n.triplets for metric in of_relation] == [1] * 4


def test_graph_without_a_person_scores_zero() -> None:
    assert recall(TRUE, graph(person=None, objects=[cup(FOUR)])).frame_mean[50] == 0


def test_wrong_class_or_low_overlap_do_not_match() -> None:
    assert recall(TRUE, graph(objects=[cup(FOUR, name="book")])).frame_mean[50] == 0
    assert recall(TRUE, graph(objects=[cup(FOUR, box=(66, 60, 76, 70))])).frame_mean[50] == 0
    assert recall(TRUE, graph(objects=[cup(FOUR)], person=np.array([200, 0, 250, 100]))).frame_mean[50] == 0


def test_overlap_counts_pixels_inclusively() -> None:
    truth = graph(objects=[cup({"holding": 1}, box=(0, 0, 9, 9))])
    guess = graph(objects=[cup({"holding": 1}, box=(0, 0, 9, 4))])
    assert recall(truth, guess).frame_mean[10] == 1


def test_semi_constraint_wants_more_than_nine_tenths() -> None:
    guess = graph(objects=[cup({"looking_at": 0.4, "in_front_of": 0.95, "on_the_side_of": 0.9, "holding": 0.2})])
    assert recall(TRUE, guess, Constraint.SEMI_CONSTRAINT).frame_mean[50] == 2 / 4


def test_the_first_k_count() -> None:
    noise = [cup({"holding": 1}, score=0.9, name="book") for _ in range(10)]
    guess = graph(objects=[cup({"holding": 1}, score=0.5), *noise])
    truth = graph(objects=[cup({"holding": 1})])
    result = recall(truth, guess)
    assert (result.frame_mean[10], result.frame_mean[20]) == (0, 1)


def test_no_constraint_keeps_a_hundred() -> None:
    noise = [cup({"holding": 1}, name="book") for _ in range(100)]
    guess = graph(objects=[*noise, cup({"holding": 0.5})])
    assert recall(graph(objects=[cup({"holding": 1})]), guess, Constraint.NO_CONSTRAINT, ks=(200,)).frame_mean[200] == 0


def test_invisible_objects_are_left_out() -> None:
    truth = graph(objects=[cup({"holding": 1}), cup(FOUR, box=(np.nan,) * 4, name="book")])
    assert recall(truth, truth).counts.sum() == 1


def test_averages_over_images_videos_and_relations() -> None:
    held, wiped = graph(1, [cup({"holding": 1})]), graph(2, [cup({"holding": 1, "wiping": 1})])
    right, wrong = graph(2, [cup({"holding": 1})]), graph(1, [cup({"carrying": 1})])
    truth = {"A": [held, wiped], "B": [held]}
    predictions = {"A": [replace(right, frame=1), right], "B": [wrong]}
    result = compute_graph_recall(truth, predictions)
    assert result.frame_mean[20] == pytest.approx((1 + 0.5 + 0) / 3)
    assert result.video_mean[20] == pytest.approx(((1 + 0.5) / 2 + 0) / 2)
    # holding: 2 of 3 pooled, (1 + 1 + 0) / 3 by image; wiping: 0 of 1
    assert result.relation_mean[20] == pytest.approx((2 / 3 + 0) / 2)
    assert result.relation_mean_by_frame[20] == pytest.approx((2 / 3 + 0) / 2)
    assert (result.n_frames, result.n_videos) == (3, 2)


def slow_recall(truth: SceneGraph, guess: SceneGraph, k: int, constraint: Constraint) -> float:
    """One frame, straight from the definition."""
    candidates = []
    for i in range(len(guess)):
        scores = guess.object_scores[i] * guess.person_score * guess.relations[i].astype(float)
        if constraint is Constraint.NO_CONSTRAINT:
            chosen = list(range(25))
        else:
            chosen = [s.start + int(np.argmax(guess.relations[i, s])) for s in GROUP_SLICES.values()]
        candidates += [(-scores[j], i, j) for j in chosen if guess.relations[i, j] > 0]
    candidates = sorted(candidates)[:k]
    wanted = [(i, j) for i in range(len(truth)) for j in range(25) if truth.relations[i, j]]
    hit = {
        (i, j)
        for i, j in wanted
        for _, g, r in candidates
        if r == j
        and guess.object_classes[g] == truth.object_classes[i]
        and inclusive_iou(guess.object_boxes_xyxy[g], truth.object_boxes_xyxy[i]) >= 0.5
        and inclusive_iou(guess.person_box_xyxy, truth.person_box_xyxy) >= 0.5
    }
    return len(hit) / len(wanted)


def inclusive_iou(a: NDArray[np.float32] | None, b: NDArray[np.float32] | None) -> float:
    assert a is not None and b is not None
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    common = max(width, 0) * max(height, 0)
    areas = [(c[2] - c[0] + 1) * (c[3] - c[1] + 1) for c in (a, b)]
    return float(common / (sum(areas) - common))


@pytest.mark.parametrize("constraint", [Constraint.WITH_CONSTRAINT, Constraint.NO_CONSTRAINT])
def test_equals_the_slow_loop(constraint: Constraint) -> None:
    rng = np.random.default_rng(3)

    def random_graph(frame: int, n: int, annotated: bool) -> SceneGraph:
        corners = rng.uniform(0, 60, (n, 2))
        boxes = np.concatenate([corners, corners + rng.uniform(20, 60, (n, 2))], axis=1)
        relations = rng.random((n, 25))
        relations = (relations > 0.8).astype(float) if annotated else relations
        relations[0, 3] = 1
        person = np.array([10, 10, 60, 90]) + rng.uniform(-8, 8, 4)
        classes = rng.integers(1, 4, n)
        scores = np.ones(n) if annotated else rng.random(n)
        return SceneGraph(frame, 0.0, person, 1.0 if annotated else 0.7, classes, boxes, scores, relations)

    truth = {v: [random_graph(f, int(rng.integers(1, 6)), True) for f in (1, 5, 9)] for v in "ABC"}
    guess = {v: [random_graph(f, int(rng.integers(1, 9)), False) for f in (1, 5, 9)] for v in "ABC"}
    result = compute_graph_recall(truth, guess, constraint)
    for k in (10, 20, 50):
        slow = [slow_recall(t, g, k, constraint) for v in truth for t, g in zip(truth[v], guess[v])]
        assert result.frame_mean[k] == pytest.approx(np.mean(slow))


def test_equal_products_keep_the_order_of_objects_and_relationships() -> None:
    draw = np.random.default_rng(4)
    counts = draw.integers(0, 6, 40)
    n = int(counts.sum())
    relations = draw.integers(0, 4, (n, 26)) / 4.0
    columns = GraphColumns(
        np.zeros((40, 4)),
        np.repeat(np.arange(40), counts),
        np.ones(n, np.int64),
        np.zeros((n, 4)),
        np.ones(n),
        relations,
    )
    ranks = Ranking(columns).rank(np.arange(26 * n), Constraint.NO_CONSTRAINT, 26)
    for frame in range(40):
        entries = np.flatnonzero(np.repeat(columns.object_frame == frame, 26)).tolist()
        best_first = sorted(entries, key=lambda entry: (-relations.ravel()[entry], entry))
        expected = {entry: rank for rank, entry in enumerate(best_first) if rank < 100 and relations.ravel()[entry] > 0}
        assert {entry: ranks[entry] for entry in entries if ranks[entry] != NO_RANK} == expected


def test_values_that_differ_in_their_last_bits_alone_are_sorted_right() -> None:
    draw = np.random.default_rng(5)
    bounds = np.cumsum([0, 0, 1, 30, 0, 500, 7])
    values = np.concatenate([[0.0, 5e-324, 1.0], 0.3 + draw.integers(0, 40, bounds[-1] - 3) * 2.0**-54])
    assert len(np.unique(values)) < 50
    order = sort_parts(values, bounds)
    for start, stop in pairwise(bounds.tolist()):
        assert order[start:stop].tolist() == (-values[start:stop]).argsort(kind="stable").tolist()


def test_permuting_objects_changes_nothing() -> None:
    guess = graph(objects=[cup({"holding": 0.7}), cup({"wiping": 0.3}, name="book", score=0.4)])
    turned = SceneGraph(
        1, 0.0, PERSON, 1.0, guess.object_classes[::-1], guess.object_boxes_xyxy[::-1], guess.object_scores[::-1],
        guess.relations[::-1],
    )  # fmt: skip
    assert recall(TRUE, guess).frame_mean == recall(TRUE, turned).frame_mean
