"""Stores and lakes that the tests of lakes share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ag_core.annotations.building.build import build_store
from ag_core.annotations.lake import writing as lake
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.store import AnnotationStore


@pytest.fixture(scope="module")
def other_file(showcase: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stores") / "b.duckdb"
    build_store(path, showcase / "charades", showcase / "annotations")
    return path


@pytest.fixture(scope="module")
def folder(store_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of many small files, as a large one has many large ones."""
    path = tmp_path_factory.mktemp("lakes") / "lake"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lake, "ROWS_PER_FILE", 7)
        write_lake(store_file, path)
    return path


@pytest.fixture(scope="module")
def pair(store_file: Path, folder: Path) -> Iterator[tuple[AnnotationStore, AnnotationStore]]:
    with AnnotationStore(store_file) as of_file, AnnotationStore(folder) as of_lake:
        yield of_file, of_lake
