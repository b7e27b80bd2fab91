"""Random choices in named streams, disjoint between train and val by construction.

Every random aspect takes its own stream (room, person, camera, script, ...), so changing one leaves the others alone.
Continuous values fall into ten bins of their range: val draws from bins 2, 5 and 8, train from the others; of a list
with three or more options val gets every third. So no colour, shape or size of val was ever seen in train.
"""

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

import numpy as np

Option = TypeVar("Option")
_VAL_BINS, _TRAIN_BINS = (2, 5, 8), (0, 1, 3, 4, 6, 7, 9)


class RandomStream:
    """One stream. split: 'train' or 'val'; seed of the video (or person); name: of the stream."""

    def __init__(self, split: str, seed: int, name: str) -> None:
        self.is_val = split == "val"
        self.generator = np.random.default_rng([crc32(name.encode()), seed, int(self.is_val)])

    def split_uniform(self, low: float, high: float) -> float:
        """A looks or shape value in [low, high), from this split's bins."""
        bins = _VAL_BINS if self.is_val else _TRAIN_BINS
        return low + (high - low) * (bins[self.generator.integers(len(bins))] + self.generator.random()) / 10

    def split_choice(self, options: Sequence[Option]) -> Option:
        """A looks or shape option of this split's share of the list; short lists are shared."""
        if len(options) >= 3:
            options = [o for i, o in enumerate(options) if (i % 3 == 2) == self.is_val]
        return options[int(self.generator.integers(len(options)))]

    def choice(self, options: Sequence[Option]) -> Option:
        """Any option, whatever the split: for what must not differ (skin, actions, positions)."""
        return options[int(self.generator.integers(len(options)))]

    def uniform(self, low: float, high: float) -> float:
        """Any value, whatever the split: for timing and positions."""
        return float(self.generator.uniform(low, high))

    def bernoulli(self, probability: float) -> bool:
        """True with this probability."""
        return bool(self.generator.random() < probability)

    def permutation(self, options: Sequence[Option]) -> list[Option]:
        """The options in random order."""
        return [options[i] for i in self.generator.permutation(len(options))]
