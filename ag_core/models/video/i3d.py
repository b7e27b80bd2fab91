"""I3D ResNet with non-local blocks (Carreira and Zisserman 2017; Wang et al. 2018), the clip network of LFB and SGFB.

A ResNet over clips whose every other block sees three frames at once, with non-local blocks in res3 and res4. At paper
size it is LFB's R101 for Charades (methods C12), last stage at stride 1. Differences: batch normalisation stays a
layer instead of being folded into constants; the classifier lives in `bank_head.py`.
"""

import torch
from torch import Tensor, nn

from ag_core.models.video.blocks import Bottleneck, NonLocal, convolution
from ag_core.models.video.clip_network import ClipInput, PooledClipNetwork

GROUPED_STAGE = 3
"""Non-local blocks of res3 work on groups of frames to save memory; those of later stages see all."""


class I3dNonLocal(PooledClipNetwork):
    """One pathway [B,3,T,H,W] to features [B, 32 * base_width]; T even. Arguments as in `I3dPreset`.

    blocks of res2 to res5; (stage, block) of `nonlocal_blocks` counts stages from 2 and blocks from 0.
    """

    def __init__(
        self,
        blocks: tuple[int, int, int, int],
        temporal_blocks: tuple[tuple[int, ...], ...],
        nonlocal_blocks: tuple[tuple[int, int], ...],
        nonlocal_group: int | None,
        base_width: int,
        stem_kernel: tuple[int, int, int],
        stem_stride: tuple[int, int, int],
        last_stride: int,
    ) -> None:
        super().__init__()
        self.stem = convolution(3, base_width, stem_kernel, stem_stride)
        self.pool_stem = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
        self.pool_time = nn.MaxPool3d((2, 1, 1), (2, 1, 1))
        stages, channels = [], base_width
        for index, (depth, stride) in enumerate(zip(blocks, (1, 2, 2, last_stride))):
            inner, stage = base_width * 2**index, nn.Sequential()
            for block in range(depth):
                temporal = block in temporal_blocks[index]
                stage.append(Bottleneck(channels, inner, stride if block == 0 else 1, temporal))
                channels = 4 * inner
                if (index + 2, block) in nonlocal_blocks:
                    stage.append(NonLocal(channels, nonlocal_group if index + 2 == GROUPED_STAGE else None))
            stages.append(stage)
        self.stages = nn.ModuleList(stages)
        self.feature_size = channels
        self.map_channels = (channels,)
        for module in self.modules():
            if isinstance(module, nn.Conv3d) and module.bias is None:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def compute_maps(self, clips: ClipInput) -> tuple[Tensor]:
        [clip] = clips.pathways
        return (self.compute_map(clip),)

    def compute_map(self, clip: Tensor) -> Tensor:
        """[B, 32 base, T/2, H/16, W/16] of a clip [B,3,T,H,W]."""
        x: Tensor = self.pool_stem(torch.relu(self.stem(clip)))  # [B, base, T, H/4, W/4]
        x = self.pool_time(self.stages[0](x))  # [B, 4 base, T/2, H/4, W/4]
        for stage in self.stages[1:]:
            x = stage(x)
        return x
