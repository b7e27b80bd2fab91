"""Player, tables, charts and exports say the same edges of the same graphs in the same direction: one place decides."""

import json
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest

from ag_core.annotations.readers.prediction_rows import read_prediction_tables
from ag_core.graphs.edges import MIN_SCORE
from ag_core.graphs.exchange import to_triplets
from ag_core.graphs.formats import export_graphs
from ag_core.graphs.networks import to_networkx
from ag_core.graphs.palette import DIRECTIONS
from ag_core.records import MIN_PROBABILITY, SceneGraph, Video
from ag_core.taxonomy import (
    GROUP_OF_RELATION,
    N_RELATIONS,
    OBJECT_CLASSES,
    PERSON,
    RELATIONS,
    find_object_index,
    find_relation_index,
    format_name,
    format_triplet,
)
from ag_core.ui import tables
from ag_core.ui.player.payload import build_player_data
from tests.conftest import stand_in_prediction

VIDEO = Video("AB1CD", 10.0, 10.0, 160, 96, 100)
Edges = set[tuple[int, str, str, str]]
"""Frame, subject, relationship and object, as shown."""

SPATIAL = {"above", "beneath", "in front of", "behind", "on the side of", "in"}
"""Of these the object is the subject: they say where it is."""


def random_graphs(seed: int, annotated: bool) -> list[SceneGraph]:
    """Some frames with several objects of few classes; probabilities and scores on both sides of the thresholds."""
    random = np.random.default_rng(seed)
    graphs = []
    for frame in sorted(random.choice(np.arange(1, 100), 6, replace=False).tolist()):
        n = int(random.integers(0, 7))
        relations = random.choice([0.0, 0.2, 0.497, MIN_PROBABILITY, 0.51, 0.9], (n, N_RELATIONS)).astype(np.float32)
        scores = random.choice([0.1, MIN_SCORE, 0.31, 0.8], n).astype(np.float32)
        if annotated:
            relations, scores = np.round(relations), np.ones(n, np.float32)
        boxes = random.uniform(0, 90, (n, 4))
        classes = random.integers(1, 4, n)
        person_score = float(random.choice([0.07, MIN_SCORE, 0.9, 0.9]))
        graphs.append(SceneGraph(frame, (frame - 1) / 10, np.zeros(4), person_score, classes, boxes, scores, relations))
    return graphs


def edges_by_hand(graphs: list[SceneGraph], source: str) -> Edges:
    """What is annotated; of a prediction, what links a person with the best object of a class, all clear enough."""
    found = set()
    for graph in graphs:
        for row, relation in np.argwhere(graph.relations >= MIN_PROBABILITY).tolist():
            rivals = graph.object_scores[graph.object_classes == graph.object_classes[row]]
            clear = min(graph.person_score, graph.object_scores[row]) >= np.float32(MIN_SCORE)
            if source == "annotation" or (clear and graph.object_scores[row] == rivals.max()):
                thing, name = (
                    format_name(OBJECT_CLASSES[graph.object_classes[row]]),
                    format_name(RELATIONS[relation]),
                )
                found.add((graph.frame, thing, name, PERSON) if name in SPATIAL else (graph.frame, PERSON, name, thing))
    return found


def edges_of_player(graphs: list[SceneGraph], source: str) -> Edges:
    data = build_player_data(VIDEO, None, {source: graphs})
    rows = data[f"graphs:{source}"]
    least, strengths = data["filter"]["from"], data.get(f"strengths:{source}")
    percents = iter(strengths["score"].to_pylist()) if strengths is not None else repeat(100)
    found = set()
    for frame, track, mask in zip(*(rows[name].to_pylist() for name in ("frame", "track", "mask"))):
        thing = format_name(data["tracks"][track]["class"])
        for relation in (one for bit, one in enumerate(data["relations"]) if mask & (1 << bit)):
            ends = (PERSON, relation["name"], thing) if relation["of_person"] else (thing, relation["name"], PERSON)
            if next(percents) >= least:
                found.add((frame + 1, *ends))
    return found


def edges_of_table(graphs: list[SceneGraph], source: str) -> Edges:
    table = tables.build_triplet_table(graphs, source)
    return set(table[["frame", "subject", "relation", "object"]].itertuples(index=False, name=None))


def name_class(node: str) -> str:
    """The class of a node whose name may carry a number, as shown."""
    return format_name(next(one for one in OBJECT_CLASSES if node == one or node.rpartition(" ")[0] == one))


def edges_of_export(graphs: list[SceneGraph], source: str) -> Edges:
    return {
        (row["frame"], name_class(row["subject"]), format_name(row["relation"]), name_class(row["object"]))
        for row in json.loads(to_triplets(graphs, VIDEO, source=source))["triplets"]
    }


