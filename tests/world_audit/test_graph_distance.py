"""Agreement of two graph samples, against numbers worked out by hand."""

import numpy as np
import pytest

from ag_core.records import SceneGraph
from ag_core.taxonomy import find_object_index, find_relation_index
from ag_core.world_audit.graph_distance import (
    MIN_OBJECTS,
    GraphSample,
    compare_graph_samples,
    compute_relation_distances,
    compute_total_variation,
    count_labels,
)


def sample(name: str, *labels: tuple[str, ...], objects_a_frame: int = 1) -> GraphSample:
    """One object of a class for each tuple of labels."""
    relations = np.zeros((len(labels), 25), bool)
    for row, held in zip(relations, labels):
        row[[find_relation_index(label) for label in held]] = True
    frames = np.full(len(labels) // objects_a_frame, objects_a_frame)
    return GraphSample(frames, np.full(len(labels), find_object_index(name)), relations)


WATCHED = ("looking_at", "in_front_of", "holding")
IGNORED = ("not_looking_at", "in_front_of", "holding")


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [([1, 1], [5, 5], 0.0), ([1, 0], [0, 3], 1.0), ([3, 1], [1, 1], 0.25), ([0, 0], [1, 1], np.nan)],
)
def test_total_variation(first: list[int], second: list[int], distance: float) -> None:
    assert compute_total_variation(first, second) == pytest.approx(distance, nan_ok=True)


def test_distance_of_each_group() -> None:
    home = sample("cup/glass/bottle", *[WATCHED] * 20)
    real = sample("cup/glass/bottle", *[WATCHED] * 10, *[IGNORED] * 30)
    row = find_object_index("cup/glass/bottle") - 1
    assert compute_relation_distances(home, real)[row] == pytest.approx([0.75, 0, 0])
    assert np.isnan(np.delete(compute_relation_distances(home, real), row, axis=0)).all()


def test_few_objects_have_no_distance() -> None:
    few = sample("bed", *[WATCHED] * (MIN_OBJECTS - 1))
    assert np.isnan(compute_relation_distances(few, sample("bed", *[WATCHED] * 50))).all()


def test_multiplicity_counts_labels() -> None:
    two_places = ("looking_at", "in_front_of", "on_the_side_of", "holding")
    found = count_labels(sample("bed", WATCHED, two_places, IGNORED, IGNORED, objects_a_frame=2))
    assert found["objects_a_frame"] == 2 and found["frames_by_objects"][:4] == [0, 0, 2, 0]
    assert found["relations_an_object"] == 13 / 4
    assert found["spatial_an_object"] == 5 / 4 and found["attention_an_object"] == 1
    assert found["one_each"] == 0.75


def test_a_sample_agrees_with_itself_and_the_worst_come_first() -> None:
    beds, doors = sample("bed", *[WATCHED] * 30), sample("door", *[WATCHED] * 30)
    other = sample("door", *[IGNORED] * 30)

    def both(a: GraphSample, b: GraphSample) -> GraphSample:
        return GraphSample(
            np.concatenate([a.objects_of_frame, b.objects_of_frame]),
            np.concatenate([a.classes, b.classes]),
            np.concatenate([a.relations, b.relations]),
        )

    same = compare_graph_samples(both(beds, doors), both(beds, doors), [both(beds, doors)] * 2)
    assert same["mean"] == same["object_classes"] == same["real_against_itself"] == 0
    found = compare_graph_samples(both(beds, doors), both(beds, other))
    assert found["worst"] == ["door", "bed"]
    assert found["classes_compared"] == 2
    assert found["mean"] == pytest.approx(1 / 6)
    row = found["classes"][find_object_index("door") - 1]
    assert (row["home"], row["real"], row["attention"]) == (30, 30, 1.0)
    assert found["classes"][find_object_index("shoe") - 1]["distance"] is None


def test_only_visible_objects_of_graphs_count() -> None:
    boxes = np.array([[0, 0, 9, 9], [np.nan] * 4], np.float32)
    relations = np.zeros((2, 25), np.float32)
    graph = SceneGraph(1, 0.0, None, 0.0, np.array([3, 4]), boxes, np.ones(2, np.float32), relations)
    empty = SceneGraph(2, 0.1, None, 0.0, np.zeros(0, np.int64), boxes[:0], np.zeros(0, np.float32), relations[:0])
    found = GraphSample.from_graphs([graph, empty])
    assert found.objects_of_frame.tolist() == [1, 0] and found.classes.tolist() == [3]
    assert GraphSample.from_graphs([]).n_objects.sum() == 0


def test_counts_must_fit() -> None:
    with pytest.raises(ValueError, match="the frames have 2 objects"):
        GraphSample(np.array([2]), np.array([1]), np.zeros((1, 25), bool))
