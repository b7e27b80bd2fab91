"""How steady the relationships of a head are through time: a row of the file of scene-graph scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ag_core.evaluation.flicker import FLICKER_MEASURES, build_flicker_protocol
from ag_core.evaluation.metrics import Counts, Metric
from ag_core.results.scored_heads import (
    ScoredHead,
    Values,
    count_to_json,
    parse_count,
    parse_scored,
    parse_values,
    round_values,
    scored_to_json,
)


@dataclass(frozen=True)
class SteadinessRow:
    """Flicker of one head in one mode on one part of the data: values by name, of FLICKER_MEASURES.

    What smoothing makes of it is missing where no training of the head has transitions beside its weights.
    """

    scored: ScoredHead
    n: Counts
    values: Mapping[str, Values]

    def list_metrics(self) -> list[Metric]:
        """Every number of the row."""
        return [self.get_metric(name) for name in self.values]

    def get_metric(self, name: str) -> Metric:
        """One of them; KeyError where the row does not hold it."""
        return self.scored.build_metric(self.values[name], build_flicker_protocol(name, self.scored.mode), self.n)

    def to_json(self) -> dict[str, Any]:
        """The row as plain values."""
        numbers = {name: round_values(values) for name, values in self.values.items()}
        return {**scored_to_json(self.scored), "n": count_to_json(self.n), "values": numbers}

    @staticmethod
    def from_json(row: Mapping[str, Any]) -> "SteadinessRow":
        """The row of plain values; raises KeyError, TypeError or ValueError where it is damaged."""
        scored = parse_scored(row)
        if unknown := [name for name in row["values"] if name not in FLICKER_MEASURES]:
            raise ValueError(f"nothing is measured as {unknown[0]!r}")
        values = {name: parse_values(numbers, scored) for name, numbers in row["values"].items()}
        return SteadinessRow(scored, parse_count(row["n"]), values)
