"""The interface of all clip networks: a `ClipInput` in, one feature vector a clip out.

What a network wants of a clip (frames, seconds between them, pixels, pathways, regions) stands in its preset, where
the code that decodes videos reads it without loading a network.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ag_core.models.detector import Detector
from ag_core.models.pixels import to_clip_tensors
from ag_core.presets import VideoPreset


@dataclass(frozen=True)
class ClipInput:
    """B clips, and regions in them where a network looks at regions.

    pathways       one tensor [B,3,T,H,W] a pathway, in the order of the preset's `pathway_strides`
    boxes_xyxy     [R,4] regions in pixels of the network's input; R may be 0
    clip_of_box    [R] which of the B clips; frame_of_box [R] which frame of the clip, counted before the strides
    """

    pathways: tuple[Tensor, ...]
    boxes_xyxy: Tensor
    clip_of_box: Tensor
    frame_of_box: Tensor

    def __post_init__(self) -> None:
        if not self.pathways or any(part.ndim != 5 or part.shape[1] != 3 for part in self.pathways):
            shapes = [list(part.shape) for part in self.pathways]
            raise ValueError(f"ClipInput.pathways has shapes {shapes}; it needs one or more of [B,3,T,H,W]")
        if len({len(part) for part in self.pathways}) > 1:
            raise ValueError("the pathways of a ClipInput hold different numbers of clips; give each the same clips")
        n = len(self.boxes_xyxy)
        if self.boxes_xyxy.shape != (n, 4) or self.clip_of_box.shape != (n,) or self.frame_of_box.shape != (n,):
            raise ValueError("ClipInput needs boxes_xyxy [R,4], clip_of_box [R] and frame_of_box [R] of one length")

    def __len__(self) -> int:
        return len(self.pathways[0])

    @staticmethod
    def of_tensors(*pathways: Tensor) -> "ClipInput":
        """Clips without regions."""
        where = pathways[0].device
        none = torch.zeros(0, dtype=torch.int64, device=where)
        return ClipInput(pathways, torch.zeros(0, 4, device=where), none, none)


class ClipNetwork(nn.Module):
    """Clips to features [B, feature_size]. Knows no bank, no classes and no file."""

    feature_size: int

    @abstractmethod
    def forward(self, clips: ClipInput) -> Tensor:
        """[B, feature_size] of the clips, which are not changed."""


class PooledClipNetwork(ClipNetwork):
    """A clip network whose feature is the mean over the places of its last maps, one map a pathway.

    map_channels  of each map; their sum is `feature_size`
    """

    map_channels: tuple[int, ...]

    def forward(self, clips: ClipInput) -> Tensor:
        return torch.cat([places.mean(dim=(2, 3, 4)) for places in self.compute_maps(clips)], dim=1)

    @abstractmethod
    def compute_maps(self, clips: ClipInput) -> tuple[Tensor, ...]:
        """[B,C,T,H,W] of each pathway, whose T may differ, before they are averaged."""


def make_clip_input(
    pixels: NDArray[np.uint8],
    preset: VideoPreset,
    device: torch.device | str = "cpu",
    detector: Detector | None = None,
) -> ClipInput:
    """RGB uint8 clips [B,T,H,W,3] as what a network of `preset` reads: its pathways, and regions where it wants them.

    ValueError where a stride does not divide T, or where regions are wanted and there is no detector to find them.
    """
    frames = pixels.shape[1]
    if any(frames % stride for stride in preset.pathway_strides):
        raise ValueError(f"a clip of {frames} frames cannot be divided by the strides {preset.pathway_strides}")
    tensors = to_clip_tensors(pixels, device)
    clips = ClipInput.of_tensors(*(tensors if s == 1 else tensors[:, :, ::s] for s in preset.pathway_strides))
    if not preset.regions_per_frame:
        return clips
    if detector is None:
        raise ValueError(f"{preset.name} looks at regions; give the detector that finds them")
    searched = pixels[:, :: preset.region_step]
    found = detector.detect(list(searched.reshape(-1, *pixels.shape[2:])))
    best = [each[np.argsort(-each.scores, kind="stable")[: preset.regions_per_frame]] for each in found]
    rows = torch.tensor([len(each) for each in best]).to(device)
    number = torch.arange(len(best), device=device).repeat_interleave(rows)  # of the frame among all that are searched
    boxes = torch.from_numpy(np.concatenate([each.boxes_xyxy for each in best])).to(device)
    clip, frame = number // searched.shape[1], number % searched.shape[1] * preset.region_step
    return replace(clips, boxes_xyxy=boxes, clip_of_box=clip, frame_of_box=frame)
