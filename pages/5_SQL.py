"""SQL: ask the store anything with one SELECT; the sandbox refuses the rest. Rows open in Explore or as charts."""

from functools import partial
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from ag_core.errors import UserError
from ag_core.queries.sql.text import find_error_position
from ag_core.ui import cached, queues, shipped_files
from ag_core.ui.charts import query_rows
from ag_core.ui.formatting import escape_markdown, format_clock, format_number
from ag_core.ui.page import (
    EXPLORE,
    TIME,
    VIDEO,
    check_link,
    require_store,
    show_empty_state,
    show_failure,
    show_owner_note,
    show_page_frame,
)
from ag_core.ui.widgets.pickers import link_source, show_download
from ag_core.ui.widgets.running_query import QueryTexts, RunningQuery
from ag_core.ui.widgets.schema_tree import build_tree_data, show_tree

ROWS = ("100", "1,000", "10,000", "100,000")
SECONDS = ("5", "10", "30", "60")
PATIENCE_S = 1.0
ROWS_ALT = "Rows of the query's answer"
NOTHING = "NULL"
# What the link holds, and what each is where the link does not say.
LINKED = {"q": "", "rows": "10,000", "limit_s": "10", "chart": None, "x": None, "y": None, "colour": None}


def get_texts() -> QueryTexts:
    """The queries of this session."""
    texts: QueryTexts = st.session_state.setdefault("sql_texts", QueryTexts())
    return texts


def start_query() -> None:
    """Run what stands in the editor; an older query of this session is interrupted."""
    stop_query()
    state = st.session_state
    get_texts().keep(state["q"])
    rows = int(str(state.get("rows", LINKED["rows"])).replace(",", ""))
    seconds = float(state.get("limit_s", LINKED["limit_s"]))
    state["sql_query"] = RunningQuery(queues.open_session_sandbox(), state["q"], rows, seconds)


def stop_query() -> None:
    """Interrupt this session's query."""
    query = st.session_state.get("sql_query")
    if query is not None and query.running:
        query.cancel()


def run_text(text: str) -> None:
    """Put a text into the editor and run it."""
    get_texts().keep(st.session_state["q"])
    st.session_state["q"] = text
    start_query()


def use_example() -> None:
    """Put the chosen example into the editor and run it."""
    chosen = st.session_state["sql_example"]
    if chosen:
        run_text(next(one["sql"] for one in shipped_files.load_sql_examples() if one["name"] == chosen))


def go_back() -> None:
    """The text before this one, run again."""
    st.session_state["q"] = get_texts().go_back(st.session_state["q"])
    start_query()


def format_query() -> None:
    """Write the query in lines; what it asks stays the same."""
    try:
        text = queues.open_session_sandbox().format_sql(st.session_state["q"])
    except UserError as error:
        st.session_state["sql_remark"] = str(error)
        return
    get_texts().keep(st.session_state["q"])
    st.session_state["q"] = text
    get_texts().keep(text)


@st.dialog("First rows", width="large")
def show_first_rows(table: str) -> None:
    """The first rows of one table, and what it is."""
    st.caption(f"**{table}** {shipped_files.load_sql_meanings()['tables'].get(table, '')}")
    try:
        rows = queues.open_session_sandbox().first_rows(table)
    except UserError as error:
        show_failure(error)
        return
    st.dataframe(rows, hide_index=True, placeholder=NOTHING, alt=f"The first rows of {table}")


def show_schema() -> None:
    """Tables and views with their columns; a name is typed into the editor, rows open in a window."""
    st.header("Schema", anchor=False)
    st.caption("Click a name to insert it at the cursor. The views that begin with named_ are the easiest start.")
    try:
        tables = queues.load_sql_schema(cached.get_store_key())
    except UserError as error:
        show_failure(error)
        return
    chosen = show_tree(
        build_tree_data(tables, shipped_files.load_sql_meanings()), "q", "sql_tree", on_rows=lambda: None
    )
    if chosen:
        show_first_rows(chosen)


