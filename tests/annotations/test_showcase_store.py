"""The embedded store: made once, made anew when the showcase changes, never in place of a user's own."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ag_core.annotations.showcase_store import ensure_store
from ag_core.annotations.statistics.counts import count_rows
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.settings import settings


def test_the_store_is_made_once(app_home: Path) -> None:
    path = ensure_store()
    made = path.stat().st_mtime_ns
    assert path == app_home / "home-world.duckdb"
    assert ensure_store().stat().st_mtime_ns == made
    with AnnotationStore(path) as store:
        assert store.videos()["video_id"].tolist() == ["AB1CD", "EF2GH"]
        assert len(store.graphs_of("EF2GH")) == 4
        assert len(store.sources()) == 2


def test_a_changed_showcase_makes_a_new_store(app_home: Path, showcase: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = app_home.parent / "changed"
    shutil.copytree(showcase, changed)
    monkeypatch.setenv("AG_SHOWCASE", str(changed))
    settings.cache_clear()
    made = ensure_store().stat().st_mtime_ns
    (changed / "predictions" / "EF2GH.json").unlink()
    with AnnotationStore(ensure_store()) as store:
        assert store.path.stat().st_mtime_ns != made
        assert count_rows(store, store.sources()[1])["videos"] == 1


@pytest.mark.parametrize("damage", ["cut", "gone", "emptied"])
def test_a_store_that_was_cut_or_taken_is_made_again(damage: str, app_home: Path) -> None:
    path = ensure_store()
    whole = path.stat().st_size
    if damage == "gone":
        path.unlink()
    else:
        with path.open("r+b") as file:
            file.truncate(0 if damage == "emptied" else whole - 4096)
    assert ensure_store() == path
    with AnnotationStore(path) as store:
        assert len(store.graphs_of("EF2GH")) == 4
    made = path.stat().st_mtime_ns
    assert ensure_store().stat().st_mtime_ns == made


def test_two_at_once_make_one_store(app_home: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: ensure_store(), range(2))
    assert first == second
    assert sorted(path.name for path in app_home.iterdir()) == ["home-world.duckdb", "home-world.stamp"]


def test_a_store_of_ones_own_is_never_made(app_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = app_home / "mine.duckdb"
    monkeypatch.setenv("AG_STORE", str(mine))
    settings.cache_clear()
    with pytest.raises(UserError, match="no store at"):
        ensure_store()
    mine.parent.mkdir(parents=True)
    mine.touch()
    assert ensure_store() == mine
    assert mine.stat().st_size == 0


def test_nothing_to_make_it_from(empty_home: Path) -> None:
    with pytest.raises(UserError, match="embedded videos are missing"):
        ensure_store()
    assert not empty_home.exists()
