"""Scene graphs of many frames as flat columns: how candidates are chosen and ranked, and which objects answer which.

What all ways of scoring graphs share. The frame's entries (object, relationship) are sorted once; every constraint is
then a choice among them. Objects are paired with true ones once, since neither class nor place depends on the
relationship. Knows no measure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.protocol import Constraint
from ag_core.graph_sequence import GraphSequence
from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group

N_RELEASED = N_RELATIONS + 1
"""Columns of relationships here: the paper's 25, then the released `other_relationship`."""

MIN_OVERLAP = 0.5
MIN_SEMI_PROBABILITY = 0.9
"""A spatial or contact relationship must pass this to become a candidate under the semi constraint."""

MAX_CANDIDATES = 100
"""Of a frame without constraint."""

NO_RANK = np.iinfo(np.int64).max
"""In place of a rank: nothing was put forward."""

OtherRelationships = Mapping[str, Sequence[NDArray[np.bool_]]]
"""By video, for each of its graphs, [n] whether each object carries the annotated `other_relationship`."""


@dataclass(frozen=True)
class GraphColumns:
    """The graphs of F frames with N objects, objects in the order of the frames.

    person_boxes_xyxy  [F,4] float64 pixels, NaN where nobody is
    object_frame       [N] index into the frames, ascending
    object_classes     [N]
    object_boxes_xyxy  [N,4] float64 pixels, NaN where not visible
    pair_scores        [N] score of the person times score of the object
    relations          [N,26] probabilities, 0 or 1 where annotated; the last column is `other_relationship`
    """

    person_boxes_xyxy: NDArray[np.float64]
    object_frame: NDArray[np.int64]
    object_classes: NDArray[np.int64]
    object_boxes_xyxy: NDArray[np.float64]
    pair_scores: NDArray[np.float64]
    relations: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.object_frame)
        shapes = [self.object_classes.shape, self.pair_scores.shape, self.object_boxes_xyxy.shape, self.relations.shape]
        if shapes != [(n,), (n,), (n, 4), (n, N_RELEASED)] or self.person_boxes_xyxy.shape[1:] != (4,):
            raise ValueError(f"{n} objects have columns of shapes {shapes}; give every object one row in each")
        if (np.diff(self.object_frame) < 0).any():
            raise ValueError("objects stand in the order of their frames; sort them")

    @property
    def n_frames(self) -> int:
        return len(self.person_boxes_xyxy)

    @property
    def in_sight(self) -> NDArray[np.bool_]:
        """[N] whether the object and its person have a box."""
        persons = self.person_boxes_xyxy[self.object_frame]
        return np.asarray(~(np.isnan(self.object_boxes_xyxy).any(axis=1) | np.isnan(persons).any(axis=1)))

    @staticmethod
    def from_graphs(
        graphs: Sequence[SceneGraph | None], others: Sequence[NDArray[np.bool_]] | None = None
    ) -> "GraphColumns":
        """The columns of one graph a frame; None is a frame without a graph, and has no object.

        `others` tells of each graph which objects carry `other_relationship`. Relationships of pairs that are out of
        sight are 0.
        """
        return GraphColumns.from_videos([graphs], others)

    @staticmethod
    def from_videos(
        videos: Sequence[Sequence[SceneGraph | None]], others: Sequence[NDArray[np.bool_]] | None = None
    ) -> "GraphColumns":
        """The same of the graphs of many videos, one video after the other; of columns no record is made."""
        parts = [GraphSequence.gather(graphs) for graphs in videos] or [GraphSequence.gather([])]
        counts = np.concatenate([part.counts for part in parts])
        persons = np.concatenate([part.person_boxes_xyxy for part in parts], dtype=np.float64)
        pair_scores = np.concatenate([part.object_scores for part in parts], dtype=np.float64)
        pair_scores *= np.repeat(np.concatenate([part.person_scores for part in parts]), counts)
        relations = np.zeros((len(pair_scores), N_RELEASED))
        np.concatenate([part.relations for part in parts], out=relations[:, :N_RELATIONS])
        if others is not None and len(pair_scores):
            carries = [np.asarray(of_frame, bool) for of_frame, n in zip(others, counts.tolist(), strict=True) if n]
            relations[:, N_RELATIONS] = np.concatenate(carries)
        found = GraphColumns(
            persons,
            np.repeat(np.arange(len(counts)), counts),
            np.concatenate([part.object_classes for part in parts]),
            np.concatenate([part.object_boxes_xyxy for part in parts], dtype=np.float64),
            pair_scores,
            relations,
        )
        hidden = ~found.in_sight
        if hidden.any():
            relations[hidden] = 0
        return found


