"""How alike two samples of scene graphs are: objects a frame, labels an object, relationships with each object class.

Distances are total variation, half the sum of absolute differences between two distributions: the share of the labels
that would have to be others for the two to be equal, 0 to 1. Knows arrays and records only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_OBJECTS, N_RELATIONS, OBJECTS, Group

MIN_OBJECTS = 20
"""A class with fewer objects on either side has no distance: so few labels lie far from anything by chance."""

MAX_OBJECTS_A_FRAME = 8
"""Where the histogram of objects a frame ends: this many or more."""


@dataclass(frozen=True)
class GraphSample:
    """The visible objects of annotated frames.

    objects_of_frame  [F] number of objects of each frame, 0 included
    classes           [N] index into OBJECT_CLASSES, frame after frame
    relations         [N,25] in the order of RELATIONS
    """

    objects_of_frame: NDArray[np.int64]
    classes: NDArray[np.int64]
    relations: NDArray[np.bool_]

    def __post_init__(self) -> None:
        n = int(self.objects_of_frame.sum())
        if self.classes.shape != (n,) or self.relations.shape != (n, N_RELATIONS):
            raise ValueError(f"the frames have {n} objects, but classes {self.classes.shape} and relations do not")

    @staticmethod
    def from_graphs(graphs: Iterable[SceneGraph]) -> "GraphSample":
        """The objects of graphs that have a box."""
        counts, classes, relations = [], [np.zeros(0, np.int64)], [np.zeros((0, N_RELATIONS), bool)]
        for graph in graphs:
            seen = graph.visible
            counts.append(int(seen.sum()))
            classes.append(graph.object_classes[seen])
            relations.append(graph.relations[seen] > 0.5)
        return GraphSample(np.array(counts, np.int64), np.concatenate(classes), np.concatenate(relations))

    @property
    def n_objects(self) -> NDArray[np.int64]:
        """[35] objects of each class, without the person."""
        return np.bincount(self.classes, minlength=N_OBJECTS + 1)[1:]

    def count_relations(self) -> NDArray[np.int64]:
        """[35,25] how often each relationship holds with each object class."""
        table = np.zeros((N_OBJECTS, N_RELATIONS), np.int64)
        np.add.at(table, self.classes - 1, self.relations)
        return table


def join_graph_samples(samples: Sequence[GraphSample]) -> GraphSample:
    """The frames of several samples as one sample."""
    return GraphSample(
        np.concatenate([sample.objects_of_frame for sample in samples]),
        np.concatenate([sample.classes for sample in samples]),
        np.concatenate([sample.relations for sample in samples]),
    )


def compute_total_variation(first: ArrayLike, second: ArrayLike) -> float:
    """Distance of two distributions given by counts of the same shape; NaN where one is empty."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if not a.sum() or not b.sum():
        return float("nan")
    return float(0.5 * np.abs(a / a.sum() - b / b.sum()).sum())


def compute_relation_distances(first: GraphSample, second: GraphSample) -> NDArray[np.float64]:
    """[35,3] per object class and group, the distance between the two P(relationship | object).

    NaN for a class with fewer than MIN_OBJECTS objects in one of the samples.
    """
    a, b = first.count_relations(), second.count_relations()
    distances = np.full((N_OBJECTS, len(GROUP_SLICES)), np.nan)
    for row in np.flatnonzero(np.minimum(first.n_objects, second.n_objects) >= MIN_OBJECTS):
        distances[row] = [compute_total_variation(a[row, part], b[row, part]) for part in GROUP_SLICES.values()]
    return distances


def count_labels(sample: GraphSample) -> dict[str, Any]:
    """How many objects a frame has and how many relationships an object, as plain numbers; NaN for an empty sample.

    one_each is the share of objects with exactly one spatial and one contact relationship.
    """
    per_group = {group.value: sample.relations[:, part].sum(axis=1) for group, part in GROUP_SLICES.items()}
    spatial, contact = per_group[Group.SPATIAL.value], per_group[Group.CONTACT.value]
    frames = np.bincount(sample.objects_of_frame.clip(max=MAX_OBJECTS_A_FRAME), minlength=MAX_OBJECTS_A_FRAME + 1)
    return {
        "frames": len(sample.objects_of_frame),
        "objects": len(sample.classes),
        "relations": int(sample.relations.sum()),
        "objects_a_frame": _mean(sample.objects_of_frame),
        "frames_by_objects": frames.tolist(),
        "relations_an_object": _mean(sample.relations.sum(axis=1)),
        **{f"{group}_an_object": _mean(counts) for group, counts in per_group.items()},
        "one_each": _mean((spatial == 1) & (contact == 1)),
    }


def compare_graph_samples(
    home: GraphSample, real: GraphSample, real_parts: Sequence[GraphSample] = ()
) -> dict[str, Any]:
    """All comparisons of a synthetic and a real sample, as plain numbers for a report.

    home, real           `count_labels` of each
    objects_a_frame      distance between the numbers of objects a frame
    object_classes       distance between the frequencies of the classes
    together             by group, distance between the whole object by relationship tables
    classes              per object class: counts, distance by group (None where too few), and their mean
    mean, classes_compared, worst   mean over the classes, their number, names of the ten farthest apart
    real_against_itself  mean of the same distances between two parts of the real sample: what sampling alone makes
    """
    distances = compute_relation_distances(home, real)
    per_class = distances.mean(axis=1)
    a, b = home.count_relations(), real.count_relations()
    compared = np.flatnonzero(~np.isnan(per_class))
    report = {
        "distance": "total variation, 0 to 1",
        "least_objects": MIN_OBJECTS,
        "home": count_labels(home),
        "real": count_labels(real),
        "objects_a_frame": compute_total_variation(*(_count_frames(s.objects_of_frame) for s in (home, real))),
        "object_classes": compute_total_variation(home.n_objects, real.n_objects),
        "together": {g.value: compute_total_variation(a[:, part], b[:, part]) for g, part in GROUP_SLICES.items()},
        "classes": [
            {
                "object": name,
                "home": int(home.n_objects[row]),
                "real": int(real.n_objects[row]),
                "distance": _to_json(per_class[row]),
                **{group.value: _to_json(distances[row, i]) for i, group in enumerate(GROUP_SLICES)},
            }
            for row, name in enumerate(OBJECTS)
        ],
        "mean": _to_json(per_class[compared].mean() if len(compared) else np.nan),
        "classes_compared": len(compared),
        "worst": [OBJECTS[row] for row in compared[np.argsort(-per_class[compared], kind="stable")][:10]],
    }
    if len(real_parts) == 2:
        among = compute_relation_distances(*real_parts).mean(axis=1)
        known = among[~np.isnan(among) & ~np.isnan(per_class)]
        report["real_against_itself"] = _to_json(known.mean() if len(known) else np.nan)
    return report


def _count_frames(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(counts.clip(max=MAX_OBJECTS_A_FRAME), minlength=MAX_OBJECTS_A_FRAME + 1)


def _mean(values: NDArray[np.int64] | NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _to_json(value: float) -> float | None:
    """A number as JSON knows it: NaN has none."""
    return None if np.isnan(value) else float(value)
