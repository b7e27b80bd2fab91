"""RelDN: graphical contrastive losses for scene graph parsing (Zhang et al. 2019), the relation head of the paper.

Five judges of a pair, added up: what person, object and their union look like together (visual), what the person and
the object look like alone (subject, object), where they lie (spatial), and what the object's class usually does
(semantic, a table that starts as log frequencies and is trained).

Differences from the original (methods C9): the subject is always the person, so the semantic table has one row for
each object class; relationships come in Action Genome's three groups, so there is no background column and a separate
logit says whether a pair is related; all features come from one frozen detector instead of two fine-tuned bodies.
"""

from itertools import pairwise
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.boxes import GEOMETRY_SIZE, compute_relation_geometry
from ag_core.models.pairs import PairBatch
from ag_core.models.relation.frequency import count_relation_frequencies
from ag_core.models.relation.head import N_OUTPUTS, RelationHead, RelationLogits
from ag_core.models.relation.losses import Mean, PairTargets, compute_grouped_losses, mean_or_zero
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group

MARGIN = 0.2
CONTRAST_WEIGHTS = (1.0, 0.5, 0.1)
"""Of the class-agnostic, entity-class-aware and predicate-aware contrast."""


def _make_layers(*widths: int) -> nn.Sequential:
    """Linear layers of the given widths with LeakyReLU(.1) between them."""
    modules: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        modules += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.1)]
    return nn.Sequential(*modules[:-1])


class RelDnHead(RelationHead):
    """The five modules. `feature_size` is D, `visual_widths` and `spatial_width` the hidden layers."""

    def __init__(self, feature_size: int, visual_widths: tuple[int, int], spatial_width: int) -> None:
        super().__init__()
        self.visual = _make_layers(3 * feature_size, *visual_widths, N_OUTPUTS)
        self.subject = nn.Linear(feature_size, N_OUTPUTS)
        self.object = nn.Linear(feature_size, N_OUTPUTS)
        self.spatial = _make_layers(GEOMETRY_SIZE, spatial_width, spatial_width, N_OUTPUTS)
        self.semantic = nn.Embedding(N_CLASSES, N_OUTPUTS)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.zeros_(self.semantic.weight)

    @torch.no_grad()
    def fit(self, object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> Self:
        """Start the semantic table from log(frequency + 1e-3) of classes [n] and relations [n,25]; returns the head."""
        frequencies = torch.from_numpy(count_relation_frequencies(object_classes, relations))
        self.semantic.weight[:, :N_RELATIONS] = (frequencies + 1e-3).log()
        return self

    def forward(self, batch: PairBatch) -> RelationLogits:
        subjects, objects = batch.pairs[:, 0], batch.pairs[:, 1]

        # What is seen: person, union, object                                  [P, 3D]
        person, thing = batch.object_features[subjects], batch.object_features[objects]
        seen = torch.cat([person, batch.union_features, thing], dim=1)

        # Where the two boxes lie, relative to each other and to the frame     [P, 28]
        where = pair_geometry(batch)

        # Five opinions, added                                                 [P, 26]
        total = self.visual(seen) + self.subject(person) + self.object(thing)
        total = total + self.spatial(where) + self.semantic(batch.object_classes)
        return RelationLogits.from_outputs(total, batch.object_logits)


def pair_geometry(batch: PairBatch) -> Tensor:
    """[P,28] spatial vectors of the batch's pairs, on its device; boxes get no gradient."""
    sizes = batch.frame_sizes_wh[batch.frame_of_pair]
    arrays = (tensor.detach().cpu().numpy() for tensor in (batch.subject_boxes, batch.target_boxes, sizes))
    return torch.from_numpy(compute_relation_geometry(*arrays)).to(batch.boxes.device)


def compute_reldn_losses(
    batch: PairBatch, logits: RelationLogits, targets: PairTargets, mean: Mean = mean_or_zero
) -> dict[str, Tensor]:
    """The shared terms, and RelDN's contrasts: related pairs get a higher affinity than unrelated ones (methods C9)."""
    return compute_grouped_losses(batch, logits, targets, mean) | {
        "contrast": compute_contrastive_loss(batch, logits, targets, mean)
    }


def compute_contrastive_loss(
    batch: PairBatch, logits: RelationLogits, targets: PairTargets, mean: Mean = mean_or_zero
) -> Tensor:
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

    hinges = (
        _compute_hinges(affinity, positive, frames[positive], negative, frames[negative]),
        _compute_hinges(affinity, positive, of_class[positive], negative, of_class[negative]),
        _compute_hinges(affinity, row, frames[row] * n_contact + column, negative, likeliest[negative]),
    )
    # A dummy group with hinge 0 counts in each mean, as in the original.
    return torch.stack([weight * mean(each, more=1) for weight, each in zip(CONTRAST_WEIGHTS, hinges)]).sum()


def _compute_hinges(
    affinity: Tensor, positive: Tensor, positive_groups: Tensor, negative: Tensor, negative_groups: Tensor
) -> Tensor:
    """[groups] the hinge of each group with both sides."""
    groups, index = torch.cat([positive_groups, negative_groups]).unique(return_inverse=True)
    of_positive, of_negative = index[: len(positive)], index[len(positive) :]
    lowest = affinity.new_full((len(groups),), torch.inf)
    lowest = lowest.scatter_reduce(0, of_positive, affinity[positive], "amin")
    highest = affinity.new_full((len(groups),), -torch.inf)
    highest = highest.scatter_reduce(0, of_negative, affinity[negative], "amax")
    both = lowest.isfinite() & highest.isfinite()
    return (MARGIN - (lowest[both] - highest[both])).clamp(min=0)
