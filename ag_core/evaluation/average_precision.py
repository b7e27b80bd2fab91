"""Average precision: actions of whole videos as Charades scores them, and detected boxes at an overlap of one half.

Knows arrays, records and metrics only: no files, no models. Definitions follow the official Charades script for videos
and the area under the interpolated precision-recall curve for boxes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.boxes import compute_iou
from ag_core.errors import UserError
from ag_core.evaluation.metrics import Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Origin, Protocol, Unit
from ag_core.records import Detections
from ag_core.taxonomy import ACTIONS, N_CLASSES, OBJECT_CLASSES

ACTION_DETAILS = "as Charades scores videos: not interpolated, stable ties, classes with a positive video"

CHANCE = "chance"
"""The model that gives every video the same scores."""

MIN_OVERLAP = 0.5
"""Of a detected and a true box, as intersection over union, for the one to count as the other."""


def build_video_map_protocol(averaging: Averaging = Averaging.CLASS, details: str = "") -> Protocol:
    """How Charades scores videos, in percent; `details` adds how a video came to its scores."""
    words = "; ".join(filter(None, (ACTION_DETAILS, details)))
    return Protocol("video mAP", Unit.PERCENT, averaging=averaging, details=words)


def build_detection_protocol(overlap: float = MIN_OVERLAP, ignores: bool = False) -> Protocol:
    """How detected boxes are scored over the classes that occur, in percent.

    ignores  objects in sight that were too small or too hidden to be annotated count neither way
    """
    details = f"area under the interpolated curve, boxes overlap by {overlap:g}"
    details += "; small and hidden objects ignored" if ignores else ""
    return Protocol("box mAP", Unit.PERCENT, averaging=Averaging.CLASS, details=details)


@dataclass(frozen=True)
class ActionPrecision:
    """Charades mAP of a set of videos.

    per_class [C] average precision, NaN where the set has no positive video; positives [C] number of positive videos;
    videos_without_scores counts the videos that are ranked last in every class because they have no scores
    """

    per_class: NDArray[np.float64]
    positives: NDArray[np.int64]
    n_videos: int
    videos_without_scores: int = 0

    @property
    def classes(self) -> NDArray[np.int64]:
        """The classes with at least one positive video: the ones that are averaged."""
        return np.flatnonzero(self.positives)

    @property
    def mean(self) -> float:
        """Plain mean over the classes with positives; NaN without any."""
        return float(self.per_class[self.classes].mean()) if len(self.classes) else float("nan")

    @property
    def weighted(self) -> float:
        """Mean weighted by the number of positive videos, the second figure of the official script."""
        if not len(self.classes):
            return float("nan")
        return float(np.average(self.per_class[self.classes], weights=self.positives[self.classes]))

    @property
    def chance(self) -> float:
        """What random scores reach in expectation for many videos: the mean share of positive videos."""
        return (
            float((self.positives[self.classes] / max(self.n_videos, 1)).mean()) if len(self.classes) else float("nan")
        )

    def to_metrics(
        self, origin: Origin, n: Counts = Counts(), model: str = "", details: str = ""
    ) -> tuple[Metric, ...]:
        """Video mAP and weighted mAP of a model in percent; `n` may add what was learned from, `details` how a video
        came to its scores."""
        values = ((Averaging.CLASS, self.mean), (Averaging.CLASS_WEIGHTED, self.weighted))
        return tuple(
            Metric(
                to_percent(value), build_video_map_protocol(averaging, details), origin, self._counts(n), model=model
            )
            for averaging, value in values
        )

    def to_chance_metric(self, origin: Origin, details: str = "") -> Metric:
        """The mAP of constant scores in percent: the mean share of positive videos. It belongs to no training."""
        origin = replace(origin, seeds=())
        protocol = build_video_map_protocol(details=details)
        return Metric(to_percent(self.chance), protocol, origin, self._counts(Counts()), model=CHANCE)

    def to_class_metrics(
        self, origin: Origin, n: Counts = Counts(), model: str = "", details: str = ""
    ) -> list[Metric]:
        """The AP in percent of every action with a positive video, named by its Charades id."""
        protocol = replace(build_video_map_protocol(Averaging.ONE_CLASS, details), name="video AP")
        counts = replace(self._counts(n), classes=None)
        return [
            Metric(
                to_percent(self.per_class[index]),
                replace(protocol, subject=ACTIONS[index].id),
                origin,
                counts,
                model=model,
            )
            for index in self.classes
        ]

    def _counts(self, n: Counts) -> Counts:
        missing = self.videos_without_scores
        return replace(n, videos=self.n_videos, classes=len(self.classes), videos_without_scores=missing)


def compute_average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean, over the positives, of the precision at their rank; NaN without positives.

    scores [n], labels [n] of 0 and 1. Not interpolated; tied scores keep the order they came in.
    """
    columns = compute_class_average_precision(np.asarray(scores, float)[:, None], np.asarray(labels)[:, None])
    return float(columns[0])


