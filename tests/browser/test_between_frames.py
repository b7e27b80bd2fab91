"""Between annotated frames boxes are interpolated, held or left out; they say which, and a link keeps the choice."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.player_page import of, press, stands_at, until

pytestmark = pytest.mark.browser

CHOICE = "Between annotated frames"

WATCH_DASHES = """() => {
  window.agDashes = [];
  const set = CanvasRenderingContext2D.prototype.setLineDash;
  CanvasRenderingContext2D.prototype.setLineDash = function (dash) {
    if (this.canvas.classList.contains('overlay') && dash.length) window.agDashes.push([dash.join(), this.globalAlpha]);
    return set.call(this, dash);
  };
}"""


def dashes(page: Page) -> dict[str, float]:
    """Dashes of the boxes as they are drawn anew, with their opacity."""
    return dict(of(page, "(window.agDashes = [], p.draw(), window.agDashes)"))


def test_interpolate_hold_exact(show: Callable[..., Page]) -> None:
    page = show(every=10, t=0.5)
    stands_at(page, 15)
    page.evaluate(WATCH_DASHES)
    status, choice = page.locator("[data-part=status]"), page.get_by_label(CHOICE)
    assert choice.input_value() == "interpolate"
    # The person walks two pixels a frame: half-way from frame 10 to frame 20 it stands where frame 15 has it.
    assert of(page, "p.overlay.hits[0].x / p.parts.stage.clientWidth * 320") == pytest.approx(70, abs=0.6)
    assert status.inner_text() == "annotated 0.2 s ago · 7 boxes interpolated, 1 held"
    drawn = dashes(page)  # one object is gone in frame 20
    assert set(drawn) == {"3,3", "8,6"} and drawn["3,3"] == 1 > drawn["8,6"]
    title = str(choice.get_attribute("title"))
    assert "interpolate: moves a box in a straight line" in title and "Relationships are never interpolated" in title
    page.get_by_label("Copy link").click()
    assert "between" not in page.evaluate("() => window.agPlayerLink")
    choice.select_option("hold")
    assert of(page, "p.overlay.hits[0].x / p.parts.stage.clientWidth * 320") == pytest.approx(60, abs=0.6)
    assert status.inner_text() == "annotated 0.2 s ago"
    assert dashes(page) == {"8,6": drawn["8,6"]}
    page.get_by_label("Copy link").click()
    assert "between=hold" in page.evaluate("() => window.agPlayerLink")
    press(page, "i")
    assert choice.input_value() == "exact" and of(page, "p.overlay.hits.length") == 0
    assert status.inner_text() == "not annotated here"
    press(page, "ArrowLeft")
    stands_at(page, 10)
    assert of(page, "p.overlay.hits.length") > 0 and dashes(page) == {}
    press(page, "i")
    assert choice.input_value() == "interpolate" and dashes(page) == {}


def test_what_is_held_fades_and_boxes_say_what_they_are(show: Callable[..., Page]) -> None:
    # Graphs at frames 0, 40 and 80: the last is held until the end, and the table is gone in the second.
    page = show(every=40, t=2.9, between="hold")
    stands_at(page, 87)
    page.evaluate(WATCH_DASHES)
    younger = dashes(page)["8,6"]
    of(page, "p.seekTime(39 / 30)")
    stands_at(page, 39)
    assert dashes(page)["8,6"] < younger < 1
    page.get_by_label(CHOICE).select_option("interpolate")
    ways = of(page, "p.overlay.hits.map(({ track, way }) => [p.data.tracks[track].label, way])")
    assert {way for _, way in ways} == {1, 2}  # an object that the next graph has not is held
    assert "interpolated, 1 held" in page.locator("[data-part=status]").inner_text()
    spot = "(({ x, y, width }) => [x + width / 2, y + 3])"
    for way, says in (
        (1, "interpolated between frame 1 (0:00.0) and frame 41 (0:01.3), where it is annotated"),
        (2, "held since frame 1 (0:00.0), where it is annotated"),
    ):
        x, y = of(page, f"{spot}(p.overlay.hits.find((hit) => hit.track && hit.way === {way}))")
        page.locator("[data-part=stage]").hover(position={"x": x, "y": y})
        until(page, f"p.parts.stage.title.endsWith({says!r})")


def test_a_link_chooses_what_is_drawn_between(show: Callable[..., Page]) -> None:
    page = show(every=10, t=0.5, between="exact")
    until(page, "p.clock.frame === 15 && p.overlay.hits.length === 0")
    assert page.get_by_label(CHOICE).input_value() == "exact"
