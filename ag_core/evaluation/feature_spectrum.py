"""How many directions features use: a network whose features have collapsed tells little, whatever is read from it."""

import numpy as np
from numpy.typing import NDArray


def compute_effective_rank(features: NDArray[np.floating]) -> float:
    """The effective rank of features [n,C]: exp of the entropy of their covariance's spectrum (Roy, Vetterli 2007).

    1 for features on a line or all alike, at most C; NaN where a feature is no number, as of a training that came
    apart. ValueError for fewer than two features.
    """
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"features have shape {features.shape}; give [n,C] with two or more")
    if not np.isfinite(features).all():
        return float("nan")
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    power = np.linalg.svd(centred, compute_uv=False) ** 2
    if power.sum() <= 0:
        return 1.0
    share = power[power > 0] / power.sum()
    return float(np.exp(-(share * np.log(share)).sum()))
