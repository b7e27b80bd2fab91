"""Kinds of triplets in graphs: an object class and a relationship, counted for what they tell of what somebody does."""

from collections import Counter
from collections.abc import Iterable

from ag_core.graphs.edges import edge_mask
from ag_core.records import SceneGraph
from ag_core.taxonomy import RELATIONS

UNTYPICAL = ("not_looking_at", "unsure", "not_contacting", "in_front_of", "behind", "on_the_side_of")
"""Relationships that say little of what somebody does: they hold of most objects in sight."""


def count_kinds(graphs: Iterable[SceneGraph]) -> Counter[tuple[int, int]]:
    """In how many graphs each kind of triplet holds that says what somebody does."""
    typical = [index for index, name in enumerate(RELATIONS) if name not in UNTYPICAL]
    counts: Counter[tuple[int, int]] = Counter()
    for graph in graphs:
        rows, columns = edge_mask(graph)[:, typical].nonzero()
        counts.update({(int(graph.object_classes[row]), typical[column]) for row, column in zip(rows, columns)})
    return counts
