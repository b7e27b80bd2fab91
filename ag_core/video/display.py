"""How a decoded frame is shown: turned, mirrored and in its shape, as the file says, in one size for the whole video.

Knows PyAV frames and pixels; no file.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from ag_core.errors import UserError


@dataclass(frozen=True)
class Display:
    """From a frame as it is stored to the frame as it is displayed.

    shape_wh   size with square pixels, before turning; size_wh: as displayed
    transposed, mirrored_x, mirrored_y   rows become columns first, then the columns or rows are reversed
    angle      degrees clockwise that remain, where the file asks for more than quarter turns; the size stays
    square_pixels   whether the file's own pixels are square
    """

    shape_wh: tuple[int, int]
    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False
    angle: float = 0.0
    square_pixels: bool = True

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.shape_wh[::-1] if self.transposed else self.shape_wh

    @property
    def is_mirrored(self) -> bool:
        """Whether text would be read from right to left: an odd number of reversals."""
        return (self.transposed + self.mirrored_x + self.mirrored_y) % 2 == 1


def read_display(frame: VideoFrame, pixel_shape: Fraction | None) -> Display:
    """How a video is shown, from its first frame and the width of a pixel over its height (None or 0: square)."""
    shape_wh = _apply_pixel_shape((frame.width, frame.height), pixel_shape)
    square = shape_wh == (frame.width, frame.height)
    given: Any = frame.side_data  # PyAV's types call it a dictionary; it yields the data themselves
    found = [side for side in given if side.type == Type.DISPLAYMATRIX]
    if not found:
        return Display(shape_wh, square_pixels=square)
    a, b, _, c, d, *_ = np.frombuffer(bytes(found[0]), np.int32)[:9].astype(float)
    if not (a or c) or not (b or d):  # no matrix that shows anything
        return Display(shape_wh, square_pixels=square)
    turn = math.degrees(math.atan2(b / math.hypot(b, d), a / math.hypot(a, c)))
    if abs(turn - 90 * round(turn / 90)) > 1:
        return Display(shape_wh, angle=turn, square_pixels=square)
    if abs(a) >= abs(b):  # x' = a x, y' = d y
        return Display(shape_wh, False, bool(a < 0), bool(d < 0), square_pixels=square)
    return Display(shape_wh, True, bool(c < 0), bool(b < 0), square_pixels=square)  # x' = c y, y' = b x


def _apply_pixel_shape(stored_wh: tuple[int, int], pixel_shape: Fraction | None) -> tuple[int, int]:
    """The size with square pixels: the longer side of a pixel is kept, so that nothing shrinks, as browsers do."""
    width, height = stored_wh
    if not pixel_shape or not Fraction(1, 20) < pixel_shape < 20:  # what no camera has is a damaged header
        return stored_wh
    if pixel_shape > 1:
        return round(width * pixel_shape), height
    return width, round(height / pixel_shape)


class FrameConverter:
    """Turns decoded frames into RGB arrays as they are displayed, all of one size."""

    def __init__(self, display: Display) -> None:
        self.display = display
        self.reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """uint8 [H,W,3]. Raises UserError for a kind of pixels that nothing here converts."""
        display = self.display
        width, height = display.shape_wh
        try:
            shown = self.reformatter.reformat(frame, width=width, height=height, format="rgb24", threads=1)
            pixels = np.asarray(shown.to_ndarray(), np.uint8)
        except (av.FFmpegError, ValueError):
            raise UserError(
                f"frames of the pixel format {frame.format.name} cannot be converted; give a copy of the video in H.264"
            ) from None
        if display.transposed:
            pixels = pixels.transpose(1, 0, 2)
        pixels = pixels[:: -1 if display.mirrored_y else 1, :: -1 if display.mirrored_x else 1]
        if display.angle:
            middle = (width - 1) / 2, (height - 1) / 2
            around = cv2.getRotationMatrix2D(middle, -display.angle, 1.0)
            pixels = cv2.warpAffine(pixels, around, (width, height)).astype(np.uint8)
        return np.ascontiguousarray(pixels, dtype=np.uint8)
