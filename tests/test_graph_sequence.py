"""Graphs of a video as columns: the same records as one by one, made at the first look; foreign columns are refused."""

import numpy as np
import pytest

from ag_core.graph_sequence import NO_GRAPH, GraphSequence
from ag_core.records import SceneGraph

DRAW = np.random.default_rng(0)
COUNTS = np.array([2, 0, 3])
PERSONS = np.array([[1, 2, 3, 4], [np.nan] * 4, [5, 6, 7, 8]], np.float32)
CLASSES, BOXES = DRAW.integers(1, 36, 5), DRAW.random((5, 4), np.float32)
SCORES, RELATIONS = DRAW.random(5, np.float32), DRAW.random((5, 25), np.float32)
FRAMES, TIMES, PERSON_SCORES = np.array([3, 9, 12]), np.array([0.5, 2, 3.25]), np.array([0.5, 0, 1])
COLUMNS = (FRAMES, TIMES, PERSONS, PERSON_SCORES, COUNTS, CLASSES, BOXES, SCORES, RELATIONS)


def make_one_by_one() -> list[SceneGraph]:
    chosen = [slice(0, 2), slice(2, 2), slice(2, 5)]
    return [
        SceneGraph(
            int(FRAMES[row]), float(TIMES[row]), None if row == 1 else PERSONS[row], float(PERSON_SCORES[row]),
            CLASSES[objects], BOXES[objects], SCORES[objects], RELATIONS[objects],
        )
        for row, objects in enumerate(chosen)
    ]  # fmt: skip


def test_columns_become_the_same_graphs_as_one_by_one() -> None:
    made = GraphSequence(*COLUMNS)
    for graph, alone in zip(made, make_one_by_one(), strict=True):
        assert vars(graph).keys() == vars(alone).keys()
        for name, value in vars(alone).items():
            np.testing.assert_array_equal(vars(graph)[name], value, strict=isinstance(value, np.ndarray))
    assert made[1] is made[-2] is made[1:][0] is list(made)[1], "a record is made once"
    assert np.shares_memory(made[2].relations, made.relations)
    with pytest.raises(IndexError):
        made[3]
    assert list(GraphSequence(*(column[:0] for column in COLUMNS))) == []


def test_graphs_are_gathered_into_columns_and_columns_stay_what_they_are() -> None:
    gathered = GraphSequence.gather(make_one_by_one())
    columns = vars(GraphSequence(*COLUMNS)) | {"_made": None}
    for name, column in (vars(gathered) | {"_made": None}).items():
        np.testing.assert_array_equal(column, columns[name], strict=column is not None)
    assert GraphSequence.gather(gathered) is gathered
    assert len(GraphSequence.gather([])) == 0
    (nobody,) = GraphSequence.gather([None])
    assert (nobody.frame, nobody.person_box_xyxy, len(nobody)) == (NO_GRAPH.frame, None, 0)


def test_columns_that_do_not_fit_together_are_refused() -> None:
    one = (np.array([1]), np.zeros(1), np.zeros((1, 4)), np.ones(1), np.array([2]))
    two = (np.array([5, 6]), np.zeros((2, 4)), np.ones(2), np.zeros((2, 25)))
    assert len(GraphSequence(*one, *two)[0]) == 2
    for wrong in ((np.array([0]), *one[1:]), (*one[:4], np.array([1])), (*one[:3], np.ones(2), one[4])):
        with pytest.raises(ValueError, match="as many objects as counted"):
            GraphSequence(*wrong, *two)
    with pytest.raises(ValueError, match="person has a field"):
        GraphSequence(*one, np.array([5, 0]), *two[1:])
