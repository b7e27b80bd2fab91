"""Steady relationships: tracks, counts, paths and flicker, worked out by hand."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from ag_core.models.relation.smoothing import (
    MIN_CHANCE,
    Transitions,
    count_flicker,
    count_transitions,
    find_likeliest_path,
    list_tracks,
    smooth_graphs,
)
from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_RELATIONS, Group, find_relation_index

CUP, BOOK = 10, 4
HOLDING, TOUCHING = find_relation_index("holding"), find_relation_index("touching")


def make_graph(frame: int, objects: Sequence[tuple[int, dict[int, float]]], person: bool = True) -> SceneGraph:
    """A graph half a second after the one before, with (class, probabilities by relationship) of each object."""
    relations = np.zeros((len(objects), N_RELATIONS), np.float32)
    for row, (_, chances) in enumerate(objects):
        for relation, chance in chances.items():
            relations[row, relation] = chance
    return SceneGraph(
        frame=frame + 1,
        time_s=frame / 2,
        person_box_xyxy=[0, 0, 10, 10] if person else None,
        person_score=1.0,
        object_classes=[object_class for object_class, _ in objects],
        object_boxes_xyxy=np.tile([0.0, 0, 5, 5], (len(objects), 1)),
        object_scores=np.linspace(0.9, 0.8, len(objects)),
        relations=relations,
    )


def make_film(held: Sequence[float], looked: Sequence[float] | None = None) -> list[SceneGraph]:
    """A cup that is held, and looked at or not, with these probabilities frame by frame."""
    looked = [0.0] * len(held) if looked is None else looked
    return [make_graph(n, [(CUP, {0: a, 1: 1 - a, HOLDING: p})]) for n, (p, a) in enumerate(zip(held, looked))]


def test_tracks_follow_the_best_object_of_a_class() -> None:
    graphs = [
        make_graph(0, [(CUP, {}), (CUP, {}), (BOOK, {})]),
        make_graph(1, [(BOOK, {}), (CUP, {})]),
        make_graph(2, [(CUP, {})], person=False),
        make_graph(6, [(CUP, {})]),  # 2.5 s after it was seen
        make_graph(5, [(BOOK, {})]),
    ]
    assert list_tracks(graphs[:4]) == [[(0, 0), (1, 1)], [(0, 2), (1, 0)], [(3, 0)]]
    assert list_tracks([graphs[0], graphs[4]]) == [[(0, 0)], [(0, 2)], [(1, 0)]]
    assert list_tracks([graphs[1], graphs[4]]) == [[(0, 0), (1, 0)], [(0, 1)]]


def test_counts_by_hand() -> None:
    """Not held, held, held: one step into holding, one that stays, and each set once more as staying."""
    contact = count_transitions([make_film([0, 1, 1])])[Group.CONTACT]
    nothing, held = contact.states.sum(axis=1).argsort()
    assert contact.states.sum(axis=1).tolist()[held] == 1
    assert np.exp(contact.usual[[nothing, held]]).tolist() == pytest.approx([1 / 3, 2 / 3])
    assert np.exp(contact.start[[nothing, held]]).tolist() == pytest.approx([2 / 3, 1 / 3])
    assert np.exp(contact.follow[nothing, [nothing, held]]).tolist() == pytest.approx([1 / 2, 1 / 2])
    assert np.exp(contact.follow[held, [nothing, held]]).tolist() == pytest.approx([0, 1])
    with pytest.raises(ValueError, match="nothing to count"):
        count_transitions([[make_graph(0, [])]])


def make_lazy(stay: float) -> Transitions:
    """Nothing or the one relationship, which stays as it is with this probability."""
    change = 1 - stay
    half = np.log([0.5, 0.5])
    return Transitions(np.array([[False], [True]]), half, half, np.log([[stay, change], [change, stay]]))


def test_a_path_by_hand() -> None:
    """One doubtful frame among sure ones: leaving and coming back costs (.1 / .9)^2 = 1/81, more than .3 / .7."""
    chances = np.array([[0.9], [0.3], [0.9]])
    assert find_likeliest_path(chances, make_lazy(0.9), exclusive=False).tolist() == [1, 1, 1]
    assert find_likeliest_path(chances, make_lazy(0.55), exclusive=False).tolist() == [1, 0, 1]
    sure = np.array([[0.95], [0.01], [0.95]])  # 19 to 1 against 9, 99 to 1 against 81
    assert find_likeliest_path(sure, make_lazy(0.9), exclusive=False).tolist() == [1, 0, 1]
    assert find_likeliest_path(chances[:1], make_lazy(0.9), exclusive=False).tolist() == [1]


def test_a_step_that_is_not_legal_is_never_taken() -> None:
    with np.errstate(divide="ignore"):
        follow = np.log(np.array([[0.5, 0.5], [0, 1.0]]))  # what is held stays so
    half = np.log([0.5, 0.5])
    held = Transitions(np.array([[False], [True]]), half, half, follow)
    path = find_likeliest_path(np.array([[0.1], [0.6], [0.2], [0.1]]), held, exclusive=False)
    assert path.tolist() == [0, 0, 0, 0]
    path = find_likeliest_path(np.array([[0.1], [0.99], [0.2], [0.8]]), held, exclusive=False)
    assert path.tolist() == [0, 1, 1, 1]


def test_the_best_of_all_paths_is_found() -> None:
    random = np.random.default_rng(0)
    states = np.array([[False, False], [True, False], [True, True]])
    (usual, start), follow = np.split(np.log(random.dirichlet(np.ones(3), 5)), [2])
    chances = random.random((5, 2))
    transitions = Transitions(states, usual, start, follow)

    def weigh(path: tuple[int, ...]) -> float:
        fits = sum(np.log(np.where(states[s], p, 1 - p)).sum() - 0.3 * usual[s] for s, p in zip(path, chances))
        return float(start[path[0]] + sum(follow[a, b] for a, b in pairwise(path)) + fits)

    best = max(np.ndindex(3, 3, 3, 3, 3), key=weigh)
    assert find_likeliest_path(chances, transitions, exclusive=False).tolist() == list(best)


def test_smoothed_graphs_by_hand() -> None:
    learned = count_transitions([make_film([1] * 9, [0] * 9), make_film([0] * 9, [1] * 9)])
    graphs = make_film([0.9, 0.3, 0.9], [0.2, 0.6, 0.2])
    before = [graph.relations.copy() for graph in graphs]
    smooth = smooth_graphs(graphs, learned)
    assert [graph.relations[0, HOLDING] for graph in smooth] == pytest.approx([0.95, 0.65, 0.95])
    assert [graph.relations[0, 0] for graph in smooth] == pytest.approx([0.1, 0.3, 0.1])
    assert [graph.relations[0, :3].sum() for graph in smooth] == pytest.approx([1, 1, 1])
    assert all(np.array_equal(graph.relations, old) for graph, old in zip(graphs, before))
    assert smooth_graphs([], learned) == []


def test_what_the_path_leaves_out_never_holds() -> None:
    learned = count_transitions([make_film([1] * 9)])
    graphs = make_film([1, 1, 1])
    for graph in graphs:
        graph.relations[0, TOUCHING] = 1
    [first, *_] = smooth_graphs(graphs, learned)
    assert first.relations[0, TOUCHING] == pytest.approx((1 - MIN_CHANCE) / 2) and first.relations[0, TOUCHING] < 0.5


def test_flicker_by_hand() -> None:
    """Two frames of eight are otherwise than both beside them, in 3.5 seconds."""
    graphs = make_film([0.9, 0.1, 0.9, 0.9, 0.1, 0.1, 0.9, 0.1], [0] * 8)
    assert count_flicker(graphs) == pytest.approx(2 / 3.5 * 60)
    assert count_flicker(make_film([0.9, 0.1])) == count_flicker([]) == 0
    steady = smooth_graphs(graphs, count_transitions([make_film([1] * 20), make_film([0] * 20)]))
    assert count_flicker(steady) == 0


def test_groups_have_states_of_their_own() -> None:
    learned = count_transitions([make_film([1, 0], [0, 1])])
    assert {group: found.states.shape[1] for group, found in learned.items()} == {
        group: part.stop - part.start for group, part in GROUP_SLICES.items()
    }
