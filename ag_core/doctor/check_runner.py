"""Runs the checks over a store and fetches the rows behind a finding, a page at a time.

A store is checked part by part, so that a screen can show how far it is and keep each answer: `PARTS` are the names,
`run_check` runs one. Only SELECTs; the store is never changed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ag_core.annotations.clock import TIME_OF
from ag_core.annotations.store_format import ANNOTATION
from ag_core.doctor import charades, frames, graphs, predictions, videos
from ag_core.doctor.check import POPULATIONS, Area, Check, Finding, Severity
from ag_core.doctor.repairs import REPAIRS, Repair, describe_unknown_repair
from ag_core.errors import UserError
from ag_core.progress import Progress

if TYPE_CHECKING:
    from ag_core.annotations.store import AnnotationStore

CHECKS: tuple[Check, ...] = (*charades.CHECKS, *frames.CHECKS, *graphs.CHECKS, *videos.CHECKS, *predictions.CHECKS)

_CHECK_OF = {check.id: check for check in CHECKS}

REPAIRS_PART = "repairs"
PARTS: tuple[str, ...] = (REPAIRS_PART, *_CHECK_OF)
"""what a run consists of: all records that were repaired on reading, then each check by its id."""

ROW_COLUMNS = ("video_id", "frame", "time_s", "details")


def run_checks(store: "AnnotationStore", progress: Progress | None = None) -> list[Finding]:
    """All findings of a store, worst first, the most rows first within a severity; what is fine comes last."""
    counts = count_populations(store)
    found: list[Finding] = []
    for done, part in enumerate(PARTS):
        if progress:
            progress(part, done, len(PARTS))
        found += run_check(store, part, counts)
    if progress:
        progress("", len(PARTS), len(PARTS))
    return sort_findings(found)


def sort_findings(findings: list[Finding]) -> list[Finding]:
    """Worst first, then by how many; what is fine by area."""
    order, areas = list(Severity), list(Area)
    return sorted(findings, key=lambda one: (order.index(one.severity), -one.count, areas.index(one.area), one.title))


def count_populations(store: "AnnotationStore") -> dict[str, int]:
    """How many videos, frames, objects ... there are to look through, by the names of POPULATIONS."""
    query = "select " + ", ".join(f'({sql})::bigint as "{name}"' for name, sql in POPULATIONS.items())
    ((*counts,),) = store.rows(query, [ANNOTATION])
    return dict(zip(POPULATIONS, counts, strict=True))


def run_check(store: "AnnotationStore", part: str, counts: Mapping[str, int]) -> list[Finding]:
    """What one of PARTS finds; nothing where there is nothing to look through.

    `counts` are those of `count_populations`.
    """
    if part == REPAIRS_PART:
        return _list_repairs(store, counts)
    check = _CHECK_OF[part]
    if not counts[check.of]:
        return []
    count, figures = _count(store, check)
    out_of = counts[check.of] if check.max_files is None else min(counts[check.of], check.max_files)
    return [
        Finding(
            check.id,
            check.area,
            check.severity if count else Severity.FINE,
            check.severity,
            check.title,
            count,
            out_of,
            check.of,
            check.meaning,
            check.remedy,
            figures,
        )
    ]


def _count(store: "AnnotationStore", check: Check) -> tuple[int, str]:
    """How many rows a check finds, and its figures as a sentence; '' where it has none, or finds nothing."""
    if check.counts:
        ((count, figures),) = store.rows(check.counts, [ANNOTATION])
        return int(count), str(figures or "") if count else ""
    ((count,),) = store.rows(f"select count(*) from ({check.rows})", _list_parameters(store, check))
    ((figures,),) = store.rows(check.figures, [ANNOTATION]) if count and check.figures else ((None,),)
    return int(count), str(figures or "")


def _list_repairs(store: "AnnotationStore", counts: Mapping[str, int]) -> list[Finding]:
    found = dict(store.rows("select kind, count(*) from issues group by kind"))
    kinds: dict[str, Repair] = REPAIRS | {kind: describe_unknown_repair(kind) for kind in found if kind not in REPAIRS}
    findings = []
    for kind, repair in kinds.items():
        count = int(found.get(kind, 0))
        if not repair.counted_by and (count or counts[repair.of]):
            severity = repair.severity if count else Severity.FINE
            words = (repair.title, count, counts[repair.of], repair.of, repair.meaning, repair.remedy)
            findings.append(Finding(kind, repair.area, severity, repair.severity, *words))
    return findings


def list_finding_rows(
    store: "AnnotationStore", finding_id: str, limit: int | None = None, offset: int = 0
) -> pd.DataFrame:
    """The rows behind a finding, by video and frame: video_id, frame, time_s, details; empty cells where not known.

    limit and offset cut a page out of them. UserError for an id that no finding has.
    """
    page = "" if limit is None else f" limit {int(limit)} offset {int(offset)}"
    if finding_id in _CHECK_OF:
        check = _CHECK_OF[finding_id]
        query = f"""
            select v.video_id, f.frame, coalesce(found.t_ms, f.t_ms) / 1000 as time_s, found.details
            from ({check.rows}) found
            left join videos v on v.source = found.source and v.video = found.video
            left join frames f on f.source = found.source and f.frame_id = found.frame_id
            order by all nulls last{page}"""
        return _set_column_types(store.ask(query, _list_parameters(store, check)))
    query = rf"""
        with read as (
            select regexp_extract(key, '^[^ ./]+') as video_id, key, reason,
                   try_cast(nullif(regexp_extract(key, '/0*(\d+)\.', 1), '') as integer) as frame,
                   try_cast(nullif(regexp_extract(key, '^\S+ c\d+ (\S+)', 1), '') as double) as start_s
            from issues where kind = $2
        )
        select nullif(read.video_id, '') as video_id, frame, coalesce(start_s, {TIME_OF}) as time_s,
               key || ': ' || reason as details
        from read left join videos v on v.source = $1 and v.video_id = read.video_id
        order by all nulls last{page}"""
    rows = _set_column_types(store.ask(query, [ANNOTATION, finding_id]))
    if rows.empty and finding_id not in REPAIRS:
        raise UserError(f"there is no check {finding_id}; the checks are {', '.join(sorted([*_CHECK_OF, *REPAIRS]))}")
    return rows


def _set_column_types(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({"frame": "Int64", "time_s": "float64"})


def _list_parameters(store: "AnnotationStore", check: Check) -> list[Any]:
    return [ANNOTATION, _look_into_files(store, check)] if check.of_files is not None else [ANNOTATION]


def _look_into_files(store: "AnnotationStore", check: Check) -> list[dict[str, Any]]:
    """What a check has to say of the videos' files: video and details, where there is anything."""
    assert check.of_files is not None
    known = store.ask(
        "select video, path from videos where source = $1 and path is not null order by video", [ANNOTATION]
    )
    chosen = _choose_evenly(len(known), check.max_files)
    said = ((int(video), check.of_files(Path(path))) for video, path in known.iloc[chosen].itertuples(index=False))
    return [{"video": video, "details": details} for video, details in said if details]


def _choose_evenly(count: int, at_most: int | None) -> list[int]:
    """Positions out of `count`, evenly spread where there are more than `at_most`."""
    if at_most is None or count <= at_most:
        return list(range(count))
    return [position * count // at_most for position in range(at_most)]
