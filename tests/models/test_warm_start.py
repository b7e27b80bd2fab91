"""A detector takes over what fits it of another one, level by level of the pyramid."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ag_core.catalog import DETECTORS, HOME_WORLD
from ag_core.errors import UserError
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.detector import build_faster_rcnn
from ag_core.models.warm_start import copy_fitting_weights
from ag_core.presets import DetectorPreset
from tests.experiments.test_detector import TINY

FINE = replace(
    TINY, name="detector-tiny-fine", strides=(4, 8, 16, 32), anchor_sizes=((12, 20), (30, 46), (68, 104), (150, 220))
)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights of the tiny detector; its preset is known to the catalog."""
    monkeypatch.setitem(DETECTORS[HOME_WORLD].presets, "tiny", TINY)
    return _save(tmp_path / "earlier.safetensors", TINY)


def _save(path: Path, preset: DetectorPreset, model: str = HOME_WORLD) -> Path:
    torch.manual_seed(1)
    save_checkpoint(path, build_faster_rcnn(preset).state_dict(), {"model": model, "preset": preset.name})
    return path


def test_the_levels_of_a_pyramid_are_matched_by_their_stride(saved: Path) -> None:
    torch.manual_seed(2)
    model = build_faster_rcnn(FINE)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    report = copy_fitting_weights(model, FINE, saved)
    torch.manual_seed(1)
    earlier, now = build_faster_rcnn(TINY).state_dict(), model.state_dict()
    inner = "backbone.pyramid.inner_blocks.{}.0.weight"
    for stride_index in range(3):
        assert torch.equal(now[inner.format(stride_index + 1)], earlier[inner.format(stride_index)])
    assert torch.equal(now[inner.format(0)], before[inner.format(0)]), "the earlier network has no level of stride 4"
    stayed = {name for name in report.stayed if name.endswith("weight")}
    assert stayed == {inner.format(0), "backbone.pyramid.layer_blocks.0.0.weight"}
    assert torch.equal(now["roi_heads.box_head.fc6.weight"], earlier["roi_heads.box_head.fc6.weight"])
    assert report.renamed == 12 and not report.left_over
    assert (
        report.describe()
        == f"{len(now) - 4} of {len(now)} tensors taken over, 12 of them under another name; 4 begin anew"
    )


def test_a_detector_of_the_same_preset_is_taken_over_whole(saved: Path) -> None:
    model = build_faster_rcnn(TINY)
    report = copy_fitting_weights(model, TINY, saved)
    assert not report.stayed and not report.left_over and not report.renamed


def test_what_has_another_shape_begins_anew(saved: Path) -> None:
    wider = replace(TINY, name="detector-wider", box_head_width=TINY.box_head_width * 2)
    report = copy_fitting_weights(build_faster_rcnn(wider), wider, saved)
    assert "roi_heads.box_head.fc6.weight" in report.stayed and "roi_heads.box_head.fc6.weight" in report.left_over


def test_files_that_no_detector_can_start_from_are_refused(saved: Path, tmp_path: Path) -> None:
    model = build_faster_rcnn(TINY)
    with pytest.raises(UserError, match="holds the weights of 'reldn'"):
        copy_fitting_weights(model, TINY, _save(tmp_path / "other.safetensors", TINY, model="reldn"))
    with pytest.raises(UserError, match="there is no weights file"):
        copy_fitting_weights(model, TINY, tmp_path / "none.safetensors")
    nothing = tmp_path / "nothing.safetensors"
    save_checkpoint(nothing, {"a": torch.zeros(2)}, {"model": HOME_WORLD, "preset": TINY.name})
    with pytest.raises(UserError, match=r"nothing in .* fits preset 'detector-tiny'"):
        copy_fitting_weights(model, TINY, nothing)
