"""The confidence matrix of the graph on screen: a clicked cell is selected in the player, and outlined."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from ag_core.annotations.store_format import ANNOTATION
from ag_core.catalog import BankKind, list_predicting_models
from ag_core.ui import tables
from ag_core.ui.charts import plots
from ag_core.ui.formatting import format_graph_position
from ag_core.ui.page import check_link, is_dark, show_owner_note
from ag_core.ui.player.viewing import PREDICTED, Viewing
from ag_core.ui.widgets.pickers import show_download

SELECT = "compare_select"
"""Where in the session it is noted what the player is to select: (number of the request, what)."""

PLAYER = "compare_player"
"""The key of the player, whose selection is outlined."""

_CHART = "compare_matrix"
_LINE = {False: "#14161B", True: "#FFFFFF"}


def show_matrix(viewing: Viewing, time_s: float) -> None:
    """The confidence matrix of the graph at a time, of the prediction or of the annotation."""
    if not viewing.sources:
        st.caption("The video has no graph, neither annotated nor predicted, so there is no matrix to show.")
        return
    names = {PREDICTED: "Predicted graph", ANNOTATION: "Annotated graph"}
    check_link("feature", names.values(), "graph")
    source = st.segmented_control(
        "Matrix of",
        [name for name in names if name in viewing.sources],
        default=PREDICTED if PREDICTED in viewing.sources else ANNOTATION,
        required=True,
        format_func=names.__getitem__,
        key="feature",
        bind="query-params",
    )
    graph = viewing.latest_graph_at(source, time_s) or viewing.sources[source][0]
    readers = " and ".join(model.label for model in list_predicting_models() if model.bank is BankKind.PREDICTED_GRAPHS)
    show_owner_note(
        f"What {readers} reads: the 35 x 25 confidence matrix at {format_graph_position(graph)}: "
        "object score times relationship score, the best of each class. "
        "A bank of graphs keeps one for every half second."
    )
    table = tables.build_confidence_table(graph.confidence_matrix())
    st.container(key="ag_wide_compare").altair_chart(
        plots.fit_width(outline_selected(table, (st.session_state.get(PLAYER) or {}).get("selected"))),
        width="stretch",
        key=_CHART,
        on_select=_select_in_player,
        selection_mode=plots.PICK.name,
        alt="Heat map of 35 objects by 25 relationships; darker means more confident",
    )
    st.caption("Click a cell to select its triplet in the player; what is selected there is outlined here.")
    show_download(table, "confidence", viewing.video.video_id, "compare_matrix_csv")


def outline_selected(table: pd.DataFrame, selected: Mapping[str, Any] | None) -> alt.Chart:
    """The heat map, its cells ready to be clicked, with those outlined that the player's selection is about."""
    marked = table.assign(**{plots.MARK: table["object"] + ": " + table["relation"]})
    chart = plots.draw_object_relation_map(marked, "confidence", dark=is_dark(), label="confidence", top=1.0)
    chosen = find_selected(marked, selected)
    here = alt.FieldOneOfPredicate(field=plots.MARK, oneOf=list(marked[plots.MARK][chosen]))
    plain = chart.encode(opacity=alt.value(1.0))
    if not chosen.any():
        return plain
    return plain.encode(
        stroke=alt.when(here).then(alt.value(_LINE[is_dark()])).otherwise(alt.value("#80808022")),
        strokeWidth=alt.when(here).then(alt.value(1.5)).otherwise(alt.value(0.5)),
    )


def find_selected(table: pd.DataFrame, selected: Mapping[str, Any] | None) -> "pd.Series[bool]":
    """Which rows of a confidence table the player's selection is about: a triplet, an object, or a relationship."""
    if not selected:
        return pd.Series(False, table.index)
    kind, name = selected["kind"], str(selected["label"]).rpartition(": ")[2]
    of_object = table["object"] == selected.get("class")
    of_relation = table["relation"] == name
    return {"edge": of_object & of_relation, "relation": of_relation}.get(kind, of_object)


def _select_in_player() -> None:
    """The clicked cell, as the player and links name it."""
    picked = st.session_state[_CHART]["selection"].get(plots.PICK.name) or []
    if picked and plots.MARK in picked[0]:
        number, _ = st.session_state.get(SELECT, (0, ""))
        st.session_state[SELECT] = (number + 1, picked[0][plots.MARK])
