"""How clips look: the player's colours over a picture, and the letters of one font at any size.

The font is the one that Pillow carries. It has no accents and no dashes; what it lacks is written as a question mark.
"""

from functools import cache

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

from ag_core.graphs.palette import GROUP_STYLES, THEMES

NEUTRAL, ATTENTION, CONTACT = "#FFFFFF", "#FFA733", "#C9A8FF"
"""Boxes: the person and what nothing is said of, what is looked at, what is in contact. assets/player/overlay.js."""

HALO = (0, 0, 0, 184)
"""Around every line and behind every label, so that both show on any picture."""

_EXTRA_LETTERS = "·…"
MIN_TEXT = 12


def list_colours(dark: bool) -> list[str]:
    """The colours of boxes, of the strip and of its letters."""
    theme = THEMES[dark]
    groups = [style.colour(dark) for style in GROUP_STYLES.values()]
    return list(dict.fromkeys((NEUTRAL, ATTENTION, CONTACT, theme.page, theme.text, theme.quiet, *groups)))


@cache
def load_font(size: int) -> FreeTypeFont:
    """The font at a size in pixels."""
    font = ImageFont.load_default(size)
    assert isinstance(font, FreeTypeFont)
    return font


def choose_text_size(width: int, height: int) -> int:
    """The size of letters on a picture of so many pixels: 12 on 480 x 270, 14 on 640 x 360, 24 on 1280 x 720."""
    return max(MIN_TEXT, round(4 + min(width, 1.4 * height) / 50))


def keep_known_letters(text: str) -> str:
    """The text as the font can write it."""
    return "".join(letter if " " <= letter <= "~" or letter in _EXTRA_LETTERS else "?" for letter in text)


def measure_text(text: str, size: int) -> float:
    """How wide a text is, in pixels."""
    return float(load_font(size).getlength(text))


def shorten_text(text: str, width: float, size: int) -> str:
    """The text, shortened with an ellipsis where it is wider than `width`."""
    if measure_text(text, size) <= width:
        return text
    kept = len(text)
    while kept > 1 and measure_text(text[:kept].rstrip(" ,") + "…", size) > width:
        kept -= 1
    return text[:kept].rstrip(" ,") + "…"
