"""A network as one HTML file to play with: drag, zoom, and for a whole video a slider over its frames.

pyvis draws it with its own copy of vis-network written into the file; the two tags with which it would fetch Bootstrap
are taken out, so that the page asks nothing of any network. What comes from the data travels as JSON or escaped.
"""

import json
import math
import re
from html import escape
from typing import Any

import networkx as nx
from pyvis.network import Network

from ag_core.graphs.canvas import format_clock
from ag_core.graphs.networks import SECOND, WHOLE_VIDEO, describe_edge, list_triplets
from ag_core.graphs.palette import DIRECTIONS, GROUP_STYLES, THEMES
from ag_core.settings import ASSETS
from ag_core.taxonomy import PERSON, Group

FOLDER = ASSETS / "graph_page"
FOREIGN_TAG = re.compile(
    r"<!-- <link\b.*?-->|<link\b[^>]*https?://[^>]*>|<script\b[^>]*\bsrc=[^>]*>\s*</script>", re.DOTALL
)
EMPTY_HEADING = re.compile(r"<center>\s*<h1>.*?</h1>\s*</center>", re.DOTALL)
LINE_STYLES = {Group.ATTENTION: "dotted", Group.SPATIAL: "dashed", Group.CONTACT: "solid"}
BEND = 0.16
"""How far apart parallel edges bend."""

TILT = 0.07
"""Radians by which the oval is turned: vis-network loses the labels of bent edges that lie exactly level."""


def make_interactive_page(network: nx.MultiDiGraph, *, dark: bool = False) -> bytes:
    """The HTML file of a network of one frame or of a whole video; one without nodes says so."""
    picture = Network(
        height="100%", width="100%", directed=True, cdn_resources="in_line", bgcolor=THEMES[dark].page
    )  # fmt: skip
    _add_nodes(picture, network, dark)
    _add_edges(picture, network, dark)
    picture.set_options(json.dumps(_make_options()))
    return _assemble_page(picture.generate_html(), network, dark).encode()


def _add_nodes(picture: Network, network: nx.MultiDiGraph, dark: bool) -> None:
    """The person in the middle, the objects on an oval round it, from the top clockwise."""
    ground = THEMES[dark]
    objects = [name for name in network if name != PERSON]
    positions = {PERSON: (0.0, 0.0)}
    for position, name in enumerate(objects):
        angle = 2 * math.pi * (position + 0.5) / len(objects) - math.pi / 2 + TILT
        reach = 1 + max(0, len(objects) - 8) / 14
        positions[name] = (round(330 * reach * math.cos(angle), 1), round(230 * reach * math.sin(angle), 1))
    for name, data in network.nodes(data=True):
        unseen = data.get("visible") is False and name != PERSON
        picture.add_node(
            name,
            label=data["label"],
            title=f"{data['label']}, not visible" if unseen else f"{data['label']}, score {data['score']:.0%}",
            x=positions[name][0],
            y=positions[name][1],
            shape="ellipse" if name == PERSON else "box",
            shapeProperties={"borderDashes": [4, 4] if unseen else False},
            color={
                "background": ground.plate,
                "border": ground.quiet if name == PERSON else ground.line,
                "highlight": {"background": ground.plate, "border": ground.text},
            },
            font={"color": ground.text, "size": 17 if name == PERSON else 15},
            margin=10,
            frame_spells=data.get("frame_spells"),
        )


def _add_edges(picture: Network, network: nx.MultiDiGraph, dark: bool) -> None:
    ground = THEMES[dark]
    edges = list_triplets(network)
    bends = _bend_edges(edges)
    in_seconds = network.graph.get("time_unit") == SECOND
    for number, (start, end, data) in enumerate(edges):
        look = GROUP_STYLES[Group(data["group"])]
        sentence = describe_edge(network, start, end, data)
        bend = bends[number]
        picture.add_edge(
            start,
            end,
            id=number,
            label=" ",
            words=f"{look.letter} {data['label']}"
            + ("" if data["probability"] >= 1 else f" {data['probability']:.0%}"),
            sentence=sentence + _format_probability(data),
            title=sentence + _format_probability(data) + _format_intervals(data, in_seconds),
            color={"color": look.colour(dark), "highlight": look.colour(dark), "hover": look.colour(dark)},
            dashes=list(look.dashes) or False,
            width=2,
            smooth={"enabled": True, "type": "curvedCW" if bend > 0 else "curvedCCW", "roundness": abs(bend)},
            font={"color": ground.text, "size": 12, "strokeWidth": 4, "strokeColor": ground.page, "align": "middle"},
            group_name=data["group"],
            frame_spells=data.get("frame_spells"),
        )


def _bend_edges(edges: list[tuple[str, str, dict[str, Any]]]) -> list[float]:
    """How each edge is bent, so that edges between the same two lie beside one another whatever their direction."""
    pairs: dict[str, list[int]] = {}
    directions = []
    for number, (start, end, _) in enumerate(edges):
        pairs.setdefault(end if start == PERSON else start, []).append(number)
        directions.append(1 if start == PERSON else -1)
    bends = [0.0] * len(directions)
    for numbers in pairs.values():
        for position, number in enumerate(numbers):
            bends[number] = directions[number] * BEND * (position - (len(numbers) - 1) / 2)
    return bends


