"""The annotation store: questions a person would ask, answered as records or data frames from one DuckDB file.

The file is opened read-only with the outside world shut; each call uses its own cursor, so threads may share a store.
Annotations and predictions answer alike: every question takes a `source`. SQL lives here and in its neighbours only.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from ag_core.data import statistics
from ag_core.data.building import FORMAT_NAME, FORMAT_VERSION, build_store
from ag_core.data.search import Search, facet_query, matching_query
from ag_core.errors import UserError
from ag_core.records import ActionInterval, SceneGraph, Video, time_of_frame
from ag_core.taxonomy import N_ACTIONS, N_RELATIONS

__all__ = ["ANNOTATION", "AnnotationStore", "build_store"]

ANNOTATION = "annotation"

_VIDEO_COLUMNS = (
    "v.video_id, v.split, v.scene, v.subject, v.script, v.duration_s, v.fps, v.width, v.height, v.n_frames, v.path"
)


class AnnotationStore:
    """A store file, open for reading. UserError where the file is missing or of another format."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise UserError(f"{self.path} is not there; make it with `python -m ag_core build-store --out {self.path}`")
        try:
            self._connection = duckdb.connect(":memory:", config={"threads": 2})
            self._connection.execute(f"attach '{str(self.path).replace(chr(39), chr(39) * 2)}' as store (read_only)")
            self._connection.execute("use store; set enable_external_access = false")
            rows = self._connection.execute("select name, version from store_format").fetchall()
        except duckdb.Error as error:
            raise UserError(f"{self.path} is no annotation store ({error}); build it again with build-store") from None
        if rows != [(FORMAT_NAME, FORMAT_VERSION)]:
            raise UserError(f"{self.path} has another format than this version reads; build it again with build-store")

    def close(self) -> None:
        """Close the file; the store answers nothing afterwards."""
        self._connection.close()

    def __enter__(self) -> "AnnotationStore":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, query: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """The answer to one query with parameters; for the modules of ag_core.data."""
        with self._connection.cursor() as cursor:
            cursor.execute("use store")
            return cursor.execute(query, list(parameters)).df()

    # Videos and what belongs to them

    def sources(self) -> list[str]:
        """'annotation' first, then the predictions by name."""
        frame = self.ask("select source from sources order by source <> ?, source", [ANNOTATION])
        return frame["source"].tolist()

    def videos(self, source: str = ANNOTATION) -> pd.DataFrame:
        """Every video of a source, by id.

        Columns: video_id, split, scene, subject, script, duration_s, fps, width, height, n_frames, path.
        """
        return self.ask(f"select {_VIDEO_COLUMNS} from videos v where source = ? order by video_id", [source])

    def video(self, video_id: str) -> Video:
        """What is known of a video, from the annotation where there is one; UserError for an unknown id."""
        query = f"select {_VIDEO_COLUMNS} from videos v where video_id = ? order by source <> ?, source limit 1"
        rows = self.ask(query, [video_id, ANNOTATION])
        if rows.empty:
            raise UserError(f"video {video_id} is not in {self.path.name}; videos() lists the ones that are")
        known: dict[Any, Any] = {name: None if pd.isna(value) else value for name, value in rows.iloc[0].items()}
        whole = {name: None if known[name] is None else int(known[name]) for name in ("width", "height", "n_frames")}
        return Video(
            video_id,
            float("nan") if known["duration_s"] is None else float(known["duration_s"]),
            fps=None if known["fps"] is None else float(known["fps"]),
            split=known["split"],
            subject=known["subject"],
            scene=known["scene"],
            script=known["script"],
            path=None if known["path"] is None else Path(known["path"]),
            **whole,
        )

    def intervals_of(self, video_id: str) -> list[ActionInterval]:
        """The annotated actions of a video, by start; an interval may be a point."""
        query = """select action, start_ms / 1000 as start_s, end_ms / 1000 as end_s
                   from action_intervals i join videos v using (source, video)
                   where video_id = ? and source = ? order by start_ms, end_ms, action"""
        rows = self.ask(query, [video_id, ANNOTATION])
        return [ActionInterval(video_id, int(a), float(s), float(e)) for a, s, e in rows.itertuples(index=False)]

    def graphs_of(self, video_id: str, source: str = ANNOTATION) -> list[SceneGraph]:
        """The scene graphs of a video in one source, by frame. `time_s` is NaN where the video's rate is unknown."""
        found = self.ask("select video, fps from videos where video_id = ? and source = ?", [video_id, source])
        if found.empty:
            return []
        video, fps = int(found["video"].iloc[0]), found["fps"].iloc[0]
        key = [source, video]
        frames = self.ask("select * from frames where source = ? and video = ? order by frame", key)
        objects = self.ask("select * from objects where source = ? and video = ? order by object_id", key)
        relations = self.ask(
            "select object_id, relation, score from relations where source = ? and video = ? and relation is not null",
            key,
        )
        return _graphs(frames, objects, relations, None if pd.isna(fps) else float(fps))

    def action_scores_of(self, video_id: str, source: str) -> dict[str, np.ndarray]:
        """[157] scores of each model for a video in a prediction; empty where there are none."""
        query = """select model, action, score from action_scores s join videos v using (source, video)
                   where video_id = ? and source = ?"""
        scores: dict[str, np.ndarray] = {}
        for model, action, score in self.ask(query, [video_id, source]).itertuples(index=False):
            scores.setdefault(model, np.zeros(N_ACTIONS, np.float32))[action] = score
        return scores

    # Search

    def videos_matching(self, search: Search, limit: int | None = None, offset: int = 0) -> pd.DataFrame:
        """The videos for which every condition holds, with the columns of `videos`, by id."""
        matching, parameters = matching_query(search)
        page = "" if limit is None else f" limit {int(limit)} offset {int(offset)}"
        return self.ask(
            f"""select {_VIDEO_COLUMNS} from videos v
                where v.source = ? and v.video in ({matching}) order by video_id{page}""",
            [search.source, *parameters],
        )

    def count_matching(self, search: Search) -> int:
        """How many videos `videos_matching` finds without a limit."""
        matching, parameters = matching_query(search)
        return int(self.ask(f"select count(*) as n from ({matching})", parameters)["n"].iloc[0])

    def facet_counts(self, search: Search) -> pd.DataFrame:
        """How many videos would remain if one more value was chosen, in columns kind, index, name, videos.

        kind is 'action', 'object' or 'relation'; index and name are the taxonomy's.
        Values that would leave none are absent; the most frequent come first within their kind.
        """
        return self.ask(*facet_query(search))

    # Counts

    def totals(self, source: str = ANNOTATION) -> dict[str, int]:
        """Rows of each kind.

        videos, action_intervals, frames, person_boxes, objects, visible_objects, relations, other_relationships,
        issues (of the whole file).
        """
        return statistics.totals(self, source)

    def object_counts(self, source: str = ANNOTATION, split: str | None = None) -> pd.DataFrame:
        """Visible objects of each of the 35 classes: class, object, objects, videos."""
        return statistics.object_counts(self, source, split)

    def relation_counts(self, source: str = ANNOTATION, split: str | None = None) -> pd.DataFrame:
        """Relationships of each of the 25 kinds: relation, name, group, relations, videos."""
        return statistics.relation_counts(self, source, split)

    def object_relation_counts(self, source: str = ANNOTATION, split: str | None = None) -> pd.DataFrame:
        """The 35 x 25 table of relationships: rows are object names, columns relationship names."""
        return statistics.object_relation_counts(self, source, split)

    def action_counts(self, source: str = ANNOTATION, split: str | None = None) -> pd.DataFrame:
        """Intervals of each of the 157 actions: action, id, label, intervals, videos, seconds."""
        return statistics.action_counts(self, source, split)

    def issues(self) -> pd.DataFrame:
        """What the readers repaired, refused or found odd: kind, file, key, reason."""
        return self.ask("select kind, file, key, reason from issues")


