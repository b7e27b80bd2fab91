"""Stage 0 of the action models: a clip network learns what annotated graphs say of a clip, and of its every place.

It stands where the paper has a network that was trained on Kinetics, and is the same start for every action model. The
layers that read the targets (`clip_targets`, `place_targets`) are thrown away; only the clip network is kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

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
from ag_core.experiments.place_targets import N_PLACE_LABELS, MapShape, PlaceTargets, VideoPlaces
from ag_core.experiments.processes import ALONE, Processes
from ag_core.experiments.training_loop import Losses, StepLosses
from ag_core.models.video import ClipInput, PooledClipNetwork, make_clip_input
from ag_core.presets import VideoPreset

MOMENT_GAP_S = 1.0
"""Seconds between the clips of a video from which shares are counted and on which networks are judged."""
NUMBERS_WEIGHT = 4.0
"""Of the loss of the numbers beside that of the labels."""
PLACES_WEIGHT = 20.0
"""Of the loss of the places, which is a mean over them."""
RARE_PLACE = 1e-3
"""A label of places begins as if at least such a share of them had it."""


@dataclass(frozen=True)
class Answers:
    """What a pre-trainer says of B clips, and the features [B,feature_size] it says it from.

    labels   [B,N_LABELS] logits
    numbers  [B,N_NUMBERS] in units of their spread
    places   [B,N_PLACE_LABELS,T,H,W] logits
    """

    features: Tensor
    labels: Tensor
    numbers: Tensor
    places: Tensor


@dataclass(frozen=True)
class Start:
    """What is true of many clips: where the layers of a pre-trainer begin.

    labels, places  [N_LABELS], [N_PLACE_LABELS] how often each label holds where it counts
    centre, scale   [N_NUMBERS] mean and spread of the numbers
    """

    labels: NDArray[np.float64]
    places: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]


class ClipPretrainer(nn.Module):
    """A clip network, a linear layer that reads a clip's targets from its feature, and one for those of each place."""

    def __init__(self, clip_net: PooledClipNetwork, start: Start) -> None:
        super().__init__()
        self.clip_net = clip_net
        self.reader = nn.Linear(clip_net.feature_size, N_LABELS + N_NUMBERS)
        self.place_readers = nn.ModuleList(nn.Conv3d(n, N_PLACE_LABELS, 1) for n in clip_net.map_channels)
        values = {"prior": _log_odds(start.labels), "places": _log_odds(start.places)}
        for name, numbers in (values | {"centre": start.centre, "scale": start.scale}).items():
            self.register_buffer(name, torch.from_numpy(numbers).float())
        self.prior: Tensor
        self.places: Tensor
        self.centre: Tensor
        self.scale: Tensor
        for layer in (self.reader, *self.place_readers):
            nn.init.normal_(layer.get_parameter("weight"), std=0.01)
            nn.init.zeros_(layer.get_parameter("bias"))
        with torch.no_grad():
            self.reader.bias[:N_LABELS] = self.prior

    def forward(self, clips: ClipInput) -> Answers:
        """All answers; places on the map of the first pathway, to whose size those of others are brought."""
        maps = self.clip_net.compute_maps(clips)
        features = torch.cat([each.mean(dim=(2, 3, 4)) for each in maps], dim=1)
        times, rows, columns = maps[0].shape[2:]
        places = self.places[:, None, None, None]
        for reader, each in zip(self.place_readers, maps):
            places = places + functional.adaptive_avg_pool3d(reader(each), (times, rows, columns))
        answers: Tensor = self.reader(features)
        return Answers(features, answers[:, :N_LABELS], answers[:, N_LABELS:], places)


def _log_odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    odds: NDArray[np.float64] = np.log(share / (1 - share))
    return odds


@dataclass(frozen=True)
class Targets:
    """What is true of a clip, and of its places."""

    clip: ClipTargets
    places: PlaceTargets

    def mirror(self) -> "Targets":
        """The same of a clip with left and right exchanged."""
        return Targets(self.clip.mirror(), self.places.mirror())


@dataclass(frozen=True)
class TargetedClips:
    """Clips of videos and their targets, those of places on maps of a shape."""

    clips: Clips
    shape: MapShape
    targets: dict[str, VideoTargets]
    places: dict[str, VideoPlaces]

    @staticmethod
    def of(clips: Clips, shape: MapShape) -> "TargetedClips":
        """With the targets of every video that has graphs, for maps of so many times, rows and columns."""
        annotated = [video for video in clips.videos if video.frames]
        return TargetedClips(
            clips,
            shape,
            {video.video_id: VideoTargets(video) for video in annotated},
            {video.video_id: VideoPlaces(video, clips.preset.size_wh) for video in annotated},
        )

    @property
    def videos(self) -> list[LabelledVideo]:
        """The videos that have targets."""
        return [video for video in self.clips.videos if video.video_id in self.targets]

    def read_targets(self, video: LabelledVideo, centre_s: float) -> Targets | None:
        """The targets of the clip around a time; None where no frame in it is annotated."""
        frames = self.clips.frames(video, centre_s)
        of_clip = self.targets[video.video_id].read_clip(frames)
        if of_clip is None:
            return None
        return Targets(of_clip, self.places[video.video_id].read_clip(frames, self.shape))

    @cached_property
    def moments(self) -> list[tuple[LabelledVideo, float, Targets]]:
        """Clips with targets, evenly spread over every video, found once for all judgements."""
        found = []
        for video in self.videos:
            for centre_s in np.arange(MOMENT_GAP_S / 2, video.duration_s, MOMENT_GAP_S).tolist():
                if (targets := self.read_targets(video, centre_s)) is not None:
                    found.append((video, centre_s, targets))
        return found


