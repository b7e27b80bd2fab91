"""The error ladder as a waterfall: from one number by signed steps to another."""

import altair as alt
import pandas as pd

from ag_core.catalog import ORACLE, SGFB
from ag_core.ui.charts.plots import PLAIN, TEXT, get_model_colour, label_rows, measure_rows

WATERFALL_ROW = 34
GAIN, LOSS = {False: "#2E7D4F", True: "#7BC796"}, {False: "#B3462E", True: "#F0907A"}
"""Of steps up and down; the label's sign says it as well. By whether the theme is dark."""


def draw_waterfall(table: pd.DataFrame, *, dark: bool) -> alt.LayerChart | alt.FacetChart:
    """Bars from start to end in percent, in their order, with bounds of steps and labels.

    Columns step (empty for both ends), name, start, end, low, high (null without bounds), label, metric (in words).
    """
    table = table.assign(
        kind=["first", *("gain" if bar.end >= bar.start else "loss" for bar in table[1:-1].itertuples()), "last"],
        place=table[["start", "end", "high"]].max(axis=1),
    )
    colours = {
        "first": get_model_colour(SGFB, dark=dark),
        "gain": GAIN[dark],
        "loss": LOSS[dark],
        "last": get_model_colour(ORACLE, dark=dark),
    }
    most = max(100.0, float(table["place"].max())) * 1.14
    least = min(0.0, float(table[["start", "end", "low"]].min(axis=None)))
    base = alt.Chart(table).encode(
        y=alt.Y("name:N", sort=table["name"].tolist(), title=None, axis=label_rows(150)),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("metric:N")],
    )
    across = alt.X(
        "start:Q",
        title=None,
        scale=alt.Scale(domain=[least, most], nice=False),
        axis=alt.Axis(values=list(range(0, 101, 20))),
    )
    bars = base.mark_bar(cornerRadius=3, height=18).encode(
        x=across,
        x2="end:Q",
        color=alt.Color("kind:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=None),
    )
    bounds = base.transform_filter("isValid(datum.low)").mark_rule(color=PLAIN[dark], strokeWidth=2)
    labels = base.mark_text(align="left", dx=6, color=TEXT[dark]).encode(x="place:Q", text="label:N")
    height = measure_rows(len(table), WATERFALL_ROW)
    return alt.layer(bars, bounds.encode(x="low:Q", x2="high:Q"), labels).properties(height=height)
