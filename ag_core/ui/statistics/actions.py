"""Statistics, fourth tab: how often actions occur, on which objects, and beside which objects."""

from functools import partial

import pandas as pd
import streamlit as st

from ag_core.data.search import Search
from ag_core.data.statistics import verb_object_counts
from ag_core.taxonomy import ACTIONS, action_index, shown
from ag_core.ui import charts, words
from ag_core.ui.charts import MARK
from ag_core.ui.figures import Figure, show_figure
from ag_core.ui.page import EXPLORE, empty_state
from ag_core.ui.statistics.asked import Asked, log_toggle, object_picker

MOST_ACTIONS = 40
MOST_BESIDE = 20


def show_actions(asked: Asked) -> None:
    """Intervals of every action, verbs by objects, and the actions under way while an object is seen."""
    counted = asked.counts("action")
    held = counted[counted["intervals"] > 0]
    if held.empty:
        why = "Models score whole videos and clips, not intervals; choose the annotation as source to see actions"
        empty_state("No actions", why, (EXPLORE, "All videos"))
        return
    st.subheader("Actions", anchor=False)
    _show_counts(asked, counted, held)
    _show_verbs(asked, counted)
    _show_beside(asked)


def marked_actions(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Search]]:
    """A table of actions (action, id, label) with its marks, 'label (id)', and what they mean in Explore."""
    marks = [words.action_name(action) for action in table["action"]]
    searches = {mark: Search(actions=(int(action),)) for mark, action in zip(marks, table["action"])}
    return table.assign(**{MARK: marks}), searches


def _show_counts(asked: Asked, counted: pd.DataFrame, held: pd.DataFrame) -> None:
    logarithmic = log_toggle()
    most, searches = marked_actions(held.nlargest(MOST_ACTIONS, "intervals"))
    rest = f" The {MOST_ACTIONS} most frequent are drawn; the files have all." if len(held) > len(most) else ""
    show_figure(
        Figure(
            "Actions",
            f"{len(held)} of {len(counted)} Charades actions occur, {words.number(int(held['intervals'].sum()))} "
            f"intervals; counted in {asked.whose}.{rest}",
            "Bars: number of annotated intervals of each action, most frequent first",
            "actions",
            asked.which,
            partial(_draw_counts, most[["label", "id", "intervals", "videos", MARK]], "intervals", logarithmic),
            counted,
            searches,
        ),
        "statistics_actions",
    )


def _draw_counts(table: pd.DataFrame, value: str, logarithmic: bool, dark: bool) -> charts.Chart:
    return charts.count_bars(table, "label", value, dark=dark, logarithmic=logarithmic)


def _show_verbs(asked: Asked, counted: pd.DataFrame) -> None:
    table = verb_object_counts(counted)
    if table.empty:
        return
    st.subheader("Which verb, which object", anchor=False)
    marked = table.assign(
        object=table["object"].map(shown), actions=["; ".join(labels) for labels in table["labels"]]
    ).assign(**{MARK: [f"{verb} · {name}" for verb, name in zip(table["verb"], table["object"].map(shown))]})
    by_frequency = marked.assign(first=[ids[0] for ids in table["ids"]]).sort_values("intervals", ascending=False)
    show_figure(
        Figure(
            "Actions by verb and object",
            f"Intervals of the actions on one of the 35 objects, by the verb and the object that Charades names; "
            f"{words.number(int(table['intervals'].sum()))} intervals, {len(table)} pairs; counted in {asked.whose}. "
            "Where a pair has several actions, Explore finds the most frequent.",
            "Heat map: number of intervals of each verb with each object",
            "verb-object",
            asked.which,
            partial(_draw_verbs, marked[["verb", "object", "actions", "intervals", MARK]]),
            marked[["verb", "object", "actions", "intervals"]],
            {
                mark: Search(actions=(action_index(first),))
                for mark, first in zip(by_frequency[MARK], by_frequency["first"])
            },
            wide=True,
        ),
        "statistics_verbs",
    )


def _draw_verbs(table: pd.DataFrame, dark: bool) -> charts.Chart:
    verbs = table.groupby("verb")["intervals"].sum().sort_values(ascending=False).index.tolist()
    objects = table.groupby("object")["intervals"].sum().sort_values(ascending=False).index.tolist()
    return charts.heat_map(
        table, "object", "verb", "intervals", dark=dark, rows=objects, columns=verbs, label="intervals", compress=True,
        number=",d",
    )  # fmt: skip


def _show_beside(asked: Asked) -> None:
    if not asked.counts("object")["objects"].any():
        return
    st.subheader("Actions while an object is seen", anchor=False)
    chosen = object_picker(asked, "beside")
    if chosen is None:
        return
    name, table = words.object_name(chosen), asked.ask("actions_beside", chosen)
    if table.empty:
        st.caption("No action is under way in a frame that shows it, or the videos' rates are not known.")
        return
    most, searches = marked_actions(table.head(MOST_BESIDE))
    on_it = sum(ACTIONS[action].object_class == chosen for action in table["action"])
    rest = f" The {MOST_BESIDE} most frequent are drawn; the files have all." if len(table) > len(most) else ""
    show_figure(
        Figure(
            f"Actions while {name} is seen",
            f"Annotated frames that show {name} while an action is under way; {len(table)} actions, {on_it} of them on "
            f"this object by Charades' list. A frame with several actions counts for each. Counted in {asked.whose}."
            f"{rest}",
            f"Bars: number of annotated frames that show {name} during each action",
            "actions-beside",
            f"{asked.which}-{name.replace('/', '-')}",
            partial(_draw_counts, most[["label", "id", "on_it", "frames", "videos", MARK]], "frames", False),
            table,
            searches,
        ),
        "statistics_beside",
    )
