"""What if: the reader switches triplets and objects of the predicted graph off and on, and the model answers at once.

The edits are in the link, as the text of results/graph_edits.py; undo and redo go through the texts of this visit.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from ag_core.catalog import list_predicting_models
from ag_core.errors import UserError
from ag_core.graphs.edges import MIN_SCORE
from ag_core.jobs.what_if import WhatIfQuestion
from ag_core.results.evidence import RescoredVideo
from ag_core.results.graph_edits import MAX_EDITS, GraphEdit, format_edits, parse_edits
from ag_core.results.prediction import describe_training
from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, RELATIONS, format_name
from ag_core.ui import tables
from ag_core.ui.charts import plots
from ag_core.ui.columns import explain_columns
from ag_core.ui.compare.subject import Ask, Subject
from ag_core.ui.formatting import escape_markdown, format_number
from ag_core.ui.page import is_dark, show_owner_note

EDITS = "whatif"
"""The query parameter that holds the edits."""

UNDO, REDO = "whatif_undo", "whatif_redo"
OFF, ON, SCORE = "Off", "On", "Score"
ITSELF = "(the object itself)"
MAX_CURVES, MAX_CHANGES = 4, 6


def read_edits() -> tuple[GraphEdit, ...]:
    """The edits of the link; none, and a sentence, where they cannot be read."""
    try:
        return parse_edits(st.query_params.get(EDITS, ""))
    except UserError as error:
        st.warning(escape_markdown(f"The what-if of the link is left out: {error}."), icon=":material/link_off:")
        return ()


def change_edits(edits: Sequence[GraphEdit]) -> None:
    """Have other edits, which can be undone."""
    st.session_state[UNDO] = [*st.session_state.get(UNDO, []), st.query_params.get(EDITS, "")]
    st.session_state[REDO] = []
    _set(format_edits(edits))


def forget_edits() -> None:
    """No edits, and nothing to undo: another video is looked at."""
    for name in (UNDO, REDO):
        st.session_state.pop(name, None)
    _set("")


def show_what_if(subject: Subject, actions: Sequence[int], time_s: float, ask: Ask) -> None:
    """The edits, what can be done with them, and the model's scores beside those without them."""
    show_owner_note(
        f"{subject.model.label} scores the video again with the graphs that you change. By "
        f"{describe_training(subject.prediction.models)}. The link of this page keeps the edits."
    )
    edits = read_edits()
    _show_editor(subject, edits)
    _show_edits(edits)
    if not edits:
        st.caption("No edit yet: choose what shall be off or on, and when, then press Add.")
    answer = ask(WhatIfQuestion(subject.video, subject.file, subject.model.id, edits))
    if isinstance(answer, RescoredVideo) and edits:
        _show_answer(subject, answer, actions, time_s)


def _show_editor(subject: Subject, edits: Sequence[GraphEdit]) -> None:
    """Choose an edit and add it."""
    length_s = max(0.5, np.ceil(2 * subject.viewing.video.duration_s) / 2)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox("Object", list_objects(subject), format_func=format_name, key="whatif_object", width=220)
            st.selectbox(
                "Relationship", [ITSELF, *RELATIONS], format_func=format_name, key="whatif_relation", width=220
            )
            state = st.segmented_control("Make it", [OFF, ON, SCORE], default=OFF, required=True, key="whatif_state")
            if state == SCORE:
                st.number_input("Score", 0.0, 1.0, 0.5, 0.05, key="whatif_score", width=120)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.slider("From, to", 0.0, length_s, (0.0, length_s), 0.5, format="%.1f s", key="whatif_range", width=460)
            st.button(
                "Add",
                icon=":material/add:",
                key="whatif_add",
                on_click=_add,
                args=(length_s,),
                disabled=len(edits) >= MAX_EDITS,
                help=f"At most {MAX_EDITS} edits" if len(edits) >= MAX_EDITS else None,
            )


def list_objects(subject: Subject) -> list[str]:
    """All classes of objects: those that were found first, the surest one at the top."""
    best = np.zeros(len(OBJECT_CLASSES), np.float32)
    for graph in subject.prediction.frames:
        np.maximum.at(best, graph.object_classes, graph.object_scores)
    order = np.argsort(-np.where(best >= MIN_SCORE, best, 0), kind="stable")
    return [OBJECT_CLASSES[index] for index in order if index]


