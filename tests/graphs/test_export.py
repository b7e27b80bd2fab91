"""Graphs as they leave the app: files say what the network says, and so do pictures and the page."""

import json
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import networkx as nx
import pytest
from PIL import Image

from ag_core.commands.export import CLIP_NAMES, FORMAT_NAMES
from ag_core.drawn_clips.clip import CLIP_FORMATS
from ag_core.errors import UserError
from ag_core.graphs.exchange import to_gexf, to_graphml, to_node_link, to_triplets
from ag_core.graphs.formats import FORMATS, export_graphs
from ag_core.graphs.networks import to_networkx
from ag_core.records import SceneGraph, Video
from ag_core.settings import PROJECT
from tests.graphs.gexf_grammar import list_violations
from tests.graphs.scenes import CUP, DRINKING, VIDEO, edges_with, read_gexf, read_graphml


@pytest.mark.parametrize("frame", [None, 11])
@pytest.mark.parametrize("graphs", [DRINKING, DRINKING[:1], []], ids=["several", "one", "none"])
def test_gexf_and_graphml_come_back(graphs: list[SceneGraph], frame: int | None) -> None:
    network = to_networkx(graphs, VIDEO, frame=frame)
    for back in (read_gexf(to_gexf(network)), read_graphml(to_graphml(network))):
        assert set(back) == set(network)
        for name in ("group", "probability", "weight", "label"):
            assert edges_with(back, name) == edges_with(network, name)
        for name, data in network.nodes(data=True):
            same = {key: value for key, value in data.items() if not isinstance(value, list)}
            assert {key: back.nodes[name][key] for key in same} == same
    if frame is None:
        timed = read_gexf(to_gexf(network))
        assert edges_with(timed, "spells") == edges_with(network, "spells")
        assert dict(timed.nodes(data="spells")) == dict(network.nodes(data="spells"))
        textual = read_graphml(to_graphml(network))
        for key, text in edges_with(textual, "spells").items():
            assert [tuple(spell) for spell in json.loads(text)] == edges_with(network, "spells")[key]
        assert edges_with(textual, "start") == {k: v[0][0] for k, v in edges_with(network, "spells").items()}
        assert edges_with(textual, "end") == {k: v[-1][1] for k, v in edges_with(network, "spells").items()}


def test_gexf_is_what_gephi_expects() -> None:
    root = ElementTree.fromstring(to_gexf(to_networkx(DRINKING, VIDEO)))
    space = "{http://gexf.net/1.3}"
    body = root.find(f"{space}graph")
    assert body is not None
    assert root.get("version") == "1.3"
    assert {name: body.get(name) for name in ("mode", "timeformat", "defaultedgetype", "start", "end")} == {
        "mode": "dynamic", "timeformat": "double", "defaultedgetype": "directed", "start": "0.0", "end": "5.0",
    }  # fmt: skip
    edges = list(body.iter(f"{space}edge"))
    assert len({edge.get("id") for edge in edges}) == len(edges) == 7
    # Parallel edges stay apart by their kind, and an element with spells has no start and end of its own.
    assert {edge.get("kind") for edge in edges if edge.get("target") == CUP} == {
        "looking_at", "not_looking_at", "holding", "drinking_from", "not_contacting",
    }  # fmt: skip
    assert all(edge.get("start") is None and edge.find(f"{space}spells") is not None for edge in edges)
    declared = {(kind.get("class"), one.get("id")) for kind in body.iter(f"{space}attributes") for one in kind}
    used = {one.get("for") for one in body.iter(f"{space}attvalue")}
    assert used == {number for _, number in declared}


@pytest.mark.parametrize("frame", [None, 11, 1000])
@pytest.mark.parametrize("rate", [10.0, None])
@pytest.mark.parametrize("graphs", [DRINKING, DRINKING[:1], []], ids=["several", "one", "none"])
def test_gexf_keeps_to_its_grammar(graphs: list[SceneGraph], rate: float | None, frame: int | None) -> None:
    untimed = [replace(one, time_s=one.time_s if rate else float("nan")) for one in graphs]
    video = replace(VIDEO, video_id="a\x00<b>&é", fps=rate)
    content = to_gexf(to_networkx(untimed, video, frame=frame))
    assert list_violations(content) == []
    order = [child.tag.rpartition("}")[2] for child in ElementTree.fromstring(content).iter() if len(child)]
    assert order.index("meta") < order.index("graph")


def test_the_grammar_of_gexf_is_told_from_what_leaves_it() -> None:
    content = to_gexf(to_networkx(DRINKING, VIDEO)).decode()
    for sound, broken, said in (
        ('<graph defaultedgetype="directed"', '<graph name="x" defaultedgetype="both"', "graph has an attribute name"),
        ('<graph defaultedgetype="directed"', '<graph defaultedgetype="both"', "defaultedgetype='both'"),
        ('<spell start="', '<spell begin="', "spell has an attribute begin"),
        ('<viz:color r="', '<viz:color r="9', "color says r="),
        ('<edge source="', '<edge from="', "edge has no source"),
        ("<nodes>", "<nodes>text", "nodes holds text"),
    ):
        assert sound in content
        assert said in " ".join(list_violations(content.replace(sound, broken).encode())), said


def test_graphml_ids_are_unique() -> None:
    root = ElementTree.fromstring(to_graphml(to_networkx(DRINKING, VIDEO)))
    space = "{http://graphml.graphdrawing.org/xmlns}"
    keys = [key.get("id") for key in root.iter(f"{space}key")]
    edges = [edge.get("id") for edge in root.iter(f"{space}edge")]
    assert len(set(keys)) == len(keys) and len(set(edges)) == len(edges) == 7


