"""A home that takes no files is stood for by another folder, and what it holds is still read."""

import os
import shutil
from pathlib import Path

import pytest

from ag_core import settings as module
from ag_core.annotations.showcase_store import ensure_store
from ag_core.jobs.prediction import PredictionJobs
from ag_core.settings import PROJECT, Settings, find_room_for_compiled_code, find_spare_home, settings, takes_files


def lock(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings where a home takes nothing, whoever asks: a test may run as the one who may write everywhere."""
    monkeypatch.setattr("tempfile.tempdir", str(home.parent))
    monkeypatch.setattr(module, "takes_files", lambda folder: folder != home)
    settings.cache_clear()
    return settings()


def test_a_home_that_takes_files_is_the_home(app_home: Path) -> None:
    assert settings().home == app_home and settings().locked_home is None and settings().explain_locked_home() is None
    assert settings().list_folders("films") == [app_home / "films"] and not app_home.exists()


def test_what_takes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert takes_files(tmp_path / "new" / "folder") and not takes_files(tmp_path / "file" / "folder")
    monkeypatch.setattr(module, "MIN_FREE_BYTES", 1 << 62)  # more than any disk has
    assert not takes_files(tmp_path)


def test_another_folder_stands_for_a_locked_home(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = lock(app_home, monkeypatch)
    assert chosen.home.parent == app_home.parent and chosen.home.name.startswith("action-genome-")
    assert chosen.locked_home == app_home and chosen.list_folders("films") == [chosen.films, app_home / "films"]
    assert str(app_home) in (chosen.explain_locked_home() or "") and "AG_HOME" in (chosen.explain_locked_home() or "")
    assert find_spare_home(app_home) == chosen.home, "the same folder for the same home"
    assert ensure_store() == chosen.home / "home-world.duckdb"
    assert not app_home.exists()


def test_a_folder_of_somebody_else_is_not_taken(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lock(app_home, monkeypatch).home
    shutil.rmtree(first)
    first.symlink_to(app_home.parent)
    assert find_spare_home(app_home).parent == app_home.parent and find_spare_home(app_home) != first


def test_what_a_locked_home_holds_is_read(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure_store()
    chosen = lock(app_home, monkeypatch)
    assert ensure_store() == made == app_home / "home-world.duckdb" and not list(chosen.home.iterdir())
    assert PredictionJobs().folders == [chosen.results, app_home / "results"]


def test_compiled_code_goes_home_where_the_package_takes_no_files(
    app_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    find_room_for_compiled_code()
    assert "NUMBA_CACHE_DIR" not in os.environ
    monkeypatch.setattr(module, "takes_files", lambda folder: PROJECT not in folder.parents)
    find_room_for_compiled_code()
    assert os.environ["NUMBA_CACHE_DIR"] == str(app_home / "compiled")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
