"""What of a scene graph counts, on the screen, in files and in the store: clear objects, likely relationships.

The player, the tables, every export and the rows of a store (so statistics and search) ask these functions, so they
agree; `active_intervals` says how long a relationship holds. An annotation says 0 or 1 and passes whole.
A prediction says probabilities; two thresholds decide. Knows only arrays.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ag_core.records import MIN_PROBABILITY, SceneGraph
from ag_core.taxonomy import N_CLASSES

MIN_SCORE = 0.3
"""Predicted objects below this are left out. An annotated object scores 1."""


def object_mask(graph: SceneGraph, min_score: float = MIN_SCORE) -> NDArray[np.bool_]:
    """[N] which objects count: the best of each class, and of these only what scores at least `min_score`.

    Equally good objects of one class all count, so that an annotation, in which every object scores 1, passes whole.
    """
    best = np.zeros(N_CLASSES, np.float32)
    np.maximum.at(best, graph.object_classes, graph.object_scores)
    return np.asarray((graph.object_scores >= min_score) & (graph.object_scores == best[graph.object_classes]))


def filter_objects(graph: SceneGraph, min_score: float = MIN_SCORE) -> SceneGraph:
    """The graph with the objects of `object_mask` alone."""
    kept = object_mask(graph, min_score)
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
