"""Stage 2 of the action models: features of all videos once, then a feature-bank head for each kind of bank.

LFB looks into clip features, SGFB into predicted scene graphs, the oracle into annotated ones; everything else is
equal: the same clip features S, the same examples in the same order, the same budget. Features come from the frozen
clip network and scene-graph predictor and lie in the data's cache under the hash of the weights that made them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.catalog import (
    DEFAULT_CLIP_NETWORK,
    DEFAULT_RELATION_HEAD,
    BankKind,
    find_action_model,
    find_clip_network,
    find_relation_head,
)
from ag_core.experiments.clip import SAVED, Clips, compute_action_loss, compute_share_saved
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideo, TrainingData, find_fold
from ag_core.experiments.earlier_weights import find_fold_weights, find_graph_weights
from ag_core.experiments.kept_arrays import load_or_make, name_kept_file, open_clip_frames
from ag_core.experiments.training_loop import Losses, StepLosses
from ag_core.files import hash_file
from ag_core.models.detector import Detector, FasterRcnnDetector, load_faster_rcnn
from ag_core.models.feature_bank import BankMaterial, build_bank, build_graph_bank, list_bank_times
from ag_core.models.folding import fold_batch_norms
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import load_relation_head
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import BankHead, ClipNetwork, load_clip_network, make_clip_input
from ag_core.models.video.scoring import score_clips, score_videos
from ag_core.video.clips import list_clip_centre_times
from ag_core.video.frames import read_frames

CLIPS_AT_ONCE = 8


@dataclass(frozen=True)
class VideoFeatures:
    """What the heads need of a video.

    times_s, clips [K,C], graphs [K,875]   the bank's times, clip features and predicted graphs there
    views_s, views [V,C]                   the test views' centres and clip features
    """

    times_s: NDArray[np.float64]
    clips: NDArray[np.float32]
    graphs: NDArray[np.float32]
    views_s: NDArray[np.float64]
    views: NDArray[np.float32]


@torch.inference_mode()
def compute_clip_features(
    net: ClipNetwork,
    clips: Clips,
    video: LabelledVideo,
    centres_s: Sequence[float],
    compute: Compute = Compute(),
    detector: Detector | None = None,
) -> NDArray[np.float32]:
    """[n,C] features of the clips around the given times; a detector where the network looks at regions."""
    parts = [np.zeros((0, net.feature_size), np.float32)]
    for start in range(0, len(centres_s), CLIPS_AT_ONCE):
        pixels = [clips.read_pixels(video, centre) for centre in centres_s[start : start + CLIPS_AT_ONCE]]
        inputs = make_clip_input(np.stack(pixels), clips.preset, compute.device, detector)
        parts.append(net(inputs).float().cpu().numpy())
    return np.concatenate(parts)


def build_predicted_bank(
    predictor: SceneGraphPredictor, video: LabelledVideo, times_s: Sequence[float]
) -> NDArray[np.float32]:
    """[K,875] of the graphs that the predictor finds at the given times."""
    wanted = [video.clock.frame_at(time) for time in times_s]
    observed = [
        predictor.observe([pixels], [frame], [video.clock.time_of(frame)])
        for frame, pixels in read_frames(video.path, wanted)
    ]
    graphs = {graph.frame: graph for graph in predictor.judge_video(observed)}
    return build_graph_bank([graphs[frame] for frame in wanted])


def compute_video_features(
    video: LabelledVideo,
    clips: Clips,
    net: ClipNetwork,
    predictor: SceneGraphPredictor,
    folder: Path,
    clip_key: str,
    graph_key: str,
    compute: Compute = Compute(),
) -> VideoFeatures:
    """The features of one video, from `folder` where weights (named by the keys) made them of the same frames.

    Regions that a clip network looks at are those that the predictor's detector finds.
    """
    times, views = list_bank_times(video.clock), list_clip_centre_times(video.duration_s)
    clip_frames = [tuple(clips.frames(video, centre)) for centre in (*times, *views)]
    centre_of = dict(zip(clip_frames, (*times, *views)))  # of a clip that is wanted more than once, only one

    def both_clips() -> NDArray[np.float32]:
        made = compute_clip_features(net, clips, video, list(centre_of.values()), compute, predictor.detector)
        row_of = {frames: row for row, frames in enumerate(centre_of)}
        return made[[row_of[frames] for frames in clip_frames]]

    code = ("video", "models")
    clip_file = name_kept_file(folder / f"clip-features-{clip_key}", video, clip_frames, *code)
    found = load_or_make(clip_file, both_clips)
    bank_frames = [video.clock.frame_at(time) for time in times]
    graphs = load_or_make(
        name_kept_file(folder / f"graph-bank-{graph_key}", video, bank_frames, *code),
        lambda: build_predicted_bank(predictor, video, times.tolist()).astype(np.float16),
    )
    return VideoFeatures(times, found[: len(times)], graphs.astype(np.float32), views, found[len(times) :])


def build_graph_predictor(
    weights: Path,
    preset: str,
    compute: Compute = Compute(),
    detector_weights: Path | None = None,
    relation_head: str = DEFAULT_RELATION_HEAD,
) -> tuple[SceneGraphPredictor, str]:
    """The predictor whose graphs SGFB reads, with the networks in the folder `weights`, and a key of what decides
    them; the detector from another folder where one is given."""
    files = find_graph_weights(weights, relation_head, detector_weights)
    model = load_faster_rcnn(files["detector"])
    of_head = find_relation_head(relation_head).preset(preset)
    head, _ = load_relation_head(relation_head, weights, of_head, detector_weights)
    detector = FasterRcnnDetector(model, compute.device)
    trunk = RegionFeatureExtractor(model)
    trunk.check_size(of_head, str(files["relations"]))
    predictor = SceneGraphPredictor(detector, trunk, head, compute.device)
    return predictor, "-".join(hash_file(file)[:12] for file in files.values())


def build_extractor(
    data: TrainingData,
    weights: Path,
    preset: str,
    network: str = DEFAULT_CLIP_NETWORK,
    compute: Compute = Compute(),
    cross_predicted: tuple[Path, Path] | None = None,
    relation_head: str = DEFAULT_RELATION_HEAD,
) -> Callable[[LabelledVideo], VideoFeatures]:
    """A function from a video to its features, with a clip network and the graphs' networks in the folder `weights`.

    cross_predicted  as in `TrainingOptions`: the graphs of a video come from the networks of the other fold
    """
    clip_network = find_clip_network(network)
    video_preset, clip_file = clip_network.preset(preset), clip_network.weights_path(weights)
    predictor, graph_key = build_graph_predictor(weights, preset, compute, relation_head=relation_head)
    clip_model, _ = load_clip_network(clip_network.id, weights, video_preset)
    net = fold_batch_norms(clip_model.clip_net).to(compute.device)
    clips = Clips(open_clip_frames(data.cache, video_preset.size_wh), [], video_preset)
    detector_key, _, _ = graph_key.partition("-")
    clip_key = hash_file(clip_file)[:12] + (f"-{detector_key}" if video_preset.regions_per_frame else "")

    readers = [(predictor, graph_key)]
    if cross_predicted is not None:
        fold_files = find_fold_weights(cross_predicted, weights, data, relation_head)
        readers = [
            build_graph_predictor(folder, preset, compute, fold_files[f"detector-of-fold-{fold}"].parent, relation_head)
            for fold, folder in enumerate(cross_predicted)
        ]

    def features(video: LabelledVideo) -> VideoFeatures:
        reader, key = readers[0] if len(readers) == 1 else readers[1 - find_fold(video.video_id)]
        return compute_video_features(video, clips, net, reader, data.cache, clip_key, key, compute)

    return features


@dataclass(frozen=True)
class HeadExamples:
    """Clips as features: short_term [n,C], windows [n,20,D] of one kind of bank, labels [n,157], video [n]."""

    short_term: NDArray[np.float32]
    windows: NDArray[np.float32]
    labels: NDArray[np.bool_]
    video: NDArray[np.int64]

    def tensors(self, rows: NDArray[np.int64] | slice) -> tuple[torch.Tensor, torch.Tensor]:
        """Short-term features and windows of some rows."""
        return torch.from_numpy(self.short_term[rows]), torch.from_numpy(self.windows[rows])


def build_head_examples(
    model: str, clips: Clips, features: Sequence[VideoFeatures], at_views: bool = False
) -> HeadExamples:
    """Examples of the clips' videos for an action model of the catalog: at the bank's times, or at the test views.

    Labels are those of each clip at the bank's times, and those of the whole video at the views.
    """
    rows: dict[str, list[Any]] = {field.name: [] for field in fields(HeadExamples)}
    kind = find_action_model(model).bank or BankKind.CLIP_FEATURES
    for number, (video, found) in enumerate(zip(clips.videos, features)):
        bank = build_bank(kind, BankMaterial(found.times_s, found.clips, found.graphs, video.graphs))
        centres, short_term = (found.views_s, found.views) if at_views else (found.times_s, found.clips)
        for centre, feature in zip(centres, short_term):
            rows["short_term"].append(feature)
            rows["windows"].append(bank.cut_window(centre))
            rows["labels"].append(video.labels if at_views else clips.labels(video, centre))
            rows["video"].append(number)
    return HeadExamples(**{name: np.array(values) for name, values in rows.items()})


def make_head_losses(
    head: BankHead,
    examples: HeadExamples,
    batch_size: int,
    compute: Compute = Compute(),
    counted: NDArray[np.bool_] | None = None,
) -> StepLosses:
    """The loss of random clips, for `fit`, the same ones for every bank; `counted` as in `compute_action_loss`."""
    head.train()
    classes = None if counted is None else compute.move(torch.from_numpy(counted))

    def losses(random: np.random.Generator) -> Losses:
        rows = compute.processes.shard(random.choice(len(examples.video), size=batch_size))
        labels = compute.move(torch.from_numpy(examples.labels[rows]))
        return {"action": compute_action_loss(head(*map(compute.move, examples.tensors(rows))), labels, classes)}

    return losses


@torch.no_grad()
def measure_head(
    head: torch.nn.Module,
    examples: HeadExamples,
    prior: NDArray[np.floating],
    compute: Compute = Compute(),
    counted: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """How much of the log-loss of `prior` [157], how often each action is under way, a head saves, in percent.

    counted  [157] the classes that were learned; None for all
    """
    assert isinstance(head, BankHead)
    training = head.training
    head.eval()
    logits = torch.from_numpy(score_clips(head, examples.short_term, examples.windows, compute.device))
    head.train(training)
    return {SAVED: compute_share_saved(logits, torch.from_numpy(examples.labels), prior, counted)}


def score_examples(head: BankHead, examples: HeadExamples, compute: Compute = Compute()) -> NDArray[np.float32]:
    """[videos,157] the largest logit over each video's test views."""
    logits = score_clips(head, examples.short_term, examples.windows, compute.device)
    return score_videos(logits, examples.video)
