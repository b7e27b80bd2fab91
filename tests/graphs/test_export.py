"""Graphs as they leave the app: what counts, how long it holds, which way it points, and that files say the same."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_core.__main__ import main
from ag_core.annotations.building.build import build_store
from ag_core.annotations.statistics.counts import count_rows
from ag_core.annotations.store import AnnotationStore
from ag_core.commands.export import FORMAT_NAMES
from ag_core.errors import UserError
from ag_core.graphs.edges import active_intervals, edge_mask, find_fullest_frame, list_edges, select_clear
from ag_core.graphs.exchange import to_gexf, to_graphml, to_node_link, to_triplets
from ag_core.graphs.formats import FORMATS, export_graphs
from ag_core.graphs.networks import list_triplets, to_networkx
from ag_core.records import SceneGraph, Video
from ag_core.settings import PROJECT
from ag_core.taxonomy import N_RELATIONS, object_index, relation_index
from tests.annotations.released import SHARED, real_release

VIDEO = Video("AB1CD", 10.0, 10.0, 480, 270, 100)
CUP = "cup/glass/bottle"


def graph(
    frame: int,
    objects: list[tuple[str, dict[str, float], float | None]],
    person: bool = True,
    time_s: float | None = None,
) -> SceneGraph:
    """A graph of (class, relationships with probability, score); score None is an object that is not visible."""
    relations = np.zeros((len(objects), N_RELATIONS))
    for row, (_, says, _) in enumerate(objects):
        for name, probability in says.items():
            relations[row, relation_index(name)] = probability
    boxes = [[np.nan] * 4 if score is None else [10 * row, 20, 10 * row + 30, 60.25] for row, (*_, score) in
             enumerate(objects)]  # fmt: skip
    return SceneGraph(
        frame,
        (frame - 1) / 10 if time_s is None else time_s,
        np.array([1, 2, 30, 40]) if person else None,
        0.9 if person else 0.0,
        np.array([object_index(name) for name, *_ in objects]),
        np.array(boxes).reshape(-1, 4),
        np.array([1.0 if score is None else score for *_, score in objects]),
        relations,
    )


def annotated(frame: int, says: dict[str, list[str]], person: bool = True) -> SceneGraph:
    return graph(frame, [(name, dict.fromkeys(names, 1.0), 1.0) for name, names in says.items()], person)


DRINKING = [
    annotated(1, {CUP: ["looking_at", "in_front_of", "holding"]}),
    annotated(11, {CUP: ["looking_at", "in_front_of", "holding", "drinking_from"]}),
    annotated(21, {CUP: ["not_looking_at", "in_front_of", "not_contacting"], "table": ["beneath"]}),
    annotated(31, {"table": ["beneath"]}),
    annotated(51, {CUP: ["holding"], "table": ["beneath"]}),
]
"""The cup is away at frame 31, held again at 51; drunk from at 11 alone."""


def edges_with(network: nx.MultiDiGraph, attribute: str) -> dict[tuple[str, str, str], Any]:
    return {(start, data["relation"], end): data[attribute] for start, end, data in network.edges(data=True)}


# What counts, and how long


@pytest.mark.parametrize(
    ("holds", "runs"),
    [([], []), ([0, 0], []), ([1], [(0, 0)]), ([1, 1, 0, 1], [(0, 1), (3, 3)]), ([0, 1, 1], [(1, 2)])],
)
def test_spells_by_hand(holds: list[int], runs: list[tuple[int, int]]) -> None:
    assert active_intervals(np.array(holds, bool)) == runs


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=30))
def test_spells_cover_exactly_what_holds(holds: list[bool]) -> None:
    covered = [False] * len(holds)
    for first, last in active_intervals(np.array(holds, bool)):
        assert first == 0 or not holds[first - 1]
        covered[first : last + 1] = [True] * (last - first + 1)
    assert covered == holds


def test_nothing_holds_at_probability_zero() -> None:
    one = graph(1, [("bed", {"holding": 0.2, "unsure": 0.5}, 0.9)])
    assert np.flatnonzero(edge_mask(one, 0.0)[0]).tolist() == [relation_index("unsure"), relation_index("holding")]
    assert np.flatnonzero(edge_mask(one)[0]).tolist() == [relation_index("unsure")]


# One frame


def test_one_frame_points_the_way_its_words_read() -> None:
    network = to_networkx(DRINKING, VIDEO, frame=15)
    assert network.graph["frame"] == 11 and network.graph["time_s"] == 1.0
    assert set(network.edges(keys=True)) == {
        ("person", CUP, "looking_at"),
        (CUP, "person", "in_front_of"),
        ("person", CUP, "holding"),
        ("person", CUP, "drinking_from"),
    }
    cup = network.nodes[CUP]
    assert (cup["x1"], cup["y1"], cup["x2"], cup["y2"]) == (0.0, 20.0, 30.0, 60.2)
    assert cup["visible"] and cup["kind"] == "object" and network.nodes["person"]["score"] == 0.9
    assert network.edges["person", CUP, "holding"]["group"] == "contact"


def test_the_best_object_of_each_class_counts_and_equals_all() -> None:
    boxes, scores = np.arange(20).reshape(5, 4), np.array([0.5, 0.9, 0.2, 0.6, 0.6])
    found = SceneGraph(1, 0, np.ones(4), 0.9, np.array([7, 7, 3, 5, 5]), boxes, scores, np.eye(5, 25))
    [made] = select_clear([found], "prediction:x", 0.3)
    assert made.object_classes.tolist() == [7, 5, 5]
    assert made.object_boxes_xyxy[0].tolist() == [4, 5, 6, 7] and made.relations[0, 1] == 1
    assert len(select_clear([graph(1, [])], "prediction")[0]) == 0
    assert select_clear([found], "annotation") == [found] == select_clear([found], "dense")


def test_a_predicted_person_counts_from_the_same_score_and_takes_the_relationships_along() -> None:
    """A person of 7 % was drawn as a box while its graph showed nothing, or the other way round."""
    unsure = SceneGraph(5, 0.4, np.ones(4), 0.07, [2], [[1, 2, 3, 4]], [0.9], np.ones((1, N_RELATIONS)))
    [made] = select_clear([unsure], "prediction:x")
    assert made.person_box_xyxy is None and made.person_score == 0 and not edge_mask(made).any() and len(made) == 1
    assert list(to_networkx([unsure], VIDEO, source="prediction:x", frame=5)) == ["bed"]
    assert not json.loads(to_triplets([unsure], VIDEO, source="prediction:x"))["triplets"]
    assert len(json.loads(to_triplets([unsure], VIDEO, source="prediction:x", min_score=0.05))["triplets"]) == 25
    assert len(json.loads(to_triplets([unsure], VIDEO))["triplets"]) == 25  # what is annotated counts whole
    sure = graph(9, [("bed", {"touching": 0.9}, 0.9)])
    assert b"frame 9" in export_graphs("svg", [unsure, sure], VIDEO, source="prediction:x")  # the fullest by the rule


def test_relationships_are_named_by_object_then_group_the_most_probable_first() -> None:
    says = {"not_contacting": 0.6, "sitting_on": 0.88, "beneath": 0.7, "behind": 0.7, "in": 0.9, "unsure": 0.5}
    two = graph(5, [("bed", {"touching": 0.6}, 0.5), ("chair", says, 0.9)])
    expected = [
        ("person", "touching", "bed", 0.6),
        ("person", "unsure", "chair", 0.5),
        ("chair", "in", "person", 0.9),
        ("chair", "beneath", "person", 0.7),
        ("chair", "behind", "person", 0.7),
        ("person", "sitting_on", "chair", 0.88),
        ("person", "not_contacting", "chair", 0.6),
    ]
    rows = json.loads(to_triplets([two], VIDEO, source="prediction:x"))["triplets"]
    assert [(row["subject"], row["relation"], row["object"], row["probability"]) for row in rows] == expected
    named = [(row, relation) for row, relation in list_edges(two)]
    assert named[-2:] == [(1, relation_index("sitting_on")), (1, relation_index("not_contacting"))]
    for of_video in (to_networkx([two], VIDEO, source="prediction:x"), to_networkx([two], VIDEO, frame=5)):
        assert [
            (start, data["relation"], end, data["probability"]) for start, end, data in list_triplets(of_video)
        ] == (expected)
    picture = export_graphs("svg", [two], VIDEO, source="prediction:x", frame=5).decode()
    assert ">sitting on 88% +1<" in picture and "person not contacting chair 60%" in picture
    assert ">in 90%, beneath 70%, behind 70%<" in picture and "chair beneath person 70%" in picture


def test_equally_good_objects_of_one_class_are_numbered_in_one_frame() -> None:
    likely = {"touching": 0.8}
    seen = graph(
        5, [("dish", likely, 0.9), ("cup/glass/bottle", {}, 0.1), ("dish", {"in": 0.5}, 0.9), ("dish", {}, 0.9)]
    )
    network = to_networkx([seen], VIDEO, source="prediction:x", frame=5)
    assert list(network) == ["person", "dish", "dish 2", "dish 3"]
    assert edges_with(network, "probability") == {
        ("person", "touching", "dish"): 0.8,
        ("dish 2", "in", "person"): 0.5,
    }


def test_an_invisible_object_has_no_box() -> None:
    network = to_networkx([graph(3, [("bed", {}, None), ("table", {"beneath": 1}, 1.0)])], VIDEO, frame=3)
    assert network.nodes["bed"]["visible"] is False and "x1" not in network.nodes["bed"]
    assert b">bed<" not in export_graphs("svg", [graph(3, [("bed", {}, None)])], VIDEO, frame=3)
    assert to_networkx([graph(3, [("bed", {}, None)])], VIDEO).nodes.keys() == {"person"}


def test_without_a_person_and_without_a_graph() -> None:
    alone = graph(3, [("bed", {}, 1.0)], person=False)
    assert list(to_networkx([alone], VIDEO, frame=3)) == ["bed"]
    assert list(to_networkx([alone], VIDEO)) == ["bed"]
    unseen = annotated(3, {"bed": ["lying_on"]}, person=False)
    assert "x1" not in to_networkx([unseen], VIDEO, frame=3).nodes["person"]
    assert len(to_networkx(DRINKING[1:], VIDEO, frame=5)) == 0
    assert find_fullest_frame([]) is None and find_fullest_frame(DRINKING) == 21


# A whole video


def test_a_video_has_spells_from_frame_to_frame() -> None:
    network = to_networkx(DRINKING[::-1], VIDEO)
    assert edges_with(network, "spells") == {
        ("person", "looking_at", CUP): [(0.0, 1.0)],
        ("person", "not_looking_at", CUP): [(2.0, 2.0)],
        (CUP, "in_front_of", "person"): [(0.0, 2.0)],
        ("person", "drinking_from", CUP): [(1.0, 1.0)],
        ("person", "holding", CUP): [(0.0, 1.0), (5.0, 5.0)],
        ("person", "not_contacting", CUP): [(2.0, 2.0)],
        ("table", "beneath", "person"): [(2.0, 5.0)],
    }
    assert network.nodes[CUP]["spells"] == [(0.0, 2.0), (5.0, 5.0)]
    assert network.nodes[CUP]["frame_spells"] == [(1, 21), (51, 51)]
    assert network.nodes["person"]["spells"] == [(0.0, 5.0)]
    assert network.edges["person", CUP, "holding"]["frames"] == 3
    assert network.graph["frames"] == [1, 11, 21, 31, 51] and network.graph["time_unit"] == "second"


NAMED = st.sampled_from(["bed", "table", CUP])
SAID = st.lists(st.sampled_from(["looking_at", "in", "above", "holding", "touching"]), unique=True)


@settings(deadline=None)
@given(
    st.dictionaries(st.integers(1, 60), st.tuples(st.booleans(), st.dictionaries(NAMED, SAID)), max_size=8),
    st.sampled_from([to_gexf, to_graphml, to_node_link]),
)
def test_at_every_frame_the_spells_say_what_the_frame_says(
    frames: dict[int, tuple[bool, dict[str, list[str]]]], writer: Callable[[nx.MultiDiGraph], bytes]
) -> None:
    graphs = [annotated(frame, says, person) for frame, (person, says) in frames.items()]
    content = writer(to_networkx(graphs, VIDEO))
    readers: dict[Callable[[nx.MultiDiGraph], bytes], Callable[[bytes], nx.MultiDiGraph]]
    readers = {to_gexf: read_gexf, to_graphml: read_graphml, to_node_link: read_node_link}
    back = readers[writer](content)
    for one in graphs:
        of_frame = to_networkx(graphs, VIDEO, frame=one.frame)

        def there(data: dict[str, Any], time_s: float = round(one.time_s, 6)) -> bool:
            spells = json.loads(data["spells"]) if isinstance(data["spells"], str) else data["spells"]
            return any(start <= time_s <= end for start, end in spells)

        assert {name for name, data in back.nodes(data=True) if there(data)} == set(of_frame)
        assert {(u, data["relation"], v) for u, v, data in back.edges(data=True) if there(data)} == {
            (u, relation, v) for u, v, relation in of_frame.edges(keys=True)
        }


def test_of_several_of_a_class_the_clearest_speaks_for_a_video() -> None:
    frames = [
        graph(1, [("dish", {"touching": 0.9}, 0.5), ("dish", {"in": 0.7}, 0.8)]),
        graph(2, [("dish", {"in": 0.9}, 0.6), ("dish", {"touching": 0.9}, 0.2)]),
    ]
    network = to_networkx(frames, VIDEO, source="prediction:x")
    assert edges_with(network, "probability") == {("dish", "in", "person"): 0.8}
    assert network.nodes["dish"]["score"] == 0.8


def test_edges_lie_within_their_nodes() -> None:
    frames = [annotated(1, {"bed": ["lying_on"]}, person=False), graph(9, [("bed", {"unsure": 1}, None)], person=False)]
    network = to_networkx(frames, VIDEO)
    for start, end, data in network.edges(data=True):
        for node in (start, end):
            for first, last in data["spells"]:
                assert any(a <= first and last <= b for a, b in network.nodes[node]["spells"])


def test_unknown_times_become_frame_numbers() -> None:
    unknown = Video("AB1CD", float("nan"))
    frames = [graph(3, [("bed", {"unsure": 1.0}, 1.0)], time_s=float("nan"))] * 1
    frames += [graph(9, [("bed", {"unsure": 1.0}, 1.0)], time_s=float("nan"))]
    network = to_networkx(frames, unknown)
    assert network.graph["time_unit"] == "frame" and "duration_s" not in network.graph
    assert edges_with(network, "spells") == {("person", "unsure", "bed"): [(3.0, 9.0)]}
    assert "time_s" not in to_networkx(frames, unknown, frame=9).graph
    assert {row["time_s"] for row in json.loads(to_triplets(frames, unknown))["triplets"]} == {None}
    for name in FORMAT_NAMES:
        assert name == "html" or b"nan" not in export_graphs(name, frames, unknown).lower()


def test_graphs_are_left_as_they_were() -> None:
    before = [(g.relations.copy(), g.object_classes.copy()) for g in DRINKING]
    first = export_graphs("gexf", DRINKING, VIDEO)
    assert first == export_graphs("gexf", DRINKING, VIDEO)
    for one, (relations, classes) in zip(DRINKING, before):
        np.testing.assert_array_equal(one.relations, relations)
        np.testing.assert_array_equal(one.object_classes, classes)


# Files say the same


def read_gexf(content: bytes) -> nx.MultiDiGraph:
    return nx.MultiDiGraph(nx.read_gexf(io.BytesIO(content)))


def read_graphml(content: bytes) -> nx.MultiDiGraph:
    return nx.read_graphml(io.BytesIO(content), edge_key_type=str, force_multigraph=True)


def read_node_link(content: bytes) -> nx.MultiDiGraph:
    return nx.node_link_graph(json.loads(content), edges="edges")


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
    for name in FORMAT_NAMES:
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
    assert tuple(FORMATS) == FORMAT_NAMES


# The command


@pytest.fixture(scope="module")
def store_file(showcase: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "mine.duckdb"
    build_store(
        path, charades=showcase / "charades", action_genome=showcase / "annotations",
        predictions=sorted((showcase / "predictions").glob("*.json")), videos=showcase / "videos",
    )  # fmt: skip
    return path


def export(*arguments: object) -> int:
    return main(["export", *map(str, arguments)])


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_command_writes_every_format(name: str, store_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / f"graph.{FORMATS[name].extension}"
    assert export("EF2GH", "--store", store_file, "--format", name, "--out", out) == 0
    assert b"EF2GH" in out.read_bytes()
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_command_takes_a_frame_and_a_source(
    store_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "one.json"
    assert export("AB1CD", "--store", store_file, "--format", "triplets", "--at", 1.2, "--out", out) == 0
    assert {row["frame"] for row in json.loads(out.read_bytes())["triplets"]} == {15}
    assert export("AB1CD", "--store", store_file, "--format", "triplets", "--frame", 9, "--out", out) == 0
    assert {row["frame"] for row in json.loads(out.read_bytes())["triplets"]} == {9}
    assert export("AB1CD", "--store", store_file, "--format", "json", "--source", "nobody", "--out", out) == 1
    assert "there are: annotation, prediction:" in capsys.readouterr().err


def test_command_reads_a_prediction(showcase: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.json"
    file = showcase / "predictions" / "AB1CD.json"
    assert export("--prediction", file, "--format", "triplets", "--out", out) == 0
    content = json.loads(out.read_bytes())
    assert content["source"] == "prediction:faster-rcnn+reldn"
    rows = content["triplets"]
    assert {row["frame"] for row in rows} == set(range(6, 37, 6))
    assert {(row["subject"], row["relation"], row["object"]) for row in rows} == {
        ("person", "looking_at", CUP), (CUP, "in_front_of", "person"),
        ("person", "holding", CUP), ("person", "drinking_from", CUP),
    }  # fmt: skip


def test_command_goes_on_where_it_stopped(store_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "all"
    arguments = ("--all", "--store", store_file, "--format", "gexf", "--out", folder)
    assert export(*arguments) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["AB1CD.gexf", "EF2GH.gexf"]
    whole = (folder / "AB1CD.gexf").read_bytes()
    (folder / "AB1CD.gexf").write_text("mine")
    (folder / "EF2GH.gexf").unlink()
    assert export(*arguments) == 0
    assert (folder / "AB1CD.gexf").read_text() == "mine" and (folder / "EF2GH.gexf").is_file()
    assert "1 files written, 1 kept" in capsys.readouterr().out
    assert export(*arguments, "--force") == 0
    assert (folder / "AB1CD.gexf").read_bytes() == whole
    assert export("AB1CD", "EF2GH", "--store", store_file, "--format", "svg", "--out", folder) == 0
    assert (folder / "EF2GH.svg").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["NOONE", "--format", "gexf"], "NOONE is not in"),
        (["NOONE", "EF2GH", "--format", "gexf"], "NOONE is not in"),
        (["--format", "gexf"], "--all"),
        (["AB1CD", "--all", "--format", "gexf"], "--all"),
        (["AB1CD", "--format", "strip", "--frame", "3"], "whole video"),
        (["AB1CD", "--format", "json", "--frame", "3", "--at", "1"], "--at"),
        (["AB1CD", "--format", "json", "--frame", "0"], "give a whole number from 1"),
    ],
)
def test_command_refuses_with_a_sentence(
    arguments: list[str], says: str, store_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert export(*arguments, "--store", store_file, "--out", out) == 1
    assert says in capsys.readouterr().err
    assert not out.is_file()


def test_no_real_relationship_is_lost(tmp_path: Path) -> None:
    rates = SHARED / "star-benchmark" / "charades_video_fps.csv"
    name = "ag_frames_val.jsonl"
    if not (SHARED / "ag-scene-graphs" / name).is_file() or not rates.is_file():
        pytest.skip("needs the real scene graphs and rates in ../shared/data")
    build_store(tmp_path / "real.duckdb", action_genome=real_release(tmp_path, [name]), rates=rates)
    rows = frames = 0
    with AnnotationStore(tmp_path / "real.duckdb") as store:
        for video_id in store.videos()["video_id"]:
            video, graphs = Video(video_id, 30.0), store.graphs_of(video_id)
            rows += len(json.loads(to_triplets(graphs, video))["triplets"])
            frames += sum(data["frames"] for *_, data in to_networkx(graphs, video).edges(data=True))
        assert rows == frames == count_rows(store)["relations"]


def test_the_document_lists_every_format() -> None:
    document = (PROJECT / "docs" / "export.md").read_text()
    listed = [line.split("`")[1] for line in document.splitlines() if line.startswith("| `")]
    assert listed == list(FORMATS)
