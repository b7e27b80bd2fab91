"""Reads the Charades annotation files: one row a video, its action intervals in one field.

Translates the raw spelling once: after this module an action is an index, a time is within its video, and what was
repaired or refused is listed. Knows nothing of stores or of Action Genome. Format: methods A1.
"""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from ag_core.annotations.readers.issues import Issue, Kind
from ag_core.errors import UserError
from ag_core.records import ActionInterval, Video
from ag_core.taxonomy import action_index

COLUMNS = ("id", "subject", "scene", "quality", "relevance", "verified", "script", "objects", "descriptions", "actions",
           "length")  # fmt: skip
"""The 11 columns of the released files, in their order."""

REQUIRED = ("id", "actions", "length")

CHARADES_READER = 2
"""Version of what this module makes of a file."""

MAX_TIME_S = 1_000_000.0
"""No time in seconds and no grade comes near it; whatever does, or is not finite, is taken as no number."""

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
    point, since a label of the whole video still holds. Unknown actions, times that are no numbers and repeated
    videos are refused. All of it is in `issues`. UserError where the file is missing or is no Charades table.
    """
    csv_path = Path(csv_path)
    split = split or split_from_file_name(csv_path)
    table = CharadesTable([], [], [], [], [])
    known: set[str] = set()
    try:
        with csv_path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                raise UserError(
                    f"{csv_path.name} has no column {', '.join(missing)}; a Charades table has {','.join(COLUMNS)}"
                )
            for row in reader:
                _read_row(row, csv_path.name, split, known, table)
    except FileNotFoundError:
        raise UserError(f"{csv_path} is not there; give the Charades annotation file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{csv_path.name} is not a text table ({error}); give the Charades annotation file") from None
    return table


def _read_row(
    row: dict[str, str | None], file_name: str, split: str | None, known: set[str], table: CharadesTable
) -> None:
    video_id = _read_text(row, "id")
    if video_id is None or video_id in known:
        reason = "row without an id left out" if video_id is None else "second row of the same video left out"
        kind = Kind.ROW_WITHOUT_ID if video_id is None else Kind.VIDEO_TWICE
        table.issues.append(Issue(kind, file_name, video_id or f"row {len(known) + 2}", reason))
        return
    known.add(video_id)

    def list_issue(kind: Kind, reason: str) -> None:
        table.issues.append(Issue(kind, file_name, video_id, reason))

    if None in row or None in row.values():
        list_issue(Kind.ROW_CELLS, "row has more or fewer cells than the header; what fits is kept")
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
        action = action_index(parts[0])
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


def _read_text(row: dict[str, str | None], column: str) -> str | None:
    return (row.get(column) or "").strip() or None


def _read_number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if abs(value) < MAX_TIME_S else None


def _read_grade(text: str | None) -> int | None:
    value = _read_number(text)
    return None if value is None or not 0 <= value <= 255 else int(value)
