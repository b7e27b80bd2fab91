"""What the distance of a person's hands from an object says of their relationships, as counted.

A cell says how far the nearer wrist is from the object's box, and whether the object is small beside the person. Where
no wrist was seen, nothing is said. What is usual is what the object's class says.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.models.movenet import POINTS, PersonPoints
from ag_core.models.relation.cell_evidence import count_evidence
from ag_core.models.relation.frequency import count_relation_frequencies
from ag_core.taxonomy import RELATIONS

MIN_WRIST_SCORE = 0.3
"""From this score on a wrist counts as seen; where it is behind something, scores are mostly below."""

DISTANCES = (0.0, 0.08, 0.2)
"""From the wrist to the box, in lengths of the longer side of the person's box: above each the next level begins."""

SMALL = 0.1
"""The area of a small object's box, in areas of the person's."""

N_CELLS = 1 + 2 * (len(DISTANCES) + 1)
DONE_BY_HAND = (
    "carrying",
    "drinking_from",
    "eating",
    "holding",
    "not_contacting",
    "touching",
    "twisting",
    "wiping",
    "writing_on",
)
"""The relationships that hands speak of."""

UNSEEN = 0
"""The cell of all objects where no wrist was seen."""

_WRISTS = [place for place, name in enumerate(POINTS) if name.endswith("wrist")]


def find_hand_cells(person_box_xyxy: ArrayLike, objects_xyxy: ArrayLike, points: PersonPoints) -> NDArray[np.int64]:
    """[n] the cell of each object's box [n,4] beside one person, all in pixels."""
    person = np.asarray(person_box_xyxy, np.float64)
    objects = np.asarray(objects_xyxy, np.float64).reshape(-1, 4)
    seen = [place for place in _WRISTS if points.scores[place] >= MIN_WRIST_SCORE]
    if not seen:
        return np.full(len(objects), UNSEEN)
    wrists = points.points_xy[seen].astype(np.float64)[:, None]  # [wrists,1,2]
    outside = np.maximum(np.maximum(objects[:, :2] - wrists, wrists - objects[:, 2:]), 0)
    sides = np.maximum(person[2:] - person[:2], 1)
    distances = np.hypot(outside[..., 0], outside[..., 1]).min(axis=0) / sides.max()
    areas = np.maximum(objects[:, 2:] - objects[:, :2], 0).prod(axis=1)
    small = (areas < SMALL * sides.prod()) * (len(DISTANCES) + 1)
    return np.asarray(1 + small + np.searchsorted(DISTANCES, distances, side="left"), np.int64)


def count_hands(
    cells: NDArray[np.int64], classes: NDArray[np.int64], relations: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """[N_CELLS,25] evidence from pairs in cells [n] with objects of classes [n] and relations [n,25].

    0 for what hands do not do, and where none was seen.
    """
    usual = count_relation_frequencies(classes, relations).astype(np.float64)[classes]
    table = count_evidence(cells, usual, relations, N_CELLS)
    table[UNSEEN] = 0
    table[:, [relation not in DONE_BY_HAND for relation in RELATIONS]] = 0
    return table
