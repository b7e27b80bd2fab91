"""Recall@K of scene graphs: how many annotated (person, relationship, object) triplets are among the best K predicted.

Four protocols that must never share a column (`Constraint`). A predicted triplet is right when relationship and object
class agree and both boxes overlap the true ones by one half, with pixel-inclusive sides as in the public evaluators.
Knows scene graphs only; whether boxes were given or detected is the business of whoever predicted them.

All frames are flattened into arrays and joined once by an integer key (frame, class, relationship); the first rank that
hits each true triplet answers every K at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.evaluation.metrics import Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Protocol, Unit
from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, RELATIONS, Group, Mode

KS = (10, 20, 50)
MIN_OVERLAP = 0.5
MIN_SEMI_PROBABILITY = 0.9
"""A spatial or contact relationship must pass this to become a candidate under the semi constraint."""

MAX_CANDIDATES = 100
"""Of a frame without constraint."""

RECALL_DETAILS = "triplets of person, relationship and object, both boxes overlap by 0.5 with pixel-inclusive sides"


def build_recall_protocol(k: int, mode: Mode, constraint: Constraint, averaging: Averaging) -> Protocol:
    """How triplets are recalled, in percent: 'mR' where relationships are averaged, else 'R'."""
    name = "mR" if averaging in (Averaging.RELATION, Averaging.RELATION_BY_FRAME) else "R"
    return Protocol(name, Unit.PERCENT, k, mode, constraint, averaging, N_RELATIONS, details=RECALL_DETAILS)


@dataclass(frozen=True)
class GraphRecall:
    """Recall of a set of frames under one constraint, as shares of one; every dictionary is keyed by K.

    frame_mean              mean over frames
    video_mean              mean within each video, then over videos
    relation_mean           hits over true triplets of each relationship in the whole set, then over relationships
    relation_mean_by_frame  recall of each relationship averaged over the frames that have it, then over relationships
    per_relation            [25] the pooled recall of each relationship, NaN where it does not occur
    counts                  [25] true triplets
    n_frames, n_videos      annotated frames with a true triplet, and their videos
    frames_without_prediction  of these frames, how many have no predicted graph; all their triplets count as missed
    """

    constraint: Constraint
    frame_mean: dict[int, float]
    video_mean: dict[int, float]
    relation_mean: dict[int, float]
    relation_mean_by_frame: dict[int, float]
    per_relation: dict[int, NDArray[np.float64]]
    counts: NDArray[np.int64]
    n_frames: int
    n_videos: int
    frames_without_prediction: int

    def to_metrics(self, origin: Origin, mode: Mode, n: Counts = Counts(), model: str = "") -> tuple[Metric, ...]:
        """Every recall in percent, K by K within each way of averaging; `n` may add what was learned from."""
        means = {
            Averaging.FRAME: self.frame_mean,
            Averaging.VIDEO: self.video_mean,
            Averaging.RELATION: self.relation_mean,
            Averaging.RELATION_BY_FRAME: self.relation_mean_by_frame,
        }
        counts = self._counts(n, int(self.counts.sum()))
        return tuple(
            Metric(
                to_percent(recall),
                build_recall_protocol(k, mode, self.constraint, averaging),
                origin,
                counts,
                model=model,
            )
            for averaging, of_k in means.items()
            for k, recall in of_k.items()
        )

    def to_relation_metrics(
        self, origin: Origin, mode: Mode, k: int, n: Counts = Counts(), model: str = ""
    ) -> list[Metric]:
        """The pooled recall in percent of every relationship that occurs, at one K."""
        protocol = build_recall_protocol(k, mode, self.constraint, Averaging.ONE_CLASS)
        return [
            Metric(
                to_percent(self.per_relation[k][index]),
                replace(protocol, subject=RELATIONS[index]),
                origin,
                self._counts(n, int(self.counts[index])),
                model=model,
            )
            for index in np.flatnonzero(self.counts)
        ]

    def _counts(self, n: Counts, triplets: int) -> Counts:
        missing = self.frames_without_prediction
        return replace(
            n, videos=self.n_videos, frames=self.n_frames, triplets=triplets, frames_without_prediction=missing
        )


@dataclass(frozen=True)
class _Triplets:
    """Flat triplets: frame [M] running index, key [M] of (class, relationship), score [M], two boxes [M,4]."""

    frame: NDArray[np.int64]
    key: NDArray[np.int64]
    score: NDArray[np.float64]
    person: NDArray[np.float64]
    object: NDArray[np.float64]


def compute_graph_recall(
    truth: Mapping[str, Sequence[SceneGraph]],
    predictions: Mapping[str, Sequence[SceneGraph]],
    constraint: Constraint = Constraint.WITH_CONSTRAINT,
    ks: Sequence[int] = KS,
) -> GraphRecall:
    """Recall of predicted graphs per video id against annotated ones (relations 0 or 1), matched by frame number.

    Annotated objects without a box are left out; frames without any true triplet are not counted. Frames without a
    predicted graph count as zero, and their number is told; UserError where that holds for all of them.
    """
    true_graphs, guesses, video_of_frame = [], [], []
    for number, video_id in enumerate(truth):
        by_frame = {graph.frame: graph for graph in predictions.get(video_id, ())}
        for graph in truth[video_id]:
            if _n_triplets(graph):
                true_graphs.append(graph)
                guesses.append(by_frame.get(graph.frame))
                video_of_frame.append(number)
    missing = sum(guess is None for guess in guesses)
    if guesses and missing == len(guesses):
        raise UserError(
            f"none of the {missing} annotated frames has a predicted graph; predict the same videos and frame numbers "
            "that are annotated"
        )
    true = _flatten(true_graphs, Constraint.NO_CONSTRAINT, limit=None)
    first_rank = _first_ranks(true, _flatten(guesses, constraint, limit=MAX_CANDIDATES))
    return _average(constraint, true, first_rank, np.array(video_of_frame, np.int64), ks, missing)


def _n_triplets(graph: SceneGraph) -> int:
    if graph.person_box_xyxy is None:
        return 0
    return int((graph.relations[graph.visible] > 0).sum())


def _flatten(graphs: Sequence[SceneGraph | None], constraint: Constraint, limit: int | None) -> _Triplets:
    """Every candidate triplet of the frames under a constraint, best first within each frame."""
    full = [(i, g) for i, g in enumerate(graphs) if g is not None and g.person_box_xyxy is not None and len(g)]
    if not full:
        nothing, boxes = np.zeros(0, np.int64), np.zeros((0, 4))
        return _Triplets(nothing, nothing, np.zeros(0), boxes, boxes)
    frame_of_object = np.concatenate([np.full(len(g), i) for i, g in full])
    classes = np.concatenate([g.object_classes for _, g in full])
    objects = np.concatenate([g.object_boxes_xyxy for _, g in full]).astype(np.float64)
    people = [np.asarray(g.person_box_xyxy, np.float64) for _, g in full]
    persons = np.repeat(np.stack(people), [len(g) for _, g in full], axis=0)
    weights = np.concatenate([g.object_scores.astype(np.float64) * g.person_score for _, g in full])
    probabilities = np.concatenate([g.relations for _, g in full]).astype(np.float64)
    probabilities[np.isnan(objects).any(axis=1)] = 0
    of_object, relation = np.nonzero(_candidates(probabilities, constraint))
    score = weights[of_object] * probabilities[of_object, relation]
    frame = frame_of_object[of_object]
    order = np.lexsort((-score, frame))
    if constraint is Constraint.NO_CONSTRAINT and limit is not None:
        order = order[_position_in_frame(frame[order]) < limit]
    of_object, relation = of_object[order], relation[order]
    key = classes[of_object] * N_RELATIONS + relation
    return _Triplets(frame[order], key, score[order], persons[of_object], objects[of_object])


def _candidates(probabilities: NDArray[Any], constraint: Constraint) -> NDArray[np.bool_]:
    """[N,25] which relationships of each pair are put forward."""
    attention, spatial, contact = (GROUP_SLICES[group] for group in (Group.ATTENTION, Group.SPATIAL, Group.CONTACT))
    chosen = np.zeros(probabilities.shape, bool)
    rows = np.arange(len(probabilities))
    if constraint is Constraint.NO_CONSTRAINT:
        return probabilities > 0
    if constraint is Constraint.SEMI_CONSTRAINT:
        chosen[:] = probabilities > MIN_SEMI_PROBABILITY
        chosen[:, attention] = False
        chosen[rows, attention.start + probabilities[:, attention].argmax(axis=1)] = True
    elif constraint is Constraint.WITH_CONSTRAINT:
        for part in (attention, spatial, contact):
            chosen[rows, part.start + probabilities[:, part].argmax(axis=1)] = True
    else:
        to_object = probabilities.copy()
        to_object[:, spatial] = -1
        chosen[rows, to_object.argmax(axis=1)] = True
        chosen[rows, spatial.start + probabilities[:, spatial].argmax(axis=1)] = True
    return chosen & (probabilities > 0)


def _position_in_frame(frame: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each row among the rows of its frame; rows of a frame lie together."""
    return np.arange(len(frame)) - np.searchsorted(frame, frame, side="left")


