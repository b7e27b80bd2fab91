"""Tables as charts: data frames become Altair and Plotly figures in the colours of the reader's theme. Never fetches.

Attention, spatial and contact are always orange, green and purple in this order, and always carry their name as well:
colour alone says nothing. One sequential scale for heat maps. Axes of counts start at zero, or say that they are
logarithmic. A table with the column `mark` makes a chart whose marks can be chosen (figures.py).
"""

from collections.abc import Sequence
from math import log10
from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from ag_core.catalog import get_model_label, get_model_style
from ag_core.graphs.palette import GROUP_STYLES
from ag_core.taxonomy import OBJECTS, RELATIONS, Group, format_name
from ag_core.ui.colours import CELL_RAMP

GROUPS = [group.value for group in Group]
GROUP_COLOURS = {dark: [GROUP_STYLES[group].colour(dark) for group in Group] for dark in (False, True)}
"""By whether the theme is dark."""

PLAIN = {False: "#66718A", True: "#9AA5B8"}
"""Bars that stand for no group. By whether the theme is dark."""

TEXT = {False: "#31333F", True: "#FAFAFA"}
"""Words inside a chart, which take no colour from the page. By whether the theme is dark."""

Chart = alt.Chart | alt.LayerChart | alt.FacetChart

ROW_HEIGHT = 22
HEAT_ROW_HEIGHT = 17

MARK = "mark"
"""The column that names what can be chosen in a chart."""

PICK = alt.selection_point(name="pick", fields=[MARK])
"""What the reader chose with the pointer; nothing chosen means everything."""

LOG_FLOOR = 0.8
"""Where bars on a logarithmic axis begin: a count of one stays visible."""


def get_model_colour(model: str, *, dark: bool) -> str:
    """The colour of an action model; grey for one that the catalog does not know."""
    return get_model_style(model).colour(dark)


def get_model_line(model: str) -> str:
    """The line of an action model, as Plotly names it; solid for one that the catalog does not know."""
    return get_model_style(model).line


def label_rows(widest: int = 260, **more: Any) -> alt.Axis:
    """The axis of named rows: every row has its name, at its own height, cut where it is wider than so many pixels."""
    return alt.Axis(labelLimit=widest, labelOverlap=False, labelFlush=False, **more)


