"""What the annotations do not say of a video: rate, size, frames and location of its file.

From the video file where there is one, else from a table of rates. Knows no annotations.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ag_core.annotations.building.parts import Tables, to_issue_columns
from ag_core.annotations.readers.issues import Issue, Kind
from ag_core.errors import UserError

VIDEO_READER = 1
"""Version of what this module makes of a file."""

ENDINGS = (".mp4", ".mkv", ".mov", ".avi", ".webm")

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
        raise UserError(f"{folder} is not there; give the folder with the video files")
    files: dict[str, Path] = {}
    issues = []
    for path in sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS):
        if files.setdefault(path.stem, path) is not path:
            reason = f"a second file of the same video; {files[path.stem].name} is used"
            issues.append(Issue(Kind.VIDEO_SEVERAL, path.name, path.stem, reason))
    return FoundValues(files, issues)


def probe_videos(files: Sequence[tuple[str, Path]]) -> Tables:
    """The part of some videos (id, file): their facts; a file that cannot be read is an issue, not an end."""
    from ag_core.video.frames import probe_video, read_frame_index

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
        rows.append((video_id, video.duration_s, video.fps or None, *size, str(video.path)))
        if not index.clock.even:
            reason = "frames do not come at an even rate; the time of a frame is only near"
            issues.append(Issue(Kind.RATE_VARIES, path.name, video_id, reason))
        if index.first_s > NOTICEABLE_S:
            reason = f"the first frame is shown at {index.first_s:.3f} s; frame numbers may be shifted"
            issues.append(Issue(Kind.FIRST_PICTURE_LATE, path.name, video_id, reason))
    names = ("video_id", "duration_s", "fps", "width", "height", "n_frames", "path")
    return {"facts": dict(zip(names, map(list, zip(*rows)))), "issues": to_issue_columns(issues)}


def read_rates(path: Path) -> FoundValues:
    """Frames a second by video id from a table with columns video, fps. UserError where it is something else."""
    rates: dict[str, float] = {}
    issues = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                video_id, fps = row["video"], float(row["fps"])
                if rates.get(video_id, fps) != fps:
                    reason = f"a second rate of the same video, {fps:g}, left out; {rates[video_id]:g} is kept"
                    issues.append(Issue(Kind.RATE_TWICE, path.name, video_id, reason))
                rates.setdefault(video_id, fps)
    except FileNotFoundError:
        raise UserError(f"{path} is not there; give a table with columns video,fps") from None
    except (KeyError, TypeError, ValueError, csv.Error):
        raise UserError(
            f"{path.name} is no table of rates; it needs columns video,fps with a number in each row"
        ) from None
    wrong = [video_id for video_id, fps in rates.items() if not 0 < fps < math.inf]
    if wrong:
        raise UserError(f"{path.name} gives video {wrong[0]} a rate that is not positive; correct that row")
    return FoundValues(rates, issues)
