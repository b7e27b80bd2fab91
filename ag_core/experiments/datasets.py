"""What training and evaluation read: videos of one split of an annotation store, with their labels and their files.

`TrainingData` names a store, a source of boxes and relationships, a split and which annotated frames count; actions
are the annotated ones. Nothing else is read but the video files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.statistics.funnel import select_kept_frames
from ag_core.annotations.store import AnnotationStore
from ag_core.annotations.store_format import ANNOTATION, DENSE
from ag_core.annotations.targets import Targets
from ag_core.catalog import HOME_WORLD_DATA
from ag_core.errors import UserError
from ag_core.experiments.kept_arrays import FrameCache
from ag_core.files import hash_bytes
from ag_core.records import Detections, FrameClock, SceneGraph
from ag_core.settings import is_address, settings
from ag_core.taxonomy import N_ACTIONS
from ag_core.video.frames import HOME_WORLD_MARK, read_comment

Item = TypeVar("Item")

MIN_BOX_SIDE = 16
"""Boxes whose shorter side is smaller, in pixels, teach a detector nothing and are not asked of it."""

DENSE_GAP_S = 0.5
"""Of the dense source frames so far apart count: neighbours are nearly alike."""


@dataclass(frozen=True)
class FrameRule:
    """Which annotated frames detectors and relation heads learn from and are tested on.

    published  only those of the published numbers: a person and a visible object, more than two such frames a video
    min_gap_s  seconds between two frames of a video; 0 takes all
    """

    published: bool
    min_gap_s: float = 0.0

    @staticmethod
    def for_source(source: str) -> "FrameRule":
        """The rule of a source: every frame half a second apart of dense truth, else the published frames."""
        return FrameRule(False, DENSE_GAP_S) if source == DENSE else FrameRule(True)


@dataclass(frozen=True)
class TrainingData:
    """Where to train or test.

    store   a .duckdb file, a lake's folder or a lake's address
    source  whose boxes and relationships are the truth: a source of the store
    split   'train' or 'test'
    rule    which annotated frames count
    cache   folder for decoded frames and features, which may be deleted at any time
    name    what weights and results call the data
    """

    store: Path | str
    source: str
    split: str
    rule: FrameRule
    cache: Path
    name: str

    @staticmethod
    def open(
        store: Path | str, split: str = "train", source: str | None = None, cache: Path | None = None, name: str = ""
    ) -> "TrainingData":
        """The data of a store with defaults for the rest: dense truth where the store has it, else the annotation.

        UserError where there is no such store or source.
        """
        with AnnotationStore(store) as opened:
            known = opened.sources()
        name = name or str(store).rstrip("/").rpartition("/")[2]
        chosen = source or (DENSE if DENSE in known else ANNOTATION)
        if chosen not in known:
            raise UserError(_explain_missing_source(name, source, known))
        return TrainingData(store, chosen, split, FrameRule.for_source(chosen), cache or find_cache_folder(store), name)

    def with_split(self, split: str) -> "TrainingData":
        """The same data, another split."""
        return TrainingData(self.store, self.source, split, self.rule, self.cache, self.name)

    @cached_property
    def fingerprint(self) -> str:
        """[64 hexadecimal digits] of what the store was built from, source and rule; the same for all splits."""
        with AnnotationStore(self.store) as store:
            [(built_from,)] = store.rows("select fingerprint from store_format")
        return hash_bytes(f"{built_from} {self.source} {self.rule}".encode())

    def load(self) -> "LabelledVideos":
        """The videos of the split that have a file, by id. UserError where there is none."""
        with AnnotationStore(self.store) as store:
            rows = store.rows(
                "select video_id from videos where source = ? and split = ? order by video", [self.source, self.split]
            )
            targets = store.targets_of([video_id for (video_id,) in rows], self.source)
            kept = _find_published_frames(store, self.source) if self.rule.published else None
            counts = store.rows(
                "select split, count(*) from videos where source = ? group by 1 order by 1", [self.source]
            )
        if not rows:
            raise UserError(_explain_missing_split(self, dict(counts)))
        videos = []
        for index, video_id in enumerate(targets.video_ids):
            path, fps = targets.paths[index], float(targets.fps[index])
            if path is not None and path.is_file() and fps > 0 and targets.frame_counts[index]:
                videos.append(
                    _build_labelled_video(targets, index, None if kept is None else kept.get(video_id, set()), self)
                )
        if not videos:
            raise UserError(
                f"none of the {len(rows)} {self.split} videos of {self.name} has its file; build the store again with "
                "--videos and the folder of the video files"
            )
        return LabelledVideos(self, tuple(videos), len(rows) - len(videos))


def _explain_missing_source(name: str, source: str | None, known: Sequence[str]) -> str:
    """Why a store cannot be trained or tested on, and what to do."""
    if source is not None:
        choose = f"choose one of {', '.join(known)}" if known else "it has none, since nobody annotated its videos"
        return f"{name} has no source {source!r}; {choose}"
    held = f"predictions alone ({', '.join(known)})" if known else "video files alone"
    remedy = "build the store again with --charades and --action-genome"
    return f"{name} holds {held}: nobody annotated its videos; {remedy}" + (
        ", or name one of the predictions as the truth with --source" if known else ""
    )


def _explain_missing_split(data: TrainingData, counts: Mapping[str | None, int]) -> str:
    """Why there is no video of a split, and what to do. counts: videos of the source by split, None for none."""
    found = [f"{count:,} {split}" if split else f"{count:,} of no split" for split, count in counts.items()]
    others = [split for split in counts if split]
    said = (
        f"{data.name} has no {data.split} videos in source {data.source!r}, only {' and '.join(found) or 'none at all'}"
    )
    choose = f"choose --split {' or '.join(others)}, or " if others else ""
    return f"{said}; {choose}build the store with the annotation of {data.split} videos"


def find_cache_folder(store: Path | str) -> Path:
    """Where decoded frames and features of a store lie: beside it, or in the application's home for an address."""
    if is_address(store):
        return settings().home / "training" / hash_bytes(str(store).encode())[:12]
    path = Path(store).resolve()
    return path.parent / ".cache" / path.stem


