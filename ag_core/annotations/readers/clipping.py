"""Boxes inside the frame: what is left of each, which were changed, which have nothing left."""

from typing import NamedTuple

import numpy as np

NOTICEABLE_PX = 0.01
"""A side that moves by less is a rounding error of the file, and no repair."""

MAX_SIDE_PX = 1_000_000
"""No side of a box is farther from the frame's corner; whatever is, is no number of pixels."""


class Clipped(NamedTuple):
    """boxes [N, 4] x1, y1, x2, y2, NaN where nothing is left; inside [N]; changed [N]: inside, and noticeably so."""

    boxes: np.ndarray
    inside: np.ndarray
    changed: np.ndarray


def clip_to_frame_sizes(boxes_xyxy: np.ndarray, sizes_wh: np.ndarray) -> Clipped:
    """The parts of boxes [N, 4] inside frames of sizes [N, 2]; a NaN size limits nothing on that side.

    A box needs an area and four numbers that pixels can have to be inside.
    """
    limits = np.where(np.isnan(sizes_wh), np.inf, sizes_wh)
    boxes = np.concatenate([np.maximum(boxes_xyxy[:, :2], 0), np.minimum(boxes_xyxy[:, 2:], limits)], axis=1)
    sane = (np.abs(boxes_xyxy) < MAX_SIDE_PX).all(axis=1)
    inside: np.ndarray = np.all(boxes[:, :2] < boxes[:, 2:], axis=1) & sane
    moved = np.zeros(len(boxes), bool)
    moved[inside] = (np.abs(boxes[inside] - boxes_xyxy[inside]) > NOTICEABLE_PX).any(axis=1)
    return Clipped(np.where(inside[:, None], boxes, np.nan), inside, moved)


def format_box(box_xyxy: np.ndarray) -> str:
    """A box [4] in a sentence, to a tenth of a pixel."""
    return "(" + ", ".join(f"{side:.1f}" for side in box_xyxy.tolist()) + ")"
