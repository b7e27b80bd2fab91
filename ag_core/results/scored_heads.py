"""Who was scored in a row of scene-graph scores, and what every kind of row shares: numbers a seed, counts, JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ag_core.evaluation.metrics import Counts, Metric
from ag_core.evaluation.protocol import Origin, Owner, Protocol
from ag_core.results.json_values import take_list, take_number, take_text, take_whole
from ag_core.taxonomy import Mode

Values = tuple[float, ...]
"""One number a seed, NaN where nothing could be measured."""


@dataclass(frozen=True)
class ScoredHead:
    """What was scored in one row: a head of some trainings, on one part of the data, in one mode.

    head         id in the catalog; label its name
    part         'test', or the part of it: 'iid', 'comp'
    weights      first 12 hexadecimal digits of each weights file's sha256, in the order of the origin's seeds
    origin       whose numbers, of which data; its split is the part
    """

    head: str
    label: str
    mode: Mode
    weights: tuple[str, ...]
    origin: Origin

    @property
    def part(self) -> str:
        """Which part of the data was scored."""
        return self.origin.split

    def build_metric(self, values: Values, protocol: Protocol, n: Counts) -> Metric:
        """The mean over the seeds, with the standard deviation around it where there are several."""
        return Metric.from_seeds(values, protocol, self.origin, n, self.label)


def scored_to_json(scored: ScoredHead) -> dict[str, Any]:
    """How a row begins."""
    origin = {
        "owner": scored.origin.owner.value,
        "dataset": scored.origin.dataset,
        "split": scored.origin.split,
        "truth": scored.origin.truth,
        "seeds": list(scored.origin.seeds),
        "command": scored.origin.command,
    }
    return {
        "head": scored.head,
        "label": scored.label,
        "mode": scored.mode.value,
        "weights": list(scored.weights),
        "origin": origin,
    }


def count_to_json(n: Counts) -> dict[str, int]:
    """On what was measured, as far as it was counted."""
    return {name: count for name, count in asdict(n).items() if count is not None}


def round_values(numbers: Values) -> list[float | None]:
    """JSON has no NaN: null stands for it."""
    return [None if math.isnan(number) else round(number, 4) for number in numbers]


def parse_scored(row: Mapping[str, Any]) -> ScoredHead:
    """The beginning of a row; raises KeyError, TypeError or ValueError where it is damaged."""
    origin = row["origin"]
    seeds = tuple(take_whole({"a seed": seed}, "a seed", 0, 2**64) for seed in take_list(origin, "seeds"))
    return ScoredHead(
        take_text(row, "head"),
        take_text(row, "label"),
        Mode(row["mode"]),
        tuple(take_text({"a hash": text}, "a hash") for text in take_list(row, "weights")),
        Origin(
            Owner(origin["owner"]),
            take_text(origin, "dataset"),
            take_text(origin, "split"),
            take_text(origin, "truth"),
            seeds,
            take_text(origin, "command"),
        ),
    )


def parse_values(numbers: Any, scored: ScoredHead) -> Values:
    """One number a seed, NaN for null; ValueError where it is anything else."""
    if not isinstance(numbers, list) or len(numbers) != max(1, len(scored.origin.seeds)):
        raise ValueError(f"a number of {scored.head} is no list of one for each seed")
    return tuple(
        float("nan") if number is None else take_number({"a number": number}, "a number", 0, 1_000_000)
        for number in numbers
    )


def parse_count(n: Mapping[str, Any]) -> Counts:
    """On what was measured; ValueError where a count is none."""
    return Counts(**{name: take_whole(n, name, 0, 2**53) for name in n})
