"""Which frames of a video the action models look at: clips and test views. (The bank's grid is feature_bank's.)

Training, evaluation and the pipeline all ask here, so that a model is used on what it was trained on. Knows times and
pixels; no model and no file.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ag_core.records import FrameClock

TEST_VIEWS = 10
GREY = 114
"""The value around a letterboxed frame."""


def list_clip_centre_times(duration_s: float, views: int = TEST_VIEWS) -> NDArray[np.float64]:
    """[views] clip centres in seconds, spread evenly over the video."""
    return (np.arange(views) + 0.5) / views * duration_s


def list_clip_frame_numbers(centre_s: float, clock: FrameClock, length: int, step_s: float | None) -> list[int]:
    """The `length` 1-based frames nearest to times `step_s` apart around `centre_s`, clamped to the video.

    Without a step the times are spread evenly over the whole video, wherever the centre. Numbers ascend and repeat
    where the video is short or slow. Half-way between two frames the later one is taken.
    """
    if step_s is None:
        return list_clip_frame_numbers(clock.duration_s / 2, clock, length, clock.duration_s / length)
    times_s = centre_s + (np.arange(length) - (length - 1) / 2) * step_s
    numbers: list[int] = clock.frames_nearest(times_s).tolist()
    return numbers


@dataclass(frozen=True)
class Letterbox:
    """How a frame lies in a picture of another shape: scaled by `scale` to `inner_wh`, its corner at `left`, `top`."""

    scale: float
    inner_wh: tuple[int, int]
    left: int
    top: int

    @staticmethod
    def fit(frame_wh: tuple[int, int], size_wh: tuple[int, int]) -> "Letterbox":
        """A frame of some size in the middle of a picture of another, as large as it fits."""
        scale = min(size_wh[0] / frame_wh[0], size_wh[1] / frame_wh[1])
        inner = (max(1, round(frame_wh[0] * scale)), max(1, round(frame_wh[1] * scale)))
        return Letterbox(scale, inner, (size_wh[0] - inner[0]) // 2, (size_wh[1] - inner[1]) // 2)


def letterbox(frame: NDArray[np.uint8], size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """The frame [H,W,3] scaled to fit into `size_wh`, in the middle of grey: [h,w,3]."""
    place = Letterbox.fit((frame.shape[1], frame.shape[0]), size_wh)
    width, height = place.inner_wh
    box = np.full((size_wh[1], size_wh[0], 3), GREY, np.uint8)
    box[place.top : place.top + height, place.left : place.left + width] = cv2.resize(
        frame, place.inner_wh, interpolation=cv2.INTER_AREA
    )
    return box
