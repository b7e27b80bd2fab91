"""The training loop: budgets, the learning rate's course, interruption and resuming."""

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


def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    recipe, start = Recipe(Budget(steps=20), learning_rate=0.05), {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    through = nn.Linear(2, 1)
    through.load_state_dict(start)
    fit(through, line_fit(through), recipe, report=keep_quiet)

    stopped = nn.Linear(2, 1)
    stopped.load_state_dict(start)
    calls = []

    def stop_at_ten(random: np.random.Generator) -> Losses:
        calls.append(1)
        if len(calls) == 11:
            raise KeyboardInterrupt
        return line_fit(stopped)(random)

    path = SavedState(tmp_path / "run.pt", {"--seed": "0"})
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, stop_at_ten, recipe, path, report=keep_quiet)
    again = nn.Linear(2, 1)
    progress = fit(again, line_fit(again), recipe, path, resume=True, report=keep_quiet)
    assert progress.step == 20
    assert torch.equal(again.weight, through.weight)


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


def test_a_step_without_a_finite_loss_changes_nothing() -> None:
    network = nn.Linear(2, 1)
    before = network.weight.clone()
    fit(
        network, lambda random: {"bad": network.weight.sum() * float("nan")}, Recipe(Budget(steps=2)), report=keep_quiet
    )
    assert torch.equal(network.weight, before)
