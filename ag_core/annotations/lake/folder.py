"""A lake's folder: the manifest that lists its files, and how a new lake takes the place of an older one.

    FOLDER/manifest.json                                           what there is, replaced last and by one rename
    FOLDER/DATA/TABLE/source_key=KEY/split=SPLIT/part-000.parquet  sorted as in the store

DATA is named by the content, so the files of an older lake stay untouched until the new manifest is in place: whoever
opens the lake sees the old or the new, never a mixture, and a folder without a manifest is no lake. Knows no engine.
"""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ag_core.annotations.store_format import FORMAT_NAME, FORMAT_VERSION, hold_lock
from ag_core.errors import UserError
from ag_core.files import hash_bytes, is_unfinished, remove_leftovers, write_atomically
from ag_core.outputs import explain_refusal, find_disk_fault

LAKE_NAME = "action-genome-explorer/lake"
LAKE_VERSION = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class LakeFile:
    """One Parquet file: its path below the data folder, rows, bytes, and the SHA-256 of its content."""

    path: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class LakeTable:
    """One table: its columns with DuckDB's types, the order of its rows, and its files."""

    columns: dict[str, str]
    sorted_by: tuple[str, ...]
    files: tuple[LakeFile, ...]


@dataclass(frozen=True)
class Manifest:
    """What a lake holds. `data` is the folder of the files, named by the fingerprint of all their contents."""

    tables: dict[str, LakeTable]

    @property
    def fingerprint(self) -> str:
        """[64 hexadecimal digits] of the content: equal stores give equal lakes."""
        tables = {name: asdict(table) for name, table in sorted(self.tables.items())}
        return hash_bytes(json.dumps([LAKE_VERSION, FORMAT_VERSION, tables]).encode())

    @property
    def data(self) -> str:
        return self.fingerprint[:16]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for table in self.tables.values() for file in table.files)

    def files(self) -> Iterator[LakeFile]:
        """Every file of every table."""
        for table in self.tables.values():
            yield from table.files

    def to_json(self) -> str:
        """The text of the manifest file."""
        head = {
            "format": LAKE_NAME,
            "version": LAKE_VERSION,
            "store": {"format": FORMAT_NAME, "version": FORMAT_VERSION},
            "fingerprint": self.fingerprint,
            "data": self.data,
        }
        return json.dumps(head | {"tables": {name: asdict(table) for name, table in self.tables.items()}}, indent=1)

    @staticmethod
    def from_json(text: str | bytes, where: str) -> "Manifest":
        """The manifest in a text that may come from anybody; UserError where it is none, or of another version."""
        try:
            content = json.loads(text)
            known = content["format"], content["version"], content["store"]["format"], content["store"]["version"]
            if known != (LAKE_NAME, LAKE_VERSION, FORMAT_NAME, FORMAT_VERSION):
                raise UserError(
                    f"the lake at {where} has another format than this version reads; write it again with "
                    "`python -m ag_core build-store --lake`"
                )
            tables = {str(name): _parse_table(table) for name, table in content["tables"].items()}
            manifest = Manifest(tables)
            whole = content["fingerprint"] == manifest.fingerprint
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            whole = False
        if not whole:
            raise UserError(f"{MANIFEST} of {where} is damaged; write the lake again with `build-store --lake`")
        return manifest


def _parse_table(content: dict[str, Any]) -> LakeTable:
    files = tuple(
        LakeFile(_check_path(str(file["path"])), int(file["rows"]), int(file["bytes"]), str(file["sha256"]))
        for file in content["files"]
    )
    columns = {str(name): str(kind) for name, kind in content["columns"].items()}
    return LakeTable(columns, tuple(map(str, content["sorted_by"])), files)


def _check_path(path: str) -> str:
    """A path that stays below the lake; ValueError for one that leads out of it."""
    parts = PurePosixPath(path).parts
    if not parts or ".." in parts or path.startswith("/") or not re.fullmatch(r"[\w.=/-]+", path, re.ASCII):
        raise ValueError(f"{path} leads out of the lake")
    return path


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a lake folder, its files all there at full length; UserError where not."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except OSError:
        raise UserError(
            f"{folder} is no lake: {MANIFEST} is missing; write one with `build-store --lake {folder}`"
        ) from None
    manifest = Manifest.from_json(text, str(folder))
    for file in manifest.files():
        path = folder / manifest.data / file.path
        if not _is_whole(path, file):
            raise UserError(
                f"the lake at {folder} is incomplete: {file.path} is missing or cut short; write or copy it again"
            )
    return manifest


@contextlib.contextmanager
def start_lake(folder: Path) -> Iterator[Path]:
    """An empty folder to write a lake's files into, beside what is there; one writer at a time, nothing left behind.

    UserError where the folder holds something that is no lake.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        known = {MANIFEST, ".lock", ".part"}
        others = [
            path.name
            for path in folder.iterdir()
            if path.name not in known and not _is_data(path) and not is_unfinished(path)
        ]
        if others:
            raise UserError(
                f"{folder} holds other things, such as {min(others)}; name a folder of its own for the lake"
            )
        with hold_lock(folder / ".lock"):
            part = folder / ".part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            try:
                yield part
            except UserError:
                raise
            except Exception as error:  # of DuckDB or pyarrow
                fault = find_disk_fault(error, part)
                raise (error if fault is None else explain_refusal(folder, fault)) from None
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise explain_refusal(folder, error) from None


def publish_lake(folder: Path, part: Path, manifest: Manifest) -> None:
    """Make the files in `part` the content of the lake: data first, then the manifest; what was there before goes."""
    data = folder / manifest.data
    if any(not _is_whole(data / file.path, file) for file in manifest.files()):
        shutil.rmtree(data, ignore_errors=True)
        part.replace(data)
    write_atomically(folder / MANIFEST, manifest.to_json())
    for older in folder.iterdir():
        if _is_data(older) and older != data:
            shutil.rmtree(older, ignore_errors=True)


def _is_data(path: Path) -> bool:
    return path.is_dir() and re.fullmatch("[0-9a-f]{16}", path.name) is not None


def _is_whole(path: Path, file: LakeFile) -> bool:
    return path.is_file() and path.stat().st_size == file.bytes
