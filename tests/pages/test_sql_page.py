"""The SQL page and its parts: examples, limits, charts, history, laying out, and what an answer looks like."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ag_core.annotations.showcase_store import ensure_store
from ag_core.errors import UserError
from ag_core.queries.sql.sandbox import SqlSandbox
from ag_core.queries.sql.text import find_error_position, format_query, quote_name
from ag_core.settings import ASSETS, SHOWCASE, settings
from ag_core.ui import shipped_files
from ag_core.ui.charts import query_rows
from ag_core.ui.charts.plots import GROUP_COLOURS, GROUPS
from ag_core.ui.charts.query_chart import draw_query_chart
from ag_core.ui.widgets.running_query import MAX_TEXTS, QueryTexts
from ag_core.ui.widgets.schema_tree import build_tree_data
from tests.pages.test_pages import notes, open_page, wait_for_query

PAGE = "pages/5_SQL.py"
EXAMPLES = json.loads((ASSETS / "sql_examples.json").read_text(encoding="utf-8"))


def run(app: AppTest, text: str) -> AppTest:
    """Write a query and press Run; waits until it has ended."""
    app.text_area(key="q").set_value(text)
    app.button(key="sql_run").click().run()
    return wait_for_query(app)


@pytest.fixture(scope="module")
def shown_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlSandbox]:
    """The store of the shipped showcase."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AG_HOME", str(home))
        patch.setenv("AG_SHOWCASE", str(SHOWCASE))
        patch.delenv("AG_STORE", raising=False)
        settings.cache_clear()
        sandbox = SqlSandbox(ensure_store())
    settings.cache_clear()
    yield sandbox
    sandbox.close()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["name"])
def test_an_example_gives_rows_on_the_showcase(example: dict[str, str], shown_sandbox: SqlSandbox) -> None:
    result = shown_sandbox.run(example["sql"])
    assert len(result.frame) and not result.cut
    assert example["note"].endswith((".", "?")) and query_rows.list_chart_kinds(result.frame)
    try:
        text = shown_sandbox.format_sql(example["sql"])
    except UserError as error:
        assert "without changing what it asks" in str(error)
    else:
        pd.testing.assert_frame_equal(shown_sandbox.run(text).frame, result.frame)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["name"])
def test_an_example_says_the_order_of_every_row(example: dict[str, str], shown_sandbox: SqlSandbox) -> None:
    """Rows level in what a query orders by come in any order, and its limit then cuts other ones every time."""
    asked, _, order = example["sql"].rpartition("order by ")
    keys = order.partition("\nlimit")[0].replace(" desc", "")
    if keys != "all":
        rows, kept = shown_sandbox.run(
            f"with q as ({asked}) select count(distinct q), count(distinct ({keys}, 0)) from q"
        ).frame.iloc[0]
        assert rows == kept


def test_every_table_and_column_has_a_meaning(shown_sandbox: SqlSandbox) -> None:
    meanings, schema = shipped_files.load_sql_meanings(), shown_sandbox.schema()
    assert set(schema) == set(meanings["tables"])
    assert {column for columns in schema.values() for column, _ in columns} == set(meanings["columns"])


def test_the_first_rows_of_every_table(shown_sandbox: SqlSandbox) -> None:
    for table, columns in shown_sandbox.schema().items():
        assert list(shown_sandbox.first_rows(table, 3).columns) == [name for name, _ in columns]
    with pytest.raises(UserError, match="not a table"):
        shown_sandbox.first_rows("duckdb_settings")


def test_the_tree_begins_with_what_is_explained() -> None:
    data = build_tree_data(
        {"other": [("a", "integer")], "videos": [("video_id", "varchar")]},
        {"tables": {"videos": "Films."}, "columns": {"video_id": "its id"}},
    )
    assert data["tables"] == [
        {"name": "videos", "meaning": "Films.", "columns": [["video_id", "varchar", "its id"]]},
        {"name": "other", "meaning": "", "columns": [["a", "integer", ""]]},
    ]


def test_limits_are_told_and_obeyed(app_home: Path) -> None:
    app = wait_for_query(open_page(PAGE, q="select range as i from range(500)", rows="100", limit_s="5"))
    assert len(app.dataframe[0].value) == 100
    assert "Cut after 100 rows" in notes(app)
    assert app.session_state["sql_query"].timeout_s == 5
    app.selectbox(key="rows").set_value("1,000")
    run(app, "select range as i from range(500)")
    assert len(app.dataframe[0].value) == 500 and "Cut" not in notes(app)


def test_an_error_keeps_the_text_and_says_where(app_home: Path) -> None:
    app = wait_for_query(open_page(PAGE))
    run(app, "select video_id,\n  nope\nfrom videos")
    assert [error.value for error in app.error] == ['Binder Error: Referenced column "nope" not found in FROM clause!']
    assert any("Line 2, column 3 of the query." in caption.value for caption in app.caption)
    assert app.text_area(key="q").value == "select video_id,\n  nope\nfrom videos"
    assert not app.dataframe


