"""The frames of a video file: how many, when each is shown, where decoding can start.

Frame k (1-based) is the k-th that a decoder gives of the file's best video track when it reads in order. Numbers never
come from dividing time. Of ordinary files (H.264, H.265, VP8, VP9 and AV1 in mp4, mov, mkv and webm) the packets tell
all of it, and nothing need be decoded; where anything about the packets is odd, and for every other kind of file, the
whole file is decoded once (`whole_decoding`).
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.records import FrameClock
from ag_core.video.bitstream import count_shown, is_clean_start
from ag_core.video.clock import make_clock
from ag_core.video.display import Display, read_display
from ag_core.video.opening import KINDS, check_file, decode_packet, list_tracks, open_video, read_packets
from ag_core.video.whole_decoding import NO_STAMP, WholeDecoding, decode_whole

PLAIN_CODECS = ("h264", "hevc", "vp8", "vp9", "av1")
"""Whose packets in mp4 and mkv are one frame each, or say where they are not."""

MAX_TRIED_PIXELS = 10_000_000
"""In all frames together: up to here decoding costs no more than looking, and tells damage that packets do not show."""

MIN_DECODED = 0.25
"""Of a file's packets: fields and hidden frames come as packets of their own, but not more often than this."""


@dataclass(frozen=True)
class FrameIndex:
    """What is known of a file's frames.

    pts       [F] time stamp of each frame in the track's time base, in the order shown; NO_STAMP where it has none
    keys      [K] numbers (1-based) of the frames that decoding can start from, ascending
    clock     when each frame is shown, and how many there are
    display   how frames are turned into what is shown
    reorders  whether frames are stored in another order than shown, as far as is known
    closed    whether decoding may start at each key frame that the container names, and nothing after it refers back
    file_times_s   [F] when each frame is shown by the file's own clock, NaN where it does not say
    may_skip  whether frames that nobody refers to may be passed over on the way to another
    whole     what decoding the whole file gave; None where the packets told everything
    check_sums   [F] of the frames' pixels where they were decoded, else None
    n_tracks  video tracks in the file; codec, pixel_format, container, comment: as the file says
    """

    pts: NDArray[np.int64]
    keys: NDArray[np.int64]
    clock: FrameClock
    display: Display
    reorders: bool
    closed: bool
    file_times_s: NDArray[np.float64]
    may_skip: bool
    whole: WholeDecoding | None
    check_sums: NDArray[np.uint32] | None
    n_tracks: int
    codec: str
    pixel_format: str
    container: str
    comment: str

    @property
    def n_frames(self) -> int:
        return len(self.pts)

    @property
    def fps(self) -> float:
        return self.clock.fps

    @property
    def first_s(self) -> float:
        """When the first frame is shown, in seconds of the file's own clock; 0 where it does not say."""
        return float(np.nan_to_num(self.file_times_s[0]))

    @property
    def size_wh(self) -> tuple[int, int]:
        """As displayed."""
        return self.display.size_wh

    @cached_property
    def number_by_pts(self) -> dict[int | None, int]:
        """The number of each frame by its time stamp."""
        return {pts: number for number, pts in enumerate(self.pts.tolist(), start=1)}

    def list_notes(self) -> tuple[str, ...]:
        """Sentences on what a reader of the file's numbers should know; most files need none."""
        notes = [self.clock.note] if self.clock.note else []
        if self.n_tracks > 1:
            notes.append(f"The file has {self.n_tracks} video tracks; the one that players choose is read.")
        if self.whole is not None and self.whole.n_early:
            frames = "frame that refers" if self.whole.n_early == 1 else "frames that refer"
            notes.append(f"The file begins with {self.whole.n_early} {frames} to what was cut off; no player shows it.")
        if self.whole is not None and self.whole.n_damaged:
            places = "place" if self.whole.n_damaged == 1 else "places"
            notes.append(
                f"The file is damaged in {self.whole.n_damaged} {places}; frames that cannot be decoded are left out, "
                "and those that were decoded with damage are shown as they are."
            )
        if self.whole is not None and self.whole.sizes > 1:
            notes.append("The frames change their size; all are brought to the size of the first.")
        return tuple(notes)


def read_frame_index(path: Path | str) -> FrameIndex:
    """The index of a file; kept for the last files asked for, until they change. Raises UserError as `probe_video`."""
    path = Path(path)
    facts = check_file(path)
    return _read_frame_index(path.resolve(), facts.st_ino, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=32)
