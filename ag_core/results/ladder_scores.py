"""The error ladder from SGFB to its oracle, as a value and as a file: 32 combinations, and the share of each step.

The file is JSON of format "action-genome-explorer/ladder-scores", version 1 (docs/ladder.md). `cells` holds the video
mAP of every combination of replacements, `steps` what each replacement has of the gap: Shapley values, which add up
to it. Every number is a metric as assets/metric.schema.json describes it. Knows no models and no torch.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.catalog import ORACLE, SGFB, get_model_label
from ag_core.errors import UserError
from ag_core.evaluation.average_precision import build_video_map_protocol
from ag_core.evaluation.bootstrap import BOUNDS_MEANING, BootstrapPrecision, ConfidenceInterval
from ag_core.evaluation.metrics import Bounds, Counts, Metric, to_percent
from ag_core.evaluation.protocol import Origin, Owner, Unit
from ag_core.evaluation.shapley import compute_shapley_values, list_shapley_weights
from ag_core.files import write_atomically
from ag_core.results.json_values import read_json, take_list, take_text

FORMAT = "action-genome-explorer/ladder-scores"
VERSION = 1

MAX_MISMATCH = 1e-6
"""How far a share in a file may be from that of its cells: what writing a float as decimals may change."""


class Step(StrEnum):
    """What of SGFB is replaced by truth; a combination of steps is a number with a bit for each, in this order."""

    BOXES = "boxes"
    CLASSES = "classes"
    RELATIONS = "relations"
    TIMING = "timing"
    FUSION = "fusion"


STEPS = tuple(Step)
N_COMBINATIONS = 2 ** len(STEPS)

STEP_NAMES = {
    Step.BOXES: "true boxes",
    Step.CLASSES: "true classes",
    Step.RELATIONS: "true relationships",
    Step.TIMING: "annotated times",
    Step.FUSION: "the oracle's head",
}
"""What SGFB has after each step, in words."""


def to_combination(steps: Collection[Step]) -> int:
    """The number of a combination of steps: 0 is SGFB, N_COMBINATIONS - 1 its oracle."""
    return sum(1 << STEPS.index(step) for step in set(steps))


def list_steps(combination: int) -> tuple[Step, ...]:
    """The steps of a combination."""
    return tuple(step for index, step in enumerate(STEPS) if combination >> index & 1)


def name_combination(combination: int) -> str:
    """What is scored: SGFB, its oracle, or SGFB with what is replaced."""
    if combination == N_COMBINATIONS - 1:
        return get_model_label(ORACLE)
    names = ", ".join(STEP_NAMES[step] for step in list_steps(combination))
    return get_model_label(SGFB) + (f" with {names}" if names else "")


@dataclass(frozen=True)
class LadderScores:
    """Video mAP of every combination, and what each step has of the gap.

    cells    [32] by the number of the combination; gap in points, oracle - SGFB
    shares   [5] in points, by step; alone, last [5] what each step adds as the only one, and after all others
    weights  by model, the first digits of the hash of its weights file; notes: sentences a reader must know
    """

    cells: tuple[Metric, ...]
    shares: tuple[Metric, ...]
    alone: tuple[Metric, ...]
    last: tuple[Metric, ...]
    gap: Metric
    weights: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        numbers = (len(self.cells), len(self.shares), len(self.alone), len(self.last))
        if numbers != (N_COMBINATIONS, *[len(STEPS)] * 3):
            raise ValueError(f"a ladder has {N_COMBINATIONS} cells and {len(STEPS)} steps; these are {numbers}")
        exact = [Fraction(str(cell.number)) for cell in self.cells]
        expected = [*self.compute_exact_shares(), *_list_gains(exact, 0), *_list_gains(exact, N_COMBINATIONS - 1)]
        for metric, number in zip((*self.shares, *self.alone, *self.last, self.gap), (*expected, exact[-1] - exact[0])):
            if not abs(metric.number - number) < MAX_MISMATCH:
                raise ValueError(f"{metric.label} is {metric.number}, but the cells give {float(number)}")

    @staticmethod
    def from_draws(
        found: BootstrapPrecision,
        origin: Origin,
        n: Counts,
        weights: Mapping[str, str],
        notes: tuple[str, ...] = (),
        details: str = "",
    ) -> "LadderScores":
        """From the mAP of all combinations, in their order, and their draws; `details` how a video came to scores."""
        protocol = build_video_map_protocol(details=details)
        cells = []
        for combination in range(N_COMBINATIONS):
            bounded = found.bound_model(combination)
            number, name = round(to_percent(bounded.value), 4), name_combination(combination)
            cells.append(Metric(number, protocol, origin, n, _to_bounds(bounded), model=name))
        exact = [Fraction(str(cell.number)) for cell in cells]
        draws = [found.bound_combination(np.array(of_step, np.float64)) for of_step in list_shapley_weights(len(STEPS))]

        def build(name: str, model: str, number: Fraction, drawn: ConfidenceInterval) -> Metric:
            of_step = replace(protocol, name=name, unit=Unit.POINTS)
            return Metric(float(number), of_step, origin, n, _to_bounds(drawn), model=model)

        def build_gains(name: str, taken: int) -> tuple[Metric, ...]:
            gains = zip(STEPS, _list_gains(exact, taken), _list_gain_pairs(taken))
            return tuple(build(name, step, gain, found.bound_difference(*pair)) for step, gain, pair in gains)

        shares = zip(STEPS, compute_shapley_values(exact), draws)
        return LadderScores(
            tuple(cells),
            tuple(build("share of the gap in video mAP", *share) for share in shares),
            build_gains("video mAP gained as the only step", 0),
            build_gains("video mAP gained as the last step", N_COMBINATIONS - 1),
            build(
                "gap in video mAP",
                f"{get_model_label(ORACLE)} over {get_model_label(SGFB)}",
                exact[-1] - exact[0],
                found.bound_difference(N_COMBINATIONS - 1, 0),
            ),
            weights,
            notes,
        )

    def compute_exact_shares(self) -> list[Fraction]:
        """Shapley values in points: they add up to the last cell less the first, without any rounding."""
        return compute_shapley_values([Fraction(str(cell.number)) for cell in self.cells])

    def get_cell(self, *steps: Step) -> Metric:
        """Video mAP with these replaced."""
        return self.cells[to_combination(steps)]

    def list_step_metrics(self, step: Step) -> tuple[Metric, Metric, Metric]:
        """Of one step its share, what it adds to SGFB alone, and what it adds when all others are done, in points."""
        index = STEPS.index(step)
        return self.shares[index], self.alone[index], self.last[index]

    def find_largest_step(self) -> Step:
        """The step with the largest share of the gap."""
        return max(zip(self.shares, STEPS), key=lambda pair: pair[0].number)[1]

    def list_waterfall(self) -> list[dict[str, Any]]:
        """The bars from SGFB to its oracle: step (empty for both ends), name, start and end in percent, label, the
        bounds of the end where the bar is a step's, and the metric in words."""
        first, last = self.cells[0], self.cells[-1]
        bars = [_make_bar("", first.model, 0.0, first)]
        reached = first.number
        for step, share in zip(STEPS, self.shares):
            bars.append(_make_bar(step.value, STEP_NAMES[step], reached, share))
            reached += share.number
        return [*bars, _make_bar("", last.model, 0.0, last)]

    def with_owner(self, owner: Owner) -> "LadderScores":
        """The same scores as somebody's: whose they are depends on whose file it is."""

        def give(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
            return tuple(replace(metric, origin=replace(metric.origin, owner=owner)) for metric in metrics)

        return replace(
            self,
            cells=give(self.cells),
            shares=give(self.shares),
            alone=give(self.alone),
            last=give(self.last),
            gap=give([self.gap])[0],
        )

    def to_json(self) -> dict[str, Any]:
        """The file's content as plain values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "weights": dict(self.weights),
            "notes": list(self.notes),
            "gap": self.gap.to_json(),
            "steps": [
                {"step": step.value, "share": share.to_json(), "alone": alone.to_json(), "last": last.to_json()}
                for step, share, alone, last in zip(STEPS, self.shares, self.alone, self.last)
            ],
            "cells": [
                {"replaced": [step.value for step in list_steps(number)], "metric": cell.to_json()}
                for number, cell in enumerate(self.cells)
            ],
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all, a cell a line."""
        lines = []
        for key, value in self.to_json().items():
            if key in ("steps", "cells"):
                rows = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in value)
                lines.append(f'"{key}": [\n{rows}\n]')
            else:
                lines.append(f'"{key}": {json.dumps(value, ensure_ascii=False, allow_nan=False)}')
        write_atomically(path, "{" + ",\n".join(lines) + "}\n")

    @staticmethod
    def load(path: Path) -> "LadderScores":
        """Read a file. UserError where it is missing, damaged, or of another format or version."""
        content = read_json(path, "give a file that `evaluate ladder` wrote")
        if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
            raise UserError(f"{path.name} is not of format {FORMAT!r}, version {VERSION}; evaluate anew")
        try:
            cells = {
                to_combination([Step(step) for step in row["replaced"]]): Metric.from_json(row["metric"])
                for row in take_list(content, "cells")
            }
            rows = {Step(row["step"]): row for row in take_list(content, "steps")}
            shares, alone, last = (
                tuple(Metric.from_json(rows[step][name]) for step in STEPS) for name in ("share", "alone", "last")
            )
            return LadderScores(
                tuple(cells[number] for number in range(N_COMBINATIONS)),
                shares,
                alone,
                last,
                Metric.from_json(content["gap"]),
                {model: take_text(content["weights"], model) for model in content["weights"]},
                tuple(take_text({"a note": note}, "a note") for note in take_list(content, "notes")),
            )
        except (KeyError, TypeError, ValueError, AttributeError, UserError) as error:
            said = f"{error.args[0]} is missing" if isinstance(error, KeyError) else error
            raise UserError(f"{path.name} is damaged ({said}); evaluate anew") from None


def holds_ladder_scores(path: Path) -> bool:
    """Whether a file begins as one that `save` writes."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return FORMAT in file.read(200)


def _list_gain_pairs(taken: int) -> list[tuple[int, int]]:
    """Of each step the combinations with and without it, the other steps as in `taken`."""
    return [(taken | 1 << index, taken & ~(1 << index)) for index in range(len(STEPS))]


def _list_gains(cells: Sequence[Fraction], taken: int) -> list[Fraction]:
    return [cells[more] - cells[less] for more, less in _list_gain_pairs(taken)]


def _to_bounds(interval: ConfidenceInterval) -> Bounds:
    low, high = (round(to_percent(bound), 4) for bound in (interval.low, interval.high))
    return Bounds(low, high, BOUNDS_MEANING)


def _make_bar(step: str, name: str, start: float, metric: Metric) -> dict[str, Any]:
    bounds = metric.bounds
    return {
        "step": step,
        "name": name,
        "start": start,
        "end": start + metric.number,
        "low": None if bounds is None else start + bounds.low,
        "high": None if bounds is None else start + bounds.high,
        "label": replace(metric, bounds=None).format_number(),
        "metric": metric.format_short(),
    }
