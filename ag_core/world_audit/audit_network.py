"""The network of all audits: one small encoder, two convolutions over time, one linear layer."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ag_core.taxonomy import N_ACTIONS
from ag_core.video.clips import list_clip_centre_times
from ag_core.world_audit.audit_inputs import AuditViews

WIDTH = 96


class FrameEncoder(nn.Module):
    """Frames [N,C,H,W] to [N,width]: three convolutions, the first in steps of `stride` pixels, and a coarse grid."""

    def __init__(self, channels: int, stride: int, width: int) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, 16, 5, stride, 2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d((3, 5)),
        )
        self.linear = nn.Linear(64 * 15, width)

    def forward(self, frames: Tensor) -> Tensor:
        features: Tensor = self.linear(self.convolutions(frames).flatten(1))
        return features


class VectorEncoder(nn.Module):
    """Vectors [N,D] to [N,width], after scaling each entry as it varies in training."""

    def __init__(self, mean: Tensor, deviation: Tensor, width: int) -> None:
        super().__init__()
        self.mean, self.scale = mean, 1 / deviation.clamp(min=0.1)
        self.linear = nn.Linear(len(mean), width)

    def forward(self, vectors: Tensor) -> Tensor:
        features: Tensor = self.linear((vectors - self.mean) * self.scale)
        return features


class AuditNetwork(nn.Module):
    """Frames [B,T,...] to logits [B,157]: encoder, two convolutions over time, maximum and mean, classifier."""

    def __init__(self, encoder: nn.Module, width: int, linear: bool, prior: Tensor) -> None:
        super().__init__()
        self.encoder = encoder
        self.linear = linear
        if not linear:
            self.over_time = nn.ModuleList(nn.Conv1d(width, width, 3, padding=1) for _ in range(2))
            self.dropout = nn.Dropout(0.3)
            self.classifier = nn.Linear(2 * width, N_ACTIONS)
            nn.init.normal_(self.classifier.weight, std=0.01)
        self.bias = nn.Parameter(prior.clone())

    def forward(self, frames: Tensor) -> Tensor:
        logits: Tensor = self.encoder(frames.amax(dim=1)) if self.linear else self._read_in_time(frames)
        return logits + self.bias

    def _read_in_time(self, frames: Tensor) -> Tensor:
        encoded = functional.relu(self.encoder(frames.flatten(0, 1)))
        steps = encoded.unflatten(0, frames.shape[:2]).transpose(1, 2)  # [B,width,T]
        for convolution in self.over_time:
            steps = steps + functional.relu(convolution(steps))
        pooled = torch.cat([steps.amax(dim=2), steps.mean(dim=2)], dim=1)
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits


def build_network(views: AuditViews) -> AuditNetwork:
    """The network for what an audit sees; starts at the prior and scale of its training clips."""
    audit = views.audit
    examples = [
        views.example(number, centre)
        for number, video in enumerate(views.videos)
        for centre in (list_clip_centre_times(video.truth.duration_s, 3) if audit.n_frames else (0.0,))
    ]
    share = (np.sum([labels for _, labels in examples], axis=0) + 0.1) / (len(examples) + 1)
    prior = torch.from_numpy(np.log(share / (1 - share))).float()
    shape = examples[0][0].shape[1:]
    width = N_ACTIONS if audit.linear else WIDTH
    encoder: nn.Module
    if len(shape) == 1:
        values = torch.from_numpy(np.concatenate([frames for frames, _ in examples]))
        encoder = VectorEncoder(values.mean(dim=0), values.std(dim=0), width)
        if audit.linear:
            nn.init.zeros_(encoder.linear.weight)
            nn.init.zeros_(encoder.linear.bias)
    else:
        encoder = FrameEncoder(3, 4, width) if len(shape) == 3 else FrameEncoder(1, 3, width)
    return AuditNetwork(encoder, width, audit.linear, prior)


def to_network_input(frames: NDArray[Any]) -> Tensor:
    """Frames [B,T,...] for the network: vectors as they are, frames [B,T,C,H,W] from -0.5 to 0.5."""
    if frames.ndim == 3:
        return torch.from_numpy(frames)
    if frames.dtype == np.bool_:
        return torch.from_numpy(frames[:, :, None]).float() - 0.5
    return torch.from_numpy(np.moveaxis(frames, -1, 2)).float() / 255 - 0.5
