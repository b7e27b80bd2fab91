"""Search as a newcomer meets it: an example at once, a typed sequence, and the player at the moment."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_app import settled

pytestmark = pytest.mark.browser


def field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="The same as text")


def test_a_typed_sequence_shows_moments_and_opens_the_player_there(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Search")
    settled(page)
    expect(page.get_by_role("heading", name=re.compile(r"^[1-9]\d* hits?$"))).to_be_visible()
    field(page).fill("person holding cup, then drinking from cup within 5 s")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator(".ag-legend li")).to_have_text(["1holding cup", "2drinking from cup"])
    settled(page)
    assert "sequence=person+holding+cup" in page.url
    second = page.locator(".ag-hit").first.locator(".ag-strip a").nth(1)
    said = second.get_attribute("title") or ""
    place = re.fullmatch(r"Step 2, drinking from cup: .*, frames? (\d+)( to \d+)?", said)
    assert place, said
    second.click()
    number = page.locator("[data-part=number]")
    expect(number).to_have_text(re.compile(rf"^frame {place[1]} / "))
    page.go_back()
    settled(page)
    expect(field(page)).to_have_value("person holding cup, then drinking from cup within 5 s")
    page.locator(".ag-hit .head").first.click()
    expect(number).to_have_text(re.compile(r"^frame \d+ / "))


def test_clicking_and_typing_say_the_same(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Search", {"sequence": "holding cup then drinking from cup"})
    settled(page)
    page.get_by_role("button", name="then any time later").click()
    page.get_by_label("Within (s)").fill("5")
    page.get_by_label("Within (s)").press("Enter")
    expect(field(page)).to_have_value("holding cup\nthen within 5 s drinking from cup")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Step 2").click()
    page.get_by_text("Remove", exact=True).click()
    expect(field(page)).to_have_value("holding cup")
    page.get_by_role("button", name="Undo").click()
    expect(field(page)).to_have_value("holding cup\nthen within 5 s drinking from cup")
    expect(page).to_have_url(re.compile(r"sequence=holding\+cup"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen(app: Callable[..., str], visit: Callable[..., Page], scheme: str) -> None:
    page = visit(f"{app('app.py')}/Search", width=420, scheme=scheme)
    settled(page)
    page.locator(".ag-hit").first.wait_for()
    overflow = page.evaluate(
        """() => [...document.querySelectorAll('[class*=st-key-ag_condition_] > *, .ag-hit, .ag-legend')]
            .filter(one => one.getBoundingClientRect().right > innerWidth).length"""
    )
    assert overflow == 0
    shade = page.locator(".ag-strip a").first.evaluate("one => getComputedStyle(one).color")
    assert shade == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 22, 27)")


def test_a_hit_plays_from_its_moment_and_leads_back(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Search", {"sequence": "holding cup then drinking from cup"})
    hit = page.locator(".ag-hit .head").first
    hit.wait_for()
    settled(page)
    hit.click()
    video = page.locator("video").first
    video.wait_for()
    page.wait_for_function("video => video.currentTime > 0.1 && video.played.length", arg=video.element_handle())
    assert "sel=cup" in page.url
    expect(page.locator(".lane-name.chosen").first).to_contain_text("holding")
    page.get_by_role("link", name="Back to the hits").click()
    expect(field(page)).to_have_value("holding cup\nthen drinking from cup")


def test_a_link_opens_a_further_page_of_hits(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Search", {"sequence": "touching anything"})
    settled(page)
    first = page.locator(".ag-hit").first.inner_text()
    page.locator(".st-key-hits").get_by_role("button", name="Page 2").click()
    page.wait_for_url("**hits=2**")
    expect(page.locator(".ag-hit").first).not_to_have_text(first, use_inner_text=True)
    settled(page)
    second = page.locator(".ag-hit").first.inner_text()
    again = visit(page.url)
    expect(again.locator(".ag-hit").first).to_have_text(second, use_inner_text=True)
