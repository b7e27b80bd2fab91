"""Clip networks and bank operators: published parameter counts, shapes, and what a fresh network does."""

import copy
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core.catalog import ACTION_MODELS
from ag_core.errors import UserError
from ag_core.models.feature_bank import FeatureBank, compute_bank_times, get_bank_width
from ag_core.models.video import ClipInput, build_bank_head, build_video_model, load_bank_head, make_clip_input
from ag_core.models.video.blocks import Bottleneck, NonLocal
from ag_core.models.video.fbo import BankLayer, MaxBank, MeanBank, NonLocalBank
from ag_core.models.video.scoring import CLIPS_AT_ONCE, score_clips, score_videos
from ag_core.presets import BANK_OPERATORS, DEMO_VIDEO, PAPER_VIDEO, VideoPreset
from ag_core.records import Detections
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import N_ACTIONS

SMALL = replace(DEMO_VIDEO, name="video-test", base_width=4, frames=8, size_wh=(48, 32), latent_size=16)


def count(module: torch.nn.Module, kind: type[torch.nn.Module]) -> int:
    """Parameters directly inside modules of one kind."""
    return sum(p.numel() for m in module.modules() if isinstance(m, kind) for p in m.parameters(recurse=False))


def entry_size(name: str) -> int:
    bank = ACTION_MODELS[name].bank
    return 1 if bank is None else get_bank_width(bank, SMALL.feature_size)


@pytest.mark.parametrize(
    ("preset", "convolutions", "normalisations", "total"),
    [
        (PAPER_VIDEO, 50_829_248, 105_344, 58_606_557),
        (
            replace(
                PAPER_VIDEO,
                blocks=(3, 4, 6, 3),
                temporal_blocks=((0, 1, 2), (0, 2), (0, 2, 4), (1,)),
                nonlocal_blocks=((3, 1), (3, 3), (4, 1), (4, 3), (4, 5)),
            ),
            27_170_752,
            53_120,
            34_895_837,
        ),
    ],
)
def test_paper_parameter_counts(preset: VideoPreset, convolutions: int, normalisations: int, total: int) -> None:
    with torch.device("meta"):
        model = build_video_model("i3d", preset)
    nonlocal_blocks = [m for m in model.modules() if isinstance(m, NonLocal)]
    inside = sum(p.numel() for block in nonlocal_blocks for p in block.parameters())
    assert len(nonlocal_blocks) == 5
    assert inside == 7_350_272
    assert count(model, torch.nn.Conv3d) - inside == convolutions
    assert count(model, torch.nn.BatchNorm3d) == normalisations
    assert count(model, torch.nn.Linear) == 321_693
    assert sum(p.numel() for p in model.parameters()) == total


def test_constants_after_the_nonlocal_blocks_of_lfb() -> None:
    with torch.device("meta"):
        plain = [NonLocal(512)] * 2 + [NonLocal(1024)] * 3
        with_constants = [NonLocal(512, scale_and_shift=True)] * 2 + [NonLocal(1024, scale_and_shift=True)] * 3
    numbers = [sum(p.numel() for block in blocks for p in block.parameters()) for blocks in (plain, with_constants)]
    assert numbers[1] - numbers[0] == 8_192


@pytest.mark.parametrize(("size", "expected"), [(2048, 4_199_424), (875, 3_598_848)])
def test_bank_operator_parameter_counts(size: int, expected: int) -> None:
    with torch.device("meta"):
        operator = NonLocalBank(2048, size, 512, 2, 0.2)
    assert sum(p.numel() for p in operator.parameters()) == expected


def test_paper_network_runs_on_a_small_clip() -> None:
    torch.manual_seed(0)
    model = build_video_model("lfb", PAPER_VIDEO).eval()
    with torch.inference_mode():
        logits = model(ClipInput.of_tensors(torch.randn(1, 3, 4, 32, 32)), torch.randn(1, 20, 2048))
    assert logits.shape == (1, N_ACTIONS)
    assert logits.isfinite().all()


@pytest.mark.parametrize("group", [None, 4])
def test_fresh_nonlocal_block_is_the_identity(group: int | None) -> None:
    x = torch.randn(2, 8, 6, 5, 7)
    assert torch.equal(NonLocal(8, group)(x), x)


