"""Statistics in a real browser: a click in a chart leads to Explore, and pictures are made without a network."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.answers import ask
from tests.browser.test_app import settled

pytestmark = pytest.mark.browser


def chart(page: Page, name: str) -> Locator:
    """A drawn chart of the page by the key of its figure."""
    found = page.locator(f".st-key-statistics_{name}_chart [data-testid=stVegaLiteChart]")
    found.locator("canvas, svg").first.wait_for()
    page.wait_for_timeout(1_500)
    return found


def links(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-ag_figure_statistics_{name} a")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlparse(page.url).query)


def test_a_click_on_a_bar_filters_explore(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Statistics")
    settled(page)
    bars = chart(page, "relations")
    box = bars.bounding_box()
    assert box is not None
    bars.click(position={"x": 0.5 * box["width"], "y": 0.3 * box["height"]})
    link = links(page, "relations")
    expect(link).to_have_text(re.compile("See the .*video.* in Explore"))
    said = re.search(r"See the ([\d,]+) videos", link.inner_text())
    link.click()
    page.wait_for_url("**/Explore?**")
    settled(page)
    assert list(query(page)) == ["relation"]
    expect(page.get_by_text(re.compile(rf"^{said[1] if said else 1} of \d+ videos match"))).to_be_visible()


def test_shades_keep_their_colours_when_the_address_changes(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Statistics", {"tab": "Objects and relationships"})
    settled(page)
    page.get_by_text("Heat map", exact=True).click()
    page.wait_for_url("**shape=Heat+map**")
    expect(page.get_by_text("share of boxes")).to_be_visible()
    colours = page.locator("[data-testid=stVegaLiteChart] path").evaluate_all(
        "paths => paths.map(one => one.getAttribute('fill'))"
    )
    assert colours and not [colour for colour in colours if colour and colour.startswith("url(")]


def test_a_frame_of_the_strip_opens_the_player_at_its_moment(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Statistics", {"tab": "Sampling"})
    settled(page)
    chart(page, "sampling")
    page.locator(".st-key-statistics_sampling_mark input").click()
    page.get_by_role("option").nth(3).click()
    link = links(page, "sampling")
    expect(link).to_have_text(re.compile("Watch this frame"))
    link.click()
    page.wait_for_url("**/Explore?**")
    settled(page)
    assert set(query(page)) == {"v", "t"}
    expect(page.locator("[data-part=number]")).to_have_text(re.compile(r"frame \d+ /"))


def test_pictures_come_as_files(app: Callable[..., str], visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit(f"{app('app.py')}/Statistics", {"tab": "Objects and relationships"})
    settled(page)
    chart(page, "pairs")
    for kind in ("svg", "png"):
        with page.expect_download() as download:
            page.locator(f".st-key-statistics_pairs_{kind} button").click()
        assert re.fullmatch(rf"ag_object-relationship_annotation_[\d-]+\.{kind}", download.value.suggested_filename)
        download.value.save_as(tmp_path / kind)
    assert (tmp_path / "svg").read_text().startswith("<svg")
    assert Image.open(BytesIO((tmp_path / "png").read_bytes())).width > 1_500


def test_our_totals_stand_above_the_papers(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    counts = """select (select count(*) from videos where source = 'annotation') as videos,
        (select count(*) from frames where source = 'annotation') as frames,
        (select count(*) from objects where source = 'annotation' and visible) as boxes,
        (select count(*) from named_relations where source = 'annotation' and relation <> 'other_relationship')
        as relations"""
    ours = ask(visit, app("app.py"), counts).iloc[0]
    page = visit(f"{app('app.py')}/Statistics")
    totals = page.locator(".st-key-ag_totals [data-testid=stMetric]")
    expect(totals).to_have_count(4)
    for at, theirs in enumerate(("9,848", "234,253", "476,229", "1,715,568")):
        expect(totals.nth(at).get_by_test_id("stMetricValue")).to_have_text(f"{ours.iloc[at]:,}")
        expect(totals.nth(at).get_by_test_id("stMetricDelta")).to_contain_text(f"{theirs} (paper)")


def test_counts_are_drawn_on_a_logarithmic_scale_or_a_linear_one(
    app: Callable[..., str], visit: Callable[..., Page]
) -> None:
    page = visit(f"{app('app.py')}/Statistics")
    settled(page)
    bars = chart(page, "relations")
    narrowest = """bars => {
        const found = bars.querySelectorAll("[role=graphics-symbol][aria-label*='relation:']");
        return Math.min(...[...found].map((one) => one.getBoundingClientRect().width));
    }"""
    expect(bars).to_contain_text("logarithmic scale")
    logarithmic = bars.evaluate(narrowest)
    page.get_by_text("Logarithmic scale", exact=True).click()
    page.wait_for_url("**log=false**")
    expect(bars).not_to_contain_text("logarithmic scale")
    assert bars.evaluate(narrowest) < logarithmic - 10, "what is rare looks rare"
