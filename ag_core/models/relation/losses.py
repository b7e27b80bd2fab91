"""Losses of relation heads: one term a group of relationships, relatedness, and RelDN's three contrasts.

Attention is cross-entropy over three, spatial and contact are binary cross-entropy; equal weights (methods C0).
The contrasts ask that, around one person, related pairs get a higher affinity than unrelated ones by a margin (C9).
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ag_core.models.pairs import PairBatch
from ag_core.models.relation.head import RelationLogits
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group

MARGIN = 0.2
CONTRAST_WEIGHTS = (1.0, 0.5, 0.1)
"""Of the class-agnostic, entity-class-aware and predicate-aware contrast."""


@dataclass(frozen=True)
class PairTargets:
    """The truth of P pairs: predicates [P,25] bool, related [P] bool. An unrelated pair has no predicates."""

    predicates: Tensor
    related: Tensor

    def __post_init__(self) -> None:
        if self.predicates.shape != (len(self.related), N_RELATIONS):
            raise ValueError(f"PairTargets.predicates has shape {list(self.predicates.shape)}; it needs [P,25]")


@dataclass(frozen=True)
class RelationLoss:
    """Scalar terms; `total` is their sum."""

    attention: Tensor
    spatial: Tensor
    contact: Tensor
    relatedness: Tensor

    @property
    def total(self) -> Tensor:
        return self.attention + self.spatial + self.contact + self.relatedness


def grouped_loss(logits: RelationLogits, targets: PairTargets) -> RelationLoss:
    """CE + BCE + BCE over related pairs, and BCE of relatedness over all; a term without pairs is 0.

    A pair with several attention labels shares them equally; one with none is left out of that term.
    """
    related = targets.related.bool()
    scores, truth = logits.predicates[related], targets.predicates[related].float()
    looking = GROUP_SLICES[Group.ATTENTION]
    known = truth[:, looking].any(dim=1)
    shares = truth[known][:, looking]
    shares = shares / shares.sum(dim=1, keepdim=True)
    return RelationLoss(
        attention=_mean_or_zero(functional.cross_entropy(scores[known][:, looking], shares, reduction="none")),
        spatial=_binary(scores, truth, GROUP_SLICES[Group.SPATIAL]),
        contact=_binary(scores, truth, GROUP_SLICES[Group.CONTACT]),
        relatedness=_mean_or_zero(
            functional.binary_cross_entropy_with_logits(logits.relatedness, related.float(), reduction="none")
        ),
    )


def _binary(scores: Tensor, truth: Tensor, columns: slice) -> Tensor:
    return _mean_or_zero(
        functional.binary_cross_entropy_with_logits(scores[:, columns], truth[:, columns], reduction="none")
    )


def _mean_or_zero(values: Tensor) -> Tensor:
    return values.mean() if values.numel() else values.sum()


def contrastive_loss(batch: PairBatch, logits: RelationLogits, targets: PairTargets) -> Tensor:
    """RelDN's L1 + .5 L2 + .1 L3 on the affinity sigmoid(relatedness), around each frame's person.

    L1 contrasts all pairs of a frame, L2 those with objects of one class, L3 the related pairs of one contact
    relationship with the unrelated pairs for which that relationship is predicted. Pairs count once for each of their
    relationships. Without unrelated pairs every contrast is 0.
    """
    affinity = logits.relatedness.sigmoid()
    frames, related = batch.frame_of_pair, targets.related.bool()
    everyone = torch.arange(len(frames), device=frames.device)
    positive, negative = everyone[related], everyone[~related]
    of_class = frames * N_CLASSES + batch.object_classes

    contact = GROUP_SLICES[Group.CONTACT]
    n_contact = contact.stop - contact.start
    row, column = torch.nonzero(targets.predicates[:, contact].bool() & related[:, None], as_tuple=True)
    likeliest = frames * n_contact + logits.predicates[:, contact].detach().argmax(dim=1)

    weights = CONTRAST_WEIGHTS
    loss = weights[0] * _contrast(affinity, positive, frames[positive], negative, frames[negative])
    loss = loss + weights[1] * _contrast(affinity, positive, of_class[positive], negative, of_class[negative])
    of_predicate = frames[row] * n_contact + column
    return loss + weights[2] * _contrast(affinity, row, of_predicate, negative, likeliest[negative])


def _contrast(
    affinity: Tensor, positive: Tensor, positive_groups: Tensor, negative: Tensor, negative_groups: Tensor
) -> Tensor:
    """Mean hinge over groups with both sides; a dummy group with hinge 0 counts in the mean, as in the original."""
    groups, index = torch.cat([positive_groups, negative_groups]).unique(return_inverse=True)
    of_positive, of_negative = index[: len(positive)], index[len(positive) :]
    lowest = affinity.new_full((len(groups),), torch.inf)
    lowest = lowest.scatter_reduce(0, of_positive, affinity[positive], "amin")
    highest = affinity.new_full((len(groups),), -torch.inf)
    highest = highest.scatter_reduce(0, of_negative, affinity[negative], "amax")
    both = lowest.isfinite() & highest.isfinite()
    hinge = (MARGIN - (lowest[both] - highest[both])).clamp(min=0)
    return hinge.sum() / (len(hinge) + 1)
