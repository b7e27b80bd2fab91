"""Boxes as arrays: overlap, union, clipping, and the relative geometry of a pair. NumPy only, no pictures.

Boxes are [N,4] x1, y1, x2, y2 in pixels unless a name says otherwise; nothing here changes its input.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

GEOMETRY_SIZE = 28
"""Length of `compute_relation_geometry`'s vector."""


def _to_boxes(boxes: ArrayLike) -> NDArray[np.float32]:
    array = np.asarray(boxes, np.float32)
    return array.reshape(0, 4) if array.size == 0 else array


def compute_areas(boxes: ArrayLike, inclusive: bool = False) -> NDArray[np.float32]:
    """[N] areas; `inclusive` counts the last pixel row and column, so widths grow by one."""
    boxes, one = _to_boxes(boxes), float(inclusive)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2] + one, 0)
    areas: NDArray[np.float32] = sides[:, 0] * sides[:, 1]
    return areas


def compute_iou(a: ArrayLike, b: ArrayLike, inclusive: bool = False) -> NDArray[np.float32]:
    """[N,M] intersection over union of [N,4] and [M,4]; `inclusive` adds one to widths and heights (methods B4)."""
    a, b, one = _to_boxes(a), _to_boxes(b), float(inclusive)
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(bottom_right - top_left + one, 0)
    shared = sides[..., 0] * sides[..., 1]
    total = compute_areas(a, inclusive)[:, None] + compute_areas(b, inclusive)[None] - shared
    overlap: NDArray[np.float32] = np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)
    return overlap


def unite_boxes(a: ArrayLike, b: ArrayLike) -> NDArray[np.float32]:
    """[N,4] tight boxes around both boxes of each row."""
    a, b = _to_boxes(a), _to_boxes(b)
    return np.concatenate([np.minimum(a[:, :2], b[:, :2]), np.maximum(a[:, 2:], b[:, 2:])], axis=1)


def clip_boxes(boxes: ArrayLike, width: int, height: int) -> NDArray[np.float32]:
    """[N,4] boxes moved inside an image of `width` x `height` pixels."""
    return np.clip(_to_boxes(boxes), 0, np.array([width, height, width, height], np.float32))


def take_upper_part(boxes: ArrayLike, share: float) -> NDArray[np.float32]:
    """[N,4] the upper `share` of each box's height, at its full width."""
    x1, y1, x2, y2 = _to_boxes(boxes).T
    return np.stack([x1, y1, x2, y1 + share * (y2 - y1)], axis=1)


def flip_boxes(boxes: ArrayLike, width: int) -> NDArray[np.float32]:
    """[N,4] boxes of an image mirrored left to right."""
    x1, y1, x2, y2 = _to_boxes(boxes).T
    return np.stack([width - x2, y1, width - x1, y2], axis=1)


def _compute_offsets(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N,6] where b lies from a, in a's sizes, the log ratio of sizes, and where a lies from b, in b's sizes."""
    size_a, size_b = a[:, 2:] - a[:, :2] + 1, b[:, 2:] - b[:, :2] + 1
    shift = (b[:, :2] + b[:, 2:] - a[:, :2] - a[:, 2:]) / 2
    return np.concatenate([shift / size_a, np.log(size_b / size_a), -shift / size_b], axis=1)


def _compute_placements(boxes: NDArray[np.float32], sizes_wh: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N,5] corners and area as parts of the image."""
    parts = boxes / np.concatenate([sizes_wh, sizes_wh], axis=1)
    return np.concatenate([parts, (compute_areas(boxes, True) / sizes_wh.prod(axis=1))[:, None]], axis=1)


def compute_relation_geometry(subjects: ArrayLike, objects: ArrayLike, sizes_wh: ArrayLike) -> NDArray[np.float32]:
    """[N,28] RelDN's spatial vector of each subject and object box in an image of `sizes_wh` [N,2] (methods C9).

    Offsets subject to object, subject to union, union to object (six each), then placement of both in the image.
    """
    subjects, objects = _to_boxes(subjects), _to_boxes(objects)
    sizes_wh = np.asarray(sizes_wh, np.float32).reshape(-1, 2)
    unions = unite_boxes(subjects, objects)
    parts = [
        _compute_offsets(subjects, objects),
        _compute_offsets(subjects, unions),
        _compute_offsets(unions, objects),
        _compute_placements(subjects, sizes_wh),
        _compute_placements(objects, sizes_wh),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)
