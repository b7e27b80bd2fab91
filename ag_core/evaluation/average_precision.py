"""Average precision: actions of whole videos as Charades scores them, and detected boxes at an overlap of one half.

Knows arrays and records only: no files, no models. Definitions follow the official Charades script for videos and the
area under the interpolated precision-recall curve for boxes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.boxes import iou_matrix
from ag_core.records import Detections
from ag_core.taxonomy import N_CLASSES


@dataclass(frozen=True)
class ActionPrecision:
    """Charades mAP of a set of videos.

    per_class [C] average precision, NaN where the set has no positive video; positives [C] number of positive videos
    """

    per_class: NDArray[np.float64]
    positives: NDArray[np.int64]
    n_videos: int

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


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean, over the positives, of the precision at their rank; NaN without positives.

    scores [n], labels [n] of 0 and 1. Not interpolated; tied scores keep the order they came in.
    """
    columns = class_average_precision(np.asarray(scores, float)[:, None], np.asarray(labels)[:, None])
    return float(columns[0])


def class_average_precision(scores: NDArray, labels: NDArray) -> NDArray[np.float64]:
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
    return np.divide(totals, positives, out=np.full(len(totals), np.nan), where=positives > 0)


def action_precision(scores: NDArray, labels: NDArray) -> ActionPrecision:
    """Charades mAP of videos: scores [n,C] (only their order matters), labels [n,C] of the whole videos.

    As in the official script, videos without any action are ranked last in every class.
    """
    labels = np.asarray(labels).astype(bool)
    ranked = np.where(labels.any(axis=1, keepdims=True), np.asarray(scores, np.float64), -np.inf)
    per_class = class_average_precision(ranked, labels)
    return ActionPrecision(per_class, labels.sum(axis=0).astype(np.int64), len(labels))


@dataclass(frozen=True)
class BoxPrecision:
    """Detection AP of a set of images.

    per_class    [36] average precision, NaN where the class has no true box
    counts       [36] number of true boxes
    short_sides  [36] median shorter side of the true boxes in pixels, NaN without any
    """

    per_class: NDArray[np.float64]
    counts: NDArray[np.int64]
    short_sides: NDArray[np.float64]
    n_images: int

    @property
    def mean(self) -> float:
        """Mean over the classes that occur; NaN without any."""
        present = self.counts > 0
        return float(self.per_class[present].mean()) if present.any() else float("nan")


def detection_precision(
    detections: Sequence[Detections], truth: Sequence[Detections], overlap: float = 0.5
) -> BoxPrecision:
    """Average precision of boxes per class: one entry of `detections` and of `truth` (scores ignored) per image.

    Detections of a class are taken by falling score over all images; each takes the free true box it overlaps most,
    if by at least `overlap`. The area lies under the curve with precision made non-increasing in recall.
    """
    if len(detections) != len(truth):
        raise ValueError(f"{len(detections)} images have detections and {len(truth)} have truth; give one of each")
    per_class, counts = np.full(N_CLASSES, np.nan), np.zeros(N_CLASSES, np.int64)
    short_sides = np.full(N_CLASSES, np.nan)
    true_class = np.concatenate([np.zeros(0, np.int64), *(t.classes for t in truth)])
    for object_class in np.unique(true_class):
        true_boxes = [t.boxes_xyxy[t.classes == object_class].astype(np.float64) for t in truth]
        found = [d[d.classes == object_class] for d in detections]
        every = np.concatenate(true_boxes)
        counts[object_class] = len(every)
        short_sides[object_class] = np.median((every[:, 2:] - every[:, :2]).min(axis=1))
        per_class[object_class] = _box_average_precision(found, true_boxes, overlap)
    return BoxPrecision(per_class, counts, short_sides, len(truth))


def _box_average_precision(found: list[Detections], true_boxes: list[NDArray], overlap: float) -> float:
    """Average precision of one class, from its detections and true boxes per image."""
    image = np.concatenate([np.full(len(f), i) for i, f in enumerate(found)])
    scores = np.concatenate([f.scores for f in found])
    hits = np.concatenate([_matches(f, boxes, overlap) for f, boxes in zip(found, true_boxes)])
    # Within one image the order by score is the same as over all images, so matching image by image is equivalent.
    order = np.argsort(-scores, kind="stable")
    n_true = sum(len(boxes) for boxes in true_boxes)
    if not len(image):
        return 0.0
    true_positives = np.cumsum(hits[order])
    precision = true_positives / np.arange(1, len(order) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(envelope * hits[order]) / n_true)


def _matches(found: Detections, true_boxes: NDArray, overlap: float) -> NDArray[np.bool_]:
    """[N] whether each detection of one class and image claims a true box, greedily by falling score."""
    hits = np.zeros(len(found), bool)
    if not len(found) or not len(true_boxes):
        return hits
    overlaps = iou_matrix(found.boxes_xyxy, true_boxes)
    for index in np.argsort(-found.scores, kind="stable"):
        best = int(np.argmax(overlaps[index]))
        if overlaps[index, best] >= overlap:
            hits[index] = True
            overlaps[:, best] = -1.0
    return hits
