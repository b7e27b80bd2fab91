"""Which tests run in one process, and in which order they are handed out, where tests run in several processes."""

from collections import Counter

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = ("tests/browser/", "tests/experiments/", "tests/pipeline/")
"""Folders whose fixtures serve every file and cost much: a running app with a browser, networks."""


def find_share(test: str) -> str:
    """The folder or the file to which a test (its node id) belongs: what one process runs whole."""
    return next((folder for folder in TOGETHER if test.startswith(folder)), test.partition("::")[0])


class FolderScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Hands out files whole and some folders whole, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return find_share(nodeid)


def sort_longest_first(items: list[pytest.Item]) -> None:
    """Put shares with many slow tests first, then those with many tests, so that all processes end together."""
    slow: Counter[str] = Counter()
    every: Counter[str] = Counter()
    share = {item: find_share(item.nodeid) for item in items}
    for item in items:
        every[share[item]] += 1
        slow[share[item]] += any(item.get_closest_marker(name) for name in ("slow", "browser"))
    items.sort(key=lambda item: (-slow[share[item]], -every[share[item]], share[item]))
