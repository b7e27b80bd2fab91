"""A part of a video with what the graphs of one source say drawn into the picture, written as MP4 or GIF.

Frames are read, painted and encoded one after the other. The clip is upright, has no sound, and shows its frames at the
video's own times (GIF: ten a second). Formats and conventions: docs/export.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from ag_core.drawn_clips.encoding import choose_palette, write_gif, write_mp4
from ag_core.drawn_clips.look import list_colours
from ag_core.drawn_clips.moments import Moments
from ag_core.drawn_clips.painting import ClipLook, FramePainter, fit_size
from ag_core.errors import UserError
from ag_core.files import stage_file
from ag_core.graphs.edges import MIN_SCORE, is_predicted, select_clear
from ag_core.progress import Progress
from ag_core.records import HALF_MILLISECOND_S, MIN_PROBABILITY, FrameClock, SceneGraph, Video
from ag_core.video.frames import probe_video, read_frames


@dataclass(frozen=True)
class ClipFormat:
    """A format: what people call it, what it is for, its file's ending and type.

    least, most  pixels of the picture's longer side; max_s: how long a clip may last, None for any length
    """

    name: str
    label: str
    use: str
    mime: str
    least: int
    most: int
    max_s: float | None = None
    what: str = "clip"

    @property
    def extension(self) -> str:
        return self.name


CLIP_FORMATS: dict[str, ClipFormat] = {
    "mp4": ClipFormat("mp4", "Clip with boxes (MP4)", "plays everywhere, at full quality", "video/mp4", 640, 1280),
    "gif": ClipFormat(
        "gif", "Clip with boxes (GIF)", "for chats, documents and README files", "image/gif", 480, 480, 30
    ),
}

GIF_RATE = 10
"""Frames a second: GIF counts in hundredths of a second, and a tenth is a whole number of them."""

N_SAMPLES = 12
"""Frames from which the colours of a GIF are chosen."""


def write_clip(
    path: Path,
    format_name: str,
    video: Video,
    graphs: Sequence[SceneGraph],
    *,
    source: str = "annotation",
    start_s: float = 0.0,
    end_s: float | None = None,
    dark: bool = False,
    min_probability: float = MIN_PROBABILITY,
    min_score: float = MIN_SCORE,
    report: Progress | None = None,
) -> int:
    """Write the part of a video from `start_s` to `end_s` (None is its end), whole or not at all; its number of frames.

    graphs  of one source, which decides what of them counts; what `report` raises ends the work, and nothing is left.
    UserError for a video without a file, a part that is empty or reaches beyond the video, and a GIF that is too long.
    """
    if format_name not in CLIP_FORMATS:
        raise UserError(f"format {format_name!r} is no clip; known are {', '.join(CLIP_FORMATS)}")
    one = CLIP_FORMATS[format_name]
    probed = _probe(video)
    clock = probed.clock
    assert clock is not None and probed.path is not None and probed.width and probed.height
    end_s = clock.duration_s if end_s is None else end_s
    check_part(one, video.video_id, start_s, end_s, clock.duration_s)
    frames = list_frames(one, clock, start_s, end_s)
    moments = Moments(select_clear(graphs, source, min_score), clock, min_probability)
    size_wh = (probed.width, probed.height)
    look = ClipLook(
        fit_size(size_wh, one.least, one.most),
        (video.width or size_wh[0], video.height or size_wh[1]),
        f"{video.video_id}  ·  {_format_source(source)}",
        is_predicted(source),
        dark,
    )
    painter = FramePainter(moments, frames, look)
    images = _paint(probed.path, frames, painter, report)
    with stage_file(path, inputs=[probed.path]) as staged:
        if one.name == "gif":
            spread = np.unique(np.linspace(0, len(frames) - 1, N_SAMPLES).round().astype(int))
            samples = list(_paint(probed.path, [frames[at] for at in spread], painter))
            write_gif(staged, images, GIF_RATE, choose_palette(samples, list_colours(dark)))
        else:
            times = [clock.time_of(frame) - clock.time_of(frames[0]) for frame in frames]
            write_mp4(staged, images, times, Fraction(clock.fps).limit_denominator(1001), clock.even)
    return len(frames)


def check_part(one: ClipFormat, video_id: str, start_s: float, end_s: float, duration_s: float) -> None:
    """UserError for a part that cannot be written."""
    if not start_s < end_s:
        raise UserError(f"the part begins at {start_s:g} s and ends at {end_s:g} s; give an end after its begin")
    if start_s < 0 or end_s > duration_s + 2 * HALF_MILLISECOND_S:
        raise UserError(
            f"video {video_id} runs from 0 to {duration_s:.3f} s, and the part from {start_s:g} s to {end_s:g} s "
            "reaches beyond it; give a part within the video"
        )
    if one.max_s is not None and end_s - start_s > one.max_s + HALF_MILLISECOND_S:
        raise UserError(
            f"a {one.name.upper()} may last {one.max_s:g} s, and this part lasts {end_s - start_s:.1f} s; choose a "
            "shorter part, or MP4"
        )


def list_frames(one: ClipFormat, clock: FrameClock, start_s: float, end_s: float) -> list[int]:
    """The 1-based frames of a clip in order, one at least: those shown in the part; of a GIF those at its ticks."""
    if one.name == "gif":
        count = max(1, round((end_s - start_s) * GIF_RATE))
        return [clock.frame_at(start_s + tick / GIF_RATE) for tick in range(count)]
    first = clock.frame_at(start_s)
    last = int(np.searchsorted(clock.times_s, end_s - HALF_MILLISECOND_S, side="left"))
    return list(range(first, max(first, last) + 1))


def _probe(video: Video) -> Video:
    """What the video's file is."""
    if video.path is None or not video.path.is_file():
        raise UserError(
            f"the file of video {video.video_id} is not there, and a clip is drawn on its frames; choose a video whose "
            "file is there, or name the file"
        )
    return probe_video(video.path)


def _paint(
    path: Path, frames: Sequence[int], painter: FramePainter, report: Progress | None = None
) -> Iterator[Image.Image]:
    """The painted frames in order, one as often as it is listed."""
    done = 0
    if report is not None:
        report("drawing", 0, len(frames))
    for number, pixels in read_frames(path, frames):
        image = painter.paint(number, pixels)
        while done < len(frames) and frames[done] == number:
            yield image
            done += 1
            if report is not None:
                report("drawing", done, len(frames))


def _format_source(source: str) -> str:
    """A source as the screens say it: 'prediction: faster-rcnn + reldn'."""
    return source.replace(":", ": ", 1).replace("+", " + ")
