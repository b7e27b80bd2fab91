"""I3D and SlowFast at toy width as PySlowFast names their parts (methods C12, C14, D6), and what each computes.

Written from the description alone and without this project's models, so that a converted network can be held against
them. The names of the other toolboxes are those of methods D5, D7 and D8.
"""

import re
from collections.abc import Sequence

import torch
from torch import Tensor, nn

DEPTHS = (2, 4, 5, 2)
Temporal = Sequence[set[int]]
I3D_TEMPORAL: Temporal = ({0, 1}, {0, 2}, {0, 2, 4}, {1})
I3D_NONLOCAL = {(3, 1), (3, 3), (4, 4)}
SLOW_NONLOCAL = {(4, 2), (4, 4)}


Size = tuple[int, int, int]


def make_convolution(inputs: int, outputs: int, kernel: Size, stride: Size = (1, 1, 1)) -> nn.Conv3d:
    padding = (kernel[0] // 2, kernel[1] // 2, kernel[2] // 2)
    return nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False)


class Stem(nn.Module):
    def __init__(self, width: int, frames: int) -> None:
        super().__init__()
        self.conv = make_convolution(3, width, (frames, 7, 7), (1, 2, 2))
        self.bn = nn.BatchNorm3d(width)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.max_pool3d(self.bn(self.conv(x)).relu(), (1, 3, 3), (1, 2, 2), (0, 1, 1))


class Branch(nn.Module):
    def __init__(self, inputs: int, inner: int, frames: int, stride: int) -> None:
        super().__init__()
        self.a = make_convolution(inputs, inner, (frames, 1, 1))
        self.a_bn = nn.BatchNorm3d(inner)
        self.b = make_convolution(inner, inner, (1, 3, 3), (1, stride, stride))
        self.b_bn = nn.BatchNorm3d(inner)
        self.c = make_convolution(inner, 4 * inner, (1, 1, 1))
        self.c_bn = nn.BatchNorm3d(4 * inner)

    def forward(self, x: Tensor) -> Tensor:
        x = self.b_bn(self.b(self.a_bn(self.a(x)).relu())).relu()
        out: Tensor = self.c_bn(self.c(x))
        return out


class Block(nn.Module):
    def __init__(self, inputs: int, inner: int, frames: int, stride: int) -> None:
        super().__init__()
        self.branch2 = Branch(inputs, inner, frames, stride)
        if inputs != 4 * inner or stride > 1:
            self.branch1 = make_convolution(inputs, 4 * inner, (1, 1, 1), (1, stride, stride))
            self.branch1_bn = nn.BatchNorm3d(4 * inner)

    def forward(self, x: Tensor) -> Tensor:
        beside = self.branch1_bn(self.branch1(x)) if hasattr(self, "branch1") else x
        return torch.relu(beside + self.branch2(x))


class Look(nn.Module):
    """A non-local block; a `softmax` over the scaled products, or these divided by the number of keys."""

    def __init__(self, channels: int, softmax: bool, group: int | None) -> None:
        super().__init__()
        inner = channels // 2
        self.conv_theta, self.conv_phi, self.conv_g = (nn.Conv3d(channels, inner, 1) for _ in range(3))
        self.conv_out = nn.Conv3d(inner, channels, 1)
        self.bn = nn.BatchNorm3d(channels)
        self.softmax, self.group = softmax, group

    def forward(self, x: Tensor) -> Tensor:
        parts = x.split(self.group or x.shape[2], dim=2)
        seen: Tensor = x + self.bn(self.conv_out(torch.cat([self.look(part) for part in parts], dim=2)))
        return seen

    def look(self, x: Tensor) -> Tensor:
        pooled = nn.functional.max_pool3d(x, (1, 2, 2))
        theta, phi, g = self.conv_theta(x).flatten(2), self.conv_phi(pooled).flatten(2), self.conv_g(pooled).flatten(2)
        products = torch.einsum("bcp,bcq->bpq", theta, phi)
        weights = (products / theta.shape[1] ** 0.5).softmax(-1) if self.softmax else products / phi.shape[2]
        looked: Tensor = torch.einsum("bpq,bcq->bcp", weights, g).unflatten(2, x.shape[2:])
        return looked


