"""What of a scene graph counts when it leaves the app: clear objects, likely relationships, and how long each holds.

An annotation says 0 or 1 and passes whole. A prediction says probabilities; two thresholds decide. Knows only arrays.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ag_core.records import SceneGraph

MIN_SCORE = 0.3
"""Predicted objects below this are left out, as in the player. An annotated object scores 1."""

MIN_PROBABILITY = 0.5
"""From this probability on a relationship holds, as in the tables of triplets. An annotated one has probability 1."""


def filter_objects(graph: SceneGraph, min_score: float = MIN_SCORE) -> SceneGraph:
    """The graph without the objects that score less; several of one class stay."""
    kept = graph.object_scores >= min_score
    return replace(
        graph,
        object_classes=graph.object_classes[kept],
        object_boxes_xyxy=graph.object_boxes_xyxy[kept],
        object_scores=graph.object_scores[kept],
        relations=graph.relations[kept],
    )


def edge_mask(graph: SceneGraph, min_probability: float = MIN_PROBABILITY) -> NDArray[np.bool_]:
    """[N,25] which relationships hold. A probability of 0 never does, whatever `min_probability` is."""
    return np.asarray((graph.relations >= min_probability) & (graph.relations > 0))


def active_intervals(holds: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The runs of True in [F] as index pairs, first and last, both included; a single True is (n, n)."""
    edges = np.diff(np.concatenate([[0], np.asarray(holds, np.int8), [0]]))
    firsts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(first), int(end) - 1) for first, end in zip(firsts, ends)]


def find_fullest_frame(graphs: Sequence[SceneGraph], min_probability: float = MIN_PROBABILITY) -> int | None:
    """The frame with the most relationships, of equals the most objects: worth a picture. None without graphs."""
    best = max(
        graphs, key=lambda graph: (int(edge_mask(graph, min_probability).sum()), len(graph), -graph.frame), default=None
    )
    return None if best is None else best.frame
