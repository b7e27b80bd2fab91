"""Benchmarks, second tab: recall and precision of every relationship, group by group, of one head."""

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Metric
from ag_core.taxonomy import GROUP_OF_RELATION, RELATIONS, Group, format_name
from ag_core.ui.benchmarks.frames import link_frames
from ag_core.ui.benchmarks.scope import BenchmarkScope, pick_head
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import MARK, Chart
from ag_core.ui.charts.score_plots import draw_relation_scores

K = 50

KNOWN = frozenset(map(format_name, RELATIONS))
"""The relationships of which frames can be listed; the released 26th is no part of predictions in a store."""


def show_relations(scope: BenchmarkScope) -> None:
    """Two charts of one head side by side."""
    head = pick_head(scope)
    if head is None:
        return
    row = next(row for row in scope.recalls if row.scored.head == head)
    edges = scope.edges.get(head)
    left, right = st.columns(2, gap="large")
    with left:
        _show_bars(scope, row.list_relation_metrics(K), f"Recall at {K}", "recall")
    with right:
        if edges is None:
            st.caption(
                f"Edges of {row.scored.label} were not judged: only where the truth leaves nothing out can they be."
            )
        else:
            _show_bars(scope, edges.list_relation_metrics("precision of edges"), "Precision of edges", "precision")


def build_relation_table(metrics: Sequence[Metric]) -> pd.DataFrame:
    """A row a relationship: name and group, the number with its spread, of how many true cases, in words what it is."""
    rows = []
    for metric in metrics:
        relation = metric.protocol.subject
        group = GROUP_OF_RELATION.get(relation, Group.CONTACT)  # the released 26th is a contact
        name = {"relation": format_name(relation), "group": group.value, "cases": metric.n.triplets}
        rows.append(name | metric.to_plot_record())
    return pd.DataFrame(rows, columns=["relation", "group", "number", "low", "high", "cases", "metric"])


def _show_bars(scope: BenchmarkScope, metrics: Sequence[Metric], title: str, what: str) -> None:
    st.header(title, anchor=False)
    table = build_relation_table(metrics)
    if table.empty:
        st.caption("None is known of any relationship.")
        return
    shared = MetricTable.from_rows("metric", {"all": [metrics[0]]} if len(metrics) == 1 else _name_rows(metrics))
    show_figure(
        Figure(
            f"{title} by relationship",
            f"{shared.format_caption()} n: true cases of each.",
            f"Bars: {title.lower()} of each relationship, group by group",
            what,
            f"{metrics[0].model.lower().replace(' ', '-')}-{scope.file_part}",
            partial(_draw, table.assign(**{MARK: table["relation"]})),
            table,
            links={
                name: (link_frames(scope, metrics[0].model, name), f"Frames with “{name}”, hit and missed")
                for name in table["relation"]
                if name in KNOWN
            },
        ),
        f"benchmarks_{what}",
    )


def _name_rows(metrics: Sequence[Metric]) -> dict[str, list[Metric | None]]:
    """A column of its own for each metric: only what all share is said once."""
    return {
        metric.protocol.subject: [metric if index == place else None for index in range(len(metrics))]
        for place, metric in enumerate(metrics)
    }


def _draw(table: pd.DataFrame, dark: bool) -> Chart:
    return draw_relation_scores(table, dark=dark)
