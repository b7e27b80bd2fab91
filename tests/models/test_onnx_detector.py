"""ONNX files as detectors: YOLOX and NanoDet by hand, and every other file named for what it is."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.models import nanodet
from ag_core.models.coco import list_coco_names
from ag_core.models.detector import load_detector
from ag_core.models.onnx_detector import USUAL_SIDE, OnnxDetector
from ag_core.models.onnx_header import MAX_BYTES
from ag_core.models.onnx_writing import OnnxGraph, OnnxNode, write_onnx
from ag_core.models.yolox import count_cells, decode, letterbox
from tests.models.onnx_files import write_constant_detector

WEIGHTS = Path(os.environ.get("AG_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "weights"
NANO = WEIGHTS / "yolox_nano.onnx"
needs_nano = pytest.mark.skipif(not NANO.is_file(), reason=f"needs the YOLOX file {NANO}")


def picture(height: int = 72, width: int = 128, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def test_letterbox_and_decoding_by_hand() -> None:
    blob, scale, corner = letterbox(np.full((208, 104, 3), (10, 20, 30), np.uint8), USUAL_SIDE)
    assert blob.shape == (1, 3, USUAL_SIDE, USUAL_SIDE)
    assert (scale, corner) == (2, (0, 0))
    assert blob[0, :, 0, 0].tolist() == [30, 20, 10]  # the network reads BGR
    assert blob[0, :, 0, 208].tolist() == [114, 114, 114]
    output = np.zeros((3549, 85), np.float32)
    output[52 + 3, :5] = [0.5, 0.25, np.log(2), 0, 0.5]  # second row, fourth cell of the stride-8 grid
    output[52 + 3, 5] = 0.8
    boxes, scores = decode(output, USUAL_SIDE)
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
        ({"columns": 6}, r"gives \[1, 84, 6\], which in YOLOX's layout is 1 classes instead of COCO's 80"),
        ({"columns": 96}, r"gives \[1, 84, 96\], which in YOLOX's layout is 91 classes"),
        ({"columns": 20, "strides": (8, 16, 32, 64)}, r"\[1, 85, 20\]; NanoDet for COCO's 80"),
        (
            {"transposed": False, "size_hw": (96, 96)},
            r"gives \[1, 85, 189\], with cells in columns as newer YOLO exports have them",
        ),
        ({"strides": (4, 8)}, r"gives \[1, 320, 85\], cells of another size of images than the 64 x 64 it takes"),
        ({"parts": (80, 5)}, r"gives \[1, .*, 80\] and .* and 3 more, and YOLOX at 64 gives \[1, 84, 85\]"),
        (
            {"size_hw": (384, 640)},
            "takes images of 640 x 384, and a detector here takes .* another square of a multiple",
        ),
        ({"size_hw": (400, 400)}, "takes images of 400 x 400"),
        ({"size_hw": (41600, 41600)}, "takes images of 41600 x 41600"),
        ({"image": [1, 416, 416, 3]}, r"takes images of \[1, 416, 416, 3\] \(colours last\)"),
        ({"image": [1, 1, 416, 416]}, r"takes images of \[1, 1, 416, 416\], and"),
        ({"image": [8, 3, 416, 416]}, r"takes images of \[8, 3, 416, 416\], and"),
    ],
)
def test_networks_that_are_no_such_detector_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=rf"other\.onnx .*{said}"):
        OnnxDetector(write_constant_detector(tmp_path / "other.onnx", SURE_PERSON, **changes))


@pytest.mark.parametrize(
    ("node", "outputs", "said"),
    [
        (
            OnnxNode("Sigmoid", ["images"], ["out"]),
            ["out"],
            r"gives maps \[1, 3, 64, 64\], as a network for segmentation",
        ),
        (OnnxNode("Flatten", ["images"], ["out"]), ["out"], r"gives \[1, 12288\], as a network that names whole pict"),
        (OnnxNode("Nonsense", ["images"], ["out"]), ["out"], r"is an ONNX file that OpenCV cannot run \(.*Nonsense"),
    ],
    ids=["segmentation", "classifier", "unknown operator"],
)
def test_networks_for_other_ends_are_refused(tmp_path: Path, node: OnnxNode, outputs: list[str], said: str) -> None:
    path = tmp_path / "other.onnx"
    write_onnx(path, OnnxGraph({"images": [1, 3, 64, 64]}, {name: [1] for name in outputs}, {}, [node]))
    with pytest.raises(UserError, match=rf"other\.onnx {said}"):
        OnnxDetector(path)


def test_a_network_of_several_inputs_is_refused(tmp_path: Path) -> None:
    node = OnnxNode("Add", ["left", "right"], ["out"])
    write_onnx(tmp_path / "two.onnx", OnnxGraph({"left": [1], "right": [1]}, {"out": [1]}, {}, [node]))
    with pytest.raises(UserError, match=r"two\.onnx takes 2 inputs \(left, right\), and a detector takes images alone"):
        OnnxDetector(tmp_path / "two.onnx")


@pytest.mark.parametrize(("size_hw", "side"), [((96, 96), 96), (None, USUAL_SIDE)])
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
    assert 0 < len(found) < count_cells(64) and sides.min() >= 0.1  # those in the grey border are gone
    flat = write_constant_detector(tmp_path / "flat.onnx", SURE_PERSON | {2: -1e4, 3: -1e4})
    away = write_constant_detector(tmp_path / "away.onnx", SURE_PERSON | {0: 500, 1: -500})
    assert [len(OnnxDetector(path).detect([wide])[0]) for path in (flat, away)] == [0, 0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty; fetch it again"),
        (b"not a model", "is a text file and not an ONNX file; give a detector of COCO's 80 classes"),
        ("Modell für Bilder, ".encode() * 40, "is a text file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "is a pointer of Git LFS"),
        (b"\n<!DOCTYPE html><html>Not found</html>", "is a web page that was saved under the name of a model"),
        (b"PK\x03\x04\x00\x00", "is a zip archive, as torch's weights are"),
        (b"\x3a\xff", "is not an ONNX file: it has no network with inputs and outputs"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not an ONNX file"),
    ],
)
def test_files_that_are_no_networks_are_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(UserError, match=rf"model\.onnx {said}"):
        OnnxDetector(path)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.99])
def test_a_cut_network_is_named(tmp_path: Path, share: float) -> None:
    path = write_constant_detector(tmp_path / "cut.onnx", SURE_PERSON)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(
        UserError, match=r"cut\.onnx is cut short: it has [\d,]+ bytes and its network goes on; fetch it"
    ):
        OnnxDetector(path)


def test_a_file_beyond_the_format_is_named_by_its_size(tmp_path: Path) -> None:
    with (tmp_path / "film.onnx").open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # a hole, which takes no room
    with pytest.raises(
        UserError, match=r"film\.onnx has 2\.1 GB, and an ONNX file ends below 2\.1 GB; give a detector"
    ):
        OnnxDetector(tmp_path / "film.onnx")


SURE_SIDES = {80 + 8 * side + distance: 50.0 for side, distance in enumerate((1, 2, 3, 4))}
"""Of NanoDet with distances 0 to 7: a box from one stride left of a cell to three right, two above, four below."""


@pytest.mark.parametrize(
    ("strides", "parts", "middle"),
    [((8, 16, 32), (), 0.5), ((8, 16, 32), (80, 32), 0.5), ((8, 16, 32, 64), (), 0.0)],
    ids=["NanoDet", "NanoDet of six outputs", "NanoDet-Plus"],
)
def test_nanodet_by_hand(
    tmp_path: Path, strides: tuple[int, ...], parts: tuple[int, ...], middle: float, height: int = 64
) -> None:
    answers = {0: 0.9} | SURE_SIDES
    path = write_constant_detector(
        tmp_path / "nano.onnx", answers, columns=112, size_hw=(128, 128), strides=strides, parts=parts
    )
    detector = OnnxDetector(path, overlap=1.0)
    assert (detector.layout.name, detector.side) == ("nanodet", 128)
    (found,) = detector.detect([picture(height, 128)])  # 32 rows of the input stay black above it
    assert set(found.classes.tolist()) == {0}
    assert found.scores == pytest.approx(0.9)
    x, y = (8 + middle) * 8, (7 + middle) * 8 - 32
    wanted = [x - 8, y - 16, x + 24, y + 32]
    assert np.abs(found.boxes_xyxy - wanted).max(axis=1).min() < 0.01
    assert len(found) < nanodet.count_cells(128, strides)  # what lies in the black is dropped


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
