"""Stage 0 of the action models: a clip network learns what annotated graphs say of a clip (`clip_targets`).

It stands where the paper has a network that was trained on Kinetics, and is the same start for every action model. Its
own classifier is thrown away; only the clip network is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import convert_conv3d_weight_memory_format

from ag_core.evaluation.feature_spectrum import compute_effective_rank
from ag_core.experiments.clip import SAVED, ClipChange, Clips
from ag_core.experiments.clip_targets import N_LABELS, N_NUMBERS, ClipTargets, VideoTargets
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideo, choose_evenly
from ag_core.experiments.processes import ALONE, Processes
from ag_core.experiments.training_loop import Losses, StepLosses
from ag_core.models.video import ClipInput, ClipNetwork, make_clip_input

MOMENT_GAP_S = 1.0
"""Seconds between the clips of a video from which shares are counted and on which networks are judged."""
NUMBERS_WEIGHT = 4.0
"""Of the loss of the numbers beside that of the labels."""


class ClipPretrainer(nn.Module):
    """A clip network, and a linear layer that reads the targets of a clip from its feature.

    share  [N_LABELS] how often each label holds, where the layer begins; centre, scale [N_NUMBERS] of the numbers
    """

    def __init__(
        self, clip_net: ClipNetwork, share: NDArray[np.float64], centre: NDArray[np.float64], scale: NDArray[np.float64]
    ) -> None:
        super().__init__()
        self.clip_net = clip_net
        self.reader = nn.Linear(clip_net.feature_size, N_LABELS + N_NUMBERS)
        for name, values in (("prior", np.log(share / (1 - share))), ("centre", centre), ("scale", scale)):
            self.register_buffer(name, torch.from_numpy(values).float())
        self.prior: Tensor
        self.centre: Tensor
        self.scale: Tensor
        nn.init.normal_(self.reader.weight, std=0.01)
        with torch.no_grad():
            self.reader.bias.copy_(torch.cat([self.prior, torch.zeros(N_NUMBERS)]))

    def forward(self, clips: ClipInput) -> tuple[Tensor, Tensor]:
        """Logits [B,N_LABELS] of the labels, and the numbers [B,N_NUMBERS] in units of their spread."""
        answers: Tensor = self.reader(self.clip_net(clips))
        return answers[:, :N_LABELS], answers[:, N_LABELS:]


@dataclass(frozen=True)
class TargetedClips:
    """Clips of videos and their targets."""

    clips: Clips
    targets: dict[str, VideoTargets]

    @staticmethod
    def of(clips: Clips) -> "TargetedClips":
        """With the targets of every video that has graphs."""
        return TargetedClips(clips, {video.video_id: VideoTargets(video) for video in clips.videos if video.frames})

    @property
    def videos(self) -> list[LabelledVideo]:
        """The videos that have targets."""
        return [video for video in self.clips.videos if video.video_id in self.targets]

    def read_targets(self, video: LabelledVideo, centre_s: float) -> ClipTargets | None:
        """The targets of the clip around a time."""
        return self.targets[video.video_id].read_clip(self.clips.frames(video, centre_s))

    @cached_property
    def moments(self) -> list[tuple[LabelledVideo, float, ClipTargets]]:
        """Clips with targets, evenly spread over every video, found once for all judgements."""
        found = []
        for video in self.videos:
            for centre_s in np.arange(MOMENT_GAP_S / 2, video.duration_s, MOMENT_GAP_S).tolist():
                if (targets := self.read_targets(video, centre_s)) is not None:
                    found.append((video, centre_s, targets))
        return found


def build_pretrainer(clip_net: ClipNetwork, clips: TargetedClips) -> ClipPretrainer:
    """A pre-trainer that begins at how often the labels of some clips hold."""
    found = [targets for _, _, targets in clips.moments]
    labels = np.array([targets.labels for targets in found])
    numbers = np.array([targets.numbers for targets in found], np.float64)
    known = np.ma.masked_invalid(numbers)
    centre = np.asarray(known.mean(axis=0).filled(0.0), np.float64)
    scale = np.maximum(np.asarray(known.std(axis=0).filled(1.0), np.float64), 1e-3)
    return ClipPretrainer(clip_net, (labels.sum(axis=0) + 0.1) / (len(labels) + 1), centre, scale)


def make_pretraining_losses(
    model: ClipPretrainer, clips: TargetedClips, batch_size: int, compute: Compute = Compute()
) -> StepLosses:
    """The losses of random clips, one of a video, for `fit`."""
    convert_conv3d_weight_memory_format(model.train(), torch.channels_last_3d)
    videos = clips.videos

    def losses(random: np.random.Generator) -> Losses:
        pixels: list[NDArray[np.uint8]] = []
        wanted: list[ClipTargets] = []
        drawn = 0
        while drawn < batch_size:
            video = videos[random.integers(len(videos))]
            centre_s = random.uniform(0, video.duration_s)
            targets = clips.read_targets(video, centre_s)
            if targets is None:
                continue
            change = ClipChange.draw(random)
            if compute.processes.owns(drawn):
                pixels.append(change.apply(clips.clips.read_pixels(video, centre_s)))
                wanted.append(targets.mirror() if change.mirrored else targets)
            drawn += 1
        labels, numbers = model(make_clip_input(np.stack(pixels), clips.clips.preset, compute.device))
        return compute_target_losses(model, labels, numbers, wanted, compute.processes)

    return losses


def compute_target_losses(
    model: ClipPretrainer,
    logits: Tensor,
    numbers: Tensor,
    wanted: Sequence[ClipTargets],
    processes: Processes = ALONE,
) -> Losses:
    """Cross-entropy of the labels, summed over them, and the distance of the known numbers; means over the clips.

    Of several processes each has clips of a batch: the mean of their losses is that of all clips.
    """
    labels = torch.from_numpy(np.stack([targets.labels for targets in wanted])).to(logits)
    true = (
        torch.from_numpy(np.stack([targets.numbers for targets in wanted])).to(numbers) - model.centre
    ) / model.scale
    known = true.isfinite()
    apart = functional.smooth_l1_loss(numbers.float(), true.nan_to_num(), reduction="none") * known
    of_labels = functional.binary_cross_entropy_with_logits(logits.float(), labels, reduction="none").sum(1).mean()
    n_known = processes.average(known.sum().float()).clamp(min=1 / processes.count)
    return {"labels": of_labels, "numbers": NUMBERS_WEIGHT * apart.sum() / n_known}


@torch.no_grad()
def measure_pretrainer(
    model: nn.Module, clips: TargetedClips, most: int = 200, compute: Compute = Compute()
) -> dict[str, float]:
    """On at most so many clips: how much of the prior's log-loss is saved, of the numbers' variance, and the rank.

    In percent of what the prior (or the mean) loses, and the effective rank of the clip features.
    """
    assert isinstance(model, ClipPretrainer)
    training = model.training
    model.eval()
    features, labels, numbers, wanted = [], [], [], []
    for video, centre_s, targets in choose_evenly(clips.moments, most):
        pixels = clips.clips.read_pixels(video, centre_s)[None]
        feature = model.clip_net(make_clip_input(pixels, clips.clips.preset, compute.device))
        answers = model.reader(feature)
        features.append(feature[0].float().cpu().numpy())
        labels.append(answers[0, :N_LABELS])
        numbers.append(answers[0, N_LABELS:])
        wanted.append(targets)
    model.train(training)
    losses = compute_target_losses(model, torch.stack(labels), torch.stack(numbers), wanted)
    nothing = torch.zeros(len(wanted), N_NUMBERS, device=model.prior.device)
    prior = compute_target_losses(model, model.prior.expand(len(wanted), -1), nothing, wanted)
    saved = {name: 100 * (1 - float(losses[name]) / max(float(prior[name]), 1e-9)) for name in losses}
    rank = compute_effective_rank(np.stack(features)) if len(features) > 1 else 1.0
    return {SAVED: saved["labels"], "distance saved, %": saved["numbers"], "effective rank": rank}
