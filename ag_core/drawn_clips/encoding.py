"""Images as an MP4 that browsers play and as an animated GIF, one image after another; no more than one is held."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

FINE_TICK = Fraction(1, 90_000)
MAX_COLOURS = 255
"""Of a GIF; one more stands for what did not change since the image before."""


def write_mp4(
    path: Path, images: Iterable[Image.Image], times_s: Sequence[float], rate: Fraction, is_even: bool
) -> None:
    """H.264 with 4:2:0 colours, the index at its begin: image k is shown at `times_s[k]`, which ascend from 0.

    `rate`: images a second, of most of them where they are not evenly spaced. Sizes have to be even.
    """
    tick = 1 / rate if is_even else FINE_TICK
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = None
        for number, image in enumerate(images):
            if stream is None:
                stream = container.add_stream("libx264", rate=rate)
                stream.width, stream.height, stream.pix_fmt = image.width, image.height, "yuv420p"
                stream.codec_context.time_base = tick
                stream.codec_context.gop_size = max(1, round(rate))
                stream.options = {"preset": "veryfast", "crf": "20", "bf": "0"}
            frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number if is_even else round(times_s[number] / tick), tick
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())


def choose_palette(samples: Sequence[Image.Image], kept: Sequence[str]) -> Image.Image:
    """The colours that some images of a clip have in common, as an image with that palette.

    `kept`: colours as '#RRGGBB' that shall be among them as they are.
    """
    height = sum(image.height for image in samples)
    sheet = Image.new("RGB", (max(image.width for image in samples), height))
    top = 0
    for image in samples:
        sheet.paste(image, (0, top))
        top += image.height
    found = sheet.quantize(MAX_COLOURS - len(kept), method=Image.Quantize.MEDIANCUT).getpalette("RGB") or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*found[: 3 * (MAX_COLOURS - len(kept))], *(part for one in kept for part in _read(one))])
    return palette


def _read(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def write_gif(path: Path, images: Iterable[Image.Image], rate: int, palette: Image.Image) -> None:
    """An animated GIF that goes on for ever, with one palette for all images."""
    colours = _list_colours(palette)
    with av.open(str(path), "w", format="gif") as container:
        stream = None
        for number, image in enumerate(images):
            if stream is None:
                stream = container.add_stream("gif", rate=rate)
                stream.width, stream.height, stream.pix_fmt = image.width, image.height, "pal8"
            planes: Any = (np.asarray(image.quantize(palette=palette, dither=Image.Dither.NONE)), colours)
            frame = av.VideoFrame.from_ndarray(planes, format="pal8")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())


def _list_colours(palette: Image.Image) -> NDArray[np.uint8]:
    """[256,4] alpha, red, green, blue; what the palette does not use is transparent."""
    flat = np.array(palette.getpalette("RGB"), np.uint8)[: 3 * MAX_COLOURS].reshape(-1, 3)
    colours = np.zeros((256, 4), np.uint8)
    colours[: len(flat), 0], colours[: len(flat), 1:] = 255, flat
    return colours
