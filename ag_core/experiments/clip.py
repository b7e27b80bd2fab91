"""Stage 1 of the action models: the clip network learns which actions are under way in a short piece of video.

One example is a clip around a random time of a video, a part of its picture, mirrored half of the time and in other
colours; its labels are all actions between its first and last frame (methods B3). Frames are decoded and letterboxed
once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import convert_conv3d_weight_memory_format

from ag_core.evaluation.feature_spectrum import compute_effective_rank
from ag_core.evaluation.log_loss import MIN_RATE
from ag_core.experiments.augmentation import draw_colour_change
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideo, LabelledVideos, choose_evenly
from ag_core.experiments.kept_arrays import FrameCache, open_clip_frames
from ag_core.experiments.training_loop import Losses, StepLosses
from ag_core.models.checkpoints import load_checkpoint
from ag_core.models.detector import Detector
from ag_core.models.feature_bank import list_bank_times
from ag_core.models.video import BankedVideoModel, BankHead, make_clip_input
from ag_core.presets import VideoPreset
from ag_core.taxonomy import ACTIONS
from ag_core.video.clips import GREY, list_clip_frame_numbers

CLIP_NET = "clip_net."
"""How the names of a clip network's tensors begin in files."""
LEAST_PART = 0.8
"""Of the sides of a picture: so much of them is seen at least in a clip to learn from."""
SAVED = "log-loss saved, %"
"""What decides which network of a training is the best: its log-loss on held-out videos against that of the prior."""


@dataclass(frozen=True)
class Clips:
    """Clips of videos, as pixels and labels, around any time."""

    cache: FrameCache[LabelledVideo]
    videos: list[LabelledVideo]
    preset: VideoPreset

    @staticmethod
    def from_videos(loaded: LabelledVideos, preset: VideoPreset) -> "Clips":
        """Clips of the videos of a split."""
        return Clips(open_clip_frames(loaded.data.cache, preset.size_wh), list(loaded.videos), preset)

    def frames(self, video: LabelledVideo, centre_s: float) -> list[int]:
        """The 1-based frames of the clip around a time."""
        return list_clip_frame_numbers(centre_s, video.clock, self.preset.frames, self.preset.frame_step_s)

    def list_moments(self) -> list[tuple[LabelledVideo, float]]:
        """Every video with its bank times, or the first of them where a clip is the whole video whatever the time."""
        most = 1 if self.preset.frame_step_s is None else None
        return [(video, time) for video in self.videos for time in list_bank_times(video.clock)[:most].tolist()]

    def grid_labels(self) -> NDArray[np.bool_]:
        """[n,157] labels of the clips at these moments: how often each action is under way."""
        return np.array([self.labels(video, time) for video, time in self.list_moments()])

    def read_pixels(self, video: LabelledVideo, centre_s: float) -> NDArray[np.uint8]:
        """[T,H,W,3] of the clip around a time."""
        frames: NDArray[np.uint8] = self.cache.read(video)[np.array(self.frames(video, centre_s)) - 1]
        return frames

    def labels(self, video: LabelledVideo, centre_s: float) -> NDArray[np.bool_]:
        """[157] the actions under way between the clip's first and last frame."""
        frames = self.frames(video, centre_s)
        first, last = (video.clock.time_of(frame) for frame in (frames[0], frames[-1]))
        return video.find_labels_between(first, last)


