"""Frames of a video file by their number: what a file is, the frames, a poster, and its content as a key.

Frame k (1-based) is the k-th in the order shown. Numbers come from the packet index (one pass over the
packets, nothing decoded), never from dividing time, so audio beside the video, a leading offset, an edit list or a
time base of milliseconds change nothing. A rotated recording is turned upright: sizes and frames are as displayed.
Knows PyAV; knows nothing of annotations or models.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from ag_core.errors import UserError
from ag_core.records import FrameClock, Video
from ag_core.video.clock import make_clock

# Only real containers: playlists and scripts, which name other files or hosts, are refused unread.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,gif"
OPEN_OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
KINDS = "mp4, mov, mkv, webm or avi"

# Frames decoded for nothing between two wanted groups before a seek is the cheaper way.
SEEK_SAVES = 8


@dataclass(frozen=True)
class FrameIndex:
    """Where the frames of a file are.

    pts       [F] display time of each frame in the stream's time base, ascending; empty where the file has none
    keys      [K] numbers (1-based) of the frames that decoding can start from, ascending
    clock     when each frame is shown, and how many there are
    size_wh   as displayed, after rotation; turns: quarter turns counter-clockwise that make a frame upright
    first_s   when the first frame is shown, in seconds of the file's clock
    codec, pixel_format, container, square_pixels, comment: as the file says
    """

    pts: NDArray[np.int64]
    keys: NDArray[np.int64]
    clock: FrameClock
    size_wh: tuple[int, int]
    turns: int
    first_s: float
    codec: str
    pixel_format: str
    container: str
    square_pixels: bool
    comment: str

    @property
    def n_frames(self) -> int:
        return self.clock.n_frames or 0

    @property
    def fps(self) -> float:
        return self.clock.fps


def probe_video(path: Path | str) -> Video:
    """What a file is: rate, size as displayed, number of frames; the id is the file's name without its ending.

    Raises UserError with one sentence for a file that is missing, empty, damaged, or holds no frame.
    """
    path = Path(path)
    index = read_frame_index(path)
    width, height = index.size_wh
    clock = index.clock
    return Video(
        video_id=path.stem,
        duration_s=clock.duration_s,
        fps=clock.fps,
        width=width,
        height=height,
        n_frames=clock.n_frames,
        path=path,
        frame_times_s=clock.uneven_s,
    )


def read_frame_index(path: Path | str) -> FrameIndex:
    """The index of a file; kept for the last files asked for, until they change. Raises UserError as `probe_video`."""
    path = Path(path)
    if not path.exists():
        raise UserError(f"{path.name} does not exist; give the path of a video file")
    if not path.is_file():
        raise UserError(f"{path.name} is a folder; give the path of a video file")
    facts = path.stat()
    if facts.st_size == 0:
        raise UserError(f"{path.name} is empty (0 bytes); give a complete {KINDS} file")
    return _read_frame_index(path.resolve(), facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=32)
def _read_frame_index(path: Path, size: int, changed_ns: int) -> FrameIndex:
    with _open_video(path) as (container, stream):
        packets = [(p.pts, p.is_keyframe) for p in _read_packets(container, stream) if not p.is_discard]
        if not packets:
            raise UserError(f"{path.name} has a video track without frames; give a complete {KINDS} file")
        average, native = float(stream.average_rate or 0), float(stream.guessed_rate or 0)
        time_base = stream.time_base or Fraction(1, 1000)
        said_s = float((stream.duration or 0) * time_base)
        shape = stream.sample_aspect_ratio
        comment = next((value for key, value in container.metadata.items() if key.lower() == "comment"), "")
        kind = container.format.name
    first = _decode_first_frame(path)
    times = [pts for pts, _ in packets]
    if None in times or len(set(times)) < len(times):
        pts, keys, first_s = np.zeros(0, np.int64), np.ones(1, np.int64), 0.0
        clock = make_clock([None] * len(packets), time_base, average, native, said_s)
    else:
        packets.sort()
        pts = np.array([time for time, _ in packets], np.int64)
        keys = np.flatnonzero([is_key for _, is_key in packets]) + 1
        keys = keys if len(keys) else np.ones(1, np.int64)
        clock = make_clock(pts, time_base, average, native, said_s)
        first_s = float(pts[0] * time_base)
    turns = round(first.rotation / 90) % 4
    size_wh = (first.height, first.width) if turns % 2 else (first.width, first.height)
    return FrameIndex(
        pts=pts,
        keys=keys.astype(np.int64),
        clock=clock,
        size_wh=size_wh,
        turns=turns,
        first_s=first_s,
        codec=stream.codec_context.name,
        pixel_format=first.format.name,
        container=kind,
        square_pixels=shape is None or shape in (0, 1),
        comment=comment,
    )


@contextmanager
def _open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A container and its video track (never a cover image), or a UserError that says what is wrong."""
    try:
        container = av.open(str(path), options=OPEN_OPTIONS)
    except (av.FFmpegError, ValueError):
        raise UserError(
            f"{path.name} cannot be read as a video: it is damaged, cut short or another kind of file; "
            f"give a complete {KINDS} file"
        ) from None
    try:
        streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        if not streams:
            raise UserError(f"{path.name} has no video track, only sound or text; give a file with a video track")
        streams[0].thread_type = "AUTO"
        yield container, streams[0]
    finally:
        container.close()


