"""Graph R-CNN (Yang et al. 2018): which pairs are related, and an attentional graph convolution over them.

RelPN scores a pair from what its two boxes are and where they lie; its score is the pair's relatedness. The graph
convolution then tells boxes of other boxes and of their pairs, and pairs of their boxes: twice on features, twice on
class and relationship scores (methods C8).

Differences from the original: every pair has the same person, so there are few pairs and none is pruned;
relationships come in Action Genome's three groups; class scores begin at the detector's and relationship scores at what
is usual for the object's class. Weighing neighbours
(`attention`) is the paper's, equal neighbours are the public port's. A pair has one subject and one object, and an
object here one pair, so only messages between boxes and from pairs to their person are weighed. The paper does not say
how wide the layer is that weighs; here it is as wide as RelPN's.
"""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.models.pairs import PairBatch
from ag_core.models.relation.frequency import FrequencyBias
from ag_core.models.relation.head import RelationHead, RelationLogits
from ag_core.models.relation.messages import average_messages, share_attention, sum_messages
from ag_core.taxonomy import N_CLASSES, N_RELATIONS

PROPOSAL_WIDTH = 64
STEPS = 2
"""On features, and again on scores."""


def _make_projection(inputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, PROPOSAL_WIDTH), nn.ReLU(), nn.Linear(PROPOSAL_WIDTH, PROPOSAL_WIDTH))


class RelationProposals(nn.Module):
    """RelPN: logits [P] of being related, phi(l_i) . psi(l_j) + phi'(b_i) . psi'(b_j) of class logits and places."""

    def __init__(self) -> None:
        super().__init__()
        self.subject_class, self.object_class = _make_projection(N_CLASSES), _make_projection(N_CLASSES)
        self.subject_place, self.object_place = _make_projection(6), _make_projection(6)

    def forward(self, batch: PairBatch) -> Tensor:
        subjects, objects = batch.object_logits[batch.pairs].unbind(dim=1)  # [P, 36] each
        sizes = batch.frame_sizes_wh[batch.frame_of_pair]
        where_subject, where_object = place_boxes(batch.subject_boxes, sizes), place_boxes(batch.target_boxes, sizes)
        alike = self.subject_class(subjects) * self.object_class(objects)
        near = self.subject_place(where_subject) * self.object_place(where_object)
        related: Tensor = (alike + near).sum(dim=1)
        return related


def place_boxes(boxes: Tensor, sizes_wh: Tensor) -> Tensor:
    """[N,6] x1/W, y1/H, x2/W, y2/H, the box's share of the frame, and height / (width + 1) in pixels."""
    width, height = (boxes[:, 2:] - boxes[:, :2]).unbind(dim=1)
    share = width * height / sizes_wh.prod(dim=1)
    return torch.cat([boxes / sizes_wh.repeat(1, 2), share[:, None], (height / (width + 1))[:, None]], dim=1)


class Collect(nn.Module):
    """What one kind of node hears of another: the mean of ReLU(W x) over its neighbours, or an attention over them."""

    def __init__(self, of_source: int, of_target: int, attention: bool = False) -> None:
        super().__init__()
        self.tell = nn.Linear(of_source, of_target)
        self.weigh: nn.Module | None = None
        if attention:
            hidden = nn.Linear(of_source + of_target, PROPOSAL_WIDTH)
            self.weigh = nn.Sequential(hidden, nn.Sigmoid(), nn.Linear(PROPOSAL_WIDTH, 1, bias=False))
        nn.init.normal_(self.tell.weight, std=0.01)
        nn.init.zeros_(self.tell.bias)

    def forward(self, sources: Tensor, targets: Tensor, source_of: Tensor, target_of: Tensor) -> Tensor:
        """[T,d] for targets [T,d] from sources [S,s]; an edge leads from `source_of` [E] to `target_of` [E]."""
        told = self.tell(sources).relu()[source_of]
        if self.weigh is None:
            return average_messages(told, target_of, len(targets))
        scores = self.weigh(torch.cat([targets[target_of], sources[source_of]], dim=1))[:, 0]
        shares = share_attention(scores, target_of, len(targets))
        return sum_messages(shares[:, None] * told, target_of, len(targets))


class GraphConvolution(nn.Module):
    """One step over boxes and pairs; its weights are shared by the steps on features, or on scores."""

    def __init__(self, of_box: int, of_pair: int, attention: bool) -> None:
        super().__init__()
        self.box_from_box = Collect(of_box, of_box, attention)
        self.box_from_pair_as_subject = Collect(of_pair, of_box, attention)
        self.box_from_pair_as_object = Collect(of_pair, of_box)
        self.pair_from_subject = Collect(of_box, of_pair)
        self.pair_from_object = Collect(of_box, of_pair)

    def forward(self, boxes: Tensor, pairs: Tensor, ends: Tensor, neighbours: Tensor) -> tuple[Tensor, Tensor]:
        """New states of boxes [N,b] and pairs [P,p]; ends [P,2] boxes of a pair, neighbours [E,2] from box to box."""
        subjects, objects = ends.unbind(dim=1)
        rows = torch.arange(len(pairs), device=pairs.device)
        to_boxes = self.box_from_box(boxes, boxes, *neighbours.unbind(dim=1))
        to_boxes = to_boxes + self.box_from_pair_as_subject(pairs, boxes, rows, subjects)
        to_boxes = to_boxes + self.box_from_pair_as_object(pairs, boxes, rows, objects)
        to_pairs = self.pair_from_subject(boxes, pairs, subjects, rows)
        to_pairs = to_pairs + self.pair_from_object(boxes, pairs, objects, rows)
        return boxes + to_boxes / 3, pairs + to_pairs / 2


class GraphRcnnHead(RelationHead):
    """RelPN, then graph convolutions of `width` H over region features of `feature_size` D."""

    refines_objects = True

    def __init__(self, feature_size: int, width: int, attention: bool) -> None:
        super().__init__()
        self.propose = RelationProposals()
        self.enter_box = nn.Linear(feature_size, width)
        self.enter_pair = nn.Linear(feature_size, width)
        self.convolve_features = GraphConvolution(width, width, attention)
        self.judge_class = nn.Linear(width, N_CLASSES)
        self.judge_pair = nn.Linear(width, N_RELATIONS)
        self.convolve_scores = GraphConvolution(N_CLASSES, N_RELATIONS, attention)
        self.usual = FrequencyBias()

    def fit(self, object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> Self:
        """Start from what is usual for each class; returns the head."""
        self.usual.fit(object_classes, relations)
        return self

    def forward(self, batch: PairBatch) -> RelationLogits:
        neighbours = list_neighbours(batch)

        boxes = self.enter_box(batch.object_features).relu()  # [N, H]
        pairs = self.enter_pair(batch.union_features).relu()  # [P, H]
        for _ in range(STEPS):
            boxes, pairs = self.convolve_features(boxes, pairs, batch.pairs, neighbours)

        classes = batch.object_logits + self.judge_class(boxes)  # [N, 36]
        predicates = self.judge_pair(pairs) + self.usual(batch)  # [P, 25]
        for _ in range(STEPS):
            classes, predicates = self.convolve_scores(classes, predicates, batch.pairs, neighbours)
        return RelationLogits(predicates, classes, self.propose(batch))


def list_neighbours(batch: PairBatch) -> Tensor:
    """[E,2] ordered pairs of different boxes of the same frame; a box in no pair has no neighbours."""
    frames = batch.frame_of_box
    together = (frames[:, None] == frames) & (frames >= 0)
    return torch.nonzero(together.fill_diagonal_(False))
