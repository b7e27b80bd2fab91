"""The SQL page in a real browser: typing, running, stopping, and a second visitor while a query runs away."""

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

ENDLESS = "select sum(a.range * b.range) as n from range(1000000) a, range(1000000) b"


def settled(page: Page) -> None:
    """Wait until the script has run to its end."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def editor(page: Page) -> Locator:
    return page.locator(".st-key-q textarea")


def answered(page: Page, rows: int) -> None:
    """Wait for an answer of so many rows."""
    counted = "1 row" if rows == 1 else f"{rows} rows"
    expect(page.locator(".ag-owner", has_text=f"{counted} in ")).to_be_visible()


def test_a_runaway_query_leaves_the_app_to_others(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    url = app("app.py")
    mine, other = visit(f"{url}/SQL", {"limit_s": 60}), visit(f"{url}/Explore")
    expect(mine.locator(".ag-owner", has_text=" rows in ")).to_be_visible()
    settled(mine)
    expect(other.get_by_role("heading", name="Explore").first).to_be_visible()
    settled(other)
    # Only now, since the query's time passes however long a busy computer takes to load a page.
    editor(mine).fill(ENDLESS)
    editor(mine).press("Control+Enter")
    expect(mine.get_by_text("of at most 60 s")).to_be_visible()

    other.get_by_role("link", name="SQL").click()
    expect(other.locator(".ag-owner", has_text=" rows in ")).to_be_visible()
    expect(mine.get_by_text("of at most 60 s")).to_be_visible()

    mine.get_by_role("button", name="Cancel").click()
    expect(mine.get_by_text("The query was stopped.")).to_be_visible()
    expect(editor(mine)).to_have_value(ENDLESS)


def test_the_time_limit_ends_a_query_with_a_sentence(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/SQL", {"q": ENDLESS, "limit_s": 5})
    expect(page.get_by_text("The query took longer than 5 s; ask for less.")).to_be_visible()
    editor(page).fill("select 'still here' as word")
    editor(page).press("Control+Enter")
    answered(page, 1)


def test_a_newcomer_sees_an_answer_and_runs_his_own(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/SQL")
    expect(page.locator(".ag-owner", has_text=" rows in ")).to_be_visible()
    editor(page).fill("select object, count(*) as n from named_objects group by all order by n desc limit 7")
    editor(page).press("Control+Enter")
    answered(page, 7)
    assert "q=select+object" in page.url
    page.get_by_text("Bar", exact=True).click()
    expect(page.get_by_text("Bar chart of the answer's 7 rows")).to_be_visible()
    page.wait_for_url("**chart=Bar**")

    again = visit(page.url)
    answered(again, 7)
    expect(again.get_by_text("Bar chart of the answer's 7 rows")).to_be_visible()
    expect(again.locator("[data-testid=stVegaLiteChart]")).to_be_visible()


def test_the_schema_types_names_and_shows_rows(app: Callable[..., str], visit: Callable[..., Page]) -> None:
    page = visit(f"{app('app.py')}/SQL")
    expect(page.locator(".ag-owner", has_text=" rows in ")).to_be_visible()
    settled(page)
    editor(page).fill("select  from videos limit 3")
    editor(page).evaluate("field => field.setSelectionRange(7, 7)")
    tree = page.locator("[data-part=tree]")
    tree.locator("summary", has_text="videos").first.click()
    tree.get_by_role("button", name="Type video_id into the query").locator("visible=true").click()
    tree.get_by_role("button", name="Type split into the query").locator("visible=true").click()
    expect(editor(page)).to_have_value("select video_id, split from videos limit 3")
    while editor(page).input_value().startswith("select video_id"):  # the browser takes back one name, or both
        editor(page).press("Control+z")
    expect(editor(page)).to_have_value("select  from videos limit 3")
    tree.get_by_role("button", name="Type video_id into the query").locator("visible=true").click()
    tree.get_by_role("button", name="Show rows of videos").click()
    expect(page.get_by_role("dialog").get_by_text("A row for each video and source.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(editor(page)).to_have_value("select video_id from videos limit 3")
    page.get_by_role("button", name="Format").click()
    expect(editor(page)).to_have_value("SELECT\n  video_id\nFROM videos\nLIMIT 3")
    page.get_by_role("button", name="Back").click()
    expect(editor(page)).to_have_value("select video_id from videos limit 3")
    answered(page, 3)


def test_answers_leave_as_files_and_rows_open_the_player(
    app: Callable[..., str], visit: Callable[..., Page], tmp_path: Path
) -> None:
    query = "select video_id, frame from named_objects where visible and frame > 30 order by all limit 4"
    page = visit(f"{app('app.py')}/SQL", {"q": query})
    answered(page, 4)
    settled(page)
    tables = []
    for name, read in (("CSV", pd.read_csv), ("Parquet", pd.read_parquet), ("JSON", pd.read_json)):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        assert download.value.suggested_filename.startswith("ag_query_result_")
        tables.append(read(io.BytesIO(Path(download.value.path()).read_bytes())))
    assert len(tables[0]) == 4
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_dtype=False)
    page.locator("[data-testid=stDataFrame]").click(position={"x": 18, "y": 52})
    video_id, frame = tables[0].iloc[0]
    page.get_by_role("link", name=f"Open {video_id} at").click()
    expect(page.locator("[data-part=number]")).to_contain_text(f"frame {frame} /")


@pytest.mark.parametrize("width", [420, 1300])
def test_an_error_points_to_its_place(app: Callable[..., str], visit: Callable[..., Page], width: int) -> None:
    query = "select video_id,\n  no_such_column\nfrom videos"
    page = visit(f"{app('app.py')}/SQL", {"q": query}, width=width, scheme="dark")
    expect(page.get_by_text("no_such_column").nth(1)).to_be_visible()
    expect(page.get_by_text("Line 2, column 3 of the query.")).to_be_visible()
    expect(editor(page)).to_have_value(query)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(
    "query",
    [
        'from "![x](https://example.org/x.png)"',
        "select '![x](https://example.org/x.png)' as video_id, '<img src=\"https://example.org/y.png\">' as \"![z](https://example.org/z.png)\"",
        "select 'https://example.org/i.png' as image, 3 as n",
    ],
)
def test_a_link_fetches_nothing_from_elsewhere(app: Callable[..., str], visit: Callable[..., Page], query: str) -> None:
    page = visit(f"{app('app.py')}/SQL", {"q": query, "chart": "Bar"})
    expect(page.get_by_text("1 row in ").or_(page.get_by_text("is not a table of this store"))).to_be_visible(
        timeout=60_000
    )
    settled(page)
    bars = page.locator("[data-testid=stVegaLiteChart]")
    if bars.count():
        bars.first.hover(position={"x": 200, "y": 12})
    page.get_by_role("button", name="History").click()
    expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
    page.wait_for_timeout(500)


@pytest.mark.parametrize(
    "query",
    [
        "insert into videos select * from videos",
        "copy videos to 'videos.csv'",
        "attach 'other.duckdb'",
        "select * from read_csv('/etc/passwd')",
        "select 1; select 2",
    ],
)
def test_what_is_not_one_harmless_select_is_refused(
    app: Callable[..., str], visit: Callable[..., Page], query: str
) -> None:
    page = visit(f"{app('app.py')}/SQL", {"q": query})
    expect(page.get_by_test_id("stAlert").first).to_be_visible()
    settled(page)
    assert page.locator(".st-key-sql_rows").count() == 0 and page.locator("[data-testid=stException]").count() == 0
    expect(editor(page)).to_have_value(query)
