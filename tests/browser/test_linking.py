"""Boxes, cards, lanes and rows: what is pointed at, focused or chosen stands out in all of them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.player_page import of, press, stands_at, until

pytestmark = pytest.mark.browser

LAPTOP = 4
ALL = {"box": True, "card": True, "lanes": True, "rows": True}


def hovered(page: Page, track: int = LAPTOP) -> dict[str, Any]:
    """Where a track stands out since something is on it; False for a part in which anything else does too."""
    rows = "[...p.panels.triplets.body.rows].filter((row) => row.classList.contains('hovered'))"
    lanes = "p.timeline.lanes.rows.filter(({ name }) => name.classList.contains('hovered'))"
    cards = "[...p.root.querySelectorAll('.card.hovered')]"
    found: dict[str, Any] = of(
        page,
        f"""({{
            box: p.linking.hovered === {track},
            card: {cards}.length > 0 && {cards}.every((one) => one.dataset.track === '{track}'),
            lanes: {lanes}.length > 0 && {lanes}.every((one) => one.track === {track}),
            rows: {rows}.length > 0 && {rows}.every((row) => Math.floor(row.dataset.code / 256) === {track}),
        }})""",
    )
    return found


def chosen(page: Page, track: int = LAPTOP) -> dict[str, Any]:
    """The same of what is chosen."""
    cards = "[...p.root.querySelectorAll('.card[aria-pressed=true]')]"
    rows = "[...p.panels.triplets.body.rows].filter((row) => row.classList.contains('chosen'))"
    lanes = "p.timeline.lanes.rows.filter(({ name }) => name.classList.contains('chosen'))"
    found: dict[str, Any] = of(
        page,
        f"""({{
            box: p.linking.emphasised !== null && [...p.linking.emphasised].join() === '{track}',
            card: {cards}.map((one) => one.dataset.track).join() === '{track}',
            lanes: {lanes}.length > 0 && {lanes}.every((one) => one.track === {track}),
            rows: {rows}.length > 0 && {rows}.every((row) => Math.floor(row.dataset.code / 256) === {track}),
        }})""",
    )
    return found


def test_each_part_is_linked_with_each_other(show: Callable[..., Page]) -> None:
    page = show(every=10, t=0.5, objects=5)
    stands_at(page, 15)
    page.locator(".triplet-list summary").click()
    card = page.locator(f'.card[data-track="{LAPTOP}"]')
    row = page.locator(".triplets tr", has_text="laptop").first
    object_name = page.locator(f'.lane-object[data-track="{LAPTOP}"]')
    lane = page.locator(".lane-name", has_text="on the side of").last
    stage = page.locator("[data-part=stage]")
    box = of(
        page, f"(({{ x, y, width }}) => [x + width / 2, y + 3])(p.overlay.hits.find((hit) => hit.track === {LAPTOP}))"
    )
    nothing = dict.fromkeys(ALL, False)
    assert of(page, f"p.timeline.lanes.rows.some(({{ track }}) => track === {LAPTOP})")
    parts = {"card": card.locator(".card-title"), "row": row, "lane": object_name}
    for name, part in parts.items():  # the pointer
        part.hover()
        assert hovered(page) == ALL, name
        page.mouse.move(2, 2)
        assert hovered(page) == nothing, name
    stage.hover(position={"x": box[0], "y": box[1]})
    assert hovered(page) == ALL
    page.mouse.move(2, 2)
    for name, part in {"card": card, "row": row.locator("button"), "lane": object_name}.items():  # the keyboard
        part.focus()
        assert hovered(page) == ALL, name
        page.locator("[data-part=player]").focus()
        assert hovered(page) == nothing, name
    for name, part in {"card": card, "row": row.locator("button"), "lane": object_name}.items():
        part.focus()
        page.keyboard.press("Enter")
        page.locator("[data-part=player]").focus()
        found = chosen(page)
        assert found["box"] and found["card"] and found["lanes"] and found["rows"], (name, found)
        press(page, "Escape")
        assert chosen(page) == nothing, name
    stage.click(position={"x": box[0], "y": box[1]})
    assert chosen(page) == ALL
    press(page, "Escape")
    press(page, "o", "o", "o", "o")  # boxes by keyboard: the fourth object
    assert chosen(page) == ALL
    press(page, "Shift+O")
    assert chosen(page, LAPTOP - 1) == ALL
    assert lane.count() == 1


def test_cards_are_named_with_their_relationships(show: Callable[..., Page]) -> None:
    page = show(compare=1, t=0.25)
    stands_at(page, 7)
    name = page.locator(".graph").nth(1).locator('.card[aria-label^="sofa/couch:"]').get_attribute("aria-label")
    assert name == (
        "sofa/couch: person not looking at sofa/couch 83%, sofa/couch beneath person 83%, "
        "person sitting on sofa/couch 83%, person leaning on sofa/couch 70%"
    )
    gone = page.locator(".graph").first.locator(".card.absent")
    assert str(gone.first.get_attribute("aria-label")).endswith(": not in this graph")
    press(page, "End")
    stands_at(page, 89)
    until(
        page, f"[...p.root.querySelectorAll('.card')].some((one) => !one.getAttribute('aria-label').includes({name!r}))"
    )


def test_what_is_not_selected_fades(show: Callable[..., Page]) -> None:
    page = show(every=10, t=0.5, objects=5)
    stands_at(page, 15)
    clear = "[...p.root.querySelectorAll('.card:not(.absent)')].filter((one) => getComputedStyle(one).opacity > 0.9)"
    tracks = f"{clear}.map((one) => one.dataset.track).join()"
    until(page, f"{clear}.length === 5")
    everything = of(page, tracks)
    page.locator(f'.card[data-track="{LAPTOP}"] .card-title').click()
    page.mouse.move(2, 2)
    until(page, f"{tracks} === '{LAPTOP}'")
    spans = "[...p.root.querySelectorAll('.lane-line .span')].map((one) => getComputedStyle(one).strokeOpacity)"
    until(page, f"new Set({spans}).size > 1")
    press(page, "Escape")
    until(page, f"{tracks} === '{everything}'")
