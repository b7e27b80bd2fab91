"""Scene-graph recall the usual way: frame by frame, candidate by candidate, as the public evaluator of STTran has it.

A re-statement of that definition in this project's words, which tests and the benchmark hold beside ours. Each pair of
a person and an object gives three rows: attention and contact from person to object, the spatial relationships from
object to person, each 0 outside its own group. It differs from ours where a probability is exactly 0: there it may put
that entry forward as well, to fill its list.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.protocol import Constraint

N_ATTENTION, N_SPATIAL = 3, 6
"""How many relationships of each come first; the rest are contacts."""

PERSON = 0


@dataclass(frozen=True)
class LoopFrame:
    """One frame: persons, objects, what is true of them and what was predicted.

    boxes [1+n,4] with the person's first, classes [1+n] (0 is the person), scores [1+n]; relations [n,R]
    """

    video: int
    true_boxes: NDArray[np.float64]
    true_classes: NDArray[np.int64]
    true_relations: NDArray[np.float64]
    boxes: NDArray[np.float64]
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]
    relations: NDArray[np.float64]


@dataclass(frozen=True)
class LoopRecall:
    """By K: mean over frames, over videos, over relationships in both definitions, and the same of new triplets."""

    frame_mean: dict[int, float]
    video_mean: dict[int, float]
    relation_mean: dict[int, float]
    relation_mean_by_frame: dict[int, float]
    zero_shot_frame_mean: dict[int, float]
    zero_shot_video_mean: dict[int, float]


def score_frames(
    frames: Sequence[LoopFrame],
    constraint: Constraint,
    n_relations: int,
    ks: Sequence[int],
    seen: NDArray[np.bool_],
) -> LoopRecall:
    """Recall of all frames that have a true triplet among the first `n_relations` relationships."""
    recalls: dict[int, list[float]] = {k: [] for k in ks}
    of_video: dict[int, dict[int, list[float]]] = {k: {} for k in ks}
    hits_of = {k: [0] * n_relations for k in ks}
    count_of = {k: [0] * n_relations for k in ks}
    of_relation: dict[int, list[list[float]]] = {k: [[] for _ in range(n_relations)] for k in ks}
    new: dict[int, list[float]] = {k: [] for k in ks}
    new_of_video: dict[int, dict[int, list[float]]] = {k: {} for k in ks}
    for frame in frames:
        true = list_true_triplets(frame, n_relations)
        if not true:
            continue
        matches = match_candidates(true, list_candidates(frame, constraint, n_relations), frame)
        for k in ks:
            found = set().union(*matches[:k])
            recalls[k].append(float(len(found)) / float(len(true)))
            of_video[k].setdefault(frame.video, []).append(recalls[k][-1])
            in_frame, hits_in_frame = [0] * n_relations, [0] * n_relations
            unseen = []
            for index, (subject, thing, relation) in enumerate(true):
                in_frame[relation] += 1
                hits_in_frame[relation] += index in found
                if not seen[max(frame.true_classes[subject], frame.true_classes[thing]), relation]:
                    unseen.append(index in found)
            for relation in range(n_relations):
                count_of[k][relation] += in_frame[relation]
                hits_of[k][relation] += hits_in_frame[relation]
                if in_frame[relation]:
                    of_relation[k][relation].append(hits_in_frame[relation] / in_frame[relation])
            if unseen:
                new[k].append(sum(unseen) / len(unseen))
                new_of_video[k].setdefault(frame.video, []).append(new[k][-1])
    return LoopRecall(
        {k: _mean(recalls[k]) for k in ks},
        {k: _mean([_sum(of_one) / len(of_one) for of_one in of_video[k].values()]) for k in ks},
        {k: _mean([hit / count for hit, count in zip(hits_of[k], count_of[k]) if count]) for k in ks},
        {k: _mean([_sum(values) / len(values) for values in of_relation[k] if values]) for k in ks},
        {k: _mean(new[k]) for k in ks},
        {k: _mean([_sum(of_one) / len(of_one) for of_one in new_of_video[k].values()]) for k in ks},
    )


def list_true_triplets(frame: LoopFrame, n_relations: int) -> list[tuple[int, int, int]]:
    """(subject, object, relationship) of every annotated relationship; subject and object are rows of the boxes."""
    triplets = []
    for row, holds in enumerate(frame.true_relations[:, :n_relations], start=1):
        for relation in np.flatnonzero(holds):
            ends = (row, PERSON) if is_spatial(int(relation)) else (PERSON, row)
            triplets.append((*ends, int(relation)))
    return triplets


def list_candidates(frame: LoopFrame, constraint: Constraint, n_relations: int) -> list[tuple[int, int, int]]:
    """(subject, object, relationship) of what is put forward, the highest product of the three scores first."""
    ends, rows = [], []
    groups = (
        slice(0, N_ATTENTION),
        slice(N_ATTENTION, N_ATTENTION + N_SPATIAL),
        slice(N_ATTENTION + N_SPATIAL, n_relations),
    )
    for group in groups:
        for row, probabilities in enumerate(frame.relations[:, :n_relations], start=1):
            scores = np.zeros(n_relations)
            scores[group] = probabilities[group]
            ends.append((row, PERSON) if group.start == N_ATTENTION else (PERSON, row))
            rows.append(scores)
    if constraint is Constraint.ONE_PER_DIRECTION:  # not of STTran: one row for each direction
        n = len(frame.relations)
        rows = [np.maximum(attention, contact) for attention, contact in zip(rows[:n], rows[2 * n :])] + rows[n : 2 * n]
        ends = ends[: 2 * n]
    chosen: list[tuple[int, int, int]] = []
    probabilities_of: list[float] = []
    if constraint is Constraint.NO_CONSTRAINT:
        if rows:
            of_ends = np.array([frame.scores[list(pair)].prod() for pair in ends])
            overall = of_ends[:, None] * np.array(rows)
            for flat in np.argsort(-overall.ravel(), kind="stable")[:100]:
                row, relation = divmod(int(flat), n_relations)
                chosen.append((*ends[row], relation))
                probabilities_of.append(float(rows[row][relation]))
    else:
        for pair, scores in zip(ends, rows):
            semi = constraint is Constraint.SEMI_CONSTRAINT and not scores[:N_ATTENTION].any()
            best = np.flatnonzero(scores > 0.9) if semi else np.array([scores.argmax()])
            chosen += [(*pair, entry) for entry in best.tolist()]
            probabilities_of += scores[best].tolist()
    products = [
        frame.scores[subject] * frame.scores[thing] * probability
        for (subject, thing, _), probability in zip(chosen, probabilities_of)
    ]
    return [chosen[index] for index in np.argsort(-np.array(products), kind="stable")]


def match_candidates(
    true: Sequence[tuple[int, int, int]], candidates: Sequence[tuple[int, int, int]], frame: LoopFrame
) -> list[set[int]]:
    """For each candidate, which true triplets it hits: same classes and relationship, both boxes overlap by a half."""
    hits: list[set[int]] = []
    for subject, thing, relation in candidates:
        hit = set()
        for index, (true_subject, true_thing, true_relation) in enumerate(true):
            if relation != true_relation:
                continue
            ends = ((subject, true_subject), (thing, true_thing))
            if all(frame.classes[a] == frame.true_classes[b] for a, b in ends) and all(
                overlap_inclusively(frame.boxes[a], frame.true_boxes[b]) >= 0.5 for a, b in ends
            ):
                hit.add(index)
        hits.append(hit)
    return hits


def overlap_inclusively(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Intersection over union of two boxes whose border pixels both count."""
    width = min(first[2], second[2]) - max(first[0], second[0]) + 1
    height = min(first[3], second[3]) - max(first[1], second[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (first, second)]
    return float(width * height / (areas[0] + areas[1] - width * height))


def is_spatial(relation: int) -> bool:
    """Whether a relationship is said of the object."""
    return N_ATTENTION <= relation < N_ATTENTION + N_SPATIAL


def _sum(values: Sequence[float]) -> float:
    """In their order, from 0."""
    total = 0.0
    for value in values:
        total += value
    return total


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
