"""Every feature that docs/features.md names has a page of the app and a test that drives it in a browser."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = re.compile(
    r"^\| (?P<what>.+?) \| (?P<pages>.+?) \| `(?P<test>tests/browser/test_\w+\.py::test_\w+)` \|$", re.MULTILINE
)
PLAYER, ALL = "Player", "all"

SHARED = {
    "tests/browser/test_player.py::test_lanes_and_changes_follow_the_clock_and_lead_to_their_moments": (
        "lanes and log show the same changes, and the test goes from one to the other"
    ),
}
"""Tests that stand for more than one feature, and why."""


def read_rows() -> list[dict[str, str]]:
    text = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    rows = [found.groupdict() for found in ROW.finditer(text)]
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith(("| what", "| ---"))]
    assert len(rows) == len(lines), "a row of docs/features.md is not: what, page, test"
    return rows


ROWS = read_rows()


@pytest.mark.parametrize("test", sorted({row["test"] for row in ROWS}))
def test_each_named_test_is_a_browser_test(test: str) -> None:
    file, name = test.split("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, f"{test} is not there"
    assert any(
        isinstance(one, ast.Assign) and ast.unparse(one) == "pytestmark = pytest.mark.browser" for one in tree.body
    )


def test_each_feature_stands_once_and_has_a_test_of_its_own() -> None:
    assert len(ROWS) > 50
    assert [what for what, count in Counter(row["what"] for row in ROWS).items() if count > 1] == []
    assert {test for test, count in Counter(row["test"] for row in ROWS).items() if count > 1} == set(SHARED)


def test_each_page_has_a_feature() -> None:
    named = {page for row in ROWS for page in row["pages"].split(", ")} - {PLAYER, ALL}
    there = {path.stem.partition("_")[2] for path in (ROOT / "pages").glob("*.py")} | {"Home"}
    assert named <= there
    assert there - named == {"Glossary"}, "the glossary is text"
