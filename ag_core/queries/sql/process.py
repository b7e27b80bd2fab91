"""The process that answers a stranger's SQL: `python -m ag_core.queries.sql.process STORE MEMORY_MB THREADS`.

It opens the store, shuts itself in, then does jobs as `jobs.serving` says; the bytes of an answer are its rows as an
Arrow stream. A process of its own, for DuckDB's limits do not hold everywhere: some functions neither
listen to an interrupt nor count their memory. This one can be killed at any moment and nothing is lost.
"""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ag_core.annotations.connection import attach_store
from ag_core.errors import UserError
from ag_core.jobs.messages import Message, take_stdout, write_message
from ag_core.jobs.serving import ProcessSpent, serve_process
from ag_core.progress import Progress
from ag_core.queries.sql.answers import cast_for_display, correct_json, is_nested
from ag_core.queries.sql.rules import find_refusal
from ag_core.queries.sql.text import blank_semicolons

LOCKS = (
    "set python_enable_replacements = false",  # else `select * from name` finds variables of this program
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set max_temp_directory_size = '0KB'",
    "set enable_progress_bar = false",
)
"""Set before the store is attached, which shuts files and network; then the settings themselves are locked."""
MAX_LETTERS = 20_000
MAX_COLUMNS = 300
BATCH_ROWS = 2048
STACK_BYTES = 512_000
"""Of each thread of this process, which count as memory."""

GRACE_S = 2.0
"""So long after its time limit a query that does not listen takes this process with it."""

WITHOUT_FOLDERS = "create temp view videos as select * replace (parse_filename(path) as path) from store.main.videos"
"""Stands before the table for whoever asks for `videos`: where files lie on this machine is nobody's business."""


class Refused(Exception):
    """The query may not run, or went wrong; the text goes to the asker."""


