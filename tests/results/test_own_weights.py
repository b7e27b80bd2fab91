"""Own weights: what is refused and why, kept by content, chosen by name, removed and brought back."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ag_core.__main__ import main
from ag_core.catalog import HOME_WORLD
from ag_core.errors import UserError
from ag_core.files import hash_file
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.relation import build_relation_head
from ag_core.presets import DEMO_RELDN, DEMO_VIDEO
from ag_core.results import own_weights
from ag_core.results.own_weights import OWN_DETECTOR_FILE, CheckedFile, compose_folder, keep_weights, resolve_weights
from ag_core.results.prediction import ModelUse
from ag_core.results.prediction_cache import (
    PredictionSettings,
    find_scoring_weights,
    find_weights_files,
    with_own_weights,
)
from ag_core.settings import WEIGHTS, settings
from tests.conftest import stand_in_prediction


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("AG_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture(scope="module")
def head() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return build_relation_head("reldn").state_dict()


FACTS = {"model": "reldn", "preset": DEMO_RELDN.name}


def add(path: Path, kind: str, name: str, *more: str) -> int:
    return main(["weights", "add", str(path), "--as", kind, "--name", name, *more])


def test_each_fault_of_a_file_is_one_sentence(
    home: Path, head: dict[str, torch.Tensor], capsys: pytest.CaptureFixture[str]
) -> None:
    first = next(name for name, tensor in head.items() if tensor.ndim == 2)
    harmed = {
        "whole": head | {first: head[first].long()},
        "nan": head | {first: head[first] * torch.nan},
        "shape": head | {first: head[first][:-1]},
        "less": {name: tensor for name, tensor in head.items() if name != first},
    }
    said = {
        "whole": f"{first} holds int64 instead of float32",
        "nan": f"{first} holds values that are no numbers",
        "shape": f"{first} has shape",
        "less": f"{first} is missing",
    }
    files = {}
    for name, state in harmed.items():
        files[name] = home / f"{name}.safetensors"
        save_file({key: tensor.contiguous() for key, tensor in state.items()}, files[name], FACTS)
    files["preset"], said["preset"] = home / "preset.safetensors", "was trained with preset 'huge'"
    save_file(dict(head), files["preset"], FACTS | {"preset": "huge"})
    files["text"], said["text"] = home / "text.safetensors", "is not a whole safetensors file"
    files["text"].write_text("weights")
    files["gone"], said["gone"] = home / "gone.safetensors", "there is no file"
    for name, path in files.items():
        assert add(path, "relations", "mine") == 1
        error = capsys.readouterr().err
        assert said[name] in error and error.count("\n") == 1, name
    oracle = WEIGHTS / "oracle.safetensors"
    assert add(oracle, "action", "mine", "--model", "sgfb") == 1
    assert "oracle.safetensors holds the weights of 'oracle', and those of 'sgfb' are wanted" in capsys.readouterr().err
    assert add(oracle, "relations", "mine") == 1
    assert "holds the weights of 'oracle', which is no relation head" in capsys.readouterr().err
    torch.save({"model": head, "code": print}, home / "code.pt")
    assert add(home / "code.pt", "relations", "mine", "--model", "reldn") == 1
    assert "holds more than tensors" in capsys.readouterr().err
    torch.save(head, home / "bare.pt")
    assert add(home / "bare.pt", "detector", "mine", "--model", "coco") == 1
    assert "coco is no network of this project" in capsys.readouterr().err
    (home / "list.txt").write_text("person")
    assert add(home / "list.txt", "detector", "mine") == 1
    assert "list.txt is no weights file; give one that ends with .safetensors" in capsys.readouterr().err
    for name in ("reldn", "../mine", ""):
        assert add(files["nan"], "relations", name) == 1
    assert own_weights.list_own_weights() == [] and not list((home / "home" / "weights").glob("*"))


def test_weights_are_kept_by_content_chosen_by_name_removed_and_brought_back(
    home: Path, head: dict[str, torch.Tensor], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / "mine.safetensors"
    save_checkpoint(path, head, FACTS)
    torch.save({"state_dict": head}, home / "bare.pt")
    assert add(home / "bare.pt", "relations", "bare") == 1
    assert "does not say whose weights it holds" in capsys.readouterr().err
    assert add(home / "bare.pt", "relations", "bare", "--model", "reldn") == 0
    assert add(path, "relations", "kitchen") == 0
    assert add(path, "relations", "kitchen") == 1
    assert "are there already" in capsys.readouterr().err
    kitchen, bare = own_weights.find_own_weights("kitchen"), own_weights.find_own_weights("bare")
    assert kitchen.sha256 == hash_file(path) == hash_file(kitchen.path) and bare.preset == DEMO_RELDN.name
    path.unlink()

    chosen = with_own_weights(PredictionSettings(relation_head="frequency"), ["kitchen"])
    assert chosen.relation_head == "reldn" and chosen.own == ("kitchen",)
    files = find_weights_files(chosen)
    assert hash_file(files["relations"]) == kitchen.sha256
    assert hash_file(files["detector"]) == hash_file(WEIGHTS / "detector.safetensors")
    with pytest.raises(UserError, match="bare and kitchen do the same"):
        with_own_weights(PredictionSettings(), ["bare", "kitchen"])
    folder = resolve_weights("kitchen")
    assert folder.name == "kitchen" and hash_file(folder / "reldn.safetensors") == kitchen.sha256
    assert resolve_weights(str(WEIGHTS)) == WEIGHTS and compose_folder([]) == WEIGHTS

    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    assert main(["weights", "remove", "kitchen"]) == 1
    assert "add --yes" in capsys.readouterr().err
    assert main(["weights", "remove", "kitchen", "--yes"]) == 0
    with pytest.raises(UserError, match="no weights named 'kitchen'; known are bare"):
        find_weights_files(chosen)
    assert main(["weights", "undo"]) == 0
    assert own_weights.find_own_weights("kitchen") == kitchen
    assert main(["weights", "undo"]) == 1
    capsys.readouterr()
    assert main(["weights", "list"]) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()] == ["bare", "kitchen"]


def test_an_own_detector_leaves_region_features_to_the_one_that_heads_learned_on(home: Path) -> None:
    for name, of in (("boxes", "detector"), ("scores", "sgfb"), ("truth", "oracle")):
        model = HOME_WORLD if of == "detector" else of
        path = home / f"{name}.safetensors"
        save_file({"w": torch.full((2,), float(len(name)))}, path, {"model": model})
        kind = "detector" if of == "detector" else "action"
        keep_weights(path, name, CheckedFile(kind, model, DEMO_VIDEO.name, {}))
    boxes, scores = own_weights.find_own_weights("boxes"), own_weights.find_own_weights("scores")
    files = find_weights_files(with_own_weights(PredictionSettings(detector="coco"), ["boxes", "scores"]))
    assert files["detector"].name == OWN_DETECTOR_FILE and hash_file(files["detector"]) == boxes.sha256
    assert hash_file(files["regions"]) == hash_file(WEIGHTS / "detector.safetensors")
    assert hash_file(files["sgfb"]) == scores.sha256
    assert hash_file(compose_folder(["boxes"], whole=True) / "detector.safetensors") == boxes.sha256
    with pytest.raises(UserError, match="truth is of SGFB oracle, which takes part in no prediction"):
        with_own_weights(PredictionSettings(), ["truth"])
    # A head that learned on it takes its features, too.
    path = home / "head.safetensors"
    save_file({"w": torch.ones(3)}, path, {"model": "reldn"})
    keep_weights(path, "head", CheckedFile("relations", "reldn", DEMO_RELDN.name, {"detector": boxes.sha256[:12]}))
    files = find_weights_files(with_own_weights(PredictionSettings(), ["boxes", "head"]))
    assert hash_file(files["regions"]) == hash_file(files["detector"]) == boxes.sha256
    # A prediction is asked about with the weights that scored it.
    scored = replace(
        stand_in_prediction("AB1CD"), models=(ModelUse("sgfb", "sgfb", "demo", scores.sha256, "my homes"),)
    )
    assert hash_file(find_scoring_weights(scored) / "sgfb.safetensors") == scores.sha256
    assert find_scoring_weights(stand_in_prediction("AB1CD")) == WEIGHTS
