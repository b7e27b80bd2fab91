"""A detector that begins with what another one has learned: the tensors of earlier weights that fit it.

The earlier detector may have other levels in its pyramid or other classes; levels are matched by their stride. What
does not fit stays as it was. Knows detectors and their files; no training.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN

from ag_core.catalog import HOME_WORLD, find_detector
from ag_core.errors import UserError
from ag_core.models.checkpoints import find_owner, read_metadata, read_tensors
from ag_core.presets import DetectorPreset

_LEVEL = re.compile(r"(?<=\.(?:inner|layer)_blocks\.)\d+(?=\.)")
"""The number of a pyramid's level in the name of a tensor."""


@dataclass(frozen=True)
class CopiedWeights:
    """What a network took over: names of its tensors that were copied, of those that stayed, and of those not wanted.

    renamed  of the copied ones, how many stand under another name in the file
    """

    copied: tuple[str, ...]
    stayed: tuple[str, ...]
    left_over: tuple[str, ...]
    renamed: int

    def describe(self) -> str:
        """The numbers in a sentence."""
        fit = f"{len(self.copied)} of {len(self.copied) + len(self.stayed)} tensors taken over"
        names = f", {self.renamed} of them under another name" if self.renamed else ""
        rest = f", {len(self.left_over)} of the file not wanted" if self.left_over else ""
        return f"{fit}{names}; {len(self.stayed)} begin anew{rest}"


def copy_fitting_weights(model: FasterRCNN, preset: DetectorPreset, path: Path) -> CopiedWeights:
    """Give a detector of `preset`, in place, all tensors of the detector in `path` that fit it in name and shape.

    UserError where the file holds no detector of ours, values that are no numbers, or nothing that fits.
    """
    metadata = read_metadata(path)
    if (owner := find_owner(metadata)) != HOME_WORLD:
        holds = f"the weights of {owner!r}" if owner else "weights that do not say whose they are"
        raise UserError(f"{path} holds {holds}, and a training can start from those of {HOME_WORLD!r} alone")
    entry = find_detector(HOME_WORLD)
    earlier = next((one for one in entry.presets.values() if one.name == metadata.get("preset")), preset)
    wanted = model.state_dict()
    fitting: dict[str, Tensor] = {}
    left_over, renamed = [], 0
    for name, tensor in read_tensors(path).items():
        new = _rename_level(name, earlier.strides, preset.strides)
        if new is None or new not in wanted or not _fits(tensor, wanted[new]):
            left_over.append(name)
            continue
        if not bool(torch.isfinite(tensor).all()):
            raise UserError(f"{path} holds values that are no numbers in {name}; give other weights")
        fitting[new] = tensor.to(wanted[new].dtype)
        renamed += new != name
    if not any(tensor.is_floating_point() for tensor in fitting.values()):
        raise UserError(f"nothing in {path} fits preset {preset.name!r}; give the weights of a detector like it")
    model.load_state_dict(wanted | fitting)
    stayed = tuple(name for name in wanted if name not in fitting)
    return CopiedWeights(tuple(fitting), stayed, tuple(left_over), renamed)


def _rename_level(name: str, before: tuple[int, ...], after: tuple[int, ...]) -> str | None:
    """The name of a tensor where the pyramid has other strides; None where that level is gone."""
    if (level := _LEVEL.search(name)) is None or int(level[0]) >= len(before):
        return name
    stride = before[int(level[0])]
    return _LEVEL.sub(str(after.index(stride)), name) if stride in after else None


def _fits(found: Tensor, wanted: Tensor) -> bool:
    return found.shape == wanted.shape and found.is_floating_point() == wanted.is_floating_point()
