"""A clip network in one file, as docs/adding_a_model.md shows: two pathways, and regions of the clip."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ag_core.models.video.clip_network import ClipInput, ClipNetwork
from ag_core.presets import VideoPreset


@dataclass(frozen=True, kw_only=True)
class ToyNetworkPreset(VideoPreset):
    """`width` channels of each pathway; the field added here is the network's argument."""

    width: int

    @property
    def feature_size(self) -> int:
        """Two pathways, and the mean box of the regions."""
        return 2 * self.width + 4


class ToyNetwork(ClipNetwork):
    """One convolution a pathway, averaged, beside where the regions of the clip lie on average."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.feature_size = 2 * width + 4
        self.slow = nn.Conv3d(3, width, (1, 4, 4), stride=(1, 4, 4))
        self.fast = nn.Conv3d(3, width, (3, 4, 4), stride=(1, 4, 4), padding=(1, 0, 0))

    def forward(self, clips: ClipInput) -> Tensor:
        slow, fast = clips.pathways  # [B,3,T/4,H,W], [B,3,T,H,W]
        boxes = clips.boxes_xyxy.new_zeros(len(clips), 4).index_add(0, clips.clip_of_box, clips.boxes_xyxy)
        regions = torch.bincount(clips.clip_of_box, minlength=len(clips)).clamp(min=1)[:, None]
        height, width = slow.shape[-2:]
        where = boxes / regions / torch.tensor([width, height, width, height], device=boxes.device)
        return torch.cat([self.slow(slow).mean((2, 3, 4)), self.fast(fast).mean((2, 3, 4)), where], dim=1)
