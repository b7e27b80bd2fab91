"""Reads the Charades annotation files: one row a video, its action intervals in one field.

Translates the raw spelling once: after this module an action is an index, a time is within its video, and what was
repaired or refused is listed. Knows nothing of stores or of Action Genome. Format: methods A1.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from ag_core.annotations.readers.csv_rows import NOT_PAIRED, read_csv_rows, read_number
from ag_core.annotations.readers.issues import Issue, Kind
from ag_core.records import ActionInterval, Video
from ag_core.taxonomy import find_action_index
from ag_core.video.ids import find_fault_of_id, strip_video_ending

COLUMNS = ("id", "subject", "scene", "quality", "relevance", "verified", "script", "objects", "descriptions", "actions",
           "length")  # fmt: skip
"""The 11 columns of the released files, in their order."""

REQUIRED = ("id", "actions", "length")

CHARADES_READER = 4
"""Version of what this module makes of a file."""

MAX_TIME_S = 1_000_000.0
"""No time in seconds comes near it; whatever does, or is not finite, is taken as no number."""

GRADES = range(256)
"""What the store can hold; the doctor lists those outside 1 to 7."""

STARTS_EARLY = "starts before the video"
ENDS_LATE = "ends after the video"
STARTS_LATE = "starts after the video"
REVERSED = "ends before it starts"

KIND_OF_REPAIR = {
    STARTS_EARLY: Kind.INTERVAL_STARTS_EARLY,
    ENDS_LATE: Kind.INTERVAL_ENDS_LATE,
    STARTS_LATE: Kind.INTERVAL_STARTS_LATE,
    REVERSED: Kind.INTERVAL_REVERSED,
}


@dataclass(frozen=True)
class VideoNotes:
    """What the annotators wrote about a video; None where the cell is empty. Grades run from 1 to 7."""

    quality: int | None
    relevance: int | None
    verified: bool | None
    object_nouns: str | None
    descriptions: str | None


@dataclass(frozen=True)
class CharadesTable:
    """One annotation file: `notes` goes along `videos`; `repairs` along `intervals`, '' where nothing was repaired."""

    videos: list[Video]
    notes: list[VideoNotes]
    intervals: list[ActionInterval]
    repairs: list[str]
    issues: list[Issue]


def split_from_file_name(csv_path: Path) -> str | None:
    """'train' or 'test' from a name such as Charades_v1_train.csv; None where the name does not say."""
    words = csv_path.stem.lower().split("_")
    return next((split for split in ("train", "test") if split in words), None)


def read_charades(csv_path: Path, split: str | None = None) -> CharadesTable:
    """All videos and intervals of one file. `split` defaults to what the file name says.

    Intervals are clamped to [0, length]. One that ends before it starts, or starts after the video, is kept as a
    point, since a label of the whole video still holds. Unknown actions, times that are no numbers, repeated videos and
    rows whose cells cannot be told apart are refused. All of it is in `issues`. UserError where the file is missing or
    is no Charades table.
    """
    csv_path = Path(csv_path)
    split = split or split_from_file_name(csv_path)
    table = CharadesTable([], [], [], [], [])
    known: set[str] = set()
    read = read_csv_rows(csv_path, REQUIRED, f"give the Charades annotation file, with columns {','.join(COLUMNS)}")
    if missing := [name for name in COLUMNS if name not in read.columns]:
        reason = f"the header does not have {', '.join(missing)}; left blank for every video of the file"
        table.issues.append(Issue(Kind.COLUMN_MISSING, csv_path.name, ",".join(missing), reason))
    for line, cells in read.rows:
        _read_row(cells, line, csv_path.name, split, known, table)
    for line, first_cell, fault in read.faults:
        kind = Kind.ROW_QUOTES if fault == NOT_PAIRED else Kind.ROW_CELLS
        key = first_cell if read.columns[0] == "id" and not find_fault_of_id(first_cell) else f"line {line}"
        table.issues.append(Issue(kind, csv_path.name, key, f"line {line}: {fault}"))
    return table


def _read_row(
    row: dict[str, str], line: int, file_name: str, split: str | None, known: set[str], table: CharadesTable
) -> None:
    video_id = strip_video_ending(_read_text(row, "id") or "")
    if fault := find_fault_of_id(video_id):
        table.issues.append(Issue(Kind.ROW_WITHOUT_ID, file_name, f"line {line}", f"row left out: its id {fault}"))
        return
    if video_id in known:
        table.issues.append(Issue(Kind.VIDEO_TWICE, file_name, video_id, "second row of the same video left out"))
        return
    known.add(video_id)

    def list_issue(kind: Kind, reason: str) -> None:
        table.issues.append(Issue(kind, file_name, video_id, reason))

    length = _read_number(row.get("length"))
    if length is None or length <= 0:  # a failed probe leaves 0
        list_issue(Kind.LENGTH_UNKNOWN, "length is no number; times of its actions are not checked")
        length = None
    table.videos.append(
        Video(
            video_id,
            math.nan if length is None else length,
            split=split,
            subject=_read_text(row, "subject"),
            scene=_read_text(row, "scene"),
            script=_read_text(row, "script"),
        )
    )
    grades = {name: _read_grade(row.get(name)) for name in ("quality", "relevance")}
    verified = {"yes": True, "no": False}.get((_read_text(row, "verified") or "").lower())
    for name, value in (*grades.items(), ("verified", verified)):
        if value is None and (said := _read_text(row, name)) is not None:
            list_issue(Kind.NOTE_UNREADABLE, f"{name} {said!r} cannot be read; left blank")
    table.notes.append(
        VideoNotes(
            grades["quality"],
            grades["relevance"],
            verified,
            _read_text(row, "objects"),
            _read_text(row, "descriptions"),
        )
    )
    for triplet in (row.get("actions") or "").split(";"):
        if triplet.strip():
            _read_interval(triplet, video_id, length, file_name, table)


def _read_interval(triplet: str, video_id: str, length: float | None, file_name: str, table: CharadesTable) -> None:
    parts = triplet.split()
    key = f"{video_id} {triplet.strip()}"
    start, end = (_read_number(part) for part in parts[1:]) if len(parts) == 3 else (None, None)
    if start is None or end is None:
        reason = "action left out: it needs an id, a start and an end"
        table.issues.append(Issue(Kind.ACTION_MALFORMED, file_name, key, reason))
        return
    try:
        action = find_action_index(parts[0])
    except KeyError as error:
        table.issues.append(Issue(Kind.ACTION_UNKNOWN, file_name, key, f"action left out: {error.args[0]}"))
        return
    start, end, repair = repair_interval(start, end, length)
    if repair:
        reason = f"{repair}; kept from {start:.2f} to {end:.2f} s"
        table.issues.append(Issue(KIND_OF_REPAIR[repair], file_name, key, reason))
    table.intervals.append(ActionInterval(video_id, action, start, end))
    table.repairs.append(repair)


def repair_interval(start: float, end: float, length: float | None) -> tuple[float, float, str]:
    """The interval within [0, length] and what was wrong with it ('' for nothing); a reversed one becomes a point."""
    last = math.inf if length is None else length
    if end < start:
        point = min(max(start, 0.0), last)
        return point, point, REVERSED
    repair = STARTS_LATE if start > last else ENDS_LATE if end > last else STARTS_EARLY if start < 0 else ""
    return min(max(start, 0.0), last), min(max(end, 0.0), last), repair


def _read_text(row: dict[str, str], column: str) -> str | None:
    return (row.get(column) or "").strip() or None


def _read_number(text: str | None) -> float | None:
    value = read_number(text)
    return None if value is None or not abs(value) < MAX_TIME_S else value


def _read_grade(text: str | None) -> int | None:
    value = read_number(text)
    return next((grade for grade in GRADES if grade == value), None)
