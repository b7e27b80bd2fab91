"""Detectors: shapes and borders of the project's own, the COCO map, and refusals of files that do not fit."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torchvision.models.detection import FasterRCNN, fasterrcnn_resnet50_fpn

from ag_core.catalog import DETECTORS
from ag_core.errors import UserError
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.coco import CLASS_OF_COCO_NAME, UNSEEN_BY_COCO, CocoDetector, list_classes_of
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_detector
from ag_core.models.yolox import USUAL_SIDE, OnnxDetector, count_cells, decode, letterbox, list_coco_names
from ag_core.presets import DEMO_DETECTOR, DEMO_STRIDE_4_DETECTOR, PAPER_DETECTOR, DetectorPreset
from ag_core.taxonomy import OBJECT_CLASSES, find_object_index
from tests.models.onnx_files import write_constant_detector

WEIGHTS = Path(os.environ.get("AG_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "weights"
NANO = WEIGHTS / "yolox_nano.onnx"
needs_nano = pytest.mark.skipif(not NANO.is_file(), reason=f"needs the YOLOX file {NANO}")


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


def test_coco_detector_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*arguments: object, **options: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", no_network)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", no_network)
    with pytest.raises(UserError, match="could not be downloaded"):
        CocoDetector()


def test_letterbox_and_decoding_by_hand() -> None:
    blob, scale = letterbox(np.full((208, 104, 3), (10, 20, 30), np.uint8))
    assert blob.shape == (1, 3, USUAL_SIDE, USUAL_SIDE)
    assert scale == 2
    assert blob[0, :, 0, 0].tolist() == [30, 20, 10]  # the network reads BGR
    assert blob[0, :, 0, 208].tolist() == [114, 114, 114]
    output = np.zeros((3549, 85), np.float32)
    output[52 + 3, :5] = [0.5, 0.25, np.log(2), 0, 0.5]  # second row, fourth cell of the stride-8 grid
    output[52 + 3, 5] = 0.8
    boxes, scores = decode(output)
    assert boxes[55].tolist() == pytest.approx([28 - 8, 10 - 4, 28 + 8, 10 + 4], abs=1e-4)
    assert scores[55, 0] == pytest.approx(0.4)


SURE_PERSON = {4: 0.9, 5: 0.9}
"""Objectness and the score of the first class, which is a person."""


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            {4: 8, 5: 9, 6: -4},
            "gives scores from -4 to 9, and scores lie between 0 and 1; export the model with its sig",
        ),
        ({4: 5, 5: 3}, "gives scores from 0 to 5"),
        ({4: 0.5, 5: -0.2}, "gives scores from -0.2 to 0.5"),
        (dict.fromkeys(range(85), float("nan")), "answers with values that are no numbers"),
        (SURE_PERSON | {0: float("nan")}, "answers with values that are no numbers"),
        (SURE_PERSON | {5: float("inf")}, "answers with values that are no numbers"),
        (SURE_PERSON | {2: 1e4, 3: 1e4}, "answers with boxes of no size"),
    ],
)
def test_answers_that_are_no_detections_are_refused(tmp_path: Path, answers: dict[int, float], said: str) -> None:
    path = write_constant_detector(tmp_path / "odd.onnx", answers)
    with pytest.raises(UserError, match=rf"odd\.onnx {said}"):
        load_detector(str(path)).detect([picture()])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"columns": 6}, r"gives an output \[1, 3549, 6\], and a YOLOX model at 416 gives \[1, 3549, 85\]"),
        ({"columns": 96}, r"gives an output \[1, 3549, 96\]"),
        ({"transposed": False}, r"gives an output \[1, 85, 3549\]"),
        ({"size_hw": (384, 640)}, "takes images of 640 x 384; give a YOLOX file exported at a square of 416 or 640"),
        ({"size_hw": (400, 400)}, "takes images of 400 x 400"),
        ({"size_hw": (41600, 41600)}, "takes images of 41600 x 41600"),
    ],
)
def test_networks_that_are_no_such_detector_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        OnnxDetector(write_constant_detector(tmp_path / "other.onnx", SURE_PERSON, **changes))


@pytest.mark.parametrize(("size_hw", "side"), [((416, 416), 416), ((640, 640), 640), (None, 416)])
def test_an_export_runs_at_its_own_size(tmp_path: Path, size_hw: tuple[int, int] | None, side: int) -> None:
    detector = OnnxDetector(write_constant_detector(tmp_path / "sized.onnx", SURE_PERSON, size_hw=size_hw))
    assert detector.side == side
    (found,) = detector.detect([picture(side, side)])
    assert len(found) == count_cells(side)  # nothing lies in the padding, and no two cells overlap
    assert found.scores == pytest.approx(0.81)
    assert sorted(set((found.boxes_xyxy[:, 2] - found.boxes_xyxy[:, 0]).round(3).tolist()))[-1] == 32


def test_boxes_without_area_are_dropped(tmp_path: Path) -> None:
    wide = picture(96, 160)
    (found,) = OnnxDetector(write_constant_detector(tmp_path / "cells.onnx", SURE_PERSON)).detect([wide])
    sides = found.boxes_xyxy[:, 2:] - found.boxes_xyxy[:, :2]
    assert 0 < len(found) < count_cells(USUAL_SIDE) and sides.min() >= 0.1  # those in the grey border are gone
    flat = write_constant_detector(tmp_path / "flat.onnx", SURE_PERSON | {2: -1e4, 3: -1e4})
    away = write_constant_detector(tmp_path / "away.onnx", SURE_PERSON | {0: 500, 1: -500})
    assert [len(OnnxDetector(path).detect([wide])[0]) for path in (flat, away)] == [0, 0]


@pytest.mark.parametrize("content", [b"", b"not a model", b"version https://git-lfs.github.com/spec/v1\n", b"\x3a\xff"])
def test_files_that_are_no_networks_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read as an ONNX model"):
        OnnxDetector(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_cut_network_is_refused(tmp_path: Path, share: float) -> None:
    path = write_constant_detector(tmp_path / "cut.onnx", SURE_PERSON)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(UserError, match="cannot be read as an ONNX model"):
        OnnxDetector(path)


@needs_nano
def test_yolox_names_are_those_of_the_file() -> None:
    older = {
        "motorbike": "motorcycle",
        "aeroplane": "airplane",
        "sofa": "couch",
        "pottedplant": "potted plant",
        "diningtable": "dining table",
        "tvmonitor": "tv",
    }
    listed = (WEIGHTS / "coco_classes.txt").read_text().split("\n")
    assert [older.get(name, name) for name in listed if name] == list_coco_names()


@needs_nano
def test_yolox_on_a_plain_picture() -> None:
    detector = load_detector(str(NANO))
    image = np.asarray(cv2.GaussianBlur(picture(120, 200), (9, 9), 0), np.uint8)
    kept = image.copy()
    (found,) = detector.detect([image])
    assert np.array_equal(image, kept)
    assert (found.scores > 0.05).all()
    assert (found.boxes_xyxy <= [200, 120, 200, 120]).all()
    assert detector.detect([]) == []
