"""How sure a mean average precision is: videos are drawn anew with replacement, many times, the same for all models.

Knows arrays only. The draws are paired: every model is scored on the same videos, so that differences keep
what the models share. A draw repeats some videos and thereby raises average precision; so the draws give the spread
alone, and the bounds lie around the value that all videos give.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.average_precision import compute_action_precision
from ag_core.evaluation.protocol import Protocol, Unit

N_RESAMPLES = 500

BOUNDS_MEANING = "95 % bounds from a paired bootstrap over the videos"


@dataclass(frozen=True)
class ConfidenceInterval:
    """A value with bounds as far from it as those of 95 % of the draws are from their mean; shares of one."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class BootstrapPrecision:
    """Video mAP of several models on the same draws of videos.

    value_of_seed  [models,S] of every training on all videos, shares of one
    resampled      [models,R] mean over the trainings, on every draw of videos
    """

    value_of_seed: NDArray[np.float64]
    resampled: NDArray[np.float64]

    def bound_model(self, model: int) -> ConfidenceInterval:
        """The mean over the trainings of one model."""
        return _bound(float(self.value_of_seed[model].mean()), self.resampled[model])

    def bound_difference(self, first: int, second: int) -> ConfidenceInterval:
        """How much the first model is above the second."""
        value = float(self.value_of_seed[first].mean() - self.value_of_seed[second].mean())
        return _bound(value, self.resampled[first] - self.resampled[second])

    def bound_combination(self, weights: NDArray[np.float64]) -> ConfidenceInterval:
        """The sum of all models, each times its weight [models]."""
        return _bound(float(weights @ self.value_of_seed.mean(axis=1)), weights @ self.resampled)


def build_difference_protocol(protocol: Protocol) -> Protocol:
    """The protocol of the difference of two numbers in percent: in points, which have a sign."""
    return replace(protocol, name=f"difference of {protocol.name}", unit=Unit.POINTS)


def bootstrap_precisions(
    scores: NDArray[Any], labels: NDArray[np.bool_], resamples: int = N_RESAMPLES, seed: int = 0
) -> BootstrapPrecision:
    """Scores [models,S,V,C] of S trainings of each model for V videos, and labels [V,C] -> mAP, and its draws.

    A draw averages over the classes that have a positive video in it.
    """
    models, trainings, n_videos, _ = scores.shape
    shown = labels.any(axis=0)
    shape = (models, trainings, int(shown.sum()))
    # One column for each model, training and class: one call ranks them all.
    columns = np.moveaxis(scores[..., shown], 2, 0).reshape(n_videos, -1)
    truth = np.tile(labels[:, shown], (1, models * trainings))
    random = np.random.default_rng(seed)
    resampled = np.empty((models, resamples))
    for draw in range(resamples):
        rows = random.integers(0, n_videos, n_videos)
        per_class = compute_action_precision(columns[rows], truth[rows]).per_class.reshape(shape)
        resampled[:, draw] = np.nanmean(per_class, axis=(1, 2))
    whole = compute_action_precision(columns, truth).per_class.reshape(shape)
    return BootstrapPrecision(whole.mean(axis=2), resampled)


def _bound(value: float, draws: NDArray[np.float64]) -> ConfidenceInterval:
    low, high = value + np.percentile(draws, [2.5, 97.5]) - draws.mean()
    return ConfidenceInterval(value, float(low), float(high))
