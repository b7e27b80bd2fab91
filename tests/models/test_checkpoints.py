"""Weights there and back, and refusals that name the thing, the rule and the remedy."""

from pathlib import Path

import pytest
import torch

from ag_core.errors import UserError
from ag_core.models.checkpoints import load_checkpoint, read_metadata, save_checkpoint


@pytest.fixture
def module() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))


def fresh() -> torch.nn.Sequential:
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))


@pytest.mark.parametrize("half", [False, True])
def test_there_and_back(module: torch.nn.Sequential, tmp_path: Path, half: bool) -> None:
    path = tmp_path / "folder" / "w.safetensors"
    save_checkpoint(path, module.state_dict(), {"preset": "tiny", "command": "train"}, half_precision=half)
    other = fresh()
    metadata = load_checkpoint(path, other, "tiny")
    assert (metadata["preset"], metadata["command"]) == ("tiny", "train")
    assert metadata["created"]
    for name, tensor in module.state_dict().items():
        loaded = other.state_dict()[name]
        assert loaded.dtype == tensor.dtype
        assert torch.allclose(loaded, tensor, atol=1e-3 if half else 0)
    assert [file.name for file in path.parent.iterdir()] == ["w.safetensors"]


def test_half_precision_is_half_the_size(tmp_path: Path) -> None:
    state = {"weight": torch.randn(100, 100)}
    save_checkpoint(tmp_path / "full", state, {"preset": "tiny"})
    save_checkpoint(tmp_path / "half", state, {"preset": "tiny"}, half_precision=True)
    assert (tmp_path / "half").stat().st_size < 0.6 * (tmp_path / "full").stat().st_size


def test_shared_and_strided_tensors_can_be_saved(tmp_path: Path) -> None:
    weight = torch.randn(4, 6)
    save_checkpoint(tmp_path / "w", {"a": weight.T, "b": weight}, {"preset": "tiny"})
    assert read_metadata(tmp_path / "w")["preset"] == "tiny"


def test_another_preset_is_refused_with_both_names(module: torch.nn.Sequential, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "w", module.state_dict(), {"preset": "tiny"})
    with pytest.raises(UserError, match=r"'tiny'.*'huge'"):
        load_checkpoint(tmp_path / "w", fresh(), "huge")


def test_what_does_not_fit_is_listed_and_nothing_is_loaded(module: torch.nn.Sequential, tmp_path: Path) -> None:
    state = module.state_dict()
    del state["0.bias"]
    state["0.weight"] = torch.zeros(4, 5)
    state["extra"] = torch.zeros(1)
    save_checkpoint(tmp_path / "w", state, {"preset": "tiny"})
    other = fresh()
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with pytest.raises(UserError) as error:
        load_checkpoint(tmp_path / "w", other, "tiny")
    assert "0.bias is missing" in str(error.value)
    assert "extra is not part of the network" in str(error.value)
    assert "0.weight has shape [4, 5] instead of [4, 3]" in str(error.value)
    assert all(torch.equal(before[name], tensor) for name, tensor in other.state_dict().items())


def test_absent_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no weights file"):
        load_checkpoint(tmp_path / "absent", fresh(), "tiny")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(UserError, match="not a safetensors file"):
        read_metadata(tmp_path / "text")


def test_a_preset_is_required(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="preset"):
        save_checkpoint(tmp_path / "w", {}, {"preset": ""})


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, module: torch.nn.Sequential, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w"
    save_checkpoint(path, module.state_dict(), {"preset": "tiny"})
    before = path.read_bytes()

    def full_disk(*arguments: object, **options: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("ag_core.models.checkpoints.save_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        save_checkpoint(path, module.state_dict(), {"preset": "tiny"})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["w"]
