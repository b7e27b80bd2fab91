"""Scoring action models side by side: every model that has weights, video mAP and what explains it, in one result.

Features of a video are kept in the cache of the data under the hashes of the weights that made them, so that an
evaluation that was ended goes on where it was. Heads are then asked video by video: of the test views, whose maximum
scores the video, and of the clips on the feature bank's grid, which give log-loss, reliability and localisation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.few_shot import list_few_shot_classes
from ag_core.catalog import (
    ACTION_MODELS,
    DEFAULT_RELATION_HEAD,
    ClipNetworkEntry,
    find_action_model,
    find_clip_networks,
)
from ag_core.errors import UserError
from ag_core.evaluation.feature_spectrum import compute_effective_rank
from ag_core.evaluation.localisation import (
    compute_localisation_precision,
    find_nearest_times,
    list_localisation_times,
)
from ag_core.evaluation.log_loss import compute_log_losses, compute_prior_log_losses, count_bins
from ag_core.evaluation.protocol import Owner, Protocol
from ag_core.experiments.action import (
    HeadExamples,
    VideoFeatures,
    build_extractor,
    build_head_examples,
    score_examples,
)
from ag_core.experiments.action_metrics import ActionMetrics, ActionTruth, RunScores, build_clip_protocol
from ag_core.experiments.action_runs import ActionRun, load_action_runs
from ag_core.experiments.bank_probes import Probe, probe_examples
from ag_core.experiments.clip import Clips
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import TrainingData, choose_evenly
from ag_core.experiments.training_inputs import Listeners
from ag_core.models.feature_bank import list_bank_times
from ag_core.models.video import BankHead
from ag_core.models.video.scoring import score_clips, to_probabilities
from ag_core.progress import track_progress
from ag_core.results.action_scores import ActionModelScores
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import N_ACTIONS

MAX_RANKED = 4000
"""Of so many clips at most, evenly spread, the effective rank is computed."""


@dataclass(frozen=True)
class ActionOptions:
    """What to score.

    weights   folders of weights, one for each training (their seeds); a model may be in some only
    models    ids in the catalog
    relation_head  the one whose graphs SGFB reads
    few_shot  profile whose base and novel classes are also scored apart
    owner     whose the numbers are; command: what makes them again, without `python -m ag_core`
    """

    weights: tuple[Path, ...] = (WEIGHTS,)
    models: tuple[str, ...] = tuple(ACTION_MODELS)
    preset: str = "demo"
    compute: Compute = field(default_factory=Compute)
    relation_head: str = DEFAULT_RELATION_HEAD
    few_shot: str | None = None
    owner: Owner = Owner.YOURS
    command: str = ""


def evaluate_actions(
    data: TrainingData, options: ActionOptions = ActionOptions(), listeners: Listeners = Listeners()
) -> ActionModelScores:
    """Every model that has weights, on the videos of the split and of its parts. UserError where none has any."""
    few_shot = None if options.few_shot is None else list_few_shot_classes(options.few_shot)
    runs, missing = load_action_runs(options.models, options.weights, options.preset, options.relation_head)
    for model, looked_for in missing.items():
        listeners.note(f"{model} has no weights ({looked_for}) and is left out")
    loaded = data.load()
    listeners.note(loaded.describe())
    loaded.check_actions()
    truth = ActionTruth.of(loaded)
    networks = find_clip_networks([run.entry for run in runs])
    rates, notes = measure_rates(data, networks, options.preset, listeners)
    scored: dict[str, list[RunScores]] = {run.entry.id: [] for run in runs}
    ranks: dict[str, dict[str, tuple[int, float]]] = {network.label: {} for network in networks}
    priors: dict[Protocol, dict[str, float]] = {}
    for folder in dict.fromkeys(run.folder for run in runs):
        of_folder = [run for run in runs if run.folder == folder]
        for network in find_clip_networks([run.entry for run in of_folder]):
            clips = Clips.from_videos(loaded, network.preset(options.preset))
            made_by = (folder, options.preset, network.id, options.compute)
            extract = build_extractor(data, *made_by, relation_head=options.relation_head)
            made = map(extract, clips.videos)
            stage = f"features of {network.id} in {folder.name}"
            features = list(track_progress(made, len(clips.videos), stage, listeners.stage))
            asked = [run for run in of_folder if run.entry.clip_network == network.id]
            ranks[network.label][asked[0].clip_hash] = asked[0].clip_seed, measure_rank(features)
            for run in track_progress(asked, len(asked), f"heads in {folder.name}", listeners.stage):
                scored[run.entry.id].append(score_run(run, clips, features, truth, options.compute))
            protocol = build_clip_protocol(clips.preset)
            if network.id in rates and protocol not in priors:
                priors[protocol] = score_prior(rates[network.id], clips, truth)
    found = ActionMetrics(truth, options.owner, options.command or f"evaluate actions --data {data.name}")
    for model, of_model in scored.items():
        found.add_model(find_action_model(model), of_model, few_shot)
    found.add_chance()
    found.add_priors(priors)
    found.add_ranks({label: list(of_network.values()) for label, of_network in ranks.items()})
    found.add_differences(scored, listeners.stage)
    return found.build(missing, notes)


def score_run(
    run: ActionRun,
    clips: Clips,
    features: Sequence[VideoFeatures],
    truth: ActionTruth,
    compute: Compute = Compute(),
) -> RunScores:
    """What one training of a model says of every video, and what it says without a part of what it reads."""
    head = run.head.to(compute.device)
    probes = tuple(Probe) if run.entry.bank is not None else ()
    mean_clip = np.concatenate([found.views for found in features]).mean(axis=0)
    views: dict[Probe | None, list[NDArray[np.float32]]] = {probe: [] for probe in (None, *probes)}
    grid, grid_labels, grid_video, points = [], [], [], []
    for number, (video, found) in enumerate(zip(clips.videos, features)):
        of_video = replace(clips, videos=[video])
        at_views = build_head_examples(run.entry.id, of_video, [found], at_views=True)
        for probe, of_probe in views.items():
            asked = at_views if probe is None else probe_examples(at_views, probe, mean_clip)
            of_probe += list(score_examples(head, asked, compute))
        on_grid = build_head_examples(run.entry.id, of_video, [found])
        grid.append(_score(head, on_grid, compute))
        grid_labels.append(on_grid.labels.reshape(-1, N_ACTIONS))
        grid_video.append(np.full(len(grid[-1]), number))
        # A video of less than half a second has nothing on the grid; its views are near enough.
        near = (grid[-1], found.times_s) if len(grid[-1]) else (_score(head, at_views, compute), found.views_s)
        points.append(near[0][find_nearest_times(near[1], list_localisation_times(video.duration_s))])
    logits, labels, of_clip = (np.concatenate(parts) for parts in (grid, grid_labels, grid_video))
    losses, localised = compute_log_losses(logits, labels), np.stack(points)
    return RunScores(
        run.seed,
        run.weights_hash[:12],
        run.operator,
        {probe: np.stack(of_probe) for probe, of_probe in views.items()},
        {
            part: compute_localisation_precision(localised[rows], truth.points[rows])
            for part, rows in truth.parts.items()
        },
        _average_by_part(losses, of_clip, truth),
        build_clip_protocol(clips.preset),
        count_bins(to_probabilities(logits), labels),
    )


def score_prior(rates: NDArray[np.floating], clips: Clips, truth: ActionTruth) -> dict[str, float]:
    """By part the log-loss of the shares [157] of clips to learn from, on the same clips as the models."""
    moments = [(row, time) for row, video in enumerate(clips.videos) for time in list_bank_times(video.clock).tolist()]
    labels = np.array([clips.labels(clips.videos[row], time) for row, time in moments]).reshape(-1, N_ACTIONS)
    of_clip = np.array([row for row, _ in moments], np.int64)
    return _average_by_part(compute_prior_log_losses(rates, labels), of_clip, truth)


def measure_rates(
    data: TrainingData, networks: Sequence[ClipNetworkEntry], preset: str, listeners: Listeners
) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """By clip network the shares [157] of clips of train videos that show each action; none, with a note why, where
    the data have no train videos."""
    try:
        train = data.with_split("train").load()
    except UserError:
        note = f"{data.name} has no train videos with files of source {data.source!r}: the prior's log-loss is left out"
        listeners.note(note)
        return {}, [note]
    return {
        network.id: Clips.from_videos(train, network.preset(preset)).grid_labels().mean(axis=0) for network in networks
    }, []


def measure_rank(features: Sequence[VideoFeatures]) -> float:
    """The effective rank of the clip features on the grid, of MAX_RANKED of them at most; NaN for fewer than two."""
    clips = choose_evenly([clip for found in features for clip in found.clips], MAX_RANKED)
    return compute_effective_rank(np.stack(clips)) if len(clips) > 1 else float("nan")


def _score(head: BankHead, examples: HeadExamples, compute: Compute) -> NDArray[np.float32]:
    return score_clips(head, examples.short_term, examples.windows, compute.device)


def _average_by_part(losses: NDArray[np.float64], of_clip: NDArray[np.integer], truth: ActionTruth) -> dict[str, float]:
    """The mean over the clips [n] of each part's videos; NaN without any."""
    found = {part: losses[rows[of_clip]] for part, rows in truth.parts.items()}
    return {part: float(of_part.mean()) if len(of_part) else float("nan") for part, of_part in found.items()}
