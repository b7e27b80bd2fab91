"""SlowFast: its authors' parameter counts, the two pathways, and what goes between them."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from ag_core.models.video import ClipInput, build_clip_network
from ag_core.models.video.blocks import NonLocal
from ag_core.models.video.slowfast import Lateral
from ag_core.presets import DEMO_SLOWFAST, DEMO_SLOWFAST_NL, PAPER_SLOWFAST, PAPER_SLOWFAST_NL, SlowFastPreset

R50 = replace(
    PAPER_SLOWFAST, blocks=(3, 4, 6, 3), slow_temporal=(0, 0, 6, 3), fast_temporal=(3, 4, 6, 3), lateral_kernel=7
)
KINETICS = 2304 * 400 + 400
"""Parameters of the classifier of 400 classes that the published numbers count."""


def count(preset: SlowFastPreset) -> tuple[nn.Module, int]:
    """The network without memory for its weights, and how many they are with a classifier of Kinetics."""
    with torch.device("meta"):
        network = build_clip_network("slowfast", preset)
    return network, sum(p.numel() for p in network.parameters()) + KINETICS


@pytest.mark.parametrize(
    ("preset", "total", "published"),
    [
        (R50, 34_566_488, "34.57"),
        (PAPER_SLOWFAST, 62_826_968, "62.83"),
        (replace(PAPER_SLOWFAST_NL, nonlocal_blocks=()), 53_774_808, "53.77"),
    ],
    ids=["R50 8x8", "R101 8x8", "R101 50-50 16x8"],
)
def test_parameters_are_those_of_the_published_networks(preset: SlowFastPreset, total: int, published: str) -> None:
    """PyTorchVideo's model zoo prints millions with two digits; how many frames there are makes no difference."""
    _, counted = count(preset)
    assert counted == total and f"{counted / 1e6:.2f}" == published


def test_nonlocal_blocks_are_in_the_slow_res4() -> None:
    network, counted = count(PAPER_SLOWFAST_NL)
    places = [name for name, module in network.named_modules() if isinstance(module, NonLocal)]
    assert len(places) == 3 and all(name.startswith("slow_stages.2.") for name in places)
    assert counted - 53_774_808 == 3 * (4 * 1024 * 512 + 3 * 512 + 1024)
    assert PAPER_SLOWFAST.feature_size == PAPER_SLOWFAST_NL.feature_size == 2304


def test_widths_of_the_stages_at_paper_size() -> None:
    """Methods C14: what the slow pathway reads is its own maps and twice the channels of the fast ones."""
    network, _ = count(PAPER_SLOWFAST)
    shapes = {name: list(parameter.shape) for name, parameter in network.named_parameters()}
    read = {
        pathway: [shapes[f"{pathway}_stages.{stage}.0.reduce.0.weight"][1:3] for stage in range(4)]
        for pathway in ("slow", "fast")
    }
    assert read == {
        "slow": [[80, 1], [320, 1], [640, 3], [1280, 3]],
        "fast": [[8, 3], [32, 3], [64, 3], [128, 3]],
    }
    told = Lateral(8, 5, 4)(torch.zeros(1, 64, 16, 7, 7), torch.zeros(1, 8, 64, 7, 7))
    assert told.shape == (1, 80, 16, 7, 7)


def test_what_only_the_fast_pathway_sees_reaches_both_halves_of_the_feature() -> None:
    torch.manual_seed(0)
    network = build_clip_network("slowfast").eval()
    frames = torch.randn(1, 3, 8, 32, 32)
    changed = frames.clone()
    changed[:, :, 1] += 3  # between the frames of the slow pathway
    with torch.inference_mode():
        before, after = (network(ClipInput.of_tensors(seen[:, :, ::4], seen))[0] for seen in (frames, changed))
    moved, slow = (before - after).abs(), 32 * DEMO_SLOWFAST.base_width
    assert moved[:slow].max() > 1e-3 and moved[slow:].max() > 1e-3


def test_nonlocal_blocks_of_the_demo_size_are_as_many() -> None:
    plain, looking = (build_clip_network("slowfast", preset) for preset in (DEMO_SLOWFAST, DEMO_SLOWFAST_NL))
    blocks = [[m for m in network.modules() if isinstance(m, NonLocal)] for network in (plain, looking)]
    assert [len(of_network) for of_network in blocks] == [0, 3]
    assert not any(block.softmax for block in blocks[1])


def test_pathways_that_do_not_belong_together_are_refused() -> None:
    clips = ClipInput.of_tensors(torch.zeros(1, 3, 2, 32, 32), torch.zeros(1, 3, 4, 32, 32))
    with pytest.raises(ValueError, match="2 and 4 frames; the second needs 4 times the first"):
        build_clip_network("slowfast")(clips)
    with pytest.raises(ValueError, match="slowfast-demo needs pathway strides"):
        replace(DEMO_SLOWFAST, alpha=8)
