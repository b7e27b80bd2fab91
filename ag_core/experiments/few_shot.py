"""Few-shot action models: novel actions from k examples each, for every kind of bank alike (methods B6, C20).

Clip features and banks are frozen and kept. For each model and seed a head learns the base actions once; then, for each
k, a new classifier of the novel actions and the head's bank operator learn from k examples of each. The paper leaves
much open: what it does not say is a choice of `FewShotOptions`. What a training gave is kept in the data's cache by all
that decides it, so that an evaluation that was ended goes on where it was.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields, replace
from functools import partial
from math import ceil
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ag_core.annotations.few_shot import FewShotClasses, list_few_shot_classes
from ag_core.catalog import (
    DEFAULT_RELATION_HEAD,
    HOME_WORLD,
    BankKind,
    find_action_model,
    find_clip_network,
    find_clip_networks,
    find_detector,
    find_relation_head,
)
from ag_core.errors import UserError
from ag_core.evaluation.average_precision import (
    CHANCE,
    ActionPrecision,
    build_video_map_protocol,
    compute_action_precision,
)
from ag_core.evaluation.metrics import Bounds, Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Origin, Protocol
from ag_core.experiments.action import VideoFeatures, build_extractor
from ag_core.experiments.clip import Clips, compute_action_loss, start_at_prior
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideos, TrainingData
from ag_core.experiments.evaluation import PARTS, VIEWS, EvaluationOptions
from ag_core.experiments.few_shot_examples import (
    BankedVideo,
    Shot,
    build_banked_videos,
    cut_clips,
    draw_shots,
    find_shot_times,
    list_positions,
)
from ag_core.experiments.few_shot_options import CHOICES, FewShotOptions
from ag_core.experiments.kept_arrays import load_or_make
from ag_core.experiments.training_inputs import Listeners
from ag_core.experiments.training_loop import Budget, Losses, Recipe, fit
from ag_core.files import hash_bytes, hash_file, hash_files
from ag_core.models.checkpoints import read_metadata
from ag_core.models.video import BankHead, build_bank_head, read_trained_actions
from ag_core.models.video.scoring import score_clips, score_videos
from ag_core.presets import VideoPreset
from ag_core.progress import track_progress
from ag_core.results.few_shot_scores import Example, FewShotScores, name_measure
from ag_core.settings import PROJECT
from ag_core.taxonomy import ACTIONS

SPREAD = "mean and standard deviation over the seeds, each with examples of its own"
BASE_BATCH, SHOT_BATCH = 64, 16


def evaluate_few_shot(
    data: TrainingData, options: FewShotOptions = FewShotOptions(), listeners: Listeners = Listeners()
) -> FewShotScores:
    """Learn from the train split of the data, score on the split it names, on its parts, and on novel videos alone.

    UserError where a split shows no novel action, a video is in both, or the clip network saw what is novel.
    """
    classes = list_few_shot_classes(options.profile)
    models = [find_action_model(model) for model in options.models]
    for network in find_clip_networks(models):
        check_backbone(network.weights_path(options.weights), classes, options)
    loaded = {"train": data.with_split("train").load(), "val": data.load()}
    for videos in loaded.values():
        listeners.note(videos.describe())
    check_splits(loaded["train"], loaded["val"])
    shots = {
        seed: draw_shots(loaded["train"].videos, classes.novel, max(options.shots), seed) for seed in options.seeds
    }
    novel = [action for action in classes.novel if shots[options.seeds[0]][action]]
    truth = np.array([video.labels for video in loaded["val"].videos])
    if not truth[:, novel].any():
        raise UserError(
            f"no novel action of {classes.profile} is in both the train and the {data.split} videos of {data.name}; "
            "choose another --profile, or a larger data set"
        )
    for action in classes.novel:
        if (found := len(shots[options.seeds[0]][action])) < max(options.shots):
            listeners.note(f"{ACTIONS[action].id} is in {found} train videos, fewer than {max(options.shots)} examples")
    scores: dict[str, NDArray[np.float32]] = {}
    for network in find_clip_networks(models):
        seen = {name: _load_features(videos, network.id, options, listeners) for name, videos in loaded.items()}
        for model in (model for model in models if model.clip_network == network.id):
            of_split = {name: build_banked_videos(model.id, clips, found) for name, (clips, found) in seen.items()}
            task = _Task(model.id, of_split["train"], of_split["val"], classes, tuple(novel), options)
            mark = _hash_task(model.id, data, loaded, options)
            rows = []
            for seed in options.seeds:
                path = data.cache / "few-shot" / f"{model.id}-{seed}-{mark}.npy"
                rows.append(load_or_make(path, partial(task.score, seed, shots[seed], listeners)))
            scores[model.id] = np.stack(rows)
    return _build_scores(data, loaded, scores, novel, classes, shots, options)


@dataclass(frozen=True)
class _Task:
    """A model's videos as features, and what it shall learn."""

    model: str
    train: Sequence[BankedVideo]
    val: Sequence[BankedVideo]
    classes: FewShotClasses
    novel: tuple[int, ...]
    options: FewShotOptions

    def score(self, seed: int, shots: Mapping[int, tuple[Shot, ...]], listeners: Listeners) -> NDArray[np.float32]:
        """[K,videos,novel] logits of the val videos after learning from each number of examples."""
        base = train_base_head(self.model, self.train, self.classes, self.options, seed, listeners)
        found = []
        counts = self.options.shots
        stage = f"{find_action_model(self.model).label}, seed {seed}"
        for k in track_progress(counts, len(counts), stage, listeners.stage):
            drawn = [shot for action in self.novel for shot in shots[action][:k]]
            head = train_novel_head(base, self.train, drawn, self.novel, self.options, seed)
            found.append(score_views(head, self.val, self.options.compute))
        return np.stack(found)


