"""Runs a stranger's SQL over a store: one SELECT, read-only, nothing outside it, bounded in time, rows and bytes.

Four walls. The grammar: one SELECT whose tables and functions are all on a list (rules.py). The engine: DuckDB
with files, network, extensions and settings shut. The process: a query runs in a process of its own with an end to its
memory and no right to write (process.py). The watch: who takes too long is interrupted, then killed.
"""

import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from ag_core.annotations.connection import fetch_store
from ag_core.errors import UserError
from ag_core.jobs.process import JsonLinesProcess, build_module_command
from ag_core.queries.sql.answers import to_data_frame
from ag_core.queries.sql.text import blank_semicolons, format_query, quote_name

LIMIT_BYTES = 64_000_000
"""Of the rows of one answer."""

KILL_AFTER_S = 1.0
"""So long after its time limit a query that did not end by itself is ended."""

START_TIMEOUT_S = 120.0

WAIT_S = 3.0
"""So long a query waits for others to end before it is turned away."""

IDLE = 2
"""So many processes stay ready for the next query."""


@dataclass(frozen=True)
class SandboxResult:
    """`frame` holds the rows, at most the limit; `cut` says what they were cut by: '', 'rows' or 'bytes'."""

    frame: pd.DataFrame
    seconds: float
    cut: str


class SqlProcesses:
    """The processes that answer for one store, shared by every sandbox over it; at most `most` run at a time.

    memory_mb and threads are those of each process.
    """

    def __init__(self, path: Path | str, memory_mb: int = 1000, threads: int = 2, most: int = 3) -> None:
        self.path, self.most = str(fetch_store(path)), most
        self._command = build_module_command("ag_core.queries.sql.process", self.path, str(memory_mb), str(threads))
        self._slots = threading.Semaphore(most)
        self._guard = threading.Lock()
        self._idle: list[JsonLinesProcess] = []
        self._all: list[JsonLinesProcess] = []
        self.close = weakref.finalize(self, _end, self._all)

    @contextmanager
    def borrow(self) -> Iterator[JsonLinesProcess]:
        """A process for one query; put back afterwards if it still lives. UserError where all are busy."""
        if not self._slots.acquire(timeout=WAIT_S):
            raise UserError(f"{self.most} queries are running, which is all that SQL gets here; try again in a moment")
        try:
            with self._guard:
                process = self._idle.pop() if self._idle else None
            if process is not None and not process.alive:
                self._drop(process)
                process = None
            process = process or self._start()
            try:
                yield process
            except BaseException:
                self._drop(process)
                raise
            with self._guard:
                kept = process.alive and len(self._idle) < IDLE
                if kept:
                    self._idle.append(process)
            if not kept:
                self._drop(process)
        finally:
            self._slots.release()

    def _start(self) -> JsonLinesProcess:
        # Else each thread reserves addresses, which are counted.
        process = JsonLinesProcess(self._command, environment={"MALLOC_ARENA_MAX": "1"})
        with self._guard:
            self._all.append(process)
        hello = process.receive(START_TIMEOUT_S)
        if hello is None or "error" in hello.fields:
            self._drop(process)
            failed = "the process that answers SQL does not start; see its memory limits"
            raise UserError(hello.fields["error"] if hello is not None else failed)
        return process

    def _drop(self, process: JsonLinesProcess) -> None:
        with self._guard:
            if process in self._all:
                self._all.remove(process)
        process.close()


class SqlSandbox:
    """A store opened for one person's questions. UserError where it is missing or not a store.

    `processes` may be shared between sandboxes; without it this one has its own, which `close` ends.
    """

    def __init__(
        self, path: Path | str, memory_mb: int = 1000, threads: int = 2, processes: SqlProcesses | None = None
    ) -> None:
        self.path = path
        self.processes = processes or SqlProcesses(path, memory_mb, threads)
        self._own = processes is None
        self._running: set[JsonLinesProcess] = set()
        self._stops = 0
        self._guard = threading.Lock()

    def close(self) -> None:
        """Stop what runs."""
        self.interrupt()
        if self._own:
            self.processes.close()

    def interrupt(self) -> None:
        """Stop every run of this sandbox; each ends with a UserError. Other sandboxes go on."""
        with self._guard:
            self._stops += 1
            for process in self._running:
                process.kill()

    def run(self, sql: str, limit_rows: int = 10_000, timeout_s: float = 10) -> SandboxResult:
        """The answer to one SELECT.

        UserError with DuckDB's own message, or with what is not allowed or took too long.
        """
        if limit_rows < 0 or timeout_s <= 0:
            raise UserError("a run needs a row limit from 0 and a time limit above 0")
        order = {"sql": sql, "rows": limit_rows, "seconds": timeout_s, "max_bytes": LIMIT_BYTES}
        head, body = self._ask(order, timeout_s)
        with pa.ipc.open_stream(pa.py_buffer(body)) as reader:
            table = reader.read_all()
        return SandboxResult(to_data_frame(table, head["names"]), float(head["seconds"]), head["cut"])

    def schema(self) -> dict[str, list[tuple[str, str]]]:
        """Columns (name, type) of every table by name, then of the views that spell out names."""
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in self._ask({"schema": True}, 60)[0]["schema"]:
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
        if not self._ask({"same": [blank_semicolons(sql), text]}, 10)[0]["same"]:
            raise UserError("this query cannot be laid out without changing what it asks; it stays as it is")
        return text

    def _ask(self, order: dict[str, Any], timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """Head and body of the answer to one order; UserError for what the process says, or if it had to be killed."""
        stops = self._stops
        with self.processes.borrow() as process:
            start = time.monotonic()
            killer = threading.Timer(timeout_s + KILL_AFTER_S, process.kill)
            killer.daemon = True
            with self._guard:
                if self._stops == stops:
                    self._running.add(process)
            try:
                killer.start()
                head, body = _talk(process, order) if process in self._running else ({}, b"")
            finally:
                killer.cancel()
                with self._guard:
                    self._running.discard(process)
            late, stopped = time.monotonic() - start >= timeout_s, self._stops != stops
            if not head or head.get("spent") or late or stopped:  # it is killed, or about to be
                process.kill()
        if "error" in head:
            raise UserError(head["error"])
        if head:
            return head, body
        if stopped:
            raise UserError("the query was stopped")
        if late:
            raise UserError(f"the query took longer than {timeout_s:g} s; ask for less")
        raise UserError("the query needed more than its process may have, which ended it; ask for less")


def _talk(process: JsonLinesProcess, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Send an order and read the answer; an empty head where the process ended meanwhile."""
    answer = process.receive() if process.send(**order) else None
    return ({}, b"") if answer is None else (answer.fields, answer.body)


def _end(processes: list[JsonLinesProcess]) -> None:
    """Kill processes and forget them; they only read, so nothing is lost."""
    for process in processes:
        process.close()
    processes.clear()
