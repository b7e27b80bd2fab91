"""Evaluation as functions: data and weights in, a typed result out; nothing is written but caches.

A result holds what was measured and whose data it was, and gives it as metrics that carry their protocol
(`to_metrics`) or as one row of a log (`to_row`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.few_shot import list_few_shot_classes
from ag_core.annotations.store_format import ANNOTATION, DENSE
from ag_core.catalog import (
    ACTION_MODELS,
    DEFAULT_RELATION_HEAD,
    HOME_WORLD,
    find_clip_networks,
    find_detector,
    find_relation_head,
)
from ag_core.errors import UserError
from ag_core.evaluation.average_precision import (
    ActionPrecision,
    DetectionPrecision,
    compute_action_precision,
    compute_detection_precision,
)
from ag_core.evaluation.graph_recall import GraphRecall, compute_graph_recall
from ag_core.evaluation.metrics import Metric, to_percent
from ag_core.evaluation.protocol import Constraint, Origin, Owner
from ag_core.evaluation.results_log import build_log_row
from ag_core.experiments.action import build_extractor, build_head_examples, score_examples
from ag_core.experiments.clip import Clips
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideo, LabelledVideos, TrainingData, choose_evenly, read_true_boxes
from ag_core.experiments.training import Listeners
from ag_core.models.checkpoints import read_metadata
from ag_core.models.detector import FasterRcnnDetector, load_faster_rcnn
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import load_relation_head
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import load_bank_head
from ag_core.progress import track_progress
from ag_core.records import SceneGraph
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, RELATIONS, Mode
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
    few_shot    action: profile whose base and novel classes are also scored apart
    owner       whose the numbers are
    command     what makes them again, without `python -m ag_core`
    """

    weights: Path = WEIGHTS
    preset: str = "demo"
    compute: Compute = field(default_factory=Compute)
    max_frames: int | None = None
    few_shot: str | None = None
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
        return build_log_row("detector faster-rcnn", self.to_metrics()[:1], about)


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


@dataclass(frozen=True)
class ActionEvaluation:
    """Charades mAP of the action models.

    precisions  by model; of_parts by model and part of the split, of_few_shot by model and 'base' or 'novel'
    n_labelled  videos with an action; n_parts videos by part; origins by model, each with the seed of its training
    operators   by model with a bank, the bank operator it was trained with
    """

    precisions: dict[str, ActionPrecision]
    of_parts: dict[str, dict[str, ActionPrecision]]
    of_few_shot: dict[str, dict[str, ActionPrecision]]
    n_labelled: int
    n_parts: dict[str, int]
    origins: dict[str, Origin]
    operators: dict[str, str]

    def to_metrics(self) -> dict[str, list[Metric]]:
        """By model: the headlines, then the AP of every action with a positive video."""
        return {
            model: [
                *found,
                *self.precisions[model].to_class_metrics(self.origins[model], model=model, details=VIEWS),
            ]
            for model, found in self.to_headline_metrics().items()
        }

    def to_row(self) -> dict[str, Any]:
        """One row of a log: the headlines of each model; the AP of each class."""
        any_model = next(iter(self.precisions.values()))
        about: dict[str, Any] = {
            "videos with an action": self.n_labelled,
            "videos of parts": self.n_parts,
            "bank operator": self.operators,
            "AP": {
                model: {ACTIONS[c].id: _round_percent(found.per_class[c]) for c in found.classes}
                for model, found in self.precisions.items()
            },
            "positive videos": {ACTIONS[c].id: int(any_model.positives[c]) for c in any_model.classes},
        }
        return build_log_row(
            "action models", [m for found in self.to_headline_metrics().values() for m in found], about
        )

    def to_headline_metrics(self) -> dict[str, list[Metric]]:
        """By model: mAP and weighted mAP of the split, mAP of its parts and of base and novel classes, and chance."""
        found: dict[str, list[Metric]] = {}
        for model, precision in self.precisions.items():
            origin = self.origins[model]
            found[model] = [*precision.to_metrics(origin, model=model, details=VIEWS)]
            for part, of_part in self.of_parts[model].items():
                of_origin = replace(origin, split=part)
                found[model] += of_part.to_metrics(of_origin, model=model, details=VIEWS)[:1]
            for name, of_classes in self.of_few_shot.get(model, {}).items():
                details = f"{VIEWS}; {name} classes"
                found[model] += of_classes.to_metrics(origin, model=model, details=details)[:1]
            found[model].append(precision.to_chance_metric(origin, VIEWS))
        return found


