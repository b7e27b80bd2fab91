"""Converted weights are taken by training and evaluation like any other."""

from pathlib import Path

import pytest
import torch

from ag_core.__main__ import main
from ag_core.catalog import DETECTORS, RELATION_HEADS
from ag_core.models.checkpoints import read_metadata
from ag_core.models.foreign.conversion import convert_weights
from ag_core.presets import DEMO_FREQUENCY
from ag_core.results.scene_graph_scores import SceneGraphScores
from tests.models.foreign.sttran_networks import SttranDetector, SttranRelations, scramble
from tests.models.foreign.test_sttran import TOY_DETECTOR, TOY_RELATIONS

TOY = "toy"


def command(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.mark.slow
def test_sttran_is_evaluated_and_trained_on(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(DETECTORS["home-world"].presets, TOY, TOY_DETECTOR)
    monkeypatch.setitem(RELATION_HEADS["sttran"].presets, TOY, TOY_RELATIONS)
    monkeypatch.setitem(RELATION_HEADS["frequency"].presets, TOY, DEMO_FREQUENCY)
    for name, network in (("faster_rcnn_ag", SttranDetector()), ("sttran", SttranRelations())):
        torch.save({"state_dict": scramble(network).state_dict()}, tmp_path / f"{name}.pth")
    convert_weights(tmp_path / "faster_rcnn_ag.pth", "home-world", tmp_path / "detector.safetensors", TOY_DETECTOR)
    convert_weights(tmp_path / "sttran.pth", "sttran", tmp_path / "sttran.safetensors", TOY_RELATIONS)

    data = ("--data", world, "--preset", TOY, "--threads", 1)
    out, weights = tmp_path / "scores.json", ("--weights", tmp_path)
    words = ("--heads", "sttran", "--frames", 6, "--out", out, *weights, *data)
    assert command("evaluate", "scene-graphs", *words) == 0
    scores = SceneGraphScores.load(out)
    assert {row.scored.head for row in scores.recalls} == {"sttran"} and len(scores.recalls) == 3 * 2 * 4
    assert command("evaluate", "detector", "--frames", 4, *weights, *data) == 0

    trained = tmp_path / "trained" / "sttran.safetensors"
    training = ("--head", "sttran", "--steps", 1, "--batch", 1, "--out", trained, *weights, *data)
    assert command("train", "relations", *training) == 0
    assert read_metadata(trained)["preset"] == TOY_RELATIONS.name
    start = ("--start-from", tmp_path / "detector.safetensors", "--steps", 1, "--batch", 1)
    capsys.readouterr()
    assert command("train", "detector", "--out", tmp_path / "further.safetensors", *start, *data) == 0
    heard = capsys.readouterr()
    assert "0 begin anew" in heard.out + heard.err
