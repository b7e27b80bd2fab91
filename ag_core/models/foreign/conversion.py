"""From a weights file of elsewhere to one of ours: which network it holds, its tensors under our names, and a report.

A file is written only where everything fits: a network that comes whole can then be asked at once, and one that does
not is a start to train from.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ag_core.catalog import HOME_WORLD, find_detector, find_relation_head
from ag_core.errors import UserError
from ag_core.files import hash_file
from ag_core.models.checkpoints import find_problems, save_checkpoint
from ag_core.models.detector import build_faster_rcnn
from ag_core.models.foreign.reading import read_foreign_tensors
from ag_core.models.foreign.sttran import (
    DETECTOR_DIFFERENCES,
    RELATION_DIFFERENCES,
    convert_detector,
    convert_relations,
)
from ag_core.models.foreign.taking import ForeignTensors, Taken
from ag_core.models.foreign.torchvision import convert_coco_detector, convert_resnet, rename_older_parts
from ag_core.models.relation import build_relation_head

STTRAN = "sttran"


@dataclass(frozen=True)
class ForeignNetwork:
    """A network of others that can become one of ours.

    label        what it is, in words
    model        id in the catalog of what it becomes, of which preset
    parts        prefixes that names in its file begin with, each at least once
    convert      foreign tensors and ours by name to what becomes of them
    whole        whether every tensor of ours comes from it; what does not is left to be learned
    trained_on   what it was trained on, in words
    differences  what is not as in the original, a part of a sentence each
    """

    label: str
    model: str
    preset: str
    parts: tuple[str, ...]
    convert: Callable[[ForeignTensors, Mapping[str, Tensor]], dict[str, Taken]]
    whole: bool
    trained_on: str
    differences: tuple[str, ...] = ()


_NORMALISED = "images are brought to our detector's mean and spread, so that the outermost pixels see another border"
_TO_LEARN = "the predictor of classes and boxes is left to be learned: COCO's 80 classes are others"

FOREIGN_NETWORKS = (
    ForeignNetwork(
        label="STTran's detector",
        model=HOME_WORLD,
        preset="sttran",
        parts=("RCNN_base.", "RCNN_top."),
        convert=convert_detector,
        whole=True,
        trained_on="Action Genome",
        differences=DETECTOR_DIFFERENCES,
    ),
    ForeignNetwork(
        label="STTran's relation model",
        model=STTRAN,
        preset="sttran",
        parts=("glocal_transformer.",),
        convert=convert_relations,
        whole=True,
        trained_on="Action Genome",
        differences=RELATION_DIFFERENCES,
    ),
    ForeignNetwork(
        label="torchvision's COCO Faster R-CNN",
        model=HOME_WORLD,
        preset="paper",
        parts=("backbone.body.", "backbone.fpn.", "rpn.head."),
        convert=convert_coco_detector,
        whole=False,
        trained_on="COCO",
        differences=(_NORMALISED, _TO_LEARN),
    ),
    ForeignNetwork(
        label="a torchvision ResNet",
        model=HOME_WORLD,
        preset="paper",
        parts=("conv1.", "layer1.", "layer4."),
        convert=convert_resnet,
        whole=False,
        trained_on="ImageNet",
        differences=(_NORMALISED, "everything behind the body is left to be learned"),
    ),
)


@dataclass(frozen=True)
class Conversion:
    """What became of a file: by our names where not said otherwise.

    matched    tensors that are as they were; converted: how, by the names of those that were changed or made
    missing    tensors of ours that the file gives nothing for; left_over: foreign names that nothing was made of
    """

    out: Path
    network: ForeignNetwork
    matched: tuple[str, ...]
    converted: dict[str, str]
    missing: tuple[str, ...]
    left_over: tuple[str, ...]

    def describe(self) -> str:
        """The report: counts and names; those that differ in numbers alone as one with a star, and of what matched one
        for all parts of a numbered module."""
        entry = f"{self.network.model}, preset {self.network.preset}"
        lines = [f"{self.out}: {self.network.label} as {entry}"]
        lines += _list_names("matched", [re.sub(r"\.\d+\..*", ".*", name) for name in self.matched])
        lines += _list_names("converted", [f"{name}: {how}" for name, how in self.converted.items()])
        lines += _list_names("missing", self.missing)
        lines += _list_names("left over", self.left_over)
        lines += [f"note: {difference}" for difference in self.network.differences]
        if not self.network.whole:
            lines.append("note: a start of training, not yet a network to predict with")
        return "\n".join(lines)


def _list_names(title: str, names: Iterable[str]) -> list[str]:
    """A title with the number of names, then each kind of name with how many are of it."""
    kinds = Counter(re.sub(r"\.\d+(?=[.:]|$)", ".*", name) for name in names)
    rows = [f"  {kind}" + (f" ({count})" if count > 1 else "") for kind, count in kinds.items()]
    return [f"{title}: {kinds.total()} tensors", *rows]


def convert_weights(path: Path, model: str, out: Path, preset: Any = None) -> Conversion:
    """Write the network in `path` as weights of a model of the catalog, at the size it was published in.

    preset  another size of that model, with a name of its own
    UserError where the file holds another network than one that becomes this model, or does not fit it.
    """
    state = rename_older_parts(read_foreign_tensors(path))
    network = recognise_network(state, path)
    if network.model != model:
        raise UserError(f"{path} holds {network.label}, which becomes {network.model}, not {model}")
    entry = find_detector(model) if model == HOME_WORLD else find_relation_head(model)
    chosen = entry.preset(network.preset) if preset is None else preset
    module: nn.Module = build_faster_rcnn(chosen) if model == HOME_WORLD else build_relation_head(model, chosen)
    wanted = module.state_dict()
    taken = network.convert(ForeignTensors(state, str(path)), wanted)
    missing = [name for name in wanted if name not in taken]
    tensors = {name: one.tensor for name, one in taken.items()}
    spare = {} if network.whole else {name: wanted[name] for name in missing}
    if problems := find_problems({**tensors, **spare}, module):
        raise UserError(f"{path} does not fit {network.label} ({problems[0]}); give weights of that very network")
    used = {source for one in taken.values() for source in one.sources}
    facts = {
        "model": model,
        "preset": chosen.name,
        "trained_on_data": network.trained_on,
        "command": f"convert-weights {path.name} --as {model}",
        "converted_from": f"{network.label}: {path.name} {hash_file(path)}",
    }
    save_checkpoint(out, tensors, facts if network.whole else facts | {"missing": f"{len(missing)} tensors"})
    return Conversion(
        out=out,
        network=network,
        matched=tuple(name for name, one in taken.items() if not one.how),
        converted={name: one.how for name, one in taken.items() if one.how},
        missing=tuple(missing),
        left_over=tuple(name for name in state if name not in used),
    )


def recognise_network(state: Mapping[str, Tensor], path: Path) -> ForeignNetwork:
    """Which network some tensors are; UserError lists those that are known."""
    for network in FOREIGN_NETWORKS:
        if all(any(name.startswith(part) for name in state) for part in network.parts):
            return network
    known = ", ".join(network.label for network in FOREIGN_NETWORKS)
    raise UserError(f"{path} holds no network that is known here; known are {known}")
