"""Charts of a query's answer: the rows of query_rows.py drawn as bars, lines, points or cells. Never fetches."""

from typing import Any

import altair as alt
import pandas as pd

from ag_core.catalog import list_scorers
from ag_core.ui.charts.plots import (
    GROUP_COLOURS,
    GROUPS,
    PLAIN,
    build_shade_legend,
    encode_cell_colour,
    get_model_colour,
    label_rows,
    measure_rows,
)
from ag_core.ui.charts.query_rows import ROWS
from ag_core.ui.colours import CATEGORIES, CELL_RAMP, MARK_RAMP


def draw_query_chart(
    table: pd.DataFrame, kind: str, x: str, y: str | None, colour: str | None, *, dark: bool
) -> alt.Chart:
    """The chart of rows of `select_chart_rows`, with axes named after the columns."""
    tooltip = [
        _build_tooltip(table, short, name or "")
        for short, name in (("x", x), ("y", y or ROWS), ("colour", colour or ROWS))
        if short in table and not (kind == "Histogram" and short == "x")
    ]
    shade = _encode_colour(table, colour, kind, dark)
    base = alt.Chart(table)
    chart: alt.Chart
    if kind == "Bar":
        order = list(dict.fromkeys(table["x"]))
        chart = base.mark_bar(cornerRadiusEnd=3, **_plain_colour(shade, dark)).encode(
            y=alt.Y("x:N", sort=order, title=x, axis=label_rows()),
            x=alt.X("y:Q", title=y or ROWS, stack="zero"),
            tooltip=tooltip,
            **shade,
        ).properties(height=measure_rows(table["x"].nunique()))  # fmt: skip
    elif kind == "Heat map":
        lowest = min(0.0, float(table["colour"].min())) if len(table) else 0.0
        highest = max(1e-9, float(table["colour"].max())) if len(table) else 1.0
        scale = alt.Scale(range=CELL_RAMP[dark], domain=[lowest, highest])
        chart = base.mark_rect(stroke="#80808040", strokeWidth=0.5).encode(
            x=alt.X("x:N", title=x, sort=None, axis=alt.Axis(labelAngle=-50, labelLimit=160, labelOverlap=True)),
            y=alt.Y("y:N", title=y, sort=None, axis=label_rows(200)),
            color=encode_cell_colour("colour", scale, colour or ROWS),
            tooltip=tooltip,
        ).properties(height=measure_rows(table["y"].nunique(), 18))  # fmt: skip
    elif kind == "Histogram":
        chart = base.mark_bar(**_plain_colour(shade, dark)).encode(
            x=alt.X("x:Q", title=x, bin="binned"),
            x2="x2:Q",
            y=alt.Y("y:Q", title=ROWS, stack="zero"),
            tooltip=[_build_tooltip(table, "x", f"{x} from"), _build_tooltip(table, "x2", "to"), *tooltip],
            **shade,
        ).properties(height=320)  # fmt: skip
    else:
        along = alt.X(f"x:{_choose_type_letter(table['x'])}", title=x, scale=alt.Scale(zero=False))
        up = alt.Y("y:Q", title=y, scale=alt.Scale(zero=False))
        mark = base.mark_line(**_plain_colour(shade, dark), strokeWidth=2)
        if kind == "Scatter":
            mark = base.mark_point(**_plain_colour(shade, dark), filled=True, size=45, opacity=0.7)
        chart = mark.encode(x=along, y=up, tooltip=tooltip, **shade).properties(height=360)
    return chart


def _choose_type_letter(values: pd.Series) -> str:
    return "T" if pd.api.types.is_datetime64_any_dtype(values) else "Q"


def _build_tooltip(table: pd.DataFrame, short: str, title: str) -> alt.Tooltip:
    # Vega fetches what a line called "image" holds, and takes one called "title" for the heading.
    title = f"column {title}" if title.lower() in ("image", "title") else title
    if pd.api.types.is_numeric_dtype(table[short]):
        return alt.Tooltip(f"{short}:Q", title=title, format=",.4~g")
    return alt.Tooltip(f"{short}:{'T' if _choose_type_letter(table[short]) == 'T' else 'N'}", title=title)


def _encode_colour(table: pd.DataFrame, colour: str | None, kind: str, dark: bool) -> dict[str, Any]:
    if "colour" not in table or kind == "Heat map":
        return {}
    if pd.api.types.is_numeric_dtype(table["colour"]):
        scale = alt.Scale(range=MARK_RAMP[dark])
        return {"color": alt.Color("colour:Q", scale=scale, legend=build_shade_legend(colour or ""))}
    legend, names = alt.Legend(orient="top", symbolType="square"), set(table["colour"])
    scale = alt.Scale(range=CATEGORIES[dark])
    if names <= set(GROUPS):
        scale = alt.Scale(domain=GROUPS, range=GROUP_COLOURS[dark])
    elif names <= set(list_scorers()):
        scale = alt.Scale(domain=sorted(names), range=[get_model_colour(name, dark=dark) for name in sorted(names)])
    return {"color": alt.Color("colour:N", title=colour, scale=scale, legend=legend)}


def _plain_colour(shade: dict[str, Any], dark: bool) -> dict[str, Any]:
    return {} if shade else {"color": PLAIN[dark]}
