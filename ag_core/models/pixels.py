"""Pixels on their way into a network: uint8 images to float tensors. Knows no model."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.models.devices import send

CLIP_MEAN, CLIP_SCALE = 0.45, 0.225
"""What the clip network expects of its input, the same for every channel (methods C11)."""


def to_image_tensors(images: Sequence[NDArray[np.uint8]], device: torch.device | str = "cpu") -> list[torch.Tensor]:
    """RGB uint8 [H,W,3] images to float [3,H,W] tensors in 0..1 on `device`; the images may differ in size."""
    for image in images:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f"an image is {image.dtype} {image.shape}; it must be uint8 [H,W,3] in RGB")
    return [send(torch.from_numpy(image.copy()), device).permute(2, 0, 1).float().div_(255) for image in images]


def to_padded_batch(
    images: Sequence[NDArray[np.uint8]],
    mean: Sequence[float],
    scale: Sequence[float],
    multiple: int,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """RGB uint8 images [h,w,3] as one batch [B,3,H,W], channels innermost in memory, on `device`.

    In 0..1, less the mean and divided by the scale of each channel; zeros below and to the right, to the largest height
    and width and on to a multiple.
    """
    height, width = (-(-max(image.shape[axis] for image in images) // multiple) * multiple for axis in (0, 1))
    batch = torch.zeros(len(images), height, width * 3, device=device)
    for padded, image in zip(batch, images):
        rows = send(torch.from_numpy(image.copy()), device).float().div_(255).flatten(1)
        # Whole rows at once: channel by channel, three numbers at a time, costs ten times as much.
        rows.sub_(rows.new_tensor(mean).repeat(image.shape[1])).div_(rows.new_tensor(scale).repeat(image.shape[1]))
        padded[: rows.shape[0], : rows.shape[1]] = rows
    padded_images: torch.Tensor = batch.unflatten(2, (width, 3)).permute(0, 3, 1, 2)
    return padded_images


def to_clip_tensors(pixels: NDArray[np.uint8], device: torch.device | str = "cpu") -> torch.Tensor:
    """RGB uint8 frames [B,T,H,W,3] to the clip network's input [B,3,T,H,W], channels innermost in memory."""
    clips = send(torch.from_numpy(pixels), device).permute(0, 4, 1, 2, 3).float()
    return clips.div_(255).sub_(CLIP_MEAN).div_(CLIP_SCALE)
