"""What the places of two boxes alone say of a relationship, as counted: no network, nothing but a table to read.

A cell says how much of the smaller box lies in the other and how high the object is beside the person. Its evidence is
how much more often a relationship held there than is usual for the objects that were there, in logits. So a chair that
people sit on says nothing by being a chair, only by where it is.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ag_core.catalog import GEOMETRY
from ag_core.errors import UserError
from ag_core.models.checkpoints import find_owner, read_metadata, read_tensors, save_checkpoint
from ag_core.models.relation.frequency import count_relation_frequencies
from ag_core.taxonomy import GROUP_SLICES, N_RELATIONS, Group

TABLE = "evidence"

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
    """[N_CELLS,25] evidence from pairs in cells [n] with objects of classes [n] and relations [n,25].

    A cell that was never seen says nothing. One is added to what was counted and to what was expected.
    """
    relations = np.reshape(relations, (-1, N_RELATIONS))
    usual = count_relation_frequencies(classes, relations).astype(np.float64)[classes]
    counted, expected = np.zeros((N_CELLS, N_RELATIONS)), np.zeros((N_CELLS, N_RELATIONS))
    np.add.at(counted, cells, relations)
    np.add.at(expected, cells, usual)
    pairs = np.bincount(cells, minlength=N_CELLS)[:, None]
    evidence = np.log((counted + 1) / (expected + 1))
    held_not = np.log((np.maximum(pairs - counted, 0) + 1) / (np.maximum(pairs - expected, 0) + 1))
    held_not[:, GROUP_SLICES[Group.ATTENTION]] = 0  # one of three: logarithms, as everywhere
    table: NDArray[np.float32] = (evidence - held_not).astype(np.float32)
    return table


def save_geometry(path: Path, table: NDArray[np.float32], metadata: dict[str, str]) -> None:
    """Write a table that was counted."""
    save_checkpoint(path, {TABLE: torch.from_numpy(table)}, {**metadata, "model": GEOMETRY, "preset": GEOMETRY})


def load_geometry(path: Path) -> Tensor:
    """The table [N_CELLS,25] in `path`, float64. UserError for another file."""
    owner = find_owner(read_metadata(path))
    if owner != GEOMETRY:
        raise UserError(f"{path} holds the weights of {owner!r}, and {GEOMETRY} is wanted; give that file")
    table = read_tensors(path).get(TABLE)
    if table is None or table.shape != (N_CELLS, N_RELATIONS) or not bool(table.double().isfinite().all()):
        raise UserError(f"{path} is damaged; count it anew with `train geometry`")
    return table.double()
