"""How far the probabilities of actions can be believed: log-loss, that of a prior beside it, and reliability.

Knows arrays only. The log-loss of a clip is the binary cross-entropy in nats, summed over the classes; the prior says
of every clip how often each class occurs in the clips to learn from. Whoever is not below it knows nothing of a clip.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.protocol import Averaging, Protocol, Unit

PRIOR = "prior"
"""The model that knows nothing of a clip but how often each action occurs."""

MIN_RATE = 1e-4
"""The prior of a class is at least this, and at most this below 1, so that what never occurred is not impossible."""

N_BINS = 10

Bin = tuple[int, float, int]
"""How many pairs of clip and class lie in a tenth of probability, their mean probability, and how many came true."""


def build_log_loss_protocol(details: str) -> Protocol:
    """How clips are scored; `details` says which clips."""
    words = "binary cross-entropy summed over the classes, mean over clips; less is better"
    return Protocol("log-loss", Unit.NATS, averaging=Averaging.MICRO, details=f"{words}; {details}")


def compute_log_losses(logits: NDArray[Any], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[n] of clips with logits and labels [n,C]: what `-log p` of the truth adds up to over the classes."""
    wide = logits.astype(np.float64)
    losses: NDArray[np.float64] = (np.logaddexp(0, wide) - np.where(labels, wide, 0)).sum(axis=1)
    return losses


def compute_prior_log_losses(rates: NDArray[np.floating], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[n] of the prior with rates [C], the shares of clips to learn from that show each class."""
    kept = np.clip(rates.astype(np.float64), MIN_RATE, 1 - MIN_RATE)
    return compute_log_losses(np.broadcast_to(np.log(kept / (1 - kept)), labels.shape), labels)


def count_bins(probabilities: NDArray[Any], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[3,10] for each tenth of probability: how many of the pairs [n,C] lie in it, the sum of their probabilities, and
    how many came true. A probability of 1 lies in the last tenth; counts of several trainings add up."""
    flat, true = probabilities.reshape(-1).astype(np.float64), labels.reshape(-1)
    which = np.minimum((flat * N_BINS).astype(np.int64), N_BINS - 1)
    return np.stack([np.bincount(which, weights, N_BINS) for weights in (np.ones_like(flat), flat, true)])


def list_bins(counts: NDArray[np.float64]) -> tuple[Bin, ...]:
    """The tenths of `count_bins` that hold any pair."""
    return tuple((int(count), float(total / count), int(right)) for count, total, right in counts.T if count)
