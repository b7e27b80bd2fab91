"""The file of one video of a run over many: its rows for the store, or the sentence why it has none.

A Parquet file with one row, and so with one row group: the id, and of each table of a part the video's rows as a list.
What the run must know without reading the rows stands in the file's metadata. The same prediction gives the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ag_core.annotations.building.parts import COLUMNS, Tables, to_array, to_issue_columns
from ag_core.annotations.readers.issues import Issue, Kind, make_storable
from ag_core.annotations.readers.prediction_rows import build_prediction_tables
from ag_core.files import stage_file
from ag_core.results.prediction import Prediction

FINISHED_VERSION = 3
"""Version of the rows in such a file; files of another version are predicted anew."""

_FACTS = b"finished"


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type of a value inside a list, where names are not packed into dictionaries."""
    return pa.string() if pa.types.is_dictionary(kind) else kind


_ROWS = {
    table: pa.struct([pa.field(field.name, _plain(field.type)) for field in COLUMNS[table]])
    for table in ("videos", "frames", "objects", "relation_reasons", "action_scores", "issues")
}
_SCHEMA = pa.schema({"video_id": pa.string()} | {table: pa.list_(kind) for table, kind in _ROWS.items()})


@dataclass(frozen=True)
class FinishedVideo:
    """How a video ended.

    failure         why it has no rows, as a sentence; '' where it has
    graphs, frames  how many graphs were made, and how many frames the file has
    duration_s      its length
    card            what is known of its prediction, in sentences
    """

    video_id: str
    failure: str = ""
    graphs: int = 0
    frames: int = 0
    duration_s: float = 0.0
    card: tuple[str, ...] = ()

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "FinishedVideo":
        """The value whose fields were written as JSON."""
        return FinishedVideo(**{**content, "card": tuple(content["card"])})


def write_prediction_file(path: Path, name: str, prediction: Prediction) -> FinishedVideo:
    """Write the rows of a prediction, whole or not at all; `name` is that of the video's file.

    Numbers are rounded as in a prediction file, so that both give the same rows. UserError where it cannot be written.
    """
    kept = Prediction.from_json(prediction.to_json())
    facts = prediction.video
    video = FinishedVideo(facts.video_id, "", len(kept.frames), facts.n_frames or 0, kept.video.duration_s, kept.card)
    rows = dict(build_prediction_tables([(name, kept)]))
    rows["videos"] = {**rows["videos"], "path": [None if facts.path is None else str(facts.path)]}
    _write(path, video, rows)
    return video


def write_failure_file(path: Path, name: str, video_id: str, reason: str) -> FinishedVideo:
    """Write that a video could not be predicted, and why. UserError where it cannot be written."""
    reason = make_storable(reason)
    issue = Issue(Kind.VIDEO_NOT_PREDICTED, name, video_id, reason)
    video = FinishedVideo(video_id, reason)
    _write(path, video, {"issues": to_issue_columns([issue])})
    return video


def read_finished(path: Path) -> FinishedVideo | None:
    """What is known of a finished video without its rows; None where the file is not there, not whole, or older."""
    try:
        facts = json.loads((pq.read_schema(path).metadata or {})[_FACTS])
        return FinishedVideo.from_json(facts["video"]) if facts["version"] == FINISHED_VERSION else None
    except (OSError, pa.ArrowInvalid, KeyError, ValueError):
        return None


def read_finished_tables(paths: Sequence[Path]) -> Tables:
    """The part of some finished videos, in their order."""
    together = pa.concat_tables([pq.read_table(path, schema=_SCHEMA) for path in paths]).combine_chunks()
    tables = {}
    for table in _ROWS:
        rows = pa.concat_arrays([chunk.flatten() for chunk in together[table].chunks])
        tables[table] = {field.name: column for field, column in zip(rows.type, rows.flatten())}
    return tables


def _write(path: Path, video: FinishedVideo, tables: Tables) -> None:
    columns: list[pa.Array] = [pa.array([video.video_id])]
    for table, kind in _ROWS.items():
        given = tables.get(table, {})
        count = len(next(iter(given.values()), ()))
        values = [
            pa.nulls(count, field.type) if given.get(field.name) is None else to_array(given[field.name], field.type)
            for field in kind
        ]
        rows = pa.StructArray.from_arrays(values, fields=list(kind))
        columns.append(pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), rows))
    facts = {_FACTS: json.dumps({"version": FINISHED_VERSION, "video": asdict(video)})}
    with stage_file(path, to_disk=True) as staged:
        pq.write_table(pa.table(columns, schema=_SCHEMA.with_metadata(facts)), staged, compression="zstd")
