"""IMP: scene graph generation by iterative message passing (Xu et al. 2017).

Boxes and pairs have hidden states. In every round each pair hears of its two boxes and each box of its pairs, through
learned gates, and recurrent units take the messages in (methods C5).

Of the published codes this follows the one of Neural Motifs: a state begins as the recurrent unit's answer to its
feature with nothing before, messages are sums, and both sides are updated from the old states. Differences: boxes and
pairs have the features of one frozen detector, relationships come in Action Genome's three groups with relatedness
in place of a background class, class logits are added to the detector's, and what is usual for the object's class is
added to the relationships, without which no head of this kind knows the classes it is given.
"""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.models.pairs import PairBatch
from ag_core.models.relation.frequency import FrequencyBias
from ag_core.models.relation.head import N_OUTPUTS, RelationHead, RelationLogits
from ag_core.models.relation.messages import sum_messages
from ag_core.taxonomy import N_CLASSES


class Gate(nn.Module):
    """How much of a message passes between a box and a pair: sigmoid of a linear layer over both states, [P,1]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.judge = nn.Linear(2 * width, 1)

    def forward(self, boxes: Tensor, pairs: Tensor) -> Tensor:
        opened: Tensor = self.judge(torch.cat([boxes, pairs], dim=1)).sigmoid()
        return opened


class ImpHead(RelationHead):
    """States of `width` H over region features of `feature_size` D, exchanged in `iterations` rounds."""

    refines_objects = True

    def __init__(self, feature_size: int, width: int, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations
        self.enter_box = nn.Linear(feature_size, width)
        self.enter_pair = nn.Linear(feature_size, width)
        self.subject_to_pair, self.object_to_pair = Gate(width), Gate(width)
        self.pair_to_subject, self.pair_to_object = Gate(width), Gate(width)
        self.update_box = nn.GRUCell(width, width)
        self.update_pair = nn.GRUCell(width, width)
        self.judge_class = nn.Linear(width, N_CLASSES)
        self.judge_pair = nn.Linear(width, N_OUTPUTS)
        self.usual = FrequencyBias()

    def fit(self, object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> Self:
        """Start from what is usual for each class; returns the head."""
        self.usual.fit(object_classes, relations)
        return self

    def forward(self, batch: PairBatch) -> RelationLogits:
        boxes = self.update_box(self.enter_box(batch.object_features))  # [N, H]
        pairs = self.update_pair(self.enter_pair(batch.union_features).relu())  # [P, H]

        for _ in range(self.iterations):
            to_boxes, to_pairs = self.exchange_messages(boxes, pairs, batch.pairs)
            boxes, pairs = self.update_box(to_boxes, boxes), self.update_pair(to_pairs, pairs)

        objects = batch.object_logits + self.judge_class(boxes)  # [N, 36]
        return RelationLogits.from_outputs(self.judge_pair(pairs), objects).with_bias(self.usual(batch))

    def exchange_messages(self, boxes: Tensor, pairs: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
        """Messages to boxes [N,H] and to pairs [P,H] from their states; `ends` [P,2] are the boxes of each pair."""
        subjects, objects = boxes[ends[:, 0]], boxes[ends[:, 1]]
        to_pairs = self.subject_to_pair(subjects, pairs) * subjects + self.object_to_pair(objects, pairs) * objects
        to_subjects = sum_messages(self.pair_to_subject(subjects, pairs) * pairs, ends[:, 0], len(boxes))
        to_objects = sum_messages(self.pair_to_object(objects, pairs) * pairs, ends[:, 1], len(boxes))
        return to_subjects + to_objects, to_pairs
