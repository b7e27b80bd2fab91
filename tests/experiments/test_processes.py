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

from ag_core.catalog import CLIP_NETWORKS, DETECTORS
from ag_core.errors import UserError
from ag_core.experiments import training
from ag_core.experiments.action import HeadExamples, make_head_losses
from ag_core.experiments.augmentation import AnnotatedFrame
from ag_core.experiments.compute import Compute
from ag_core.experiments.datasets import TrainingData
from ag_core.experiments.detector import DetectorFrames
from ag_core.experiments.processes import ALONE, Processes, join_processes
from ag_core.experiments.relations import make_relation_losses
from ag_core.experiments.training_loop import Budget, Losses, Recipe, SavedState, StepLosses, fit
from ag_core.experiments.training_options import TrainingOptions
from ag_core.models.detector import load_faster_rcnn
from ag_core.models.relation import FrequencyHead
from ag_core.models.relation.losses import compute_grouped_losses
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


def train_detection(kind: str, world: Path, weights: Path, out: Path) -> None:
    """The detector, or a relation head on it, by the command."""
    exact = ("--data", world, "--preset", "tiny", "--threads", 1, "--autocast", "off", "--batch", 4, "--rate", 0.002)
    words = ("--hold-out", 4) if kind == "detector" else ("--weights", weights, "--every", 4)
    assert command("train", kind, *words, "--steps", 3, *exact, "--out", out / f"{kind}.safetensors") == 0


def train_head(out: Path) -> None:
    with join_processes() as processes:
        fit_head(out / "head.pt", processes)


def assert_alike(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """All but the biases of keys, which a softmax takes off again."""
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        if not name.endswith("phi.bias"):
            torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=2e-4, msg=name)


def assert_near(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    """Tensors whose numbers differ by a tenth of a step in the mean: a detector chooses regions by scores, and what
    rounding does to these and to the signs of tiny gradients is not rounding any more."""
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert (found[name].float() - tensor.float()).abs().mean() < 2e-4 + 1e-3 * tensor.float().abs().mean(), name


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
        rows, expected = (read_losses(folder / f"{kind}.curve.jsonl") for folder in (together, alone))
        assert len(rows) == 3
        for row, wanted in zip(rows, expected, strict=True):
            assert row == pytest.approx(wanted, rel=1e-3)
    assert_alike(torch.load(together / "head.pt"), torch.load(alone / "head.pt"))


def read_losses(path: Path) -> list[dict[str, float]]:
    return [json.loads(line)["losses"] for line in path.read_text().splitlines()]


def test_detector_and_relations_train_in_two_processes_as_in_one(
    world: Path, trained: Path, tiny_presets: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, together = tmp_path / "alone", tmp_path / "together"
    kinds = ("detector", "relations")
    for kind in kinds:
        train_detection(kind, world, trained, alone)
    # Features of the frames are made anew, by the first process alone.
    for kept in world.glob(".cache/pairs-*/*"):
        kept.unlink()
    assert run_together(*(partial(train_detection, kind, world, trained, together) for kind in kinds)) == [0, 0]
    for name in (*kinds, "frequency"):
        assert_near(*(load_file(folder / f"{name}.safetensors") for folder in (together, alone)))
    rows, wanted = (read_losses(folder / "detector.curve.jsonl") for folder in (together, alone))
    assert len(rows) == 3
    for row, other, share in zip(rows, wanted, (1e-4, 1e-2, 1e-2), strict=True):
        assert row == pytest.approx(other, rel=share, abs=2e-4)
    load_faster_rcnn(together / "detector.safetensors", DETECTORS["home-world"].preset("tiny"))


def test_a_killed_process_of_a_detector_leaves_a_training_to_go_on_with(
    world: Path, tiny_presets: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("--data", world, "--preset", "tiny", "--threads", 1, "--autocast", "off", "--batch", 4, "--steps", 4)
    through, killed = tmp_path / "through.safetensors", tmp_path / "killed.safetensors"
    train = ("train", "detector", *words, "--out")
    assert command(*train, through) == 0

    def train_until_killed() -> None:
        read, calls = DetectorFrames.read_annotated, []

        def read_or_die(frames: DetectorFrames, index: int) -> AnnotatedFrame:
            calls.append(index)
            if os.environ["RANK"] == "1" and len(calls) == 5:  # the first frame of the third step
                os.kill(os.getpid(), signal.SIGKILL)
            return read(frames, index)

        DetectorFrames.read_annotated = read_or_die  # type: ignore
        assert command(*train, killed) == 1

    assert run_together(train_until_killed) == [0, -signal.SIGKILL]
    assert "another process of this training has ended, so this one ends, too; start all" in capfd.readouterr().err
    assert not killed.exists()
    assert command(*train, killed, "--resume") == 0
    assert_near(load_file(killed), load_file(through))


class Normed(nn.Module):
    """Two normalisations, so that one of them has taken in a batch when the other is reached."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.BatchNorm1d(2), nn.BatchNorm1d(2), nn.Linear(2, 1)


def make_losses(network: Normed, processes: Processes, killed_at: int | None = None, rows: int = 8) -> StepLosses:
    calls = []

    def losses(random: np.random.Generator) -> Losses:
        calls.append(1)
        x = torch.from_numpy(processes.shard(random.normal(1, 2, (rows, 2)))).float()
        seen = network.first(x)
        if len(calls) == killed_at and not processes.is_first:
            os.kill(os.getpid(), signal.SIGKILL)
        return {"square": processes.mean((network.last(network.second(seen.tanh()))[:, 0] - x.sum(1)).square())}

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


def test_parts_of_a_batch_may_differ_in_size(tmp_path: Path) -> None:
    recipe, out = Recipe(Budget(steps=6), learning_rate=0.05), tmp_path / "normed.pt"

    def train(processes: Processes) -> Normed:
        torch.manual_seed(0)
        network = Normed()
        fit(network, make_losses(network, processes, rows=5), recipe, processes=processes)
        return network

    def train_together() -> None:
        with join_processes() as processes:
            network = train(processes)
            if processes.is_first:
                torch.save(network.state_dict(), out)

    assert run_together(train_together) == [0, 0]
    assert_alike(torch.load(out), train(ALONE).state_dict())


def test_what_cannot_be_shared_is_refused(data: TrainingData, tmp_path: Path) -> None:
    shared = Compute(processes=Processes(1, 3))
    options = TrainingOptions(tmp_path / "w.safetensors", Budget(steps=1), batch=4, compute=shared)
    for train in (training.train_detector, training.train_clip):
        with pytest.raises(UserError, match="--batch 4 cannot be divided among 3 processes; give a multiple of that"):
            train(data, options)
    with pytest.raises(UserError, match="0 examples are too few for 3 processes; start fewer"):
        make_relation_losses(FrequencyHead(), compute_grouped_losses, [], 3, shared)
