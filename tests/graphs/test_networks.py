"""Graphs as networks: what counts, how long it holds, which way it points."""

import json
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_core.graphs.edges import active_intervals, edge_mask, find_fullest_frame, list_edges, select_clear
from ag_core.graphs.exchange import to_gexf, to_graphml, to_node_link, to_triplets
from ag_core.graphs.formats import FORMATS, export_graphs
from ag_core.graphs.networks import list_triplets, to_networkx
from ag_core.records import SceneGraph, Video
from ag_core.taxonomy import N_RELATIONS, find_relation_index
from tests.graphs.scenes import (
    CUP,
    DRINKING,
    VIDEO,
    annotated,
    edges_with,
    graph,
    read_gexf,
    read_graphml,
    read_node_link,
)

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
    assert np.flatnonzero(edge_mask(one, 0.0)[0]).tolist() == [
        find_relation_index("unsure"),
        find_relation_index("holding"),
    ]
    assert np.flatnonzero(edge_mask(one)[0]).tolist() == [find_relation_index("unsure")]


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
    assert named[-2:] == [(1, find_relation_index("sitting_on")), (1, find_relation_index("not_contacting"))]
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
    for name in FORMATS:
        assert name in ("html", "png") or b"nan" not in export_graphs(name, frames, unknown).lower()


def test_graphs_are_left_as_they_were() -> None:
    before = [(g.relations.copy(), g.object_classes.copy()) for g in DRINKING]
    first = export_graphs("gexf", DRINKING, VIDEO)
    assert first == export_graphs("gexf", DRINKING, VIDEO)
    for one, (relations, classes) in zip(DRINKING, before):
        np.testing.assert_array_equal(one.relations, relations)
        np.testing.assert_array_equal(one.object_classes, classes)
