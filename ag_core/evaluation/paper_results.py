"""The paper's printed numbers as metrics: its totals and its Tables 3, 4 and 5.

Takes the plain object of assets/paper_results.json, which keeps the numbers as printed. What the paper does not print,
such as on how many frames it scored, stays open.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ag_core.evaluation.graph_recall import build_recall_protocol
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner, Protocol, Unit
from ag_core.taxonomy import Mode

MODE_OF_COLUMN = {"predcls": Mode.PREDCLS, "sgcls": Mode.SGCLS, "sggen": Mode.SGDET}
"""The paper calls the mode that is given nothing SGGen."""

AVERAGING_OF_COLUMN = {"image": Averaging.FRAME, "video": Averaging.VIDEO}

Printed = Mapping[str, Any]


def read_paper_totals(printed: Printed) -> dict[str, Metric]:
    """The size of Action Genome as the paper counts it, by what is counted: videos, frames, boxes, relations."""
    origin = Origin(Owner.PAPER, "Action Genome", "the whole set", source="text of the paper")
    return {
        name: Metric(count, Protocol(name.replace("_", " "), Unit.COUNT), origin)
        for name, count in printed["totals"].items()
    }


def read_paper_table(printed: Printed, number: int) -> MetricTable:
    """Table 3 (actions), 4 (few-shot actions) or 5 (scene graphs): a row a method, a column for what was measured."""
    protocols = {3: _action_protocol, 4: _few_shot_protocol, 5: _recall_protocol}
    if number not in protocols:
        raise ValueError(f"Table {number} holds no results; ask for 3, 4 or 5")
    dataset, split = ("Action Genome", "test") if number == 5 else ("Charades", "val")
    origin = Origin(Owner.PAPER, dataset, split, source=f"Table {number}")
    rows = {}
    for row in printed[f"table_{number}"]:
        columns = [name for name in row if re.match(r"map_|\w+_r\d+$", name)]
        rows[row["method"]] = [
            Metric(row[name], protocols[number](name), origin, model=row["method"]) for name in columns
        ]
    return MetricTable.from_rows("method", rows)


def _action_protocol(column: str) -> Protocol:
    return Protocol("video mAP", Unit.PERCENT, averaging=Averaging.CLASS)


def _few_shot_protocol(column: str) -> Protocol:
    shots = int(column.removeprefix("map_").removesuffix("shot"))
    details = f"{shots}-shot: novel classes, {shots} training example{'s' if shots > 1 else ''} of each"
    return Protocol("video mAP", Unit.PERCENT, averaging=Averaging.CLASS, details=details)


def _recall_protocol(column: str) -> Protocol:
    """The paper does not print its constraint; its numbers fit one predicate per ordered pair (docs/methods.md)."""
    mode, averaging, k = column.split("_")
    found = build_recall_protocol(
        int(k.removeprefix("r")), MODE_OF_COLUMN[mode], Constraint.ONE_PER_DIRECTION, AVERAGING_OF_COLUMN[averaging]
    )
    return replace(found, details="as printed; the constraint is inferred from the numbers")
