"""Opens a store for reading: a DuckDB file or a lake's folder, under the same names, with the outside world shut.

Both the pages' store and the SQL sandbox open through here. A lake at an address is fetched into a local copy first
(lake/fetching.py), so that afterwards nothing needs the network and everything stays shut.
"""

import re
from pathlib import Path

import duckdb

from ag_core.annotations.lake.fetching import fetch_lake
from ag_core.annotations.lake.folder import MANIFEST, read_manifest
from ag_core.annotations.store_format import FORMAT_NAME, FORMAT_VERSION, SCHEMA, quote_literal
from ag_core.errors import UserError
from ag_core.settings import is_address, settings


def fetch_store(where: Path | str) -> Path:
    """The file or folder to open for a file, a lake's folder or a lake's address; UserError where there is none."""
    if isinstance(where, str) and is_address(where):
        return fetch_lake(where, settings().lakes)
    path = Path(where)
    if not path.exists():
        raise UserError(f"{path} is not there; make it with `python -m ag_core build-store --out {path}`")
    return path


def read_change_time_ns(path: Path) -> int:
    """When a store file, or a lake's folder, last changed: nanoseconds since 1970. UserError where neither is there."""
    try:
        return (path / MANIFEST if path.is_dir() else path).stat().st_mtime_ns
    except FileNotFoundError:
        raise UserError(f"there is no store at {path}; make one with `python -m ag_core build-store`") from None


def attach_store(connection: duckdb.DuckDBPyConnection, where: Path | str) -> Path:
    """Make the store the database `store` of a connection, and its default; then shut everything outside it.

    Returns the file or folder that was opened. A cursor of the connection says `use store` for itself. Over a lake the
    tables are views of Parquet files, the only files that stay readable. UserError where there is no such store, or it
    is of another format.
    """
    path = fetch_store(where)
    try:
        if path.is_dir():
            _attach_lake(connection, path)
            _check_format(connection, path)
        else:
            attach_file(connection, path)
            connection.execute("set enable_external_access = false")
    except duckdb.Error as error:
        raise _refuse(path, error) from None
    return path


def attach_file(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make a store's file the database `store` of a connection, and its default. UserError where it is no store."""
    try:
        connection.execute(f"attach {quote_literal(path)} as store (read_only)")
        connection.execute("use store")
        _check_format(connection, path)
    except duckdb.Error as error:
        raise _refuse(path, error) from None


def _check_format(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """UserError where the store that a connection has open is of another format than this version's."""
    if connection.execute("select name, version from store_format").fetchall() != [(FORMAT_NAME, FORMAT_VERSION)]:
        raise UserError(f"{path} has another format than this version reads; build it again with build-store")


def _refuse(path: Path, error: duckdb.Error) -> UserError:
    return UserError(f"{path} is no annotation store ({error}); build it again with build-store")


def _attach_lake(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    manifest = read_manifest(folder)
    folder = folder.resolve() / manifest.data
    connection.execute("attach ':memory:' as store; use store; set parquet_metadata_cache = true")
    schema = SCHEMA.read_text(encoding="utf-8")
    missing = set(re.findall(r"create table (\w+)", schema)) - set(manifest.tables)
    if missing:
        raise UserError(f"the lake at {folder.parent} has no table {min(missing)}; write it again with build-store")
    every_path = []
    for name in re.findall(r"create table (\w+)", schema):
        paths = ", ".join(quote_literal(folder / file.path) for file in manifest.tables[name].files)
        connection.execute(f"create view {name} as from read_parquet([{paths}], hive_partitioning = false)")
        every_path.append(paths)
    for view in re.findall(r"create view .*?;", schema, re.DOTALL):
        connection.execute(view)
    connection.execute(f"set allowed_paths = [{', '.join(every_path)}]; set enable_external_access = false")
