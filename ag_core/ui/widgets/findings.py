"""What the doctor found, on a page: a summary, the funnel, each finding with its rows, the report as a file."""

from collections.abc import Sequence
from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from ag_core.annotations.statistics.funnel import SMALL_SIDE
from ag_core.doctor.check import Finding, Severity
from ag_core.doctor.funnel import describe_funnel, has_verdicts, load_published_counts
from ag_core.doctor.report import HEADINGS, count_severities
from ag_core.table_files import MEDIA_TYPES, encode_table
from ag_core.ui import cached_doctor
from ag_core.ui.cached import StoreKey
from ag_core.ui.formatting import escape_markdown, format_clock, format_download_name
from ag_core.ui.page import EXPLORE, SWITCH, TIME, VIDEO, check_link, show_owner_note
from ag_core.ui.widgets.pickers import show_download

ROWS_A_PAGE = 100

BADGES = {
    Severity.ERROR: ("red", "error", "errors"),
    Severity.WARNING: ("orange", "warning", "warnings"),
    Severity.NOTE: ("blue", "info", "notes"),
    Severity.FINE: ("green", "check_circle", "fine"),
}
"""Colour, icon and noun of each severity; the noun always stands beside the colour."""


def show_summary(findings: Sequence[Finding]) -> None:
    """How many findings there are of each severity, in one line."""
    badges = []
    for severity, count in count_severities(findings).items():
        colour, icon, noun = BADGES[severity]
        noun = noun.removesuffix("s") if count == 1 and severity is not Severity.FINE else noun
        badges.append(f":{colour if count else 'gray'}-badge[:material/{icon}: {count or 'no'} {noun}]")
    st.markdown(" ".join(badges))


