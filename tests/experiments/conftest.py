"""The stand-in world, written once for all training tests, as its folder and as training data."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from ag_core.__main__ import main
from ag_core.catalog import ACTION_MODELS, CLIP_NETWORKS, DETECTORS, RELATION_HEADS
from ag_core.experiments.datasets import LabelledVideos, TrainingData
from ag_core.world.dense_source import build_home_world_store
from tests.experiments.rectangles import write_rectangles
from tests.toys.tiny_heads import list_tiny_heads
from tests.toys.tiny_networks import list_tiny_networks


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small home world."""
    return write_rectangles(tmp_path_factory.mktemp("world") / "rectangles")


@pytest.fixture(scope="session")
def data(world: Path) -> TrainingData:
    """Its train split."""
    return TrainingData.open(build_home_world_store(world), cache=world / ".cache")


@pytest.fixture(scope="session")
def loaded(data: TrainingData) -> LabelledVideos:
    """The videos of its train split."""
    return data.load()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tiny_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A preset 'tiny' of every model: very small networks."""
    add_tiny_presets(monkeypatch)


def add_tiny_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The presets of the fixture, until the patch is undone."""
    from tests.experiments.test_action import TINY_VIDEO
    from tests.experiments.test_detector import TINY

    monkeypatch.setitem(DETECTORS["home-world"].presets, "tiny", TINY)
    for head, preset in list_tiny_heads(TINY.box_head_width, TINY.pyramid_channels).items():
        monkeypatch.setitem(RELATION_HEADS[head].presets, "tiny", preset)
    tiny = list_tiny_networks(TINY_VIDEO)
    for network in CLIP_NETWORKS.values():
        monkeypatch.setitem(network.presets, "tiny", tiny[network.id])
    for model in ACTION_MODELS.values():
        monkeypatch.setitem(model.presets, "tiny", tiny[model.clip_network])


def command(*words: object) -> int:
    """The exit code of a command of the program."""
    return main([str(word) for word in words])


@pytest.fixture(scope="session")
def trained(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Weights of every network that predictions need, and of the oracle, trained for one step."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        add_tiny_presets(patch)
        words = ("--data", world, "--preset", "tiny", "--threads", 1, "--steps", 1, "--batch", 2, "--autocast", "off")
        for kind, name in (("detector", "detector"), ("relations", "reldn"), ("clip", "clip")):
            given = ("--weights", folder) if kind == "relations" else ()
            assert command("train", kind, "--out", folder / f"{name}.safetensors", *words, *given) == 0
        assert command("train", "action", "--out", folder, "--weights", folder, *words) == 0
        yield folder
