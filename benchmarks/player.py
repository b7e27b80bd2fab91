"""Whether picture and boxes on screen are of one frame, and what a frame costs the player: composited screenshots.

    python -m benchmarks.player [--screenshots 500] [--markdown docs/performance.md] [--log docs/results.jsonl]

A clip shows its own number, and twelve boxes show the number of their frame. Chromium plays it at speed 1 and 2 while
screenshots of what it composited are taken; each is read back, picture and boxes apart. Three ways in turn, in one run:
'one surface' (picture and boxes on one canvas), the same in a browser without WebCodecs, and 'two surfaces' (boxes on a
canvas above the video). Script is what the page's scripts take of the processor for a frame, so that other work beside
it counts little; the main thread's whole work, layout and painting included, and the time on the clock inside the
callback of a frame stand beside it. AG_CHROMIUM names a browser, otherwise the first Chromium on the path is taken.
"""

import argparse
import base64
import io
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, CDPSession, FloatRect, Page, sync_playwright

from ag_core.evaluation.results_log import append_log_row, build_log_row
from benchmarks.numbered_boxes import RATE, read_boxes
from benchmarks.recordings import CELLS, SIZE_WH, Recording, read_number
from benchmarks.report import Goal, Row, as_markdown, as_text, into_document, machine
from benchmarks.serving import FLAGS, find_chromium, serve

SPEEDS = (1, 2)
MARKS = "<!-- player -->", "<!-- end of player -->"

COUNT_SCRIPT = """
const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
window.agScriptMs = [];
HTMLVideoElement.prototype.requestVideoFrameCallback = function (does) {
  return ask.call(this, (now, picture) => {
    const begun = performance.now();
    does(now, picture);
    window.agScriptMs.push(performance.now() - begun);
  });
};
"""
NO_WEBCODECS = "delete window.VideoFrame;"


@dataclass
class Way:
    """One way of drawing and what came of it.

    differences  how far the boxes' frame was from the picture's, by speed; None where one of them could not be read
    script_ms    what scripts take of the processor for a frame, one number a round; task_ms: all of the main thread
    callback_ms  time on the clock inside each callback
    """

    name: str
    query: dict[str, str]
    before: str
    differences: dict[int, Counter[int | None]] = field(default_factory=dict)
    script_ms: list[float] = field(default_factory=list)
    task_ms: list[float] = field(default_factory=list)
    callback_ms: list[float] = field(default_factory=list)

    @property
    def n_read(self) -> int:
        """Screenshots whose two numbers were read."""
        return sum(count for told in self.differences.values() for off, count in told.items() if off is not None)

    @property
    def n_off(self) -> int:
        """Screenshots that show picture and boxes of different frames."""
        return self.n_read - sum(told[0] for told in self.differences.values())

    def describe(self) -> str:
        """Its row of the table, in words."""
        told = "; ".join(
            f"{speed}x: {sum(count for off, count in offs.items() if off not in (None, 0))} of "
            f"{sum(count for off, count in offs.items() if off is not None)} off"
            for speed, offs in self.differences.items()
        )
        script, task, clock = map(statistics.median, (self.script_ms, self.task_ms, self.callback_ms))
        return (
            f"{told}; script {script:.2f} ms a frame, main thread {task:.2f} ms, callback {clock:.2f} ms on the clock"
        )


def list_ways() -> tuple[Way, Way, Way]:
    """Ours first."""
    return (
        Way("one surface", {}, ""),
        Way("one surface, no WebCodecs", {}, NO_WEBCODECS),
        Way("two surfaces", {"surface": "two"}, ""),
    )


def look(session: CDPSession, clip: FloatRect) -> NDArray[np.uint8]:
    """[H,W,3] what the browser composited of a part of the page."""
    options = {"format": "png", "optimizeForSpeed": True, "clip": {**clip, "scale": 1}}
    told = session.send("Page.captureScreenshot", options)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(told["data"]))).convert("RGB"))


def play(page: Page, speed: int) -> None:
    """Let the clip run on and on."""
    page.locator("video").evaluate(
        "(video, speed) => { video.loop = true; video.playbackRate = speed; video.play(); }", speed
    )
    page.wait_for_function("() => { window.agScriptMs.length = 0; return true; }")
    page.wait_for_function("() => window.agScriptMs.length > 5")


def stop(page: Page) -> None:
    """Let the clip stand."""
    page.locator("video").evaluate("(video) => video.pause()")


def take_screenshots(way: Way, page: Page, session: CDPSession, speed: int, count: int) -> None:
    """Look at the playing clip so many times; how far boxes are from the picture is counted."""
    box = page.locator("[data-part=stage]").bounding_box()
    assert box is not None, "the player has a stage"
    play(page, speed)
    told = way.differences.setdefault(speed, Counter())
    for _ in range(count):
        shown = look(session, box)
        boxes = read_boxes(shown)
        told[None if boxes is None else boxes - read_number(shown)] += 1
    stop(page)


