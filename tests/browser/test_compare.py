"""Compare in a real browser: the model's own process says why, a click goes there, and what-if answers by its link."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_app import settled

pytestmark = pytest.mark.browser

VIDEO = "2RZMQ"


def read_time(page: Page) -> float:
    """Where the player stands, in seconds."""
    seconds: float = page.locator("video").first.evaluate("video => video.currentTime")
    return seconds


def test_evidence_leads_to_its_moment_and_to_what_if(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO, "ask": "Why"})
    go = page.get_by_role("button", name=re.compile(r"Go to 0:\d"))
    go.first.wait_for()
    settled(page)
    minutes, seconds = go.first.inner_text().split()[-1].split(":")
    wanted_s = 60 * int(minutes) + float(seconds)
    go.first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => Math.abs(document.querySelector('video').currentTime - {wanted_s}) < 0.1")
    assert abs(read_time(page) - wanted_s) < 0.1

    page.get_by_role("button", name="What if not?").first.click()
    expect(page.get_by_text("What changed most.")).to_be_visible()
    page.wait_for_url("**whatif=-**")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No edit yet")).to_be_visible()
    assert "whatif" not in parse_qs(urlparse(page.url).query)
