"""Runs a stranger's SQL over a store: one SELECT, read-only, nothing outside it, bounded in time, rows and bytes.

Four walls. The grammar: one SELECT whose tables and functions are all on a list (rules.py). The engine: DuckDB
with files, network, extensions and settings shut. The process: a query runs in a process of its own with an end to its
memory and no right to write (process.py). The watch: who takes too long is interrupted, then killed.
"""

import signal
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pyarrow as pa

from ag_core.annotations.connection import fetch_store
from ag_core.errors import UserError
from ag_core.jobs.job import JobKind, JobState
from ag_core.jobs.messages import Message
from ag_core.jobs.process import build_module_command
from ag_core.jobs.queue import JobQueue
from ag_core.queries.sql.answer_tables import to_data_frame
from ag_core.queries.sql.text import blank_semicolons, format_query, quote_name

LIMIT_BYTES = 64_000_000
"""Of the rows of one answer."""

KILL_AFTER_S = 1.0
"""So long after its time limit a query that did not end by itself is ended."""


@dataclass(frozen=True)
class SandboxResult:
    """`frame` holds the rows, at most the limit; `cut` says what they were cut by: '', 'rows' or 'bytes'."""

    frame: pd.DataFrame
    seconds: float
    cut: str


@dataclass(frozen=True)
class SqlRequest:
    """One question to the process: the fields of its order, and how long it may take."""

    order: dict[str, Any]
    timeout_s: float


class SqlJobs(JobKind[SqlRequest, Message]):
    """What is particular to SQL over one store, for a `JobQueue`: processes that only read, and may be killed.

    memory_mb and threads are those of each process; slots is how many queries run at a time. UserError where the store
    is missing.
    """

    name = "SQL"
    again = "try again"
    starting = "starting"
    folder = None
    cancel_grace_s = 0.0  # a query does not listen, and nothing is lost with its process
    processes_kept = 2
    max_wait_s = 30.0
    environment = MappingProxyType({"MALLOC_ARENA_MAX": "1"})  # else each thread reserves addresses, which are counted

    def __init__(self, path: Path | str, memory_mb: int = 1000, threads: int = 2, slots: int = 3) -> None:
        self.path, self.slots = str(fetch_store(path)), slots
        self.command = build_module_command("ag_core.queries.sql.process", self.path, str(memory_mb), str(threads))

    def get_key(self, request: SqlRequest) -> str:
        """Every question is a job of its own."""
        return uuid.uuid4().hex

    def get_command(self, worker: str) -> Sequence[str]:
        """The process that answers."""
        return self.command

    def describe_job(self, request: SqlRequest, key: str) -> dict[str, Any]:
        """The order."""
        return request.order

    def read_result(self, message: Message) -> Message:
        """The answer, as it came."""
        return message

    def get_time_limit_s(self, request: SqlRequest) -> float:
        """A little more than the query has, for it may still end by itself."""
        return request.timeout_s + KILL_AFTER_S

    def explain_end(self, request: SqlRequest, exit_code: int | None, late: bool) -> str:
        """Too long, or too much."""
        if late or exit_code == -signal.SIGALRM:
            return f"the query took longer than {request.timeout_s:g} s; ask for less"
        return "the query needed more than its process may have, which ended it; ask for less"


SqlQueue = JobQueue[SqlRequest, Message]


def open_sql_queue(
    path: Path | str,
    memory_mb: int = 1000,
    threads: int = 2,
    slots: int = 3,
    is_present: Callable[[str], bool] = lambda visitor: True,
) -> SqlQueue:
    """The queue for queries over one store, to be shared by every sandbox over it; `close` ends its processes.

    UserError where the store is missing.
    """
    return JobQueue(SqlJobs(path, memory_mb, threads, slots), is_present)


class SqlSandbox:
    """A store opened for one person's questions. UserError where it is missing or not a store.

    `queue` may be shared between sandboxes; without it this one has its own, which `close` ends.
    """

    def __init__(
        self, path: Path | str, memory_mb: int = 1000, threads: int = 2, queue: SqlQueue | None = None
    ) -> None:
        self.path = path
        self.queue = queue or open_sql_queue(path, memory_mb, threads)
        self._own = queue is None
        self._visitor = uuid.uuid4().hex

    def close(self) -> None:
        """Stop what runs."""
        self.interrupt()
        if self._own:
            self.queue.close()

    def interrupt(self) -> None:
        """Stop every run of this sandbox; each ends with a UserError. Other sandboxes go on."""
        self.queue.cancel_all(self._visitor)

    def is_waiting(self) -> bool:
        """Whether a run of this sandbox waits for its turn."""
        return any(job.state == JobState.QUEUED for job in self.queue.list_jobs_of(self._visitor))

    def run(self, sql: str, limit_rows: int = 10_000, timeout_s: float = 10) -> SandboxResult:
        """The answer to one SELECT.

        UserError with DuckDB's own message, or with what is not allowed or took too long.
        """
        if limit_rows < 0 or timeout_s <= 0:
            raise UserError("a run needs a row limit from 0 and a time limit above 0")
        order = {"sql": sql, "rows": limit_rows, "seconds": timeout_s, "max_bytes": LIMIT_BYTES}
        answer = self._ask(order, timeout_s)
        with pa.ipc.open_stream(pa.py_buffer(answer.body)) as reader:
            table = reader.read_all()
        facts = answer.fields
        return SandboxResult(to_data_frame(table, facts["names"]), float(facts["seconds"]), facts["cut"])

    def schema(self) -> dict[str, list[tuple[str, str]]]:
        """Columns (name, type) of every table by name, then of the views that spell out names."""
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in self._ask({"schema": True}, 60).fields["schema"]:
            columns.setdefault(table, []).append((column, kind))
        return columns

    def first_rows(self, table: str, rows: int = 20) -> pd.DataFrame:
        """The first rows of one of the tables that `schema` lists; UserError for another."""
        if table not in self.schema():
            raise UserError(f"{table} is not a table of this store; schema() lists them")
        return self.run(f"from {quote_name(table)}", rows).frame

    def format_sql(self, sql: str) -> str:
        """The query in lines, one part each; UserError where that cannot be done without changing what it asks."""
        text = format_query(sql)
        if not self._ask({"same": [blank_semicolons(sql), text]}, 10).fields["same"]:
            raise UserError("this query cannot be laid out without changing what it asks; it stays as it is")
        return text

    def _ask(self, order: dict[str, Any], timeout_s: float) -> Message:
        """The answer to one order; UserError for what the process says, or if it was stopped or had to be killed."""
        job_id = self.queue.submit(SqlRequest(order, timeout_s), self._visitor)
        try:
            if self.queue.wait(job_id).state == JobState.CANCELLED:
                raise UserError("the query was stopped")
            return self.queue.get_result(job_id)
        finally:
            self.queue.forget(job_id)
