"""Evaluation as functions: data and weights in, a typed result out; nothing is written but caches.

A result holds what was measured and whose data it was, and gives it as metrics that carry their protocol
(`to_metrics`) or as one row of a log (`to_row`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.store_format import ANNOTATION, DENSE
from ag_core.catalog import DEFAULT_RELATION_HEAD, HOME_WORLD, find_detector, find_relation_head
from ag_core.errors import UserError
from ag_core.evaluation.average_precision import DetectionPrecision, compute_detection_precision
from ag_core.evaluation.graph_recall import GraphRecall, compute_graph_recalls
from ag_core.evaluation.metrics import Metric, to_percent
from ag_core.evaluation.protocol import Origin, Owner
from ag_core.evaluation.results_log import build_log_row
from ag_core.experiments.action import build_graph_predictor
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideo, LabelledVideos, TrainingData, choose_evenly, read_true_boxes
from ag_core.experiments.training_inputs import Listeners
from ag_core.models.checkpoints import read_metadata
from ag_core.models.detector import FasterRcnnDetector
from ag_core.progress import track_progress
from ag_core.records import SceneGraph
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import OBJECT_CLASSES, RELATIONS, Mode
from ag_core.video.frames import read_frames

PARTS = ("iid", "comp")

TRUTHS = {DENSE: "dense view", ANNOTATION: "annotated frames"}
"""What a number was measured against, by source, in the words of the tables."""

VIEWS = "10 views, maximum"
"""How a video comes to its action scores."""


@dataclass(frozen=True)
class EvaluationOptions:
    """With what and how to evaluate.

    weights     folder of weights; preset the name of the networks' size
    max_frames  detector, relations: only so many frames, spread evenly; None for all
    owner       whose the numbers are
    command     what makes them again, without `python -m ag_core`
    detector    one of the project's own, by its id: which finds the boxes
    """

    weights: Path = WEIGHTS
    preset: str = "demo"
    compute: Compute = field(default_factory=Compute)
    max_frames: int | None = None
    owner: Owner = Owner.YOURS
    command: str = ""

    def __post_init__(self) -> None:
        if self.max_frames is not None and self.max_frames < 1:
            raise UserError(f"--frames {self.max_frames} leaves nothing to evaluate; give 1 or more")

    def build_origin(self, data: TrainingData, what: str, seed: int | None) -> Origin:
        """Whose numbers these are, of which data, and what makes them again."""
        command = self.command or f"evaluate {what} --data {data.name}"
        seeds = () if seed is None else (seed,)
        return Origin(
            self.owner, data.name, data.split, TRUTHS.get(data.source, f"source {data.source}"), seeds, command
        )


@dataclass(frozen=True)
class DetectorEvaluation:
    """How well boxes are found."""

    precision: DetectionPrecision
    origin: Origin

    def to_metrics(self) -> list[Metric]:
        """Mean AP, then the AP of every class that occurs."""
        label = find_detector(HOME_WORLD).name_in_results
        return [
            self.precision.to_metric(self.origin, model=label),
            *self.precision.to_class_metrics(self.origin, model=label),
        ]

    def to_row(self) -> dict[str, Any]:
        """One row of a log: the mean AP; what is known of each class."""
        result, present = self.precision, self.precision.classes
        about = {
            "AP@0.5": {OBJECT_CLASSES[c]: _round_percent(result.per_class[c]) for c in present},
            "boxes": {OBJECT_CLASSES[c]: int(result.counts[c]) for c in present},
            "ignored boxes": result.ignored,
            "median short side in pixels": {OBJECT_CLASSES[c]: round(float(result.short_sides[c]), 1) for c in present},
        }
        return build_log_row(f"detector {find_detector(HOME_WORLD).name_in_results}", self.to_metrics()[:1], about)


@dataclass(frozen=True)
class RelationEvaluation:
    """Scene-graph recall of a relation head under every constraint."""

    head: str
    mode: Mode
    recalls: tuple[GraphRecall, ...]
    origin: Origin

    def to_metrics(self) -> list[Metric]:
        """Every recall under every constraint, then the pooled recall of each relationship at the largest K."""
        metrics = self.to_headline_metrics()
        for recall in self.recalls:
            k = max(recall.per_relation)
            metrics += recall.to_relation_metrics(self.origin, self.mode, k, model=self.head)
        return metrics

    def to_headline_metrics(self) -> list[Metric]:
        """Every recall under every constraint."""
        return [
            metric for recall in self.recalls for metric in recall.to_metrics(self.origin, self.mode, model=self.head)
        ]

    def to_row(self) -> dict[str, Any]:
        """One row of a log: every recall; the pooled recall of each relationship."""
        about = describe_relations(self.recalls)
        return build_log_row(f"relations {self.head} {self.mode}", self.to_headline_metrics(), about)


def evaluate_detector(
    data: TrainingData,
    options: EvaluationOptions = EvaluationOptions(),
    listeners: Listeners = Listeners(),
) -> DetectorEvaluation:
    """AP of the project's detector on the annotated frames that count."""
    weights = find_detector(HOME_WORLD).weights_path(options.weights)
    detector = FasterRcnnDetector.from_checkpoint(weights, options.compute.device)
    chosen = choose_evenly(_list_counted(_load(data, listeners)), options.max_frames)
    truth = [read_true_boxes(graph) for _, graph in chosen]
    ignored = [video.get_ignored_boxes(graph.frame) for video, graph in chosen]
    frames = track_progress(_read_frames(chosen), len(chosen), "frames", listeners.stage)
    found = [found for frame in frames for found in detector.detect([frame])]
    origin = options.build_origin(data, "detector", read_seed(read_metadata(weights)))
    return DetectorEvaluation(compute_detection_precision(found, truth, ignored=ignored), origin)


