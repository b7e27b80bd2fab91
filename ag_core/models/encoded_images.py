"""Images once through a Faster R-CNN's backbone, to be asked for boxes and for the features of any regions.

Knows torchvision's detectors; no classes and no thresholds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.image_list import ImageList

from ag_core.models.devices import run_dense_part
from ag_core.models.pixels import to_image_tensors, to_padded_batch
from ag_core.models.proposals import propose_regions


@dataclass(frozen=True)
class EncodedImages:
    """Images after the backbone: as they went in, scaled and padded, the pyramid levels, and (height, width) before."""

    scaled: ImageList
    levels: dict[str, Tensor]
    sizes_hw: list[tuple[int, int]]

    def __len__(self) -> int:
        return len(self.sizes_hw)


@torch.no_grad()
def encode_images(model: FasterRCNN, images: Sequence[NDArray[np.uint8]]) -> EncodedImages:
    """RGB uint8 images [H,W,3], at least one, through a detector's transform and backbone.

    Images of several sizes are padded to the largest, which changes the features at their edges.
    """
    device = next(model.parameters()).device
    scaled = _scale_images(model, images, device)
    with run_dense_part(device):
        found = model.backbone(scaled.tensors.contiguous(memory_format=torch.channels_last))
    levels = {name: level.float() for name, level in found.items()}
    return EncodedImages(scaled, levels, [image.shape[:2] for image in images])


def _scale_images(model: FasterRCNN, images: Sequence[NDArray[np.uint8]], device: torch.device) -> ImageList:
    """What the detector's transform makes of the images; where all have their size already, in less time."""
    transform, sizes = model.transform, [image.shape[:2] for image in images]
    short, long = transform.min_size[-1], transform.max_size
    if any(min(short / min(size), long / max(size)) != 1 for size in sizes):
        scaled, _ = transform(to_image_tensors(images, device))
        return scaled
    batch = to_padded_batch(images, transform.image_mean, transform.image_std, transform.size_divisible, device)
    return ImageList(batch, sizes)


@torch.no_grad()
def find_boxes(model: FasterRCNN, encoded: EncodedImages) -> list[dict[str, Tensor]]:
    """Of each image, the `boxes` [N,4] in its own pixels, `labels` [N] and `scores` [N] that a detector finds."""
    model.eval()
    with torch.autocast(encoded.scaled.tensors.device.type, enabled=False):
        proposals = propose_regions(model.rpn, encoded.scaled, encoded.levels)
        found, _ = model.roi_heads(encoded.levels, proposals, encoded.scaled.image_sizes)
    answer: list[dict[str, Tensor]] = model.transform.postprocess(found, encoded.scaled.image_sizes, encoded.sizes_hw)
    return answer
