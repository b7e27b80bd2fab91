"""Statistics, fourth tab: how often actions occur, on which objects, and beside which objects."""

from functools import partial

import pandas as pd
import streamlit as st

from ag_core.annotations.statistics.counts import count_verb_objects
from ag_core.queries.facets import VideoFilter
from ag_core.taxonomy import ACTIONS, find_action_index, format_name
from ag_core.ui.charts import plots
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import MARK
from ag_core.ui.formatting import format_action, format_number, format_object
from ag_core.ui.page import EXPLORE, show_empty_state
from ag_core.ui.statistics.scope import StatisticsScope, pick_object, show_log_toggle

MAX_ACTIONS = 40
MAX_BESIDE = 20


def show_actions(scope: StatisticsScope) -> None:
    """Intervals of every action, verbs by objects, and the actions under way while an object is seen."""
    counted = scope.load_counts("action")
    occur = counted[counted["intervals"] > 0]
    if occur.empty:
        why = "Models score whole videos and clips, not intervals; choose the annotation as source to see actions"
        show_empty_state("No actions", why, (EXPLORE, "All videos"))
        return
    st.header("Actions", anchor=False)
    _show_counts(scope, counted, occur)
    _show_verbs(scope, counted)
    _show_beside(scope)


def mark_actions(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, VideoFilter]]:
    """A table of actions (action, id, label) with its marks, 'label (id)', and what they mean in Explore."""
    marks = [format_action(action) for action in table["action"]]
    searches = {mark: VideoFilter(actions=(int(action),)) for mark, action in zip(marks, table["action"])}
    return table.assign(**{MARK: marks}), searches


def _show_counts(scope: StatisticsScope, counted: pd.DataFrame, occur: pd.DataFrame) -> None:
    logarithmic = show_log_toggle()
    most, searches = mark_actions(occur.nlargest(MAX_ACTIONS, "intervals"))
    rest = f" The {MAX_ACTIONS} most frequent are drawn; the files have all." if len(occur) > len(most) else ""
    show_figure(
        Figure(
            "Actions",
            f"{len(occur)} of {len(counted)} Charades actions occur, {format_number(int(occur['intervals'].sum()))} "
            f"intervals; counted in {scope.owner}.{rest}",
            "Bars: number of annotated intervals of each action, most frequent first",
            "actions",
            scope.file_part,
            partial(_draw_counts, most[["label", "id", "intervals", "videos", MARK]], "intervals", logarithmic),
            counted,
            searches,
            source=scope.source,
        ),
        "statistics_actions",
    )


def _draw_counts(table: pd.DataFrame, value: str, logarithmic: bool, dark: bool) -> plots.Chart:
    return plots.draw_count_bars(table, "label", value, dark=dark, logarithmic=logarithmic)


def _show_verbs(scope: StatisticsScope, counted: pd.DataFrame) -> None:
    table = count_verb_objects(counted)
    if table.empty:
        return
    st.header("Which verb, which object", anchor=False)
    marked = table.assign(
        object=table["object"].map(format_name), actions=["; ".join(labels) for labels in table["labels"]]
    ).assign(**{MARK: [f"{verb} · {name}" for verb, name in zip(table["verb"], table["object"].map(format_name))]})
    by_frequency = marked.assign(first=[ids[0] for ids in table["ids"]]).sort_values("intervals", ascending=False)
    show_figure(
        Figure(
            "Actions by verb and object",
            f"Intervals of the actions on one of the 35 objects, by the verb and the object that Charades names; "
            f"{format_number(int(table['intervals'].sum()))} intervals, {len(table)} pairs; counted in {scope.owner}. "
            "Where a pair has several actions, Explore finds the most frequent.",
            "Heat map: number of intervals of each verb with each object",
            "verb-object",
            scope.file_part,
            partial(_draw_verbs, marked[["verb", "object", "actions", "intervals", MARK]]),
            marked[["verb", "object", "actions", "intervals"]],
            {
                mark: VideoFilter(actions=(find_action_index(first),))
                for mark, first in zip(by_frequency[MARK], by_frequency["first"])
            },
            wide=True,
            source=scope.source,
        ),
        "statistics_verbs",
    )


def _draw_verbs(table: pd.DataFrame, dark: bool) -> plots.Chart:
    verbs = table.groupby("verb")["intervals"].sum().sort_values(ascending=False).index.tolist()
    objects = table.groupby("object")["intervals"].sum().sort_values(ascending=False).index.tolist()
    return plots.draw_heat_map(
        table, "object", "verb", "intervals", dark=dark, rows=objects, columns=verbs, label="intervals", compress=True,
        number=",d",
    )  # fmt: skip


def _show_beside(scope: StatisticsScope) -> None:
    if not scope.load_counts("object")["objects"].any():
        return
    st.header("Actions while an object is seen", anchor=False)
    chosen = pick_object(scope, "beside")
    if chosen is None:
        return
    name, table = format_object(chosen), scope.compute("actions_beside", chosen)
    if table.empty:
        st.caption("No action is under way in a frame that shows it, or the videos' rates are not known.")
        return
    most, searches = mark_actions(table.head(MAX_BESIDE))
    on_it = sum(ACTIONS[action].object_class == chosen for action in table["action"])
    rest = f" The {MAX_BESIDE} most frequent are drawn; the files have all." if len(table) > len(most) else ""
    show_figure(
        Figure(
            f"Actions while {name} is seen",
            f"Annotated frames that show {name} while an action is under way; {len(table)} actions, {on_it} of them on "
            f"this object by Charades' list. A frame with several actions counts for each. Counted in {scope.owner}."
            f"{rest}",
            f"Bars: number of annotated frames that show {name} during each action",
            "actions-beside",
            f"{scope.file_part}-{name.replace('/', '-')}",
            partial(_draw_counts, most[["label", "id", "on_it", "frames", "videos", MARK]], "frames", False),
            table,
            searches,
            source=scope.source,
        ),
        "statistics_beside",
    )