def fit_width(chart: Chart) -> Chart:
    """A chart that takes the width of its place; its height is that of what is drawn, without names and titles."""
    if isinstance(chart, alt.FacetChart):
        return chart
    fitted: Chart = chart.properties(autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
    return fitted


def measure_rows(count: int, height: int = ROW_HEIGHT) -> int:
    """The height of so many rows in pixels: given so, and not as a step, it stands beside a width that is fitted."""
    return max(1, count) * height


def draw_count_bars(
    table: pd.DataFrame, name: str, value: str = "n", *, dark: bool, logarithmic: bool = False, colour: str = ""
) -> alt.Chart:
    """Horizontal bars, most frequent first: one row of `table` each, with the column `name` as label."""
    bars: alt.Chart = (
        _draw_bars(table, name, value, logarithmic)
        .mark_bar(color=colour or PLAIN[dark], cornerRadiusEnd=3)
        .properties(height=measure_rows(table[name].nunique()))
    )
    return bars


def draw_relation_bars(table: pd.DataFrame, value: str = "n", *, dark: bool, logarithmic: bool = False) -> alt.Chart:
    """Bars of relationships (columns relation, group, `value`), in their groups' colours, group by group."""
    order = table.assign(rank=table["group"].map(GROUPS.index)).sort_values(["rank", value], ascending=[True, False])
    bars: alt.Chart = (
        _draw_bars(table, "relation", value, logarithmic, order=order["relation"].tolist())
        .mark_bar(cornerRadiusEnd=3)
        .encode(color=encode_group_colour(dark))
        .properties(height=measure_rows(table["relation"].nunique()))
    )
    return bars


def draw_share_bars(table: pd.DataFrame, name: str, value: str, *, dark: bool, number: str = ".0%") -> alt.Chart:
    """Horizontal bars from 0 to 1, largest first; `number` is how a share is written."""
    bars: alt.Chart = (
        alt.Chart(table)
        .mark_bar(color=PLAIN[dark], cornerRadiusEnd=3)
        .encode(
            y=alt.Y(f"{name}:N", sort="-x", title=None, axis=label_rows()),
            x=alt.X(
                f"{value}:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5, format=number)
            ),
            tooltip=[
                alt.Tooltip(f"{column}:Q", format=number if column == value else ",.4~g")
                if pd.api.types.is_numeric_dtype(table[column])
                else alt.Tooltip(f"{column}:N")
                for column in table.columns
            ],
        )
        .properties(height=measure_rows(table[name].nunique()))
    )
    return bars


def draw_interval_dots(
    table: pd.DataFrame, name: str, chance: pd.DataFrame, *, dark: bool, from_zero: bool = True
) -> alt.LayerChart | alt.FacetChart:
    """Metrics as dots with bounds, in the order of the table, and a dashed line at each row of `chance`.

    Columns of both: `name`, number, low, high, and metric, which says in words what the number is. Differences, which
    may lie below 0, are drawn with `from_zero` off.
    """
    rows = alt.Y(f"{name}:N", sort=None, title=None, axis=label_rows(300))
    scale = alt.Scale(domainMin=0, nice=True) if from_zero else alt.Scale(nice=True)
    tooltip = [alt.Tooltip(f"{name}:N"), alt.Tooltip("metric:N")]
    base = alt.Chart(table).encode(y=rows, tooltip=tooltip)
    lines = base.mark_rule(color=PLAIN[dark], strokeWidth=2).encode(
        x=alt.X("low:Q", title=None, scale=scale, axis=alt.Axis(tickCount=6)), x2="high:Q"
    )
    dots = base.mark_point(color=PLAIN[dark], filled=True, size=70, opacity=1).encode(x="number:Q")
    at_chance = alt.Chart(chance).mark_rule(color=PLAIN[dark], strokeDash=[4, 4]).encode(x="number:Q", tooltip=tooltip)
    return alt.layer(at_chance, lines, dots).properties(height=measure_rows(table[name].nunique()))


def _draw_bars(
    table: pd.DataFrame, name: str, value: str, logarithmic: bool, order: Sequence[str] | None = None
) -> alt.Chart:
    top = max(float(table[value].max()) if len(table) else 1.0, 1.0)
    scale = alt.Scale(type="log", domain=[LOG_FLOOR, 1.15 * top], nice=False) if logarithmic else alt.Scale(domainMin=0)
    title = f"{value}, logarithmic scale" if logarithmic else None
    ticks = [10**power for power in range(1 + int(log10(top)))] if logarithmic else alt.Undefined
    shown = table[table[value] > 0] if logarithmic else table
    chart = alt.Chart(shown).encode(
        y=alt.Y(f"{name}:N", sort=list(order) if order else "-x", title=None, axis=label_rows()),
        x=alt.X(
            f"{value}:Q", title=title, scale=scale, axis=alt.Axis(tickMinStep=1, format=",d", tickCount=5, values=ticks)
        ),
        tooltip=[alt.Tooltip(f"{column}:N") for column in table.columns if column not in (value, MARK)]
        + [alt.Tooltip(f"{value}:Q", format=",d")],
    )
    if logarithmic:
        chart = chart.encode(x2=alt.X2Datum(LOG_FLOOR))
    return make_pickable(chart) if MARK in table else chart


def make_pickable(chart: alt.Chart, opacity: float = 1.0) -> alt.Chart:
    """The same chart, its marks ready to be chosen; what is not chosen fades once something is."""
    faded = alt.when(PICK).then(alt.value(opacity)).otherwise(alt.value(0.3 * opacity))
    return chart.encode(opacity=faded).add_params(PICK)


def encode_group_colour(dark: bool) -> alt.Color:
    """The column `group` in its colours, with a legend above."""
    return alt.Color(
        "group:N",
        scale=alt.Scale(domain=GROUPS, range=GROUP_COLOURS[dark]),
        legend=alt.Legend(orient="top", title=None, symbolType="square"),
    )


def draw_heat_map(
    table: pd.DataFrame,
    row: str,
    column: str,
    value: str,
    *,
    dark: bool,
    rows: Sequence[str],
    columns: Sequence[str],
    label: str,
    compress: bool = False,
    top: float | None = None,
    number: str = ",.4~f",
) -> alt.Chart:
    """Cells of `value` by the columns `row` and `column`, in the order given; every column of the table is told.

    `top` fixes the upper end of the scale; `compress` is for counts: small ones stay visible beside large ones.
    """
    domain = [0, top if top is not None else max(float(table[value].max()) if len(table) else 1.0, 1e-9)]
    down = alt.Axis(labelOverlap=False, labelFlush=False, labelFontSize=11)
    across = alt.Axis(
        labelAngle=-60, orient="top", labelLimit=160, labelOverlap=False, labelFlush=False, labelFontSize=11
    )
    chart = (
        alt.Chart(table)
        .mark_rect(stroke="#80808022", strokeWidth=0.5)
        .encode(
            y=alt.Y(f"{row}:N", sort=list(rows), scale=alt.Scale(domain=list(rows)), title=None, axis=down),
            x=alt.X(f"{column}:N", sort=list(columns), scale=alt.Scale(domain=list(columns)), title=None, axis=across),
            color=encode_cell_colour(
                value,
                alt.Scale(range=CELL_RAMP[dark], domain=domain, type="sqrt" if compress else "linear"),
                label,
            ),
            tooltip=[alt.Tooltip(f"{name}:N") for name in table.columns if name not in (value, MARK)]
            + [alt.Tooltip(f"{value}:Q", format=number, title=label)],
        )
        .properties(height=measure_rows(len(rows), HEAT_ROW_HEIGHT))
    )
    return make_pickable(chart) if MARK in table else chart


def encode_cell_colour(value: str, scale: alt.Scale, title: str) -> Any:
    """The column `value` as the colour of a cell; one of nothing has the page's colour."""
    shade = alt.Color(f"{value}:Q", scale=scale, legend=build_shade_legend(title))
    return alt.when(alt.datum[value] != 0).then(shade).otherwise(alt.value("transparent"))


def build_shade_legend(title: str) -> alt.Legend:
    """What shades of one colour mean, as squares.

    Not as a band: a browser finds a band's gradient by the page's address as it was when the chart was drawn, and the
    address changes with every choice on the page.
    """
    return alt.Legend(
        title=title,
        orient="right",
        type="symbol",
        symbolType="square",
        symbolStrokeWidth=0,
        symbolOpacity=1,
        tickCount=5,
    )


def draw_object_relation_map(
    table: pd.DataFrame,
    value: str,
    *,
    dark: bool,
    label: str,
    compress: bool = False,
    top: float | None = None,
    number: str = ",.4~f",
) -> alt.Chart:
    """Objects by relationships (columns object, group, relation, `value`), the three groups side by side.

    `top` fixes the upper end of the scale, so that matrices of different moments compare.
    """
    return draw_heat_map(
        table,
        "object",
        "relation",
        value,
        dark=dark,
        rows=[format_name(name) for name in OBJECTS],
        columns=[format_name(name) for name in RELATIONS],
        label=label,
        compress=compress,
        top=top,
        number=number,
    )


def draw_score_curves(
    curves: pd.DataFrame, truth: pd.DataFrame, now_s: float | None, length_s: float, *, dark: bool
) -> go.Figure:
    """Scores over time: one panel per action under one time axis, one line per model; annotated intervals are shaded.

    curves  time_s, model, action, score; at least one row
    truth   action, start_s, end_s of the annotated intervals
    now_s   where the player stands; a vertical line, left out where None
    length_s  of the video; where it is not known (NaN), the axis ends with what is drawn
    """
    actions = list(dict.fromkeys(curves["action"]))
    figure = make_subplots(
        rows=len(actions), cols=1, shared_xaxes=True, vertical_spacing=0.24 / len(actions), subplot_titles=actions
    )
    tallest = min(1.0, 1.15 * max(0.1, float(curves["score"].max())))
    for row, action in enumerate(actions, start=1):
        panel = {"row": row, "col": 1}
        for model, line in curves[curves["action"] == action].groupby("model", sort=False):
            figure.add_scatter(
                x=line["time_s"],
                y=line["score"],
                name=get_model_label(str(model)),
                legendgroup=str(model),
                showlegend=row == 1,
                mode="lines+markers",
                line={"color": get_model_colour(str(model), dark=dark), "dash": get_model_line(str(model)), "width": 2},
                marker={"size": 5},
                hovertemplate="%{y:.1%}",
                **panel,
            )
        for start_s, end_s in truth.loc[truth["action"] == action, ["start_s", "end_s"]].itertuples(index=False):
            figure.add_vrect(start_s, end_s, fillcolor="#808080", opacity=0.3, line_width=0, **panel)
        if now_s is not None:
            figure.add_vline(now_s, line_width=1.5, line_color="#808080", **panel)
    figure.update_annotations(x=0, xanchor="left", font_size=13)
    figure.update_yaxes(range=[0, tallest], tickformat=".0%", nticks=3)
    known_s = [length_s] if length_s > 0 else [*curves["time_s"], *truth["end_s"]]
    figure.update_xaxes(range=[0, max(0.1, *known_s)], showgrid=False)
    figure.update_xaxes(title="seconds", row=len(actions), col=1)
    figure.update_layout(
        height=60 + 118 * len(actions),
        margin={"l": 44, "r": 8, "t": 56, "b": 40},
        legend={"orientation": "h", "y": 1, "yref": "container", "yanchor": "top", "x": 1, "xanchor": "right"},
        hovermode="x unified",
    )
    return figure
