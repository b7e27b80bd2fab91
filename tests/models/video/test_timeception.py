"""Timeception: the original's parameters and channels, its layers by hand, and what it sees of a video."""

import pytest
import torch
from torch import nn

from ag_core.errors import UserError
from ag_core.models.video import ClipInput, build_clip_network
from ag_core.models.video.timeception import Timeception, TimeceptionLayer
from ag_core.presets import DEMO_TIMECEPTION, PAPER_TIMECEPTION, TimeceptionPreset
from ag_core.records import FrameClock
from ag_core.video.clips import list_clip_frame_numbers
from tests.models.video.test_contract import TINY


def build(preset: TimeceptionPreset) -> Timeception:
    """The network of a preset."""
    network = build_clip_network("timeception", preset)
    assert isinstance(network, Timeception)
    return network


def test_layers_have_the_originals_parameters() -> None:
    """Four layers from the 1024 channels of I3D in 8 groups: methods C13 and G."""
    channels, layers = 1024, nn.Sequential()
    with torch.device("meta"):
        for _ in range(4):
            layers.append(layer := TimeceptionLayer(channels, 8))
            channels = layer.out_channels
    assert [layer.out_channels for layer in layers.children()] == [1280, 1600, 2000, 2480]
    state = {name: tensor for name, tensor in layers.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert sum(tensor.numel() for tensor in state.values()) == 1_494_304
    maps = layers(torch.zeros(1, 1024, 128, 7, 7, device="meta"))
    assert maps.shape == (1, 2480, 8, 7, 7)


def test_paper_size_stands_on_the_channels_of_a_resnet() -> None:
    with torch.device("meta"):
        network = build(PAPER_TIMECEPTION)
    assert [layer.out_channels for layer in network.layers.children()] == [2560, 3200, 4000, 4960]
    assert PAPER_TIMECEPTION.frames == 128 * 8 and network.feature_size == 512
    demo = build(DEMO_TIMECEPTION)
    assert len(demo.layers) == len(network.layers) and demo.layers[0].groups == 8


def test_a_layer_by_hand() -> None:
    """One group, all convolutions ones: each branch is the sum of the channels, seen through its own reach."""
    layer = TimeceptionLayer(4, 1).eval()
    for module in layer.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    x = torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]).view(1, 1, 6, 1, 1).expand(1, 4, 6, 1, 1) / 4
    found = layer(x).flatten(1, -1)
    # Six frames become three: of each pair the larger. Alone; neighbours 1, 2 and 3 away; the larger of now and next.
    alone, one, two, three, largest = [2, 8, 32], [7, 28, 56], [10, 42, 40], [18, 36, 36], [4, 16, 32]
    expected = torch.tensor([*alone, *one, *two, *three, *largest], dtype=torch.float32)
    assert torch.allclose(found[0], expected, rtol=1e-4)


def test_channels_are_shuffled_among_groups() -> None:
    """What enters one of two groups is found in every second channel, so that the next layer's groups see both."""
    torch.manual_seed(0)
    layer = TimeceptionLayer(16, 2).eval()
    x = torch.randn(1, 16, 4, 2, 2)
    changed = x.clone()
    changed[:, :8] += 1
    moved = (layer(x) - layer(changed)).abs().sum(dim=(0, 2, 3, 4))
    assert not moved[1::2].any() and moved[::2].any()


def test_the_body_is_frozen_and_stays_so() -> None:
    network = build_clip_network("timeception", TINY["timeception"])
    before = {name: tensor.clone() for name, tensor in network.get_submodule("body").state_dict().items()}
    network.train()
    network(ClipInput.of_tensors(torch.randn(2, 3, 16, 32, 48))).sum().backward()
    assert not any(parameter.requires_grad for parameter in network.get_submodule("body").parameters())
    after = network.get_submodule("body").state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items()), "its statistics stay, too"


def test_any_number_of_segments_is_read() -> None:
    torch.manual_seed(0)
    network = build_clip_network("timeception", TINY["timeception"]).eval()
    with torch.inference_mode():
        for segments in (1, 3):
            assert network(ClipInput.of_tensors(torch.randn(1, 3, 8 * segments, 32, 48))).isfinite().all()
    with pytest.raises(ValueError, match="12 frames are no whole number of segments of 8"):
        network(ClipInput.of_tensors(torch.randn(1, 3, 12, 32, 48)))


@pytest.mark.parametrize("frames", [1, 700, 100_000])
def test_a_clip_is_the_whole_video_however_long(frames: int) -> None:
    preset, clock = TINY["timeception"], FrameClock(24.0, frames)
    numbers = list_clip_frame_numbers(0.0, clock, preset.frames, preset.frame_step_s)
    assert numbers == list_clip_frame_numbers(clock.duration_s, clock, preset.frames, preset.frame_step_s)
    assert numbers == sorted(numbers)
    around = (numbers[0] - 1) + (frames - numbers[-1])  # what is left at both ends together
    assert around <= frames / preset.frames + 1


def test_a_step_of_one_video_is_refused() -> None:
    network = build_clip_network("timeception", TINY["timeception"]).train()
    with pytest.raises(UserError, match="give --batch 2"):
        network(ClipInput.of_tensors(torch.randn(1, 3, 16, 32, 48)))
