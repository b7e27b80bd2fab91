"""Writes the store as a lake: its tables as partitioned Parquet that DuckDB, Spark or any other engine reads.

Partitioned by source and split, sorted as the store is. Partition values are safe for file systems and object stores;
the column `source` in the files keeps the real spelling. Memory is bounded whatever the size.
"""

import contextlib
import itertools
import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq

from ag_core.annotations.connection import attach_file
from ag_core.annotations.lake.folder import LakeFile, LakeTable, Manifest, publish_lake, start_lake
from ag_core.annotations.store_format import quote_literal
from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file
from ag_core.progress import Progress

ROWS_PER_FILE = 4_000_000
ROWS_PER_GROUP = 61_440
"""A row group is what a reader skips or reads: small enough for one video, large enough to pack well."""

SORTED_BY = {
    "videos": ("source", "video"),
    "action_intervals": ("source", "video", "start_ms", "end_ms", "action"),
    "frames": ("source", "video", "t_ms", "frame_id"),
    "objects": ("source", "video", "t_ms", "object_id"),
    "faint_objects": ("source", "video", "t_ms", "frame_id", "class", "x1", "y1", "x2", "y2"),
    "relations": ("source", "video", "t_ms", "object_id", "relation"),
    "relation_reasons": ("source", "video", "t_ms", "object_id", "relation"),
    "relations_by_class": ("source", "class", "relation", "video", "t_ms", "object_id"),
    "action_scores": ("source", "video", "model", "action"),
}
"""Tables that grow with the data and how their rows lie; all others are one small file each."""

BY_SPLIT = tuple(table for table in SORTED_BY if table != "videos")
"""Tables partitioned by their video's split beside the source; `videos` has the split as a column."""

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""How hive-style folders spell a missing value."""


def quote_partition_value(text: str | None) -> str:
    """A value as a folder name: letters, digits, `.`, `_`, `-`; a changed one ends in a hash, so that none collide."""
    if text is None:
        return NO_VALUE
    plain = re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-.")
    return plain if plain == text else f"{plain}-{hash_bytes(text.encode())[:6]}".lstrip("-")


def write_lake(
    store_path: Path | str, folder: Path | str, progress: Progress | None = None, *, group_by_video: bool = False
) -> None:
    """Write the store file as a lake, replacing an older lake only when the new one is complete.

    Streams from DuckDB, at most ROWS_PER_FILE rows at a time. `group_by_video` gives every video a row group of its own
    in the tables that are sorted by video. `progress` hears ("lake", rows done, rows of all).
    UserError where the store cannot be read or the folder holds something else.
    """
    say = progress or (lambda stage, done, total: None)
    store_path, folder = Path(store_path), Path(folder)
    if not store_path.is_file():
        raise UserError(f"{store_path} is not there; make it with `python -m ag_core build-store --out {store_path}`")
    with start_lake(folder) as part, _open_for_reading(store_path, folder / ".part" / ".spill") as connection:
        rows = _count_tables(connection)
        done, total = 0, sum(rows.values())
        tables = {}
        for table in rows:
            files = []
            for path, query, parameters in _plan_files(connection, table):
                target = part / table / path
                target.parent.mkdir(parents=True, exist_ok=True)
                by_video = group_by_video and SORTED_BY.get(table, ())[1:2] == ("video",)
                write = _write_groups_of_videos if by_video else _write_groups_of_rows
                files.append(_describe_file(f"{table}/{path}", target, write(connection, query, parameters, target)))
                done += files[-1].rows
                say("lake", done, total)
            if sum(file.rows for file in files) != rows[table]:
                raise UserError(f"{table} of {store_path} has rows of videos that are not there; build the store again")
            tables[table] = LakeTable(_describe_columns(connection, table), SORTED_BY.get(table, ()), tuple(files))
        publish_lake(folder, part, Manifest(tables))
    say("lake", total, total)


def _write_groups_of_rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any], target: Path
) -> int:
    """Write the rows of a query as one file, its row groups full; how many rows there are."""
    options = f"format parquet, compression zstd, row_group_size {ROWS_PER_GROUP}"
    copied = connection.execute(f"copy ({query}) to {quote_literal(target)} ({options})", parameters).fetchone()
    return int(copied[0]) if copied else 0


def _write_groups_of_videos(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: list[Any], target: Path
) -> int:
    """Write the rows of a query that is ordered by video as one file, a row group for each video; how many rows."""
    table = connection.sql(query, params=parameters).to_arrow_table()
    ends = [*(np.flatnonzero(np.diff(table["video"].to_numpy())) + 1), len(table)]
    with pq.ParquetWriter(target, table.schema, compression="zstd") as writer:
        for start, end in itertools.pairwise([0, *ends]):
            writer.write_table(table.slice(start, end - start), row_group_size=max(end - start, 1))
    return len(table)


@contextlib.contextmanager
def _open_for_reading(store_path: Path, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to the store file, bounded in memory."""
    with duckdb.connect(
        ":memory:", config={"memory_limit": "512MB", "threads": 2, "temp_directory": str(spill)}
    ) as connection:
        attach_file(connection, store_path)
        yield connection


def _count_tables(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of every table of the store, in the order of the schema."""
    names = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'store' order by table_oid"
    ).fetchall()
    return {name: connection.execute(f"select count(*) from {name}").fetchall()[0][0] for (name,) in names}


def _describe_columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    rows = connection.execute(
        """select column_name, data_type from duckdb_columns()
           where database_name = 'store' and table_name = ? order by column_index""",
        [table],
    ).fetchall()
    return {name: kind.lower() for name, kind in rows}


def _plan_files(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[tuple[str, str, list[Any]]]:
    """The files of a table: path, the query for their rows, its parameters. At least one, so that types are known."""
    if table not in SORTED_BY:
        yield "part-000.parquet", f"select * from {table}", []
        return
    split, key = ("v.split" if table in BY_SPLIT else "null"), SORTED_BY[table][1]
    counts = connection.execute(
        f"""select t.source, {split} as split, t.{key}, count(*)
            from {table} t join videos v using (source, video) group by all order by all"""
    ).fetchall()
    if not counts:
        yield "part-000.parquet", f"select * from {table}", []
    for source, of_source in itertools.groupby(counts, itemgetter(0)):
        for of_split, of_part in itertools.groupby(of_source, itemgetter(1)):
            folder = f"source_key={quote_partition_value(source)}/"
            wanted = f"select * from {table} where source = ? and {key} between ? and ?"
            if table in BY_SPLIT:
                folder += f"split={quote_partition_value(of_split)}/"
                wanted += " and video in (select video from videos where source = ? and split is not distinct from ?)"
            for number, (first, last) in enumerate(_group_into_ranges((value, n) for *_, value, n in of_part)):
                parameters = [source, first, last, *([source, of_split] if table in BY_SPLIT else [])]
                yield (
                    f"{folder}part-{number:03}.parquet",
                    f"{wanted} order by {', '.join(SORTED_BY[table])}",
                    parameters,
                )


def _group_into_ranges(counts: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """First and last value of runs of at most ROWS_PER_FILE rows, from (value, rows) in order; a value stays whole."""
    run: list[int] = []
    rows = 0
    for value, n in counts:
        if run and rows + n > ROWS_PER_FILE:
            yield run[0], run[-1]
            run, rows = [], 0
        run, rows = [*run[:1], value], rows + n
    if run:
        yield run[0], run[-1]


def _describe_file(path: str, target: Path, rows: int) -> LakeFile:
    return LakeFile(path, rows, target.stat().st_size, hash_file(target))
