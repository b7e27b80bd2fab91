"""Audits of a home world: how far an input that should not suffice gets, and what an input adds to another.

Each audit trains the same small network in the same loop for the same number of steps on another view of the exact
truth (or one frame), under the protocol of the action models: clips of 2.5 s, ten a video, the largest score. So what
differs between two audits is what they see. Nothing here is a model of the project, and nothing depends on one.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.experiments.clip import compute_action_loss
from ag_core.experiments.kept_arrays import FrameCache
from ag_core.experiments.training_loop import Budget, Losses, Recipe, fit
from ag_core.video.clips import list_clip_centre_times
from ag_core.world_audit.audit_inputs import Audit, AuditViews, build_views
from ag_core.world_audit.audit_network import AuditNetwork, build_network, to_network_input
from ag_core.world_audit.home_world import WorldVideo

STEPS, BATCH = 400, 64
SEEDS = (0, 1, 2)


def train_network(views: AuditViews, seed: int, steps: int = STEPS, batch: int = BATCH) -> AuditNetwork:
    """A network trained on random clips of the videos, one of a video; the recipe is the same for all audits."""
    torch.manual_seed(seed)
    network = build_network(views).train()

    def losses(random: np.random.Generator) -> Losses:
        chosen = random.choice(len(views.videos), batch, replace=len(views.videos) < batch)
        examples = [views.example(n, random.uniform(0, views.videos[n].truth.duration_s)) for n in chosen]
        frames = np.stack([order_frames(frames, views.audit, random) for frames, _ in examples])
        labels = torch.from_numpy(np.stack([labels for _, labels in examples]))
        return {"action": compute_action_loss(network(to_network_input(frames)), labels)}

    recipe = Recipe(Budget(steps=steps), learning_rate=2e-3, weight_decay=1e-2, seed=seed)
    fit(network, losses, recipe, report=lambda progress: None)
    return network


@torch.inference_mode()
def score_videos(network: AuditNetwork, views: AuditViews) -> NDArray[np.float32]:
    """[V,157] the largest logit over the ten test views of each video."""
    network.eval()
    random = np.random.default_rng(0)
    scores = []
    for number, video in enumerate(views.videos):
        centres = list_clip_centre_times(video.truth.duration_s) if views.audit.n_frames else (0.0,)
        frames = [order_frames(views.example(number, centre)[0], views.audit, random) for centre in centres]
        scores.append(network(to_network_input(np.stack(frames))).amax(dim=0).numpy())
    return np.stack(scores)


def order_frames(frames: NDArray[Any], audit: Audit, random: np.random.Generator) -> NDArray[Any]:
    """Frames [T,...] as they follow one another, or in random order where the audit wants that."""
    return frames if audit.ordered else frames[random.permutation(len(frames))]


@dataclass(frozen=True)
class AuditResult:
    """The scores [S,V,157] of an audit's trainings, one a seed, for the val videos; seconds that all of it took."""

    audit: Audit
    scores: NDArray[np.float32]
    seconds: float


def run_audit(
    audit: Audit,
    train_videos: Sequence[WorldVideo],
    val_videos: Sequence[WorldVideo],
    pictures: FrameCache[WorldVideo],
    seeds: Sequence[int] = SEEDS,
    steps: int = STEPS,
) -> AuditResult:
    """Train an audit once a seed and score the val videos."""
    started = time.monotonic()
    train_views, val_views = (build_views(audit, videos, pictures) for videos in (train_videos, val_videos))
    scores = np.stack([score_videos(train_network(train_views, seed, steps), val_views) for seed in seeds])
    return AuditResult(audit, scores, time.monotonic() - started)