def test_node_link_json_comes_back() -> None:
    network = to_networkx(DRINKING, VIDEO)
    back = nx.node_link_graph(json.loads(to_node_link(network)), edges="edges")
    assert isinstance(back, nx.MultiDiGraph)
    assert set(back.edges(keys=True)) == set(network.edges(keys=True))
    assert edges_with(back, "spells")["person", "holding", CUP] == [[0.0, 1.0], [5.0, 5.0]]
    assert back.graph["times"] == network.graph["times"]


def test_triplets_are_one_row_each() -> None:
    content = json.loads(to_triplets(DRINKING, VIDEO))
    assert content["video"] == "AB1CD" and content["fps"] == 10.0
    assert len(content["triplets"]) == sum(int(one.relations.sum()) for one in DRINKING)
    assert content["triplets"][-1] == {
        "frame": 51, "time_s": 5.0, "subject": "table", "relation": "beneath", "object": "person",
        "group": "spatial", "probability": 1.0,
    }  # fmt: skip
    now = json.loads(to_triplets(DRINKING, VIDEO, frame=12))["triplets"]
    assert {row["frame"] for row in now} == {11} and len(now) == 4
    assert json.loads(to_triplets(DRINKING, VIDEO, frame=100))["triplets"][0]["frame"] == 51
    assert json.loads(to_triplets([], VIDEO))["triplets"] == []


def test_strange_names_stay_text() -> None:
    odd = Video("<u>&\x00'\"</script>", 5.0, 10.0)
    for name in FORMATS:
        content = export_graphs(name, DRINKING, odd, source="</title><i>")
        assert b"<u>" not in content or FORMATS[name].extension == "json"
        if FORMATS[name].extension in ("gexf", "graphml", "svg"):
            ElementTree.fromstring(content)
        if FORMATS[name].extension == "json":
            assert json.loads(content)


# Pictures and the page


@pytest.mark.parametrize("dark", [False, True])
def test_pictures_hold_every_relationship(dark: bool) -> None:
    svg = "{http://www.w3.org/2000/svg}"
    of_frame = ElementTree.fromstring(export_graphs("svg", DRINKING, VIDEO, frame=11, dark=dark))
    words = [text.text for text in of_frame.iter(f"{svg}text")]
    assert {"person", CUP, "looking at", "in front of", "drinking from, holding"} <= set(words)
    heads = [head for path in of_frame.iter(f"{svg}path") if (head := path.get("marker-end"))]
    assert sorted(heads) == ["url(#head-attention)", "url(#head-contact)", "url(#head-spatial)"]
    strip = ElementTree.fromstring(export_graphs("strip", DRINKING, VIDEO, dark=dark))
    words = [text.text for text in strip.iter(f"{svg}text")]
    assert words.count("holding") == 1 and words.count("table") == 1
    bars = [title.text for title in strip.iter(f"{svg}title")]
    assert {f"person holding {CUP}: 0:00.000 to 0:01.000", f"person drinking from {CUP}: 0:01.000"} <= set(bars)
    assert "table beneath person: 0:02.000 to 0:05.000" in bars
    for picture in (of_frame, strip):
        assert picture.get("role") == "img" and picture.findtext(f"{svg}desc")
        assert not [e for e in picture.iter() if "href" in " ".join(e.keys())]


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_of_pixels_is_twice_as_large(dark: bool) -> None:
    drawn = ElementTree.fromstring(export_graphs("svg", DRINKING, VIDEO, frame=11, dark=dark))
    pixels = Image.open(BytesIO(export_graphs("png", DRINKING, VIDEO, frame=11, dark=dark)))
    assert pixels.format == "PNG"
    assert pixels.size == tuple(round(2 * float(drawn.get(side, "0"))) for side in ("width", "height"))
    ground = pixels.convert("RGB").getpixel((2, 2))
    assert isinstance(ground, tuple) and (max(ground) < 60) == dark
    assert len(pixels.convert("RGB").getcolors(1_000_000) or ()) > 20, "something is drawn"


def test_pictures_of_nothing_say_so() -> None:
    assert b"No frame of this video has a graph" in export_graphs("strip", [], VIDEO)
    assert b"Nothing is annotated in this frame" in export_graphs("svg", [], VIDEO)
    assert b"There is nothing here to draw" in export_graphs("html", [], VIDEO)


def test_the_page_fetches_nothing() -> None:
    page = export_graphs("html", DRINKING, VIDEO).decode()
    head, _, body = page.partition("</head>")
    assert "<script src" not in page and "<link" not in page and "bootstrap" not in (head + body).lower()
    assert 'id="frame"' in page and 'max="4"' in page
    assert 'id="frame"' not in export_graphs("html", DRINKING, VIDEO, frame=11).decode()


def test_unfit_wishes_are_refused() -> None:
    with pytest.raises(UserError, match="known are gexf"):
        export_graphs("dot", DRINKING, VIDEO)
    with pytest.raises(UserError, match="whole video"):
        export_graphs("strip", DRINKING, VIDEO, frame=3)
    assert (*FORMATS, *CLIP_FORMATS) == FORMAT_NAMES and tuple(CLIP_FORMATS) == CLIP_NAMES


def test_the_document_lists_every_format() -> None:
    document = (PROJECT / "docs" / "export.md").read_text()
    listed = [line.split("`")[1] for line in document.splitlines() if line.startswith("| `")]
    assert listed == [*FORMATS, *CLIP_FORMATS]
