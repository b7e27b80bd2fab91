"""The training loop: budgets, the learning rate's course, interruption and resuming."""

import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ag_core.errors import UserError
from ag_core.experiments.training_loop import (
    Budget,
    Losses,
    Recipe,
    SavedState,
    StepLosses,
    TrainingProgress,
    fit,
    rate_at,
)


def keep_quiet(progress: TrainingProgress) -> None:
    """Report nothing."""


def line_fit(network: nn.Module) -> StepLosses:
    def losses(random: np.random.Generator) -> Losses:
        x = torch.from_numpy(random.normal(size=(8, 2))).float()
        return {"square": (network(x)[:, 0] - x @ torch.tensor([2.0, -1.0])).square().mean()}

    return losses


def test_a_line_is_learned() -> None:
    torch.manual_seed(0)
    network = nn.Linear(2, 1)
    progress = fit(network, line_fit(network), Recipe(Budget(steps=300), learning_rate=0.1), report=keep_quiet)
    assert progress.step == 300 and progress.share == 1
    assert torch.allclose(network.weight[0], torch.tensor([2.0, -1.0]), atol=0.01)


def test_minutes_end() -> None:
    network = nn.Linear(2, 1)
    progress = fit(network, line_fit(network), Recipe(Budget(minutes=0.005)), report=keep_quiet)
    assert progress.step > 1 and 0.3 <= progress.seconds < 2


@pytest.mark.parametrize(("share", "expected"), [(0, 0.01), (0.05, 0.5), (0.1, 1), (0.55, 0.5), (1, 0)])
def test_rate_rises_then_falls_to_zero(share: float, expected: float) -> None:
    assert rate_at(share, 0.1) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path, number: signal.Signals) -> None:
    recipe, start = Recipe(Budget(steps=20), learning_rate=0.05), {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    through = nn.Linear(2, 1)
    through.load_state_dict(start)
    fit(through, line_fit(through), recipe, report=keep_quiet)

    stopped = nn.Linear(2, 1)
    stopped.load_state_dict(start)
    calls = []

    def stop_at_ten(random: np.random.Generator) -> Losses:
        calls.append(1)
        if len(calls) == 10:
            signal.raise_signal(number)
        return line_fit(stopped)(random)

    before = signal.signal(number, signal.default_int_handler)
    path = SavedState(tmp_path / "run.pt", {"--seed": "0"})
    try:
        with pytest.raises(KeyboardInterrupt):
            fit(stopped, stop_at_ten, recipe, path, report=keep_quiet)
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
    assert len(calls) == path.read()["step"] == 10
    again = nn.Linear(2, 1)
    progress = fit(again, line_fit(again), recipe, path, resume=True, report=keep_quiet)
    assert progress.step == 20
    assert torch.equal(again.weight, through.weight)


def test_an_interruption_within_a_step_leaves_the_state_before_it(tmp_path: Path) -> None:
    network, state = nn.Linear(2, 1), SavedState(tmp_path / "run.pt", {})
    calls = []

    def stop_within(random: np.random.Generator) -> Losses:
        calls.append(1)
        if len(calls) == 3:
            with torch.no_grad():
                network.weight += 1  # as an optimizer that is half done
            raise KeyboardInterrupt
        return line_fit(network)(random)

    with pytest.raises(KeyboardInterrupt):
        fit(network, stop_within, Recipe(Budget(steps=9), checkpoint_s=0), state, report=keep_quiet)
    assert state.read()["step"] == 2
    assert torch.equal(state.read()["network"]["weight"] + 1, network.weight)


@pytest.mark.parametrize(
    "damaged", [{"step": -1}, {"seconds": float("nan")}, {"network": None}, {"facts": 3}], ids=lambda value: str(value)
)
def test_a_state_that_is_not_whole_is_refused(tmp_path: Path, damaged: dict[str, object]) -> None:
    network, path = nn.Linear(2, 1), SavedState(tmp_path / "run.pt", {})
    fit(network, line_fit(network), Recipe(Budget(steps=1)), path, report=keep_quiet)
    torch.save({**path.read(), **damaged}, path.path)
    with pytest.raises(UserError, match="start without --resume"):
        fit(network, line_fit(network), Recipe(Budget(steps=1)), path, resume=True, report=keep_quiet)


def test_nothing_to_resume(tmp_path: Path) -> None:
    network = nn.Linear(2, 1)
    with pytest.raises(UserError, match="without --resume"):
        fit(
            network,
            line_fit(network),
            Recipe(Budget(steps=1)),
            SavedState(tmp_path / "none.pt", {}),
            resume=True,
            report=keep_quiet,
        )


def test_budget_is_one_of_two() -> None:
    with pytest.raises(UserError):
        Budget()
    with pytest.raises(UserError):
        Budget(minutes=1, steps=1)


def test_a_training_without_a_finite_loss_changes_nothing_and_says_so() -> None:
    network = nn.Linear(2, 1)
    before = network.weight.clone()
    with pytest.raises(UserError, match="none of the 2 steps had losses that are numbers"):
        fit(network, lambda random: {"bad": network.weight.sum() * np.nan}, Recipe(Budget(steps=2)), report=keep_quiet)
    assert torch.equal(network.weight, before)


def test_a_gradient_that_is_no_number_is_skipped() -> None:
    network, calls = nn.Linear(2, 1, bias=False), []
    torch.nn.init.ones_(network.weight)

    def losses(random: np.random.Generator) -> Losses:
        calls.append(1)
        if len(calls) == 1:
            return {"root": (network.weight - network.weight.detach()).sqrt().sum()}  # 0, and its slope is infinite
        return {"square": network.weight.square().sum()}

    progress = fit(network, losses, Recipe(Budget(steps=3)), report=keep_quiet)
    assert (progress.step, progress.skipped) == (3, 1)
    assert network.weight.isfinite().all()
    assert progress.losses is not None and progress.losses["square"] <= 2
