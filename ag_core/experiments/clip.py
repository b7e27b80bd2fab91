"""Stage 1 of the action models: the clip network learns which actions are under way in a short piece of video.

One example is a clip around a random moment of a video, mirrored half of the time; its labels are all actions between
its first and last picture (methods B3). Pictures are letterboxed and decoded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import convert_conv3d_weight_memory_format

from ag_core.experiments.datasets import HomeWorld, PictureCache, WorldVideo, clip_pictures
from ag_core.experiments.training_loop import Losses, StepLosses
from ag_core.models.feature_bank import bank_times
from ag_core.models.video import BankedVideoModel, BankHead, make_clip_input
from ag_core.presets import VideoPreset
from ag_core.records import frame_to_time
from ag_core.taxonomy import ACTIONS
from ag_core.video.clips import clip_frame_numbers


@dataclass(frozen=True)
class Clips:
    """Clips of videos, as pictures and labels, at any moment."""

    cache: PictureCache
    videos: list[WorldVideo]
    preset: VideoPreset

    @staticmethod
    def of(world: HomeWorld, split: str, preset: VideoPreset) -> "Clips":
        """The videos of a split."""
        return Clips(clip_pictures(world, preset.size_wh), world.of_split(split), preset)

    def frames(self, video: WorldVideo, centre_s: float) -> list[int]:
        """The 1-based frames of the clip around a moment."""
        truth = video.truth
        return clip_frame_numbers(centre_s, truth.fps, truth.n_frames, self.preset.frames, self.preset.frame_step_s)

    def grid_labels(self) -> NDArray[np.bool_]:
        """[n,157] labels of the clips at every video's bank moments: how often each action is under way."""
        return np.array([self.labels(v, time) for v in self.videos for time in bank_times(v.truth.duration_s)])

    def pictures(self, video: WorldVideo, centre_s: float) -> NDArray[np.uint8]:
        """[T,H,W,3] of the clip around a moment."""
        return self.cache.pictures(video)[np.array(self.frames(video, centre_s)) - 1]

    def labels(self, video: WorldVideo, centre_s: float) -> NDArray[np.bool_]:
        """[157] the actions under way between the clip's first and last picture."""
        frames = self.frames(video, centre_s)
        first, last = (frame_to_time(frame, video.truth.fps) for frame in (frames[0], frames[-1]))
        return video.labels_between(first, last)


def action_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy [B,157] against the labels, summed over classes, mean over the batch."""
    return functional.binary_cross_entropy_with_logits(logits.float(), labels.float(), reduction="none").sum(1).mean()


@torch.no_grad()
def start_at_prior(head: BankHead, labels: NDArray[np.bool_]) -> None:
    """Set the classifier's bias to the log odds of each class in labels [n,157], so that training starts from them."""
    share = (labels.sum(axis=0) + 0.1) / (len(labels) + 1)
    head.classifier.bias.copy_(torch.from_numpy(np.log(share / (1 - share))).float())


def clip_losses(model: BankedVideoModel, clips: Clips, batch_size: int) -> StepLosses:
    """The loss of random clips, one of a video, for `fit`."""
    convert_conv3d_weight_memory_format(model.train(), torch.channels_last_3d)

    def losses(random: np.random.Generator) -> Losses:
        chosen = random.choice(len(clips.videos), size=batch_size, replace=len(clips.videos) < batch_size)
        pictures, labels = [], []
        for video in (clips.videos[index] for index in chosen):
            centre = random.uniform(0, video.truth.duration_s)
            found = clips.pictures(video, centre)
            pictures.append(found[:, :, ::-1] if random.random() < 0.5 else found)
            labels.append(clips.labels(video, centre))
        logits = model(make_clip_input(np.stack(pictures), clips.preset))
        return {"action": action_loss(logits, torch.from_numpy(np.stack(labels)))}

    return losses


def seen_actions(videos: Sequence[WorldVideo]) -> list[str]:
    """Ids of the actions that occur in some of the videos: what a model trained on them has examples of."""
    present = np.any([video.labels for video in videos], axis=0)
    return [ACTIONS[index].id for index in np.flatnonzero(present)]
