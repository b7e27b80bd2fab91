"""One training loop for everything: steps within a budget, a learning rate that ends at zero, checkpoints, resuming.

Knows a network, a function that gives the losses of a step, and what follows along; knows no data and no model. The
budget is either a number of steps or minutes of wall time; with minutes the schedule follows the elapsed share of the
time, so that the rate has always come down at the end, however busy the machine is.
"""

import math
import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from ag_core.errors import UserError
from ag_core.experiments.processes import ALONE, LostProcessError, Processes, share_batch_norm
from ag_core.files import stage_file
from ag_core.interruptions import hold_interruptions

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
        if self.steps is not None and self.steps < 1:
            raise UserError(f"--steps {self.steps} trains nothing; give 1 or more")
        if self.minutes is not None and not (self.minutes > 0 and math.isfinite(self.minutes)):
            raise UserError(f"--minutes {self.minutes} is no time to train; give a number above 0")

    def share(self, seconds: float, steps: int) -> float:
        """The part that is spent, 0 to 1."""
        if self.steps is not None:
            return min(1.0, steps / self.steps)
        assert self.minutes is not None
        return min(1.0, seconds / (60 * self.minutes))


MAX_SEED = 2**32 - 1


@dataclass(frozen=True)
class Recipe:
    """How to train. Rates are peaks: linear warm-up over `warm_up` of the budget, then half a cosine down to zero.

    clip_norm limits the gradient's norm; autocast is the type of a forward pass in mixed precision, None for float32;
    checkpoint_s and report_s are the seconds between saved states and between reports. UserError for a number that is
    no rate or no seed.
    """

    budget: Budget
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warm_up: float = 0.04
    clip_norm: float = 10.0
    autocast: torch.dtype | None = None
    seed: int = 0
    checkpoint_s: float = 60.0
    report_s: float = 1.0

    def __post_init__(self) -> None:
        if not (self.learning_rate > 0 and math.isfinite(self.learning_rate)):
            raise UserError(f"--rate {self.learning_rate} is no learning rate; give a number above 0, such as 0.001")
        if not 0 <= self.seed <= MAX_SEED:
            raise UserError(f"--seed {self.seed} is no seed; give a whole number from 0 to {MAX_SEED}")


