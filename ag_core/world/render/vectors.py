"""Three-vectors as tuples of numbers, free once compiled; and how the renderer's functions are compiled."""

import numpy as np
from numba import njit

compiled = njit(cache=True, fastmath=True, nogil=True, error_model="numpy")


@compiled
def row(array, i):
    return array[i, 0], array[i, 1], array[i, 2]


@compiled
def triple(array):
    return array[0], array[1], array[2]


@compiled
def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@compiled
def cross(a, b):
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@compiled
def plus(a, b, scale):
    """a + scale * b"""
    return a[0] + scale * b[0], a[1] + scale * b[1], a[2] + scale * b[2]


@compiled
def times(a, b):
    return a[0] * b[0], a[1] * b[1], a[2] * b[2]


@compiled
def scaled(a, scale):
    return a[0] * scale, a[1] * scale, a[2] * scale


@compiled
def inverse_root(square):
    """1 / sqrt in single precision, which processors estimate quickly."""
    return np.float32(1) / np.sqrt(np.float32(square))


@compiled
def normalised(a):
    return scaled(a, inverse_root(dot(a, a) + 1e-12))


@compiled
def mix(a, b, share):
    """From a (share 0) to b (share 1)."""
    return plus(scaled(a, 1 - share), b, share)


@compiled
def blend(a, b, c, weights):
    return plus(plus(scaled(a, weights[0]), b, weights[1]), c, weights[2])