def test_groups_of_frames_do_not_see_each_other() -> None:
    block = NonLocal(8, group=4)
    torch.nn.init.normal_(block.out.weight)
    x = torch.randn(1, 8, 8, 4, 4)
    changed = x.clone()
    changed[:, :, 4:] += 1
    assert torch.allclose(block(x)[:, :, :4], block(changed)[:, :, :4])
    assert not torch.allclose(block(x)[:, :, 4:], block(changed)[:, :, 4:])


def test_nonlocal_products_by_hand() -> None:
    block = NonLocal(4, softmax=False)
    torch.nn.init.normal_(block.out.weight)
    x = torch.randn(1, 4, 2, 2, 2)
    pooled = torch.nn.functional.max_pool3d(x, (1, 2, 2))
    queries, keys, values = block.theta(x).flatten(2)[0], block.phi(pooled).flatten(2)[0], block.g(pooled).flatten(2)[0]
    expected = x + block.out((values @ (queries.T @ keys / 2).T).reshape(1, 2, 2, 2, 2))
    assert torch.allclose(block(x), expected, atol=1e-5)


def test_nonlocal_attention_by_hand() -> None:
    block = NonLocal(4)
    torch.nn.init.normal_(block.out.weight)
    x = torch.randn(1, 4, 2, 2, 2)
    pooled = torch.nn.functional.max_pool3d(x, (1, 2, 2))
    queries, keys, values = block.theta(x).flatten(2)[0], block.phi(pooled).flatten(2)[0], block.g(pooled).flatten(2)[0]
    attention = (queries.T @ keys / 2**0.5).softmax(dim=1)  # [8, 2]
    expected = x + block.out((values @ attention.T).reshape(1, 2, 2, 2, 2))
    assert torch.allclose(block(x), expected, atol=1e-5)


def test_bottleneck_shape_and_fresh_shortcut() -> None:
    assert Bottleneck(8, 4, 2, True)(torch.randn(2, 8, 4, 8, 8)).shape == (2, 16, 4, 4, 4)
    x = torch.rand(2, 16, 4, 8, 8)
    assert torch.equal(Bottleneck(16, 4, 1, False)(x), x)


def test_fresh_bank_layer_is_relu() -> None:
    a = torch.randn(3, 16)
    assert torch.equal(BankLayer(16, 0.2).eval()(a, torch.randn(3, 20, 16)), a.relu())


def test_mean_and_max_operators_count_the_padding() -> None:
    bank = torch.tensor([[[2.0, -1.0], [0.0, 0.0]]])
    assert MeanBank(2)(torch.zeros(1, 3), bank).tolist() == [[1.0, -0.5]]
    assert MaxBank(2)(torch.zeros(1, 3), bank).tolist() == [[2.0, 0.0]]


def test_the_bank_matters_once_trained() -> None:
    torch.manual_seed(0)
    head = build_bank_head("sgfb", SMALL).eval()
    with torch.no_grad():
        assert isinstance(head.operator, NonLocalBank)
        for layer in head.operator.layers:
            torch.nn.init.normal_(layer.get_parameter("out.weight"))
        features = torch.randn(1, SMALL.feature_size)
        zero, one = head(features, torch.zeros(1, 20, 875)), head(features, torch.rand(1, 20, 875))
    assert not torch.allclose(zero, one)


@pytest.mark.parametrize("operator", BANK_OPERATORS)
@pytest.mark.parametrize("name", [model.id for model in ACTION_MODELS.values() if model.bank is not None])
def test_every_operator_can_be_chosen_for_every_bank(name: str, operator: str) -> None:
    torch.manual_seed(0)
    head = build_bank_head(name, replace(SMALL, operator=operator))
    features, bank = torch.randn(2, SMALL.feature_size), torch.rand(2, 20, entry_size(name))
    assert head(features, bank).shape == (2, N_ACTIONS)
    assert head.operator is not None
    taken = head.operator(features, bank)
    wanted = {"mean": bank.mean(dim=1), "max": bank.amax(dim=1)}.get(operator)
    assert taken.shape == (2, head.operator.out_features)
    assert wanted is None or torch.equal(taken, wanted)


def test_an_unknown_operator_lists_the_known() -> None:
    with pytest.raises(UserError, match="non-local, mean, max"):
        build_bank_head("lfb", replace(SMALL, operator="median"))


