"""A sheet to draw on: the few SVG elements that the pictures of graphs need, self-contained and escaped.

Lengths are pixels. Text is measured by an average letter, since nothing here knows the reader's fonts.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from ag_core.graphs.exchange import replace_forbidden_characters
from ag_core.graphs.palette import DIRECTIONS, GROUP_STYLES, THEMES, GroupStyle
from ag_core.taxonomy import Group

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Source Sans 3', sans-serif"
LETTER_WIDTH = 0.56
"""Width of an average letter by the size of the font; wide enough that shortened text stays inside its box."""


def estimate_text_width(text: str, size: float) -> float:
    """About how wide a text is."""
    return LETTER_WIDTH * size * len(text)


def shorten_text(text: str, width: float, size: float) -> str:
    """The text, shortened with an ellipsis where it is wider than `width`."""
    max_letters = max(1, int(width / (LETTER_WIDTH * size)))
    return text if len(text) <= max_letters else text[: max_letters - 1].rstrip(" ,") + "…"


def join_fitting(parts: Sequence[str], width: float, size: float) -> str:
    """As many texts as fit beside one another, with commas, and how many more there are: 'holding, touching +1'.

    None is cut but the first, which is always there: half a number would be another number.
    """
    for count in range(len(parts), 1, -1):
        left = f" +{len(parts) - count}" if count < len(parts) else ""
        text = ", ".join(parts[:count]) + left
        if estimate_text_width(text, size) <= width:
            return text
    left = f" +{len(parts) - 1}" if len(parts) > 1 else ""
    return shorten_text(parts[0], width - estimate_text_width(left, size), size) + left


def format_clock(time_s: float) -> str:
    """A time as minutes, seconds and milliseconds: 62.5 -> '1:02.500'."""
    milliseconds = round(1000 * time_s)
    return f"{milliseconds // 60000}:{milliseconds // 1000 % 60:02d}.{milliseconds % 1000:03d}"


class Canvas:
    """An SVG picture of a fixed size with a page colour, a title, and a description for those who cannot see it."""

    def __init__(self, width: float, height: float, *, dark: bool, title: str, description: str) -> None:
        self.dark, self.ground = dark, THEMES[dark]
        self.root = Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {width:g} {height:g}",
                "width": f"{width:g}",
                "height": f"{height:g}",
                "role": "img",
                "font-family": FONT,
            },
        )
        SubElement(self.root, "title").text = replace_forbidden_characters(title)
        SubElement(self.root, "desc").text = replace_forbidden_characters(description)
        self.draw_rectangle(0, 0, width, height, fill=self.ground.page)

    def define_arrowheads(self) -> None:
        """Define a head for the end of a line of each group; `curve` uses them."""
        definitions = SubElement(self.root, "defs")
        for group, look in GROUP_STYLES.items():
            marker = SubElement(
                definitions,
                "marker",
                {"id": f"head-{group}", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "8",
                 "markerHeight": "8", "markerUnits": "userSpaceOnUse", "orient": "auto"},
            )  # fmt: skip
            SubElement(marker, "path", {"d": "M0,0 L8,4 L0,8 z", "fill": look.colour(self.dark)})

    def draw_rectangle(
        self, x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none", radius: float = 0
    ) -> None:
        """A filled rectangle."""
        self._add("rect", x=x, y=y, width=width, height=height, rx=radius, fill=fill, stroke=stroke)

    def draw_disc(self, x: float, y: float, radius: float, *, fill: str, stroke: str = "none", about: str = "") -> None:
        """A filled circle; `about` shows when one points at it."""
        circle = self._add("circle", cx=x, cy=y, r=radius, fill=fill, stroke=stroke)
        if about:
            SubElement(circle, "title").text = replace_forbidden_characters(about)

    def draw_line(
        self,
        x1: float,
        y1: float,
        x2: float,
        y2: float,
        *,
        stroke: str,
        width: float = 1,
        dashes: tuple[int, ...] = (),
        about: str = "",
    ) -> None:
        """A straight line; `about` shows when one points at it."""
        line = self._add(
            "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, **_dash_attributes(dashes)
        )
        if about:
            SubElement(line, "title").text = replace_forbidden_characters(about)

    def draw_curve(self, start: tuple[float, float], end: tuple[float, float], group: Group) -> None:
        """A line in a group's look that leaves and arrives level, with the group's head at its end."""
        (x1, y1), (x2, y2) = start, end
        bend = (x2 - x1) / 2
        look = GROUP_STYLES[group]
        path = f"M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
        self._add(
            "path",
            d=path,
            fill="none",
            stroke=look.colour(self.dark),
            stroke_width=2,
            marker_end=f"url(#head-{group})",
            **_dash_attributes(look.dashes),
        )

    def draw_text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 12,
        fill: str = "",
        weight: int = 400,
        anchor: str = "start",
    ) -> None:
        """One line of text; `y` is its base line."""
        fill = fill or self.ground.text
        element = self._add("text", x=x, y=y, font_size=size, fill=fill, font_weight=weight, text_anchor=anchor)
        element.text = replace_forbidden_characters(words)

    def draw_legend(self, x: float, y: float) -> None:
        """The three groups with line, letter and direction, in one row."""
        for group, look in GROUP_STYLES.items():
            self.draw_line(x, y - 4, x + 26, y - 4, stroke=look.colour(self.dark), width=2.5, dashes=look.dashes)
            self.draw_text(x + 33, y, look.letter, size=11, weight=700, fill=look.colour(self.dark))
            words = f"{group.value}, {DIRECTIONS[group]}"
            self.draw_text(x + 45, y, words, size=11, fill=self.ground.quiet)
            x += 45 + estimate_text_width(words, 11) + 18

    def to_svg(self) -> bytes:
        """The picture as a file."""
        picture: bytes = tostring(self.root, encoding="utf-8", xml_declaration=True)
        return picture

    def _add(self, tag: str, **attributes: object) -> Element:
        written = {
            name.replace("_", "-"): f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
            for name, value in attributes.items()
            if value not in ("none", 0) or name in ("x", "y", "x1", "y1", "fill")
        }
        return SubElement(self.root, tag, written)


def draw_letter_and_name(canvas: Canvas, x: float, y: float, look: GroupStyle, words: str, size: float = 11.5) -> None:
    """A group's letter in its colour, and what it says in the text's."""
    canvas.draw_text(x, y, look.letter, size=size, weight=700, fill=look.colour(canvas.dark))
    canvas.draw_text(x + 14, y, words, size=size)


def _dash_attributes(dashes: tuple[int, ...]) -> dict[str, str]:
    return {"stroke_dasharray": " ".join(map(str, dashes))} if dashes else {}
