"""Correcting in a browser: boxes by keys and by mouse, undo, five frames, and a head that learns from them."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_app import settled

pytestmark = pytest.mark.browser


def test_five_frames_are_corrected_and_learned_from(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Explore", {"v": "15LFQ", "correct": "true", "t": "2.000"}, height=1400)
    desk, player = page.locator(".st-key-ag_desk"), page.locator("[data-part=player]")
    state, left = page.locator(".st-key-ag_desk_head"), desk.get_by_label("Left").first
    expect(state).to_contain_text("not corrected yet")
    expect(left).not_to_have_value("")
    page.locator("[data-part=player][data-correcting]").wait_for()
    # By keys: the next box, four steps to the right.
    player.focus()
    for key in ("o", "o", *["ArrowRight"] * 4):
        page.keyboard.press(key)
    expect(state).not_to_contain_text("not")
    expect(desk.get_by_text("Corrected frames: 1")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(state).to_contain_text("not corrected yet")
    settled(page)
    before = left.input_value()
    page.keyboard.press("Control+Shift+z")
    expect(left).not_to_have_value(before)
    settled(page)
    # By mouse: the middle of the picked box, twenty pixels up.
    place = page.locator("[data-part=stage]").bounding_box()
    assert place is not None
    x1, y1, x2, y2 = (float(desk.get_by_label(name).first.input_value()) for name in ("Left", "Top", "Right", "Bottom"))
    share = place["width"] / 480
    x, y = place["x"] + share * (x1 + x2) / 2, place["y"] + share * (y1 + y2) / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 20 * share, steps=3)
    page.mouse.up()
    expect(desk.get_by_label("Top").first).not_to_have_value(f"{y1:.1f}")
    # Four more frames are right as they are, ten frames apart.
    for count in range(2, 6):
        player.focus()
        page.keyboard.press("v")
        expect(state).to_contain_text("not corrected yet")
        page.locator("[data-part=player][data-correcting]").wait_for()  # the player has the frame, too
        page.keyboard.press("Control+Enter")
        expect(desk.get_by_text(f"Corrected frames: {count}")).to_be_visible()
    learn = desk.get_by_role("button", name="Learn from these")
    expect(learn).to_have_count(1)  # while the page is made anew the old one may stand beside it
    learn.click()
    gain = re.compile(r"F1 of relationships [\d.]+ % before, [\d.]+ % after, on the 5")
    expect(desk.get_by_text(gain)).to_be_visible(timeout=300_000)  # a busy machine
    settled(page)
    desk.get_by_role("link", name="Run the models with this head").click()
    expect(page.get_by_text("15LFQ-5-frames (RelDN)")).to_be_visible()
