"""Detectors trained on COCO, seen through Action Genome's classes: the map by names, and torchvision's detector.

COCO knows 15 of the 36 classes (methods C1.3); doors, pictures, clothes and the like are never found this way.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.models.detection import FasterRCNN, FasterRCNN_ResNet50_FPN_Weights
from torchvision.models.detection._utils import overwrite_eps
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

from ag_core.catalog import COCO_NAMES_OF_CLASS
from ag_core.errors import UserError
from ag_core.models.checkpoints import find_problems
from ag_core.models.foreign.reading import read_foreign_tensors
from ag_core.models.foreign.torchvision import rename_older_parts
from ag_core.models.pixels import to_image_tensors
from ag_core.records import Detections
from ag_core.taxonomy import OBJECT_CLASSES, find_object_index

CLASS_OF_COCO_NAME: dict[str, int] = {
    coco: find_object_index(name) for name, coco_names in COCO_NAMES_OF_CLASS.items() for coco in coco_names
}

UNSEEN_BY_COCO: tuple[str, ...] = tuple(name for name in OBJECT_CLASSES if name not in COCO_NAMES_OF_CLASS)
"""Classes that a COCO detector can never find; the screens say so."""


def list_coco_names() -> list[str]:
    """The 80 COCO names in the order of the columns of YOLOX and NanoDet: torchvision's list without its gaps."""
    listed = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
    return [name for name in listed if name not in ("__background__", "N/A")]


def list_classes_of(coco_names: Sequence[str]) -> NDArray[np.int64]:
    """[len] Action Genome index of each COCO name, -1 where there is none."""
    return np.array([CLASS_OF_COCO_NAME.get(name, -1) for name in coco_names], np.int64)


class CocoDetector:
    """torchvision's Faster R-CNN ResNet-50 FPN with COCO weights as a `Detector`.

    `weights` is a state dict file of that model.
    """

    def __init__(self, weights: Path, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.model = _build_coco_model(weights).to(device).eval()
        self.score_threshold = 0.05
        names = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
        self._class_of_label = torch.from_numpy(list_classes_of(names))

    @torch.inference_mode()
    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        """One `Detections` per RGB image [H,W,3], best first, boxes clipped to the image."""
        if not images:
            return []
        return [self._to_detections(found) for found in self.model(to_image_tensors(images, self.device))]

    def _to_detections(self, found: dict[str, torch.Tensor]) -> Detections:
        boxes, labels, scores = (found[key].cpu() for key in ("boxes", "labels", "scores"))
        classes = self._class_of_label[labels]
        kept = (classes >= 0) & (scores > self.score_threshold)
        return Detections(boxes[kept].numpy(), classes[kept].numpy(), scores[kept].numpy())


def _build_coco_model(weights: Path) -> torch.nn.Module:
    enum = FasterRCNN_ResNet50_FPN_Weights.COCO_V1
    state = read_foreign_tensors(weights)
    # As torchvision builds it for these weights: normalisation that is never trained and counts no batches.
    backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None)
    model: torch.nn.Module = FasterRCNN(backbone, num_classes=len(enum.meta["categories"]))
    state = rename_older_parts(state)
    state = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    if problems := find_problems(state, model):
        raise UserError(
            f"{weights} does not fit torchvision's fasterrcnn_resnet50_fpn ({problems[0]}); "
            "give a state dict of that model"
        )
    model.load_state_dict(state)
    overwrite_eps(model, 0.0)  # these weights were trained with nothing added to a variance
    return model
