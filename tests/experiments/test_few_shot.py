"""Few-shot action models: what is drawn, what is learned from, what the file says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ag_core.__main__ import main
from ag_core.annotations.few_shot import FewShotClasses, list_few_shot_classes
from ag_core.errors import UserError
from ag_core.experiments import few_shot
from ag_core.experiments.action import VideoFeatures
from ag_core.experiments.clip import Clips, compute_share_saved
from ag_core.experiments.datasets import LabelledVideo, LabelledVideos, TrainingData
from ag_core.experiments.few_shot import check_splits, evaluate_few_shot, train_base_head
from ag_core.experiments.few_shot_examples import (
    BankedVideo,
    build_banked_videos,
    cut_clips,
    draw_shots,
    find_shot_times,
)
from ag_core.experiments.few_shot_options import FewShotOptions
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.feature_bank import compute_bank_times
from ag_core.results.few_shot_scores import FewShotScores
from ag_core.settings import ASSETS
from ag_core.taxonomy import ACTIONS, BANK_SIZE, N_ACTIONS, find_action_index
from tests.experiments.test_action import TINY_VIDEO

CUP, BOOK, LAPTOP = map(find_action_index, ("c107", "c026", "c047"))
SHIPPED = ASSETS / "benchmarks" / "few_shot.json"
QUICK = FewShotOptions(base_steps=2, epochs=2, preset="tiny", shots=(1, 2), seeds=(0, 1))


def make_features(video: LabelledVideo) -> VideoFeatures:
    times = compute_bank_times(video.duration_s)
    same = np.full((len(times), TINY_VIDEO.feature_size), 0.5, np.float32)
    return VideoFeatures(times, same, np.zeros((len(times), BANK_SIZE), np.float32), times[:2], same[:2])


def build_videos(loaded: LabelledVideos, model: str = "oracle") -> list[BankedVideo]:
    clips = Clips.from_videos(loaded, TINY_VIDEO)
    return build_banked_videos(model, clips, [make_features(video) for video in clips.videos])


@pytest.fixture
def classes(loaded: LabelledVideos, monkeypatch: pytest.MonkeyPatch) -> FewShotClasses:
    """Every action that train videos show is novel but the first; the stand-in world knows no others."""
    shown = np.flatnonzero(np.any([video.labels for video in loaded.videos], axis=0)).tolist()
    made = FewShotClasses("stand-in", tuple(shown[:1]), tuple(shown[1:]), "all but one")
    monkeypatch.setattr(few_shot, "list_few_shot_classes", lambda profile: made)
    return made


@pytest.fixture
def weights(tmp_path: Path, tiny_presets: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of weights that nothing is read of but what the files say; features come from `make_features`."""
    for name in ("detector", "reldn", "clip"):
        facts = {"model": "i3d", "trained_on": "c000", "preset": TINY_VIDEO.name}
        save_checkpoint(tmp_path / f"{name}.safetensors", {"weight": torch.zeros(1)}, facts)
    monkeypatch.setattr(few_shot, "build_extractor", lambda *_: make_features)
    yield tmp_path


def test_draws_are_decided_by_the_seed_and_nested(loaded: LabelledVideos) -> None:
    videos = list(loaded.videos)
    shown = np.flatnonzero(np.any([video.labels for video in videos], axis=0)).tolist()
    drawn = draw_shots(videos, shown, 10, seed=0)
    for action, shots in drawn.items():
        assert shots[:1] == draw_shots(videos, [action], 1, seed=0)[action]
        assert len({shot.video for shot in shots}) == len(shots) == sum(video.labels[action] for video in videos)
        for shot in shots:
            assert (action, shot.start_s, shot.end_s) in videos[shot.video].actions
    backwards = draw_shots(videos[::-1], shown, 10, seed=0)
    of_video = {a: [videos[::-1][shot.video].video_id for shot in shots] for a, shots in backwards.items()}
    assert of_video == {a: [videos[shot.video].video_id for shot in shots] for a, shots in drawn.items()}
    assert any(draw_shots(videos, shown, 10, seed) != drawn for seed in range(1, 6))


