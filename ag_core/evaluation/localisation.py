"""Charades localisation: which actions are under way at 25 points of every video (methods B2).

Knows arrays and metrics only. A class is positive at a point where one of its intervals holds it, both ends included;
the points of all videos are ranked together.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.evaluation.average_precision import ActionPrecision, compute_class_average_precision
from ag_core.evaluation.protocol import Averaging, Protocol, Unit

N_POINTS = 25


def list_localisation_times(duration_s: float) -> NDArray[np.float64]:
    """[25] seconds, evenly from the start of a video, never its last instant."""
    times: NDArray[np.float64] = duration_s * np.arange(N_POINTS) / N_POINTS
    return times


def find_nearest_times(times_s: ArrayLike, points_s: ArrayLike) -> NDArray[np.int64]:
    """[P] for each point the position of the nearest of some times [K], the first of two equally near; K above 0."""
    apart = np.abs(np.asarray(points_s, np.float64)[:, None] - np.asarray(times_s, np.float64)[None])
    nearest: NDArray[np.int64] = apart.argmin(axis=1)
    return nearest


def build_localisation_protocol(details: str) -> Protocol:
    """How points are scored, in percent; `details` says which scores a point has."""
    words = f"{N_POINTS} points a video, pooled; not interpolated, stable ties, classes with a positive point"
    return Protocol("localisation mAP", Unit.PERCENT, averaging=Averaging.CLASS, details=f"{words}; {details}")


def compute_localisation_precision(scores: NDArray[Any], labels: NDArray[np.bool_]) -> ActionPrecision:
    """Average precision of scores and labels [V,25,C] of the points of V videos; its n_videos counts points."""
    n_classes = labels.shape[2]
    rows, truth = scores.reshape(-1, n_classes), labels.reshape(-1, n_classes)
    per_class = compute_class_average_precision(rows, truth)
    return ActionPrecision(per_class, truth.sum(axis=0).astype(np.int64), len(truth))
