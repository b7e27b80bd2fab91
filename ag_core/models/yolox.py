"""YOLOX (Ge et al. 2021) from an ONNX file through OpenCV: a COCO detector that needs no torch weights and no network.

Input: a square whose side the file says, 416 or 640 as a rule; BGR 0..255, image at the top left, grey 114 around.
Output [1,cells,85]: per cell of strides 8, 16 and 32 raw centre and log size, objectness, 80 class scores. Only classes
that Action Genome has are returned. A file may be a network of the right shape and still no detector: what it answers
is checked when it is loaded and for every image, and refused where it cannot be boxes and scores.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights
from torchvision.ops import batched_nms

from ag_core.boxes import clip_boxes
from ag_core.errors import UserError
from ag_core.models.coco import list_classes_of
from ag_core.models.onnx_header import read_image_size
from ag_core.records import Detections

USUAL_SIDE = 416
"""Of the input where the file leaves it open."""
MAX_SIDE = 2048
STRIDES = (8, 16, 32)
PADDING = 114
N_COLUMNS = 85
MIN_BOX_SIDE = 0.1
"""In pixels, the precision of results: a box that is thinner in the image shows nothing, such as one in the padding."""

_ROUNDING = 1e-3
"""By so much may a score miss 0 to 1."""

_LIMIT = 1e6
"""No value of an answer, and no coordinate of a box in pixels, comes near it."""


def count_cells(side: int) -> int:
    """Rows of the output for an input of `side` pixels."""
    return sum((side // stride) ** 2 for stride in STRIDES)


@cache
def _list_cells(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Grid position [cells,2] and stride [cells,1] of every output row."""
    grids, strides = [], []
    for stride in STRIDES:
        n = side // stride
        y, x = np.mgrid[:n, :n]
        grids.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        strides.append(np.full((n * n, 1), stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(strides).astype(np.float32)


def letterbox(image: NDArray[np.uint8], side: int = USUAL_SIDE) -> tuple[NDArray[np.float32], float]:
    """RGB [H,W,3] to the network's input [1,3,side,side] and the scale that was applied."""
    height, width = image.shape[:2]
    scale = min(side / height, side / width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    canvas = np.full((side, side, 3), PADDING, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None], np.float32), scale


def decode(output: NDArray[np.float32], side: int = USUAL_SIDE) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Raw output [cells,85] to boxes xyxy [cells,4] in input pixels and class scores [cells,80] times objectness."""
    grid, stride = _list_cells(side)
    centre = (output[:, :2] + grid) * stride
    with np.errstate(over="ignore"):  # a size beyond all numbers is infinite, and refused where it is used
        half = np.exp(output[:, 2:4]) * stride / 2
    return np.concatenate([centre - half, centre + half], axis=1), output[:, 5:] * output[:, 4:5]


class OnnxDetector:
    """A YOLOX ONNX file as a `Detector`; one image costs tens of milliseconds on one core.

    UserError, at loading and from `detect`, for a file whose answers are no boxes and scores.
    """

    def __init__(self, path: Path, score_threshold: float = 0.05, overlap: float = 0.5) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise UserError(f"there is no ONNX file {path}; download a YOLOX model and give its path")
        self.score_threshold, self.overlap = score_threshold, overlap
        self._class_of_column = list_classes_of(list_coco_names())
        self.side = self._read_side()
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
            for level in (0, 255):  # what is no detector shows it on black or on white
                self._forward(np.full((1, 3, self.side, self.side), level, np.float32))
        except cv2.error as error:
            raise UserError(
                f"{path} cannot be read as an ONNX model; give a YOLOX file exported at {USUAL_SIDE} or 640"
            ) from error

    def _read_side(self) -> int:
        size_hw = read_image_size(self.path)
        if size_hw is None:
            return USUAL_SIDE
        height, width = size_hw
        if height != width or height % STRIDES[-1] or not 0 < height <= MAX_SIDE:
            raise UserError(
                f"{self.path} takes images of {width} x {height}; give a YOLOX file exported at a square of "
                f"{USUAL_SIDE} or 640"
            )
        return height

    def _forward(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """The checked output [cells,85]."""
        self._network.setInput(blob)
        output = np.asarray(self._network.forward())
        wanted = (1, count_cells(self.side), N_COLUMNS)
        if output.shape != wanted:
            raise UserError(
                f"{self.path} gives an output {list(output.shape)}, and a YOLOX model at {self.side} gives "
                f"{list(wanted)}; give such a file"
            )
        if not (np.abs(output) < _LIMIT).all():  # nan is not below it; OpenCV may make huge numbers of what is none
            raise UserError(
                f"{self.path} answers with values that are no numbers (nan or infinite); its weights are damaged, "
                "so fetch it again"
            )
        scores = output[0, :, 4:]
        if scores.min() < -_ROUNDING or scores.max() > 1 + _ROUNDING:
            raise UserError(
                f"{self.path} gives scores from {scores.min():.3g} to {scores.max():.3g}, and scores lie between 0 and "
                "1; export the model with its sigmoids, as YOLOX's own export does"
            )
        found: NDArray[np.float32] = output[0]
        return found

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """One `Detections` per RGB image [H,W,3], best first, boxes clipped to the image."""
        return [self._detect(image) for image in images]

    def _detect(self, image: NDArray[np.uint8]) -> Detections:
        blob, scale = letterbox(image, self.side)
        boxes, scores = decode(self._forward(blob), self.side)
        scores = scores.clip(0, 1)
        rows, columns = np.nonzero((scores > self.score_threshold) & (self._class_of_column >= 0))
        if not (np.abs(boxes[rows]) < _LIMIT).all():
            raise UserError(f"{self.path} answers with boxes of no size; its weights are damaged, so fetch it again")
        clipped = clip_boxes(boxes[rows] / scale, image.shape[1], image.shape[0])
        found = Detections(clipped, self._class_of_column[columns], scores[rows, columns])
        found = found[(clipped[:, 2:] - clipped[:, :2]).min(axis=1, initial=np.inf) >= MIN_BOX_SIDE]
        tensors = (torch.from_numpy(part) for part in (found.boxes_xyxy, found.scores, found.classes))
        return found[batched_nms(*tensors, self.overlap).numpy()]


def load_onnx_detector(path: Path, device: torch.device | str = "cpu") -> OnnxDetector:
    """The detector in a file. OpenCV runs it on the processor, whatever device the other models are on."""
    return OnnxDetector(path)


def list_coco_names() -> list[str]:
    """The 80 COCO names in the order of YOLOX's columns: torchvision's list without its gaps."""
    listed = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
    return [name for name in listed if name not in ("__background__", "N/A")]