def _add(length_s: float) -> None:
    """Add the edit that is chosen."""
    state = st.session_state
    start_s, end_s = state["whatif_range"]
    score = {OFF: 0.0, ON: 1.0}.get(state["whatif_state"], state.get("whatif_score", 0.0))
    relation = None if state["whatif_relation"] == ITSELF else RELATIONS.index(state["whatif_relation"])
    when = (0.0, float("inf")) if (start_s, end_s) == (0.0, length_s) else (start_s, end_s)
    edit = GraphEdit(OBJECT_CLASSES.index(state["whatif_object"]), relation, score, *when)
    change_edits([*read_edits(), edit])


def _show_edits(edits: Sequence[GraphEdit]) -> None:
    """The edits one a line, and undo, redo and reset."""
    for index, edit in enumerate(edits):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(escape_markdown(edit.describe()), width="content")
            kept = [other for other in edits if other is not edit]
            st.button(
                "Remove", key=f"whatif_remove_{index}", type="tertiary", icon=":material/close:",
                on_click=change_edits, args=(kept,),
            )  # fmt: skip
    with st.container(horizontal=True):
        undo, redo = st.session_state.get(UNDO, []), st.session_state.get(REDO, [])
        st.button("Undo", icon=":material/undo:", key="whatif_undo_button", on_click=_go_back, disabled=not undo)
        st.button("Redo", icon=":material/redo:", key="whatif_redo_button", on_click=_go_on, disabled=not redo)
        st.button(
            "Reset", icon=":material/restart_alt:", key="whatif_reset", on_click=change_edits, args=((),),
            disabled=not st.query_params.get(EDITS),
        )  # fmt: skip


def _go_back() -> None:
    _step(UNDO, REDO)


def _go_on() -> None:
    _step(REDO, UNDO)


def _step(taken: str, given: str) -> None:
    """Have the newest text of one list, and put the present one on the other."""
    texts = list(st.session_state.get(taken, []))
    if texts:
        st.session_state[given] = [*st.session_state.get(given, []), st.query_params.get(EDITS, "")]
        _set(texts.pop())
        st.session_state[taken] = texts


def _set(text: str) -> None:
    if text:
        st.query_params[EDITS] = text
    else:
        st.query_params.pop(EDITS, None)


def _show_answer(subject: Subject, answer: RescoredVideo, actions: Sequence[int], time_s: float) -> None:
    """What became of the scores."""
    label = subject.model.label
    touched = int(answer.touched.sum())
    if not touched:
        st.caption(f"These edits change nothing that {label} read: it was so before, or no person was found then.")
        return
    others = [model.label for model in list_predicting_models() if model.id != subject.model.id]
    unchanged = f" {' and '.join(others)} read{'s' * (len(others) == 1)} no graphs: nothing changes there." * bool(
        others
    )
    st.markdown(
        f"**What changed most.** Of the {format_number(len(answer.touched))} moments that {label} reads, "
        f"{format_number(touched)} {'is' if touched == 1 else 'are'} changed.{unchanged}"
    )
    changes = build_change_table(answer)
    st.dataframe(
        changes.drop(columns="index"),
        hide_index=True,
        column_config=explain_columns(changes, before="%.1f %%", after="%.1f %%", change="%+.1f"),
        alt=f"Scores of actions by {label} before and after the edits",
    )
    most = changes["index"].tolist()
    drawn = list(dict.fromkeys([*most[:2], *actions]))[:MAX_CURVES]
    curves = tables.build_score_table({f"{label} as predicted": answer.before, subject.model.id: answer.after}, drawn)
    truth = tables.build_interval_table(subject.viewing.intervals or [])
    if len(curves):
        st.plotly_chart(
            plots.draw_score_curves(curves, truth, time_s, subject.viewing.video.duration_s, dark=is_dark()),
            config={"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]},
            key="whatif_curves",
            alt=f"Scores by {label} over time, before and after the edits",
        )
    if subject.prediction.smoothed:
        st.caption(
            "Relationships of this prediction were made steady after its actions had been scored; what-if begins with "
            "the steady ones, so its scores before the edits differ a little from those above."
        )


def build_change_table(answer: RescoredVideo) -> pd.DataFrame:
    """The actions whose score of the whole video changed most: index, action, before, after, change, in percent.

    Actions that the model never saw are left out.
    """
    change = 100 * (answer.after.scores - answer.before.scores)
    order = np.argsort(-np.abs(np.where(answer.before.trained_on, change, 0)), kind="stable")
    most = [index for index in order[:MAX_CHANGES].tolist() if answer.before.trained_on[index]]
    return pd.DataFrame(
        {
            "index": most,
            "action": [ACTIONS[index].label for index in most],
            "before": 100 * answer.before.scores[most],
            "after": 100 * answer.after.scores[most],
            "change": change[most],
        }
    )
