"""One SQL query for the hits of a sequence, and the functions that ask it.

Frames at which a step holds become intervals by gaps and islands: frame_id is dense over (video, frame) of a source,
so neighbouring frames are neighbouring numbers. Stretches are joined from the last step to the first; each keeps the
earliest next one that can itself be continued to the end, which is the first in the order of start times. Only the
hits of one page are then walked from step to step.
Values travel as parameters only; the text holds names and numbers of steps. Knows the tables, not the connection.
"""

import time
from collections.abc import Sequence as Values
from dataclasses import dataclass
from textwrap import indent
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ag_core.queries.sequence.records import ANNOTATION, Condition, Limits, Sequence, Step

MAX_HITS = 10_000
"""As many are handed out at once; the total is told."""


class QueriedStore(Protocol):
    """What a sequence needs of a store: the table that answers a query. An AnnotationStore is one."""

    def ask(self, query: str, parameters: Values[Any] = ()) -> pd.DataFrame: ...


@dataclass(frozen=True)
class SqlQuery:
    """SQL with a `?` for each of the parameters, in their order."""

    sql: str
    parameters: tuple[Any, ...] = ()

    def with_values(self) -> str:
        """The same query with its values written into it, for a reader who wants to change it by hand."""
        from sqlglot import exp  # a fifth of a second, which only who asks for it waits

        parts = self.sql.split("?")
        values = [exp.convert(value).sql(dialect="duckdb") for value in self.parameters]
        return "".join(part + value for part, value in zip(parts, [*values, ""], strict=True))


@dataclass(frozen=True)
class SequenceHits:
    """An answer: some of the hits, how many there are, and how long the store took.

    table    one row a hit, by video and time: video_id, scene, split, duration_s, n_frames, path, start_s, end_s,
             frame, and for each step k step_k_start_ms, step_k_end_ms, step_k_first_frame, step_k_last_frame; times
             are missing where the video's rate is unknown
    total    hits in all
    videos   videos with a hit
    """

    table: pd.DataFrame
    total: int
    videos: int
    seconds: float


def find_hits(store: QueriedStore, sequence: Sequence, limit: int = MAX_HITS, offset: int = 0) -> SequenceHits:
    """Up to `limit` hits after the first `offset`."""
    began = time.perf_counter()
    query = build_hits_query(sequence, limit, offset)
    rows = store.ask(query.sql, query.parameters)
    table = _make_hit_table(rows, len(sequence.steps))
    total, videos = (0, 0) if rows.empty else (int(rows["hits"].iloc[0]), int(rows["videos"].iloc[0]))
    if rows.empty and offset:
        first = find_hits(store, sequence, 1)
        total, videos = first.total, first.videos
    return SequenceHits(table, total, videos, time.perf_counter() - began)


def _make_hit_table(rows: pd.DataFrame, n_steps: int) -> pd.DataFrame:
    """`SequenceHits.table` from the rows of `build_hits_query`: one for each step of each hit, in order."""
    columns: dict[str, Any] = {
        name: rows[name].array[::n_steps] for name in ("video_id", "scene", "split", "duration_s", "n_frames", "path")
    }
    starts_s, ends_s = (rows[name].to_numpy(np.float64, na_value=np.nan) for name in ("start_s", "end_s"))
    columns |= {
        "start_s": starts_s[::n_steps],
        "end_s": ends_s.reshape(-1, n_steps).max(axis=1),
        "frame": rows["frame"].array[::n_steps],
    }
    starts_ms, ends_ms = (pd.array(np.rint(1000 * seconds), "Int64") for seconds in (starts_s, ends_s))
    for step in range(n_steps):
        columns[f"step_{step + 1}_start_ms"] = starts_ms[step::n_steps]
        columns[f"step_{step + 1}_end_ms"] = ends_ms[step::n_steps]
        columns[f"step_{step + 1}_first_frame"] = rows["frame"].array[step::n_steps]
        columns[f"step_{step + 1}_last_frame"] = rows["last_frame"].array[step::n_steps]
    return pd.DataFrame(columns)


def count_intervals(store: QueriedStore, sequence: Sequence) -> pd.DataFrame:
    """How often each step happens at all: step (from 1), intervals, videos, within the scene, split and source."""
    query = build_interval_counts_query(sequence)
    return store.ask(query.sql, query.parameters)


def count_videos_without_times(store: QueriedStore, sequence: Sequence) -> int:
    """How many annotated videos cannot match because their rate is unknown; 0 where the sequence needs no times."""
    if not sequence.needs_times:
        return 0
    text = _QueryText()
    text.add(
        "select count(distinct video) as videos from frames\nwhere source = ? and t_ms is null", sequence.where.source
    )
    text.add(_limit_videos(sequence))
    query = text.query()
    return int(store.ask(query.sql, query.parameters)["videos"].iloc[0])