class Stage(nn.Module):
    """Blocks of one or two pathways, and non-local ones in the first."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[list[str]] = [[], []]

    def append(self, pathway: int, name: str, module: nn.Module) -> None:
        self.add_module(f"pathway{pathway}_{name}", module)
        self.order[pathway].append(f"pathway{pathway}_{name}")

    def run(self, pathway: int, x: Tensor) -> Tensor:
        for name in self.order[pathway]:
            x = self.get_submodule(name)(x)
        return x


class Fuse(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_f2s = make_convolution(channels, 2 * channels, (5, 1, 1), (4, 1, 1))
        self.bn = nn.BatchNorm3d(2 * channels)

    def forward(self, slow: Tensor, fast: Tensor) -> Tensor:
        return torch.cat([slow, self.bn(self.conv_f2s(fast)).relu()], dim=1)


class Head(nn.Module):
    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.projection = nn.Linear(features, classes)


class PySlowFast(nn.Module):
    """An I3D of `widths` (w,), or a SlowFast of `widths` (slow, fast). temporal: of each pathway and stage the blocks
    that see three frames."""

    def __init__(
        self,
        widths: tuple[int, ...],
        temporal: Sequence[Temporal],
        looking: set[tuple[int, int]],
        depths: tuple[int, ...] = DEPTHS,
        classes: int = 157,
    ) -> None:
        super().__init__()
        two = len(widths) == 2
        self.s1 = Stage()
        for pathway, (width, frames) in enumerate(zip(widths, (1, 5) if two else (5,))):
            self.s1.append(pathway, "stem", Stem(width, frames))
        channels = list(widths)
        for index, depth in enumerate(depths):
            if two:
                self.add_module(f"s{index + 1}_fuse", Fuse(channels[1]))
                channels[0] += 2 * channels[1]
            stage = Stage()
            for pathway, width in enumerate(widths):
                inner = width * 2**index
                stride = 1 if index == 0 or (index == 3 and not two) else 2
                for block in range(depth):
                    frames = 3 if block in temporal[pathway][index] else 1
                    made = Block(channels[pathway], inner, frames, stride if block == 0 else 1)
                    stage.append(pathway, f"res{block}", made)
                    channels[pathway] = 4 * inner
                    if pathway == 0 and (index + 2, block) in looking:
                        group = 4 if index == 1 and not two else None
                        stage.append(0, f"nonlocal{block}", Look(4 * inner, not two, group))
            self.add_module(f"s{index + 2}", stage)
        self.head = Head(sum(channels), classes)

    def describe(self, *clips: Tensor) -> Tensor:
        """[B,C] features."""
        maps = [self.s1.run(pathway, clip) for pathway, clip in enumerate(clips)]
        for number in range(2, 6):
            if len(clips) == 2:
                maps[0] = self.get_submodule(f"s{number - 1}_fuse")(*maps)
            stage = self.get_submodule(f"s{number}")
            assert isinstance(stage, Stage)
            maps = [stage.run(pathway, x) for pathway, x in enumerate(maps)]
            if number == 2 and len(clips) == 1:
                maps = [nn.functional.max_pool3d(maps[0], (2, 1, 1))]
        return torch.cat([x.mean(dim=(2, 3, 4)) for x in maps], dim=1)


def make_i3d(
    looking: set[tuple[int, int]] = I3D_NONLOCAL, depths: tuple[int, ...] = DEPTHS, classes: int = 157
) -> PySlowFast:
    """LFB's I3D."""
    return PySlowFast((4,), [I3D_TEMPORAL], looking, depths, classes)


def make_slowfast(seen: int, looking: set[tuple[int, int]]) -> PySlowFast:
    """A SlowFast; so many blocks of its fourth stage see three frames."""
    slow, fast = (set[int](), set[int](), set(range(seen)), {0, 1}), ({0, 1}, {0, 1, 2, 3}, set(range(seen)), {0, 1})
    return PySlowFast((8, 2), [slow, fast], looking)


State = dict[str, Tensor]


def rename(state: State, rules: Sequence[tuple[str, str]]) -> State:
    """Every name under the first rule that it matches, which all of it has to."""
    renamed = {}
    for name, tensor in state.items():
        [new, *_] = [re.sub(rule, to, name) for rule, to in rules if re.fullmatch(rule, name)]
        renamed[new] = tensor
    return renamed


