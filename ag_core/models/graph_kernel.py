"""Kernel ridge regression on annotated graphs: frames whose graphs are alike have actions that are alike.

Ours, no paper's. One system of equations is solved for all actions at once: fitting takes seconds on one core
and has no random start. The kernel is a sum over the graphs of a context (`graph_context`), each with its like.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ag_core.models.graph_context import AFTER, BEFORE, OTHERS, OWN, PRESENCE


@dataclass(frozen=True)
class KernelOptions:
    """What counts how much when two frames are compared.

    presence     of a class being there at all, beside each of its relationships
    sharpness    of the exponential of a similarity: how much more the nearest frames count than the rest
    neighbours   of the frame before and of the frame after; others of the mean of the other frames
    smoothing    added to the diagonal: the ridge
    """

    presence: float = 1.5
    sharpness: float = 1.0
    neighbours: float = 0.25
    others: float = 0.5
    smoothing: float = 8.0


class GraphKernel:
    """Targets of frames from contexts [N,S,35,26]; S is 4, or 1 where frames are compared by their own graphs alone."""

    def __init__(self, options: KernelOptions = KernelOptions()) -> None:
        self.options = options

    def fit(self, context: Tensor, targets: Tensor) -> None:
        """Learn targets [N,C], which may be any numbers."""
        self._known, self._mean = context, targets.mean(dim=0)
        kernel = self.compare(context, context)
        kernel.diagonal().add_(self.options.smoothing)
        self._weights = torch.cholesky_solve(targets - self._mean, torch.linalg.cholesky(kernel))

    def predict(self, context: Tensor) -> Tensor:
        """[M,C] for the frames of a context."""
        return self.compare(context, self._known) @ self._weights + self._mean

    def compare(self, context: Tensor, other: Tensor) -> Tensor:
        """[M,N] similarity of M frames with N others."""
        options = self.options

        def multiply(graph: int) -> Tensor:
            rows, others = (self._scale(one[:, graph]) for one in (context, other))
            # Nearly all numbers are zeros.
            products: Tensor = torch.sparse.mm(rows.to_sparse(), others.T.contiguous())
            return products

        kernel = torch.exp(options.sharpness * (multiply(OWN) - 1))
        if context.shape[1] > 1:
            kernel += options.neighbours * (multiply(BEFORE) + multiply(AFTER))
            kernel += options.others * torch.exp(options.sharpness * (multiply(OTHERS) - 1))
        return kernel

    def _scale(self, graphs: Tensor) -> Tensor:
        """[N,D] of length one; a graph without objects stays zero."""
        rows = graphs.clone()
        rows[..., PRESENCE] *= self.options.presence
        return torch.nn.functional.normalize(rows.flatten(1), dim=1, eps=1e-6)
