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

from ag_core.graphs.edges import MIN_SCORE, active_intervals, edge_mask, list_edges, select_clear
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
    orient_triplet,
)

ONE_FRAME, WHOLE_VIDEO = "frame", "video"
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
    Edges run the way `orient_triplet` says: attention and contact from the person to the object, spatial from the
    object to the person; their key is the relationship. `list_triplets` has them in order. `min_probability` and
    `min_score` decide what of a prediction counts.
    """
    clear = select_clear(graphs, source, min_score)
    network = nx.MultiDiGraph(**_describe_video(video, source))
    if frame is None:
        _add_video(network, clear, min_probability)
    else:
        _add_frame(network, latest_graph_at(clear, frame), min_probability)
    return network


def describe_edge(network: nx.MultiDiGraph, start: str, end: str, data: dict[str, Any]) -> str:
    """An edge as the screens say it: 'chair beneath person'."""
    return f"{network.nodes[start]['label']} {data['label']} {network.nodes[end]['label']}"


def list_triplets(network: nx.MultiDiGraph) -> list[tuple[str, str, dict[str, Any]]]:
    """The edges as (start, end, attributes) in the order in which every list names them.

    Object by object, attention before spatial before contact, of each the most probable first; networkx itself goes
    from start to start.
    """
    edges = []
    for name in network:
        if name != PERSON:
            of_object = [*network.in_edges(name, data=True), *network.out_edges(name, data=True)]
            edges += sorted(of_object, key=lambda edge: list(Group).index(Group(edge[2]["group"])))
    return edges


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
    start, name, end = orient_triplet(RELATIONS[relation], thing)
    group = GROUP_OF_RELATION[name].value
    network.add_edge(start, end, key=name, relation=name, label=format_name(name), group=group, **attributes)


# One frame


def _add_frame(network: nx.MultiDiGraph, clear: SceneGraph | None, min_probability: float) -> None:
    network.graph["scope"] = ONE_FRAME
    if clear is None:
        return
    network.graph["frame"] = clear.frame
    if math.isfinite(clear.time_s):
        network.graph["time_s"] = round(float(clear.time_s), 6)
    edges = list_edges(clear, min_probability)
    if clear.person_box_xyxy is not None or len(edges):
        _add_node(network, PERSON, 0, clear.person_score, clear.person_box_xyxy)
    names = _number_names(clear.object_classes.tolist())
    for name, index, box, score in zip(names, clear.object_classes, clear.object_boxes_xyxy, clear.object_scores):
        _add_node(network, name, int(index), float(score), None if np.isnan(box).any() else box)
    for row, relation in edges:
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


def _add_video(network: nx.MultiDiGraph, graphs: list[SceneGraph], min_probability: float) -> None:
    """Nodes by first appearance; edges by object, then group, the most probable first, then what holds longest."""
    present = np.zeros((len(graphs), N_CLASSES), bool)
    scores = np.zeros((len(graphs), N_CLASSES), np.float32)
    probabilities = np.zeros((len(graphs), N_CLASSES, N_RELATIONS), np.float32)
    for number, clear in enumerate(graphs):
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
        holding = probabilities[:, index] > 0
        means = probabilities[:, index].sum(axis=0, dtype=np.float64) / np.maximum(holding.sum(axis=0), 1)
        for relation in _rank_relations(means, holding.sum(axis=0)):
            lasts = lasting(holding[:, relation])
            mean = round(float(means[relation]), 4)
            _add_edge(
                network, OBJECT_CLASSES[index], relation, probability=mean, weight=float(lasts["frames"]), **lasts
            )


def _rank_relations(means: NDArray[np.float64], frames: NDArray[np.int64]) -> list[int]:
    """The relationships that ever hold, attention before spatial before contact, the most probable first."""
    holding = np.flatnonzero(frames).tolist()
    groups = list(Group)
    return sorted(
        holding, key=lambda one: (groups.index(GROUP_OF_RELATION[RELATIONS[one]]), -means[one], -frames[one], one)
    )
