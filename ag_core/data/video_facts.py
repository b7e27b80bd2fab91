"""What the annotations do not say of a video: rate, size, frames and place of its file.

From the video file where there is one, else from a table of rates. Knows no annotations.
"""

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ag_core.data.issues import Issue, Kind
from ag_core.errors import UserError
from ag_core.records import Video

ENDINGS = (".mp4", ".mkv", ".mov", ".avi", ".webm")


@dataclass(frozen=True)
class VideoFacts:
    """`videos` for those with a readable file, `rates` in frames a second for those in the table."""

    videos: dict[str, Video] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)

    def fps(self, video_id: str) -> float:
        """Frames a second of a video, the file's own first; NaN where nothing says."""
        video = self.videos.get(video_id)
        if video is not None and video.fps:
            return video.fps
        return self.rates.get(video_id, math.nan)

    def issues_of_frames(self, video_id: str, last_frame: int, n_annotated: int) -> list[Issue]:
        """What is wrong with annotated frames of a video, given the last number and how many there are."""
        video = self.videos.get(video_id)
        if math.isnan(self.fps(video_id)):
            return [
                Issue(
                    Kind.RATE_UNKNOWN,
                    "frames",
                    video_id,
                    f"no rate known; {n_annotated} frames without a time; give videos or rates",
                )
            ]
        if video is not None and video.n_frames and last_frame > video.n_frames:
            return [
                Issue(
                    Kind.FRAME_BEHIND_END,
                    "frames",
                    video_id,
                    f"frame {last_frame} lies behind the last of {video.n_frames}",
                )
            ]
        return []


def read_facts(
    video_ids: Sequence[str],
    folder: Path | None,
    rates: Path | None,
    progress: Callable[[int, int], None],
) -> VideoFacts:
    """Look each video up in the folder and the table; a file that cannot be read is an issue, not an end."""
    facts = VideoFacts(rates={} if rates is None else read_rates(rates))
    if folder is None:
        return facts
    if not folder.is_dir():
        raise UserError(f"{folder} is not there; give the folder with the video files")
    from ag_core.data.frames import probe_video

    files = {path.stem: path for path in sorted(folder.iterdir(), reverse=True) if path.suffix.lower() in ENDINGS}
    wanted = [video_id for video_id in video_ids if video_id in files]
    for done, video_id in enumerate(wanted):
        progress(done, len(wanted))
        try:
            facts.videos[video_id] = probe_video(files[video_id].resolve())
        except UserError as error:
            facts.issues.append(
                Issue(Kind.VIDEO_UNREADABLE, files[video_id].name, video_id, f"video not used: {error}")
            )
    progress(len(wanted), len(wanted))
    missing = len(video_ids) - len(wanted)
    if missing:
        facts.issues.append(
            Issue(Kind.VIDEO_MISSING, folder.name, "", f"{missing} of {len(video_ids)} videos have no file there")
        )
    return facts


def read_rates(path: Path) -> dict[str, float]:
    """Frames a second by video id from a table with columns video, fps. UserError where it is something else."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rates = {row["video"]: float(row["fps"]) for row in csv.DictReader(file)}
    except FileNotFoundError:
        raise UserError(f"{path} is not there; give a table with columns video,fps") from None
    except (KeyError, TypeError, ValueError, csv.Error):
        raise UserError(
            f"{path.name} is no table of rates; it needs columns video,fps with a number in each row"
        ) from None
    wrong = [video_id for video_id, fps in rates.items() if not 0 < fps < math.inf]
    if wrong:
        raise UserError(f"{path.name} gives video {wrong[0]} a rate that is not positive; correct that row")
    return rates
