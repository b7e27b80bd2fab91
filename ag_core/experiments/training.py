"""Training as functions: data and options in, weights at the given place and a typed result out.

Every function prepares what it learns from, trains within the budget and writes its weights. Progress goes to the
listeners it is given; nothing is printed here, and nothing is written but weights, caches and the state for resuming.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.annotations.few_shot import list_few_shot_classes
from ag_core.catalog import (
    ACTION_MODELS,
    DEFAULT_CLIP_NETWORK,
    DEFAULT_RELATION_HEAD,
    HOME_WORLD,
    ActionModelEntry,
    find_clip_network,
    find_clip_networks,
    find_detector,
    find_relation_head,
)
from ag_core.errors import UserError
from ag_core.experiments.action import VideoFeatures, build_extractor, build_head_examples, make_head_losses
from ag_core.experiments.clip import Clips, list_seen_actions, make_clip_losses, start_at_prior
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import FrameCache, LabelledVideo, LabelledVideos, TrainingData, open_counted_frames
from ag_core.experiments.detector import DetectorFrames, make_detector_losses
from ag_core.experiments.relations import collect_labelled_objects, join_video, load_examples, make_relation_losses
from ag_core.experiments.training_loop import Budget, Recipe, SavedState, TrainingProgress, fit
from ag_core.files import hash_bytes, hash_file
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_faster_rcnn
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import build_relation_head, find_relation_loss
from ag_core.models.video import build_bank_head, build_clip_classifier
from ag_core.progress import Progress, track_progress
from ag_core.settings import WEIGHTS

RATE = 1e-3


def _ignore(*_: object) -> None:
    """The listener that hears nothing."""


@dataclass(frozen=True)
class Listeners:
    """Who hears of progress: `stage` the name of a preparation, how much is done and of how much; `steps` a training's
    progress; `note` a sentence about the data."""

    stage: Progress = _ignore
    steps: Callable[[TrainingProgress], None] = _ignore
    note: Callable[[str], None] = _ignore


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    out       weights file; of the action heads the folder of their files
    preset    name of the networks' size
    batch     examples in a step, rate the peak of the learning rate; None takes what suits the training
    weights   folder of earlier weights that a training stands on (the detector of the relations, all of the action's)
    resume    go on from an interrupted training of the same `out` with the same options
    head      relations: the relation head of the catalog to train
    every     relations: every N-th of the frames that count
    network   clip: the clip network of the catalog to train
    few_shot  clip, action: profile whose base classes alone count in the loss; None for all classes
    UserError for numbers that train nothing.
    """

    out: Path
    budget: Budget
    preset: str = "demo"
    batch: int | None = None
    rate: float | None = None
    seed: int = 0
    compute: Compute = field(default_factory=Compute)
    weights: Path = WEIGHTS
    resume: bool = False
    head: str = DEFAULT_RELATION_HEAD
    every: int = 2
    network: str = DEFAULT_CLIP_NETWORK
    few_shot: str | None = None

    def __post_init__(self) -> None:
        if self.batch is not None and self.batch < 1:
            raise UserError(f"--batch {self.batch} is no number of examples; give 1 or more")
        if self.every < 1:
            raise UserError(f"--every {self.every} chooses no frames; give 1 for all, 2 for every second, ...")
        self.recipe(False)

    def recipe(self, bears_bfloat16: bool) -> Recipe:
        """The recipe of a training; `bears_bfloat16`: mixed precision may be chosen where it is faster."""
        rate = RATE if self.rate is None else self.rate
        return Recipe(self.budget, rate, autocast=self.compute.forward_dtype(bears_bfloat16), seed=self.seed)

    @property
    def counted_classes(self) -> NDArray[np.bool_] | None:
        """[157] the action classes that count in the loss, None for all."""
        return None if self.few_shot is None else list_few_shot_classes(self.few_shot).loss_mask()


@dataclass(frozen=True)
class TrainedModel:
    """Weights that were written: their file, and after how many steps on how many examples of which kind."""

    path: Path
    steps: int
    minutes: float
    examples: int
    unit: str

    def describe(self) -> str:
        """Where the weights are and what they learned from."""
        return f"{self.path}: {self.steps} steps on {self.examples} {self.unit}"


