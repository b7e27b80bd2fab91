"""Opening a video file: the true reason where it cannot be read, its best video track, its packets and frames.

Knows PyAV; knows nothing of frame numbers.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ag_core.errors import UserError

# Only real containers: playlists and scripts, which name other files or hosts, are refused unread.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,gif,mxf"
OPEN_OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
KINDS = "mp4, mov, mkv, webm or avi"

MAX_PIXELS = 2**27
"""Of one frame: 16,384 x 8,192. A damaged header that says more would only fill the memory."""

Threads = Literal["many", "one"]
"""One thread: what a decoder makes of damage does not depend on how many cores a machine has."""


def check_file(path: Path) -> os.stat_result:
    """The facts of a regular file that can be read. Raises UserError with the true reason for anything else."""
    if not path.name:
        raise UserError("no file was named; give the path of a video file")
    try:
        facts = path.stat()
        if stat.S_ISDIR(facts.st_mode):
            raise UserError(f"{path.name} is a folder; give the path of a video file")
        if not stat.S_ISREG(facts.st_mode):
            raise UserError(
                f"{path.name} is a pipe or a device, not a file; save the video to a file and give its path"
            )
        if facts.st_size == 0:
            raise UserError(f"{path.name} is empty (0 bytes); give a complete {KINDS} file")
        os.close(os.open(path, os.O_RDONLY))
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise _explain_refusal(path, error) from None
    return facts


def _explain_refusal(path: Path, error: OSError | ValueError) -> UserError:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOENT, errno.ENOTDIR):
        return UserError(f"{path.name} does not exist; give the path of a video file")
    if number in (errno.EACCES, errno.EPERM):
        return UserError(
            f"{path.name} may not be read: its permissions, or those of its folder, forbid it; change them"
        )
    if number == errno.ENAMETOOLONG:
        return UserError(f"the name {path.name[:40]}... is longer than this disk takes; give the path of a video file")
    if number == errno.ELOOP:
        return UserError(f"{path.name} is a link that leads to itself; give the path of a video file")
    return UserError(f"{path.name} cannot be opened ({getattr(error, 'strerror', None) or error}); give another path")


@contextmanager
def open_video(path: Path, threads: Threads = "many") -> Iterator[tuple[InputContainer, VideoStream]]:
    """A container and its best video track, as players choose it, or a UserError that says what is wrong."""
    try:
        # An absolute path: FFmpeg takes what stands before a colon in a relative one for a protocol.
        container = av.open(str(path.absolute()), options=OPEN_OPTIONS, metadata_errors="replace")
    except (av.FFmpegError, ValueError):
        raise UserError(
            f"{path.name} cannot be read as a video: it is damaged, cut short or another kind of file; "
            f"give a complete {KINDS} file"
        ) from None
    try:
        stream = _choose_track(container, path)
        context = stream.codec_context
        if context.width * context.height > MAX_PIXELS:
            raise UserError(
                f"{path.name} says that its frames are {context.width} x {context.height} pixels; "
                f"more than {MAX_PIXELS:,} cannot be read: its header is damaged, or give a smaller copy"
            )
        context.options = {"max_pixels": str(MAX_PIXELS)}
        context.thread_type, context.thread_count = ("AUTO", 0) if threads == "many" else ("NONE", 1)
        yield container, stream
    finally:
        container.close()


def list_tracks(container: InputContainer) -> list[VideoStream]:
    """The video tracks that are no cover image."""
    return [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]


def _choose_track(container: InputContainer, path: Path) -> VideoStream:
    tracks = list_tracks(container)
    streams = [stream for stream in tracks if stream.codec_context is not None] or tracks
    if not streams:
        raise UserError(f"{path.name} has no video track, only sound or text; give a file with a video track")
    best = container.streams.best("video")
    stream = next((stream for stream in streams if best is not None and stream.index == best.index), streams[0])
    if stream.frames == 1:  # a still preview, even where the file calls it the default
        stream = max(streams, key=lambda each: each.frames)
    if stream.codec_context is None:
        raise UserError(f"{path.name} holds video of a kind that is not known here; give a copy in H.264")
    return stream


def read_packets(container: InputContainer, stream: VideoStream) -> "Iterator[av.Packet[VideoStream]]":
    """The packets of the video track, in file order; ends early where the file is cut short."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        except IndexError:  # a packet of a track that was not there when the file was opened, as in damaged streams
            packets = container.demux(stream)
            continue
        if packet is None:
            return
        if packet.size:
            yield packet


def decode_packet(stream: VideoStream, packet: "av.Packet[VideoStream] | None") -> list[VideoFrame | None]:
    """The frames that a packet (None: the end) brings out; None among them stands for damage."""
    try:
        frames: list[VideoFrame] = list(stream.codec_context.decode(packet))
    except av.EOFError:
        return []
    except (av.FFmpegError, ValueError):
        return [None]
    found: list[VideoFrame | None] = []
    for frame in frames:
        found += [None, frame] if frame.is_corrupt else [frame]
    return found
