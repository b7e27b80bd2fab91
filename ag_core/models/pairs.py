"""What every relation head reads: boxes, their class logits and features, and the pairs to judge.

A batch may hold several frames, of several videos; a pair joins two boxes of one frame. No targets, no mode, no file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from ag_core.taxonomy import N_CLASSES

CERTAIN_LOGIT = 20.0
"""Logit of a given class against 0 for the others: probability 1 up to 1e-7."""


HEAD_CELLS = 4
"""Side of a head map in cells."""


@dataclass(frozen=True)
class PairBatch:
    """N boxes and P pairs of them.

    boxes           [N,4] xyxy pixels of the original image
    object_logits   [N,36] class logits
    object_features [N,D] region features of the boxes
    pairs           [P,2] rows of `boxes`: the person, the object
    union_features  [P,U] what is seen in the box around both: region features (U is D), or its whole map
    frame_of_pair   [P] which of the F frames a pair belongs to
    frame_sizes_wh  [F,2] width and height of each frame in pixels
    times_s         [F] seconds of each frame in its video, ascending within a video
    video_of_frame  [F] which video a frame belongs to, from 0
    head_maps       [F,C,4,4] what the pyramid shows of the upper part of the person's box; 0 in a frame without pairs

    A head that looks at a whole video relates frames of one video by their times; any other head ignores both.
    """

    boxes: Tensor
    object_logits: Tensor
    object_features: Tensor
    pairs: Tensor
    union_features: Tensor
    frame_of_pair: Tensor
    frame_sizes_wh: Tensor
    times_s: Tensor
    video_of_frame: Tensor
    head_maps: Tensor

    def __post_init__(self) -> None:
        n, p, d = len(self.boxes), len(self.pairs), self.object_features.shape[-1]
        f = len(self.frame_sizes_wh)
        shapes = {
            "boxes": (n, 4),
            "object_logits": (n, N_CLASSES),
            "object_features": (n, d),
            "pairs": (p, 2),
            "union_features": (p, *self.union_features.shape[1:2]),
            "frame_of_pair": (p,),
            "frame_sizes_wh": (f, 2),
            "times_s": (f,),
            "video_of_frame": (f,),
            "head_maps": (f, *self.head_maps.shape[1:2], HEAD_CELLS, HEAD_CELLS),
        }
        for name, wanted in shapes.items():
            got = tuple(getattr(self, name).shape)
            if got != wanted:
                raise ValueError(f"PairBatch.{name} has shape {list(got)}; it needs {list(wanted)}")
        for name, limit in (("pairs", n), ("frame_of_pair", f)):
            values = getattr(self, name)
            if values.dtype != torch.int64:
                raise ValueError(f"PairBatch.{name} is {values.dtype}; it needs int64")
            if values.numel() and (values.min() < 0 or values.max() >= limit):
                raise ValueError(f"PairBatch.{name} points outside 0 to {limit - 1}")

    @property
    def subject_boxes(self) -> Tensor:
        """[P,4] the person's box of each pair."""
        return self.boxes[self.pairs[:, 0]]

    @property
    def target_boxes(self) -> Tensor:
        """[P,4] the object's box of each pair."""
        return self.boxes[self.pairs[:, 1]]

    @property
    def frame_of_box(self) -> Tensor:
        """[N] the frame of each box; -1 for one that is in no pair."""
        frames = torch.full((len(self.boxes),), -1, device=self.boxes.device)
        frames[self.pairs] = self.frame_of_pair[:, None].expand(-1, 2)
        return frames

    @property
    def object_classes(self) -> Tensor:
        """[P] likeliest class of each pair's object, never the person."""
        return self.object_logits[self.pairs[:, 1], 1:].argmax(dim=1) + 1

    def take_frames(self, order: Sequence[int]) -> "PairBatch":
        """The same batch with some of its frames, each once, in this order, and only their pairs and boxes."""
        chosen = torch.tensor(list(order), dtype=torch.int64, device=self.boxes.device)
        place = torch.full((len(self.times_s),), -1, device=self.boxes.device)
        place[chosen] = torch.arange(len(chosen), device=self.boxes.device)
        of_box, of_pair = self.frame_of_box, place[self.frame_of_pair]
        where = torch.where(of_box >= 0, place[of_box.clamp_min(0)], -1)
        boxes, pairs = (torch.argsort(frames, stable=True) for frames in (where, of_pair))
        boxes, pairs = boxes[where[boxes] >= 0], pairs[of_pair[pairs] >= 0]
        renumbered = torch.full((len(self.boxes),), -1, device=self.boxes.device)
        renumbered[boxes] = torch.arange(len(boxes), device=self.boxes.device)
        return PairBatch(
            boxes=self.boxes[boxes],
            object_logits=self.object_logits[boxes],
            object_features=self.object_features[boxes],
            pairs=renumbered[self.pairs[pairs]],
            union_features=self.union_features[pairs],
            frame_of_pair=of_pair[pairs],
            frame_sizes_wh=self.frame_sizes_wh[chosen],
            times_s=self.times_s[chosen],
            video_of_frame=self.video_of_frame[chosen],
            head_maps=self.head_maps[chosen],
        )

    def to(self, device: torch.device | str) -> "PairBatch":
        """The same batch on another device."""
        return replace(self, **{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def rank_frames(batch: PairBatch) -> tuple[Tensor, Tensor]:
    """[F] the place of each frame in its video by time, from 0, and [F] how many frames its video has."""
    videos = batch.video_of_frame
    order = torch.argsort(batch.times_s, stable=True)
    order = order[torch.argsort(videos[order], stable=True)]
    counts = torch.bincount(videos)
    starts = counts.cumsum(0) - counts
    ranks = torch.empty_like(videos)
    ranks[order] = torch.arange(len(order), device=videos.device) - starts[videos[order]]
    return ranks, counts[videos]


def join_batches(batches: Sequence[PairBatch], one_video: bool = False) -> PairBatch:
    """Several batches, at least one, as one, in their order; boxes, frames and videos are renumbered.

    `one_video` says that all frames are of one video, as when its frames were looked at one after the other.
    """
    parts = {field.name: [getattr(batch, field.name) for batch in batches] for field in fields(PairBatch)}
    boxes = frames = videos = 0
    for number, batch in enumerate(batches):
        parts["pairs"][number] = batch.pairs + boxes
        parts["frame_of_pair"][number] = batch.frame_of_pair + frames
        parts["video_of_frame"][number] = batch.video_of_frame * (not one_video) + videos
        boxes += len(batch.boxes)
        frames += len(batch.frame_sizes_wh)
        if not one_video and len(batch.video_of_frame):
            videos += int(batch.video_of_frame.max()) + 1
    return PairBatch(**{name: torch.cat(tensors) for name, tensors in parts.items()})


def make_one_hot_logits(classes: Tensor) -> Tensor:
    """[N,36] logits that say the given classes [N] (int64) are sure."""
    return torch.nn.functional.one_hot(classes, N_CLASSES).float() * CERTAIN_LOGIT
