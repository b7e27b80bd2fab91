"""Recall@K of scene graphs: how many annotated (person, relationship, object) triplets are among the best K predicted.

Four constraints (`Constraint`), and 25 or 26 relationships, that must never share a column. A predicted triplet is
right when relationship and object class agree and both boxes overlap the true ones by one half, with pixel-inclusive
sides as in the public evaluators. Knows scene graphs only; whether boxes were given or detected is the business of
whoever predicted them. The best rank that hits each true triplet answers every K at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.errors import UserError
from ag_core.evaluation.graph_columns import (
    N_RELEASED,
    GraphColumns,
    OtherRelationships,
    Ranking,
    find_first_ranks,
    match_entries,
    match_objects,
)
from ag_core.evaluation.metrics import Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Protocol, Unit
from ag_core.graph_sequence import GraphSequence
from ag_core.records import SceneGraph
from ag_core.taxonomy import N_CLASSES, N_RELATIONS, OTHER_RELATIONSHIP, RELATIONS, Mode

KS = (10, 20, 50, 100)

RELATION_NAMES = (*RELATIONS, OTHER_RELATIONSHIP)
"""Of the 25 or 26 relationships that are counted."""

RECALL_DETAILS = "triplets of person, relationship and object, both boxes overlap by 0.5 with pixel-inclusive sides"
ZERO_SHOT_DETAILS = f"{RECALL_DETAILS}; only triplets of classes that no training graph holds"
HARMONIC_DETAILS = f"{RECALL_DETAILS}; harmonic mean of R, mean over frames, and of mR"

MEASURES: dict[tuple[str, Averaging], str] = {
    ("R", Averaging.FRAME): RECALL_DETAILS,
    ("R", Averaging.VIDEO): RECALL_DETAILS,
    ("mR", Averaging.RELATION): RECALL_DETAILS,
    ("mR", Averaging.RELATION_BY_FRAME): RECALL_DETAILS,
    ("hR", Averaging.RELATION): HARMONIC_DETAILS,
    ("hR", Averaging.RELATION_BY_FRAME): HARMONIC_DETAILS,
    ("zR", Averaging.FRAME): ZERO_SHOT_DETAILS,
    ("zR", Averaging.VIDEO): ZERO_SHOT_DETAILS,
}
"""What is measured at every K: recall, mean recall, their harmonic mean, zero-shot recall; what decides each."""


def build_recall_protocol(
    k: int, mode: Mode, constraint: Constraint, averaging: Averaging, n_relations: int = N_RELATIONS, name: str = ""
) -> Protocol:
    """How triplets are recalled, in percent. Without a name: 'mR' where relationships are averaged, else 'R'."""
    over_relations = averaging in (Averaging.RELATION, Averaging.RELATION_BY_FRAME)
    name = name or ("mR" if over_relations else "R")
    details = MEASURES.get((name, averaging), RECALL_DETAILS)
    return Protocol(name, Unit.PERCENT, k, mode, constraint, averaging, n_relations, details=details)


@dataclass(frozen=True)
class ZeroShotRecall:
    """Recall of the true triplets whose classes no training graph holds together, as shares of one, by K.

    frame_mean, video_mean  over the frames that have such a triplet, and over their videos; NaN without any
    """

    frame_mean: dict[int, float]
    video_mean: dict[int, float]
    n_triplets: int
    n_frames: int
    n_videos: int


@dataclass(frozen=True)
class GraphRecall:
    """Recall of a set of frames under one constraint, as shares of one; every dictionary is keyed by K.

    frame_mean              mean over frames
    video_mean              mean within each video, then over videos
    relation_mean           hits over true triplets of each relationship in the whole set, then over relationships
    relation_mean_by_frame  recall of each relationship averaged over the frames that have it, then over relationships
    per_relation            [R] the pooled recall of each relationship, NaN where it does not occur
    counts                  [R] true triplets; R is 25, or 26 with `other_relationship` at the end
    n_frames, n_videos      annotated frames with a true triplet, and their videos
    frames_without_prediction  of these frames, how many have no predicted graph; all their triplets count as missed
    zero_shot               None where nobody told what the training graphs hold
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
    zero_shot: ZeroShotRecall | None = None

    @property
    def n_relations(self) -> int:
        """How many relationships are counted."""
        return len(self.counts)

    @property
    def harmonic_mean(self) -> dict[int, float]:
        """Of the mean over frames and the mean over relationships: high only where both are."""
        return _harmonise(self.frame_mean, self.relation_mean)

    @property
    def harmonic_mean_by_frame(self) -> dict[int, float]:
        """The same with the other definition of mean recall."""
        return _harmonise(self.frame_mean, self.relation_mean_by_frame)

    def list_values(self) -> dict[tuple[str, Averaging], dict[int, float]]:
        """Shares of one at every K, by what is measured and over what it is a mean, as in MEASURES."""
        values = {
            ("R", Averaging.FRAME): self.frame_mean,
            ("R", Averaging.VIDEO): self.video_mean,
            ("mR", Averaging.RELATION): self.relation_mean,
            ("mR", Averaging.RELATION_BY_FRAME): self.relation_mean_by_frame,
            ("hR", Averaging.RELATION): self.harmonic_mean,
            ("hR", Averaging.RELATION_BY_FRAME): self.harmonic_mean_by_frame,
        }
        if self.zero_shot is not None:
            values["zR", Averaging.FRAME] = self.zero_shot.frame_mean
            values["zR", Averaging.VIDEO] = self.zero_shot.video_mean
        return values

    def count_scored(self, name: str, n: Counts = Counts()) -> Counts:
        """On what a measure of that name was taken; `n` may add what was learned from."""
        counts = replace(
            n,
            videos=self.n_videos,
            frames=self.n_frames,
            triplets=int(self.counts.sum()),
            frames_without_prediction=self.frames_without_prediction,
        )
        if name != "zR" or self.zero_shot is None:
            return counts
        unseen = self.zero_shot
        return replace(
            counts,
            videos=unseen.n_videos,
            frames=unseen.n_frames,
            triplets=unseen.n_triplets,
            frames_without_prediction=None,
        )

    def to_metrics(self, origin: Origin, mode: Mode, n: Counts = Counts(), model: str = "") -> tuple[Metric, ...]:
        """Every recall in percent, K by K within each way of averaging; `n` may add what was learned from."""
        return tuple(
            Metric(
                to_percent(recall),
                build_recall_protocol(k, mode, self.constraint, averaging, self.n_relations, name),
                origin,
                self.count_scored(name, n),
                model=model,
            )
            for (name, averaging), of_k in self.list_values().items()
            for k, recall in of_k.items()
        )

    def to_relation_metrics(
        self, origin: Origin, mode: Mode, k: int, n: Counts = Counts(), model: str = ""
    ) -> list[Metric]:
        """The pooled recall in percent of every relationship that occurs, at one K."""
        protocol = build_recall_protocol(k, mode, self.constraint, Averaging.ONE_CLASS, self.n_relations)
        return [
            Metric(
                to_percent(self.per_relation[k][index]),
                replace(protocol, subject=RELATION_NAMES[index]),
                origin,
                replace(self.count_scored("R", n), triplets=int(self.counts[index])),
                model=model,
            )
            for index in np.flatnonzero(self.counts)
        ]


