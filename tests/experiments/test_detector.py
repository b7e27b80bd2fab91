"""The detector learns rectangles, and its examples are what they should be."""

from dataclasses import replace

import numpy as np
import pytest

from ag_core.evaluation.average_precision import compute_detection_precision
from ag_core.experiments.datasets import LabelledVideos
from ag_core.experiments.detector import DetectorFrames, compute_repeat_factors, make_detector_losses
from ag_core.experiments.training_loop import Budget, Recipe, fit
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn
from ag_core.presets import DEMO_DETECTOR

TINY = replace(
    DEMO_DETECTOR,
    name="detector-tiny",
    base_width=8,
    pyramid_channels=24,
    box_head_width=64,
    min_size=96,
    max_size=160,
    proposals_train=(100, 50),
    proposals_test=(60, 30),
)


@pytest.mark.slow
def test_rectangles_are_learned(loaded: LabelledVideos) -> None:
    frames = DetectorFrames.from_videos(loaded)
    model = build_faster_rcnn(TINY)
    recipe = Recipe(Budget(steps=140), learning_rate=2e-3)
    fit(model, make_detector_losses(model, frames, 4), recipe, report=lambda progress: None)
    detector = FasterRcnnDetector(model)
    found = detector.detect([frames.read_frame(i) for i in range(len(frames))])
    assert compute_detection_precision(found, frames.truth).mean > 0.6


def test_rare_classes_are_drawn_more_often() -> None:
    classes = [np.array([0, 1])] * 15 + [np.array([0, 2])] * 4 + [np.array([0, 3])]
    factors = compute_repeat_factors(classes)
    assert factors[0] == 1
    assert factors[15] == pytest.approx(np.sqrt(9.5 / 4))
    assert factors[-1] == pytest.approx(np.sqrt(9.5 / 1))