def train_base_head(
    model: str,
    videos: Sequence[BankedVideo],
    classes: FewShotClasses,
    options: FewShotOptions,
    seed: int,
    listeners: Listeners = Listeners(),
) -> BankHead:
    """Classifier and bank operator on random clips of the train videos; labels of novel actions are not looked at."""
    novel = list(classes.novel)
    shows_novel = np.array([options.base_videos == "left-out" and bool(v.labels[:, novel].any()) for v in videos])
    positions = list_positions(videos, shows_novel)
    if not len(positions):
        raise UserError("every train video shows a novel action, so none is left to learn base actions from")
    labels = np.concatenate([video.labels for video, out in zip(videos, shows_novel) if not out])
    torch.manual_seed(seed)
    preset: VideoPreset = find_action_model(model).preset(options.preset)
    head = build_bank_head(model, preset)
    start_at_prior(head, labels & classes.loss_mask())
    compute = options.compute
    head.to(compute.device).train()
    counted = compute.move(torch.from_numpy(classes.loss_mask()))

    def losses(random: np.random.Generator) -> Losses:
        batch = cut_clips(videos, positions[random.choice(len(positions), BASE_BATCH)])
        logits = head(*_to_tensors(compute, batch.short_term, batch.windows))
        return {"action": compute_action_loss(logits, compute.move(torch.from_numpy(batch.labels)), counted)}

    recipe = Recipe(Budget(steps=options.base_steps), options.rate, seed=seed)
    fit(head, losses, recipe, report=listeners.steps)
    return head


