"""MSDN: scene graph generation from objects, phrases and region captions (Li et al. 2017), without captions.

A pair is a phrase. In every round boxes hear of their phrases and phrases of their two boxes, through gates of many
templates; the message is added to the state through linear layers, without a recurrent unit (methods C6).

Differences from the original: Action Genome has no captions, so there are two kinds of nodes instead of three, and a
phrase averages over its subject and its object alone; a linear layer brings the frozen detector's features to the
states' width; relationships come in three groups with relatedness; class logits are added to the detector's, and what
is usual for the object's class to the relationships, since no phrase is told the classes it is given. A box hears all
of its phrases; a public port keeps only the first. That port has two rounds, as here, the original's command line one.
"""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.models.pairs import PairBatch
from ag_core.models.relation.frequency import FrequencyBias
from ag_core.models.relation.head import N_OUTPUTS, RelationHead, RelationLogits
from ag_core.models.relation.messages import average_messages
from ag_core.taxonomy import N_CLASSES

N_TEMPLATES = 128


class Gate(nn.Module):
    """A source's state, as far as the mean over templates of sigmoid(W ReLU([target ; source])) lets it pass, [P,H]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.templates = nn.Linear(2 * width, N_TEMPLATES)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        opened = self.templates(torch.cat([target, source], dim=1).relu()).sigmoid().mean(dim=1, keepdim=True)
        message: Tensor = opened * source
        return message


class Update(nn.Module):
    """A state with a message added: x + W ReLU(message) + V ReLU(x)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.take_message = nn.Linear(width, width)
        self.take_state = nn.Linear(width, width)

    def forward(self, state: Tensor, message: Tensor) -> Tensor:
        updated: Tensor = state + self.take_message(message.relu()) + self.take_state(state.relu())
        return updated


class MsdnHead(RelationHead):
    """States of `width` H over region features of `feature_size` D, exchanged in `iterations` rounds."""

    refines_objects = True

    def __init__(self, feature_size: int, width: int, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations
        self.enter_box = nn.Linear(feature_size, width)
        self.enter_phrase = nn.Linear(feature_size, width)
        self.subject_to_phrase, self.object_to_phrase = Gate(width), Gate(width)
        self.phrase_to_subject, self.phrase_to_object = Gate(width), Gate(width)
        self.update_box, self.update_phrase = Update(width), Update(width)
        self.judge_class = nn.Linear(width, N_CLASSES)
        self.judge_phrase = nn.Linear(width, N_OUTPUTS)
        self.usual = FrequencyBias()

    def fit(self, object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> Self:
        """Start from what is usual for each class; returns the head."""
        self.usual.fit(object_classes, relations)
        return self

    def forward(self, batch: PairBatch) -> RelationLogits:
        boxes = self.enter_box(batch.object_features)  # [N, H]
        phrases = self.enter_phrase(batch.union_features)  # [P, H]

        for _ in range(self.iterations):
            to_boxes, to_phrases = self.exchange_messages(boxes, phrases, batch.pairs)
            boxes, phrases = self.update_box(boxes, to_boxes), self.update_phrase(phrases, to_phrases)

        objects = batch.object_logits + self.judge_class(boxes.relu())  # [N, 36]
        answers = RelationLogits.from_outputs(self.judge_phrase(phrases.relu()), objects)
        return answers.with_bias(self.usual(batch))

    def exchange_messages(self, boxes: Tensor, phrases: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
        """Messages to boxes [N,H] and to phrases [P,H]; `ends` [P,2] are the boxes of each phrase.

        A box averages over its phrases as subject and over those as object, then over the two, which may be 0.
        """
        subjects, objects = boxes[ends[:, 0]], boxes[ends[:, 1]]
        as_subject = average_messages(self.phrase_to_subject(phrases, subjects), ends[:, 0], len(boxes))
        as_object = average_messages(self.phrase_to_object(phrases, objects), ends[:, 1], len(boxes))
        of_subject, of_object = self.subject_to_phrase(subjects, phrases), self.object_to_phrase(objects, phrases)
        return (as_subject + as_object) / 2, (of_subject + of_object) / 2
