"""Recall@K of scene graphs: how many annotated (person, relationship, object) triplets are among the best K predicted.

Four protocols that must never share a column (`Protocol`). A predicted triplet is right when relationship and object
class agree and both boxes overlap the true ones by one half, with pixel-inclusive sides as in the public evaluators.
Knows scene graphs only; whether boxes were given or detected is the business of whoever predicted them.

All frames are flattened into arrays and joined once by an integer key (frame, class, relationship); the first rank that
hits each true triplet answers every K at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, RELATIONS, Group

KS = (10, 20, 50)
OVERLAP = 0.5
SEMI_THRESHOLD = 0.9
NO_CONSTRAINT_LIMIT = 100


class Protocol(StrEnum):
    """Which relationships of a person-object pair become candidates.

    WITH_CONSTRAINT     the best of each group: at most three a pair (also called 1-per-group)
    SEMI_CONSTRAINT     the best attention; every spatial and contact relationship above 0.9
    NO_CONSTRAINT       every relationship above zero; the 100 best of a frame
    ONE_PER_DIRECTION   the best of attention and contact, and the best spatial: as the paper's Table 5 seems to do
    """

    WITH_CONSTRAINT = "with-constraint"
    SEMI_CONSTRAINT = "semi-constraint"
    NO_CONSTRAINT = "no-constraint"
    ONE_PER_DIRECTION = "1-per-ordered-pair"


@dataclass(frozen=True)
class GraphRecall:
    """Recall of a set of frames under one protocol; every dictionary is keyed by K.

    image              mean over frames; video: mean within each video, then over videos
    mean_pooled        hits over true triplets of each relationship in the whole set, then the mean over relationships
    mean_by_image      recall of each relationship averaged over the frames that have it, then over relationships
    per_relation       [25] the pooled recall of each relationship, NaN where it does not occur
    counts             [25] true triplets
    """

    protocol: Protocol
    image: dict[int, float]
    video: dict[int, float]
    mean_pooled: dict[int, float]
    mean_by_image: dict[int, float]
    per_relation: dict[int, NDArray[np.float64]]
    counts: NDArray[np.int64]
    n_frames: int
    n_videos: int

    def as_row(self) -> dict:
        """The figures as plain values for a result file, recalls in percent."""
        row: dict = {"protocol": str(self.protocol), "frames": self.n_frames, "videos": self.n_videos}
        row["triplets"] = int(self.counts.sum())
        for name in ("image", "video", "mean_pooled", "mean_by_image"):
            row[name] = {f"R@{k}": round(100 * value, 2) for k, value in getattr(self, name).items()}
        largest = max(self.per_relation)
        row[f"per_relation R@{largest}"] = {
            name: round(100 * float(value), 1)
            for name, value in zip(RELATIONS, self.per_relation[largest])
            if not np.isnan(value)
        }
        return row


@dataclass(frozen=True)
class _Triplets:
    """Flat triplets: frame [M] running index, key [M] of (class, relationship), score [M], two boxes [M,4]."""

    frame: NDArray[np.int64]
    key: NDArray[np.int64]
    score: NDArray[np.float64]
    person: NDArray[np.float64]
    thing: NDArray[np.float64]


def graph_recall(
    truth: Mapping[str, Sequence[SceneGraph]],
    predictions: Mapping[str, Sequence[SceneGraph]],
    protocol: Protocol = Protocol.WITH_CONSTRAINT,
    ks: Sequence[int] = KS,
) -> GraphRecall:
    """Recall of predicted graphs per video id against annotated ones (relations 0 or 1), matched by frame number.

    Annotated objects without a box are left out; frames without any true triplet are not counted; frames without a
    prediction count as zero.
    """
    true_graphs, guesses, video_of_frame = [], [], []
    for number, video_id in enumerate(truth):
        by_frame = {graph.frame: graph for graph in predictions.get(video_id, ())}
        for graph in truth[video_id]:
            if _n_triplets(graph):
                true_graphs.append(graph)
                guesses.append(by_frame.get(graph.frame))
                video_of_frame.append(number)
    true = _flatten(true_graphs, Protocol.NO_CONSTRAINT, limit=None)
    first_rank = _first_ranks(true, _flatten(guesses, protocol, limit=NO_CONSTRAINT_LIMIT))
    return _summary(protocol, true, first_rank, np.array(video_of_frame, np.int64), ks)


def _n_triplets(graph: SceneGraph) -> int:
    if graph.person_box_xyxy is None:
        return 0
    return int((graph.relations[graph.visible] > 0).sum())


def _flatten(graphs: Sequence[SceneGraph | None], protocol: Protocol, limit: int | None) -> _Triplets:
    """Every candidate triplet of the frames under a protocol, best first within each frame."""
    full = [(i, g) for i, g in enumerate(graphs) if g is not None and g.person_box_xyxy is not None and len(g)]
    if not full:
        nothing, boxes = np.zeros(0, np.int64), np.zeros((0, 4))
        return _Triplets(nothing, nothing, np.zeros(0), boxes, boxes)
    frame_of_object = np.concatenate([np.full(len(g), i) for i, g in full])
    classes = np.concatenate([g.object_classes for _, g in full])
    things = np.concatenate([g.object_boxes_xyxy for _, g in full]).astype(np.float64)
    people = [np.asarray(g.person_box_xyxy, np.float64) for _, g in full]
    persons = np.repeat(np.stack(people), [len(g) for _, g in full], axis=0)
    weights = np.concatenate([g.object_scores.astype(np.float64) * g.person_score for _, g in full])
    probabilities = np.concatenate([g.relations for _, g in full]).astype(np.float64)
    probabilities[np.isnan(things).any(axis=1)] = 0
    of_object, relation = np.nonzero(_candidates(probabilities, protocol))
    score = weights[of_object] * probabilities[of_object, relation]
    frame = frame_of_object[of_object]
    order = np.lexsort((-score, frame))
    if protocol is Protocol.NO_CONSTRAINT and limit is not None:
        order = order[_position_in_frame(frame[order]) < limit]
    of_object, relation = of_object[order], relation[order]
    key = classes[of_object] * N_RELATIONS + relation
    return _Triplets(frame[order], key, score[order], persons[of_object], things[of_object])


def _candidates(probabilities: NDArray, protocol: Protocol) -> NDArray[np.bool_]:
    """[N,25] which relationships of each pair are put forward."""
    attention, spatial, contact = (GROUP_SLICES[group] for group in (Group.ATTENTION, Group.SPATIAL, Group.CONTACT))
    chosen = np.zeros(probabilities.shape, bool)
    rows = np.arange(len(probabilities))
    if protocol is Protocol.NO_CONSTRAINT:
        return probabilities > 0
    if protocol is Protocol.SEMI_CONSTRAINT:
        chosen[:] = probabilities > SEMI_THRESHOLD
        chosen[:, attention] = False
        chosen[rows, attention.start + probabilities[:, attention].argmax(axis=1)] = True
    elif protocol is Protocol.WITH_CONSTRAINT:
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
    overlaps = (_inclusive_iou(true.person[of_true], guessed.person[of_guess]) >= OVERLAP) & (
        _inclusive_iou(true.thing[of_true], guessed.thing[of_guess]) >= OVERLAP
    )
    np.minimum.at(first, of_true[overlaps], rank[of_guess[overlaps]])
    return first


def _inclusive_iou(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """Overlap [M] of boxes [M,4] row by row, with sides counted as x2 - x1 + 1."""
    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2]) + 1
    common = np.clip(sides, 0, None).prod(axis=1)
    areas = (first[:, 2:] - first[:, :2] + 1).prod(axis=1) + (second[:, 2:] - second[:, :2] + 1).prod(axis=1)
    return common / (areas - common)


def _summary(
    protocol: Protocol, true: _Triplets, first_rank: NDArray, video_of_frame: NDArray, ks: Sequence[int]
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
    image, video, pooled, by_image, per_relation = {}, {}, {}, {}, {}
    for k in ks:
        hit = (first_rank < k).astype(np.float64)
        recall = np.bincount(true.frame, weights=hit, minlength=n_frames) / np.maximum(of_frame, 1)
        per_video = np.bincount(video_of_frame, weights=recall)[videos] / of_video[videos]
        per_relation[k] = _ratio(np.bincount(relation, weights=hit, minlength=N_RELATIONS), counts)
        within = np.bincount(pair_index, weights=hit) / np.maximum(np.bincount(pair_index), 1)
        each = _ratio(np.bincount(pairs % N_RELATIONS, weights=within, minlength=N_RELATIONS), frames_with)
        image[k], video[k] = _mean(recall), _mean(per_video)
        pooled[k], by_image[k] = _mean(per_relation[k]), _mean(each)
    return GraphRecall(protocol, image, video, pooled, by_image, per_relation, counts, n_frames, int(videos.sum()))


def _ratio(part: NDArray, whole: NDArray) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _mean(values: NDArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
