"""Action scores from a clip and a feature bank: LFB, SGFB (the paper's model) and its oracle are this one class.

They differ in the bank alone: clip features of the same network, predicted scene graphs, or annotated ones. Without an
operator the bank is not used, and the model is the plain clip network with a classifier.
"""

import torch
from torch import Tensor, nn

from ag_core.catalog import BankKind
from ag_core.errors import UserError
from ag_core.models.video.clip_network import ClipInput, ClipNetwork
from ag_core.models.video.fbo import BankOperator


class BankHead(nn.Module):
    """Clip features S [B,C] and windows [B,W,D] to logits [B,n_actions]: classifier over [S ; operator(S, bank)].

    Needs no pixels, so it can be trained and tested on cached features. `kind` is that of the banks it looks into.
    """

    def __init__(
        self,
        short_term: int,
        operator: BankOperator | None,
        n_actions: int,
        dropout: float,
        kind: BankKind | None = None,
    ) -> None:
        super().__init__()
        self.operator = operator
        self.kind = kind
        self.dropout = nn.Dropout(dropout)
        extra = 0 if operator is None else operator.out_features
        self.classifier = nn.Linear(short_term + extra, n_actions)
        nn.init.normal_(self.classifier.weight, std=0.01)
        nn.init.zeros_(self.classifier.bias)

    def forward(self, short_term: Tensor, bank: Tensor | None = None) -> Tensor:
        features = short_term
        if self.operator is not None:
            if bank is None:
                raise ValueError("this model looks into a feature bank; give windows [B,W,D]")
            self.check_bank(bank.shape[-1], None)
            features = torch.cat([short_term, self.operator(short_term, bank)], dim=1)
        logits: Tensor = self.classifier(self.dropout(features))
        return logits

    def check_bank(self, width: int, kind: BankKind | None) -> None:
        """UserError for a bank of another kind (None where nobody says), or with entries of another length."""
        if self.operator is None:
            return
        same_kind = kind is None or self.kind is None or kind is self.kind
        if same_kind and width == self.operator.entry_size:
            return
        wanted, given = self.kind or "its own", kind or "some"
        raise UserError(
            f"this head looks into a bank of {wanted} entries, {self.operator.entry_size} numbers each, and was given "
            f"one of {given} entries with {width}; give the bank that was made for it"
        )


class BankedVideoModel(nn.Module):
    """B clips and bank windows [B,W,D] to logits [B,n_actions]; `head` alone works on features [B,C]."""

    def __init__(self, clip_net: ClipNetwork, head: BankHead) -> None:
        super().__init__()
        self.clip_net = clip_net
        self.head = head

    def forward(self, clips: ClipInput, bank: Tensor | None = None) -> Tensor:
        logits: Tensor = self.head(self.clip_net(clips), bank)
        return logits