def _read_packets(container: InputContainer, stream: VideoStream) -> "Iterator[av.Packet[VideoStream]]":
    """The whole packets of the video track, in file order; ends early where the file is cut short."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        if packet.size and not packet.is_corrupt:
            yield packet


def _decode_packet(stream: VideoStream, packet: "av.Packet[VideoStream] | None") -> list[VideoFrame]:
    """The frames that a packet (None: the end) brings out; a damaged packet brings none."""
    try:
        return list(stream.codec_context.decode(packet))
    except av.FFmpegError:
        return []


def _decode_first_frame(path: Path) -> VideoFrame:
    with _open_video(path) as (container, stream):
        for packet in (*_read_packets(container, stream), None):
            for frame in _decode_packet(stream, packet):
                return frame
    raise UserError(f"{path.name} holds no frame that can be decoded; give a complete {KINDS} file")


def read_frames(path: Path | str, frames: Sequence[int]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield (number, frame uint8 [H,W,3] RGB, upright) for the wanted 1-based numbers, ascending, each once.

    Streams: one frame is held at a time. Scattered numbers cost a seek each to the key frame before them, and
    frames nobody refers to are not decoded unless wanted. A frame that is too damaged to decode is answered by
    the one before it, as players do. Raises UserError for a number outside the file, and as `probe_video`.
    """
    path = Path(path)
    index = read_frame_index(path)
    wanted = sorted({int(frame) for frame in frames})
    if not wanted:
        return
    if wanted[0] < 1 or wanted[-1] > index.n_frames:
        outside = wanted[0] if wanted[0] < 1 else wanted[-1]
        raise UserError(f"{path.name} has no frame {outside}; its frames run from 1 to {index.n_frames}")
    convert = _UprightConverter(index)
    due = iter(wanted)
    number = next(due)
    last: VideoFrame | None = None
    for shown, frame in _decode_frames(path, index, wanted):
        while shown > number:  # its own packet was damaged
            yield number, convert(last or frame)
            number = next(due, index.n_frames + 1)
        if shown == number:
            yield number, convert(frame)
            number = next(due, index.n_frames + 1)
        if number > index.n_frames:
            return
        last = frame
    if last is None:
        raise UserError(f"{path.name} has no frame that can be decoded near frame {number}; give a complete file")
    while number <= index.n_frames:
        yield number, convert(last)
        number = next(due, index.n_frames + 1)


