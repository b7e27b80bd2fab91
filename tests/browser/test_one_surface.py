"""Picture and boxes are drawn on one canvas: no screenshot shows them of two frames, and a video remains a video."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import CDPSession, Page, Route

from benchmarks.numbered_boxes import RATE, read_boxes
from benchmarks.player import look
from benchmarks.recordings import Recording, read_number
from tests.browser.player_page import APP, of, press, stands_at, until

pytestmark = pytest.mark.browser

SCREEN = "benchmarks/player_screen.py"
FRAMES = 90
HIT = """() => {
    const { stage } = agPlayerStats.player.parts;
    const { left, top, width, height } = stage.getBoundingClientRect();
    return stage.getRootNode().elementFromPoint(left + width / 2, top + height / 2).tagName;
}"""


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clip whose frames show their number."""
    clip = Recording("numbers.mp4", "", options={"g": "30", "preset": "veryfast"}, rate=Fraction(RATE))
    return clip.write(tmp_path_factory.mktemp("clip"), FRAMES)


def look_at_stage(page: Page, session: CDPSession) -> NDArray[np.uint8]:
    box = page.locator("[data-part=stage]").bounding_box()
    assert box is not None
    return look(session, box)


def test_no_screenshot_shows_the_boxes_of_another_frame(
    app: Callable[..., str], visit: Callable[..., Page], numbers: Path
) -> None:
    page = visit(app(SCREEN), {"clip": numbers, "frames": FRAMES})
    video = page.locator("video")
    video.wait_for()
    session = page.context.new_cdp_session(page)
    seen = set()
    for speed in (1, 2):
        video.evaluate(
            "(video, speed) => { video.loop = true; video.playbackRate = speed; return video.play(); }", speed
        )
        for _ in range(12):
            shown = look_at_stage(page, session)
            number = read_number(shown)
            assert read_boxes(shown) == number
            seen.add(number)
    assert len(seen) > 4
    video.evaluate("video => video.pause()")
    for frame in (0, 41, 17):
        video.evaluate("(video, time) => { video.currentTime = time; }", (frame + 0.5) / RATE)
        page.get_by_text(f"frame {frame + 1} / {FRAMES}").wait_for()
        shown = look_at_stage(page, session)
        assert read_boxes(shown) == read_number(shown) == frame


@pytest.mark.parametrize("ready", [1, 4])
def test_the_boxes_keep_their_picture_where_the_video_has_gone_on(
    app: Callable[..., str], visit: Callable[..., Page], numbers: Path, ready: int
) -> None:
    """Its own still is drawn then, dearer than a copy from the video; also before the video calls itself ready."""
    page = visit(f"{app(APP)}?clip={numbers}&fps={RATE}&frames={FRAMES}&t=1")
    session = page.context.new_cdp_session(page)
    press(page, "b")
    until(page, "!p.controls.on.boxes")
    until(page, f"p.clock.frame === {RATE} && p.clock.picture.image instanceof HTMLCanvasElement")
    of(page, "p.clock.picture.showsStill = () => false")
    of(page, f"Object.defineProperty(p.parts.video, 'readyState', {{ value: {ready} }})")
    press(page, "ArrowRight")
    until(page, f"p.clock.frame === {RATE + 1} && p.clock.picture.image instanceof VideoFrame")
    assert read_number(look_at_stage(page, session)) == RATE + 1


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_picture_is_as_sharp_as_the_video(
    app: Callable[..., str],
    visit: Callable[..., Page],
    clips: dict[str, Path],
    ratio: int,
) -> None:
    shown = []
    for surface in ("one", "two"):
        page = visit("about:blank")
        session = page.context.new_cdp_session(page)
        metrics = {"width": 1300, "height": 1000, "deviceScaleFactor": ratio, "mobile": False}
        session.send("Emulation.setDeviceMetricsOverride", metrics)
        page.goto(f"{app(APP)}?clip={clips['30']}&fps=30&frames=90&t=1&surface={surface}")
        page.wait_for_function("() => window.agPlayerStats && agPlayerStats.ticks > 0")
        stands_at(page, 30)
        until(page, f"Math.abs(p.parts.overlay.width - p.parts.stage.clientWidth * {ratio}) <= 1")
        press(page, "b")
        until(page, "!p.controls.on.boxes")
        page.wait_for_timeout(300)
        shown.append(look_at_stage(page, session).astype(float))
    one, two = shown
    assert one.shape == two.shape and np.abs(one - two).mean() < 2
    steepness = [np.abs(np.diff(picture.mean(axis=2), axis=1)).mean() for picture in shown]
    assert steepness[0] > 0.95 * steepness[1]


