"""Where person and object lie in the box around both, drawn as two masks and read by two convolutions (methods C10)."""

import torch
from torch import Tensor, nn

from ag_core.models.pairs import PairBatch

MASK_SIDE = 27
CELLS = 49
"""Cells of the map that the convolutions leave of a mask."""


def draw_masks(boxes: Tensor, unions: Tensor) -> Tensor:
    """[P,27,27] how far boxes [P,4] cover each cell of the grid over `unions` [P,4], minus one half."""
    sides = (unions[:, 2:] - unions[:, :2]).clamp(min=1e-3)
    corners = (boxes - unions[:, :2].repeat(1, 2)) / sides.repeat(1, 2) * MASK_SIDE  # [P, 4] in cells
    cells = torch.arange(MASK_SIDE, device=boxes.device)
    begins, ends = corners[:, :2, None], corners[:, 2:, None]
    covered = (cells + 1 - begins).clamp(0, 1) * (ends - cells).clamp(0, 1)  # [P, 2, 27]
    return covered[:, 1, :, None] * covered[:, 0, None, :] - 0.5


class PlaceEncoder(nn.Module):
    """[P,49C] from the masks of a pair; C is `channels`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2, channels // 2, 7, stride=2, padding=3),
            nn.ReLU(),
            nn.BatchNorm2d(channels // 2),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(channels // 2, channels, 3, padding=1),
            nn.ReLU(),
            nn.BatchNorm2d(channels),
            nn.Flatten(),
        )

    def forward(self, batch: PairBatch) -> Tensor:
        people, objects = batch.subject_boxes, batch.target_boxes
        unions = torch.cat([torch.minimum(people, objects)[:, :2], torch.maximum(people, objects)[:, 2:]], dim=1)
        masks = torch.stack([draw_masks(people, unions), draw_masks(objects, unions)], dim=1)  # [P, 2, 27, 27]
        encoded: Tensor = self.layers(masks)
        return encoded
