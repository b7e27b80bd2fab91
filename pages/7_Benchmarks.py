"""Benchmarks: relation heads side by side under every protocol, beside what papers print."""

import streamlit as st

from ag_core.settings import settings
from ag_core.ui.benchmarks.calibration import show_calibration
from ag_core.ui.benchmarks.frames import FRAMES, show_frames
from ag_core.ui.benchmarks.ladder import show_ladder
from ag_core.ui.benchmarks.register import show_register
from ag_core.ui.benchmarks.relations import show_relations
from ag_core.ui.benchmarks.scope import load_all_scores, pick_scope, show_no_scores
from ag_core.ui.benchmarks.table_5 import show_paper_table, show_table_5
from ag_core.ui.page import check_link, show_page_frame

PARTS = {
    "Table 5": show_table_5,
    "Relationships": show_relations,
    "Calibration": show_calibration,
    FRAMES: show_frames,
}
ALONE = {"Ladder": show_ladder, "Published": show_register}
"""Tabs that do not depend on the scores of relation heads."""
NAMES = [*PARTS, *ALONE]

show_page_frame("Benchmarks", "How well scene graphs are predicted: which head, given what, measured how, on how much.")
every = load_all_scores()
check_link("benchmark", NAMES, "tab")
tabs = dict(zip(NAMES, st.tabs(NAMES, key="benchmark", bind="query-params")))
chosen = next((name for name, tab in tabs.items() if tab.open), "Table 5")

with tabs[chosen]:
    if chosen in ALONE:
        ALONE[chosen]()
    elif not every:
        show_no_scores(settings().own_scores)
        show_paper_table()
    else:
        PARTS[chosen](pick_scope(every))
