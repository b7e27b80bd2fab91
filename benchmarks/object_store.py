"""The app on a lake in object storage beside the same annotations in a file: the first visit, later ones, a video.

    python -m benchmarks.object_store [--data STORE] [--rounds 3] [--markdown docs/scale.md]

The store is written as a lake and copied to a server of the S3 protocol on this machine (moto), so what is measured is
the app and the protocol, not a network. Three sides in turn, each with a server that begins anew: the store file; the
lake in a home that knows nothing, which fetches a copy first; and the lake in a home that has the copy and asks only
whether it is still current. Page Explore is opened by its link, then the first of its videos. AG_CHROMIUM names a
browser, otherwise the first Chromium on the path is taken.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import s3fs
from moto.server import ThreadedMotoServer
from playwright.sync_api import Browser, sync_playwright

from ag_core.annotations.lake.sending import send_lake
from ag_core.annotations.lake.writing import write_lake
from ag_core.annotations.showcase_store import ensure_store
from benchmarks.pages import Times, new_context, open_by_link, open_video
from benchmarks.report import into_document, machine, size_of
from benchmarks.serving import FLAGS, find_chromium, serve

BUCKET = "annotations"
FILE, FETCHING, FETCHED = "the file", "the lake, fetched first", "the lake, copy there"
WHAT = ("first paint", "Explore is done", "a video is open")
MARKS = "<!-- object store -->", "<!-- end of object store -->"


@contextmanager
def serve_storage() -> Iterator[None]:
    """An empty bucket on this machine; the environment of this process and those it begins leads to it."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    s3fs.S3FileSystem(skip_instance_cache=True).mkdir(BUCKET)
    try:
        yield
    finally:
        server.stop()


def visit(browser: Browser, home: Path, store: str) -> dict[str, float]:
    """Seconds of a visit of a server that begins anew, by WHAT."""
    with serve("app.py", home, AG_STORE=store) as served:
        context = new_context(browser)
        page = context.new_page()
        paint, done = open_by_link(page, served.url, "Explore")
        video = open_video(page)
        context.close()
    return dict(zip(WHAT, (paint, done, video), strict=True))


def measure(browser: Browser, store: Path, address: str, rounds: int) -> dict[str, Times]:
    """Each side in turn, so many times; a first round warms the machine and is not counted."""
    sides = {name: Times() for name in (FILE, FETCHING, FETCHED)}
    for number in range(rounds + 1):
        with tempfile.TemporaryDirectory() as of_file, tempfile.TemporaryDirectory() as of_lake:
            for side, home, where in (
                (FILE, of_file, str(store)),
                (FETCHING, of_lake, address),
                (FETCHED, of_lake, address),
            ):
                for what, seconds in visit(browser, Path(home), where).items():
                    if number:
                        sides[side].add(what, seconds)
    return sides


def as_markdown(sides: dict[str, Times], about: str) -> str:
    """A table: seconds, and the ratio to the file."""
    lines = [f"{date.today():%Y-%m-%d}, {machine()}. {about}", ""]
    lines += [f"| side | {' | '.join(WHAT)} |", f"| --- |{' ---: |' * len(WHAT)}"]
    for name, times in sides.items():
        cells = [f"{times.middle(what):.2f} s, {times.middle(what) / sides[FILE].middle(what):.2f}x" for what in WHAT]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    spread = max(max(seconds) / statistics.median(seconds) for times in sides.values() for seconds in times.of.values())
    return "\n".join([*lines, "", f"No single visit took more than {spread:.2f} times its median.\n"])


def main() -> None:
    """Take the options of the command line and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="STORE", help="a store file (default: the showcase)")
    parser.add_argument("--rounds", type=int, default=3, help="visits of each side that are counted")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="fill the table of this document")
    options = parser.parse_args()
    store = (options.data or ensure_store()).resolve()
    address = f"s3://{BUCKET}/lake"
    with tempfile.TemporaryDirectory() as folder, serve_storage(), sync_playwright() as playwright:
        lake = Path(folder) / "lake"
        write_lake(store, lake)
        send_lake(lake, address)
        size = sum(path.stat().st_size for path in lake.rglob("*.parquet"))
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        sides = measure(browser, store, address, options.rounds)
        browser.close()
    name = "The showcase" if options.data is None else options.data.name
    about = (
        f"{name}: a file of {size_of(store.stat().st_size)}, a lake of {size_of(size)}; medians of {options.rounds}."
    )
    table = as_markdown(sides, about)
    print(table)
    if options.markdown is not None:
        into_document(options.markdown, table, MARKS)


if __name__ == "__main__":
    main()
