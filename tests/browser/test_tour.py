"""The tour of the benchmarks on two pages: controls are touched with odd input, and nothing goes wrong."""

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from benchmarks.pages import open_by_link, switch_page
from benchmarks.tour import Findings, tour

pytestmark = pytest.mark.browser


def test_odd_input_breaks_nothing(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    url, findings = app("app.py"), Findings()
    page = visit(f"{url}/Search")
    page.on("console", findings.hear)
    tour(page, url, findings, 30, random.Random(0), ("Search", "Statistics"))
    assert findings.touched.total() > 5
    assert not findings.wrong


def test_pages_are_timed(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    url = app("app.py")
    page = visit(url)
    paint, done = open_by_link(page, url, "Glossary")
    assert paint > 0 and done > 0
    assert switch_page(page, "SQL") > 0
    assert page.url.endswith("/SQL")
