"""The file of action scores: there and back, what is found in it, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ag_core.errors import UserError
from ag_core.evaluation.average_precision import CHANCE, build_video_map_protocol
from ag_core.evaluation.bootstrap import BOUNDS_MEANING, build_difference_protocol
from ag_core.evaluation.localisation import build_localisation_protocol
from ag_core.evaluation.log_loss import PRIOR, build_log_loss_protocol
from ag_core.evaluation.metrics import Bounds, Counts, Metric
from ag_core.evaluation.protocol import Averaging, Origin, Owner, Protocol, Unit
from ag_core.evaluation.results_log import read_log_row
from ag_core.results.action_scores import (
    LOCALISATION,
    LOG_LOSS,
    RANK,
    VIDEO_MAP,
    ActionModelScores,
    ScoredModel,
    holds_action_scores,
)

ORIGIN = Origin(Owner.YOURS, "mine", "test", "dense view", (0, 1), "evaluate actions --data mine --weights a b")
VIDEO = build_video_map_protocol(details="10 views, maximum")
PROBES = tuple(replace(VIDEO, name=f"{VIDEO_MAP}, {what}") for what in ("clip features replaced", "the bank zeroed"))


def make_scores() -> ActionModelScores:
    """Two models of two trainings, on the split and on its iid part."""
    metrics = []
    for part, n in (("test", Counts(videos=4, classes=2)), ("iid", Counts(videos=3, classes=2))):
        origin = replace(ORIGIN, split=part)
        nobody = replace(origin, seeds=())
        clips = replace(n, classes=None)
        for label, value in (("LFB", 40.0), ("SGFB", 50.0)):
            for protocol, add in (
                (VIDEO, 0.0),
                (build_video_map_protocol(Averaging.CLASS_WEIGHTED, "10 views, maximum"), 3.0),
                (build_localisation_protocol("nearest"), -20.0),
                (PROBES[0], -5.0),
                (PROBES[1], -9.0),
            ):
                metrics.append(Metric.from_seeds([value + add, value + add + 2], protocol, origin, n, label))
            loss = build_log_loss_protocol("clips of 2.0 s, two a second; truth: between")
            metrics.append(Metric.from_seeds([6.0, 6.5], loss, origin, clips, label))
        metrics.append(Metric(10.0, VIDEO, nobody, n, model=CHANCE))
        metrics.append(
            Metric(
                8.0, build_log_loss_protocol("clips of 2.0 s, two a second; truth: between"), nobody, clips, model=PRIOR
            )
        )
        ends = Bounds(4.0, 17.0, BOUNDS_MEANING)
        metrics.append(Metric(10.0, build_difference_protocol(VIDEO), origin, n, ends, model="SGFB − LFB"))
    rank = Protocol(RANK, Unit.DIRECTIONS, details="of clip features")
    metrics.append(Metric(5.6, rank, replace(ORIGIN, seeds=(0,)), Counts(videos=4), model="I3D"))
    return ActionModelScores(
        (ScoredModel("lfb", "LFB", ("abc", "def"), "non-local"), ScoredModel("sgfb", "SGFB", ("123", "456"), "max")),
        tuple(metrics),
        {"LFB": {"c026": 30.0, "c107": 52.0}, "SGFB": {"c026": 60.0, "c107": 42.0}},
        {"c026": 3, "c107": 1},
        {"LFB": ((600, 0.02, 10), (40, 0.55, 20)), "SGFB": ((640, 0.03, 12),)},
        {"oracle": "oracle.safetensors"},
        ("a note",),
    )


SCORES = make_scores()


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "actions.json"
    SCORES.save(path)
    assert ActionModelScores.load(path) == SCORES and holds_action_scores(path)
    row = read_log_row(json.loads(json.dumps(SCORES.to_row())))
    assert (row.what, row.metrics) == ("action models", SCORES.metrics)
    assert row.about["bank operator"] == {"lfb": "non-local", "sgfb": "max"}


def test_numbers_are_found_by_model_measure_and_part() -> None:
    assert SCORES.split == "test" and SCORES.parts == ["test", "iid"]
    found = SCORES.find("LFB")
    assert found is not None and (found.number, found.number_of_seed) == (41, (40, 42))
    assert found.bounds is not None and found.bounds.high == pytest.approx(41 + 2**0.5)
    plain, by_positives = SCORES.list_protocols(VIDEO_MAP)
    weighted = SCORES.find("LFB", protocol=by_positives)
    assert plain.averaging is Averaging.CLASS and weighted is not None and weighted.number == 44
    localised = SCORES.find("SGFB", LOCALISATION, "iid")
    assert localised is not None and (localised.number, localised.n.videos) == (31, 3)
    assert SCORES.find("SGFB", LOG_LOSS, "comp") is None and SCORES.find("oracle") is None
    assert [metric.model for metric in SCORES.list_named("difference")] == ["SGFB − LFB"] * 2
    classes = SCORES.list_class_metrics("SGFB")
    assert [metric.protocol.label for metric in classes] == ["video AP (c026)", "video AP (c107)"]
    assert classes[0].origin == ORIGIN and classes[0].n.videos == 4
    assert {metric.origin.owner for metric in SCORES.with_owner(Owner.OURS_HOME).metrics} == {Owner.OURS_HOME}


def edited(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(SCORES.to_json()))
    change(content)
    return content


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.update(format="other"), "these are no action scores"),
        (lambda c: c.update(version=2), "version 2; version 1 is read here"),
        (lambda c: c.pop("curves"), r"damaged \(curves is missing\)"),
        (lambda c: c.update(metrics={}), "metrics is a dict, not a list"),
        (lambda c: c["metrics"][0].update(number="40"), "a number of video mAP of LFB is no number"),
        (lambda c: c["metrics"][0].update(number=140), "outside 0 to 100"),
        (lambda c: c["metrics"][0].pop("origin"), "this is no metric"),
        (lambda c: c["per_class"]["LFB"].update(c157=1.0), "there is no action 'c157'"),
        (lambda c: c["per_class"]["LFB"].pop("c026"), "LFB has other actions than those with positive videos"),
        (lambda c: c["per_class"].update(STRG={}), "STRG is not among the models"),
        (lambda c: c["positives"].update(c026=0), "c026 is 0, not a whole number from 1"),
        (lambda c: c["curves"].update(LFB=[[1, 0.5, 2]]), "not a whole number from 0 to 1"),
        (lambda c: c["curves"].update(LFB=[[1, 0.5, 0]] * 11), "a curve has 11 bins; 10 are the most"),
        (lambda c: c["curves"].update(LFB=[[1, 1.5, 0]]), "not a number from 0 to 1"),
        (lambda c: c["models"].append(c["models"][0] | {"label": "STRG"}), "STRG has no video mAP"),
        (lambda c: c["models"].append("lfb"), "damaged"),
    ],
)
def test_what_is_no_file_of_scores_is_refused(
    change: Callable[[dict[str, Any]], object], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "actions.json"
    path.write_text(json.dumps(edited(change)))
    with pytest.raises(UserError, match=f"actions.json: .*{said}"):
        ActionModelScores.load(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="give a file that `evaluate actions` wrote"):
        ActionModelScores.load(tmp_path / "no.json")