def find_seen_triplets(graphs: Sequence[SceneGraph], others: Sequence[NDArray[np.bool_]] = ()) -> NDArray[np.bool_]:
    """[36,26] which relationship some training graph holds for which object class, in sight or not.

    `others` tells of each graph which objects carry `other_relationship`; without it none do.
    """
    seen = np.zeros((N_CLASSES, N_RELEASED), bool)
    for graph in graphs:
        rows, relations = np.nonzero(graph.relations > 0)
        seen[graph.object_classes[rows], relations] = True
    for graph, carries in zip(graphs, others):
        seen[graph.object_classes[np.asarray(carries, bool)], N_RELATIONS] = True
    return seen


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
    (recall,) = compute_graph_recalls(truth, predictions, ks, constraints=(constraint,))
    return recall


def compute_graph_recalls(
    truth: Mapping[str, Sequence[SceneGraph]],
    predictions: Mapping[str, Sequence[SceneGraph]],
    ks: Sequence[int] = KS,
    seen: NDArray[np.bool_] | None = None,
    others: OtherRelationships | None = None,
    constraints: Sequence[Constraint] = tuple(Constraint),
) -> tuple[GraphRecall, ...]:
    """Recall under every protocol at once, as `compute_graph_recall` under each.

    seen    [36,26] what the training graphs hold (`find_seen_triplets`), for zero-shot recall
    others  which true objects carry `other_relationship`: where any does, 26 relationships are counted as well as 25
    """
    truth = {video_id: GraphSequence.gather(graphs) for video_id, graphs in truth.items()}
    guesses = align_graphs(truth, predictions)
    known = None if others is None else [carries for video in truth for carries in others[video]]
    true = GraphColumns.from_videos(list(truth.values()), known)
    guessed = GraphColumns.from_videos(guesses)
    video_of_frame = np.repeat(np.arange(len(guesses)), [len(of_video) for of_video in guesses])
    is_missing = np.concatenate([mark_missing(of_video) for of_video in guesses] or [np.zeros(0, bool)])
    sizes = (N_RELATIONS, N_RELEASED) if (true.relations[:, N_RELATIONS] > 0).any() else (N_RELATIONS,)
    return score_columns(true, guessed, video_of_frame, is_missing, ks, seen, constraints, sizes)