def _read_frame_index(path: Path, inode: int, size: int, changed_ns: int) -> FrameIndex:
    with open_video(path, threads="one") as (container, stream):
        packets = _scan_packets(container, stream)
        if not packets.stamps:
            raise UserError(f"{path.name} has a video track without frames; give a complete {KINDS} file")
        if packets.first is None or packets.encrypted:
            raise _refuse_undecodable(path, packets, 0)
        average, native = float(stream.average_rate or 0), float(stream.guessed_rate or 0)
        time_base = stream.time_base or Fraction(1, 1000)
        said_s = float((stream.duration or 0) * time_base)
        display = read_display(packets.first, stream.sample_aspect_ratio)
        comment = next((value for key, value in container.metadata.items() if key.lower() == "comment"), "")
        codec, kind, n_tracks = packets.codec, container.format.name, len(list_tracks(container))
        pixel_format = packets.first.format.name
        whole: WholeDecoding | None = None
        check_sums: NDArray[np.uint32] | None = None
        if _are_plain(packets, kind, stream.codec_context.reorder_depth):
            pts, keys = _number_packets(packets)
            if len(pts) * packets.first.width * packets.first.height <= MAX_TRIED_PIXELS:
                tried = decode_whole(path, keep=False)
                check_sums, whole = tried.check_sums, None if _is_as_told(tried, pts) else tried
        else:
            whole = decode_whole(path)
            check_sums = whole.check_sums
    if whole is not None:
        pts, keys = _number_frames(whole)
        if len(pts) < MIN_DECODED * whole.n_packets or not len(pts):
            raise _refuse_undecodable(path, packets, len(pts))
    stamps = [None if stamp == NO_STAMP else stamp for stamp in pts.tolist()]
    return FrameIndex(
        pts=pts,
        keys=keys.astype(np.int64),
        clock=make_clock(stamps, time_base, average, native, said_s),
        display=display,
        closed=_are_closed(packets),
        reorders=whole is not None or bool((np.diff(np.array(packets.stamps, np.int64)) < 0).any()),
        file_times_s=np.where(pts == NO_STAMP, np.nan, pts * float(time_base)),
        # Only H.264 says of a frame that none at all refers to it, and takes the option packet by packet. Where frames
        # seem to be missing, what stands in for them depends on every frame before.
        may_skip=whole is None and codec == "h264" and not _seems_to_lack_frames(packets),
        whole=whole,
        check_sums=check_sums,
        n_tracks=n_tracks,
        codec=codec,
        pixel_format=pixel_format,
        container=kind,
        comment=comment,
    )


def _number_packets(packets: "_Packets") -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of packets that tell everything: pts [F] and keys [K] as in FrameIndex."""
    stamps = np.array(packets.stamps, np.int64)
    pts = np.sort(stamps[~np.array(packets.discarded, bool)])
    # What an edit list hides comes before the first frame, which is then reached from the start.
    return pts, np.unique(np.searchsorted(pts, stamps[packets.clean_starts]) + 1).astype(np.int64)


def _number_frames(whole: WholeDecoding) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of decoded frames: pts [F] and keys [K] as in FrameIndex; only the first where time stamps lead nowhere."""
    pts = whole.pts
    ascending = len(pts) > 0 and pts[0] != NO_STAMP and bool((np.diff(pts) > 0).all())
    return pts, np.append(1, np.flatnonzero(whole.is_key[1:]) + 2) if ascending else np.ones(1, np.int64)


def _is_as_told(whole: WholeDecoding, pts: NDArray[np.int64]) -> bool:
    """Whether decoding gave exactly the frames that the packets told of."""
    return not whole.n_damaged and whole.sizes == 1 and np.array_equal(whole.pts, pts)


def _refuse_undecodable(path: Path, packets: "_Packets", n_decoded: int) -> UserError:
    if packets.encrypted:
        return UserError(f"{path.name} is encrypted, so that its frames cannot be seen; give a file without encryption")
    if not n_decoded:
        return UserError(f"{path.name} holds no frame that can be decoded; give a complete {KINDS} file")
    return UserError(
        f"of the {len(packets.stamps)} frames of {path.name} only {n_decoded} can be decoded: it is badly damaged or "
        f"encrypted; give a complete {KINDS} file"
    )