def test_clips_of_an_example_lie_inside_it(loaded: LabelledVideos) -> None:
    videos = build_videos(loaded)
    for shots in draw_shots(loaded.videos, [CUP, BOOK, LAPTOP], 3, seed=1).values():
        for shot in shots:
            times = videos[shot.video].times_s[find_shot_times(videos[shot.video], shot)]
            assert len(times) and ((times >= shot.start_s) & (times <= shot.end_s)).all()
            short = replace(shot, start_s=1.0, end_s=1.0)
            assert len(find_shot_times(videos[shot.video], short)) == 1
    batch = cut_clips(videos, np.array([[0, 1], [2, 0]]))
    assert batch.windows.shape == (2, 20, BANK_SIZE) and batch.labels.shape == (2, N_ACTIONS)
    np.testing.assert_array_equal(batch.windows[1], videos[2].bank.cut_window(videos[2].times_s[0]))


@pytest.mark.parametrize("base_videos", ["masked", "left-out"])
def test_base_training_never_sees_a_novel_label(
    base_videos: str, loaded: LabelledVideos, classes: FewShotClasses, tiny_presets: None
) -> None:
    options = replace(QUICK, base_videos=base_videos)
    videos = build_videos(loaded)
    novel = list(classes.novel)
    hidden = [
        replace(video, labels=np.where(np.isin(range(N_ACTIONS), novel), False, video.labels)) for video in videos
    ]
    first = train_base_head("oracle", videos, classes, options, 0)
    if base_videos == "left-out":
        kept = [video for video in videos if not video.labels[:, novel].any()]
        second = train_base_head("oracle", kept, classes, options, 0)
    else:
        second = train_base_head("oracle", hidden, classes, options, 0)
    for mine, theirs in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_an_evaluation_says_how_it_came_about_and_is_not_made_twice(
    data: TrainingData, classes: FewShotClasses, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(QUICK, weights=weights)
    val = data.with_split("test")
    scores = evaluate_few_shot(val, options)
    metric = scores.find_metric("SGFB oracle", 2, "test")
    assert metric is not None and len(metric.number_of_seed) == 2 and metric.n.videos == 2
    assert metric.number == pytest.approx(np.mean(metric.number_of_seed))
    assert "leaves their novel labels out of the loss" in metric.protocol.details
    assert {m.model for m in scores.metrics} == {"LFB", "SGFB", "SGFB oracle", "chance"}
    assert scores.list_splits() == ["test", "iid"] and scores.list_shots() == [1, 2]
    train_ids = {video.video_id for video in data.load().videos}
    drawn = [example for found in scores.examples.values() for shots in found.values() for example in shots]
    assert drawn and {example.video_id for example in drawn} <= train_ids
    scores.save(tmp_path / "scores.json")
    assert FewShotScores.load(tmp_path / "scores.json") == scores

    def refuse(*_: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(few_shot, "train_base_head", refuse)
    assert evaluate_few_shot(val, options) == scores
    with pytest.raises(AssertionError, match="trained again"):
        evaluate_few_shot(val, replace(options, epochs=3))


def test_a_video_without_novel_actions_is_ranked_by_its_score(data: TrainingData, classes: FewShotClasses) -> None:
    """Two videos: the one whose base action is all it shows scores higher than the one with a novel action."""
    options = replace(QUICK, models=("oracle",), shots=(1,), seeds=(0,))
    loaded = {"train": data.with_split("train").load(), "val": data.with_split("test").load()}
    novel = classes.novel[:1]
    acted = [((classes.base[0], 0.0, 1.0),), ((novel[0], 0.0, 1.0),)]
    shown = tuple(replace(video, actions=actions) for video, actions in zip(loaded["val"].videos, acted))
    loaded["val"] = replace(loaded["val"], videos=shown)
    scores = {"oracle": np.array([[[[0.9], [0.1]]]], np.float32)}
    found = few_shot._build_scores(data.with_split("test"), loaded, scores, novel, classes, {0: {}}, options)
    of_all, among = (found.find_metric("SGFB oracle", 1, "test", among_novel=one) for one in (False, True))
    assert of_all is not None and of_all.number == 50.0
    assert among is not None and among.number == 100.0


def test_the_command_names_every_decision(
    world: Path, classes: FewShotClasses, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "few_shot.json"
    words = ["evaluate", "few-shot", "--models", "oracle", "--data", str(world), "--weights", str(weights)]
    words += ["--out", str(out), "--preset", "tiny", "--base-steps", "1", "--epochs", "1", "--seeds", "1"]
    assert main([*words, "--shots", "1", "--learned", "classifier", "--threads", "1"]) == 0
    scores = FewShotScores.load(out)
    assert scores.choices["learned"] == "classifier"
    assert scores.metrics[0].origin.command == (
        "evaluate few-shot --data rectangles --models oracle --shots 1 --seeds 1 --base-steps 1 --epochs 1 "
        f"--learned classifier --preset tiny --weights {weights.name}"
    )
    facts = {"model": "i3d", "trained_on": f"c000,{ACTIONS[classes.novel[0]].id}", "preset": TINY_VIDEO.name}
    save_checkpoint(weights / "clip.safetensors", {"weight": torch.zeros(1)}, facts)
    capsys.readouterr()
    assert main(words) == 1
    assert "was trained on 1 of the novel actions" in capsys.readouterr().err


def test_what_cannot_be_is_refused(data: TrainingData, loaded: LabelledVideos, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--learned nothing is not known"):
        FewShotOptions(learned="nothing")
    with pytest.raises(UserError, match="i3d has no feature bank"):
        FewShotOptions(models=("i3d",))
    with pytest.raises(UserError, match="is a train and a train video"):
        check_splits(loaded, loaded)
    file = tmp_path / "scores.json"
    good: dict[str, Any] = FewShotScores((), {}, {}, {}).to_json()
    for change, reason in (
        ({"version": 2}, "is not of format"),
        ({"per_class": {"LFB": {"1": {"c999": 3.0}}}}, "no action 'c999'"),
        ({"per_class": {"LFB": {"one": {}}}}, "'one' is no whole number"),
        ({"examples": {"0": {"c004": [["AB1CD", 3.0, 1.0]]}}}, "end is 1.0"),
        ({"metrics": [{}]}, "damaged"),
    ):
        file.write_text(json.dumps(good | change))
        with pytest.raises(UserError, match=reason):
            FewShotScores.load(file)


@pytest.mark.skipif(not SHIPPED.is_file(), reason="nobody ran it for the shipped weights yet")
def test_the_shipped_numbers_are_nine_cells_with_their_spread() -> None:
    scores = FewShotScores.load(SHIPPED)
    whole = scores.list_splits()[0]
    for model in ("LFB", "SGFB", "SGFB oracle"):
        for shots in (1, 5, 10):
            metric = scores.find_metric(model, shots, whole)
            assert metric is not None and len(metric.number_of_seed) >= 3 and metric.bounds is not None


def test_the_fixed_lists_are_what_the_protocol_says() -> None:
    classes = list_few_shot_classes("home-157")
    assert (len(classes.base), len(classes.novel)) == (137, 20)


def test_what_was_not_learned_is_not_held_against_a_network() -> None:
    labels = torch.zeros(4, N_ACTIONS)
    labels[0, 3] = labels[:2, 5] = 1.0
    prior, counted = np.full(N_ACTIONS, 0.05), np.ones(N_ACTIONS, bool)
    counted[5] = False
    logits = torch.full((4, N_ACTIONS), 0.05).logit()
    logits[:, 5] = -9.0
    assert compute_share_saved(logits, labels, prior) < -1
    assert compute_share_saved(logits, labels, prior, counted) == pytest.approx(0, abs=1e-4)