def show_editor() -> None:
    """The text, its limits, and what can be done with it; Ctrl+Enter runs."""
    with st.form("sql_form", border=False):
        st.text_area("Query", key="q", bind="query-params", height=230, max_chars=20_000, help="Ctrl+Enter runs it.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.form_submit_button(
                "Run", type="primary", icon=":material/play_arrow:", on_click=start_query, key="sql_run"
            )
            st.form_submit_button(
                "Format",
                icon=":material/format_align_left:",
                on_click=format_query,
                key="sql_format",
                help="Puts each clause on a line of its own",
            )
            st.form_submit_button(
                "Back", icon=":material/undo:", on_click=go_back, key="sql_back", help="The query before this one"
            )
            check_link("rows", ROWS, "limit of rows")
            check_link("limit_s", SECONDS, "limit of seconds")
            st.selectbox("At most rows", ROWS, index=2, key="rows", bind="query-params", width=130)
            st.selectbox("At most seconds", SECONDS, index=1, key="limit_s", bind="query-params", width=130)
    if "sql_query" not in st.session_state:
        start_query()
    if remark := st.session_state.pop("sql_remark", None):
        st.caption(f":material/info: {escape_markdown(remark)}")


def show_history_and_link() -> None:
    """The queries of this session, and the address that asks this one again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("History", icon=":material/history:", type="tertiary"):
            for number, text in enumerate(reversed(get_texts().entries)):
                st.button(
                    escape_markdown(get_texts().shorten(text)),
                    on_click=partial(run_text, text),
                    key=f"sql_past_{number}",
                    type="tertiary",
                )
        with st.popover("Link", icon=":material/link:", type="tertiary"):
            st.caption("Opens this page with the query, its limits and its chart.")
            state = {name: st.session_state.get(name) for name in LINKED}
            chosen = {name: value for name, value in state.items() if value and value != LINKED[name]}
            st.code(f"{st.context.url or ''}?{urlencode(chosen)}", language=None, wrap_lines=True)


@st.fragment(run_every=0.5)
def show_waiting() -> None:
    """How long the query has run, and how to stop it; ends by showing the page anew."""
    query: RunningQuery = st.session_state["sql_query"]
    if not query.running:
        st.rerun()
    part = min(1.0, query.seconds / query.timeout_s)
    text = f"Running for {query.seconds:.1f} s of at most {query.timeout_s:.0f} s"
    if query.stopped:
        text = "Cancelling"
    elif query.sandbox.is_waiting():
        part, text = 0.0, "Waiting for other visitors' queries"
    st.progress(part, text=text)
    st.button("Cancel", icon=":material/stop:", on_click=stop_query, key="sql_cancel", disabled=query.stopped)


def show_error(query: RunningQuery) -> None:
    """What went wrong and where in the text, which stays in the editor."""
    show_failure(ValueError(query.error))
    position = find_error_position(query.error, query.sql)
    if position:
        st.caption(f"Line {position[0]}, column {position[1]} of the query.")


def show_result(query: RunningQuery) -> None:
    """The rows, what was cut, a chart, downloads, and the way from a row to its frame."""
    frame: pd.DataFrame = query.result.frame
    rows = "1 row" if len(frame) == 1 else f"{format_number(len(frame))} rows"
    note = f"{rows} in {query.result.seconds:.3f} s, from the open data set."
    more = "" if format_number(query.limit_rows) == ROWS[-1] else ", or allow more rows"
    cut = {
        "rows": f" Cut after {format_number(query.limit_rows)} rows; add a limit or a condition{more}.",
        "bytes": " Cut at 64 MB; ask for fewer columns or shorter values.",
    }
    show_owner_note(note + cut.get(query.result.cut, ""))
    if frame.empty:
        st.caption("No row matches. Loosen a condition, or look at the rows of a table in the schema.")
    else:
        show_chart(frame)
    opens = "video_id" in frame.columns and len(frame) > 0
    chosen = choose_row(frame) if opens else []
    if not opens:
        st.dataframe(frame, hide_index=True, key="sql_rows", placeholder=NOTHING, alt=ROWS_ALT)
    with st.container(horizontal=True, vertical_alignment="center"):
        for kind in ("csv", "parquet", "json"):
            show_download(frame, "query", "result", f"sql_{kind}", kind)
        if opens:
            show_row_link(frame, chosen)


def choose_row(frame: pd.DataFrame) -> list[int]:
    """The rows, of which one can be chosen; the index of the chosen one, else nothing."""
    state = st.dataframe(
        frame,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="sql_rows",
        placeholder=NOTHING,
        alt=ROWS_ALT,
    )
    return list(state.selection.rows)


def forget_choice(key: str, options: list[str], instead: str | None) -> None:
    """What was chosen for an older answer, and this one does not have."""
    if key in st.session_state and st.session_state[key] not in (*options, None):
        st.session_state[key] = instead


def pick_column(label: str, key: str, options: list[str], *, optional: bool = False) -> str | None:
    """Choose a column for a part of the chart."""
    forget_choice(key, options, None if optional else options[0])
    return st.selectbox(
        label, options, index=None if optional else 0, key=key, bind="query-params", placeholder="None", width=190
    )


def show_chart(frame: pd.DataFrame) -> None:
    """Choose a chart and its columns, then see it."""
    offered = query_rows.list_chart_kinds(frame)
    if not offered:
        return
    forget_choice("chart", offered, None)
    check_link("chart", offered, "chart")
    kind = st.segmented_control("Chart", offered, key="chart", bind="query-params")
    if not kind:
        return
    across, up, shades = query_rows.list_axis_columns(frame, kind)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        x = pick_column("One bar for each" if kind == "Bar" else "Horizontal axis", "x", across)
        rest = [name for name in up if name != x] or up
        y = pick_column("Sum of" if kind == "Bar" else "Vertical axis", "y", rest) if up else None
        colour = pick_column("Colour", "colour", shades, optional=kind != "Heat map") if shades else None
    if x is None:
        return
    # Charts take half a second to load, which only a reader who asks for one waits.
    from ag_core.ui.charts.query_figure import show_query_figure

    show_query_figure(frame, kind, x, y, colour, key="sql_figure")


def show_row_link(frame: pd.DataFrame, rows: list[int]) -> None:
    """A link to the chosen row's video, at its frame where the row has one."""
    if not rows or rows[0] >= len(frame):
        st.caption("Choose a row to open its video.")
        return
    row = frame.iloc[rows[0]]
    params = {VIDEO: str(row["video_id"]), **link_source(str(row.get("source", "")))}
    if params[VIDEO] not in set(cached.load_videos(cached.get_store_key())["video_id"]):
        st.caption("The store has no video of this id.")
        return
    time_s = cached.find_time_in_video(
        cached.get_store_key(), params[VIDEO], row.get("frame"), row.get("time_s"), row.get("start_s")
    )
    if time_s is not None:
        params[TIME] = f"{time_s:.3f}"
    at = f" at {format_clock(time_s)}" if time_s is not None else ""
    st.page_link(
        EXPLORE, label=f"Open {escape_markdown(params[VIDEO])}{at}", icon=":material/play_arrow:", query_params=params
    )


show_page_frame("SQL", "One SELECT at a time over the open store, read-only and shut off from the rest of the machine.")
require_store()
examples = shipped_files.load_sql_examples()
if "q" not in st.session_state and "q" not in st.query_params:
    st.session_state["q"] = examples[1]["sql"]
main, side = st.columns([2.6, 1], gap="large")
with side:
    show_schema()
with main:
    st.pills(
        "Examples, from simple to advanced",
        [one["name"] for one in examples],
        key="sql_example",
        on_change=use_example,
        wrap=True,
    )
    note = next((one["note"] for one in examples if one["name"] == st.session_state.get("sql_example")), None)
    if note:
        st.caption(note)
    show_editor()
    show_history_and_link()
    query: RunningQuery = st.session_state["sql_query"]
    query.wait(PATIENCE_S)
    if query.running:
        show_waiting()
    elif query.stopped and query.error:
        st.info("The query was stopped. Change it, or run it again.", icon=":material/stop:")
    elif query.error:
        show_error(query)
    elif query.result is not None:
        show_result(query)
    else:
        show_empty_state("No answer", "The query ended without one; change it or run it again")
