"""How long the pages of the app take in a real browser, and what ten people at once cost.

    python -m benchmarks.pages [--data STORE] [--rounds 3] [--sessions 10] [--minutes 5] [--markdown FILE]

Every page is opened by its own link: once right after the server's start in a browser that knows nothing ('cold'; the
server starts anew for each page), then again and again in one browser ('warm'), and by the app's own navigation from
Home ('switch'). Paint is the first of the browser; a page is done when its heading stands and its script has come to
its end and nothing has begun it anew for half a second, which is not counted. Then so many people go from page to page,
each in a session of their own; at half time one of them has a video predicted. AG_CHROMIUM names a browser, otherwise
the first Chromium on the path is taken.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright
from playwright.sync_api import TimeoutError as BrowserTimeoutError

from ag_core.evaluation.results_log import append_log_row, build_log_row
from ag_core.settings import SHOWCASE
from benchmarks.report import Goal, into_document, machine
from benchmarks.serving import FLAGS, Served, find_chromium, serve

PAGES = {
    "Home": ("", "Action Genome Explorer"),
    **{name: (name, name) for name in ("Explore", "Compare", "Search", "Statistics", "SQL", "Few-shot", "Benchmarks")},
    **{name: (name, name) for name in ("Run", "Make", "Doctor", "Glossary")},
}
"""Of each page its path and its heading."""

MARKS = "<!-- pages -->", "<!-- end of pages -->"
SIZE: ViewportSize = {"width": 1440, "height": 900}
PATIENCE_MS = 180_000
VIDEO = "I21BM"
WORDS = ("kitchen", "door", "sofa", "phone", "table", "bed")

DONE = """([heading, quietMs]) => {
  const app = document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]');
  const done = app && [...document.querySelectorAll('h1')].some((one) => one.innerText.includes(heading));
  const now = performance.now();
  if (!done) { window.agDone = undefined; return false; }
  window.agDone ??= now;
  return now - window.agDone >= quietMs ? window.agDone : false;
}"""
"""The time at which a page was done, once it has stayed so."""

QUIET_MS = 500


@dataclass
class Times:
    """Seconds of a page, by what was measured."""

    of: dict[str, list[float]] = field(default_factory=dict)

    def add(self, what: str, seconds: float) -> None:
        """One more measurement."""
        self.of.setdefault(what, []).append(seconds)

    def middle(self, what: str) -> float:
        """The median; nan where nothing was measured."""
        return statistics.median(self.of[what]) if self.of.get(what) else float("nan")


@dataclass
class Crowd:
    """What several sessions at once took.

    alone, beside  seconds of every step before and after a prediction was begun; memory_mb: of the server, by second
    """

    sessions: int
    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    memory_mb: dict[float, float] = field(default_factory=dict)

    @property
    def growth(self) -> float:
        """Memory at the end against that after a third of the time, in percent."""
        times = sorted(self.memory_mb)
        early = self.memory_mb[times[len(times) // 3]]
        return 100 * (self.memory_mb[times[-1]] / early - 1)


def wait_until_done(page: Page, heading: str) -> float:
    """Seconds since the page's navigation at which it was done."""
    found = page.wait_for_function(DONE, arg=[heading, QUIET_MS], timeout=PATIENCE_MS)
    return float(found.json_value()) / 1000


def open_by_link(page: Page, url: str, name: str) -> tuple[float, float]:
    """Seconds to the first paint and until the page is done."""
    path, heading = PAGES[name]
    page.goto(f"{url}/{path}")
    done = wait_until_done(page, heading)
    paint = page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN")
    return float(paint) / 1000, done


def time_step(page: Page, does: Callable[[], object], heading: str) -> float:
    """Seconds from a person's step until what it asks for stands."""
    before = float(page.evaluate("() => { window.agDone = undefined; return performance.now(); }"))
    does()
    return wait_until_done(page, heading) - before / 1000