def choose_candidates(probabilities: NDArray[np.float64], constraint: Constraint) -> NDArray[np.bool_]:
    """[N,R] which relationships of each pair are put forward; R is 25, or 26 with `other_relationship` at the end."""
    attention, spatial = (GROUP_SLICES[group] for group in (Group.ATTENTION, Group.SPATIAL))
    contact = slice(GROUP_SLICES[Group.CONTACT].start, probabilities.shape[1])
    if constraint is Constraint.NO_CONSTRAINT:
        return probabilities > 0
    rows = np.arange(len(probabilities))
    if constraint is Constraint.SEMI_CONSTRAINT:
        chosen = probabilities > MIN_SEMI_PROBABILITY
        chosen[:, attention] = False
        chosen[rows, attention.start + probabilities[:, attention].argmax(axis=1)] = True
        return np.asarray(chosen & (probabilities > 0))
    chosen = np.zeros(probabilities.shape, bool)
    chosen[rows, spatial.start + probabilities[:, spatial].argmax(axis=1)] = True
    if constraint is Constraint.WITH_CONSTRAINT:
        for part in (attention, contact):
            chosen[rows, part.start + probabilities[:, part].argmax(axis=1)] = True
    else:
        of_person = probabilities.copy()
        of_person[:, spatial] = -1
        chosen[rows, of_person.argmax(axis=1)] = True
    return np.asarray(chosen & (probabilities > 0))


class Ranking:
    """The entries (object, relationship) of every frame, best first: by the product of the pair's score and the
    relationship's probability, equal ones in the order of objects and relationships."""

    def __init__(self, graphs: GraphColumns) -> None:
        self.graphs = graphs
        counted = graphs.relations > 0
        entries = np.flatnonzero(counted)
        products = (graphs.pair_scores[:, None] * graphs.relations).ravel()[entries]
        before = np.concatenate(
            [[0], np.cumsum(np.count_nonzero(counted, axis=1))]
        )  # [N+1] entries before each object's
        bounds = before[np.searchsorted(graphs.object_frame, np.arange(graphs.n_frames + 1))]
        self._starts = np.repeat(bounds[:-1], np.diff(bounds))
        order = sort_parts(products, bounds)
        order += self._starts
        self._places = np.zeros(graphs.relations.size, np.int32)
        self._places[entries[order]] = np.arange(len(order), dtype=np.int32)

    def rank(self, entries: NDArray[np.int64], constraint: Constraint, n_relations: int) -> NDArray[np.int64]:
        """[E] place, from 0, of some entries among the candidates of their frame; NO_RANK where they are none.

        An entry is 26 times the row of the object plus the relationship.
        """
        chosen = np.zeros(self.graphs.relations.shape, bool)
        chosen[:, :n_relations] = choose_candidates(self.graphs.relations[:, :n_relations], constraint)
        ranks = np.full(len(entries), NO_RANK)
        kept = np.flatnonzero(chosen.ravel()[entries])
        places = self._places[entries[kept]]
        starts = self._starts[places]
        if np.count_nonzero(chosen) == len(self._starts):
            ranks[kept] = places - starts
        else:
            taken = np.zeros(len(self._starts), bool)
            taken[self._places[np.flatnonzero(chosen)]] = True
            before = np.zeros(len(taken) + 1, np.int32)
            np.cumsum(taken, out=before[1:])
            ranks[kept] = before[places] - before[starts]
        if constraint is Constraint.NO_CONSTRAINT:
            ranks[ranks >= MAX_CANDIDATES] = NO_RANK
        return ranks