class QueryExecutor:
    """One store and the connection over it."""

    def __init__(self, where: str, memory_mb: int, threads: int) -> None:
        self.where, self.memory_mb = where, memory_mb
        # A database of its own in memory, so that its locks and limits do not bind anybody else.
        self.connection = duckdb.connect(":memory:", config={"memory_limit": f"{memory_mb}MB", "threads": threads})
        for lock in LOCKS:
            self.connection.execute(lock)
        attach_store(self.connection, where)
        self.connection.execute("set lock_configuration = true")
        self.cursor = self.connection
        self.wrapped = False
        self.tables = [row[0] for row in self.connection.execute("select distinct table_name from duckdb_columns() "
                       "where database_name = 'store' and not internal").fetchall()]  # fmt: skip
        self.reserved = [row[0] for row in self.connection.execute(
            "select distinct view_name from duckdb_views() where internal and schema_name <> 'information_schema'"
        ).fetchall()]  # fmt: skip

    def schema(self) -> list[tuple[str, str, str]]:
        """(table, column, type) of every table by name, then of the views that spell out names."""
        return self.connection.execute(
            """select table_name, column_name, lower(data_type) from duckdb_columns()
               where database_name = 'store' and not internal
               order by starts_with(table_name, 'named_'), table_name, column_index"""
        ).fetchall()

    def answer(self, sql: str, limit_rows: int, limit_bytes: int) -> tuple[dict[str, Any], pa.Table]:
        """The facts of an answer (names, cut) and its rows, at most the limits; Refused with the reason."""
        self.wrapped = False
        query = self._check_statement(sql)
        self.wrapped = True
        with self.connection.cursor() as self.cursor:
            cursor = self.cursor
            cursor.execute(f"use store; {WITHOUT_FOLDERS}")
            columns = cursor.execute(f"describe from (\n{query}\n)").fetchall()
            if len(columns) > MAX_COLUMNS:
                raise Refused(f"the answer has {len(columns):,} columns; {MAX_COLUMNS} are shown at most, name them")
            names = [str(column[0]) for column in columns]
            shown = ", ".join(cast_for_display(f"c{n}", str(column[1])) for n, column in enumerate(columns))
            alias = ", ".join(f"c{n}" for n in range(len(columns)))
            wrapped = f"select {shown} from (\n{query}\n) as answer({alias}) limit {limit_rows + 1}"
            reader = cursor.sql(wrapped).to_arrow_reader(BATCH_ROWS)
            table, whole = _read_limited(reader, limit_bytes)
        cut = "" if whole else "bytes"
        if cut and not len(table):
            raise Refused(f"one row of the answer is over {limit_bytes // 10**6} MB; ask for shorter values")
        if len(table) > limit_rows:
            table, cut = table.slice(0, limit_rows), "rows"
        table = correct_json(table, [number for number, column in enumerate(columns) if is_nested(str(column[1]))])
        return {"names": names, "cut": cut}, table

    def same(self, sql: str, other: str) -> bool:
        """Whether two texts are one statement to DuckDB, apart from how they are laid out."""
        rows = self.connection.execute("select json_serialize_sql(?), json_serialize_sql(?)", [sql, other]).fetchall()
        trees = [_drop_locations(json.loads(tree)) for tree in rows[0]]
        return trees[0] == trees[1] and not trees[0]["error"]

    def _check_statement(self, sql: str) -> str:
        """The text without the semicolons behind its one statement; Refused for anything but one harmless SELECT."""
        if len(sql) > MAX_LETTERS:
            raise Refused(f"the text has {len(sql):,} letters; a query may have {MAX_LETTERS:,}")
        with self.connection.cursor() as cursor:
            statements = cursor.extract_statements(sql)
            if not statements:
                raise Refused("the text holds no statement; write one SELECT")
            if len(statements) != 1:
                raise Refused(f"the text holds {len(statements)} statements; write exactly one SELECT")
            kind = _name_kind(statements[0])
            if kind == "MULTI":
                raise Refused("a PIVOT without its values takes several statements; list them: in ('a', 'b')")
            if kind != "SELECT":
                raise Refused(f"{kind} is not allowed here; the store is read-only, write one SELECT")
            query = blank_semicolons(sql)
            row = cursor.execute("select json_serialize_sql(?)", [query]).fetchone()
        tree: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
        if tree.get("error"):
            raise Refused(f"this form is not allowed here ({tree.get('error_message', 'no SELECT')}); write a SELECT")
        if reason := find_refusal(tree, self.tables, self.reserved):
            raise Refused(reason)
        return query

    def message(self, error: Exception) -> str:
        """What the asker reads of an error: DuckDB's words, the line in the asker's text, no place of this machine."""
        if _is_memory_error(error):
            return f"the query needs more than {self.memory_mb} MB of memory; ask for less"
        text, path = str(error), Path(self.where)
        if isinstance(error, RecursionError) or "max_expression_depth" in text:
            return "the query is nested too deeply; write its steps one after another in a `with`"
        for place in (self.where, str(path.parent)):
            text = text.replace(place, "the store") if len(place) > 1 else text
        # The wrapping puts one line before the asker's first.
        before = int(self.wrapped)
        return re.sub(r"LINE (\d+):", lambda found: f"LINE {max(1, int(found[1]) - before)}:", text)


def _drop_locations(node: Any) -> Any:
    """A parsed statement without where its parts stood in the text."""
    if isinstance(node, dict):
        return {key: _drop_locations(part) for key, part in node.items() if not key.startswith("query_location")}
    return [_drop_locations(part) for part in node] if isinstance(node, list) else node


def _name_kind(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type).rpartition(".")[2]
    except ValueError:  # a kind that DuckDB's Python does not name
        return "this statement"


def _is_memory_error(error: Exception) -> bool:
    return isinstance(error, duckdb.OutOfMemoryException | MemoryError) or any(
        sign in str(error) for sign in ("bad_alloc", "Out of Memory", "failed to allocate")
    )


