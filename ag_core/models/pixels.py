"""Pixels on their way into a network: uint8 images to float tensors. Knows no model."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

CLIP_MEAN, CLIP_SCALE = 0.45, 0.225
"""What the clip network expects of its input, the same for every channel (methods C11)."""


def to_image_tensors(images: Sequence[NDArray[np.uint8]], device: torch.device | str = "cpu") -> list[torch.Tensor]:
    """RGB uint8 [H,W,3] images to float [3,H,W] tensors in 0..1 on `device`; the images may differ in size."""
    for image in images:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f"an image is {image.dtype} {image.shape}; it must be uint8 [H,W,3] in RGB")
    return [torch.from_numpy(image.copy()).to(device).permute(2, 0, 1).float().div_(255) for image in images]


def to_clip_tensors(pixels: NDArray[np.uint8], device: torch.device | str = "cpu") -> torch.Tensor:
    """RGB uint8 frames [B,T,H,W,3] to the clip network's input [B,3,T,H,W], channels innermost in memory."""
    clips = torch.from_numpy(pixels).to(device).permute(0, 4, 1, 2, 3).float()
    return clips.div_(255).sub_(CLIP_MEAN).div_(CLIP_SCALE)
