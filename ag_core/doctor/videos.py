"""What to look for in video files, rates and lengths: they decide when a frame is. Facts: methods A3."""

from ag_core.annotations.clock import LENGTH
from ag_core.doctor.check import Area, Check, Severity

_OF_VIDEO = "source, video, null::integer as frame_id, null::integer as t_ms"

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
        """select format('Rates from {:.2f} to {:.2f}, median {:.2f}; {} different ones.', min(fps), max(fps),
                         median(fps), count(distinct fps)) from videos where source = $1 and fps is not null""",
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
        f"""select {_OF_VIDEO}, path as details
            from videos where source = $1 and list_contains($2::integer[], video)""",
        needs_files=True,
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
