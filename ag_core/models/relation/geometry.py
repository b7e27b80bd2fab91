"""What the places of two boxes alone say of a relationship, as counted: no network, nothing but a table to read.

A cell says how much of the smaller box lies in the other and how high the object is beside the person. What is usual
is what the object's class says: a chair that people sit on says nothing by being a chair, only by where it is.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.models.relation.cell_evidence import count_evidence
from ag_core.models.relation.frequency import count_relation_frequencies

OVERLAPS = (0.0, 0.25, 0.75)
"""Shares of the smaller box in the other one above which the next level of overlap begins."""

HEIGHTS = (0.0, 1 / 3, 2 / 3, 1.0)
"""Of the person's box from its top, below which the next level of the object's centre begins."""

N_CELLS = (len(OVERLAPS) + 1) * (len(HEIGHTS) + 1)


def find_cells(persons_xyxy: ArrayLike, objects_xyxy: ArrayLike) -> NDArray[np.int64]:
    """[n] the cell of each pair of boxes [n,4] in pixels. A box without any area overlaps nothing."""
    persons = np.asarray(persons_xyxy, np.float64).reshape(-1, 4)
    objects = np.asarray(objects_xyxy, np.float64).reshape(-1, 4)
    shared = np.maximum(np.minimum(persons[:, 2:], objects[:, 2:]) - np.maximum(persons[:, :2], objects[:, :2]), 0)
    areas = [np.maximum(boxes[:, 2:] - boxes[:, :2], 0).prod(axis=1) for boxes in (persons, objects)]
    smaller = np.minimum(*areas)
    overlap = np.divide(shared.prod(axis=1), smaller, out=np.zeros_like(smaller), where=smaller > 0)
    tall = np.maximum(persons[:, 3] - persons[:, 1], 1)
    height = (objects[:, 1::2].mean(axis=1) - persons[:, 1]) / tall
    levels = np.searchsorted(OVERLAPS, overlap, side="left") * (len(HEIGHTS) + 1)
    return np.asarray(levels + np.searchsorted(HEIGHTS, height, side="right"), np.int64)


def count_geometry(
    cells: NDArray[np.int64], classes: NDArray[np.int64], relations: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """[N_CELLS,25] evidence from pairs in cells [n] with objects of classes [n] and relations [n,25]."""
    usual = count_relation_frequencies(classes, relations).astype(np.float64)[classes]
    return count_evidence(cells, usual, relations, N_CELLS)
