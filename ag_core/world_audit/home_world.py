"""A folder of home-world videos with their exact truth, as the audits see it: more than any annotation says."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.experiments.datasets import find_labels_between
from ag_core.records import SceneGraph
from ag_core.world.export import build_dense_graphs
from ag_core.world.truth import WorldTruth


@dataclass(frozen=True)
class WorldVideo:
    """One video of a home world: its file and its exact truth."""

    path: Path
    truth: WorldTruth

    @property
    def video_id(self) -> str:
        """The id, also the stem of the file."""
        return self.truth.video_id

    @property
    def n_frames(self) -> int:
        """The number of frames."""
        return self.truth.n_frames

    @cached_property
    def graphs(self) -> list[SceneGraph]:
        """The dense view: a graph for every second frame, sorted by frame."""
        return build_dense_graphs(self.truth)

    @cached_property
    def labels(self) -> NDArray[np.bool_]:
        """[157] the actions of the whole video."""
        return self.find_labels_between(0, np.inf)

    def find_labels_between(self, start_s: float, end_s: float) -> NDArray[np.bool_]:
        """[157] the actions under way at some moment from `start_s` to `end_s`, both included."""
        return find_labels_between(self.truth.actions, start_s, end_s)


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