def _graphs(
    frames: pd.DataFrame, objects: pd.DataFrame, relations: pd.DataFrame, fps: float | None
) -> list[SceneGraph]:
    """Scene graphs from the rows of one video; frames sorted by number, objects by id."""
    object_ids = objects["object_id"].to_numpy(np.int64)
    scores = np.zeros((len(objects), N_RELATIONS), np.float32)
    rows = np.searchsorted(object_ids, relations["object_id"].to_numpy(np.int64))
    scores[rows, relations["relation"].to_numpy(np.int64)] = relations["score"].to_numpy(np.float32)
    boxes = objects[["x1", "y1", "x2", "y2"]].to_numpy(np.float32)
    classes = objects["class"].to_numpy(np.int64)
    object_scores = objects["score"].to_numpy(np.float32)
    persons = frames[["person_x1", "person_y1", "person_x2", "person_y2"]].to_numpy(np.float32)
    person_scores = frames["person_score"].fillna(0).to_numpy(np.float32)
    times_ms = frames["t_ms"].to_numpy(np.float64, na_value=np.nan)
    of_frame = objects["frame_id"].to_numpy(np.int64)
    order = np.argsort(of_frame, kind="stable")
    frame_ids = frames["frame_id"].to_numpy(np.int64)
    firsts = np.searchsorted(of_frame[order], frame_ids)
    lasts = np.searchsorted(of_frame[order], frame_ids, side="right")
    graphs = []
    for index, frame in enumerate(frames["frame"].tolist()):
        chosen = order[firsts[index] : lasts[index]]
        graphs.append(
            SceneGraph(
                frame,
                times_ms[index] / 1000 if fps is None else time_of_frame(frame, fps),
                None if np.isnan(persons[index]).any() else persons[index],
                float(person_scores[index]),
                classes[chosen],
                boxes[chosen],
                object_scores[chosen],
                scores[chosen],
            )
        )
    return graphs
