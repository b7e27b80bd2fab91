"""Scene graphs that the tests of networks and files share, and readers of what was written."""

import io
import json
from typing import Any

import networkx as nx
import numpy as np

from ag_core.records import SceneGraph, Video
from ag_core.taxonomy import N_RELATIONS, find_object_index, find_relation_index

VIDEO = Video("AB1CD", 10.0, 10.0, 480, 270, 100)
CUP = "cup/glass/bottle"


def graph(
    frame: int,
    objects: list[tuple[str, dict[str, float], float | None]],
    person: bool = True,
    time_s: float | None = None,
) -> SceneGraph:
    """A graph of (class, relationships with probability, score); score None is an object that is not visible."""
    relations = np.zeros((len(objects), N_RELATIONS))
    for row, (_, says, _) in enumerate(objects):
        for name, probability in says.items():
            relations[row, find_relation_index(name)] = probability
    boxes = [[np.nan] * 4 if score is None else [10 * row, 20, 10 * row + 30, 60.25] for row, (*_, score) in
             enumerate(objects)]  # fmt: skip
    return SceneGraph(
        frame,
        (frame - 1) / 10 if time_s is None else time_s,
        np.array([1, 2, 30, 40]) if person else None,
        0.9 if person else 0.0,
        np.array([find_object_index(name) for name, *_ in objects]),
        np.array(boxes).reshape(-1, 4),
        np.array([1.0 if score is None else score for *_, score in objects]),
        relations,
    )


def annotated(frame: int, says: dict[str, list[str]], person: bool = True) -> SceneGraph:
    return graph(frame, [(name, dict.fromkeys(names, 1.0), 1.0) for name, names in says.items()], person)


DRINKING = [
    annotated(1, {CUP: ["looking_at", "in_front_of", "holding"]}),
    annotated(11, {CUP: ["looking_at", "in_front_of", "holding", "drinking_from"]}),
    annotated(21, {CUP: ["not_looking_at", "in_front_of", "not_contacting"], "table": ["beneath"]}),
    annotated(31, {"table": ["beneath"]}),
    annotated(51, {CUP: ["holding"], "table": ["beneath"]}),
]
"""The cup is away at frame 31, held again at 51; drunk from at 11 alone."""


def edges_with(network: nx.MultiDiGraph, attribute: str) -> dict[tuple[str, str, str], Any]:
    return {(start, data["relation"], end): data[attribute] for start, end, data in network.edges(data=True)}


def read_gexf(content: bytes) -> nx.MultiDiGraph:
    return nx.MultiDiGraph(nx.read_gexf(io.BytesIO(content)))


def read_graphml(content: bytes) -> nx.MultiDiGraph:
    return nx.read_graphml(io.BytesIO(content), edge_key_type=str, force_multigraph=True)


def read_node_link(content: bytes) -> nx.MultiDiGraph:
    return nx.node_link_graph(json.loads(content), edges="edges")
