"""What is shown at a frame: the newest graph, and its boxes as the player moves them between two graphs.

A box lies where it was annotated or predicted in its own frame; between two graphs that both have the object (the same
class, and the same of several) it moves in a straight line; otherwise it is held. Relationships are held.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ag_core.graphs.edges import list_edges
from ag_core.records import MIN_PROBABILITY, FrameClock, SceneGraph
from ag_core.taxonomy import GROUP_OF_RELATION, OBJECT_CLASSES, RELATIONS, Group, format_name

DENIALS = ("not_looking_at", "unsure", "not_contacting")
"""Relationships that say of an object that nothing is done with it, or that nobody knows."""


class Way(Enum):
    """How a box comes to be where it is drawn."""

    HERE = "in this very frame"
    BETWEEN = "between two graphs"
    HELD = "where it was last"


@dataclass(frozen=True)
class ShownBox:
    """A box to draw.

    box_xyxy [4] pixels of the video; age_s: seconds to the nearest graph that has it
    group     the strongest thing that the graph says of the object: contact, else attention, else None
    """

    label: str
    is_person: bool
    box_xyxy: NDArray[np.float64]
    score: float
    way: Way
    age_s: float
    group: Group | None = None


@dataclass(frozen=True)
class Moment:
    """What is shown at a frame: the newest graph (None before the first) and the boxes."""

    graph: SceneGraph | None
    boxes: tuple[ShownBox, ...] = ()


class Moments:
    """The moments of a video, by the graphs of one source that count (`select_clear`), sorted by frame."""

    def __init__(
        self, graphs: Sequence[SceneGraph], clock: FrameClock, min_probability: float = MIN_PROBABILITY
    ) -> None:
        self.graphs = list(graphs)
        self.clock = clock
        self.min_probability = min_probability
        self._frames = [graph.frame for graph in self.graphs]

    def find_graphs(self, first: int, last: int) -> list[SceneGraph]:
        """The graphs that are shown somewhere from frame `first` to `last`."""
        begin = max(0, bisect_right(self._frames, first) - 1)
        return [graph for graph in self.graphs[begin:] if graph.frame <= last]

    def at(self, frame: int) -> Moment:
        """What is shown at a 1-based frame."""
        index = bisect_right(self._frames, frame) - 1
        if index < 0:
            return Moment(None)
        graph = self.graphs[index]
        since_s = self.clock.time_of(frame) - self.clock.time_of(graph.frame)
        later = self.graphs[index + 1] if index + 1 < len(self.graphs) and frame != graph.frame else None
        until_s = 0.0 if later is None else self.clock.time_of(later.frame) - self.clock.time_of(frame)
        later_boxes = {} if later is None else _list_boxes(later)
        groups = find_strongest_groups(graph, self.min_probability)
        boxes = []
        for (thing, instance), (row, box, score) in _list_boxes(graph).items():
            way, age_s = (Way.HERE if frame == graph.frame else Way.HELD), since_s
            if (thing, instance) in later_boxes:
                way, age_s = Way.BETWEEN, min(since_s, until_s)
                box = box + (later_boxes[thing, instance][1] - box) * (since_s / (since_s + until_s))
            label = format_name(OBJECT_CLASSES[thing]) + (f" {instance + 1}" if instance else "")
            boxes.append(ShownBox(label, row < 0, box, score, way, age_s, groups.get(row)))
        return Moment(graph, tuple(boxes))


def _list_boxes(graph: SceneGraph) -> dict[tuple[int, int], tuple[int, NDArray[np.float64], float]]:
    """Row, box and score of what has a box, by class and its number among those of its class; the person is row -1."""
    found: dict[tuple[int, int], tuple[int, NDArray[np.float64], float]] = {}
    if graph.person_box_xyxy is not None:
        found[0, 0] = (-1, graph.person_box_xyxy.astype(np.float64), graph.person_score)
    seen: dict[int, int] = {}
    visible = graph.visible
    for row, thing in enumerate(graph.object_classes.tolist()):
        instance = seen.get(thing, 0)
        seen[thing] = instance + 1
        if visible[row]:
            box = graph.object_boxes_xyxy[row].astype(np.float64)
            found[thing, instance] = (row, box, float(graph.object_scores[row]))
    return found


def find_strongest_groups(graph: SceneGraph, min_probability: float = MIN_PROBABILITY) -> dict[int, Group]:
    """By row the group that colours an object: contact before attention, where the likeliest of them says yes."""
    found: dict[int, Group] = {}
    best: dict[tuple[int, Group], float] = {}
    for row, relation in list_edges(graph, min_probability).tolist():
        name, probability = RELATIONS[relation], float(graph.relations[row, relation])
        group = GROUP_OF_RELATION[name]
        is_likeliest = probability == best.setdefault((row, group), probability)
        if group is not Group.SPATIAL and is_likeliest and name not in DENIALS and found.get(row) != Group.CONTACT:
            found[row] = group
    return found
