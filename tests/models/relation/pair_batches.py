"""Batches of pairs for the tests of relation heads."""

from collections.abc import Sequence
from dataclasses import fields, replace

import torch

from ag_core.models.pairs import HEAD_CELLS, PairBatch, make_one_hot_logits
from ag_core.models.relation.losses import PairTargets
from ag_core.taxonomy import N_CLASSES, N_RELATIONS

D = 12
"""Length of the region features in these batches."""
C = 2
"""Channels of the head maps in these batches."""


def make_batch(objects_per_frame: Sequence[int] = (2, 3), seed: int = 0) -> PairBatch:
    """Frames of one video, half a second apart, with one person (first) and some objects each."""
    random = torch.Generator().manual_seed(seed)
    classes: list[int] = []
    pairs: list[tuple[int, int]] = []
    frame_of_pair: list[int] = []
    for frame, n in enumerate(objects_per_frame):
        person = len(classes)
        classes += [0, *(torch.randint(1, N_CLASSES, (n,), generator=random).tolist())]
        pairs += [(person, person + 1 + i) for i in range(n)]
        frame_of_pair += [frame] * n
    corners = torch.rand(len(classes), 2, generator=random) * 50
    return PairBatch(
        boxes=torch.cat([corners, corners + 5 + torch.rand(len(classes), 2, generator=random) * 40], dim=1),
        object_logits=make_one_hot_logits(torch.tensor(classes, dtype=torch.int64)),
        object_features=torch.randn(len(classes), D, generator=random),
        pairs=torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2),
        union_features=torch.randn(len(pairs), D, generator=random),
        frame_of_pair=torch.tensor(frame_of_pair, dtype=torch.int64),
        frame_sizes_wh=torch.full((len(objects_per_frame), 2), 100.0),
        times_s=torch.arange(len(objects_per_frame)) / 2,
        video_of_frame=torch.zeros(len(objects_per_frame), dtype=torch.int64),
        head_maps=torch.randn(len(objects_per_frame), C, HEAD_CELLS, HEAD_CELLS, generator=random),
    )


def name_objects(batch: PairBatch, object_class: int = 5) -> PairBatch:
    """The same batch with all objects of one class, as the same thing seen again and again."""
    classes = torch.full((len(batch.boxes),), object_class)
    classes[batch.pairs[:, 0]] = 0
    return replace(batch, object_logits=make_one_hot_logits(classes))


def permute_pairs(batch: PairBatch, order: torch.Tensor) -> PairBatch:
    """The same pairs in another order."""
    return replace(
        batch,
        pairs=batch.pairs[order],
        union_features=batch.union_features[order],
        frame_of_pair=batch.frame_of_pair[order],
    )


def make_targets(related: list[bool], **relations: list[int]) -> PairTargets:
    """The truth of pairs; `p0=[4]` says that relationship 4 holds for the first of them."""
    predicates = torch.zeros(len(related), N_RELATIONS, dtype=torch.bool)
    for pair, indices in relations.items():
        predicates[int(pair[1:]), indices] = True
    return PairTargets(predicates, torch.tensor(related), torch.ones(len(related), dtype=torch.int64))


def clone_values(batch: PairBatch) -> list[torch.Tensor]:
    """A copy of everything in a batch, to see later whether it was changed."""
    return [getattr(batch, field.name).clone() for field in fields(batch)]
