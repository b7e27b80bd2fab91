"""Run: the models on a video of your own or of the data set; queue, progress, cancel, and the result to watch."""

import streamlit as st

from ag_core.errors import UserError
from ag_core.ui.linked import JOB
from ag_core.ui.page import (
    show_failure,
    show_page_frame,
)
from ag_core.ui.run.job_list import show_queue, start_job
from ag_core.ui.run.result import has_result, show_result
from ag_core.ui.run.settings_form import choose_settings
from ag_core.ui.run.video_choice import choose_video

show_page_frame("Run", "A video goes in; its scene graphs and its actions come out. Nothing leaves this machine.")
job_id = st.query_params.get(JOB)
found = job_id is not None and has_result(job_id)
# Where there is a result, what asks for another one takes a line, so that a narrow screen begins with what was found.
with (
    st.expander("Another video, or other settings", icon=":material/video_settings:", key="run_again")
    if found
    else st.container(border=True, key="ag_form")
):
    try:
        video, chosen = choose_video(), None
        chosen = choose_settings(video)
        complete = video is not None and chosen is not None
        pressed = st.button(
            "Start", type="primary", icon=":material/play_arrow:", disabled=not complete, key="run_start"
        )
        if pressed and video is not None and chosen is not None:
            start_job(video, chosen)
            st.rerun()  # one that is done already has its result, and the form is folded
    except UserError as error:
        show_failure(error)
    st.caption(
        "The networks that look at pictures learned only in the synthetic home world. On real footage a "
        "detector trained on photographs finds things; actions are then read from the graph, by a network that learned "
        "from real annotations."
    )
if not found:
    show_queue()
if job_id is not None:
    show_result(job_id)
if found:
    show_queue()
