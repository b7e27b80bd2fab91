"""What a head loses when a part of what it reads is taken away: whether its score comes from there at all.

A head that gains by losing a part has over-fitted to it; one that loses nothing does not read it.
"""

from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ag_core.experiments.action import HeadExamples


class Probe(StrEnum):
    """What is taken away; the value names the number so measured."""

    MEAN_CLIP = "clip features replaced by their mean"
    NO_BANK = "the bank zeroed"
    SHUFFLED = "the order in the bank shuffled"


def probe_examples(examples: HeadExamples, probe: Probe, mean_clip: NDArray[np.float32], seed: int = 0) -> HeadExamples:
    """The examples with a part of what a head reads taken away. mean_clip [C]: of all clips that are scored."""
    match probe:
        case Probe.MEAN_CLIP:
            return replace(examples, short_term=np.broadcast_to(mean_clip, examples.short_term.shape).copy())
        case Probe.NO_BANK:
            return replace(examples, windows=np.zeros_like(examples.windows))
        case Probe.SHUFFLED:
            return replace(examples, windows=np.random.default_rng(seed).permutation(examples.windows, axis=1))
