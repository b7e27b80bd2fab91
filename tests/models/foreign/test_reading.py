"""Files of elsewhere: what is read of them, and one sentence for each that cannot be."""

import contextlib
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ag_core.__main__ import main
from ag_core.errors import UserError
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.foreign.conversion import convert_weights
from ag_core.models.foreign.reading import read_foreign_tensors

STATE = {"a.weight": torch.ones(2, 3)}


class Opener:
    """What a pickle can do to whoever opens it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["model", "state_dict", None])
def test_tensors_come_out_of_their_envelope(name: str | None, tmp_path: Path) -> None:
    state = {f"module.{key}": value for key, value in STATE.items()}
    torch.save(state if name is None else {name: state, "epoch": 3, "optimizer": {"lr": 0.1}}, tmp_path / "w.pth")
    assert list(read_foreign_tensors(tmp_path / "w.pth")) == ["a.weight"]


def test_a_file_of_the_older_format_is_read(tmp_path: Path) -> None:
    torch.save({"model": STATE}, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    assert torch.equal(read_foreign_tensors(tmp_path / "w.pth")["a.weight"], STATE["a.weight"])


def test_foreign_safetensors_are_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "w.safetensors")
    assert list(read_foreign_tensors(tmp_path / "w.safetensors")) == ["a.weight"]


@pytest.mark.parametrize("torch_file", [True, False])
def test_code_in_a_pickle_is_not_run(torch_file: bool, tmp_path: Path) -> None:
    mark, path = tmp_path / "mark", tmp_path / "w.pth"
    if torch_file:
        torch.save({"model": STATE, "more": Opener(mark)}, path)
    else:
        path.write_bytes(pickle.dumps(Opener(mark), protocol=2))
    with pytest.raises(UserError, match=r"holds more than tensors, and reading that would run|is no whole torch"):
        read_foreign_tensors(path)
    assert not mark.exists()
    if torch_file:
        with pytest.raises(UserError, match=r"where you trust it, save its tensors alone with torch\.save"):
            read_foreign_tensors(path)


def write_text(path: Path) -> None:
    path.write_text("hello")


def write_half(path: Path) -> None:
    torch.save(STATE, path)
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: None, "there is no weights file"),
        (write_text, "is no whole torch weights file"),
        (write_half, "is no whole torch weights file"),
        (lambda path: path.write_bytes(b""), "is no whole torch weights file"),
        (lambda path: torch.save(torch.ones(2), path), "holds no state dict, but Tensor"),
        (lambda path: torch.save({}, path), "holds no state dict"),
        (lambda path: torch.save({"model": {"a": 3}}, path), "holds 'a', which is no tensor"),
        (lambda path: torch.save({1: torch.ones(1)}, path), "holds 1, which is no tensor"),
    ],
)
def test_what_is_no_weights_file_is_refused(write: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    write(tmp_path / "w.pth")
    with pytest.raises(UserError, match=said):
        read_foreign_tensors(tmp_path / "w.pth")


def test_weights_of_our_own_need_no_conversion(tmp_path: Path) -> None:
    path = tmp_path / "oracle.safetensors"
    save_checkpoint(path, STATE, {"model": "oracle", "preset": "video-demo"})
    with pytest.raises(UserError, match="holds this project's weights of 'oracle' already"):
        read_foreign_tensors(path)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UserError, match="not a whole safetensors file"):
        read_foreign_tensors(path)


def test_a_network_that_nobody_knows_lists_the_known(tmp_path: Path) -> None:
    torch.save(STATE, tmp_path / "w.pth")
    with pytest.raises(UserError, match=r"holds no network that is known here; known are STTran's detector, .*ResNet"):
        convert_weights(tmp_path / "w.pth", "sttran", tmp_path / "out.safetensors")


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("w.safetensors", "would be replaced by its own result"),
        ("out.pth", "ends in .safetensors"),
        ("oracle.safetensors", "oracle.safetensors"),
        ("out.safetensors", "holds no network that is known here"),
    ],
)
def test_the_command_refuses_with_one_sentence(
    out: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_file(STATE, tmp_path / "w.safetensors")
    save_checkpoint(tmp_path / "oracle.safetensors", STATE, {"model": "oracle", "preset": "video-demo"})
    oracle = (tmp_path / "oracle.safetensors").read_bytes()
    given = ["convert-weights", str(tmp_path / "w.safetensors"), "--as", "sttran", "--out", str(tmp_path / out)]
    assert main(given) == 1
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith("error: ") and said in sentence
    assert (tmp_path / "oracle.safetensors").read_bytes() == oracle


@pytest.mark.parametrize("zipped", [True, False])
def test_harmed_files_are_read_or_refused_with_a_sentence(zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save({"model": {**STATE, "b": torch.rand(7)}, "epoch": 3}, path, _use_new_zipfile_serialization=zipped)
    whole, random = path.read_bytes(), np.random.default_rng(0)
    for case in range(60):
        harmed = bytearray(whole[: random.integers(len(whole))] if case % 3 == 0 else whole)
        for place in random.integers(len(harmed), size=random.integers(1, 6)) if harmed else ():
            harmed[place] = random.integers(256)
        path.write_bytes(bytes(harmed))
        with contextlib.suppress(UserError):
            assert all(tensor.numel() for tensor in read_foreign_tensors(path).values())
