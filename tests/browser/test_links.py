"""Links in a browser: what the player copies restores what it shows, and Back returns to a page as it was left."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_app import settled

pytestmark = pytest.mark.browser


def follow(page: Page, label: str) -> None:
    """Go to a page by the side bar."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=label, exact=True).click()
    page.wait_for_url(f"**/{label}**")
    settled(page)


def test_back_finds_the_page_as_it_was_left(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Doctor")
    settled(page)
    page.locator("summary").filter(has_text="Small objects").click()
    page.wait_for_url("**/Doctor?small-objects=true")
    follow(page, "SQL")
    page.go_back()
    page.wait_for_url("**/Doctor?small-objects=true")
    expect(page.get_by_text("All rows as CSV")).to_be_visible()
    page.go_forward()
    page.wait_for_url("**/SQL**")


def test_back_from_a_video_finds_the_filters(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Explore", {"object": "bed"})
    settled(page)
    page.locator(".st-key-ag_posters strong").first.click()
    page.wait_for_url("**/Explore?v=*")
    settled(page)
    page.go_back()
    page.wait_for_url("**/Explore?object=bed")
    expect(page.get_by_text("videos match")).to_be_visible()


def test_the_players_link_restores_what_compare_shows(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Compare", {"t": "1.000"})
    settled(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    source = page.locator('[data-part="source"]')
    source.select_option(index=1)
    shown = source.input_value()
    page.locator('[data-act="link"]').click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.includes('/Compare?'))")
    link = page.evaluate("navigator.clipboard.readText()")
    query = parse_qs(urlsplit(link).query)
    assert query["t"] == ["1.000"] and query["m"] == [shown] and query["v"]
    fresh = visit(link)
    settled(fresh)
    expect(fresh.locator('[data-part="source"]')).to_have_value(shown)
    expect(fresh.locator('[data-part="time"]')).to_contain_text("0:01.0")


@pytest.mark.parametrize(
    ("left", "other"),
    [
        ("Explore?object=bed&source=Annotation", "Make"),
        ("Explore?v=54AD9&table=Actions", "Compare"),
        ("Compare?compared=54AD9", "Make"),
        ("Search?hits=2", "Make"),
        ("Statistics?tab=Over+time&group=spatial", "Make"),
        ("SQL?q=select+1+as+one&limit_s=5", "Make"),
        ("Make?seed=3&people=val&seconds=5", "SQL"),
        ("Run?run_kind=One+of+the+data+set", "Make"),
    ],
)
def test_back_finds_every_state(left: str, other: str, app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/{left}")
    settled(page)
    before = page.url
    follow(page, other)
    page.go_back()
    page.wait_for_url(before)
    settled(page)
    assert page.url == before
