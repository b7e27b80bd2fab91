"""What is shown at a frame: boxes between graphs, colours, and the words of the strip."""

import numpy as np
import pytest

from ag_core.drawn_clips.caption import describe_graph, plan_caption, wrap_pieces
from ag_core.drawn_clips.look import choose_text_size, keep_known_letters, measure_text, shorten_text
from ag_core.drawn_clips.moments import Moments, Way, find_strongest_groups
from ag_core.drawn_clips.painting import fit_size
from ag_core.records import FrameClock, SceneGraph
from ag_core.taxonomy import Group
from tests.graphs.scenes import CUP, annotated, graph


def move(one: SceneGraph, by: float) -> SceneGraph:
    from dataclasses import replace

    return replace(one, object_boxes_xyxy=one.object_boxes_xyxy + by)


FIRST = annotated(1, {CUP: ["holding"], "table": ["beneath"]})
MOMENTS = Moments([FIRST, move(annotated(11, {CUP: ["holding"]}), 10)], FrameClock(10, 30))


def test_boxes_move_between_graphs_that_both_have_them() -> None:
    person, cup, table = MOMENTS.at(6).boxes
    assert (person.way, cup.way, table.way) == (Way.BETWEEN, Way.BETWEEN, Way.HELD)
    assert cup.box_xyxy == pytest.approx(FIRST.object_boxes_xyxy[0] + 5) and cup.age_s == pytest.approx(0.5)
    assert table.box_xyxy == pytest.approx(FIRST.object_boxes_xyxy[1]) and table.age_s == pytest.approx(0.5)
    assert [box.way for box in MOMENTS.at(1).boxes] == [Way.HERE] * 3
    assert [box.way for box in MOMENTS.at(25).boxes] == [Way.HELD] * 2
    assert [box.label for box in MOMENTS.at(1).boxes] == ["person", "cup/glass/bottle", "table"]


def test_nothing_is_shown_before_the_first_graph() -> None:
    moments = Moments([annotated(5, {CUP: ["holding"]})], FrameClock(10, 30))
    assert moments.at(4).graph is None and moments.at(4).boxes == () and moments.at(5).boxes
    assert len(moments.find_graphs(1, 4)) == 0 and len(moments.find_graphs(7, 9)) == 1


def test_contact_colours_before_attention_and_denials_do_not() -> None:
    say = {
        CUP: {"looking_at": 1.0, "holding": 0.9, "not_contacting": 0.6},
        "table": {"looking_at": 1.0, "not_contacting": 1.0},
        "bed": {"unsure": 1.0, "not_contacting": 1.0, "beneath": 1.0},
        "chair": {"holding": 0.3},
    }
    found = find_strongest_groups(graph(1, [(name, says, 1.0) for name, says in say.items()]))
    assert found == {0: Group.CONTACT, 1: Group.ATTENTION}


def test_the_strip_says_each_relationship_once_and_denials_last() -> None:
    said = describe_graph(
        annotated(1, {"table": ["not_looking_at", "beneath"], CUP: ["looking_at", "holding"], "book": ["holding"]})
    )
    assert said[Group.ATTENTION] == ("looking at cup/glass/bottle", "not looking at table")
    assert said[Group.SPATIAL] == ("table beneath person",)
    assert said[Group.CONTACT] == ("holding cup/glass/bottle, book",)
    unseen = describe_graph(
        graph(1, [("book", {"holding": 1.0}, None), ("dish", {}, 1.0), ("dish", {"touching": 1.0}, 1.0)])
    )
    assert unseen[Group.CONTACT] == ("holding book (not visible)", "touching dish 2")
    assert not any(describe_graph(None).values())


def test_lines_are_no_wider_than_their_room() -> None:
    pieces = [f"holding thing {number}, {'x' * number}" for number in range(12)]
    for width in (60.0, 150.0, 400.0):
        lines = wrap_pieces(pieces, width, 12)
        assert 1 <= len(lines) <= 2 and all(measure_text(line, 12) <= width for line in lines)
        assert lines[-1].endswith("…")
    assert wrap_pieces(["holding food"], 400, 12) == ["holding food"] and wrap_pieces([], 400, 12) == []
    assert wrap_pieces(["holding food, dish, table"], 90, 12, 3) == ["holding food,", "dish, table"]


def test_the_strip_has_room_for_the_fullest_graph() -> None:
    one = plan_caption([FIRST], 640, 14, dark=False)
    many = annotated(
        1, {name: ["holding"] for name in ("bed", "book", "box", "dish", "doorway", "food", "towel", "vacuum")}
    )
    narrow = plan_caption([FIRST, many], 270, 12, dark=False)
    assert set(one.lines.values()) == {1} and narrow.lines[Group.CONTACT] > 1
    assert one.is_wide and not narrow.is_wide and one.height % 2 == narrow.height % 2 == 0


def test_sizes() -> None:
    assert fit_size((480, 270), 640, 1280) == (640, 360) and fit_size((1080, 1920), 640, 1280) == (720, 1280)
    assert fit_size((1919, 1080), 480, 480) == (480, 270) and fit_size((1000, 1), 480, 480) == (480, 2)
    assert [choose_text_size(*size) for size in ((480, 270), (640, 360), (1280, 720))] == [12, 14, 24]
    assert keep_known_letters("é · a\n") == "? · a?" and shorten_text("abc" * 20, 60, 12).endswith("…")
    assert np.isfinite(measure_text("", 12))
