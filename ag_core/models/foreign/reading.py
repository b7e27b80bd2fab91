"""A weights file of elsewhere, read without running anything that it holds: names and tensors, and nothing else."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ag_core.errors import UserError
from ag_core.models.checkpoints import find_owner, read_metadata, read_tensors
from ag_core.unpickle import read_pickle

ENVELOPES = ("model", "state_dict", "model_state")
"""Under which name files keep their tensors beside other things, such as the state of an optimizer."""


def read_foreign_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a .pth, .pt, .safetensors or caffe2 .pkl file by name, without a leading 'module.'.

    UserError where there is no such file, it is none, holds no tensors or more than tensors, or is ours already.
    """
    if not path.is_file():
        raise UserError(f"there is no weights file {path}; give the path of one")
    if path.suffix == ".pkl":
        return _read_blobs(path)
    state = _read_safetensors(path) if path.suffix == ".safetensors" else _unwrap(path, _read_pickle(path))
    return {name.removeprefix("module."): tensor for name, tensor in state.items()}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    if (owner := find_owner(read_metadata(path))) is not None:
        raise UserError(f"{path} holds this project's weights of {owner!r} already; use it as it is")
    return read_tensors(path)


def _read_pickle(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported global" not in str(error):
            raise _refuse(path) from error
        raise UserError(
            f"{path} holds more than tensors, and reading that would run what it holds; where you trust it, save its "
            "tensors alone with torch.save(torch.load(FILE, weights_only=False)['model'], OTHER), and give that file"
        ) from error
    except Exception as error:  # torch tells damage in many ways
        raise _refuse(path) from error


def _read_blobs(path: Path) -> dict[str, Tensor]:
    """What caffe2 keeps of a network, the state of its training left out. Numbers of a whole net, such as its step,
    are no tensors of it."""
    content = read_pickle(path)
    for name in ("blobs", b"blobs"):
        content = content.get(name, content) if isinstance(content, dict) else content
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path} holds no blobs of caffe2, but {type(content).__name__}; give a file of its weights")
    tensors = {}
    for raw, blob in content.items():
        name = raw.decode("latin1") if isinstance(raw, bytes) else raw
        if isinstance(name, str) and (name in ("lr", "model_iter") or name.endswith("_momentum")):
            continue
        if not isinstance(name, str) or not isinstance(blob, np.ndarray) or blob.dtype.kind not in "fiub":
            raise UserError(f"{path} holds {raw!r}, which is no array of numbers, among its blobs; give another file")
        tensors[name] = torch.from_numpy(np.ascontiguousarray(blob, blob.dtype.newbyteorder("=")))
    return tensors


def _refuse(path: Path) -> UserError:
    return UserError(f"{path} is no whole torch weights file; give one saved by torch.save, or a .safetensors file")


def _unwrap(path: Path, content: Any) -> Mapping[str, Tensor]:
    """The tensors of a file's content, which may lie in an envelope."""
    if isinstance(content, Mapping):
        content = next((content[name] for name in ENVELOPES if isinstance(content.get(name), Mapping)), content)
    if not isinstance(content, Mapping) or not content:
        raise UserError(f"{path} holds no state dict, but {type(content).__name__}; give one")
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise UserError(f"{path} holds {name!r}, which is no tensor, among its weights; give a state dict")
    return content
