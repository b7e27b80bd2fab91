"""The file of scene-graph scores: there and back, metrics with seeds, and what is refused."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ag_core.errors import UserError
from ag_core.evaluation.metrics import Counts
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner
from ag_core.results.scene_graph_scores import (
    FORMAT,
    EdgeRow,
    RecallRow,
    SceneGraphScores,
    find_recall_row,
    holds_scores,
)
from ag_core.results.scored_heads import ScoredHead
from ag_core.results.steadiness import SteadinessRow
from ag_core.taxonomy import Mode

ORIGIN = Origin(Owner.YOURS, "mine", "iid", "dense view", (3, 5, 8), "evaluate scene-graphs --data mine")
SCORED = ScoredHead("reldn", "RelDN", Mode.SGDET, ("abc", "def", "fed"), ORIGIN)
RECALL = RecallRow(
    SCORED,
    Constraint.NO_CONSTRAINT,
    25,
    Counts(2, 9, triplets=40, frames_without_prediction=1),
    Counts(1, 2, triplets=3),
    {
        ("R", Averaging.FRAME): {20: (10.0, 20.0, 30.0), 50: (40.0, 40.0, 40.0)},
        ("zR", Averaging.VIDEO): {20: (5.0, 0.0, 1.0)},
        ("mR", Averaging.RELATION): {20: (math.nan, math.nan, math.nan)},
    },
    {20: {"holding": (50.0, 60.0, 70.0)}},
    {"holding": 12},
)
EDGES = EdgeRow(
    SCORED,
    Counts(2, 9, triplets=40),
    {"precision of edges": (50.0, 60.0, 70.0), "false edges": (2.5, 2.0, 1.5)},
    {"calibration error": {"holding": (4.0, 5.0, 6.0)}},
    {"holding": 12},
    {"holding": ((7, 0.05, 0), (3, 0.95, 2)), "wiping": ()},
)
FLICKER = SteadinessRow(
    SCORED,
    Counts(2, 9),
    {"flicker": (9.0, 10.0, 11.0), "flicker after smoothing": (1.0, 1.0, 1.0), "flicker of the truth": (2.0, 2.0, 2.0)},
)
SCORES = SceneGraphScores((RECALL,), (EDGES,), {"vrd": "vrd.safetensors"}, ("a note",), (FLICKER,))


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    SCORES.save(path)
    again = SceneGraphScores.load(path)
    assert again.to_json() == SCORES.to_json() and holds_scores(path)
    assert again.steadiness == (FLICKER,)
    older = {key: value for key, value in SCORES.to_json().items() if key != "steadiness"}
    assert SceneGraphScores.from_json(older).steadiness == ()
    assert again.edges == SCORES.edges and again.missing == SCORES.missing and again.notes == ("a note",)
    assert json.loads(path.read_text())["format"] == FORMAT
    assert SceneGraphScores.from_json(SceneGraphScores((), (), {}).to_json()).list_metrics() == []


def test_several_seeds_are_a_mean_with_its_deviation() -> None:
    metric = RECALL.get_metric("R", Averaging.FRAME, 20)
    assert (metric.number, metric.number_of_seed, metric.origin.seeds) == (20, (10, 20, 30), (3, 5, 8))
    assert metric.bounds is not None and (metric.bounds.low, metric.bounds.high) == (10, 30)
    sentence = metric.format_sentence()
    for said in ("SGDet", "no constraint", "25 relationships", "mine iid dense view", "9 frames", "standard deviation"):
        assert said in sentence
    unseen = RECALL.get_metric("zR", Averaging.VIDEO, 20)
    assert unseen.n == Counts(1, 2, triplets=3) and unseen.number == 2
    unknown = RECALL.get_metric("mR", Averaging.RELATION, 20)
    assert math.isnan(unknown.number) and unknown.bounds is None and unknown.format_number() == "–"
    (holding,) = RECALL.list_relation_metrics(20)
    assert (holding.protocol.subject, holding.n.triplets, holding.number) == ("holding", 12, 60)
    assert len(RECALL.list_metrics()) == 4 and len(EDGES.list_metrics()) == 2


def test_edges_by_relationship() -> None:
    assert EDGES.get_metric("false edges").format_number() == "2.00 (1.50 to 2.50)"
    (calibration,) = EDGES.list_relation_metrics("calibration error")
    assert (calibration.protocol.subject, calibration.number) == ("holding", 5)


def test_flicker_is_a_number_a_minute_that_says_how_it_was_counted() -> None:
    before, after, truth = FLICKER.list_metrics()
    assert (before.number, after.number, truth.number) == (10, 1, 2)
    assert before.format_number(with_unit=True) == "10.0 per minute (9.0 to 11.0)"
    sentence = after.format_sentence()
    for said in ("Flicker after smoothing", "SGDet", "the scored frames before and after it", "9 frames"):
        assert said in sentence


def test_a_row_is_found_by_its_facts() -> None:
    facts = ("reldn", Mode.SGDET, "iid", Constraint.NO_CONSTRAINT, 25)
    assert find_recall_row(SCORES.recalls, *facts) is RECALL
    assert find_recall_row(SCORES.recalls, "reldn", Mode.SGDET, "comp", Constraint.NO_CONSTRAINT, 25) is None


def spoil(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(SCORES.to_json()))
    change(content)
    return content


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(format="other"), "these are no scene-graph scores"),
        (lambda c: c.update(version=2), "version 2; version 1 is read here"),
        (lambda c: c.pop("recalls"), "recalls is missing"),
        (lambda c: c["recalls"][0].pop("n"), "n is missing"),
        (lambda c: c["recalls"][0].update(mode="phrdet"), "'phrdet' is not a valid Mode"),
        (lambda c: c["recalls"][0]["values"].update(xR={"frame": {"20": [1, 2, 3]}}), "nothing is measured as xR"),
        (lambda c: c["recalls"][0]["values"]["R"]["frame"].update({"20": [1, 2]}), "no list of one for each seed"),
        (lambda c: c["recalls"][0]["values"]["R"]["frame"].update({"20": ["1", 2, 3]}), "not a number from 0"),
        (lambda c: c["recalls"][0]["triplets"].update(kissing=3), "no relationship 'kissing'"),
        (lambda c: c["edges"][0]["bins"]["holding"].append([1, 1.5, 0]), "not a number from 0 to 1"),
        (lambda c: c["edges"].append(7), "damaged"),
        (lambda c: c["steadiness"][0]["values"].update(blinking=[1, 2, 3]), "nothing is measured as 'blinking'"),
        (lambda c: c["steadiness"][0]["values"].update(flicker=[1, 2]), "no list of one for each seed"),
    ],
)
def test_other_files_and_damaged_ones_are_refused(change: Callable[[dict[str, Any]], object], said: str) -> None:
    with pytest.raises(UserError, match=said):
        SceneGraphScores.from_json(spoil(change))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    with pytest.raises(UserError, match=r"scores\.json cannot be read"):
        SceneGraphScores.load(path)
    path.write_text("{")
    with pytest.raises(UserError, match=r"scores\.json is not JSON"):
        SceneGraphScores.load(path)
    path.write_text("{}")
    with pytest.raises(UserError, match=r"scores\.json: these are no scene-graph scores"):
        SceneGraphScores.load(path)
    assert not holds_scores(path)
