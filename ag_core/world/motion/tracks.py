"""Tracks: values that go from goal to goal in time. Knows nothing of what the goals mean."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ag_core.world.body.posture import ease

Goal = TypeVar("Goal")
MIN_CHANGE_S = 0.02


@dataclass
class Track(Generic[Goal]):
    """A value that goes from goal to goal. keys: (start of the change, its end, goal); `first` holds before."""

    first: Goal
    keys: list[tuple[float, float, Goal]] = field(default_factory=list)

    def add(self, start: float, end: float, goal: Goal) -> None:
        """Change to a goal from start to end, not before the change that was added last is over."""
        start = max(start, self.keys[-1][1]) if self.keys else start
        self.keys.append((start, max(end, start + MIN_CHANGE_S), goal))

    def goals_at(self, time: float) -> tuple[Goal, Goal, float]:
        """Goal before, goal after, and the eased share 0..1 on the way between them."""
        before, now, share = self.first, self.first, 1.0
        for start, end, goal in self.keys:
            if time < start:
                break
            before, now, share = now, goal, ease((time - start) / (end - start))
        return before, now, share


class NumberTrack(Track[float]):
    """A number that goes from value to value."""

    def value_at(self, time: float) -> float:
        """The number at a time."""
        before, now, share = self.goals_at(time)
        return float(before + (now - before) * share)
