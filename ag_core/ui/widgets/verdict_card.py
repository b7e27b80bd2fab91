"""Who is right, by how much, and the actions on which the models differ most: the top of Compare, a line on Home."""

import math
from collections.abc import Callable

import streamlit as st

from ag_core.catalog import get_model_label
from ag_core.evaluation.protocol import Owner
from ag_core.results.action_scores import ActionModelScores
from ag_core.ui import cached, html
from ag_core.ui.formatting import format_action, format_clock
from ag_core.ui.player.viewing import Viewing
from ag_core.ui.shipped_files import SHIPPED_ACTION_SCORES
from ag_core.ui.verdict import Verdict, build_difference_rows, build_verdict, find_measured, list_contrasted

MAX_ROWS = 3


def load_verdict(key: cached.StoreKey, viewing: Viewing) -> Verdict:
    """The verdict on a video: its own hits, those of its model run, and what the shipped numbers say of its weights."""
    hits = cached.count_action_hits(key, viewing.run or "")
    measured = {}
    if viewing.prediction is not None and SHIPPED_ACTION_SCORES.is_file():
        scores = cached.load_scores(SHIPPED_ACTION_SCORES, ActionModelScores.load).with_owner(Owner.OURS_HOME)
        measured = find_measured(scores, viewing.prediction.models)
    return build_verdict(viewing.scores, viewing.annotated_actions, hits, measured)


def show_verdict(viewing: Viewing, verdict: Verdict, jump_to: Callable[[float], None]) -> None:
    """The sentence, the numbers behind it, and beside them the actions on which the models differ most.

    jump_to  has the player go to a time in seconds
    """
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(html.render_verdict(verdict))
    with right:
        _show_differences(viewing, jump_to)


def _show_differences(viewing: Viewing, jump_to: Callable[[float], None]) -> None:
    rows = build_difference_rows(viewing.scores, MAX_ROWS)
    names = " and ".join(map(get_model_label, list_contrasted(viewing.scores)))
    if rows.empty:
        st.caption(f"{names} give nearly the same scores to every action here.")
        return
    st.html(f'<p class="ag-verdict-head">Where {html.mark(names)} differ most</p>')
    annotated = viewing.annotated_actions
    with st.container(gap="xsmall"):
        for row in rows.to_dict("records"):
            action, time_s = int(row["action"]), float(row["time_s"])
            with st.container(horizontal=True, vertical_alignment="center", key=f"ag_differ_{action}"):
                st.html(html.render_difference_row(row, list(viewing.scores), annotated))
                if not math.isnan(time_s):
                    st.button(
                        format_clock(time_s),
                        key=f"differ_{action}",
                        type="tertiary",
                        icon=":material/arrow_forward:",
                        help=f"Go to where the scores of {format_action(action)} are farthest apart",
                        on_click=jump_to,
                        args=(time_s,),
                    )
