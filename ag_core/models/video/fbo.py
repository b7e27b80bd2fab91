"""Feature bank operators (Wu et al. 2019, "Long-Term Feature Banks"): what a clip takes from the bank around it.

Each maps short-term features S [B,C] and bank windows L [B,W,D] to [B,out_features], to be put beside S (methods C16).
Rows of zeros that pad a window are ordinary rows, as in the original. Differences: none known; LayerNorm has no
learned scale and shift, as in the Charades setting of the original.
"""

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn

from ag_core.errors import UserError
from ag_core.presets import BANK_OPERATORS


class BankOperator(nn.Module):
    """Short-term features [B,C] and windows [B,W,D] to [B,out_features]."""

    entry_size: int
    out_features: int

    @abstractmethod
    def forward(self, short_term: Tensor, bank: Tensor) -> Tensor:
        """What the clip takes from its window."""


class BankLayer(nn.Module):
    """One look from `a` [B,E] into the reduced bank [B,W,E]: ReLU(a + dropout(norm(out(attention)))).

    `out` starts at 0, so a fresh layer is the ReLU of its input.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.theta, self.phi, self.g, self.out = (_make_small_linear(width, width) for _ in range(4))
        nn.init.zeros_(self.out.weight)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, a: Tensor, bank: Tensor) -> Tensor:
        query = self.theta(a).unsqueeze(1)  # [B, 1, E]
        seen = nn.functional.scaled_dot_product_attention(query, self.phi(bank), self.g(bank)).squeeze(1)
        return torch.relu(a + self.dropout(self.norm(self.out(seen))))


class NonLocalBank(BankOperator):
    """FBO-NL: reduce S and L to `latent_size`, then some layers; the bank itself is not updated between them."""

    def __init__(self, short_term: int, entry_size: int, latent_size: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.entry_size = entry_size
        self.out_features = latent_size
        self.reduce_short_term = _make_small_linear(short_term, latent_size)
        # Scene-graph entries are mostly near 0: the usual .01 would leave almost no signal (methods C18).
        self.reduce_bank = _make_small_linear(entry_size, latent_size, std=1 / math.sqrt(entry_size))
        self.layers = nn.ModuleList(BankLayer(latent_size, dropout) for _ in range(layers))
        self.dropout = nn.Dropout(dropout)

    def forward(self, short_term: Tensor, bank: Tensor) -> Tensor:
        a: Tensor = self.dropout(self.reduce_short_term(short_term))  # [B, E]
        entries = self.dropout(self.reduce_bank(bank))  # [B, W, E]
        for layer in self.layers:
            a = layer(a, entries)
        return a


class MeanBank(BankOperator):
    """FBO-Avg: the mean of the window's rows, padding included."""

    def __init__(self, entry_size: int) -> None:
        super().__init__()
        self.entry_size = self.out_features = entry_size

    def forward(self, short_term: Tensor, bank: Tensor) -> Tensor:
        return bank.mean(dim=1)


class MaxBank(BankOperator):
    """FBO-Max: the maximum over the window's rows, padding included."""

    def __init__(self, entry_size: int) -> None:
        super().__init__()
        self.entry_size = self.out_features = entry_size

    def forward(self, short_term: Tensor, bank: Tensor) -> Tensor:
        return bank.amax(dim=1)


def build_bank_operator(
    operator: str, short_term: int, entry_size: int, latent_size: int, layers: int, dropout: float
) -> BankOperator:
    """The bank operator of a name; the last three arguments are the non-local one's. UserError lists the names."""
    match operator:
        case "non-local":
            return NonLocalBank(short_term, entry_size, latent_size, layers, dropout)
        case "mean":
            return MeanBank(entry_size)
        case "max":
            return MaxBank(entry_size)
    raise UserError(f"there is no bank operator {operator!r}; known are {', '.join(BANK_OPERATORS)}")


def _make_small_linear(inputs: int, outputs: int, std: float = 0.01) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, std=std)
    nn.init.zeros_(layer.bias)
    return layer
