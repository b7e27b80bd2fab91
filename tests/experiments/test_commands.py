"""The commands `train` and `evaluate` from end to end on the stand-in world, with very small networks."""

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from ag_core.catalog import RELATION_HEADS
from ag_core.commands import evaluate, evaluate_actions
from ag_core.errors import UserError
from ag_core.evaluation.results_log import LoggedResult, read_log, read_log_row
from ag_core.experiments import action_training, training
from ag_core.experiments.clip import SAVED
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import TrainingData
from ag_core.experiments.training_inputs import Listeners
from ag_core.experiments.training_loop import Budget
from ag_core.experiments.training_options import TrainingOptions, find_saved_state
from ag_core.files import hash_file
from ag_core.models.checkpoints import read_metadata, save_checkpoint
from ag_core.models.video import load_bank_head
from ag_core.results.action_scores import ActionModelScores
from ag_core.results.few_shot_scores import FewShotScores
from tests.experiments.conftest import command
from tests.experiments.test_action import TINY_VIDEO


@pytest.mark.slow
def test_all_networks_are_trained_and_evaluated(
    world: Path, tiny_presets: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, weights, log = ("--data", world), ("--weights", tmp_path), tmp_path / "log" / "results.jsonl"
    tiny = ("--preset", "tiny", "--threads", 1)
    train = ("--steps", 40, "--seed", 3, *tiny, *data)
    assert command("train", "detector", "--out", tmp_path / "detector.safetensors", "--rate", 2e-3, *train) == 0
    assert command("train", "relations", "--out", tmp_path / "reldn.safetensors", *weights, *train) == 0
    assert command("train", "clip", "--out", tmp_path / "clip.safetensors", "--batch", 2, *train) == 0
    assert command("train", "action", "--out", tmp_path, "--batch", 8, *weights, *train) == 0
    files = {path.stem for path in tmp_path.glob("*.safetensors")}
    assert files == {"detector", "reldn", "frequency", "transitions", "clip", "lfb", "sgfb", "oracle"}
    facts = read_metadata(tmp_path / "sgfb.safetensors")
    assert facts["preset"] == TINY_VIDEO.name and facts["trained_on"].startswith("c")
    assert (facts["operator"], facts["trained_on_data"]) == ("non-local", "home world")
    assert str(tmp_path) not in json.dumps(facts)
    assert command("train", "action", "--out", tmp_path, "--batch", 8, "--resume", *weights, *train) == 1
    assert "there is no interrupted training of this --out" in capsys.readouterr().err

    rest = (*data, *weights, *tiny, "--log", log)
    capsys.readouterr()
    assert command("evaluate", "detector", "--frames", 5, *rest) == 0
    assert command("evaluate", "relations", "--head", "frequency", "--frames", 5, *rest) == 0
    assert command("evaluate", "relations", "--mode", "sgdet", "--frames", 5, *rest) == 0
    assert command("evaluate", "actions", "--out", tmp_path / "actions.json", *rest) == 0
    few = ("--profile", "home-60", "--backbone", "any", "--base-steps", 2, "--epochs", 1, "--shots", 1, "--seeds", 2)
    assert command("evaluate", "few-shot", "--out", tmp_path / "few_shot.json", *few, *data, *weights, *tiny) == 0
    found = FewShotScores.load(tmp_path / "few_shot.json")
    assert {metric.model for metric in found.metrics} == {"LFB", "SGFB", "SGFB oracle", "chance"}
    assert found.choices["backbone"] == "any" and set(found.per_class["SGFB"]["1"]) == {"c107"}
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [row["what"] for row in rows] == [
        "detector faster-rcnn",
        "relations frequency predcls",
        "relations reldn sgdet",
        "action models",
    ]
    assert all(set(row) == {"what", "date", "metrics", "about"} for row in rows)
    boxes, frequency, _, actions = read_log(log)
    [box_precision] = boxes.metrics
    assert box_precision.origin.seeds == (3,) and box_precision.n.frames == 5
    assert box_precision.origin.command == (
        f"evaluate detector --data rectangles --frames 5 --preset tiny --weights {tmp_path.name}"
    )
    assert max(metric.number for metric in frequency.metrics if metric.protocol.k == 50) == 100
    assert set(actions.about["AP"]) == {"I3D alone", "LFB", "SGFB", "SGFB oracle"}
    assert {metric.origin.split for metric in actions.metrics} == {"test", "iid"}


@pytest.mark.slow
@pytest.mark.parametrize("head", list(RELATION_HEADS))
def test_every_relation_head_is_trained_and_evaluated(
    head: str,
    world: Path,
    trained: Path,
    tiny_presets: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(trained, weights)
    out = RELATION_HEADS[head].weights_path(weights)
    data = ("--data", world, "--preset", "tiny", "--threads", 1, "--weights", weights, "--head", head)
    assert command("train", "relations", "--out", out, "--steps", 2, "--batch", 2, *data) == 0
    assert read_metadata(out)["model"] == head
    for mode in ("predcls", "sgcls"):
        capsys.readouterr()
        assert command("evaluate", "relations", "--mode", mode, "--frames", 6, *data) == 0
        assert json.loads(capsys.readouterr().out)["what"] == f"relations {head} {mode}"


@pytest.mark.slow
@pytest.mark.parametrize("operator", ["mean", "max"])
def test_heads_remember_their_bank_operator(
    operator: str,
    world: Path,
    trained: Path,
    tiny_presets: None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(trained, weights)
    data = ("--data", world, "--preset", "tiny", "--threads", 1, "--weights", weights)
    words = ("--steps", 1, "--batch", 2, "--operator", operator)
    assert command("train", "action", "--out", weights, *words, *data) == 0
    assert read_metadata(weights / "lfb.safetensors")["operator"] == operator
    head, _ = load_bank_head("lfb", weights, TINY_VIDEO)
    assert type(head.operator).__name__ == f"{operator.capitalize()}Bank"
    scores = tmp_path / "actions.json"
    assert command("evaluate", "actions", "--out", scores, *data) == 0
    operators = {model.id: model.operator for model in ActionModelScores.load(scores).models if model.operator}
    assert operators == dict.fromkeys(("lfb", "sgfb", "oracle"), operator)
    other = {"mean": "max", "max": "mean"}[operator]
    state = load_file(weights / "lfb.safetensors")
    save_checkpoint(
        weights / "lfb.safetensors", state, read_metadata(weights / "lfb.safetensors") | {"operator": "median"}
    )
    with pytest.raises(UserError, match="has the bank operator 'median'; known are non-local, mean, max"):
        load_bank_head("lfb", weights, replace(TINY_VIDEO, operator=other))


@pytest.mark.slow
def test_heads_go_on_from_earlier_ones_on_the_graphs_of_another_head(
    world: Path, trained: Path, tiny_presets: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, out = tmp_path / "weights", tmp_path / "out"
    shutil.copytree(trained, weights)
    of_head = weights / "frequency.safetensors"
    data, few = ("--data", world, "--preset", "tiny", "--threads", 1), ("--steps", 1, "--batch", 2)
    train = ("train", "action", "--out", out, "--weights", weights, "--start-from", weights, *few, *data)
    assert command(*train, "--relation-head", "frequency", "--rate", 1e-9) == 0
    assert "sgfb.safetensors: SGFB goes on from these weights" in capsys.readouterr().out
    for name in ("lfb", "sgfb", "oracle"):
        before, after = (load_file(folder / f"{name}.safetensors") for folder in (weights, out))
        assert all(torch.equal(before[key], after[key]) for key in before)
    below = dict(part.split("=") for part in read_metadata(out / "sgfb.safetensors")["stands_on"].split())
    assert set(below) == {"detector", "relations", "clip", "start"}
    assert (
        below["relations"] == hash_file(of_head)[:12] and below["start"] == hash_file(weights / "sgfb.safetensors")[:12]
    )
    assert command(*train, "--operator", "max") == 1
    assert "has the bank operator non-local; go on with --operator non-local" in capsys.readouterr().err
    bare = ("--weights", tmp_path / "bare")
    assert command("train", "action", "--out", out, *bare, "--start-from", weights, *few, *data) == 1
    assert "clip.safetensors; train one" in capsys.readouterr().err
    exact = ("--seed", 7, "--autocast", "off")
    assert command("train", "clip", "--out", weights / "clip.safetensors", *few, *exact, *data) == 0
    assert command(*train) == 1
    assert "lfb.safetensors was trained on top of another clip than" in capsys.readouterr().err


@pytest.mark.slow
def test_weights_that_do_not_belong_together_are_refused(
    world: Path, trained: Path, tiny_presets: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(trained, weights)
    data = ("--data", world, "--preset", "tiny", "--threads", 1, "--weights", weights)
    actions = ("evaluate", "actions", "--out", tmp_path / "actions.json", *data)
    (weights / "sgfb.safetensors").write_bytes((weights / "oracle.safetensors").read_bytes())
    assert command(*actions) == 1
    assert "sgfb.safetensors holds the weights of 'oracle', and those of 'sgfb' are wanted" in capsys.readouterr().err
    # In full precision: where half is chosen, the one step may be skipped for a gradient that is too large.
    few = ("--steps", 1, "--batch", 2, "--seed", 7, "--autocast", "off")
    train = ("--data", world, "--preset", "tiny", "--threads", 1, *few)
    assert command("train", "clip", *train, "--out", weights / "clip.safetensors") == 0
    assert command(*actions) == 1
    assert "lfb.safetensors was trained on top of another clip than" in capsys.readouterr().err
    assert command("train", "detector", *train, "--out", weights / "detector.safetensors") == 0
    assert command("evaluate", "relations", *data) == 1
    assert "reldn.safetensors was trained on top of another detector than" in capsys.readouterr().err
    assert command("evaluate", "relations", "--head", "frequency", "--frames", 2, *data) == 0


@pytest.mark.slow
def test_heads_that_were_interrupted_end_as_undisturbed_ones(
    data: TrainingData, trained: Path, tiny_presets: None, tmp_path: Path
) -> None:
    exact = Compute(autocast="off")
    options = TrainingOptions(
        tmp_path / "whole", Budget(steps=3), "tiny", 4, compute=exact, weights=trained, hold_out=2
    )
    action_training.train_action(data, options)
    called = []

    def interrupt_second(*_: object) -> None:
        called.append(1)
        if len(called) == 2:
            raise KeyboardInterrupt

    other = replace(options, out=tmp_path / "other")
    with pytest.raises(KeyboardInterrupt):
        action_training.train_action(data, other, Listeners(steps=interrupt_second))
    assert {path.name for path in other.out.glob("*.safetensors")} == {"lfb.safetensors"}
    for wrong, said in (
        (replace(other, operator="max"), "had --operator non-local, and max is wanted"),
        (replace(other, seed=1), "had --seed 0, and 1 is wanted"),
    ):
        with pytest.raises(UserError, match=said):
            action_training.train_action(data, replace(wrong, resume=True))
    action_training.train_action(data, replace(other, resume=True))
    for name in ("lfb", "sgfb", "oracle"):
        whole, again = (load_file(folder / f"{name}.safetensors") for folder in (options.out, other.out))
        assert all(torch.equal(whole[key], again[key]) for key in whole)
        rows = [json.loads(line) for line in (options.out / f"{name}.curve.jsonl").read_text().splitlines()]
        saved = [row["held out"][SAVED] for row in rows]
        facts = read_metadata(options.out / f"{name}.safetensors")
        assert len(rows) == 3 and facts["held_out_log-loss_saved"] == f"{max(saved):.2f}"
    assert not list(data.cache.glob("training-*.pt"))


def test_an_interrupted_training_goes_on_and_no_other_does(
    data: TrainingData, tiny_presets: None, tmp_path: Path
) -> None:
    exact = Compute(autocast="off")  # 'auto' may choose otherwise the second time
    options = TrainingOptions(tmp_path / "clip.safetensors", Budget(steps=3), "tiny", batch=2, compute=exact)
    training.train_clip(data, options)
    whole = load_file(options.out)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    other = replace(options, out=tmp_path / "other" / "clip.safetensors")
    state = find_saved_state("clip", TINY_VIDEO, data, other)
    assert state.path != find_saved_state("clip", TINY_VIDEO, data, options).path
    with pytest.raises(KeyboardInterrupt):
        training.train_clip(data, other, Listeners(steps=interrupt))
    for wrong, said in (
        (replace(other, seed=1, resume=True), "had --seed 0, and 1 is wanted"),
        (replace(other, few_shot="home-157", resume=True), "had --few-shot none, and home-157 is wanted"),
        (replace(other, budget=Budget(steps=4), resume=True), "had --steps 3, and 4 is wanted"),
        (replace(other, budget=Budget(minutes=1), resume=True), "had --steps 3, and None is wanted"),
        (replace(other, batch=3, resume=True), "had --batch 2, and 3 is wanted"),
        (replace(other, rate=0.5, resume=True), "had --rate 0.001, and 0.5 is wanted"),
        (replace(options, resume=True), "there is no interrupted training of this --out"),
    ):
        with pytest.raises(UserError, match=said):
            training.train_clip(data, wrong)
    training.train_clip(data, replace(other, resume=True))
    again = load_file(other.out)
    assert all(torch.equal(whole[name], again[name]) for name in whole)
    assert not state.path.exists()
    for content in (b"", b"no state", state.path.read_bytes()[:900] if state.path.exists() else b"PK"):
        state.path.write_bytes(content)
        with pytest.raises(UserError, match="holds no whole state of a training; start without --resume"):
            training.train_clip(data, replace(other, resume=True))
    state.path.unlink()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--steps", "0"), "--steps 0 is not possible"),
        (("--steps", "-1"), "--steps -1 is not possible"),
        (("--minutes", "nan"), "--minutes nan is not possible"),
        (("--steps", "1", "--batch", "-2"), "--batch -2 is not possible"),
        (("--steps", "1", "--rate", "nan"), "--rate nan is not possible"),
        (("--steps", "1", "--every", "0"), "--every 0 is not possible"),
        (("--steps", "1", "--seed", str(2**70)), "is not possible; give a whole number from 0"),
        (("--steps", "1", "--threads", "-3"), "--threads -3 is not possible"),
        (("--steps", "1", "--device", "toaster"), "there is no device 'toaster'"),
        (("--steps", "1", "--autocast", "half"), "there is no autocast 'half'"),
    ],
)
def test_impossible_options_are_refused(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    out = tmp_path / "out.safetensors"
    assert command("train", "relations", "--data", world, "--out", out, *words) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error and not out.exists()


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({"batch": 0}, "--batch 0 is no number"),
        ({"every": 0}, "--every 0 chooses no frames"),
        ({"rate": float("nan")}, "--rate nan is no learning rate"),
        ({"seed": -1}, "--seed -1 is no seed"),
        ({"seed": 2**70}, "is no seed"),
        ({"few_shot": "nope"}, "there are no few-shot lists for 'nope'"),
        ({"operator": "median"}, "there is no bank operator 'median'; known are non-local, mean, max"),
    ],
)
def test_impossible_numbers_are_refused_in_a_notebook(tmp_path: Path, numbers: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        TrainingOptions(tmp_path / "out.safetensors", Budget(steps=1), **numbers)


def test_a_target_that_training_must_not_replace_is_refused_before_any_work(
    data: TrainingData, tiny_presets: None, tmp_path: Path
) -> None:
    taken = tmp_path / "detector.safetensors"
    save_checkpoint(taken, {}, {"preset": "detector-tiny", "model": "home-world"})
    options = TrainingOptions(taken, Budget(steps=1), "tiny", weights=tmp_path)
    for out, said in (
        (taken, "is read for this and would be replaced"),
        (tmp_path / "film.mp4", "is no name of a weights file; give one that ends in .safetensors"),
        (tmp_path / "frequency.safetensors", "is where the frequency prior of this training goes"),
    ):
        with pytest.raises(UserError, match=said):
            training.train_relations(data, replace(options, out=out))
    with pytest.raises(UserError, match=r"there is no weights file .*reldn\.safetensors; train one"):
        action_training.train_action(data, replace(options, out=tmp_path))
    with pytest.raises(UserError, match="is no name of a weights file"):
        training.train_clip(data, replace(options, out=tmp_path / "clip"))


def test_missing_weights_are_named(
    world: Path, tiny_presets: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("evaluate", "detector", "--data", world, "--weights", tmp_path, "--preset", "tiny") == 1
    assert "detector.safetensors" in capsys.readouterr().err


def test_real_frequency(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def frame(video: str, number: int, contact: str) -> str:
        thing = {
            "class": "cup/glass/bottle",
            "attention_relationship": ["looking_at"],
            "spatial_relationship": ["in_front_of"],
            "contacting_relationship": [contact],
        }
        return json.dumps({"video": video, "frame": f"{number:06}", "time_s": 1.0, "objects": [thing]})

    lines = [frame("A", n, "holding") for n in range(1, 4)]
    (tmp_path / "ag_frames_train.jsonl").write_text("\n".join(lines))
    (tmp_path / "ag_frames_val.jsonl").write_text(frame("B", 1, "holding") + "\n" + frame("B", 2, "other_relationship"))
    assert command("evaluate", "frequency-real", "--graphs", tmp_path) == 0
    row = read_log_row(json.loads(capsys.readouterr().out))
    n = row.metrics[0].n
    assert (n.frames, n.videos, n.triplets, n.train_frames, row.about["labels left out of 25"]) == (2, 1, 5, 3, 1)
    assert find_recall(row, "with-constraint") == 100
    # Frame 2 carries other_relationship, which is missed: 2 of 3, beside 3 of 3 in frame 1.
    assert find_recall(row, "with-constraint", 26) == pytest.approx(100 * (1 + 2 / 3) / 2)
    of_26 = row.about["all"]["no-constraint, 26"]
    assert of_26["zR frame"] == {"10": 0, "20": 0, "50": 0, "100": 0}  # other_relationship alone is new, and missed
    assert (of_26["zR"], of_26["R"]["triplets"]) == ({"videos": 1, "frames": 1, "triplets": 1}, 6)
    assert row.about["all"]["no-constraint, 25"]["zR frame"] == {}


def find_recall(row: LoggedResult, constraint: str, n_relations: int = 25) -> float:
    wanted = ("R", 20, constraint, "frame", n_relations)
    protocols = {metric.protocol: metric.number for metric in row.metrics}
    [found] = [
        number for p, number in protocols.items() if (p.name, p.k, p.constraint, p.averaging, p.n_relations) == wanted
    ]
    return found


GOOD = (
    '{"video": "A", "frame": 1, "time_s": 0.1, "objects": [{"class": "table", "contacting_relationship": ["touching"]}]'
)


@pytest.mark.parametrize(
    ("val", "said"),
    [
        ("{not json}", "ag_frames_val.jsonl, line 1: no JSON"),
        (GOOD + "}\n\n[]", "line 3: a line holds one frame"),
        (GOOD.replace("1,", "0,") + "}", "line 1: frame 0 does not exist"),
        ('{"video": "A", "frame": 1, "objects": []}', "line 1: the frame has no time_s"),
        (GOOD.replace("table", "mug") + "}", "line 1: object class 'mug' is unknown"),
        (GOOD.replace('"class"', '"kind"') + "}", "line 1: an object has no class"),
        (GOOD.replace("touching", "kissing") + "}", "line 1: relationship 'kissing' is unknown"),
        (GOOD.replace('["touching"]', "null") + "}", "line 1: contacting_relationship of table is no list"),
        ('{"video": "A", "frame": 1, "time_s": 0.1, "objects": []}', "has no frame with a relationship"),
        ("", "has no frame with a relationship"),
    ],
)
def test_a_sample_that_is_not_right_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], val: str, said: str
) -> None:
    (tmp_path / "ag_frames_train.jsonl").write_text(GOOD + "}")
    (tmp_path / "ag_frames_val.jsonl").write_text(val)
    assert command("evaluate", "frequency-real", "--graphs", tmp_path) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and said in error


def test_a_sample_may_have_empty_lines_a_mark_and_separators(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ag_frames_train.jsonl").write_text("\ufeff" + GOOD + ', "note": "a\u2028b"}\n\n', encoding="utf-8")
    (tmp_path / "ag_frames_val.jsonl").write_text(GOOD + "}\n", encoding="utf-8")
    assert command("evaluate", "frequency-real", "--graphs", tmp_path) == 0
    row = read_log_row(json.loads(capsys.readouterr().out))
    assert row.metrics[0].n.train_frames == 1 and find_recall(row, "with-constraint") == 100


def test_a_row_names_the_command_that_makes_it_again() -> None:
    parser = argparse.ArgumentParser()
    evaluate.add_parser(parser.add_subparsers())

    def formatted(text: str) -> str:
        return evaluate._format_command(parser.parse_args(text.split()), "home60")

    every = parser.parse_args(
        "evaluate actions --data x/home60 --out a.json --few-shot home-157 --weights a/b c".split()
    )
    assert evaluate_actions.format_command(every) == (
        "evaluate actions --data home60 --models all --few-shot home-157 --weights b c"
    )
    given = (
        "evaluate relations --data x/home60 --head frequency --frames 9 --split train --preset paper --weights a/mine"
    )
    expected = "--head frequency --mode predcls --frames 9 --split train --preset paper --weights mine"
    assert formatted(given) == f"evaluate relations --data home60 {expected}"
    assert formatted("evaluate frequency-real --graphs x/ag") == "evaluate frequency-real --graphs home60"
