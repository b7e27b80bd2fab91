"""Frames of a video file by their number: what a file is, the frames, a poster, and its comment.

Frame k (1-based) is the k-th that a decoder gives when it reads the file in order, and every way of asking for it gives
the same frame: in order, alone, among others. A frame is shown as the file says: turned, mirrored, in its shape.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ag_core.errors import UserError
from ag_core.records import Video
from ag_core.video.decoding import decode_frames
from ag_core.video.ids import make_id
from ag_core.video.index import read_frame_index


def probe_video(path: Path | str) -> Video:
    """What a file is: clock, size as displayed, number of frames; the id is the file's name without its ending.

    Raises UserError with one sentence for a file that is missing, empty, damaged, encrypted, or holds no frame.
    """
    path = Path(path)
    index = read_frame_index(path)
    width, height = index.size_wh
    clock = index.clock
    return Video(
        video_id=make_id(path.stem),
        duration_s=clock.duration_s,
        fps=clock.fps,
        width=width,
        height=height,
        n_frames=clock.n_frames,
        path=path,
        frame_times_s=clock.uneven_s,
    )


def read_frames(
    path: Path | str, frames: Sequence[int], replaced: set[int] | None = None
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield (number, frame uint8 [H,W,3] RGB, as displayed) for the wanted 1-based numbers, ascending, each once.

    Streams: one frame is held at a time. Scattered numbers cost a seek each to the key frame before them, and
    frames nobody refers to are not decoded unless wanted. A frame that is too damaged to decode is answered by
    the one before it, as players do; its number is added to `replaced`.
    Raises UserError for a number outside the file, and as `probe_video`.
    """
    path = Path(path)
    index = read_frame_index(path)
    wanted = sorted({int(frame) for frame in frames})
    if not wanted:
        return
    if wanted[0] < 1 or wanted[-1] > index.n_frames:
        outside = wanted[0] if wanted[0] < 1 else wanted[-1]
        raise UserError(f"{path.name} has no frame {outside}; its frames run from 1 to {index.n_frames}")
    number = 0
    for number, pixels, shown in decode_frames(path, index, wanted):
        if shown != number and replaced is not None:
            replaced.add(number)
        yield number, pixels
    if number != wanted[-1]:
        raise UserError(f"{path.name} has no frame that can be decoded near frame {wanted[-1]}; give a complete file")


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
