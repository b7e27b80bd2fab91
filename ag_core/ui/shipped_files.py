"""Small files that the app brings along, as plain objects: the paper's numbers, examples, meanings, the audit.

Each is read when it is asked for, which takes two milliseconds at most; what is returned belongs to whoever asked.
"""

import json
from typing import Any

from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.results_log import read_log_row
from ag_core.settings import ASSETS

SHIPPED_ACTION_SCORES = tuple(ASSETS / "benchmarks" / name for name in ("actions-400.json", "actions.json"))
"""What `evaluate actions` measured of the shipped action models, on the most videos first."""


def load_paper_results() -> dict[str, Any]:
    """The paper's numbers, as printed."""
    results: dict[str, Any] = _load("paper_results.json")
    return results


def load_published_scene_graphs() -> dict[str, Any]:
    """Scene-graph results as other papers print them."""
    published: dict[str, Any] = _load("published_scene_graphs.json")
    return published


def load_published_actions() -> dict[str, Any]:
    """Action recognition on Charades as other papers print it."""
    published: dict[str, Any] = _load("published_actions.json")
    return published


def load_home_world_audit() -> dict[str, Any] | None:
    """What `audit` found in the shipped version of the home world; None where it has not run."""
    name = "home_world_audit.json"
    audit: dict[str, Any] | None = _load(name) if (ASSETS / name).is_file() else None
    return audit


def load_graph_reader_metrics() -> list[Metric]:
    """How well the reader of graphs does on annotated graphs of other homes, as `evaluate graph-reader` logs it."""
    return list(read_log_row(_load("benchmarks/graph_reader.json")).metrics)


def load_sql_examples() -> list[dict[str, str]]:
    """Queries that teach the schema: name, note, sql."""
    examples: list[dict[str, str]] = _load("sql_examples.json")
    return examples


def load_sql_meanings() -> dict[str, dict[str, str]]:
    """What tables and columns are, in a sentence each: by 'tables' and 'columns', then by name."""
    meanings: dict[str, dict[str, str]] = _load("sql_schema.json")
    return meanings


def load_sequence_examples() -> list[dict[str, str]]:
    """Sequences that teach the language of Search: name, note, text."""
    examples: list[dict[str, str]] = _load("sequence_examples.json")
    return examples


def _load(name: str) -> Any:
    return json.loads((ASSETS / name).read_text(encoding="utf-8"))
