"""Changes of one frame's graph by hand. Each gives a new graph; the one it was given stays as it is.

An object is named by its row in the graph; `PERSON_ROW` stands for the person. What somebody changed is annotated:
scores and relationships are 0 or 1. Boxes are x1, y1, x2, y2 in pixels of the video.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.errors import UserError
from ag_core.graphs.edges import edge_mask, select_clear
from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_RELATIONS, RELATIONS, Group

PERSON_ROW = -1

MIN_SIDE_PX = 2.0
"""The least width and height of a box."""


def begin_annotation(graph: SceneGraph | None, source: str, frame: int, time_s: float) -> SceneGraph:
    """What a source says of a frame as if it were annotated there, to be changed; an empty graph for None.

    Of a prediction what is shown: a clear person and the clear objects, and the relationships that hold. The graph may
    be of an earlier frame, which is still shown.
    """
    if graph is None:
        return SceneGraph(frame, time_s, None, 0.0, [], [], [], [])
    [shown] = select_clear([graph], source)
    return SceneGraph(
        frame,
        time_s,
        shown.person_box_xyxy,
        float(shown.person_box_xyxy is not None),
        shown.object_classes,
        shown.object_boxes_xyxy,
        np.ones(len(shown), np.float32),
        edge_mask(shown).astype(np.float32),
    )


def change_class(graph: SceneGraph, row: int, object_class: int) -> SceneGraph:
    """The object of a row is of another class (index into OBJECT_CLASSES, never the person)."""
    return replace(graph, object_classes=_put(graph.object_classes, row, object_class))


def change_box(graph: SceneGraph, row: int, box_xyxy: ArrayLike, size_wh: tuple[int, int]) -> SceneGraph:
    """An object or the person has another box, which is cut to the frame. UserError where nothing is left of it."""
    box = clip_box(box_xyxy, size_wh)
    if row == PERSON_ROW:
        return replace(graph, person_box_xyxy=box, person_score=1.0)
    return replace(graph, object_boxes_xyxy=_put(graph.object_boxes_xyxy, row, box))


def change_relations(graph: SceneGraph, row: int, group: Group, names: Collection[str]) -> SceneGraph:
    """Of one group these relationships hold between the person and an object, and no other."""
    held = np.array([name in names for name in RELATIONS[GROUP_SLICES[group]]], np.float32)
    relations = graph.relations.copy()
    relations[row, GROUP_SLICES[group]] = held
    return replace(graph, relations=relations)


def add_object(graph: SceneGraph, object_class: int, box_xyxy: ArrayLike, size_wh: tuple[int, int]) -> SceneGraph:
    """One more object, the last row, without relationships. UserError for a box outside the frame."""
    box = clip_box(box_xyxy, size_wh)
    return replace(
        graph,
        object_classes=np.append(graph.object_classes, object_class),
        object_boxes_xyxy=np.concatenate([graph.object_boxes_xyxy, box[None]]),
        object_scores=np.append(graph.object_scores, np.float32(1)),
        relations=np.concatenate([graph.relations, np.zeros((1, N_RELATIONS), np.float32)]),
    )


def remove_object(graph: SceneGraph, row: int) -> SceneGraph:
    """Without an object; without the person, whose relationships go as well."""
    if row == PERSON_ROW:
        return replace(graph, person_box_xyxy=None, person_score=0.0, relations=np.zeros_like(graph.relations))
    kept = np.arange(len(graph)) != row
    return replace(
        graph,
        object_classes=graph.object_classes[kept],
        object_boxes_xyxy=graph.object_boxes_xyxy[kept],
        object_scores=graph.object_scores[kept],
        relations=graph.relations[kept],
    )


def find_row(graph: SceneGraph, object_class: int, instance: int) -> int | None:
    """The row of the n-th object of a class, from 0; the person's for class 0. None where there is none."""
    if object_class == 0:
        return PERSON_ROW
    rows = np.flatnonzero(graph.object_classes == object_class)
    return int(rows[instance]) if instance < len(rows) else None


def is_same(one: SceneGraph, other: SceneGraph) -> bool:
    """Whether two annotated graphs say the same: persons, classes, relationships, and boxes to a tenth of a pixel."""
    persons = [np.full(4, -1.0) if graph.person_box_xyxy is None else graph.person_box_xyxy for graph in (one, other)]
    boxes = [np.vstack([person, graph.object_boxes_xyxy]) for person, graph in zip(persons, (one, other))]
    return (
        np.array_equal(one.object_classes, other.object_classes)
        and np.array_equal(one.relations, other.relations)
        and np.allclose(boxes[0], boxes[1], rtol=0, atol=0.06, equal_nan=True)
    )


def clip_box(box_xyxy: ArrayLike, size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """[4] the part of a box inside a frame, corners in order, to a tenth of a pixel. UserError where too little is."""
    x1, y1, x2, y2 = np.asarray(box_xyxy, np.float64)
    box = np.array([min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)])
    box = np.asarray(np.clip(box, 0, [*size_wh, *size_wh]).round(1), np.float32)
    if not (np.isfinite(box).all() and (box[2:] - box[:2] >= MIN_SIDE_PX).all()):
        raise UserError(
            f"a box needs {MIN_SIDE_PX:g} pixels of width and height inside the frame of {size_wh[0]} x {size_wh[1]}; "
            "make it larger"
        )
    return box


def _put(values: NDArray[Any], row: int, value: ArrayLike) -> NDArray[Any]:
    """The values of which one row is another."""
    changed = values.copy()
    changed[row] = value
    return changed
