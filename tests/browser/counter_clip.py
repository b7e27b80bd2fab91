"""Small H.264 clips that carry their frame number in the picture, for tests that compare picture and overlay.

The number stands as 12 black or white cells across the bottom tenth of the picture, most significant bit first.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

CELLS = 12


def counter_picture(number: int, size: tuple[int, int] = (320, 180)) -> NDArray[np.uint8]:
    """[H,W,3] picture number `number`: a moving gradient, a walking block and the number in cells."""
    width, height = size
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 2] = 60 + (np.arange(width)[None, :] // 4 + number) % 90
    picture[..., 1] = 50 + np.arange(height)[:, None] // 3
    left = 40 + (2 * number) % (width - 120)
    picture[50:140, left : left + 40] = (200, 190, 180)
    strip = height // 10
    for cell in range(CELLS):
        lit = 255 if (number >> (CELLS - 1 - cell)) & 1 else 0
        picture[-strip:, cell * width // CELLS : (cell + 1) * width // CELLS] = lit
    return picture


def write_counter_clip(
    path: Path,
    rate: Fraction,
    frames: int,
    size: tuple[int, int] = (320, 180),
    shown_at: Sequence[int] | None = None,
) -> Path:
    """Write `frames` pictures as a file that browsers play and seek.

    rate      frames a second; shown_at: where each picture stands on the grid of that rate, None for one after another
    """
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "20", "preset": "veryfast", "g": str(max(1, round(rate))), "bf": "2"}
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(counter_picture(number, size), format="rgb24")
            picture.pts, picture.time_base = number if shown_at is None else shown_at[number], 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path
