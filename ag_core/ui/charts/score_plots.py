"""Charts of scores: bars of every relationship in its group's colour, and how confidence compares with what came true.

Numbers come with words that say what they are (`Metric.to_plot_record`), which the pointer shows.
"""

import altair as alt
import pandas as pd

from ag_core.ui.charts.plots import GROUPS, MARK, PICK, PLAIN, encode_group_colour, measure_rows


def draw_relation_scores(table: pd.DataFrame, *, dark: bool) -> alt.LayerChart | alt.FacetChart:
    """Bars from 0 to 100 with their spread, and how many cases each stands for at the right.

    Columns relation, group, number, low, high, cases and metric (in words); with `mark`, bars can be chosen.
    """
    order = table.assign(rank=table["group"].map(GROUPS.index)).sort_values(["rank", "number"], ascending=[True, False])
    rows = alt.Y("relation:N", sort=order["relation"].tolist(), title=None, axis=alt.Axis(labelLimit=260))
    scale, ticks = alt.Scale(domain=[0, 118]), alt.Axis(values=list(range(0, 101, 20)))
    base = alt.Chart(table).encode(y=rows, tooltip=[alt.Tooltip("relation:N"), alt.Tooltip("metric:N")])
    bars = base.mark_bar(cornerRadiusEnd=3).encode(
        x=alt.X("number:Q", title=None, scale=scale, axis=ticks), color=encode_group_colour(dark)
    )
    if MARK in table:
        bars = bars.encode(opacity=alt.when(PICK).then(alt.value(1.0)).otherwise(alt.value(0.3))).add_params(PICK)
    cases = base.transform_calculate(label="'n ' + format(datum.cases, ',')").mark_text(
        align="right", color=PLAIN[dark]
    )
    spread = base.transform_filter("isValid(datum.low)").mark_rule(color=PLAIN[dark], strokeWidth=2)
    cases = cases.encode(x=alt.datum(118), text="label:N")
    height = measure_rows(table["relation"].nunique())
    return alt.layer(bars, spread.encode(x="low:Q", x2="high:Q"), cases).properties(height=height)


def draw_calibration(table: pd.DataFrame, *, dark: bool) -> alt.LayerChart | alt.FacetChart:
    """Share that came true over mean confidence, a line for each relationship, and the dashed line of perfect belief.

    Columns relation, group, confidence, share (both 0 to 1) and pairs.
    """
    perfect = pd.DataFrame({"confidence": [0.0, 1.0], "share": [0.0, 1.0]})
    axis = alt.Axis(format=".0%", tickCount=5)
    across = alt.X("confidence:Q", title="confidence", scale=alt.Scale(domain=[0, 1]), axis=axis)
    up = alt.Y("share:Q", title="came true", scale=alt.Scale(domain=[0, 1]), axis=axis)
    diagonal = alt.Chart(perfect).mark_line(color=PLAIN[dark], strokeDash=[4, 4]).encode(x=across, y=up)
    base = alt.Chart(table).encode(x=across, y=up, color=encode_group_colour(dark), detail="relation:N")
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(
        tooltip=[
            alt.Tooltip("relation:N"),
            alt.Tooltip("confidence:Q", format=".1%"),
            alt.Tooltip("share:Q", format=".1%", title="came true"),
            alt.Tooltip("pairs:Q", format=",d"),
        ]
    )
    return alt.layer(diagonal, base.mark_line(opacity=0.5), dots).properties(height=420)