@dataclass(frozen=True)
class LabelledVideo:
    """One video: its file, what is done in it, and its annotated frames.

    actions  (index into ACTIONS, start in seconds, end in seconds), sorted by start
    frames   indices of its annotated frames in `targets`; counted: of those that count
    """

    video_id: str
    path: Path
    clock: FrameClock
    size_wh: tuple[int, int]
    part: str | None
    actions: tuple[tuple[int, float, float], ...]
    targets: Targets = field(repr=False)
    frames: tuple[int, ...]
    counted: tuple[int, ...]

    @property
    def n_frames(self) -> int:
        """Frames of the file."""
        return self.clock.n_frames or 0

    @property
    def duration_s(self) -> float:
        """Length of the file in seconds."""
        return self.clock.duration_s

    @cached_property
    def graphs(self) -> list[SceneGraph]:
        """The graph of every annotated frame, by frame."""
        return [self.targets.graph(frame) for frame in self.frames]

    @cached_property
    def counted_graphs(self) -> list[SceneGraph]:
        """The graphs of the frames that count: what detectors and relation heads learn from and are tested on."""
        return [self.targets.graph(frame) for frame in self.counted]

    @cached_property
    def ignored_boxes(self) -> list[Detections]:
        """Of each frame that counts, what a detector neither learns from nor is asked for: to find it is no mistake.

        Annotated boxes whose shorter side is under MIN_BOX_SIDE, and objects that are too faint to be annotated.
        """
        found = zip(self.counted_graphs, self.counted)
        return [
            _join_detections(_find_boxes(graph, large=False), self.targets.faint_objects_of(i)) for graph, i in found
        ]

    def get_ignored_boxes(self, frame: int) -> Detections:
        """The `ignored_boxes` of a frame that counts, by its number in the video."""
        numbers = [graph.frame for graph in self.counted_graphs]
        return self.ignored_boxes[numbers.index(frame)]

    @cached_property
    def labels(self) -> NDArray[np.bool_]:
        """[157] the actions of the whole video."""
        return self.find_labels_between(0, np.inf)

    def find_labels_between(self, start_s: float, end_s: float) -> NDArray[np.bool_]:
        """[157] the actions under way at some time from `start_s` to `end_s`, both included."""
        return find_labels_between(self.actions, start_s, end_s)


def find_labels_between(actions: Sequence[tuple[int, float, float]], start_s: float, end_s: float) -> NDArray[np.bool_]:
    """[157] which of the actions (index, start, end) are under way from `start_s` to `end_s`, both included."""
    labels = np.zeros(N_ACTIONS, bool)
    labels[[action for action, start, end in actions if start <= end_s and end >= start_s]] = True
    return labels


