"""Timeception (Hussein et al. 2019, "Timeception for Complex Action Recognition") on the frozen maps of an I3D.

The whole video in many short segments; each passes the frozen body, and layers of grouped temporal convolutions of
several reaches shorten the sequence of their maps (methods C13). At paper size it stands on R101 as in Table 3: 2048
channels, 128 segments of 8 frames, 4 layers. Differences: the body is the project's I3D, not 3D-ResNet-101 of
Kinetics, so a segment's maps are averaged over its time and, two by two, over space, to be as small as the original's;
segments lie evenly over the video instead of at places drawn anew, and mirrored clips in other colours take the place
of that, for which the maps are computed anew in every step instead of being kept; the last linear layer, with its
dropout, lives in `bank_head.py`.
"""

import torch
from torch import Tensor, nn

from ag_core.errors import UserError
from ag_core.models.video.clip_network import ClipInput, ClipNetwork
from ag_core.models.video.frozen_body import FrozenBody, build_frozen_body
from ag_core.presets import I3dPreset

EXPANSION = 1.25
"""Channels behind a layer for each before it."""
DILATIONS = (1, 2, 3)
"""Frames between the three that a temporal convolution sees, one for each branch."""
BRANCHES = 2 + len(DILATIONS)
SEGMENTS_AT_ONCE = 16
"""Through the body, which bounds its memory; it has no gradients that would tie them together."""
HEAD_DROPOUT, HEAD_SLOPE = 0.5, 0.2


class TimeceptionLayer(nn.Module):
    """Groups of channels, each looked at through five temporal branches: [B,C,T,H,W] to [B,C',ceil(T/2),H,W].

    Branches: a 1x1x1 convolution alone, before three depth-wise temporal convolutions, and before a temporal maximum.
    Channels are shuffled at the end, so that the next layer's groups hold some of every group of this one.
    """

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups = groups
        each = int(EXPANSION * channels / (BRANCHES * groups))
        inner = groups * each
        self.out_channels = BRANCHES * inner
        temporal: list[nn.Module] = [nn.Identity()]
        for dilation in DILATIONS:
            convolution = nn.Conv3d(
                inner, inner, (3, 1, 1), padding=(dilation, 0, 0), dilation=(dilation, 1, 1), groups=inner
            )
            temporal.append(convolution)
        temporal.append(nn.Sequential(nn.ConstantPad3d((0, 0, 0, 0, 0, 1), -torch.inf), nn.MaxPool3d((2, 1, 1), 1)))
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv3d(channels, inner, 1, groups=groups), look, nn.BatchNorm3d(inner))
            for look in temporal
        )
        self.pool = nn.MaxPool3d((2, 1, 1), ceil_mode=True)

    def forward(self, x: Tensor) -> Tensor:
        # [B, G, 5, C'/5G, T, H, W]: the branches of a group stand together.
        found = torch.stack([branch(x).unflatten(1, (self.groups, -1)) for branch in self.branches], dim=2)
        shuffled = torch.relu(found).flatten(2, 3).transpose(1, 2).flatten(1, 2)  # [B, C', T, H, W]
        pooled: Tensor = self.pool(shuffled)
        return pooled


class Timeception(ClipNetwork):
    """A pathway [B,3,n * segment_frames,H,W], n segments of a video, to features [B,hidden].

    groups, layers  of the temporal convolutions; `groups` divides the body's channels
    """

    def __init__(self, body: FrozenBody, segment_frames: int, groups: int, layers: int, hidden: int) -> None:
        super().__init__()
        self.body = body
        self.segment_frames = segment_frames
        self.shrink = nn.AvgPool2d(2, ceil_mode=True)
        self.layers = nn.Sequential()
        channels = body.channels
        for _ in range(layers):
            layer = TimeceptionLayer(channels, groups)
            self.layers.append(layer)
            channels = layer.out_channels
        self.dropout = nn.Dropout(HEAD_DROPOUT)
        self.hidden = nn.Sequential(nn.Linear(channels, hidden), nn.BatchNorm1d(hidden), nn.LeakyReLU(HEAD_SLOPE))
        self.feature_size = hidden

    def forward(self, clips: ClipInput) -> Tensor:
        [clip] = clips.pathways
        if clip.shape[2] % self.segment_frames:
            raise ValueError(f"{clip.shape[2]} frames are no whole number of segments of {self.segment_frames}")
        if self.training and len(clip) == 1:
            raise UserError("Timeception is normalised over the videos of a step, and this one has 1; give --batch 2")
        x = self.layers(self.describe_segments(clip))  # [B, C', n / 2^layers, h, w]
        features: Tensor = self.hidden(self.dropout(x.amax(dim=(2, 3, 4))))
        return features

    def describe_segments(self, clip: Tensor) -> Tensor:
        """[B,C,n,h,w] the body's maps of the n segments of clips [B,3,n * segment_frames,H,W]."""
        segments = clip.unflatten(2, (-1, self.segment_frames)).transpose(1, 2).flatten(0, 1)  # [B n, 3, F, H, W]
        parts = [self.body(part).mean(dim=2) for part in segments.split(SEGMENTS_AT_ONCE)]
        maps: Tensor = self.shrink(torch.cat(parts)).unflatten(0, (len(clip), -1))  # [B, n, C, h, w]
        return maps.transpose(1, 2)


def build_timeception(body: I3dPreset, segment_frames: int, groups: int, layers: int, hidden: int) -> Timeception:
    """Timeception on a frozen I3D, both with fresh weights; arguments as in `TimeceptionPreset`."""
    return Timeception(build_frozen_body(body), segment_frames, groups, layers, hidden)