def to_pytorchvideo(state: State) -> State:
    """A SlowFast as PyTorchVideo names it."""
    stages = {f"s{n}.": f"blocks.{n - 1}." for n in range(1, 6)}
    moved = {
        next((new + n.removeprefix(old) for old, new in stages.items() if n.startswith(old)), n): t
        for n, t in state.items()
    }
    return rename(
        moved,
        [
            (r"(.*)pathway(\d)_stem\.conv(.*)", r"\1multipathway_blocks.\2.conv\3"),
            (r"(.*)pathway(\d)_stem\.bn(.*)", r"\1multipathway_blocks.\2.norm\3"),
            (
                r"(.*)pathway(\d)_res(\d+)\.branch2\.(.)_bn(.*)",
                r"\1multipathway_blocks.\2.res_blocks.\3.branch2.norm_\4\5",
            ),
            (
                r"(.*)pathway(\d)_res(\d+)\.branch2\.(.)\.(.*)",
                r"\1multipathway_blocks.\2.res_blocks.\3.branch2.conv_\4.\5",
            ),
            (r"(.*)pathway(\d)_res(\d+)\.branch1_bn(.*)", r"\1multipathway_blocks.\2.res_blocks.\3.branch1_norm\4"),
            (r"(.*)pathway(\d)_res(\d+)\.branch1\.(.*)", r"\1multipathway_blocks.\2.res_blocks.\3.branch1_conv.\4"),
            (r"s1_fuse\.conv_f2s(.*)", r"blocks.0.multipathway_fusion.conv_fast_to_slow\1"),
            (r"s2_fuse\.conv_f2s(.*)", r"blocks.1.multipathway_fusion.conv_fast_to_slow\1"),
            (r"s3_fuse\.conv_f2s(.*)", r"blocks.2.multipathway_fusion.conv_fast_to_slow\1"),
            (r"s4_fuse\.conv_f2s(.*)", r"blocks.3.multipathway_fusion.conv_fast_to_slow\1"),
            (r"s1_fuse\.bn(.*)", r"blocks.0.multipathway_fusion.norm\1"),
            (r"s2_fuse\.bn(.*)", r"blocks.1.multipathway_fusion.norm\1"),
            (r"s3_fuse\.bn(.*)", r"blocks.2.multipathway_fusion.norm\1"),
            (r"s4_fuse\.bn(.*)", r"blocks.3.multipathway_fusion.norm\1"),
            (r"head\.projection(.*)", r"blocks.6.proj\1"),
        ],
    )


def to_pytorchvideo_i3d(state: State) -> State:
    """An I3D without non-local blocks as PyTorchVideo names it, with a pool among its blocks."""
    number = {"s1": 0, "s2": 1, "s3": 3, "s4": 4, "s5": 5}
    moved = {
        f"blocks.{number[name[:2]]}.{name[3:]}" if name[:2] in number else name: tensor
        for name, tensor in state.items()
    }
    return rename(
        moved,
        [
            (r"(.*)pathway0_stem\.conv(.*)", r"\1conv\2"),
            (r"(.*)pathway0_stem\.bn(.*)", r"\1norm\2"),
            (r"(.*)pathway0_res(\d+)\.branch2\.(.)_bn(.*)", r"\1res_blocks.\2.branch2.norm_\3\4"),
            (r"(.*)pathway0_res(\d+)\.branch2\.(.)\.(.*)", r"\1res_blocks.\2.branch2.conv_\3.\4"),
            (r"(.*)pathway0_res(\d+)\.branch1_bn(.*)", r"\1res_blocks.\2.branch1_norm\3"),
            (r"(.*)pathway0_res(\d+)\.branch1\.(.*)", r"\1res_blocks.\2.branch1_conv.\3"),
            (r"head\.projection(.*)", r"blocks.6.proj\1"),
        ],
    )


