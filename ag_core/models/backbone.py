"""Convolutional bodies with a feature pyramid (Lin et al. 2017) for the detector. They know no boxes and no classes.

`small` is a narrow ResNet-18 (He et al. 2016) whose weights start random: batch normalisation, half the usual width,
a 3 x 3 stem pair instead of one 7 x 7. `resnet101` is torchvision's. Both return {'0': finest level, '1': ...}.
"""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import FeaturePyramidNetwork

from ag_core.presets import DetectorPreset


def _make_convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution without bias, then batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut: [B,C,H,W] to [B,C',H/stride,W/stride]."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = _make_convolution(inputs, outputs, 3, stride)
        self.second = _make_convolution(outputs, outputs, 3)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else _make_convolution(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(torch.relu(self.first(x)))
        return torch.relu(y + self.shortcut(x))


class SmallPyramid(nn.Module):
    """Stages of strides 4, 8, 16, 32 with widths 1, 2, 4, 8 times `base_width`, and a pyramid over some of them."""

    def __init__(self, base_width: int, strides: tuple[int, ...], pyramid_channels: int) -> None:
        super().__init__()
        widths = [base_width * factor for factor in (1, 2, 4, 8)]
        self.strides = strides
        self.stem = nn.Sequential(
            _make_convolution(3, base_width, 3, 2), nn.ReLU(), _make_convolution(base_width, base_width, 3, 2)
        )
        stages, inputs = [], base_width
        for index, width in enumerate(widths):
            stride = 1 if index == 0 else 2
            stages.append(nn.Sequential(ResidualBlock(inputs, width, stride), ResidualBlock(width, width, 1)))
            inputs = width
        self.stages = nn.ModuleList(stages)
        used = [width for width, stride in zip(widths, (4, 8, 16, 32)) if stride in strides]
        self.pyramid = FeaturePyramidNetwork(used, pyramid_channels)
        self.out_channels = pyramid_channels

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        x = torch.relu(self.stem(images))  # [B, C, H/4, W/4]
        levels: OrderedDict[str, Tensor] = OrderedDict()
        for stage, stride in zip(self.stages, (4, 8, 16, 32)):
            x = stage(x)
            if stride in self.strides:
                levels[str(len(levels))] = x
        merged: dict[str, Tensor] = self.pyramid(levels)
        return merged


class _Renamed(nn.Module):
    """torchvision's pyramid with its extra level 'pool' called by its number, as the anchors and pools expect."""

    def __init__(self, body: nn.Module, out_channels: int) -> None:
        super().__init__()
        self.body = body
        self.out_channels = out_channels

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        return OrderedDict((str(index), level) for index, level in enumerate(self.body(images).values()))


def _build_small(preset: DetectorPreset) -> nn.Module:
    return SmallPyramid(preset.base_width, preset.strides, preset.pyramid_channels)


def _build_resnet101(preset: DetectorPreset) -> nn.Module:
    body = resnet_fpn_backbone(backbone_name="resnet101", weights=None, trainable_layers=5, norm_layer=nn.BatchNorm2d)
    return _Renamed(body, preset.pyramid_channels)


BACKBONES: dict[str, Callable[[DetectorPreset], nn.Module]] = {"small": _build_small, "resnet101": _build_resnet101}