def align_graphs(
    truth: Mapping[str, Sequence[SceneGraph]], predictions: Mapping[str, Sequence[SceneGraph]]
) -> list[Sequence[SceneGraph | None]]:
    """Of each video in the order of the truth, what was predicted for each of its frames, or None.

    Columns of the very frames that are true stay as they are.
    """
    return [_align_video(true, predictions.get(video_id, ())) for video_id, true in truth.items()]


def _align_video(true: Sequence[SceneGraph], guesses: Sequence[SceneGraph]) -> Sequence[SceneGraph | None]:
    numbers = GraphSequence.gather(true).frames
    ascend = bool((np.diff(numbers) > 0).all())
    if ascend and isinstance(guesses, GraphSequence) and np.array_equal(numbers, guesses.frames):
        return guesses
    by_frame = {guess.frame: guess for guess in guesses}
    return [by_frame.get(number) for number in numbers.tolist()]


def mark_missing(guesses: Sequence[SceneGraph | None]) -> NDArray[np.bool_]:
    """[F] for which frames nothing was predicted."""
    if isinstance(guesses, GraphSequence):
        return np.zeros(len(guesses), bool)
    return np.array([guess is None for guess in guesses], bool)


def score_columns(
    true: GraphColumns,
    guessed: GraphColumns,
    video_of_frame: NDArray[np.int64],
    is_missing: NDArray[np.bool_],
    ks: Sequence[int] = KS,
    seen: NDArray[np.bool_] | None = None,
    constraints: Sequence[Constraint] = tuple(Constraint),
    sizes: Sequence[int] = (N_RELATIONS,),
) -> tuple[GraphRecall, ...]:
    """The recalls of columns over the same F frames: video_of_frame [F] numbers, is_missing [F] nobody predicted."""
    matches, ranking = match_objects(true, guessed), Ranking(guessed)
    recalls = []
    for n_relations in sizes:
        triplets = _list_triplets(true, n_relations, video_of_frame, is_missing, seen)
        entries = match_entries(true, matches, n_relations)
        for constraint in constraints:
            first = find_first_ranks(true, entries, ranking, constraint, n_relations)
            recalls.append(_average(constraint, triplets, first[triplets.objects, triplets.relations], ks))
    return tuple(recalls)


@dataclass(frozen=True)
class _Triplets:
    """T true triplets in F frames that have any, which hold P different pairs of a frame and a relationship.

    objects, relations, frames  [T] row of the object, relationship, frame from 0 to F-1
    of_pair, relation_of_pair   [T] and [P]: which pair, and its relationship
    videos                      [F] number of each frame's video
    unseen                      [T] whether no training graph holds the triplet, None where nobody told
    """

    n_relations: int
    objects: NDArray[np.int64]
    relations: NDArray[np.int64]
    frames: NDArray[np.int64]
    of_pair: NDArray[np.int64]
    relation_of_pair: NDArray[np.int64]
    videos: NDArray[np.int64]
    n_missing: int
    unseen: NDArray[np.bool_] | None


