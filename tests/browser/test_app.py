"""The app as a newcomer gets it: the shipped showcase in a real browser, every page by its own link."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ag_core.settings import SHOWCASE
from ag_core.video.index import read_frame_index
from ag_core.video.transcode import find_large_copy

pytestmark = pytest.mark.browser

PAGES = {
    "": "Action Genome Explorer",
    "Explore": "Explore",
    "Compare": "Compare",
    "Statistics": "Statistics",
    "SQL": "SQL",
    "Few-shot": "Few-shot",
    "Benchmarks": "Benchmarks",
    "Run": "Run",
    "Make": "Make",
    "Doctor": "Doctor",
    "Glossary": "Glossary",
}

PLAYS_ON = """video => new Promise(done => {
    let seen = 0;
    const count = () => ++seen > 5 ? done(!video.paused) : video.requestVideoFrameCallback(count);
    video.requestVideoFrameCallback(count);
})"""
"""True once more than five pictures have been shown."""


def settled(page: Page) -> None:
    """Wait until the script has run to its end."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_by_its_own_link(app: Callable[..., str], visit: Callable[..., Page], name: str) -> None:
    page = visit(f"{app('app.py')}/{name}")
    settled(page)
    expect(page.get_by_role("heading", name=PAGES[name]).first).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0


def test_home_plays_with_its_graph_and_actions(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(app("app.py"))
    settled(page)
    video = page.locator("[data-part=player] video")
    video.wait_for()
    assert video.evaluate(PLAYS_ON)
    expect(page.locator("[data-part=player]").get_by_text("person", exact=True).first).to_be_visible()
    expect(page.get_by_text("What the models say happens here")).to_be_visible()


def test_a_link_opens_the_video_at_its_moment(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    video_id = sorted(SHOWCASE.glob("videos/*.mp4"))[0].stem
    page = visit(f"{app('app.py')}/Explore", {"v": video_id, "t": 5.5})
    settled(page)
    expect(page.locator("[data-part=number]")).to_have_text("frame 67 / 144")


def test_the_player_shows_the_larger_copy_of_a_film(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    """Every film of the showcase has one; boxes are of the usual size."""
    videos = sorted(SHOWCASE.glob("videos/*.mp4"))
    copies = [find_large_copy(video) for video in videos]
    assert None not in copies
    page = visit(f"{app('app.py')}/Explore", {"v": videos[0].stem, "t": 5.5})
    settled(page)
    video = page.locator("[data-part=player] video")
    expect(page.locator("[data-part=number]")).to_have_text("frame 67 / 144")
    usual, large = read_frame_index(videos[0]).size_wh, read_frame_index(copies[0] or videos[0]).size_wh
    assert video.evaluate("video => [video.videoWidth, video.videoHeight]") == list(large)
    assert large == (2 * usual[0], 2 * usual[1])


@pytest.mark.timeout(1200)  # half a minute of drawing, which a busy machine stretches
def test_make_draws_the_requested_film(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Make")
    settled(page)
    actions = page.get_by_role("combobox", name="Actions, in the order they shall happen")
    actions.fill("Sitting in a chair")
    page.get_by_role("option", name="Sitting in a chair (c059)").wait_for()
    actions.press("Enter")
    actions.press("Escape")
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.locator("[data-part=player] video").wait_for(timeout=900_000)
    assert "actions=c059" in page.url
    expect(page.get_by_text("Requested actions")).to_be_visible()
    expect(page.locator(".ag-requested li")).to_contain_text(["Sitting in a chair (c059)"])
    expect(page.get_by_role("button", name="Video (mp4)")).to_be_enabled()