@dataclass(frozen=True)
class ClipChange:
    """How a clip is changed to learn from: mirrored or not, its colours multiplied by [3,3], its light by a factor.

    part_xyxy  in shares of the picture: what is kept of it and brought to its size
    """

    mirrored: bool
    colours: NDArray[np.float32]
    light: np.float32
    part_xyxy: tuple[float, float, float, float] = (0, 0, 1, 1)

    @staticmethod
    def draw(random: np.random.Generator, least: float = 1.0) -> "ClipChange":
        """Mirrored half of the time, in other colours and light; of a part whose sides are `least` or more of all."""
        mirrored = bool(random.random() < 0.5)
        colours = (draw_colour_change(random) * random.uniform(0.8, 1.2)).astype(np.float32)
        light = np.float32(random.uniform(0.8, 1.2))
        width, height = random.uniform(least, 1, size=2)
        left, top = random.uniform(0, 1 - width), random.uniform(0, 1 - height)
        return ClipChange(mirrored, colours, light, (left, top, left + width, top + height))

    def apply(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A clip [T,H,W,3] so changed."""
        seen = self._cut(pixels)
        seen = seen[:, :, ::-1] if self.mirrored else seen
        change = np.column_stack([self.colours * self.light, self.colours.sum(axis=1) * GREY * (1 - self.light)])
        changed = cv2.transform(np.ascontiguousarray(seen).reshape(-1, seen.shape[2], 3), change)
        return np.asarray(changed, np.uint8).reshape(seen.shape)

    def _cut(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part of a clip, as large as all of it."""
        if self.part_xyxy == (0, 0, 1, 1):
            return pixels
        _, height, width, _ = pixels.shape
        x1, y1, x2, y2 = np.array(self.part_xyxy) * (width, height, width, height)
        move = np.array(
            [[width / (x2 - x1), 0, -x1 * width / (x2 - x1)], [0, height / (y2 - y1), -y1 * height / (y2 - y1)]]
        )
        return np.stack([cv2.warpAffine(frame, move, (width, height)) for frame in pixels]).astype(np.uint8)


def compute_action_loss(logits: Tensor, labels: Tensor, counted: Tensor | None = None) -> Tensor:
    """Binary cross-entropy [B,157] against the labels, summed over classes, mean over the batch.

    counted [157] bool: the classes that count, as in few-shot base training; None for all.
    """
    losses = functional.binary_cross_entropy_with_logits(logits.float(), labels.float(), reduction="none")
    return (losses if counted is None else losses * counted).sum(1).mean()


@torch.no_grad()
def start_at_prior(head: BankHead, labels: NDArray[np.bool_]) -> None:
    """Set the classifier's bias to the log odds of each class in labels [n,157], so that training starts from them."""
    share = (labels.sum(axis=0) + 0.1) / (len(labels) + 1)
    head.classifier.bias.copy_(torch.from_numpy(np.log(share / (1 - share))).float())


def make_clip_losses(
    model: BankedVideoModel,
    clips: Clips,
    batch_size: int,
    compute: Compute = Compute(),
    counted: NDArray[np.bool_] | None = None,
    detector: Detector | None = None,
) -> StepLosses:
    """The loss of random clips, one of a video, for `fit`; `counted` [157] as in `compute_action_loss`.

    detector  finds the regions where the clip network looks at regions
    """
    classes = None if counted is None else compute.move(torch.from_numpy(counted))
    convert_conv3d_weight_memory_format(model.train(), torch.channels_last_3d)

    def losses(random: np.random.Generator) -> Losses:
        chosen = random.choice(len(clips.videos), size=batch_size, replace=len(clips.videos) < batch_size)
        pixels, labels = [], []
        for position, video in enumerate(clips.videos[index] for index in chosen):
            centre, change = random.uniform(0, video.duration_s), ClipChange.draw(random, LEAST_PART)
            if compute.processes.owns(position):
                pixels.append(change.apply(clips.read_pixels(video, centre)))
                labels.append(clips.labels(video, centre))
        logits = model(make_clip_input(np.stack(pixels), clips.preset, compute.device, detector))
        return {"action": compute_action_loss(logits, compute.move(torch.from_numpy(np.stack(labels))), classes)}

    return losses


def start_from_pretraining(model: BankedVideoModel, network: str, preset: VideoPreset, path: Path) -> None:
    """Give a model's clip network the weights that a pre-training wrote; UserError as `load_checkpoint`."""
    start = nn.ModuleDict({CLIP_NET.rstrip("."): model.clip_net})
    load_checkpoint(path, start, preset.name, network)


def compute_share_saved(
    logits: Tensor, labels: Tensor, prior: NDArray[np.floating], counted: NDArray[np.bool_] | None = None
) -> float:
    """Of the log-loss of `prior` [157] on labels [n,157], what logits [n,157] save, in percent.

    counted  [157] the classes that were learned, as in `compute_action_loss`: of others a network knows nothing
    """
    of_prior = torch.from_numpy(np.asarray(prior)).clamp(MIN_RATE, 1 - MIN_RATE).logit().float().expand(len(labels), -1)
    classes = None if counted is None else torch.from_numpy(counted)
    lost = [float(compute_action_loss(each, labels, classes)) for each in (logits, of_prior)]
    return 100 * (1 - lost[0] / lost[1])


@torch.no_grad()
def measure_clip_classifier(
    model: nn.Module,
    clips: Clips,
    prior: NDArray[np.floating],
    most: int = 200,
    compute: Compute = Compute(),
    detector: Detector | None = None,
    counted: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """On at most so many clips: how much of the prior's log-loss is saved, in percent, and the rank of the features.

    prior    [157] how often each action is under way in a clip to learn from
    counted  [157] the classes that were learned; None for all
    """
    assert isinstance(model, BankedVideoModel)
    training = model.training
    model.eval()
    features, logits, labels = [], [], []
    for video, time in choose_evenly(clips.list_moments(), most):
        clip = make_clip_input(clips.read_pixels(video, time)[None], clips.preset, compute.device, detector)
        feature = model.clip_net(clip)
        features.append(feature[0].float().cpu().numpy())
        logits.append(model.head(feature)[0])
        labels.append(clips.labels(video, time))
    model.train(training)
    saved = compute_share_saved(torch.stack(logits).cpu(), torch.from_numpy(np.stack(labels)), prior, counted)
    rank = compute_effective_rank(np.stack(features)) if len(features) > 1 else 1.0
    return {SAVED: saved, "effective rank": rank}


def list_seen_actions(videos: Sequence[LabelledVideo], counted: NDArray[np.bool_] | None = None) -> list[str]:
    """Ids of the actions that occur in some of the videos and count: what a model trained on them has examples of."""
    present = np.any([video.labels for video in videos], axis=0)
    if counted is not None:
        present &= counted
    return [ACTIONS[index].id for index in np.flatnonzero(present)]