def evaluate_detector(
    data: TrainingData, options: EvaluationOptions = EvaluationOptions(), listeners: Listeners = Listeners()
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
    own, device = find_detector(HOME_WORLD), options.compute.device
    model = load_faster_rcnn(own.weights_path(options.weights))
    preset = find_relation_head(head).preset(options.preset)
    network, metadata = load_relation_head(head, options.weights, preset)
    detector, trunk = FasterRcnnDetector(model, device), RegionFeatureExtractor(model)
    trunk.check_size(preset, str(find_relation_head(head).weights_path(options.weights)))
    predictor = SceneGraphPredictor(detector, trunk, network, device)
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
    recalls = tuple(compute_graph_recall(truth, predictions, constraint) for constraint in Constraint)
    return RelationEvaluation(head, mode, recalls, options.build_origin(data, "relations", read_seed(metadata)))


def evaluate_action(
    data: TrainingData, options: EvaluationOptions = EvaluationOptions(), listeners: Listeners = Listeners()
) -> ActionEvaluation:
    """Charades mAP on the videos of the split: of the models that predict, and of all others that have weights."""
    loaded = _load(data, listeners)
    loaded.check_actions()
    labels = np.array([video.labels for video in loaded.videos])
    parts = {part: np.array([video.part == part for video in loaded.videos]) for part in PARTS}
    models = [
        model for model in ACTION_MODELS.values() if model.predicts or model.weights_path(options.weights).exists()
    ]
    seen = {}
    for network in find_clip_networks(models):
        extract = build_extractor(data, options.weights, options.preset, network.id, options.compute)
        clips = Clips.from_videos(loaded, network.preset(options.preset))
        made = map(extract, clips.videos)
        seen[network.id] = clips, list(track_progress(made, len(clips.videos), "features", listeners.stage))
    precisions, of_parts, of_few_shot = {}, {}, {}
    origins, operators = {}, {}
    for model in models:
        name = model.id
        head, metadata = load_bank_head(name, options.weights, model.preset(options.preset))
        origins[name] = options.build_origin(data, "action", read_seed(metadata))
        if model.bank is not None:
            operators[name] = metadata["operator"]
        clips, features = seen[model.clip_network]
        examples = build_head_examples(name, clips, features, at_views=True)
        scores = score_examples(head.to(options.compute.device), examples, options.compute)
        precisions[name] = compute_action_precision(scores, labels)
        of_parts[name] = {
            part: compute_action_precision(scores[rows], labels[rows])
            for part, rows in parts.items()
            if labels[rows].any()
        }
        if options.few_shot is not None:
            of_few_shot[name] = _score_few_shot(scores, labels, options.few_shot)
    return ActionEvaluation(
        precisions,
        of_parts,
        of_few_shot,
        int(labels.any(axis=1).sum()),
        {part: int(rows.sum()) for part, rows in parts.items()},
        origins,
        operators,
    )


def _score_few_shot(scores: NDArray[np.float32], labels: NDArray[np.bool_], profile: str) -> dict[str, ActionPrecision]:
    """The mean over base and over novel classes; every class is ranked among all videos, as for the whole."""
    classes = list_few_shot_classes(profile)
    found = {}
    for name, chosen in (("base", classes.base), ("novel", classes.novel)):
        whole = compute_action_precision(scores, labels)
        kept = np.zeros(labels.shape[1], bool)
        kept[list(chosen)] = True
        found[name] = ActionPrecision(
            np.where(kept, whole.per_class, np.nan), np.where(kept, whole.positives, 0), whole.n_videos
        )
    return found


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
