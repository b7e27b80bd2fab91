"""Statistics: how often things occur, alone, together and one after another; how frames were chosen; the data card."""

import streamlit as st

from ag_core.ui import cached
from ag_core.ui.page import EXPLORE, RUN, check_link, require_store, show_empty_state, show_page_frame
from ag_core.ui.statistics.actions import show_actions
from ag_core.ui.statistics.data_card import show_data_card
from ag_core.ui.statistics.over_time import show_over_time
from ag_core.ui.statistics.overview import show_overview
from ag_core.ui.statistics.pairs import show_pairs
from ag_core.ui.statistics.sampling import show_sampling
from ag_core.ui.statistics.scope import StatisticsScope
from ag_core.ui.widgets.pickers import format_source, pick_source

# Each asks only while its tab is open.
PARTS = {
    "Overview": show_overview,
    "Objects and relationships": show_pairs,
    "Over time": show_over_time,
    "Actions": show_actions,
    "Sampling": show_sampling,
}

HOME_WORLD = "Home world"

show_page_frame("Statistics", "How often things occur, alone, together, and one after the other.")
check_link("tab", [*PARTS, HOME_WORLD], "tab")
tabs = dict(zip([*PARTS, HOME_WORLD], st.tabs([*PARTS, HOME_WORLD], key="tab", bind="query-params")))
chosen = next((name for name, tab in tabs.items() if tab.open), "Overview")

with tabs[chosen]:
    if chosen == HOME_WORLD:
        show_data_card()
        st.stop()
    require_store()
    key = cached.get_store_key()
    if not cached.list_sources(key):
        why = "The store holds video files alone, neither annotated nor predicted; run the models on one of them"
        show_empty_state("Nothing to count", why, (RUN, "Run the models"))
        st.stop()
    source = pick_source(key, "whose")
    totals = cached.count_totals(key, source)
    if not totals["frames"] and not totals["action_intervals"]:
        why = f"{format_source(source)} has no graphs and no actions"
        show_empty_state("Nothing to count", why, (EXPLORE, "All videos"))
        st.stop()
    PARTS[chosen](StatisticsScope(key, source))
