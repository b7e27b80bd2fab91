"""The best network is kept, rows of the curve are where they should be, a resumed training makes the same of both."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ag_core.experiments.learning_curve import HeldOutJudge, LearningCurve
from ag_core.experiments.training_loop import (
    Budget,
    Companion,
    Losses,
    Recipe,
    SavedState,
    StepLosses,
    TrainingProgress,
    fit,
)
from ag_core.experiments.weight_average import WeightAverage


def test_the_best_network_is_kept() -> None:
    network, scores = nn.Linear(1, 1, bias=False), iter([10.0, 30.0, 30.0, 20.0])
    judge = HeldOutJudge(network, lambda: {"score": next(scores)}, "score", times=4)
    for step in range(1, 9):
        nn.init.constant_(network.weight, step)
        judge.follow(TrainingProgress(step=step, share=step / 8))
        assert judge.judged_at == step - step % 2
    assert judge.best_at == 4 and judge.best["weight"].item() == 4
    assert judge.best_numbers == {"score": 30} and judge.numbers == {"score": 20}


def test_rows_of_the_curve(tmp_path: Path) -> None:
    judge = HeldOutJudge(nn.Linear(1, 1), lambda: {"score": 1.234}, "score", times=1)
    curve = LearningCurve(tmp_path / "a.curve.jsonl", judge, rows=2)
    for step in range(1, 5):
        progress = TrainingProgress(step=step, seconds=step / 2, share=step / 4, losses={"box": step / 3})
        judge.follow(progress)
        curve.follow(progress)
    rows = [json.loads(line) for line in (tmp_path / "a.curve.jsonl").read_text().splitlines()]
    assert rows == [
        {"step": 2, "seconds": 1.0, "losses": {"box": 0.6667}},
        {"step": 4, "seconds": 2.0, "losses": {"box": 1.3333}, "held out": {"score": 1.23}},
    ]


def test_a_curve_that_cannot_be_written_ends_no_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes: list[str] = []
    curve = LearningCurve(tmp_path / "file" / "a.curve.jsonl", note=notes.append)
    curve.follow(TrainingProgress(step=1, share=0.5))
    assert len(notes) == 1 and "the training goes on" in notes[0]


def line_fit(network: nn.Module, stop_at: int | None = None) -> StepLosses:
    calls = []

    def losses(random: np.random.Generator) -> Losses:
        calls.append(1)
        if len(calls) == stop_at:
            raise KeyboardInterrupt
        x = torch.from_numpy(random.normal(size=(8, 2))).float()
        return {"square": (network(x)[:, 0] - x @ torch.tensor([2.0, -1.0])).square().mean()}

    return losses


def make_companions(network: nn.Module, path: Path) -> tuple[WeightAverage, HeldOutJudge, dict[str, Companion]]:
    average = WeightAverage(network)

    def measure() -> dict[str, float]:
        weights = average.network.state_dict()["weight"]
        return {"score": -float((weights - torch.tensor([[1.0, -0.5]])).abs().sum())}

    judge = HeldOutJudge(average.network, measure, "score", times=5)
    return average, judge, {"average": average, "judge": judge, "curve": LearningCurve(path, judge, rows=10)}


def start() -> nn.Linear:
    network = nn.Linear(2, 1)
    nn.init.zeros_(network.weight)
    nn.init.zeros_(network.bias)
    return network


def test_a_resumed_training_has_the_same_average_curve_and_best_network(tmp_path: Path) -> None:
    recipe = Recipe(Budget(steps=40), learning_rate=0.1, checkpoint_s=0)
    through = start()
    average, judge, companions = make_companions(through, tmp_path / "through.jsonl")
    fit(through, line_fit(through), recipe, companions=companions)
    assert 0 < judge.best_at < 40

    state = SavedState(tmp_path / "run.pt", {})
    stopped = start()
    _, _, companions = make_companions(stopped, tmp_path / "again.jsonl")
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, line_fit(stopped, stop_at=23), recipe, state, companions=companions)
    again = start()
    average_again, judge_again, companions = make_companions(again, tmp_path / "again.jsonl")
    fit(again, line_fit(again), recipe, state, resume=True, companions=companions)
    assert torch.equal(average.network.state_dict()["weight"], average_again.network.state_dict()["weight"])
    assert torch.equal(judge.best["weight"], judge_again.best["weight"])
    assert (judge.best_at, judge.best_numbers) == (judge_again.best_at, judge_again.best_numbers)
    rows, rows_again = (
        [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        for name in ("through.jsonl", "again.jsonl")
    )
    assert len(rows) == 10
    assert [row | {"seconds": 0} for row in rows] == [row | {"seconds": 0} for row in rows_again]
