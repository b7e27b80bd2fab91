"""Every number in the player says on hover what it counts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.player_page import press, stands_at

pytestmark = pytest.mark.browser

UNEXPLAINED = """() => {
    const { root } = agPlayerStats.player;
    const explained = (one) => {
        for (let at = one; at && at !== root; at = at.parentElement) {
            if (at.title || at.querySelector(':scope > title')) return true;
        }
        return false;
    };
    const shown = (one) => one.getClientRects().length && getComputedStyle(one).opacity !== '0';
    const sentences = 'title, option, .help, .unseen, .hint, .verdict-note, .graph-more';
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const { parentElement: one, data } = walker.currentNode;
        if (!/\\d/.test(data) || one.closest(sentences) || !shown(one)) continue;
        if (!explained(one)) found.push(`${one.className.baseVal ?? one.className}: ${data.trim()}`);
    }
    return found;
}"""
"""Numbers on screen without a title; sentences, which say by themselves what they count, are left out."""


def test_every_number_explains_itself(show: Callable[..., Page]) -> None:
    page = show(judged=1, scores=1, every=10, objects=5, t=1, look={"height": 1600})
    stands_at(page, 30)
    press(page, "ArrowRight")
    stands_at(page, 40)
    page.locator(".triplet-list summary").click()
    page.locator(".change-list summary").click()
    page.locator(".verdicts tbody td").first.wait_for()
    assert page.evaluate(UNEXPLAINED)[:12] == []
    cell = page.locator(".verdicts tbody tr").nth(1).locator("td").first
    title = str(cell.get_attribute("title"))
    assert title.startswith("Boxes in this frame, right. A box is right where it overlaps") and "IoU of 50%" in title
    status = page.locator("[data-part=status]")
    assert "frames of the video are predicted" in str(status.get_attribute("title"))
    lane = page.locator(".lane-name").first
    assert "on average in the" in str(lane.get_attribute("title"))
    score = str(page.locator(".score-line").first.get_attribute("title"))
    assert "between its 10 clips" in score and "without a threshold" in score
