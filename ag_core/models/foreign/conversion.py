"""From a weights file of elsewhere to one of ours: which network it holds, its tensors under our names, and a report.

A file is written only where everything fits: a network that comes whole can then be asked at once, and one that does
not is a start to train from.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ag_core.catalog import ACTION_MODELS, CLIP_NETWORKS, HOME_WORLD, Entry, find_detector, find_relation_head
from ag_core.errors import UserError
from ag_core.files import hash_file
from ag_core.models.checkpoints import find_problems, save_checkpoint
from ag_core.models.detector import build_faster_rcnn
from ag_core.models.foreign.networks import ForeignNetwork, find_network
from ag_core.models.foreign.reading import read_foreign_tensors
from ag_core.models.foreign.taking import ForeignTensors
from ag_core.models.foreign.torchvision import rename_older_parts
from ag_core.models.relation import build_relation_head
from ag_core.models.video import build_bank_head, build_clip_classifier

FRESH_SEED = 0
"""What a file gives nothing for begins with the same numbers whenever it is converted."""


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
        if self.missing:
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
    network = find_network(state, model, path)
    chosen, module = _build(model, network.preset, preset)
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
        "trained_on_data": network.name_training_data(state),
        "command": f"convert-weights {path.name} --as {model}",
        "converted_from": f"{network.label}: {path.name} {hash_file(path)}",
    }
    save_checkpoint(out, tensors, facts | ({"missing": f"{len(missing)} tensors"} if missing else {}))
    return Conversion(
        out=out,
        network=network,
        matched=tuple(name for name, one in taken.items() if not one.how),
        converted={name: one.how for name, one in taken.items() if one.how},
        missing=tuple(missing),
        left_over=tuple(name for name in state if name not in used),
    )


def _build(model: str, size: str, preset: Any) -> tuple[Any, nn.Module]:
    """The preset of a model of the catalog, by its name of a size unless one is given, and the model at that size."""
    entry: Entry
    build: Callable[[Any], nn.Module]
    if model == HOME_WORLD:
        entry, build = find_detector(model), build_faster_rcnn
    elif model in CLIP_NETWORKS:
        entry, build = CLIP_NETWORKS[model], partial(build_clip_classifier, model)
    elif model in ACTION_MODELS:
        entry, build = ACTION_MODELS[model], partial(build_bank_head, model)
    else:
        entry, build = find_relation_head(model), partial(build_relation_head, model)
    chosen = entry.preset(size) if preset is None else preset
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(FRESH_SEED)
        return chosen, build(chosen)
