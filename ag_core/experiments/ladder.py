"""The error ladder: how much of the gap between SGFB and its oracle is due to boxes, classes, relations, times, head.

SGFB reads predicted graphs, its oracle annotated ones. Five things differ, and each can be replaced by truth alone:

    boxes, classes, relations   in the graphs, as ladder_graphs.py defines every combination
    timing    graphs at the times of the bank's grid, of which a window takes the first; or at those of the annotated
              frames, of which a window takes some spread evenly, those on one point of the grid joined by their maximum
    fusion    SGFB's head, learned on predicted graphs; or the oracle's, learned on annotated ones

Nothing replaced is SGFB as it is evaluated, everything replaced is the oracle as it is evaluated, to the last bit. All
32 combinations are scored on the same videos, and Shapley values share the gap out (evaluation/shapley.py). Looking at
frames is done once: what it gives is kept in the data's cache, and an evaluation that was ended goes on where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ag_core.catalog import (
    DEFAULT_RELATION_HEAD,
    HOME_WORLD,
    ORACLE,
    SGFB,
    BankKind,
    find_action_model,
    find_clip_networks,
    find_detector,
    find_relation_head,
)
from ag_core.evaluation.bootstrap import N_RESAMPLES, bootstrap_precisions
from ag_core.evaluation.metrics import Counts
from ag_core.experiments.action import VideoFeatures, build_extractor, build_graph_predictor
from ag_core.experiments.clip import Clips
from ag_core.experiments.datasets import LabelledVideo, LabelledVideos, TrainingData
from ag_core.experiments.evaluation import VIEWS, EvaluationOptions, read_seed
from ag_core.experiments.kept_arrays import name_kept_file
from ag_core.experiments.ladder_graphs import JudgedFrame, find_truths_near, load_or_judge_frames
from ag_core.experiments.training_inputs import Listeners
from ag_core.files import hash_file, hash_file_cached
from ag_core.models.feature_bank import (
    BankMaterial,
    FeatureBank,
    build_bank,
    build_graph_bank,
    list_bank_times,
)
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import BankHead, load_bank_head
from ag_core.models.video.scoring import score_clips
from ag_core.progress import track_progress
from ag_core.results.ladder_scores import N_COMBINATIONS, STEPS, LadderScores, Step, list_steps, to_combination

RULES = Path(__file__).with_name("ladder_graphs.py")
"""What decides, beside networks, video and truth, which graphs are kept."""


@dataclass(frozen=True)
class LadderVideo:
    """What all banks of a video are made of.

    times_s [K]    the grid's times, and grid the index into `on_grid` of each
    on_grid        the grid's frames, judged; annotated: the annotated frames, judged
    """

    times_s: NDArray[np.float64]
    grid: NDArray[np.int64]
    on_grid: list[JudgedFrame]
    annotated: list[JudgedFrame]

    def build_bank(self, steps: Sequence[Step]) -> FeatureBank:
        """The bank with these steps taken."""
        replaced = [step in steps for step in (Step.BOXES, Step.CLASSES, Step.RELATIONS)]
        nothing = np.zeros((len(self.times_s), 0), np.float32)
        if Step.TIMING in steps:
            graphs = [frame.compose(*replaced) for frame in self.annotated]
            return build_bank(BankKind.ANNOTATED_GRAPHS, BankMaterial(self.times_s, nothing, nothing, graphs))
        of_frames = build_graph_bank([frame.compose(*replaced) for frame in self.on_grid])
        kept = of_frames.astype(np.float16).astype(np.float32)  # as features of videos are kept
        return build_bank(BankKind.PREDICTED_GRAPHS, BankMaterial(self.times_s, nothing, kept[self.grid]))


def evaluate_ladder(
    data: TrainingData,
    options: EvaluationOptions = EvaluationOptions(),
    listeners: Listeners = Listeners(),
    resamples: int = N_RESAMPLES,
) -> LadderScores:
    """Every combination of steps on the videos of the split, with bounds from `resamples` draws of videos.

    UserError where the data have no actions or no annotated frames, or weights are missing.
    """
    loaded = data.load()
    listeners.note(loaded.describe())
    loaded.check_actions()
    loaded.annotated()
    heads = {}
    for model in (ORACLE, SGFB):
        preset = find_action_model(model).preset(options.preset)
        heads[model], facts = load_bank_head(model, options.weights, preset)
    predictor, key = build_graph_predictor(options.weights, options.preset, options.compute)
    features = extract_features(loaded, options, listeners)
    judging = (judge_video(video, predictor, key, data) for video in loaded.videos)
    videos = list(track_progress(judging, len(loaded.videos), "graphs", listeners.stage))
    scores: dict[int, NDArray[np.float32]] = {}
    banks = range(1 << STEPS.index(Step.FUSION))  # the head is the last step: without it one bank a combination
    for bank in track_progress(banks, len(banks), "combinations", listeners.stage):
        steps = list_steps(bank)
        found = score_bank_models(heads, videos, features, steps, options)
        scores[bank], scores[to_combination([*steps, Step.FUSION])] = found[SGFB], found[ORACLE]
    labels = np.array([video.labels for video in loaded.videos])
    listeners.note(f"bounds come from {resamples} draws of the {len(labels):,} videos")
    of_combinations = np.array([scores[combination] for combination in range(N_COMBINATIONS)])
    return LadderScores.from_draws(
        bootstrap_precisions(of_combinations[:, None], labels, resamples),
        options.build_origin(data, "ladder", read_seed(facts)),
        Counts(videos=len(labels), classes=int(labels.any(axis=0).sum())),
        hash_weights(options.weights),
        describe_truth(videos),
        VIEWS,
    )


def extract_features(
    loaded: LabelledVideos, options: EvaluationOptions, listeners: Listeners
) -> dict[str, list[VideoFeatures]]:
    """By model, the clip features of every video; two models on one clip network share them."""
    models = [find_action_model(model) for model in (SGFB, ORACLE)]
    found = {}
    for network in find_clip_networks(models):
        extract = build_extractor(loaded.data, options.weights, options.preset, network.id, options.compute)
        videos = Clips.from_videos(loaded, network.preset(options.preset)).videos
        found[network.id] = list(track_progress(map(extract, videos), len(videos), "features", listeners.stage))
    return {model.id: found[model.clip_network] for model in models}


def judge_video(video: LabelledVideo, predictor: SceneGraphPredictor, key: str, data: TrainingData) -> LadderVideo:
    """The frames of a video that banks are made of; `key` names the networks, which are only asked for what is not
    kept."""
    times = list_bank_times(video.clock)
    frames, grid = np.unique([video.clock.frame_at(time) for time in times], return_inverse=True)
    of_grid = [video.clock.time_of(frame) for frame in frames.tolist()]
    judged = []
    for what, numbers, times_s, truths in (
        ("grid", frames.tolist(), of_grid, find_truths_near(video.graphs, of_grid)),
        ("annotated", [g.frame for g in video.graphs], [g.time_s for g in video.graphs], video.graphs),
    ):
        folder = data.cache / f"ladder-{what}-{key}-{data.fingerprint[:12]}-{hash_file_cached(RULES)[:8]}"
        path = name_kept_file(folder, video, numbers, "video", "models", ending=".npz")
        judged.append(load_or_judge_frames(path, predictor, video, numbers, times_s, truths))
    return LadderVideo(times, np.asarray(grid, np.int64).reshape(-1), *judged)


def score_bank_models(
    heads: Mapping[str, BankHead],
    videos: Sequence[LadderVideo],
    features: Mapping[str, Sequence[VideoFeatures]],
    steps: Sequence[Step],
    options: EvaluationOptions,
) -> dict[str, NDArray[np.float32]]:
    """By model [videos,157] the largest logit over each video's test views, its bank with these steps taken.

    Video by video, as evaluations score them: batches of other sizes may change the last bit.
    """
    device = options.compute.device
    scores: dict[str, list[NDArray[np.float32]]] = {model: [] for model in heads}
    for number, video in enumerate(videos):
        bank = video.build_bank(steps)
        for model, head in heads.items():
            found = features[model][number]
            logits = score_clips(head.to(device), found.views, bank.cut_windows(found.views_s)[:], device)
            scores[model].append(logits.max(axis=0))
    return {model: np.stack(of_model) for model, of_model in scores.items()}


def hash_weights(folder: Path) -> dict[str, str]:
    """By model, the first digits of the hash of each weights file that decides the ladder."""
    entries = [find_detector(HOME_WORLD), find_relation_head(DEFAULT_RELATION_HEAD)]
    models = [find_action_model(model) for model in (SGFB, ORACLE)]
    return {
        entry.id: hash_file(entry.weights_path(folder))[:12]
        for entry in (*entries, *find_clip_networks(models), *models)
    }


def describe_truth(videos: Sequence[LadderVideo]) -> tuple[str, ...]:
    """On how many frames of the grid the truth is known, where it is not known on all."""
    frames = [frame for video in videos for frame in video.on_grid]
    known = sum(frame.truth is not None for frame in frames)
    if known == len(frames):
        return ()
    return (
        f"The truth is known of {known:,} of the {len(frames):,} frames on the bank's grid; the others keep what was "
        "found, so that boxes, classes and relationships are replaced in full only at the annotated times.",
    )
