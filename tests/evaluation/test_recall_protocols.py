"""Every protocol at once: bit for bit what a loop from the public definition gives; zero-shot, harmonic mean, 26."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.evaluation.graph_columns import N_RELEASED, GraphColumns
from ag_core.evaluation.graph_recall import (
    MEASURES,
    GraphRecall,
    compute_graph_recall,
    compute_graph_recalls,
    find_seen_triplets,
    score_columns,
)
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner
from ag_core.graph_sequence import GraphSequence
from ag_core.taxonomy import N_CLASSES, OTHER_RELATIONSHIP, Mode, find_object_index, find_relation_index
from benchmarks.graph_scoring import make_columns, measure
from benchmarks.loop_recall import LoopFrame, LoopRecall, score_frames
from benchmarks.random_graphs import draw_frames, to_columns
from tests.evaluation.test_graph_recall import ORIGIN, cup, graph

KS = (1, 5, 10, 20, 50, 100)


@pytest.mark.parametrize("n_relations", [25, 26])
@pytest.mark.parametrize("constraint", list(Constraint))
@pytest.mark.parametrize("seed", range(4))
def test_equals_the_loop_bit_for_bit(seed: int, constraint: Constraint, n_relations: int) -> None:
    random = np.random.default_rng(seed)
    frames = draw_frames(60, random, objects=9, surplus=12, frames_of_video=7)
    seen = random.random((N_CLASSES, N_RELEASED)) < 0.6
    (ours,) = score_all(frames, seen, (constraint,), (n_relations,))
    loop = score_frames(frames, constraint, n_relations, KS, seen)
    assert ours.zero_shot is not None
    found = LoopRecall(
        ours.frame_mean,
        ours.video_mean,
        ours.relation_mean,
        ours.relation_mean_by_frame,
        ours.zero_shot.frame_mean,
        ours.zero_shot.video_mean,
    )
    assert found == loop
    assert 0 < ours.frame_mean[5] < ours.frame_mean[100] < 1


def score_all(
    frames: list[LoopFrame], seen: NDArray[np.bool_], constraints: Sequence[Constraint], sizes: Sequence[int]
) -> tuple[GraphRecall, ...]:
    true, guessed = to_columns(frames)
    videos = np.array([frame.video for frame in frames])
    return score_columns(true, guessed, videos, np.zeros(len(frames), bool), KS, seen, constraints, sizes)


def test_the_benchmark_finds_equal_answers() -> None:
    row = measure(30, 1)
    assert row.equal == "192 numbers, bit for bit"
    assert [goal.what for goal in row.goals] == ["processor time", "time", *row.ours[1:]]


def test_columns_of_videos_give_what_their_records_give() -> None:
    frames = draw_frames(60, np.random.default_rng(5), objects=5, surplus=5, frames_of_video=7)
    true, found = ({video: GraphSequence(*columns) for video, columns in side.items()} for side in make_columns(frames))
    first = next(iter(found))
    fewer = {**found, first: GraphSequence.gather(found[first][1:])}
    for guesses, missing in ((found, 0), (fewer, 1)):
        records = {video: list(graphs) for video, graphs in guesses.items()}
        of_columns = compute_graph_recalls(true, guesses)
        for recall, of_records in zip(of_columns, compute_graph_recalls(true, records), strict=True):
            np.testing.assert_equal(vars(recall), vars(of_records))
            assert recall.frames_without_prediction == missing


def test_all_protocols_at_once_are_those_one_by_one() -> None:
    truth = {"A": [graph(1, [cup({"holding": 1, "looking_at": 1})]), graph(2, [cup({"wiping": 1}, name="book")])]}
    guess = {"A": [graph(1, [cup({"holding": 0.7, "looking_at": 0.4, "wiping": 0.95}, score=0.8)])]}
    every = compute_graph_recalls(truth, guess)
    assert [(recall.constraint, recall.n_relations) for recall in every] == [(c, 25) for c in Constraint]
    for recall in every:
        alone = compute_graph_recall(truth, guess, recall.constraint)
        assert alone.frame_mean == recall.frame_mean and alone.relation_mean == recall.relation_mean
        assert alone.frames_without_prediction == recall.frames_without_prediction == 1


def test_the_released_26th_relationship_is_counted_apart() -> None:
    truth = {"A": [graph(1, [cup({"holding": 1})]), graph(2, [cup({})])]}
    others = {"A": [np.array([True]), np.array([True])]}
    guess = {"A": [graph(1, [cup({"holding": 1})]), graph(2, [cup({"holding": 1})])]}
    recalls = {
        (recall.constraint, recall.n_relations): recall for recall in compute_graph_recalls(truth, guess, others=others)
    }
    of_25, of_26 = (recalls[Constraint.WITH_CONSTRAINT, n] for n in (25, 26))
    # 25: one frame, its one triplet found. 26: holding found, other missed; and a frame with other alone, missed.
    assert (of_25.frame_mean[20], of_25.n_frames, of_25.counts.sum()) == (1, 1, 1)
    assert (of_26.frame_mean[20], of_26.n_frames, of_26.counts.sum()) == ((1 / 2 + 0) / 2, 2, 3)
    assert of_26.relation_mean[20] == (1 + 0) / 2
    names = [metric.protocol.subject for metric in of_26.to_relation_metrics(ORIGIN, Mode.PREDCLS, 20)]
    assert names == ["holding", OTHER_RELATIONSHIP]
    assert {metric.protocol.n_relations for metric in of_26.to_metrics(ORIGIN, Mode.PREDCLS)} == {26}


def test_zero_shot_counts_triplets_that_no_training_graph_holds() -> None:
    seen = find_seen_triplets([graph(1, [cup({"holding": 1})])], [np.array([True])])
    assert seen.sum() == 2 and seen[find_object_index("cup/glass/bottle"), find_relation_index("holding")]
    # Frame 1 of A: carrying is new and found; frame 2: nothing new; B: wiping a book and holding it, one of two found.
    truth = {
        "A": [graph(1, [cup({"holding": 1, "carrying": 1})]), graph(2, [cup({"holding": 1})])],
        "B": [graph(1, [cup({"holding": 1, "wiping": 1}, name="book")]), graph(2, [cup({"carrying": 1})])],
    }
    guess = {
        "A": [graph(1, [cup({"carrying": 0.9})]), graph(2, [cup({"holding": 1})])],
        "B": [graph(1, [cup({"wiping": 0.9}, name="book")]), graph(2, [cup({"holding": 1})])],
    }
    recall, *_ = compute_graph_recalls(truth, guess, seen=seen)
    assert recall.zero_shot is not None
    assert recall.zero_shot.frame_mean[20] == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert recall.zero_shot.video_mean[20] == pytest.approx((1 + (1 / 2 + 0) / 2) / 2)
    assert (recall.zero_shot.n_triplets, recall.zero_shot.n_frames, recall.zero_shot.n_videos) == (4, 3, 2)
    metric = find(recall, "zR", Averaging.FRAME)
    assert (metric.n.triplets, metric.n.frames) == (4, 3) and "no training graph holds" in metric.protocol.details
    everything, *_ = compute_graph_recalls(truth, guess, seen=np.ones_like(seen))
    assert everything.zero_shot is not None and np.isnan(everything.zero_shot.frame_mean[20])
    assert compute_graph_recall(truth, guess).zero_shot is None


def test_harmonic_mean_is_high_only_where_both_are() -> None:
    held = [graph(frame, [cup({"holding": 1})]) for frame in (1, 2, 3)]
    truth = {"A": [*held, graph(4, [cup({"wiping": 1})])]}
    guess = {"A": [replace(held[0], frame=frame) for frame in (1, 2, 3, 4)]}
    recall = compute_graph_recall(truth, guess)
    assert (recall.frame_mean[20], recall.relation_mean[20]) == (3 / 4, 1 / 2)
    assert recall.harmonic_mean[20] == pytest.approx(2 * 0.75 * 0.5 / 1.25)
    nothing = compute_graph_recall(truth, {"A": [graph(1, [cup({"carrying": 1})])]})
    assert nothing.harmonic_mean[20] == 0
    assert find(recall, "hR", Averaging.RELATION).number == pytest.approx(60)


def find(recall: GraphRecall, name: str, averaging: Averaging) -> Metric:
    metrics = recall.to_metrics(Origin(Owner.YOURS, "by hand", "val", command="pytest"), Mode.PREDCLS)
    assert {(m.protocol.name, m.protocol.averaging) for m in metrics} <= set(MEASURES)
    (found,) = [m for m in metrics if (m.protocol.name, m.protocol.averaging, m.protocol.k) == (name, averaging, 20)]
    return found


def test_columns_of_nothing_and_of_wrong_shape() -> None:
    nothing = GraphColumns.from_graphs([])
    assert score_columns(nothing, nothing, np.zeros(0, int), np.zeros(0, bool))[0].n_frames == 0
    nobody = GraphColumns.from_graphs([graph(person=None, objects=[cup({"holding": 1})]), None])
    assert nobody.n_frames == 2 and not nobody.relations.any() and not nobody.in_sight.any()
    columns = GraphColumns.from_graphs([graph(1, [cup({})]), graph(2, [cup({})])])
    with pytest.raises(ValueError, match="sort them"):
        replace(columns, object_frame=columns.object_frame[::-1])
    with pytest.raises(ValueError, match="give every object one row in each"):
        replace(columns, pair_scores=np.ones(3))
    with pytest.raises(UserError, match="none of the 1 annotated frames"):
        compute_graph_recalls({"A": [graph(1, [cup({"holding": 1})])]}, {})
