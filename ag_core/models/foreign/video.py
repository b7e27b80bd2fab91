"""Video networks of four toolboxes as our I3D and SlowFast at paper size, and LFB's bank head (methods D5 to D8).

Ours are R101. A shorter network fits too, as does one without non-local blocks: what the file lacks begins as nothing,
so that the whole answers as the network in the file. Kernels of one frame lie in the middle of ours of three.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import pad

from ag_core.errors import UserError
from ag_core.models.foreign.taking import ForeignTensors, Taken
from ag_core.models.foreign.video_layouts import (
    AFTER_W,
    LATERAL,
    NONLOCAL_PARTS,
    SHORTCUT,
    STEM,
    Place,
    VideoLayout,
)

EPSILON = 1e-5
"""What all of these networks add to a variance."""

OWN_MEAN, OWN_SPREAD = 0.45, 0.225
"""What our clip networks' images are brought to."""

BLOCK_PARTS = {"reduce": "a", "filter": "b", "expand": "c", "shortcut": SHORTCUT}
_STAGED = re.compile(r"clip_net\.(slow_|fast_|)stages\.(\d)\.(\d+)\.(\w+)\.")
_OTHERS = re.compile(r"clip_net\.(?:(slow_|fast_|)stem|laterals\.(\d)\.translate)\.")
_CLASSIFIER = "head.classifier."
FRESH = "begins as nothing, since the file has no such block"


@dataclass(frozen=True)
class _Layer:
    """A layer of ours: where it is, what its tensors' names begin with, and the tensors."""

    place: Place
    prefix: str
    tensors: dict[str, Tensor]


def convert_clip_network(layout: VideoLayout, state: ForeignTensors, wanted: Mapping[str, Tensor]) -> dict[str, Taken]:
    """Every tensor of a clip network, and its classifier where it is one of our classes.

    UserError where the file has layers that ours has no place for.
    """
    taken: dict[str, Taken] = {}
    depths = _count_blocks(layout, state, wanted)
    for layer in _list_layers(wanted):
        place = layer.place
        # A lateral connection is named after the last block of the fast pathway
        depth = depths.get((1 if place.part == LATERAL else place.pathway, place.stage), 1)
        if place.part in NONLOCAL_PARTS and _has_nonlocal(layout, state, place):
            taken |= _take_nonlocal(layout, state, layer, layout.name(place, depth))
        elif place.part in NONLOCAL_PARTS or place.block >= depth:
            taken |= _begin_as_nothing(layer)
        else:
            taken |= _take_convolution(layout, state, layer, layout.name(place, depth))
    scores = f"{layout.classifier}{layout.ends['weight']}"
    fits = scores in state and state.state[scores].shape == wanted[f"{_CLASSIFIER}weight"].shape
    if fits and not layout.unlike:
        for end in ("weight", "bias"):
            taken[_CLASSIFIER + end] = state.take(layout.classifier + layout.ends[end])
    _check_left_over(layout, state, taken)
    return taken


def convert_bank_head(state: ForeignTensors, wanted: Mapping[str, Tensor]) -> dict[str, Taken]:
    """Every tensor of LFB's bank head in a file of caffe2: convolutions of one place as linear layers."""
    reduction = next((name for name in state.state if name.endswith("_fbonl_reduc_w")), "pool5_fbonl_reduc_w")
    names = {
        "operator.reduce_short_term.": reduction.removesuffix("_w"),
        "operator.reduce_bank.": "lfb_1x1",
        "classifier.": "pred",
    }
    taken = {}
    for name, tensor in wanted.items():
        prefix, end = re.split(r"(?<=\.)(?=\w+$)", name)
        if found := re.fullmatch(r"operator\.layers\.(\d)\.(\w+)\.", prefix):
            foreign = f"lfb_nl{found[1]}_{found[2]}"
        else:
            foreign = names[prefix]
        source = f"{foreign}_{end[0]}"
        whole = state[source]
        flat = whole.flatten(1) if whole.ndim > 2 and whole.shape[2:].numel() == 1 else whole
        taken[name] = state.convert("" if flat.ndim == tensor.ndim == whole.ndim else "as a matrix", flat, source)
    return taken


def _list_layers(wanted: Mapping[str, Tensor]) -> Iterator[_Layer]:
    """The convolutions of a clip network of ours with their normalisations, in the order of its names."""
    prefixes: dict[str, dict[str, Tensor]] = {}
    for name, tensor in wanted.items():
        if found := _STAGED.match(name) or _OTHERS.match(name):
            prefixes.setdefault(found[0], {})[name.removeprefix(found[0])] = tensor
    blocks: dict[tuple[str, str], list[str]] = {}  # of a stage: the positions that hold blocks, not non-local ones
    for prefix, tensors in prefixes.items():
        if staged := _STAGED.match(prefix):
            pathway, stage, position, part = staged.groups()
            seen = blocks.setdefault((pathway, stage), [])
            if part not in NONLOCAL_PARTS and position not in seen:
                seen.append(position)
            part = BLOCK_PARTS.get(part, part)
            place = Place(part, int(stage) + 2, len(seen) - 1, int(pathway == "fast_"))
        else:
            other = _OTHERS.match(prefix)
            assert other is not None
            pathway, behind = other.groups()
            place = Place(STEM, pathway=int(pathway == "fast_")) if behind is None else Place(LATERAL, int(behind) + 1)
        yield _Layer(place, prefix, tensors)