def train_detector(data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()) -> TrainedModel:
    """Train the Faster R-CNN from random weights on the annotated frames that count."""
    preset = find_detector(HOME_WORLD).preset(options.preset)
    recipe = options.recipe(bears_bfloat16=True)
    frames = DetectorFrames.from_videos(_load(data, listeners))
    _decode(frames.cache, frames.videos, listeners)
    torch.manual_seed(options.seed)
    model = build_faster_rcnn(preset).to(options.compute.device)
    state = find_saved_state("detector", preset.name, data, options)
    losses = make_detector_losses(model, frames, options.batch or 8, options.compute)
    progress = fit(model, losses, recipe, state, options.resume, listeners.steps)
    facts = _build_metadata("detector", HOME_WORLD, preset.name, data, options, progress)
    save_checkpoint(options.out, model.state_dict(), facts, half_precision=True)
    state.remove()
    return _describe_training(options.out, progress, len(frames), "frames")


def train_relations(
    data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()
) -> tuple[TrainedModel, ...]:
    """Train a relation head on region features of the detector in `options.weights`; the frequency prior is counted.

    Returns the frequency prior, whose file lies beside `options.out`, and the head.
    """
    entry, own_detector = find_relation_head(options.head), find_detector(HOME_WORLD)
    preset, weights = entry.preset(options.preset), own_detector.weights_path(options.weights)
    model = load_faster_rcnn(weights, own_detector.preset(options.preset)).to(options.compute.device)
    videos = _load(data, listeners).annotated()
    classes, relations = collect_labelled_objects(videos)
    counting = find_relation_head("frequency")
    frequency = build_relation_head(counting.id).fit(classes, relations)
    facts = {"preset": counting.preset(options.preset).name, "data": data.name, "command": "train relations"}
    frequency_path = counting.weights_path(options.out.parent)
    save_checkpoint(frequency_path, frequency.state_dict(), facts | {"model": counting.id})
    counted = TrainedModel(frequency_path, 0, 0.0, len(classes), "objects")
    if entry.id == counting.id:
        return (counted,)
    _decode(open_counted_frames(data.cache), videos, listeners)
    detector = FasterRcnnDetector(model, options.compute.device)
    trunk = RegionFeatureExtractor(model)
    made = load_examples(data, videos, trunk, detector, hash_file(weights)[:12], options.every)
    of_videos = list(track_progress(made, len(videos), "region features", listeners.stage))
    if not any(of_videos):
        raise UserError(f"no frame of {data.name} shows a person with an object; give other data, or --every 1")
    torch.manual_seed(options.seed)
    head = build_relation_head(entry.id, preset).fit(classes, relations)
    head.to(options.compute.device)
    examples = [one for found in of_videos for one in (join_video(found) if head.whole_video else found)]
    state = find_saved_state(f"relations {entry.id}", preset.name, data, options, (weights,))
    losses = make_relation_losses(head, find_relation_loss(entry.id), examples, options.batch or 32, options.compute)
    progress = fit(head, losses, options.recipe(bears_bfloat16=False), state, options.resume, listeners.steps)
    facts = _build_metadata("relations", entry.id, preset.name, data, options, progress)
    save_checkpoint(options.out, head.state_dict(), facts, half_precision=True)
    state.remove()
    return counted, _describe_training(options.out, progress, len(examples), "videos" if head.whole_video else "frames")


def train_clip(data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()) -> TrainedModel:
    """Train the clip network on short pieces of video."""
    entry = find_clip_network(options.network)
    preset = entry.preset(options.preset)
    loaded, counted = _load(data, listeners), options.counted_classes
    loaded.check_actions()
    clips = Clips.from_videos(loaded, preset)
    _decode(clips.cache, clips.videos, listeners)
    torch.manual_seed(options.seed)
    model = build_clip_classifier(entry.id, preset)
    start_at_prior(model.head, clips.grid_labels())
    model.to(options.compute.device)
    state = find_saved_state(f"clip {entry.id}", preset.name, data, options)
    detector = None
    if preset.regions_per_frame:
        own = find_detector(HOME_WORLD)
        weights, own_preset = own.weights_path(options.weights), own.preset(options.preset)
        detector = FasterRcnnDetector.from_checkpoint(weights, options.compute.device, own_preset)
    losses = make_clip_losses(model, clips, options.batch or 8, options.compute, counted, detector)
    progress = fit(model, losses, options.recipe(bears_bfloat16=True), state, options.resume, listeners.steps)
    facts = _build_metadata("clip", entry.id, preset.name, data, options, progress)
    facts |= {"trained_on": ",".join(list_seen_actions(clips.videos, counted))}
    save_checkpoint(options.out, model.state_dict(), facts, half_precision=True)
    state.remove()
    return _describe_training(options.out, progress, len(clips.videos), "videos")