def _format_probability(data: dict[str, Any]) -> str:
    """The probability of a predicted edge: of one frame as it is, of a video the mean where the edge holds."""
    if data["probability"] >= 1:
        return ""
    return f", {'on average ' if 'spells' in data else ''}{data['probability']:.0%}"


def _format_intervals(data: dict[str, Any], in_seconds: bool) -> str:
    """The spells of an edge, one a line."""
    lines = []
    for (start, end), (first, last) in zip(data.get("spells", []), data.get("frame_spells", [])):
        frames = f"frame {first}" if first == last else f"frames {first} to {last}"
        if in_seconds:
            frames += f", {format_clock(start)}" + (f" to {format_clock(end)}" if end > start else "")
        lines.append("\n" + frames)
    return "".join(lines)


def _make_options() -> dict[str, Any]:
    return {
        "physics": {"enabled": False},
        "interaction": {"hover": True, "tooltipDelay": 120, "keyboard": False},
        "nodes": {"scaling": {"label": {"drawThreshold": 2}}},
        "edges": {"arrows": {"to": {"enabled": True, "scaleFactor": 0.6}}, "scaling": {"label": {"drawThreshold": 2}}},
    }


# The page around it


def _assemble_page(drawn: str, network: nx.MultiDiGraph, dark: bool) -> str:
    """pyvis's page without foreign tags, with a heading, a slider and a list."""
    page = EMPTY_HEADING.sub("", FOREIGN_TAG.sub("", drawn))
    style = f"<style>{_list_colours(dark)}{(FOLDER / 'page.css').read_text(encoding='utf-8')}</style>"
    title = escape(_format_title(network))
    facts = json.dumps(_describe_network(network)).replace("<", "\\u003c")
    script = f"<script>const FACTS = {facts};\n{(FOLDER / 'page.js').read_text(encoding='utf-8')}</script>"
    head = f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>{style}</head>'
    page = page.replace(
        "<html>", f'<!DOCTYPE html>\n<html lang="en" style="color-scheme: {_format_colour_scheme(dark)}">', 1
    )
    page = page.replace("</head>", head, 1)
    start, body, rest = page.partition("<body>")
    content, end, tail = rest.rpartition("</body>")
    return f"{start}{body}{_render_header(network, dark)}{content}{_render_list(network)}{script}{end}{tail}"


def _format_colour_scheme(dark: bool) -> str:
    return "dark" if dark else "light"


def _format_title(network: nx.MultiDiGraph) -> str:
    facts = network.graph
    if facts["scope"] == WHOLE_VIDEO:
        return f"Scene graphs of {facts['video']}"
    return f"Scene graph of {facts['video']}" + (f", frame {facts['frame']}" if "frame" in facts else "")


def _list_colours(dark: bool) -> str:
    ground = THEMES[dark]
    values = {"page": ground.page, "text": ground.text, "quiet": ground.quiet, "line": ground.line}
    values |= {"plate": ground.plate} | {group.value: GROUP_STYLES[group].colour(dark) for group in Group}
    return ":root{" + "".join(f"--{name}:{value};" for name, value in values.items()) + "}\n"


def _describe_network(network: nx.MultiDiGraph) -> dict[str, Any]:
    """What the page's own script needs."""
    letters = {group.value: GROUP_STYLES[group].letter for group in Group}
    if network.graph["scope"] != WHOLE_VIDEO:
        return {"letters": letters}
    frames, times = network.graph["frames"], network.graph["times"]
    in_seconds = network.graph["time_unit"] == SECOND
    frame_labels = [
        f"frame {frame}" + (f", {format_clock(time)}" if in_seconds else "") for frame, time in zip(frames, times)
    ]
    return {
        "letters": letters,
        "frames": frames,
        "frame_labels": frame_labels,
        "all": f"all {len(frames)} frames together",
    }


def _render_header(network: nx.MultiDiGraph, dark: bool) -> str:
    keys = "".join(
        f'<li style="--colour:{look.colour(dark)};--line-style:{LINE_STYLES[group]}"><i></i><b>{look.letter}</b> '
        f"{group.value}, {DIRECTIONS[group]}</li>"
        for group, look in GROUP_STYLES.items()
    )
    empty = "" if len(network) else " There is nothing here to draw."
    return (
        f"<header><h1>{escape(_format_title(network))}</h1>"
        f'<p class="about">Source: {escape(network.graph["source"])}. Drag and zoom; point at a line for its times.'
        f'{empty}</p><ul class="keys">{keys}</ul>{_render_slider(network)}</header>'
    )


def _render_slider(network: nx.MultiDiGraph) -> str:
    """Controls of a whole video; one frame has none."""
    if network.graph["scope"] != WHOLE_VIDEO or not network.graph["frames"]:
        return ""
    last = len(network.graph["frames"]) - 1
    return (
        '<div class="time"><label><input type="checkbox" id="whole" checked> Whole video</label>'
        f'<input type="range" id="frame" min="0" max="{last}" value="0" aria-label="Frame with a graph">'
        '<output id="says" for="frame"></output></div>'
    )


def _render_list(network: nx.MultiDiGraph) -> str:
    return '<details class="listed" open><summary id="count"></summary><ul id="triplets"></ul></details>'