def compute_class_average_precision(scores: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float64]:
    """Average precision of every column: scores and labels [n,C] -> [C], NaN where a class has no positive."""
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels).astype(bool)
    if scores.shape != labels.shape:
        raise ValueError(f"scores {scores.shape} and labels {labels.shape} differ; give one label per score")
    if not scores.size:
        return np.full(scores.shape[1], np.nan)
    # Class-major copies: each class is one contiguous row to sort and accumulate.
    order = np.argsort(-np.ascontiguousarray(scores.T), axis=1, kind="stable")
    ranked = np.take_along_axis(np.ascontiguousarray(labels.T), order, axis=1)
    precision = np.cumsum(ranked, axis=1) / np.arange(1, scores.shape[0] + 1)
    positives = ranked.sum(axis=1)
    totals = np.where(ranked, precision, 0.0).sum(axis=1)
    per_class = np.full(len(totals), np.nan)
    np.divide(totals, positives, out=per_class, where=positives > 0)
    return per_class


def compute_action_precision(
    scores: NDArray[Any], labels: NDArray[Any], is_labelled: NDArray[np.bool_] | None = None
) -> ActionPrecision:
    """Charades mAP of videos: scores [n,C] (only their order matters), labels [n,C] of the whole videos.

    is_labelled  [n] which videos show any action at all; needed where C are a few of the classes, None where all

    As in the official script, videos without any action are ranked last in every class. So are videos without scores,
    whose rows are NaN: they are counted; UserError where no video has scores.
    """
    scores, labels = np.asarray(scores, np.float64), np.asarray(labels).astype(bool)
    unknown = np.isnan(scores).all(axis=1) if scores.shape[1] else np.zeros(len(scores), bool)
    if np.isnan(scores[~unknown]).any():
        raise ValueError("some scores of a video are NaN; give all of its scores, or NaN for all where it has none")
    if len(scores) and unknown.all():
        raise UserError(f"none of the {len(scores)} videos has scores; predict them before evaluating")
    shows_action = labels.any(axis=1) if is_labelled is None else is_labelled
    ranked = np.where((shows_action & ~unknown)[:, None], scores, -np.inf)
    per_class = compute_class_average_precision(ranked, labels)
    return ActionPrecision(per_class, labels.sum(axis=0).astype(np.int64), len(labels), int(unknown.sum()))


@dataclass(frozen=True)
class DetectionPrecision:
    """Detection AP of a set of frames.

    per_class    [36] average precision, NaN where the class has no true box
    counts       [36] number of true boxes
    short_sides  [36] median shorter side of the true boxes in pixels, NaN without any
    overlap      that a detected box needs with a true one
    frames_without_prediction  frames that nobody looked at; their true boxes count as missed
    ignored      boxes that count neither way, None where there was no word of such boxes
    """

    per_class: NDArray[np.float64]
    counts: NDArray[np.int64]
    short_sides: NDArray[np.float64]
    n_frames: int
    overlap: float = MIN_OVERLAP
    frames_without_prediction: int = 0
    ignored: int | None = None

    @property
    def classes(self) -> NDArray[np.int64]:
        """The classes that occur: the ones that are averaged."""
        return np.flatnonzero(self.counts)

    @property
    def mean(self) -> float:
        """Mean over the classes that occur; NaN without any."""
        return float(self.per_class[self.classes].mean()) if len(self.classes) else float("nan")

    def to_metric(self, origin: Origin, n: Counts = Counts(), model: str = "") -> Metric:
        """The mean AP in percent; `n` may add what was learned from and the number of videos."""
        counts = self._counts(n, self.counts.sum(), len(self.classes))
        return Metric(to_percent(self.mean), self._protocol, origin, counts, model=model)

    def to_class_metrics(self, origin: Origin, n: Counts = Counts(), model: str = "") -> list[Metric]:
        """The AP in percent of every class that occurs."""
        protocol = replace(self._protocol, name="box AP", averaging=Averaging.ONE_CLASS)
        return [
            Metric(
                to_percent(self.per_class[index]),
                replace(protocol, subject=OBJECT_CLASSES[index]),
                origin,
                self._counts(n, self.counts[index], None),
                model=model,
            )
            for index in self.classes
        ]

    @property
    def _protocol(self) -> Protocol:
        return build_detection_protocol(self.overlap, self.ignored is not None)

    def _counts(self, n: Counts, boxes: int, classes: int | None) -> Counts:
        missing = self.frames_without_prediction
        return replace(n, frames=self.n_frames, boxes=int(boxes), classes=classes, frames_without_prediction=missing)


