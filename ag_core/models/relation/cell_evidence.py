"""What the cell of a table that a pair falls into says of its relationships: counted, no network, to be read by anyone.

The evidence of a cell is how much more often a relationship held there than is usual for the pairs that were there, in
logits; of attention, one of three, in logarithms.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ag_core.errors import UserError
from ag_core.models.checkpoints import find_owner, read_metadata, read_tensors, save_checkpoint
from ag_core.taxonomy import GROUP_SLICES, N_RELATIONS, Group

TABLE = "evidence"


def count_evidence(
    cells: NDArray[np.int64], usual: NDArray[np.float64], relations: NDArray[np.bool_], n_cells: int
) -> NDArray[np.float32]:
    """[n_cells,25] evidence from pairs in cells [n] with relations [n,25] that hold with frequencies `usual` [n,25].

    A cell that was never seen says nothing. One is added to what was counted and to what was expected.
    """
    counted, expected = np.zeros((n_cells, N_RELATIONS)), np.zeros((n_cells, N_RELATIONS))
    np.add.at(counted, cells, np.reshape(relations, (-1, N_RELATIONS)))
    np.add.at(expected, cells, np.reshape(usual, (-1, N_RELATIONS)))
    pairs = np.bincount(cells, minlength=n_cells)[:, None]
    evidence = np.log((counted + 1) / (expected + 1))
    held_not = np.log((np.maximum(pairs - counted, 0) + 1) / (np.maximum(pairs - expected, 0) + 1))
    held_not[:, GROUP_SLICES[Group.ATTENTION]] = 0  # one of three: logarithms, as everywhere
    table: NDArray[np.float32] = (evidence - held_not).astype(np.float32)
    return table


def save_evidence(path: Path, name: str, table: NDArray[np.float32], metadata: dict[str, str]) -> None:
    """Write a table that was counted, under its name in the catalog."""
    save_checkpoint(path, {TABLE: torch.from_numpy(table)}, {**metadata, "model": name, "preset": name})


def load_evidence(path: Path, name: str, n_cells: int) -> Tensor:
    """The table [n_cells,25] of a name in `path`, float64. UserError for another file."""
    owner = find_owner(read_metadata(path))
    if owner != name:
        raise UserError(f"{path} holds the weights of {owner!r}, and {name} is wanted; give that file")
    table = read_tensors(path).get(TABLE)
    if table is None or table.shape != (n_cells, N_RELATIONS) or not bool(table.double().isfinite().all()):
        raise UserError(f"{path} is damaged; count it anew with `train {name}`")
    return table.double()
