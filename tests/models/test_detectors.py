"""Detectors: shapes and borders of the project's own, the COCO map, and refusals of files that do not fit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torchvision.models.detection import FasterRCNN, fasterrcnn_resnet50_fpn

from ag_core.catalog import DETECTORS
from ag_core.errors import UserError
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.coco import CLASS_OF_COCO_NAME, UNSEEN_BY_COCO, CocoDetector, list_classes_of, list_coco_names
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_detector
from ag_core.presets import DEMO_DETECTOR, DEMO_STRIDE_4_DETECTOR, PAPER_DETECTOR, DetectorPreset
from ag_core.taxonomy import OBJECT_CLASSES, find_object_index


def picture(height: int = 72, width: int = 128, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def model() -> FasterRCNN:
    torch.manual_seed(0)
    random = build_faster_rcnn(DEMO_DETECTOR)
    with torch.no_grad():  # sure of something, so that there are detections to look at
        random.roi_heads.box_predictor.cls_score.weight *= 100
    return random


@pytest.mark.parametrize("preset", [DEMO_DETECTOR, DEMO_STRIDE_4_DETECTOR], ids=lambda preset: preset.name)
def test_demo_detectors_train_on_any_orientation(preset: DetectorPreset) -> None:
    images = [torch.rand(3, 72, 128), torch.rand(3, 128, 72)]
    target = {"boxes": torch.tensor([[5.0, 5, 40, 60]]), "labels": torch.tensor([3])}
    losses = build_faster_rcnn(preset).train()(images, [target, target])
    assert set(losses) == {"loss_classifier", "loss_box_reg", "loss_objectness", "loss_rpn_box_reg"}
    assert all(value.isfinite() for value in losses.values())


def test_detections_lie_in_the_image_and_are_sorted(model: FasterRCNN) -> None:
    detector = FasterRcnnDetector(model, score_threshold=0.0)
    images = [picture(), picture(128, 72), picture(128, 72, 1)]
    kept = [image.copy() for image in images]
    found = detector.detect(images)
    for image, one in zip(images, found):
        height, width = image.shape[:2]
        assert (np.diff(one.scores) <= 0).all()
        assert len(one)
        assert one.boxes_xyxy.min() >= 0
        assert (one.boxes_xyxy <= [width, height, width, height]).all()
    assert all(np.array_equal(a, b) for a, b in zip(images, kept))
    alone = detector.detect(images[1:2])[0]
    assert np.allclose(alone.boxes_xyxy, found[1].boxes_xyxy, atol=1e-2)
    assert detector.detect([]) == []


def test_wrong_picture_is_refused(model: FasterRCNN) -> None:
    with pytest.raises(ValueError, match="uint8"):
        FasterRcnnDetector(model).detect([np.zeros((10, 10, 3), np.float32)])


@pytest.mark.slow
def test_paper_detector_runs() -> None:
    torch.manual_seed(0)
    preset = replace(PAPER_DETECTOR, min_size=64, max_size=96, proposals_test=(20, 5))
    paper = build_faster_rcnn(preset).eval()
    assert paper.roi_heads.box_predictor.cls_score.out_features == 37
    assert len(paper.rpn.anchor_generator.sizes) == 5
    with torch.inference_mode():
        found = paper([torch.rand(3, 64, 96)])[0]
    assert found["boxes"].shape[1] == 4


def test_own_detector_from_disk(model: FasterRCNN, tmp_path: Path) -> None:
    path = tmp_path / "detector.safetensors"
    save_checkpoint(
        path, model.state_dict(), {"model": "home-world", "preset": DEMO_DETECTOR.name}, half_precision=True
    )
    loaded = load_detector("home-world", tmp_path)
    assert isinstance(loaded, FasterRcnnDetector)
    name, weight = next(iter(model.named_parameters()))
    assert torch.allclose(loaded.model.state_dict()[name], weight, atol=1e-3)


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(UserError, match=", ".join(DETECTORS)):
        load_detector("yolo9000")
    with pytest.raises(UserError, match="demo, demo-stride-4, paper"):
        DETECTORS["home-world"].preset("huge")
    assert DETECTORS["home-world"].preset("demo") is DEMO_DETECTOR


def test_weights_are_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'yolox' needs a model file"):
        load_detector("yolox")
    with pytest.raises(UserError, match="there is no ONNX file"):
        load_detector(str(tmp_path / "absent.onnx"))
    with pytest.raises(UserError, match="there is no weights file"):
        load_detector("home-world", tmp_path)


@pytest.mark.parametrize(
    ("coco", "own"),
    [("cell phone", "phone/camera"), ("tv", "television"), ("wine glass", "cup/glass/bottle"), ("pizza", "food")],
)
def test_coco_names_map(coco: str, own: str) -> None:
    assert list_classes_of([coco, "zebra"]).tolist() == [find_object_index(own), -1]


def test_coco_map_is_complete() -> None:
    assert set(CLASS_OF_COCO_NAME) <= set(list_coco_names())
    assert len(list_coco_names()) == 80
    assert len(set(CLASS_OF_COCO_NAME.values())) == 15
    assert len(UNSEEN_BY_COCO) == len(OBJECT_CLASSES) - 15


def test_coco_detector_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    whole = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None)
    path = tmp_path / "coco.pth"
    torch.save(whole.state_dict(), path)
    detector = CocoDetector(path)
    cup = list_coco_names().index("cup")
    found = {
        "boxes": torch.tensor([[0.0, 0, 5, 5], [1, 1, 6, 6], [2, 2, 7, 7]]),
        "labels": torch.tensor([1, 47, 24]),  # person, cup, zebra in the sparse numbering
        "scores": torch.tensor([0.9, 0.5, 0.8]),
    }
    assert cup == 41
    monkeypatch.setattr(detector, "model", lambda images: [found for _ in images])
    (mapped,) = detector.detect([picture()])
    assert mapped.classes.tolist() == [0, find_object_index("cup/glass/bottle")]
    assert mapped.scores.tolist() == pytest.approx([0.9, 0.5])


def test_coco_detector_refuses_other_files(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not weights")
    with pytest.raises(UserError, match="is no whole torch weights file"):
        CocoDetector(text)
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="does not fit"):
        CocoDetector(tmp_path / "other.pth")
    with pytest.raises(UserError, match="there is no weights file"):
        CocoDetector(tmp_path / "absent.pth")
    torch.save({"a": "text"}, tmp_path / "text.pth")
    with pytest.raises(UserError, match="holds 'a', which is no tensor"):
        CocoDetector(tmp_path / "text.pth")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda weight: weight * torch.nan, "holds values that are no numbers"),
        (torch.Tensor.int, "holds int32 instead"),
    ],
    ids=["nan", "integers"],
)
def test_coco_detector_refuses_damaged_weights(
    tmp_path: Path, change: Callable[[torch.Tensor], torch.Tensor], said: str
) -> None:
    state = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).state_dict()
    name = "roi_heads.box_predictor.cls_score.weight"
    torch.save({**state, name: change(state[name])}, tmp_path / "coco.pth")
    with pytest.raises(UserError, match=rf"cls_score\.weight {said}"):
        CocoDetector(tmp_path / "coco.pth")


def test_a_detector_that_was_not_fetched_says_how(empty_home: Path) -> None:
    with pytest.raises(UserError, match=r"coco is not here yet; `python -m ag_core fetch-detector coco` .* \(168 MB\)"):
        load_detector("coco")