def _count_blocks(
    layout: VideoLayout, state: ForeignTensors, wanted: Mapping[str, Tensor]
) -> dict[tuple[int, int], int]:
    """How many of our blocks the file has in each pathway and stage; of every stage at least one is wanted."""
    depths: dict[tuple[int, int], int] = {}
    for place in (layer.place for layer in _list_layers(wanted)):
        if place.part == "a":
            convolution, _ = layout.name(place, 0)
            present = place.block == 0 or convolution + layout.ends["weight"] in state
            key = place.pathway, place.stage
            depths[key] = place.block + 1 if present else depths[key]
    return depths


def _take_convolution(
    layout: VideoLayout, state: ForeignTensors, layer: _Layer, names: tuple[str, str]
) -> dict[str, Taken]:
    """A convolution without a bias, and the normalisation behind it."""
    convolution, norm = names
    source = convolution + layout.ends["weight"]
    kernel, how = state[source], ""
    frames = layer.tensors["0.weight"].shape[2]
    if layer.place.part == "a" and kernel.ndim == 5 and (kernel.shape[2], frames) == (1, 3):
        kernel, how = pad(kernel, (0, 0, 0, 0, 1, 1)), "one frame in the middle of three"
    of_norm = _take_norm(layout, state, norm, len(kernel))
    if layer.place.part == STEM and layout.mean is not None and layout.spread is not None:
        mean, spread = (kernel.new_tensor(values).view(3, 1, 1, 1) for values in (layout.mean, layout.spread))
        how, running = "for images brought to our mean and spread", of_norm["running_mean"]
        moved = running.tensor - (kernel * (OWN_MEAN - mean) / spread).sum(dim=(1, 2, 3, 4))
        of_norm["running_mean"] = state.convert(how, moved, *running.sources)
        kernel = kernel * OWN_SPREAD / spread
    convolved = {f"{layer.prefix}0.weight": state.convert(how, kernel, source)}
    return convolved | {f"{layer.prefix}1.{name}": one for name, one in of_norm.items()}


def _take_norm(layout: VideoLayout, state: ForeignTensors, norm: str, channels: int) -> dict[str, Taken]:
    """A batch normalisation; one that the file holds as scale and shift, or not at all, as one that changes nothing."""
    sources = {name: norm + end for name, end in layout.norm_ends.items()}
    measured = ("running_mean", "running_var")
    nothing = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1 - EPSILON}
    absent: tuple[str, ...] = ()
    if layout.folded and not any(sources[name] in state for name in measured):
        absent = measured
    elif layout.unlike and not any(source in state for source in sources.values()):
        absent = tuple(nothing)
    taken = {}
    for name, value in nothing.items():
        if name in absent:
            taken[name] = Taken(torch.full((channels,), value), (), "what changes nothing, since the file has none")
        else:
            taken[name] = state.take(sources[name])
    count = sources.get("num_batches_tracked", "")
    kept = state.take(count) if count in state else None
    taken["num_batches_tracked"] = kept or Taken(torch.tensor(0), (), "0, since the file does not count batches")
    return taken


def _take_nonlocal(
    layout: VideoLayout, state: ForeignTensors, layer: _Layer, names: tuple[str, str]
) -> dict[str, Taken]:
    """A convolution of a non-local block; the last one takes in the normalisation that the file has behind it."""
    weight, bias = (names[0] + layout.ends[end] for end in ("weight", "bias"))
    if layer.place.part != AFTER_W or names[1] + layout.norm_ends["weight"] not in state:
        return {f"{layer.prefix}weight": state.take(weight), f"{layer.prefix}bias": state.take(bias)}
    of_norm = _take_norm(layout, state, names[1], len(state[weight]))
    shift, mean = of_norm["bias"].tensor, of_norm["running_mean"].tensor
    scale = of_norm["weight"].tensor / (of_norm["running_var"].tensor + EPSILON).sqrt()
    how, sources = "with the normalisation behind it", tuple(name for one in of_norm.values() for name in one.sources)
    return {
        f"{layer.prefix}weight": state.convert(how, state[weight] * scale.view(-1, 1, 1, 1, 1), weight, *sources),
        f"{layer.prefix}bias": state.convert(how, (state[bias] - mean) * scale + shift, bias, *sources),
    }


def _has_nonlocal(layout: VideoLayout, state: ForeignTensors, place: Place) -> bool:
    """Whether the file has a non-local block behind the block of a place."""
    if not layout.has_nonlocal:
        return False
    names = (layout.name(replace(place, part=part), 0)[0] for part in NONLOCAL_PARTS)
    return any(name + layout.ends["weight"] in state for name in names)


def _begin_as_nothing(layer: _Layer) -> dict[str, Taken]:
    """A layer of a block that the file lacks, as it is made: the block passes on what it gets."""
    return {f"{layer.prefix}{name}": Taken(tensor, (), FRESH) for name, tensor in layer.tensors.items()}


def _check_left_over(layout: VideoLayout, state: ForeignTensors, taken: Mapping[str, Taken]) -> None:
    """UserError where the file has more in it than our network, its own classifier and bank head left aside."""
    used = {source for one in taken.values() for source in one.sources}
    aside = (layout.classifier, "lfb_", "cls_head.")
    left = [n for n in state.state if n not in used and not n.startswith(aside) and "_fbonl_" not in n]
    if left:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        raise UserError(
            f"{state.where} has {left[0]}{more}, for which our network has no place: it is of another size, or its "
            "non-local blocks stand elsewhere; give one of the same layout"
        )
