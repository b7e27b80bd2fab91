"""The bank of train videos by the networks that did not learn from them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn

from ag_core.catalog import find_clip_network, find_detector, find_relation_head
from ag_core.errors import UserError
from ag_core.experiments import action_training, training
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import TrainingData, find_fold
from ag_core.experiments.training_loop import Budget
from ag_core.experiments.training_options import TrainingOptions
from ag_core.files import hash_file
from ag_core.models.checkpoints import describe_earlier_weights, read_metadata, save_checkpoint
from ag_core.models.detector import build_faster_rcnn
from ag_core.models.relation import build_relation_head
from ag_core.models.video import build_clip_classifier

FOLDS = {"RECT0": 0, "RECT1": 1, "RECT2": 0, "RECT3": 1}


def test_the_fold_of_a_video_is_that_of_its_id() -> None:
    assert {video_id: find_fold(video_id) for video_id in FOLDS} == FOLDS
    assert 470 < sum(find_fold(f"{number:05}") for number in range(1000)) < 530


def save(path: Path, model: str, network: nn.Module, preset: str, facts: Mapping[str, str]) -> Path:
    path.parent.mkdir(exist_ok=True)
    save_checkpoint(path, network.state_dict(), {"model": model, "preset": preset, **facts})
    return path


def test_each_train_video_is_read_by_the_other_fold(data: TrainingData, tiny_presets: None, tmp_path: Path) -> None:
    whole, zero, one = (tmp_path / name for name in ("whole", "zero", "one"))
    detector, relations, clip = find_detector("home-world"), find_relation_head("reldn"), find_clip_network("i3d")
    of_all = {"data": data.name}
    size = detector.preset("tiny")
    every = detector.weights_path(whole)
    save(every, detector.id, build_faster_rcnn(size), size.name, of_all)
    save(clip.weights_path(whole), clip.id, build_clip_classifier("i3d", clip.preset("tiny")), "video-tiny", of_all)
    exact = Compute(autocast="off")
    own = detector.weights_path(zero)
    zero.mkdir()
    options = TrainingOptions(own, Budget(steps=1), "tiny", batch=1, compute=exact, fold=0)
    learned = training.train_detector(data, options)
    of_fold = [video for video in data.load().videos if FOLDS[video.video_id] == 0]
    assert learned.examples == sum(len(video.counted) for video in of_fold) and len(of_fold) == 2
    assert read_metadata(own)["fold"] == "0" and "--fold 0" in read_metadata(own)["command"]

    for folder, below, facts in ((whole, every, {}), (zero, own, {"fold": "0"}), (one, every, {"fold": "1"})):
        head, preset = build_relation_head("reldn", relations.preset("tiny")), relations.preset("tiny").name
        facts = of_all | facts | describe_earlier_weights({"detector": below})
        save(relations.weights_path(folder), relations.id, head, preset, facts)

    action = TrainingOptions(tmp_path / "out", Budget(steps=1), "tiny", compute=exact, weights=whole)
    with pytest.raises(
        UserError, match=r"reldn.safetensors learned from fold 1 of .* and fold 0 of .* alone is wanted"
    ):
        action_training.train_action(data, replace(action, cross_predicted=(one, zero)))
    with pytest.raises(UserError, match=r"reldn.safetensors learned from all videos, and fold 1"):
        action_training.train_action(data, replace(action, cross_predicted=(zero, whole)))
    apart = replace(data, cache=tmp_path / "cache")
    trained = action_training.train_action(apart, replace(action, cross_predicted=(zero, one)))
    assert [model.path.stem for model in trained] == ["lfb", "sgfb", "oracle"]
    for folder, below, fold in ((zero, own, 0), (one, every, 1)):
        key = f"{hash_file(below)[:12]}-{hash_file(relations.weights_path(folder))[:12]}"
        read = {path.name.partition("-")[0] for path in (apart.cache / f"graph-bank-{key}").iterdir()}
        assert read == {video for video, of in FOLDS.items() if of != fold}
    assert len(list(apart.cache.glob("graph-bank-*"))) == 2, "nobody is read by what learned from all videos"
    said = read_metadata(trained[1].path)
    assert "relations-of-fold-0=" in said["stands_on"] and "--cross-predicted" in said["command"]
