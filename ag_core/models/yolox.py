"""YOLOX (Ge et al. 2021) from an ONNX file through OpenCV: a COCO detector that needs no torch weights and no network.

Input: 416 x 416, BGR 0..255, image at the top left, grey 114 around. Output [1,3549,85]: per cell of strides 8, 16
and 32 raw centre and log size, objectness, 80 class scores. Only classes that Action Genome has are returned.
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
from ag_core.records import Detections

SIDE = 416
STRIDES = (8, 16, 32)
PADDING = 114
OUTPUT_SHAPE = (1, sum((SIDE // stride) ** 2 for stride in STRIDES), 85)


@cache
def _list_cells() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Grid position [3549,2] and stride [3549,1] of every output row."""
    grids, strides = [], []
    for stride in STRIDES:
        n = SIDE // stride
        y, x = np.mgrid[:n, :n]
        grids.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        strides.append(np.full((n * n, 1), stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(strides).astype(np.float32)


def letterbox(image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """RGB [H,W,3] to the network's input [1,3,416,416] and the scale that was applied."""
    height, width = image.shape[:2]
    scale = min(SIDE / height, SIDE / width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    canvas = np.full((SIDE, SIDE, 3), PADDING, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None], np.float32), scale


def decode(output: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Raw output [3549,85] to boxes xyxy [3549,4] in input pixels and class scores [3549,80] times objectness."""
    grid, stride = _list_cells()
    centre = (output[:, :2] + grid) * stride
    half = np.exp(output[:, 2:4]) * stride / 2
    return np.concatenate([centre - half, centre + half], axis=1), output[:, 5:] * output[:, 4:5]


class OnnxDetector:
    """A YOLOX ONNX file as a `Detector`; one image costs tens of milliseconds on one core."""

    def __init__(self, path: Path, score_threshold: float = 0.05, overlap: float = 0.5) -> None:
        if not Path(path).is_file():
            raise UserError(f"there is no ONNX file {path}; download a YOLOX model and give its path")
        self.score_threshold, self.overlap = score_threshold, overlap
        self._class_of_column = list_classes_of(list_coco_names())
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
            shape = self._forward(np.zeros((1, 3, SIDE, SIDE), np.float32)).shape
        except cv2.error as error:
            raise UserError(f"{path} cannot be read as an ONNX model; give a YOLOX file exported at {SIDE}") from error
        if shape != OUTPUT_SHAPE:
            raise UserError(
                f"{path} gives an output {list(shape)}, and a YOLOX model at {SIDE} gives {list(OUTPUT_SHAPE)}; "
                f"give such a file"
            )

    def _forward(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        self._network.setInput(blob)
        return np.asarray(self._network.forward())

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """One `Detections` per RGB image [H,W,3], best first, boxes clipped to the image."""
        return [self._detect(image) for image in images]

    def _detect(self, image: NDArray[np.uint8]) -> Detections:
        blob, scale = letterbox(image)
        boxes, scores = decode(self._forward(blob)[0])
        rows, columns = np.nonzero((scores > self.score_threshold) & (self._class_of_column >= 0))
        found = Detections(
            clip_boxes(boxes[rows] / scale, image.shape[1], image.shape[0]),
            self._class_of_column[columns],
            scores[rows, columns],
        )
        tensors = (torch.from_numpy(part) for part in (found.boxes_xyxy, found.scores, found.classes))
        return found[batched_nms(*tensors, self.overlap).numpy()]


def load_onnx_detector(path: Path, device: torch.device | str = "cpu") -> OnnxDetector:
    """The detector in a file. OpenCV runs it on the processor, whatever device the other models are on."""
    return OnnxDetector(path)


def list_coco_names() -> list[str]:
    """The 80 COCO names in the order of YOLOX's columns: torchvision's list without its gaps."""
    listed = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
    return [name for name in listed if name not in ("__background__", "N/A")]
