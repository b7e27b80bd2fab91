"""The stand-in world, written once for all training tests."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from ag_core.experiments.datasets import HomeWorld
from tests.experiments.rectangles import write_rectangles


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> HomeWorld:
    return HomeWorld.open(write_rectangles(tmp_path_factory.mktemp("world") / "rectangles"))


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)
