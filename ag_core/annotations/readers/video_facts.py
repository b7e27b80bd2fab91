"""What the annotations do not say of a video: rate, size, frames and location of its file.

From the video file where there is one, else from a table of rates. Knows no annotations.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ag_core.annotations.building.parts import Tables, to_issue_columns
from ag_core.annotations.readers.csv_rows import read_csv_rows, read_number
from ag_core.annotations.readers.issues import Issue, Kind, describe_value, make_storable
from ag_core.errors import UserError
from ag_core.video.ids import VIDEO_ENDINGS, find_fault_of_id, strip_video_ending

VIDEO_READER = 3
"""Version of what this module makes of a file."""

NOTICEABLE_S = 0.001
"""A first frame that is shown later than this after the start shifts the numbering of players."""


@dataclass(frozen=True)
class FoundValues:
    """What a folder or a table has, by video id, and what was odd about it."""

    values: dict[str, Any]
    issues: list[Issue]


def find_video_files(folder: Path) -> FoundValues:
    """The video file of each id in a folder; of several with one id the first by name. UserError without the folder."""
    if not folder.is_dir():
        what = "is a file" if folder.is_file() else "is not there"
        raise UserError(f"{folder} {what}; give the folder with the video files")
    files: dict[str, Path] = {}
    issues = []
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEO_ENDINGS)
    except OSError as error:
        raise UserError(f"{folder} cannot be looked into ({error.strerror}); see that it may be read") from None
    for path in paths:
        if fault := find_fault_of_file(path):
            issues.append(Issue(Kind.VIDEO_UNREADABLE, path.name, path.stem, f"video not used: {fault}"))
        elif files.setdefault(path.stem, path) is not path:
            reason = f"a second file of the same video; {files[path.stem].name} is used"
            issues.append(Issue(Kind.VIDEO_SEVERAL, path.name, path.stem, reason))
    return FoundValues(files, issues)


def find_fault_of_file(path: Path) -> str:
    """Why a file cannot be a video of the store, before it is opened; '' where it can."""
    if fault := find_fault_of_id(path.stem):
        return f"its name {fault}"
    try:
        if not path.is_file() or not os.access(path, os.R_OK):
            is_dead = path.is_symlink() and not path.exists()
            return "it is a link to a file that is not there" if is_dead else "it is no file, or may not be read"
    except OSError as error:
        return f"it cannot be read ({error.strerror})"
    place = str(path.resolve())
    return "" if make_storable(place, len(place)) == place else "its folder has a name that is no text"


def probe_videos(files: Sequence[tuple[str, Path]]) -> Tables:
    """The part of some videos (id, file): their facts; a file that cannot be read is an issue, not an end."""
    from ag_core.video.frames import probe_video
    from ag_core.video.index import read_frame_index

    rows: list[tuple[Any, ...]] = []
    issues = []
    for video_id, path in files:
        try:
            video = probe_video(path.resolve())
            index = read_frame_index(path.resolve())
        except (UserError, OSError) as error:
            issues.append(Issue(Kind.VIDEO_UNREADABLE, path.name, video_id, f"video not used: {error}"))
            continue
        size = video.width, video.height, video.n_frames
        rows.append((video_id, video.duration_s, video.fps or None, *size, str(video.path), video.frame_times_s))
        if not index.clock.even:
            reason = "frames do not come at an even rate; times follow the file's own clock"
            issues.append(Issue(Kind.RATE_VARIES, path.name, video_id, reason))
        if index.clock.note:
            issues.append(Issue(Kind.CLOCK_MENDED, path.name, video_id, index.clock.note.rstrip(".")))
        if index.first_s > NOTICEABLE_S:
            reason = f"the first frame is shown at {index.first_s:.3f} s; frame numbers may be shifted"
            issues.append(Issue(Kind.FIRST_PICTURE_LATE, path.name, video_id, reason))
    names = ("video_id", "duration_s", "fps", "width", "height", "n_frames", "path", "frame_times_s")
    return {"facts": dict(zip(names, map(list, zip(*rows)))), "issues": to_issue_columns(issues)}


MIN_RATE, MAX_RATE = 0.01, 10_000
"""No video has fewer or more frames a second."""


def read_rates(path: Path) -> FoundValues:
    """Frames a second by video id from a table with columns video, fps. UserError where it is something else.

    Names may have the ending of the video's file. A row that cannot be used is listed.
    """
    rates: dict[str, float] = {}
    issues = []
    table = read_csv_rows(path, ("video", "fps"), "give a table of rates, with columns video,fps")
    for line, _, fault in table.faults:
        issues.append(Issue(Kind.RATE_UNREADABLE, path.name, f"line {line}", f"line {line}: {fault}"))
    for line, cells in table.rows:
        video_id, fps = strip_video_ending(cells["video"]), read_number(cells["fps"])
        fault = f"the id {fault_of_id}" if (fault_of_id := find_fault_of_id(video_id)) else ""
        if fps is None or not MIN_RATE <= fps <= MAX_RATE:
            fault = f"{describe_value(cells['fps'])} is no rate from {MIN_RATE} to {MAX_RATE:,} frames a second"
        if fault or fps is None:
            key = video_id or f"line {line}"
            issues.append(Issue(Kind.RATE_UNREADABLE, path.name, key, f"line {line}: {fault}; left out"))
            continue
        if rates.get(video_id, fps) != fps:
            reason = f"a second rate of the same video, {fps:g}, left out; {rates[video_id]:g} is kept"
            issues.append(Issue(Kind.RATE_TWICE, path.name, video_id, reason))
        rates.setdefault(video_id, fps)
    if issues and not rates:
        raise UserError(f"{path.name} has no rate that can be used: {issues[0].reason}; correct the table")
    return FoundValues(rates, issues)
