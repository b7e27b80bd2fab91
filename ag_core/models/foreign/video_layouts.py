"""How four toolboxes name the layers of I3D and SlowFast networks (methods D5 to D8).

A layer is known by its place in the network; a layout says what a file calls the convolution and the normalisation
there. Knows no tensors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

STEM, SHORTCUT, LATERAL, AFTER_W = "stem", "shortcut", "lateral", "out"
NONLOCAL_PARTS = ("theta", "phi", "g", AFTER_W)


@dataclass(frozen=True)
class Place:
    """Where a convolution is.

    part     STEM, LATERAL behind a stage, a, b, c or SHORTCUT of a block, or one of the NONLOCAL_PARTS
    stage    1 for the stem, then 2 to 5
    block    of the stage, from 0
    pathway  0 for the slow or only one, 1 for the fast one
    """

    part: str
    stage: int = 1
    block: int = 0
    pathway: int = 0


Namer = Callable[[Place, int], tuple[str, str]]
"""A place, and how many blocks its stage has in the file, to what the file calls the convolution and the normalisation
there, without the end that names a tensor."""

TORCH_ENDS = {name: f".{name}" for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")}


@dataclass(frozen=True)
class VideoLayout:
    """How files of a toolbox name a network.

    name         the name of each place
    classifier   the layer that gives scores
    ends         how the names of a convolution's tensors end, by torch's name of them; norm_ends of a normalisation's
    has_nonlocal whether a file may hold non-local blocks
    folded       whether a file may hold a normalisation as scale and shift alone
    unlike       whether the network answers otherwise than ours, so that its classifier is of no use
    mean, spread what its images are brought to, in shares of the brightest value; None where it is as ours
    """

    name: Namer
    classifier: str
    ends: Mapping[str, str]
    norm_ends: Mapping[str, str]
    has_nonlocal: bool = False
    folded: bool = False
    unlike: bool = False
    mean: tuple[float, ...] | None = None
    spread: tuple[float, ...] | None = None


def _name_pyslowfast(place: Place, depth: int) -> tuple[str, str]:
    stage = f"s{place.stage}"
    if place.part == STEM:
        return f"{stage}.pathway{place.pathway}_stem.conv", f"{stage}.pathway{place.pathway}_stem.bn"
    if place.part == LATERAL:
        return f"{stage}_fuse.conv_f2s", f"{stage}_fuse.bn"
    if place.part in NONLOCAL_PARTS:
        block = f"{stage}.pathway0_nonlocal{place.block}"
        return f"{block}.conv_{place.part}", f"{block}.bn"
    branch = "branch1" if place.part == SHORTCUT else f"branch2.{place.part}"
    part = f"{stage}.pathway{place.pathway}_res{place.block}.{branch}"
    return part, f"{part}_bn"


PYSLOWFAST = VideoLayout(_name_pyslowfast, "head.projection", TORCH_ENDS, TORCH_ENDS, has_nonlocal=True)


def _name_pytorchvideo(body: str, place: Place) -> tuple[str, str]:
    if place.part == STEM:
        return f"{body}.conv", f"{body}.norm"
    if place.part == LATERAL:
        fusion = f"blocks.{place.stage - 1}.multipathway_fusion"
        return f"{fusion}.conv_fast_to_slow", f"{fusion}.norm"
    block = f"{body}.res_blocks.{place.block}"
    if place.part == SHORTCUT:
        return f"{block}.branch1_conv", f"{block}.branch1_norm"
    return f"{block}.branch2.conv_{place.part}", f"{block}.branch2.norm_{place.part}"


def _name_pytorchvideo_slowfast(place: Place, depth: int) -> tuple[str, str]:
    return _name_pytorchvideo(f"blocks.{place.stage - 1}.multipathway_blocks.{place.pathway}", place)


def _name_pytorchvideo_i3d(place: Place, depth: int) -> tuple[str, str]:
    behind_pool = place.stage > 2  # a block that pools has number 2
    return _name_pytorchvideo(f"blocks.{place.stage if behind_pool else place.stage - 1}", place)


PYTORCHVIDEO_SLOWFAST = VideoLayout(_name_pytorchvideo_slowfast, "blocks.6.proj", TORCH_ENDS, TORCH_ENDS)
PYTORCHVIDEO_I3D = VideoLayout(_name_pytorchvideo_i3d, "blocks.6.proj", TORCH_ENDS, TORCH_ENDS)


def _name_caffe2(place: Place, depth: int) -> tuple[str, str]:
    pathway = "t_" if place.pathway else ""
    if place.part == STEM:
        return f"{pathway}conv1", f"{pathway}res_conv1_bn"
    if place.part == LATERAL:
        behind = "t_pool1" if place.stage == 1 else f"t_res{place.stage}_{depth - 1}_branch2c_bn"
        return f"{behind}_subsample", f"{behind}_subsample_bn"
    if place.part in NONLOCAL_PARTS:
        block = f"nonlocal_conv{place.stage}_{place.block}"
        return f"{block}_{place.part}", f"{block}_bn"
    branch = "branch1" if place.part == SHORTCUT else f"branch2{place.part}"
    part = f"{pathway}res{place.stage}_{place.block}_{branch}"
    return part, f"{part}_bn"


CAFFE2 = VideoLayout(
    _name_caffe2,
    "pred",
    ends={"weight": "_w", "bias": "_b"},
    norm_ends={"weight": "_s", "bias": "_b", "running_mean": "_rm", "running_var": "_riv"},
    has_nonlocal=True,
    folded=True,
)


def _name_mmaction(body: str, place: Place) -> tuple[str, str]:
    layer = "conv1" if place.stage == 1 else f"layer{place.stage - 1}"
    if place.part == STEM:
        part = f"{body}.{layer}"
    elif place.part == LATERAL:
        part = f"{body}.{layer}_lateral"
    else:
        parts = {"a": "conv1", "b": "conv2", "c": "conv3", SHORTCUT: "downsample"}
        part = f"{body}.{layer}.{place.block}.{parts[place.part]}"
    return f"{part}.conv", f"{part}.bn"


def _name_mmaction_i3d(place: Place, depth: int) -> tuple[str, str]:
    return _name_mmaction("backbone", place)


def _name_mmaction_slowfast(place: Place, depth: int) -> tuple[str, str]:
    return _name_mmaction("backbone.fast_path" if place.pathway else "backbone.slow_path", place)


def _make_mmaction_layout(name: Namer) -> VideoLayout:
    mean, spread = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
    return VideoLayout(
        name,
        "cls_head.fc_cls",
        TORCH_ENDS,
        TORCH_ENDS,
        unlike=True,
        mean=tuple(value / 255 for value in mean),
        spread=tuple(value / 255 for value in spread),
    )


MMACTION_I3D = _make_mmaction_layout(_name_mmaction_i3d)
MMACTION_SLOWFAST = _make_mmaction_layout(_name_mmaction_slowfast)
