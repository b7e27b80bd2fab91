"""Which predicted relationships of a frame are right or false, and which true ones were missed: one rule for all.

Edge quality counts by it, the player marks by it, Compare and Benchmarks list by it. A triplet of person, relationship
and object is right when class and relationship agree and both boxes overlap the true ones by one half. True objects are
claimed one by one, so that a second box on one object makes false edges. Knows scene graphs only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.graph_columns import (
    MIN_OVERLAP,
    GraphColumns,
    ObjectMatches,
    compute_inclusive_iou,
    match_objects,
)
from ag_core.records import MIN_PROBABILITY, Detections, SceneGraph
from ag_core.taxonomy import N_CLASSES, N_RELATIONS, OBJECT_CLASSES, PERSON

MIN_PAIR_SCORE = 0.3
"""Score of the person times score of the object from which on their relationships are put forward."""

PERSON_CLASS = OBJECT_CLASSES.index(PERSON)

UNCLAIMED = -1


@dataclass(frozen=True)
class GraphMatches:
    """Predicted graphs of F frames beside the true ones: T true and G predicted objects, rows as in their columns.

    true, guessed  the columns of both sides
    claimed        [G] the true object that each predicted one claims, UNCLAIMED for none
    left_out       [G] whether it lies on an object too faint for the truth: neither right nor false
    edges          [G,25] what is put forward; holds [G,25] what is true of the claimed object
    """

    true: GraphColumns
    guessed: GraphColumns
    claimed: NDArray[np.int64]
    left_out: NDArray[np.bool_]
    edges: NDArray[np.bool_]
    holds: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """[G,25] edges that are true."""
        return self.edges & self.holds

    @property
    def false(self) -> NDArray[np.bool_]:
        """[G,25] edges that are not."""
        return self.edges & ~self.holds

    @property
    def is_true(self) -> NDArray[np.bool_]:
        """[T,25] the true triplets."""
        return np.asarray(self.true.relations[:, :N_RELATIONS] > 0)

    @property
    def missed(self) -> NDArray[np.bool_]:
        """[T,25] true triplets that nothing right was put forward for."""
        claims = self.claimed != UNCLAIMED
        found = np.zeros((len(self.true.object_frame), N_RELATIONS), bool)
        found[self.claimed[claims]] = self.right[claims]
        return self.is_true & ~found

    @property
    def persons_meet(self) -> NDArray[np.bool_]:
        """[F] whether the boxes of both persons overlap enough; False where one is missing."""
        overlaps = compute_inclusive_iou(self.true.person_boxes_xyxy, self.guessed.person_boxes_xyxy)
        return np.asarray(overlaps >= MIN_OVERLAP)

    def count_by_frame(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """[F,25] each: how many triplets of each frame and relationship are right, false and missed."""
        sides = ((self.guessed, self.right), (self.guessed, self.false), (self.true, self.missed))
        right, false, missed = (_add_by_frame(columns, marks) for columns, marks in sides)
        return right, false, missed

    def count_frames_of_triplets(self) -> NDArray[np.int64]:
        """[4,36,25] of each object class and relationship: in how many frames it is right, false, missed, any of them.

        A frame with two objects of one class may count as more than one of the three.
        """
        sides = ((self.guessed, self.right), (self.guessed, self.false), (self.true, self.missed))
        found = [_list_triplets(columns, marks) for columns, marks in sides]
        counts = np.zeros((len(sides) + 1, N_CLASSES, N_RELATIONS), np.int64)
        for count, triplets in zip(counts, [*found, np.hstack(found)]):
            _, classes, relations = np.unique(triplets, axis=1)
            np.add.at(count, (classes, relations), 1)
        return counts


def match_graphs(
    truth: Sequence[SceneGraph],
    guesses: Sequence[SceneGraph | None],
    faint: Sequence[Detections] | None = None,
    min_probability: float = MIN_PROBABILITY,
    min_pair_score: float = MIN_PAIR_SCORE,
) -> GraphMatches:
    """Predicted graphs beside the true ones (relations 0 or 1) of the same frames, frame by frame.

    A guess of None puts nothing forward, so that everything true is missed. `faint` are for each true graph the objects
    in sight that are too small or too hidden for the truth: a predicted one that claims no true object and lies on one
    of these is left out. Of the predicted objects that fit a true one, that with the best score claims it.
    """
    true, guessed = GraphColumns.from_graphs(truth), GraphColumns.from_graphs(guesses)
    claims = claim_objects(match_objects(true, guessed), guessed.pair_scores)
    claimed = np.full(len(guessed.object_frame), UNCLAIMED, np.int64)
    claimed[claims.guessed] = claims.true
    left_out = np.zeros(len(claimed), bool)
    if faint is not None:
        on_faint = match_objects(GraphColumns.from_graphs(_add_persons(faint, truth)), guessed).guessed
        left_out[np.setdiff1d(on_faint, claims.guessed)] = True
    holds = np.zeros((len(claimed), N_RELATIONS), bool)
    holds[claims.guessed] = true.relations[claims.true, :N_RELATIONS] > 0
    # A pair out of sight, such as one without a person, puts nothing forward.
    counted = guessed.in_sight & ~left_out & (guessed.pair_scores >= min_pair_score)
    edges = (guessed.relations[:, :N_RELATIONS] >= min_probability) & counted[:, None]
    return GraphMatches(true, guessed, claimed, left_out, edges, holds)


def claim_objects(matches: ObjectMatches, scores: NDArray[np.float64]) -> ObjectMatches:
    """The matches in which every true and every predicted object occurs once: by falling score of the predicted one."""
    order = np.argsort(-scores[matches.guessed], kind="stable")
    kept, taken_true, taken_guessed = [], set(), set()
    for index, true, guessed in zip(order.tolist(), matches.true[order].tolist(), matches.guessed[order].tolist()):
        if true not in taken_true and guessed not in taken_guessed:
            taken_true.add(true)
            taken_guessed.add(guessed)
            kept.append(index)
    rows = np.sort(np.array(kept, np.int64))
    return ObjectMatches(matches.true[rows], matches.guessed[rows])


def _add_persons(objects: Sequence[Detections], graphs: Sequence[SceneGraph]) -> list[SceneGraph]:
    """Objects of every frame beside the person of its graph, without relationships."""
    return [
        replace(
            graph,
            person_score=1.0,
            object_classes=found.classes,
            object_boxes_xyxy=found.boxes_xyxy,
            object_scores=found.scores,
            relations=np.zeros((len(found), N_RELATIONS), np.float32),
        )
        for graph, found in zip(graphs, (boxes[boxes.classes != PERSON_CLASS] for boxes in objects))
    ]


def _list_triplets(columns: GraphColumns, marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[3,M] frame, object class and relationship of the marks [N,25]."""
    rows, relations = np.nonzero(marks)
    return np.stack([columns.object_frame[rows], columns.object_classes[rows], relations])


def _add_by_frame(columns: GraphColumns, marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """[F,25] how many of the marks [N,25] lie in each frame."""
    sums = np.zeros((columns.n_frames, N_RELATIONS), np.int64)
    np.add.at(sums, columns.object_frame, marks.astype(np.int64))
    return sums
