"""A folder of home-world videos as training data: the videos with their truth, and their pictures decoded once.

Reads what `python -m ag_core world` wrote (videos/ID.mp4 and dense/ID.npz). Decoded pictures lie as uint8 arrays in
DIR/.cache, one file a video, and are mapped rather than loaded, so that any picture is a cheap read afterwards.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.files import stage_file
from ag_core.records import Detections, SceneGraph
from ag_core.taxonomy import N_ACTIONS
from ag_core.video.clips import letterbox
from ag_core.video.frames import read_frames
from ag_core.world.export import DENSE_SHORT_SIDE, dense_graphs
from ag_core.world.truth import WorldTruth

DETECTOR_STRIDE = 3
"""Every third frame of the dense view, two a second in a world of 12 frames a second: neighbours are nearly alike."""


@dataclass(frozen=True)
class WorldVideo:
    """One video of a home world: its file and its exact truth."""

    path: Path
    truth: WorldTruth

    @property
    def video_id(self) -> str:
        """The id, also the stem of the file."""
        return self.truth.video_id

    @cached_property
    def graphs(self) -> list[SceneGraph]:
        """The dense view: a graph for every second frame, sorted by frame."""
        return dense_graphs(self.truth)

    @cached_property
    def detector_graphs(self) -> list[SceneGraph]:
        """The frames that detectors and relation heads learn from and are tested on."""
        return self.graphs[::DETECTOR_STRIDE]

    @cached_property
    def labels(self) -> NDArray[np.bool_]:
        """[157] the actions of the whole video."""
        return self.labels_between(0, np.inf)

    def labels_between(self, start_s: float, end_s: float) -> NDArray[np.bool_]:
        """[157] the actions under way at some moment from `start_s` to `end_s`, both included."""
        labels = np.zeros(N_ACTIONS, bool)
        labels[[a for a, start, end in self.truth.actions if start <= end_s and end >= start_s]] = True
        return labels


@dataclass(frozen=True)
class HomeWorld:
    """The videos of a folder."""

    folder: Path
    videos: tuple[WorldVideo, ...]

    @staticmethod
    def open(folder: Path | str) -> "HomeWorld":
        """Read every truth file of a folder; UserError where there is none or its video is missing."""
        folder = Path(folder)
        truth_files = sorted((folder / "dense").glob("*.npz"))
        if not truth_files:
            raise UserError(f"{folder} holds no home world (no dense/*.npz); make one with: python -m ag_core world")
        videos = [WorldVideo(folder / "videos" / f"{path.stem}.mp4", WorldTruth.load(path)) for path in truth_files]
        missing = [video.path.name for video in videos if not video.path.exists()]
        if missing:
            raise UserError(
                f"{folder / 'videos'} lacks {missing[0]} ({len(missing)} missing); generate the world again"
            )
        return HomeWorld(folder, tuple(videos))

    def of_split(self, split: str) -> list[WorldVideo]:
        """The videos of 'train' or 'val'; UserError where the split is empty."""
        chosen = [video for video in self.videos if video.truth.split == split]
        if not chosen:
            raise UserError(f"{self.folder} has no {split} videos; make a world with both splits")
        return chosen


def true_detections(graph: SceneGraph) -> Detections:
    """The boxes of an annotated graph as detections of score 1: the person, where present, and the visible objects.

    Boxes whose shorter side is under 16 pixels are left out, as in the dense view (a person may be nearly out of view).
    """
    boxes, classes = graph.object_boxes_xyxy[graph.visible], graph.object_classes[graph.visible]
    if graph.person_box_xyxy is not None:
        boxes, classes = np.vstack([graph.person_box_xyxy[None], boxes]), np.concatenate([[0], classes])
    large = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= DENSE_SHORT_SIDE
    return Detections(boxes[large], classes[large], np.ones(int(large.sum()), np.float32))


class PictureCache:
    """Decoded pictures of a world: `frames` wanted of a video, each passed through `shrink`, kept under `name`."""

    def __init__(
        self,
        world: HomeWorld,
        name: str,
        frames: Callable[[WorldVideo], Sequence[int]],
        shrink: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = lambda picture: picture,
    ) -> None:
        self.folder = world.folder / ".cache" / name
        self.frames = frames
        self.shrink = shrink
        self._open: dict[str, NDArray[np.uint8]] = {}

    def pictures(self, video: WorldVideo) -> NDArray[np.uint8]:
        """The pictures [F,H,W,3] of a video's wanted frames, in order, mapped from the disk; made if missing."""
        if video.video_id not in self._open:
            path = self.folder / f"{video.video_id}.npy"
            if not path.exists() or path.stat().st_mtime < video.path.stat().st_mtime:
                self._make(video, path)
            self._open[video.video_id] = np.load(path, mmap_mode="r")
        return self._open[video.video_id]

    def prepare(self, videos: Sequence[WorldVideo], workers: int = 2) -> Iterator[int]:
        """Decode what is missing, several videos at a time; yields the number of videos that are ready."""
        with ThreadPoolExecutor(workers) as pool:
            for done, _ in enumerate(pool.map(self.pictures, videos), start=1):
                yield done

    def _make(self, video: WorldVideo, path: Path) -> None:
        pictures = np.stack([self.shrink(picture) for _, picture in read_frames(video.path, self.frames(video))])
        with stage_file(path) as staged:
            np.save(staged, pictures)


def detector_pictures(world: HomeWorld) -> PictureCache:
    """Full pictures of the frames in `detector_graphs`."""
    return PictureCache(world, f"frames-{2 * DETECTOR_STRIDE}", lambda v: [g.frame for g in v.detector_graphs])


def clip_pictures(world: HomeWorld, size_wh: tuple[int, int]) -> PictureCache:
    """Every frame of a video, letterboxed to the size of the clip network's input."""
    name = f"clip-{size_wh[0]}x{size_wh[1]}"
    return PictureCache(world, name, lambda v: range(1, v.truth.n_frames + 1), lambda p: letterbox(p, size_wh))
