"""Balance of a labelled set and the spread of a score, against numbers worked out by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ag_core.evaluation.average_precision import compute_action_precision
from ag_core.evaluation.bootstrap import bootstrap_precisions
from ag_core.taxonomy import find_action_index, find_object_index
from ag_core.world_audit.dataset_balance import (
    compute_mutual_information,
    count_actions,
    measure_box_sizes,
    measure_presence,
)

BED = find_object_index("bed")
LIE = find_action_index("c134")  # lying on a bed


def test_presence_that_tells_everything_and_nothing() -> None:
    labels = np.zeros((4, 157), bool)
    labels[:2, LIE] = True
    present = np.zeros((4, 36), bool)
    present[:2, BED] = True
    row = measure_presence(present, labels)[BED - 1]
    assert (row["with_action"], row["without_action"], row["gap"], row["bits"]) == (2, 2, 1.0, 1.0)
    assert row["bystander"] is False
    present[:, BED] = True
    row = measure_presence(present, labels)[BED - 1]
    assert (row["gap"], row["bits"], row["bystander"]) == (0.0, 0.0, True)
    other = measure_presence(present, labels)[0]
    assert other["with_action"] == 0 and other["seen_with"] is None and other["gap"] is None


def test_mutual_information() -> None:
    a = np.array([0, 0, 1, 1], bool)
    assert compute_mutual_information(a, ~a) == pytest.approx(1)
    assert compute_mutual_information(a, np.array([0, 1, 0, 1], bool)) == pytest.approx(0)
    assert compute_mutual_information(a[:0], a[:0]) == 0


def test_label_frequency_leaves_out_what_never_occurs() -> None:
    labels = np.zeros((3, 157), bool)
    labels[:2, LIE] = True
    intervals = np.zeros(157, int)
    intervals[LIE] = 5
    rows = count_actions({"train": labels, "val": labels[2:]}, intervals)
    assert rows == [{"action": "c134", "intervals": 5, "train": 2, "val": 0}]


def test_box_sizes() -> None:
    rows = measure_box_sizes(np.array([0, 2, 2]), np.array([40, 16, 15.9]), np.array([1, 0.5, 1]))
    assert rows[0] == {"object": "person", "boxes": 1, "large": 1.0, "median_px": 40.0, "visibility": 1.0}
    assert (rows[1]["object"], rows[1]["large"], rows[1]["visibility"]) == ("bed", 0.5, 0.75)


@pytest.fixture
def scored() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    random = np.random.default_rng(0)
    labels = random.random((40, 157)) < 0.2
    labels[:, 5:] = False
    noise = random.normal(size=(2, 3, 40, 157))
    return noise + np.array([3.0, 0.0])[:, None, None, None] * labels, labels


def test_the_value_is_that_of_all_videos(scored: tuple[NDArray[np.float64], NDArray[np.bool_]]) -> None:
    scores, labels = scored
    found = bootstrap_precisions(scores, labels, resamples=50)
    expected = [[compute_action_precision(one, labels).mean for one in model] for model in scores]
    assert found.value_of_seed == pytest.approx(np.array(expected))
    for model in range(2):
        interval = found.bound_model(model)
        assert interval.low < interval.value < interval.high
    better = found.bound_difference(0, 1)
    assert better.low > 0 and better.value == pytest.approx(found.bound_model(0).value - found.bound_model(1).value)


def test_equal_models_differ_by_nothing(scored: tuple[NDArray[np.float64], NDArray[np.bool_]]) -> None:
    scores, labels = scored
    twice = bootstrap_precisions(np.stack([scores[0], scores[0]]), labels, resamples=20)
    same = twice.bound_difference(0, 1)
    assert (same.value, same.low, same.high) == (0, 0, 0)
