"""One training loop for everything: steps within a budget, a learning rate that ends at zero, checkpoints, resuming.

Knows a network and a function that gives the losses of a step; knows no data and no model. The budget is either a
number of steps or minutes of wall time; with minutes the schedule follows the elapsed share of the time, so that the
rate has always come down at the end, however busy the machine is.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ag_core.errors import UserError
from ag_core.files import stage_file

Losses = dict[str, Tensor]
StepLosses = Callable[[np.random.Generator], Losses]


@dataclass(frozen=True)
class Budget:
    """How long to train: `minutes` of wall time or a number of `steps`, exactly one of them."""

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise UserError("a training budget is either --minutes or --steps; give one of them")

    def share(self, seconds: float, steps: int) -> float:
        """The part that is spent, 0 to 1."""
        done = steps / self.steps if self.steps is not None else seconds / (60 * (self.minutes or 1e-9))
        return min(1.0, done)


@dataclass(frozen=True)
class Recipe:
    """How to train. Rates are peaks: linear warm-up over `warm_up` of the budget, then half a cosine down to zero.

    clip_norm limits the gradient's norm; bfloat16 runs the forward pass in mixed precision; checkpoint_s and report_s
    are the seconds between saved states and between reports.
    """

    budget: Budget
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warm_up: float = 0.04
    clip_norm: float = 10.0
    bfloat16: bool = False
    seed: int = 0
    checkpoint_s: float = 60.0
    report_s: float = 15.0


@dataclass(frozen=True)
class Progress:
    """Where a run stands: steps and seconds so far (earlier runs included), smoothed losses, share of the budget."""

    step: int = 0
    seconds: float = 0.0
    share: float = 0.0
    losses: dict[str, float] | None = None

    def line(self) -> str:
        """One line for a log."""
        rate = self.step / max(self.seconds, 1e-9)
        left = self.seconds / max(self.share, 1e-9) - self.seconds
        losses = "  ".join(f"{name} {value:.3f}" for name, value in (self.losses or {}).items())
        return f"{self.share:4.0%}  step {self.step}  {rate:.2f} steps/s  {left / 60:.1f} min left  {losses}"


def rate_at(share: float, warm_up: float) -> float:
    """The learning rate as a part of its peak when `share` of the budget is spent."""
    if share < warm_up:
        return max(share / warm_up, 0.01)
    return 0.5 * (1 + float(np.cos(np.pi * (share - warm_up) / max(1 - warm_up, 1e-9))))


def fit(
    network: nn.Module,
    losses_of_step: StepLosses,
    recipe: Recipe,
    checkpoint: Path | None = None,
    resume: bool = False,
    report: Callable[[Progress], None] = lambda progress: print(progress.line(), flush=True),
) -> Progress:
    """Train the parameters of `network` that want gradients, in place, until the budget is spent.

    losses_of_step gets a random generator that depends on seed and step only, and returns losses to add up. A step
    whose losses are not finite is skipped. `checkpoint` is written now and then and when interrupted; `resume` goes on
    from it and counts the steps and seconds in it.
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(_decay_groups(network, recipe.weight_decay), lr=recipe.learning_rate)
    progress = Progress()
    if resume:
        progress = _load(checkpoint, network, optimizer)
    started = saved = reported = time.monotonic()
    seconds_before = progress.seconds
    try:
        while (share := recipe.budget.share(progress.seconds, progress.step)) < 1:
            for group in optimizer.param_groups:
                group["lr"] = recipe.learning_rate * rate_at(share, recipe.warm_up)
            # Seeding every step alike makes a resumed run draw what an uninterrupted one would have drawn.
            torch.manual_seed(recipe.seed * 1_000_003 + progress.step)
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
                losses = losses_of_step(np.random.default_rng([recipe.seed, progress.step]))
            total = torch.stack([loss.float() for loss in losses.values()]).sum()
            optimizer.zero_grad(set_to_none=True)
            if torch.isfinite(total):
                total.backward()
                nn.utils.clip_grad_norm_(parameters, recipe.clip_norm)
                optimizer.step()
            now = time.monotonic()
            progress = replace(
                progress,
                step=progress.step + 1,
                seconds=seconds_before + now - started,
                losses=_smoothed(progress.losses, losses),
            )
            progress = replace(progress, share=recipe.budget.share(progress.seconds, progress.step))
            if now - reported > recipe.report_s:
                reported = now
                report(progress)
            if checkpoint is not None and now - saved > recipe.checkpoint_s:
                saved = now
                _save(checkpoint, network, optimizer, progress)
    except KeyboardInterrupt:
        if checkpoint is not None:
            _save(checkpoint, network, optimizer, progress)
        raise
    if checkpoint is not None:
        _save(checkpoint, network, optimizer, progress)
    report(progress)
    return progress


def bfloat16_is_faster() -> bool:
    """Whether this processor multiplies bfloat16 clearly faster than float32, by a probe of some milliseconds."""
    times = {}
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.ones(384, 384, dtype=dtype)
        torch.mm(matrix, matrix)
        runs = []
        for _ in range(8):
            started = time.perf_counter()
            torch.mm(matrix, matrix)
            runs.append(time.perf_counter() - started)
        times[dtype] = min(runs)
    return times[torch.bfloat16] < 0.8 * times[torch.float32]


def _decay_groups(network: nn.Module, weight_decay: float) -> list[dict]:
    """Weight decay for matrices and kernels, none for biases and normalisation."""
    wanted = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in wanted if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in wanted if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _smoothed(before: dict[str, float] | None, losses: Losses) -> dict[str, float]:
    now = {name: float(loss.detach()) for name, loss in losses.items()}
    if before is None:
        return now
    return {name: 0.95 * before.get(name, value) + 0.05 * value for name, value in now.items() if np.isfinite(value)}


def _save(path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
    with stage_file(path) as staged:
        torch.save(state | {"step": progress.step, "seconds": progress.seconds}, staged)


def _load(path: Path | None, network: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
    if path is None or not path.exists():
        raise UserError(f"there is no interrupted training at {path}; start without --resume")
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    return Progress(step=state["step"], seconds=state["seconds"])
