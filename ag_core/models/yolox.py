"""YOLOX (Ge et al. 2021): how a picture goes in, and what comes out as boxes and scores.

Input: a square, 416 or 640 as a rule; BGR 0..255, image at the top left, grey 114 around.
Output, a row per cell of strides 8, 16 and 32: raw centre and log size, objectness, 80 class scores.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

N_COLUMNS = 85
STRIDES = (8, 16, 32)
PADDING = 114


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


def letterbox(image: NDArray[np.uint8], side: int) -> tuple[NDArray[np.float32], float, tuple[int, int]]:
    """RGB [H,W,3] to the network's input [1,3,side,side], the scale, and where in it the image begins (x, y)."""
    height, width = image.shape[:2]
    scale = min(side / height, side / width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    canvas = np.full((side, side, 3), PADDING, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None], np.float32), scale, (0, 0)


def decode(output: NDArray[np.float32], side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Raw output [cells,85] to boxes xyxy [cells,4] in input pixels and class scores [cells,80] times objectness."""
    grid, stride = _list_cells(side)
    centre = (output[:, :2] + grid) * stride
    with np.errstate(over="ignore"):  # a size beyond all numbers is infinite, and refused where it is used
        half = np.exp(output[:, 2:4]) * stride / 2
    return np.concatenate([centre - half, centre + half], axis=1), output[:, 5:] * output[:, 4:5]
