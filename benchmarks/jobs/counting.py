"""Row 4: how often each relationship holds with each object, over the whole set."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.jobs.folders import Folders
from benchmarks.measuring import Clock, Side, apart, in_turn, loaded_for_good
from benchmarks.report import Goal, Row, time_of

STORED, FROM_ROWS = "store, counted once", "store, from the rows"
LOOP, PANDAS = "loop over the loaded pickle", "pandas, data frame in memory"

FROM_ROWS_QUERY = """select class, relation, count(*) as n from relations_by_class
                     where source = 'annotation' and relation is not null and score >= 0.5 group by class, relation"""


def loop(annotated: dict[str, Any]) -> Counter[tuple[str, str]]:
    """How often each pair of object and relationship stands in the pickle, by walking over every entry."""
    counts: Counter[tuple[str, str]] = Counter()
    for entries in annotated.values():
        for entry in entries:
            if entry["visible"]:
                for group in ("attention_relationship", "spatial_relationship", "contacting_relationship"):
                    for name in entry[group]:
                        counts[entry["class"], name] += 1
    return counts


def as_table(rows: Iterable[tuple[int, int, int]]) -> NDArray[np.int64]:
    """[35,25] counts from (class, relationship, count)."""
    table = np.zeros((35, 25), np.int64)
    for object_class, relation, count in rows:
        table[object_class - 1, relation] = count
    return table


def compare(clock: Clock, store: str, folder: str, repeats: int) -> dict[str, Side]:
    """All ways in turn in this process, with the pickle and the data frame loaded before."""
    from ag_core.annotations.statistics.counts import tabulate_object_relations
    from ag_core.annotations.store import AnnotationStore
    from ag_core.taxonomy import OBJECTS, RELATIONS
    from benchmarks.jobs.usual import load_pickles

    _, annotated = load_pickles(Path(folder))
    with AnnotationStore(store) as opened, clock:
        frame = opened.ask("select class, relation from relations where source = 'annotation' and relation is not null")
        loaded_for_good()
        sides = in_turn(
            {
                STORED: lambda: tabulate_object_relations(opened).to_numpy(),
                FROM_ROWS: lambda: as_table(opened.rows(FROM_ROWS_QUERY)),
                LOOP: lambda: loop(annotated),
                PANDAS: lambda: as_table(
                    (*key, count) for key, count in frame.groupby(["class", "relation"]).size().items()
                ),
            },
            repeats,
        )
    sides[LOOP].answer = np.array([[sides[LOOP].answer[thing, name] for name in RELATIONS] for thing in OBJECTS])
    return sides


def same(answers: Iterable[NDArray[np.int64]]) -> str:
    """Assert that all tables are equal."""
    first, *others = answers
    assert all(np.array_equal(first, other) for other in others), "the tables differ"
    return f"35 x 25 counts, {int(first.sum()):,} relationships"


def run(folders: Folders) -> list[Row]:
    """The row."""
    arguments = {"store": str(folders.store), "folder": str(folders.annotations), "repeats": folders.repeats}
    sides: dict[str, Side] = apart("benchmarks.jobs.counting:compare", arguments).answer
    seconds = {name: side.median_s for name, side in sides.items()}
    return [
        Row(
            "4",
            "the object x relationship table of the whole set",
            {name: time_of(side.median_s) for name, side in sides.items()},
            [
                Goal("from the rows", seconds[LOOP] / seconds[FROM_ROWS], at_least=40),
                Goal("stored", seconds[STORED] * 1000, "ms", at_most=2),
                Goal("from the rows against pandas", seconds[PANDAS] / seconds[FROM_ROWS]),
            ],
            same(side.answer for side in sides.values()),
            ours=(STORED, FROM_ROWS),
        )
    ]
