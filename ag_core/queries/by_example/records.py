"""What is asked by example, and what is found. Knows no store and no arithmetic."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ag_core.errors import UserError

MAX_TIME_S = 3_000_000.0
MAX_EXAMPLES = 50
"""So many moments of each kind a lesson may have."""


@dataclass(frozen=True, order=True)
class Moment:
    """A part of a video in seconds, both ends included; a single time where they are equal.

    UserError for times that are none.
    """

    video_id: str
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_s <= self.end_s <= MAX_TIME_S:
            raise UserError(
                f"{self.start_s:g} to {self.end_s:g} s is no part of a video; give a start from 0 and an end after it"
            )

    @property
    def middle_s(self) -> float:
        """The time in its middle."""
        return (self.start_s + self.end_s) / 2

    def format(self) -> str:
        """As a link has it: 'AB1CD@3.2-5', or 'AB1CD@3.2' for a single time."""
        end = "" if self.end_s == self.start_s else f"-{self.end_s:g}"
        return f"{self.video_id}@{self.start_s:g}{end}"

    @staticmethod
    def parse(text: str) -> "Moment":
        """The moment of a text that `format` wrote; UserError for another one."""
        video_id, mark, times = text.rpartition("@")
        start, _, end = times.partition("-")
        try:
            start_s, end_s = float(start), float(end or start)
        except ValueError:
            start_s = end_s = -1.0
        if not (video_id and mark) or start_s < 0:
            raise UserError(f"{text!r} is no moment; write VIDEO@START-END in seconds, such as AB1CD@3.2-5")
        return Moment(video_id, start_s, end_s)


@dataclass(frozen=True)
class Lesson:
    """What to learn from: examples, and hits that were marked right or wrong. source: whose graphs.

    UserError without an example, and for more than can be shown.
    """

    source: str
    examples: tuple[Moment, ...]
    right: tuple[Moment, ...] = ()
    wrong: tuple[Moment, ...] = ()

    def __post_init__(self) -> None:
        if not self.examples:
            raise UserError("there is no example to learn from; add one or more moments")
        if max(map(len, (self.examples, self.right, self.wrong))) > MAX_EXAMPLES:
            raise UserError(f"more than {MAX_EXAMPLES} moments of a kind are too many; leave some out")

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> "Lesson":
        """The lesson of plain values."""
        kinds = {name: _read_moments(values[name]) for name in ("examples", "right", "wrong")}
        return Lesson(values["source"], **kinds)


@dataclass(frozen=True)
class Hit:
    """A moment that looks like the examples. frame: the annotated or predicted frame there, from 1; score 0 to 1."""

    video_id: str
    time_s: float
    frame: int
    score: float


@dataclass(frozen=True)
class LessonAnswer:
    """Hits, the best first, and among how many frames of how many videos they were looked for.

    left_out: videos that were not looked at, since the store has more frames than one lesson reads.
    """

    hits: tuple[Hit, ...]
    frames: int
    videos: int
    left_out: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> "LessonAnswer":
        """The answer of plain values."""
        numbers = {name: values[name] for name in ("frames", "videos", "left_out", "seconds")}
        return LessonAnswer(tuple(Hit(**hit) for hit in values["hits"]), **numbers)


def _read_moments(rows: Iterable[dict[str, Any]]) -> tuple[Moment, ...]:
    return tuple(Moment(**row) for row in rows)
