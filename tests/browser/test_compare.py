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
    settled(page)  # the player's report of where it stands carries the tab that is open then

    page.get_by_role("button", name="What if not?").first.click()
    expect(page.get_by_text("What changed most.")).to_be_visible()
    page.wait_for_url("**whatif=-**")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No edit yet")).to_be_visible()
    assert "whatif" not in parse_qs(urlparse(page.url).query)


def test_compare_is_one_screen_with_video_verdict_and_differing_rows(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO, "t": "0.5"}, width=1440, height=900)
    go = page.locator(".differing-go")
    go.first.wait_for()
    settled(page)
    for part in (".stage", ".controls", ".beside"):
        box = page.locator(part).bounding_box()
        assert box is not None and box["y"] > 0 and box["y"] + box["height"] <= 900, part
    video, beside, graphs, timeline = (
        page.locator(part).bounding_box() for part in (".stage", ".beside", ".graphs", ".timeline")
    )
    assert video and beside and graphs and timeline
    assert beside["x"] >= video["x"] + video["width"], "the verdict stands right of the video"
    assert graphs["y"] < timeline["y"], "graphs directly under the video, above the scores"
    expect(page.locator(".beside-said")).to_contain_text(re.compile(r"annotated actions? in (its|their) top 5"))
    assert all(page.locator(".beside :is(th, td)[title]").nth(at).get_attribute("title") for at in range(4))

    minutes, seconds = go.first.inner_text().split(":")
    fills = page.locator(".differing-bar .track i:last-child")
    before = [fills.nth(at).get_attribute("style") for at in range(fills.count())]
    go.first.click()
    wait_for_time(page, 60 * int(minutes) + float(seconds))
    page.wait_for_function(
        "before => [...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)"
        ".flatMap(root => [...root.querySelectorAll('.differing-bar .track i:last-child')])"
        ".map(e => e.getAttribute('style')).join() !== before.join()",
        arg=before,
    )


def test_the_graph_is_under_the_video_on_a_phone_and_beside_it_on_a_wide_screen(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO}, width=2560, height=1300)
    page.locator(".differing-go").first.wait_for()
    settled(page)
    video, graphs, beside = (page.locator(part).bounding_box() for part in (".stage", ".graphs", ".beside"))
    assert video and graphs and beside
    assert video["x"] + video["width"] <= graphs["x"] and graphs["x"] + graphs["width"] <= beside["x"]
    assert beside["x"] + beside["width"] > 2300, "a wide screen is used"
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_timeout(300)
    controls, graphs, beside, timeline = (
        page.locator(part).bounding_box() for part in (".controls", ".graphs", ".beside", ".timeline")
    )
    assert controls and graphs and beside and timeline
    assert controls["y"] < graphs["y"] < beside["y"] < timeline["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
