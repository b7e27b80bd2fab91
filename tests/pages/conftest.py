"""The home of a page's test holds the store of the stand-in showcase already, which is built once."""

import shutil
from pathlib import Path

import pytest

from ag_core.annotations.showcase_store import ensure_store
from ag_core.settings import settings


@pytest.fixture(scope="session")
def built_home(showcase: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after the first start of the app."""
    home = tmp_path_factory.mktemp("built") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AG_HOME", str(home))
        patch.setenv("AG_SHOWCASE", str(showcase))
        patch.delenv("AG_STORE", raising=False)
        settings.cache_clear()
        ensure_store()
    settings.cache_clear()
    return home


@pytest.fixture
def app_home(built_home: Path, app_home: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(built_home, app_home)
    return app_home
