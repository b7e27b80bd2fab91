"""When frames are shown, from the columns of the store: as a `FrameClock`, and as SQL.

Every query that turns frame numbers into seconds or back asks here. The expressions name the columns frame, fps,
n_frames and frame_times_s, of which only one table of the query may have one.
"""

from collections.abc import Sequence

import numpy as np

from ag_core.records import HALF_MILLISECOND_S, FrameClock

TIME_OF = """case when frame_times_s is null then (frame - 1) / fps
    else coalesce(frame_times_s[frame], frame_times_s[-1] + (frame - len(frame_times_s)) / fps) end"""
"""Seconds at which a frame is shown; null where the video's rate is unknown."""

LENGTH = "coalesce(frame_times_s[-1] + 1 / fps, n_frames / fps)"
"""Seconds that the frames of a video's file take; null where nobody counted them."""


def write_frame_at(time_s: str) -> str:
    """The number of the frame shown at a time, from 1 to the last; null where the video's rate is unknown."""
    shown = f"floor(({time_s} + {HALF_MILLISECOND_S}) * fps + 1e-6)::bigint + 1"
    passed = f"len(list_filter(frame_times_s, lambda shown_s: shown_s <= {time_s} + {HALF_MILLISECOND_S}))"
    return f"""greatest(1, case when frame_times_s is null then least({shown}, coalesce(n_frames, {shown}))
        else {passed} end)"""


def build_clock(fps: float | None, n_frames: int | None, frame_times_s: Sequence[float] | None) -> FrameClock | None:
    """The clock of a video; None where its rate is unknown."""
    times_s = None if frame_times_s is None else np.array(frame_times_s, np.float64)
    return FrameClock(fps, n_frames, times_s) if fps else None
