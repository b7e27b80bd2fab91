"""Runs a stranger's SQL over a store: one SELECT, read-only, nothing outside the file, bounded in time and rows.

Three walls, each enough for most attacks: the statement is parsed and must be one SELECT that names no function or
table of the machine's own; the database has its settings locked with files, network, extensions and Python variables
shut; a timer interrupts what runs too long. Each run has a cursor of its own.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from ag_core.errors import UserError

LOCKS = (
    "set python_enable_replacements = false",  # else `select * from name` finds variables of this program
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
    "set max_temp_directory_size = '0KB'",
    "set enable_external_access = false",
    "set lock_configuration = true",
)

TELLTALE = re.compile(
    r"pragma_.*|duckdb_(?!columns$|tables$|views$|functions$|types$|keywords$).*|current_setting|getenv|which_secret"
    r"|query|query_table|sql_auto_complete|json_execute_serialized_sql|.*scan.*|python_.*|read_.*|write_.*|sniff_csv|glob"
    r"|parquet_.*|set_config|pg_settings|enable_.*|disable_.*|force_checkpoint|checkpoint|nextval|sleep.*"
)
"""Functions and tables that a question about videos never needs: they tell of the machine, or run text as SQL."""


@dataclass(frozen=True)
class SandboxResult:
    """`frame` holds the rows, at most the limit; `cut` says that there were more; `seconds` is the time it took."""

    frame: pd.DataFrame
    seconds: float
    cut: bool


class SqlSandbox:
    """A store file opened for anybody's questions. UserError where it is missing or not a database."""

    def __init__(self, path: Path | str, memory: str = "1GB", threads: int = 2) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise UserError(f"{self.path} is not there; make it with `python -m ag_core build-store --out {self.path}`")
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._guard = threading.Lock()
        try:
            # A database of its own in memory, so that its locks and limits do not bind the store of the pages.
            self._connection = duckdb.connect(":memory:", config={"memory_limit": memory, "threads": threads})
            self._connection.execute(f"attach '{str(self.path).replace(chr(39), chr(39) * 2)}' as store (read_only)")
            for lock in LOCKS:
                self._connection.execute(lock)
        except duckdb.Error as error:
            raise UserError(f"{self.path} is no annotation store ({error}); build it again with build-store") from None

    def close(self) -> None:
        """Stop what runs and close the file."""
        self.interrupt()
        self._connection.close()

    def interrupt(self) -> None:
        """Stop every run of this sandbox; each ends with a UserError."""
        with self._guard:
            for cursor in self._running:
                cursor.interrupt()

    def run(self, sql: str, limit_rows: int = 10_000, timeout_s: float = 10) -> SandboxResult:
        """The answer to one SELECT.

        UserError with DuckDB's own message, or with what is not allowed or took too long.
        """
        if limit_rows < 0 or timeout_s <= 0:
            raise UserError("a run needs a row limit from 0 and a time limit above 0")
        query = self._checked(sql)
        cursor = self._connection.cursor()
        late = threading.Event()

        def stop() -> None:
            late.set()
            cursor.interrupt()

        timer = threading.Timer(timeout_s, stop)
        timer.daemon = True
        start = time.perf_counter()
        with self._guard:
            self._running.add(cursor)
        try:
            cursor.execute("use store")
            timer.start()
            frame = cursor.execute(f"select * from (\n{query}\n) limit {limit_rows + 1}").df()
        except duckdb.InterruptException:
            reason = f"took longer than {timeout_s:g} s; ask for less" if late.is_set() else "was stopped"
            raise UserError(f"the query {reason}") from None
        except duckdb.Error as error:
            raise UserError(_unwrapped(str(error))) from None
        finally:
            timer.cancel()
            with self._guard:
                self._running.discard(cursor)
            cursor.close()
        seconds = time.perf_counter() - start
        return SandboxResult(frame.iloc[:limit_rows], seconds, len(frame) > limit_rows)

    def schema(self) -> dict[str, list[tuple[str, str]]]:
        """Columns (name, type) of every table and view, tables first, in the order of the schema."""
        with self._connection.cursor() as cursor:
            rows = cursor.execute(
                """select c.table_name, c.column_name, lower(c.data_type)
                   from duckdb_columns() c left join duckdb_views() v
                   on v.database_name = c.database_name and v.view_name = c.table_name
                   where c.database_name = 'store' and not c.internal
                   order by v.view_name is not null, c.table_oid, c.column_index"""
            ).fetchall()
        columns: dict[str, list[tuple[str, str]]] = {}
        for table, column, kind in rows:
            columns.setdefault(table, []).append((column, kind))
        return columns

    def _checked(self, sql: str) -> str:
        """The one statement in the text, without what follows it; UserError for anything but one harmless SELECT."""
        with self._connection.cursor() as cursor:
            try:
                statements = cursor.extract_statements(sql)
                if len(statements) != 1:
                    raise UserError(f"the text holds {len(statements)} statements; write exactly one SELECT")
                if statements[0].type != duckdb.StatementType.SELECT:
                    kind = str(statements[0].type).rpartition(".")[2]
                    raise UserError(f"{kind} is not allowed here; the store is read-only, write one SELECT")
                query = statements[0].query.strip().rstrip(";")
                row = cursor.execute("select json_serialize_sql(?)", [query]).fetchone()
            except duckdb.Error as error:
                raise UserError(str(error)) from None
        tree = json.loads(row[0]) if row else {"error": True}
        if tree.get("error"):
            raise UserError(
                f"this form is not allowed here ({tree.get('error_message', 'not a SELECT')}); write a SELECT"
            )
        for name in _names(tree):
            if TELLTALE.fullmatch(name.lower()):
                raise UserError(f"{name} is not allowed here; ask the tables and views that are listed")
        return query


def _names(node: Any) -> Iterator[str]:
    """Every function and table that a parsed statement names."""
    if isinstance(node, dict):
        for key in ("function_name", "table_name"):
            if isinstance(node.get(key), str):
                yield node[key]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _names(part)


def _unwrapped(message: str) -> str:
    """DuckDB's message with the line of the user's text: the row limit put one line before it."""
    return re.sub(r"LINE (\d+):", lambda found: f"LINE {max(1, int(found[1]) - 1)}:", message)
