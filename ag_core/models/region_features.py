"""Region features: what the project's Faster R-CNN sees inside any box. Frozen; the relation heads stand on it.

Uses the detector's transform, backbone, RoIAlign and box head, so a box and the union of two boxes get features of
the same kind (methods C2). In the C4 layout a union keeps its whole map, as STTran wants it. Knows no pairs and no
relationships.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.transform import resize_boxes

from ag_core.errors import UserError
from ag_core.models.c4_detector import LastStage
from ag_core.models.encoded_images import EncodedImages, encode_images
from ag_core.presets import RegionHeadPreset, RelationPreset


class RegionFeatureExtractor(nn.Module):
    """Features [N,D] and class logits [N,36] of arbitrary boxes in original pixels. Never trained here.

    union_size  length of what the box around two boxes is described by: D, or the size of its map
    """

    def __init__(self, detector: FasterRCNN) -> None:
        super().__init__()
        self.detector = detector.eval().requires_grad_(False)
        self.feature_size: int = detector.roi_heads.box_predictor.cls_score.in_features
        self.map_channels: int = detector.backbone.out_channels
        self.keeps_union_maps = isinstance(detector.roi_heads.box_head, LastStage)
        [side] = set(detector.roi_heads.box_roi_pool.output_size)
        self.union_size: int = self.map_channels * side**2 if self.keeps_union_maps else self.feature_size

    def train(self, mode: bool = True) -> "RegionFeatureExtractor":
        """Stay in evaluation mode whatever is asked: batch statistics belong to the detector's training."""
        return super().train(False)

    def check_size(self, preset: RelationPreset, head: str) -> None:
        """UserError where a head (said in words) of a preset reads features of another length than these."""
        if isinstance(preset, RegionHeadPreset) and preset.feature_size != self.feature_size:
            raise UserError(
                f"{head} reads region features of {preset.feature_size} numbers, and the detector beside it gives "
                f"{self.feature_size}; give a head and a detector of one size"
            )

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = next(self.detector.parameters()).device
        return device

    @torch.no_grad()
    def encode(self, images: Sequence[NDArray[np.uint8]]) -> EncodedImages:
        """RGB uint8 images [H,W,3], at least one, through transform and backbone, to be asked about several boxes."""
        return encode_images(self.detector, images)

    @torch.no_grad()
    def maps_of(self, encoded: EncodedImages, boxes_per_image: Sequence[NDArray[np.float32] | Tensor]) -> Tensor:
        """[N,C,S,S] what the pyramid shows in all boxes, image after image, before the box head's layers.

        Boxes [n,4] are xyxy in original pixels, n may be 0; C is the pyramid's channels, S the pooling's side.
        """
        if len(boxes_per_image) != len(encoded.sizes_hw):
            raise ValueError(f"{len(boxes_per_image)} lists of boxes for {len(encoded.sizes_hw)} images; give one each")
        tensors = [torch.as_tensor(b, dtype=torch.float32).reshape(-1, 4).to(self.device) for b in boxes_per_image]
        scaled = [
            resize_boxes(boxes, before, after)
            for boxes, before, after in zip(tensors, encoded.sizes_hw, encoded.scaled.image_sizes)
        ]
        if sum(map(len, tensors)) == 0:
            [side] = set(self.detector.roi_heads.box_roi_pool.output_size)
            return torch.zeros(0, self.map_channels, side, side, device=self.device)
        maps: Tensor = self.detector.roi_heads.box_roi_pool(encoded.levels, scaled, encoded.scaled.image_sizes)
        return maps

    @torch.no_grad()
    def describe_maps(self, maps: Tensor) -> Tensor:
        """[N,D] features of maps [N,C,S,S]: the box head's layers."""
        features: Tensor = self.detector.roi_heads.box_head(maps)
        return features

    def describe_regions(self, maps: Tensor, n_boxes: int) -> tuple[Tensor, Tensor]:
        """Features [n,D] of the first maps, which are those of boxes, and what describes the others [.,union_size]."""
        if self.keeps_union_maps:
            return self.describe_maps(maps[:n_boxes]), maps[n_boxes:].flatten(1)
        both = self.describe_maps(maps)
        return both[:n_boxes], both[n_boxes:]

    def features_of(self, encoded: EncodedImages, boxes_per_image: Sequence[NDArray[np.float32] | Tensor]) -> Tensor:
        """[N,D] features of all boxes, image after image; boxes [n,4] xyxy in original pixels, n may be 0."""
        return self.describe_maps(self.maps_of(encoded, boxes_per_image))

    def region_features(
        self, images: Sequence[NDArray[np.uint8]], boxes_per_image: Sequence[NDArray[np.float32] | Tensor]
    ) -> Tensor:
        """[N,D] features of boxes in original pixels, image after image; no images give [0,D]."""
        if not images:
            return torch.zeros(0, self.feature_size, device=self.device)
        return self.features_of(self.encode(images), boxes_per_image)

    @torch.no_grad()
    def class_logits(self, features: Tensor) -> Tensor:
        """[N,36] logits of the classes for region features [N,D]; the background's column is dropped."""
        logits: Tensor = self.detector.roi_heads.box_predictor.cls_score(features)
        return logits[:, 1:]
