"""A whole video's graph as a picture: a bar for every relationship over time, under the object it belongs to.

Colour, line and letter say the group; a relationship that holds at one annotated frame alone is a dot. The ticks below
the title are the annotated (or predicted) frames: between two of them nothing is known.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import networkx as nx

from ag_core.graphs.canvas import Canvas, draw_letter_and_name, format_clock, shorten_text
from ag_core.graphs.networks import SECOND, describe_edge, list_triplets
from ag_core.graphs.palette import GROUP_STYLES, GroupStyle
from ag_core.taxonomy import PERSON, Group

WIDTH, GUTTER, MARGIN, TOP, BOTTOM = 1000.0, 210.0, 24.0, 96.0, 46.0
NODE_ROW, ROW, BAR = 24.0, 18.0, 6.0


def draw_timeline(network: nx.MultiDiGraph, *, dark: bool = False) -> bytes:
    """SVG of a network of a whole video; one without frames says so."""
    rows = list(_list_rows(network))
    height = TOP + sum(NODE_ROW if row.look is None else ROW for row in rows) + BOTTOM
    title = f"Scene graphs of {network.graph['video']} over time"
    canvas = Canvas(WIDTH, height, dark=dark, title=title, description=_describe(network))
    canvas.draw_text(MARGIN, 30, shorten_text(title, WIDTH - 2 * MARGIN, 15), size=15, weight=650)
    canvas.draw_text(MARGIN, 48, _format_subtitle(network), size=11.5, fill=canvas.ground.quiet)
    if not network.graph["times"]:
        canvas.draw_text(MARGIN, TOP - 10, "No frame of this video has a graph.", size=13)
    else:
        axis = _Axis(network)
        axis.draw(canvas, height - BOTTOM + 6)
        y = TOP
        for row in rows:
            y += NODE_ROW if row.look is None else ROW
            _draw_row(canvas, axis, y, row)
    canvas.draw_legend(MARGIN, height - 16)
    return canvas.to_svg()


@dataclass(frozen=True)
class _Row:
    """A node (look None) or an edge: its look, its short name, what it says in full, and its attributes."""

    look: GroupStyle | None
    name: str
    says: str
    data: dict[str, Any]


def _list_rows(network: nx.MultiDiGraph) -> Iterator[_Row]:
    """Each thing and then its relationships, attention, spatial, contact."""
    triplets = list_triplets(network)
    for name, thing in network.nodes(data=True):
        yield _Row(None, thing["label"], thing["label"], thing)
        for start, end, data in triplets:
            if name in (start, end) and name != PERSON:
                says = describe_edge(network, start, end, data) + _format_mean(data)
                yield _Row(GROUP_STYLES[Group(data["group"])], data["label"] + _format_mean(data), says, data)


def _format_mean(data: dict[str, Any]) -> str:
    """The probability of a predicted edge, the mean where it holds."""
    return "" if data["probability"] >= 1 else f" {data['probability']:.0%}"


class _Axis:
    """Where times lie between the gutter and the right margin, with round marks."""

    def __init__(self, network: nx.MultiDiGraph) -> None:
        self.times, self.frames = network.graph["times"], network.graph["frames"]
        self.in_seconds = network.graph["time_unit"] == SECOND
        end = network.graph.get("duration_s", 0.0) if self.in_seconds else 0.0
        self.first: float = 0.0 if self.in_seconds else self.times[0]
        self.last: float = max(end, self.times[-1], self.first + 1e-3)

    def x(self, time: float) -> float:
        share = (time - self.first) / (self.last - self.first)
        return GUTTER + MARGIN + share * (WIDTH - GUTTER - 2 * MARGIN - 8)

    def marks(self) -> list[float]:
        """Five to twelve round times."""
        raw = (self.last - self.first) / 8
        scale = 10.0 ** math.floor(math.log10(raw))
        step = next(scale * factor for factor in (1, 2, 5, 10) if scale * factor >= raw)
        if not self.in_seconds:
            step = max(1.0, step)
        count = math.floor(self.last / step) - math.ceil(self.first / step) + 1
        return [(math.ceil(self.first / step) + number) * step for number in range(count)]

    def draw(self, canvas: Canvas, bottom: float) -> None:
        for mark in self.marks():
            canvas.draw_line(self.x(mark), TOP - 14, self.x(mark), bottom, stroke=canvas.ground.line)
            words = f"{mark:g} s" if self.in_seconds else f"{mark:g}"
            canvas.draw_text(self.x(mark), TOP - 20, words, size=11, fill=canvas.ground.quiet, anchor="middle")
        for time, frame in zip(self.times, self.frames):
            x = self.x(time)
            canvas.draw_line(x, TOP - 13, x, TOP - 6, stroke=canvas.ground.quiet, width=1.5, about=f"frame {frame}")


def _draw_row(canvas: Canvas, axis: _Axis, base: float, row: _Row) -> None:
    """One label and its bars, which end at the base line."""
    look = row.look
    if look is None:
        canvas.draw_text(MARGIN, base - 5, shorten_text(row.name, GUTTER, 12.5), size=12.5, weight=650)
        stroke, width = canvas.ground.quiet, 2.0
    else:
        draw_letter_and_name(canvas, MARGIN + 12, base - 5, look, shorten_text(row.name, GUTTER - 34, 11.5))
        stroke, width = look.colour(canvas.dark), BAR
    dashes, y = () if look is None else look.dashes, base - 9
    for start, end in row.data["spells"]:
        about = f"{row.says}: {_format_span(start, end, axis.in_seconds)}"
        if end > start:
            canvas.draw_line(axis.x(start), y, axis.x(end), y, stroke=stroke, width=width, dashes=dashes, about=about)
        else:
            canvas.draw_disc(axis.x(start), y, max(2.0, width / 2 + 0.5), fill=stroke, about=about)


def _format_span(start: float, end: float, in_seconds: bool) -> str:
    if not in_seconds:
        return f"frame {start:g}" + (f" to {end:g}" if end > start else "")
    return format_clock(start) + (f" to {format_clock(end)}" if end > start else "")


def _format_subtitle(network: nx.MultiDiGraph) -> str:
    facts = network.graph
    notes = "" if facts["time_unit"] == SECOND else " · the rate is unknown, so the axis counts frames"
    if any(data["probability"] < 1 for *_, data in network.edges(data=True)):
        notes += " · percentages are means where a relationship holds"
    return (
        f"Source: {facts['source']} · {len(facts['frames'])} frames with a graph · "
        f"{sum(data['kind'] != PERSON for _, data in network.nodes(data=True))} objects · "
        f"{network.number_of_edges()} relationships{notes}"
    )


def _describe(network: nx.MultiDiGraph) -> str:
    in_seconds = network.graph["time_unit"] == SECOND
    return "; ".join(
        f"{describe_edge(network, start, end, data)}{_format_mean(data)} "
        + ", ".join(_format_span(first, last, in_seconds) for first, last in data["spells"])
        for start, end, data in list_triplets(network)
    )
