"""Doctor: what is odd in the annotations, how much of it, where, and what to do; the funnel and a report."""

import time

import streamlit as st

from ag_core.doctor.check import Area
from ag_core.ui import cached, cached_doctor
from ag_core.ui.page import (
    EXPLORE,
    check_link,
    describe_issues,
    require_store,
    show_empty_state,
    show_owner_note,
    show_page_frame,
)
from ag_core.ui.widgets.findings import show_findings, show_funnel, show_report_downloads, show_summary

PATIENCE_S = 0.3

show_page_frame(
    "Doctor", "What is odd in these annotations, how much of it, and what to do about it. Nothing is changed."
)
require_store()
key = cached.get_store_key()

bar, started = st.empty(), time.monotonic()


def show_progress(done: int, total: int) -> None:
    """How far the examination is, once it has taken long enough to ask."""
    if time.monotonic() - started > PATIENCE_S:
        bar.progress(done / total, text=f"{done} of {total} checks")


findings = cached_doctor.run_doctor(key, show_progress)
bar.empty()
if not findings:
    show_empty_state(
        "Nothing to examine", "The store holds neither annotations nor predictions", (EXPLORE, "All videos")
    )
    st.stop()

show_summary(findings)
issues = cached.count_totals(key)["issues"]
st.caption(f"{describe_issues(issues)}{', each listed in one of the findings' if issues else ''}.")
show_report_downloads(key)

st.header("The funnel: which frames count", anchor=False)
show_funnel(key)

areas = [area.value for area in Area if any(one.area is area for one in findings)]
st.header("Findings", anchor=False)
show_owner_note("Checks of the open data set. Open one to see its rows; choose a row to see the moment.")
check_link("area", areas, "area")
chosen = st.pills("Area", areas, key="area", bind="query-params", label_visibility="collapsed", selection_mode="multi")
show_findings(key, [one for one in findings if not chosen or one.area.value in chosen])
