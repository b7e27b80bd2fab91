"""Pair memory: this project's own head, which judges a pair by what it was before and will be after.

Ideas of the literature on dynamic scene graphs, on the frozen detector's region features. A pair, which is what is seen
and where its boxes lie, as numbers and as masks, hears of the other pairs of its frame, and of the same pair in other
frames of the video: attention masked to one object class, biased by how far apart in time and place the two are. Each
group of relationships has a judge of its own; that of attention also sees the upper part of the person, where the head
is, and in which direction the object lies from there. Another judge puts the object's class right by what the pair is.
The loss is balanced by logit adjustment (Menon et al. 2021, "Long-tail learning via logit adjustment"): while training,
`balance` times the log odds of each relationship are added to the answers, which are given without them, so that a rare
relationship is not given up for being rare.

As in RelDN, what the features say straight away is added, and a table by object class that starts as the training
frequencies. The head looks at the whole video, forward and backward (methods C20).
"""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ag_core.boxes import GEOMETRY_SIZE
from ag_core.models.pairs import HEAD_CELLS, PairBatch, rank_frames
from ag_core.models.relation.frequency import FrequencyBias, count_relation_frequencies, to_relation_logits
from ag_core.models.relation.groups import PaddedGroups
from ag_core.models.relation.head import N_OUTPUTS, RelationHead, RelationLogits
from ag_core.models.relation.place_masks import CELLS, PlaceEncoder
from ag_core.models.relation.reldn import pair_geometry
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group

DIRECTION_SIZE = 7
APART_SIZE = 3
HEAD_HEIGHT = 0.12
"""Where the middle of the head is below the upper edge of a person's box, as a part of its height."""

MAX_MEMORY = 120
"""A pair remembers within so many frames of the video, so that a long one costs no more by the frame."""


def point_to_objects(batch: PairBatch) -> Tensor:
    """[P,7] where the object's middle lies from the person's head.

    The way there in heights of the person (x, y), its direction (x, y), the log of its length, the log of the object's
    size over the person's height, and the log of the person's width over height.
    """
    people, objects = batch.subject_boxes, batch.target_boxes
    sides = (people[:, 2:] - people[:, :2]).clamp(min=1)
    height = sides[:, 1:]
    head = torch.stack([(people[:, 0] + people[:, 2]) / 2, people[:, 1] + HEAD_HEIGHT * height[:, 0]], dim=1)
    way = ((objects[:, :2] + objects[:, 2:]) / 2 - head) / height
    length = way.norm(dim=1, keepdim=True).clamp(min=1e-3)
    size = (objects[:, 2:] - objects[:, :2]).clamp(min=1).prod(dim=1, keepdim=True).sqrt() / height
    return torch.cat([way, way / length, length.log(), size.log(), (sides[:, :1] / height).log()], dim=1)


def find_tracks(batch: PairBatch) -> Tensor:
    """[P] one number for pairs that are the same: an object class in a stretch of MAX_MEMORY frames of a video."""
    ranks, _ = rank_frames(batch)
    stretch = batch.video_of_frame * len(ranks) + ranks // MAX_MEMORY
    return stretch[batch.frame_of_pair] * N_CLASSES + batch.object_classes


class Attention(nn.Module):
    """Attention within groups of rows, with a bias for each two of them and each head."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.enter, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, pairs: Tensor, groups: PaddedGroups, bias: Tensor) -> Tensor:
        """[P,W] from pairs [P,W]; bias [G,heads,L,L] or one that spreads to it."""
        asked = groups.spread(self.enter(pairs))  # [G, L, 3W]
        query, key, value = asked.unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # [G, heads, L, W / heads]
        bias = bias.masked_fill(~groups.known[:, None, None], -torch.inf)
        dropout = self.dropout if self.training else 0.0
        heard = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias, dropout_p=dropout)
        answer: Tensor = self.leave(groups.collect(heard.transpose(1, 2).flatten(2)))
        return answer


class MemoryLayer(nn.Module):
    """A pair hears of its frame, then of itself at other times, then thinks; each is added to what it was."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.hear_frame, self.hear_track = Attention(width, heads, dropout), Attention(width, heads, dropout)
        self.bias_by_distance = nn.Linear(APART_SIZE, heads)
        self.before_frame, self.before_track, self.before_thought = (nn.LayerNorm(width) for _ in range(3))
        self.think = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, pairs: Tensor, frames: PaddedGroups, tracks: PaddedGroups, apart: Tensor) -> Tensor:
        """[P,W] from pairs [P,W]; apart [T,L,L,3] is how far apart the pairs of each track are."""
        same_frame = pairs.new_zeros(len(frames.known), 1, 1, frames.known.shape[1])
        pairs = pairs + self.drop(self.hear_frame(self.before_frame(pairs), frames, same_frame))
        distance = self.bias_by_distance(apart).permute(0, 3, 1, 2)  # [T, heads, L, L]
        pairs = pairs + self.drop(self.hear_track(self.before_track(pairs), tracks, distance))
        thought: Tensor = self.think(self.before_thought(pairs))
        remembered: Tensor = pairs + self.drop(thought)
        return remembered


def measure_distances(batch: PairBatch, tracks: PaddedGroups) -> Tensor:
    """[T,L,L,3] how far apart the pairs of each track are.

    log(1 + seconds); the same, below 0 for what was before; the way of the object's middle in diagonals of the frame.
    """
    times = tracks.spread(batch.times_s[batch.frame_of_pair])
    later = times[:, None, :] - times[:, :, None]
    seconds = later.abs().log1p()
    diagonal = batch.frame_sizes_wh[batch.frame_of_pair].norm(dim=1, keepdim=True)
    middles = tracks.spread((batch.target_boxes[:, :2] + batch.target_boxes[:, 2:]) / 2 / diagonal)
    way = (middles[:, None, :] - middles[:, :, None]).norm(dim=3)
    return torch.stack([seconds, seconds * later.sign(), way], dim=3)