@dataclass(frozen=True)
class SavedState:
    """Where the state of an interrupted training lies, and whose it is: what must agree for another to go on from it.

    facts  all that decides what a training learns, such as kind, seed, preset and data, by the name of its option
    """

    path: Path
    facts: Mapping[str, str]

    def check(self) -> None:
        """UserError unless a training of the same facts waits here: asked before long preparations."""
        self.read()

    def belongs(self) -> bool:
        """Whether a training of the same facts waits here."""
        try:
            self.read()
        except UserError:
            return False
        return True

    def read(self) -> dict[str, Any]:
        """What was kept of the interrupted training; UserError where there is none, or it is of another training."""
        if not self.path.exists():
            raise UserError("there is no interrupted training of this --out; start without --resume")
        try:
            state = dict(torch.load(self.path, weights_only=True, map_location="cpu"))
            facts, counts = dict(state["facts"]), [float(state[name]) for name in _COUNTS]
            whole = all(0 <= count < math.inf for count in counts) and {"network", "optimizer"} <= set(state)
        except (OSError, RuntimeError, EOFError, ValueError, KeyError, TypeError, pickle.UnpicklingError):
            whole = False
        if not whole:
            raise UserError(f"{self.path} holds no whole state of a training; start without --resume")
        for name, wanted in self.facts.items():
            if facts.get(name) != wanted:
                raise UserError(
                    f"the interrupted training of this --out had {name} {facts.get(name)}, and {wanted} is wanted; "
                    "give the same options, or start without --resume"
                )
        return state

    def remove(self) -> None:
        """The training has ended: nothing is left to go on from."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class TrainingProgress:
    """Where a run stands: steps and seconds so far (earlier runs included), smoothed losses, share of the budget.

    skipped  of the steps, those that changed nothing because a loss or a gradient was no number
    """

    step: int = 0
    skipped: int = 0
    seconds: float = 0.0
    share: float = 0.0
    losses: dict[str, float] | None = None

    def describe_losses(self) -> str:
        """The losses in a few words."""
        return ", ".join(f"{name} {value:.3f}" for name, value in (self.losses or {}).items())


class Companion(Protocol):
    """What follows a training step by step, and what a resumed one needs of it: plain values and tensors."""

    def follow(self, progress: TrainingProgress) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any]) -> None: ...


def rate_at(share: float, warm_up: float) -> float:
    """The learning rate as a part of its peak when `share` of the budget is spent."""
    if share < warm_up:
        return max(share / warm_up, 0.01)
    return 0.5 * (1 + float(np.cos(np.pi * (share - warm_up) / max(1 - warm_up, 1e-9))))


def fit(
    network: nn.Module,
    losses_of_step: StepLosses,
    recipe: Recipe,
    saved_state: SavedState | None = None,
    resume: bool = False,
    report: Callable[[TrainingProgress], None] = lambda progress: None,
    note: Callable[[str], None] = lambda sentence: None,
    companions: Mapping[str, Companion] = MappingProxyType({}),
    processes: Processes = ALONE,
) -> TrainingProgress:
    """Train the parameters of `network` that want gradients, in place and where they are, until the budget is spent.

    losses_of_step gets a random generator that depends on seed and step only, and returns losses to add up. A step
    with a loss or a gradient that is no number is skipped; UserError where all are. `saved_state` is written now and
    then and when interrupted, always between two steps, so that a resumed training ends as an undisturbed one;
    `resume` goes on from it and counts the steps and seconds in it, UserError as `SavedState.read`. A state that cannot
    be written ends no training; `note` is told of it. `companions` follow every step, in their order, and are kept in
    the state by their names.

    Of several `processes` each gives the losses of its part of the batch, and all do the same steps; the first alone is
    followed and writes. Where one of them is lost the state before that step is kept, LostProcessError.
    """
    if processes.count > 1:
        share_batch_norm(network, processes)
    companions = companions if processes.is_first else {}
    optimizer = torch.optim.AdamW(_group_by_decay(network, recipe.weight_decay), lr=recipe.learning_rate)
    progress = TrainingProgress()
    if resume:
        progress = _load(saved_state, network, optimizer, companions)
    if not processes.is_first:
        saved_state = None
    started = saved = reported = time.monotonic()
    seconds_before = progress.seconds
    whole = True  # whether network and optimizer are those of `progress`, not in the middle of a step
    with hold_interruptions() as is_interrupted:
        try:
            while True:
                seconds, stop = processes.agree(progress.seconds, is_interrupted())
                progress = replace(progress, seconds=seconds)
                if (share := recipe.budget.share(progress.seconds, progress.step)) >= 1:
                    break
                if stop:
                    raise KeyboardInterrupt
                whole = False
                with processes.keep_buffers(network):
                    losses, taken = _take_step(
                        network, optimizer, losses_of_step, recipe, share, progress.step, processes
                    )
                now = time.monotonic()
                progress = replace(
                    progress,
                    step=progress.step + 1,
                    skipped=progress.skipped + (not taken),
                    seconds=seconds_before + now - started,
                    losses=_smooth(progress.losses, losses),
                )
                progress = replace(progress, share=recipe.budget.share(progress.seconds, progress.step))
                for companion in companions.values():
                    companion.follow(progress)
                whole = True
                if now - reported > recipe.report_s:
                    reported = now
                    report(progress)
                if saved_state is not None and now - saved > recipe.checkpoint_s:
                    saved = now
                    _save(saved_state, network, optimizer, companions, progress, note)
        except (KeyboardInterrupt, LostProcessError) as ended:
            if saved_state is not None and (whole or isinstance(ended, LostProcessError)):
                _save(saved_state, network, optimizer, companions, progress, note)
            raise
        if saved_state is not None:
            _save(saved_state, network, optimizer, companions, progress, note)
        if is_interrupted():
            raise KeyboardInterrupt
    report(progress)
    if progress.skipped == progress.step:
        raise UserError(
            f"none of the {progress.step} steps had losses that are numbers, so nothing was learned; "
            "give a smaller --rate, or look at the data with `doctor`"
        )
    return progress


def _take_step(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    losses_of_step: StepLosses,
    recipe: Recipe,
    share: float,
    step: int,
    processes: Processes,
) -> tuple[dict[str, float], bool]:
    """The losses of one step at the rate of the budget's spent share, and whether it changed the network.

    A GPU is waited for once, when everything but the step itself is on its way.
    """
    parameters = [p for p in network.parameters() if p.requires_grad]
    device = parameters[0].device if parameters else torch.device("cpu")
    for group in optimizer.param_groups:
        group["lr"] = recipe.learning_rate * rate_at(share, recipe.warm_up)
    # Seeding every step alike makes a resumed run draw what an uninterrupted one would have drawn.
    # Each process draws its own, such as what is dropped out of its part of the batch.
    torch.manual_seed(recipe.seed * 1_000_003 + step + processes.index * 15_485_863)
    with torch.autocast(device.type, recipe.autocast, enabled=recipe.autocast is not None):
        losses = losses_of_step(np.random.default_rng([recipe.seed, step]))
    each = torch.stack([loss.float() for loss in losses.values()])
    of_all = processes.average(each.detach())
    optimizer.zero_grad(set_to_none=True)
    each.sum().backward()
    processes.average_gradients(parameters)
    norm = nn.utils.clip_grad_norm_(parameters, recipe.clip_norm)
    *values, length = torch.cat([of_all, norm.to(of_all).reshape(1)]).tolist()
    taken = math.isfinite(sum(values)) and math.isfinite(length)
    if taken:
        optimizer.step()
    return dict(zip(losses, values)), taken


def _group_by_decay(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices and kernels, none for biases and normalisation."""
    wanted = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in wanted if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in wanted if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _smooth(before: dict[str, float] | None, losses: Mapping[str, float]) -> dict[str, float]:
    kept = dict(before or {})
    for name, value in losses.items():
        if math.isfinite(value):
            kept[name] = 0.95 * kept.get(name, value) + 0.05 * value
    return kept


_COUNTS = ("step", "skipped", "seconds")


def _save(
    saved_state: SavedState,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    companions: Mapping[str, Companion],
    progress: TrainingProgress,
    note: Callable[[str], None],
) -> None:
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "facts": dict(saved_state.facts)}
    state["companions"] = {name: companion.state_dict() for name, companion in companions.items()}
    try:
        with stage_file(saved_state.path) as staged:
            torch.save(state | {name: getattr(progress, name) for name in (*_COUNTS, "losses")}, staged)
    except UserError as error:
        note(f"the training goes on, but could not be resumed now: {error}")


def _load(
    saved_state: SavedState | None,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    companions: Mapping[str, Companion],
) -> TrainingProgress:
    if saved_state is None:
        raise UserError("there is no interrupted training of this --out; start without --resume")
    state = saved_state.read()
    try:
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        for name, companion in companions.items():
            companion.load_state_dict(state["companions"][name])
    except (RuntimeError, ValueError, KeyError, TypeError):
        raise UserError(f"{saved_state.path} is the state of another network; start without --resume") from None
    return TrainingProgress(
        int(state["step"]), int(state["skipped"]), float(state["seconds"]), losses=state.get("losses")
    )
