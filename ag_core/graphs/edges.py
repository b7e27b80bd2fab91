"""What of a scene graph counts, on the screen, in files and in the store: who is clear enough, what holds, how long.

The player, the tables, every export and the rows of a store (so statistics and search) ask these functions, so they
agree: boxes and relationships follow one rule. What is annotated counts whole. Of a prediction two thresholds decide:
a score from which the person or an object counts, and a probability from which a relationship between two that count
does. Knows only arrays.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ag_core.records import MIN_PROBABILITY, SceneGraph
from ag_core.taxonomy import GROUP_OF_RELATION, N_CLASSES, RELATIONS, Group

MIN_SCORE = 0.3
"""A predicted person or object that scores less is left out, and its relationships with it."""

PREDICTED = "prediction"
"""How the names of sources begin that models made; every other source was annotated."""

_GROUP_RANKS = np.array([list(Group).index(GROUP_OF_RELATION[name]) for name in RELATIONS])


def is_predicted(source: str) -> bool:
    """Whether a source, such as 'prediction:yolox+reldn', was made by models; 'annotation' and 'dense' were not."""
    return source.partition(":")[0] == PREDICTED


def has_clear_person(graph: SceneGraph, min_score: float = MIN_SCORE) -> bool:
    """Whether a predicted person counts; no relationship holds with one who does not."""
    return graph.person_box_xyxy is not None and graph.person_score >= min_score


def object_mask(graph: SceneGraph, min_score: float = MIN_SCORE) -> NDArray[np.bool_]:
    """[N] which predicted objects count: the best of each class, and of these only what scores at least `min_score`.

    Equally good objects of one class all count.
    """
    best = np.zeros(N_CLASSES, np.float32)
    np.maximum.at(best, graph.object_classes, graph.object_scores)
    return np.asarray((graph.object_scores >= min_score) & (graph.object_scores == best[graph.object_classes]))


def select_clear(
    graphs: Sequence[SceneGraph], source: str = "annotation", min_score: float = MIN_SCORE
) -> list[SceneGraph]:
    """What counts of the graphs of one source, by frame: an annotation as it is, of a prediction what is clear enough.

    That is the person of `has_clear_person` and the objects of `object_mask`. A person who does not count is left out
    like an object, and every relationship with them.
    """
    ordered = sorted(graphs, key=lambda graph: graph.frame)
    return [_leave_out_unclear(graph, min_score) for graph in ordered] if is_predicted(source) else ordered


def _leave_out_unclear(graph: SceneGraph, min_score: float) -> SceneGraph:
    kept, clear = object_mask(graph, min_score), has_clear_person(graph, min_score)
    return replace(
        graph,
        person_box_xyxy=graph.person_box_xyxy if clear else None,
        person_score=graph.person_score if clear else 0.0,
        object_classes=graph.object_classes[kept],
        object_boxes_xyxy=graph.object_boxes_xyxy[kept],
        object_scores=graph.object_scores[kept],
        relations=graph.relations[kept] * np.float32(clear),
    )


def edge_mask(graph: SceneGraph, min_probability: float = MIN_PROBABILITY) -> NDArray[np.bool_]:
    """[N,25] which relationships hold. A probability of 0 never does, whatever `min_probability` is."""
    return np.asarray((graph.relations >= min_probability) & (graph.relations > 0))


def list_edges(graph: SceneGraph, min_probability: float = MIN_PROBABILITY) -> NDArray[np.int64]:
    """[M,2] object and relationship of what holds, in the order in which every list names it.

    Objects in the order of the graph; of each attention, spatial, contact; of each group the most probable first,
    equally probable ones in the order of RELATIONS.
    """
    edges = np.argwhere(edge_mask(graph, min_probability))
    rows, relations = edges.T
    return edges[np.lexsort((relations, -graph.relations[rows, relations], _GROUP_RANKS[relations], rows))]


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
