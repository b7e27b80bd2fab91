"""What every clip network and every action model of the catalog keeps to."""

import copy
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.catalog import ACTION_MODELS, CLIP_NETWORKS, BankKind, list_predicting_models
from ag_core.errors import UserError
from ag_core.models.feature_bank import BankMaterial, build_bank, get_bank_width
from ag_core.models.folding import fold_batch_norms
from ag_core.models.video import (
    BankedVideoModel,
    ClipInput,
    ClipNetwork,
    build_bank_head,
    build_clip_network,
    build_video_model,
    make_clip_input,
)
from ag_core.models.video.scoring import score_clips
from ag_core.presets import BANK_OPERATORS, DEMO_VIDEO, VideoPreset
from ag_core.records import Detections, FrameClock
from ag_core.taxonomy import N_ACTIONS
from ag_core.video.clips import list_clip_frame_numbers
from tests.toys.tiny_networks import list_tiny_networks

TINY = list_tiny_networks(
    replace(DEMO_VIDEO, name="video-test", base_width=4, frames=8, size_wh=(48, 32), latent_size=16)
)
of_every_network = pytest.mark.parametrize("network", list(CLIP_NETWORKS))
of_every_model = pytest.mark.parametrize("name", list(ACTION_MODELS))


class TwoRegions:
    """Finds the same two boxes in every image, which overlap."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        boxes = np.array([[2, 3, 30, 25], [12, 8, 44, 30]], np.float32)
        return [Detections(boxes, np.zeros(2, np.int64), np.array([0.9, 0.8], np.float32)) for _ in images]


def make_clips(preset: VideoPreset, n: int = 2) -> ClipInput:
    """Random clips as a network of the preset reads them."""
    width, height = preset.size_wh
    pixels = np.random.default_rng(0).integers(0, 255, (n, preset.frames, height, width, 3), dtype=np.uint8)
    return make_clip_input(pixels, preset, detector=TwoRegions())


def make_model(name: str) -> tuple[BankedVideoModel, ClipInput, Tensor]:
    """An action model, clips and windows. What begins at 0 is moved, so that no path is closed."""
    torch.manual_seed(0)
    entry = ACTION_MODELS[name]
    preset = TINY[entry.clip_network]
    model = build_video_model(name, preset)
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(std=0.1)
    width = 1 if entry.bank is None else get_bank_width(entry.bank, preset.feature_size)
    return model, make_clips(preset), torch.rand(2, 20, width)


def get_clip(clips: ClipInput, number: int) -> ClipInput:
    """One of some clips, alone."""
    mine = clips.clip_of_box == number
    return ClipInput(
        tuple(part[number : number + 1] for part in clips.pathways),
        clips.boxes_xyxy[mine],
        torch.zeros_like(clips.clip_of_box[mine]),
        clips.frame_of_box[mine],
    )


@of_every_model
def test_every_model_gives_logits_and_keeps_its_input(name: str) -> None:
    model, clips, bank = make_model(name)
    before = copy.deepcopy((clips, bank))
    model.eval()
    with torch.inference_mode():
        logits = model(clips, bank)
        assert logits.shape == (2, N_ACTIONS) and logits.isfinite().all()
        assert torch.equal(model(clips, bank), logits)
        assert torch.equal(model.head(model.clip_net(clips), bank), logits)
        single = torch.cat([model(get_clip(clips, i), bank[i : i + 1]) for i in range(2)])
    assert torch.allclose(logits, single, atol=1e-4), "clips do not influence one another"
    for mine, theirs in zip(clips.pathways, before[0].pathways):
        assert torch.equal(mine, theirs)
    assert torch.equal(clips.boxes_xyxy, before[0].boxes_xyxy) and torch.equal(bank, before[1])


@of_every_model
def test_a_folded_network_answers_as_before(name: str) -> None:
    model, clips, _ = make_model(name)
    with torch.no_grad():
        for module in model.clip_net.modules():
            if isinstance(module, nn.BatchNorm3d):
                assert module.running_mean is not None and module.running_var is not None
                module.running_mean.uniform_(-0.2, 0.2)
                module.running_var.uniform_(0.5, 2)
        before = model.eval().clip_net(clips)
        after = fold_batch_norms(model.clip_net)(clips)
    assert not any(isinstance(module, nn.BatchNorm3d) for module in model.clip_net.modules()) or name == "timeception"
    assert before.std() > 0
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4 * float(before.abs().max()))


@of_every_model
def test_gradients_reach_every_parameter(name: str) -> None:
    model, clips, bank = make_model(name)
    model.train()
    model(clips, bank).square().mean().backward()
    learned = {key: parameter for key, parameter in model.named_parameters() if parameter.requires_grad}
    silent = [key for key, parameter in learned.items() if parameter.grad is None or not parameter.grad.any()]
    # A softmax does not change where all its keys are moved alike: such gradients are noise around 0.
    assert learned and not [key for key in silent if not key.endswith("phi.bias")]


@cache
def build_weightless(network: str, size: str) -> ClipNetwork:
    """A clip network that takes no memory, for its shapes."""
    with torch.device("meta"):
        return build_clip_network(network, CLIP_NETWORKS[network].preset(size))


@of_every_network
@pytest.mark.parametrize("size", ["demo", "paper"])
def test_a_preset_says_how_long_a_feature_is(network: str, size: str) -> None:
    assert build_weightless(network, size).feature_size == CLIP_NETWORKS[network].preset(size).feature_size


@of_every_network
@pytest.mark.parametrize("frames", [1, 3])
def test_videos_of_fewer_frames_than_a_clip_repeat_them(network: str, frames: int) -> None:
    preset = TINY[network]
    numbers = list_clip_frame_numbers(0.0, FrameClock(12.0, frames), preset.frames, preset.frame_step_s)
    assert len(numbers) == preset.frames and set(numbers) <= set(range(1, frames + 1))
    width, height = preset.size_wh
    video = np.random.default_rng(0).integers(0, 255, (frames, height, width, 3), dtype=np.uint8)
    torch.manual_seed(0)
    clips = make_clip_input(video[np.array(numbers) - 1][None], preset, detector=TwoRegions())
    with torch.inference_mode():
        features = build_clip_network(network, preset).eval()(clips)
    assert features.shape == (1, preset.feature_size) and features.isfinite().all()


@pytest.mark.parametrize("operator", BANK_OPERATORS)
@pytest.mark.parametrize("name", [model.id for model in ACTION_MODELS.values() if model.bank is not None])
def test_a_bank_of_one_model_is_refused_by_another(name: str, operator: str) -> None:
    """SGFB and its oracle have entries of one length, so the kind decides, too (methods C18)."""
    entry = ACTION_MODELS[name]
    preset = replace(TINY[entry.clip_network], operator=operator)
    head, features = build_bank_head(name, preset), np.zeros((1, preset.feature_size), np.float32)
    times = np.array([0.5, 1.0])
    for kind in BankKind:
        width = get_bank_width(kind, preset.feature_size)
        rows = np.zeros((2, width), np.float32)
        material = BankMaterial(times, np.zeros((2, preset.feature_size), np.float32), np.zeros((2, 875), np.float32))
        windows = build_bank(kind, material).cut_windows([0.5])
        if kind is entry.bank:
            assert score_clips(head, features, windows).shape == (1, N_ACTIONS)
            continue
        said = f"looks into a bank of {entry.bank} entries, .* one of {kind} entries with {width}; give the bank that"
        with pytest.raises(UserError, match=said):
            score_clips(head, features, windows)
        if width != get_bank_width(entry.bank or kind, preset.feature_size):
            with pytest.raises(UserError, match=f"one of some entries with {width}"):
                head(torch.from_numpy(features), torch.from_numpy(rows)[None])


def test_models_and_networks_do_not_share_files_roles_and_presets() -> None:
    roles = [*(network.role for network in CLIP_NETWORKS.values()), *ACTION_MODELS]
    files = [network.weights_file for network in CLIP_NETWORKS.values()]
    names = [preset.name for network in CLIP_NETWORKS.values() for preset in network.presets.values()]
    assert all(len(set(each)) == len(each) for each in (roles, files, names))
    for model in ACTION_MODELS.values():
        network = CLIP_NETWORKS[model.clip_network]
        assert model.presets is network.presets
        assert (model.weights_file == network.weights_file) == (model.bank is None)
    assert [model.id for model in list_predicting_models()] == ["lfb", "sgfb"]


def test_the_document_lists_every_network_with_its_size() -> None:
    text = (Path(__file__).parents[3] / "docs" / "training.md").read_text()
    listed = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([\d,]+ \| [\d,]+) \| .* \|$", text, re.MULTILINE))
    counted = {
        network: " | ".join(
            f"{sum(p.numel() for p in build_weightless(network, size).parameters()):,}" for size in ("demo", "paper")
        )
        for network in CLIP_NETWORKS
    }
    assert listed == counted
