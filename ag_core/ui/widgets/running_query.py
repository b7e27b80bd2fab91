"""A query that runs beside the script, so that the page stays alive and can cancel it. Knows no Streamlit."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from ag_core.errors import UserError


class Sandbox(Protocol):
    """What a query needs of ag_core.queries.sql.sandbox.SqlSandbox."""

    def run(self, sql: str, limit_rows: int = ..., timeout_s: float = ...) -> Any: ...

    def interrupt(self) -> None: ...

    def is_waiting(self) -> bool: ...


MAX_TEXTS = 30


@dataclass
class QueryTexts:
    """The queries of one session, oldest first, and which of them stands in the editor."""

    entries: list[str] = field(default_factory=list)
    position: int = -1

    def keep(self, text: str) -> None:
        """Remember a text as the one in the editor; the same twice in a row counts once."""
        if not text.strip() or (self.entries and self.entries[self.position] == text):
            return
        self.entries = [*self.entries, text][-MAX_TEXTS:]
        self.position = len(self.entries) - 1

    def go_back(self, text: str) -> str:
        """The text before this one, which is remembered; itself where it is the first."""
        self.keep(text)
        self.position = max(0, self.position - 1)
        return self.entries[self.position] if self.entries else text

    @staticmethod
    def shorten(text: str) -> str:
        """A text as one short line."""
        whole = " ".join(text.split())
        return whole if len(whole) <= 70 else whole[:69] + "…"


@dataclass
class RunningQuery:
    """One query of one session: started at once, then finished with a `result`, or with an `error` in one sentence.

    `stopped` says that somebody wanted it so.
    """

    sandbox: Sandbox
    sql: str
    limit_rows: int
    timeout_s: float
    result: Any = None
    error: str = ""
    stopped: bool = False
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._work, daemon=True, name="sql")
        self._thread.start()

    def _work(self) -> None:
        try:
            self.result = self.sandbox.run(self.sql, limit_rows=self.limit_rows, timeout_s=self.timeout_s)
        except UserError as error:
            self.error = str(error)

    @property
    def running(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.started

    def cancel(self) -> None:
        """Interrupt it; its error then says so."""
        self.stopped = True
        self.sandbox.interrupt()

    def wait(self, seconds: float) -> None:
        """Give it up to so long; short queries need no progress."""
        self._thread.join(seconds)