def test_pathways_see_every_so_many_frames() -> None:
    pictures = np.arange(8, dtype=np.uint8)[None, :, None, None, None] * np.ones((2, 8, 6, 4, 3), np.uint8)
    clips = make_clip_input(pictures, replace(SMALL, pathway_strides=(4, 1)))
    assert [tuple(part.shape) for part in clips.pathways] == [(2, 3, 2, 6, 4), (2, 3, 8, 6, 4)]
    assert torch.equal(clips.pathways[0], clips.pathways[1][:, :, ::4])
    assert len(clips) == 2 and clips.boxes_xyxy.shape == (0, 4)
    with pytest.raises(ValueError, match="cannot be divided"):
        make_clip_input(pictures, replace(SMALL, pathway_strides=(3,)))


def test_regions_come_with_their_clip_and_frame() -> None:
    class OneMoreEachFrame:
        def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
            return [
                Detections(np.tile([0, 0, 2, 1 + n], (n, 1)), np.zeros(n), np.linspace(0.1, 0.9, n))
                for n in range(len(images))
            ]

    pictures, wanting = np.zeros((2, 2, 6, 4, 3), np.uint8), replace(SMALL, regions_per_frame=2)
    clips = make_clip_input(pictures, wanting, detector=OneMoreEachFrame())
    assert clips.clip_of_box.tolist() == [0, 1, 1, 1, 1]
    assert clips.frame_of_box.tolist() == [1, 0, 0, 1, 1]
    assert clips.boxes_xyxy[:, 3].tolist() == [2, 3, 3, 4, 4]
    with pytest.raises(ValueError, match="give the detector"):
        make_clip_input(pictures, wanting)


def test_clips_are_checked() -> None:
    with pytest.raises(ValueError, match="shapes"):
        ClipInput.of_tensors(torch.zeros(2, 4, 8, 6, 4))
    with pytest.raises(ValueError, match="different numbers"):
        ClipInput.of_tensors(torch.zeros(2, 3, 8, 6, 4), torch.zeros(1, 3, 8, 6, 4))


def test_scores_do_not_depend_on_the_batch_or_on_when_windows_are_cut() -> None:
    torch.manual_seed(0)
    head, n = build_bank_head("sgfb", SMALL).eval(), CLIPS_AT_ONCE + 44
    features = torch.randn(n, SMALL.feature_size).numpy()
    times = compute_bank_times(n / 2)
    bank = FeatureBank(times, torch.rand(len(times), 875).numpy())
    windows = bank.cut_windows(np.arange(n) / 2)
    logits = score_clips(head, features, windows)
    assert logits.shape == (n, N_ACTIONS)
    np.testing.assert_array_equal(logits, score_clips(head, features, windows[:]))
    np.testing.assert_allclose(logits[-3:], score_clips(head, features[-3:], windows[n - 3 :]), atol=1e-5)
    videos = np.arange(n) % 3
    np.testing.assert_array_equal(score_videos(logits, videos)[1], logits[1::3].max(axis=0))
    assert score_clips(head, features[:0], windows[:0]).shape == (0, N_ACTIONS)


def test_oracle_and_sgfb_share_weights() -> None:
    state = build_bank_head("sgfb", SMALL).state_dict()
    build_bank_head("oracle", SMALL).load_state_dict(copy.deepcopy(state))


def test_weights_of_the_oracle_are_not_taken_for_those_of_sgfb(tmp_path: Path) -> None:
    """Both have the same shapes, and the oracle's numbers under SGFB's name would be false."""
    shutil.copy(ACTION_MODELS["oracle"].weights_path(WEIGHTS), ACTION_MODELS["sgfb"].weights_path(tmp_path))
    with pytest.raises(
        UserError, match="holds the weights of 'oracle', and those of 'sgfb' are wanted; give that file"
    ):
        load_bank_head("sgfb", tmp_path)


def test_missing_bank_and_unknown_name() -> None:
    with pytest.raises(ValueError, match="feature bank"):
        build_bank_head("lfb", SMALL)(torch.zeros(1, SMALL.feature_size))
    with pytest.raises(UserError, match="i3d, lfb, sgfb, oracle"):
        build_video_model("resnet", SMALL)
