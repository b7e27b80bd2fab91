"""RoIAlign over a pyramid for a network that only predicts on a processor: torchvision's numbers in less time.

A pooled cell is a weighted sum of sixteen cells of the map: two by two samples, each between four cells. Where channels
are innermost in memory, these are sixteen rows of a table, and the sum is one look-up with weights.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag
from torchvision.models.detection import FasterRCNN
from torchvision.ops import MultiScaleRoIAlign

SAMPLES = 2
"""Samples along each side of a pooled cell."""

_ROUNDING = 1e-6
"""That torchvision adds before it rounds to a level."""


class GatheringRoiAlign(MultiScaleRoIAlign):  # type: ignore[misc]  # torchvision has no types
    """The same pooling as another one of two by two samples; as that one itself where there is a GPU."""

    @classmethod
    def like(cls, pool: MultiScaleRoIAlign) -> "GatheringRoiAlign":
        """One with the numbers of another."""
        return cls(
            pool.featmap_names,
            pool.output_size,
            pool.sampling_ratio,
            canonical_scale=pool.canonical_scale,
            canonical_level=pool.canonical_level,
        )

    def forward(
        self, levels: dict[str, Tensor], boxes: Sequence[Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> Tensor:
        """[N,C,S,S] of all boxes, image after image: [n,4] each, in pixels of images of these heights and widths."""
        maps = [levels[name] for name in self.featmap_names]
        if maps[0].device.type != "cpu":
            pooled: Tensor = super().forward(levels, list(boxes), list(image_sizes))
            return pooled
        height = max(height for height, _ in image_sizes)
        scales = [2.0 ** round(math.log2(level.shape[-2] / height)) for level in maps]
        image_of_box = torch.cat([torch.full((len(each),), image) for image, each in enumerate(boxes)])
        joined = torch.cat(list(boxes))
        chosen = self._choose_levels(joined, scales)
        pooled = joined.new_zeros(len(joined), *self.output_size, maps[0].shape[1])
        for number, (level, scale) in enumerate(zip(maps, scales)):
            rows = torch.where(chosen == number)[0]
            pooled[rows] = _pool(level, joined[rows] * scale, image_of_box[rows], self.output_size)
        return pooled.permute(0, 3, 1, 2).contiguous()

    def _choose_levels(self, boxes: Tensor, scales: Sequence[float]) -> Tensor:
        """[N] the level of each box by its area (Lin et al. 2017, formula 1)."""
        side = torch.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
        wanted = torch.floor(self.canonical_level + torch.log2(side / self.canonical_scale) + _ROUNDING)
        first, last = (-math.log2(scale) for scale in (scales[0], scales[-1]))
        return (wanted.clamp(first, last) - first).long()


def pool_by_gathering(network: FasterRCNN) -> FasterRCNN:
    """The same detector in evaluation mode, changed in place, with the quicker pooling where it pools a pyramid."""
    heads = network.roi_heads
    if heads.box_roi_pool.sampling_ratio == SAMPLES:
        heads.box_roi_pool = GatheringRoiAlign.like(heads.box_roi_pool)
    return network


def _pool(level: Tensor, boxes: Tensor, image_of_box: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """[n,h,w,C] of boxes [n,4] in cells of a level [B,C,H,W]."""
    n, channels, height, width = len(boxes), *level.shape[1:]
    rows, of_rows = _find_neighbours(boxes[:, 1], boxes[:, 3], size_hw[0], height)
    columns, of_columns = _find_neighbours(boxes[:, 0], boxes[:, 2], size_hw[1], width)
    rows = (image_of_box[:, None, None] * height + rows) * width
    index = rows[:, :, None, :, None] + columns[:, None, :, None, :]  # [n, h, w, 4, 4]
    weights = of_rows[:, :, None, :, None] * of_columns[:, None, :, None, :]
    table = level.permute(0, 2, 3, 1).reshape(-1, channels)
    summed = embedding_bag(
        index.reshape(-1, 16), table, mode="sum", per_sample_weights=weights.reshape(-1, 16).to(table.dtype)
    )
    return summed.reshape(n, *size_hw, channels)


def _find_neighbours(start: Tensor, end: Tensor, parts: int, length: int) -> tuple[Tensor, Tensor]:
    """Along one side of boxes [n]: of each part, the cells [n,parts,4] around its two samples, and their weights.

    A sample is between two of `length` cells; one that is more than a cell outside counts nothing.
    """
    step = (end - start).clamp_min(1) / parts
    places = torch.arange(parts * SAMPLES).unflatten(0, (parts, SAMPLES))
    offsets = (places // SAMPLES) * step[:, None, None] + (places % SAMPLES + 0.5) * step[:, None, None] / SAMPLES
    at = start[:, None, None] + offsets
    inside = (at >= -1) & (at <= length)
    at = at.clamp(0, length - 1)
    low = at.floor()
    share = at - low
    cells = torch.stack([low, (low + 1).clamp_max(length - 1)], dim=3).long()
    weights = torch.stack([1 - share, share], dim=3) * inside[..., None] / SAMPLES
    return cells.flatten(2), weights.flatten(2)
