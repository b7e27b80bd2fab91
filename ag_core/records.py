"""The values that travel between the parts: video, intervals, detections, scene graph, action scores.

Frozen dataclasses of NumPy arrays, checked when built. Boxes are x1, y1, x2, y2 in pixels of the video; frame numbers
are 1-based at the video's own rate; times are seconds from the first frame. An empty list of objects is ordinary.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.taxonomy import GROUP_SLICES, N_ACTIONS, N_CLASSES, N_OBJECTS, N_RELATIONS, Group

MIN_PROBABILITY = 0.5
"""From this probability on a relationship holds. An annotated one has probability 1."""


HALF_MILLISECOND_S = 0.0005
"""Stores, links and the player keep times in whole milliseconds: a frame may come back with a time this much early."""


def frame_to_time(frame: int, fps: float) -> float:
    """Seconds at which the 1-based `frame` is shown where frames are evenly spaced. FrameClock knows the others."""
    return (frame - 1) / fps


def time_to_frame(time_s: float, fps: float, n_frames: int | None = None) -> int:
    """The 1-based frame shown at `time_s` where frames are evenly spaced, from 1 to the last where that is known.

    A time less than half a millisecond before a frame belongs to that frame: it is that frame's time, rounded.
    """
    frame = int(np.floor((time_s + HALF_MILLISECOND_S) * fps + 1e-6)) + 1
    return max(1, frame if n_frames is None else min(frame, n_frames))


@dataclass(frozen=True, eq=False)
class FrameClock:
    """When each frame of a video is shown: the one place where frame numbers and seconds meet.

    fps       frames a second: the rate of evenly spaced frames, otherwise the one most frames follow
    n_frames  None where nobody counted them
    uneven_s  [F] seconds since the first frame, strictly ascending; None where frame k is shown at (k - 1) / fps
    note      '' or one sentence: what is odd about the file's own times, and what was assumed
    """

    fps: float
    n_frames: int | None = None
    uneven_s: NDArray[np.float64] | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.fps < np.inf:
            raise ValueError(f"a rate of {self.fps} frames a second does not exist; give a positive number")
        if self.uneven_s is not None:
            _set_array(self, "uneven_s", np.float64, (self.n_frames,))
            if not len(self.uneven_s) or self.uneven_s[0] != 0 or not (np.diff(self.uneven_s) > 0).all():
                raise ValueError("frame times have to start at 0 and ascend")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameClock) or (self.fps, self.n_frames) != (other.fps, other.n_frames):
            return False
        mine, theirs = self.uneven_s, other.uneven_s
        return mine is theirs if mine is None or theirs is None else np.array_equal(mine, theirs)

    def __hash__(self) -> int:
        return hash((self.fps, self.n_frames))

    @property
    def even(self) -> bool:
        """Whether frame k is shown at (k - 1) / fps."""
        return self.uneven_s is None

    @property
    def duration_s(self) -> float:
        """Seconds until the last frame has been shown as long as most are. ValueError where nobody counted frames."""
        if self.n_frames is None:
            raise ValueError("the length of a video is unknown while its frames are not counted")
        return self.n_frames / self.fps if self.uneven_s is None else float(self.uneven_s[-1]) + 1 / self.fps

    @property
    def times_s(self) -> NDArray[np.float64]:
        """[F] seconds at which each frame is shown. ValueError where nobody counted frames."""
        if self.n_frames is None:
            raise ValueError("the times of a video's frames are unknown while its frames are not counted")
        return np.arange(self.n_frames) / self.fps if self.uneven_s is None else self.uneven_s

    def time_of(self, frame: int) -> float:
        """Seconds at which the 1-based `frame` is shown; beyond the last frame, at the usual rate."""
        if self.uneven_s is None:
            return frame_to_time(frame, self.fps)
        index = min(max(frame - 1, 0), len(self.uneven_s) - 1)
        return float(self.uneven_s[index]) + frame_to_time(frame - index, self.fps)

    def frame_at(self, time_s: float) -> int:
        """The 1-based frame shown at `time_s`, the first or last outside. Half a millisecond early is on time."""
        if self.uneven_s is None:
            return time_to_frame(time_s, self.fps, self.n_frames)
        return max(1, int(np.searchsorted(self.uneven_s, time_s + HALF_MILLISECOND_S, side="right")))

    def frames_nearest(self, times_s: ArrayLike) -> NDArray[np.int64]:
        """[T] the 1-based frame shown half a usual frame after each time.

        With even frames that is the nearest one, the later of two; while a recording stands still, the one it shows.
        """
        times = np.asarray(times_s, np.float64)
        if self.uneven_s is None:
            numbers = np.floor(times * self.fps + 0.5 + 1e-6).astype(np.int64) + 1
        else:
            numbers = np.searchsorted(self.uneven_s, times + 0.5 / self.fps + HALF_MILLISECOND_S, side="right")
        return np.asarray(np.clip(numbers, 1, self.n_frames), np.int64)


@dataclass(frozen=True)
class Video:
    """A video and what is known of it. `fps` and `n_frames` are the file's own; None where there is no file.

    frame_times_s  [F] seconds at which each frame is shown where they are not evenly spaced, otherwise None
    """

    video_id: str
    duration_s: float
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    n_frames: int | None = None
    split: str | None = None
    subject: str | None = None
    scene: str | None = None
    script: str | None = None
    path: Path | None = None
    frame_times_s: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    @property
    def clock(self) -> FrameClock | None:
        """When its frames are shown; None where the rate is unknown."""
        return FrameClock(self.fps, self.n_frames, self.frame_times_s) if self.fps else None


@dataclass(frozen=True)
class ActionInterval:
    """One action (index into ACTIONS) from `start_s` to `end_s` in a video."""

    video_id: str
    action: int
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.action < N_ACTIONS:
            raise ValueError(f"action {self.action} does not exist; give 0 to {N_ACTIONS - 1}")


def _set_array(owner: object, name: str, dtype: type, shape: tuple[int | None, ...]) -> None:
    """Replace a field by an array of the given type, and check its shape; None in `shape` is any length."""
    array: NDArray[Any] = np.asarray(getattr(owner, name), dtype=dtype)
    if array.shape != shape:  # the usual case costs one comparison: an evaluation makes thousands of records
        if not array.size:
            array = array.reshape([0 if n is None else n for n in shape])
        if len(array.shape) != len(shape) or any(want not in (None, got) for want, got in zip(shape, array.shape)):
            raise ValueError(f"{type(owner).__name__}.{name} has shape {array.shape}; it needs {list(shape)}")
    object.__setattr__(owner, name, array)


@dataclass(frozen=True)
class Detections:
    """What a detector found in one image: boxes_xyxy [N,4] pixels, classes [N] (0 is the person), scores [N], 0..1."""

    boxes_xyxy: NDArray[np.float32]
    classes: NDArray[np.int64]
    scores: NDArray[np.float32]

    if TYPE_CHECKING:  # what becomes such an array is taken as well

        def __init__(self, boxes_xyxy: ArrayLike, classes: ArrayLike, scores: ArrayLike) -> None: ...

    def __post_init__(self) -> None:
        _set_array(self, "boxes_xyxy", np.float32, (None, 4))
        _set_array(self, "classes", np.int64, (None,))
        _set_array(self, "scores", np.float32, (None,))
        if not len(self.boxes_xyxy) == len(self.classes) == len(self.scores):
            raise ValueError("Detections need one box, class and score each; the three lengths differ")
        if len(self.classes) and not all(0 <= c < N_CLASSES for c in (self.classes.min(), self.classes.max())):
            raise ValueError(f"a detected class lies outside 0 to {N_CLASSES - 1}")

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, chosen: ArrayLike | slice) -> "Detections":
        """Some of the detections, by mask, indices or slice."""
        index = chosen if isinstance(chosen, slice) else np.asarray(chosen)
        return Detections(self.boxes_xyxy[index], self.classes[index], self.scores[index])

    @staticmethod
    def empty() -> "Detections":
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32))


@dataclass(frozen=True)
class SceneGraph:
    """One frame's graph: a person, N objects, and N x 25 relationship probabilities (0 or 1 where annotated).

    frame             1-based number at the video's own rate; time_s in seconds
    person_box_xyxy   [4] or None where nobody was found; person_score in 0..1
    object_classes    [N] index into OBJECT_CLASSES, never the person
    object_boxes_xyxy [N,4]; NaN rows for annotated objects that are not visible
    object_scores     [N]; 1 where annotated
    relations         [N,25] in the order of RELATIONS
    """

    frame: int
    time_s: float
    person_box_xyxy: NDArray[np.float32] | None
    person_score: float
    object_classes: NDArray[np.int64]
    object_boxes_xyxy: NDArray[np.float32]
    object_scores: NDArray[np.float32]
    relations: NDArray[np.float32]

    if TYPE_CHECKING:  # what becomes such an array is taken as well

        def __init__(
            self,
            frame: int,
            time_s: float,
            person_box_xyxy: ArrayLike | None,
            person_score: float,
            object_classes: ArrayLike,
            object_boxes_xyxy: ArrayLike,
            object_scores: ArrayLike,
            relations: ArrayLike,
        ) -> None: ...

    def __post_init__(self) -> None:
        if self.frame < 1:
            raise ValueError(f"frame {self.frame} does not exist; frames count from 1")
        if self.person_box_xyxy is not None:
            _set_array(self, "person_box_xyxy", np.float32, (4,))
        n = len(self.object_classes)
        _set_array(self, "object_classes", np.int64, (n,))
        _set_array(self, "object_boxes_xyxy", np.float32, (n, 4))
        _set_array(self, "object_scores", np.float32, (n,))
        _set_array(self, "relations", np.float32, (n, N_RELATIONS))
        classes = self.object_classes.tolist()  # of a few objects, Python finds the smallest sooner than NumPy
        if classes and not 0 < min(classes) <= max(classes) < N_CLASSES:
            raise ValueError(f"an object class lies outside 1 to {N_CLASSES - 1}; the person has a field of its own")

    def __len__(self) -> int:
        return len(self.object_classes)

    @property
    def visible(self) -> NDArray[np.bool_]:
        """[N] whether each object has a box."""
        return np.asarray(~np.isnan(self.object_boxes_xyxy).any(axis=1))

    def confidence_matrix(self) -> NDArray[np.float32]:
        """[35,25] what SGFB reads of a frame: object score times relationship score, C_ij = s_i x s_ij of the paper.

        The largest over objects of one class, 0 where there is none. A graph without a person gives zeros, and objects
        that are not visible count nothing.
        """
        matrix = np.zeros((N_OBJECTS, N_RELATIONS), np.float32)
        if self.person_box_xyxy is not None:
            seen = self.visible
            products = self.object_scores[seen, None] * self.relations[seen]
            np.maximum.at(matrix, self.object_classes[seen] - 1, products)
        return matrix

    def relations_of(self, group: Group) -> NDArray[np.float32]:
        """The columns of one group of relationships: [N,3], [N,6] or [N,16]."""
        return self.relations[:, GROUP_SLICES[group]]


@dataclass(frozen=True)
class ActionScores:
    """One model's answer for a video.

    model      id of an action model of the catalog
    scores     [157] of the whole video, 0..1: the maximum over its clips
    times_s    [K] clip centres in seconds; over_time [K,157] score of each clip
    trained_on [157] whether the model ever saw a positive example of the class
    """

    model: str
    scores: NDArray[np.float32]
    times_s: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    over_time: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, N_ACTIONS), np.float32))
    trained_on: NDArray[np.bool_] = field(default_factory=lambda: np.ones(N_ACTIONS, bool))

    if TYPE_CHECKING:  # what becomes such an array is taken as well

        def __init__(
            self,
            model: str,
            scores: ArrayLike,
            times_s: ArrayLike = ...,
            over_time: ArrayLike = ...,
            trained_on: ArrayLike = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        _set_array(self, "scores", np.float32, (N_ACTIONS,))
        _set_array(self, "times_s", np.float32, (None,))
        _set_array(self, "over_time", np.float32, (len(self.times_s), N_ACTIONS))
        _set_array(self, "trained_on", bool, (N_ACTIONS,))


def latest_graph_at(graphs: Sequence[SceneGraph], frame: int) -> SceneGraph | None:
    """The last of the graphs (sorted by frame) at or before `frame`; None before the first."""
    before = [graph for graph in graphs if graph.frame <= frame]
    return before[-1] if before else None
