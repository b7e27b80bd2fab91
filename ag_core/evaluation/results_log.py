"""The log of results, one JSON object a line: what was evaluated, when, its metrics, and what else is worth keeping.

A row is {what, date, metrics, about}: `metrics` holds metrics as assets/metric.schema.json describes them, `about` any
plain values, such as counts per class. Rows of before metrics carried their protocol are read as well.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.old_results import is_old_row, read_old_metrics
from ag_core.files import append_line


@dataclass(frozen=True)
class LoggedResult:
    """One row of the log. `about` is what else was kept; rows of benchmarks have no metric."""

    what: str
    date: str
    metrics: tuple[Metric, ...]
    about: Mapping[str, Any] = field(default_factory=dict)


def build_log_row(what: str, metrics: Iterable[Metric], about: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A row of now as plain values, for `json.dumps`."""
    row = {"what": what, "date": datetime.now(UTC).isoformat(timespec="seconds")}
    return row | {"metrics": [metric.to_json() for metric in metrics], "about": dict(about or {})}


def append_log_row(path: Path, row: Mapping[str, Any]) -> None:
    """Add one row to a log, making its folder. UserError where it cannot be written; no half row stays."""
    append_line(path, json.dumps(row, ensure_ascii=False))


def read_log_row(row: Mapping[str, Any]) -> LoggedResult:
    """A row of the log, of today's form or of an earlier one; UserError for anything else."""
    if not isinstance(row, Mapping):
        raise UserError("this is no row of a results log: it is no JSON object")
    named = all(isinstance(row.get(key), str) for key in ("what", "date"))
    if named and is_old_row(row):
        try:
            return LoggedResult(row["what"], row["date"], tuple(read_old_metrics(row)), dict(row))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise UserError(f"this row of an earlier form cannot be read ({error!r})") from None
    if not named or not isinstance(row.get("metrics"), list):
        raise UserError("this is no row of a results log: it needs what, date and a list of metrics")
    metrics = tuple(Metric.from_json(metric) for metric in row["metrics"])
    return LoggedResult(row["what"], row["date"], metrics, row.get("about", {}))


def read_log(path: Path) -> list[LoggedResult]:
    """All rows of a log; UserError naming the line that cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} cannot be read ({error}); give a text file in UTF-8") from None
    results = []
    for number, line in enumerate(lines, start=1):
        try:
            results.append(read_log_row(json.loads(line)))
        except (ValueError, UserError) as error:
            raise UserError(f"{path.name}, line {number}: {error}") from error
    return results
