"""Folded networks answer as before."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from ag_core.models.backbone import BACKBONES
from ag_core.models.folding import fold_batch_norms
from ag_core.presets import DEMO_DETECTOR, PAPER_DETECTOR, DetectorPreset


@pytest.mark.parametrize(
    "preset",
    [DEMO_DETECTOR, pytest.param(replace(PAPER_DETECTOR, pyramid_channels=256), marks=pytest.mark.slow)],
    ids=lambda preset: preset.backbone,
)
def test_a_folded_backbone_answers_as_before(preset: DetectorPreset) -> None:
    torch.manual_seed(0)
    backbone = BACKBONES[preset.backbone](preset)
    for module in backbone.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        before = backbone.eval()(images)
        after = fold_batch_norms(backbone)(images.contiguous(memory_format=torch.channels_last))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in backbone.modules())
    assert set(before) == set(after)
    for name, level in before.items():
        assert torch.allclose(level, after[name], rtol=1e-4, atol=1e-4 * float(level.abs().max()))
