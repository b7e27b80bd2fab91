"""How sure a mean average precision is: videos are drawn anew with replacement, many times, the same for all models.

Knows arrays only. The draws are paired: every model is scored on the same videos, so that differences keep what the
models share. A draw repeats some videos and thereby raises average precision; so the draws give the spread alone, and
the bounds lie around the value that all videos give.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.average_precision import action_precision

RESAMPLES = 500


@dataclass(frozen=True)
class Interval:
    """A value with bounds as far from it as those of 95 % of the draws are from their mean."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class DrawnPrecision:
    """Video mAP of several models on the same draws.

    seeds [models,S] of every training; drawn [models,R] mean over the trainings, on every draw of videos
    """

    seeds: NDArray[np.float64]
    drawn: NDArray[np.float64]

    def of(self, model: int) -> Interval:
        """The mean over the trainings of one model."""
        return _interval(float(self.seeds[model].mean()), self.drawn[model])

    def difference(self, first: int, second: int) -> Interval:
        """How much the first model is above the second."""
        value = float(self.seeds[first].mean() - self.seeds[second].mean())
        return _interval(value, self.drawn[first] - self.drawn[second])


def drawn_precision(
    scores: NDArray, labels: NDArray[np.bool_], resamples: int = RESAMPLES, seed: int = 0
) -> DrawnPrecision:
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
    drawn = np.empty((models, resamples))
    for draw in range(resamples):
        rows = random.integers(0, n_videos, n_videos)
        per_class = action_precision(columns[rows], truth[rows]).per_class.reshape(shape)
        drawn[:, draw] = np.nanmean(per_class, axis=(1, 2))
    whole = action_precision(columns, truth).per_class.reshape(shape)
    return DrawnPrecision(whole.mean(axis=2), drawn)


def _interval(value: float, draws: NDArray[np.float64]) -> Interval:
    low, high = value + np.percentile(draws, [2.5, 97.5]) - draws.mean()
    return Interval(value, float(low), float(high))
