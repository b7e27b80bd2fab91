"""Charts of action models: how their probabilities compare with what came true, a line for each model."""

import altair as alt
import pandas as pd

from ag_core.ui.charts.plots import PLAIN

LEGEND_COLUMNS = 4
"""More names side by side are cut where the chart takes half a page."""


def draw_reliability(table: pd.DataFrame, colours: dict[str, str], *, dark: bool) -> alt.LayerChart | alt.FacetChart:
    """Share that came true over mean probability, and the dashed line of perfect belief.

    Columns model, probability, share (both 0 to 1) and pairs; colours by model, in the order of the legend.
    """
    perfect = pd.DataFrame({"probability": [0.0, 1.0], "share": [0.0, 1.0]})
    axis = alt.Axis(format=".0%", tickCount=5)
    across = alt.X("probability:Q", title="probability", scale=alt.Scale(domain=[0, 1]), axis=axis)
    up = alt.Y("share:Q", title="came true", scale=alt.Scale(domain=[0, 1]), axis=axis)
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    colour = alt.Color("model:N", scale=scale, legend=alt.Legend(orient="top", title=None, columns=LEGEND_COLUMNS))
    diagonal = alt.Chart(perfect).mark_line(color=PLAIN[dark], strokeDash=[4, 4]).encode(x=across, y=up)
    base = alt.Chart(table).encode(x=across, y=up, color=colour)
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(
        tooltip=[
            alt.Tooltip("model:N"),
            alt.Tooltip("probability:Q", format=".1%"),
            alt.Tooltip("share:Q", format=".1%", title="came true"),
            alt.Tooltip("pairs:Q", format=",d"),
        ]
    )
    return alt.layer(diagonal, base.mark_line(), dots).properties(height=360)
