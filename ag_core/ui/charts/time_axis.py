"""Charts along a time axis: how long relationships last, and where the annotated frames of one video lie (Figure 2)."""

import altair as alt
import pandas as pd

from ag_core.ui.charts.plots import (
    GROUPS,
    PICK,
    PLAIN,
    TEXT,
    Chart,
    encode_group_colour,
    label_rows,
    make_pickable,
    measure_rows,
)

ANNOTATED_ROW = "annotated frames"
"""The last row of the strip."""

FRAME_KINDS = ("at a midpoint", "elsewhere")
"""Annotated frames that lie where Figure 2 puts them, and those that do not."""

TWO_LINES = "length(datum.label) < 30 ? datum.label : split(replace(datum.label, /^(.{10,28}) /, '$1\\n'), '\\n')"
"""A long name of a row in two lines, as Vega writes it."""


def draw_duration_bars(table: pd.DataFrame, *, dark: bool) -> Chart:
    """Columns relation, group, intervals, lasting, q10 to q90 in seconds, mark: half of the intervals lie in the bar.

    A thin line spans the middle 80 %, a bar the middle 50 %, a stroke is the median.
    """
    order = table.assign(rank=table["group"].map(GROUPS.index)).sort_values(["rank", "q50"], ascending=[True, False])
    rows = alt.Y("relation:N", sort=order["relation"].tolist(), title=None, axis=label_rows())
    scale = alt.Scale(domainMin=0)
    tooltip = [
        alt.Tooltip("relation:N"),
        alt.Tooltip("group:N"),
        alt.Tooltip("intervals:Q", format=",d"),
        alt.Tooltip("lasting:Q", format=",d", title="of two frames or more"),
        alt.Tooltip("q50:Q", format=".2f", title="median (s)"),
        alt.Tooltip("q10:Q", format=".2f", title="10 % (s)"),
        alt.Tooltip("q90:Q", format=".2f", title="90 % (s)"),
    ]
    base = alt.Chart(table).encode(y=rows, tooltip=tooltip, color=encode_group_colour(dark))
    axis = alt.Axis(tickCount=8)
    lines = base.mark_rule(strokeWidth=1.5).encode(
        x=alt.X("q10:Q", title="seconds", scale=scale, axis=axis), x2="q90:Q"
    )
    bars = base.mark_bar(cornerRadius=3, height=12).encode(
        x=alt.X("q25:Q", title="seconds", scale=scale, axis=axis), x2="q75:Q"
    )
    medians = base.mark_tick(thickness=3, height=18).encode(
        x=alt.X("q50:Q", title="seconds", scale=scale, axis=axis), color=alt.value(TEXT[dark])
    )
    return alt.layer(lines, make_pickable(bars), medians).properties(height=measure_rows(table["relation"].nunique()))


def draw_sampling_strip(
    intervals: pd.DataFrame, middles: pd.DataFrame, frames: pd.DataFrame, length_s: float, *, dark: bool
) -> Chart:
    """The actions of a video as bars, five midpoints on each, and beneath them the annotated frames as strokes.

    intervals  row (a name of its own), action, start_s, end_s
    middles    row, action, part, time_s, frame
    frames     time_s, frame, kind (one of FRAME_KINDS), mark
    """
    rows = [*intervals["row"], ANNOTATED_ROW]
    colours = {False: ["#0B6BCB", "#B3401A"], True: ["#5CB3FF", "#FF9A73"]}[dark]
    names = label_rows(210, labelExpr=TWO_LINES, labelLineHeight=11)
    y = alt.Y("row:N", scale=alt.Scale(domain=rows), sort=rows, title=None, axis=names)
    x = alt.Scale(domain=[0, max(length_s, 0.1)], nice=False)
    bars = (
        alt.Chart(intervals)
        .mark_bar(height=12, cornerRadius=3, color=PLAIN[dark], opacity=0.35)
        .encode(
            y=y,
            x=alt.X("start_s:Q", scale=x, title="seconds"),
            x2="end_s:Q",
            tooltip=[
                alt.Tooltip("action:N"),
                alt.Tooltip("start_s:Q", format=".2f"),
                alt.Tooltip("end_s:Q", format=".2f"),
            ],
        )
    )
    points = (
        alt.Chart(middles)
        .mark_point(filled=True, size=44, opacity=1, color=PLAIN[dark])
        .encode(
            y=y,
            x=alt.X("time_s:Q", scale=x, title="seconds"),
            tooltip=[
                alt.Tooltip("action:N"),
                alt.Tooltip("part:Q", title="part of five"),
                alt.Tooltip("time_s:Q", format=".3f"),
                alt.Tooltip("frame:Q", format=",d"),
            ],
        )
    )
    strokes = (
        alt.Chart(frames.assign(row=ANNOTATED_ROW))
        .mark_tick(thickness=3, height=20)
        .encode(
            y=y,
            x=alt.X("time_s:Q", scale=x, title="seconds"),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=list(FRAME_KINDS), range=colours),
                legend=alt.Legend(orient="top", title="annotated frames", symbolType="square", columns=1),
            ),
        )
    )
    # A stroke is thinner than a finger: what is pressed is an almost invisible square over it.
    tooltip = [
        alt.Tooltip("frame:Q", format=",d"),
        alt.Tooltip("time_s:Q", format=".3f"),
        alt.Tooltip("kind:N", title="lies"),
    ]
    handles = (
        alt.Chart(frames.assign(row=ANNOTATED_ROW))
        .mark_square(size=420, color=PLAIN[dark], opacity=0.01)
        .encode(y=y, x=alt.X("time_s:Q", scale=x, title="seconds"), tooltip=tooltip)
        .add_params(PICK)
    )
    strokes = strokes.encode(opacity=alt.when(PICK).then(alt.value(1.0)).otherwise(alt.value(0.3)))
    return alt.layer(bars, points, strokes, handles).properties(height=measure_rows(len(rows), 26))
