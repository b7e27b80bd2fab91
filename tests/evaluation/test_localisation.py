"""Charades localisation against numbers worked out by hand."""

import numpy as np
import pytest

from ag_core.evaluation.localisation import (
    build_localisation_protocol,
    compute_localisation_precision,
    find_nearest_times,
    list_localisation_times,
)


def test_points_lie_evenly_from_the_start_and_never_at_the_end() -> None:
    assert list_localisation_times(25.0).tolist() == list(range(25))
    assert list_localisation_times(10.0)[-1] == pytest.approx(9.6)


def test_a_point_takes_the_nearest_time() -> None:
    grid = (12 * np.arange(4) + 11) / 24  # 0.458, 0.958, 1.458, 1.958
    assert find_nearest_times(grid, [0.0, 0.6, 0.8, 1.7, 5.0]).tolist() == [0, 0, 1, 2, 3]
    assert find_nearest_times([1.0, 3.0], [2.0]).tolist() == [0]


def test_points_of_all_videos_are_ranked_together() -> None:
    scores, labels = np.zeros((2, 25, 2)), np.zeros((2, 25, 2), bool)
    labels[0, 3:6, 0] = True
    scores[0, [4, 3, 5], 0] = 0.9, 0.7, 0.6
    found = compute_localisation_precision(scores, labels)
    assert found.classes.tolist() == [0] and found.mean == 1.0
    scores[1, 10, 0] = 0.8  # a video in which nothing happens counts as well: (1/1 + 2/3 + 3/4) / 3
    found = compute_localisation_precision(scores, labels)
    assert found.mean == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert found.chance == pytest.approx(3 / 50) and found.positives.tolist() == [3, 0]


def test_its_protocol_says_which_scores_a_point_has() -> None:
    protocol = build_localisation_protocol("the nearest clip")
    assert protocol.label == "localisation mAP" and protocol.details.startswith("25 points a video")
    assert protocol.details.endswith("; the nearest clip")
