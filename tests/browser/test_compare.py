"""Compare in a real browser: the model's own process says why, a click goes there, and what-if answers by its link."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ag_core.results.prediction import Prediction
from ag_core.settings import SHOWCASE
from tests.browser.answers import fetch_table
from tests.browser.conftest import PATIENCE_S
from tests.browser.test_app import settled
from tests.stores import TIMED, make_store

pytestmark = pytest.mark.browser

VIDEO = "2RZMQ"


def wait_for_time(page: Page, wanted_s: float) -> None:
    """Wait until the player stands at a time, in seconds."""
    end = time.monotonic() + PATIENCE_S
    while abs(page.locator("video").first.evaluate("video => video.currentTime") - wanted_s) > 0.1:
        assert time.monotonic() < end
        page.wait_for_timeout(100)


def test_evidence_leads_to_its_moment_and_to_what_if(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO, "ask": "Why"})
    go = page.get_by_role("button", name=re.compile(r"Go to 0:\d"))
    go.first.wait_for(timeout=3000 * PATIENCE_S)  # a process begins, and looks at the whole video
    settled(page)
    minutes, seconds = go.first.inner_text().split()[-1].split(":")
    wanted_s = 60 * int(minutes) + float(seconds)
    go.first.focus()
    page.keyboard.press("Enter")
    wait_for_time(page, wanted_s)

    # The player moves on while the script answers the click: where it stands then must not bring back the tab before.
    page.get_by_role("button", name="What if not?").first.evaluate("button => button.click()")
    page.locator("[data-part=player]").dispatch_event("keydown", {"key": "ArrowRight"})
    expect(page.get_by_text("What changed most.")).to_be_visible()
    page.wait_for_url("**whatif=-**")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("No edit yet")).to_be_visible()
    assert "whatif" not in parse_qs(urlparse(page.url).query)


def test_compare_is_one_screen_with_video_verdict_and_differing_rows(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO, "t": "0.5"}, width=1440, height=900)
    go = page.locator(".differing-go")
    go.first.wait_for()
    settled(page)
    for part in (".stage", ".controls", ".beside"):
        box = page.locator(part).bounding_box()
        assert box is not None and box["y"] > 0 and box["y"] + box["height"] <= 900, part
    video, beside, graphs, timeline = (
        page.locator(part).bounding_box() for part in (".stage", ".beside", ".graphs", ".timeline")
    )
    assert video and beside and graphs and timeline
    assert beside["x"] >= video["x"] + video["width"], "the verdict stands right of the video"
    assert graphs["y"] < timeline["y"], "graphs directly under the video, above the scores"
    expect(page.locator(".beside-said")).to_contain_text(re.compile(r"annotated actions? in (its|their) top 5"))
    assert all(page.locator(".beside :is(th, td)[title]").nth(at).get_attribute("title") for at in range(4))

    minutes, seconds = go.first.inner_text().split(":")
    fills = page.locator(".differing-bar .track i:last-child")
    before = [fills.nth(at).get_attribute("style") for at in range(fills.count())]
    go.first.click()
    wait_for_time(page, 60 * int(minutes) + float(seconds))
    page.wait_for_function(
        "before => [...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)"
        ".flatMap(root => [...root.querySelectorAll('.differing-bar .track i:last-child')])"
        ".map(e => e.getAttribute('style')).join() !== before.join()",
        arg=before,
    )


def test_the_graph_is_under_the_video_on_a_phone_and_beside_it_on_a_wide_screen(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO}, width=2560, height=1300)
    page.locator(".differing-go").first.wait_for()
    settled(page)
    video, graphs, beside = (page.locator(part).bounding_box() for part in (".stage", ".graphs", ".beside"))
    assert video and graphs and beside
    assert video["x"] + video["width"] <= graphs["x"] and graphs["x"] + graphs["width"] <= beside["x"]
    assert beside["x"] + beside["width"] > 2300, "a wide screen is used"
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_timeout(300)
    controls, graphs, beside, timeline = (
        page.locator(part).bounding_box() for part in (".controls", ".graphs", ".beside", ".timeline")
    )
    assert controls and graphs and beside and timeline
    assert controls["y"] < graphs["y"] < beside["y"] < timeline["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


def test_score_curves_follow_the_clock(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO, "t": "0.5", "ask": "Scores over time"}, height=1600)
    curves = page.locator(".st-key-compare_curves .js-plotly-plot")
    curves.locator(".legendtext").first.wait_for()
    settled(page)
    assert {"LFB", "SGFB"} <= set(curves.locator(".legendtext").all_text_contents())
    cursor = "plot.layout.shapes.filter(({ type }) => type === 'line').map(({ x0 }) => x0)"
    assert curves.evaluate(f"plot => {cursor}.every((x) => Math.abs(x - 0.5) < 0.1)")
    page.locator("[data-part=player]").focus()
    page.keyboard.press("End")
    page.wait_for_function(
        f"""() => {{
            const plot = document.querySelector(".st-key-compare_curves .js-plotly-plot");
            return plot?.layout?.shapes && {cursor}.every((x) => x > 5);
        }}"""
    )
    table = fetch_table(page, "compare_scores_csv")
    assert {"lfb", "sgfb"} <= set(table["model"]) and table["score"].between(0, 1).all()


def test_the_matrix_is_object_times_relationship_score_and_selects_in_the_player(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO, "t": "4.000", "ask": "Matrix"}, height=2200)
    cells = page.locator(".st-key-ag_wide_compare [role=graphics-symbol]")
    cells.first.wait_for()
    table = fetch_table(page, "compare_matrix_csv")
    assert len(table) == 875 and table["object"].nunique() == 35 and table["relation"].nunique() == 25
    graphs = Prediction.load(SHOWCASE / "predictions" / f"{VIDEO}.json").graphs()
    graph = [one for one in graphs if one.time_s <= 4.001][-1]
    products = graph.object_scores[:, None] * graph.relations
    wanted = np.zeros((35, 25))
    np.maximum.at(wanted, graph.object_classes - 1, products)
    np.testing.assert_allclose(table["confidence"].to_numpy().reshape(35, 25), wanted, atol=1e-4)
    surest = table.loc[table["confidence"].idxmax()]
    page.locator("[data-part=player]").focus()
    expect(page.locator(".card[aria-pressed=true]")).to_have_count(0)
    cell = page.locator(
        f".st-key-ag_wide_compare [role=graphics-symbol][aria-label*='object: {surest['object']};']"
        f"[aria-label*='relation: {surest['relation']};']"
    )
    cell.first.click()
    expect(page.locator(".card[aria-pressed=true]").first).to_contain_text(surest["object"])


def test_right_false_and_missed_triplets_of_the_video_add_up(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Compare", {"v": VIDEO, "ask": "Triplets"}, height=1600)
    said = page.locator(".ag-owner", has_text="frames that both have")
    expect(said).to_be_visible()
    words = re.search(r"have: ([\d,]+) (.+?), ([\d,]+) (.+?), ([\d,]+) (.+?)\.", said.inner_text())
    assert words, said.inner_text()
    right, false, missed = (int(words[at].replace(",", "")) for at in (1, 3, 5))
    table = fetch_table(page, "compare_triplets_csv")
    assert [int(table[words[at]].sum()) for at in (2, 4, 6)] == [right, false, missed]
    assert right > missed > 0
    assert (table[[words[at] for at in (2, 4, 6)]].sum(axis=1) >= table["frames"]).all()


def test_predictions_stand_side_by_side_on_one_clock(
    app: Callable[..., str], visit: Callable[..., Page], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store: Path = make_store("several_models", tmp_path_factory.mktemp("stores"))
    page = visit(
        f"{app('app.py', AG_STORE=str(store))}/Compare",
        {"v": TIMED, "model": "faster-rcnn + reldn", "against": "Prediction: yolox + frequency", "t": "0.417"},
    )
    graphs = page.locator(".graphs .graph")
    expect(graphs).to_have_count(2)
    settled(page)
    for at, name in enumerate(("faster-rcnn + reldn", "yolox + frequency")):
        expect(graphs.nth(at)).to_contain_text(name)
    shown = [
        one.all_inner_texts() for one in (graphs.nth(0).locator(".card-title"), graphs.nth(1).locator(".card-title"))
    ]
    assert shown[0] == shown[1], "an object has the same place in both"
    number = page.locator("[data-part=number]")
    before = number.inner_text()
    page.locator("[data-part=player]").focus()
    page.keyboard.press("ArrowRight")
    expect(number).not_to_have_text(before)
    expect(page.locator(".st-key-compare_player, [data-part=side]").first).to_contain_text("%")