def sort_parts(values: NDArray[np.float64], bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    """[E] places in its part, largest first and equal ones in their order, of parts of values [E] that are 0 or more.

    bounds [P+1]: where each part begins, and the end. The place takes the last bits of the value, so that one number is
    sorted and not an index beside it, which takes half the time; parts with values that differ in these bits alone are
    sorted once more. Part by part: many small sorts stay in the processor's cache, one of all does not.
    """
    parts = list(zip(bounds[:-1].tolist(), bounds[1:].tolist()))
    last_bits = (1 << max((stop - start for start, stop in parts), default=1).bit_length()) - 1
    # The bits of numbers that are not negative, read as whole numbers, ascend as they do. In place: to get memory for
    # so many numbers takes longer than to reckon with them.
    keys = np.subtract(np.iinfo(np.int64).max, values.view(np.int64))
    order = np.arange(len(values))
    order -= np.repeat(bounds[:-1], np.diff(bounds))
    keys &= ~last_bits
    keys |= order
    for start, stop in parts:
        keys[start:stop].sort()
    np.bitwise_and(keys, last_bits, out=order)
    keys &= ~last_bits
    alike = np.flatnonzero(keys[1:] == keys[:-1])
    for part in np.unique(np.searchsorted(bounds, alike, side="right") - 1).tolist():
        start, stop = parts[part]
        order[start:stop] = (-values[start:stop]).argsort(kind="stable")
    return order


@dataclass(frozen=True)
class ObjectMatches:
    """Pairs of a true and a predicted object of one frame that mean the same: class and place agree, and the persons'.

    true, guessed  [M] rows of the two columns, ascending by true
    """

    true: NDArray[np.int64]
    guessed: NDArray[np.int64]


def match_objects(true: GraphColumns, guessed: GraphColumns, overlap: float = MIN_OVERLAP) -> ObjectMatches:
    """Every pair of a true and a predicted object of the same frame and class whose boxes overlap enough, where the
    persons' boxes do too. Sides are counted with both border pixels."""
    together = compute_inclusive_iou(true.person_boxes_xyxy, guessed.person_boxes_xyxy) >= overlap
    of_true = np.flatnonzero(true.in_sight & together[true.object_frame])
    of_guess = np.flatnonzero(guessed.in_sight & together[guessed.object_frame])
    keys = [
        columns.object_frame[rows] * N_CLASSES + columns.object_classes[rows]
        for columns, rows in ((true, of_true), (guessed, of_guess))
    ]
    order = np.argsort(keys[1], kind="stable")
    of_guess, known = of_guess[order], keys[1][order]
    start = np.searchsorted(known, keys[0], side="left")
    count = np.searchsorted(known, keys[0], side="right") - start
    # One row for every pair of the same frame and class, then the overlap test on those rows only.
    left = np.repeat(of_true, count)
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    right = of_guess[np.repeat(start, count) + within]
    kept = compute_inclusive_iou(true.object_boxes_xyxy[left], guessed.object_boxes_xyxy[right]) >= overlap
    return ObjectMatches(left[kept], right[kept])


@dataclass(frozen=True)
class EntryMatches:
    """Pairs of a true and a predicted entry (26 times the row of the object plus the relationship) that mean the same.

    true, guessed  [E] entries of the two columns
    """

    true: NDArray[np.int64]
    guessed: NDArray[np.int64]


def match_entries(true: GraphColumns, matches: ObjectMatches, n_relations: int) -> EntryMatches:
    """Every true relationship, of the first `n_relations`, of an object beside that of each predicted one."""
    rows, relations = np.nonzero(true.relations[matches.true, :n_relations] > 0)
    return EntryMatches(matches.true[rows] * N_RELEASED + relations, matches.guessed[rows] * N_RELEASED + relations)


def find_first_ranks(
    true: GraphColumns, entries: EntryMatches, ranking: Ranking, constraint: Constraint, n_relations: int
) -> NDArray[np.int64]:
    """[N,26] for every true object and relationship, the best rank of a candidate that means the same."""
    first = np.full(true.relations.shape, NO_RANK)
    np.minimum.at(first.reshape(-1), entries.true, ranking.rank(entries.guessed, constraint, n_relations))
    return first


def compute_inclusive_iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Overlap [M] of boxes [M,4] row by row, with sides counted as x2 - x1 + 1; NaN where a box is NaN."""
    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2]) + 1
    common = np.clip(sides, 0, None).prod(axis=1)
    areas = (first[:, 2:] - first[:, :2] + 1).prod(axis=1) + (second[:, 2:] - second[:, :2] + 1).prod(axis=1)
    overlaps: NDArray[np.float64] = common / (areas - common)
    return overlaps
