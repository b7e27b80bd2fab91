"""Faster R-CNN in the C4 layout on a ResNet-101, as in STTran's public Action Genome detector (methods C1.1).

One map of stride 16 instead of a pyramid: conv1 to layer3 are the backbone, layer4 and a mean over space the box head,
so that a region has 2,048 numbers. The stride of a stage is in its first 1 x 1 convolution, the first pooling rounds
up, anchors are made of whole pixels, and a box holds its last pixel too where offsets are read and written.

Differences from the original: suppression and clipping do not count the last pixel; offsets of size are limited as
torchvision does; images are padded to a multiple of 16. The original reads BGR from 0 to 255 and has two outputs for
each anchor; `foreign/sttran.py` turns such weights into these, which read RGB from 0 to 1 and have one.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.resnet import Bottleneck
from torchvision.ops import MultiScaleRoIAlign

from ag_core.models.ignored_regions import let_ignore
from ag_core.presets import C4DetectorPreset
from ag_core.taxonomy import N_CLASSES

STRIDE = 16
RATIOS = (0.5, 1.0, 2.0)
POOLED_SIDE = 7
MIN_PROPOSAL_SIDE = 16
"""In pixels of the scaled image."""

MEAN_BGR = (102.9801, 115.9465, 122.7717)
"""What the original takes off pixels from 0 to 255."""


class C4Body(nn.Module):
    """conv1 to layer3 of a ResNet: images [B,3,H,W] to one map {'0': [B,16W,H/16,W/16]} for a base width W."""

    def __init__(self, base_width: int, blocks: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, base_width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(base_width)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.layer1 = make_stage(base_width, base_width, blocks[0], 1)
        self.layer2 = make_stage(4 * base_width, 2 * base_width, blocks[1], 2)
        self.layer3 = make_stage(8 * base_width, 4 * base_width, blocks[2], 2)
        self.out_channels = 16 * base_width

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        x = self.pool(torch.relu(self.bn1(self.conv1(images))))
        return {"0": self.layer3(self.layer2(self.layer1(x)))}


class LastStage(nn.Module):
    """The box head: layer4 over the map of a region [N,16W,7,7], then the mean over space, [N,32W]."""

    def __init__(self, base_width: int, blocks: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.layer4 = make_stage(16 * base_width, 8 * base_width, blocks[3], 2)

    def forward(self, maps: Tensor) -> Tensor:
        features: Tensor = self.layer4(maps).mean(dim=(2, 3))
        return features


def make_stage(inputs: int, width: int, n_blocks: int, stride: int) -> nn.Sequential:
    """Bottlenecks of an inner width, with four times as many channels out; the stride is in the first 1 x 1."""
    shortcut = nn.Sequential(nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))
    first = Bottleneck(inputs, width, stride, shortcut)
    first.conv1.stride, first.conv2.stride = (stride, stride), (1, 1)
    return nn.Sequential(first, *(Bottleneck(4 * width, width) for _ in range(n_blocks - 1)))


class ProposalHead(nn.Module):
    """Of every cell of a map, one logit for each of its anchors, and four offsets."""

    def __init__(self, channels: int, width: int, n_anchors: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3, padding=1)
        self.cls_logits = nn.Conv2d(width, n_anchors, 1)
        self.bbox_pred = nn.Conv2d(width, 4 * n_anchors, 1)

    def forward(self, maps: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        seen = [torch.relu(self.conv(x)) for x in maps]
        return [self.cls_logits(x) for x in seen], [self.bbox_pred(x) for x in seen]


class PixelBoxCoder(BoxCoder):  # type: ignore[misc]  # torchvision has no types
    """Offsets between boxes that hold their last pixel, so that one from 0 to 15 is 16 wide."""

    def encode_single(self, reference_boxes: Tensor, proposals: Tensor) -> Tensor:
        offsets: Tensor = super().encode_single(_end_after(reference_boxes), _end_after(proposals))
        return offsets

    def decode_single(self, rel_codes: Tensor, boxes: Tensor) -> Tensor:
        decoded: Tensor = super().decode_single(rel_codes, _end_after(boxes))
        return decoded


def _end_after(boxes: Tensor) -> Tensor:
    return boxes + boxes.new_tensor([0, 0, 1, 1])


def make_anchors(sizes: tuple[int, ...]) -> Tensor:
    """[3 S,4] anchors of a cell at the origin for the side lengths [S]: the ratios in turn, each in all sizes.

    Width and height are rounded at the side of the stride and then scaled, as in the first Faster R-CNN.
    """
    anchors = []
    for ratio in RATIOS:
        width = np.round(np.sqrt(STRIDE**2 / ratio))
        sides = np.array([width, np.round(width * ratio)])
        for size in sizes:
            reach = (sides * size / STRIDE - 1) / 2
            anchors.append(np.concatenate([(STRIDE - 1) / 2 - reach, (STRIDE - 1) / 2 + reach]))
    return torch.tensor(np.array(anchors), dtype=torch.float32)


def build_c4_network(preset: C4DetectorPreset) -> FasterRCNN:
    """The detector with random weights and 37 outputs, the background first. Images are float RGB [3,H,W] in 0..1."""
    [sizes] = preset.anchor_sizes
    anchors = AnchorGenerator((sizes,), (RATIOS,))
    anchors.cell_anchors = [make_anchors(sizes)]
    body = C4Body(preset.base_width, preset.blocks)
    model = FasterRCNN(
        body,
        num_classes=None,
        rpn_anchor_generator=anchors,
        rpn_head=ProposalHead(body.out_channels, preset.proposal_width, len(sizes) * len(RATIOS)),
        box_roi_pool=MultiScaleRoIAlign(["0"], output_size=POOLED_SIDE, sampling_ratio=0),
        box_head=LastStage(preset.base_width, preset.blocks),
        box_predictor=FastRCNNPredictor(preset.box_head_width, N_CLASSES + 1),
        min_size=preset.min_size,
        max_size=preset.max_size,
        image_mean=[mean / 255 for mean in reversed(MEAN_BGR)],
        image_std=[1 / 255] * 3,
        size_divisible=STRIDE,
        rpn_pre_nms_top_n_train=preset.proposals_train[0],
        rpn_post_nms_top_n_train=preset.proposals_train[1],
        rpn_pre_nms_top_n_test=preset.proposals_test[0],
        rpn_post_nms_top_n_test=preset.proposals_test[1],
        rpn_batch_size_per_image=preset.anchors_per_image,
        box_batch_size_per_image=preset.regions_per_image,
        box_detections_per_img=preset.detections_per_image,
        box_nms_thresh=preset.overlap,
    )
    let_ignore(model)
    model.rpn.box_coder = PixelBoxCoder((1.0, 1.0, 1.0, 1.0))
    model.rpn.min_size = MIN_PROPOSAL_SIDE
    model.roi_heads.box_coder = PixelBoxCoder((10.0, 10.0, 5.0, 5.0))
    return model
