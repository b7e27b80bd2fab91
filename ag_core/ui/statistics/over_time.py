"""Statistics, third tab: which relationship follows which on an object, and how long relationships last."""

from functools import partial

import pandas as pd
import streamlit as st

from ag_core.annotations.statistics.transitions import APPEARS, ENDS
from ag_core.queries.facets import VideoFilter
from ag_core.taxonomy import RELATIONS, RELATIONS_OF_GROUP, Group, find_relation_index, format_name, format_triplet
from ag_core.ui import formatting
from ag_core.ui.charts import plots
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import MARK
from ag_core.ui.charts.time_axis import draw_duration_bars
from ag_core.ui.formatting import format_number, format_percent
from ag_core.ui.page import SWITCH, check_link
from ag_core.ui.statistics.scope import StatisticsScope, pick_object


def show_over_time(scope: StatisticsScope) -> None:
    """Transitions of one object in one group, and durations with it or with all objects."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = pick_object(scope, "of")
        if chosen is None:
            return
        check_link("group", [one.value for one in Group], "group")
        group = st.segmented_control(
            "Group",
            [one.value for one in Group],
            default=Group.CONTACT.value,
            required=True,
            key="group",
            bind="query-params",
        )
    _show_transitions(scope, chosen, Group(group))
    _show_durations(scope, chosen)


def build_transition_table(counted: pd.DataFrame) -> pd.DataFrame:
    """before, after, n, share: with the share of what came before that is followed by this, names as shown."""
    share = counted["n"] / counted.groupby("before")["n"].transform("sum")
    return counted.assign(
        before=counted["before"].map(format_name), after=counted["after"].map(format_name), share=share
    )


def _show_transitions(scope: StatisticsScope, object_class: int, group: Group) -> None:
    name = formatting.format_object(object_class)
    st.header(f"What follows what: {group.value}, {name}", anchor=False)
    table = build_transition_table(scope.compute("transitions", object_class, group))
    if table.empty:
        st.caption("No video has two annotated frames one of which shows this object.")
        return
    marked = table.assign(**{MARK: [f"{one} → {other}" for one, other in zip(table["before"], table["after"])]})
    searches = {
        mark: VideoFilter(objects=(object_class,), relations=_list_remaining(before, after))
        for mark, before, after in marked.sort_values("n", ascending=False)[[MARK, "before", "after"]].itertuples(
            index=False
        )
    }
    show_figure(
        Figure(
            f"What follows what: {group.value} relationships with {name}",
            f"{format_number(int(table['n'].sum()))} steps from one annotated frame to the next of the same video; "
            f"rows add up to 100 %. Where several relationships hold at once, each pair counts. '{APPEARS}' and "
            f"'{ENDS}': not visible in the frame before or after. Counted in {scope.owner}. Explore finds videos with "
            "the object and what came after, Search the hits, whatever lies between.",
            f"Heat map: for each {group.value} relationship with {name}, what holds in the next annotated frame",
            "transitions",
            f"{scope.file_part}-{name.replace('/', '-')}-{group.value}",
            partial(_draw_transitions, marked, group),
            table,
            searches,
            sequences=write_transition_sequences(marked, name),
            wide=group == Group.CONTACT,
            source=scope.source,
        ),
        "statistics_transitions",
    )


def _list_remaining(before: str, after: str) -> tuple[int, ...]:
    """The relationship that came after, or the one before where the object is gone after it."""
    remaining = before if after == ENDS else after
    return () if remaining in (APPEARS, ENDS) else (find_relation_index(remaining),)


def write_transition_sequences(table: pd.DataFrame, object_name: str) -> dict[str, str]:
    """What Search is asked for each change from one relationship to another (columns before, after, mark)."""
    changes = table[(table["before"] != APPEARS) & (table["after"] != ENDS) & (table["before"] != table["after"])]
    triplets = {format_name(name): format_triplet(name, object_name) for name in RELATIONS}
    return {
        mark: f"{triplets[before]} then {triplets[after]}"
        for mark, before, after in changes[[MARK, "before", "after"]].itertuples(index=False)
    }


def _draw_transitions(table: pd.DataFrame, group: Group, dark: bool) -> plots.Chart:
    names = [format_name(name) for name in RELATIONS_OF_GROUP[group]]
    rows = [name for name in (APPEARS, *names) if name in set(table["before"])]
    columns = [name for name in (*names, ENDS) if name in set(table["after"])]
    return plots.draw_heat_map(
        table, "before", "after", "share", dark=dark, rows=rows, columns=columns, label="share of what came before",
        top=1.0, compress=True, number=".1%",
    ).properties(height=plots.measure_rows(len(rows), 24))  # fmt: skip


def _show_durations(scope: StatisticsScope, object_class: int) -> None:
    st.header("How long relationships last", anchor=False)
    check_link("every", SWITCH, "setting of the switch")
    every = st.toggle("With all objects", key="every", bind="query-params")
    name = "all objects" if every else formatting.format_object(object_class)
    counted = scope.compute("durations", *(() if every else (object_class,)))
    table = counted[counted["lasting"] > 0]
    if table.empty:
        st.caption("No relationship holds in two neighbouring annotated frames, or the videos' rates are not known.")
        return
    table = table.assign(relation=table["name"].map(format_name))
    intervals, lasting = int(counted["intervals"].sum()), int(counted["lasting"].sum())
    columns = ["relation", "group", "intervals", "lasting", "q10", "q25", "q50", "q75", "q90"]
    every_object: tuple[int, ...] = () if every else (object_class,)
    show_figure(
        Figure(
            f"How long relationships last: {name}",
            f"{format_number(intervals)} intervals of neighbouring annotated frames with {name}; drawn are the "
            f"{format_number(lasting)} of two frames or more ({format_percent(lasting / max(intervals, 1))}). From "
            "first to last frame, so a lower bound. Line: middle 80 %, bar: middle 50 %, stroke: median. Counted in "
            f"{scope.owner}.",
            f"Spans: quantiles of how long each relationship with {name} lasts, in seconds",
            "durations",
            f"{scope.file_part}-{name.replace('/', '-').replace(' ', '-')}",
            partial(_draw_durations, table[columns].assign(**{MARK: table["relation"]})),
            table[columns],
            {
                one: VideoFilter(objects=every_object, relations=(find_relation_index(one),))
                for one in table.sort_values("intervals", ascending=False)["relation"]
            },
            source=scope.source,
        ),
        "statistics_durations",
    )


def _draw_durations(table: pd.DataFrame, dark: bool) -> plots.Chart:
    return draw_duration_bars(table, dark=dark)
