"""The funnel from the release to the frames that count, beside the published numbers (methods A4).

A count is compared with a published one only where the data at hand is the same set: at least nine tenths of the
published videos are there. Anything less is a part of the data, or another data set, and the difference says nothing.
"""

import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from ag_core.annotations.statistics.funnel import count_funnel
from ag_core.settings import ASSETS

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

COLUMNS = ("train", "test", "together")
SAME_SET_SHARE = 0.9

NOT_COMPARABLE = "not comparable"
WHY_NOT_COMPARABLE = (
    "'Not comparable' means that fewer than nine tenths of the published videos are here: a part of the data, or "
    "another set."
)
WHY_NOTHING_IS_COMPARED = (
    "None of these counts is compared with a published one: fewer than nine tenths of the published videos are here, "
    "because the data are a part of them or another set."
)
OF_NO_SPLIT = "Videos that name neither split are in 'together' alone."
NO_REFERENCE = "no published number"


def load_published_counts() -> dict[str, Any]:
    """The published numbers: source, and steps with id, step, origin, train, test, together."""
    counts: dict[str, Any] = json.loads((ASSETS / "published_counts.json").read_text(encoding="utf-8"))
    return counts


def compare_funnel(store: "AnnotationStore", small_side: float = 0.0) -> pd.DataFrame:
    """One row a step: step, train, test, together, each with its `_published` (NA where none), verdict, origin.

    small_side: objects whose shorter side is at most this many pixels do not count. The published numbers are those of
    all objects, so with a small_side only the steps before objects matter are compared.
    """
    found = count_funnel(store, small_side).set_index("split")
    steps = load_published_counts()["steps"]
    same_set = {step["id"]: _is_same_set(found, step) for step in steps if step["id"] in ("charades_videos", "videos")}
    rows = []
    for step in steps:
        here = _count_step(found, step["id"])
        before_objects = step["id"] in ("charades_videos", "videos", "frames")
        published = {column: step[column] if before_objects or not small_side else None for column in COLUMNS}
        comparable = same_set["charades_videos" if step["id"] == "charades_videos" else "videos"]
        row: dict[str, Any] = {"step": step["step"]}
        for column in COLUMNS:
            row |= {column: here[column], f"{column}_published": published[column]}
        origin = step["origin"] if any(published.values()) else ""
        rows.append(row | {"verdict": _compare_counts(here, published, comparable), "origin": origin})
    table = pd.DataFrame(rows)
    return table.astype({name: "Int64" for column in COLUMNS for name in (column, f"{column}_published")})


def has_verdicts(table: pd.DataFrame) -> bool:
    """Whether any count of `compare_funnel`'s table is compared with a published one."""
    return not set(table["verdict"]) <= {NOT_COMPARABLE, NO_REFERENCE}


def describe_funnel(table: pd.DataFrame, shows_verdicts: bool = True) -> str:
    """What a reader of `compare_funnel`'s table must know to read its numbers and verdicts; '' where nothing."""
    why = WHY_NOT_COMPARABLE if shows_verdicts else WHY_NOTHING_IS_COMPARED
    sentences = [
        (OF_NO_SPLIT, bool((table["train"] + table["test"] != table["together"]).any())),
        (why, NOT_COMPARABLE in set(table["verdict"])),
    ]
    return " ".join(sentence for sentence, needed in sentences if needed)


def _count_step(found: pd.DataFrame, step: str) -> dict[str, int]:
    """The count of a step in each column; videos of no or another split are in `together` only."""
    splits = {split: int(found.loc[split, step]) if split in found.index else 0 for split in COLUMNS[:2]}
    return splits | {"together": int(found[step].sum())}


def _is_same_set(found: pd.DataFrame, step: dict[str, Any]) -> dict[str, bool]:
    here = _count_step(found, step["id"])
    return {column: here[column] >= SAME_SET_SHARE * step[column] for column in COLUMNS}


def _compare_counts(here: dict[str, int], published: dict[str, int | None], comparable: dict[str, bool]) -> str:
    """'equal', 'train equal', 'differs: test by -12', or why nothing can be said."""
    referenced = [column for column in COLUMNS if published[column] is not None]
    if not referenced:
        return NO_REFERENCE
    compared = [column for column in referenced if comparable[column]]
    if not compared:
        return NOT_COMPARABLE
    differences = {column: here[column] - int(published[column] or 0) for column in compared}
    if any(differences.values()):
        return "differs: " + ", ".join(f"{column} by {n:+,}" for column, n in differences.items() if n)
    return "equal" if len(compared) == len(referenced) else f"{' and '.join(compared)} equal"
