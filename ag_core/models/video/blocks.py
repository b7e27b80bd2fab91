"""Building blocks of video networks: bottlenecks with or without a temporal kernel, and non-local blocks.

Bottleneck: He et al. 2016, inflated as in Wang et al. 2018, "Non-local Neural Networks" (methods C12).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class FactoredConv3d(nn.Conv3d):
    """A `Conv3d`, equal up to rounding, that is faster on a processor where its kernel spans time or the picture alone.

    With channels innermost, frames are a batch of pictures, and the places of a picture one long row that time crosses:
    both are convolutions over two dimensions of the same numbers, which processors have better programs for, and a
    kernel of one place is a product of matrices. [B,C,T,H,W] to [B,O,T',H',W'], channels innermost.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or isinstance(self.padding, str) or not self._is_plain:
            return super().forward(x)
        (step, *steps), (pad, *pads) = self.stride, self.padding
        spans_picture = self.kernel_size[0] == step == 1 and not pad
        spans_time = {*self.kernel_size[1:], *steps} == {1} and not any(pads)
        if not spans_picture and not spans_time:
            return super().forward(x)
        inner = x.permute(0, 2, 3, 4, 1)  # [B,T,H,W,C], without a copy where channels are innermost
        batch, times, height, width, channels = inner.shape
        if spans_picture and spans_time:
            y = F.linear(inner, self.weight.flatten(1), self.bias)
        elif spans_picture:
            pictures = inner.reshape(-1, height, width, channels).permute(0, 3, 1, 2)
            y = F.conv2d(pictures, self.weight[:, :, 0], self.bias, steps, pads)
            y = y.permute(0, 2, 3, 1).unflatten(0, (batch, times))
        else:
            rows = inner.reshape(batch, times, height * width, channels).permute(0, 3, 1, 2)
            y = F.conv2d(rows, self.weight.flatten(3), self.bias, (step, 1), (pad, 0))
            y = y.permute(0, 2, 3, 1).unflatten(2, (height, width))
        outputs: Tensor = y.permute(0, 4, 1, 2, 3)
        return outputs

    @property
    def _is_plain(self) -> bool:
        return self.groups == 1 and set(self.dilation) == {1} and self.padding_mode == "zeros"


def convolution(inputs: int, outputs: int, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> nn.Sequential:
    """Convolution over time, height and width, padded to keep the size at stride 1, and batch normalisation."""
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    return nn.Sequential(
        FactoredConv3d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm3d(outputs, eps=1e-5)
    )


class Bottleneck(nn.Module):
    """1x1x1 (3x1x1 if `temporal`), 1x3x3 with the spatial stride, 1x1x1, beside a shortcut.

    [B,C,T,H,W] to [B,4*inner,T,H/stride,W/stride]. The last scale starts at 0, so a fresh block passes its shortcut.
    """

    def __init__(self, inputs: int, inner: int, stride: int, temporal: bool) -> None:
        super().__init__()
        outputs, one, spatial = 4 * inner, (1, 1, 1), (1, stride, stride)
        self.reduce = convolution(inputs, inner, (3, 1, 1) if temporal else one, one)
        self.filter = convolution(inner, inner, (1, 3, 3), spatial)
        self.expand = convolution(inner, outputs, one, one)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else convolution(inputs, outputs, one, spatial)
        nn.init.zeros_(self.expand.get_parameter("1.weight"))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.reduce(x))
        y = torch.relu(self.filter(y))
        return torch.relu(self.expand(y) + self.shortcut(x))


class NonLocal(nn.Module):
    """Every place looks at every other: z = x + W softmax(theta phi / sqrt(d)) g, keys at half resolution.

    `group` splits time into groups of that many frames that do not see each other; a last shorter group is allowed.
    W starts at 0, so a fresh block is the identity. `scale_and_shift` adds the constant pair per channel after W that
    LFB's released weights have (a folded batch normalisation). Without `softmax` the products of theta and phi are
    divided by the number of keys instead, as in SlowFast ("dot product").
    """

    def __init__(
        self, channels: int, group: int | None = None, scale_and_shift: bool = False, softmax: bool = True
    ) -> None:
        super().__init__()
        inner = channels // 2
        self.group = group
        self.softmax = softmax
        self.theta = FactoredConv3d(channels, inner, 1)
        self.phi = FactoredConv3d(channels, inner, 1)
        self.g = FactoredConv3d(channels, inner, 1)
        self.out = FactoredConv3d(inner, channels, 1)
        self.pool = nn.MaxPool3d((1, 2, 2), ceil_mode=True)
        for layer in (self.theta, self.phi, self.g):
            nn.init.normal_(layer.weight, std=0.01)
        for name, parameter in self.named_parameters():
            if name.endswith("bias") or name.startswith("out."):
                nn.init.zeros_(parameter)
        if scale_and_shift:
            self.scale = nn.Parameter(torch.ones(channels, 1, 1, 1))
            self.shift = nn.Parameter(torch.zeros(channels, 1, 1, 1))
        self.scale_and_shift = scale_and_shift

    def forward(self, x: Tensor) -> Tensor:
        groups = [x] if self.group is None else x.split(self.group, dim=2)
        return torch.cat([self._look(part) for part in groups], dim=2)

    def _look(self, x: Tensor) -> Tensor:
        pooled = self.pool(x)
        queries = self.theta(x).flatten(2).transpose(1, 2)  # [B, THW, d]
        keys = self.phi(pooled).flatten(2).transpose(1, 2)  # [B, THW/4, d]
        values = self.g(pooled).flatten(2).transpose(1, 2)
        if self.softmax:
            seen = nn.functional.scaled_dot_product_attention(queries, keys, values)
        else:  # without a softmax the order of the products is free, and this one needs no matrix of all places
            seen = queries @ (keys.transpose(1, 2) @ values / keys.shape[1])
        y = self.out(seen.transpose(1, 2).unflatten(2, x.shape[2:]))
        attended: Tensor = x + (y * self.scale + self.shift if self.scale_and_shift else y)
        return attended
