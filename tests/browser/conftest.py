"""Running apps and a Chromium to look at them: fixtures `app`, `visit` and, for the player alone, `show`."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode, urlparse

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser.counter_clip import write_counter_clip
from tests.browser.player_page import APP, CLIPS

PROJECT = Path(__file__).parents[2]
PATIENCE_S = 120.0
"""How long to wait for what must come: far more than it takes, since a machine may be busy with other work."""

expect.set_options(timeout=1000 * PATIENCE_S)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """An installed Chromium: AG_CHROMIUM, or the first of the usual names on the path.

    All tests share its profile, so that it fetches and compiles the scripts of Streamlit once: a third of the work of
    opening a page.
    """
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = os.environ.get("AG_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("no Chromium on this computer; install it or set AG_CHROMIUM to its path")
    with sync_playwright() as playwright:
        profile = tmp_path_factory.mktemp("profile")
        context = playwright.chromium.launch_persistent_context(profile, executable_path=found, args=list(FLAGS))
        yield context
        context.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=10) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"the app did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """app(script, **environment) -> address of `streamlit run script` with a home of its own, started once."""
    running: dict[tuple[str, ...], tuple[subprocess.Popen[bytes], str]] = {}

    def start(script: str | Path, **environment: str) -> str:
        key = (str(script), *(f"{name}={value}" for name, value in sorted(environment.items())))
        if key not in running:
            home = tmp_path_factory.mktemp("home")
            port = _free_port()
            log = home / "log.txt"
            command = [sys.executable, "-m", "streamlit", "run", str(PROJECT / script)]
            command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
            settings = {**os.environ, "AG_HOME": str(home), "PYTHONPATH": str(PROJECT), **environment}
            with log.open("wb") as output:
                process = subprocess.Popen(command, cwd=PROJECT, env=settings, stdout=output, stderr=output)
            url = f"http://127.0.0.1:{port}"
            running[key] = (process, url)
            _wait_until_healthy(url, process, log)
        return running[key][1]

    yield start
    for process, _url in running.values():
        process.terminate()
        process.wait(timeout=PATIENCE_S)


def is_error(said: ConsoleMessage) -> bool:
    """Whether the console reports a fault.

    Two misses are none of ours. A page opened by its own link makes Streamlit look for its server below the page's path
    first. And Streamlit forgets the pictures of a page as soon as nobody is on it, so that on a busy computer one that
    the browser still asks for while the page is left, or found again by Back, may be gone; the page that stands gets
    pictures of its own.
    """
    url = urlparse(said.location.get("url", ""))
    probe = url.path.endswith(("/_stcore/health", "/_stcore/host-config"))
    left = "/media/" in url.path and "404" in said.text
    return said.type == "error" and not probe and not left


def format_message(said: ConsoleMessage) -> str:
    """What the console says, and of which address."""
    return f"{said.text} {said.location.get('url', '')}".strip()


@pytest.fixture
def visit(chromium: BrowserContext) -> Iterator[Callable[..., Page]]:
    """visit(url, query=..., width=, height=, scheme=, may_fail=, before=) -> Page; script `before` runs first.

    At the end of the test, every request must have stayed on this computer and the console must be free of errors;
    `may_fail=True` lifts the latter, for pages that show what goes wrong.
    """
    pages: list[Page] = []
    foreign: list[str] = []
    errors: list[str] = []

    def asked(request: Request) -> None:
        local = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:http://127.0.0.1:")
        if not request.url.startswith(local):
            foreign.append(request.url)

    def go(
        url: str,
        query: dict[str, object] | None = None,
        width: int = 1300,
        height: int = 1000,
        scheme: Literal["light", "dark"] = "light",
        may_fail: bool = False,
        reduced_motion: Literal["reduce", "no-preference"] = "no-preference",
        before: str = "",
    ) -> Page:
        page = chromium.new_page()
        page.add_init_script(before)
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion=reduced_motion)
        page.set_default_timeout(1000 * PATIENCE_S)
        page.on("request", asked)
        if not may_fail:
            page.on("console", lambda said: errors.append(format_message(said)) if is_error(said) else None)
            page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{url}?{urlencode(query)}" if query else url)
        return page

    yield go
    for page in pages:
        page.evaluate("localStorage.clear()")
        page.close()
    chromium.clear_permissions()
    chromium.clear_cookies()
    assert not foreign, f"requests left this computer: {foreign}"
    assert not errors, f"the browser's console has errors: {errors}"


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    return {name: write_counter_clip(folder / f"{name}.mp4", *what) for name, what in CLIPS.items()}


@pytest.fixture
def show(app: Callable[..., str], visit: Callable[..., Page], clips: dict[str, Path]) -> Callable[..., Page]:
    """show(clip name, **query) -> page with the player mounted and its first frame drawn."""

    def open_page(
        clip: str = "30", may_fail: bool = False, look: dict[str, object] | None = None, **query: object
    ) -> Page:
        rate, frames = CLIPS[clip]
        asked = {"clip": clips[clip], "fps": float(rate), "frames": frames, **query}
        page = visit(app(APP), asked, may_fail=may_fail, **(look or {}))
        page.wait_for_selector("[data-part=player]")
        if not may_fail:
            page.wait_for_function("() => window.agPlayerStats && agPlayerStats.ticks > 0")
        return page

    return open_page
