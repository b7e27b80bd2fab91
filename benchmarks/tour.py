"""A tour through the app in a real browser that touches every control with odd input, and what went wrong on it.

    python -m benchmarks.tour [--minutes 15] [--width 1440] [--dark] [--data STORE] [--seed 0]

Every page gets an equal part of the time. On it each control that can be seen is touched once, those that come into
sight later as well: buttons and tabs are pressed, fields are given text that nobody should type, sliders go to their
ends, files that are none are handed in. Wrong is a line of the console at level warning or error, an exception on the
page or in the server's log, and a request that leaves this computer. The tour ends with status 1 where there was one.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlparse

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, ViewportSize, sync_playwright
from playwright.sync_api import Error as BrowserError

from benchmarks.pages import PAGES
from benchmarks.serving import FLAGS, find_chromium, serve

ODD = (
    "",
    "'; drop table videos; --",
    "<img src=x onerror=alert(1)> & é \N{SLIGHTLY SMILING FACE}",
    "9" * 300,
    "-1",
    "NaN",
    "not contacting cup\nthen holding",
)
CONTROLS = ", ".join(
    f"[data-testid=stMain] {what}:visible"
    for what in ("button", "input", "textarea", "select", "summary", "[role=slider]", "[role=combobox]", "[role=tab]")
)
KEYS = (
    "?",
    "Escape",
    "Tab",
    "1",
    "2",
    "3",
    "b",
    "l",
    "g",
    "i",
    "o",
    "n",
    "p",
    "[",
    "]",
    "ArrowRight",
    "Home",
    " ",
    "z",
)
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
WAIT_MS, TOUCH_MS = 60_000, 3000
LOCAL = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:http://127.0.0.1:")
DESCRIBE = """(one) => [
  one.tagName.toLowerCase(), one.type ?? '', one.getAttribute('role') ?? '',
  (one.getAttribute('aria-label') ?? one.closest('label')?.innerText ?? one.innerText ?? '').trim().slice(0, 60),
]"""


@dataclass
class Findings:
    """What was touched, by page, and what went wrong, each in a sentence."""

    touched: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    where: str = ""

    def add(self, what: str) -> None:
        """One thing that went wrong, once for each place."""
        if (said := f"{self.where}: {what}") not in self.wrong:
            self.wrong.append(said)
            print(said, flush=True)

    def hear(self, said: ConsoleMessage) -> None:
        """A line of the console."""
        path = urlparse(said.location.get("url", "")).path
        # A page that is opened by its own link looks for Streamlit's server below its path first; and pictures of a
        # page that was left are forgotten.
        is_probe = path.endswith(("/_stcore/health", "/_stcore/host-config")) or (
            "/media/" in path and "404" in said.text
        )
        if said.type in ("warning", "error") and not is_probe:
            self.add(f"console {said.type}: {said.text[:300]} {path}")

    def see(self, request: Request) -> None:
        """A request of the page."""
        if not request.url.startswith(LOCAL):
            self.add(f"asked {request.url[:200]}")


def tour(
    page: Page, url: str, findings: Findings, seconds: float, draws: random.Random, names: Sequence[str] = tuple(PAGES)
) -> None:
    """Pages of the app at an address, each for its part of the time."""
    for name in names:
        path, _ = PAGES[name]
        findings.where, home = name, f"{url}/{path}"
        end = time.monotonic() + seconds / len(names)
        open_page(page, home)
        known: set[tuple[str, ...]] = set()
        while time.monotonic() < end:
            found = find_untouched(page, known)
            if found is None:
                break
            control, said = found
            findings.where = f"{name}, {' '.join(filter(None, said))}"
            with forgive_what_moved_away():
                touch(control, said, draws)
            findings.touched[name] += 1
            settle(page)
            check_page(page, findings)
            if urlparse(page.url).path.strip("/") != path:
                open_page(page, home)
        findings.where = f"{name}, keys"
        press_keys(page)
        check_page(page, findings)


def open_page(page: Page, address: str) -> None:
    """A page by its link, at rest."""
    page.goto(address)
    settle(page)


def settle(page: Page) -> None:
    """Wait until the script has run to its end."""
    with forgive_what_moved_away():
        page.wait_for_selector(SETTLED, timeout=WAIT_MS)
        page.wait_for_timeout(150)
        page.wait_for_selector(SETTLED, timeout=WAIT_MS)


def find_untouched(page: Page, known: set[tuple[str, ...]]) -> tuple[Locator, tuple[str, ...]] | None:
    """The first control in sight that was not touched yet, and how it is called; None where all were."""
    controls = page.locator(CONTROLS)
    told = controls.evaluate_all(f"(all) => all.map({DESCRIBE})")
    seen: Counter[tuple[str, ...]] = Counter()
    for index, words in enumerate(told):
        said = tuple(words)
        seen[said] += 1
        if seen[said] > 3:  # three cards of a kind stand for all
            continue
        key = (*said, str(seen[said]))
        if key not in known:
            known.add(key)
            return controls.nth(index), said
    return None


def touch(control: Locator, said: tuple[str, ...], draws: random.Random) -> None:
    """Do with a control what nobody should."""
    tag, kind, role, _ = said
    if kind == "file":
        control.set_input_files({"name": "odd.mp4", "mimeType": "video/mp4", "buffer": b"this is no video"})
    elif role == "combobox":
        control.click(timeout=TOUCH_MS)
        control.fill(draws.choice(ODD)[:40].replace("\n", " "), timeout=TOUCH_MS)
        control.press("Escape")
        control.click(timeout=TOUCH_MS)
        control.press("ArrowDown")
        control.press("Enter")
    elif tag == "select":
        values = control.locator("option").evaluate_all("(all) => all.map((one) => one.value)")
        control.select_option(draws.choice(values), timeout=TOUCH_MS)
    elif role == "slider" or kind == "range":
        control.focus(timeout=TOUCH_MS)
        for key in ("End", "ArrowLeft", "Home"):
            control.press(key)
    elif tag == "textarea" or (tag == "input" and kind in ("text", "number", "search", "")):
        control.fill(draws.choice(ODD) if kind != "number" else draws.choice(("-1", "1e9", "0")), timeout=TOUCH_MS)
        control.press("Control+Enter" if tag == "textarea" else "Enter")
    else:
        control.click(timeout=TOUCH_MS, force=tag == "input")


def press_keys(page: Page) -> None:
    """The keys of the player, in a player or without one."""
    with forgive_what_moved_away():
        player = page.locator("[data-part=player]")
        if player.count():
            player.first.focus(timeout=TOUCH_MS)
        for key in KEYS:
            page.keyboard.press(key)
        page.wait_for_timeout(500)
        settle(page)


@contextmanager
def forgive_what_moved_away() -> Iterator[None]:
    """A control that vanished, moved or is covered cannot be touched: no fault of the app."""
    try:
        yield
    except BrowserError as error:
        if "crashed" in str(error):
            raise


def check_page(page: Page, findings: Findings) -> None:
    """Exceptions on the page."""
    for text in page.locator("[data-testid=stException]").all_inner_texts():
        findings.add(f"exception on the page: {text[:300]}")


def check_log(log: Path, findings: Findings) -> None:
    """Exceptions in what the server printed."""
    findings.where = "log of the server"
    lines = log.read_text(errors="replace").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("Traceback") or " ERROR " in line or "Uncaught" in line:
            findings.add(" | ".join(lines[number : number + 1] + lines[number + 1 : number + 40][-3:])[:600])


def main() -> None:
    """Take the options of the command line and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--width", type=int, default=1440, help="of the window in pixels")
    parser.add_argument("--dark", action="store_true", help="in dark colours")
    parser.add_argument("--data", type=Path, metavar="STORE", help="a store (default: the showcase)")
    parser.add_argument("--seed", type=int, default=0, help="which odd text goes where")
    options = parser.parse_args()
    data = {} if options.data is None else {"AG_STORE": str(options.data.resolve())}
    findings = Findings()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        with serve("app.py", Path(home), **data) as served:
            size: ViewportSize = {"width": options.width, "height": 1000}
            page = browser.new_page(viewport=size, color_scheme="dark" if options.dark else "light")
            page.set_default_timeout(WAIT_MS)
            page.on("console", findings.hear)
            page.on("request", findings.see)
            page.on("pageerror", lambda error: findings.add(f"uncaught in the page: {error.message[:300]}"))
            page.on("dialog", lambda dialog: dialog.dismiss())
            tour(page, served.url, findings, 60 * options.minutes, random.Random(options.seed))
            page.close()
            check_log(served.log, findings)
        browser.close()
    print("touched " + ", ".join(f"{name} {count}" for name, count in findings.touched.items()))
    print(f"{findings.touched.total()} controls touched, {len(findings.wrong)} things went wrong")
    sys.exit(1 if findings.wrong else 0)


if __name__ == "__main__":
    main()
