"""Explore in a real browser: a card plays under the pointer and under the focus, and nothing moves aside."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_app import settled

pytestmark = pytest.mark.browser

PLAYING = ".ag-hover-video.plays"


def test_a_card_plays_while_the_pointer_or_the_focus_is_on_it(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Explore", width=1440, height=1200)
    cards = page.locator('[class*="st-key-ag_poster_"]')
    cards.first.locator("img").wait_for()
    settled(page)
    assert page.locator("video").count() == 0, "no file is read before somebody wants to see it"
    before = cards.nth(1).bounding_box()
    cards.nth(0).hover()
    video = cards.nth(0).locator(PLAYING)
    expect(video).to_have_count(1)
    page.wait_for_function("video => video.currentTime > 0.2", arg=video.element_handle())
    assert video.evaluate("video => video.muted")
    still, moving = cards.nth(0).locator("img").bounding_box(), video.bounding_box()
    assert still and moving and all(abs(still[side] - moving[side]) < 1 for side in ("x", "y", "width", "height"))
    assert cards.nth(1).bounding_box() == before, "nothing moves aside"

    cards.nth(1).get_by_test_id("stBaseButton-tertiary").focus()
    expect(cards.nth(1).locator(PLAYING)).to_have_count(1)
    expect(page.locator(".ag-hover-video")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**v=*")
    expect(page.locator(".ag-hover-video")).to_have_count(0)


def test_nothing_plays_for_those_who_want_no_motion(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Explore", reduced_motion="reduce")
    cards = page.locator('[class*="st-key-ag_poster_"]')
    cards.first.locator("img").wait_for()
    settled(page)
    cards.nth(0).hover()
    page.wait_for_timeout(1000)
    expect(page.locator(".ag-hover-video")).to_have_count(0)
