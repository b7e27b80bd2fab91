"""Detectors: images in, boxes of Action Genome classes out; and the one way to build one from the catalog.

Faster R-CNN (Ren et al. 2015) with a feature pyramid is the project's own; its paper preset has the ResNet-101 of the
paper, its demo preset a small residual network that trains from random weights on a processor. Differences from the
original detector of the paper (methods C1.1): pyramid instead of the C4 layout, RGB input, torchvision's anchors; a
preset of the C4 layout has neither (`c4_detector.py`).
The two COCO detectors need no training here but know only part of the classes (`coco.py`).
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from ag_core.catalog import HOME_WORLD, find_detector
from ag_core.downloads import explain_missing, find_fetched
from ag_core.errors import UserError
from ag_core.models.backbone import BACKBONES
from ag_core.models.c4_detector import build_c4_network
from ag_core.models.checkpoints import find_preset_of, load_checkpoint
from ag_core.models.encoded_images import EncodedImages, encode_images, find_boxes
from ag_core.models.folding import fold_batch_norms
from ag_core.models.ignored_regions import let_ignore
from ag_core.models.references import import_reference
from ag_core.models.region_pooling import pool_by_gathering
from ag_core.presets import C4DetectorPreset, DetectorPreset
from ag_core.records import Detections
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import N_CLASSES

N_OUTPUTS = N_CLASSES + 1
"""Classifier outputs: the background at 0, then the 36 classes, so class index + 1."""


class Detector(Protocol):
    """Anything that finds people and objects."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """One `Detections` per RGB image [H,W,3], boxes clipped to it; an empty list gives an empty list."""
        ...


def build_faster_rcnn(preset: DetectorPreset) -> FasterRCNN:
    """A Faster R-CNN with random weights and 37 outputs. Images are float RGB [3,H,W] in 0..1, of any size.

    Its targets may hold boxes to ignore (`ignored_regions.make_target`).
    """
    if isinstance(preset, C4DetectorPreset):
        return build_c4_network(preset)
    backbone = BACKBONES[preset.backbone](preset)
    levels = [str(level) for level in range(len(preset.strides))]
    pooled_levels = [level for level, stride in zip(levels, preset.strides) if stride <= 32]
    anchors = AnchorGenerator(preset.anchor_sizes, ((0.5, 1.0, 2.0),) * len(levels))
    pool = MultiScaleRoIAlign(pooled_levels, output_size=7, sampling_ratio=2, canonical_scale=preset.canonical_size)
    model = FasterRCNN(
        backbone,
        num_classes=None,
        rpn_anchor_generator=anchors,
        box_roi_pool=pool,
        box_head=TwoMLPHead(preset.pyramid_channels * 49, preset.box_head_width),
        box_predictor=FastRCNNPredictor(preset.box_head_width, N_OUTPUTS),
        min_size=preset.min_size,
        max_size=preset.max_size,
        image_mean=[0.45] * 3,
        image_std=[0.225] * 3,
        rpn_pre_nms_top_n_train=preset.proposals_train[0],
        rpn_post_nms_top_n_train=preset.proposals_train[1],
        rpn_pre_nms_top_n_test=preset.proposals_test[0],
        rpn_post_nms_top_n_test=preset.proposals_test[1],
        rpn_batch_size_per_image=preset.anchors_per_image,
        box_batch_size_per_image=preset.regions_per_image,
        box_detections_per_img=preset.detections_per_image,
    )
    return let_ignore(model)


def load_faster_rcnn(path: Path, preset: DetectorPreset | None = None) -> FasterRCNN:
    """The project's detector from a checkpoint, ready to predict; UserError on any other file.

    It is of `preset`, or of the size that the file names.
    """
    preset = preset or find_preset_of(path, find_detector(HOME_WORLD))
    model = build_faster_rcnn(preset)
    load_checkpoint(path, model, preset.name, HOME_WORLD)
    return make_ready(model)


def make_ready(model: FasterRCNN) -> FasterRCNN:
    """The same detector in evaluation mode, changed in place: it finds the same in less time, and learns no more."""
    fold_batch_norms(model)
    return pool_by_gathering(model)


class FasterRcnnDetector:
    """The project's own Faster R-CNN as a `Detector`; it shares its `model` with `RegionFeatureExtractor`."""

    def __init__(self, model: FasterRCNN, device: torch.device | str = "cpu", score_threshold: float = 0.05) -> None:
        self.model = model.to(device).eval()
        self.device = torch.device(device)
        self.score_threshold = score_threshold

    @classmethod
    def from_checkpoint(
        cls, path: Path, device: torch.device | str = "cpu", preset: DetectorPreset | None = None
    ) -> "FasterRcnnDetector":
        """A detector with the weights in `path`; UserError where the file is missing or not of `preset`, if given."""
        return cls(load_faster_rcnn(path, preset), device)

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """One `Detections` per RGB image [H,W,3], best first, boxes clipped to the image."""
        return [found for encoded in self.encode(images) for found in self.detect_encoded(encoded)]

    def encode(self, images: Sequence[NDArray[np.uint8]]) -> list[EncodedImages]:
        """The images through the backbone, in their order.

        Neighbours of one size share a batch; others do not, because padding would change what is found.
        """
        return [encode_images(self.model, list(batch)) for _, batch in groupby(images, key=np.shape)]

    def detect_encoded(self, encoded: EncodedImages) -> list[Detections]:
        """As `detect`, of images that went through the backbone of this detector before."""
        return [self._to_detections(found) for found in find_boxes(self.model, encoded)]

    def _to_detections(self, found: dict[str, torch.Tensor]) -> Detections:
        kept = found["scores"] > self.score_threshold
        boxes, labels, scores = (found[key][kept].cpu().numpy() for key in ("boxes", "labels", "scores"))
        return Detections(boxes, labels - 1, scores)


def find_sharing(detector: Detector | None, network: FasterRCNN) -> FasterRcnnDetector | None:
    """The detector itself where it looks with this very network, so that one pass of the backbone serves both."""
    return detector if isinstance(detector, FasterRcnnDetector) and detector.model is network else None


def load_detector(detector: str, folder: Path = WEIGHTS, device: torch.device | str = "cpu") -> Detector:
    """A detector of the catalog, by its id with the weights in `folder`, or by the path of a model file of its kind.

    UserError lists the known ones, or says what is wrong with the weights.
    """
    entry = find_detector(detector)
    if entry.file_ending is not None:
        path: Path | None = Path(detector)
    elif entry.download is not None:
        path = find_fetched(entry)
        if path is None:
            raise UserError(explain_missing(entry))
    else:
        path = entry.weights_path(folder)
    found: Detector = import_reference(entry.build)(path, device=device)
    return found