def test_what_belongs_to_the_video_still_does(show: Callable[..., Page]) -> None:
    page = show(t=1)
    stands_at(page, 30)
    assert page.evaluate(HIT) == "VIDEO"  # its menu, with download and picture-in-picture
    assert of(page, "p.parts.video.disablePictureInPicture") is False
    hits = "p.overlay.hits.map(({track, x}) => [track, x])"
    before = of(page, hits)
    page.set_viewport_size({"width": 560, "height": 900})  # a canvas of another size is drawn anew
    until(page, "Math.abs(p.parts.overlay.width - p.parts.stage.clientWidth * devicePixelRatio) <= 1")
    until(page, f"JSON.stringify({hits}) !== '{before}' && p.clock.picture.image !== null")
    page.get_by_label("Full screen").click()
    page.wait_for_function("() => document.fullscreenElement !== null")
    until(page, "Math.abs(p.parts.overlay.width - p.parts.stage.clientWidth * devicePixelRatio) <= 1")
    page.evaluate("() => document.exitFullscreen()")
    stands_at(page, 30)


def test_until_its_first_picture_the_video_is_not_seen(
    app: Callable[..., str],
    visit: Callable[..., Page],
    clips: dict[str, Path],
) -> None:
    page = visit("about:blank")
    waiting: list[Route] = []
    held = True
    page.route("**/media/**", lambda route: waiting.append(route) if held else route.continue_())
    page.goto(f"{app(APP)}?clip={clips['30']}&fps=30&frames=90&t=1", wait_until="commit")
    page.wait_for_function("() => window.agPlayerStats && agPlayerStats.player")
    until(page, "p.clock.frame === 30 && p.overlay.hits.length > 0")
    assert of(page, "[p.parts.video.style.opacity, p.clock.picture.image]") == ["0", None]
    held = False
    for route in waiting:
        route.continue_()
    stands_at(page, 30)
    assert of(page, "[p.parts.video.style.opacity, p.clock.picture.image !== null]") == ["", True]


NO_PICTURES = """
const draws = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (what, ...place) {
  if (!(what instanceof HTMLCanvasElement)) throw new Error("no");
  return draws.call(this, what, ...place);
};
"""
"""A browser that draws canvases, as all do, but neither videos nor their frames."""


@pytest.mark.parametrize(
    ("before", "drawn"),
    [
        ("delete window.VideoFrame;", True),
        ("delete HTMLVideoElement.prototype.requestVideoFrameCallback;", False),
        (NO_PICTURES, False),
    ],
)
def test_older_browsers_show_the_video(
    app: Callable[..., str],
    visit: Callable[..., Page],
    clips: dict[str, Path],
    before: str,
    drawn: bool,
) -> None:
    page = visit(app(SCREEN), {"clip": clips["30"], "frames": 90}, before=before)
    page.get_by_text("frame 1 / 90").wait_for()
    page.wait_for_function("() => document.readyState === 'complete'")
    page.locator("[data-part=player]").focus()
    page.keyboard.press("f")
    page.get_by_text("frame 2 / 90").wait_for()
    page.wait_for_timeout(500)
    shown = look_at_stage(page, page.context.new_cdp_session(page))
    assert read_number(shown) == 1 and read_boxes(shown) == 1
    video = page.locator("video")
    assert video.evaluate("video => video.style.opacity") == ""
    pixel = "canvas => canvas.getContext('2d').getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data[3]"
    assert page.locator("[data-part=overlay]").evaluate(pixel) == (255 if drawn else 0)