def evaluate_relations(
    data: TrainingData,
    options: EvaluationOptions = EvaluationOptions(),
    head: str = DEFAULT_RELATION_HEAD,
    mode: Mode = Mode.PREDCLS,
    listeners: Listeners = Listeners(),
) -> RelationEvaluation:
    """Recall of a relation head's scene graphs on the annotated frames that count."""
    predictor, _ = build_graph_predictor(options.weights, options.preset, options.compute, relation_head=head)
    chosen = choose_evenly(_list_counted(_load(data, listeners)), options.max_frames)
    truth: dict[str, list[SceneGraph]] = {}
    for video, graph in chosen:
        truth.setdefault(video.video_id, []).append(graph)
    predictions: dict[str, list[SceneGraph]] = {}
    frames = track_progress(_read_frames(chosen), len(chosen), "frames", listeners.stage)
    for video_id, graphs in truth.items():  # frames come in the same order
        observed = [
            predictor.observe([frame], [graph.frame], [graph.time_s], [graph], mode)
            for graph, frame in zip(graphs, frames)
        ]
        predictions[video_id] = predictor.judge_video(observed)
    recalls = compute_graph_recalls(truth, predictions)
    seed = read_seed(read_metadata(find_relation_head(head).weights_path(options.weights)))
    return RelationEvaluation(head, mode, recalls, options.build_origin(data, "relations", seed))


def describe_relations(recalls: Sequence[GraphRecall]) -> dict[str, Any]:
    """The pooled recall of each relationship at the largest K under each constraint, in percent."""
    largest = max(recalls[0].per_relation)
    return {
        f"R@{largest} {recall.constraint}": {
            name: round(to_percent(value), 1)
            for name, value in zip(RELATIONS, recall.per_relation[largest])
            if not np.isnan(value)
        }
        for recall in recalls
    }


def read_seed(metadata: dict[str, str]) -> int | None:
    """The seed of a training, from the command in its weights file."""
    _, _, after = metadata.get("command", "").partition("--seed ")
    seed, _, _ = after.partition(" ")
    return int(seed) if seed.isdecimal() else None


def _load(data: TrainingData, listeners: Listeners) -> LabelledVideos:
    loaded = data.load()
    listeners.note(loaded.describe())
    return loaded


def _list_counted(loaded: LabelledVideos) -> list[tuple[LabelledVideo, SceneGraph]]:
    """Every frame that counts with its video, by video and frame."""
    return [(video, graph) for video in loaded.annotated() for graph in video.counted_graphs]


def _read_frames(chosen: Sequence[tuple[LabelledVideo, SceneGraph]]) -> Iterator[NDArray[np.uint8]]:
    """The frame [H,W,3] of each chosen graph, in order; a file is decoded once for all its frames."""
    for _, group in groupby(chosen, key=lambda pair: pair[0].video_id):
        pairs = list(group)
        path, numbers = pairs[0][0].path, [graph.frame for _, graph in pairs]
        given = dict.fromkeys(numbers)
        for number, frame in read_frames(path, numbers):
            del given[number]
            yield frame
        if given:
            raise UserError(f"{path.name} does not give frame {min(given)}; leave it out of the folder of --videos")


def _round_percent(share: float) -> float:
    return round(to_percent(share), 2)
