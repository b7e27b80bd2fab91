"""A metric: a number that carries how it was measured, of what, by whom, and what makes it again.

There is no way from a metric to a bare figure on a screen: `float(metric)` and `f"{metric:.1f}"` are refused, and
`format(metric)` says whose the number is. Screens and documents take metrics as they are, one by one (`format_short`,
`format_sentence`) or in columns of one protocol (`evaluation.metric_table`). Knows no file and no screen.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from statistics import fmean, stdev
from typing import Any

from ag_core.errors import UserError
from ag_core.evaluation.protocol import (
    AVERAGING_NAMES,
    CONSTRAINT_NAMES,
    MODE_NAMES,
    PRINTED,
    Averaging,
    Constraint,
    Origin,
    Owner,
    Protocol,
    Unit,
)
from ag_core.taxonomy import Mode

RUN = "python -m ag_core "
"""What stands before a command."""

FACTS = (
    "owner", "measure", "mode", "constraint", "averaging", "relations", "details", "data", "n", "training", "seeds",
    "spread", "source", "command",
)  # fmt: skip
"""The kinds of what is said beside a number, in the order in which it is said."""

SPREAD = "mean and standard deviation of the trainings"
"""What the bounds of a number of several seeds are."""


@dataclass(frozen=True)
class Counts:
    """What a number was measured on; None where it was not counted.

    The first six describe what was scored and must agree within a column; two tell what was scored as zero for want of
    an answer; the last two what was learned from.
    """

    videos: int | None = None
    frames: int | None = None
    boxes: int | None = None
    triplets: int | None = None
    classes: int | None = None
    intervals: int | None = None
    frames_without_prediction: int | None = None
    videos_without_scores: int | None = None
    train_videos: int | None = None
    train_frames: int | None = None

    def list_scored(self) -> dict[str, int]:
        """The counts of what was scored, those that are known."""
        names = ("videos", "frames", "boxes", "triplets", "classes", "intervals")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def describe(self) -> str:
        """In words: '120 videos, 300 frames (2 of them without a prediction, scored as zero), 7,604 triplets'."""
        missing = {"frames": (self.frames_without_prediction, "a prediction")}
        missing["videos"] = (self.videos_without_scores, "scores")
        parts = []
        for name, count in self.list_scored().items():
            without, what = missing.get(name, (None, ""))
            note = f" ({without:,} of them without {what}, scored as zero)" if without else ""
            parts.append(f"{count:,} {name if count != 1 else _make_singular(name)}{note}")
        return ", ".join(parts)

    def describe_training(self) -> str:
        """What was learned from, in words; empty where nothing is known of it."""
        known = {"videos": self.train_videos, "frames": self.train_frames}
        parts = [f"{count:,} {name}" for name, count in known.items() if count is not None]
        return f"trained on {' and '.join(parts)}" if parts else ""


@dataclass(frozen=True)
class Bounds:
    """How far a number may be off: from `low` to `high` in its own unit, and in words what these are."""

    low: float
    high: float
    meaning: str


@dataclass(frozen=True)
class Metric:
    """A number with everything that decides it.

    number           in the unit of the protocol: percent from 0 to 100; NaN where nothing could be measured
    protocol         what is measured, and how
    origin           whose it is, of which data, what makes it again
    n                what it was measured on; only papers may leave it open
    bounds           how far it may be off, where that was measured
    number_of_seed   the number of every training, in the order of `origin.seeds`; empty where there was one
    model            what was scored: 'RelDN', 'SGFB', 'chance'; empty where the row of a table says it
    """

    number: float
    protocol: Protocol
    origin: Origin
    n: Counts = Counts()
    bounds: Bounds | None = None
    number_of_seed: tuple[float, ...] = ()
    model: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", float(self.number))
        object.__setattr__(self, "number_of_seed", tuple(float(number) for number in self.number_of_seed))
        if self.origin.owner not in PRINTED and self.n == Counts():
            raise ValueError(f"{self.protocol.label} says not on how many videos or frames it was measured; give n")
        if self.number_of_seed and len(self.number_of_seed) != len(self.origin.seeds):
            raise ValueError(
                f"{len(self.number_of_seed)} numbers for {len(self.origin.seeds)} seeds; give one of every training"
            )

    @staticmethod
    def from_seeds(
        values: Sequence[float],
        protocol: Protocol,
        origin: Origin,
        n: Counts,
        model: str = "",
        spread: str = SPREAD,
    ) -> "Metric":
        """The mean over the seeds of the origin, with the standard deviation around it where there are several."""
        number = fmean(values)
        if len(values) < 2 or math.isnan(number):
            return Metric(number, protocol, origin, n, model=model)
        deviation = stdev(values)
        return Metric(
            number, protocol, origin, n, Bounds(number - deviation, number + deviation, spread), tuple(values), model
        )

    def __format__(self, spec: str) -> str:
        """The number with unit and owner; a format for floats is refused, since it would lose both."""
        if spec:
            raise TypeError(
                f"a metric is not a float and takes no format '{spec}'; use it as it is or by format_sentence"
            )
        return f"{self.format_number(with_unit=True)} ({self.origin.owner})"

    def __str__(self) -> str:
        return format(self)

    @property
    def label(self) -> str:
        """What was measured, of which model: 'R@20 of RelDN'."""
        return self.protocol.label + (f" of {self.model}" if self.model else "")

    def format_number(self, with_unit: bool = False) -> str:
        """The number alone with its bounds, for a cell whose column says the rest: '32.5 (28.1 to 36.9)'."""
        unit = self.protocol.unit
        text = _format_digits(self.number, unit)
        if with_unit and unit not in (Unit.RATIO, Unit.COUNT):
            text += f" {unit}"
        if self.bounds is not None:
            text += f" ({_format_digits(self.bounds.low, unit)} to {_format_digits(self.bounds.high, unit)})"
        elif len(self.number_of_seed) > 1:
            text += f" ({' / '.join(_format_digits(number, unit) for number in self.number_of_seed)})"
        return text

    def to_plot_record(self) -> dict[str, Any]:
        """The row of a chart's data: number, low and high (null without bounds), and the words that go with a mark."""
        low, high = (None, None) if self.bounds is None else (self.bounds.low, self.bounds.high)
        number = None if math.isnan(self.number) else self.number
        return {"number": number, "low": low, "high": high, "metric": self.format_short()}

    def measure_spread(self) -> float | None:
        """How far the upper bound lies above the number, in its unit; None where there are no bounds."""
        return None if self.bounds is None else self.bounds.high - self.number

    def format_short(self) -> str:
        """The short form that stands alone: number, unit, owner, protocol and data in one line."""
        facts = self.list_facts()
        wanted = ("mode", "constraint", "data", "n", "seeds")
        about = ", ".join(facts[name] for name in wanted if name in facts)
        return f"{self.label} {self.format_number(with_unit=True)} ({self.origin.owner}; {about})"

    def format_sentence(self) -> str:
        """Everything about the number in one sentence."""
        facts = self.list_facts()
        about = "; ".join(text for name, text in facts.items() if name not in ("measure", "owner"))
        label = self.label[0].upper() + self.label[1:]
        return f"{label} is {self.format_number(with_unit=True)}, {self.origin.owner}: {about}."

    def list_facts(self) -> dict[str, str]:
        """What must be said beside the number, by kind, in the order of FACTS; never empty texts."""
        protocol, origin = self.protocol, self.origin
        facts = {
            "owner": str(origin.owner),
            "measure": protocol.label + _UNIT_IN_WORDS.get(protocol.unit, f" in {protocol.unit}"),
            "mode": MODE_NAMES[protocol.mode] if protocol.mode else "",
            "constraint": CONSTRAINT_NAMES[protocol.constraint] if protocol.constraint else "",
            "averaging": AVERAGING_NAMES[protocol.averaging] if protocol.averaging else "",
            "relations": f"{protocol.n_relations} relationships" if protocol.n_relations else "",
            "details": protocol.details,
            "data": " ".join(filter(None, (origin.dataset, origin.split, origin.truth))),
            "n": self.n.describe(),
            "training": self.n.describe_training(),
            "seeds": self._describe_seeds(),
            "spread": f"in brackets {self.bounds.meaning}" if self.bounds is not None else "",
            "source": origin.source,
            "command": f"`{RUN}{origin.command}`" if origin.command else "",
        }
        return {name: text for name, text in facts.items() if text}

    def _describe_seeds(self) -> str:
        seeds = ", ".join(str(seed) for seed in self.origin.seeds)
        if len(self.origin.seeds) < 2:
            return f"seed {seeds}" if seeds else ""
        each = ", each in brackets" if self.number_of_seed and self.bounds is None else ""
        return f"mean of seeds {seeds}{each}"

    def is_comparable(self, other: "Metric") -> bool:
        """Whether two numbers may stand in one column: same protocol, same data, and the same things scored."""
        mine, theirs = self.n.list_scored(), other.n.list_scored()
        same = ("dataset", "split", "truth")
        return (
            self.protocol == other.protocol
            and all(getattr(self.origin, name) == getattr(other.origin, name) for name in same)
            and all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys())
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values in the form of assets/metric.schema.json: what is not known is left out, NaN is null."""
        protocol, origin = _to_plain(asdict(self.protocol)), _to_plain(asdict(self.origin))
        rest = {
            "n": _to_plain(asdict(self.n)),
            "bounds": asdict(self.bounds) if self.bounds is not None else None,
            "number_of_seed": self.number_of_seed,
            "model": self.model,
        }
        number = None if math.isnan(self.number) else self.number
        return {"number": number, "protocol": protocol, "origin": origin, **_to_plain(rest)}

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> "Metric":
        """The metric that `to_json` wrote; UserError for a missing, unknown or impossible field."""
        try:
            _check_fields(Metric, row)
            protocol, origin = dict(row["protocol"]), dict(row["origin"])
            number, bounds = row["number"], row.get("bounds")
            for name, kind in (("unit", Unit), ("mode", Mode), ("constraint", Constraint), ("averaging", Averaging)):
                if protocol.get(name) is not None:
                    protocol[name] = kind(protocol[name])
            return Metric(
                float("nan") if number is None else number,
                _build(Protocol, protocol),
                _build(Origin, origin | {"owner": Owner(origin.get("owner", ""))}),
                _build(Counts, row.get("n", {})),
                None if bounds is None else _build(Bounds, bounds),
                tuple(row.get("number_of_seed", ())),
                row.get("model", ""),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"this is no metric: {error}; give one as assets/metric.schema.json describes it"
            ) from error


_UNIT_IN_WORDS = {Unit.COUNT: "", **{unit: f" {unit}" for unit in (Unit.PER_FRAME, Unit.PER_MINUTE)}}
"""Behind the name of what is measured; other units stand as 'in ...'."""


def to_percent(share: float) -> float:
    """A share of one as the number of a metric in percent; unrounded."""
    return 100.0 * float(share)


def _build(kind: type, values: Mapping[str, Any]) -> Any:
    _check_fields(kind, values)
    return kind(**values)


def _check_fields(kind: type, values: Mapping[str, Any]) -> None:
    known = [field.name for field in fields(kind)]
    unknown = set(values) - set(known)
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}, only {', '.join(known)}")


def _to_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not known, and of types that JSON has."""
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if value not in (None, "", (), {}):
            plain[name] = (
                str(value) if isinstance(value, StrEnum) else list(value) if isinstance(value, tuple) else value
            )
    return plain


def _make_singular(name: str) -> str:
    return "class" if name == "classes" else name.removesuffix("s")


def _format_digits(number: float, unit: Unit) -> str:
    if math.isnan(number):
        return "–"
    patterns = {
        Unit.PERCENT: ".1f",
        Unit.POINTS: "+.1f",
        Unit.RATIO: ".2f",
        Unit.COUNT: ",.0f",
        Unit.PER_FRAME: ".2f",
        Unit.PER_MINUTE: ".1f",
        Unit.SECONDS: ",.3g",
        Unit.NATS: ".2f",
        Unit.DIRECTIONS: ".1f",
    }
    return format(number, patterns[unit])
