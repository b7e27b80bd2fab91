"""What an audit sees: its inputs, read from the exact truth of a video, and how clips are cut out of them.

A row of every input belongs to every second frame, as in the dense view. Knows no network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.experiments.kept_arrays import FrameCache
from ag_core.models.feature_bank import build_graph_bank
from ag_core.presets import DEMO_VIDEO
from ag_core.records import FrameClock
from ag_core.taxonomy import N_CLASSES
from ag_core.video.clips import list_clip_frame_numbers
from ag_core.world.truth import JOINTS
from ag_core.world_audit.home_world import WorldVideo

FRAME_STEP = 2
"""Rows are of every second frame, as in the dense view: six a second."""

N_CLIP_FRAMES, CLIP_STEP_S = DEMO_VIDEO.frames, DEMO_VIDEO.frame_step_s
"""A clip is 16 frames a sixth of a second apart, exactly what the clip network looks at."""


@dataclass(frozen=True)
class Audit:
    """One input.

    inputs    the parts of the truth, by their names in INPUTS, side by side; or 'pixels', decoded
    n_frames  of the clip that are seen, the middle ones evenly: 16 all, 1 the middle; 0: all of the video, its maximum
    ordered   False: the frames come in random order, in training and in the test
    linear    True: the maximum over the frames and one linear layer, nothing else
    """

    key: str
    name: str
    inputs: tuple[str, ...]
    n_frames: int = N_CLIP_FRAMES
    ordered: bool = True
    linear: bool = False


AUDITS: tuple[Audit, ...] = (
    Audit("presence_video", "presence in the whole video, linear", ("presence",), n_frames=0, linear=True),
    Audit("presence_linear", "presence, linear", ("presence",), linear=True),
    Audit("presence", "presence", ("presence",)),
    Audit("joints", "joints", ("joints",)),
    Audit("silhouette", "silhouette", ("silhouette",), n_frames=8),
    Audit("one_frame", "one frame", ("pixels",), n_frames=1),
    Audit("joints_objects", "joints and objects", ("joints", "presence", "graphs")),
    Audit("graphs_one", "true graph of one frame", ("graphs",), n_frames=1),
    Audit("graphs_unordered", "true graphs in random order", ("graphs",), ordered=False),
    Audit("graphs_ordered", "true graphs in order", ("graphs",)),
)

COMPARISONS: tuple[tuple[str, str], ...] = (
    ("joints_objects", "presence"),
    ("joints_objects", "presence_video"),
    ("joints_objects", "joints"),
    ("graphs_ordered", "graphs_unordered"),
    ("graphs_ordered", "graphs_one"),
)
"""Pairs of audits: how much the first is above the second."""


def read_presence(video: WorldVideo) -> NDArray[np.float32]:
    """[F,36] whether each object class is clearly visible: 16 pixels and 30 % of it, as in the dense view."""
    rows = np.zeros((len(video.graphs), N_CLASSES), np.float32)
    for row, graph in zip(rows, video.graphs):
        row[graph.object_classes] = 1
    return rows


def read_graphs(video: WorldVideo) -> NDArray[np.float32]:
    """[F,875] the true graphs as the feature bank holds them."""
    return build_graph_bank(video.graphs)


def read_joints(video: WorldVideo) -> NDArray[np.float32]:
    """[F,106] the body without its place: joints about the pelvis in metres, turned to face one way, and speeds.

    17 joints (51), their change since the row before in metres a second (51), height of the pelvis, speed of the
    pelvis to the right and forward, and turn in radians a second.
    """
    points = video.truth.joints[::FRAME_STEP].astype(np.float64)
    return compute_body_features(points, video.truth.fps / FRAME_STEP).astype(np.float32)


def compute_body_features(points: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """[F,106] of joints [F,17,3] in metres, `rate_hz` rows a second, as `read_joints` says."""
    pelvis = points[:, JOINTS.index("pelvis")]
    across = points[:, JOINTS.index("right hip")] - points[:, JOINTS.index("left hip")]
    yaw = np.unwrap(np.arctan2(across[:, 1], across[:, 0]))
    cosine, sine = np.cos(yaw), np.sin(yaw)
    # Rows: the person's right, forward and up, in the room.
    turn = np.zeros((len(points), 3, 3))
    turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1], turn[:, 2, 2] = cosine, sine, -sine, cosine, 1
    body = np.einsum("fij,fkj->fki", turn, points - pelvis[:, None])
    walked = np.einsum("fij,fj->fi", turn, _subtract_previous(pelvis) * rate_hz)
    parts = [
        body,
        _subtract_previous(body) * rate_hz,
        pelvis[:, 2:],
        walked[:, :2],
        _subtract_previous(yaw[:, None]) * rate_hz,
    ]
    return np.concatenate([part.reshape(len(points), -1) for part in parts], axis=1)


def read_silhouettes(video: WorldVideo) -> NDArray[np.bool_]:
    """[F,27,48] where the person is seen."""
    return video.truth.silhouette[::FRAME_STEP]


def _subtract_previous(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The difference of each row to the row before; zero for the first."""
    return np.diff(values, axis=0, prepend=values[:1])


INPUTS: dict[str, Callable[[WorldVideo], NDArray[Any]]] = {
    "presence": read_presence,
    "joints": read_joints,
    "silhouette": read_silhouettes,
    "graphs": read_graphs,
}


@dataclass(frozen=True)
class AuditViews:
    """What one audit sees of some videos: rows(video number) -> [F,...]; and how to cut clips out of them."""

    videos: Sequence[WorldVideo]
    audit: Audit
    rows: Callable[[int], NDArray[Any]]

    def example(self, number: int, centre_s: float) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """The frames [T,...] of the clip around a time, and the labels [157] of the whole clip."""
        video, rows = self.videos[number], self.rows(number)
        if not self.audit.n_frames:
            return rows, video.labels
        clock = FrameClock(video.truth.fps, video.truth.n_frames)
        frames = list_clip_frame_numbers(centre_s, clock, N_CLIP_FRAMES, CLIP_STEP_S)
        first, last = (clock.time_of(frame) for frame in (frames[0], frames[-1]))
        seen = np.array(frames)[_choose_positions(self.audit.n_frames)]
        return rows[(seen - 1) // FRAME_STEP], video.find_labels_between(first, last)


def _choose_positions(count: int) -> NDArray[np.int64]:
    """`count` of the clip's frames, evenly spread: all of 16, or the middle one."""
    return ((np.arange(count) + 0.5) / count * N_CLIP_FRAMES).astype(np.int64)


def build_views(audit: Audit, videos: Sequence[WorldVideo], pictures: FrameCache[WorldVideo]) -> AuditViews:
    """What an audit sees of videos: decoded frames as they are asked for, everything else at once."""
    if audit.inputs == ("pixels",):
        return AuditViews(videos, audit, lambda number: pictures.read(videos[number])[::FRAME_STEP])
    if len(audit.inputs) == 1:
        kept = [INPUTS[audit.inputs[0]](video) for video in videos]
    else:
        kept = [np.concatenate([INPUTS[name](video) for name in audit.inputs], axis=1) for video in videos]
    if not audit.n_frames:
        kept = [rows.max(axis=0, keepdims=True) for rows in kept]
    return AuditViews(videos, audit, kept.__getitem__)
