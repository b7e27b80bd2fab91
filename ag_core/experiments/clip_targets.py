"""What annotated graphs say of a clip beside its actions: what is in sight, how it relates, what and who moves.

All of it is known at many moments of a video, so that a clip network can learn from it before it learns actions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ag_core.experiments.datasets import LabelledVideo
from ag_core.records import SceneGraph
from ag_core.taxonomy import N_CLASSES, N_RELATIONS

N_OBJECTS = N_CLASSES - 1
N_LABELS = N_OBJECTS * (2 + N_RELATIONS)
"""Of each object class: in sight, moving, and each of its relationships."""
N_NUMBERS = 6
"""Of the person: centre (x, y) and height in the middle of the clip, and how they change in it."""
MOVED = 0.06
"""Of the picture's diagonal: what moves farther between two moments of a clip has moved in it."""


@dataclass(frozen=True)
class ClipTargets:
    """What a clip shows.

    labels   [N_LABELS] bool: of every object class whether it is in sight and whether it moves, then the relationships
             that it has at some time
    numbers  [N_NUMBERS] float32 in shares of the picture, NaN where nobody is
    """

    labels: NDArray[np.bool_]
    numbers: NDArray[np.float32]

    def mirror(self) -> "ClipTargets":
        """The same of a clip with left and right exchanged."""
        numbers = self.numbers.copy()
        numbers[0], numbers[3] = 1 - numbers[0], -numbers[3]
        return replace(self, numbers=numbers)


class VideoTargets:
    """The targets of the clips of one video, read from its graphs once."""

    def __init__(self, video: LabelledVideo) -> None:
        self._clock = video.clock
        graphs, n = video.graphs, len(video.graphs)
        self._times_s = np.array([graph.time_s for graph in graphs])
        self._related = np.zeros((n, N_OBJECTS, N_RELATIONS), bool)
        self._centres = np.full((n, N_OBJECTS, 2), np.nan, np.float32)  # of each class, in shares of the diagonal
        self._people = np.full((n, 3), np.nan, np.float32)
        width, height = video.size_wh
        for row, graph in enumerate(graphs):
            self._read_objects(row, graph, float(np.hypot(width, height)))
            if graph.person_box_xyxy is not None:
                x1, y1, x2, y2 = graph.person_box_xyxy.tolist()
                self._people[row] = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (y2 - y1) / height

    def _read_objects(self, row: int, graph: SceneGraph, diagonal: float) -> None:
        classes = graph.object_classes - 1
        np.logical_or.at(self._related[row], classes, graph.relations > 0.5)
        for index in np.flatnonzero(graph.visible):
            of_class = graph.visible & (graph.object_classes == graph.object_classes[index])
            if of_class.sum() == 1:  # which of several is which is not known
                box = graph.object_boxes_xyxy[index]
                self._centres[row, classes[index]] = (box[:2] + box[2:]) / 2 / diagonal
            else:
                self._centres[row, classes[index]] = np.inf

    def read_clip(self, frames: Sequence[int]) -> ClipTargets | None:
        """The targets of the clip of some frames (1-based, ascending); None where no frame in it is annotated."""
        first_s, last_s = (self._clock.time_of(frame) for frame in (frames[0], frames[-1]))
        within = np.flatnonzero((self._times_s >= first_s - 1e-6) & (self._times_s <= last_s + 1e-6))
        if not len(within):
            return None
        seen = ~np.isnan(self._centres[within, :, 0])
        parts = (seen.any(axis=0), self._find_moved(within), self._related[within].any(axis=0).ravel())
        people = self._people[within]
        numbers = np.concatenate([people[len(people) // 2], people[-1] - people[0]])
        return ClipTargets(np.concatenate(parts), numbers)

    def _find_moved(self, within: NDArray[np.intp]) -> NDArray[np.bool_]:
        """[35] whether the one object of a class is at two places farther apart than MOVED."""
        centres = self._centres[within]
        alone = np.where(np.isfinite(centres), centres, np.nan)
        low, high = (np.fmin.reduce(alone, axis=0), np.fmax.reduce(alone, axis=0))
        moved: NDArray[np.bool_] = np.nan_to_num(np.hypot(*(high - low).T)) > MOVED
        return moved
