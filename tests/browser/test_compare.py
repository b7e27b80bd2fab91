"""Compare in a real browser: the model's own process says why, a click goes there, and what-if answers by its link."""

import re
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE_S
from tests.browser.test_app import settled

pytestmark = pytest.mark.browser

VIDEO = "2RZMQ"


def wait_for_time(page: Page, wanted_s: float) -> None:
    """Wait until the player stands at a time, in seconds."""
    end = time.monotonic() + PATIENCE_S
    while abs(page.locator("video").first.evaluate("video => video.currentTime") - wanted_s) > 0.1:
        assert time.monotonic() < end
        page.wait_for_timeout(100)


def test_evidence_leads_to_its_moment_and_to_what_if(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO, "ask": "Why"})
    go = page.get_by_role("button", name=re.compile(r"Go to 0:\d"))
    go.first.wait_for()
    settled(page)
    minutes, seconds = go.first.inner_text().split()[-1].split(":")
    wanted_s = 60 * int(minutes) + float(seconds)
    go.first.focus()
    page.keyboard.press("Enter")
    wait_for_time(page, wanted_s)

    page.get_by_role("button", name="What if not?").first.click()
    expect(page.get_by_text("What changed most.")).to_be_visible()
    page.wait_for_url("**whatif=-**")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No edit yet")).to_be_visible()
    assert "whatif" not in parse_qs(urlparse(page.url).query)
