"""Shares of the test processes: fixtures that cost much are made once, and what takes longest starts first."""

from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from tests.shares import find_share, sort_longest_first


def test_trained_networks_stay_in_one_process_and_browsers_in_two() -> None:
    names = (
        "tests/experiments/test_action.py::test_a[x/y::z]",
        "tests/experiments/test_clip.py::test_b",
        "tests/test_sql.py::test_a",
    )
    assert [find_share(name) for name in names] == ["tests/experiments/", "tests/experiments/", "tests/test_sql.py"]
    files = sorted(Path(__file__).parent.glob("browser/test_*.py"))
    shares = [find_share(f"tests/browser/{file.name}::test_a") for file in files]
    assert shares == [find_share(f"tests/browser/{file.name}::test_b") for file in files]
    assert min(Counter(shares).values()) > len(files) / 3 and len(set(shares)) == 2


def test_shares_stay_whole_and_keep_the_order_of_their_tests(request: pytest.FixtureRequest) -> None:
    before = list(request.session.items)
    after = before[::2] + before[1::2]
    sort_longest_first(after)
    shares = [share for share, _ in groupby(find_share(item.nodeid) for item in after)]
    assert len(shares) == len(set(shares)) and {*map(id, after)} == {*map(id, before)}
    again = list(after)
    sort_longest_first(again)
    assert again == after
