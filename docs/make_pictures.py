"""Takes the pictures of README.md from the running app: a thumbnail of each page, and the player as an animation.

python docs/make_pictures.py [--chromium PATH]     # writes docs/images/*.webp
"""

import argparse
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE_WH = (1280, 800)
THUMBNAIL_WIDTH = 640
ANIMATION_WIDTH = 960
VIDEO = "I21BM"
"""A person drinks at a table: chair, cup and table with changing relationships."""

PAGES = {
    "home": ("", {}),
    "explore": ("Explore", {}),
    "compare": ("Compare", {"v": VIDEO, "t": "6"}),
    "search": ("Search", {"sequence": "not contacting cup\nthen holding cup within 5 s\nthen drinking_from cup"}),
    "statistics": ("Statistics", {"tab": "Objects and relationships"}),
    "sql": ("SQL", {}),
    "benchmarks": ("Benchmarks", {"benchmark": "Relationships"}),
    "run": ("Run", {}),
    "make": ("Make", {}),
    "doctor": ("Doctor", {}),
}
WITH_PLAYER = ("", "Compare")
"""Pages whose picture is taken once their player shows a frame."""

FIRST_FRAME, LAST_FRAME, EVERY = 20, 116, 2
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"


@contextmanager
def run_app() -> Iterator[str]:
    """The address of an app of its own, with a home that is thrown away."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {"AG_HOME": home, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "ag_core", "app", "--port", str(port)]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
            url = f"http://127.0.0.1:{port}"
            while True:
                try:
                    urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).close()
                    break
                except (urllib.error.URLError, OSError):
                    time.sleep(0.3)
            try:
                yield url
            finally:
                process.terminate()


def open_page(browser: Browser, url: str, path: str, query: dict[str, str]) -> Page:
    """A page in light colours, once its script has run to its end."""
    page = browser.new_page(viewport={"width": SIZE_WH[0], "height": SIZE_WH[1]}, color_scheme="light")
    page.set_default_timeout(120_000)
    page.goto(f"{url}/{path}?{urllib.parse.urlencode(query)}")
    page.wait_for_selector(SETTLED)
    if path in WITH_PLAYER:
        expect(page.locator("[data-part=number]").first).to_contain_text("frame", timeout=120_000)
    for video in page.locator("video").all():
        video.evaluate("(one) => one.readyState > 1 || new Promise((done) => one.addEventListener('loadeddata', done))")
    page.wait_for_timeout(2500)  # charts and the first frame of a video are drawn after the script
    return page


def shrink(png: bytes, width: int) -> Image.Image:
    """A screenshot at another width."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def take_thumbnails(browser: Browser, url: str) -> None:
    """One picture of each page."""
    for name, (path, query) in PAGES.items():
        page = open_page(browser, url, path, query)
        shrink(page.screenshot(), THUMBNAIL_WIDTH).save(IMAGES / f"{name}.webp", quality=80, method=6)
        page.close()
        print(f"docs/images/{name}.webp")


def film_player(browser: Browser, url: str) -> None:
    """The player, frame after frame, as an animation at half the video's speed."""
    page = open_page(browser, url, "Explore", {"v": VIDEO, "t": f"{FIRST_FRAME / 12:.3f}"})
    player = page.locator("[data-part=player]")
    player.scroll_into_view_if_needed()
    player.focus()
    area = player.bounding_box()
    assert area is not None, "the player is not on the page"
    frames = []
    for number in range(FIRST_FRAME, LAST_FRAME, EVERY):
        for _ in range(EVERY):
            page.keyboard.press("f")
        expect(page.locator("[data-part=number]")).to_contain_text(f"frame {number + EVERY + 1} /")
        page.wait_for_timeout(120)
        frames.append(shrink(page.screenshot(clip=area), ANIMATION_WIDTH))
    first, *others = frames
    first.save(
        IMAGES / "player.webp", save_all=True, append_images=others, duration=EVERY * 2000 // 12, loop=0, quality=60,
        method=4,
    )  # fmt: skip
    print("docs/images/player.webp")


def main() -> None:
    """Start the app and a browser, and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--chromium", default=shutil.which("chromium"), help="path of a Chromium (default: on the path)"
    )
    options = parser.parse_args()
    with run_app() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox", "--disable-gpu"])
        take_thumbnails(browser, url)
        film_player(browser, url)
        browser.close()


if __name__ == "__main__":
    main()
