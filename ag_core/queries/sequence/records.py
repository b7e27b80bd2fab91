"""A sequence as a value: steps in time, each a few conditions on an annotated frame, and limits on gaps and lengths.

What the words mean is written in docs/search.md. Knows neither the language
(language.py) nor SQL (query.py).
"""

from collections.abc import Sequence as Values
from dataclasses import dataclass, replace

from ag_core.taxonomy import N_ACTIONS, N_CLASSES, N_RELATIONS, PERSON, RELATIONS, orient_triplet

MAX_STEPS = 8
MAX_CONDITIONS = 6
"""Of one step."""
MAX_LIMIT_MS = 3_600_000
"""An hour: longer than any video, and far from the end of a 32-bit number of milliseconds."""

SPLITS = ("train", "test")
ANNOTATION = "annotation"


def is_of_person(relation: int) -> bool:
    """Whether a relationship (index) is said of the person, 'holding cup'; else of the object, 'cup behind person'."""
    return orient_triplet(RELATIONS[relation], "object").subject == PERSON


@dataclass(frozen=True)
class Condition:
    """Some visible object of `classes` carries `relations` to the person; with `negated`, no object of the frame does.

    classes    indices 1 to 35 of OBJECT_CLASSES, any of them; empty for any object
    relations  indices of RELATIONS, those first that are said of the person; empty asks only that the object is visible
    together   whether one object must carry all of the relations, or any of them is enough
    """

    classes: tuple[int, ...] = ()
    relations: tuple[int, ...] = ()
    together: bool = False
    negated: bool = False

    def __post_init__(self) -> None:
        _check_indices("object class", self.classes, 1, N_CLASSES)
        _check_indices("relationship", self.relations, 0, N_RELATIONS)
        object.__setattr__(self, "relations", tuple(sorted(self.relations, key=lambda one: not is_of_person(one))))
        if self.together and len(self.relations) < 2:
            raise ValueError("relationships that hold together must be two or more; name another or ask for any")


@dataclass(frozen=True)
class Limits:
    """A length of time that is allowed: at least `min_ms`, at most `max_ms` (None: however long)."""

    min_ms: int = 0
    max_ms: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.min_ms <= MAX_LIMIT_MS or not 0 <= (self.max_ms or 0) <= MAX_LIMIT_MS:
            raise ValueError(f"a time must lie between 0 and {MAX_LIMIT_MS // 1000} seconds; give another")
        if self.max_ms is not None and self.max_ms < self.min_ms:
            raise ValueError(
                f"no time is at least {self.min_ms / 1000:g} s and at most {self.max_ms / 1000:g} s; swap the two"
            )

    @property
    def limits_something(self) -> bool:
        """Whether some length is not allowed; then times must be known."""
        return self.min_ms > 0 or self.max_ms is not None


@dataclass(frozen=True)
class Step:
    """Conditions that hold on the same frame, for an interval of neighbouring frames of a length within `length`."""

    conditions: tuple[Condition, ...]
    length: Limits = Limits()

    def __post_init__(self) -> None:
        if not 1 <= len(self.conditions) <= MAX_CONDITIONS:
            raise ValueError(f"a step has {len(self.conditions)} conditions; give 1 to {MAX_CONDITIONS}")


@dataclass(frozen=True)
class SequenceScope:
    """What must be true of a hit or its video; an empty one asks nothing.

    actions  each entry lists action indices, of which one must have an annotated interval that overlaps the hit
    scene    words contained in the video's scene, whatever the case
    source   whose frames are searched: 'annotation' or a prediction
    """

    actions: tuple[tuple[int, ...], ...] = ()
    scene: str = ""
    split: str | None = None
    source: str = ANNOTATION

    def __post_init__(self) -> None:
        for any_of in self.actions:
            if not any_of:
                raise ValueError("an action condition names no action; give one such as c107")
            _check_indices("action", any_of, 0, N_ACTIONS)
        if self.split is not None and self.split not in SPLITS:
            raise ValueError(f"split {self.split!r} does not exist; give {' or '.join(SPLITS)}")
        if not self.source.strip():
            raise ValueError(f"the source is empty; give {ANNOTATION!r} or a prediction")


@dataclass(frozen=True)
class Sequence:
    """Steps in their order in time, what may lie between them, and conditions on the whole.

    gaps  one fewer than steps: from the end of an interval to the beginning of the next, 0 where they overlap
    """

    steps: tuple[Step, ...]
    gaps: tuple[Limits, ...] = ()
    where: SequenceScope = SequenceScope()

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MAX_STEPS:
            raise ValueError(f"a sequence has {len(self.steps)} steps; give 1 to {MAX_STEPS}")
        if len(self.gaps) != len(self.steps) - 1:
            raise ValueError(f"{len(self.steps)} steps have {len(self.gaps)} gaps between them; give one fewer")

    @property
    def needs_times(self) -> bool:
        """Whether only videos whose times are known can answer."""
        limits = (*self.gaps, *(step.length for step in self.steps))
        return bool(self.where.actions) or any(one.limits_something for one in limits)

    @property
    def negates(self) -> bool:
        """Whether a condition asks for something absent, which annotations do not say."""
        return any(condition.negated for step in self.steps for condition in step.conditions)

    def with_step(self, index: int, step: Step) -> "Sequence":
        """The same with another step at `index` (from 0)."""
        return replace(self, steps=(*self.steps[:index], step, *self.steps[index + 1 :]))

    def with_gap(self, index: int, gap: Limits) -> "Sequence":
        """The same with another gap after the step at `index`."""
        return replace(self, gaps=(*self.gaps[:index], gap, *self.gaps[index + 1 :]))

    def with_inserted(self, index: int, step: Step) -> "Sequence":
        """The same with one more step, which then stands at `index`; any gap may lie before it."""
        gap_index = max(0, index - 1)
        gaps = (*self.gaps[:gap_index], Limits(), *self.gaps[gap_index:])
        return replace(self, steps=(*self.steps[:index], step, *self.steps[index:]), gaps=gaps)

    def without_step(self, index: int) -> "Sequence":
        """The same without a step and the gap before it, or after it where it is the first. ValueError for the last."""
        gap_index = max(0, index - 1)
        steps = (*self.steps[:index], *self.steps[index + 1 :])
        return replace(self, steps=steps, gaps=(*self.gaps[:gap_index], *self.gaps[gap_index + 1 :]))

    def with_moved(self, index: int, by: int) -> "Sequence":
        """The same with a step `by` positions later (earlier where negative), at most to an end; gaps stay."""
        others = [*self.steps[:index], *self.steps[index + 1 :]]
        target = min(max(index + by, 0), len(others))
        return replace(self, steps=(*others[:target], self.steps[index], *others[target:]))


def _check_indices(what: str, values: Values[int], first: int, end: int) -> None:
    if any(not first <= value < end for value in values):
        raise ValueError(f"{what} {tuple(values)} does not exist; give indices from {first} to {end - 1}")
    if len(set(values)) != len(values):
        raise ValueError(f"{what} {tuple(values)} is named twice; name it once")
