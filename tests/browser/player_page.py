"""The player on its test page, as tests speak of it."""

from fractions import Fraction
from typing import Any

from playwright.sync_api import Page

APP = "tests/browser/player_app.py"
CLIPS = {"30": (Fraction(30), 90), "29.97": (Fraction(30000, 1001), 90), "12": (Fraction(12), 60)}


def of(page: Page, expression: str) -> Any:
    """Value of an expression in the player, which is called p."""
    return page.evaluate(f"() => {{ const p = agPlayerStats.player; return {expression}; }}")


def until(page: Page, expression: str) -> None:
    """Wait for an expression in the player to become true."""
    page.wait_for_function(f"() => {{ const p = agPlayerStats.player; return {expression}; }}")


def press(page: Page, *keys: str) -> None:
    page.locator("[data-part=player]").focus()
    for key in keys:
        page.keyboard.press(key)


def stands_at(page: Page, frame: int) -> None:
    """The picture and the overlay both show the 0-based frame."""
    until(page, f"agPlayerStats.picture === {frame} && p.clock.frame === {frame} && p.clock.paused")
