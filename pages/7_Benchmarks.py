"""Benchmarks: relation heads and action models side by side, each number under its protocol, beside the papers'."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from ag_core.ui.benchmarks.calibration import show_calibration
from ag_core.ui.benchmarks.frames import FRAMES, show_frames
from ag_core.ui.benchmarks.graphs_to_actions import show_graphs_to_actions
from ag_core.ui.benchmarks.ladder import show_ladder
from ag_core.ui.benchmarks.register import show_register
from ag_core.ui.benchmarks.relations import show_relations
from ag_core.ui.benchmarks.scene_graphs import show_scene_graphs
from ag_core.ui.benchmarks.table_3 import show_table_3
from ag_core.ui.benchmarks.table_5 import show_table_5
from ag_core.ui.page import check_link, show_page_frame

# By its name, what a tab shows; only the open one runs.
TABS: dict[str, Callable[[], None]] = {
    "Table 5": partial(show_scene_graphs, show_table_5),
    "Relationships": partial(show_scene_graphs, show_relations),
    "Calibration": partial(show_scene_graphs, show_calibration),
    FRAMES: partial(show_scene_graphs, show_frames),
    "Table 3": show_table_3,
    "Ladder": show_ladder,
    "Graphs to actions": show_graphs_to_actions,
    "Published": show_register,
}

show_page_frame(
    "Benchmarks", "How well scene graphs are predicted and actions are told: by which model, measured how, on how much."
)
check_link("benchmark", TABS, "tab")
tabs = dict(zip(TABS, st.tabs(list(TABS), key="benchmark", bind="query-params")))
chosen = next((name for name, tab in tabs.items() if tab.open), next(iter(TABS)))
with tabs[chosen]:
    TABS[chosen]()
