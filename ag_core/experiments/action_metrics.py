"""From what action models say of videos to metrics: every training of a model joined, part by part of the split."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import lcm

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.few_shot import FewShotClasses
from ag_core.catalog import ACTION_MODELS, ActionModelEntry, BankKind
from ag_core.evaluation.average_precision import (
    CHANCE,
    ActionPrecision,
    build_video_map_protocol,
    compute_action_precision,
)
from ag_core.evaluation.bootstrap import BOUNDS_MEANING, bootstrap_precisions, build_difference_protocol
from ag_core.evaluation.localisation import (
    build_localisation_protocol,
    compute_localisation_precision,
    list_localisation_times,
)
from ag_core.evaluation.log_loss import PRIOR, build_log_loss_protocol, list_bins
from ag_core.evaluation.metrics import Bounds, Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Origin, Owner, Protocol, Unit
from ag_core.experiments.bank_probes import Probe
from ag_core.experiments.datasets import LabelledVideos
from ag_core.experiments.evaluation import PARTS, TRUTHS, VIEWS
from ag_core.presets import VideoPreset
from ag_core.progress import Progress, track_progress
from ag_core.results.action_scores import RANK, VIDEO_MAP, ActionModelScores, ScoredModel
from ag_core.taxonomy import ACTIONS

NEAREST = "each point has the scores of the nearest clip on the feature bank's grid, two a second"

VIDEO = build_video_map_protocol(details=VIEWS)
WEIGHTED = build_video_map_protocol(Averaging.CLASS_WEIGHTED, VIEWS)
POINTS = build_localisation_protocol(NEAREST)
FEATURES = Protocol(
    RANK,
    Unit.DIRECTIONS,
    details="exp of the entropy of the spectrum of clip features on the feature bank's grid; no more than their width",
)


def build_clip_protocol(preset: VideoPreset) -> Protocol:
    """How a network's clips are scored: by the truth of their own length, so that numbers of others differ."""
    step = preset.frame_step_s
    span = "of the whole video" if step is None else f"of {(preset.frames - 1) * step:.1f} s, two a second"
    return build_log_loss_protocol(f"clips {span}; truth: the actions between a clip's first and last frame")


@dataclass(frozen=True)
class ActionTruth:
    """What is true of V videos: labels [V,157], points [V,25,157], and the rows [V] of the split and of its parts."""

    loaded: LabelledVideos
    labels: NDArray[np.bool_]
    points: NDArray[np.bool_]
    parts: Mapping[str, NDArray[np.bool_]]

    @staticmethod
    def of(loaded: LabelledVideos) -> "ActionTruth":
        """The truth of a split; parts without any action are left out."""
        videos = loaded.videos
        labels = np.array([video.labels for video in videos])
        points = [
            [video.find_labels_between(time, time) for time in list_localisation_times(video.duration_s)]
            for video in videos
        ]
        parts = {loaded.data.split: np.ones(len(videos), bool)}
        for part in PARTS:
            rows = np.array([video.part == part for video in videos])
            if labels[rows].any():
                parts[part] = rows
        return ActionTruth(loaded, labels, np.array(points), parts)


@dataclass(frozen=True)
class RunScores:
    """What one training of a model says.

    views         by what was taken away (None: nothing) [V,157] the largest logit over the test views
    localisation, log_loss   by part
    clips         how log_loss was measured: of which clips
    bins          [3,10] of probability, as `count_bins` gives them, over the whole split
    """

    seed: int
    weights_hash: str
    operator: str
    views: Mapping[Probe | None, NDArray[np.float32]]
    localisation: Mapping[str, ActionPrecision]
    log_loss: Mapping[str, float]
    clips: Protocol
    bins: NDArray[np.float64]


