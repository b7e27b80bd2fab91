"""Tables as charts. Turns data frames into Altair charts and never fetches; colours follow the reader's theme.

Attention, spatial and contact are always orange, green and purple in this order, and always carry their name as well:
colour alone says nothing. One sequential scale for heat maps. Axes of counts start at zero.
"""

from collections.abc import Sequence

import altair as alt
import pandas as pd

from ag_core.taxonomy import OBJECTS, RELATIONS, Group, shown

GROUPS = [group.value for group in Group]
GROUP_COLOURS = {
    False: ["#D96500", "#0F5F44", "#8A2FC9"],
    True: ["#FFA733", "#6FE0B5", "#A678F0"],
}
"""By whether the theme is dark."""

SEQUENCE = {
    False: ["#F7F3FB", "#D9C2EE", "#B07FDB", "#8A2FC9", "#4E1480"],
    True: ["#1B1622", "#3C2A58", "#6A4A9E", "#A678F0", "#EADCFF"],
}
"""Heat maps: nothing is near the page, much is far from it. By whether the theme is dark."""

ROW_HEIGHT = 22


def count_bars(table: pd.DataFrame, name: str, value: str = "n", *, dark: bool, logarithmic: bool = False) -> alt.Chart:
    """Horizontal bars, most frequent first: one row of `table` each, with the column `name` as label."""
    colour = GROUP_COLOURS[dark][2]
    return (
        _bars(table, name, value, logarithmic)
        .mark_bar(color=colour, cornerRadiusEnd=3)
        .properties(height=alt.Step(ROW_HEIGHT))
    )


def relation_bars(table: pd.DataFrame, value: str = "n", *, dark: bool, logarithmic: bool = False) -> alt.Chart:
    """Bars of relationships (columns relation, group, `value`), in their groups' colours, group by group."""
    order = table.assign(rank=table["group"].map(GROUPS.index)).sort_values(["rank", value], ascending=[True, False])
    return (
        _bars(table, "relation", value, logarithmic, order=order["relation"].tolist())
        .mark_bar(cornerRadiusEnd=3)
        .encode(color=_group_colour(dark))
        .properties(height=alt.Step(ROW_HEIGHT))
    )


def _bars(
    table: pd.DataFrame, name: str, value: str, logarithmic: bool, order: Sequence[str] | None = None
) -> alt.Chart:
    scale = alt.Scale(type="symlog", constant=10) if logarithmic else alt.Scale(zero=True)
    return alt.Chart(table).encode(
        y=alt.Y(f"{name}:N", sort=list(order) if order else "-x", title=None, axis=alt.Axis(labelLimit=260)),
        x=alt.X(f"{value}:Q", title=None, scale=scale, axis=alt.Axis(tickCount=5, format=",d")),
        tooltip=[alt.Tooltip(f"{column}:N") for column in table.columns if column != value]
        + [alt.Tooltip(f"{value}:Q", format=",d")],
    )


def _group_colour(dark: bool) -> alt.Color:
    return alt.Color(
        "group:N",
        scale=alt.Scale(domain=GROUPS, range=GROUP_COLOURS[dark]),
        legend=alt.Legend(orient="top", title=None, symbolType="square"),
    )


def object_relation_map(
    table: pd.DataFrame, value: str, *, dark: bool, label: str, compress: bool = False, top: float | None = None
) -> alt.Chart:
    """Objects by relationships (columns object, group, relation, `value`), the three groups side by side.

    `top` fixes the upper end of the scale, so that matrices of different moments compare; 
    `compress` is for counts: small ones stay visible beside large ones.
    """
    rows = [shown(name) for name in OBJECTS]
    domain = [0, top if top is not None else max(float(table[value].max()) if len(table) else 1.0, 1e-9)]
    return (
        alt.Chart(table)
        .mark_rect(stroke="#80808022", strokeWidth=0.5)
        .encode(
            y=alt.Y("object:N", sort=rows, scale=alt.Scale(domain=rows), title=None),
            x=alt.X(
                "relation:N",
                sort=[shown(name) for name in RELATIONS],
                scale=alt.Scale(domain=[shown(name) for name in RELATIONS]),
                title=None,
                axis=alt.Axis(labelAngle=-55, orient="top", labelLimit=160),
            ),
            color=alt.Color(
                f"{value}:Q",
                scale=alt.Scale(range=SEQUENCE[dark], domain=domain, **({"type": "sqrt"} if compress else {})),
                legend=alt.Legend(title=label, orient="right", gradientLength=180),
            ),
            tooltip=["object", "group", "relation", alt.Tooltip(f"{value}:Q", format=",.4~f", title=label)],
        )
        .properties(height=alt.Step(17))
    )


def score_curves(
    curves: pd.DataFrame, truth: pd.DataFrame, now_s: float | None, length_s: float, *, dark: bool
) -> alt.VConcatChart | alt.FacetChart:
    """Scores over time, one row of panels per action, one line per model; where the action is annotated is shaded.

    curves  time_s, model, action, score
    truth   action, start_s, end_s of the annotated intervals
    now_s   where the player stands; a vertical line, left out where None
    """
    models = list(dict.fromkeys(curves["model"]))
    colours = [GROUP_COLOURS[dark][0], GROUP_COLOURS[dark][2], GROUP_COLOURS[dark][1]][: len(models)]
    x = alt.X("time_s:Q", title="seconds", scale=alt.Scale(domain=[0, max(length_s, 0.1)], nice=False))
    tallest = max(0.1, float(curves["score"].max()) if len(curves) else 0.0)
    panels = []
    actions = list(dict.fromkeys(curves["action"]))
    for number, action in enumerate(actions):
        last = number == len(actions) - 1
        axis = alt.Axis(title="seconds" if last else None, labels=last, ticks=last, tickCount=8)
        band = (
            alt.Chart(truth[truth["action"] == action])
            .mark_rect(opacity=0.16, color="#888888")
            .encode(x=alt.X("start_s:Q"), x2="end_s:Q", tooltip=["action", "start_s", "end_s"])
        )
        lines = (
            alt.Chart(curves[curves["action"] == action])
            .mark_line(point=alt.OverlayMarkDef(size=22), strokeWidth=2)
            .encode(
                x=alt.X("time_s:Q", scale=x.scale, axis=axis),
                y=alt.Y("score:Q", title=None, scale=alt.Scale(domain=[0, min(1.0, 1.1 * tallest)]),
                        axis=alt.Axis(format=".0%", tickCount=3)),
                color=alt.Color("model:N", scale=alt.Scale(domain=models, range=colours),
                                legend=alt.Legend(orient="top", title=None) if number == 0 else None),
                strokeDash=alt.StrokeDash("model:N", legend=None, scale=alt.Scale(domain=models, range=[[1, 0], [6, 3], [2, 2]])),
                tooltip=["model", "action", alt.Tooltip("time_s:Q", format=".2f"), alt.Tooltip("score:Q", format=".3f")],
            )
        )  # fmt: skip
        layers = [band, lines]
        if now_s is not None:
            cursor = pd.DataFrame({"time_s": [now_s]})
            layers.append(alt.Chart(cursor).mark_rule(strokeWidth=1.5, color="#888888").encode(x="time_s:Q"))
        title = alt.TitleParams(action, anchor="start", fontSize=13, fontWeight="normal", offset=4)
        panels.append(alt.layer(*layers).properties(height=80, width="container", title=title))
    return alt.vconcat(*panels, spacing=10).resolve_scale(color="shared", x="shared")