def edges_of_whole_video(graphs: list[SceneGraph], source: str) -> set[tuple[str, str, str]]:
    network = to_networkx(graphs, VIDEO, source=source)
    return {(format_name(start), format_name(name), format_name(end)) for start, end, name in network.edges(keys=True)}


@pytest.mark.parametrize("source", ["annotation", "prediction:yolox+reldn"])
@pytest.mark.parametrize("seed", range(12))
def test_player_table_and_exports_have_the_same_edges(seed: int, source: str) -> None:
    graphs = random_graphs(seed, source == "annotation")
    expected = edges_by_hand(graphs, source)
    assert expected
    assert edges_of_table(graphs, source) == expected
    assert edges_of_player(graphs, source) == expected
    assert edges_of_export(graphs, source) == expected
    assert edges_of_whole_video(graphs, source) == {(start, name, end) for _, start, name, end in expected}


@pytest.mark.parametrize("seed", range(4))
def test_a_store_counts_of_a_prediction_what_the_player_shows(seed: int, tmp_path: Path) -> None:
    """Search and statistics ask the store: a hit is an edge on the screen, and an edge on the screen is a hit."""
    graphs = random_graphs(seed, annotated=False)
    prediction = replace(stand_in_prediction("EF2GH"), video=VIDEO, frames=tuple(graphs))
    prediction.save(tmp_path / "p.json")
    objects = read_prediction_tables([tmp_path / "p.json"])["objects"]
    found = {
        (frame, format_name(OBJECT_CLASSES[thing]), format_name(name))
        for frame, thing, mask in zip(objects["frame"], objects["class"], objects["relation_mask"])
        for bit, name in enumerate(RELATIONS)
        if mask & (1 << bit)
    }
    shown = edges_of_player(graphs, "prediction")
    assert found == {(frame, end if start == PERSON else start, name) for frame, start, name, end in shown}


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_surface_says_a_relationship_in_one_direction(relation: str) -> None:
    """The words of screens, files and pictures for one relationship between the person and a chair."""
    shown = format_name(relation)
    expected = f"chair {shown} person" if shown in SPATIAL else f"person {shown} chair"
    relations = np.zeros((1, N_RELATIONS), np.float32)
    relations[0, find_relation_index(relation)] = 1
    graphs = [SceneGraph(1, 0.0, np.zeros(4), 0.9, [find_object_index("chair")], np.ones((1, 4)), [1.0], relations)]
    assert format_triplet(relation, "chair") == expected
    for of_graphs in (edges_of_player, edges_of_table, edges_of_export):
        assert {" ".join(triplet) for _, *triplet in of_graphs(graphs, "annotation")} == {expected}
    assert {" ".join(triplet) for triplet in edges_of_whole_video(graphs, "annotation")} == {expected}
    for name in ("svg", "strip", "html"):
        assert expected in export_graphs(name, graphs, VIDEO).decode()
    subject, _, end = expected.partition(f" {shown} ")
    gexf = export_graphs("gexf", graphs, VIDEO, frame=1).decode()
    assert f'source="{subject}" target="{end}"' in gexf
    graphml = export_graphs("graphml", graphs, VIDEO, frame=1).decode()
    assert f'source="{subject}" target="{end}"' in graphml
    [link] = json.loads(export_graphs("json", graphs, VIDEO, frame=1))["edges"]
    assert (link["source"], link["target"]) == (subject, end)
    matrix = tables.build_confidence_table(graphs[0].confidence_matrix())
    assert matrix[matrix["confidence"] > 0]["triplet"].tolist() == [expected]
    assert DIRECTIONS[GROUP_OF_RELATION[relation]].startswith("object" if shown in SPATIAL else "person")


def test_an_edge_is_half_certain_of_the_best_object_of_its_class() -> None:
    relations = np.zeros((3, N_RELATIONS), np.float32)
    relations[0, find_relation_index("holding")] = 0.5
    relations[0, find_relation_index("touching")] = 0.49
    relations[1, find_relation_index("beneath")] = relations[2, find_relation_index("in")] = 0.9
    classes = [find_object_index("dish"), find_object_index("dish"), find_object_index("bed")]
    graph = SceneGraph(1, 0.0, np.zeros(4), 1.0, classes, np.ones((3, 4)), [0.9, 0.8, 0.2], relations)
    for of_graphs in (edges_of_table, edges_of_player, edges_of_export):
        assert of_graphs([graph], "prediction") == {(1, "person", "holding", "dish")}
