"""Boxes that say the number of their frame, bit by bit, and how it is read from a screenshot of a player."""

import numpy as np
from numpy.typing import NDArray

from ag_core.records import SceneGraph
from ag_core.taxonomy import N_RELATIONS, find_object_index, find_relation_index
from benchmarks.recordings import CELLS, SIZE_WH

RATE = 30
"""Frames a second of the clip beneath."""

OBJECTS = (
    "bag", "bed", "blanket", "book", "box", "broom", "chair", "dish", "door", "laptop", "pillow", "table",
)  # fmt: skip
"""One for each bit of the number."""

LIT_Y, UNLIT_Y, HEIGHT = 8.0, 170.0, 60.0
"""Top of the box of a bit that is set, and of one that is not, and their height; the clip's block walks between."""

MIN_CONTRAST = 40
"""An outline is so much brighter than the place where it might be, at least."""

CONTACTS = ("holding", "touching", "not_contacting", "sitting_on", "leaning_on")
SPATIAL = ("in_front_of", "beneath", "behind")


def left_of_bit(bit: int) -> float:
    """Where the box of a bit begins, in pixels of the clip; bit 0 is the most significant."""
    return 12.0 + bit * (SIZE_WH[0] - 16) / CELLS


def draw_graph(number: int) -> SceneGraph:
    """Twelve boxes that say a number, with three relationships each that change every half second."""
    boxes = np.zeros((CELLS, 4), np.float32)
    relations = np.zeros((CELLS, N_RELATIONS), np.float32)
    for bit in range(CELLS):
        top = LIT_Y if number >> (CELLS - 1 - bit) & 1 else UNLIT_Y
        boxes[bit] = (left_of_bit(bit), top, left_of_bit(bit) + 20, top + HEIGHT)
        at = bit + number // 15
        attention = "looking_at" if at % 4 == 0 else "not_looking_at"
        for name in (attention, SPATIAL[at % len(SPATIAL)], CONTACTS[at % len(CONTACTS)]):
            relations[bit, find_relation_index(name)] = 1
    classes = np.array([find_object_index(name) for name in OBJECTS])
    person = np.array([2, 90, 10, 150], np.float32)
    return SceneGraph(number + 1, number / RATE, person, 1.0, classes, boxes, np.ones(CELLS), relations)


def read_boxes(shown: NDArray[np.uint8]) -> int | None:
    """The number that the boxes of a screenshot [H,W,3] say; None where a bit has no box, or two."""
    bright = shown.max(axis=2).astype(float)
    down, across = bright.shape[0] / SIZE_WH[1], bright.shape[1] / SIZE_WH[0]
    number = 0
    for bit in range(CELLS):
        left = round(left_of_bit(bit) * across)
        columns = slice(max(0, left - 3), left + 4)
        rows = [
            slice(round((top + 0.4 * HEIGHT) * down), round((top + 0.8 * HEIGHT) * down)) for top in (UNLIT_Y, LIT_Y)
        ]
        unlit, lit = (bright[row, columns].mean(axis=0).max() for row in rows)
        if abs(lit - unlit) < MIN_CONTRAST:
            return None
        number = 2 * number + int(lit > unlit)
    return number
