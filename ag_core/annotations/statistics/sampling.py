"""How the annotated frames were chosen (Figure 2 of the paper): five of each action, the midpoints of five equal parts.

Tells which annotated frames lie where this rule puts them, for one video and for a whole source.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ag_core.records import ActionInterval, time_to_frame

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

FRAMES_PER_ACTION = 5
"""Section 3.1 of the paper: five frames are sampled uniformly across each action."""

NEAR_FRAMES = 1
"""A frame this far from a midpoint still counts as it: rates and times are rounded on their way into the release."""


def find_midpoints(intervals: Sequence[ActionInterval], fps: float, n_frames: int | None = None) -> pd.DataFrame:
    """Where five frames of each action lie: interval (its index in the list), part (1-5), time_s, frame (1-based)."""
    rows = []
    for index, interval in enumerate(intervals):
        for part in range(FRAMES_PER_ACTION):
            time_s = interval.start_s + (part + 0.5) / FRAMES_PER_ACTION * (interval.end_s - interval.start_s)
            rows.append((index, part + 1, time_s, time_to_frame(time_s, fps, n_frames)))
    return pd.DataFrame(rows, columns=["interval", "part", "time_s", "frame"])


def find_nearest_frames(wanted: ArrayLike, there: ArrayLike) -> np.ndarray:
    """[W] of the frames that are `there` the nearest to each wanted one, the earlier of two; 0 where none is there."""
    known = np.sort(np.asarray(there, np.int64))
    sought = np.asarray(wanted, np.int64)
    if not len(known):
        return np.zeros(len(sought), np.int64)
    after = np.searchsorted(known, sought).clip(0, len(known) - 1)
    before = (after - 1).clip(0)
    nearest: NDArray[np.int64] = np.where(
        np.abs(known[after] - sought) < np.abs(sought - known[before]), known[after], known[before]
    )
    return nearest


def count_frames_at_midpoints(store: "AnnotationStore", source: str) -> tuple[int, int]:
    """(annotated frames at most one frame from a midpoint, all annotated frames) of the videos whose rate is known."""
    middles = store.columns(
        f"""select ((i.video::bigint << 32)
                   | floor((start_ms + (fifth + 0.5) / {FRAMES_PER_ACTION} * (end_ms - start_ms)) / 1000 * fps + 1e-6)
                     ::bigint + 1) as position
            from action_intervals i join videos v using (source, video), range({FRAMES_PER_ACTION}) as fifths(fifth)
            where i.source = ? and fps > 0""",
        [source],
    )["position"]
    frames = store.columns(
        """select (video::bigint << 32) | frame as position from frames
           where source = $1 and video in (select video from videos where source = $1 and fps > 0)""",
        [source],
    )["position"]
    if not len(frames) or not len(middles):
        return 0, len(frames)
    return int((np.abs(find_nearest_frames(frames, middles) - frames) <= NEAR_FRAMES).sum()), len(frames)
