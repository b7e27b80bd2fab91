"""NanoDet (RangiLyu 2020) and NanoDet-Plus (2021): how a picture goes in, and what comes out as boxes and scores.

Input: a square, BGR with ImageNet's mean and deviation, the image in the middle and black around it.
Output, a row per cell: 80 class scores, and for each side of the box the distance from the cell as weights of the
distances 0 to R strides (the distribution of generalised focal loss). NanoDet has strides 8, 16 and 32 and measures
from the middle of a cell; NanoDet-Plus adds 64 and measures from its corner.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

N_CLASSES = 80
STRIDES = (8, 16, 32)
PLUS_STRIDES = (8, 16, 32, 64)
MIN_BINS = 8
"""R + 1 of the smallest networks; fewer columns are another kind of detector."""
MEAN_BGR = np.array([103.53, 116.28, 123.675], np.float32)
DEVIATION_BGR = np.array([57.375, 57.12, 58.395], np.float32)


def count_cells(side: int, strides: tuple[int, ...] = STRIDES) -> int:
    """Rows of the output for an input of `side` pixels."""
    return sum((-(-side // stride)) ** 2 for stride in strides)


def find_strides(side: int, n_cells: int) -> tuple[int, ...] | None:
    """The strides of a network with so many rows for an input of `side` pixels; None where it is no such network."""
    return next((strides for strides in (STRIDES, PLUS_STRIDES) if count_cells(side, strides) == n_cells), None)


@cache
def _list_cells(side: int, strides: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """From where distances are measured [cells,2], in input pixels, and stride [cells,1] of every row."""
    points, sizes = [], []
    for stride in strides:
        n = -(-side // stride)
        y, x = np.mgrid[:n, :n]
        middle = 0.0 if strides == PLUS_STRIDES else 0.5
        points.append((np.stack([x, y], axis=-1).reshape(-1, 2) + middle) * stride)
        sizes.append(np.full((n * n, 1), stride))
    return np.concatenate(points).astype(np.float32), np.concatenate(sizes).astype(np.float32)


def letterbox(image: NDArray[np.uint8], side: int) -> tuple[NDArray[np.float32], float, tuple[int, int]]:
    """RGB [H,W,3] to the network's input [1,3,side,side], the scale, and where in it the image begins (x, y)."""
    height, width = image.shape[:2]
    scale = min(side / height, side / width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    canvas = np.zeros((side, side, 3), np.float32)
    canvas[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    blob = (canvas[:, :, ::-1] - MEAN_BGR) / DEVIATION_BGR
    return np.ascontiguousarray(blob.transpose(2, 0, 1)[None], np.float32), scale, (left, top)


def decode(output: NDArray[np.float32], side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Raw output [cells, 80 + 4 x (R + 1)] to boxes xyxy [cells,4] in input pixels and class scores [cells,80]."""
    strides = find_strides(side, len(output))
    assert strides is not None, "checked when the file was loaded"
    points, stride = _list_cells(side, strides)
    weights = output[:, N_CLASSES:].reshape(len(output), 4, -1)
    weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    distances = weights @ np.arange(weights.shape[-1], dtype=np.float32) * stride  # [cells,4]: left, top, right, bottom
    boxes = np.concatenate([points - distances[:, :2], points + distances[:, 2:]], axis=1)
    return boxes.astype(np.float32), output[:, :N_CLASSES]
