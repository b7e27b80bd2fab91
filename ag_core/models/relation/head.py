"""The interface of all relation heads: a `PairBatch` in, `RelationLogits` out."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.models.pairs import PairBatch
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group

N_OUTPUTS = N_RELATIONS + 1
"""What most heads say of a pair: the 25 relationships, then relatedness."""


@dataclass(frozen=True)
class RelationLogits:
    """predicates [P,25] in the order of RELATIONS, objects [N,36] class logits, relatedness [P] (0 if not judged)."""

    predicates: Tensor
    objects: Tensor
    relatedness: Tensor

    def __post_init__(self) -> None:
        if self.predicates.shape != (len(self.relatedness), N_RELATIONS) or self.objects.shape[1:] != (N_CLASSES,):
            raise ValueError(
                f"RelationLogits has predicates {list(self.predicates.shape)}, objects {list(self.objects.shape)}, "
                f"relatedness {list(self.relatedness.shape)}; it needs [P,{N_RELATIONS}], [N,{N_CLASSES}], [P]"
            )

    @staticmethod
    def from_outputs(outputs: Tensor, objects: Tensor) -> "RelationLogits":
        """From [P,26] outputs, relationships then relatedness, and class logits [N,36]."""
        return RelationLogits(outputs[:, :N_RELATIONS], objects, outputs[:, N_RELATIONS])

    def with_bias(self, bias: Tensor) -> "RelationLogits":
        """The same with [P,25] added to the predicates."""
        return replace(self, predicates=self.predicates + bias)

    def probabilities(self) -> Tensor:
        """[P,25]: attention is one of three (softmax), spatial and contact are any of many (sigmoid)."""
        attention = GROUP_SLICES[Group.ATTENTION]
        result = self.predicates.sigmoid()
        result[:, attention] = self.predicates[:, attention].softmax(dim=1)
        return result


class RelationHead(nn.Module):
    """A judge of pairs. Knows no targets, no mode, no device and no file.

    `whole_video` says that it relates frames to one another: it is then asked once for all pairs of a video, whose
    frames ascend in time, instead of frame by frame. `refines_objects` says that it gives class logits of its own: it
    then also learns from boxes whose class is not given.
    """

    whole_video: bool = False
    refines_objects: bool = False

    @abstractmethod
    def forward(self, batch: PairBatch) -> RelationLogits:
        """Logits for every pair of the batch; the batch is not changed, and no pairs is an ordinary batch."""

    def fit(self, object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> Self:
        """Start from what training graphs count: classes [n] and relations [n,25] of objects. Returns the head.

        A head that counts nothing stays as it is.
        """
        return self


def to_object_probabilities(objects: Tensor) -> Tensor:
    """[N,36] probabilities over the 35 objects for class logits [N,36]; the person's column is 0."""
    return torch.cat([objects.new_zeros(len(objects), 1), objects[:, 1:].softmax(dim=1)], dim=1)
