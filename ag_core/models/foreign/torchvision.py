"""torchvision's networks as the start of our paper-size detector: its COCO Faster R-CNN, and its ResNets (methods D4).

Our ResNet-101 takes a ResNet-50 too: blocks that the file lacks begin as nothing, so that each passes on what it gets
and the whole network begins as the ResNet-50 that it was. The predictor of classes is left to be learned.
"""

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from ag_core.models.foreign.taking import ForeignTensors, Taken

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""What torchvision takes off its input, and divides it by."""

OWN_MEAN, OWN_STD = 0.45, 0.225
"""The same of our paper-size detector."""

EPSILON = 1e-5
"""What a batch normalisation adds to a variance; nothing, in the COCO network."""

BODY, FOREIGN_BODY = "backbone.body.body.", "backbone.body."
BLOCK = re.compile(r"(layer\d)\.(\d+)\.")


def convert_coco_detector(state: ForeignTensors, wanted: Mapping[str, Tensor]) -> dict[str, Taken]:
    """Body, pyramid, proposals and box head; everything but the predictor."""
    taken = _convert_body(state, wanted, FOREIGN_BODY)
    for name, one in taken.items():
        variance = name.removesuffix("weight") + "running_var"
        if one.sources and variance in taken:
            spread = taken[variance]
            scale = ((spread.tensor + EPSILON) / spread.tensor).sqrt()
            how = f"for a variance that {EPSILON:g} is added to"
            taken[name] = state.convert(how, one.tensor * scale, *one.sources, *spread.sources)
    others = {name: name for name in ("rpn.head.", "roi_heads.box_head.")}
    return taken | state.take_renamed(wanted, others | {"backbone.body.fpn.": "backbone.fpn."})


def convert_resnet(state: ForeignTensors, wanted: Mapping[str, Tensor]) -> dict[str, Taken]:
    """The body alone, as torchvision publishes it for ImageNet."""
    return _convert_body(state, wanted, "")


def _convert_body(state: ForeignTensors, wanted: Mapping[str, Tensor], foreign: str) -> dict[str, Taken]:
    names = [name for name in wanted if name.startswith(BODY)]
    numbers = _number_blocks(name.removeprefix(foreign) for name in state.state)
    last = {stage: max(of_stage) for stage, of_stage in numbers.items()}
    extra = [name for name in names if _is_behind(name.removeprefix(BODY), last)]
    taken = state.take_renamed([name for name in names if name not in extra], {BODY: foreign})
    for name in extra:
        if name.endswith(("bn3.weight", "bn3.bias")):
            taken[name] = state.convert("0, so that a further block begins as nothing", torch.zeros_like(wanted[name]))
    return taken | _fit_stem(state, taken, foreign)


def _number_blocks(names: Iterable[str]) -> dict[str, set[int]]:
    """The numbers of the blocks that some names of tensors speak of, by stage."""
    numbers: dict[str, set[int]] = {}
    for block in filter(None, map(BLOCK.match, names)):
        numbers.setdefault(block[1], set()).add(int(block[2]))
    return numbers


def _is_behind(name: str, last: Mapping[str, int]) -> bool:
    """Whether a tensor is of a block behind the last one of its stage."""
    block = BLOCK.match(name)
    return block is not None and int(block[2]) > last.get(block[1], -1)


def _fit_stem(state: ForeignTensors, taken: Mapping[str, Taken], foreign: str) -> dict[str, Taken]:
    """The first convolution and the mean behind it for images that are brought to our mean and spread.

    The same answers but at the border, where a 0 stands for another colour.
    """
    weight, mean = f"{BODY}conv1.weight", f"{BODY}bn1.running_mean"
    kernel = taken[weight].tensor
    spread = kernel.new_tensor(IMAGENET_STD)[:, None, None]
    shift = (OWN_MEAN - kernel.new_tensor(IMAGENET_MEAN)[:, None, None]) / spread
    how = "for images brought to our mean and spread"
    moved = taken[mean].tensor - (kernel * shift).sum(dim=(1, 2, 3))
    return {
        weight: state.convert(how, kernel * OWN_STD / spread, f"{foreign}conv1.weight"),
        mean: state.convert(how, moved, f"{foreign}bn1.running_mean"),
    }


def rename_older_parts(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the names of today: older files, torchvision's own among them, lack a level in two places."""
    renamed = {}
    for name, tensor in state.items():
        name = re.sub(r"((?:inner|layer)_blocks\.\d)\.(weight|bias)$", r"\1.0.\2", name)
        renamed[re.sub(r"(rpn\.head\.conv)\.(weight|bias)$", r"\1.0.0.\2", name)] = tensor
    return renamed
