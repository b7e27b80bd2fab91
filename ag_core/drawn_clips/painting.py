"""One frame of a clip: the picture in its new size with its boxes, above the strip of what the graph says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ag_core.drawn_clips.caption import draw_caption, draw_time, plan_caption
from ag_core.drawn_clips.look import choose_text_size
from ag_core.drawn_clips.moments import Moments
from ag_core.drawn_clips.overlay import draw_boxes


@dataclass(frozen=True)
class ClipLook:
    """How frames are painted.

    picture_wh  size of the picture in the clip; both even
    video_wh    size of the video in whose pixels the boxes are
    title       stands on the strip: which video, whose graphs
    predicted   whether models made the graphs; dark: strip for a dark ground
    """

    picture_wh: tuple[int, int]
    video_wh: tuple[int, int]
    title: str
    predicted: bool = False
    dark: bool = False


class FramePainter:
    """Paints the frames of a part of a video, whose strips have room for every graph of the part."""

    def __init__(self, moments: Moments, frames: Sequence[int], look: ClipLook) -> None:
        self.moments, self.look = moments, look
        self.text_size = choose_text_size(*look.picture_wh)
        shown = moments.find_graphs(min(frames), max(frames)) if frames else []
        self.layout = plan_caption(shown, look.picture_wh[0], self.text_size, look.dark, moments.min_probability)
        self._strip: tuple[int | None, Image.Image] | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Of a painted frame."""
        return self.look.picture_wh[0], self.look.picture_wh[1] + self.layout.height

    def paint(self, frame: int, pixels: NDArray[np.uint8]) -> Image.Image:
        """A 1-based frame with its pixels [H,W,3] as an RGB image of `size_wh`."""
        look, moment = self.look, self.moments.at(frame)
        picture = Image.fromarray(pixels).resize(look.picture_wh, Image.Resampling.BICUBIC)
        scale = (look.picture_wh[0] / look.video_wh[0], look.picture_wh[1] / look.video_wh[1])
        shown = moment.graph.frame if moment.graph is not None else None
        if self._strip is None or self._strip[0] != shown:
            strip = draw_caption(self.layout, moment.graph, look.title, self.moments.min_probability)
            self._strip = (shown, strip)
        sheet = Image.new("RGB", self.size_wh)
        sheet.paste(draw_boxes(picture, moment.boxes, scale, self.text_size, look.predicted), (0, 0))
        time_s = self.moments.clock.time_of(frame)
        sheet.paste(draw_time(self._strip[1], self.layout, time_s), (0, look.picture_wh[1]))
        return sheet


def fit_size(size_wh: tuple[int, int], least: int, most: int) -> tuple[int, int]:
    """A picture's size with the longer side from `least` to `most` pixels, both sides even and in the same shape."""
    longer = max(size_wh)
    factor = min(max(longer, least), most) / longer
    width, height = (max(2, 2 * round(side * factor / 2)) for side in size_wh)
    return width, height
