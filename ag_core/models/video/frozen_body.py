"""An I3D that is not trained: other clip networks look at its maps."""

import torch
from torch import Tensor, nn

from ag_core.models.references import select_own_arguments
from ag_core.models.video.i3d import I3dNonLocal
from ag_core.presets import I3dPreset, VideoPreset


class FrozenBody(nn.Module):
    """Clips [B,3,T,H,W] to the maps [B,channels,T',H',W'] of an I3D, which no gradient reaches.

    Its batch normalisation keeps the statistics that it was trained with.
    """

    def __init__(self, network: I3dNonLocal) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self.channels = network.feature_size

    def train(self, mode: bool = True) -> "FrozenBody":
        """Stay in evaluation mode whatever is asked."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, clip: Tensor) -> Tensor:
        return self.network.compute_map(clip)


def build_frozen_body(preset: I3dPreset) -> FrozenBody:
    """The I3D of a preset with fresh weights, frozen."""
    return FrozenBody(I3dNonLocal(**select_own_arguments(preset, VideoPreset)))
