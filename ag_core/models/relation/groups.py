"""Rows laid side by side by the group they belong to, as attention within frames, windows or videos needs them."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PaddedGroups:
    """G groups of rows, filled up to the longest of them.

    rows   [G,L] the row at each place; 0 where there is none
    known  [G,L] whether there is one
    """

    rows: Tensor
    known: Tensor

    @staticmethod
    def of(groups: Tensor) -> "PaddedGroups":
        """From the group [E] of every row, any numbers; groups ascend, and rows keep their order within a group."""
        _, groups, sizes = groups.unique(return_inverse=True, return_counts=True)
        order = torch.argsort(groups, stable=True)
        starts = sizes.cumsum(0) - sizes
        places = torch.arange(len(order), device=order.device) - starts[groups[order]]
        shape = (len(sizes), int(sizes.max()) if len(sizes) else 0)
        rows = torch.zeros(shape, dtype=torch.int64, device=order.device)
        known = torch.zeros(shape, dtype=torch.bool, device=order.device)
        rows[groups[order], places] = order
        known[groups[order], places] = True
        return PaddedGroups(rows, known)

    def spread(self, values: Tensor) -> Tensor:
        """[G,L,...] the values [E,...] of the rows; places without a row repeat the first one's."""
        return values[self.rows]

    def collect(self, spread: Tensor) -> Tensor:
        """[E,...] the values [G,L,...] of the places, back in the order of the rows."""
        result = spread.new_zeros(int(self.known.sum()), *spread.shape[2:])
        result[self.rows[self.known]] = spread[self.known]
        return result
