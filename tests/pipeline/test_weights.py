"""Weights of a prediction: their size, what they were trained on, and sentences where they do not fit."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ag_core.errors import UserError
from ag_core.models.checkpoints import read_metadata, save_checkpoint
from ag_core.models.detector import build_faster_rcnn
from ag_core.models.relation import build_relation_head
from ag_core.models.video import build_bank_head
from ag_core.pipeline import load_models
from ag_core.presets import DEMO_RELDN, DEMO_STRIDE_4_DETECTOR, PAPER_VRD
from ag_core.results import prediction_notes
from ag_core.results.prediction_cache import (
    PredictionSettings,
)
from ag_core.settings import WEIGHTS


def test_detector_and_head_are_of_the_size_that_their_files_name(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights, folder)
    preset = DEMO_STRIDE_4_DETECTOR
    facts = {"preset": preset.name, "model": "home-world"}
    save_checkpoint(folder / "detector.safetensors", build_faster_rcnn(preset).state_dict(), facts, half_precision=True)
    uses = {use.role: use.preset for use in load_models("cpu", weights=folder).uses}
    assert (uses["detector"], uses["regions"], uses["relations"]) == (preset.name, preset.name, DEMO_RELDN.name)
    larger = build_relation_head("vrd", PAPER_VRD).state_dict()
    save_checkpoint(folder / "vrd.safetensors", larger, {"preset": PAPER_VRD.name, "model": "vrd"})
    with pytest.raises(UserError, match="reads region features of 1024 numbers, and the detector beside it gives 256"):
        load_models("cpu", PredictionSettings(relation_head="vrd"), folder)


def test_a_prediction_says_what_its_weights_were_trained_on(weights: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(weights, own)
    for name, module in (("reldn", build_relation_head("reldn")), ("lfb", build_bank_head("lfb"))):
        path = own / f"{name}.safetensors"
        facts = read_metadata(path) | {"trained_on_data": "charades-ag"}
        save_checkpoint(path, module.state_dict(), facts, half_precision=True)
    uses = load_models("cpu", weights=own).uses
    home = dict.fromkeys(("detector", "regions", "clip", "sgfb"), "home world")
    assert {use.role: use.trained_on_data for use in uses} == {**home, "relations": "charades-ag", "lfb": "charades-ag"}
    [note] = prediction_notes.list_domain_notes(uses)
    assert note.startswith("Objects and actions come from models trained only on the synthetic home world.")
    assert prediction_notes.list_domain_notes([use for use in uses if use.trained_on_data != "home world"]) == ()
    steady = replace(uses[0], role="smoothing", trained_on_data="home world")
    assert prediction_notes.list_domain_notes([steady])[0].startswith("Relations come from models")


def test_missing_or_wrong_weights_and_devices_are_sentences(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"detector\.safetensors is missing"):
        load_models("cpu", weights=tmp_path)
    with pytest.raises(UserError, match="no device"):
        load_models("abacus", weights=weights)
    for file in weights.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "lfb.safetensors").write_bytes((weights / "clip.safetensors").read_bytes())
    with pytest.raises(UserError, match="holds the weights of 'i3d', and those of 'lfb' are wanted"):
        load_models("cpu", weights=tmp_path)


def test_the_weights_of_another_model_are_refused_though_they_fit(weights: Path, tmp_path: Path) -> None:
    shutil.copytree(weights, tmp_path, dirs_exist_ok=True)
    shutil.copy(WEIGHTS / "oracle.safetensors", tmp_path / "sgfb.safetensors")
    with pytest.raises(UserError, match=r"sgfb\.safetensors holds the weights of 'oracle', and those of 'sgfb' are"):
        load_models("cpu", weights=tmp_path)