@dataclass(frozen=True)
class LabelledVideos:
    """The videos of a split that have a file, and how many have none."""

    data: TrainingData
    videos: tuple[LabelledVideo, ...]
    without_file: int

    def describe(self) -> str:
        """How many videos there are, and how many were left out."""
        data = self.data
        left_out = f"; {self.without_file:,} without a file are left out" if self.without_file else ""
        return f"{data.name}: {len(self.videos):,} {data.split} videos, truth of source {data.source!r}{left_out}"

    def hold_out(self, every: int) -> tuple["LabelledVideos", "LabelledVideos"]:
        """The videos but every `every`-th, and those; UserError where none would be held out."""
        if len(self.videos) < every:
            raise UserError(
                f"{self.data.name} has {len(self.videos):,} {self.data.split} videos, so that --hold-out {every} holds "
                "none of them out; give a smaller number"
            )
        held_out = self.videos[every - 1 :: every]
        learned = tuple(video for index, video in enumerate(self.videos) if (index + 1) % every)
        return replace(self, videos=learned), replace(self, videos=held_out)

    def choose_fold(self, fold: int) -> "LabelledVideos":
        """The videos of one of the two folds; UserError where there is none."""
        videos = tuple(video for video in self.videos if find_fold(video.video_id) == fold)
        if not videos:
            raise UserError(f"none of the {len(self.videos):,} videos of {self.data.name} is of fold {fold}; give more")
        return replace(self, videos=videos)

    def name_origin(self) -> str:
        """What weights trained on these videos say they were trained on: the home world, or else the data's name."""
        with AnnotationStore(self.data.store) as store:
            made = DENSE in store.sources()  # exact truth is known of what was drawn alone
        # Its films, read like any other data set, say so themselves.
        made = made or any(HOME_WORLD_MARK in read_comment(video.path) for video in self.videos[:1])
        return HOME_WORLD_DATA if made else self.data.name

    def annotated(self) -> list[LabelledVideo]:
        """The videos with frames that count; UserError where there is none."""
        found = [video for video in self.videos if video.counted]
        if not found:
            raise UserError(
                f"{self.data.name} has no {self.data.split} videos with a file and annotated frames that count in "
                f"source {self.data.source!r}; build the store with --action-genome, or choose another --source"
            )
        return found

    def check_actions(self) -> None:
        """UserError where no video has an action interval."""
        if not any(video.actions for video in self.videos):
            raise UserError(
                f"the {self.data.split} videos of {self.data.name} have no actions; build the store with --charades"
            )


def find_fold(video_id: str) -> int:
    """Which of two folds a video is of, 0 or 1: by its id alone, so that it is the same in every data set."""
    return int(hash_bytes(video_id.encode())[:8], 16) % 2


def choose_evenly(items: Sequence[Item], most: int | None) -> list[Item]:
    """At most `most` of the items, evenly spread over all of them."""
    if most is None or most >= len(items):
        return list(items)
    return [items[int((index + 0.5) * len(items) / most)] for index in range(most)]


def _find_published_frames(store: AnnotationStore, source: str) -> dict[str, set[int]]:
    """The frames of each video that count in the published numbers."""
    kept: dict[str, set[int]] = {}
    rows = select_kept_frames(store, source=source)
    for video_id, frame in zip(rows["video_id"].tolist(), rows["frame"].tolist()):
        kept.setdefault(video_id, set()).add(frame)
    return kept


def _build_labelled_video(targets: Targets, index: int, kept: set[int] | None, data: TrainingData) -> LabelledVideo:
    n_frames, clock = int(targets.frame_counts[index]), targets.clocks[index]
    assert clock is not None, "only videos with a file are labelled"
    # Some annotated frames of the release lie behind the end of their file: there is nothing to look at.
    frames = [frame for frame in targets.frames_of(index) if targets.frame_numbers[frame] <= n_frames]
    counted = [frame for frame in frames if kept is None or int(targets.frame_numbers[frame]) in kept]
    times = [clock.time_of(int(targets.frame_numbers[frame])) for frame in counted]
    width, height = targets.sizes_wh[index].tolist()
    path = targets.paths[index]
    assert path is not None, "only videos with a file are labelled"
    return LabelledVideo(
        targets.video_ids[index],
        path,
        clock,
        (width, height),
        targets.parts[index],
        tuple(targets.actions_of(index)),
        targets,
        tuple(frames),
        tuple(counted[index] for index in choose_apart(times, data.rule.min_gap_s)),
    )


def choose_apart(times_s: Sequence[float], min_gap_s: float) -> list[int]:
    """Positions of ascending times that lie at least `min_gap_s` apart: the first, then the next far enough, ..."""
    chosen: list[int] = []
    for index, time_s in enumerate(times_s):
        # Half a millisecond less, since frame times are not exact in binary.
        if not chosen or time_s - times_s[chosen[-1]] >= min_gap_s - 0.0005:
            chosen.append(index)
    return chosen


def read_true_boxes(graph: SceneGraph) -> Detections:
    """The boxes of an annotated graph as detections of score 1: the person, where present, and the visible objects.

    Boxes whose shorter side is under MIN_BOX_SIDE are left out (a person may be nearly out of view).
    """
    return _find_boxes(graph, large=True)


def _find_boxes(graph: SceneGraph, large: bool) -> Detections:
    """The boxes of an annotated graph that are large enough for a detector, or those that are not."""
    boxes, classes = graph.object_boxes_xyxy[graph.visible], graph.object_classes[graph.visible]
    if graph.person_box_xyxy is not None:
        boxes, classes = np.vstack([graph.person_box_xyxy[None], boxes]), np.concatenate([[0], classes])
    chosen = ((boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= MIN_BOX_SIDE) == large
    return Detections(boxes[chosen], classes[chosen], np.ones(int(chosen.sum()), np.float32))


def _join_detections(first: Detections, second: Detections) -> Detections:
    names = ("boxes_xyxy", "classes", "scores")
    return Detections(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


def open_counted_frames(cache: Path) -> FrameCache[LabelledVideo]:
    """Whole frames of videos: those that count."""
    return FrameCache(cache / "frames", lambda video: [graph.frame for graph in video.counted_graphs])
