"""Networks as the text of exchange formats: GEXF with spells, GraphML, node-link JSON, and plain triplets.

GEXF carries time itself (spells of nodes and edges, read by Gephi's timeline). GraphML knows no time and no lists, so
there spells travel as JSON text with their first start and last end beside them. docs/export.md shows how to read each.
"""

import io
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import networkx as nx
from networkx.readwrite.gexf import GEXFWriter

from ag_core.graphs.edges import MIN_SCORE
from ag_core.graphs.networks import FRAME, SECOND, WHOLE_VIDEO, list_triplets, to_networkx
from ag_core.graphs.palette import GROUP_STYLES
from ag_core.records import MIN_PROBABILITY, SceneGraph, Video, latest_graph_at
from ag_core.taxonomy import PERSON, Group

TRIPLETS_FORMAT = "action-genome-explorer/triplets"
TRIPLETS_VERSION = 1

TEXT_IN_GEXF = ("frame_spells",)
"""Lists that GEXF has no position for."""

FORBIDDEN_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_gexf(network: nx.MultiDiGraph) -> bytes:
    """GEXF 1.3: a static graph of one frame, or a dynamic one of a video with times as doubles.

    networkx writes nodes, edges, attributes and spells; what it has no word for is added: the `kind` of an edge, which
    tells parallel edges apart, the span of the whole graph, and a sentence on what it is.
    """
    writer = GEXFWriter(encoding="utf-8", prettyprint=True, version="1.3")
    writer.add_graph(_prepare_for_gexf(network))
    # The grammar lists neither the hint to a schema nor a name of the graph.
    del writer.xml.attrib["xsi:schemaLocation"], writer.graph_element.attrib["name"]
    for element, (*_, relation) in zip(writer.graph_element.iter("edge"), network.edges(keys=True)):
        element.set("kind", relation)
    if network.graph["scope"] == WHOLE_VIDEO:
        writer.graph_element.set("mode", "dynamic")
        writer.graph_element.set("timeformat", "double")
        if network.graph["times"]:
            writer.graph_element.set("start", str(network.graph["times"][0]))
            writer.graph_element.set("end", str(network.graph["times"][-1]))
    meta = writer.xml.find("meta")
    meta.find("creator").text = "Action Genome Explorer"
    about = meta.makeelement("description", {})
    about.text = _describe(network)
    meta.append(about)
    text = io.BytesIO()
    writer.write(text)
    return text.getvalue()


def to_graphml(network: nx.MultiDiGraph) -> bytes:
    """GraphML with every attribute; spells and other lists are JSON text, and edges are numbered e0, e1, ..."""
    plain = nx.MultiDiGraph(**_keep_scalars(network.graph))
    plain.add_nodes_from(
        (name, _keep_scalars(data) | _first_and_last_time(data)) for name, data in network.nodes(data=True)
    )
    for number, (start, end, data) in enumerate(network.edges(data=True)):
        plain.add_edge(start, end, key=f"e{number}", **_keep_scalars(data), **_first_and_last_time(data))
    text = io.BytesIO()
    nx.write_graphml_xml(plain, text)
    return text.getvalue()


def to_node_link(network: nx.MultiDiGraph) -> bytes:
    """JSON in networkx's node-link form, with the links under 'edges'."""
    return _encode_json(nx.node_link_data(network, edges="edges"))


def to_triplets(
    graphs: Sequence[SceneGraph],
    video: Video,
    *,
    source: str = "annotation",
    frame: int | None = None,
    min_probability: float = MIN_PROBABILITY,
    min_score: float = MIN_SCORE,
) -> bytes:
    """JSON list of subject, relation, object at each frame (or in the newest graph at or before `frame`)."""
    ordered = sorted(graphs, key=lambda graph: graph.frame)
    if frame is not None:
        newest = latest_graph_at(ordered, frame)
        ordered = [] if newest is None else [newest]
    rows: list[dict[str, Any]] = []
    for graph in ordered:
        limits = {"min_probability": min_probability, "min_score": min_score}
        rows += _list_rows(to_networkx([graph], video, source=source, frame=graph.frame, **limits))
    content = {
        "format": TRIPLETS_FORMAT,
        "version": TRIPLETS_VERSION,
        "video": video.video_id,
        "source": source,
        "fps": video.fps,
        "triplets": rows,
    }
    return _encode_json(content)


def _list_rows(network: nx.MultiDiGraph) -> Iterator[dict[str, Any]]:
    for subject, target, data in list_triplets(network):
        yield {
            "frame": network.graph["frame"],
            "time_s": network.graph.get("time_s"),
            "subject": subject,
            "relation": data["relation"],
            "object": target,
            "group": data["group"],
            "probability": data["probability"],
        }


def _encode_json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def _describe(network: nx.MultiDiGraph) -> str:
    facts = network.graph
    if facts["scope"] == WHOLE_VIDEO:
        unit = {SECOND: "seconds", FRAME: "frame numbers, since the video's rate is unknown"}[facts["time_unit"]]
        return replace_forbidden_characters(
            f"Scene graphs of video {facts['video']}, source {facts['source']}. Times are {unit}."
        )
    return replace_forbidden_characters(
        f"Scene graph of video {facts['video']}, frame {facts.get('frame', '-')}, source {facts['source']}."
    )


def _prepare_for_gexf(network: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """The network with what Gephi draws: colours of groups; lists other than spells as text."""
    drawn = nx.MultiDiGraph()
    for name, data in network.nodes(data=True):
        viz = {
            "color": _parse_colour("#5A6274" if name == PERSON else "#9AA5B8"),
            "size": 20.0 if name == PERSON else 12.0,
        }
        drawn.add_node(name, **_gexf_attributes(data), viz=viz)
    for start, end, key, data in network.edges(keys=True, data=True):
        viz = {"color": _parse_colour(GROUP_STYLES[Group(data["group"])].light)}
        drawn.add_edge(start, end, key=key, **_gexf_attributes(data), viz=viz)
    return drawn


def _gexf_attributes(data: dict[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if name in TEXT_IN_GEXF else value for name, value in data.items()}


def _parse_colour(colour: str) -> dict[str, int]:
    return dict(zip("rgb", bytes.fromhex(colour[1:])))


def _keep_scalars(data: dict[str, Any]) -> dict[str, Any]:
    """Attributes that XML can hold: lists as JSON text, text without control characters."""
    return {
        name: json.dumps(value)
        if isinstance(value, list)
        else replace_forbidden_characters(value)
        if isinstance(value, str)
        else value
        for name, value in data.items()
    }


def _first_and_last_time(data: dict[str, Any]) -> dict[str, float]:
    """First start and last end of what has spells."""
    return {"start": data["spells"][0][0], "end": data["spells"][-1][1]} if data.get("spells") else {}


def replace_forbidden_characters(text: str) -> str:
    """Text without the characters that XML forbids."""
    return FORBIDDEN_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
