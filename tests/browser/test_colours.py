"""Words in the theme's colour, and on it, can be read in a browser, in the light theme and in the dark one."""

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.test_app import settled
from tests.ui.test_colours import TEXT, contrast

pytestmark = pytest.mark.browser

GROUND = """one => {
    while (one.parentElement && getComputedStyle(one).backgroundColor === 'rgba(0, 0, 0, 0)') one = one.parentElement;
    return getComputedStyle(one).backgroundColor;
}"""


def to_hex(colour: str) -> str:
    """#rrggbb of the browser's opaque rgb(...)."""
    numbers = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert numbers, colour
    return "#" + "".join(f"{int(number):02x}" for number in numbers.groups())


def measure(words: Locator) -> float:
    """The contrast of words to what lies behind them, once their colours have settled."""
    words.page.wait_for_timeout(500)
    return contrast(to_hex(words.evaluate("one => getComputedStyle(one).color")), to_hex(words.evaluate(GROUND)))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_in_the_themes_colour_are_read(
    app: Callable[..., str], visit: Callable[..., Page], scheme: Literal["light", "dark"]
) -> None:
    page = visit(f"{app('app.py')}/Search", {"sequence": "holding cup then drinking from cup"}, scheme=scheme)
    settled(page)
    find = page.get_by_role("button", name="Find", exact=True)
    menu = page.get_by_role("button", name="Step 2")
    ratios = {"button": measure(find), "chosen": measure(page.locator("[data-tag]").first)}
    find.hover()
    ratios["button pointed at"] = measure(find)
    menu.hover()
    ratios["menu pointed at"] = measure(menu)
    menu.click()
    ratios["open menu"] = measure(menu)
    assert {name: round(ratio, 2) for name, ratio in ratios.items() if ratio < TEXT} == {}
