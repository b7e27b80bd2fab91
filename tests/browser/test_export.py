"""The exported page in a browser: drawn without any other file, stepped through by slider and keyboard; the menu."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ag_core.graphs.formats import export_graphs
from ag_core.records import SceneGraph, Video
from ag_core.taxonomy import N_RELATIONS, find_object_index, find_relation_index
from ag_core.video.frames import probe_video
from tests.browser.answers import fetch_file

pytestmark = pytest.mark.browser

VIDEO = Video("<i>AB</i>", 10.0, 10.0, 480, 270, 100)


def graph(frame: int, **says: str) -> SceneGraph:
    relations = np.zeros((len(says), N_RELATIONS))
    for row, name in enumerate(says.values()):
        relations[row, find_relation_index(name)] = 1
    classes = [find_object_index(name) for name in says]
    return SceneGraph(
        frame, (frame - 1) / 10, np.array([1, 2, 30, 40]), 1.0, np.array(classes),
        np.tile([10.0, 20, 30, 40], (len(says), 1)), np.ones(len(says)), relations,
    )  # fmt: skip


GRAPHS = [graph(1, bed="lying_on"), graph(11, bed="sitting_on", book="holding"), graph(21, book="in_front_of")]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    (folder / "favicon.ico").write_bytes(b"")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def format_name(page: Page) -> list[str]:
    return page.locator("#triplets li").all_inner_texts()


def drawn_nodes(page: Page) -> list[str]:
    names: list[str] = page.evaluate("() => nodes.get().filter((node) => !node.hidden).map((node) => node.id).sort()")
    return names


COLOURS = """() => {
  const canvas = document.querySelector("#mynetwork canvas");
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Set();
  for (let at = 0; at < pixels.length; at += 4) seen.add(pixels[at] << 16 | pixels[at + 1] << 8 | pixels[at + 2]);
  return [...seen];
}"""


@pytest.mark.parametrize("dark", [False, True])
def test_page_draws_by_itself(dark: bool, folder: Path, address: str, visit: Callable[..., Page]) -> None:
    (folder / f"{dark}.html").write_bytes(export_graphs("html", GRAPHS, VIDEO, dark=dark))
    page = visit(f"{address}/{dark}.html")
    assert page.title() == "Scene graphs of <i>AB</i>" and page.locator("h1 i").count() == 0
    assert drawn_nodes(page) == ["bed", "book", "person"]
    assert format_name(page) == [
        "C person lying on bed", "C person sitting on bed", "S book in front of person", "C person holding book",
    ]  # fmt: skip
    expect(page.locator("#count")).to_have_text("4 relationships")
    wanted = {0xA678F0, 0x6FE0B5} if dark else {0x8A2FC9, 0x0F5F44}
    page.wait_for_function(f"(wanted) => wanted.every((colour) => ({COLOURS})().includes(colour))", arg=list(wanted))


def test_slider_shows_what_holds(folder: Path, address: str, visit: Callable[..., Page]) -> None:
    (folder / "video.html").write_bytes(export_graphs("html", GRAPHS, VIDEO))
    page = visit(f"{address}/video.html", width=420)
    slider = page.locator("#frame")
    expect(slider).to_be_disabled()
    page.locator("#whole").uncheck()
    expect(page.locator("#says")).to_have_text("frame 1, 0:00.000")
    assert format_name(page) == ["C person lying on bed"] and drawn_nodes(page) == ["bed", "person"]
    slider.press("ArrowRight")
    expect(page.locator("#says")).to_have_text("frame 11, 0:01.000")
    assert format_name(page) == ["C person sitting on bed", "C person holding book"]
    slider.fill("2")
    assert format_name(page) == ["S book in front of person"] and drawn_nodes(page) == ["book", "person"]
    page.locator("#whole").check()
    assert len(format_name(page)) == 4
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_page_of_one_frame_and_of_nothing(folder: Path, address: str, visit: Callable[..., Page]) -> None:
    (folder / "frame.html").write_bytes(export_graphs("html", GRAPHS, VIDEO, frame=11))
    page = visit(f"{address}/frame.html")
    assert drawn_nodes(page) == ["bed", "book", "person"] and page.locator("#frame").count() == 0
    expect(page.locator("#count")).to_have_text("2 relationships")
    (folder / "empty.html").write_bytes(export_graphs("html", [], VIDEO))
    page = visit(f"{address}/empty.html")
    expect(page.locator(".about")).to_contain_text("nothing here to draw")


def test_menu_gives_files(app: Callable[..., str], visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit(f"{app('app.py')}/Explore", query={"v": "15LFQ", "t": 9})
    # The menu belongs to a place on the page: wait until the player above has its height.
    expect(page.locator("[data-part=number]")).to_have_text("frame 109 / 144")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.get_by_role("button", name="Export").click()
    buttons = page.locator(".st-key-ag_exports")
    expect(buttons).to_be_visible()
    with page.expect_download() as waiting:
        buttons.get_by_role("button", name="GEXF").click()
    assert waiting.value.suggested_filename.startswith("ag_graph_15LFQ_")
    waiting.value.save_as(tmp_path / "whole.gexf")
    network = nx.read_gexf(tmp_path / "whole.gexf")
    assert network.graph["mode"] == "dynamic" and all(spells for *_, spells in network.edges(data="spells"))
    page.get_by_text("This frame").click()
    expect(page.get_by_text("Frame 109, from the annotation.")).to_be_visible()
    with page.expect_download() as waiting:
        buttons.get_by_role("button", name="Triplets").click()
    waiting.value.save_as(tmp_path / "now.json")
    now = json.loads((tmp_path / "now.json").read_text())["triplets"]
    assert len({row["frame"] for row in now}) == 1 and now[0]["frame"] <= 109
    for kind, start in (("SVG", b"<"), ("PNG", b"\x89PNG")):
        name, content = fetch_file(buttons.get_by_role("button", name=f"Picture ({kind})"))
        assert name.startswith("ag_graph_15LFQ_frame") and content.startswith(start)


def test_menu_makes_a_clip(app: Callable[..., str], visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit(f"{app('app.py')}/Explore", query={"v": "15LFQ", "t": 3})
    expect(page.locator("[data-part=number]")).to_have_text("frame 37 / 144")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.get_by_role("button", name="Export").click()
    page.get_by_text("A part", exact=True).click()
    expect(page.get_by_text("0:03.000 to 0:09.000, from the annotation.")).to_be_visible()
    for kind, start in (("MP4", b"ftyp"), ("GIF", b"GIF89a")):
        page.locator(".st-key-ag_exports").get_by_role("button", name=f"Clip with boxes ({kind})").click()
        name, content = fetch_file(page.get_by_role("button", name=f"Save {kind}"))
        assert name.startswith("ag_clip_15LFQ_3-9_") and name.endswith(f".{kind.lower()}")
        assert start in content[:8]
        (tmp_path / f"clip.{kind.lower()}").write_bytes(content)
    assert probe_video(tmp_path / "clip.mp4").n_frames == 72
    page.get_by_text("Whole video", exact=True).click()
    page.locator(".st-key-ag_exports").get_by_role("button", name="Clip with boxes (MP4)").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The clip was cancelled")).to_be_visible()