class GazeCue(nn.Module):
    """[P,W] where the person may look, from the map of their upper part, and where the object lies from there."""

    def __init__(self, map_channels: int, width: int) -> None:
        super().__init__()
        self.face = nn.Sequential(nn.Flatten(), nn.Linear(map_channels * HEAD_CELLS**2, width), nn.ReLU())
        self.point = nn.Sequential(nn.Linear(DIRECTION_SIZE, width), nn.ReLU())
        self.meet = nn.Sequential(nn.Linear(2 * width, width), nn.ReLU())

    def forward(self, batch: PairBatch) -> Tensor:
        faces = self.face(batch.head_maps)[batch.frame_of_pair]
        cue: Tensor = self.meet(torch.cat([faces, self.point(point_to_objects(batch))], dim=1))
        return cue


def _make_judge(inputs: int, width: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(inputs), nn.Linear(inputs, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, outputs)
    )


class PairMemoryHead(RelationHead):
    """Pairs of `width` W over region features of `feature_size` D and head maps of `map_channels`.

    heads, layers  of the attention within a frame and within a pair's track
    mask_channels  of the last convolution over the masks of where the boxes lie
    dropout        of features, attention and thought
    balance        0 learns the frequencies as they are, 1 as if all relationships were equally frequent
    """

    prior: Tensor
    whole_video = True
    refines_objects = True

    def __init__(
        self,
        feature_size: int,
        map_channels: int,
        width: int,
        heads: int,
        layers: int,
        mask_channels: int,
        dropout: float,
        balance: float,
    ) -> None:
        super().__init__()
        self.balance = balance
        self.drop = nn.Dropout(dropout)
        self.enter_regions = nn.Linear(3 * feature_size, width)
        self.enter_place = nn.Sequential(nn.Linear(GEOMETRY_SIZE, width), nn.ReLU(), nn.Linear(width, width))
        self.see_masks = PlaceEncoder(mask_channels)
        self.enter_masks = nn.Linear(CELLS * mask_channels, width, bias=False)
        self.enter_class = nn.Linear(N_CLASSES, width, bias=False)
        self.remember = nn.ModuleList(MemoryLayer(width, heads, dropout) for _ in range(layers))
        self.see_gaze = GazeCue(map_channels, width)
        of_group = {group: part.stop - part.start for group, part in GROUP_SLICES.items()}
        self.judge_attention = _make_judge(2 * width, width, of_group[Group.ATTENTION], dropout)
        self.judge_spatial = _make_judge(width, width, of_group[Group.SPATIAL], dropout)
        self.judge_contact = _make_judge(width, width, of_group[Group.CONTACT], dropout)
        self.judge_class = _make_judge(width + feature_size, width, N_CLASSES, dropout)
        self.judge_related = nn.Linear(width, 1)
        self.judge_features = nn.Linear(3 * feature_size, N_RELATIONS)
        nn.init.zeros_(self.judge_features.weight)
        self.usual = FrequencyBias()
        self.register_buffer("prior", torch.zeros(N_RELATIONS))

    @torch.no_grad()
    def fit(self, object_classes: NDArray[np.int64], relations: NDArray[np.bool_]) -> Self:
        """Start from the log odds of classes [n] and relations [n,25], of each class and of all; returns the head."""
        self.usual.fit(object_classes, relations)
        of_all = to_relation_logits(count_relation_frequencies(np.zeros_like(object_classes), relations))[0]
        self.prior.copy_(of_all)
        self.usual.table.weight -= self.balance * of_all
        return self

    def forward(self, batch: PairBatch) -> RelationLogits:
        if not len(batch.pairs):
            return RelationLogits.from_outputs(batch.boxes.new_zeros(0, N_OUTPUTS), batch.object_logits)
        people, objects = batch.pairs.unbind(dim=1)

        # Every pair by itself                                                     [P, W]
        regions = [batch.object_features[people], batch.union_features, batch.object_features[objects]]
        seen = self.drop(torch.cat(regions, dim=1))  # [P, 3D]
        pairs = self.enter_regions(seen) + self.enter_place(pair_geometry(batch))
        pairs = pairs + self.enter_masks(self.see_masks(batch))
        pairs = pairs + self.enter_class(batch.object_logits[objects].softmax(dim=1))

        # Beside the others of its frame, and through the video                    [P, W]
        frames, tracks = PaddedGroups.of(batch.frame_of_pair), PaddedGroups.of(find_tracks(batch))
        apart = measure_distances(batch, tracks)
        for layer in self.remember:
            pairs = layer(pairs, frames, tracks, apart)

        # Three judges, beside what the features say and is usual for the class    [P, 25]
        looked = self.judge_attention(torch.cat([pairs, self.see_gaze(batch)], dim=1))
        predicates = torch.cat([looked, self.judge_spatial(pairs), self.judge_contact(pairs)], dim=1)
        predicates = predicates + self.judge_features(seen) + self.usual(batch)
        if self.training:
            predicates = predicates + self.balance * self.prior

        # What the object is, beside what the detector takes it for                [N, 36]
        named = self.judge_class(torch.cat([pairs, batch.object_features[objects]], dim=1))
        classes = batch.object_logits.index_add(0, objects, named)
        return RelationLogits(predicates, classes, self.judge_related(pairs)[:, 0])
