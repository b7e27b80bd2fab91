"""Decoding some frames of a file so that each is the one that decoding from the start would give.

The quick ways (from a key frame near by, with all cores, passing over frames that nobody refers to) are taken back as
soon as anything about them is odd: then the file is decoded from its start, in order, with one thread, which is what
defines its frames. Knows PyAV and the index.
"""

from collections.abc import Generator, Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ag_core.video.display import FrameConverter
from ag_core.video.index import FrameIndex
from ag_core.video.opening import Threads, decode_packet, open_video, read_packets
from ag_core.video.whole_decoding import compute_check_sum

# Frames decoded for nothing between two wanted groups before a seek is the cheaper way.
SEEK_SAVES = 1000

MANY_FRAMES = 64
"""From so many wanted frames on, several threads decode; below, starting them costs what they save, and one tells
damage more surely."""

EARLIER_KEYS = 2
"""How many key frames earlier the second attempt starts where a container seeks only roughly."""

Found = tuple[int, NDArray[np.uint8], int]
"""A wanted number, pixels [H,W,3], and the number of the frame they are of: an earlier one where it is too damaged."""


def decode_frames(path: Path, index: FrameIndex, wanted: list[int]) -> Iterator[Found]:
    """The wanted frames (ascending numbers, all within the file) as displayed, each once and in order."""
    convert = FrameConverter(index.display)
    whole, at_start = index.whole, True
    threads: Threads = "many" if len(wanted) >= MANY_FRAMES else "one"
    with open_video(path, threads) as opened:
        for key, left in _group_by_key_frame(index, wanted):
            damaged = whole is not None and whole.n_damaged > 0
            for start in _list_starts(index, key):
                if left and _seek(*opened, index, start):
                    left = yield from _decode_run(*opened, index, start, left, convert)
                    damaged |= whole is None and bool(left)
                at_start = False
            if left and not damaged:
                with nullcontext(opened) if at_start else open_video(path, threads) as source:
                    left = yield from _decode_run(*source, index, 1, left, convert)
                at_start = False
            if left:
                yield from _decode_in_order(path, index, left, convert)


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


def _list_starts(index: FrameIndex, key: int) -> list[int]:
    """Numbers of the key frames to seek to, one after the other until all is found; none where the first is meant."""
    if index.whole is None:
        return [key] if key > 1 else []
    at = int(np.searchsorted(index.keys, key))
    return [int(index.keys[k]) for k in (at, at - EARLIER_KEYS) if k > 0]


def _seek(container: InputContainer, stream: VideoStream, index: FrameIndex, key: int) -> bool:
    """Move to a key frame or one before it; False where the container cannot."""
    pts = int(index.pts[key - 1])
    try:
        container.seek(pts, stream=stream, backward=True, any_frame=False)
        first = next(read_packets(container, stream), None)
        if first is None or first.pts is None or first.pts > pts:
            return False
        if index.whole is None and first.pts not in index.pts[index.keys - 1]:  # not a start that is proven clean
            return False
        container.seek(pts, stream=stream, backward=True, any_frame=False)
    except av.FFmpegError:
        return False
    return True


def _decode_run(
    container: InputContainer,
    stream: VideoStream,
    index: FrameIndex,
    key: int,
    wanted: list[int],
    convert: FrameConverter,
) -> Generator[Found, None, list[int]]:
    """Decode from here, key frame `key`, and yield wanted frames as long as nothing is odd; returns the numbers left.

    What was yielded is what the file's own order gives: there was no damage up to it since a clean start, or its
    check sum says so.
    """
    sums = index.check_sums
    number_of = index.number_by_pts
    due = list(wanted)
    number = 0
    for frame in _decode_here(container, stream, index, wanted):
        if frame is None:
            if sums is None:
                return due
            continue
        if key == 1 and index.whole is not None:
            number += 1
        else:
            number = number_of.get(frame.pts, 0)
            if number < key:  # shown before the key frame: it may refer to what was not decoded
                continue
        if number > due[0] or number > index.n_frames:
            return due
        if sums is None and frame.is_corrupt:
            return due
        if number == due[0]:
            if sums is not None and compute_check_sum(frame) != sums[number - 1]:
                return due
            yield number, convert(frame), number
            del due[0]
            if not due:
                return due
    return due


def _decode_here(
    container: InputContainer, stream: VideoStream, index: FrameIndex, wanted: list[int]
) -> Iterator[VideoFrame | None]:
    """Frames as they come, None for damage. Where packets are frames, those that nobody wants or refers to are left,
    and so is the rest of a group of pictures behind the last wanted one."""
    if index.may_skip:
        wanted_pts = {int(index.pts[number - 1]) for number in wanted}
        n_missing = len(wanted_pts)
        of_group = _group_stamps(index, wanted)
        n_due: int | None = None  # of this group of pictures; not known before its key frame
        for packet in read_packets(container, stream):
            n_due = of_group.get(packet.pts, n_due)
            if n_due == 0:
                continue
            is_wanted = packet.pts in wanted_pts
            stream.codec_context.skip_frame = "DEFAULT" if is_wanted else "NONREF"
            yield from decode_packet(stream, packet)
            if is_wanted:
                n_missing -= 1
                n_due = None if n_due is None else n_due - 1
                if not n_missing:
                    break
        yield from decode_packet(stream, None)
    else:
        for each in chain(read_packets(container, stream), [None]):
            yield from decode_packet(stream, each)


def _group_stamps(index: FrameIndex, wanted: list[int]) -> dict[int | None, int]:
    """By the time stamp of each key frame, how many frames are wanted from it up to the next one."""
    group = np.searchsorted(index.keys, wanted, side="right") - 1
    counts = np.bincount(group, minlength=len(index.keys))
    return dict(zip(index.pts[index.keys - 1].tolist(), counts.tolist()))


def _decode_in_order(path: Path, index: FrameIndex, wanted: list[int], convert: FrameConverter) -> Iterator[Found]:
    """Decode the file from its start as it is defined; a frame that does not come out is answered by the one before.

    No frame leaves this function, only its pixels: some decoders leave what they cannot decode as it was in a frame
    that was given back before, so that it has to be given back at the same moment whatever is wanted.
    """
    number_of = index.number_by_pts
    due = list(wanted)
    number = 0
    last: VideoFrame | None = None
    with open_video(path, threads="one") as (container, stream):
        for packet in chain(read_packets(container, stream), [None]):
            for frame in decode_packet(stream, packet):
                if frame is None:
                    continue
                found = number + 1 if index.whole is not None else number_of.get(frame.pts, 0)
                if found <= number:
                    continue
                while due and due[0] < found:
                    yield due.pop(0), convert(last or frame), number or found
                number = found
                if index.whole is None:  # otherwise every number has its frame, and the last is given back at once
                    last = frame
                if due and due[0] == number:
                    yield due.pop(0), convert(frame), number
                if not due:
                    return
    if last is not None:
        while due:
            yield due.pop(0), convert(last), number
