"""Transitions there and back, and refusals of other files and damaged ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ag_core.errors import UserError
from ag_core.models.checkpoints import read_tensors, save_checkpoint
from ag_core.models.relation.smoothing import count_transitions
from ag_core.models.relation.transitions_file import load_transitions, save_transitions
from ag_core.taxonomy import Group
from tests.models.relation.test_smoothing import make_film


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "transitions.safetensors"
    save_transitions(path, count_transitions([make_film([0, 1, 1], [1, 0, 1])]), {"data": "a film"})
    return path


def test_there_and_back(path: Path) -> None:
    counted, loaded = count_transitions([make_film([0, 1, 1], [1, 0, 1])]), load_transitions(path)
    assert list(loaded) == list(Group)
    for group, one in loaded.items():
        assert np.array_equal(one.states, counted[group].states)
        for part in ("usual", "start", "follow"):
            np.testing.assert_allclose(getattr(one, part), getattr(counted[group], part), rtol=1e-12)
    assert np.isneginf(loaded[Group.CONTACT].follow).sum() == 1


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("contact.states", None, "contact.states"),
        ("contact.states", lambda tensor: tensor[:, :3], r"contact\.states is bool \[2, 3\]"),
        ("contact.states", lambda tensor: tensor.int(), r"contact\.states is int32"),
        ("spatial.usual", lambda tensor: tensor * torch.nan, "no numbers|no probabilities"),
        ("attention.follow", lambda tensor: tensor + 2, r"attention\.follow holds values that are no probabilities"),
        ("attention.start", lambda tensor: tensor[:1], "do not agree"),
    ],
)
def test_damage_is_named(
    path: Path, tmp_path: Path, name: str, change: Callable[[Tensor], Tensor] | None, said: str
) -> None:
    tensors = read_tensors(path)
    damaged = tmp_path / "damaged.safetensors"
    if change is None:
        del tensors[name]
    else:
        tensors[name] = (
            change(tensors[name]).nan_to_num(5.0) if tensors[name].is_floating_point() else change(tensors[name])
        )
    save_checkpoint(damaged, tensors, {"model": "transitions", "preset": "transitions"})
    with pytest.raises(UserError, match=said):
        load_transitions(damaged)


def test_weights_of_a_head_are_no_transitions(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "w", {"a": torch.ones(1)}, {"model": "reldn", "preset": "relation-demo"})
    with pytest.raises(UserError, match="holds the weights of 'reldn', and transitions are wanted"):
        load_transitions(tmp_path / "w")
    with pytest.raises(UserError, match="there is no weights file"):
        load_transitions(tmp_path / "absent")
