"""Metrics and the AP of single actions in files of scores, checked as they are taken out; ValueError where odd."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Unit
from ag_core.results.json_values import take_list, take_number
from ag_core.taxonomy import ACTIONS

LARGEST = {Unit.PERCENT: 100.0, Unit.RATIO: 1.0}
"""Units whose numbers lie between 0 and something."""


def take_metrics(content: Mapping[str, Any]) -> tuple[Metric, ...]:
    """The `metrics` of a file, each with a number that its unit can have; UserError for what is no metric."""
    found = []
    for row in take_list(content, "metrics"):
        metric = Metric.from_json(row)
        bounds = row.get("bounds") or {}
        numbers = [row["number"], *row.get("number_of_seed", []), *(bounds[end] for end in ("low", "high") if bounds)]
        for number in numbers:
            if number is not None and (type(number) not in (int, float) or not math.isfinite(number)):
                raise ValueError(f"a number of {metric.label} is no number")
        most = LARGEST.get(metric.protocol.unit)
        if most is not None and not math.isnan(metric.number) and not 0 <= metric.number <= most:
            raise ValueError(f"{metric.label} is outside 0 to {most:g}")
        found.append(metric)
    return tuple(found)


def take_precisions(content: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The `per_class` of a file: by model and action the AP in percent; ValueError for actions that there are not."""
    found = {
        str(model): {action: take_number(of_model, action, 0, 100) for action in of_model}
        for model, of_model in content["per_class"].items()
    }
    check_actions(action for of_model in found.values() for action in of_model)
    return found


def check_actions(ids: Iterable[str]) -> None:
    """ValueError where one is no id of an action."""
    if unknown := set(ids) - {action.id for action in ACTIONS}:
        raise ValueError(f"there is no action {min(unknown)!r}")
