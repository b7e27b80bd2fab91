"""The formats in which graphs leave the app, by name, and the one function that makes any of them.

The libraries that write them are loaded when a file is made, so that a page may list the formats at no cost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ag_core.errors import UserError
from ag_core.graphs.edges import MIN_SCORE, find_fullest_frame, select_clear
from ag_core.records import MIN_PROBABILITY, SceneGraph, Video

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True)
class Format:
    """A format: what people call it, what it is for, its file's ending and type, and which scopes it can show.

    `what` is the first word of a downloaded file's name.
    """

    name: str
    label: str
    use: str
    extension: str
    mime: str
    of_frame: bool = True
    of_video: bool = True
    what: str = "graph"


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("gexf", "GEXF", "Gephi, with its timeline", "gexf", "application/gexf+xml"),
        Format("graphml", "GraphML", "yEd, Cytoscape, igraph", "graphml", "application/graphml+xml"),
        Format("json", "Node-link JSON", "networkx, D3", "json", "application/json"),
        Format(
            "triplets",
            "Triplets",
            "subject, relationship, object a row (JSON)",
            "json",
            "application/json",
            what="triplets",
        ),
        Format("svg", "Picture (SVG)", "one frame's graph as SVG", "svg", "image/svg+xml", of_video=False),
        Format("png", "Picture (PNG)", "one frame's graph as PNG", "png", "image/png", of_video=False),
        Format(
            "strip",
            "Timeline",
            "relationships over time as SVG",
            "svg",
            "image/svg+xml",
            of_frame=False,
            what="timeline",
        ),
        Format("html", "Interactive page", "one HTML file, no network needed", "html", "text/html"),
    )
}


def export_graphs(
    format_name: str,
    graphs: Sequence[SceneGraph],
    video: Video,
    *,
    source: str = "annotation",
    frame: int | None = None,
    dark: bool = False,
    min_probability: float = MIN_PROBABILITY,
    min_score: float = MIN_SCORE,
) -> bytes:
    """The content of a file: of `frame` (1-based; the newest graph at or before it) or of the whole video.

    A picture of a whole video ('svg' or 'png' without a frame) shows its fullest frame. `dark` matters to pictures and
    the page. UserError for an unknown format, and for a timeline of one frame.
    """
    if format_name not in FORMATS:
        raise UserError(f"format {format_name!r} is unknown; known are {', '.join(FORMATS)}")
    if frame is not None and not FORMATS[format_name].of_frame:
        raise UserError(f"format {format_name!r} shows a whole video; leave the frame out, or choose another format")
    if frame is None and not FORMATS[format_name].of_video:
        frame = find_fullest_frame(select_clear(graphs, source, min_score), min_probability) or 1
    from ag_core.graphs.exchange import to_triplets
    from ag_core.graphs.networks import to_networkx

    if format_name == "triplets":
        return to_triplets(
            graphs, video, source=source, frame=frame, min_probability=min_probability, min_score=min_score
        )
    network = to_networkx(
        graphs, video, source=source, frame=frame, min_probability=min_probability, min_score=min_score
    )
    return _choose_writer(format_name, dark)(network)


def _choose_writer(format_name: str, dark: bool) -> "Callable[[nx.MultiDiGraph], bytes]":
    from ag_core.graphs import exchange
    from ag_core.graphs.picture import draw_frame_graph, render_png
    from ag_core.graphs.timeline import draw_timeline

    if format_name == "html":
        # Apart from the others: pyvis brings much with it.
        from ag_core.graphs.interactive import make_interactive_page

        return lambda network: make_interactive_page(network, dark=dark)
    writers: dict[str, Callable[[nx.MultiDiGraph], bytes]] = {
        "gexf": exchange.to_gexf,
        "graphml": exchange.to_graphml,
        "json": exchange.to_node_link,
        "svg": lambda network: draw_frame_graph(network, dark=dark),
        "png": lambda network: render_png(draw_frame_graph(network, dark=dark)),
        "strip": lambda network: draw_timeline(network, dark=dark),
    }
    return writers[format_name]