def _first_ranks(true: _Triplets, guessed: _Triplets) -> NDArray[np.int64]:
    """[M] best rank (from 0) of a candidate that matches each true triplet; a huge number where none does."""
    first = np.full(len(true.key), np.iinfo(np.int64).max)
    keys = N_CLASSES * N_RELATIONS
    guessed_key = guessed.frame * keys + guessed.key
    rank = _position_in_frame(guessed.frame)
    order = np.argsort(guessed_key, kind="stable")
    wanted = true.frame * keys + true.key
    start = np.searchsorted(guessed_key[order], wanted, side="left")
    count = np.searchsorted(guessed_key[order], wanted, side="right") - start
    # One row for every (true triplet, candidate with its key), then the overlap test on those rows only.
    of_true = np.repeat(np.arange(len(wanted)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    of_guess = order[start[of_true] + offset]
    overlaps = (_inclusive_iou(true.person[of_true], guessed.person[of_guess]) >= MIN_OVERLAP) & (
        _inclusive_iou(true.object[of_true], guessed.object[of_guess]) >= MIN_OVERLAP
    )
    np.minimum.at(first, of_true[overlaps], rank[of_guess[overlaps]])
    return first


def _inclusive_iou(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Overlap [M] of boxes [M,4] row by row, with sides counted as x2 - x1 + 1."""
    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2]) + 1
    common = np.clip(sides, 0, None).prod(axis=1)
    areas = (first[:, 2:] - first[:, :2] + 1).prod(axis=1) + (second[:, 2:] - second[:, :2] + 1).prod(axis=1)
    overlaps: NDArray[np.float64] = common / (areas - common)
    return overlaps


def _average(
    constraint: Constraint,
    true: _Triplets,
    first_rank: NDArray[Any],
    video_of_frame: NDArray[Any],
    ks: Sequence[int],
    missing: int,
) -> GraphRecall:
    n_frames = len(video_of_frame)
    relation = true.key % N_RELATIONS
    counts = np.bincount(relation, minlength=N_RELATIONS)
    of_frame = np.bincount(true.frame, minlength=n_frames)
    of_video = np.bincount(video_of_frame)
    videos = of_video > 0
    pair = true.frame * N_RELATIONS + relation
    pairs, pair_index = np.unique(pair, return_inverse=True)
    frames_with = np.bincount(pairs % N_RELATIONS, minlength=N_RELATIONS)
    by_frame, by_video, pooled, each_frame, per_relation = {}, {}, {}, {}, {}
    for k in ks:
        hit = (first_rank < k).astype(np.float64)
        recall = np.bincount(true.frame, weights=hit, minlength=n_frames) / np.maximum(of_frame, 1)
        per_video = np.bincount(video_of_frame, weights=recall)[videos] / of_video[videos]
        per_relation[k] = _ratio(np.bincount(relation, weights=hit, minlength=N_RELATIONS), counts)
        within = np.bincount(pair_index, weights=hit) / np.maximum(np.bincount(pair_index), 1)
        each = _ratio(np.bincount(pairs % N_RELATIONS, weights=within, minlength=N_RELATIONS), frames_with)
        by_frame[k], by_video[k] = _mean(recall), _mean(per_video)
        pooled[k], each_frame[k] = _mean(per_relation[k]), _mean(each)
    n_videos = int(videos.sum())
    return GraphRecall(
        constraint, by_frame, by_video, pooled, each_frame, per_relation, counts, n_frames, n_videos, missing
    )


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    ratios = np.full(len(whole), np.nan)
    np.divide(part, whole, out=ratios, where=whole > 0)
    return ratios


def _mean(values: NDArray[Any]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
