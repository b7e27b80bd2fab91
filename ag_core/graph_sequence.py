"""The scene graphs of a video as columns: kept, read and scored whole; a record is made when somebody looks at one."""

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.records import SceneGraph

NO_GRAPH = SceneGraph(1, 0.0, None, 0.0, [], [], [], [])
"""Nobody and nothing: what stands in columns for a frame without a graph."""


class GraphSequence(Sequence[SceneGraph]):
    """F graphs with N objects, objects in the order of the frames. ValueError for columns that do not fit together.

    frames, times_s    [F] numbers from 1 at the video's own rate, and seconds
    person_boxes_xyxy  [F,4] float32 pixels, NaN where nobody was found; person_scores [F] in 0..1
    counts             [F] how many objects each graph has
    object_classes, object_boxes_xyxy, object_scores, relations  [N], [N,4], [N], [N,25], as a `SceneGraph` has them

    Checked once as a whole, which takes less time than one by one. Records are made at the first look and then kept;
    they share the columns' memory.
    """

    def __init__(
        self,
        frames: ArrayLike,
        times_s: ArrayLike,
        person_boxes_xyxy: ArrayLike,
        person_scores: ArrayLike,
        counts: ArrayLike,
        object_classes: ArrayLike,
        object_boxes_xyxy: ArrayLike,
        object_scores: ArrayLike,
        relations: ArrayLike,
    ) -> None:
        objects = SceneGraph(1, 0.0, None, 0.0, object_classes, object_boxes_xyxy, object_scores, relations)
        self.frames: NDArray[np.int64] = np.asarray(frames, np.int64)
        self.times_s: NDArray[np.float64] = np.asarray(times_s, np.float64)
        self.person_boxes_xyxy: NDArray[np.float32] = np.asarray(person_boxes_xyxy, np.float32).reshape(-1, 4)
        self.person_scores: NDArray[np.float64] = np.asarray(person_scores, np.float64)
        self.counts: NDArray[np.int64] = np.asarray(counts, np.int64)
        self.object_classes = objects.object_classes
        self.object_boxes_xyxy = objects.object_boxes_xyxy
        self.object_scores = objects.object_scores
        self.relations = objects.relations
        of_frames = (self.frames, self.times_s, self.person_scores, self.counts)
        fits = all(column.shape == (len(self.person_boxes_xyxy),) for column in of_frames)
        if not fits or self.counts.sum() != len(objects) or (self.frames < 1).any():
            raise ValueError(
                "columns of graphs need one value a frame, frames from 1 on, and as many objects as counted"
            )
        self._ends = np.cumsum(self.counts)
        self._made: list[SceneGraph | None] = [None] * len(self.frames)

    @classmethod
    def gather(cls, graphs: Sequence[SceneGraph | None]) -> "GraphSequence":
        """Graphs as columns: the same ones where they are columns already; NO_GRAPH in place of None."""
        if isinstance(graphs, cls):
            return graphs
        shown = [NO_GRAPH if graph is None else graph for graph in graphs]
        nobody = np.full(4, np.nan, np.float32)
        persons = [nobody if graph.person_box_xyxy is None else graph.person_box_xyxy for graph in shown]
        full = [graph for graph in shown if len(graph.object_classes)] or [NO_GRAPH]
        return cls(
            [graph.frame for graph in shown],
            [graph.time_s for graph in shown],
            persons,
            [graph.person_score for graph in shown],
            [len(graph.object_classes) for graph in shown],
            np.concatenate([graph.object_classes for graph in full]),
            np.concatenate([graph.object_boxes_xyxy for graph in full]),
            np.concatenate([graph.object_scores for graph in full]),
            np.concatenate([graph.relations for graph in full]),
        )

    def __len__(self) -> int:
        return len(self._made)

    @overload
    def __getitem__(self, index: int) -> SceneGraph: ...

    @overload
    def __getitem__(self, index: slice) -> list[SceneGraph]: ...

    def __getitem__(self, index: int | slice) -> SceneGraph | list[SceneGraph]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        graph = self._made[place]
        if graph is None:
            graph = self._made[place] = self._make(place)
        return graph

    def __iter__(self) -> Iterator[SceneGraph]:
        return (self[place] for place in range(len(self)))

    def _make(self, place: int) -> SceneGraph:
        """One record, of columns that were checked."""
        end = int(self._ends[place])
        objects = slice(end - int(self.counts[place]), end)
        person = self.person_boxes_xyxy[place]
        graph = object.__new__(SceneGraph)
        vars(graph).update(
            frame=int(self.frames[place]),
            time_s=float(self.times_s[place]),
            person_box_xyxy=None if np.isnan(person).any() else person,
            person_score=float(self.person_scores[place]),
            object_classes=self.object_classes[objects],
            object_boxes_xyxy=self.object_boxes_xyxy[objects],
            object_scores=self.object_scores[objects],
            relations=self.relations[objects],
        )
        return graph
