"""What one may do next with a video, a film, a result or a hit: run the models, compare them, find what is alike."""

from collections.abc import Mapping

import streamlit as st

from ag_core.ui.page import COMPARE, EXPLORE, RUN


def show_next_steps(
    *,
    run: Mapping[str, str] | None = None,
    compare: Mapping[str, str] | None = None,
    similar: Mapping[str, str] | None = None,
) -> None:
    """Links beside each other, each to its page with these parameters; None leaves one away."""
    for page, label, icon, params in (
        (RUN, "Run the models", "play_circle", run),
        (COMPARE, "Compare models", "compare_arrows", compare),
        (EXPLORE, "Find similar", "image_search", similar),
    ):
        if params is not None:
            st.page_link(page, label=label, icon=f":material/{icon}:", query_params=dict(params))
