"""What a detector that only predicts does in less time answers as torchvision's own."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torchvision.models.detection import FasterRCNN
from torchvision.ops import MultiScaleRoIAlign

from ag_core.models.detector import build_faster_rcnn, load_faster_rcnn
from ag_core.models.devices import use_precision
from ag_core.models.encoded_images import encode_images, find_boxes
from ag_core.models.pixels import to_image_tensors
from ag_core.models.proposals import propose_regions
from ag_core.models.region_pooling import GatheringRoiAlign
from ag_core.settings import WEIGHTS, settings
from ag_core.video.frames import read_frames
from tests.models.foreign.test_sttran import TOY_DETECTOR


@pytest.fixture(scope="module")
def frames() -> list[NDArray[np.uint8]]:
    film = sorted((settings().showcase / "videos").glob("*.mp4"))[0]
    return [frame for _, frame in read_frames(film, [40, 100])]


@pytest.fixture(scope="module")
def shipped() -> FasterRCNN:
    return load_faster_rcnn(WEIGHTS / "detector.safetensors")


def test_the_shipped_detector_finds_what_torchvision_finds(
    shipped: FasterRCNN, frames: list[NDArray[np.uint8]]
) -> None:
    quick = shipped.roi_heads.box_roi_pool
    assert isinstance(quick, GatheringRoiAlign)
    found = find_boxes(shipped, encode_images(shipped, frames))
    shipped.roi_heads.box_roi_pool = MultiScaleRoIAlign(
        quick.featmap_names, quick.output_size, quick.sampling_ratio, canonical_scale=quick.canonical_scale
    )
    with torch.no_grad():
        expected = shipped(to_image_tensors(frames))
    shipped.roi_heads.box_roi_pool = quick
    for one, other in zip(found, expected, strict=True):
        assert len(one["labels"]) > 5
        assert torch.equal(one["labels"], other["labels"])
        assert torch.allclose(one["boxes"], other["boxes"], rtol=1e-5, atol=1e-3)
        assert torch.allclose(one["scores"], other["scores"], atol=1e-5)


def test_proposals_of_one_map_are_those_of_torchvision() -> None:
    torch.manual_seed(0)
    network = build_faster_rcnn(TOY_DETECTOR).eval()
    noise = np.random.default_rng(0).integers(0, 255, (2, 96, 160, 3), np.uint8)
    encoded = encode_images(network, list(noise))
    with torch.no_grad():
        expected, _ = network.rpn(encoded.scaled, encoded.levels)
    for one, other in zip(propose_regions(network.rpn, encoded.scaled, encoded.levels), expected, strict=True):
        assert len(one) > 3 and torch.allclose(one, other, rtol=1e-5, atol=1e-3)


def test_proposals_are_convolved_as_precisely_as_the_backbone(
    shipped: FasterRCNN, frames: list[NDArray[np.uint8]]
) -> None:
    """Boxes are decided in single precision in either."""
    seen: list[torch.dtype] = []
    hook = shipped.rpn.head.conv.register_forward_hook(lambda _module, _inputs, found: seen.append(found.dtype))
    counts = {}
    for name, expected in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        with use_precision(name):
            found = find_boxes(shipped, encode_images(shipped, frames))
        assert set(seen) == {expected}
        assert all(tensor.dtype == torch.float32 for each in found for tensor in (each["boxes"], each["scores"]))
        counts[name] = sum(int((each["scores"] >= 0.5).sum()) for each in found)
        seen.clear()
    hook.remove()
    assert counts["float32"] > 5 and abs(counts["bfloat16"] - counts["float32"]) <= 2


def test_pooling_is_that_of_torchvision_at_edges_and_outside_too() -> None:
    torch.manual_seed(0)
    levels = {
        str(k): torch.randn(2, 5, 64 >> k, 96 >> k).contiguous(memory_format=torch.channels_last) for k in range(3)
    }
    usual = MultiScaleRoIAlign(["0", "1", "2"], output_size=7, sampling_ratio=2, canonical_scale=112)
    corners = torch.rand(40, 2) * torch.tensor([420.0, 280.0]) - 20
    boxes = torch.cat([corners, corners + torch.rand(40, 2) ** 3 * 300], dim=1)
    odd = torch.tensor([[0, 0, 384, 256], [383, 255, 384, 256], [-90, -90, -60, -60], [5, 5, 5, 9], [300, 9, 900, 800]])
    for chosen in ([boxes, odd.float()], [boxes[:0], boxes[:3]], [boxes[:0], boxes[:0]]):
        expected = usual(levels, chosen, [(256, 384), (250, 380)])
        found = GatheringRoiAlign.like(usual)(levels, chosen, [(256, 384), (250, 380)])
        assert found.shape == expected.shape
        assert torch.allclose(found, expected, atol=1e-4)  # neighbours of a random map differ by much


def test_images_of_the_detectors_size_are_prepared_as_by_torchvision(
    shipped: FasterRCNN, frames: list[NDArray[np.uint8]]
) -> None:
    tall = np.ascontiguousarray(frames[1].transpose(1, 0, 2))
    for images in (frames, [frames[0], tall], [frames[0][:200]]):
        expected, _ = shipped.transform(to_image_tensors(images))
        encoded = encode_images(shipped, images).scaled
        assert torch.equal(encoded.tensors, expected.tensors)
        assert [tuple(size) for size in encoded.image_sizes] == [tuple(size) for size in expected.image_sizes]
