"""A relation head in one file, as docs/adding_a_model.md shows: it looks at all frames of a video.

A pair is judged by its union's features and by the mean of all pairs of its video, so that a frame hears of the others.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ag_core.models.pairs import PairBatch
from ag_core.models.relation.head import RelationHead, RelationLogits
from ag_core.models.relation.losses import Mean, PairTargets, compute_grouped_losses, mean_or_zero
from ag_core.presets import RelationPreset
from ag_core.taxonomy import N_RELATIONS


@dataclass(frozen=True)
class ToyHeadPreset(RelationPreset):
    """Region features of `feature_size`; the fields added here are the head's arguments."""

    feature_size: int


class ToyHead(RelationHead):
    """One layer over [union features ; their mean over the video]."""

    whole_video = True

    def __init__(self, feature_size: int) -> None:
        super().__init__()
        self.judge = nn.Linear(2 * feature_size, N_RELATIONS + 1)

    def forward(self, batch: PairBatch) -> RelationLogits:
        videos = batch.video_of_frame[batch.frame_of_pair]  # [P]
        count = int(videos.max()) + 1 if len(videos) else 0
        pairs = torch.bincount(videos, minlength=count).clamp(min=1)[:, None]
        total = batch.union_features.new_zeros(count, batch.union_features.shape[1])
        mean = total.index_add(0, videos, batch.union_features) / pairs  # [videos, D]
        found = self.judge(torch.cat([batch.union_features, mean[videos]], dim=1))  # [P, 26]
        return RelationLogits(found[:, :N_RELATIONS], batch.object_logits, found[:, N_RELATIONS])


def toy_losses(
    batch: PairBatch, logits: RelationLogits, targets: PairTargets, mean: Mean = mean_or_zero
) -> dict[str, Tensor]:
    """The shared terms, and a small one of the head's own."""
    return compute_grouped_losses(batch, logits, targets, mean) | {"size": 1e-3 * mean(logits.predicates.square())}
