"""Numbers of records that may hold anything: what is a number, and what only looks like one.

A text of digits, a truth value or an array of texts is none: `float` would take them all.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBERS = frozenset(
    {float, int}
    | {np.float16, np.float32, np.float64, np.longdouble}
    | {np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64}
)
"""The types of numbers that a pickle may hold."""


def to_numbers(value: Any, what: str) -> NDArray[np.float64]:
    """An array or a list, in lists where it has more axes, as numbers; ValueError says `what` is none of them."""
    array = np.asarray(value)
    # A mixed list would have made numbers of truth values, and texts of numbers.
    if array.dtype.kind not in "fiu" or (not isinstance(value, np.ndarray) and not _holds_numbers(value)):
        raise ValueError(f"{what} holds what is no number")
    return array.astype(np.float64)


def _holds_numbers(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_holds_numbers, value))
    return type(value) in NUMBERS or (isinstance(value, np.ndarray) and value.dtype.kind in "fiu")
