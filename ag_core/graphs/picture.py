"""One frame's graph as a picture: the person in the middle, a card for each object, a line for each group between.

Objects that have no box and no relationship are not drawn. Clockwise from the top right, in the network's order.
"""

from dataclasses import dataclass
from typing import Any

import networkx as nx

from ag_core.graphs.canvas import (
    Canvas,
    draw_letter_and_name,
    estimate_text_width,
    format_clock,
    join_fitting,
    shorten_text,
)
from ag_core.graphs.networks import describe_edge, list_triplets
from ag_core.graphs.palette import GROUP_STYLES, STARTS_AT_PERSON
from ag_core.taxonomy import PERSON, Group

WIDTH, TOP, BOTTOM = 760.0, 64.0, 46.0
DISC, MAX_CARD, TITLE, ROW, PAD, GAP = 36.0, 236.0, 24.0, 18.0, 7.0, 16.0


PNG_SCALE = 2.0
"""Pixels of a PNG for each of the SVG, so that it is sharp in print and on dense screens."""


@dataclass(frozen=True)
class _Card:
    """An object as it is drawn: its name, and what each group says of it."""

    title: str
    says: dict[Group, str]

    @property
    def height(self) -> float:
        return TITLE + ROW * len(self.says) + PAD

    @property
    def width(self) -> float:
        lines = [
            estimate_text_width(self.title, 13),
            *(estimate_text_width(words, 11.5) + 14 for words in self.says.values()),
        ]
        return min(MAX_CARD, max(96.0, max(lines) + 22))


def draw_frame_graph(network: nx.MultiDiGraph, *, dark: bool = False) -> bytes:
    """SVG of a network of one frame; one without nodes says so."""
    cards = [_make_card(network, name) for name in network if name != PERSON and _is_drawn(network, name)]
    right, left = cards[: (len(cards) + 1) // 2], cards[(len(cards) + 1) // 2 :][::-1]
    tall = max([_measure_column(right), _measure_column(left), 2 * DISC + 40])
    triplets = [
        describe_edge(network, start, end, data) + _format_probability(data)
        for start, end, data in list_triplets(network)
    ]
    canvas = Canvas(
        WIDTH,
        TOP + tall + BOTTOM,
        dark=dark,
        title=_format_title(network),
        description="; ".join(triplets) or "No relation.",
    )
    canvas.define_arrowheads()
    canvas.draw_text(24, 30, shorten_text(_format_title(network), WIDTH - 48, 15), size=15, weight=650)
    canvas.draw_text(24, 48, _format_subtitle(network), size=11.5, fill=canvas.ground.quiet)
    centre = (WIDTH / 2, TOP + tall / 2)
    _draw_cards(canvas, right, centre, 1)
    _draw_cards(canvas, left, centre, -1)
    if PERSON in network:
        canvas.draw_disc(*centre, DISC, fill=canvas.ground.plate, stroke=canvas.ground.quiet)
        canvas.draw_text(centre[0], centre[1] + 4.5, PERSON, size=13, weight=650, anchor="middle")
    elif not cards:
        canvas.draw_text(centre[0], centre[1], "Nothing is annotated in this frame.", size=13, anchor="middle")
    canvas.draw_legend(24, TOP + tall + BOTTOM - 16)
    return canvas.to_svg()


def render_png(svg: bytes) -> bytes:
    """An SVG picture as a PNG of twice its size."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg.decode(), scale=PNG_SCALE))


def _is_drawn(network: nx.MultiDiGraph, name: str) -> bool:
    return bool(network.nodes[name]["visible"] or network.degree(name))


def _make_card(network: nx.MultiDiGraph, name: str) -> _Card:
    """What the edges of an object say, by group, the most probable first, each with its own probability."""
    says: dict[Group, list[str]] = {}
    for *_, data in [*network.out_edges(name, data=True), *network.in_edges(name, data=True)]:
        says.setdefault(Group(data["group"]), []).append(data["label"] + _format_probability(data))
    title = network.nodes[name]["label"] + ("" if network.nodes[name]["visible"] else " (not visible)")
    lines = {group: join_fitting(says[group], MAX_CARD - 36, 11.5) for group in Group if group in says}
    return _Card(shorten_text(title, MAX_CARD - 22, 13), lines)


def _format_probability(data: dict[str, Any]) -> str:
    return "" if data["probability"] >= 1 else f" {data['probability']:.0%}"


def _measure_column(cards: list[_Card]) -> float:
    return sum(card.height for card in cards) + GAP * max(0, len(cards) - 1)


def _draw_cards(canvas: Canvas, cards: list[_Card], centre: tuple[float, float], side: int) -> None:
    """One column of cards with their lines; `side` is 1 for the right one, -1 for the left one."""
    top = centre[1] - _measure_column(cards) / 2
    for position, card in enumerate(cards):
        inner = WIDTH / 2 + side * 136
        x = inner if side > 0 else inner - card.width
        canvas.draw_rectangle(
            x, top, card.width, card.height, fill=canvas.ground.plate, stroke=canvas.ground.line, radius=7
        )
        canvas.draw_text(x + 11, top + 17, card.title, size=13, weight=650)
        spread = (position - (len(cards) - 1) / 2) / max(1, len(cards))
        for row, (group, words) in enumerate(card.says.items()):
            y = top + TITLE + ROW * row + 11
            draw_letter_and_name(canvas, x + 11, y, GROUP_STYLES[group], words)
            lane = 1.1 * DISC * spread + 7.0 * (row - (len(card.says) - 1) / 2)
            lane = max(-0.8 * DISC, min(0.8 * DISC, lane))
            at_person = (centre[0] + side * ((DISC**2 - lane**2) ** 0.5 + 3), centre[1] + lane)
            at_card = (inner - side * 3, y - 4)
            start, end = (at_person, at_card) if STARTS_AT_PERSON[group] else (at_card, at_person)
            canvas.draw_curve(start, end, group)
        top += card.height + GAP


def _format_title(network: nx.MultiDiGraph) -> str:
    facts = network.graph
    frame = f", frame {facts['frame']}" if "frame" in facts else ""
    return f"Scene graph of {facts['video']}{frame}"


def _format_subtitle(network: nx.MultiDiGraph) -> str:
    facts = network.graph
    at = f"at {format_clock(facts['time_s'])}" if "time_s" in facts else "time unknown"
    return f"Source: {facts['source']} · {at} · {network.number_of_edges()} relationships"