def switch_page(page: Page, name: str) -> float:
    """Seconds of going to a page by the app's navigation."""
    path, heading = PAGES[name]
    link = page.locator(f"[data-testid=stPageLink-NavLink][href='{path}']").first
    return time_step(page, link.click, heading)


def filter_videos(page: Page, word: str) -> float:
    """Seconds until Explore shows the videos with another word in their script; the page is Explore."""
    words = page.get_by_label("Words in script or scene")
    words.fill(word)

    def press() -> None:
        words.press("Enter")
        page.wait_for_url(f"**text={word}**")
        with suppress(BrowserTimeoutError):  # a script that ran to its end before it was seen running
            page.wait_for_selector("[data-testid=stApp][data-test-script-state=running]", timeout=100)

    return time_step(page, press, "Explore")


def open_video(page: Page) -> float:
    """Seconds from the click on the first card of Explore until its player shows a graph."""
    card = page.locator('[class*="st-key-ag_poster_"]').first.get_by_test_id("stBaseButton-tertiary")

    def open_it() -> None:
        card.click()
        page.locator("[data-part=player] .graphs svg").first.wait_for()

    return time_step(page, open_it, "Explore")


def measure_pages(browser: Browser, home: Path, data: dict[str, str], rounds: int) -> dict[str, Times]:
    """Every page, cold, warm and by the navigation; and what is done on Explore."""
    found = {name: Times() for name in PAGES}
    for name in PAGES:
        with serve("app.py", home, **data) as served:
            context = new_context(browser)
            paint, done = open_by_link(context.new_page(), served.url, name)
            found[name].add("cold paint", paint)
            found[name].add("cold", done)
            context.close()
    with serve("app.py", home, **data) as served:
        context = new_context(browser)
        for round_number in range(rounds + 1):  # the first one warms
            for name in PAGES:
                page = context.new_page()
                paint, done = open_by_link(page, served.url, name)
                switched = 0.0
                if name != "Home":
                    page.goto(served.url)
                    wait_until_done(page, PAGES["Home"][1])
                    switched = switch_page(page, name)
                if round_number:
                    found[name].add("warm paint", paint)
                    found[name].add("warm", done)
                    if name != "Home":
                        found[name].add("switch", switched)
                if name == "Explore" and round_number:
                    found[name].add("filter", filter_videos(page, WORDS[round_number % len(WORDS)]))
                    found[name].add("video", open_video(page))
                page.close()
        context.close()
    return found


def new_context(browser: Browser) -> BrowserContext:
    """A browser that knows nothing."""
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(PATIENCE_MS)
    return context


def measure_crowd(browser: Browser, home: Path, data: dict[str, str], sessions: int, minutes: float) -> Crowd:
    """So many sessions, a step in one of them after the other; in the second half a video is predicted."""
    crowd, draws = Crowd(sessions), random.Random(0)
    with serve("app.py", home, **data) as served:
        contexts = [new_context(browser) for _ in range(sessions)]
        pages = [context.new_page() for context in contexts]
        for page in pages:
            open_by_link(page, served.url, "Explore")
        began, is_beside = time.monotonic(), False
        while (now := time.monotonic() - began) < 60 * minutes:
            if now > 30 * minutes and not is_beside:
                is_beside = start_prediction(pages[0], served)
            page = draws.choice(pages[1:] or pages)
            took = switch_page(page, draws.choice([name for name in PAGES if name not in ("Home", "Make")]))
            (crowd.beside if is_beside else crowd.alone).append(took)
            crowd.memory_mb[now] = served.read_memory_mb()
        for context in contexts:
            context.close()
    return crowd


def start_prediction(page: Page, served: Served) -> bool:
    """Have a film of the showcase predicted, handed in on page Run as a file of one's own; True."""
    page.goto(f"{served.url}/Run")
    wait_until_done(page, "Run")
    page.locator("input[type=file]").set_input_files(SHOWCASE / "videos" / f"{VIDEO}.mp4")
    page.locator(".st-key-run_start button:enabled").click()
    return True


