"""Weights there and back, and refusals that name the thing, the rule and the remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ag_core.errors import UserError
from ag_core.models.checkpoints import (
    check_earlier_weights,
    describe_earlier_weights,
    load_checkpoint,
    read_metadata,
    save_checkpoint,
)

TINY = {"preset": "tiny", "model": "toy"}


@pytest.fixture
def module() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))


def fresh() -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))


@pytest.mark.parametrize("half", [False, True])
def test_there_and_back(module: torch.nn.Sequential, tmp_path: Path, half: bool) -> None:
    path = tmp_path / "folder" / "w.safetensors"
    save_checkpoint(path, module.state_dict(), {**TINY, "command": "train"}, half_precision=half)
    other = fresh()
    metadata = load_checkpoint(path, other, "tiny", "toy")
    assert (metadata["preset"], metadata["command"]) == ("tiny", "train")
    assert metadata["created"]
    for name, tensor in module.state_dict().items():
        loaded = other.state_dict()[name]
        assert loaded.dtype == tensor.dtype
        assert torch.allclose(loaded, tensor, atol=1e-3 if half else 0)
    assert [file.name for file in path.parent.iterdir()] == ["w.safetensors"]


def test_half_precision_is_half_the_size(tmp_path: Path) -> None:
    state = {"weight": torch.randn(100, 100)}
    save_checkpoint(tmp_path / "full", state, TINY)
    save_checkpoint(tmp_path / "half", state, TINY, half_precision=True)
    assert (tmp_path / "half").stat().st_size < 0.6 * (tmp_path / "full").stat().st_size


def test_shared_and_strided_tensors_can_be_saved(tmp_path: Path) -> None:
    weight = torch.randn(4, 6)
    save_checkpoint(tmp_path / "w", {"a": weight.T, "b": weight}, TINY)
    assert read_metadata(tmp_path / "w")["preset"] == "tiny"


def test_another_preset_is_refused_with_both_names(module: torch.nn.Sequential, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "w", module.state_dict(), TINY)
    with pytest.raises(UserError, match=r"'tiny'.*'huge'"):
        load_checkpoint(tmp_path / "w", fresh(), "huge", "toy")


def test_what_does_not_fit_is_listed_and_nothing_is_loaded(module: torch.nn.Sequential, tmp_path: Path) -> None:
    state = module.state_dict()
    del state["0.bias"]
    state["0.weight"] = torch.zeros(4, 5)
    state["extra"] = torch.zeros(1)
    save_checkpoint(tmp_path / "w", state, TINY)
    other = fresh()
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with pytest.raises(UserError) as error:
        load_checkpoint(tmp_path / "w", other, "tiny", "toy")
    assert "0.bias is missing" in str(error.value)
    assert "extra is not part of the network" in str(error.value)
    assert "0.weight has shape [4, 5] instead of [4, 3]" in str(error.value)
    assert all(torch.equal(before[name], tensor) for name, tensor in other.state_dict().items())


def test_absent_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no weights file"):
        load_checkpoint(tmp_path / "absent", fresh(), "tiny", "toy")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(UserError, match="not a whole safetensors file"):
        read_metadata(tmp_path / "text")


@pytest.mark.parametrize("facts", [{"preset": "", "model": "toy"}, {"preset": "tiny"}])
def test_preset_and_model_are_required(tmp_path: Path, facts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="preset"):
        save_checkpoint(tmp_path / "w", {}, facts)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"model": "other"}, "holds the weights of 'other', and those of 'toy' are wanted"),
        ({"bank": "oracle"}, "holds the weights of 'oracle'"),
        ({"head": "frequency"}, "holds the weights of 'frequency'"),
        ({"command": "train detector --seed 0"}, "holds the weights of 'home-world'"),
        ({"command": "train clip --seed 0"}, "holds the weights of 'i3d'"),
        ({"command": "train action --seed 0"}, "does not say whose weights it holds"),
        ({}, "does not say whose weights it holds"),
    ],
)
def test_weights_of_another_model_are_refused_by_name(
    module: torch.nn.Sequential, tmp_path: Path, facts: dict[str, str], said: str
) -> None:
    save_file(module.state_dict(), tmp_path / "w", metadata={"preset": "tiny", **facts})
    with pytest.raises(UserError, match=said):
        load_checkpoint(tmp_path / "w", fresh(), "tiny", "toy")


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("0.weight", lambda tensor: tensor.fill_(float("nan")), "0.weight holds values that are no numbers"),
        ("0.bias", lambda tensor: tensor.fill_(float("inf")), "0.bias holds values that are no numbers"),
        ("0.bias", lambda tensor: tensor.double() + 1e300, "0.bias holds values that are no numbers"),
        ("0.weight", lambda tensor: tensor.int(), "0.weight holds int32 instead of float32"),
        ("0.weight", lambda tensor: tensor > 0, "0.weight holds bool instead of float32"),
        ("1.num_batches_tracked", lambda tensor: tensor.float(), "holds float32 instead of int64"),
        (
            "1.running_mean",
            lambda tensor: tensor.fill_(float("nan")),
            "1.running_mean holds values that are no numbers",
        ),
        ("1.running_var", lambda tensor: tensor - 2, "1.running_var holds variances below 0"),
    ],
)
def test_tensors_that_are_no_weights_are_named(
    module: torch.nn.Sequential, tmp_path: Path, name: str, change: Callable[[Tensor], Tensor], said: str
) -> None:
    state = module.state_dict()
    save_file({**state, name: change(state[name].clone())}, tmp_path / "w", metadata=TINY)
    with pytest.raises(UserError, match=said):
        load_checkpoint(tmp_path / "w", fresh(), "tiny", "toy")


@pytest.mark.parametrize("share", [0.0, 0.2, 0.9, 0.999])
def test_a_cut_file_is_refused(module: torch.nn.Sequential, tmp_path: Path, share: float) -> None:
    path = tmp_path / "w"
    save_checkpoint(path, module.state_dict(), TINY)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(UserError, match="is not a whole safetensors file"):
        load_checkpoint(path, fresh(), "tiny", "toy")


def test_weights_that_are_no_numbers_are_not_written(tmp_path: Path) -> None:
    for state, half in (({"a": torch.tensor([1.0, torch.nan])}, False), ({"a": torch.tensor([1e6])}, True)):
        with pytest.raises(UserError, match="w is not written: a came to values that are no numbers"):
            save_checkpoint(tmp_path / "w", state, TINY, half_precision=half)
    assert not list(tmp_path.iterdir())


def test_weights_name_those_they_stand_on(module: torch.nn.Sequential, tmp_path: Path) -> None:
    one, other, top = (tmp_path / name for name in ("one", "other", "top"))
    save_checkpoint(one, module.state_dict(), TINY)
    save_checkpoint(other, fresh().state_dict(), TINY)
    facts = describe_earlier_weights({"detector": one})
    check_earlier_weights(top, facts, "detector", one)
    check_earlier_weights(top, facts, "clip", other)
    check_earlier_weights(top, {}, "detector", other)
    with pytest.raises(UserError, match=r"top was trained on top of another detector than .*other"):
        check_earlier_weights(top, facts, "detector", other)


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, module: torch.nn.Sequential, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w"
    save_checkpoint(path, module.state_dict(), TINY)
    before = path.read_bytes()

    def full_disk(*arguments: object, **options: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("ag_core.models.checkpoints.save_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        save_checkpoint(path, module.state_dict(), TINY)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["w"]


def test_what_the_system_refused_is_told_though_the_library_tells_it_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*arguments: object, **options: object) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("ag_core.models.checkpoints.save_file", fill)
    with pytest.raises(UserError, match="cannot be written: the disk is full"):
        save_checkpoint(tmp_path / "weights.safetensors", {"a": torch.zeros(2)}, TINY)
