"""What the Faster R-CNN learns from: annotated frames of a store, and the losses of a random batch of them.

Batches are frames of one orientation from different videos, changed at random (`augmentation`). Frames with rare
classes are drawn more often (repeat factors by the square root of the class's frequency, as for LVIS).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import convert_conv2d_weight_memory_format
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork

from ag_core.evaluation.average_precision import compute_detection_precision
from ag_core.evaluation.metrics import to_percent
from ag_core.experiments.augmentation import AnnotatedFrame, augment, change_colours, change_light
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideo, LabelledVideos, open_counted_frames, read_true_boxes
from ag_core.experiments.kept_arrays import FrameCache
from ag_core.experiments.training_loop import Losses, StepLosses
from ag_core.models.detector import FasterRcnnDetector
from ag_core.models.ignored_regions import make_target
from ag_core.models.pixels import to_image_tensors
from ag_core.records import Detections
from ag_core.taxonomy import N_CLASSES

MAX_REPEAT = 4.0


@dataclass(frozen=True)
class DetectorFrames:
    """Frames to learn from: where each lies, its true boxes, those to ignore, its orientation, how often to draw it."""

    cache: FrameCache[LabelledVideo]
    positions: list[tuple[LabelledVideo, int]]
    truth: list[Detections]
    ignored: list[Detections]
    portrait: NDArray[np.bool_]
    weights: NDArray[np.float64]

    @staticmethod
    def from_videos(loaded: LabelledVideos) -> "DetectorFrames":
        """All frames that count and show something; UserError where there is none."""
        positions, truth, ignored, portrait = [], [], [], []
        for video in loaded.annotated():
            for index, (graph, faint) in enumerate(zip(video.counted_graphs, video.ignored_boxes)):
                boxes = read_true_boxes(graph)
                if len(boxes):
                    positions.append((video, index))
                    truth.append(boxes)
                    ignored.append(faint)
                    width, height = video.size_wh
                    portrait.append(height > width)
        weights = compute_repeat_factors([found.classes for found in truth])
        return DetectorFrames(
            open_counted_frames(loaded.data.cache), positions, truth, ignored, np.array(portrait, bool), weights
        )

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def videos(self) -> list[LabelledVideo]:
        """The videos that the frames are from."""
        return list({video.video_id: video for video, _ in self.positions}.values())

    def choose_evenly(self, most: int) -> "DetectorFrames":
        """At most so many of the frames, evenly spread over all of them; always the same."""
        chosen = np.unique(np.linspace(0, len(self) - 1, min(most, len(self))).round().astype(int))
        return DetectorFrames(
            self.cache,
            [self.positions[index] for index in chosen],
            [self.truth[index] for index in chosen],
            [self.ignored[index] for index in chosen],
            self.portrait[chosen],
            self.weights[chosen],
        )

    def read_frame(self, index: int) -> NDArray[np.uint8]:
        """The pixels [H,W,3] of one frame."""
        video, position = self.positions[index]
        frame: NDArray[np.uint8] = self.cache.read(video)[position]
        return frame

    def read_annotated(self, index: int) -> AnnotatedFrame:
        """One frame with its boxes."""
        return AnnotatedFrame(self.read_frame(index), self.truth[index], self.ignored[index])


def compute_repeat_factors(classes: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """[F] how often to draw each frame: the largest of its classes' sqrt(median frequency / frequency), 1 to 4."""
    present = np.zeros((len(classes), N_CLASSES), bool)
    for row, found in zip(present, classes):
        row[found] = True
    frequency = present.mean(axis=0)
    typical = np.median(frequency[frequency > 0]) if frequency.any() else 1.0
    factor = np.sqrt(typical / np.maximum(frequency, 1e-6)).clip(1, MAX_REPEAT)
    factors: NDArray[np.float64] = np.where(present, factor, 1.0).max(axis=1)
    return factors