class _UprightConverter:
    """Turns decoded frames into upright RGB arrays of one size."""

    def __init__(self, index: FrameIndex) -> None:
        self.turns = index.turns
        self.stored_wh = index.size_wh[::-1] if index.turns % 2 else index.size_wh
        self.reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        width, height = self.stored_wh
        shown = self.reformatter.reformat(frame, width=width, height=height, format="rgb24", threads=1)
        return np.ascontiguousarray(np.rot90(shown.to_ndarray(), self.turns), dtype=np.uint8)


def _decode_frames(path: Path, index: FrameIndex, wanted: list[int]) -> Iterator[tuple[int, VideoFrame]]:
    """Decoded frames with their numbers, ascending: all that are wanted and some of those between."""
    if not len(index.pts):  # no usable clock: count what comes out
        with _open_video(path) as (container, stream):
            number = 0
            for packet in (*_read_packets(container, stream), None):
                for frame in _decode_packet(stream, packet):
                    number += 1
                    yield number, frame
        return
    number_of = {int(pts): number for number, pts in enumerate(index.pts, start=1)}
    done = 0
    with _open_video(path) as (container, stream):
        for key, run in _group_by_key_frame(index, wanted):
            key_pts = int(index.pts[key - 1])
            from_start = key == 1 or not _seek(container, stream, key_pts)
            wanted_pts = {int(index.pts[number - 1]) for number in run}
            with _open_video(path) if from_start else nullcontext((container, stream)) as source:
                for frame in _decode_run(*source, wanted_pts):
                    number = number_of.get(frame.pts, 0) if frame.pts is not None else 0
                    # Frames shown before the key frame may refer to what was not decoded.
                    if number > done and (from_start or number >= key):
                        done = number
                        yield number, frame


def _group_by_key_frame(index: FrameIndex, wanted: list[int]) -> Iterator[tuple[int, list[int]]]:
    """Split wanted numbers into runs, each decoded from one key frame: (number of the key frame, wanted numbers)."""
    group = np.searchsorted(index.keys, wanted, side="right") - 1
    run: list[int] = []
    start = 0
    for number, at in zip(wanted, group):
        key = int(index.keys[at]) if at >= 0 else 1
        if run and key - run[-1] > SEEK_SAVES:
            yield start, run
            run = []
        if not run:
            start = key
        run.append(number)
    yield start, run


def _seek(container: InputContainer, stream: VideoStream, pts: int) -> bool:
    """Move to the key frame shown at `pts` or one before it; False where the container cannot."""
    try:
        container.seek(pts, stream=stream, backward=True, any_frame=False)
        first = next(_read_packets(container, stream), None)
        if first is None or first.pts is None or first.pts > pts:
            return False
        container.seek(pts, stream=stream, backward=True, any_frame=False)
    except av.FFmpegError:
        return False
    return True


def _decode_run(container: InputContainer, stream: VideoStream, wanted_pts: set[int]) -> Iterator[VideoFrame]:
    """Decode from here until every wanted frame is out; frames nobody refers to are passed over unless wanted."""
    missing = set(wanted_pts)
    for packet in _read_packets(container, stream):
        stream.codec_context.skip_frame = "DEFAULT" if packet.pts in wanted_pts else "NONREF"
        missing.discard(packet.pts)
        yield from _decode_packet(stream, packet)
        if not missing:
            break
    yield from _decode_packet(stream, None)


def read_poster(path: Path | str, frame: int, width: int = 480) -> bytes:
    """One frame as JPEG bytes, at most `width` pixels wide. Raises UserError as `read_frames`."""
    [(_, pixels)] = read_frames(path, [frame])
    image = Image.fromarray(pixels)
    image.thumbnail((width, width * 4))
    out = BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()


HOME_WORLD_MARK = "action-genome-explorer home world"
"""The comment in the metadata of every film of the home world."""


def read_comment(path: Path | str) -> str:
    """The `comment` in a file's metadata, '' where there is none: home-world films name themselves there."""
    return read_frame_index(path).comment
