"""The loss that relation heads share: one term a group of relationships, and relatedness.

Attention is cross-entropy over three, spatial and contact are binary cross-entropy; equal weights (methods C0).
A head with a loss of its own has it in its own file, and its catalog entry names it.
"""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor
from torch.nn import functional

from ag_core.models.pairs import PairBatch
from ag_core.models.relation.head import RelationLogits
from ag_core.taxonomy import GROUP_SLICES, N_RELATIONS, Group


class Mean(Protocol):
    """How the values [n] of a term become one number, `more` zeros included; 0 where there are none."""

    def __call__(self, values: Tensor, more: int = 0) -> Tensor: ...


def mean_or_zero(values: Tensor, more: int = 0) -> Tensor:
    """The mean of what is there."""
    return values.sum() / max(values.numel() + more, 1)


@dataclass(frozen=True)
class PairTargets:
    """The truth of P pairs: predicates [P,25] bool, related [P] bool, object_classes [P].

    An unrelated pair has no predicates, and the class of its object is not known.
    """

    predicates: Tensor
    related: Tensor
    object_classes: Tensor

    def __post_init__(self) -> None:
        if self.predicates.shape != (len(self.related), N_RELATIONS):
            raise ValueError(f"PairTargets.predicates has shape {list(self.predicates.shape)}; it needs [P,25]")


def compute_grouped_losses(
    batch: PairBatch, logits: RelationLogits, targets: PairTargets, mean: Mean = mean_or_zero
) -> dict[str, Tensor]:
    """CE, BCE and BCE over related pairs, and BCE of relatedness over all; a term without pairs is 0.

    A pair with several attention labels shares them equally; one with none is left out of that term.
    """
    related = targets.related.bool()
    scores, truth = logits.predicates[related], targets.predicates[related].float()
    looking = GROUP_SLICES[Group.ATTENTION]
    known = truth[:, looking].any(dim=1)
    shares = truth[known][:, looking]
    shares = shares / shares.sum(dim=1, keepdim=True)
    return {
        "attention": mean(functional.cross_entropy(scores[known][:, looking], shares, reduction="none")),
        "spatial": _compute_binary(scores, truth, GROUP_SLICES[Group.SPATIAL], mean),
        "contact": _compute_binary(scores, truth, GROUP_SLICES[Group.CONTACT], mean),
        "related": mean(
            functional.binary_cross_entropy_with_logits(logits.relatedness, related.float(), reduction="none")
        ),
    }


def compute_refining_losses(
    batch: PairBatch, logits: RelationLogits, targets: PairTargets, mean: Mean = mean_or_zero
) -> dict[str, Tensor]:
    """The shared terms, and CE over the 35 objects for the class logits of a head that refines them."""
    related = targets.related.bool()
    classes, truth = logits.objects[batch.pairs[related, 1], 1:], targets.object_classes[related] - 1
    return compute_grouped_losses(batch, logits, targets, mean) | {
        "objects": mean(functional.cross_entropy(classes, truth, reduction="none"))
    }


def _compute_binary(scores: Tensor, truth: Tensor, columns: slice, mean: Mean) -> Tensor:
    return mean(functional.binary_cross_entropy_with_logits(scores[:, columns], truth[:, columns], reduction="none"))
