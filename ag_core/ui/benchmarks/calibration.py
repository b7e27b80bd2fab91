"""Benchmarks, third tab: whether a head's confidence can be believed, relationship by relationship."""

from functools import partial

import pandas as pd
import streamlit as st

from ag_core.results.scene_graph_scores import EdgeRow
from ag_core.taxonomy import GROUP_OF_RELATION, format_name
from ag_core.ui.benchmarks.scope import BenchmarkScope, pick_head
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import Chart
from ag_core.ui.charts.score_plots import draw_calibration

MIN_PAIRS = 20
"""A dot stands for at least so many predicted pairs; fewer say nothing about a share."""


def show_calibration(scope: BenchmarkScope) -> None:
    """The curves of one head, where its edges were judged."""
    head = pick_head(scope)
    if head is None:
        return
    row = scope.edges.get(head)
    if row is None:
        st.caption(
            "Confidence was not compared: only where the truth leaves nothing out does an edge come true or not."
        )
        return
    table = build_calibration_table(row)
    if table.empty:
        st.caption(f"No tenth of confidence has {MIN_PAIRS} predicted pairs.")
        return
    show_figure(
        Figure(
            f"Confidence and truth of {row.scored.label}",
            f"{row.get_metric('calibration error').format_sentence()} Drawn: each relationship where {MIN_PAIRS} or "
            "more pairs lie in a tenth of confidence. On the dashed line confidence and truth agree.",
            "Lines: share of predicted relationships that are true over the confidence in them, by relationship",
            "calibration",
            f"{row.scored.head}-{scope.file_part}",
            partial(_draw, table),
            table,
        ),
        "benchmarks_calibration",
    )


def build_calibration_table(row: EdgeRow) -> pd.DataFrame:
    """relation, group, confidence, share and pairs of every bin that has enough pairs."""
    records = [
        {**record, "relation": format_name(record["relation"]), "group": GROUP_OF_RELATION[record["relation"]].value}
        for record in row.list_bin_records()
        if record["pairs"] >= MIN_PAIRS
    ]
    return pd.DataFrame(records, columns=["relation", "group", "confidence", "share", "pairs"])


def _draw(table: pd.DataFrame, dark: bool) -> Chart:
    return draw_calibration(table, dark=dark)