def _list_triplets(
    true: GraphColumns,
    n_relations: int,
    video_of_frame: NDArray[np.int64],
    is_missing: NDArray[np.bool_],
    seen: NDArray[np.bool_] | None,
) -> _Triplets:
    """The true triplets of the frames; UserError where there are some, and none of their frames was predicted."""
    objects, relations = np.nonzero(true.relations[:, :n_relations] > 0)
    of_frame = true.object_frame[objects]
    begins = np.diff(of_frame, prepend=-1) > 0
    kept, frames = of_frame[begins], np.cumsum(begins) - 1
    missing = int(is_missing[kept].sum())
    if missing and missing == len(kept):
        raise UserError(
            f"none of the {missing} annotated frames has a predicted graph; predict the same videos and frame numbers "
            "that are annotated"
        )
    unseen = None if seen is None else ~seen[true.object_classes[objects], relations]
    pair_of_triplet = frames * n_relations + relations
    occurs = np.zeros(len(kept) * n_relations, bool)
    occurs[pair_of_triplet] = True
    return _Triplets(
        n_relations,
        objects,
        relations,
        frames,
        (np.cumsum(occurs) - 1)[pair_of_triplet],
        np.flatnonzero(occurs) % n_relations,
        video_of_frame[kept],
        missing,
        unseen,
    )


def _average(
    constraint: Constraint, triplets: _Triplets, first_rank: NDArray[np.int64], ks: Sequence[int]
) -> GraphRecall:
    size, relations, of_pair = triplets.n_relations, triplets.relations, triplets.of_pair
    counts, size_of_pair = np.bincount(relations, minlength=size), np.bincount(of_pair)
    frames_with = np.bincount(triplets.relation_of_pair, minlength=size)
    pooled, each_frame, per_relation = {}, {}, {}
    for k in ks:
        hit = (first_rank < k).astype(np.float64)
        per_relation[k] = _ratio(np.bincount(relations, weights=hit, minlength=size), counts)
        within = np.bincount(of_pair, weights=hit) / size_of_pair
        each = _ratio(np.bincount(triplets.relation_of_pair, weights=within, minlength=size), frames_with)
        pooled[k], each_frame[k] = _mean(per_relation[k]), _mean(each)
    by_frame, by_video, n_frames, n_videos = _average_frames(triplets.frames, triplets.videos, first_rank, ks)
    zero_shot = None
    if triplets.unseen is not None:
        frames, ranks = triplets.frames[triplets.unseen], first_rank[triplets.unseen]
        means = _average_frames(frames, triplets.videos, ranks, ks)
        zero_shot = ZeroShotRecall(means[0], means[1], int(triplets.unseen.sum()), means[2], means[3])
    missing = triplets.n_missing
    return GraphRecall(
        constraint, by_frame, by_video, pooled, each_frame, per_relation, counts, n_frames, n_videos, missing, zero_shot
    )


def _average_frames(
    frames: NDArray[np.int64], videos: NDArray[np.int64], first_rank: NDArray[np.int64], ks: Sequence[int]
) -> tuple[dict[int, float], dict[int, float], int, int]:
    """Of triplets [T] in frames of videos [F]: the means over frames and over videos by K; how many have any."""
    of_frame = np.bincount(frames, minlength=len(videos))
    kept = of_frame > 0
    of_video = np.bincount(videos[kept])
    has_any = of_video > 0
    by_frame, by_video = {}, {}
    for k in ks:
        hit = (first_rank < k).astype(np.float64)
        recall = np.bincount(frames, weights=hit, minlength=len(of_frame))[kept] / of_frame[kept]
        per_video = np.bincount(videos[kept], weights=recall)[has_any] / of_video[has_any]
        by_frame[k], by_video[k] = _mean(recall), _mean(per_video)
    return by_frame, by_video, int(kept.sum()), int(has_any.sum())


def _harmonise(first: Mapping[int, float], second: Mapping[int, float]) -> dict[int, float]:
    """Harmonic mean by K; 0 where both are 0."""
    sums = {k: first[k] + second[k] for k in first}
    return {k: 2 * first[k] * second[k] / total if total else 0.0 for k, total in sums.items()}


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    ratios = np.full(len(whole), np.nan)
    np.divide(part, whole, out=ratios, where=whole > 0)
    return ratios


def _mean(values: NDArray[Any]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
