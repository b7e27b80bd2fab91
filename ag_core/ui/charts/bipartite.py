"""Figure 4 of the paper: objects on the left, relationships on the right, a line for how often they go together.

Lines have the colours of their groups, orange for attention, green for spatial, purple for contact; the names on the
right stand group by group under the group's name, so that colour alone says nothing.
"""

from math import sqrt

import altair as alt
import pandas as pd

from ag_core.taxonomy import GROUP_OF_RELATION, OBJECTS, RELATIONS, format_name, format_triplet
from ag_core.ui.charts.plots import GROUPS, MARK, PICK, PLAIN, TEXT, Chart, encode_group_colour

NODE_HEIGHT = 20
GROUP_GAP = 1.2
"""Between two groups on the right, in names."""

TOUCHED = " || ".join(
    [
        f"!isValid({PICK.name}.{MARK})",
        *(f"indexof({PICK.name}.{MARK}, datum.{one}) >= 0" for one in (MARK, "object_name", "relation")),
    ]
)
"""Lines that stay clear: the chosen one, or all of the chosen name; all of them where nothing is chosen."""


def format_line_mark(object_name: str, relation: str) -> str:
    """How a line is called where it can be chosen: 'cup/glass/bottle · holding'."""
    return f"{format_name(object_name)} · {format_name(relation)}"


def draw_bipartite_map(
    pairs: pd.DataFrame, value: str, label: str, *, dark: bool, most: int, logarithmic: bool = False, number: str = ",d"
) -> Chart:
    """The map of the `most` heaviest lines.

    pairs   object, name, group, relations, videos and `value`, one row for each pair that occurs
    value   the column that a line's width stands for; `label` names it in the legend
    """
    positive = pairs[pairs[value] > 0]
    heaviest = positive.nlargest(most, value, keep="first")
    nodes = _place_nodes(positive)
    y_of = nodes.set_index("id")["y"]
    lines = heaviest.assign(
        y=y_of.loc[("object:" + heaviest["object"]).tolist()].to_numpy(),
        y_end=y_of.loc[("relation:" + heaviest["name"]).tolist()].to_numpy(),
        x=0.0,
        x_end=1.0,
        relation=[format_name(name) for name in heaviest["name"]],
        object_name=[format_name(name) for name in heaviest["object"]],
        triplet=[format_triplet(name, one) for one, name in zip(heaviest["object"], heaviest["name"])],
        **{MARK: [format_line_mark(one, name) for one, name in zip(heaviest["object"], heaviest["name"])]},
    ).sort_values(value)
    least, top = (float(heaviest[value].min()), float(heaviest[value].max())) if len(heaviest) else (1.0, 1.0)
    width = (
        alt.Scale(type="log", domain=[least, max(top, least * 1.001)], range=[1, 7])
        if logarithmic
        else alt.Scale(domain=[0, top], range=[1, 9])
    )
    across = alt.Scale(domain=[-0.34, 1.3])
    down = alt.Scale(domain=[float(nodes["y"].max()) + 0.6, -1.4], nice=False, zero=False)
    x, y = alt.X("x:Q", scale=across, axis=None), alt.Y("y:Q", scale=down, axis=None)
    drawn = (
        alt.Chart(lines)
        .mark_rule(strokeCap="round")
        .encode(
            x=x,
            y=y,
            x2="x_end:Q",
            y2="y_end:Q",
            color=encode_group_colour(dark),
            strokeWidth=alt.StrokeWidth(
                f"{value}:Q",
                scale=width,
                legend=alt.Legend(
                    title=label + (", logarithmic" if logarithmic else ""),
                    orient="bottom",
                    format=number,
                    symbolType="stroke",
                    symbolStrokeColor=PLAIN[dark],
                    values=_choose_legend_values(least, top),
                ),
            ),
            opacity=alt.when(TOUCHED).then(alt.value(0.62)).otherwise(alt.value(0.08)),
            tooltip=[
                alt.Tooltip("triplet:N"),
                alt.Tooltip("group:N"),
                alt.Tooltip(f"{value}:Q", format=number, title=label),
                alt.Tooltip("relations:Q", format=",d", title="relationships"),
                alt.Tooltip("videos:Q", format=",d"),
            ],
        )
        .add_params(PICK)
    )
    tooltip = [alt.Tooltip("name:N"), alt.Tooltip("n:Q", format=",d", title="relationships")]
    faded = alt.when(PICK).then(alt.value(1.0)).otherwise(alt.value(0.55))
    names = alt.Chart(nodes).encode(x=x, y=y, tooltip=tooltip, opacity=faded)
    dots = names.mark_point(filled=True, size=46, color=PLAIN[dark])
    left = names.transform_filter("datum.x == 0").mark_text(
        align="right", dx=-9, baseline="middle", fontSize=12, color=TEXT[dark]
    )
    right = names.transform_filter("datum.x == 1").mark_text(
        align="left", dx=9, baseline="middle", fontSize=12, color=TEXT[dark]
    )
    heads = alt.Chart(_place_headings(nodes)).mark_text(
        align="left", dx=9, fontSize=11, fontWeight="bold", baseline="middle"
    )
    layers = [
        drawn,
        dots,
        left.encode(text="name:N"),
        right.encode(text="name:N"),
        heads.encode(x=x, y=y, text="group:N", color=encode_group_colour(dark)),
    ]
    return alt.layer(*layers).properties(height=int(NODE_HEIGHT * (float(nodes["y"].max()) + 2)))


def _choose_legend_values(least: float, top: float) -> list[float]:
    """The thinnest, a middle, and the thickest line."""
    return sorted({least, sqrt(least * top), top})


def _place_nodes(pairs: pd.DataFrame) -> pd.DataFrame:
    """id, name, group, n, x, y, mark of every object and relationship that occurs, most frequent first on its side."""
    objects = pairs.groupby("object")["relations"].sum().reindex(OBJECTS).dropna().sort_values(ascending=False)
    relations = pairs.groupby("name")["relations"].sum().reindex(RELATIONS).dropna().reset_index()
    relations["group"] = [GROUP_OF_RELATION[name].value for name in relations["name"]]
    relations = relations.assign(rank=relations["group"].map(GROUPS.index)).sort_values(
        ["rank", "relations"], ascending=[True, False]
    )
    gaps = relations["rank"].ne(relations["rank"].shift()).cumsum() - 1
    right_y = [row + GROUP_GAP * gap for row, gap in enumerate(gaps)]
    tall, other = max(len(objects) - 1, 1), max(right_y[-1] if right_y else 0.0, 1.0)
    height = max(tall, other)
    left = [
        (f"object:{name}", format_name(str(name)), "", int(n), 0.0, row * height / tall)
        for row, (name, n) in enumerate(objects.items())
    ]
    right = [
        (
            f"relation:{row.name_}",
            format_name(str(row.name_)),
            str(row.group),
            int(row.relations),
            1.0,
            y * height / other,
        )
        for y, row in zip(right_y, relations.rename(columns={"name": "name_"}).itertuples())
    ]
    nodes = pd.DataFrame([*left, *right], columns=["id", "name", "group", "n", "x", "y"])
    return nodes.assign(**{MARK: nodes["name"]})


def _place_headings(nodes: pd.DataFrame) -> pd.DataFrame:
    """The name of each group, above its first relationship."""
    first = nodes[nodes["x"] == 1.0].drop_duplicates("group")
    return pd.DataFrame({"group": first["group"], "x": 1.0, "y": first["y"] - 0.95})
