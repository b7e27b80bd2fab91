"""Scoring action models: parts, seeds, probes, prior and differences, and the command from end to end."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core.annotations.few_shot import FewShotClasses
from ag_core.catalog import find_action_model
from ag_core.errors import UserError
from ag_core.evaluation.average_precision import CHANCE
from ag_core.evaluation.localisation import compute_localisation_precision
from ag_core.evaluation.log_loss import MIN_RATE, PRIOR
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Owner
from ag_core.evaluation.results_log import read_log
from ag_core.experiments.action import HeadExamples, VideoFeatures
from ag_core.experiments.action_metrics import ActionMetrics, ActionTruth, RunScores, build_clip_protocol, list_pairs
from ag_core.experiments.action_runs import ActionRun, load_action_runs
from ag_core.experiments.action_scores import measure_rank, score_prior, score_run
from ag_core.experiments.bank_probes import Probe, probe_examples
from ag_core.experiments.clip import Clips
from ag_core.experiments.datasets import LabelledVideos, TrainingData
from ag_core.models.feature_bank import compute_bank_times
from ag_core.models.video import build_bank_head
from ag_core.results.action_scores import LOCALISATION, LOG_LOSS, RANK, VIDEO_MAP, ActionModelScores
from ag_core.taxonomy import BANK_SIZE, find_action_index
from tests.experiments.conftest import command
from tests.experiments.test_action import TINY_VIDEO

CLIPS, WHOLE = map(build_clip_protocol, (TINY_VIDEO, replace(TINY_VIDEO, frame_step_s=None)))


def number(metric: Metric | None) -> float:
    assert metric is not None
    return metric.number


def keep_quiet(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def make_run(truth: ActionTruth, views: NDArray[Any], seed: int, loss: float = 1.0) -> RunScores:
    """A training that says `views` of the videos with and without its bank, and knows every point."""
    found = compute_localisation_precision(truth.points.astype(float), truth.points)
    return RunScores(
        seed, "abc", "max", {None: views, Probe.NO_BANK: -views}, dict.fromkeys(truth.parts, found),
        dict.fromkeys(truth.parts, loss), CLIPS, np.ones((3, 10)),
    )  # fmt: skip


def test_trainings_are_joined_part_by_part(loaded: LabelledVideos) -> None:
    videos = tuple(replace(video, part="iid" if index else "comp") for index, video in enumerate(loaded.videos))
    truth = ActionTruth.of(replace(loaded, videos=videos))
    assert {part: int(rows.sum()) for part, rows in truth.parts.items()} == {"train": 4, "iid": 3, "comp": 1}
    assert truth.points.shape == (4, 25, 157) and (truth.points.any(axis=1) == truth.labels).all()
    right, flat = truth.labels.astype(np.float32), np.zeros(truth.labels.shape, np.float32)
    sgfb = [make_run(truth, right, 3), make_run(truth, right, 4, 2.0)]
    lfb = [make_run(truth, flat, 3)]
    novel = find_action_index("c107")
    classes = FewShotClasses("by hand", tuple(c for c in range(157) if c != novel), (novel,), "")
    metrics = ActionMetrics(truth, Owner.YOURS, "evaluate actions --data mine")
    metrics.add_model(find_action_model("lfb"), lfb, classes)
    metrics.add_model(find_action_model("sgfb"), sgfb, None)
    metrics.add_chance()
    metrics.add_priors({CLIPS: {"train": 5.0}, WHOLE: {"train": 7.0}})
    metrics.add_ranks({"I3D": [(0, 3.0), (1, 5.0)]})
    metrics.add_differences({"lfb": lfb, "sgfb": sgfb}, keep_quiet)
    scores = metrics.build({"oracle": "oracle.safetensors"}, ["a note"])
    assert ActionModelScores.from_json(scores.to_json()).to_json() == scores.to_json()
    assert scores.parts == ["train", "iid", "comp"]
    assert number(scores.find("SGFB")) == number(scores.find("SGFB", LOCALISATION)) == 100
    loss = scores.find("SGFB", LOG_LOSS)
    assert loss is not None and (loss.number, loss.number_of_seed, loss.origin.seeds) == (1.5, (1, 2), (3, 4))
    probed = scores.find("SGFB", f"{VIDEO_MAP}, {Probe.NO_BANK}")
    assert probed is not None and probed.number < 100 and probed.model == "SGFB"
    shown = np.asarray(truth.labels.any(axis=0))
    assert number(scores.find(CHANCE)) == pytest.approx(100 * truth.labels[:, shown].mean())
    assert number(scores.find(CHANCE, LOCALISATION, "comp")) == 100
    assert scores.list_protocols(LOG_LOSS) == [CLIPS, WHOLE] and number(scores.find("I3D", RANK)) == 4
    assert [number(scores.find(PRIOR, LOG_LOSS, protocol=protocol)) for protocol in (CLIPS, WHOLE)] == [5, 7]
    base, of_novel = (scores.find("LFB", f"{VIDEO_MAP} of {name} classes") for name in ("base", "novel"))
    assert base is not None and base.n.classes == shown.sum() - shown[novel]
    assert of_novel is not None and of_novel.n.classes == 1
    differences = scores.list_named("difference")
    assert [metric.origin.split for metric in differences] == ["train", "iid", "comp"]
    whole = differences[0]
    assert whole.model == "SGFB − LFB" and whole.bounds is not None
    assert whole.number == pytest.approx(100 - number(scores.find("LFB")))
    assert whole.bounds.low <= whole.number <= whole.bounds.high
    assert set(scores.positives) == set(scores.per_class["SGFB"]) and scores.per_class["SGFB"]["c107"] == 100
    assert scores.curves["SGFB"][0] == (2, 1.0, 2)


def test_models_are_set_against_the_one_with_the_bank_before() -> None:
    of_i3d = [(lower.id, upper.id) for lower, upper in list_pairs() if lower.clip_network == "i3d"]
    assert of_i3d == [("i3d", "lfb"), ("lfb", "sgfb"), ("sgfb", "oracle")]


def test_probes_take_away_one_part() -> None:
    random = np.random.default_rng(0)
    windows = random.random((3, 20, 5), np.float32)
    examples = HeadExamples(random.random((3, 4), np.float32), windows, np.zeros((3, 157), bool), np.zeros(3, np.int64))
    mean = probe_examples(examples, Probe.MEAN_CLIP, np.full(4, 0.5, np.float32))
    assert (mean.short_term == 0.5).all() and mean.windows is windows and mean.short_term.dtype == np.float32
    assert not probe_examples(examples, Probe.NO_BANK, mean.short_term[0]).windows.any()
    shuffled = probe_examples(examples, Probe.SHUFFLED, mean.short_term[0])
    assert shuffled.short_term is examples.short_term and not np.array_equal(shuffled.windows, windows)
    assert np.allclose(np.sort(shuffled.windows, axis=1), np.sort(windows, axis=1))


def test_a_head_that_knows_only_the_prior_is_as_good_as_the_prior(loaded: LabelledVideos) -> None:
    clips, random = Clips.from_videos(loaded, TINY_VIDEO), np.random.default_rng(0)
    features = []
    for video in clips.videos:
        times = compute_bank_times(video.duration_s)
        made = random.random((len(times), TINY_VIDEO.feature_size), np.float32)
        features.append(VideoFeatures(times, made, np.zeros((len(times), BANK_SIZE), np.float32), times[:2], made[:2]))
    entry = find_action_model("lfb")
    head = build_bank_head(entry.id, TINY_VIDEO)
    head.classifier.weight.data.zero_()
    rates = clips.grid_labels().mean(axis=0).clip(MIN_RATE, 1 - MIN_RATE)
    head.classifier.bias.data = torch.from_numpy(np.log(rates / (1 - rates))).float()
    truth = ActionTruth.of(loaded)
    found = score_run(ActionRun(entry, 3, head, Path(), "abc" * 9, 0, "def", "non-local"), clips, features, truth)
    prior = score_prior(rates, clips, truth)
    assert "clips of 0.5 s, two a second" in found.clips.details and "clips of the whole video" in WHOLE.details
    assert found.log_loss["train"] == pytest.approx(prior["train"], rel=1e-5)
    assert set(found.views) == {None, *Probe} and found.views[None].shape == truth.labels.shape
    assert all(np.allclose(found.views[probe], found.views[None]) for probe in Probe)
    assert found.bins[0].sum() == sum(len(one.times_s) for one in features) * 157
    assert found.localisation["train"].n_videos == 100 and found.weights_hash == "abc" * 4
    assert 1 < measure_rank(features) < TINY_VIDEO.feature_size


def test_without_weights_there_is_nothing_to_score(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="none of the action models lfb, sgfb has weights in"):
        load_action_runs(["lfb", "sgfb"], [tmp_path])


@pytest.mark.slow
def test_every_model_of_every_folder_in_one_file(
    world: Path, data: TrainingData, trained: Path, tiny_presets: None, tmp_path: Path, capsys: Any
) -> None:
    second, out, log = tmp_path / "second", tmp_path / "actions.json", tmp_path / "log.jsonl"
    shutil.copytree(trained, second)
    tiny = ("--data", world, "--preset", "tiny", "--threads", 1)
    given = ("--steps", 2, "--batch", 2, "--seed", 5, "--autocast", "off")
    assert command("train", "action", "--out", second, "--weights", second, *given, *tiny) == 0
    words = ("--models", "all", "--weights", trained, second, *tiny)
    assert command("evaluate", "actions", "--out", out, "--log", log, "--few-shot", "home-157", *words) == 0
    heard = capsys.readouterr()
    assert "features of i3d in second: 2 of 2" in heard.err and "numbers of i3d, lfb, sgfb, oracle" in heard.out
    scores = ActionModelScores.load(out)
    lfb, alone = scores.find("LFB"), scores.find("I3D alone")
    assert lfb is not None and lfb.origin.seeds == (0, 5) and len(lfb.number_of_seed) == 2
    assert alone is not None and alone.origin.seeds == (0,) and alone.bounds is None  # one file in both folders
    said = "evaluate actions --data rectangles --models all --preset tiny --few-shot home-157 --weights "
    assert lfb.origin.command == f"{said}{trained.name} second" and str(tmp_path) not in out.read_text()
    assert scores.parts == ["test", "iid"] and lfb.n.videos == 2
    for part in scores.parts:
        for name in (LOCALISATION, LOG_LOSS, f"{VIDEO_MAP}, {Probe.MEAN_CLIP}", f"{VIDEO_MAP} of base classes"):
            assert scores.find("SGFB oracle", name, part) is not None, name
        assert number(scores.find(PRIOR, LOG_LOSS, part)) > 0
    assert [metric.model for metric in scores.list_named("difference")][::2] == [
        "LFB − I3D alone", "SGFB − LFB", "SGFB oracle − SGFB",
    ]  # fmt: skip
    shuffled = scores.find("SGFB", f"{VIDEO_MAP}, {Probe.SHUFFLED}")
    assert number(shuffled) == pytest.approx(number(scores.find("SGFB")))
    assert number(scores.find("I3D", RANK)) >= 1 and list(scores.curves) == list(scores.per_class)
    assert [row.metrics for row in read_log(log)] == [scores.metrics]
    kept = {path: path.stat().st_mtime_ns for path in data.cache.glob("clip-features-*/*.npy")}
    assert kept and command("evaluate", "actions", "--out", out, "--models", "lfb", *words[2:]) == 0
    assert kept == {path: path.stat().st_mtime_ns for path in kept}
    fewer = ActionModelScores.load(out)
    assert [model.id for model in fewer.models] == ["lfb"] and fewer.find("LFB") is not None
    assert not fewer.list_named("difference")