def _read_limited(reader: pa.RecordBatchReader, max_bytes: int) -> tuple[pa.Table, bool]:
    """The rows that fit into so many bytes, and whether that is all of them."""
    batches, size = [], 0
    for batch in reader:
        kept = _cut_to_size(batch, max_bytes - size)
        size += kept.nbytes
        batches.append(kept)
        if len(kept) < len(batch):
            return pa.Table.from_batches(batches, reader.schema), False
    return pa.Table.from_batches(batches, reader.schema), True


def _cut_to_size(batch: pa.RecordBatch, room: int) -> pa.RecordBatch:
    """The first rows of a batch that fit into so many bytes."""
    rows = len(batch)
    while rows and batch.slice(0, rows).nbytes > room:
        rows //= 2
    return batch.slice(0, rows)


def confine_process(memory_mb: int) -> None:
    """From here on this process writes no file, dumps no core, gives way to others and has an end to its memory."""
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        import resource
    except ImportError:  # not on this system: DuckDB's own limits and the killing remain
        return
    wanted = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    statistics = Path("/proc/self/statm")
    if statistics.is_file():
        taken = int(statistics.read_text().split()[0]) * resource.getpagesize()
        wanted[resource.RLIMIT_AS] = taken + 3 * memory_mb * 10**6 // 2
    for limit, most in wanted.items():
        resource.setrlimit(limit, (most, most))


def _set_kill_timer(seconds: float) -> None:
    """Let the system end this process then, whatever it is doing; 0 calls it off."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


class SqlWork:
    """Answers queries over one store, and what else is asked of it: the store's schema, whether two texts are one."""

    name = "SQL"

    def __init__(self, executor: QueryExecutor) -> None:
        self.executor = executor

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> Message:
        """The answer to one order. UserError with the reason where there is none.

        A query cannot be cancelled between two steps; whoever cancels it ends this process.
        """
        if "sql" in job:
            return _run_query(self.executor, job)
        if "same" in job:
            return Message(_compare(self.executor, job["same"]))
        return Message({"schema": self.executor.schema()})

    def describe_status(self) -> dict[str, Any]:
        """Nothing beside the job."""
        return {}


def _run_query(executor: QueryExecutor, order: dict[str, Any]) -> Message:
    """The answer to one query: its facts, and the rows as an Arrow stream."""
    seconds = float(order["seconds"])
    late = threading.Event()

    def stop() -> None:
        late.set()
        executor.cursor.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    start = time.perf_counter()
    _set_kill_timer(seconds + GRACE_S)
    try:
        timer.start()
        facts, table = executor.answer(order["sql"], int(order["rows"]), int(order["max_bytes"]))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        return Message({**facts, "seconds": time.perf_counter() - start}, sink.getvalue().to_pybytes())
    except Exception as error:  # whatever the engine throws becomes a sentence
        if late.is_set():
            raise ProcessSpent(explain_late(seconds)) from None
        # After a failed allocation little may be left of what this process may have.
        spent = _is_memory_error(error) or not isinstance(error, duckdb.Error | Refused)
        raise (ProcessSpent if spent else UserError)(executor.message(error)) from None
    finally:
        timer.cancel()
        _set_kill_timer(0)


def explain_late(seconds: float) -> str:
    """What the asker reads of a query that took longer than it may."""
    return f"the query took longer than {seconds:g} s; ask for less"


def _compare(executor: QueryExecutor, texts: list[str]) -> dict[str, Any]:
    try:
        return {"same": max(map(len, texts)) <= MAX_LETTERS and executor.same(*texts)}
    except (duckdb.Error, RecursionError):
        return {"same": False}


def main(where: str, memory_mb: str, threads: str) -> None:
    """Open, shut in, serve."""
    try:
        executor = QueryExecutor(where, int(memory_mb), int(threads))
    except (duckdb.Error, UserError) as error:
        write_message(take_stdout(), {"event": "refused", "error": str(error)})
        return
    threading.stack_size(STACK_BYTES)
    confine_process(int(memory_mb))
    serve_process(SqlWork(executor))


if __name__ == "__main__":
    main(*sys.argv[1:])