def test_a_missing_value_is_called_as_in_sql(app_home: Path) -> None:
    app = run(open_page(PAGE), "select null::int as n, '' as words")
    assert app.dataframe[0].proto.placeholder == "NULL"


def test_no_rows_are_an_answer(app_home: Path) -> None:
    app = run(wait_for_query(open_page(PAGE)), "select video_id from videos where false")
    assert not app.error and list(app.dataframe[0].value.columns) == ["video_id"]
    assert any("No row matches" in caption.value for caption in app.caption)


def test_a_chart_comes_by_the_link_and_changes_with_the_answer(app_home: Path) -> None:
    query = "select object, frame, count(*) as n from named_objects group by all"
    app = wait_for_query(open_page(PAGE, q=query, chart="Bar", x="object", y="n"))
    assert app.get("vega_lite_chart") and app.selectbox(key="x").value == "object"
    run(app, "select 1 as a, 2.5 as b")
    assert not app.exception and app.get("vega_lite_chart")
    assert app.selectbox(key="x").value == "a"
    run(app, "select 'x' as word")
    assert not app.exception


def test_history_goes_back(app_home: Path) -> None:
    app = run(run(wait_for_query(open_page(PAGE, q="select 1 as a")), "select 2 as b"), "select 3 as c")
    app.button(key="sql_back").click().run()
    assert app.text_area(key="q").value == "select 2 as b"
    assert list(wait_for_query(app).dataframe[0].value.columns) == ["b"]
    app.text_area(key="q").set_value("a draft")
    app.button(key="sql_back").click().run()
    assert app.text_area(key="q").value == "select 3 as c"
    app.button(key="sql_past_0").click().run()
    assert app.text_area(key="q").value == "a draft"


def test_format_lays_out_or_says_why_not(app_home: Path) -> None:
    app = wait_for_query(open_page(PAGE, q="select video_id from videos where source = 'annotation'"))
    app.button(key="sql_format").click().run()
    assert app.text_area(key="q").value == "SELECT\n  video_id\nFROM videos\nWHERE\n  source = 'annotation'"
    app.text_area(key="q").set_value("selct 1, (")
    app.button(key="sql_format").click().run()
    assert app.text_area(key="q").value == "selct 1, ("
    assert any("cannot be laid out" in caption.value for caption in app.caption)


def test_the_link_asks_the_same_again(app_home: Path) -> None:
    app = wait_for_query(open_page(PAGE, q="select 1 as a", rows="100"))
    assert app.code[0].value.endswith("?q=select+1+as+a&rows=100")


def test_texts_are_kept_in_order() -> None:
    texts = QueryTexts()
    assert texts.go_back("") == "" and texts.entries == []
    for text in ("a", "b", "b", "c"):
        texts.keep(text)
    assert texts.entries == ["a", "b", "c"]
    assert [texts.go_back("c"), texts.go_back("b"), texts.go_back("a")] == ["b", "a", "a"]
    for number in range(50):
        texts.keep(str(number))
    assert len(texts.entries) == MAX_TEXTS and texts.entries[texts.position] == "49"
    assert texts.shorten("select\n  1") == "select 1" and len(texts.shorten("x" * 200)) == 70


def test_a_position_is_found_in_the_text() -> None:
    query = "select\n  nope"
    assert find_error_position("Binder Error: no\n\nLINE 2:   nope\n          ^^^^", query) == (2, 3)
    assert find_error_position("Binder Error: no", query) is None
    assert find_error_position("Binder Error: no\n\nLINE 9:   nope\n          ^^^^", query) is None
    assert quote_name('a"b') == '"a""b"'
    with pytest.raises(UserError, match="only one statement"):
        format_query("select 1; select 2")


ANSWER = pd.DataFrame(
    {
        "object": ["cup", "cup", "bed", None],
        "group": ["contact", "spatial", "contact", "contact"],
        "n": [3, 1, 2, 5],
        "time_s": [0.5, 1.0, 1.5, 2.0],
    }
)


def test_charts_are_offered_by_what_the_columns_hold() -> None:
    assert query_rows.list_chart_kinds(ANSWER)[0] == "Bar"
    assert query_rows.list_chart_kinds(ANSWER[["n", "time_s"]])[0] == "Scatter"
    assert query_rows.list_chart_kinds(ANSWER[["n"]])[0] == "Histogram"
    assert query_rows.list_chart_kinds(ANSWER.assign(day=pd.Timestamp("2020-01-01")))[0] == "Line"
    assert query_rows.list_axis_columns(ANSWER, "Bar")[1] == ["n", query_rows.ROWS, "time_s"]


