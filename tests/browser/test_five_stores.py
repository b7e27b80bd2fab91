"""The app on two of the five stores that people really have, in a browser: what every page says is missing.

`tests/pages/test_five_stores.py` opens every page on all five.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_app import settled
from tests.stores import TIMED, UNTIMED, make_store

pytestmark = pytest.mark.browser

SAID = {
    "annotations_alone": {
        "": "is missing, so its graphs are shown on an empty frame",
        "Explore": "no video file",
        f"Explore?v={TIMED}": f"put {TIMED}.mp4 into a folder and build the store again with",
        f"Explore?v={UNTIMED}&t=1.1": f"The frame rate of {UNTIMED} is unknown, so the player counts frames",
        "Compare": "No prediction yet",
        "Search": "No hit",
        "Statistics": "Beside other data sets",
        "SQL": "Schema",
        "Run": "A video goes in",
        "Make": "Choose what shall happen",
        "Doctor": "The funnel",
    },
    "several_models": {
        "": "What the models say happens here",
        "Explore": "according to the annotation",
        f"Explore?v={TIMED}&run=yolox+%2B+frequency": "Predicted by",
        "Compare": "Predicted by",
        "Search": "No hit",
        "Statistics": "Beside other data sets",
    },
}
"""A sentence that must stand on each page, by store and address."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.mark.parametrize("kind", SAID)
def test_every_page_says_what_is_missing(
    kind: str, app: Callable[..., str], visit: Callable[..., Page], folder: Path
) -> None:
    url = app("app.py", AG_STORE=str(make_store(kind, folder)))
    page = visit(url)
    for address, said in SAID[kind].items():
        if "?" in address:
            page.goto(f"{url}/{address}")
        elif address:  # by the side bar, which is much faster than a new page
            page.get_by_test_id("stSidebar").get_by_role("link", name=address, exact=True).click()
        expect(page.get_by_text(said).first).to_be_visible()
        settled(page)
        assert page.locator("[data-testid=stException]").count() == 0, (kind, address)


def test_graphs_are_watched_without_their_pictures(
    app: Callable[..., str], visit: Callable[..., Page], folder: Path
) -> None:
    url = app("app.py", AG_STORE=str(folder / "annotations_alone.duckdb"))
    page = visit(f"{url}/Explore", {"v": UNTIMED})
    settled(page)
    number, status = page.locator("[data-part=number]"), page.locator("[data-part=status]")
    expect(number).to_have_text("frame 3")
    expect(page.locator("[data-part=time]")).to_have_text("")
    expect(status).to_contain_text("no video file  ·  frame rate unknown  ·  length unknown")
    expect(page.locator("[data-part=player]").get_by_text("bed").first).to_be_visible()
    page.locator("[data-part=player]").get_by_role("button", name="Next annotated frame").click()
    expect(number).to_have_text("frame 9")
    page = visit(f"{url}/Explore", {"v": TIMED, "t": 1.2})
    settled(page)
    expect(page.locator("[data-part=number]")).to_have_text("frame 15 / 36")
    expect(page.locator("[data-part=time]")).to_have_text("0:01.167")
