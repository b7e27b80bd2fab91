"""No number of an evaluation reaches a screen without its owner: the screens cannot take a metric apart.

A metric refuses every format for floats (tests/evaluation). What is left is its attributes and the plain files it comes
from; these tests read the source of the screens and allow neither.
"""

import ast
import re
from pathlib import Path

import pytest

from ag_core.settings import PROJECT

SCREENS = [
    PROJECT / "app.py",
    *sorted((PROJECT / "pages").glob("*.py")),
    *sorted((PROJECT / "ag_core/ui").rglob("*.py")),
]

PARTS_OF_A_METRIC = {"number", "number_of_seed", "bounds"}
BARE_RESULTS = {
    "ag_core.evaluation.average_precision": {"CHANCE"},
    "ag_core.evaluation.graph_recall": {"RECALL_DETAILS"},
    "ag_core.evaluation.bootstrap": set(),
    "ag_core.evaluation.old_results": set(),
}
"""Modules whose results are bare numbers, and what a screen may still take from them: a name, a protocol's words."""

NUMBERS_IN_FILES = {
    "chance",
    "low",
    "high",
    "audits",
    "comparisons",
    "table_3",
    "table_4",
    "table_5",
    "map_charades_val",
}
"""Where the audit and the paper keep bare numbers: screens read them through `world_audit.report_metrics` and
`evaluation.paper_results`."""

MEASURE = re.compile(r"\b(mAP|m?R@\d*|recall@?\d*|AP@)", re.IGNORECASE)


def find_bare_numbers(source: str) -> list[str]:
    """The places of a screen's source that could show a number of an evaluation without saying whose it is."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in PARTS_OF_A_METRIC:
            found.append(f"line {node.lineno}: takes .{node.attr} out of a metric")
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            if node.slice.value in NUMBERS_IN_FILES:
                found.append(f"line {node.lineno}: reads the bare ['{node.slice.value}']")
        elif isinstance(node, ast.ImportFrom) and node.module in BARE_RESULTS:
            taken = {alias.name for alias in node.names} - BARE_RESULTS[node.module]
            found += [f"line {node.lineno}: computes with {name}" for name in sorted(taken)]
        elif isinstance(node, ast.JoinedStr):
            words = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
            formatted = [part for part in node.values if isinstance(part, ast.FormattedValue) and part.format_spec]
            if MEASURE.search(words) and formatted:
                found.append(f"line {node.lineno}: formats a number beside the name of a measure")
    return found


@pytest.mark.parametrize("path", SCREENS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_no_screen_shows_a_bare_number(path: Path) -> None:
    assert find_bare_numbers(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "st.write(metric.number)",
        "low = metric.bounds",
        "st.write(f'mAP {value:.1f} %')",
        "st.write(f'R@20: {100 * share:.0f}')",
        "audit['chance']['val']",
        "from ag_core.evaluation.graph_recall import compute_graph_recall",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert find_bare_numbers(source)


@pytest.mark.parametrize(
    "source", ["st.write(metric)", "f'{metric}, best of all mAP'", "f'{count:,} videos'", "row['name']"]
)
def test_the_search_lets_metrics_pass(source: str) -> None:
    assert find_bare_numbers(source) == []