def train_novel_head(
    base: BankHead,
    videos: Sequence[BankedVideo],
    shots: Sequence[Shot],
    novel: Sequence[int],
    options: FewShotOptions,
    seed: int,
) -> BankHead:
    """The base head with a new classifier of the novel actions, trained on the examples; `base` stays as it is."""
    compute, columns = options.compute, list(novel)
    times = [find_shot_times(videos[shot.video], shot) for shot in shots]
    drawn = np.zeros((len(shots), len(novel)), bool)
    drawn[np.arange(len(shots)), [columns.index(shot.action) for shot in shots]] = True
    torch.manual_seed(seed)
    head = deepcopy(base)
    head.classifier = nn.Linear(base.classifier.in_features, len(novel)).to(compute.device)
    nn.init.normal_(head.classifier.weight, std=0.01)
    start_at_prior(head, drawn)
    head.train()
    if options.learned == "classifier" and head.operator is not None:
        head.operator.requires_grad_(False)

    def losses(random: np.random.Generator) -> Losses:
        rows = random.permutation(len(shots))[:SHOT_BATCH]
        positions = [(shots[row].video, random.choice(times[row])) for row in rows]
        batch = cut_clips(videos, np.array(positions, np.int64))
        labels = drawn[rows] | batch.labels[:, columns] if options.shot_labels == "clip" else drawn[rows]
        logits = head(*_to_tensors(compute, batch.short_term, batch.windows))
        return {"action": compute_action_loss(logits, compute.move(torch.from_numpy(labels)))}

    steps = options.epochs * ceil(len(shots) / SHOT_BATCH)
    fit(head, losses, Recipe(Budget(steps=steps), options.rate, seed=seed))
    return head


def score_views(head: BankHead, videos: Sequence[BankedVideo], compute: Compute = Compute()) -> NDArray[np.float32]:
    """[videos,C] the largest logit over each video's test views."""
    found = []
    for video in videos:
        logits = score_clips(head, video.views, video.bank.cut_windows(video.views_s), compute.device)
        found.append(score_videos(logits, [0] * len(logits)))
    return np.concatenate(found)


def check_backbone(path: Path, classes: FewShotClasses, options: FewShotOptions) -> None:
    """UserError where the clip network of a file learned labels of novel actions, unless that is chosen."""
    if options.backbone == "any":
        return
    known = read_trained_actions(path, read_metadata(path))
    if seen := [ACTIONS[action].id for action in classes.novel if known[action]]:
        raise UserError(
            f"{path.name} in {path.parent.name} was trained on {len(seen)} of the novel actions of {classes.profile}, "
            f"such as {seen[0]}; train it with `train clip --few-shot {classes.profile}`, or say --backbone any"
        )


def check_splits(train: LabelledVideos, val: LabelledVideos) -> None:
    """UserError where nothing is annotated, or a video would be learned from and scored."""
    for videos in (train, val):
        videos.check_actions()
    both = {video.video_id for video in train.videos} & {video.video_id for video in val.videos}
    if both:
        raise UserError(f"{min(both)} is a train and a {val.data.split} video; score another split than train")


def _load_features(
    videos: LabelledVideos, network: str, options: FewShotOptions, listeners: Listeners
) -> tuple[Clips, list[VideoFeatures]]:
    """What the frozen networks make of every video, kept in the cache."""
    extract = build_extractor(videos.data, options.weights, options.preset, network, options.compute)
    clips = Clips.from_videos(videos, find_clip_network(network).preset(options.preset))
    made = map(extract, clips.videos)
    stage = f"features of {videos.data.split} videos"
    return clips, list(track_progress(made, len(clips.videos), stage, listeners.stage))


def _hash_task(model: str, data: TrainingData, loaded: Mapping[str, LabelledVideos], options: FewShotOptions) -> str:
    """All that decides what a model's trainings give: data, weights, options, and the code."""
    entry = find_action_model(model)
    network = find_clip_network(entry.clip_network)
    files = [find_detector(HOME_WORLD), find_relation_head(DEFAULT_RELATION_HEAD), network]
    used = [one for one in files if one is network or entry.bank is BankKind.PREDICTED_GRAPHS]
    weights = [hash_file(one.weights_path(options.weights)) for one in used]
    left_out = ("weights", "compute", "models", "seeds", "owner", "command")
    chosen = {one.name: getattr(options, one.name) for one in fields(options) if one.name not in left_out}
    ids = [(name, [video.video_id for video in videos.videos]) for name, videos in loaded.items()]
    core = PROJECT / "ag_core"
    code = sorted([*(core / "experiments").glob("*.py"), *(core / "models").rglob("*.py")])
    facts = (model, data.fingerprint, data.split, entry.preset(options.preset), weights, chosen, ids, hash_files(code))
    return hash_bytes(repr(facts).encode())[:12]


