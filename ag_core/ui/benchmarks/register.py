"""Benchmarks, last tab: what papers print, each number with its protocol, where it was read, and who disagrees."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ag_core.evaluation.protocol import CONSTRAINT_NAMES, MODE_NAMES
from ag_core.evaluation.published_results import READING_NAMES, PublishedNumber, read_published_results
from ag_core.ui import shipped_files
from ag_core.ui.page import show_owner_note
from ag_core.ui.widgets.pickers import show_download


def show_register() -> None:
    """The whole register, sortable, and how many of its numbers are contradicted: these stand first."""
    numbers = read_published_results(shipped_files.load_published_scene_graphs())
    contradicted = sum(bool(number.disagreements) for number in numbers)
    show_owner_note(
        f"{len(numbers)} numbers of other papers, in percent, as printed: test split of Action Genome unless the data "
        "say otherwise, 26 relationships; R is a mean over frames, mR over relationships pooled over the set. Papers "
        f"print one another's numbers: {contradicted} are printed differently elsewhere, and each says where. The "
        "paper's own Table 5 seems to be measured by another protocol, so it stands in a table of its own."
    )
    table = build_register_table(sorted(numbers, key=lambda number: not number.disagreements))
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "method": st.column_config.TextColumn(pinned=True, width="small"),
            "printed": st.column_config.NumberColumn(format="%.2f"),
            "elsewhere": st.column_config.TextColumn("printed elsewhere", width="medium"),
        },
        alt="Published scene-graph results by method, measure, task and constraint",
    )
    with st.container(horizontal=True):
        show_download(table, "published-scene-graphs", "papers", "benchmarks_register_csv", "csv")
        show_download(table, "published-scene-graphs", "papers", "benchmarks_register_json", "json")


def build_register_table(numbers: Sequence[PublishedNumber]) -> pd.DataFrame:
    """A row a printed number."""
    rows = []
    for number in numbers:
        metric, protocol = number.metric, number.metric.protocol
        assert protocol.mode is not None and protocol.constraint is not None, "the register tells both"
        rows.append(
            {
                "method": metric.model,
                "measure": protocol.label,
                "task": MODE_NAMES[protocol.mode],
                "constraint": CONSTRAINT_NAMES[protocol.constraint],
                "printed": metric.to_plot_record()["number"],
                "elsewhere": "; ".join(number.disagreements),
                "read in": metric.origin.source,
                "how": READING_NAMES[number.reading],
                "data": metric.origin.dataset,
            }
        )
    return pd.DataFrame(rows)
