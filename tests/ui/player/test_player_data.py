"""The player's payload: edges, shared tracks, typed columns, lanes, scores, and refusal of what cannot travel."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.records import ActionInterval, ActionScores, SceneGraph, Video
from ag_core.results.reasons import PARTS, FrameReasons
from ag_core.taxonomy import (
    N_ACTIONS,
    N_RELATIONS,
    RELATIONS,
    find_action_index,
    find_object_index,
    find_relation_index,
)
from ag_core.ui.player.graph_tables import NO_BOX, ROW_COLUMNS
from ag_core.ui.player.media import serve_video
from ag_core.ui.player.payload import build_player_data, check_payload, select_top_actions
from ag_core.ui.player.player import find_start_selection
from ag_core.ui.tables import build_triplet_table

VIDEO = Video("ABCDE", 10.0, 24.0, 480, 270, 240)


def graph(frame: int, relations: dict[str, dict[str, float]], person: bool = True) -> SceneGraph:
    classes = [find_object_index(name.split("#")[0]) for name in relations]
    table = np.zeros((len(relations), N_RELATIONS))
    for row, says in enumerate(relations.values()):
        for name, probability in says.items():
            table[row, find_relation_index(name)] = probability
    boxes = np.tile([10.4, 20.6, 30, 40], (len(relations), 1))
    box = np.array([1, 2, 3, 4]) if person else None
    return SceneGraph(frame, (frame - 1) / 24, box, 1.0, np.array(classes), boxes, np.ones(len(classes)), table)


def test_tracks_are_shared_by_sources_and_tables_are_typed() -> None:
    annotation = [graph(25, {"table": {"holding": 1}}), graph(1, {"dish": {}}, person=False)]
    prediction = [graph(12, {"dish": {"touching": 0.8}, "dish#2": {"in": 0.7}, "table": {}})]
    data = build_player_data(VIDEO, "/media/x.mp4", {"annotation": annotation, "prediction": prediction})
    assert [track["label"] for track in data["tracks"]] == ["person", "dish", "table", "dish 2"]
    rows = data["graphs:annotation"]
    assert rows.schema.names == ROW_COLUMNS.names and str(rows.schema.field("frame").type) == "int16"
    assert rows["frame"].to_pylist() == [0, 0, 24, 24]
    assert rows["mask"].to_pylist() == [NO_BOX, 0, 0, 1 << find_relation_index("holding")]
    assert rows["x1"].to_pylist() == [0, 10, 1, 10] and rows["y1"].to_pylist() == [0, 21, 2, 21]
    assert "strengths:annotation" not in data
    assert data["graphs:prediction"]["track"].to_pylist() == [0, 1, 3, 2]


def test_a_predictions_edges_have_strengths_in_the_order_of_rows_and_bits() -> None:
    prediction = [
        graph(7, {"dish": {"touching": 0.8, "in": 0.705, "holding": 0.62, "above": 0.497, "behind": 0.09}, "bed": {}}),
        graph(2, {"bed": {"looking_at": 0.994}}),
    ]
    data = build_player_data(VIDEO, None, {"prediction": prediction})
    rows, strengths = data["graphs:prediction"], data["strengths:prediction"]["score"].to_pylist()
    told = {}
    for row in rows.to_pylist():
        for relation in (r for r in range(N_RELATIONS) if row["mask"] & 1 << r):
            told[row["frame"], data["tracks"][row["track"]]["label"], RELATIONS[relation]] = strengths.pop(0)
    assert not strengths
    assert told == {
        (1, "bed", "looking_at"): 99,
        (6, "dish", "in"): 70,
        (6, "dish", "above"): 49,  # not from one half on, whatever it rounds to
        (6, "dish", "holding"): 62,
        (6, "dish", "touching"): 80,
    }
    assert rows["score"].to_pylist() == [100] * 5
    assert data["strengths:prediction"].column_names == ["score"]


def test_the_reasons_of_edges_stand_beside_their_strengths_and_in_the_table_of_triplets() -> None:
    made = graph(7, {"dish": {"touching": 0.8, "in": 0.7}, "bed": {"above": 0.6}})
    unclear = replace(made, object_scores=np.array([0.1, 1.0], np.float32))  # the dish is left out, its reasons too
    shares = np.full((2, N_RELATIONS, len(PARTS)), np.nan)
    shares[0, [find_relation_index("touching"), find_relation_index("in")]] = [[1, 0, 0, 0.5, 0], [2, -1, 0, 0, 0]]
    shares[1, find_relation_index("above")] = [0.5, 0.25, 0.125, -0.25, 0]
    reasons = {7: FrameReasons(shares)}
    told = build_player_data(VIDEO, None, {"prediction": [made]}, reasons=reasons)["strengths:prediction"]
    assert told.select(PARTS).to_pylist() == [
        dict(zip(PARTS, row)) for row in ([2, -1, 0, 0, 0], [1, 0, 0, 0.5, 0], [0.5, 0.25, 0.125, -0.25, 0])
    ]
    told = build_player_data(VIDEO, None, {"prediction": [unclear]}, reasons=reasons)["strengths:prediction"]
    assert told["prior"].to_pylist() == [0.5]
    table = build_triplet_table([made], "prediction", reasons)
    assert table[["relation", "log odds", "real homes", "boxes", "hands", "network"]].to_numpy().tolist() == [
        ["in", 1.0, 2.0, -1.0, 0.0, 0.0],
        ["touching", 1.5, 1.0, 0.0, 0.0, 0.5],
        ["above", 0.62, 0.5, 0.25, 0.12, -0.25],
    ]
    assert "steadiness" not in table and "log odds" not in build_triplet_table([made], "prediction")


def test_uneven_frames_bring_their_times() -> None:
    times_s = np.concatenate([np.arange(200) / 24, 60 + np.arange(40) / 5])
    data = build_player_data(replace(VIDEO, frame_times_s=times_s), None, {"annotation": [graph(3, {})]})
    assert data["times"]["t"].to_pylist() == times_s.tolist() and data["n_frames"] == 240
    assert "times" not in build_player_data(VIDEO, None, {"annotation": [graph(3, {})]})


def test_a_person_who_is_not_clear_has_neither_box_nor_edges() -> None:
    """A box of 7 % was drawn beside a graph that showed nobody; what is annotated is drawn whatever its score."""
    unclear = replace(graph(5, {"bed": {"lying_on": 0.99}}), person_score=0.07)
    for source, masks, scores in (
        ("annotation", [0, 1 << find_relation_index("lying_on")], None),
        ("prediction", [NO_BOX, 0], [0, 100]),
        ("prediction:yolox+reldn", [NO_BOX, 0], [0, 100]),
    ):
        data = build_player_data(VIDEO, None, {source: [unclear]})
        rows = data[f"graphs:{source}"]
        assert rows["mask"].to_pylist() == masks
        assert scores is None or rows["score"].to_pylist() == scores
        assert data["sources"][0]["predicted"] is (scores is not None)
    assert data["rule"] == "Shown: person and objects from 30%"


def test_frames_beyond_sixteen_bits_keep_their_numbers() -> None:
    data = build_player_data(VIDEO, None, {"annotation": [graph(40_001, {})]})
    assert data["graphs:annotation"]["frame"].to_pylist() == [40_000]


def test_invisible_objects_and_empty_sources() -> None:
    hidden = graph(3, {"bed": {}})
    unseen = SceneGraph(
        3, 0.1, None, 0.0, hidden.object_classes, np.full((1, 4), np.nan), np.ones(1), np.zeros((1, N_RELATIONS))
    )
    data = build_player_data(VIDEO, None, {"annotation": [unseen], "prediction:none": []})
    assert data["graphs:annotation"]["mask"].to_pylist() == [NO_BOX, NO_BOX]
    assert data["graphs:prediction:none"].num_rows == data["strengths:prediction:none"].num_rows == 0
    assert data["src"] is None


@pytest.mark.parametrize(
    ("selected", "found"),
    [
        ("dish", ("object", "dish", "dish")),
        ("touching", ("relation", "touching", None)),
        ("dish 2: touching", ("edge", "dish 2: touching", "dish")),
        ("dish 3: touching", None),
        ("dish: flying", None),
        (None, None),
    ],
)
def test_a_link_selects_an_object_a_relationship_or_that_of_one_object(
    selected: str | None, found: tuple[str, str, str | None] | None
) -> None:
    data = build_player_data(VIDEO, None, {"annotation": [graph(3, {"dish": {}, "dish#2": {}})]}, selected=selected)
    start = find_start_selection(data)
    assert (start and (start["kind"], start["label"], start["class"])) == found


def test_lanes_stand_by_object() -> None:
    lanes = [("c106", 5.0), ("c151", 1.0), ("c107", 3.0), ("c123", 0.0)]
    intervals = [ActionInterval("ABCDE", find_action_index(name), start, start + 1) for name, start in lanes]
    data = build_player_data(VIDEO, None, {"annotation": []}, intervals)
    assert [lane["id"] for lane in data["actions"]] == ["c123", "c151", "c106", "c107"]
    assert data["actions"][2]["class"] == "cup/glass/bottle"


def test_scores_of_the_best_actions() -> None:
    over_time = np.zeros((2, N_ACTIONS))
    over_time[1, [3, 9]] = 0.9, 0.6
    trained = np.ones(N_ACTIONS, bool)
    trained[3] = False
    lfb = ActionScores("lfb", over_time.max(axis=0), np.array([1.0, 2.0]), over_time)
    sgfb = ActionScores("sgfb", over_time.max(axis=0), np.array([1.0, 2.0]), over_time, trained)
    assert select_top_actions({"lfb": lfb, "sgfb": sgfb}, 1) == [3, 9]
    data = build_player_data(VIDEO, None, {}, scores={"lfb": lfb, "sgfb": sgfb}, top_k=1)
    assert data["models"][1]["trained"] == [False, True]
    assert data["scores:lfb"].column_names == ["t", "s0", "s1"]
    np.testing.assert_allclose(data["scores:sgfb"]["s1"].to_numpy(), [0, 0.6], rtol=1e-6)


@pytest.mark.parametrize("value", [np.float32(1), object(), {"a": np.zeros(2)}, [b"x"], {1: 2}])
def test_payload_refuses_what_would_become_text(value: Any) -> None:
    with pytest.raises(TypeError, match="player payload 'wrong'"):
        check_payload({"wrong": value})


def test_missing_video_file() -> None:
    with pytest.raises(UserError, match=r"absent\.mp4 is missing"):
        serve_video("absent.mp4")
