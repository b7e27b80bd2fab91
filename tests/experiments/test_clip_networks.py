"""Every clip network of the catalog is trained by `train clip` and scored beside the others."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ag_core.catalog import ACTION_MODELS, CLIP_NETWORKS
from ag_core.errors import UserError
from ag_core.experiments import training
from ag_core.experiments.clip import CLIP_NET
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import TrainingData
from ag_core.experiments.training_loop import Budget
from ag_core.experiments.training_options import TrainingOptions
from ag_core.models.checkpoints import read_metadata
from ag_core.results.action_scores import ActionModelScores
from tests.experiments.conftest import command


@pytest.mark.parametrize("network", [entry.id for entry in CLIP_NETWORKS.values() if entry.body is not None])
def test_a_network_on_a_frozen_one_wants_its_weights(
    network: str, data: TrainingData, tiny_presets: None, tmp_path: Path
) -> None:
    out = CLIP_NETWORKS[network].weights_path(tmp_path)
    options = TrainingOptions(out, Budget(steps=1), "tiny", batch=2, weights=tmp_path / "none", network=network)
    with pytest.raises(UserError, match="there is no weights file"):
        training.train_clip(data, options)
    with pytest.raises(UserError, match=f"{network} cannot be pre-trained: .* choose --network i3d"):
        training.train_pretraining(data, options)


@pytest.mark.slow
def test_the_frozen_body_is_the_network_beside_it(
    data: TrainingData, trained: Path, tiny_presets: None, tmp_path: Path
) -> None:
    out = CLIP_NETWORKS["strg"].weights_path(tmp_path)
    exact = Compute(autocast="off")
    options = TrainingOptions(out, Budget(steps=3), "tiny", 2, 0.01, compute=exact, weights=trained, network="strg")
    training.train_clip(data, options)
    body, whole = load_file(CLIP_NETWORKS["i3d"].weights_path(trained)), load_file(out)
    for name, tensor in body.items():
        if name.startswith(CLIP_NET):
            assert torch.equal(tensor, whole[name.replace(CLIP_NET, f"{CLIP_NET}body.network.", 1)]), name
    assert {"detector", "clip"} == {part.partition("=")[0] for part in read_metadata(out)["stands_on"].split()}


@pytest.mark.slow
def test_every_clip_network_is_trained_and_scored(
    world: Path, trained: Path, tiny_presets: None, tmp_path: Path
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(trained, weights)
    data = ("--data", world, "--preset", "tiny", "--threads", 1, "--weights", weights)
    out_file = tmp_path / "actions.json"
    assert command("evaluate", "actions", "--out", out_file, *data) == 0
    scores = ActionModelScores.load(out_file)
    before = scores.per_class
    assert [model.id for model in scores.models] == ["i3d", "lfb", "sgfb", "oracle"]
    assert set(scores.missing) == set(ACTION_MODELS) - {"i3d", "lfb", "sgfb", "oracle"}
    for network in CLIP_NETWORKS.values():
        out = network.weights_path(weights)
        if not out.exists():
            words = ("--network", network.id, "--steps", 1, "--batch", 2, "--autocast", "off", "--out", out)
            assert command("train", "clip", *words, *data) == 0
            assert read_metadata(out)["model"] == network.id
    assert command("evaluate", "actions", "--out", out_file, *data) == 0
    scores = ActionModelScores.load(out_file)
    after = scores.per_class
    assert [model.id for model in scores.models] == list(ACTION_MODELS) and not scores.missing
    assert {name: after[name] for name in before} == before, "the others change nothing"