def build_hits_query(sequence: Sequence, limit: int = MAX_HITS, offset: int = 0) -> SqlQuery:
    """The query for one page of the hits of a sequence.

    A row for each step of each hit, in order: video_id, start_s, frame, step, end_s, last_frame, what is known of
    the video, and how many hits and videos there are in all.
    """
    text = _QueryText()
    text.add("with ")
    for number in _order_steps(sequence):
        _add_intervals(text, sequence, number, prune=True)
    _add_chains(text, sequence)
    _add_hits(text, sequence)
    _add_walk(text, sequence, limit, offset)
    _add_answer(text, sequence)
    return text.query()


def build_interval_counts_query(sequence: Sequence) -> SqlQuery:
    """The query for the number of intervals of each step, whatever the others."""
    text = _QueryText()
    text.add("with ")
    for number in range(1, len(sequence.steps) + 1):
        _add_intervals(text, sequence, number, prune=False)
        text.add(",\n" if number < len(sequence.steps) else "\n")
    counts = (
        f"select {number} as step, count(*) as intervals, count(distinct video) as videos from step_{number}"
        for number in range(1, len(sequence.steps) + 1)
    )
    text.add("\nunion all ".join(counts) + "\norder by step")
    return text.query()


class _QueryText:
    """SQL that grows from its beginning, each piece with its parameters."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.parameters: list[Any] = []

    def add(self, sql: "str | SqlQuery", *parameters: Any) -> None:
        piece = sql if isinstance(sql, SqlQuery) else SqlQuery(sql, parameters)
        self.pieces.append(piece.sql)
        self.parameters += piece.parameters

    def query(self) -> SqlQuery:
        return SqlQuery("".join(self.pieces), tuple(self.parameters))


def _indent(query: SqlQuery, columns: int) -> SqlQuery:
    return SqlQuery(indent(query.sql, " " * columns), query.parameters)


def _list_placeholders(values: Values[Any]) -> str:
    """`in (?, ?)` or `= ?`: as many places as there are values."""
    return "= ?" if len(values) == 1 else f"in ({', '.join('?' * len(values))})"


def _order_steps(sequence: Sequence) -> list[int]:
    """Numbers of the steps: those that name something present first, since the others then look at fewer videos."""
    numbers = range(1, len(sequence.steps) + 1)
    return sorted(numbers, key=lambda number: all(c.negated for c in sequence.steps[number - 1].conditions))


def _limit_videos(sequence: Sequence) -> SqlQuery:
    """`and video in (...)`: the videos of the scene and the split, by whoever says it; empty where all are."""
    where, text = sequence.where, _QueryText()
    if where.scene.strip() or where.split is not None:
        sources = _list_fact_sources(where.source)
        text.add(f"\nand video in (select video from videos where source {_list_placeholders(sources)}", *sources)
        if where.scene.strip():
            text.add(" and contains(lower(scene), lower(?))", where.scene.strip())
        if where.split is not None:
            text.add(" and split = ?", where.split)
        text.add(")")
    return text.query()


def _list_fact_sources(source: str) -> list[str]:
    """Who may say where a video was taken: a prediction knows it from the annotation."""
    return [ANNOTATION] if source == ANNOTATION else [ANNOTATION, source]


def _select_condition(condition: Condition, source: str, columns: str) -> SqlQuery:
    """A query for `columns` of the rows that fulfil a condition, whether or not it is negated."""
    text = _QueryText()
    seen = not condition.relations or condition.together
    text.add(f"select {columns} from {'objects' if seen else 'relations_by_class'}\nwhere source = ?", source)
    if condition.classes:
        text.add(f" and class {_list_placeholders(condition.classes)}", *condition.classes)
    if seen:
        text.add(" and visible")
    if condition.together:
        mask = sum(1 << relation for relation in condition.relations)
        text.add(" and relation_mask & ? = ?", mask, mask)
    elif condition.relations:
        text.add(f" and relation {_list_placeholders(condition.relations)}", *condition.relations)
    return text.query()


def _select_step_frames(sequence: Sequence, step: Step, only_videos_of: int | None) -> SqlQuery:
    """A query for the frames at which a step holds: frame_id, video, t_ms; one may come several times."""
    text, source = _QueryText(), sequence.where.source
    present = [condition for condition in step.conditions if not condition.negated]
    if present:
        text.add(_select_condition(present[0], source, "frame_id, video, t_ms"))
    else:
        text.add("select frame_id, video, t_ms from frames\nwhere source = ?", source)
    for condition in [*present[1:], *(one for one in step.conditions if one.negated)]:
        text.add(f"\nand frame_id {'not ' if condition.negated else ''}in (\n")
        text.add(_indent(_select_condition(condition, source, "frame_id"), 4))
        text.add("\n)")
    text.add(_limit_videos(sequence))
    if only_videos_of is not None:
        text.add(f"\nand video in (select video from step_{only_videos_of})")
    return text.query()


def _compare_limits(value: str, limits: Limits) -> SqlQuery:
    """Comparisons of a number of milliseconds with limits, joined by `and`; empty where nothing is limited."""
    parts = [(">=", limits.min_ms)] if limits.min_ms else []
    parts += [("<=", limits.max_ms)] if limits.max_ms is not None else []
    return SqlQuery(" and ".join(f"{value} {sign} ?" for sign, _ in parts), tuple(limit for _, limit in parts))


def _add_intervals(text: _QueryText, sequence: Sequence, number: int, *, prune: bool) -> None:
    """`step_k`: the intervals of one step. With `prune`, only in videos that the step written before it has."""
    step = sequence.steps[number - 1]
    order = _order_steps(sequence)
    position = order.index(number)
    before = order[position - 1] if prune and position else None
    if before is not None:
        text.add(",\n")
    text.add(
        f"step_{number} as materialized (\n"
        "    select video, min(frame_id) as first_id, max(frame_id) as last_id,\n"
        "        min(t_ms) as start_ms, max(t_ms) as end_ms\n"
        "    from (\n        select *, frame_id - dense_rank() over (order by frame_id) as island\n        from (\n"
    )
    text.add(_indent(_select_step_frames(sequence, step, before), 12))
    text.add("\n        )\n    )\n    group by video, island")
    limits = _compare_limits("max(t_ms) - min(t_ms)", step.length)
    if limits.sql:
        text.add("\n    having " + limits.sql, *limits.parameters)
    text.add("\n)")


def _add_chains(text: _QueryText, sequence: Sequence) -> None:
    """`chain_k`: the intervals of step k that can be continued to the last step, each with its next_id.

    next_id   where the earliest next interval begins that can itself be continued
    until_ms  the latest end of this interval and those that follow, where an action must overlap them
    """
    last, ask_until = len(sequence.steps), bool(sequence.where.actions)
    until = ", end_ms as until_ms" if ask_until else ""
    text.add(f",\nchain_{last} as materialized (\n    select *, null::integer as next_id{until} from step_{last}\n)")
    until = ",\n        greatest(any_value(s.end_ms), arg_min(c.until_ms, c.first_id)) as until_ms" if ask_until else ""
    kept = [f"any_value(s.{name}) as {name}" for name in ("video", "last_id", "start_ms", "end_ms")]
    for number in range(last - 1, 0, -1):
        text.add(
            f",\nchain_{number} as materialized (\n"
            f"    select s.first_id, {', '.join(kept[:2])},\n        {', '.join(kept[2:])},\n"
            f"        min(c.first_id) as next_id{until}\n"
            f"    from step_{number} s join chain_{number + 1} c on c.video = s.video and c.first_id > s.first_id"
        )
        limits = _compare_limits("c.start_ms - s.end_ms", sequence.gaps[number - 1])
        if limits.sql:
            text.add("\n        and " + limits.sql, *limits.parameters)
        text.add("\n    group by s.first_id\n)")


def _add_hits(text: _QueryText, sequence: Sequence) -> None:
    """`hits`: the chains of the first step during which the wanted actions happen."""
    text.add(",\nhits as materialized (\n    select * from chain_1 c")
    for position, any_of in enumerate(sequence.where.actions):
        text.add(
            f"\n    {'and' if position else 'where'} exists (\n        select 1 from action_intervals a"
            f" where a.source = ? and a.action {_list_placeholders(any_of)}\n"
            "        and a.video = c.video and a.start_ms <= c.until_ms and a.end_ms >= c.start_ms\n    )",
            ANNOTATION, *any_of,
        )  # fmt: skip
    text.add("\n)")


def _add_walk(text: _QueryText, sequence: Sequence, limit: int, offset: int) -> None:
    """`walk_k`: the interval of step k of each hit of the page; a hit is named by where it begins."""
    columns = "c.video, c.first_id, c.last_id, c.start_ms, c.end_ms, c.next_id"
    text.add(
        f",\nwalk_1 as materialized (\n    select c.first_id as hit, 1 as step, {columns}\n"
        "    from hits c order by c.first_id limit ? offset ?\n)",
        limit, offset,
    )  # fmt: skip
    for number in range(2, len(sequence.steps) + 1):
        text.add(
            f",\nwalk_{number} as materialized (\n    select w.hit, {number} as step, {columns}\n"
            f"    from walk_{number - 1} w join chain_{number} c on c.first_id = w.next_id\n)"
        )


def _add_answer(text: _QueryText, sequence: Sequence) -> None:
    """The intervals of the page with names, times in seconds and frame numbers."""
    walks = " union all\n    ".join(f"from walk_{number}" for number in range(1, len(sequence.steps) + 1))
    text.add(
        "\nselect v.video_id, w.start_ms / 1000 as start_s, f.frame, w.step, w.end_ms / 1000 as end_s,\n"
        "    l.frame as last_frame, v.scene, v.split, v.duration_s, v.n_frames, v.path,\n"
        "    (select count(*) from hits) as hits, (select count(distinct video) from hits) as videos\n"
        f"from (\n    {walks}\n) w\n"
        "join frames f on f.source = ? and f.frame_id = w.first_id\n"
        "join frames l on l.source = ? and l.frame_id = w.last_id\n"
        "join videos v on v.source = ? and v.video = w.video\n"
        "order by w.hit, w.step",
        *[sequence.where.source] * 3,
    )
