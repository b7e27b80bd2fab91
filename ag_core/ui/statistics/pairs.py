"""Statistics, second tab: which relationship goes with which object (Figure 4), and which objects are seen together."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from ag_core.queries.facets import VideoFilter
from ag_core.taxonomy import OBJECTS, find_object_index, find_relation_index, format_name, format_triplet
from ag_core.ui.charts import plots
from ag_core.ui.charts.bipartite import draw_bipartite_map, format_line_mark
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import MARK
from ag_core.ui.formatting import format_number
from ag_core.ui.page import EXPLORE, check_link, check_link_number, show_empty_state
from ag_core.ui.statistics.scope import StatisticsScope, show_log_toggle

SHARE, COUNT = "share", "count"
WEIGHTS = {SHARE: "Share of an object's boxes", COUNT: "Number"}
LINES, CELLS = "lines", "cells"
SHAPES = {LINES: "Lines", CELLS: "Heat map"}
FEWEST_LINES, MAX_LINES, LINES_AT_FIRST = 25, 400, 150


def show_pairs(scope: StatisticsScope) -> None:
    """Figure 4 as lines or as a heat map, then the objects that share a frame."""
    pairs = scope.compute("object_relation_pairs")
    if pairs.empty:
        show_empty_state("No relationships", f"There are none in {scope.owner}", (EXPLORE, "All videos"))
        return
    boxes = scope.load_counts("object").set_index("object")["objects"]
    pairs = pairs.assign(share=pairs["relations"] / boxes.loc[pairs["object"]].clip(lower=1).to_numpy())
    st.header("Which object, which relationship", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        shape = _pick_option("Drawn as", SHAPES, "shape")
        weight = _pick_option("Weight", WEIGHTS, "weight")
        lines = LINES_AT_FIRST
        logarithmic = False
        if shape == LINES:
            check_link_number("lines", FEWEST_LINES, MAX_LINES, "number of lines")
            lines = st.slider(
                "Heaviest lines",
                FEWEST_LINES,
                MAX_LINES,
                LINES_AT_FIRST,
                25,
                key="lines",
                bind="query-params",
                width=200,
            )
            logarithmic = show_log_toggle("Logarithmic widths")
    _show_pairs(scope, pairs, shape, weight, lines, logarithmic)
    _show_together(scope)


def _pick_option(label: str, options: dict[str, str], key: str) -> str:
    check_link(key, options.values(), label.lower())
    return st.segmented_control(
        label, list(options), default=next(iter(options)), required=True, format_func=options.__getitem__, key=key,
        bind="query-params",
    )  # fmt: skip


def _show_pairs(
    scope: StatisticsScope, pairs: pd.DataFrame, shape: str, weight: str, lines: int, logarithmic: bool
) -> None:
    value = {SHARE: "share", COUNT: "relations"}[weight]
    drawn = min(lines, len(pairs)) if shape == LINES else len(pairs)
    meaning = "share of the object's boxes in which the relationship holds" if weight == SHARE else "number of times"
    ranked = pairs.sort_values(value, ascending=False, kind="stable").head(drawn)
    searches = {
        format_line_mark(row.object, row.name_): VideoFilter(objects=(row.class_,), relations=(row.relation,))
        for row in ranked.rename(columns={"name": "name_", "class": "class_"}).itertuples()
    }
    if shape == LINES:
        names = [*pairs["object"].drop_duplicates().sort_values(), *pairs["name"].drop_duplicates().sort_values()]
        searches |= {format_name(name): _filter_by_name(name) for name in names}
    show_figure(
        Figure(
            "Objects and relationships (Figure 4)",
            f"{len(pairs)} of 875 pairs occur, {format_number(int(pairs['relations'].sum()))} relationships; "
            f"{'the heaviest ' + str(drawn) + ' are drawn' if drawn < len(pairs) else 'all are drawn'}. "
            f"Weight: {meaning}. Counted in {scope.owner}. Drawn as the paper's Figure 4.",
            "Map: objects on the left, relationships on the right by group, lines as heavy as they go together"
            if shape == LINES
            else "Heat map: how often each of 25 relationships holds with each of 35 objects",
            "object-relationship",
            scope.file_part,
            partial(_draw_pairs, pairs, shape, value, lines, logarithmic),
            pairs[["object", "name", "group", "relations", "videos", "share"]].rename(columns={"name": "relation"}),
            searches,
            wide=True,
            source=scope.source,
        ),
        "statistics_pairs",
    )


def _filter_by_name(name: str) -> VideoFilter:
    return (
        VideoFilter(objects=(find_object_index(name),))
        if name in OBJECTS
        else VideoFilter(relations=(find_relation_index(name),))
    )


def _draw_pairs(pairs: pd.DataFrame, shape: str, value: str, lines: int, logarithmic: bool, dark: bool) -> plots.Chart:
    number, label = (".1%", "share of boxes") if value == "share" else (",d", "relationships")
    if shape == LINES:
        return draw_bipartite_map(pairs, value, label, dark=dark, most=lines, logarithmic=logarithmic, number=number)
    cells = pairs.assign(
        triplet=[format_triplet(name, one) for one, name in zip(pairs["object"], pairs["name"])],
        object=pairs["object"].map(format_name),
        relation=pairs["name"].map(format_name),
        **{MARK: [format_line_mark(one, name) for one, name in zip(pairs["object"], pairs["name"])]},
    )[["object", "group", "relation", "triplet", "videos", value, MARK]]
    return plots.draw_object_relation_map(cells, value, dark=dark, label=label, compress=True, number=number)


def build_together_table(table: pd.DataFrame) -> pd.DataFrame:
    """object, other, frames, share: pairs of different objects that share a frame, most frames first.

    `share` is the share of the object's frames in which the other is visible too.
    """
    alone = np.diag(table.to_numpy())
    long = table.stack().rename("frames").reset_index()
    long["share"] = long["frames"] / np.repeat(np.maximum(alone, 1), len(table))
    long = long[(long["object"] != long["other"]) & (long["frames"] > 0)]
    return long.sort_values("frames", ascending=False, kind="stable").reset_index(drop=True)


def _show_together(scope: StatisticsScope) -> None:
    st.header("Objects in one frame", anchor=False)
    counted = scope.compute("co_occurrence")
    table = build_together_table(counted)
    if table.empty:
        st.caption("No frame shows two different objects.")
        return
    seen = [name for name in OBJECTS if counted.loc[name, name] > 0]
    marks = {f"{row.object} with {row.other}": (row.object, row.other) for row in table.itertuples()}
    show_figure(
        Figure(
            "Objects seen in the same frame",
            "Of the annotated frames that show the object of a row, the share that shows the object of a column as "
            f"well. {format_number(len(table) // 2)} pairs of objects share a frame somewhere; counted in "
            f"{scope.owner}. Explore then finds videos that have both, at any time.",
            "Heat map: share of the frames of each object in which each other object is visible",
            "co-occurrence",
            scope.file_part,
            partial(_draw_together, table.assign(**{MARK: list(marks)}), seen),
            table,
            {
                mark: VideoFilter(objects=(find_object_index(one), find_object_index(two)))
                for mark, (one, two) in marks.items()
            },
            wide=True,
            source=scope.source,
        ),
        "statistics_together",
    )


def _draw_together(table: pd.DataFrame, seen: list[str], dark: bool) -> plots.Chart:
    return plots.draw_heat_map(
        table, "object", "other", "share", dark=dark, rows=seen, columns=seen, label="share of frames",
        compress=True, number=".1%",
    )  # fmt: skip
