"""Videos as a browser can play them: which files it plays as they are, a copy of those it does not, and larger ones.

The copy shows the same frames under the same numbers at the recording's own times, upright, from zero on, with a key
frame as often as there are frames in a usual second, so that a click on the time line answers at once. It carries no
sound.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ag_core.errors import UserError
from ag_core.files import hash_file_cached, stage_file
from ag_core.records import FrameClock
from ag_core.video.frames import read_frames
from ag_core.video.index import FrameIndex, read_frame_index

CODECS = ("h264", "vp9", "av1")
PIXEL_FORMATS = ("yuv420p", "yuvj420p")


def is_playable(path: Path | str) -> bool:
    """Whether a browser plays the file itself, showing frame k within half a frame of (k - 1) / fps.

    Raises UserError as `probe_video`.
    """
    return not list_copy_reasons(path)


def list_copy_reasons(path: Path | str) -> tuple[str, ...]:
    """Why a browser is given a copy of a file, in words that follow 'because'; empty where it plays the file itself.

    Codec, container and pixels have to be those that browsers know; one track of square pixels, neither mirrored nor
    tilted nor damaged; and a clock from zero that nobody had to mend and that stays near an even one. It has to be
    even where frames are stored in another order than shown, since their lengths are then those of others.
    Raises UserError as `probe_video`.
    """
    index = read_frame_index(path)
    display, clock, whole = index.display, index.clock, index.whole
    # FFmpeg gives mkv and webm one name; browsers take the ending's word.
    is_webm = "webm" in index.container and Path(path).suffix.lower() == ".webm"
    near_even = clock.even or (not index.reorders and _stays_near_even(clock))
    reasons = {
        f"browsers do not play the container {index.container.split(',')[0]}": is_webm or "mp4" in index.container,
        f"browsers do not play the codec {index.codec}": index.codec in CODECS,
        f"browsers do not show the pixels {index.pixel_format}": index.pixel_format in PIXEL_FORMATS,
        "its pixels are not square": display.square_pixels,
        "it is to be mirrored or tilted": not display.is_mirrored and not display.angle,
        f"it has {index.n_tracks} video tracks": index.n_tracks == 1,
        "browsers stop at frames that refer to what lies before a key frame": index.closed,
        "it is damaged": whole is None or not whole.n_damaged,
        "its frames change their size": whole is None or whole.sizes <= 1,
        "its frames are not evenly spaced": near_even,
        "its time stamps are not those of its frames": not clock.note and _is_the_files_own(index),
        f"its first frame is shown at {index.first_s:.2f} s": abs(index.first_s) * index.fps < 0.5,
    }
    return tuple(reason for reason, is_fine in reasons.items() if not is_fine)


def _is_the_files_own(index: FrameIndex) -> bool:
    """Whether each frame is shown by the file's clock when it is by ours, to within half a frame."""
    seconds = index.file_times_s - index.file_times_s[0]
    return bool((np.abs(seconds - index.clock.times_s) < 0.5 / index.fps).all())


def _stays_near_even(clock: FrameClock) -> bool:
    if clock.uneven_s is None:
        return True
    return bool(np.abs(clock.uneven_s * clock.fps - np.arange(len(clock.uneven_s))).max() < 0.5)


LARGE = "large"
"""The folder of the same films with more pixels, beside that of the videos."""


def find_large_copy(path: Path) -> Path | None:
    """The same film with more pixels to look at, in the folder `large` beside that of the video, under its name.

    None where there is none, or where it does not show the same frames at the same times in the same shape, or a
    browser does not play it as it is. Models and boxes stay with `path`.
    """
    large = path.parent.parent / LARGE / path.name
    try:
        if not large.is_file() or not is_playable(large):
            return None
        one, other = read_frame_index(path), read_frame_index(large)
    except UserError:
        return None
    (width, height), (large_width, large_height) = one.size_wh, other.size_wh
    alike = abs(width * large_height - height * large_width) <= max(large_width, large_height)
    if not alike or large_width <= width or one.n_frames != other.n_frames:
        return None
    return large if np.abs(one.clock.times_s - other.clock.times_s).max() < 0.25 / one.fps else None


def holds_frames(path: Path, n_frames: int | None) -> bool:
    """Whether a kept video is there with all its frames; one that was cut has fewer."""
    try:
        return path.is_file() and read_frame_index(path).n_frames == n_frames
    except UserError:
        return False


def make_playable(path: Path | str, target: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """Write the H.264 copy of a video to `target` (mp4), whole or not at all. `progress` gets (frames done, of)."""
    index = read_frame_index(path)
    tick, ticks = _count_ticks(index.clock)
    options = {"movflags": "+faststart"}
    if index.clock.duration_s / FINE_TICK > MAX_TICKS:
        options["video_track_timescale"] = "1000"
    width, height = (side + side % 2 for side in index.size_wh)
    with (
        stage_file(target) as staged,
        av.open(str(staged), "w", format="mp4", options=options) as container,
    ):
        stream = container.add_stream("libx264", rate=_to_fraction(index.fps))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = tick
        stream.codec_context.gop_size = max(1, round(index.fps))
        # Frames stored in another order than shown get durations of others, and browsers show a sought frame by them.
        stream.options = {"preset": "veryfast", "crf": "23", "sc_threshold": "0", "bf": "0"}
        for number, pixels in read_frames(path, range(1, index.n_frames + 1)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(width=width, height=height, format="yuv420p")
            frame.pts, frame.time_base = ticks[number - 1], tick
            container.mux(stream.encode(frame))
            if progress is not None:
                progress(number, index.n_frames)
        container.mux(stream.encode())


FINE_TICK = Fraction(1, 90_000)
MAX_TICKS = 2**31 - 1
"""So many ticks of its clock may a frame last in an mp4 file. A clock of milliseconds holds more than three weeks."""


def _count_ticks(clock: FrameClock) -> tuple[Fraction, list[int]]:
    """The tick of a copy's clock in seconds, and when each frame is shown, in ticks from 0, ascending."""
    if clock.uneven_s is None:
        return 1 / _to_fraction(clock.fps), list(range(len(clock.times_s)))
    tick = FINE_TICK if clock.duration_s / FINE_TICK < MAX_TICKS else Fraction(1, 1000)
    ticks = np.rint(clock.uneven_s / float(tick)).astype(np.int64)
    # Frames closer than a tick get one each.
    steps = np.arange(len(ticks))
    return tick, (np.maximum.accumulate(ticks - steps) + steps).tolist()


def _to_fraction(rate: float) -> Fraction:
    """A rate as a fraction that video files can hold: up to a thousand frames a second, or a frame in many hours."""
    return Fraction(rate).limit_denominator(1001) if rate >= 1 else 1 / Fraction(1 / rate).limit_denominator(1001)


COPIES = 3
"""Version of what `make_playable` writes: copies of an older one are not taken."""


def to_browser_playable(
    path: Path | str, folder: Path, progress: Callable[[int, int], None] | None = None
) -> tuple[Path, bool]:
    """A file the browser plays: (the video itself, False), or (its copy in `folder`, named by content, True).

    The copy is made once, and again where it is gone or was cut. Raises UserError as `probe_video`.
    """
    path = Path(path)
    if is_playable(path):
        return path, False
    copy = folder / f"{hash_file_cached(path)[:16]}-{COPIES}.mp4"
    if not holds_frames(copy, read_frame_index(path).n_frames):
        make_playable(path, copy, progress)
    return copy, True
