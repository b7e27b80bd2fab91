"""The frequency prior (after Zellers et al. 2018, "Neural Motifs"): how often each relationship holds for a class.

Counts from training graphs only, no pixels. Differences from the original: the subject is always the person, so the
table is indexed by the object's class alone, and each group is counted as it is judged: attention as one of three,
spatial and contact as any of many (methods C4). Other heads add the same table to what they see, and train it.
"""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.models.pairs import PairBatch
from ag_core.models.relation.head import RelationHead, RelationLogits
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group


def count_relation_frequencies(object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> NDArray[np.float32]:
    """[36,25] smoothed frequency of each relationship for each class, from classes [n] and relations [n,25].

    Attention: (count + 1) / (sum of the three counts + 3). Others: (count + 1) / (objects of the class + 2).
    """
    counts = np.zeros((N_CLASSES, N_RELATIONS))
    np.add.at(counts, np.asarray(object_classes, np.int64), np.reshape(relations, (-1, N_RELATIONS)))
    totals = np.bincount(np.asarray(object_classes, np.int64), minlength=N_CLASSES)[:, None]
    frequencies = (counts + 1) / (totals + 2)
    attention = counts[:, GROUP_SLICES[Group.ATTENTION]] + 1
    frequencies[:, GROUP_SLICES[Group.ATTENTION]] = attention / attention.sum(axis=1, keepdims=True)
    return frequencies.astype(np.float32)


def to_relation_logits(frequencies: NDArray[np.float32]) -> Tensor:
    """[C,25] logits that say frequencies [C,25]: of attention their logarithms, of the others their log odds."""
    said = torch.from_numpy(frequencies)
    logits = torch.logit(said, eps=1e-6)
    attention = GROUP_SLICES[Group.ATTENTION]
    logits[:, attention] = said[:, attention].log()
    return logits


class FrequencyBias(nn.Module):
    """What is usual for the object's likeliest class, added to what a head sees: a table [36,25] that is trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(N_CLASSES, N_RELATIONS)
        nn.init.zeros_(self.table.weight)

    @torch.no_grad()
    def fit(self, object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> None:
        """Start from the log odds of relations [n,25] of objects with classes [n]."""
        self.table.weight.copy_(to_relation_logits(count_relation_frequencies(object_classes, relations)))

    def forward(self, batch: PairBatch) -> Tensor:
        """[P,25] logits for the pairs of a batch."""
        usual: Tensor = self.table(batch.object_classes)
        return usual


class FrequencyHead(RelationHead):
    """Looks the object's likeliest class up in a table of logits [36,25]. `fit` takes the place of training."""

    table: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.zeros(N_CLASSES, N_RELATIONS))

    def fit(self, object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> Self:
        """Count relations [n,25] of objects with classes [n] (training graphs only); returns the head."""
        self.table.copy_(to_relation_logits(count_relation_frequencies(object_classes, relations)))
        return self

    def forward(self, batch: PairBatch) -> RelationLogits:
        predicates = self.table[batch.object_classes]  # [P, 25]
        return RelationLogits(predicates, batch.object_logits, predicates.new_zeros(len(predicates)))
