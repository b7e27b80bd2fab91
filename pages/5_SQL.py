"""SQL: ask the store anything with one SELECT; the sandbox refuses the rest. Rows open in Explore."""

import pandas as pd
import streamlit as st

from ag_core.ui import cached, drawing, words
from ag_core.ui.page import EXPLORE, TIME, VIDEO, empty_state, failure, owner_note, page_frame, store_or_stop
from ag_core.ui.pickers import download_table
from ag_core.ui.query import RunningQuery

LIMIT_ROWS = 10_000
TIMEOUT_S = 10.0
PATIENCE_S = 0.3


def start() -> None:
    """Run what stands in the editor; an older query of this session is interrupted."""
    stop()
    st.session_state["sql_query"] = RunningQuery(cached.own_sandbox(), st.session_state["q"], LIMIT_ROWS, TIMEOUT_S)


def stop() -> None:
    """Interrupt this session's query."""
    query = st.session_state.get("sql_query")
    if query is not None and query.running:
        query.cancel()


def use_example() -> None:
    """Put the chosen example into the editor and run it."""
    chosen = st.session_state["sql_example"]
    if chosen:
        st.session_state["q"] = next(one["sql"] for one in cached.sql_examples() if one["name"] == chosen)
        start()


def schema() -> None:
    """Tables and views with their columns."""
    st.subheader("Schema", anchor=False)
    st.caption("Views starting with named_ spell out classes; begin there.")
    st.html(drawing.schema_tree(cached.own_sandbox().schema()))


@st.fragment(run_every=0.5)
def waiting() -> None:
    """How long the query has run, and how to stop it; ends by showing the page anew."""
    query: RunningQuery = st.session_state["sql_query"]
    if not query.running:
        st.rerun()
    st.progress(
        min(1.0, query.seconds / TIMEOUT_S), text=f"Running for {query.seconds:.1f} s of at most {TIMEOUT_S:.0f} s"
    )
    st.button("Cancel", icon=":material/stop:", on_click=stop, key="sql_cancel")


def show(query: RunningQuery) -> None:
    """The rows, what was cut, downloads, and the way from a row to its frame."""
    if query.error:
        failure(ValueError(query.error))
        return
    frame: pd.DataFrame = query.result.frame
    note = f"{words.number(len(frame))} rows in {query.result.seconds:.3f} s, from the open data set."
    owner_note(
        note + (f" Cut after {words.number(LIMIT_ROWS)} rows; add a limit or a condition." if query.result.cut else "")
    )
    opens = "video_id" in frame.columns and len(frame) > 0
    state = st.dataframe(
        frame,
        hide_index=True,
        on_select="rerun" if opens else "ignore",
        selection_mode="single-row",
        key="sql_rows",
        alt="Rows of the query's answer",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for kind in ("csv", "parquet", "json"):
            download_table(frame, "query", "result", f"sql_{kind}", kind)
        if opens:
            open_row(frame, state.selection.rows)


def open_row(frame: pd.DataFrame, rows: list[int]) -> None:
    """A link to the chosen row's video, at its frame where the row has one."""
    if not rows:
        st.caption("Choose a row to open its video.")
        return
    row = frame.iloc[rows[0]]
    params = {VIDEO: str(row["video_id"])}
    time_s = cached.time_in_video(
        cached.store_key(), params[VIDEO], row.get("frame"), row.get("time_s"), row.get("start_s")
    )
    if time_s is not None:
        params[TIME] = f"{time_s:.3f}"
    at = f" at {words.clock(time_s)}" if time_s is not None else ""
    st.page_link(EXPLORE, label=f"Open {params[VIDEO]}{at}", icon=":material/play_arrow:", query_params=params)


page_frame("SQL", "One SELECT at a time over the open store, read-only and shut off from the rest of the machine.")
store_or_stop()
examples = cached.sql_examples()
if "q" not in st.session_state and "q" not in st.query_params:
    st.session_state["q"] = examples[1]["sql"]
main, side = st.columns([2.6, 1], gap="large")
with side:
    schema()
with main:
    st.pills("Examples", [one["name"] for one in examples], key="sql_example", on_change=use_example, wrap=True)
    note = next((one["note"] for one in examples if one["name"] == st.session_state.get("sql_example")), None)
    if note:
        st.caption(note)
    st.text_area("Query", key="q", bind="query-params", height=190)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Run", type="primary", icon=":material/play_arrow:", on_click=start, key="sql_run")
        st.caption(f"At most {words.number(LIMIT_ROWS)} rows and {TIMEOUT_S:.0f} seconds. The link holds the query.")
    query = st.session_state.get("sql_query")
    if query is None:
        start()
        query = st.session_state["sql_query"]
    query.wait(PATIENCE_S)
    if query.running:
        waiting()
    elif query.error or query.result is not None:
        show(query)
    else:
        empty_state("No answer", "The query was cancelled; change it or run it again")
