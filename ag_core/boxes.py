"""Boxes as arrays: overlap, union, clipping, and the relative geometry of a pair. NumPy only, no pictures.

Boxes are [N,4] x1, y1, x2, y2 in pixels unless a name says otherwise; nothing here changes its input.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

GEOMETRY_SIZE = 28
"""Length of `compute_relation_geometry`'s vector."""


def _boxes(boxes: ArrayLike) -> NDArray[np.float32]:
    array = np.asarray(boxes, np.float32)
    return array.reshape(0, 4) if array.size == 0 else array


def area(boxes: ArrayLike, inclusive: bool = False) -> NDArray[np.float32]:
    """[N] areas; `inclusive` counts the last pixel row and column, so widths grow by one."""
    boxes, one = _boxes(boxes), float(inclusive)
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2] + one, 0)
    areas: NDArray[np.float32] = sides[:, 0] * sides[:, 1]
    return areas


def iou_matrix(a: ArrayLike, b: ArrayLike, inclusive: bool = False) -> NDArray[np.float32]:
    """[N,M] intersection over union of [N,4] and [M,4]; `inclusive` adds one to widths and heights (methods B4)."""
    a, b, one = _boxes(a), _boxes(b), float(inclusive)
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(bottom_right - top_left + one, 0)
    shared = sides[..., 0] * sides[..., 1]
    total = area(a, inclusive)[:, None] + area(b, inclusive)[None] - shared
    overlap: NDArray[np.float32] = np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)
    return overlap


def unite_boxes(a: ArrayLike, b: ArrayLike) -> NDArray[np.float32]:
    """[N,4] tight boxes around both boxes of each row."""
    a, b = _boxes(a), _boxes(b)
    return np.concatenate([np.minimum(a[:, :2], b[:, :2]), np.maximum(a[:, 2:], b[:, 2:])], axis=1)


def clip_boxes(boxes: ArrayLike, width: int, height: int) -> NDArray[np.float32]:
    """[N,4] boxes moved inside an image of `width` x `height` pixels."""
    return np.clip(_boxes(boxes), 0, np.array([width, height, width, height], np.float32))


def flip_boxes(boxes: ArrayLike, width: int) -> NDArray[np.float32]:
    """[N,4] boxes of an image mirrored left to right."""
    x1, y1, x2, y2 = _boxes(boxes).T
    return np.stack([width - x2, y1, width - x1, y2], axis=1)


def _offsets(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N,6] where b lies from a, in a's sizes, the log ratio of sizes, and where a lies from b, in b's sizes."""
    size_a, size_b = a[:, 2:] - a[:, :2] + 1, b[:, 2:] - b[:, :2] + 1
    shift = (b[:, :2] + b[:, 2:] - a[:, :2] - a[:, 2:]) / 2
    return np.concatenate([shift / size_a, np.log(size_b / size_a), -shift / size_b], axis=1)


def _placement(boxes: NDArray[np.float32], sizes_wh: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N,5] corners and area as parts of the image."""
    parts = boxes / np.concatenate([sizes_wh, sizes_wh], axis=1)
    return np.concatenate([parts, (area(boxes, True) / sizes_wh.prod(axis=1))[:, None]], axis=1)


def compute_relation_geometry(subjects: ArrayLike, objects: ArrayLike, sizes_wh: ArrayLike) -> NDArray[np.float32]:
    """[N,28] RelDN's spatial vector of each subject and object box in an image of `sizes_wh` [N,2] (methods C9).

    Offsets subject to object, subject to union, union to object (six each), then placement of both in the image.
    """
    subjects, objects = _boxes(subjects), _boxes(objects)
    sizes_wh = np.asarray(sizes_wh, np.float32).reshape(-1, 2)
    unions = unite_boxes(subjects, objects)
    parts = [
        _offsets(subjects, objects),
        _offsets(subjects, unions),
        _offsets(unions, objects),
        _placement(subjects, sizes_wh),
        _placement(objects, sizes_wh),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)