@dataclass
class ActionMetrics:
    """The metrics found so far, and what else the file holds."""

    truth: ActionTruth
    owner: Owner
    command: str
    metrics: list[Metric] = field(default_factory=list)
    models: list[ScoredModel] = field(default_factory=list)
    per_class: dict[str, dict[str, float]] = field(default_factory=dict)
    bins: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def add_model(self, entry: ActionModelEntry, runs: Sequence[RunScores], few_shot: FewShotClasses | None) -> None:
        """The numbers of every training of a model."""
        label, seeds = entry.label, tuple(run.seed for run in runs)
        hashes = tuple(run.weights_hash for run in runs)
        self.models.append(ScoredModel(entry.id, label, hashes, runs[0].operator))
        self.bins[label] = np.sum([run.bins for run in runs], axis=0)
        for part, rows in self.truth.parts.items():
            labels = self.truth.labels[rows]
            found = [compute_action_precision(run.views[None][rows], labels) for run in runs]
            localised = [run.localisation[part] for run in runs]
            shares = {VIDEO: [one.mean for one in found], WEIGHTED: [one.weighted for one in found]}
            for probe in (probe for probe in runs[0].views if probe is not None):
                of_probe = [compute_action_precision(run.views[probe][rows], labels).mean for run in runs]
                shares[replace(VIDEO, name=f"{VIDEO_MAP}, {probe}")] = of_probe
            for protocol, values in shares.items():
                self._add(label, part, seeds, protocol, [to_percent(value) for value in values])
            points = [to_percent(one.mean) for one in localised]
            self._add(label, part, seeds, POINTS, points, len(localised[0].classes))
            self._add(label, part, seeds, runs[0].clips, [run.log_loss[part] for run in runs])
            for name, classes in () if few_shot is None else (("base", few_shot.base), ("novel", few_shot.novel)):
                chosen = [c for c in classes if found[0].positives[c]]
                values = [to_percent(one.per_class[chosen].mean()) for one in found if chosen]
                if values:
                    protocol = replace(VIDEO, name=f"{VIDEO_MAP} of {name} classes")
                    self._add(label, part, seeds, protocol, values, len(chosen))
        whole = [compute_action_precision(run.views[None], self.truth.labels) for run in runs]
        mean = np.mean([one.per_class for one in whole], axis=0)
        self.per_class[label] = {ACTIONS[c].id: round(to_percent(mean[c]), 2) for c in whole[0].classes}

    def add_chance(self) -> None:
        """What constant scores reach: the mean share of positive videos, and of positive points."""
        for part, rows in self.truth.parts.items():
            labels, points = self.truth.labels[rows], self.truth.points[rows]
            videos = compute_action_precision(np.zeros(labels.shape), labels)
            localised = compute_localisation_precision(np.zeros(points.shape), points)
            self._add(CHANCE, part, (), VIDEO, [to_percent(videos.chance)])
            self._add(CHANCE, part, (), POINTS, [to_percent(localised.chance)], len(localised.classes))

    def add_priors(self, of_clips: Mapping[Protocol, Mapping[str, float]]) -> None:
        """By protocol of a log-loss and part: that of the shares of train clips that show each action."""
        for protocol, of_part in of_clips.items():
            for part, value in of_part.items():
                self._add(PRIOR, part, (), protocol, [value])

    def add_ranks(self, of_networks: Mapping[str, Sequence[tuple[int, float]]]) -> None:
        """By label of a clip network: seed and effective rank of the clip features of each of its trainings."""
        for label, of_trainings in of_networks.items():
            seeds, ranks = zip(*of_trainings)
            self._add(label, self.truth.loaded.data.split, seeds, FEATURES, ranks)

    def add_differences(self, scored: Mapping[str, Sequence[RunScores]], report: Progress) -> None:
        """Models on one clip network that differ in their bank, each against the one before: its interval."""
        pairs = [pair for pair in list_pairs() if all(entry.id in scored for entry in pair)]
        jobs = [(pair, part) for pair in pairs for part in self.truth.parts]
        for (lower, upper), part in track_progress(jobs, len(jobs), "differences", report):
            rows = self.truth.parts[part]
            both = [np.stack([run.views[None][rows] for run in scored[entry.id]]) for entry in (upper, lower)]
            trainings = lcm(*map(len, both))
            scores = np.stack([np.repeat(one, trainings // len(one), axis=0) for one in both])
            found = bootstrap_precisions(scores, self.truth.labels[rows]).bound_difference(0, 1)
            ends = Bounds(to_percent(found.low), to_percent(found.high), BOUNDS_MEANING)
            seeds = tuple(run.seed for run in scored[upper.id])
            metric = Metric(
                to_percent(found.value),
                build_difference_protocol(VIDEO),
                self._name_origin(part, seeds),
                self._count(part),
                ends,
                model=f"{upper.label} − {lower.label}",
            )
            self.metrics.append(metric)

    def build(self, missing: Mapping[str, str], notes: Sequence[str]) -> ActionModelScores:
        """All that was found."""
        positives = self.truth.labels.sum(axis=0)
        return ActionModelScores(
            tuple(self.models),
            tuple(self.metrics),
            self.per_class,
            {ACTIONS[c].id: int(positives[c]) for c in np.flatnonzero(positives)},
            {label: list_bins(bins) for label, bins in self.bins.items()},
            missing,
            tuple(notes),
        )

    def _add(
        self,
        model: str,
        part: str,
        seeds: tuple[int, ...],
        protocol: Protocol,
        values: Sequence[float],
        classes: int | None = None,
    ) -> None:
        """Keep one number, the mean over the seeds. classes: how many were averaged, where not all."""
        n = self._count(part)
        if classes is not None or protocol.averaging not in (Averaging.CLASS, Averaging.CLASS_WEIGHTED):
            n = replace(n, classes=classes)
        self.metrics.append(Metric.from_seeds(values, protocol, self._name_origin(part, seeds), n, model))

    def _name_origin(self, part: str, seeds: tuple[int, ...]) -> Origin:
        data = self.truth.loaded.data
        truth = TRUTHS.get(data.source, f"source {data.source}")
        return Origin(self.owner, data.name, part, truth, seeds, self.command)

    def _count(self, part: str) -> Counts:
        labels = self.truth.labels[self.truth.parts[part]]
        return Counts(videos=len(labels), classes=int(labels.any(axis=0).sum()))


def list_pairs() -> Iterator[tuple[ActionModelEntry, ActionModelEntry]]:
    """Of each clip network: its own classifier and the models with a bank of clip features, of predicted and of
    annotated graphs, each with the next."""
    for network in dict.fromkeys(entry.clip_network for entry in ACTION_MODELS.values()):
        of_network = [entry for entry in ACTION_MODELS.values() if entry.clip_network == network]
        of_bank = {kind: [entry for entry in of_network if entry.bank is kind] for kind in (None, *BankKind)}
        yield from pairwise(entries[0] for entries in of_bank.values() if entries)
