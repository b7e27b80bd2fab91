"""Row 6: what questions cost when there is ten times as much of everything, and a hundred times the relationships.

The larger stores are written by DuckDB from our own store: every video again and again under other names and numbers,
in the same layout, so that every answer is known from the small one.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.jobs.counting import FROM_ROWS_QUERY, as_table
from benchmarks.jobs.folders import Folders
from benchmarks.jobs.sequences import PER_PAGE, QUESTION
from benchmarks.measuring import Clock, Side, apart, apart_in_turn, in_turn
from benchmarks.report import Goal, Row, size_of, time_of

WHOLE_UP_TO = 10
"""Beyond this many times, only videos and relationships are copied."""
RELATION_TABLES = ("videos", "relations", "relations_by_class", "relation_cube")
MEMORY = "4GB"
FRESH = "fresh process to graphs"

LOOK_UP_QUERY = "select object_id, class, relation from relations where source = 'annotation' and video = ?"
WITH_CLASS_QUERY = """select count(*), count(distinct video) from relations_by_class
                      where source = 'annotation' and class = 10 and relation = 11"""


def enlarge(clock: Clock, store: str, out: str, times: int) -> int:
    """Write the larger store; returns its size in bytes."""
    from ag_core.annotations.store_format import SCHEMA, quote_literal

    target = Path(out)
    target.unlink(missing_ok=True)
    with clock, duckdb.connect(out, config={"threads": 2, "memory_limit": MEMORY}) as connection:
        connection.execute(f"attach {quote_literal(store)} as base (read_only)")
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        tables = [name for (name,) in connection.execute("select table_name from duckdb_tables() where "
                                                         "database_name = 'base'").fetchall()]  # fmt: skip
        for table in tables:
            _copy(connection, table, times if table in RELATION_TABLES or times <= WHOLE_UP_TO else 0)
    return target.stat().st_size


def _copy(connection: duckdb.DuckDBPyConnection, table: str, times: int) -> None:
    """Copy a table so often, each time with other numbers of videos, frames and objects; 0 leaves it empty.

    Tables without videos are copied once.
    """
    columns = {name for name, *_ in connection.execute(f"describe base.{table}").fetchall()}
    if table == "relation_cube":
        connection.execute(
            f"insert into {table} select * replace (relations * $n as relations, videos * $n as videos) "
            f"from base.{table}",
            {"n": times},
        )
        return
    if "video" not in columns:
        connection.execute(f"insert into {table} select * from base.{table}")
        return
    shifted = [f"({name} + k * {_count(connection, name)})::integer as {name}"
               for name in ("video", "frame_id", "object_id") if name in columns]  # fmt: skip
    if "video_id" in columns:
        shifted.append("if(k = 0, video_id, video_id || '_' || k) as video_id")
    select = f"select * exclude (k) replace ({', '.join(shifted)}) from base.{table}, (select $k as k)"
    if table == "relations_by_class":
        for object_class in range(1, 36):
            connection.execute(
                f"insert into {table} {select.replace('(select $k as k)', 'range($n) copies(k)')} where class = $c "
                "order by relation, video, t_ms, object_id",
                {"n": times, "c": object_class},
            )
        return
    for number in range(times):
        connection.execute(f"insert into {table} {select}", {"k": number})


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    """One more than the largest number of a video, frame or object."""
    table = {"video": "videos", "frame_id": "frames", "object_id": "objects"}[name]
    (largest,) = connection.execute(f"select max({name}) from base.{table}").fetchall()[0]
    return int(largest) + 1


def compare(clock: Clock, stores: Mapping[str, str], video_id: str, repeats: int) -> dict[str, dict[str, Side]]:
    """By question: a side for each store that can answer it, by how many times it is as large ('1', '10', ...)."""
    from ag_core.annotations.statistics.counts import tabulate_object_relations
    from ag_core.annotations.store import AnnotationStore
    from ag_core.queries.sequence.language import parse_sequence
    from ag_core.queries.sequence.query import find_hits

    opened = {times: AnnotationStore(path) for times, path in stores.items()}
    whole = {times: store for times, store in opened.items() if int(times) <= WHOLE_UP_TO}
    (video,) = opened["1"].rows("select video from videos where video_id = ? and source = 'annotation'", [video_id])[0]
    (videos,) = opened["1"].rows("select max(video) + 1 from videos")[0]
    middle = {times: int(times) // 2 for times in opened}
    names = {times: f"{video_id}_{copy}" if copy else video_id for times, copy in middle.items()}
    sequence = parse_sequence(QUESTION)

    def look_up(times: str) -> list[tuple[int, int]]:
        found = opened[times].columns(LOOK_UP_QUERY, [video + middle[times] * videos])
        return list(zip((found["object_id"] - found["object_id"].min()).tolist(), found["class"].tolist()))

    def aggregate(times: str) -> Any:
        return as_table(opened[times].rows(FROM_ROWS_QUERY))

    def with_relationship(times: str) -> Any:
        return opened[times].rows(WITH_CLASS_QUERY)

    def graphs(times: str) -> list[Any]:
        return [(g.frame, g.object_classes.tolist(), g.relations.sum()) for g in opened[times].graphs_of(names[times])]

    def stored_table(times: str) -> Any:
        return tabulate_object_relations(opened[times]).to_numpy()

    def search(times: str) -> int:
        return find_hits(opened[times], sequence, PER_PAGE).total

    def asked(question: Callable[[str], Any], sizes: Mapping[str, Any]) -> dict[str, Side]:
        return in_turn({times: partial(question, times) for times in sizes}, repeats)

    with clock:
        return {
            "look-up": asked(look_up, opened),
            "aggregate": asked(aggregate, opened),
            "object with relationship": asked(with_relationship, opened),
            "graphs of a video": asked(graphs, whole),
            "stored table": asked(stored_table, opened),
            "sequence": asked(search, whole),
        }


def same(questions: Mapping[str, Mapping[str, Side]]) -> str:
    """Assert that what does not grow is equal and what grows did so exactly."""
    for question, sides in questions.items():
        for times, side in sides.items():
            small, factor = sides["1"].answer, int(times)
            if question in ("look-up", "graphs of a video"):
                assert side.answer == small, f"{question} differs at {times}x"
            else:
                wanted = np.asarray(small) * factor
                assert np.array_equal(np.asarray(side.answer), wanted), f"{question} differs at {times}x"
    return f"{', '.join(questions)}: the same, or exactly so many times as much"


def run(folders: Folders) -> list[Row]:
    """A row with the goals at the largest size, and one of figures for each size."""
    module, video = "benchmarks.jobs.growth", folders.some_videos[len(folders.some_videos) // 2]
    stores = {"1": str(folders.store)}
    written: dict[str, tuple[float, int]] = {}
    for factor in folders.larger:
        path = str(folders.work / f"store_{factor}x.duckdb")
        made = apart(f"{module}:enlarge", {"store": str(folders.store), "out": path, "times": factor})
        written[str(factor)] = (made.median_s, made.answer)
        stores[str(factor)] = path
    arguments = {"stores": stores, "video_id": video, "repeats": folders.repeats}
    questions: dict[str, dict[str, Side]] = apart(f"{module}:compare", arguments).answer
    equal = same(questions)
    whole = {times: path for times, path in stores.items() if int(times) <= WHOLE_UP_TO}
    questions[FRESH] = _fresh(whole, video, folders.repeats)
    rows = [_against_goals(questions, max(stores, key=int), equal)] if folders.larger else []
    for times in stores:
        took, size = written.get(times, (0.0, folders.store.stat().st_size))
        content = "the whole store" if int(times) <= WHOLE_UP_TO else "relationships"
        costs = {"holds": content, "size": size_of(size), "written in": time_of(took) if took else "see row 2"}
        costs |= {name: _with_ratio(sides, times) for name, sides in questions.items() if times in sides}
        rows.append(Row(f"6, {times}x", content, costs, [], equal, column=f"{times}x"))
    return rows


def _with_ratio(sides: Mapping[str, Side], times: str) -> str:
    """A time, and beyond 1x how many times our own 1x it is."""
    ratio = sides[times].median_s / sides["1"].median_s
    return time_of(sides[times].median_s) + (f" ({ratio:.3g}x)" if times != "1" else "")


def _fresh(stores: Mapping[str, str], video: str, repeats: int) -> dict[str, Side]:
    """Whole processes that show the graphs of one video, by size of the store."""
    ways = {
        times: ("benchmarks.jobs.first_graph:with_the_store", {"store": path, "video": video})
        for times, path in stores.items()
    }
    sides = apart_in_turn(ways, repeats)
    for side in sides.values():
        side.seconds = side.whole_s
    return sides


def _against_goals(questions: Mapping[str, Mapping[str, Side]], largest: str, equal: str) -> Row:
    costs, goals = {}, []
    for name, at_most in (("look-up", 2), ("aggregate", 60)):
        small, large = questions[name]["1"], questions[name][largest]
        costs[name] = f"{time_of(small.median_s)} at 1x, {time_of(large.median_s)} at {largest}x"
        limit = at_most if int(largest) == 100 else None
        goals.append(Goal(name, large.median_s / small.median_s, "times its 1x", at_most=limit))
    job = f"{largest} times as many relationships, against our own 1x"
    return Row("6", job, costs, goals, equal, ours=tuple(costs))
