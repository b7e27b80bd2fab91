"""The name and version of the store's format, its tables and the lock its writers hold: what every opener must know.

Light on purpose: a process that only reads imports nothing of the builders.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

FORMAT_NAME = "action-genome-explorer/store"
FORMAT_VERSION = 2

SCHEMA = Path(__file__).with_name("schema.sql")

ANNOTATION = "annotation"
"""The source of everything that people annotated; every other source is a prediction run."""


def quoted(text: Path | str) -> str:
    """A text as SQL literal, for the statements that take no parameters (attach, copy, views, settings)."""
    return "'" + str(text).replace("'", "''") + "'"


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold a lock file; the system frees it if the process dies. Without file locks, work is merely repeated."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
