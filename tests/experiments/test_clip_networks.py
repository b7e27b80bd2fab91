"""Every clip network of the catalog is trained by `train clip` and scored beside the others."""

import json
import shutil
from pathlib import Path

import pytest

from ag_core.catalog import ACTION_MODELS, CLIP_NETWORKS
from ag_core.models.checkpoints import read_metadata
from tests.experiments.conftest import command


@pytest.mark.slow
def test_every_clip_network_is_trained_and_scored(
    world: Path, trained: Path, tiny_presets: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(trained, weights)
    data = ("--data", world, "--preset", "tiny", "--threads", 1, "--weights", weights)
    assert command("evaluate", "action", *data) == 0
    before = json.loads(capsys.readouterr().out)["about"]["AP"]
    assert set(before) == {"i3d", "lfb", "sgfb", "oracle"}, "what has no weights takes no part"
    for network in CLIP_NETWORKS.values():
        out = network.weights_path(weights)
        if not out.exists():
            words = ("--network", network.id, "--steps", 1, "--batch", 2, "--autocast", "off", "--out", out)
            assert command("train", "clip", *words, *data) == 0
            assert read_metadata(out)["model"] == network.id
    capsys.readouterr()
    assert command("evaluate", "action", *data) == 0
    after = json.loads(capsys.readouterr().out)["about"]["AP"]
    assert set(after) == set(ACTION_MODELS)
    assert {name: after[name] for name in before} == before, "the others change nothing"
