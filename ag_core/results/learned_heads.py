"""What a relation head learned from corrected frames, and what it gained on frames that it had not seen.

The weights are own weights as any others (own_weights.py); what is here stands in their file's header, and is what the
process that learned answers. Knows no torch.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MIN_FRAMES = 3
"""Of fewer corrected frames none is held out."""


@dataclass(frozen=True)
class TripletCounts:
    """Triplets that a head says and that hold, that it says and that do not, and that hold and are not said."""

    right: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: "TripletCounts") -> "TripletCounts":
        return TripletCounts(self.right + other.right, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float | None:
        """Of what is said or holds, how much is both (F1, 0 to 1); None where nothing is said and nothing holds."""
        total = 2 * self.right + self.false + self.missed
        return 2 * self.right / total if total else None


@dataclass(frozen=True)
class LearnedHead:
    """A head that learned, and how it judged frames that it had not seen, before and after.

    name           of its weights among the own ones; head: the catalog's id of what it is
    n_frames, n_objects  how many it learned from
    n_held_out     frames on which `before` and `after` were counted, each by a head that learned from the others; 0: no
                   frame could be held out
    before, after  by group of relationships, with boxes and classes given; empty where nothing was held out
    evidence       how far the head's own evidence counted beside the habits of real homes; None without these
    seconds        that the learning took
    """

    name: str
    head: str
    n_frames: int
    n_objects: int
    seconds: float
    n_held_out: int = 0
    before: Mapping[str, TripletCounts] = field(default_factory=dict)
    after: Mapping[str, TripletCounts] = field(default_factory=dict)
    evidence: float | None = None

    def total(self, after: bool) -> TripletCounts:
        """All groups together, before or after."""
        return sum((self.after if after else self.before).values(), TripletCounts())

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        counts = {name: {group: asdict(one) for group, one in getattr(self, name).items()} for name in _COUNTS}
        return {**asdict(self), **counts}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "LearnedHead":
        """What `to_json` gave."""
        counts = {name: {group: TripletCounts(**one) for group, one in content[name].items()} for name in _COUNTS}
        return LearnedHead(**{**content, **counts})


_COUNTS = ("before", "after")
