"""Whether a video's frames are the same however they are asked for: some read alone, against plain decoding in order.

What the decoder passport shows of made recordings (docs/video.md), tried on a user's own files. Knows video files.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np

from ag_core.errors import UserError
from ag_core.video.display import FrameConverter
from ag_core.video.frames import read_frames
from ag_core.video.index import FrameIndex, read_frame_index
from ag_core.video.opening import check_file, decode_packet, open_video, read_packets
from ag_core.video.transcode import list_copy_reasons

N_TRIED, WITHIN = 5, 120
"""So many frames of a video are tried, spread over so many from its start: decoding a long one would take minutes."""


@dataclass(frozen=True)
class Identity:
    """What trying a video gave.

    fault         '' where every tried frame was the same in order and alone, else one sentence
    tried         numbers of the frames that were tried
    copy_reasons  why a browser gets a copy of the file; empty where it gets the file itself
    """

    fault: str
    tried: tuple[int, ...] = ()
    copy_reasons: tuple[str, ...] = ()


def check_identity(path: Path) -> Identity:
    """Try some frames of a video; remembered until the file changes. That it cannot be read is a fault, no error."""
    try:
        facts = check_file(path)
        return _check_identity(path.resolve(), facts.st_ino, facts.st_size, facts.st_mtime_ns)
    except UserError as error:
        return Identity(str(error))


@lru_cache(maxsize=10_000)
def _check_identity(path: Path, inode: int, size: int, changed_ns: int) -> Identity:
    try:
        index = read_frame_index(path)
        tried = tuple(np.unique(np.linspace(1, min(index.n_frames, WITHIN), N_TRIED).round().astype(int)).tolist())
        return Identity(_compare_frames(path, index, tried), tried, list_copy_reasons(path))
    except UserError as error:
        return Identity(str(error))


def _compare_frames(path: Path, index: FrameIndex, tried: tuple[int, ...]) -> str:
    convert = FrameConverter(index.display)
    number, n_equal = 0, 0
    with open_video(path, threads="one") as (container, stream):
        for packet in chain(read_packets(container, stream), [None]):
            for frame in decode_packet(stream, packet):
                if frame is None:
                    continue
                number += 1
                if number not in tried:
                    continue
                [(_, alone)] = read_frames(path, [number])
                if not np.array_equal(alone, convert(frame)):
                    return f"frame {number} read alone is not the frame that decoding in order gives"
                n_equal += 1
                if n_equal == len(tried):
                    return ""
    return f"decoding in order gives {number} frames where {index.n_frames} were counted"
