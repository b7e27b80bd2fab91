"""What annotated graphs say of every place of a clip: which objects are there, how they relate, what moves.

A clip network that only hears what a whole clip shows has to find out where by itself, which takes far more clips than
there are. Places are the cells of its last maps, in the clip's own letterboxed picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.experiments.datasets import LabelledVideo
from ag_core.records import SceneGraph
from ag_core.taxonomy import N_CLASSES, N_RELATIONS
from ag_core.video.clips import Letterbox

N_PLACE_LABELS = N_CLASSES + 1 + N_RELATIONS
"""Of each place: every class (the person is 0), whether an object there moves, and relationships of objects there."""
MOVING = N_CLASSES
"""Which of them says that something moves."""
MOVED_BETWEEN = 0.025
"""Of the picture's diagonal: what is farther away in the annotated frame before or after moves."""

MapShape = tuple[int, int, int]
"""Times, rows and columns of a clip network's last maps."""


@dataclass(frozen=True)
class PlaceTargets:
    """What is where in a clip, on a map of [T,H,W] cells.

    labels, counted  [N_PLACE_LABELS,T,H,W] bool; what does not count is not known: times without an annotated frame
                     near them, and moving and relationships where no object is
    """

    labels: NDArray[np.bool_]
    counted: NDArray[np.bool_]

    def mirror(self) -> "PlaceTargets":
        """The same of a clip with left and right exchanged."""
        return PlaceTargets(self.labels[..., ::-1], self.counted[..., ::-1])


class VideoPlaces:
    """Where things are in the annotated frames of one video, read from its graphs once.

    size_wh  pixels of the clips, in which a frame is letterboxed
    """

    def __init__(self, video: LabelledVideo, size_wh: tuple[int, int]) -> None:
        self._clock = video.clock
        self._graphs = video.graphs
        self._times_s = np.array([graph.time_s for graph in video.graphs])
        self._size_wh = size_wh
        place = Letterbox.fit(video.size_wh, size_wh)
        self._scale = np.float32(place.scale)
        self._corner = np.array([place.left, place.top] * 2, np.float32)
        diagonal = float(np.hypot(*video.size_wh))
        neighbours = [
            [self._graphs[other] for other in (index - 1, index + 1) if 0 <= other < len(self._graphs)]
            for index in range(len(self._graphs))
        ]
        self._moving = [
            find_moving(graph, around, MOVED_BETWEEN * diagonal) for graph, around in zip(self._graphs, neighbours)
        ]

    def read_clip(self, frames: Sequence[int], shape: MapShape) -> PlaceTargets:
        """The targets of the clip of some frames (1-based, ascending) on a map of so many times, rows and columns."""
        times, rows, columns = shape
        labels = np.zeros((N_PLACE_LABELS, times, rows, columns), bool)
        counted = np.zeros_like(labels)
        times_s = np.array([self._clock.time_of(frame) for frame in frames])
        within_s = (times_s[-1] - times_s[0]) / times / 2 + 1e-6
        for time, part in enumerate(np.array_split(times_s, times)):
            apart = np.abs(self._times_s - part.mean())
            index = int(apart.argmin())
            if apart[index] <= within_s:
                self._mark(index, labels[:, time], counted[:, time])
        return PlaceTargets(labels, counted)

    def _mark(self, index: int, labels: NDArray[np.bool_], counted: NDArray[np.bool_]) -> None:
        """Write what an annotated frame says into the maps [N_PLACE_LABELS,H,W] of a time."""
        graph, moving = self._graphs[index], self._moving[index]
        counted[:N_CLASSES] = True
        if graph.person_box_xyxy is not None:
            labels[0] |= self._cover(graph.person_box_xyxy, labels.shape[1:])
        for number in np.flatnonzero(graph.visible):
            cells = self._cover(graph.object_boxes_xyxy[number], labels.shape[1:])
            labels[graph.object_classes[number]] |= cells
            counted[MOVING:, cells] = True
            labels[MOVING] |= cells & moving[number]
            labels[MOVING + 1 :, cells] |= (graph.relations[number] > 0.5)[:, None]

    def _cover(self, box_xyxy: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """[H,W] the cells whose middle a box of the video covers, and the cell in which its own middle lies."""
        rows, columns = shape
        cell = np.array([self._size_wh[0] / columns, self._size_wh[1] / rows] * 2)
        x1, y1, x2, y2 = (box_xyxy * self._scale + self._corner) / cell
        x, y = np.arange(columns) + 0.5, np.arange(rows) + 0.5
        covered: NDArray[np.bool_] = ((y >= y1) & (y <= y2))[:, None] & ((x >= x1) & (x <= x2))
        middle = int(np.clip((y1 + y2) / 2, 0, rows - 1)), int(np.clip((x1 + x2) / 2, 0, columns - 1))
        covered[middle] = True
        return covered


def find_moving(graph: SceneGraph, others: Sequence[SceneGraph], far: float) -> NDArray[np.bool_]:
    """[N] whether each object of a graph is more than `far` pixels away in one of the others.

    Of several objects of a class nobody knows which is which: they count as not moving, as does what is not visible.
    """
    moving = np.zeros(len(graph.object_classes), bool)
    for number in np.flatnonzero(graph.visible):
        object_class = graph.object_classes[number]
        here = _find_middle(graph, object_class)
        for other in others:
            there = _find_middle(other, object_class)
            moving[number] |= here is not None and there is not None and np.hypot(*(here - there)) > far
    return moving


def _find_middle(graph: SceneGraph, object_class: int) -> NDArray[np.float32] | None:
    """(x, y) of the one visible object of a class; None where there is none or more than one."""
    of_class = graph.object_boxes_xyxy[(graph.object_classes == object_class) & graph.visible]
    return (of_class[0, :2] + of_class[0, 2:]) / 2 if len(of_class) == 1 else None
