"""Scene graphs as networkx graphs: one frame as it is, or a whole video as one graph that changes over time.

Attributes are plain numbers and text, with the stored spelling of classes and relationships, so that every writer takes
them; `spells` are lists of pairs. Conventions and every attribute: docs/export.md. Knows no files and no pictures.
"""

import math
from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from ag_core.graphs.edges import MIN_SCORE, active_intervals, edge_mask, filter_objects
from ag_core.records import MIN_PROBABILITY, SceneGraph, Video, latest_graph_at
from ag_core.taxonomy import (
    GROUP_OF_RELATION,
    N_CLASSES,
    N_RELATIONS,
    OBJECT_CLASSES,
    PERSON,
    RELATIONS,
    Group,
    format_name,
)

ONE_FRAME, WHOLE_VIDEO = "moment", "video"
"""What a network shows; its attribute `scope`."""

SECOND, FRAME = "second", "frame"
"""The unit of a network's times: seconds, or frame numbers where the video's rate is unknown."""


def to_networkx(
    graphs: Sequence[SceneGraph],
    video: Video,
    *,
    source: str = "annotation",
    frame: int | None = None,
    min_probability: float = MIN_PROBABILITY,
    min_score: float = MIN_SCORE,
) -> nx.MultiDiGraph:
    """The graphs of one video and source as a network.

    With `frame`, the newest graph at or before that 1-based frame, every object a node of its own; of several of a
    class the one with the best score, and equally good ones are numbered in their order ('dish', 'dish 2'). Without it,
    the whole video as one dynamic graph: one node a class, nodes and edges with the spells in which they are there.
    Edges: attention and contact from the person to the object, spatial from the object to the person; key is the
    relationship. `min_probability` and `min_score` are the probability and object score from which something counts.
    """
    ordered = sorted(graphs, key=lambda graph: graph.frame)
    network = nx.MultiDiGraph(**_describe_video(video, source))
    if frame is None:
        _add_video(network, ordered, min_probability, min_score)
    else:
        _add_frame(network, latest_graph_at(ordered, frame), min_probability, min_score)
    return network


def _describe_video(video: Video, source: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": f"{video.video_id} {source}", "video": video.video_id, "source": source}
    if math.isfinite(video.duration_s):
        facts["duration_s"] = float(video.duration_s)
    facts |= {
        name: value
        for name, value in (("fps", video.fps), ("width", video.width), ("height", video.height))
        if value is not None
    }
    return facts


def _add_edge(network: nx.MultiDiGraph, thing: str, relation: int, **attributes: Any) -> None:
    """Link the person with an object in the direction in which the relationship reads."""
    name = RELATIONS[relation]
    group = GROUP_OF_RELATION[name]
    ends = (thing, PERSON) if group is Group.SPATIAL else (PERSON, thing)
    network.add_edge(*ends, key=name, relation=name, label=format_name(name), group=group.value, **attributes)


# One frame


def _add_frame(network: nx.MultiDiGraph, graph: SceneGraph | None, min_probability: float, min_score: float) -> None:
    network.graph["scope"] = ONE_FRAME
    if graph is None:
        return
    network.graph["frame"] = graph.frame
    if math.isfinite(graph.time_s):
        network.graph["time_s"] = round(float(graph.time_s), 6)
    clear = filter_objects(graph, min_score)
    holds = edge_mask(clear, min_probability)
    if clear.person_box_xyxy is not None or holds.any():
        _add_node(network, PERSON, 0, clear.person_score, clear.person_box_xyxy)
    names = _number_names(clear.object_classes.tolist())
    for name, index, box, score in zip(names, clear.object_classes, clear.object_boxes_xyxy, clear.object_scores):
        _add_node(network, name, int(index), float(score), None if np.isnan(box).any() else box)
    for row, relation in np.argwhere(holds):
        probability = round(float(clear.relations[row, relation]), 4)
        _add_edge(network, names[row], int(relation), probability=probability, weight=probability)


def _number_names(classes: list[int]) -> list[str]:
    """A name for each object of a frame: its class, from the second of a class on with its number."""
    seen: dict[int, int] = {}
    names = []
    for index in classes:
        seen[index] = seen.get(index, 0) + 1
        names.append(OBJECT_CLASSES[index] + (f" {seen[index]}" if seen[index] > 1 else ""))
    return names


def _add_node(network: nx.MultiDiGraph, name: str, index: int, score: float, box: NDArray[np.float32] | None) -> None:
    corners = {} if box is None else {side: round(float(at), 1) for side, at in zip(("x1", "y1", "x2", "y2"), box)}
    network.add_node(
        name,
        kind="object" if index else PERSON,
        object_class=OBJECT_CLASSES[index],
        label=format_name(name),
        score=round(float(score), 4),
        visible=box is not None,
        **corners,
    )


# A whole video


def _add_video(network: nx.MultiDiGraph, graphs: list[SceneGraph], min_probability: float, min_score: float) -> None:
    """Nodes by first appearance, edges in the order of their objects and of the taxonomy."""
    present = np.zeros((len(graphs), N_CLASSES), bool)
    scores = np.zeros((len(graphs), N_CLASSES), np.float32)
    probabilities = np.zeros((len(graphs), N_CLASSES, N_RELATIONS), np.float32)
    for number, graph in enumerate(graphs):
        clear = filter_objects(graph, min_score)
        holds = edge_mask(clear, min_probability)
        found = clear.visible | holds.any(axis=1)
        present[number, clear.object_classes[found]] = True
        scores[number, clear.object_classes] = clear.object_scores
        np.maximum.at(probabilities[number], clear.object_classes, np.where(holds, clear.relations, 0))
        present[number, 0] = clear.person_box_xyxy is not None or bool(holds.any())
        scores[number, 0] = clear.person_score
    frames = [graph.frame for graph in graphs]
    seconds = [round(float(graph.time_s), 6) for graph in graphs]
    timed = all(math.isfinite(time_s) for time_s in seconds)
    times = seconds if timed else [float(frame) for frame in frames]
    network.graph |= {"scope": WHOLE_VIDEO, "time_unit": SECOND if timed else FRAME, "frames": frames, "times": times}

    def lasting(flags: NDArray[np.bool_]) -> dict[str, Any]:
        runs = active_intervals(flags)
        return {
            "frames": int(flags.sum()),
            "spells": [(times[first], times[last]) for first, last in runs],
            "frame_spells": [(frames[first], frames[last]) for first, last in runs],
        }

    seen = np.flatnonzero(present.any(axis=0))
    order = sorted(seen.tolist(), key=lambda index: (index > 0, int(present[:, index].argmax()), index))
    for index in order:
        network.add_node(
            OBJECT_CLASSES[index],
            kind="object" if index else PERSON,
            object_class=OBJECT_CLASSES[index],
            label=format_name(OBJECT_CLASSES[index]),
            score=round(float(scores[:, index].max()), 4),
            **lasting(present[:, index]),
        )
    for index in order:
        for relation in np.flatnonzero(probabilities[:, index].any(axis=0)).tolist():
            column = probabilities[:, index, relation]
            lasts = lasting(column > 0)
            mean = round(float(column[column > 0].mean(dtype=np.float64)), 4)
            _add_edge(
                network, OBJECT_CLASSES[index], relation, probability=mean, weight=float(lasts["frames"]), **lasts
            )
