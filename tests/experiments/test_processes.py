"""Two processes train as one does; and what is left where one of them is killed."""

import json
import os
import signal
import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from ag_core.catalog import CLIP_NETWORKS
from ag_core.errors import UserError
from ag_core.experiments import training
from ag_core.experiments.action import HeadExamples, make_head_losses
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import TrainingData
from ag_core.experiments.processes import ALONE, Processes, join_processes
from ag_core.experiments.training_loop import Budget, Losses, Recipe, SavedState, StepLosses, fit
from ag_core.experiments.training_options import TrainingOptions
from ag_core.models.video import build_bank_head
from tests.experiments.conftest import command
from tests.experiments.test_action import TINY_VIDEO

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")

EXACT = replace(TINY_VIDEO, dropout=0.0, bank_dropout=0.0, nonlocal_blocks=())
"""Without chance in the network, where each process would drop something else, and without non-local blocks, whose
biases have no gradient but rounding: what they add is taken off again by the normalisation behind them."""


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def run_together(*works: Callable[[], object]) -> list[int]:
    """Exit codes of two forks of this process that do the works, joined for each anew as `torchrun` does it."""
    ports = [find_port() for _ in works]
    children = []
    for rank in range(2):
        child = os.fork()
        if not child:
            code = 1
            try:
                os.environ |= {
                    "RANK": str(rank),
                    "LOCAL_RANK": str(rank),
                    "WORLD_SIZE": "2",
                    "GLOO_SOCKET_IFNAME": "lo",
                }
                os.environ["MASTER_ADDR"] = "127.0.0.1"
                for port, work in zip(ports, works):
                    os.environ["MASTER_PORT"] = str(port)
                    work()
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def fit_head(out: Path, processes: Processes = ALONE) -> None:
    """Train a bank head on made-up features, and keep its losses and weights."""
    random = np.random.default_rng(0)
    short_term = random.normal(size=(20, EXACT.feature_size)).astype(np.float32)
    windows = random.random((20, 20, 875), np.float32)
    examples = HeadExamples(short_term, windows, random.random((20, 157)) < 0.05, np.arange(20))
    torch.manual_seed(0)
    head = build_bank_head("sgfb", EXACT)
    losses = make_head_losses(head, examples, 8, Compute(processes=processes))
    progress = fit(head, losses, Recipe(Budget(steps=5), learning_rate=2e-3), processes=processes)
    if processes.is_first:
        torch.save(head.state_dict() | {"losses": torch.tensor(list((progress.losses or {}).values()))}, out)


def train_clip_network(kind: str, world: Path, out: Path) -> None:
    """By the command, as `torchrun` calls it."""
    exact = ("--data", world, "--preset", "tiny", "--threads", 1, "--autocast", "off", "--batch", 4, "--rate", 0.002)
    words = ("--steps", 3, "--hold-out", 4, "--out", out / f"{kind}.safetensors")
    assert command("train", kind, *words, *exact) == 0


def train_head(out: Path) -> None:
    with join_processes() as processes:
        fit_head(out / "head.pt", processes)


def assert_alike(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """All but the biases of keys, which a softmax takes off again."""
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        if not name.endswith("phi.bias"):
            torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=2e-4, msg=name)


def test_two_processes_train_as_one(
    world: Path, tiny_presets: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CLIP_NETWORKS["i3d"].presets, "tiny", EXACT)
    alone, together = tmp_path / "alone", tmp_path / "together"
    for folder in (alone, together):
        folder.mkdir()
    kinds = ("pretraining", "clip")
    for kind in kinds:
        train_clip_network(kind, world, alone)
    fit_head(alone / "head.pt")
    works = [partial(train_clip_network, kind, world, together) for kind in kinds]
    assert run_together(*works, partial(train_head, together)) == [0, 0]
    for kind in kinds:
        assert_alike(load_file(together / f"{kind}.safetensors"), load_file(alone / f"{kind}.safetensors"))
        rows, expected = (
            [json.loads(line)["losses"] for line in (folder / f"{kind}.curve.jsonl").read_text().splitlines()]
            for folder in (together, alone)
        )
        assert len(rows) == 3
        for row, wanted in zip(rows, expected, strict=True):
            assert row == pytest.approx(wanted, rel=1e-3)
    assert_alike(torch.load(together / "head.pt"), torch.load(alone / "head.pt"))


class Normed(nn.Module):
    """Two normalisations, so that one of them has taken in a batch when the other is reached."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.BatchNorm1d(2), nn.BatchNorm1d(2), nn.Linear(2, 1)


def make_losses(network: Normed, processes: Processes, killed_at: int | None = None) -> StepLosses:
    calls = []

    def losses(random: np.random.Generator) -> Losses:
        calls.append(1)
        x = torch.from_numpy(processes.shard(random.normal(1, 2, (8, 2)))).float()
        seen = network.first(x)
        if len(calls) == killed_at and not processes.is_first:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"square": (network.last(network.second(seen.tanh()))[:, 0] - x.sum(1)).square().mean()}

    return losses


def test_a_killed_process_leaves_a_state_that_one_goes_on_from(tmp_path: Path) -> None:
    recipe = Recipe(Budget(steps=6), learning_rate=0.05)
    state, said = SavedState(tmp_path / "run.pt", {"--seed": "0"}), tmp_path / "said"

    def train_until_killed() -> None:
        with join_processes() as processes:
            torch.manual_seed(0)
            network = Normed()
            try:
                fit(network, make_losses(network, processes, killed_at=4), recipe, state, processes=processes)
            except UserError as error:
                said.write_text(str(error))

    assert run_together(train_until_killed) == [0, -signal.SIGKILL]
    assert said.read_text().startswith("another process of this training has ended, so this one ends, too; start all")
    assert state.read()["step"] == 3
    torch.manual_seed(0)
    through = Normed()
    fit(through, make_losses(through, ALONE), recipe)
    again = Normed()
    progress = fit(again, make_losses(again, ALONE), recipe, state, resume=True)
    assert progress.step == 6
    assert_alike(again.state_dict(), through.state_dict())


def test_what_cannot_be_shared_is_refused(data: TrainingData, tmp_path: Path) -> None:
    shared = Compute(processes=Processes(1, 3))
    options = TrainingOptions(tmp_path / "w.safetensors", Budget(steps=1), batch=4, compute=shared)
    for train, kind in ((training.train_detector, "detector"), (training.train_relations, "relations")):
        with pytest.raises(UserError, match=f"train {kind} runs in one process; start it without torchrun"):
            train(data, options)
    with pytest.raises(UserError, match="--batch 4 cannot be divided among 3 processes; give a multiple of that"):
        training.train_clip(data, options)
