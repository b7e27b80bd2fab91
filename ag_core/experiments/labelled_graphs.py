"""Annotated scene graphs with the actions active at their moments: from a store, or from a sample without boxes.

Times decide the labels and are then forgotten. The annotated frames of Action Genome lie at the midpoints of fifths of
the action intervals, so that a time, or the gap between two frames, would give actions away; the order of the frames
of a video and their graphs would not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.readers.graph_sample import read_graph_sample
from ag_core.annotations.store import AnnotationStore
from ag_core.annotations.store_format import ANNOTATION
from ag_core.errors import UserError
from ag_core.records import SceneGraph
from ag_core.settings import is_address
from ag_core.taxonomy import N_ACTIONS, N_OBJECTS, N_RELATIONS

TRAIN_FILE, VAL_FILE = "ag_frames_train.jsonl", "ag_frames_val.jsonl"

SAMPLE_SPLIT = "(its authors' split inside Charades train)"


@dataclass(frozen=True)
class LabelledGraphs:
    """N annotated frames, video after video and within a video in their order.

    matrices  [N,35,25] float32 confidence matrix C_ij of each frame, 0 or 1
    labels    [N,157] bool the actions whose interval holds the frame's time
    video     [N] int64 which video a frame is of, from 0, ascending
    """

    matrices: NDArray[np.float32]
    labels: NDArray[np.bool_]
    video: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.video)
        shapes = (n, N_OBJECTS, N_RELATIONS), (n, N_ACTIONS)
        if (self.matrices.shape, self.labels.shape) != shapes or (np.diff(self.video) < 0).any():
            raise ValueError(f"{n} frames need matrices and labels of shapes {shapes}, sorted by video")

    def __len__(self) -> int:
        return len(self.video)

    @property
    def presence(self) -> NDArray[np.float32]:
        """[N,35] which object classes a frame holds, in whatever relationship."""
        present: NDArray[np.float32] = self.matrices.max(axis=2)
        return present

    @property
    def n_videos(self) -> int:
        """How many videos the frames are of."""
        return len(np.unique(self.video))

    def select(self, rows: NDArray[np.bool_]) -> "LabelledGraphs":
        """Some of the frames, in their order."""
        return LabelledGraphs(self.matrices[rows], self.labels[rows], self.video[rows])


@dataclass(frozen=True)
class GraphSplits:
    """What to learn from and what to score, with what results call them.

    name   of the data; scored the name of the split that is scored; truth what else describes it
    """

    train: LabelledGraphs
    val: LabelledGraphs
    name: str
    scored: str
    truth: str


def read_graph_splits(where: Path | str, source: str = ANNOTATION) -> GraphSplits:
    """The splits of a store, or of the folder of a graph sample. UserError where one of them has no frame or action."""
    if not is_address(str(where)) and (Path(where) / TRAIN_FILE).exists():
        folder = Path(where)
        train, val = (_read_sample(folder / name) for name in (TRAIN_FILE, VAL_FILE))
        splits = GraphSplits(train, val, folder.resolve().name, "val", SAMPLE_SPLIT)
    else:
        with AnnotationStore(where) as store:
            train, val = (_read_store(store, split, source) for split in ("train", "test"))
        name = str(where).rstrip("/").rpartition("/")[2]
        splits = GraphSplits(train, val, name, "test", "annotated frames" if source == ANNOTATION else source)
    for split, graphs in (("train", splits.train), (splits.scored, splits.val)):
        if not graphs.labels.any():
            raise UserError(
                f"{splits.name} has no annotated {split} frame at which an action is active; "
                "give a store built with --charades and --action-genome"
            )
    return splits


def _read_sample(path: Path) -> LabelledGraphs:
    sample = read_graph_sample(path)
    rows = []
    for video, graphs in sample.graphs.items():
        of_video = sorted(zip(graphs, sample.actions[video]), key=lambda row: row[0].frame)
        for graph, active in of_video:
            if active is None:
                raise UserError(
                    f"{path}: frame {graph.frame} of {video} does not say which actions are active; "
                    "give every line charades_actions_active, an empty list where there is none"
                )
            rows.append((video, graph, active))
    return _gather(rows)


def _read_store(store: AnnotationStore, split: str, source: str) -> LabelledGraphs:
    """Every annotated frame of a split whose time is known."""
    query = "select video_id from videos where source = ? and split = ? order by video"
    targets = store.targets_of([video for (video,) in store.rows(query, [source, split])], source)

    def list_frames() -> Iterator[tuple[str, SceneGraph, list[int]]]:
        for index, video in enumerate(targets.video_ids):
            intervals = targets.actions_of(index)
            for frame in targets.frames_of(index):
                graph = targets.graph(frame)
                if not np.isnan(graph.time_s):
                    active = [action for action, start, end in intervals if start <= graph.time_s <= end]
                    yield video, graph, active

    return _gather(list(list_frames()))


def _gather(rows: Sequence[tuple[str, SceneGraph, Sequence[int]]]) -> LabelledGraphs:
    matrices = np.zeros((len(rows), N_OBJECTS, N_RELATIONS), np.float32)
    labels = np.zeros((len(rows), N_ACTIONS), bool)
    numbers: dict[str, int] = {}
    video = np.zeros(len(rows), np.int64)
    for index, (name, graph, active) in enumerate(rows):
        matrices[index] = graph.confidence_matrix()
        labels[index, list(active)] = True
        video[index] = numbers.setdefault(name, len(numbers))
    return LabelledGraphs(matrices, labels, video)
