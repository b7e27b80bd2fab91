"""The stand-in world of the training tests with its exact truth."""

import pytest

from ag_core.world_audit.home_world import HomeWorld
from tests.experiments.rectangles import write_rectangles


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> HomeWorld:
    return HomeWorld.open(write_rectangles(tmp_path_factory.mktemp("world") / "rectangles"))
