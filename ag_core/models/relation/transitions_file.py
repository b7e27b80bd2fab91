"""Transitions of relationships on disk: what smoothing knows, beside the weights of the heads that it comes after.

Probabilities stand in the file, 0 for a step that is not legal; counted by `train relations`.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.catalog import TRANSITIONS
from ag_core.errors import UserError
from ag_core.models.checkpoints import find_owner, read_metadata, read_tensors, save_checkpoint
from ag_core.models.relation.smoothing import Transitions
from ag_core.taxonomy import RELATIONS_OF_GROUP, Group

PARTS = ("usual", "start", "follow")


def save_transitions(path: Path, transitions: Mapping[Group, Transitions], metadata: Mapping[str, str]) -> None:
    """Write the transitions of every group, with text that says where they were counted."""
    tensors = {f"{group}.states": torch.from_numpy(one.states) for group, one in transitions.items()}
    for group, one in transitions.items():
        tensors |= {f"{group}.{part}": torch.from_numpy(np.exp(getattr(one, part))) for part in PARTS}
    save_checkpoint(path, tensors, {**metadata, "model": TRANSITIONS, "preset": TRANSITIONS})


def load_transitions(path: Path) -> dict[Group, Transitions]:
    """The transitions of every group. UserError where the file is missing, another, or damaged."""
    owner = find_owner(read_metadata(path))
    if owner != TRANSITIONS:
        raise UserError(f"{path} holds the weights of {owner!r}, and {TRANSITIONS} are wanted; give that file")
    tensors = {name: tensor.numpy() for name, tensor in read_tensors(path).items()}
    try:
        return {group: _read_group(tensors, group) for group in Group}
    except (KeyError, ValueError, IndexError) as error:
        raise UserError(f"{path} is damaged ({error}); count it anew with `train relations`") from None


def _read_group(tensors: Mapping[str, NDArray[np.generic]], group: Group) -> Transitions:
    states = tensors[f"{group}.states"]
    if states.dtype != np.bool_ or states.ndim != 2 or states.shape[1] != len(RELATIONS_OF_GROUP[group]):
        raise ValueError(f"{group}.states is {states.dtype} {list(states.shape)}")
    logs = {}
    for part in PARTS:
        chances = tensors[f"{group}.{part}"].astype(np.float64)
        if not ((chances >= 0) & (chances <= 1)).all():  # NaN neither
            raise ValueError(f"{group}.{part} holds values that are no probabilities")
        with np.errstate(divide="ignore"):
            logs[part] = np.log(chances)
    return Transitions(states.astype(np.bool_), **logs)
