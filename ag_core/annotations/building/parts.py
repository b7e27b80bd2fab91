"""What each input of a build gave, as Parquet in a working folder: found again by the build that follows a killed one.

A part is the tables of one input (a csv, a pickle, a batch of videos or predictions) in a folder of its own, named by
what was read: file, size, time of change, version of the reader. It appears by one rename: it is whole or absent.
Knows the columns that readers hand to the assembly, and no reader.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ag_core.annotations.readers.issues import Issue, make_storable
from ag_core.files import hash_bytes, hash_file, remove_leftovers, stage_folder
from ag_core.results.reasons import PARTS

SMALL_BYTES = 1 << 16
"""Files up to this size are known by their content, larger ones by size and time of change."""

PREDICTION_PARTS = "predictions"
"""How the names of parts of predictions begin."""

_TEXT, _NAME = pa.string(), pa.dictionary(pa.int32(), pa.string())
_BYTE, _WHOLE, _REAL, _HALF = pa.uint8(), pa.int32(), pa.float64(), pa.float32()

_FACTS = {
    "duration_s": _REAL,
    "fps": _REAL,
    "width": _WHOLE,
    "height": _WHOLE,
    "n_frames": _WHOLE,
    "path": _TEXT,
    "frame_times_s": pa.list_(_REAL),  # null where frames are evenly spaced
}
_NOTES = {"quality": _BYTE, "relevance": _BYTE, "verified": pa.bool_(), "object_nouns": _TEXT, "descriptions": _TEXT}
_FRAME = {"video_id": _NAME, "frame": _WHOLE}
_PERSON = ("person_x1", "person_y1", "person_x2", "person_y2", "person_score")
_SAID = {"split": _NAME, "part": _NAME, "subject": _TEXT, "scene": _TEXT, "script": _TEXT}

COLUMNS: dict[str, pa.Schema] = {
    "videos": pa.schema({"source": _NAME, "file": _NAME, "video_id": _TEXT} | _SAID | _FACTS | _NOTES),
    "facts": pa.schema({"video_id": _TEXT} | _FACTS),
    "intervals": pa.schema({"video_id": _NAME, "action": _BYTE, "start_ms": _WHOLE, "end_ms": _WHOLE, "repair": _NAME}),
    "persons": pa.schema(_FRAME | {"width": _REAL, "height": _REAL} | dict.fromkeys(_PERSON, _REAL)),
    # t_ms is null where it follows from the frame and the video's rate
    "frames": pa.schema(
        {"source": _NAME}
        | _FRAME
        | {"t_ms": _WHOLE, "split": _NAME, "width": _REAL, "height": _REAL}
        | dict.fromkeys(_PERSON, _HALF)
    ),
    # place counts within the frame; scores [25] of predicted relationships, null where only the mask says
    "objects": pa.schema(
        {"source": _NAME}
        | _FRAME
        | {"place": _WHOLE, "class": _BYTE, "visible": pa.bool_(), "score": _HALF}
        | dict.fromkeys(("x1", "y1", "x2", "y2"), _HALF)
        | {"relation_mask": pa.uint32(), "scores": pa.list_(_HALF)}
    ),
    "faint_objects": pa.schema(
        {"source": _NAME} | _FRAME | {"class": _BYTE} | dict.fromkeys(("x1", "y1", "x2", "y2"), _HALF)
    ),
    "relation_reasons": pa.schema(
        {"source": _NAME} | _FRAME | {"place": _WHOLE, "relation": _BYTE} | dict.fromkeys(PARTS, _HALF)
    ),
    "action_scores": pa.schema({"source": _NAME, "video_id": _NAME, "model": _NAME, "action": _BYTE, "score": _HALF}),
    "issues": pa.schema({"kind": _NAME, "file": _NAME, "key": _TEXT, "reason": _TEXT}),
}
"""The tables a part may have, by name."""

Tables = Mapping[str, Mapping[str, Any]]
"""Columns by name for each table of a part; what is left out is null. NaN is null, too."""


def encode_relations(holds: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Which relationships hold [N,R] as the store's masks [N]: bit r says that relationship r does."""
    bits = np.left_shift(np.uint32(1), np.arange(holds.shape[1], dtype=np.uint32))
    masks: NDArray[np.uint32] = np.where(holds, bits, np.uint32(0)).sum(axis=1, dtype=np.uint32)
    return masks


def to_issue_columns(issues: Iterable[Issue]) -> dict[str, list[str]]:
    """The columns of the table `issues`."""
    columns = zip(*[(str(kind), *map(make_storable, texts)) for kind, *texts in issues])
    return dict(zip(Issue._fields, map(list, columns)))


def identify_file(path: Path) -> str:
    """What tells a file's content from any other: where it is, its size, and its content or its time of change."""
    facts = path.stat()
    if facts.st_size <= SMALL_BYTES:
        return f"{path.resolve()} {hash_file(path)}"
    return f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}"


class Parts:
    """The working folder of one build, with `spill` for what does not fit into memory.

    Only whoever holds the store's lock may use it: what is unfinished in it belongs to a build that died.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spill = folder / "spill"
        self._made: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.spill, ignore_errors=True)
        remove_leftovers(folder)

    def make(self, name: str, identity: Iterable[str], read: Callable[[], Tables]) -> Path:
        """The part of that name and content: found, or read and written now."""
        key = hash_bytes("\n".join(identity).encode(errors="surrogateescape"))[:20]
        part = self.folder / f"{name}-{key}"
        if not _is_whole(part):
            with stage_folder(part) as staged:
                for table, columns in read().items():
                    _write(staged / f"{table}.parquet", COLUMNS[table], columns)
        self._made.append(part)
        return part

    def list_files(self, table: str) -> list[str]:
        """The Parquet files of a table in the parts of this build, in the order they were asked for."""
        paths = [part / f"{table}.parquet" for part in self._made]
        return [str(path) for path in paths if path.is_file()]

    def read_texts(self, table: str, column: str) -> list[str]:
        """All values of a column of texts, part by part."""
        read = (pq.read_table(file, columns=[column])[column] for file in self.list_files(table))
        return [text for values in read for text in values.cast(pa.string()).to_pylist()]

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _is_whole(part: Path) -> bool:
    """Whether a part is there and all of it can be read; a crash of the machine may have left it empty."""
    try:
        for path in part.iterdir():
            pq.read_metadata(path)
    except (OSError, pa.ArrowInvalid):
        return False
    return True


def _write(path: Path, schema: pa.Schema, columns: Mapping[str, Any]) -> None:
    rows = len(next(iter(columns.values()), ()))
    arrays = [
        pa.nulls(rows, field.type) if columns.get(field.name) is None else to_array(columns[field.name], field.type)
        for field in schema
    ]
    names = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    pq.write_table(pa.table(arrays, schema=schema), path, compression="lz4", use_dictionary=names)


def to_array(values: Any, kind: pa.DataType) -> pa.Array:
    """Values, or an array, as an array of that type; NaN becomes null."""
    if isinstance(values, pa.Array):
        return values.cast(kind)
    if pa.types.is_dictionary(kind):
        return pa.array(values, pa.string(), from_pandas=True).dictionary_encode().cast(kind)
    return pa.array(values, kind, from_pandas=True, safe=False)
