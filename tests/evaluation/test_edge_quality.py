"""Precision, false edges and calibration against exact truth, on frames worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from ag_core.evaluation.edge_quality import EdgeQuality, compute_edge_quality
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Averaging, Unit
from ag_core.records import Detections, SceneGraph
from ag_core.taxonomy import Mode, find_object_index, find_relation_index
from tests.evaluation.test_graph_recall import ORIGIN, cup, graph

HOLDING, WIPING, LOOKING = (find_relation_index(name) for name in ("holding", "wiping", "looking_at"))
FAR = (200, 200, 260, 260)


def judge(truth: SceneGraph, guess: SceneGraph) -> EdgeQuality:
    return compute_edge_quality({"A": [truth]}, {"A": [guess]})


def test_edges_are_right_false_or_not_put_forward() -> None:
    truth = graph(objects=[cup({"holding": 1, "looking_at": 1})])
    guess = graph(
        objects=[
            cup({"holding": 0.9, "wiping": 0.6, "looking_at": 0.4}),  # right, false, not put forward
            cup({"holding": 0.7}, box=FAR, name="book"),  # there is no book
            cup({"holding": 0.9}, box=FAR, name="bag", score=0.2),  # not put forward
        ]
    )
    result = judge(truth, guess)
    assert (result.edges.sum(), result.right.sum(), result.true.sum()) == (3, 1, 2)
    assert result.precision == pytest.approx(1 / 3) and result.recall == pytest.approx(1 / 2)
    assert result.false_edges_per_frame == 2
    assert result.precision_of_relation[[HOLDING, WIPING]].tolist() == [1 / 2, 0]
    assert np.isnan(result.precision_of_relation[LOOKING]) and result.recall_of_relation[LOOKING] == 0


def test_a_second_box_on_one_object_is_false() -> None:
    truth = graph(objects=[cup({"holding": 1})])
    guess = graph(objects=[cup({"holding": 0.8}, score=0.6), cup({"holding": 0.9}, score=0.9)])
    result = judge(truth, guess)
    assert (result.edges[HOLDING], result.right[HOLDING]) == (2, 1)
    # The better-scoring box claims the object: its confidence of 0.81 came true, the other's 0.48 did not.
    assert result.bin_right[HOLDING, 8] == 1 and result.bin_right[HOLDING, 4] == 0


def test_an_object_too_faint_for_the_truth_is_neither_right_nor_false() -> None:
    truth = {"A": [graph(objects=[cup({"holding": 1})])]}
    guess = {"A": [graph(objects=[cup({"holding": 0.9}), cup({"holding": 0.8}, box=FAR, name="book")])]}
    assert compute_edge_quality(truth, guess).precision == 1 / 2
    book, bag = find_object_index("book"), find_object_index("bag")
    for classes, edges, left_out in (([book, 0], 1, 1), ([bag, 0], 2, 0)):  # 0 is the person
        faint = {"A": [Detections([FAR, FAR], classes, [1, 1])]}
        result = compute_edge_quality(truth, guess, faint)
        assert (result.edges[HOLDING], result.right[HOLDING], result.left_out) == (edges, 1, left_out)
        assert result.bin_counts[HOLDING].sum() == edges
    # The cup is claimed all the same, though a faint cup lies there too.
    beside = {"A": [Detections([(60, 60, 70, 70)], [find_object_index("cup/glass/bottle")], [1])]}
    assert compute_edge_quality(truth, guess, beside).right[HOLDING] == 1


def test_frames_without_truth_or_without_prediction_count() -> None:
    truth = {"A": [graph(1), graph(2, [cup({"holding": 1})])], "B": [graph(1, [cup({"holding": 1})])]}
    guess = {"A": [graph(1, [cup({"holding": 1})])], "B": [graph(1, [cup({"holding": 1})], person=None)]}
    result = compute_edge_quality(truth, guess)
    assert (result.n_frames, result.n_videos, result.frames_without_prediction) == (3, 2, 1)
    assert result.false_edges_per_frame == pytest.approx(1 / 3)
    assert (result.precision, result.recall) == (0, 0)


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    # Four cups: holding 0.75 came true once of two, 0.25 never; bins 7 and 2.
    held, free = cup({"holding": 1}), cup({})
    truth = {"A": [graph(1, [held]), graph(2, [free]), graph(3, [free]), graph(4, [free])]}
    guesses = [0.75, 0.75, 0.25, 0.25]
    guess = {"A": [graph(frame, [cup({"holding": value})]) for frame, value in enumerate(guesses, start=1)]}
    result = compute_edge_quality(truth, guess)
    assert result.bin_counts[HOLDING].tolist() == [0, 0, 2, 0, 0, 0, 0, 2, 0, 0]
    assert result.bin_right[HOLDING].tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert result.calibration_error_of_relation[HOLDING] == pytest.approx((abs(1.5 - 1) + abs(0.5 - 0)) / 4)
    assert result.calibration_error == pytest.approx(0.25 / 25)
    # Believing half as much of the boxes halves the confidence: (|0.75 - 1| + 0.25) / 4.
    doubted = {"A": [replace(one, object_scores=np.array([0.5])) for one in guess["A"]]}
    assert compute_edge_quality(truth, doubted).calibration_error_of_relation[HOLDING] == pytest.approx(0.125)


def test_a_perfect_predictor_has_no_false_edge_and_no_error() -> None:
    truth = graph(objects=[cup({"holding": 1, "looking_at": 1, "in_front_of": 1}), cup({}, box=FAR, name="book")])
    result = judge(truth, truth)
    assert (result.precision, result.recall, result.false_edges_per_frame, result.calibration_error) == (1, 1, 0, 0)


def test_nothing_to_judge_is_no_number() -> None:
    result = compute_edge_quality({}, {})
    assert result.n_frames == 0
    assert np.isnan([result.precision, result.recall, result.false_edges_per_frame, result.calibration_error]).all()


def test_metrics_say_what_they_are() -> None:
    metrics = judge(graph(objects=[cup({"holding": 1})]), graph(objects=[cup({"holding": 0.8, "wiping": 0.6})]))
    found = metrics.to_metrics(ORIGIN, Mode.PREDCLS, "RelDN")
    precision, recall, false_edges, calibration = found[:4]
    assert (precision.number, recall.number, false_edges.number) == (50, 100, 1)
    assert calibration.number == pytest.approx(100 * (0.2 + 0.6) / 25)
    assert false_edges.protocol.unit is Unit.PER_FRAME and false_edges.format_number(with_unit=True) == "1.00 per frame"
    assert false_edges.list_facts()["measure"] == "false edges per frame"
    assert "edges from probability 0.5 on" in precision.format_sentence()
    of_relation = {(m.protocol.name, m.protocol.subject): m.number for m in found[4:]}
    assert of_relation["precision of edges", "wiping"] == 0 and ("recall of edges", "wiping") not in of_relation
    assert {m.protocol.averaging for m in found[4:]} == {Averaging.ONE_CLASS}
    assert Metric.from_json(false_edges.to_json()) == false_edges
