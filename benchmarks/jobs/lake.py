"""The store as partitioned Parquet: what writing it costs, and what questions cost in it beside the DuckDB file."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.jobs.counting import FROM_ROWS_QUERY, as_table
from benchmarks.jobs.counting import same as same_tables
from benchmarks.jobs.first_graph import same as same_graphs
from benchmarks.jobs.folders import Folders
from benchmarks.jobs.growth import FRESH
from benchmarks.measuring import Clock, Side, apart, apart_in_turn, in_turn
from benchmarks.report import Row, size_of, time_of

FILE, LAKE = "DuckDB file", "Parquet lake"


def write(clock: Clock, store: str, folder: str) -> int:
    """Write the lake; returns its size in bytes."""
    from ag_core.annotations.lake.writing import write_lake

    shutil.rmtree(folder, ignore_errors=True)
    with clock:
        write_lake(Path(store), Path(folder))
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def compare(clock: Clock, store: str, folder: str, video: str, repeats: int) -> dict[str, dict[str, Side]]:
    """By question, both sides in turn in this process."""
    from ag_core.annotations.store import AnnotationStore

    opened = {FILE: AnnotationStore(store), LAKE: AnnotationStore(folder)}

    def graphs(name: str) -> list[Any]:
        return [(g.frame, g.object_classes.tolist(), g.relations.sum()) for g in opened[name].graphs_of(video)]

    def aggregate(name: str) -> Any:
        return as_table(opened[name].rows(FROM_ROWS_QUERY))

    with clock:
        return {
            question: in_turn({name: partial(way, name) for name in opened}, repeats)
            for question, way in (("graphs of a video", graphs), ("aggregate", aggregate))
        }


def run(folders: Folders) -> list[Row]:
    """One row of figures; there is no goal for it."""
    module, folder = "benchmarks.jobs.lake", folders.work / "lake"
    video = folders.some_videos[len(folders.some_videos) // 2]
    sides = apart_in_turn(
        {LAKE: (f"{module}:write", {"store": str(folders.store), "folder": str(folder)})}, folders.repeats
    )
    written = sides[LAKE]
    arguments = {"store": str(folders.store), "folder": str(folder), "video": video, "repeats": folders.repeats}
    questions: dict[str, dict[str, Side]] = apart(f"{module}:compare", arguments).answer
    ways = {name: ("benchmarks.jobs.first_graph:with_the_store", {"store": str(path), "video": video})
            for name, path in ((FILE, folders.store), (LAKE, folder))}  # fmt: skip
    fresh = apart_in_turn(ways, folders.repeats)
    equal = same_graphs(fresh[FILE].answer, fresh[LAKE].answer)
    assert questions["graphs of a video"][FILE].answer == questions["graphs of a video"][LAKE].answer
    equal += "; " + same_tables(side.answer for side in questions["aggregate"].values())
    costs = {
        "holds": "the whole store",
        "size": size_of(written.answer),
        "written in": f"{time_of(written.median_s)}, {written.median_peak_mb:,.0f} MB at most",
    }
    seconds = {name: {n: side.median_s for n, side in both.items()} for name, both in questions.items()}
    seconds[FRESH] = {name: side.median_whole_s for name, side in fresh.items()}
    costs |= {name: f"{time_of(s[LAKE])} ({s[LAKE] / s[FILE]:.3g}x)" for name, s in seconds.items()}
    return [Row("lake", "the store as partitioned Parquet", costs, [], equal, column="Parquet lake, 1x (of the file)")]