@dataclass
class _Packets:
    """What one pass over the packets shows, in file order.

    stamps [P] time stamps, None where missing; decode_stamps: when each is decoded; discarded: hidden by an edit list
    marked         positions of packets that are called key frames; n_marked: how many a container's own table calls so
    clean_starts   positions of those that decoding may start with
    odd            whether a packet shows no frame or several, is encrypted, or the track changes its kind on its way
    encrypted      whether the very first is
    first          the first frame that a decoder gives; damaged: whether there was damage before that,
            or a packet is not whole
    """

    codec: str
    stamps: list[int | None] = field(default_factory=list)
    decode_stamps: list[int | None] = field(default_factory=list)
    discarded: list[bool] = field(default_factory=list)
    marked: list[int] = field(default_factory=list)
    n_marked: int = 0
    clean_starts: list[int] = field(default_factory=list)
    odd: bool = False
    encrypted: bool = False
    interlaced: bool = False
    damaged: bool = False
    first: VideoFrame | None = None


def _scan_packets(container: InputContainer, stream: VideoStream) -> _Packets:
    context = stream.codec_context
    found = _Packets(codec=context.codec.canonical_name)
    extradata = context.extradata
    may_hide = found.codec in ("vp8", "vp9", "av1")
    for packet in read_packets(container, stream):
        if found.first is None:
            _look_for_first(found, decode_packet(stream, packet))
        found.damaged |= packet.is_corrupt
        if packet.is_keyframe:
            found.marked.append(len(found.stamps))
            if is_clean_start(found.codec, extradata, memoryview(packet)):
                found.clean_starts.append(len(found.stamps))
            changes = packet.has_sidedata("new_extradata") and bool(found.stamps)
            found.odd |= changes
            if packet.has_sidedata("encryption_info"):
                found.odd = True
                found.encrypted |= not found.stamps
        if may_hide and count_shown(found.codec, memoryview(packet)) != 1:
            found.odd = True
        found.stamps.append(packet.pts)
        found.decode_stamps.append(packet.dts)
        found.discarded.append(packet.is_discard)
    if found.first is None:
        _look_for_first(found, decode_packet(stream, None))
    # FFmpeg sets right what it can of the packets' marks; browsers believe the table of an mp4.
    if "mp4" in container.format.name:
        found.n_marked = sum(entry.is_keyframe for entry in stream.index_entries)
    # 0 and 1: unknown and progressive; of the others a packet may be half a frame.
    found.interlaced = context.field_order not in (0, 1) or (found.first is not None and found.first.interlaced_frame)
    return found


def _look_for_first(found: _Packets, frames: list[VideoFrame | None]) -> None:
    for frame in frames:
        if frame is None or frame.is_corrupt:
            found.damaged = True
        if frame is not None:
            found.first = frame
            return


def _seems_to_lack_frames(packets: _Packets) -> bool:
    """Whether a step of the decoder's clock is longer than usual: a pause, or a lost frame."""
    steps = np.diff(np.array([stamp for stamp in packets.decode_stamps if stamp is not None], np.int64))
    return len(steps) > 0 and bool(steps.max() > 1.5 * np.median(steps) + 1)


def _are_closed(packets: _Packets) -> bool:
    """Whether every marked key frame is a clean start, and nothing that is stored after it is shown before it."""
    if packets.marked != packets.clean_starts or packets.n_marked > len(packets.marked) or None in packets.stamps:
        return False
    stamps = np.array(packets.stamps, np.int64)
    earliest_after = np.minimum.accumulate(stamps[::-1])[::-1]
    return all(earliest_after[start] == stamps[start] for start in packets.marked)


def _are_plain(packets: _Packets, container: str, reorder_depth: int) -> bool:
    """Whether it is certain that each packet is one frame, shown in the order of the time stamps."""
    if not ("mp4" in container or "matroska" in container) or packets.codec not in PLAIN_CODECS:
        return False
    if packets.odd or packets.interlaced or packets.damaged or packets.first is None:
        return False
    if None in packets.stamps or packets.clean_starts[:1] != [0]:
        return False
    stamps, hidden = np.array(packets.stamps, np.int64), np.array(packets.discarded, bool)
    order = np.argsort(stamps, kind="stable")
    if hidden.all() or not (np.diff(stamps[order]) > 0).all():
        return False
    if packets.first.pts != stamps[~hidden].min():
        return False
    known = np.array([stamp for stamp in packets.decode_stamps if stamp is not None], np.int64)
    if not (np.diff(known) > 0).all():
        return False
    # Hidden frames come before all others, and no frame before the first key frame, which nothing could decode.
    if stamps[hidden].max(initial=stamps.min()) > stamps[~hidden].min() or stamps.min() < stamps[0]:
        return False
    # What is decoded before a key frame is shown before it, and nothing waits longer than the decoder keeps it.
    latest = np.maximum.accumulate(stamps)
    if any(latest[start - 1] >= stamps[start] for start in packets.clean_starts[1:]):
        return False
    return bool((order - np.arange(len(order))).max() <= max(reorder_depth, 0))
