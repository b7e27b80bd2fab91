"""The lab of page Few-shot in a browser: a lesson, a mark, its undoing, the player at a hit, and the way back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_app import settled

pytestmark = pytest.mark.browser

HITS = re.compile(r"^[1-9]\d* hits$")


def test_an_action_is_taught_and_corrected(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Few-shot")
    settled(page)
    page.get_by_role("button", name="Learn", exact=True).click()
    expect(page.get_by_role("heading", name=HITS)).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Wrong").first.click()
    expect(page.get_by_text("What you teach has changed since.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]wrong=\w+(%40|@)[\d.]+"))
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("What you teach has changed since.")).to_have_count(0)
    page.get_by_role("button", name="Right").first.click()
    settled(page)
    page.get_by_role("button", name="Learn again").click()
    expect(page.locator(".st-key-ag_moments_right img")).to_be_visible()
    expect(page.get_by_text("What you teach has changed since.")).to_have_count(0)
    hit = page.locator(".st-key-ag_moments_found .head").first
    video_id = re.search(r"1\. (\w+)", hit.inner_text())
    assert video_id
    hit.click()
    page.locator("[data-part=player] video").wait_for()
    expect(page).to_have_url(re.compile(rf"Explore\?v={video_id[1]}&t="))
    page.go_back()
    settled(page)
    expect(page.locator(".st-key-ag_moments_right img")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen(app: Callable[..., str], visit: Callable[..., Page], scheme: str) -> None:
    page = visit(f"{app('app.py')}/Few-shot", width=420, height=900, scheme=scheme)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
