"""MoveNet (Google 2021, single pose): where the nose and the wrists of a person in a box are.

Input: a square around the person, RGB from -1 to 1, black beyond the picture. Output, for every cell of four pixels:
how likely a person's middle is there, how likely each of 17 points is there, from the middle how far each point is, and
where inside the cell it lies. The middle nearest to that of the picture is taken, and each point where its likelihood,
divided by the distance from where the middle says it is, is highest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.errors import UserError

POINTS = {"nose": 0, "left wrist": 9, "right wrist": 10}
"""Of the 17 points of COCO, those that are asked for."""

N_POINTS = 17
SIDE, CELL = 192, 4
"""Of the input and of a cell of the output, in pixels of the input."""

MARGIN = 1.25
"""The square is larger than the longer side of the person's box by this factor."""
SOFTNESS = 1.8
"""Cells added to distances before likelihoods are divided by them, as in the published graph."""

OUTPUTS = ("output-0", "output-1", "output-2", "output-3")


@dataclass(frozen=True)
class PersonPoints:
    """Points of one person, in the order of POINTS: xy [3,2] in pixels of the image, scores [3] from 0 to 1."""

    points_xy: NDArray[np.float32]
    scores: NDArray[np.float32]


class PoseNetwork:
    """The network in an ONNX file as `convert_movenet` writes it. UserError for another file."""

    def __init__(self, path: Path) -> None:
        cells = SIDE // CELL
        try:
            self.network = cv2.dnn.readNetFromONNX(str(path))
            self.network.setInput(np.zeros((1, 3, SIDE, SIDE), np.float32))
            known = self.network.forward(OUTPUTS)[0].shape == (1, 1, cells, cells)
        except cv2.error:
            known = False
        if not known:
            raise UserError(f"{path} is not the pose network; remove it and run `fetch-detector movenet`")

    def find_points(self, image: NDArray[np.uint8], box_xyxy: ArrayLike) -> PersonPoints:
        """The points of the person in a box [4] of an image [H,W,3] RGB."""
        square, scale, corner_xy = cut_square(image, box_xyxy, SIDE)
        self.network.setInput(square.transpose(2, 0, 1)[None].astype(np.float32) / 127.5 - 1)
        found = self.network.forward(OUTPUTS)
        points_xy, scores = decode([maps[0] for maps in found])
        chosen = list(POINTS.values())
        return PersonPoints((points_xy[chosen] * CELL / scale + corner_xy).astype(np.float32), scores[chosen])


def cut_square(
    image: NDArray[np.uint8], box_xyxy: ArrayLike, side: int
) -> tuple[NDArray[np.uint8], float, NDArray[np.float32]]:
    """The square [side,side,3] around a box of an image, its scale, and where in the image it begins (x, y)."""
    x1, y1, x2, y2 = np.asarray(box_xyxy, np.float32).tolist()
    length = max(x2 - x1, y2 - y1, 1.0) * MARGIN
    scale, corner = side / length, np.array([(x1 + x2 - length) / 2, (y1 + y2 - length) / 2], np.float32)
    turn = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]], np.float32)
    cut = cv2.warpAffine(image, turn, (side, side), flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.asarray(cut, np.uint8), scale, corner


def decode(maps: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points xy [17,2] in cells and scores [17], from maps of middles [1,c,c], points [17,c,c], ways from the middle
    [34,c,c] and offsets [34,c,c]; ways and offsets have y before x of each point."""
    middles, points, ways, offsets = maps
    cells = middles.shape[-1]
    y, x = np.mgrid[:cells, :cells].astype(np.float32)
    half = (cells - 1) / 2
    likely = _sigmoid(middles[0]) / (np.hypot(y - half, x - half) + SOFTNESS)
    row, column = np.unravel_index(int(likely.argmax()), likely.shape)
    expected = ways[:, row, column].reshape(N_POINTS, 2) + np.array([row, column], np.float32)
    scores = _sigmoid(points)
    distance = np.hypot(y - expected[:, :1, None], x - expected[:, 1:, None])
    best = (scores / (distance + SOFTNESS)).reshape(N_POINTS, -1).argmax(axis=1)
    rows, columns = best // cells, best % cells
    every = np.arange(N_POINTS)
    inside = offsets.reshape(N_POINTS, 2, cells, cells)[every, :, rows, columns]
    found_xy = np.stack([columns + inside[:, 1], rows + inside[:, 0]], axis=1)
    return found_xy.astype(np.float32), scores[every, rows, columns]


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    squashed: NDArray[np.float32] = (1 / (1 + np.exp(-values))).astype(np.float32)
    return squashed
