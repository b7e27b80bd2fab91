"""The player, the table of triplets and the exports say the same edges of the same graphs: one place decides."""

import json

import numpy as np
import pytest

from ag_core.graphs.edges import MIN_SCORE
from ag_core.graphs.exchange import to_triplets
from ag_core.graphs.networks import to_networkx
from ag_core.records import MIN_PROBABILITY, SceneGraph, Video
from ag_core.taxonomy import N_RELATIONS, OBJECT_CLASSES, PERSON, RELATIONS, format_name, object_index, relation_index
from ag_core.ui import tables
from ag_core.ui.player.player import build_player_data

VIDEO = Video("AB1CD", 10.0, 10.0, 160, 96, 100)
Edges = set[tuple[int, str, str]]


def random_graphs(seed: int, annotated: bool) -> list[SceneGraph]:
    """Some frames with several objects of few classes; probabilities and scores on both sides of the thresholds."""
    random = np.random.default_rng(seed)
    graphs = []
    for frame in sorted(random.choice(np.arange(1, 100), 6, replace=False).tolist()):
        n = int(random.integers(0, 7))
        relations = random.choice([0.0, 0.2, MIN_PROBABILITY, 0.51, 0.9], (n, N_RELATIONS)).astype(np.float32)
        scores = random.choice([0.1, MIN_SCORE, 0.31, 0.8], n).astype(np.float32)
        if annotated:
            relations, scores = np.round(relations), np.ones(n, np.float32)
        boxes = random.uniform(0, 90, (n, 4))
        classes = random.integers(1, 4, n)
        graphs.append(SceneGraph(frame, (frame - 1) / 10, np.zeros(4), 0.9, classes, boxes, scores, relations))
    return graphs


def edges_of_player(graphs: list[SceneGraph], source: str) -> Edges:
    data = build_player_data(VIDEO, None, {source: graphs})
    rows = data[f"graphs:{source}"]
    found = set()
    for frame, track, mask in zip(*(rows[name].to_pylist() for name in ("frame", "track", "mask"))):
        held = [name for bit, name in enumerate(RELATIONS) if mask & (1 << bit)]
        found |= {(frame + 1, format_name(data["tracks"][track]["class"]), format_name(name)) for name in held}
    return found


def edges_of_table(graphs: list[SceneGraph]) -> Edges:
    return set(tables.build_triplet_table(graphs)[["frame", "object", "relation"]].itertuples(index=False, name=None))


def edges_of_export(graphs: list[SceneGraph]) -> Edges:
    found = set()
    for row in json.loads(to_triplets(graphs, VIDEO))["triplets"]:
        thing = row["object"] if row["subject"] == PERSON else row["subject"]
        name = next(one for one in OBJECT_CLASSES if thing == one or thing.rpartition(" ")[0] == one)
        found.add((row["frame"], format_name(name), format_name(row["relation"])))
    return found


def edges_of_whole_video(graphs: list[SceneGraph]) -> set[tuple[str, str]]:
    network = to_networkx(graphs, VIDEO)
    return {
        (format_name(end if start == PERSON else start), format_name(relation))
        for start, end, relation in network.edges(keys=True)
    }


@pytest.mark.parametrize("annotated", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_player_table_and_exports_have_the_same_edges(seed: int, annotated: bool) -> None:
    graphs = random_graphs(seed, annotated)
    expected = edges_of_table(graphs)
    assert expected
    assert edges_of_player(graphs, "annotation" if annotated else "prediction") == expected
    assert edges_of_export(graphs) == expected
    assert edges_of_whole_video(graphs) == {(thing, relation) for _, thing, relation in expected}
    if annotated:  # an annotation passes whole
        assert expected == {
            (graph.frame, format_name(OBJECT_CLASSES[graph.object_classes[row]]), format_name(RELATIONS[relation]))
            for graph in graphs
            for row, relation in np.argwhere(graph.relations == 1)
        }


def test_an_edge_is_half_certain_of_the_best_object_of_its_class() -> None:
    relations = np.zeros((3, N_RELATIONS), np.float32)
    relations[0, relation_index("holding")] = 0.5
    relations[0, relation_index("touching")] = 0.49
    relations[1, relation_index("beneath")] = relations[2, relation_index("in")] = 0.9
    classes = [object_index("dish"), object_index("dish"), object_index("bed")]
    graph = SceneGraph(1, 0.0, np.zeros(4), 1.0, classes, np.ones((3, 4)), [0.9, 0.8, 0.2], relations)
    assert edges_of_table([graph]) == edges_of_player([graph], "x") == {(1, "dish", "holding")}
