"""The graphs of one source of a store as rows of a feature bank: every frame's 35 x 25 confidence matrix, in order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.taxonomy import BANK_SIZE, N_RELATIONS

MAX_FRAMES = 20_000
"""More frames with a graph are not read at a time: of a larger store, videos evenly spread over all."""

VIDEOS_AT_ONCE = 20


@dataclass(frozen=True)
class GraphFrames:
    """Frames of videos, those of a video together and by time.

    video_ids       of the videos; video [N] which of them
    times_s, frame  [N] seconds and number from 1; bank [N,875] as `SceneGraph.confidence_matrix` flattened
    left_out        videos that were not read
    """

    video_ids: tuple[str, ...]
    video: NDArray[np.int64]
    times_s: NDArray[np.float64]
    frame: NDArray[np.int64]
    bank: NDArray[np.float32]
    left_out: int


def read_graph_frames(
    store: AnnotationStore,
    source: str,
    wanted: Iterable[str] = (),
    report: Callable[[int, int], None] = lambda done, total: None,
    most: int = MAX_FRAMES,
) -> GraphFrames:
    """Every frame with a graph of a source, at most `most`; the `wanted` videos are among them.

    Videos of unknown rate have no times and are left out. UserError where nothing is left.
    """
    rows = store.rows(
        """select v.video, v.video_id, count(*) from videos v join frames f using (source, video)
           where source = ? and f.t_ms is not null group by all order by v.video_id""",
        [source],
    )
    if not rows:
        raise UserError(f"source {source!r} has no graph at a known time; choose another, or predict the videos")
    chosen = _choose_videos(rows, set(wanted), most)
    parts = []
    for start in range(0, len(chosen), VIDEOS_AT_ONCE):
        report(start, len(chosen))
        parts.append(_read_videos(store, source, [video for video, _, _ in chosen[start : start + VIDEOS_AT_ONCE]]))
    report(len(chosen), len(chosen))
    numbers = {video: number for number, (video, _, _) in enumerate(chosen)}
    video, frame, times_s, bank = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    places = np.array([numbers[one] for one in video.tolist()], np.int64)
    order = np.lexsort((times_s, places))
    ids = tuple(video_id for _, video_id, _ in chosen)
    return GraphFrames(ids, places[order], times_s[order], frame[order], bank[order], len(rows) - len(chosen))


def _choose_videos(rows: list[tuple[int, str, int]], wanted: set[str], most: int) -> list[tuple[int, str, int]]:
    """All videos, or the wanted ones and others evenly spread so that their frames are about `most`."""
    total = sum(count for _, _, count in rows)
    if total <= most:
        return rows
    step = total / most
    return [row for index, row in enumerate(rows) if row[1] in wanted or int((index + 1) / step) > int(index / step)]


def _read_videos(
    store: AnnotationStore, source: str, videos: list[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float32]]:
    """Video number, frame number, seconds and bank row of every frame of some videos."""
    frames = store.columns(
        """select frame_id, video, frame, t_ms / 1000 as time_s from frames
           where source = $1 and t_ms is not null and video in (select unnest($2::integer[])) order by frame_id""",
        [source, videos],
    )
    cells = store.columns(
        """select r.frame_id, (r.class - 1) * $3 + r.relation as cell, max(o.score * r.score)::float as value
           from relations r join objects o using (source, object_id) join frames f on f.source = r.source
                and f.frame_id = r.frame_id
           where r.source = $1 and r.video in (select unnest($2::integer[])) and r.relation is not null
                 and o.x1 is not null and f.person_x1 is not null and f.t_ms is not null
           group by all""",
        [source, videos, N_RELATIONS],
    )
    bank = np.zeros((len(frames["frame_id"]), BANK_SIZE), np.float32)
    bank[np.searchsorted(frames["frame_id"], cells["frame_id"]), cells["cell"].astype(np.int64)] = cells["value"]
    return (
        np.asarray(frames["video"], np.int64),
        np.asarray(frames["frame"], np.int64),
        np.asarray(frames["time_s"], np.float64),
        bank,
    )
