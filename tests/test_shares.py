"""Shares of the test processes: fixtures that cost much are made once, and what takes longest starts first."""

from itertools import groupby

import pytest

from tests.shares import find_share, sort_longest_first


def test_the_browser_and_trained_networks_stay_in_one_process() -> None:
    names = (
        "tests/browser/test_sql.py::test_a[x/y::z]",
        "tests/browser/test_app.py::test_b",
        "tests/test_sql.py::test_a",
    )
    assert [find_share(name) for name in names] == ["tests/browser/", "tests/browser/", "tests/test_sql.py"]


def test_shares_stay_whole_and_keep_the_order_of_their_tests(request: pytest.FixtureRequest) -> None:
    before = list(request.session.items)
    after = before[::2] + before[1::2]
    sort_longest_first(after)
    shares = [share for share, _ in groupby(find_share(item.nodeid) for item in after)]
    assert len(shares) == len(set(shares)) and {*map(id, after)} == {*map(id, before)}
    again = list(after)
    sort_longest_first(again)
    assert again == after
