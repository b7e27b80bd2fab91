"""SlowFast (Feichtenhofer et al. 2019, "SlowFast Networks for Video Recognition"), with or without non-local blocks.

Two ResNets over one clip: a wide one sees few of its frames, a narrow one all; after the stem and every stage but the
last the wide one is told what the narrow one sees. At paper size they are R101 (methods C14). Differences: a non-local
block has no batch normalisation behind W, which starts at 0 instead of that one's scale; the classifier, dropout
before it included, lives in `bank_head.py`.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ag_core.models.video.blocks import Bottleneck, NonLocal, convolution
from ag_core.models.video.clip_network import ClipInput, PooledClipNetwork

LATERAL_GROWTH = 2
"""A lateral connection gives so many channels for each that it takes."""
SLOW_STEM, FAST_STEM, STEM_STRIDE = (1, 7, 7), (5, 7, 7), (1, 2, 2)


class Lateral(nn.Module):
    """The slow maps beside the fast ones brought to their rate: [B,S,T,H,W], [B,F,alpha*T,H,W] to [B,S+2F,T,H,W]."""

    def __init__(self, fast_channels: int, kernel: int, alpha: int) -> None:
        super().__init__()
        self.translate = convolution(fast_channels, LATERAL_GROWTH * fast_channels, (kernel, 1, 1), (alpha, 1, 1))

    def forward(self, slow: Tensor, fast: Tensor) -> Tensor:
        return torch.cat([slow, torch.relu(self.translate(fast))], dim=1)


class SlowFast(PooledClipNetwork):
    """Slow frames [B,3,T,H,W] and fast ones [B,3,alpha*T,H,W] to features [B, 32 * (base_width + fast_width)].

    Arguments as in `SlowFastPreset`; (stage, block) of `nonlocal_blocks` counts stages from 2 and blocks from 0.
    """

    def __init__(
        self,
        blocks: tuple[int, int, int, int],
        slow_temporal: tuple[int, int, int, int],
        fast_temporal: tuple[int, int, int, int],
        nonlocal_blocks: tuple[tuple[int, int], ...],
        base_width: int,
        fast_width: int,
        alpha: int,
        lateral_kernel: int,
    ) -> None:
        super().__init__()
        self.alpha = alpha
        self.slow_stem = convolution(3, base_width, SLOW_STEM, STEM_STRIDE)
        self.fast_stem = convolution(3, fast_width, FAST_STEM, STEM_STRIDE)
        self.pool_stem = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
        laterals, slow_stages, fast_stages = [], [], []
        slow, fast = base_width, fast_width
        for index, depth in enumerate(blocks):
            laterals.append(Lateral(fast, lateral_kernel, alpha))
            slow += LATERAL_GROWTH * fast
            looking = [block for stage, block in nonlocal_blocks if stage == index + 2]
            inner, fast_inner, halves = base_width * 2**index, fast_width * 2**index, index > 0
            slow_stages.append(build_stage(slow, inner, depth, halves, slow_temporal[index], looking))
            fast_stages.append(build_stage(fast, fast_inner, depth, halves, fast_temporal[index]))
            slow, fast = 4 * inner, 4 * fast_inner
        self.laterals = nn.ModuleList(laterals)
        self.slow_stages = nn.ModuleList(slow_stages)
        self.fast_stages = nn.ModuleList(fast_stages)
        self.feature_size = slow + fast
        self.map_channels = (slow, fast)
        for module in self.modules():
            if isinstance(module, nn.Conv3d) and module.bias is None:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def compute_maps(self, clips: ClipInput) -> tuple[Tensor, Tensor]:
        slow, fast = clips.pathways
        if fast.shape[2] != self.alpha * slow.shape[2]:
            raise ValueError(
                f"the pathways have {slow.shape[2]} and {fast.shape[2]} frames; the second needs {self.alpha} times "
                "the first"
            )
        slow = self.pool_stem(torch.relu(self.slow_stem(slow)))  # [B, base, T, H/4, W/4]
        fast = self.pool_stem(torch.relu(self.fast_stem(fast)))  # [B, fast, alpha T, H/4, W/4]
        for lateral, slow_stage, fast_stage in zip(self.laterals, self.slow_stages, self.fast_stages):
            slow, fast = slow_stage(lateral(slow, fast)), fast_stage(fast)
        return slow, fast


def build_stage(
    channels: int, inner: int, depth: int, halves: bool, temporal: int, looking: Sequence[int] = ()
) -> nn.Sequential:
    """[B,channels,T,H,W] to [B,4*inner,T,H',W'], half of the height and width if `halves`.

    temporal  how many first blocks span three frames; looking: the blocks that a non-local one follows
    """
    stage = nn.Sequential()
    for block in range(depth):
        stage.append(Bottleneck(channels, inner, 2 if halves and block == 0 else 1, block < temporal))
        channels = 4 * inner
        if block in looking:
            stage.append(NonLocal(channels, softmax=False))
    return stage