@torch.no_grad()
def find_map_shape(clip_net: PooledClipNetwork, preset: VideoPreset) -> MapShape:
    """Times, rows and columns of the first of a network's last maps."""
    training = clip_net.training
    clip = make_clip_input(np.zeros((1, preset.frames, *preset.size_wh[::-1], 3), np.uint8), preset)
    times, rows, columns = clip_net.eval().compute_maps(clip)[0].shape[2:]
    clip_net.train(training)
    return times, rows, columns


def measure_start(clips: TargetedClips) -> Start:
    """How often the labels of some clips hold, and how their numbers are spread."""
    found = [targets for _, _, targets in clips.moments]
    labels = np.array([targets.clip.labels for targets in found])
    known = np.ma.masked_invalid(np.array([targets.clip.numbers for targets in found], np.float64))
    hold, count = (
        np.sum([getattr(targets.places, name).sum(axis=(1, 2, 3)) for targets in found], axis=0)
        for name in ("labels", "counted")
    )
    return Start(
        labels=(labels.sum(axis=0) + 0.1) / (len(labels) + 1),
        places=np.clip(hold / np.maximum(count, 1), RARE_PLACE, 1 - RARE_PLACE),
        centre=np.asarray(known.mean(axis=0).filled(0.0), np.float64),
        scale=np.maximum(np.asarray(known.std(axis=0).filled(1.0), np.float64), 1e-3),
    )


def make_pretraining_losses(
    model: ClipPretrainer, clips: TargetedClips, batch_size: int, compute: Compute = Compute()
) -> StepLosses:
    """The losses of random clips, one of a video, for `fit`."""
    convert_conv3d_weight_memory_format(model.train(), torch.channels_last_3d)
    videos = clips.videos

    def losses(random: np.random.Generator) -> Losses:
        pixels: list[NDArray[np.uint8]] = []
        wanted: list[Targets] = []
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
        answers = model(make_clip_input(np.stack(pixels), clips.clips.preset, compute.device))
        return compute_target_losses(model, answers, wanted, compute.processes)

    return losses


def compute_target_losses(
    model: ClipPretrainer, answers: Answers, wanted: Sequence[Targets], processes: Processes = ALONE
) -> Losses:
    """Cross-entropies of the labels and of those of places, summed over labels, and the distance of the known numbers.

    Means over clips, known places and known numbers. Of several processes each has clips of a batch: the mean of their
    losses is that of all clips.
    """

    def stack(arrays: Iterable[NDArray[Any]]) -> Tensor:
        return torch.from_numpy(np.stack(list(arrays))).to(answers.labels.device)

    def compare(logits: Tensor, labels: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(logits.float(), labels.float(), reduction="none")

    of_labels = compare(answers.labels, stack(each.clip.labels for each in wanted)).sum(1).mean()
    true = (stack(each.clip.numbers for each in wanted) - model.centre) / model.scale
    known = true.isfinite()
    apart = functional.smooth_l1_loss(answers.numbers.float(), true.nan_to_num(), reduction="none") * known
    counted = stack(each.places.counted for each in wanted)
    of_places = compare(answers.places, stack(each.places.labels for each in wanted)) * counted
    return {
        "labels": of_labels,
        "numbers": NUMBERS_WEIGHT * processes.divide(apart.sum(), known.sum()),
        "places": PLACES_WEIGHT * processes.divide(of_places.sum(), counted[:, 0].sum()),
    }


@torch.no_grad()
def measure_pretrainer(
    model: nn.Module, clips: TargetedClips, most: int = 200, compute: Compute = Compute()
) -> dict[str, float]:
    """On at most so many clips: the log-loss saved, of clips and of places, the numbers' distance saved, and the rank.

    In percent of what the prior (or the mean) loses, and the effective rank of the clip features.
    """
    assert isinstance(model, ClipPretrainer)
    training = model.training
    model.eval()
    chosen = choose_evenly(clips.moments, most)
    found: list[Answers] = []
    for video, centre_s, _ in chosen:
        pixels = clips.clips.read_pixels(video, centre_s)[None]
        found.append(model(make_clip_input(pixels, clips.clips.preset, compute.device)))
    model.train(training)
    answers = Answers(*(torch.cat([getattr(each, field.name) for each in found]) for field in fields(Answers)))
    wanted = [targets for _, _, targets in chosen]
    losses = compute_target_losses(model, answers, wanted)
    nothing = replace(
        answers,
        labels=model.prior.expand_as(answers.labels),
        numbers=torch.zeros_like(answers.numbers),
        places=model.places[:, None, None, None].expand_as(answers.places),
    )
    prior = compute_target_losses(model, nothing, wanted)
    saved = {name: 100 * (1 - float(losses[name]) / max(float(prior[name]), 1e-9)) for name in losses}
    rank = compute_effective_rank(answers.features.float().cpu().numpy()) if len(chosen) > 1 else 1.0
    return {
        SAVED: saved["labels"],
        "distance saved, %": saved["numbers"],
        "places saved, %": saved["places"],
        "effective rank": rank,
    }
