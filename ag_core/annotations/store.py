"""The annotation store: questions a person would ask, answered as records, arrays or data frames.

Opens a DuckDB file, a lake's folder or a lake's address alike, read-only with the outside world shut; each call uses
its own cursor, so threads may share a store. Annotations and predictions answer alike: every question takes a `source`.
Counts over all videos (statistics/) and searches (ag_core.queries) are functions that take a store; SQL lives in these
rooms only. What the player and training ask is answered as NumPy; pandas is loaded when the first table is asked for,
since to load it takes longer than any answer.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.clock import build_clock
from ag_core.annotations.connection import attach_store
from ag_core.annotations.store_format import ANNOTATION
from ag_core.annotations.targets import Targets, load_targets
from ag_core.errors import UserError
from ag_core.graph_sequence import GraphSequence
from ag_core.records import ActionInterval, FrameClock, SceneGraph, Video
from ag_core.taxonomy import N_ACTIONS, N_RELATIONS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["ANNOTATION", "AnnotationStore"]

Answer = TypeVar("Answer")

VIDEO_COLUMNS = (
    "v.video_id, v.split, v.scene, v.subject, v.script, v.duration_s, v.fps, v.width, v.height, v.n_frames, v.path"
)
"""What is known of a video `v`, in the order of the tables of videos."""

_OF_THE_QUESTION = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.InterruptException,
    duckdb.OutOfMemoryException,
    duckdb.DataError,
)
"""Errors that say nothing of the file."""


class AnnotationStore:
    """A store, open for reading; `path` is the file or folder that was opened.

    `where` is a .duckdb file, a lake's folder, or a lake's address (s3://, https://, http://), of which a local copy is
    made first. UserError where it is missing or of another format.
    """

    def __init__(self, where: Path | str) -> None:
        spill = Path(tempfile.gettempdir()) / f"action-genome-store-{os.getpid()}"  # else `.tmp` in the user's folder
        self._connection = duckdb.connect(":memory:", config={"threads": 2, "temp_directory": str(spill)})
        try:
            self.path = attach_store(self._connection, where)
        except UserError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; the store answers nothing afterwards."""
        self._connection.close()

    def __enter__(self) -> "AnnotationStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, query: str, parameters: Sequence[Any] = ()) -> "pd.DataFrame":
        """The answer to one query with parameters as a data frame; whole numbers and their sums keep every digit."""

        def fetch(cursor: duckdb.DuckDBPyConnection) -> "pd.DataFrame":
            # DuckDB adds whole numbers up in 128 bits, which it would hand to pandas as floats.
            wide = {str(name) for name, kind, *_ in cursor.description or () if str(kind) == "HUGEINT"}
            if not wide:
                return cursor.df()
            with self._connection.cursor() as again:
                again.execute("use store")
                return _narrow_whole_numbers(again.sql(query, params=list(parameters)).to_arrow_table(), wide)

        return self._fetch(query, parameters, fetch)

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The answer as tuples, None where a value is missing: for a few rows, without pandas."""
        return self._fetch(query, parameters, lambda cursor: cursor.fetchall())

    def columns(self, query: str, parameters: Sequence[Any] = ()) -> dict[str, NDArray[Any]]:
        """The answer as arrays [rows] by column name, without pandas.

        A missing float is NaN; a column of another type with missing values is a masked array.
        """
        found = self._fetch(query, parameters, lambda cursor: cursor.fetchnumpy())
        return {
            name: np.ma.filled(column, np.nan) if column.dtype.kind == "f" else column for name, column in found.items()
        }

    def _fetch(
        self, query: str, parameters: Sequence[Any], fetch: Callable[[duckdb.DuckDBPyConnection], Answer]
    ) -> Answer:
        with self._connection.cursor() as cursor:
            cursor.execute("use store")
            try:
                return fetch(cursor.execute(query, list(parameters)))
            except _OF_THE_QUESTION:
                raise
            except duckdb.Error:  # a file gone, cut, or with a block that fails its checksum
                raise UserError(
                    f"{self.path} was replaced or damaged since it was opened; open it again, or build it anew with "
                    "`build-store --force`"
                ) from None

    # Videos and what belongs to them

    def sources(self) -> list[str]:
        """'annotation' first, then the predictions by name."""
        rows = self.rows("select source from sources order by source <> ?, source", [ANNOTATION])
        return [source for (source,) in rows]

    def videos(self, source: str | None = ANNOTATION) -> "pd.DataFrame":
        """Every video of a source, by id; without a source every video once, as the annotation has it where it does.

        Columns: video_id, split, scene, subject, script, duration_s, fps, width, height, n_frames, path. Any but the
        first is missing (None, NaN or NA) where nobody says it.
        """
        if source is None:
            return self.ask(
                f"""select {VIDEO_COLUMNS} from videos v
                    qualify row_number() over (partition by video_id order by source <> ?, source) = 1
                    order by video_id""",
                [ANNOTATION],
            )
        return self.ask(f"select {VIDEO_COLUMNS} from videos v where source = ? order by video_id", [source])

    def sources_of(self, video_id: str) -> list[str]:
        """The sources that know a video: 'annotation' first, then the predictions by name. None for bare video files,
        of which neither says anything.
        """
        query = """select source from videos semi join sources using (source) where video_id = ?
                   order by source <> ?, source"""
        return [source for (source,) in self.rows(query, [video_id, ANNOTATION])]

    def video(self, video_id: str) -> Video:
        """What is known of a video, from the annotation where there is one; UserError for an unknown id."""
        query = f"""select {VIDEO_COLUMNS}, v.frame_times_s from videos v
                    where video_id = ? order by source <> ?, source limit 1"""
        rows = self.rows(query, [video_id, ANNOTATION])
        if not rows:
            raise UserError(f"video {video_id} is not in {self.path.name}; videos() lists the ones that are")
        _, split, scene, subject, script, duration_s, fps, width, height, n_frames, path, times_s = rows[0]
        return Video(
            video_id,
            float("nan") if duration_s is None else duration_s,
            fps,
            width,
            height,
            n_frames,
            split,
            subject,
            scene,
            script,
            None if path is None else Path(path),
            None if times_s is None else np.array(times_s, np.float64),
        )

    def intervals_of(self, video_id: str) -> list[ActionInterval]:
        """The annotated actions of a video, by start; an interval may be a point."""
        query = """select action, start_ms / 1000 as start_s, end_ms / 1000 as end_s
                   from action_intervals i join videos v using (source, video)
                   where video_id = ? and source = ? order by start_ms, end_ms, action"""
        return [ActionInterval(video_id, *row) for row in self.rows(query, [video_id, ANNOTATION])]

    def graphs_of(self, video_id: str, source: str = ANNOTATION) -> Sequence[SceneGraph]:
        """The scene graphs of a video in one source, by frame. `time_s` is NaN where the video's rate is unknown."""
        found = self.rows(
            "select video, fps, n_frames, frame_times_s from videos where video_id = ? and source = ?",
            [video_id, source],
        )
        if not found:
            return []
        video, fps, n_frames, times_s = found[0]
        clock = build_clock(fps, n_frames, times_s)
        frames = self.columns(
            """select frame_id, frame, t_ms::double as t_ms, person_score,
                      person_x1, person_y1, person_x2, person_y2
               from frames where source = ? and video = ? order by frame""",
            [source, video],
        )
        objects = self.columns(
            """select object_id, frame_id, class, score, x1, y1, x2, y2
               from objects where source = ? and video = ? order by object_id""",
            [source, video],
        )
        relations = self.columns(
            """select object_id, relation, score from relations
               where source = ? and video = ? and relation is not null""",
            [source, video],
        )
        return _build_graphs(frames, objects, relations, clock)

    def targets_of(self, video_ids: Sequence[str], source: str = ANNOTATION) -> Targets:
        """Frames, boxes, classes and relationships of many videos as flat arrays, for training and evaluation."""
        return load_targets(self, video_ids, source)

    def action_scores_of(self, video_id: str, source: str) -> dict[str, np.ndarray]:
        """[157] scores of each model for a video in a prediction; empty where there are none."""
        query = """select model, action, score from action_scores s join videos v using (source, video)
                   where video_id = ? and source = ?"""
        scores: dict[str, np.ndarray] = {}
        for model, action, score in self.rows(query, [video_id, source]):
            scores.setdefault(model, np.zeros(N_ACTIONS, np.float32))[action] = score
        return scores

    def issues(self) -> "pd.DataFrame":
        """What the readers repaired, refused or found odd: kind, file, key, reason."""
        return self.ask("select kind, file, key, reason from issues")


def _narrow_whole_numbers(table: "pa.Table", wide: set[str]) -> "pd.DataFrame":
    """An answer whose columns `wide` hold whole numbers of 128 bits, as 64 bits where they fit, else as Python's."""
    import pyarrow as pa

    exact: dict[str, list[int | None]] = {}
    for number, name in enumerate(table.column_names):
        if name in wide:
            try:
                table = table.set_column(number, name, table.column(number).cast(pa.int64()))
            except pa.ArrowInvalid:
                values = table.column(number).to_pylist()
                exact[name] = [None if value is None else int(value) for value in values]
    with duckdb.connect(":memory:") as connection:
        frame = connection.from_arrow(table).df()
    for name, numbers in exact.items():
        frame[name] = np.array(numbers, object)
    return frame


def _build_graphs(
    frames: dict[str, NDArray[Any]],
    objects: dict[str, NDArray[Any]],
    relations: dict[str, NDArray[Any]],
    clock: FrameClock | None,
) -> GraphSequence:
    """Scene graphs from the columns of one video; frames sorted by number, objects by id."""
    scores = np.zeros((len(objects["object_id"]), N_RELATIONS), np.float32)
    scores[np.searchsorted(objects["object_id"], relations["object_id"]), relations["relation"]] = relations["score"]
    boxes = np.stack([objects[side] for side in ("x1", "y1", "x2", "y2")], axis=1)
    persons = np.stack([frames[f"person_{side}"] for side in ("x1", "y1", "x2", "y2")], axis=1)
    by_id = np.argsort(frames["frame_id"])
    place = by_id[np.searchsorted(frames["frame_id"], objects["frame_id"], sorter=by_id)]
    order = np.argsort(place, kind="stable")
    numbers = frames["frame"].tolist()
    times = frames["t_ms"] / 1000 if clock is None else np.array([clock.time_of(number) for number in numbers])
    return GraphSequence(
        frames["frame"],
        times,
        persons,
        np.nan_to_num(frames["person_score"]),
        np.bincount(place, minlength=len(numbers)),
        objects["class"][order],
        boxes[order],
        objects["score"][order],
        scores[order],
    )
