"""Every page runs by its own link, with data and without, and its main control works. No page imports torch."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ag_core.settings import PROJECT

PAGES = sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "pages").glob("*.py"))


def open_page(page: str, **query: str) -> AppTest:
    """A page as a visitor meets it who comes by its link."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    if page != "app.py":
        app.switch_page(page)
    return app.run()


@pytest.mark.parametrize("page", ["app.py", *PAGES])
def test_a_page_opens_by_its_link(page: str, app_home: Path) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


@pytest.mark.parametrize("page", ["app.py", *PAGES])
def test_a_page_without_data_says_what_to_do(page: str, empty_home: Path) -> None:
    app = open_page(page)
    assert not app.exception
    if page != "pages/8_Run.py":
        assert [heading.value for heading in app.subheader] == ["Nothing to show yet"]
