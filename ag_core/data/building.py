"""Builds the annotation store: reads what there is, gives every video a number, writes all tables at once.

The file appears whole or not at all, and the same input gives the same rows. Knows the readers and the schema; the
questions are in store.py.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from ag_core.data.action_genome import OTHER, ActionGenomeTable, read_action_genome
from ag_core.data.charades import CharadesTable, read_charades
from ag_core.data.issues import Issue, Kind
from ag_core.data.prediction_rows import PredictionRows, read_predictions
from ag_core.data.video_facts import VideoFacts, read_facts
from ag_core.errors import UserError
from ag_core.taxonomy import ACTIONS, GROUP_OF_RELATION, OBJECT_CLASSES, OTHER_RELATIONSHIP, RELATIONS, Group

FORMAT_NAME = "action-genome-explorer/store"
FORMAT_VERSION = 2

ANNOTATION = "annotation"
OTHER_BIT = len(RELATIONS)
"""The bit of `relation_mask` that says `other_relationship` was annotated."""

CHARADES_FILES = ("Charades_v1_train.csv", "Charades_v1_test.csv")

_DERIVED = """
insert into relations_by_class
select source, class, relation, video, t_ms, frame_id, object_id, score
from relations where relation is not null order by source, class, relation, video, t_ms;
insert into relation_cube
select r.source, v.split, r.class, r.relation, count(*), count(distinct r.video)
from relations r join videos v using (source, video)
where r.relation is not null and r.score >= 0.5 group by all order by all"""
"""What is counted or sorted once, so that no question has to."""

Progress = Callable[[str, int, int], None]
"""Told the stage, how many are done, and of how many."""


def build_store(
    out: Path | str,
    charades: Path | str | None = None,
    action_genome: Path | str | None = None,
    videos: Path | str | None = None,
    rates: Path | str | None = None,
    predictions: Sequence[Path | str] = (),
    progress: Progress | None = None,
) -> None:
    """Write the store `out`, replacing an older one only when the new one is complete.

    charades       folder with Charades_v1_train.csv, Charades_v1_test.csv, or both
    action_genome  folder with the released pickles, or one that holds them in `annotations`
    videos         folder with a file per video, named by its id: gives each video's rate, size and number of frames
    rates          table with columns video, fps, for videos without a file; without either, times stay unknown
    predictions    results of `python -m ag_core predict`, each a source of its own
    UserError where nothing is given or an input is not what it must be; nothing is left behind then.
    """
    if charades is None and action_genome is None and not predictions:
        raise UserError("a store needs annotations or predictions; give a Charades or an Action Genome folder")
    say = progress or (lambda stage, done, total: None)
    out = Path(out)
    tables = _read_charades_folder(Path(charades), say) if charades is not None else []
    graphs = _read_action_genome_folder(Path(action_genome), say) if action_genome is not None else None
    predicted = read_predictions([Path(path) for path in predictions])

    annotated_ids = {video.video_id for table in tables for video in table.videos}
    if graphs is not None:
        annotated_ids |= set(graphs.frames["video_id"].unique())
    facts = read_facts(
        sorted(annotated_ids),
        None if videos is None else Path(videos),
        None if rates is None else Path(rates),
        lambda done, total: say("videos", done, total),
    )
    all_ids = sorted(annotated_ids | {video.video_id for part in predicted for video in part.videos})
    numbers = {video_id: number for number, video_id in enumerate(all_ids)}

    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    try:
        say("writing", 0, 1)
        with duckdb.connect(str(partial)) as connection:
            connection.execute((Path(__file__).parent / "schema.sql").read_text(encoding="utf-8"))
            _write_names(connection)
            issues = [issue for table in tables for issue in table.issues] + facts.issues
            issues += _write_annotation(connection, tables, graphs, facts, numbers) if annotated_ids else []
            issues += graphs.issues if graphs is not None else []
            for part in predicted:
                _write_prediction(connection, part, numbers)
            _insert(connection, "issues", pd.DataFrame(issues, columns=list(Issue._fields)))
            connection.execute(_DERIVED)
        partial.replace(out)
        say("writing", 1, 1)
    finally:
        for leftover in (partial, partial.with_name(partial.name + ".wal")):
            leftover.unlink(missing_ok=True)


def _read_charades_folder(folder: Path, say: Progress) -> list[CharadesTable]:
    paths = [folder / name for name in CHARADES_FILES if (folder / name).is_file()]
    if not paths:
        raise UserError(f"{folder} has neither {' nor '.join(CHARADES_FILES)}; give the Charades annotation folder")
    tables = []
    for done, path in enumerate(paths):
        say("charades", done, len(paths))
        tables.append(read_charades(path))
    say("charades", len(paths), len(paths))
    known: set[str] = set()
    for table in tables:
        twice = known & {video.video_id for video in table.videos}
        if twice:
            raise UserError(
                f"{len(twice)} videos, such as {min(twice)}, are in both Charades files; the splits must share none"
            )
        known |= {video.video_id for video in table.videos}
    return tables


def _read_action_genome_folder(folder: Path, say: Progress) -> ActionGenomeTable:
    say("action genome", 0, 1)
    inner = folder / "annotations"
    table = read_action_genome(inner if inner.is_dir() else folder)
    say("action genome", 1, 1)
    return table


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame) -> None:
    """Append rows to a table by column name, in their order."""
    if len(rows):
        connection.register("incoming", rows)
        connection.execute(f"insert into {table} by name select * from incoming")
        connection.unregister("incoming")


def _write_names(connection: duckdb.DuckDBPyConnection) -> None:
    """The class lists, so that SQL can say names."""
    _insert(connection, "store_format", pd.DataFrame({"name": [FORMAT_NAME], "version": [FORMAT_VERSION]}))
    _insert(connection, "object_classes", pd.DataFrame({"class": range(len(OBJECT_CLASSES)), "name": OBJECT_CLASSES}))
    relations = [(index, name, GROUP_OF_RELATION[name].value) for index, name in enumerate(RELATIONS)]
    relations_and_other = pd.DataFrame(
        [*relations, (None, OTHER_RELATIONSHIP, Group.CONTACT.value)], columns=["relation", "name", "group"]
    ).astype({"relation": "Int16"})
    _insert(connection, "relation_classes", relations_and_other)
    actions = pd.DataFrame(
        [(index, a.id, a.label, a.verb, a.object_class) for index, a in enumerate(ACTIONS)],
        columns=["action", "id", "label", "verb", "class"],
    ).astype({"class": "Int16"})
    _insert(connection, "action_classes", actions)


def _write_annotation(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[CharadesTable],
    graphs: ActionGenomeTable | None,
    facts: VideoFacts,
    numbers: dict[str, int],
) -> list[Issue]:
    """Write the source 'annotation'; returns what did not fit together."""
    detail = "Charades" if graphs is None else "Charades and Action Genome" if tables else "Action Genome"
    _insert(connection, "sources", pd.DataFrame({"source": [ANNOTATION], "kind": [ANNOTATION], "detail": [detail]}))
    issues: list[Issue] = []
    _insert(connection, "videos", _video_rows(tables, graphs, facts, numbers, issues))
    for table in tables:
        _insert(connection, "action_intervals", _interval_rows(table, numbers))
    if graphs is not None:
        frames, objects, relations = _graph_rows(graphs, facts, numbers, issues)
        _insert(connection, "frames", frames)
        _insert(connection, "objects", objects)
        _insert(connection, "relations", relations)
    return issues


def _video_rows(
    tables: Iterable[CharadesTable],
    graphs: ActionGenomeTable | None,
    facts: VideoFacts,
    numbers: dict[str, int],
    issues: list[Issue],
) -> pd.DataFrame:
    """One row a video, by id: Charades first, then what the video file and Action Genome add."""
    rows: dict[str, dict[str, Any]] = {
        video.video_id: {
            "split": video.split, "subject": video.subject, "scene": video.scene, "script": video.script,
            "duration_s": video.duration_s, "quality": notes.quality, "relevance": notes.relevance,
            "verified": notes.verified, "object_nouns": notes.object_nouns, "descriptions": notes.descriptions,
        }
        for table in tables
        for video, notes in zip(table.videos, table.notes)
    }  # fmt: skip
    if graphs is not None:
        of_video = graphs.frames.groupby("video_id").agg({"split": "first", "width": "max", "height": "max"})
        for video_id, split, width, height in of_video.itertuples():
            row = rows.setdefault(video_id, {})
            split = split if isinstance(split, str) else None  # a frame without objects names none
            if row.get("split") not in (None, split) and split is not None:
                reason = f"split {split!r} differs from Charades' {row['split']!r}, which is kept"
                issues.append(Issue(Kind.SPLIT_DIFFERS, "object_bbox_and_relationship.pkl", video_id, reason))
            row["split"] = row.get("split") or split
            row |= {"width": width, "height": height}
    for video_id, row in rows.items():
        video = facts.videos.get(video_id)
        if video is not None:
            row |= {"width": video.width, "height": video.height, "n_frames": video.n_frames, "path": str(video.path)}
            if not row.get("duration_s", np.nan) > 0:
                row["duration_s"] = video.duration_s
        row |= {"source": ANNOTATION, "video": numbers[video_id], "video_id": video_id, "fps": facts.fps(video_id)}
    table = pd.DataFrame([rows[video_id] for video_id in sorted(rows)])
    whole = {"width": "Int32", "height": "Int32", "n_frames": "Int32", "quality": "Int16", "relevance": "Int16"}
    return table.astype({name: kind for name, kind in whole.items() if name in table})


def _interval_rows(table: CharadesTable, numbers: dict[str, int]) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "source": ANNOTATION,
            "video": np.array([numbers[interval.video_id] for interval in table.intervals], np.int32),
            "action": np.array([interval.action for interval in table.intervals], np.uint8),
            "start_ms": np.rint([interval.start_s * 1000 for interval in table.intervals]).astype(np.int32),
            "end_ms": np.rint([interval.end_s * 1000 for interval in table.intervals]).astype(np.int32),
            "repair": [repair or None for repair in table.repairs],
        }
    )
    return rows.sort_values(["video", "start_ms", "end_ms", "action"], kind="stable")


def _graph_rows(
    graphs: ActionGenomeTable, facts: VideoFacts, numbers: dict[str, int], issues: list[Issue]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows of frames, objects and relations. They come sorted by video and frame, and times follow frames."""
    video_ids = graphs.frames["video_id"]
    video = video_ids.map(numbers).to_numpy(np.int32)
    frame = graphs.frames["frame"].to_numpy(np.int32)
    rate = video_ids.map({video_id: facts.fps(video_id) for video_id in video_ids.unique()}).to_numpy(np.float64)
    t_ms = np.rint((frame - 1) / rate * 1000)
    for video_id, numbered in graphs.frames.groupby("video_id")["frame"]:
        issues += facts.issues_of_frames(str(video_id), int(numbered.max()), len(numbered))

    frames = graphs.frames[["person_x1", "person_y1", "person_x2", "person_y2", "person_score"]].assign(
        source=ANNOTATION, frame_id=np.arange(len(video), dtype=np.int32), video=video, frame=frame, t_ms=t_ms
    )
    of_object = graphs.objects["frame_row"].to_numpy(np.int64)
    objects = graphs.objects.drop(columns="frame_row").assign(
        source=ANNOTATION,
        object_id=np.arange(len(of_object), dtype=np.int32),
        frame_id=of_object.astype(np.int32),
        video=video[of_object],
        t_ms=t_ms[of_object],
        score=np.float32(1),
    )
    of_relation = graphs.relations["object_row"].to_numpy(np.int64)
    relation = graphs.relations["relation"].to_numpy(np.int64)
    objects["relation_mask"] = relation_masks(of_relation, relation, len(objects))
    relations = pd.DataFrame(
        {
            "source": ANNOTATION,
            "object_id": of_relation.astype(np.int32),
            "frame_id": objects["frame_id"].to_numpy()[of_relation],
            "video": objects["video"].to_numpy()[of_relation],
            "t_ms": objects["t_ms"].to_numpy()[of_relation],
            "class": objects["class"].to_numpy()[of_relation],
            "relation": pd.array(np.where(relation == OTHER, 0, relation), dtype="Int16"),
            "score": np.float32(1),
        }
    )
    relations.loc[relation == OTHER, "relation"] = pd.NA
    frames, objects, relations = (rows.astype({"t_ms": "Int32"}) for rows in (frames, objects, relations))
    return frames, objects, relations


def relation_masks(object_rows: np.ndarray, relations: np.ndarray, n_objects: int) -> np.ndarray:
    """[n_objects] uint32 bits from (object, relation) pairs [R]; OTHER sets the bit after the 25."""
    masks = np.zeros(n_objects, np.uint32)
    bits = np.where(relations == OTHER, OTHER_BIT, relations).astype(np.uint32)
    np.bitwise_or.at(masks, object_rows, np.left_shift(np.uint32(1), bits))
    return masks


def _write_prediction(connection: duckdb.DuckDBPyConnection, part: PredictionRows, numbers: dict[str, int]) -> None:
    """Write one source of predictions, its numbers following those already there."""
    detail = ", ".join(part.files)
    _insert(connection, "sources", pd.DataFrame({"source": [part.source], "kind": ["prediction"], "detail": [detail]}))
    for name, rows in part.tables(numbers).items():
        _insert(connection, name, rows)