def train_action(
    data: TrainingData, options: TrainingOptions, listeners: Listeners = Listeners()
) -> tuple[TrainedModel, ...]:
    """Train the head of every action model with a bank, on features of the networks in `options.weights`.

    One result a head, in the catalog's order.
    """
    loaded = _load(data, listeners)
    loaded.check_actions()
    models = [model for model in ACTION_MODELS.values() if model.bank is not None]
    states = {model.id: _collect_head_state(model, data, options) for model in models}
    if options.resume and not any(state.path.exists() for state in states.values()):
        raise UserError("there is no interrupted training of this --out; start without --resume")
    trained = []
    for network in find_clip_networks(models):
        extract = build_extractor(data, options.weights, options.preset, network.id, options.compute)
        clips = Clips.from_videos(loaded, network.preset(options.preset))
        _decode(clips.cache, clips.videos, listeners)
        made = map(extract, clips.videos)
        found = list(track_progress(made, len(clips.videos), "features", listeners.stage))
        of_network = [model for model in models if model.clip_network == network.id]
        trained += [_train_head(m, clips, found, data, options, states[m.id], listeners) for m in of_network]
    for state in states.values():
        state.remove()
    return tuple(trained)


def _train_head(
    model: ActionModelEntry,
    clips: Clips,
    features: Sequence[VideoFeatures],
    data: TrainingData,
    options: TrainingOptions,
    state: SavedState,
    listeners: Listeners,
) -> TrainedModel:
    preset, counted = model.preset(options.preset), options.counted_classes
    examples = build_head_examples(model.id, clips, features)
    torch.manual_seed(options.seed)
    head = build_bank_head(model.id, preset)
    start_at_prior(head, examples.labels)
    head.to(options.compute.device)
    losses = make_head_losses(head, examples, options.batch or 64, options.compute, counted)
    resume = options.resume and state.path.exists()
    progress = fit(head, losses, options.recipe(bears_bfloat16=False), state, resume, listeners.steps)
    facts = _build_metadata("action", model.id, preset.name, data, options, progress)
    path = model.weights_path(options.out)
    seen = {"trained_on": ",".join(list_seen_actions(clips.videos, counted))}
    save_checkpoint(path, head.state_dict(), facts | seen, half_precision=True)
    return _describe_training(path, progress, len(examples.video), "clips")


def _collect_head_state(model: ActionModelEntry, data: TrainingData, options: TrainingOptions) -> SavedState:
    """Where the training of one action head waits; it stands on the networks that made its features."""
    network = find_clip_network(model.clip_network)
    earlier = [
        entry.weights_path(options.weights)
        for entry in (find_detector(HOME_WORLD), find_relation_head(DEFAULT_RELATION_HEAD), network)
    ]
    return find_saved_state("action", model.preset(options.preset).name, data, options, earlier, model.id)


def find_saved_state(
    kind: str, preset: str, data: TrainingData, options: TrainingOptions, earlier: Sequence[Path] = (), part: str = ""
) -> SavedState:
    """Where an interrupted training, or one part of it, waits: in the data's cache, never among the weights.

    earlier  weights files that the training stands on
    """
    out = str(options.out.resolve())
    facts = {
        "kind": f"{kind} {part}".strip(),
        "--out": out,
        "--preset": preset,
        "--seed": str(options.seed),
        "--few-shot": options.few_shot or "none",
        "data": f"{data.name} {data.split} {data.fingerprint[:12]}",
        "--weights": " ".join(hash_file(path)[:12] for path in earlier) or "none",
    }
    mark = hash_bytes(out.encode())[:12]
    return SavedState(data.cache / f"training-{options.out.stem}{part and '-'}{part}-{mark}.pt", facts)


def _load(data: TrainingData, listeners: Listeners) -> LabelledVideos:
    loaded = data.load()
    listeners.note(loaded.describe())
    return loaded


def _decode(cache: FrameCache[LabelledVideo], videos: Sequence[LabelledVideo], listeners: Listeners) -> None:
    """Decode what is missing."""
    for _ in track_progress(cache.prepare(videos), len(videos), "decoding", listeners.stage):
        pass


def _describe_training(path: Path, progress: TrainingProgress, examples: int, unit: str) -> TrainedModel:
    return TrainedModel(path, progress.step, progress.seconds / 60, examples, unit)


def _build_metadata(
    kind: str, model: str, preset: str, data: TrainingData, options: TrainingOptions, progress: TrainingProgress
) -> dict[str, str]:
    """What a weights file says of itself; no path of this machine."""
    few_shot = f" --few-shot {options.few_shot}" if options.few_shot else ""
    return {
        "model": model,
        "preset": preset,
        "data": data.name,
        "command": f"train {kind} --seed {options.seed}{few_shot}",
        "steps": str(progress.step),
        "minutes": f"{progress.seconds / 60:.1f}",
    }
