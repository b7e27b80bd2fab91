"""Random choices in named streams, disjoint between train and val by construction.

Every random thing takes its own stream (room, person, camera, script, ...), so changing one leaves the others alone.
Continuous values fall into ten bins of their range: val draws from bins 2, 5 and 8, train from the others; of a list
with three or more options val gets every third. So no colour, shape or size of val was ever seen in train.
"""

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

import numpy as np

Option = TypeVar("Option")
_VAL_BINS, _TRAIN_BINS = (2, 5, 8), (0, 1, 3, 4, 6, 7, 9)


class Chance:
    """One stream. split: 'train' or 'val'; seed of the video (or person); stream: its name."""

    def __init__(self, split: str, seed: int, stream: str) -> None:
        self.is_val = split == "val"
        self.random = np.random.default_rng([crc32(stream.encode()), seed, int(self.is_val)])

    def between(self, low: float, high: float) -> float:
        """A looks or shape value in [low, high), from this split's bins."""
        bins = _VAL_BINS if self.is_val else _TRAIN_BINS
        return low + (high - low) * (bins[self.random.integers(len(bins))] + self.random.random()) / 10

    def one_of(self, options: Sequence[Option]) -> Option:
        """A looks or shape option of this split's share of the list; short lists are shared."""
        if len(options) >= 3:
            options = [o for i, o in enumerate(options) if (i % 3 == 2) == self.is_val]
        return options[int(self.random.integers(len(options)))]

    def any_of(self, options: Sequence[Option]) -> Option:
        """Any option, whatever the split: for what must not differ (skin, actions, places)."""
        return options[int(self.random.integers(len(options)))]

    def uniform(self, low: float, high: float) -> float:
        """Any value, whatever the split: for timing and places."""
        return float(self.random.uniform(low, high))

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.random.random() < probability)

    def shuffled(self, options: Sequence[Option]) -> list[Option]:
        """The options in random order."""
        return [options[i] for i in self.random.permutation(len(options))]
