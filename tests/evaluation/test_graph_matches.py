"""What is right, false, left out and missed: on frames worked out by hand, and as sums against the measures' own."""

import numpy as np
import pytest

from ag_core.evaluation.edge_quality import compute_edge_quality
from ag_core.evaluation.graph_matches import UNCLAIMED, match_graphs
from ag_core.evaluation.graph_recall import compute_graph_recall
from ag_core.evaluation.protocol import Constraint
from ag_core.records import Detections, SceneGraph
from ag_core.taxonomy import RELATIONS, find_object_index, find_relation_index
from tests.evaluation.test_graph_recall import cup, graph

CUP, BOOK = find_object_index("cup/glass/bottle"), find_object_index("book")
FAR = (200, 200, 260, 260)


def names(marks: np.ndarray) -> list[list[str]]:
    """The relationships that are marked, object by object."""
    return [[RELATIONS[index] for index in np.flatnonzero(row)] for row in marks]


def test_each_triplet_is_right_false_or_missed() -> None:
    truth = graph(objects=[cup({"holding": 1, "looking_at": 1}), cup({"touching": 1}, box=FAR, name="book")])
    guess = graph(
        objects=[
            cup({"holding": 0.9, "wiping": 0.6, "looking_at": 0.4}),  # right, false, not put forward
            cup({"touching": 0.9}, box=(100, 100, 160, 160), name="book"),  # beside the true book
            cup({"holding": 0.9}, box=FAR, name="bag", score=0.2),  # not put forward
        ]
    )
    found = match_graphs([truth], [guess])
    assert found.claimed.tolist() == [0, UNCLAIMED, UNCLAIMED] and found.persons_meet.tolist() == [True]
    assert names(found.right) == [["holding"], [], []]
    assert names(found.false) == [["wiping"], ["touching"], []]
    assert names(found.missed) == [["looking_at"], ["touching"]]
    assert [counts.sum() for counts in found.count_by_frame()] == [1, 2, 2]
    of_triplets = found.count_frames_of_triplets()
    touching = find_relation_index("touching")
    assert of_triplets[:, BOOK, touching].tolist() == [0, 1, 1, 1] and of_triplets[:3].sum() == 5


def test_one_object_is_claimed_once_by_the_best_box() -> None:
    truth = graph(objects=[cup({"holding": 1})])
    guess = graph(objects=[cup({"holding": 0.8}, score=0.6), cup({"holding": 0.9}, score=0.9)])
    found = match_graphs([truth], [guess])
    assert found.claimed.tolist() == [UNCLAIMED, 0]
    assert names(found.false) == [["holding"], []] and not found.missed.any()
    # Two true cups: one box claims one of them, and the other stays missed.
    found = match_graphs(
        [graph(objects=[cup({"holding": 1}), cup({"holding": 1})])], [graph(objects=[cup({"holding": 0.9})])]
    )
    assert found.right.sum() == 1 and found.missed.sum() == 1


def test_nobody_in_the_right_place_makes_everything_false() -> None:
    truth, away = graph(objects=[cup({"holding": 1})]), np.array([300, 0, 350, 100], np.float32)
    found = match_graphs([truth] * 2, [graph(objects=[cup({"holding": 0.9})], person=away), None])
    assert found.persons_meet.tolist() == [False, False]
    assert (found.false.sum(), found.missed.sum()) == (1, 2)
    assert [counts.sum(axis=1).tolist() for counts in found.count_by_frame()] == [[0, 0], [1, 0], [1, 1]]


def test_a_faint_object_is_neither_false_nor_missed() -> None:
    truth, guess = graph(), graph(objects=[cup({"holding": 0.9}, box=FAR, name="book")])
    faint = [Detections([FAR], [BOOK], [1])]
    found = match_graphs([truth], [guess], faint)
    assert found.left_out.tolist() == [True] and not (found.edges.any() or found.missed.any())
    assert match_graphs([truth], [guess], [Detections([FAR], [CUP], [1])]).false.sum() == 1


def draw_graphs(seed: int, n_frames: int, sure: bool) -> list[SceneGraph]:
    """Graphs of up to six objects, no class twice, boxes of a coarse grid that often meet; of true ones all is sure."""
    stream = np.random.default_rng(seed)
    graphs = []
    for frame in range(1, n_frames + 1):
        n = int(stream.integers(0, 7))
        corners = 30 * stream.integers(0, 2, (n, 2)).astype(np.float32)
        person = None if stream.random() < 0.1 else np.array([0, 0, 50, 100], np.float32)
        relations = np.where(stream.random((n, 25)) < 0.4, 1.0 if sure else stream.random((n, 25)), 0.0)
        graphs.append(
            SceneGraph(
                frame,
                0.0,
                person,
                1.0 if sure else float(stream.uniform(0.4, 1)),
                stream.permutation(np.arange(1, 10))[:n],
                np.hstack([corners, corners + 40]),
                np.ones(n) if sure else stream.uniform(0.4, 1, n),
                relations,
            )
        )
    return graphs


@pytest.mark.parametrize(("min_probability", "min_pair_score"), [(0.5, 0.3), (0.2, 0.0)])
def test_sums_over_frames_are_those_of_the_measures(min_probability: float, min_pair_score: float) -> None:
    truth, guesses = draw_graphs(1, 200, sure=True), draw_graphs(2, 200, sure=False)
    faint = [
        Detections(one.object_boxes_xyxy, one.object_classes, one.object_scores) for one in draw_graphs(3, 200, True)
    ]
    found = match_graphs(truth, guesses, faint, min_probability, min_pair_score)
    quality = compute_edge_quality({"A": truth}, {"A": guesses}, {"A": faint}, min_probability, min_pair_score)
    right, false, missed = (counts.sum(axis=0) for counts in found.count_by_frame())
    assert right.sum() > 20 and found.left_out.sum() > 5
    np.testing.assert_array_equal(right + false, quality.edges)
    np.testing.assert_array_equal(right, quality.right)
    np.testing.assert_array_equal(right + missed, quality.true)
    assert found.left_out.sum() == quality.left_out
    # Recall of all that was put forward: no frame has 100 edges here, and no class occurs twice in one.
    put_forward = [
        SceneGraph(
            guess.frame, 0.0, guess.person_box_xyxy, guess.person_score, guess.object_classes, guess.object_boxes_xyxy,
            guess.object_scores, guess.relations * found.edges[found.guessed.object_frame == frame],
        )
        for frame, guess in enumerate(guesses)
    ]  # fmt: skip
    recall = compute_graph_recall({"A": truth}, {"A": put_forward}, Constraint.NO_CONSTRAINT, ks=(100,))
    np.testing.assert_array_equal(recall.counts, right + missed)
    hits = np.nan_to_num(recall.per_relation[100]) * recall.counts
    np.testing.assert_allclose(hits, right, atol=1e-9)


def test_nothing_to_match() -> None:
    found = match_graphs([], [])
    assert [counts.shape for counts in found.count_by_frame()] == [(0, 25)] * 3
    assert found.count_frames_of_triplets().sum() == 0
