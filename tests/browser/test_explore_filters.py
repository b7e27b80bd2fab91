"""Finding videos on Explore, in a browser: counts are those that page SQL gives, and links keep what is chosen."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from ag_core.annotations.building.build import build_store
from tests.browser.answers import ask
from tests.browser.test_app import settled
from tests.conftest import write_clip

pytestmark = pytest.mark.browser

FACETS = """
with seen as (from objects where source = 'annotation' and visible)
select 'object' as kind, object as name, count(distinct video_id) as videos
from named_objects where source = 'annotation' and visible group by all
union all
select 'relation', relation, count(distinct video_id)
from named_relations where source = 'annotation' and relation <> 'other_relationship' group by all
union all
select 'action', action, count(distinct video_id) from named_actions where source = 'annotation' group by all
union all
select 'groups', "group", count(distinct video_id)
from named_relations where source = 'annotation' and relation <> 'other_relationship' group by all
union all
select 'split', split, count(*) from videos where source = 'annotation' and split is not null group by all
union all
select 'quality', '16 pixels or less', count(distinct video) from seen where least(x2 - x1, y2 - y1) <= 16
union all
select 'quality', 'invisible only', count(distinct video) from (
    select video from objects where source = 'annotation' group by video, frame_id having not bool_or(visible))
union all
select 'quality', 'no person', count(distinct video) from frames
where source = 'annotation' and person_x1 is null and frame_id in (select frame_id from seen)
"""
"""By facet and value, in how many videos it is to be found."""


def facet(page: Page, kind: str) -> Locator:
    """The values of a facet, each with its count."""
    return page.locator(f".st-key-ag_facet_{kind}").get_by_role("radio")


def read_facet(page: Page, kind: str) -> dict[str, int]:
    """The values of a facet as they are printed, with their counts; empty where it is not shown."""
    found = (re.fullmatch(r"(.+?)\s+([\d,]+)", text.strip()) for text in facet(page, kind).all_inner_texts())
    return {one[1]: int(one[2].replace(",", "")) for one in found if one}


def open_facets(page: Page) -> None:
    """Unfold the facets, each with all its values."""
    settled(page)
    page.locator(".st-key-explore_facets summary").click()
    more = page.locator(".st-key-explore_facets").get_by_role("button", name=re.compile(r"^\d+ more$"))
    expect(facet(page, "object").first).to_be_visible()
    while count := more.count():
        more.first.click()
        expect(more).to_have_count(count - 1)
    settled(page)


def matches(page: Page, videos: int) -> Locator:
    """The sentence that says how many videos match."""
    return page.locator(".ag-owner", has_text=re.compile(rf"^{videos} of \d+ videos match"))


def test_the_counts_of_facets_are_those_of_sql(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    counted = ask(visit, app("app.py"), FACETS)
    counted = counted[counted["videos"] > 0]
    page = visit(f"{app('app.py')}/Explore", height=1600)
    open_facets(page)
    for kind, rows in counted.groupby("kind"):
        names = rows["name"].str.replace("_", " ") if kind == "relation" else rows["name"]
        assert read_facet(page, str(kind)) == dict(zip(names, rows["videos"])), kind
    name, videos = list(read_facet(page, "object").items())[-1]
    facet(page, "object").last.click()
    expect(matches(page, videos)).to_be_visible()
    assert "object=" in page.url
    expect(page.locator(".st-key-object")).to_contain_text(name)


def test_quality_of_frames_is_a_filter(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Explore", height=1600)
    open_facets(page)
    name, videos = next(iter(read_facet(page, "quality").items()))
    facet(page, "quality").first.click()
    expect(matches(page, videos)).to_be_visible()
    settled(page)
    assert "quality=" in page.url
    again = visit(page.url)
    expect(matches(again, videos)).to_be_visible()
    expect(again.locator(".st-key-quality")).to_contain_text(name)


def test_object_and_relationship_hold_of_one_object(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    pairs = """select object, relation, count(distinct video_id) as videos from named_relations
               where source = 'annotation' and relation in ('holding', 'touching')
               group by all order by videos desc, object limit 1"""
    object_name, relation, videos = ask(visit, app("app.py"), pairs).iloc[0]
    page = visit(f"{app('app.py')}/Explore", {"object": object_name, "relation": relation})
    expect(matches(page, int(videos))).to_be_visible()


def test_words_find_a_video_by_its_id_and_its_scene(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/Explore")
    settled(page)
    words = page.get_by_label("Words in script or scene")
    words.fill("2rzmq")
    words.press("Enter")
    expect(matches(page, 1)).to_be_visible()
    expect(page.locator(".st-key-ag_posters strong")).to_have_text(["2RZMQ"])
    scenes = "select count(*) as videos from videos where source = 'annotation' and scene ilike '%kitchen%'"
    kitchens = ask(visit, app("app.py"), scenes)["videos"][0]
    page = visit(f"{app('app.py')}/Explore", {"text": "kitchen"})
    found = page.locator(".ag-owner", has_text=re.compile(r"^\d+ of \d+ videos match"))
    expect(found).to_be_visible()
    assert int(found.inner_text().split()[0]) >= kitchens > 0


def test_posters_come_page_by_page(app: Callable[..., str], visit: Callable[..., Page], tmp_path: Path) -> None:
    for number in range(30):
        write_clip(tmp_path / "videos" / f"CLIP{number:02}.mp4")
    build_store(tmp_path / "clips.duckdb", videos=tmp_path / "videos")
    page = visit(f"{app('app.py', AG_STORE=str(tmp_path / 'clips.duckdb'))}/Explore")
    settled(page)
    names = page.locator(".st-key-ag_posters strong")
    expect(names).to_have_count(24)
    first = names.all_inner_texts()
    expect(page.locator(".st-key-ag_posters img")).to_have_count(24)
    assert page.locator("video").count() == 0
    page.locator(".st-key-page").get_by_role("button", name="Page 2").click()
    page.wait_for_url("**page=2**")
    expect(names.first).not_to_have_text(first[0])
    settled(page)
    second = names.all_inner_texts()
    assert sorted(first + second) == [f"CLIP{number:02}" for number in range(30)]
    again = visit(page.url)
    expect(again.locator(".st-key-ag_posters strong")).to_have_text(second)
