"""The tabs below the player of page Compare: scores, best actions, triplets, the matrix, why, and what if."""

from collections.abc import Callable

import streamlit as st

from ag_core.ui import tables
from ag_core.ui.charts import plots
from ag_core.ui.compare.choices import choose_actions
from ag_core.ui.compare.matrix import show_matrix
from ag_core.ui.compare.questions import show_question
from ag_core.ui.compare.subject import ASK, ASK_WHAT_IF, ASK_WHY, SCORES_OVER_TIME
from ag_core.ui.compare.what_if import EDITS
from ag_core.ui.page import RUN, check_link, is_dark, show_owner_note
from ag_core.ui.player.viewing import Viewing, describe_scoring_models, show_action_tables
from ag_core.ui.widgets.pickers import link_run, show_download
from ag_core.ui.widgets.triplet_difference import show_triplet_difference

TRIPLETS, MATRIX = "Triplets", "Matrix"

TAB_OF_PARAMETER = {EDITS: ASK_WHAT_IF, "triplets": TRIPLETS, "feature": MATRIX}
"""Which tab a link opens that names none, by what it says of the tab's contents."""


def show_panels(viewing: Viewing, time_s: float) -> None:
    """All tabs, of which only the open one is made."""
    if ASK not in st.query_params and ASK not in st.session_state:
        linked = (tab for name, tab in TAB_OF_PARAMETER.items() if name in st.query_params)
        st.session_state[ASK] = next(linked, SCORES_OVER_TIME)
    elif ASK in st.session_state:
        # Until the browser has answered, Streamlit would go back to the tab that the link opened the page with.
        st.session_state[ASK] = st.session_state[ASK]
    check_link(ASK, PANELS, "tab")
    tabs = st.tabs(list(PANELS), key=ASK, bind="query-params", on_change="rerun")
    for (_, show), tab in zip(PANELS.items(), tabs):
        if tab.open:
            with tab:
                show(viewing, time_s)


def _show_scores(viewing: Viewing, time_s: float) -> None:
    """What the action models say over time."""
    if not viewing.scores:
        _say_no_scores()
        return
    grey = " Grey: where the action is annotated." if viewing.intervals else ""
    show_owner_note(f"By {describe_scoring_models(viewing)}.{grey}")
    actions = choose_actions(viewing)
    curves = tables.build_score_table(viewing.scores, actions)
    if not actions:
        st.caption("Choose at least one action to draw.")
    elif curves.empty:
        st.caption("The store keeps the scores of the whole video alone. Run the models again to see them over time.")
        st.page_link(
            RUN, label="Run the models", icon=":material/play_circle:", query_params=link_run(viewing.video.video_id)
        )
    else:
        truth = tables.build_interval_table(viewing.intervals or [])
        st.plotly_chart(
            plots.draw_score_curves(curves, truth, time_s, viewing.video.duration_s, dark=is_dark()),
            config={"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]},
            key="compare_curves",
            alt="Score of each chosen action over time, one line for each model",
        )
        show_download(curves, "scores", viewing.video.video_id, "compare_scores_csv")


def _show_best_actions(viewing: Viewing, time_s: float) -> None:
    if not viewing.scores:
        _say_no_scores()
        return
    judged = ", beside the video's own annotation" if viewing.intervals is not None else ""
    show_owner_note(f"The highest score over all clips of the video{judged}.")
    show_action_tables(viewing, top=8, key="compare_actions")


def _say_no_scores() -> None:
    st.caption("This prediction has graphs but no action scores, or no model is chosen above.")


def _show_triplets(viewing: Viewing, time_s: float) -> None:
    if viewing.beside is None:
        st.caption("There is no second source of graphs beside the prediction; choose one above, if there is any.")
        return
    show_triplet_difference(viewing, time_s, "compare_triplets")


def _show_why(viewing: Viewing, time_s: float) -> None:
    show_question(ASK_WHY, viewing, choose_actions(viewing) if viewing.scores else [], time_s)


def _show_what_if(viewing: Viewing, time_s: float) -> None:
    show_question(ASK_WHAT_IF, viewing, choose_actions(viewing) if viewing.scores else [], time_s)


PANELS: dict[str, Callable[[Viewing, float], None]] = {
    SCORES_OVER_TIME: _show_scores,
    "Best actions": _show_best_actions,
    TRIPLETS: _show_triplets,
    MATRIX: show_matrix,
    ASK_WHY: _show_why,
    ASK_WHAT_IF: _show_what_if,
}
"""What each tab is called in links and on screen, and what shows it."""
