"""Statistics: how often objects, relationships and actions occur, alone and together; the home world's data card."""

import pandas as pd
import streamlit as st

from ag_core.data.store import ANNOTATION
from ag_core.taxonomy import GROUP_OF_RELATION, shown
from ag_core.ui import cached, charts
from ag_core.ui.data_card import show_data_card
from ag_core.ui.page import EXPLORE, empty_state, is_dark, owner_note, page_frame, store_or_stop, totals_row
from ag_core.ui.pickers import download_table, source_name, source_picker

MOST_ACTIONS = 40

page_frame("Statistics", "How often things occur, alone and together.")
counts, home_world = st.tabs(["Counts", "Home world"], key="tab", bind="query-params")
if home_world.open:
    with home_world:
        show_data_card()
    st.stop()

with counts:
    store_or_stop()
    key = cached.store_key()

    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = source_picker(key, "source")
        logarithmic = st.toggle("Logarithmic counts", key="log", bind="query-params")
    totals, paper = cached.totals(key, source), cached.paper()["totals"]
    if not totals["frames"] and not totals["action_intervals"]:
        empty_state("Nothing to count", f"{source_name(source)} has no graphs and no actions", (EXPLORE, "All videos"))
        st.stop()

    whose = "the annotation of the open data set" if source == ANNOTATION else f"{source_name(source)}, by this project"
    owner_note(f"Counts of {whose}. For scale, beneath each the published total of the Action Genome paper.")
    totals_row(totals, paper)

    which = source.replace(":", "-").replace("+", "-")
    objects = cached.counts(key, "object", source).rename(columns={"objects": "boxes"})
    relations = cached.counts(key, "relation", source)
    relations = relations.assign(relation=relations["name"].map(shown)).drop(columns="name")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Objects", anchor=False)
        owner_note(f"Visible boxes of each class, in {whose}.")
        present = objects[objects["boxes"] > 0][["object", "boxes", "videos"]]
        st.altair_chart(
            charts.count_bars(present, "object", "boxes", dark=is_dark(), logarithmic=logarithmic),
            width="stretch",
            alt="Bars: number of visible boxes of each object class, most frequent first",
        )
        absent = objects.loc[objects["boxes"] == 0, "object"].tolist()
        if absent:
            st.caption(f"Not seen: {', '.join(absent)}.")
        download_table(objects, "objects", which, "statistics_objects")
    with right:
        st.subheader("Relationships", anchor=False)
        owner_note(f"Each between the person and an object, in {whose}.")
        st.altair_chart(
            charts.relation_bars(
                relations[["relation", "group", "relations", "videos"]],
                "relations",
                dark=is_dark(),
                logarithmic=logarithmic,
            ),
            width="stretch",
            alt="Bars: number of each of the 25 relationships, by group",
        )
        download_table(relations, "relationships", which, "statistics_relations")

    st.subheader("Which object, which relationship", anchor=False)
    owner_note(f"How often each relationship holds with each object, in {whose}.")
    matrix = cached.counts(key, "object_relation", source)
    together = matrix.stack().rename("n").reset_index()
    together["group"] = [GROUP_OF_RELATION[name].value for name in together["relation"]]
    together["relation"] = together["relation"].map(shown)
    st.container(key="ag_wide_statistics").altair_chart(
        charts.object_relation_map(together, "n", dark=is_dark(), label="count", compress=True),
        width="stretch",
        alt="Heat map: number of times each of 25 relationships holds with each of 35 objects",
    )
    download_table(matrix.reset_index(), "object-relationship", which, "statistics_together")

    actions = cached.counts(key, "action", source)
    held: pd.DataFrame = actions[actions["intervals"] > 0]
    st.subheader("Actions", anchor=False)
    if held.empty:
        st.caption("Models score whole videos and clips, not intervals; choose the annotation to see actions.")
    else:
        most = held.nlargest(MOST_ACTIONS, "intervals")
        rest = f" The {MOST_ACTIONS} most frequent are drawn; the CSV has all." if len(held) > len(most) else ""
        owner_note(f"{len(held)} of {len(actions)} Charades actions occur; intervals of each, in {whose}.{rest}")
        st.altair_chart(
            charts.count_bars(
                most[["label", "id", "intervals", "videos"]],
                "label",
                "intervals",
                dark=is_dark(),
                logarithmic=logarithmic,
            ),
            width="stretch",
            alt="Bars: number of annotated intervals of each action, most frequent first",
        )
        download_table(actions, "actions", which, "statistics_actions")
