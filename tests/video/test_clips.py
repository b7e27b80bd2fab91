"""Frames of a clip by its centre, and the shape in which a network sees them."""

import numpy as np
import pytest

from ag_core.records import FrameClock
from ag_core.video.clips import letterbox, list_clip_frame_numbers


@pytest.mark.parametrize(
    ("centre_s", "fps", "n_frames", "frames"),
    [
        (5.0, 24, 240, [115, 119, 123, 127]),  # stride 4 at 24 a second
        (5.0, 12, 120, [58, 60, 62, 64]),
        (5.0, 6, 60, [30, 31, 32, 33]),
        (0.0, 12, 120, [1, 1, 2, 4]),
        (10.0, 12, 120, [118, 120, 120, 120]),
        (0.0, 12, 1, [1, 1, 1, 1]),
    ],
)
def test_clip_frames(centre_s: float, fps: float, n_frames: int, frames: list[int]) -> None:
    assert list_clip_frame_numbers(centre_s, FrameClock(fps, n_frames), 4, 1 / 6) == frames


def test_a_clip_without_a_step_spans_the_video() -> None:
    assert (
        list_clip_frame_numbers(0.3, FrameClock(12, 120), 4, None)
        == list_clip_frame_numbers(9.0, FrameClock(12, 120), 4, None)
        == [16, 46, 76, 106]
    )
    assert list_clip_frame_numbers(0.3, FrameClock(12, 1), 2, None) == [1, 1]


def test_letterboxing_keeps_the_shape() -> None:
    picture = np.full((270, 480, 3), 200, np.uint8)
    boxed = letterbox(picture, (160, 96))
    assert boxed.shape == (96, 160, 3)
    assert (boxed[3:93] == 200).all() and (boxed[:3] == 114).all() and (boxed[93:] == 114).all()
