"""Row 2: the official files into the store, once, against loading them once for each split as is usual."""

from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.jobs.folders import Folders
from benchmarks.jobs.folders import build as build_from
from benchmarks.measuring import Clock, apart_in_turn
from benchmarks.report import Goal, Row, size_of, time_of

USUAL = "the usual data set, train and test"


def build(clock: Clock, out: str, sources: dict[str, str]) -> dict[str, int]:
    """Build the store; returns its totals."""
    from ag_core.annotations.statistics.counts import count_rows
    from ag_core.annotations.store import AnnotationStore

    import_module("ag_core.annotations.building.build")  # the other side has loaded its code, too
    Path(out).unlink(missing_ok=True)
    with clock:
        build_from(Path(out), sources)
    with AnnotationStore(out) as store:
        return count_rows(store)


def load_both_splits(clock: Clock, folder: str) -> dict[str, int]:
    """Make the usual data set of each split and keep both; returns what is in them."""
    from benchmarks.jobs.usual import UsualDataSet

    with clock:
        made = [UsualDataSet(Path(folder), split) for split in ("train", "test")]
    return {"frames of usual videos": sum(len(one.targets) for one in made)}


def run(folders: Folders) -> list[Row]:
    """The row, and what the build needs besides time."""
    out = folders.work / "converted.duckdb"
    folders.work.mkdir(parents=True, exist_ok=True)
    module = "benchmarks.jobs.conversion"
    sides = apart_in_turn(
        {
            "build-store": (f"{module}:build", {"out": str(out), "sources": folders.sources}),
            USUAL: (f"{module}:load_both_splits", {"folder": str(folders.annotations)}),
        },
        folders.repeats,
    )
    ours, usual = sides.values()
    return [
        Row(
            "2",
            "convert the official files, once",
            {
                "build-store": f"{time_of(ours.median_s)}, {ours.median_peak_mb:,.0f} MB at most, "
                f"{size_of(out.stat().st_size)} on disk",
                USUAL: f"{time_of(usual.median_s)}, {usual.median_peak_mb:,.0f} MB at most",
            },
            [
                Goal("its time", 100 * ours.median_s / usual.median_s, "%", at_most=50),
                Goal("its memory", 100 * ours.median_peak_mb / usual.median_peak_mb, "%"),
            ],
            same_counts(folders.written, ours.answer),
        )
    ]


def same_counts(written: dict[str, int], totals: dict[str, Any]) -> str:
    """Assert that the store holds what the release says it wrote."""
    pairs = {"charades_videos": "videos", "action_intervals": "action_intervals", "frames": "frames",
             "entries": "objects", "boxes": "visible_objects", "relations": "relations"}  # fmt: skip
    for ours, theirs in pairs.items():
        assert totals[theirs] == written[ours], f"{totals[theirs]:,} {theirs}, the release has {written[ours]:,}"
    return ", ".join(f"{totals[name]:,} {name.replace('_', ' ')}" for name in pairs.values())
