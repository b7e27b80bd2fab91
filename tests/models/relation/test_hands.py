"""How near hands are to objects, and what was counted of that."""

import numpy as np

from ag_core.models.movenet import PersonPoints
from ag_core.models.relation.hands import DONE_BY_HAND, N_CELLS, UNSEEN, count_hands, find_hand_cells
from ag_core.taxonomy import N_RELATIONS, RELATIONS, find_object_index

CUP, HOLDING, SITTING = find_object_index("cup/glass/bottle"), RELATIONS.index("holding"), RELATIONS.index("sitting_on")
PERSON = [0, 0, 40, 100]


def find_points(*scores: float) -> PersonPoints:
    """Wrists at (10, 50) and (60, 50)."""
    return PersonPoints(np.array([[20, 5], [10, 50], [60, 50]], np.float32), np.array([0.9, *scores], np.float32))


def test_the_nearer_wrist_that_is_seen_counts() -> None:
    objects = np.array([[5, 45, 15, 55], [18, 45, 22, 55], [18, 45, 38, 75], [66, 45, 70, 55], [0, 90, 30, 99]])
    both, left, none = (find_hand_cells(PERSON, objects, find_points(*seen)) for seen in ((1, 1), (1, 0.2), (0, 0)))
    # Inside, 8 pixels from it (of 100), and so for a large one; 6 and 56 pixels away; 40 and 40.
    assert both.tolist() == [5, 6, 2, 6, 8]
    assert left.tolist() == [5, 6, 2, 8, 8]
    assert none.tolist() == [UNSEEN] * 5
    assert find_hand_cells(PERSON, np.zeros((0, 4)), find_points(1, 1)).shape == (0,)


def test_a_hand_that_is_there_speaks_of_what_hands_do_alone() -> None:
    cells = np.repeat([5, 8, UNSEEN], 50)
    relations = np.zeros((150, N_RELATIONS), bool)
    relations[:45, [HOLDING, SITTING]] = True
    relations[100:, HOLDING] = True
    table = count_hands(cells, np.full(150, CUP), relations)
    assert table.shape == (N_CELLS, N_RELATIONS)
    assert table[5, HOLDING] > 1 and table[8, HOLDING] < -1
    assert not table[UNSEEN].any() and not table[:, SITTING].any()
    assert set(DONE_BY_HAND) <= set(RELATIONS)
