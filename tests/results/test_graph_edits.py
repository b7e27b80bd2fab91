"""Edits of graphs: what they do to what a model reads, their text in a link, and answers on their way."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.records import ActionScores, SceneGraph
from ag_core.results.evidence import Evidence, RescoredVideo
from ag_core.results.graph_edits import MAX_EDITS, GraphEdit, edit_graphs, format_edits, parse_edits
from ag_core.taxonomy import N_ACTIONS, N_RELATIONS, find_object_index, find_relation_index

PHONE, BED = find_object_index("phone/camera"), find_object_index("bed")
HOLDING, TOUCHING = find_relation_index("holding"), find_relation_index("touching")


def make_graph(time_s: float = 1.0) -> SceneGraph:
    """A person with two phones and a bed; every relationship has a probability of its own."""
    relations = np.linspace(0.1, 0.9, 3 * N_RELATIONS).reshape(3, N_RELATIONS)
    boxes = np.tile([0.0, 0, 10, 10], (3, 1))
    return SceneGraph(1, time_s, [0, 0, 20, 20], 0.9, [PHONE, BED, PHONE], boxes, [0.5, 0.8, 0.25], relations)


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("", ()),
        ("-phone/camera.holding@2-5.5", (GraphEdit(PHONE, HOLDING, 0, 2, 5.5),)),
        ("bed", (GraphEdit(BED, None, 1),)),
        ("bed=0.4,phone/camera.touching@0-1", (GraphEdit(BED, None, 0.4), GraphEdit(PHONE, TOUCHING, 1, 0, 1))),
    ],
)
def test_edits_have_a_text(text: str, edits: tuple[GraphEdit, ...]) -> None:
    assert parse_edits(text) == edits
    assert format_edits(edits) == text


def test_edits_are_read_as_people_write_them() -> None:
    assert parse_edits(" +bed , -Phone Camera.HOLDING@2-3,") == (
        GraphEdit(BED, None, 1),
        GraphEdit(PHONE, HOLDING, 0, 2, 3),
    )
    assert parse_edits("bed=1") == parse_edits("bed") and parse_edits("bed=0") == parse_edits("-bed")
    for edit in (GraphEdit(BED, None, 0.00002, 0.0407137, 1e-7 + 1), GraphEdit(BED, HOLDING, 1 / 3, 0, 123_456.78912)):
        [again] = parse_edits(format_edits([edit]))
        assert (again.score, again.end_s) == pytest.approx((edit.score, edit.end_s), abs=1e-4)
    from_there = GraphEdit(BED, None, 1, 2.0)
    assert parse_edits(format_edits([from_there]))[0].holds_at(900_000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("phone/camera.juggling", "relationship 'juggling' is unknown"),
        ("-unicorn", "object class 'unicorn' is unknown; write an edit as"),
        ("-person", "the person is none"),
        ("bed@5-2", "cannot last from 5 s to 2 s"),
        ("bed=1.5", "score of 1.5 is impossible"),
        ("-bed=0.5", "'-bed=0.5' is no edit"),
        ("bed@5", "'bed@5' is no edit"),
        ("bed=nan", "is no edit"),
        (".holding", "is no edit"),
        (",".join(["bed"] * (MAX_EDITS + 1)), "21 edits are too many"),
    ],
)
def test_what_is_no_edit_gets_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as told:
        parse_edits(text)
    assert "\n" not in str(told.value)


def test_a_triplet_gets_the_confidence_that_an_edit_names_and_nothing_else_changes() -> None:
    graph = make_graph()
    before = graph.confidence_matrix()
    for score in (0.0, 0.3, 1.0):
        [edited] = edit_graphs([graph], [GraphEdit(PHONE, HOLDING, score)])
        expected = before.copy()
        expected[PHONE - 1, HOLDING] = score
        np.testing.assert_array_equal(edited.confidence_matrix(), expected)
    np.testing.assert_array_equal(graph.confidence_matrix(), before)


def test_a_triplet_of_a_thing_that_was_not_found_can_be_switched_on() -> None:
    chair = find_object_index("chair")
    [edited] = edit_graphs([make_graph()], [GraphEdit(chair, TOUCHING, 1)])
    row = edited.confidence_matrix()[chair - 1]
    assert row[TOUCHING] == 1 and row.sum() == 1


def test_an_object_switched_off_takes_its_relationships_along() -> None:
    graph = make_graph()
    [off] = edit_graphs([graph], [GraphEdit(PHONE, None, 0)])
    [sure] = edit_graphs([graph], [GraphEdit(PHONE, None, 1)])
    assert not off.confidence_matrix()[PHONE - 1].any()
    np.testing.assert_array_equal(off.confidence_matrix()[BED - 1], graph.confidence_matrix()[BED - 1])
    np.testing.assert_array_equal(sure.confidence_matrix()[PHONE - 1], graph.relations[[0, 2]].max(axis=0))


def test_edits_hold_in_their_range_in_their_order_and_for_a_person_alone() -> None:
    graphs = [make_graph(time_s) for time_s in (0.5, 1.0, 1.5)]
    edited = edit_graphs(graphs, [GraphEdit(BED, None, 0, 1.0, 1.5)])
    assert edited[0] is graphs[0] and not edited[1].confidence_matrix()[BED - 1].any()
    last = edit_graphs(graphs, [GraphEdit(BED, HOLDING, 1), GraphEdit(BED, None, 0)])[0]
    assert not last.confidence_matrix()[BED - 1].any()
    alone = replace(graphs[0], person_box_xyxy=None)
    assert edit_graphs([alone], [GraphEdit(BED, HOLDING, 1)]) == [alone]


def test_an_edit_says_what_it_does() -> None:
    assert GraphEdit(PHONE, HOLDING, 0, 2, 5.5).describe() == "person holding phone/camera: off, 2 s to 5.5 s"
    assert GraphEdit(BED, None, 0.4).describe() == "bed: 40%, whole video"
    assert GraphEdit(BED, None, 1, 2, math.inf).describe() == "bed: on, from 2 s"


def test_answers_come_back_from_bytes() -> None:
    scores = ActionScores("sgfb", np.linspace(0, 1, N_ACTIONS), [0.5, 1], np.full((2, N_ACTIONS), 0.25))
    answer = RescoredVideo(scores, replace(scores, scores=scores.scores / np.float32(2)), np.array([True, False]))
    again = RescoredVideo.from_bytes(answer.to_bytes())
    assert again.after.model == "sgfb" and again.touched.tolist() == [True, False]
    np.testing.assert_array_equal(again.after.scores, answer.after.scores)
    np.testing.assert_array_equal(again.before.over_time, scores.over_time)
    cells = np.array([[0.1, 0.4]], np.float32)
    why = Evidence(3, 0.5, 0.6, 0.2, np.array([0.5, 1.0]), np.array([[1, 2]]), cells, np.array([0.5], np.float32))
    back = Evidence.from_bytes(why.to_bytes())
    assert (back.action, back.time_s, back.score, back.find_best_time(0)) == (3, 0.5, 0.6, 1.0)
    np.testing.assert_array_equal(back.contributions, cells)
