"""Row 5: hold a cup, then drink from it within five seconds.

An interval is a run of neighbouring annotated frames of a video in which something holds. Counted are the intervals of
holding after whose beginning an interval of drinking begins, at most five seconds after the holding ended.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.jobs.folders import Folders
from benchmarks.measuring import Clock, Side, apart, in_turn, loaded_for_good
from benchmarks.report import Goal, Row, time_of

if TYPE_CHECKING:
    import pandas as pd

QUESTION = "holding cup then drinking from cup within 5 s"
CUP, FIRST, THEN, WITHIN_MS = "cup/glass/bottle", "holding", "drinking_from", 5000
PER_PAGE = 8
"""As on the page Search."""
SEARCH, LOOP, PANDAS = (
    f"search, total and the first {PER_PAGE}",
    "loop over the loaded pickle",
    "pandas, data frames in memory",
)


def loop(annotated: dict[str, Any], rates: Mapping[str, float]) -> int:
    """How many hits, by walking over every entry and then over the videos."""
    videos: dict[str, list[tuple[int, bool, bool]]] = defaultdict(list)
    for key, entries in annotated.items():
        holds = drinks = False
        for entry in entries:
            if entry["class"] == CUP and entry["visible"]:
                holds = FIRST in entry["contacting_relationship"]
                drinks = THEN in entry["contacting_relationship"]
        video, _, frame = key.partition(".mp4/")
        videos[video].append((int(frame[:6]), holds, drinks))
    count = 0
    for video, frames in videos.items():
        if any(drinks for _, _, drinks in frames):
            frames.sort()
            rate = rates[video]
            times = [round((frame - 1) / rate * 1000) for frame, _, _ in frames]
            holding = find_intervals([holds for _, holds, _ in frames])
            drinking = find_intervals([drinks for _, _, drinks in frames])
            count += sum(
                any(then > first and times[then] - times[last] <= WITHIN_MS for then, _ in drinking)
                for first, last in holding
            )
    return count


def find_intervals(holds: list[bool]) -> list[tuple[int, int]]:
    """First and last index of each run of True."""
    firsts = [index for index, now in enumerate(holds) if now and not (index and holds[index - 1])]
    lasts = [index for index, now in enumerate(holds) if now and not (index + 1 < len(holds) and holds[index + 1])]
    return list(zip(firsts, lasts))


def with_pandas(relations: "pd.DataFrame", names: Mapping[str, int]) -> int:
    """The same from a data frame of relationships: frame_id, video, t_ms, class, relation."""
    of_cup = relations[relations["class"] == names[CUP]]
    steps = []
    for name in (FIRST, THEN):
        rows = of_cup.loc[of_cup["relation"] == names[name], ["video", "frame_id", "t_ms"]].sort_values("frame_id")
        island = ((rows["frame_id"].diff() != 1) | (rows["video"].diff() != 0)).cumsum()
        steps.append(
            rows.groupby(["video", island.rename("island")])
            .agg(first=("frame_id", "min"), start=("t_ms", "min"), end=("t_ms", "max"))
            .reset_index()
        )
    pairs = steps[0].merge(steps[1], on="video", suffixes=("", "_then"))
    found = pairs[(pairs["first_then"] > pairs["first"]) & (pairs["start_then"] - pairs["end"] <= WITHIN_MS)]
    return int(found["first"].nunique())


def compare(clock: Clock, store: str, folder: str, rates: str, repeats: int) -> dict[str, Side]:
    """All ways in turn in this process, with pickle and data frame loaded before."""
    from ag_core.annotations.store import AnnotationStore
    from ag_core.queries.sequence.language import parse_sequence
    from ag_core.queries.sequence.query import find_hits
    from ag_core.taxonomy import find_object_index, find_relation_index
    from benchmarks.jobs.usual import load_pickles

    _, annotated = load_pickles(Path(folder))
    with Path(rates).open(newline="") as file:
        rate_of = {row["video"]: float(row["fps"]) for row in csv.DictReader(file)}
    names = {CUP: find_object_index(CUP), FIRST: find_relation_index(FIRST), THEN: find_relation_index(THEN)}
    sequence = parse_sequence(QUESTION)
    with AnnotationStore(store) as opened, clock:
        relations = opened.ask(
            "select frame_id, video, t_ms, class, relation from relations where source = 'annotation'"
        )
        loaded_for_good()
        return in_turn(
            {
                SEARCH: lambda: find_hits(opened, sequence, PER_PAGE).total,
                LOOP: lambda: loop(annotated, rate_of),
                PANDAS: lambda: with_pandas(relations, names),
            },
            repeats,
        )


def run(folders: Folders) -> list[Row]:
    """The row."""
    arguments = {
        "store": str(folders.store),
        "folder": str(folders.annotations),
        "rates": folders.sources["rates"],
        "repeats": folders.repeats,
    }
    sides: dict[str, Side] = apart("benchmarks.jobs.sequences:compare", arguments).answer
    counts = {side.answer for side in sides.values()}
    assert len(counts) == 1, f"the numbers of hits differ: {counts}"
    seconds = {name: side.median_s for name, side in sides.items()}
    return [
        Row(
            "5",
            "hold a cup, then drink within 5 s",
            {name: time_of(side.median_s) for name, side in sides.items()},
            [
                Goal("time", seconds[LOOP] / seconds[SEARCH], at_least=20),
                Goal("against pandas", seconds[PANDAS] / seconds[SEARCH]),
            ],
            f"{counts.pop():,} hits",
        )
    ]
