"""What to look for in video files, rates and lengths: they decide when a frame is. Facts: methods A3."""

from pathlib import Path

from ag_core.annotations.clock import LENGTH
from ag_core.doctor.check import Area, Check, Severity
from ag_core.errors import UserError
from ag_core.video.identity import WITHIN, check_identity
from ag_core.video.index import read_frame_index

_OF_VIDEO = "source, video, null::integer as frame_id, null::integer as t_ms"

_OF_FILES = f"""select {_OF_VIDEO}, details
    from videos join (select unnest($2::struct(video integer, details varchar)[], recursive := true)) using (video)
    where source = $1"""

MAX_FILES = 200
"""Of a data set: opening and decoding thousands of files would take hours."""


def describe_missing(path: Path) -> str:
    """The path of a file that was there when the store was built and is not now."""
    return "" if path.is_file() else str(path)


def describe_differing_frames(path: Path) -> str:
    """What is wrong with the frames of a file that is there."""
    return check_identity(path).fault if path.is_file() else ""


def describe_copy_reasons(path: Path) -> str:
    """Why the player needs a copy of a file."""
    return "; ".join(check_identity(path).copy_reasons) if path.is_file() else ""


def describe_oddities(path: Path) -> str:
    """The notes that a prediction of a file would carry about it."""
    try:
        return " ".join(read_frame_index(path).list_notes()) if path.is_file() else ""
    except UserError:  # told by the check of its frames
        return ""


USUAL_RATES = (24, 25, 30)
LENGTH_TOLERANCE_S = 1.0

CHECKS: tuple[Check, ...] = (
    Check(
        "rate-unusual",
        Area.VIDEOS,
        Severity.NOTE,
        "Videos at an unusual rate",
        "videos with a rate",
        "Frames count at the video's own rate, and this one is not near 24, 25 or 30 frames a second. Whoever takes "
        "24 for all of them misses the moment by many seconds.",
        "Nothing: times in the store follow each video's own rate.",
        f"""select {_OF_VIDEO}, format('{{:.3f}} frames a second', fps) as details
            from videos where source = $1 and fps is not null
            and least({", ".join(f"abs(fps - {rate})" for rate in USUAL_RATES)}) > 0.5""",
        """select case count(distinct fps) when 1 then format('Every rate is {:.2f}.', min(fps))
                  else format('Rates from {:.2f} to {:.2f}, median {:.2f}; {} different ones.', min(fps), max(fps),
                              median(fps), count(distinct fps)) end
           from videos where source = $1 and fps is not null""",
    ),
    Check(
        "rate-impossible",
        Area.VIDEOS,
        Severity.WARNING,
        "Videos at an impossible rate",
        "videos with a rate",
        "Charades was filmed with phones and web cams at 6 to 120 frames a second.",
        "Check the file with a player, or give the right rate in a table with --rates.",
        f"""select {_OF_VIDEO}, format('{{:.3f}} frames a second', fps) as details
            from videos where source = $1 and (fps < 5 or fps > 240)""",
    ),
    Check(
        "file-missing-of-video",
        Area.VIDEOS,
        Severity.WARNING,
        "Videos without a file",
        "videos that should have a file",
        "The folder of videos has no readable file of this name, so the player shows the graph alone.",
        "Put the file named by the video's id into the folder and build the store again.",
        f"""select {_OF_VIDEO}, coalesce(split, '') as details
            from videos where source = $1 and path is null""",
    ),
    Check(
        "file-gone",
        Area.VIDEOS,
        Severity.WARNING,
        "Video files that are no longer there",
        "video files",
        "The file was there when the store was built and is not now: moved, renamed, or its disk is not attached.",
        "Bring the folder back, or build the store again with the folder's new location.",
        _OF_FILES,
        of_files=describe_missing,
    ),
    Check(
        "frames-differ",
        Area.VIDEOS,
        Severity.ERROR,
        "Videos whose frames are not the same however they are read",
        "video files",
        f"Some frames of the first {WITHIN} are read one by one and compared with plain decoding in order. Where they "
        "differ, or the file cannot be read any more, stills, search, predictions and training may show another frame "
        f"than the annotation means. Of more than {MAX_FILES} files so many are tried, spread evenly.",
        "Fetch the file again, or make a copy in H.264 (ffmpeg -i OLD -fps_mode passthrough -c:v libx264 NEW.mp4).",
        _OF_FILES,
        of_files=describe_differing_frames,
        max_files=MAX_FILES,
    ),
    Check(
        "shown-as-copy",
        Area.VIDEOS,
        Severity.NOTE,
        "Videos that the player shows as a copy",
        "video files",
        "Browsers do not play such a file, or not on its own clock. The copy has the same frames under the same numbers"
        " at the same times, and is made when the video is first opened. All others are shown as they are.",
        "Nothing: it only takes time and space once for each video.",
        _OF_FILES,
        of_files=describe_copy_reasons,
        max_files=MAX_FILES,
    ),
    Check(
        "file-odd",
        Area.VIDEOS,
        Severity.NOTE,
        "Video files with something odd about them",
        "video files",
        "Several video tracks, time stamps that had to be set right, damage, frames at the start that no player shows: "
        "each was decided as docs/video.md says.",
        "Compare the file with the original; where frames were numbered by another program, see that it counts alike.",
        _OF_FILES,
        of_files=describe_oddities,
        max_files=MAX_FILES,
    ),
    Check(
        "length-differs",
        Area.VIDEOS,
        Severity.WARNING,
        "Files of another length than Charades says",
        "video files",
        f"The file is more than {LENGTH_TOLERANCE_S:.0f} s longer or shorter than the Charades row says: it may be "
        "cut, or another video.",
        "Fetch the file again; compare it with the original download.",
        f"""select {_OF_VIDEO}, format('Charades says {{:.2f}} s, the file has {{:.2f}} s', duration_s,
                                       {LENGTH}) as details
            from videos where source = $1 and path is not null and fps > 0
            and abs({LENGTH} - duration_s) > {LENGTH_TOLERANCE_S}""",
    ),
    Check(
        "frame-after-length",
        Area.VIDEOS,
        Severity.WARNING,
        "Frames later than the length of their video",
        "frames with a time",
        "The frame's number and the rate give a time after the end that Charades names: the rate is wrong for this "
        "video, or the release was made from a longer file.",
        "Compare the rate with the file's own; the player stops at the last frame.",
        """select f.source, f.video, f.frame_id, f.t_ms,
                  format('at {:.2f} s in a video of {:.2f} s', f.t_ms / 1000, v.duration_s) as details
           from frames f join videos v using (source, video)
           where f.source = $1 and f.t_ms > 1000 * (v.duration_s + 1.5 / v.fps)""",
    ),
    Check(
        "size-unknown",
        Area.VIDEOS,
        Severity.NOTE,
        "Annotated videos of unknown frame size",
        "annotated videos",
        "Neither the file nor person_bbox.pkl says how large the frame is, so boxes cannot be checked against it.",
        "Give the folder of videos, or the whole release with person_bbox.pkl.",
        f"""select {_OF_VIDEO}, '' as details from videos
            where source = $1 and (width is null or height is null)
            and video in (select video from frames where source = $1)""",
    ),
)
