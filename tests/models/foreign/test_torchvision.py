"""torchvision's networks as the start of the paper-size detector: the same maps, and blocks that begin as nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torchvision.models import resnet50, resnet101
from torchvision.models.detection import FasterRCNN, fasterrcnn_resnet50_fpn

from ag_core.errors import UserError
from ag_core.models.checkpoints import load_checkpoint, read_metadata
from ag_core.models.coco import CocoDetector
from ag_core.models.detector import build_faster_rcnn
from ag_core.models.foreign.conversion import convert_weights
from ag_core.models.warm_start import copy_fitting_weights
from ag_core.presets import PAPER_DETECTOR

pytestmark = pytest.mark.slow
"""These networks have one size."""


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> tuple[FasterRCNN, Path]:
    """A COCO detector with random weights, and its file under the names of older files, as torchvision's own has."""
    torch.manual_seed(0)
    network = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 0.0
    state = network.state_dict()
    for name, value in state.items():
        if name.endswith("running_var"):
            value.copy_(torch.rand_like(value) * 0.02 + 1e-4)
        elif name.endswith(("bn1.weight", "bn2.weight")):
            value.mul_(0.1)
        elif name.endswith("bn3.weight"):
            value.mul_(0.02)
    older = {
        re.sub(r"(_blocks\.\d|head\.conv)(\.0)?\.0\.(weight|bias)$", r"\1.\3", name): value
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")
    }
    path = tmp_path_factory.mktemp("coco") / "fasterrcnn_resnet50_fpn_coco.pth"
    torch.save(older, path)
    return network, path


def test_coco_detector_begins_as_it_was(coco: tuple[FasterRCNN, Path], tmp_path: Path) -> None:
    network, path = coco
    out = tmp_path / "start.safetensors"
    report = convert_weights(path, "home-world", out)
    begun = [name for name, how in report.converted.items() if how.startswith("0, so that")]
    assert len(begun) == 2 * 17
    assert {name for name in report.missing if "predictor" in name} == {
        f"roi_heads.box_predictor.{part}.{kind}" for part in ("cls_score", "bbox_pred") for kind in ("weight", "bias")
    }
    assert all("layer3." in name or "predictor" in name for name in report.missing)
    assert set(report.left_over) == {
        f"roi_heads.box_predictor.{part}.{kind}" for part in ("cls_score", "bbox_pred") for kind in ("weight", "bias")
    }
    text = report.describe()
    assert "missing: " in text and "roi_heads.box_predictor.cls_score.weight" in text and "a start of training" in text
    assert "backbone.body.body.layer3.*.bn3.weight: 0, so that a further block begins as nothing (17)" in text

    ours = build_faster_rcnn(PAPER_DETECTOR).eval()
    copied = copy_fitting_weights(ours, PAPER_DETECTOR, out)
    assert copied.stayed == report.missing and not copied.left_over and not copied.renamed
    image = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    mean, std = (torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    own_body, body = ours.backbone.body.body, network.backbone.body
    with torch.no_grad():
        stem = body.bn1(body.conv1((image - mean) / std))
        own_stem = own_body.bn1(own_body.conv1((image - 0.45) / 0.225))
        inside = (slice(None), slice(None), slice(2, -2), slice(2, -2))  # outside, the padding is another colour
        torch.testing.assert_close(own_stem[inside], stem[inside], rtol=1e-3, atol=1e-4)
        levels, own_levels, x, own_x = {}, {}, stem.relu(), stem.relu()
        for number in range(4):
            layer = f"layer{number + 1}"
            levels[str(number)] = x = getattr(body, layer)(x)
            own_levels[str(number)] = own_x = getattr(own_body, layer)(own_x)
        pairs = [*zip(own_levels.values(), levels.values())]
        pairs += zip(ours.backbone.body.fpn(own_levels).values(), network.backbone.fpn(levels).values())
        for level, expected in pairs:
            torch.testing.assert_close(level, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))
        maps = [torch.rand(1, 256, 5, 6)]
        for a, b in zip(ours.rpn.head(maps), network.rpn.head(maps)):
            torch.testing.assert_close(a, b)
        pooled = torch.rand(2, 256, 7, 7)
        torch.testing.assert_close(ours.roi_heads.box_head(pooled), network.roi_heads.box_head(pooled))


def test_a_start_is_no_network_to_predict_with(coco: tuple[FasterRCNN, Path], tmp_path: Path) -> None:
    out = tmp_path / "start.safetensors"
    convert_weights(coco[1], "home-world", out)
    with pytest.raises(UserError, match=r"does not fit preset 'detector-paper': .* is missing"):
        load_checkpoint(out, build_faster_rcnn(PAPER_DETECTOR), PAPER_DETECTOR.name, "home-world")
    assert read_metadata(out)["missing"].endswith("tensors")


def test_the_coco_detector_takes_older_names(coco: tuple[FasterRCNN, Path]) -> None:
    network, path = coco
    loaded: Any = CocoDetector(path).model
    image = [torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))]
    with torch.no_grad():
        for model in (network, loaded):
            model.transform.min_size = (64,)
        torch.testing.assert_close(loaded(image)[0]["scores"], network(image)[0]["scores"])


@pytest.mark.parametrize(("build", "made"), [(resnet101, 0), (resnet50, 34)])
def test_a_body_alone(build: Callable[..., torch.nn.Module], made: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build(weights=None)
    torch.save(network.state_dict(), tmp_path / "body.pth")
    report = convert_weights(tmp_path / "body.pth", "home-world", tmp_path / "out.safetensors")
    assert set(report.left_over) == {"fc.weight", "fc.bias"}
    assert len(report.converted) == 2 + made
    assert not any(name.startswith("backbone.body.body.layer4") for name in report.missing)


def test_a_body_that_lacks_a_block_in_between_is_refused(tmp_path: Path) -> None:
    state = resnet50(weights=None).state_dict()
    state = {name: value for name, value in state.items() if not name.startswith("layer3.2.")}
    torch.save(state, tmp_path / "body.pth")
    with pytest.raises(UserError, match=r"lacks layer3\.2\.conv1\.weight"):
        convert_weights(tmp_path / "body.pth", "home-world", tmp_path / "out.safetensors")
