"""What decoding a whole file in order gives: the one truth about the frames of a file whose packets do not tell it.

Done once for a file and kept on disk by its content: the frames' time stamps, which of them are key frames, and a
check sum of each, by which a frame that is read in another way is known to be the same.
"""

import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from io import BytesIO
from itertools import chain
from pathlib import Path
from zipfile import BadZipFile

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file_cached, hash_files, write_atomically
from ag_core.settings import settings
from ag_core.video import opening
from ag_core.video.opening import Threads, decode_packet, open_video, read_packets

NO_STAMP = np.iinfo(np.int64).min
"""Stands for the time stamp of a frame that has none."""


@dataclass(frozen=True)
class WholeDecoding:
    """The frames that a decoder gives of a file, in order.

    pts [F] time stamps in the track's time base, NO_STAMP for none; is_key [F]; check_sums [F] of the pixels
    sizes      how many sizes the frames have
    n_packets  packets that should be shown; n_damaged: how often the decoder met damage
    n_early    packets before the first frame shown, which refer to what was cut off
    """

    pts: NDArray[np.int64]
    is_key: NDArray[np.bool_]
    check_sums: NDArray[np.uint32]
    sizes: int
    n_packets: int
    n_damaged: int
    n_early: int


def decode_whole(path: Path, keep: bool = True) -> WholeDecoding:
    """Decode a file, or take what was found when the same content was decoded before; `keep` it for the next time.

    The first time takes as long as playing through the file at full speed. Raises UserError as `open_video`.
    """
    if not keep:
        return _decode_in_order(path, "one")
    key = hash_bytes(f"{_hash_code()} {av.library_versions} {hash_file_cached(path)}".encode())[:32]
    kept = settings().home / "frames" / f"{key}.npz"
    found = _load(kept)
    if found is None:
        found = _decode(path)
        _save(found, kept)
    return found


@cache
def _hash_code() -> str:
    """A hash of the code that decides what is kept."""
    return hash_files([Path(__file__), Path(opening.__file__)])


def compute_check_sum(frame: VideoFrame) -> int:
    """A check sum of a decoded frame's pixels, as they are stored; the same for equal frames wherever they lie."""
    total = zlib.crc32(f"{frame.format.name} {frame.width} {frame.height}".encode())
    if not _has_plain_planes(frame):
        return zlib.crc32(np.ascontiguousarray(frame.to_ndarray(format="rgb24")).data, total)
    bytes_each = (frame.format.components[0].bits + 7) // 8
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.height * plane.line_size].reshape(
            plane.height, plane.line_size
        )
        total = zlib.crc32(np.ascontiguousarray(rows[:, : plane.width * bytes_each]).data, total)
    return total


def _has_plain_planes(frame: VideoFrame) -> bool:
    """Whether each component is a plane of its own with rows from the top, so that nothing need be converted."""
    kind = frame.format
    planes = len(frame.planes)
    return kind.is_planar and not kind.is_rgb and planes == len(kind.components) and frame.planes[0].line_size > 0


def _decode(path: Path) -> WholeDecoding:
    """With all cores; once more with one where that met damage or less than was to be expected.

    What is made of damage differs with the cores, and with several of them frames after it may be lost at the end.
    """
    found = _decode_in_order(path, "many")
    return _decode_in_order(path, "one") if found.n_damaged or len(found.pts) < found.n_packets else found


def _decode_in_order(path: Path, threads: Threads) -> WholeDecoding:
    stamps: list[int] = []
    is_key: list[bool] = []
    sums: list[int] = []
    sizes: set[tuple[int, int]] = set()
    packet_stamps: list[int | None] = []
    n_damaged = 0
    with open_video(path, threads) as (container, stream):
        for packet in chain(read_packets(container, stream), [None]):
            if packet is not None and not packet.is_discard:
                packet_stamps.append(packet.pts)
                n_damaged += packet.is_corrupt
            for frame in decode_packet(stream, packet):
                if frame is None:
                    n_damaged += 1
                    continue
                stamps.append(NO_STAMP if frame.pts is None else frame.pts)
                is_key.append(bool(frame.key_frame))
                sums.append(compute_check_sum(frame))
                sizes.add((frame.width, frame.height))
    first = stamps[0] if stamps else NO_STAMP
    return WholeDecoding(
        pts=np.array(stamps, np.int64),
        is_key=np.array(is_key, np.bool_),
        check_sums=np.array(sums, np.uint32),
        sizes=len(sizes),
        n_packets=len(packet_stamps),
        n_damaged=n_damaged,
        n_early=sum(stamp is not None and stamp < first for stamp in packet_stamps),
    )


def _load(kept: Path) -> WholeDecoding | None:
    """None where nothing whole lies there."""
    try:
        with np.load(BytesIO(kept.read_bytes())) as arrays:
            counts = {name: int(arrays[name]) for name in ("sizes", "n_packets", "n_damaged", "n_early")}
            return WholeDecoding(arrays["pts"], arrays["is_key"], arrays["check_sums"], **counts)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _save(found: WholeDecoding, kept: Path) -> None:
    """A folder that cannot be written costs the time of decoding again, nothing else."""
    content = BytesIO()
    np.savez_compressed(content, allow_pickle=False, **asdict(found))
    with suppress(UserError, OSError):
        write_atomically(kept, content.getvalue())
