"""Small networks from annotated graphs to actions: a linear layer, and a perceptron with one hidden layer.

Ours; the plain baselines of methods C18's feature, the 875 numbers of a frame's confidence matrix. Inputs are nearly
all zeros, so the first layer multiplies them as sparse rows: the same numbers for a tenth of the work.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class SparseLinear(nn.Module):
    """A linear layer [N,D] -> [N,C] for rows that are nearly all zeros."""

    def __init__(self, inputs: int, outputs: int, spread: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(spread * torch.randn(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, rows: Tensor) -> Tensor:
        """[N,D] -> [N,C]."""
        answers: Tensor = torch.sparse.mm(rows.to_sparse(), self.weight) + self.bias
        return answers


class GraphLinear(nn.Module):
    """Logits of actions as a sum over what a graph holds; begins with the logits of the prior [C]."""

    def __init__(self, inputs: int, prior: Tensor) -> None:
        super().__init__()
        self.classify = SparseLinear(inputs, len(prior), spread=0.0)
        self.classify.bias.data.copy_(prior)

    def forward(self, rows: Tensor) -> Tensor:
        """[N,D] -> [N,C]."""
        logits: Tensor = self.classify(rows)
        return logits


class GraphMlp(nn.Module):
    """Logits of actions from one hidden layer; begins near the logits of the prior [C]."""

    def __init__(self, inputs: int, prior: Tensor, width: int = 256, dropout: float = 0.5) -> None:
        super().__init__()
        self.hide = SparseLinear(inputs, width, spread=0.08)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(width, len(prior))
        nn.init.normal_(self.classify.weight, std=0.02)
        self.classify.bias.data.copy_(prior)

    def describe(self, rows: Tensor) -> Tensor:
        """[N,D] -> [N,width] hidden features."""
        return functional.gelu(self.hide(rows))

    def forward(self, rows: Tensor) -> Tensor:
        """[N,D] -> [N,C]."""
        logits: Tensor = self.classify(self.dropout(self.describe(rows)))
        return logits