def list_goals(pages: dict[str, Times], crowd: Crowd | None) -> list[Goal]:
    """What the slowest page should take at most, and what a crowd may cost."""
    slowest = {
        what: max(times.middle(what) for name, times in pages.items() if times.of.get(what))
        for what in ("cold", "warm", "switch")
    }
    goals = [
        Goal("slowest page, cold", slowest["cold"], "s", at_most=3),
        Goal("slowest page, warm", slowest["warm"], "s", at_most=1.5),
        Goal("slowest switch", slowest["switch"], "s", at_most=1),
    ]
    if crowd is not None:
        goals.append(Goal("memory at the end against a third of the time", crowd.growth, "%", at_most=10))
    return goals


def as_markdown(pages: dict[str, Times], crowd: Crowd | None, about: str) -> str:
    """The table of docs/performance.md."""
    columns = ("cold paint", "cold", "warm paint", "warm", "switch")
    lines = [f"{date.today():%Y-%m-%d}, {machine()}. {about}", ""]
    lines += [f"| page | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for name, times in pages.items():
        cells = [f"{times.middle(what):.2f} s" if times.of.get(what) else "" for what in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    explore = pages["Explore"]
    lines += ["", f"Opening a video {explore.middle('video'):.2f} s, another filter {explore.middle('filter'):.2f} s."]
    if crowd is not None:
        lines += ["", describe_crowd(crowd)]
    goals = list_goals(pages, crowd)
    lines += ["", "; ".join(f"**{goal}**" if goal.met is False else str(goal) for goal in goals) + "."]
    return "\n".join(lines) + "\n"


def describe_crowd(crowd: Crowd) -> str:
    """What so many sessions took, in a sentence."""
    said = []
    for words, steps in (
        ("with nothing else to do", crowd.alone),
        ("in the half that begins with a prediction", crowd.beside),
    ):
        if steps:
            middle, late = statistics.median(steps), sorted(steps)[int(0.95 * (len(steps) - 1))]
            said.append(f"{words} {len(steps)} steps, median {middle:.2f} s, 95 % within {late:.2f} s")
    first, last = (crowd.memory_mb[time] for time in (min(crowd.memory_mb), max(crowd.memory_mb)))
    told = f"{crowd.sessions} sessions at once, a step of one after the other: {'; '.join(said)}"
    return f"{told}. The server and its workers held {first:,.0f} MB at the start and {last:,.0f} MB at the end."


def main() -> None:
    """Take the options of the command line and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="STORE", help="a store (default: the showcase)")
    parser.add_argument("--rounds", type=int, default=3, help="visits of each page that are counted as warm")
    parser.add_argument("--sessions", type=int, default=10, help="people at once; 0 for none")
    parser.add_argument("--minutes", type=float, default=5, help="how long they stay")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="fill the table of this document")
    parser.add_argument("--log", type=Path, metavar="FILE", help="append the result to this log")
    options = parser.parse_args()
    data = {} if options.data is None else {"AG_STORE": str(options.data.resolve())}
    about = f"{'The showcase' if options.data is None else options.data.name}; warm: medians of {options.rounds}."
    crowd = None
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        pages = measure_pages(browser, Path(home), data, options.rounds)
        if options.sessions:
            crowd = measure_crowd(browser, Path(home), data, options.sessions, options.minutes)
        browser.close()
    table = as_markdown(pages, crowd, about)
    print(table)
    if options.markdown is not None:
        into_document(options.markdown, table, MARKS)
    if options.log is not None:
        told: dict[str, Any] = {name: {what: times.middle(what) for what in times.of} for name, times in pages.items()}
        goals = {goal.what: round(goal.value, 3) for goal in list_goals(pages, crowd)}
        said = {} if crowd is None else {"sessions": describe_crowd(crowd)}
        row = build_log_row(
            "benchmark of the pages", (), {"machine": machine(), "data": about, "seconds": told} | goals | said
        )
        append_log_row(options.log, row)


if __name__ == "__main__":
    main()