def _build_scores(
    data: TrainingData,
    loaded: Mapping[str, LabelledVideos],
    scores: Mapping[str, NDArray[np.float32]],
    novel: Sequence[int],
    classes: FewShotClasses,
    shots: Mapping[int, Mapping[int, tuple[Shot, ...]]],
    options: FewShotOptions,
) -> FewShotScores:
    """Metrics from the logits [seeds,K,videos,novel] of every model."""
    train, val = loaded["train"].videos, loaded["val"].videos
    every = np.array([video.labels for video in val])
    truth, labelled = every[:, list(novel)], np.asarray(every.any(axis=1))
    of_part = np.array([video.part or "" for video in val])
    parts = {data.split: labelled} | {part: labelled & (of_part == part) for part in PARTS}
    whose = EvaluationOptions(options.weights, owner=options.owner, command=options.command)
    origin = replace(whose.build_origin(data, "few-shot", None), seeds=options.seeds)
    metrics: list[Metric] = []
    per_class: dict[str, dict[str, dict[str, float]]] = {}
    for split, rows in parts.items():
        for among_novel in (False, True):
            kept = rows & truth.any(axis=1) if among_novel else rows
            if not truth[kept].any():
                continue
            for column, k in enumerate(options.shots):
                protocol = build_few_shot_protocol(k, among_novel, len(novel), options)
                for model, found in scores.items():
                    label = find_action_model(model).label
                    precisions = [
                        compute_action_precision(of_seed[column][kept], truth[kept], labelled[kept])
                        for of_seed in found
                    ]
                    metrics.append(_join_seeds(label, precisions, protocol, replace(origin, split=split), len(train)))
                    if split == data.split and not among_novel:
                        names = {c: ACTIONS[novel[c]].id for c in precisions[0].classes.tolist()}
                        mean = {name: fmean(one.per_class[c] for one in precisions) for c, name in names.items()}
                        of_model = per_class.setdefault(label, {})
                        of_model[str(k)] = {name: round(to_percent(value), 2) for name, value in mean.items()}
                chance = compute_action_precision(np.zeros(truth[kept].shape), truth[kept])
                n = Counts(videos=chance.n_videos, classes=len(chance.classes))
                of_split = replace(origin, split=split, seeds=())
                metrics.append(Metric(to_percent(chance.chance), protocol, of_split, n, model=CHANCE))
    drawn = {
        str(seed): {
            ACTIONS[action].id: tuple(Example(train[s.video].video_id, s.start_s, s.end_s) for s in of_action)
            for action, of_action in found.items()
        }
        for seed, found in shots.items()
    }
    return FewShotScores(tuple(metrics), {"profile": classes.profile, **options.list_choices()}, per_class, drawn)


def build_few_shot_protocol(shots: int, among_novel: bool, n_novel: int, options: FewShotOptions) -> Protocol:
    """Video mAP over the novel classes after learning from so many examples of each, with every decision in words."""
    chosen = [CHOICES[name][choice] for name, choice in options.list_choices().items()]
    details = [VIEWS, f"{n_novel} novel classes of {options.profile}", *chosen]
    details.append(f"{options.epochs} epochs over the examples")
    usual = build_video_map_protocol(details="; ".join(details))
    return Protocol(name_measure(shots, among_novel), usual.unit, averaging=Averaging.CLASS, details=usual.details)


def _join_seeds(
    label: str, precisions: Sequence[ActionPrecision], protocol: Protocol, origin: Origin, n_train: int
) -> Metric:
    """The mean over the seeds with its standard deviation."""
    numbers = tuple(to_percent(one.mean) for one in precisions)
    mean, several = fmean(numbers), len(numbers) > 1
    n = Counts(videos=precisions[0].n_videos, classes=len(precisions[0].classes), train_videos=n_train)
    bounds = Bounds(mean - stdev(numbers), mean + stdev(numbers), SPREAD) if several else None
    return Metric(mean, protocol, origin, n, bounds, numbers if several else (), label)


def _to_tensors(compute: Compute, *arrays: NDArray[np.float32]) -> tuple[torch.Tensor, ...]:
    return tuple(compute.move(torch.from_numpy(array)) for array in arrays)
