"""Weights on disk: safetensors files whose header says whose they are, for which preset, and where they came from.

A file of another model or preset is refused, as is one that does not fit the module or holds what is no number:
silently loading half of a network, or another one of the same shapes, is how wrong numbers are made. Knows no network.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ag_core.catalog import DEFAULT_CLIP_NETWORK, HOME_WORLD, Entry
from ag_core.errors import UserError
from ag_core.files import hash_file_cached, stage_file, write_or_rescue

IDENTITIES = ("model", "bank", "head")
"""Under which names a file says whose weights it holds; `model` is written today, the others are older."""

OLDER_COMMANDS = {"train detector": HOME_WORLD, "train clip": DEFAULT_CLIP_NETWORK}
"""Whose weights the files are that name only the command which made them, as older ones do, by its first two words."""

STANDS_ON = "stands_on"
"""Under this name a file lists the earlier weights that its network was trained on top of: ROLE=HASH, with spaces."""


def save_checkpoint(
    path: Path, state: Mapping[str, Tensor], metadata: Mapping[str, str], half_precision: bool = False
) -> None:
    """Write tensors and text to `path` in one move, or elsewhere where that place takes nothing.

    `metadata` must hold `model` and `preset`; `created` is added where absent. `half_precision` stores floating tensors
    as float16, half the size; loading brings them back to the module's type. UserError for weights that are no numbers,
    or too large for that.
    """
    if not metadata.get("preset") or not metadata.get("model"):
        raise ValueError("a checkpoint needs its model's and its preset's name in the metadata")
    text = {"created": datetime.now(UTC).isoformat(timespec="seconds"), **metadata}
    tensors = {name: _prepare_tensor(tensor, half_precision) for name, tensor in state.items()}
    if infinite := [name for name, tensor in tensors.items() if not _is_finite(tensor)]:
        raise UserError(
            f"{path} is not written: {_list_some(infinite)} came to values that are no numbers, or none that half "
            "precision holds; train again with a smaller --rate"
        )
    write_or_rescue(path, lambda place: _write(place, tensors, text))


def _write(path: Path, tensors: Mapping[str, Tensor], text: Mapping[str, str]) -> None:
    with stage_file(path) as staged:
        try:
            save_file(dict(tensors), staged, metadata=dict(text))
        except SafetensorError as error:
            # It tells what the system refused, such as a full disk, in words alone; from its number a sentence is made.
            if number := re.search(r"os error (\d+)", str(error)):
                raise OSError(int(number[1]), os.strerror(int(number[1]))) from None
            raise
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
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is not a whole safetensors file ({error}); give one made by `train`") from error


def find_owner(metadata: Mapping[str, str]) -> str | None:
    """The catalog's id of the model whose weights a file with this text holds; None where it does not say."""
    named = (metadata[name] for name in IDENTITIES if name in metadata)
    return next(named, None) or OLDER_COMMANDS.get(" ".join(metadata.get("command", "").split()[:2]))


def holds_weights_of(path: Path, model: str) -> bool:
    """Whether a file holds the weights of a model (a catalog id)."""
    try:
        return find_owner(read_metadata(path)) == model
    except UserError:
        return False


def find_preset_of(path: Path, entry: Entry) -> Any:
    """The preset of a catalog entry that its weights in `path` were made for, at demo size where the file says none.

    UserError where there is no such file; whether it fits is for `load_checkpoint` to say.
    """
    said = read_metadata(path).get("preset")
    return next((preset for preset in entry.presets.values() if preset.name == said), entry.preset())


def load_checkpoint(path: Path, module: nn.Module, preset: str, model: str) -> dict[str, str]:
    """Fill `module` from `path` and return the file's metadata.

    UserError unless the file is of `model` (a catalog id) and `preset`: two models may have the same shapes; and unless
    names, shapes and kinds of numbers all agree and every number is one.
    """
    metadata = read_metadata(path)
    owner = find_owner(metadata)
    if owner is None:
        raise UserError(f"{path} does not say whose weights it holds, and those of {model!r} are wanted; train it anew")
    if owner != model:
        raise UserError(f"{path} holds the weights of {owner!r}, and those of {model!r} are wanted; give that file")
    if metadata.get("preset") != preset:
        raise UserError(
            f"{path} was trained with preset {metadata.get('preset')!r}, and {preset!r} is wanted; "
            f"choose that preset or give other weights"
        )
    state = read_tensors(path)
    if problems := find_problems(state, module):
        raise UserError(f"{path} does not fit preset {preset!r}: {_list_some(problems, '; ')}; train it anew")
    wanted = module.state_dict()
    module.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in state.items()})
    return metadata


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, as they are stored; UserError where they cannot be read."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (a file, not a dictionary)
    except (SafetensorError, OSError, RuntimeError, KeyError) as error:
        raise UserError(f"{path} cannot be read ({error}); give a whole file") from error


def find_problems(state: Mapping[str, Tensor], module: nn.Module) -> list[str]:
    """Why tensors are not the weights of a module, one sentence's part each; empty where they are."""
    wanted = module.state_dict()
    problems = [f"{name} is missing" for name in wanted if name not in state]
    problems += [f"{name} is not part of the network" for name in state if name not in wanted]
    for name, tensor in wanted.items():
        if name not in state:
            continue
        found = state[name]
        if found.shape != tensor.shape:
            problems.append(f"{name} has shape {list(found.shape)} instead of {list(tensor.shape)}")
        elif found.is_floating_point() != tensor.is_floating_point() or found.is_complex():
            problems.append(f"{name} holds {_name_type(found)} instead of {_name_type(tensor)}")
        elif not _is_finite(found.to(tensor.dtype)):
            problems.append(f"{name} holds values that are no numbers (nan or infinite)")
        elif name.endswith("running_var") and bool((found < 0).any()):
            problems.append(f"{name} holds variances below 0")
    return problems


def describe_earlier_weights(paths: Mapping[str, Path]) -> dict[str, str]:
    """What a file says of the earlier weights that its network was trained on top of, given by role."""
    return {STANDS_ON: " ".join(f"{role}={hash_file_cached(path)[:12]}" for role, path in paths.items())}


def check_earlier_weights(path: Path, metadata: Mapping[str, str], role: str, earlier: Path) -> None:
    """UserError where a file says that it was trained on top of other weights than those in `earlier`, a file.

    A file that says nothing of that role, as older ones do, passes.
    """
    stands_on = dict(part.split("=", 1) for part in metadata.get(STANDS_ON, "").split() if "=" in part)
    if role in stands_on and stands_on[role] != hash_file_cached(earlier)[:12]:
        raise UserError(
            f"{path} was trained on top of another {role} than {earlier}; "
            f"train it again on this one, or put the {role} it was trained on beside it"
        )


def check_answers(values: NDArray[np.float32], network: str) -> NDArray[np.float32]:
    """The same values; UserError where some are no numbers, as weights give that are finite but much too large."""
    if not np.isfinite(values).all():
        raise UserError(
            f"{network} answers with values that are no numbers (nan or infinite); its weights are of no use: "
            "give others, or train it anew"
        )
    return values


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.isfinite().all())


def _name_type(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _list_some(texts: list[str], separator: str = ", ") -> str:
    """At most five of some texts, and how many more there are."""
    rest = f" and {len(texts) - 5} more" if len(texts) > 5 else ""
    return separator.join(texts[:5]) + rest