def make_detector_losses(
    model: FasterRCNN, frames: DetectorFrames, batch_size: int, compute: Compute = Compute()
) -> StepLosses:
    """The losses of a random batch, for `fit`.

    Each frame is changed, and its anchors and regions are chosen, by its own chance, whichever process has it.
    """
    convert_conv2d_weight_memory_format(model.train(), torch.channels_last)
    by_orientation = [np.flatnonzero(frames.portrait == upright) for upright in (False, True)]
    weights = [frames.weights[members] for members in by_orientation]
    share_portrait = weights[1].sum() / frames.weights.sum()
    processes = compute.processes
    of_anchors, of_regions = (SeededSampler.put_into(part) for part in (model.rpn, model.roi_heads))
    sampler_of = {"objectness": of_anchors, "rpn_box_reg": of_anchors, "classifier": of_regions, "box_reg": of_regions}

    def losses(random: np.random.Generator) -> Losses:
        side = int(random.random() < share_portrait)
        chance = weights[side] / weights[side].sum()
        chosen = random.choice(by_orientation[side], size=batch_size, p=chance)
        chances = processes.shard(random.spawn(batch_size))
        examples = [_build_example(frames.read_annotated(i), own) for i, own in zip(processes.shard(chosen), chances)]
        images, targets = zip(*examples)
        of_anchors.seeds = of_regions.seeds = [int(own.integers(2**31)) for own in chances]
        moved = [{name: compute.move(tensor) for name, tensor in target.items()} for target in targets]
        found: Losses = model([compute.move(image) for image in images], moved)
        if processes.count == 1:
            return found
        return {
            name: loss * processes.weigh(sampler_of[name.removeprefix("loss_")].count) for name, loss in found.items()
        }

    return losses


class SeededSampler(BalancedPositiveNegativeSampler):  # type: ignore[misc]  # torchvision has no types
    """torchvision's random choice of anchors or regions, with a seed for each image.

    seeds  of the images of the next batch, in their order
    count  how many were chosen in the last batch, of all images together
    """

    def __init__(self, batch_size_per_image: int, positive_fraction: float) -> None:
        super().__init__(batch_size_per_image, positive_fraction)
        self.seeds: list[int] = []
        self.count = torch.zeros(())

    @classmethod
    def put_into(cls, part: RegionProposalNetwork | RoIHeads) -> "SeededSampler":
        """In place of the sampler of a part of a detector."""
        before = part.fg_bg_sampler
        sampler = part.fg_bg_sampler = cls(before.batch_size_per_image, before.positive_fraction)
        return sampler

    def __call__(self, matched_idxs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Of each image the masks [n] of the positive and of the negative ones that are chosen."""
        positive, negative = [], []
        with torch.random.fork_rng(devices=[]):
            for matched, seed in zip(matched_idxs, self.seeds, strict=True):
                torch.manual_seed(seed)
                [[chosen], [against]] = super().__call__([matched])
                positive.append(chosen)
                negative.append(against)
        self.count = torch.cat([*positive, *negative]).sum().float()
        return positive, negative


def _build_example(frame: AnnotatedFrame, random: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]]:
    """An image [3,H,W] in 0..1 and its target, changed by chance."""
    changed = augment(frame, random)
    [image] = to_image_tensors([changed.pixels])
    return change_light(change_colours(image, random), random), make_target(changed.truth, changed.ignored)


HELD_OUT_NUMBER = "mAP@0.5"
"""What decides which network of a training is the best, in percent."""


def measure_detector(model: nn.Module, frames: DetectorFrames, compute: Compute = Compute()) -> dict[str, float]:
    """How well a network finds the boxes of frames, in percent: mean AP over the classes, and the lowest of a class."""
    assert isinstance(model, FasterRCNN)
    detector = FasterRcnnDetector(model, compute.device)
    found = [one for index in range(len(frames)) for one in detector.detect([frames.read_frame(index)])]
    precision = compute_detection_precision(found, frames.truth, ignored=frames.ignored)
    lowest = precision.per_class[precision.classes].min()
    return {HELD_OUT_NUMBER: to_percent(precision.mean), "lowest AP@0.5 of a class": to_percent(float(lowest))}
