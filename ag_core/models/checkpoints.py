"""Weights on disk: safetensors files whose header says which preset they are for and where they came from.

A file for another preset is refused, as is one that does not fit the module: silently loading half of a network is
how wrong numbers are made. Knows no network.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ag_core.errors import UserError
from ag_core.files import stage_file, write_or_rescue


def save_checkpoint(
    path: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str], half_precision: bool = False
) -> None:
    """Write tensors and text to `path` in one move, or elsewhere where that place takes nothing.

    `metadata` must hold `preset`; `created` is added where absent.
    `half_precision` stores floating tensors as float16, half the size; loading brings them back to the module's type.
    """
    if not metadata.get("preset"):
        raise ValueError("a checkpoint needs its preset's name in the metadata")
    text = {"created": datetime.now(UTC).isoformat(timespec="seconds"), **metadata}
    tensors = {name: _prepare_tensor(tensor, half_precision) for name, tensor in state.items()}
    write_or_rescue(path, lambda place: _write(place, tensors, text))


def _write(path: Path, tensors: Mapping[str, Tensor], text: Mapping[str, str]) -> None:
    with stage_file(path) as staged:
        save_file(dict(tensors), staged, metadata=dict(text))
        staged.chmod(0o644)  # safetensors makes files that only their owner may read


def _prepare_tensor(tensor: Tensor, half_precision: bool) -> Tensor:
    tensor = tensor.detach().cpu()
    if half_precision and tensor.is_floating_point():
        tensor = tensor.half()
    return tensor.clone(memory_format=torch.contiguous_format)


def read_metadata(path: Path) -> dict[str, str]:
    """The text in a checkpoint's header, without reading its tensors; UserError where it is no such file."""
    if not path.is_file():
        raise UserError(f"there is no weights file {path}; train one with `python -m ag_core train`, or give its path")
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except SafetensorError as error:
        raise UserError(f"{path} is not a safetensors file ({error}); give one made by `train`") from error


IDENTITIES = ("model", "bank", "head")
"""Under which names a file says whose weights it holds; `model` is written today, the others are older."""


def holds_weights_of(path: Path, model: str, kind: str) -> bool:
    """Whether a file holds weights that `train` of that kind wrote for a model (a catalog id)."""
    try:
        metadata = read_metadata(path)
    except UserError:
        return False
    owner = next((metadata[name] for name in IDENTITIES if name in metadata), None)
    return metadata.get("command", "").startswith(f"train {kind}") if owner is None else owner == model


def load_checkpoint(path: Path, module: nn.Module, preset: str, model: str | None = None) -> dict[str, str]:
    """Fill `module` from `path` and return the file's metadata.

    UserError unless preset, names and shapes all agree, and unless the file is of `model` (a catalog id), where one
    is given and the file says whose weights it holds: two models may have the same shapes.
    """
    metadata = read_metadata(path)
    owner = next((metadata[name] for name in IDENTITIES if name in metadata), None)
    if model is not None and owner is not None and owner != model:
        raise UserError(f"{path} holds the weights of {owner!r}, and those of {model!r} are wanted; give that file")
    if metadata.get("preset") != preset:
        raise UserError(
            f"{path} was trained with preset {metadata.get('preset')!r}, and {preset!r} is wanted; "
            f"choose that preset or give other weights"
        )
    with safe_open(path, framework="pt") as file:
        names = file.keys()
        state = {name: file.get_tensor(name) for name in names}
    wanted = module.state_dict()
    problems = [f"{name} is missing" for name in wanted if name not in state]
    problems += [f"{name} is not part of the network" for name in state if name not in wanted]
    problems += [
        f"{name} has shape {list(state[name].shape)} instead of {list(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in state and state[name].shape != tensor.shape
    ]
    if problems:
        rest = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise UserError(f"{path} does not fit preset {preset!r}: {'; '.join(problems[:5])}{rest}; train it anew")
    module.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in state.items()})
    return metadata
