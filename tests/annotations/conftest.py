"""What the tests of files and stores share."""

from pathlib import Path

import pytest

from ag_core.annotations.building.build import build_store


@pytest.fixture(scope="module")
def store_file(showcase: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos, annotated and predicted."""
    path = tmp_path_factory.mktemp("stores") / "a.duckdb"
    predictions = sorted((showcase / "predictions").glob("*.json"))
    build_store(path, showcase / "charades", showcase / "annotations", showcase / "videos", predictions=predictions)
    return path
