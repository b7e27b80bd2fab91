"""What the player marks: frames that both sources have, what is drawn of a prediction, each side on its own tracks."""

import numpy as np
import pytest

from ag_core.annotations.store import ANNOTATION
from ag_core.annotations.store_format import DENSE
from ag_core.evaluation.graph_matches import match_graphs
from ag_core.graphs.edges import select_clear
from ag_core.records import Detections, SceneGraph, Video
from ag_core.taxonomy import find_object_index
from ag_core.ui.player.judging import FALSE, MISSED, NEITHER, RIGHT, choose_truth, judge_graphs
from ag_core.ui.player.payload import build_player_data
from ag_core.ui.player.player import find_start_selection
from ag_core.ui.player.viewing import PREDICTED, Viewing, describe_judgement
from tests.evaluation.test_graph_recall import cup, graph

FAR = (200, 200, 260, 260)
VIDEO = Video("ABCDE", 10.0, 24.0, 480, 270, 240)


def rows_of(sources: dict[str, list[SceneGraph]], faint: dict[int, Detections] | None = None) -> list[tuple[int, ...]]:
    """The verdicts that the player is sent, row by row: frame, of_truth, track, pair, box."""
    judgement = judge_graphs(sources, PREDICTED, next(name for name in sources if name != PREDICTED), faint)
    data = build_player_data(VIDEO, None, sources, judgement=judgement)
    return [tuple(row.values()) for row in data["verdicts"].to_pylist()]


def test_every_box_and_triplet_of_a_shared_frame_has_a_verdict() -> None:
    truth = graph(7, [cup({"holding": 1}, name="book"), cup({"holding": 1}), cup({"wiping": 1}, box=FAR)])
    guess = graph(7, [cup({"holding": 0.8, "wiping": 0.9}, score=0.9), cup({"holding": 0.9}, box=FAR, name="bag")])
    unseen = graph(8, [cup({"holding": 0.9})])
    # Tracks: person 0, book 1, cup 2, cup 2 of the truth 3, bag 4. The cup's box also holds the book's.
    assert rows_of({ANNOTATION: [truth], PREDICTED: [guess, unseen]}) == [
        (6, 0, 2, 2, RIGHT),
        (6, 0, 4, 4, FALSE),
        (6, 1, 1, 1, MISSED),
        (6, 1, 2, 2, RIGHT),
        (6, 1, 3, 3, MISSED),
        (6, 0, 0, 0, RIGHT),
    ]


def test_a_claimed_object_and_its_claimer_know_each_other() -> None:
    truth = graph(1, [cup({"wiping": 1}, box=FAR), cup({"wiping": 1})])
    rows = rows_of({ANNOTATION: [truth], PREDICTED: [graph(1, [cup({"holding": 0.9})])]})
    assert rows[:3] == [(0, 0, 1, 2, RIGHT), (0, 1, 1, 1, MISSED), (0, 1, 2, 1, RIGHT)]


def test_persons_and_faint_objects_have_their_verdicts() -> None:
    away = np.array([300, 0, 350, 100], np.float32)
    rows = rows_of(
        {
            DENSE: [graph(1), graph(2), graph(3, person=None)],
            PREDICTED: [graph(1, person=away), graph(2, person=None), graph(3)],
        }
    )
    assert rows == [(0, 0, 0, 0, FALSE), (2, 0, 0, 0, FALSE), (0, 1, 0, 0, MISSED), (1, 1, 0, 0, MISSED)]
    book = {1: Detections([FAR], [find_object_index("book")], [1])}
    guess = graph(1, [cup({"holding": 0.9}, box=FAR, name="book")])
    assert (0, 0, 1, 1, NEITHER) in rows_of({DENSE: [graph(1)], PREDICTED: [guess]}, book)
    # Where an annotator saw nobody, nobody judges.
    assert rows_of({ANNOTATION: [graph(3, person=None)], PREDICTED: [graph(3)]}) == []


def test_what_is_judged_is_what_is_drawn() -> None:
    truth = [graph(frame, [cup({"holding": 1})]) for frame in (1, 2)]
    guesses = [
        graph(1, [*(cup({"holding": 0.9}, score=score) for score in (0.6, 0.5)), cup({"wiping": 0.9}, score=0.2)]),
        graph(2, [cup({"holding": 0.9}, score=0.4)], person_score=0.5),
    ]
    judgement = judge_graphs({ANNOTATION: truth, PREDICTED: guesses}, PREDICTED, ANNOTATION)
    clear = select_clear(guesses, PREDICTED)
    assert [len(one) for one in judgement.judged_graphs] == [1, 1]
    expected = match_graphs(truth, clear, min_pair_score=0)
    for mine, other in zip(judgement.matches.count_by_frame(), expected.count_by_frame()):
        np.testing.assert_array_equal(mine, other)
    assert judgement.matches.right.sum() == 2 and not judgement.matches.false.any()


def test_the_truth_is_what_shares_most_frames() -> None:
    sources = {ANNOTATION: [graph(1), graph(2)], DENSE: [graph(2), graph(3)], PREDICTED: [graph(2)]}
    assert choose_truth(sources, PREDICTED, (DENSE, ANNOTATION)) == DENSE
    assert choose_truth(sources | {PREDICTED: [graph(1), graph(2)]}, PREDICTED, (DENSE, ANNOTATION)) == ANNOTATION
    assert choose_truth({PREDICTED: []}, PREDICTED, (DENSE, ANNOTATION)) is None


@pytest.mark.parametrize(
    ("sources", "note"),
    [
        ({PREDICTED: [graph(2)]}, "Nobody annotated this video"),
        ({ANNOTATION: [graph(1)], PREDICTED: [graph(2)]}, "No frame of this video is both annotated and predicted"),
        ({ANNOTATION: [graph(1)], PREDICTED: [graph(1), graph(2)]}, "1 of 2 predicted frames are annotated"),
        ({DENSE: [graph(1)], PREDICTED: [graph(1)]}, "Checked against the exact truth, in 1 of 1 predicted frames."),
    ],
)
def test_the_switch_says_what_is_judged_or_why_nothing_is(sources: dict[str, list[SceneGraph]], note: str) -> None:
    viewing = Viewing(VIDEO, None, sources, None)
    words = describe_judgement(viewing)
    assert words is not None and note in words.note
    payload = viewing.build_payload(src_url=None, judge_words=words, judging=True)
    assert payload["judge"]["note"] == words.note and payload["judging"]
    assert ("verdicts" in payload) == bool(viewing.judgement)
    assert "verdicts" not in viewing.build_payload(src_url=None, autoplay=True)
    assert describe_judgement(Viewing(VIDEO, None, {ANNOTATION: [graph(1)]}, None)) is None


def test_a_relationship_can_be_selected_at_the_start() -> None:
    data = build_player_data(VIDEO, None, {ANNOTATION: [graph(1)]}, selected="sitting on")
    assert find_start_selection(data) == {"kind": "relation", "label": "sitting on", "class": None}
