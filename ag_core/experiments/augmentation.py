"""One frame made into many: mirrored, cut out or set into grey, in other light and colours; its boxes go with it.

A cut-out is enlarged, and a frame set into grey made smaller, by whoever scales pictures for the network: small objects
are seen larger, large ones smaller. A box that is cut to little of itself, or is then too small to be seen, becomes one
to ignore. Knows frames and boxes; no network.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ag_core.boxes import clip_boxes, compute_areas, flip_boxes
from ag_core.records import Detections

ZOOM = (0.75, 1.8)
"""Smallest and largest factor by which a frame is made larger; its logarithm is drawn evenly."""
ZOOM_CHANCE = 0.6
MIN_KEPT_SHARE = 0.4
"""Of a true box that is cut, to be learned still."""
MIN_LEARNED_SIDE = 12.0
"""Shorter side of a box to be learned, in pixels of the frame's size after zooming."""
TURN_CHANCE = 0.5
"""Of the hues of an image to be turned to any others."""
COLOUR_SHARE = (0.5, 1.4)
"""Least and most of an image's colour that is left or added."""
GREY = 115
"""What lies around a frame that was made smaller: the mean that networks subtract."""


@dataclass(frozen=True)
class AnnotatedFrame:
    """A frame [H,W,3] with its true boxes and those to ignore, in its pixels."""

    pixels: NDArray[np.uint8]
    truth: Detections
    ignored: Detections


def augment(frame: AnnotatedFrame, random: np.random.Generator) -> AnnotatedFrame:
    """The frame mirrored with probability one half and zoomed with ZOOM_CHANCE; at least one true box remains."""
    if random.random() < 0.5:
        frame = mirror(frame)
    if random.random() < ZOOM_CHANCE:
        factor = float(np.exp(random.uniform(*np.log(ZOOM))))
        zoomed = zoom(frame, factor, random)
        frame = zoomed if len(zoomed.truth) else frame
    return frame


def mirror(frame: AnnotatedFrame) -> AnnotatedFrame:
    """Left and right exchanged."""
    width = frame.pixels.shape[1]
    truth, ignored = (
        replace(found, boxes_xyxy=flip_boxes(found.boxes_xyxy, width)) for found in (frame.truth, frame.ignored)
    )
    return AnnotatedFrame(frame.pixels[:, ::-1], truth, ignored)


def zoom(frame: AnnotatedFrame, factor: float, random: np.random.Generator) -> AnnotatedFrame:
    """A window of the frame's shape and 1 / `factor` of its sides, around one of the true boxes where it can be.

    A box is the likelier to be chosen the smaller it is: what is large is in sight in nearly every window. A window
    larger than the frame is filled up with GREY.
    """
    height, width = frame.pixels.shape[:2]
    window = np.array([round(width / factor), round(height / factor)])
    room = np.array([width, height]) - window  # below zero where the window is larger
    smallness = 1 / np.sqrt(compute_areas(frame.truth.boxes_xyxy).astype(np.float64).clip(1))
    wanted = frame.truth.boxes_xyxy[random.choice(len(frame.truth), p=smallness / smallness.sum())]
    lowest = np.clip(wanted[2:] - window, np.minimum(room, 0), np.maximum(room, 0))
    highest = np.clip(wanted[:2], np.minimum(room, 0), np.maximum(room, 0))
    low, high = np.minimum(lowest, highest), np.maximum(lowest, highest)
    x, y = np.round(random.uniform(low, high)).astype(int).tolist()
    truth, cut = _cut_boxes(frame.truth, (x, y), window, factor)
    ignored, _ = _cut_boxes(frame.ignored, (x, y), window, 0.0)
    names = ("boxes_xyxy", "classes", "scores")
    joined = Detections(*(np.concatenate([getattr(ignored, name), getattr(cut, name)]) for name in names))
    return AnnotatedFrame(_cut_pixels(frame.pixels, (x, y), window), truth, joined)


def _cut_pixels(pixels: NDArray[np.uint8], corner: tuple[int, int], window: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The window [h,w,3] at a corner (x, y) of a frame, GREY where it lies outside."""
    (x, y), (width, height) = corner, window.tolist()
    cut = np.full((height, width, 3), GREY, np.uint8)
    inside = pixels[max(y, 0) : y + height, max(x, 0) : x + width]
    top, left = max(-y, 0), max(-x, 0)
    cut[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return cut


def _cut_boxes(
    found: Detections, corner: tuple[int, int], window: NDArray[np.int64], factor: float
) -> tuple[Detections, Detections]:
    """What is left of boxes in a window, in its pixels: those to learn, and those too small or cut too short for it.

    A factor of 0 asks for all that are left as they are.
    """
    width, height = window.tolist()
    cut = clip_boxes(found.boxes_xyxy - np.tile(np.array(corner, np.float32), 2), width, height)
    sides = (cut[:, 2:] - cut[:, :2]).min(axis=1, initial=np.inf)
    left = sides > 0
    whole = compute_areas(cut) >= MIN_KEPT_SHARE * compute_areas(found.boxes_xyxy)
    learned = left & whole & (sides * factor >= MIN_LEARNED_SIDE) if factor else left
    moved = replace(found, boxes_xyxy=cut)
    return moved[learned], moved[left & ~learned]


def draw_colour_change(random: np.random.Generator) -> NDArray[np.float64]:
    """[3,3] to multiply colours by: all hues turned by one angle, more or less colour; greys stay as they are.

    What a thing is lies in its form more than in its colour, and another home has other colours. Half of the images
    keep their hues.
    """
    angle = random.uniform(-np.pi, np.pi) if random.random() < TURN_CHANCE else random.uniform(-0.1, 0.1)
    axis = np.full(3, 3**-0.5)
    onto_grey = np.outer(axis, axis)
    across = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turned = np.cos(angle) * (np.eye(3) - onto_grey) + np.sin(angle) * across
    change: NDArray[np.float64] = onto_grey + random.uniform(*COLOUR_SHARE) * turned
    return change


def change_colours(image: Tensor, random: np.random.Generator) -> Tensor:
    """An image [3,H,W] in 0..1 with its colours changed by `draw_colour_change`."""
    mixed = torch.from_numpy(draw_colour_change(random)).float()
    return (mixed @ image.flatten(1)).view_as(image).clamp(0, 1)


def change_light(image: Tensor, random: np.random.Generator) -> Tensor:
    """An image [3,H,W] in 0..1 with another contrast, brightness and tint."""
    gain = torch.from_numpy(random.uniform(0.8, 1.2) * random.uniform(0.93, 1.07, (3, 1, 1))).float()
    return ((image - 0.45) * random.uniform(0.8, 1.2) + 0.45).mul(gain).clamp(0, 1)