def time_frames(way: Way, page: Page, session: CDPSession, seconds: float) -> None:
    """Play at speed 1 with nobody looking, and count what a frame costs."""
    play(page, 1)
    page.evaluate("() => { window.agScriptMs.length = 0; }")
    before = read_busy_s(session)
    time.sleep(seconds)
    after, taken = read_busy_s(session), page.evaluate("() => window.agScriptMs")
    stop(page)
    way.callback_ms += taken
    for name, costs in (("ScriptDuration", way.script_ms), ("TaskDuration", way.task_ms)):
        costs.append(1000 * (after[name] - before[name]) / max(1, len(taken)))


def read_busy_s(session: CDPSession) -> dict[str, float]:
    """Seconds of the processor that the main thread took until now, by what it did."""
    return {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}


def open_way(browser: Browser, url: str, way: Way, clip: Path, frames: int, scale: float) -> tuple[Page, CDPSession]:
    """A page of its own, with the player drawn and standing."""
    page = browser.new_page(viewport={"width": 1300, "height": 1000}, device_scale_factor=scale)
    page.set_default_timeout(120_000)
    page.add_init_script(way.before + COUNT_SCRIPT)
    page.goto(f"{url}?{urlencode({'clip': clip, 'frames': frames, **way.query})}")
    page.wait_for_function("() => window.agScriptMs.length > 0")
    page.wait_for_timeout(1500)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return page, session


def measure(screenshots: int, rounds: int, seconds: float, scale: float) -> tuple[Way, ...]:
    """Every way, in turn; `screenshots` at each speed, in so many rounds."""
    ways = list_ways()
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        folder = Path(made)
        frames = 10 * RATE
        numbers = Recording("numbers.mp4", "", options={"g": str(RATE), "preset": "veryfast"}, rate=Fraction(RATE))
        clip = numbers.write(folder, frames)
        with serve("benchmarks/player_screen.py", folder) as served:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
            pages = [open_way(browser, served.url, way, clip, frames, scale) for way in ways]
            for _ in range(rounds):
                for way, (page, session) in zip(ways, pages):
                    page.bring_to_front()
                    time_frames(way, page, session, seconds / rounds)
                    for speed in SPEEDS:
                        take_screenshots(way, page, session, speed, screenshots // rounds)
            browser.close()
    return ways


def build_row(ways: tuple[Way, ...]) -> Row:
    """What the table says."""
    ours = ways[0]
    goals = [
        Goal("screenshots of two frames", ours.n_off, "off", at_most=0),
        Goal("script a frame", statistics.median(ours.script_ms), "ms", at_most=2),
    ]
    read = ", ".join(f"{way.n_read} of {sum(told.total() for told in way.differences.values())}" for way in ways)
    return Row(
        "1",
        f"picture and boxes of a playing clip, {CELLS} boxes and 3 relationships each",
        {way.name: way.describe() for way in ways},
        goals,
        f"numbers of picture and boxes read back in {read} screenshots",
        ours=tuple(way.name for way in ways[:2]),
    )


def main() -> None:
    """Take the options of the command line and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--screenshots", type=int, default=500, help="at each speed, of each way")
    parser.add_argument("--rounds", type=int, default=5, help="the ways take turns so often")
    parser.add_argument("--seconds", type=float, default=20, help="how long each way's callbacks are timed")
    parser.add_argument("--scale", type=float, default=1, help="device pixels of a pixel of the page")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="fill the table of this document")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this log")
    options = parser.parse_args()
    ways = measure(options.screenshots, options.rounds, options.seconds, options.scale)
    row, where = build_row(ways), machine()
    print(as_text(row))
    for way in ways:
        told = {speed: dict(offs) for speed, offs in way.differences.items()}
        print(f"{way.name}: {told}, {len(way.callback_ms)} callbacks")
    if options.markdown is not None:
        clip = f"A clip of {SIZE_WH[0]}x{SIZE_WH[1]} at {RATE} frames a second"
        data = f"{clip}, {options.screenshots} screenshots at each speed."
        into_document(options.markdown, as_markdown([row], data, options.rounds, where), MARKS)
    if options.log is not None:
        goals: dict[str, Any] = {goal.what: round(goal.value, 3) for goal in row.goals}
        about = {"machine": where, "job": row.job, "costs": row.costs, "equal": row.equal}
        append_log_row(options.log, build_log_row("benchmark of the player", (), about | goals))


if __name__ == "__main__":
    main()
