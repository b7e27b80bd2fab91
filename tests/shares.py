"""Which tests run in one process, and in which order they are handed out, where tests run in several processes."""

from collections import Counter
from zlib import crc32

import pytest
from xdist.scheduler import LoadFileScheduling

TOGETHER = {"tests/browser/": 2, "tests/experiments/": 1, "tests/pipeline/": 1}
"""Folders whose fixtures serve every file and cost much, such as networks, and in how many processes each may run: two
browsers with an app each, since theirs wait more than they work."""


def find_share(test: str) -> str:
    """What one process runs whole: the file to which a test (its node id) belongs, or its folder or a part of that."""
    file = test.partition("::")[0]
    for folder, parts in TOGETHER.items():
        if test.startswith(folder):
            return folder if parts == 1 else f"{folder} {crc32(file.encode()) % parts}"
    return file


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