def to_caffe2(state: State) -> State:
    """As caffe2 names them."""
    kept = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    norm = {"weight": "s", "bias": "b", "running_mean": "rm", "running_var": "riv"}
    ends = {name: re.sub(r"bn\.(\w+)$", lambda found: f"bn_{norm[found[1]]}", name) for name in kept}
    ends = {name: re.sub(r"\.weight$", "_w", re.sub(r"\.bias$", "_b", new)) for name, new in ends.items()}
    renamed = rename(
        {ends[name]: tensor for name, tensor in kept.items()},
        [
            (r"s1\.pathway0_stem\.conv_(.*)", r"conv1_\1"),
            (r"s1\.pathway1_stem\.conv_(.*)", r"t_conv1_\1"),
            (r"s1\.pathway0_stem\.bn_(.*)", r"res_conv1_bn_\1"),
            (r"s1\.pathway1_stem\.bn_(.*)", r"t_res_conv1_bn_\1"),
            (r"s(\d)\.pathway0_res(\d+)\.branch2\.(.*)", r"res\1_\2_branch2\3"),
            (r"s(\d)\.pathway1_res(\d+)\.branch2\.(.*)", r"t_res\1_\2_branch2\3"),
            (r"s(\d)\.pathway0_res(\d+)\.branch1(.*)", r"res\1_\2_branch1\3"),
            (r"s(\d)\.pathway1_res(\d+)\.branch1(.*)", r"t_res\1_\2_branch1\3"),
            (r"s(\d)\.pathway0_nonlocal(\d+)\.(?:conv_)?(.*)", r"nonlocal_conv\1_\2_\3"),
            (r"s1_fuse\.conv_f2s_(.*)", r"t_pool1_subsample_\1"),
            (r"s1_fuse\.bn_(.*)", r"t_pool1_subsample_bn_\1"),
            (r"s2_fuse\.conv_f2s_(.*)", r"t_res2_1_branch2c_bn_subsample_\1"),
            (r"s2_fuse\.bn_(.*)", r"t_res2_1_branch2c_bn_subsample_bn_\1"),
            (r"s3_fuse\.conv_f2s_(.*)", r"t_res3_3_branch2c_bn_subsample_\1"),
            (r"s3_fuse\.bn_(.*)", r"t_res3_3_branch2c_bn_subsample_bn_\1"),
            (r"s4_fuse\.conv_f2s_(.*)", r"t_res4_4_branch2c_bn_subsample_\1"),
            (r"s4_fuse\.bn_(.*)", r"t_res4_4_branch2c_bn_subsample_bn_\1"),
            (r"head\.projection_(.*)", r"pred_\1"),
        ],
    )
    return renamed


def fold_norms(blobs: State) -> State:
    """caffe2's blobs with every normalisation as scale and shift alone."""
    folded = dict(blobs)
    for name in [name.removesuffix("_riv") for name in blobs if name.endswith("_riv")]:
        mean, variance = folded.pop(f"{name}_rm"), folded.pop(f"{name}_riv")
        scale = folded[f"{name}_s"] / (variance + 1e-5).sqrt()
        folded[f"{name}_s"], folded[f"{name}_b"] = scale, folded[f"{name}_b"] - mean * scale
    return folded


def to_mmaction(state: State) -> State:
    """A SlowFast as mmaction2 names it, without normalisations behind its lateral connections."""
    kept = {name: tensor for name, tensor in state.items() if not re.match(r"s\d_fuse\.bn", name)}
    body = {"0": "slow", "1": "fast"}
    moved = {
        re.sub(r"s(\d)\.pathway(\d)_", lambda f: f"backbone.{body[f[2]]}_path.layer{int(f[1]) - 1}.", name): tensor
        for name, tensor in kept.items()
    }
    parts = {"a": "conv1", "b": "conv2", "c": "conv3"}
    renamed = {}
    for name, tensor in moved.items():
        name = name.replace("layer0.stem.", "conv1.")
        name = re.sub(r"\.res(\d+)\.branch2\.(.)_bn\.", lambda f: f".{f[1]}.{parts[f[2]]}.bn.", name)
        name = re.sub(r"\.res(\d+)\.branch2\.(.)\.", lambda f: f".{f[1]}.{parts[f[2]]}.conv.", name)
        name = re.sub(r"\.res(\d+)\.branch1_bn\.", r".\1.downsample.bn.", name)
        name = re.sub(r"\.res(\d+)\.branch1\.", r".\1.downsample.conv.", name)
        name = name.replace("s1_fuse.conv_f2s", "backbone.slow_path.conv1_lateral.conv")
        name = re.sub(r"s(\d)_fuse\.conv_f2s", lambda f: f"backbone.slow_path.layer{int(f[1]) - 1}_lateral.conv", name)
        renamed[name.replace("head.projection", "cls_head.fc_cls")] = tensor
    return renamed
