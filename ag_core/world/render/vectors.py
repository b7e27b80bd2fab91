"""Three-vectors as tuples of numbers, free once compiled; and how the renderer's functions are compiled."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Vector = tuple[float, float, float]
"""Of single or double precision inside compiled code, of Python's numbers outside."""

compiled = njit(cache=True, fastmath=True, nogil=True, error_model="numpy")


@compiled
def row(array: NDArray[np.floating], i: int) -> Vector:
    return array[i, 0], array[i, 1], array[i, 2]


@compiled
def triple(array: NDArray[np.floating]) -> Vector:
    return array[0], array[1], array[2]


@compiled
def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@compiled
def plus(a: Vector, b: Vector, scale: float) -> Vector:
    """a + scale * b"""
    return a[0] + scale * b[0], a[1] + scale * b[1], a[2] + scale * b[2]


@compiled
def times(a: Vector, b: Vector) -> Vector:
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


@compiled
def scaled(a: Vector, scale: float) -> Vector:
    return a[0] * scale, a[1] * scale, a[2] * scale


@compiled
def inverse_root(square: float) -> float:
    """1 / sqrt in single precision, which processors estimate quickly."""
    root: float = np.float32(1) / np.sqrt(np.float32(square))
    return root


@compiled
def normalised(a: Vector) -> Vector:
    return scaled(a, inverse_root(dot(a, a) + 1e-12))


@compiled
def mix(a: Vector, b: Vector, share: float) -> Vector:
    """From a (share 0) to b (share 1)."""
    return plus(scaled(a, 1 - share), b, share)


@compiled
def blend(a: Vector, b: Vector, c: Vector, weights: Vector) -> Vector:
    return plus(plus(scaled(a, weights[0]), b, weights[1]), c, weights[2])