def show_report_downloads(key: StoreKey) -> None:
    """The whole report in three forms; made only when a button is pressed."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for ending, label, mime in (
            ("md", "Report as Markdown", "text/markdown"),
            ("html", "HTML", "text/html"),
            ("json", "JSON", "application/json"),
        ):
            st.download_button(
                label,
                partial(_make_report, key, ending),
                file_name=format_download_name("doctor", "report", ending),
                mime=mime,
                key=f"doctor_report_{ending}",
                icon=":material/download:",
                on_click="ignore",
                type="tertiary",
            )


def _make_report(key: StoreKey, ending: str) -> bytes:
    return cached_doctor.make_doctor_report(key, ending).encode()


def show_funnel(key: StoreKey) -> None:
    """From the release to the frames that count, ours beside the published numbers."""
    check_link("small", SWITCH, "setting of the switch")
    small = st.toggle(f"Only objects larger than {SMALL_SIDE:.0f} pixels", key="small", bind="query-params")
    table = cached_doctor.compare_funnel(key, SMALL_SIDE if small else 0.0)
    compared = has_verdicts(table)
    show_owner_note(
        f"Counts of the open data set; under 'published', those of {load_published_counts()['source']}."
        + (" Nothing is published for this filter." if small else "")
        + (f" {explanation}" if (explanation := describe_funnel(table, compared)) else "")
    )
    published = [name for name in table if name.endswith("_published")]
    # Where every verdict is that nothing can be said, one sentence says so, and no column.
    empty = {name for name in published if table[name].isna().all()} | (set() if compared else {"verdict"})
    numbers = {
        name: st.column_config.NumberColumn(
            name.capitalize(), format="localized", help=f"What is left after each rule, {name}, counted here."
        )
        for name in table
    }
    numbers |= {
        name: st.column_config.NumberColumn("published", format="localized", help="The same, as it was published.")
        for name in published
    }
    st.dataframe(
        table[[name for name in table if name not in empty]],
        hide_index=True,
        height="content",
        column_config=numbers
        | {
            "step": st.column_config.TextColumn("Step", width=270, pinned=True),
            "verdict": st.column_config.TextColumn("Verdict", width=150),
            "origin": st.column_config.TextColumn("Published by", width=110),
        },
        placeholder="–",
        alt="Funnel: how many videos and frames remain after each rule, beside the published counts",
        key="doctor_funnel",
    )
    show_download(table, "funnel", "large-objects" if small else "all-objects", "doctor_funnel_csv")


def show_findings(key: StoreKey, findings: Sequence[Finding]) -> None:
    """Each finding to be opened, under a heading for its severity; what is fine in one list at the end."""
    for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE):
        chosen = [one for one in findings if one.severity is severity]
        if chosen:
            st.header(HEADINGS[severity], anchor=False)
            with st.container(gap="xsmall", key=f"ag_findings_{severity.value}"):
                for one in chosen:
                    _show_finding(key, one)
    fine = [one for one in findings if one.severity is Severity.FINE]
    if fine:
        st.header(HEADINGS[Severity.FINE], anchor=False)
        with (
            st.container(key="ag_findings_fine"),
            st.expander(f"{len(fine)} checks", icon=":material/check_circle:", key="fine", bind="query-params"),
        ):
            items = "".join(
                f"<li><span>{escape(one.title)}</span><span>none of {one.out_of:,} {escape(one.unit)}</span></li>"
                for one in fine
            )
            st.html(f'<ul class="ag-fine">{items}</ul>')


def _show_finding(key: StoreKey, finding: Finding) -> None:
    colour, icon, _ = BADGES[finding.severity]
    box = st.expander(
        f"{finding.title} :gray[· {finding.share}]",
        icon=f":material/{icon}:",
        key=finding.id,
        on_change="rerun",
        bind="query-params",
    )
    if not box.open:
        return
    with box:
        st.markdown(f":{colour}-badge[{finding.area}] {finding.meaning}")
        if finding.figures:
            st.markdown(escape_markdown(finding.figures))
        st.markdown(f"**What to do.** {finding.remedy}")
        _show_rows(key, finding)


def _show_rows(key: StoreKey, finding: Finding) -> None:
    """The rows of a finding, a page at a time; a chosen one opens its video at the moment."""
    pages = -(-finding.count // ROWS_A_PAGE)
    page = st.pagination(pages, key=f"page_{finding.id}", bind="query-params") if pages > 1 else 1
    rows = cached_doctor.load_finding_rows(key, finding.id, ROWS_A_PAGE, (page - 1) * ROWS_A_PAGE)
    first = (page - 1) * ROWS_A_PAGE + 1
    show_owner_note(f"Rows {first:,} to {first + len(rows) - 1:,} of {finding.count:,}, from the open data set.")
    shown = rows.dropna(axis="columns", how="all")
    columns = {
        "video_id": st.column_config.TextColumn("Video", width=90),
        "frame": st.column_config.NumberColumn("Frame", width=80, format="%d"),
        "time_s": st.column_config.NumberColumn("Time (s)", width=90, format="%.3f"),
        "details": st.column_config.TextColumn("Details", width="large"),
    }
    alt = f"Rows of the finding: {finding.title}"
    chosen: list[int] = []
    if "video_id" in shown:
        state = st.dataframe(
            shown,
            hide_index=True,
            column_config=columns,
            on_select="rerun",
            selection_mode="single-cell",
            key=f"rows_{finding.id}",
            alt=alt,
        )
        chosen = [row for row, _ in state.selection.cells]
    else:
        st.dataframe(shown, hide_index=True, column_config=columns, key=f"rows_{finding.id}", alt=alt)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "All rows as CSV",
            partial(_load_all_rows, key, finding.id),
            file_name=format_download_name("doctor", finding.id, "csv"),
            mime=MEDIA_TYPES["csv"],
            key=f"csv_{finding.id}",
            icon=":material/download:",
            on_click="ignore",
            type="tertiary",
        )
        if "video_id" in shown:
            _show_row_link(rows, chosen)


def _load_all_rows(key: StoreKey, finding_id: str) -> bytes:
    return encode_table(cached_doctor.load_finding_rows(key, finding_id, None, 0), "csv")


def _show_row_link(rows: pd.DataFrame, chosen: list[int]) -> None:
    """A link to the chosen row's video, at its time where it has one."""
    if not chosen or pd.isna(rows.iloc[chosen[0]]["video_id"]):
        st.caption("Choose a row to open its video.")
        return
    row = rows.iloc[chosen[0]]
    params, at = {VIDEO: str(row["video_id"])}, ""
    if pd.notna(row["time_s"]):
        params, at = params | {TIME: f"{row['time_s']:.3f}"}, f" at {format_clock(row['time_s'])}"
    st.page_link(
        EXPLORE, label=f"Open {escape_markdown(params[VIDEO])}{at}", icon=":material/play_arrow:", query_params=params
    )
