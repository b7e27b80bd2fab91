"""What every relation head reads: boxes, their class logits and features, and the pairs to judge.

A batch may hold several frames; a pair joins two boxes of one frame. No targets, no mode, no file.
"""

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from ag_core.taxonomy import N_CLASSES

CERTAIN_LOGIT = 20.0
"""Logit of a given class against 0 for the others: probability 1 up to 1e-7."""


@dataclass(frozen=True)
class PairBatch:
    """N boxes and P pairs of them.

    boxes           [N,4] xyxy pixels of the original image
    object_logits   [N,36] class logits
    object_features [N,D] region features of the boxes
    pairs           [P,2] rows of `boxes`: the person, the object
    union_features  [P,D] region features of the box around both
    frame_of_pair   [P] which of the F frames a pair belongs to
    frame_sizes_wh  [F,2] width and height of each frame in pixels
    """

    boxes: Tensor
    object_logits: Tensor
    object_features: Tensor
    pairs: Tensor
    union_features: Tensor
    frame_of_pair: Tensor
    frame_sizes_wh: Tensor

    def __post_init__(self) -> None:
        n, p, d = len(self.boxes), len(self.pairs), self.object_features.shape[-1]
        shapes = {
            "boxes": (n, 4),
            "object_logits": (n, N_CLASSES),
            "object_features": (n, d),
            "pairs": (p, 2),
            "union_features": (p, d),
            "frame_of_pair": (p,),
            "frame_sizes_wh": (len(self.frame_sizes_wh), 2),
        }
        for name, wanted in shapes.items():
            got = tuple(getattr(self, name).shape)
            if got != wanted:
                raise ValueError(f"PairBatch.{name} has shape {list(got)}; it needs {list(wanted)}")
        for name, limit in (("pairs", n), ("frame_of_pair", len(self.frame_sizes_wh))):
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
    def object_classes(self) -> Tensor:
        """[P] likeliest class of each pair's object, never the person."""
        return self.object_logits[self.pairs[:, 1], 1:].argmax(dim=1) + 1

    def to(self, device: torch.device | str) -> "PairBatch":
        """The same batch on another device."""
        return replace(self, **{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def one_hot_logits(classes: Tensor) -> Tensor:
    """[N,36] logits that say the given classes [N] (int64) are sure."""
    return torch.nn.functional.one_hot(classes, N_CLASSES).float() * CERTAIN_LOGIT
