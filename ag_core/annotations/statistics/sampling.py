"""How the annotated frames were chosen (Figure 2 of the paper): five of each action, the midpoints of five equal parts.

Tells which annotated frames lie where this rule puts them, for one video and for a whole source.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ag_core.annotations.clock import write_frame_at
from ag_core.records import ActionInterval, FrameClock

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

FRAMES_PER_ACTION = 5
"""Section 3.1 of the paper: five frames are sampled uniformly across each action."""

NEAR_FRAMES = 1
"""A frame this far from a midpoint still counts as it: rates and times are rounded on their way into the release."""


def find_midpoints(intervals: Sequence[ActionInterval], clock: FrameClock) -> pd.DataFrame:
    """Where five frames of each action lie: interval (its index in the list), part (1-5), time_s, frame (1-based)."""
    rows = []
    for index, interval in enumerate(intervals):
        for part in range(FRAMES_PER_ACTION):
            time_s = interval.start_s + (part + 0.5) / FRAMES_PER_ACTION * (interval.end_s - interval.start_s)
            rows.append((index, part + 1, time_s, clock.frame_at(time_s)))
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


_MIDPOINT_S = f"((start_ms + (fifth + 0.5) / {FRAMES_PER_ACTION} * (end_ms - start_ms)) / 1000)"

_MIDPOINTS = f"""
    select source, video, list({write_frame_at(_MIDPOINT_S)}) as midpoints
    from videos join action_intervals using (source, video), (select unnest(range({FRAMES_PER_ACTION})) as fifth)
    where source = $1 and fps > 0 group by source, video"""
"""SQL: the frames of `find_midpoints` of every video of the source $1 with actions, in no order."""

MIDPOINT_DISTANCES = f"""
    select f.source, f.video, f.frame_id, f.t_ms,
           list_min(list_transform(midpoints, lambda midpoint: abs(f.frame - midpoint))) as distance
    from frames f join ({_MIDPOINTS}) using (source, video) where f.source = $1 and f.t_ms is not null"""
"""SQL: how far each annotated frame of the source $1 is, in frames, from the nearest frame of `find_midpoints`.

A row for each frame that has a time and whose video has actions; of the others nobody can say it.
"""


def count_frames_at_midpoints(store: "AnnotationStore", source: str) -> tuple[int, int]:
    """(frames at most one frame from a midpoint, frames that have a time and whose video has actions)."""
    query = f"select count(*) filter (distance <= {NEAR_FRAMES}), count(*) from ({MIDPOINT_DISTANCES})"
    ((near, total),) = store.rows(query, [source])
    return near, total
