"""The detector learns rectangles, and its examples are what they should be."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ag_core.errors import UserError
from ag_core.evaluation.average_precision import compute_detection_precision
from ag_core.experiments import training, training_loop
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import LabelledVideos, TrainingData
from ag_core.experiments.detector import DetectorFrames, compute_repeat_factors, make_detector_losses
from ag_core.experiments.training_inputs import Listeners
from ag_core.experiments.training_loop import Budget, Recipe, fit
from ag_core.experiments.training_options import TrainingOptions
from ag_core.models.checkpoints import read_metadata
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


def test_held_out_videos_judge_the_network_and_a_resumed_training_ends_alike(
    data: TrainingData, tiny_presets: None, tmp_path: Path
) -> None:
    exact = Compute(autocast="off")
    options = TrainingOptions(
        tmp_path / "detector.safetensors", Budget(steps=4), "tiny", batch=2, rate=2e-3, compute=exact, hold_out=2
    )
    trained = training.train_detector(data, options)
    assert (trained.steps, trained.examples) == (4, 16), "two of four videos, eight frames each"
    facts = read_metadata(options.out)
    assert facts["command"] == "train detector --seed 0 --hold-out 2" and facts["preset"] == TINY.name
    curve = tmp_path / "detector.curve.jsonl"
    rows = [json.loads(line) for line in curve.read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    assert all(set(row["held out"]) == {"mAP@0.5", "lowest AP@0.5 of a class"} for row in rows)
    best = max(row["held out"]["mAP@0.5"] for row in rows)
    assert float(facts["held_out_mAP@0.5"]) == best and 1 <= int(facts["best_step"]) <= 4

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    other = replace(options, out=tmp_path / "other" / "detector.safetensors")
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training_loop.Recipe, "report_s", 0.0)
        training.train_detector(data, other, Listeners(steps=interrupt))
    with pytest.raises(UserError, match="had --hold-out 2, and none is wanted"):
        training.train_detector(data, replace(other, hold_out=None, resume=True))
    training.train_detector(data, replace(other, resume=True))
    whole, again = load_file(options.out), load_file(other.out)
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    rows_again = [json.loads(line) for line in other.out.with_suffix(".curve.jsonl").read_text().splitlines()]
    assert [row | {"seconds": 0} for row in rows_again] == [row | {"seconds": 0} for row in rows]


def test_a_training_starts_from_earlier_weights(data: TrainingData, tiny_presets: None, tmp_path: Path) -> None:
    first = TrainingOptions(tmp_path / "first.safetensors", Budget(steps=1), "tiny", batch=2, rate=2e-3)
    training.train_detector(data, first)
    notes: list[str] = []
    further = replace(first, out=tmp_path / "second.safetensors", rate=1e-9, start_from=first.out)
    training.train_detector(data, further, Listeners(note=notes.append))
    assert any("tensors taken over" in note for note in notes)
    before, after = load_file(first.out), load_file(further.out)
    name = "roi_heads.box_head.fc6.weight"
    assert torch.allclose(before[name].float(), after[name].float(), atol=1e-4)
    facts = read_metadata(further.out)
    assert facts["command"].endswith("--start-from earlier weights") and facts["stands_on"].startswith("start=")
    with pytest.raises(UserError, match="there is no weights file"):
        training.train_detector(data, replace(further, start_from=tmp_path / "none.safetensors"))
    with pytest.raises(UserError, match="is read for this and would be replaced"):
        training.train_detector(data, replace(further, out=first.out))


def test_holding_out_leaves_videos_on_both_sides(loaded: LabelledVideos) -> None:
    learned, held_out = loaded.hold_out(3)
    names = [[video.video_id for video in part.videos] for part in (learned, held_out)]
    assert names == [["RECT0", "RECT1", "RECT3"], ["RECT2"]]
    with pytest.raises(UserError, match="so that --hold-out 5 holds none of them out"):
        loaded.hold_out(5)
    frames = DetectorFrames.from_videos(loaded)
    some = frames.choose_evenly(3)
    assert some.positions == [frames.positions[index] for index in (0, 16, 31)]
    assert len(frames.choose_evenly(100)) == len(frames)
