"""The graph stands beside the video or directly under it, never below scores, and wide screens are used."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.test_app import PAGES, settled

pytestmark = pytest.mark.browser

VIDEO = "2RZMQ"


@pytest.mark.parametrize("place", ["", "/Explore"])
def test_the_graph_is_never_below_the_scores(place: str, app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}{place}", {"v": VIDEO} if place else None, width=2560, height=1300)
    page.locator(".graphs svg").first.wait_for()
    settled(page)
    for width in (2560, 1440, 420):
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_timeout(400)
        stage, controls, graphs, side, timeline = (
            page.locator(part).first.bounding_box() for part in (".stage", ".controls", ".graphs", ".side", ".timeline")
        )
        assert stage and controls and graphs and side and timeline
        assert graphs["y"] < timeline["y"], width
        assert controls["y"] + controls["height"] <= side["y"] < timeline["y"], "triplets and changes at hand"
        if width > 1000:
            assert graphs["x"] >= stage["x"] + stage["width"], width
            assert side["x"] == controls["x"], "they fill the field under the controls beside a tall graph"
        else:
            assert 0 <= graphs["y"] - controls["y"] - controls["height"] < 30, width
        if width == 2560:
            assert graphs["x"] + graphs["width"] > 2300 and controls["width"] > 900
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways_on_a_phone(name: str, app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/{name}", width=420, height=900)
    settled(page)
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth") <= 420