def compute_detection_precision(
    detections: Sequence[Detections | None],
    truth: Sequence[Detections],
    overlap: float = MIN_OVERLAP,
    ignored: Sequence[Detections] | None = None,
) -> DetectionPrecision:
    """Average precision of boxes per class: one entry of `detections` and of `truth` (scores ignored) per frame.

    Detections of a class are taken by falling score over all frames; each takes the free true box it overlaps most,
    if by at least `overlap`. The area lies under the curve with precision made non-increasing in recall. None in
    `detections` is a frame that nobody looked at: it counts as empty, and its number is told; UserError where that
    holds for all of them.

    `ignored` boxes of a frame count as in COCO: what takes no true box but one of those of its class, each taken once,
    is neither right nor wrong.
    """
    if not len(detections) == len(truth) == len(truth if ignored is None else ignored):
        raise ValueError(f"{len(detections)} frames have detections and {len(truth)} have truth; give one of each")
    missing = sum(found is None for found in detections)
    if detections and missing == len(detections):
        raise UserError(f"none of the {missing} annotated frames was looked at; detect boxes in them before evaluating")
    looked_at = [Detections.empty() if found is None else found for found in detections]
    per_class, counts = np.full(N_CLASSES, np.nan), np.zeros(N_CLASSES, np.int64)
    short_sides = np.full(N_CLASSES, np.nan)
    true_class = np.concatenate([np.zeros(0, np.int64), *(t.classes for t in truth)])
    for object_class in np.unique(true_class):
        true_boxes = [t.boxes_xyxy[t.classes == object_class].astype(np.float64) for t in truth]
        found = [d[d.classes == object_class] for d in looked_at]
        faint = [
            t.boxes_xyxy[t.classes == object_class].astype(np.float64)
            for t in ignored or [Detections.empty()] * len(truth)
        ]
        every = np.concatenate(true_boxes)
        counts[object_class] = len(every)
        short_sides[object_class] = np.median((every[:, 2:] - every[:, :2]).min(axis=1))
        per_class[object_class] = _box_average_precision(found, true_boxes, faint, overlap)
    n_ignored = None if ignored is None else sum(map(len, ignored))
    return DetectionPrecision(per_class, counts, short_sides, len(truth), overlap, missing, n_ignored)


def _box_average_precision(
    found: list[Detections], true_boxes: list[NDArray[Any]], ignored: list[NDArray[Any]], overlap: float
) -> float:
    """Average precision of one class, from its detections, true boxes and boxes to ignore per frame."""
    scores = np.concatenate([f.scores for f in found])
    matched = [_match(f, boxes, faint, overlap) for f, boxes, faint in zip(found, true_boxes, ignored)]
    hits = np.concatenate([hits for hits, _ in matched])
    counted = np.concatenate([counted for _, counted in matched])
    # Within one frame the order by score is the same as over all frames, so matching frame by frame is equivalent.
    order = np.argsort(-scores, kind="stable")
    order = order[counted[order]]
    n_true = sum(len(boxes) for boxes in true_boxes)
    if not len(order):
        return 0.0
    true_positives = np.cumsum(hits[order])
    precision = true_positives / np.arange(1, len(order) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(envelope * hits[order]) / n_true)


def _match(
    found: Detections, true_boxes: NDArray[Any], ignored: NDArray[Any], overlap: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """[N] whether each detection of one class and frame claims a true box, and [N] whether it counts.

    Greedily by falling score; true boxes are tried before those to ignore.
    """
    hits, counted = np.zeros(len(found), bool), np.ones(len(found), bool)
    claims = (
        (hits, True, compute_iou(found.boxes_xyxy, true_boxes)),
        (counted, False, compute_iou(found.boxes_xyxy, ignored)),
    )
    for index in np.argsort(-found.scores, kind="stable"):
        for outcome, value, overlaps in claims:
            if overlaps.shape[1] and overlaps[index].max() >= overlap:
                outcome[index] = value
                overlaps[:, overlaps[index].argmax()] = -1.0
                break
    return hits, counted