def test_bars_add_up_and_name_what_is_missing() -> None:
    assert query_rows.list_axis_columns(ANSWER.assign(source="a"), "Bar")[0][:3] == ["object", "group", "source"]
    table = query_rows.select_chart_rows(ANSWER, "Bar", "object", "n", None)
    assert table.values.tolist() == [["(nothing)", 5], ["cup", 4], ["bed", 2]]
    counted = query_rows.select_chart_rows(ANSWER, "Bar", "object", query_rows.ROWS, "group")
    assert counted.values.tolist()[0] == ["cup", "contact", 1]


def test_drawn_rows_are_saved_under_their_names() -> None:
    table = query_rows.select_chart_rows(ANSWER, "Bar", "object", "n", "group")
    assert list(query_rows.restore_column_names(table, "object", "n", "group").columns) == ["object", "group", "n"]
    assert list(query_rows.restore_column_names(table, "object", "object", "group").columns) == ["x", "colour", "y"]


def test_cells_add_up() -> None:
    table = query_rows.select_chart_rows(ANSWER, "Heat map", "object", "group", "n")
    assert ["cup", "contact", 3] in table.values.tolist() and len(table) == 4


def test_a_histogram_counts_every_row_once() -> None:
    table = query_rows.select_chart_rows(ANSWER, "Histogram", "n", None, "group")
    assert table["y"].sum() == 4 and set(table["colour"]) == {"contact", "spatial"}
    assert query_rows.select_chart_rows(ANSWER.head(0), "Histogram", "n", None, None)["y"].sum() == 0


def test_points_are_few_enough_for_a_browser() -> None:
    many = pd.DataFrame({"a": range(20_000), "b": range(20_000)})
    assert len(query_rows.select_chart_rows(many, "Scatter", "a", "b", None)) == query_rows.MAX_POINTS
    assert query_rows.select_chart_rows(many.head(3), "Line", "a", "a", None).columns.tolist() == ["x", "y"]
    twice = pd.DataFrame({"a": [2, 1, 1], "b": [5.0, 1.0, 3.0]})
    assert query_rows.select_chart_rows(twice, "Line", "a", "b", None).values.tolist() == [[1, 2], [2, 5]]


@pytest.mark.parametrize("kind", query_rows.KINDS)
def test_no_tooltip_is_taken_for_a_picture(kind: str) -> None:
    frame = pd.DataFrame({"image": ["https://example.org/a.png", "b"], "title": ["c", "d"], "n": [1, 2], "m": [3, 4]})
    for x in query_rows.list_axis_columns(frame, kind)[0]:
        colours = (None, *query_rows.list_axis_columns(frame, kind)[2])
        measures: list[str | None] = [*query_rows.list_axis_columns(frame, kind)[1]]
        for y in measures or [None]:
            for colour in colours:
                table = query_rows.select_chart_rows(frame, kind, x, y, colour)
                drawn = draw_query_chart(table, kind, x, y, colour, dark=False).to_dict()
                assert not {tip["title"] for tip in drawn["encoding"]["tooltip"]} & {"image", "title"}


def test_text_of_a_link_is_shown_as_it_is(app_home: Path) -> None:
    app = wait_for_query(open_page(PAGE, q='from "![x](https://example.org/x.png)"'))
    assert app.error[0].value.startswith(r"!\[x\](`https")


def test_groups_keep_their_colours() -> None:
    table = query_rows.select_chart_rows(ANSWER, "Bar", "object", "n", "group")
    scale = draw_query_chart(table, "Bar", "object", "n", "group", dark=False).to_dict()["encoding"]["color"]["scale"]
    assert scale == {"domain": GROUPS, "range": GROUP_COLOURS[False]}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", query_rows.KINDS)
def test_every_chart_is_drawn(kind: str, dark: bool) -> None:
    across, up, shades = query_rows.list_axis_columns(ANSWER, kind)
    for colour in (None, *shades):
        y = up[0] if up else None
        table = query_rows.select_chart_rows(ANSWER, kind, across[0], y, colour)
        chart = draw_query_chart(table, kind, across[0], y, colour, dark=dark).to_dict()
        assert chart["encoding"]["x"]["title"] in (across[0], y, query_rows.ROWS)


def test_a_stopped_query_is_no_error(app_home: Path) -> None:
    app = open_page(PAGE, q="select sum(a.range * b.range) from range(1000000) a, range(1000000) b", limit_s="60")
    assert app.session_state["sql_query"].running
    app.button(key="sql_cancel").click().run()
    app = wait_for_query(app)
    assert not app.error and not app.exception
    assert [info.value for info in app.info] == ["The query was stopped. Change it, or run it again."]
    assert "range(1000000)" in str(app.text_area(key="q").value)
