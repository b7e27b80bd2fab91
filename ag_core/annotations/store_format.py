"""The name and version of the store's format, its tables and the lock its writers hold: what every opener must know.

Light on purpose: a process that only reads imports nothing of the builders.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

FORMAT_NAME = "action-genome-explorer/store"
FORMAT_VERSION = 7

SCHEMA = Path(__file__).with_name("schema.sql")

ANNOTATION = "annotation"
"""The source of everything that people annotated. Other sources are further annotations, or predictions."""

DENSE = "dense"
"""The source of the home world's exact truth: every second frame with all clearly visible objects."""

CORRECTED = "corrected"
"""The source of the frames that somebody corrected in the player."""

PREDICTION_MARK = "prediction:"
"""How the name of every source that models made begins."""


def quote_literal(text: Path | str) -> str:
    """A text as SQL literal, for the statements that take no parameters (attach, copy, views, settings)."""
    return "'" + str(text).replace("'", "''") + "'"


@contextlib.contextmanager
def hold_lock(lock: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock file, which goes when the work is done; the system frees it if the process dies.

    `waiting` is called once where another holds it. Without file locks, work is merely repeated.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    while True:
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waiting is not None:
                    waiting()
                    waiting = None
                fcntl.flock(file, fcntl.LOCK_EX)
            if not _is_still(lock, file.fileno()):
                continue  # whoever held it has removed it since
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
            return


def _is_still(path: Path, number: int) -> bool:
    """Whether the path leads to the open file of that number."""
    try:
        return os.path.samestat(path.stat(), os.fstat(number))
    except FileNotFoundError:
        return False
