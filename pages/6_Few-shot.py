"""Few-shot: Table 4, and a lab in which a visitor teaches an action by a few moments and marks what comes of it."""

import streamlit as st

from ag_core.errors import UserError
from ag_core.ui import cached, cached_few_shot
from ag_core.ui.few_shot.lesson_answer import show_answer, show_controls
from ag_core.ui.few_shot.lesson_form import choose_usual_plan, describe_taught, show_lesson_form
from ag_core.ui.few_shot.lesson_plan import read_plan
from ag_core.ui.few_shot.table_4 import show_table_4
from ag_core.ui.page import RUN, require_store, show_empty_state, show_failure, show_owner_note, show_page_frame


def show_lab() -> None:
    """Choose an action and a few moments of it, learn, watch the hits, correct them."""
    key = cached.get_store_key()
    sources = cached_few_shot.list_lesson_sources(key)
    if not sources:
        why = "No video of the store has a graph at a known time; run the models on one of them"
        show_empty_state("Nothing to learn from", why, (RUN, "Run the models"))
        return
    plan = read_plan(choose_usual_plan(key, sources), sources)
    st.header(f"Teach an action: {describe_taught(plan)}", anchor=False)
    show_owner_note(
        "A small classifier learns from scene graphs, within a second of a moment and within its ten seconds; it takes "
        "seconds. It is not one of the models of Table 4, and knows no picture: LFB's clip features are not in a store."
    )
    try:
        show_lesson_form(key, plan, sources)
        show_controls(key, plan)
        show_answer(key, plan)
    except UserError as error:
        show_failure(error)


show_page_frame("Few-shot", "How many examples does an action need? The paper's answer, ours, and a lab to try it.")
require_store()
show_lab()
st.header("Table 4 of the paper", anchor=False)
show_table_4()
