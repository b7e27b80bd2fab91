"""The result of a job: the player, the best actions, a card of the numbers, and what one may do next."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from ag_core.catalog import (
    GRAPH_READER,
    get_model_label,
)
from ag_core.errors import UserError
from ag_core.jobs.job import JobState
from ag_core.results.film_cache import FILE
from ag_core.results.prediction import Prediction
from ag_core.results.result_card import with_card
from ag_core.ui import queues
from ag_core.ui.formatting import escape_markdown, format_download_name
from ag_core.ui.linked import FILM, JOB, find_video_of, link_similar
from ag_core.ui.page import (
    show_failure,
    show_owner_note,
)
from ag_core.ui.player.correcting import refresh_corrections, show_correctable_player
from ag_core.ui.player.viewing import (
    Viewing,
    build_viewing,
    describe_scoring_models,
    describe_thresholds,
    show_action_tables,
)
from ag_core.ui.result_card import show_result_card
from ag_core.ui.shipped_files import load_graph_reader_metrics
from ag_core.ui.widgets.next_steps import show_next_steps
from ag_core.ui.widgets.pickers import link_run

MIN_SURE = 0.3  # below this score the best action is called unsure


def has_result(job_id: str) -> bool:
    """Whether `show_result` has something to show of the job; no for one that nobody knows."""
    try:
        return queues.get_prediction_queue().get_job(job_id).state == JobState.DONE
    except UserError:
        return False


def show_result(job_id: str) -> None:
    """What the models made of the video, where the job is done."""
    try:
        queues.get_prediction_queue().join(job_id, queues.identify_visitor())
        job = queues.get_prediction_queue().get_job(job_id)
        if job.state != JobState.DONE:
            return
        prediction = queues.get_prediction_queue().get_result(job_id)
        viewing = build_viewing(prediction, job.request.path)
    except UserError as error:
        show_failure(error)
        return
    st.header(f"Result: {escape_markdown(job.request.path.name)}", anchor=False)
    if prediction.notes:
        first, *others = map(escape_markdown, prediction.notes)
        st.warning(first, icon=":material/info:")
        if others:
            st.caption("\n".join(f"- {note}" for note in others))
    film = job.request.path.parent.name if (job.request.path.parent / FILE).is_file() else None
    video_id = find_video_of(job.request.path)
    again = {FILM: film} if film else link_run(video_id) if video_id else None
    with st.container(horizontal=True):
        show_next_steps(
            run=again, compare={JOB: job_id} if viewing.scores else None, similar=link_similar(prediction.graphs())
        )
    _show_result_player(_choose_believable(prediction, viewing), job_id)
    show_actions(prediction, viewing)
    show_result_card(prediction)
    st.download_button(
        "Download the prediction (JSON)",
        with_card(prediction).to_text,
        file_name=format_download_name("prediction", prediction.video.video_id, "json"),
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        key="run_download",
    )
    st.caption(describe_thresholds())


def show_actions(prediction: Prediction, viewing: Viewing) -> None:
    """The best actions; of footage that is not of the home world those read from the graph alone, the others folded."""
    if not viewing.scores:
        return
    believable = _choose_believable(prediction, viewing)
    if believable is viewing:
        show_owner_note(f"Best actions by {describe_scoring_models(viewing)}.")
        show_action_tables(viewing, top=8, key="run_actions")
        return
    best = float(viewing.scores[GRAPH_READER].scores.max())
    show_owner_note(
        "Best actions as read from the scene graph alone, by a network that learned from annotated graphs of real "
        "homes. Where the graph is right its scores can be believed; a predicted graph has mistakes of its own."
    )
    with st.popover("How good is it?", icon=":material/help:", key="run_reader_card"):
        st.markdown("On annotated graphs of other real homes, as they are and as a detector might have seen them:")
        rows = [
            {
                "Graphs": metric.protocol.details.rpartition("; ")[2],
                "Measure": metric.protocol.label,
                "": metric.format_number(True),
            }
            for metric in load_graph_reader_metrics()
        ]
        st.table(pd.DataFrame(rows).pivot(index="Graphs", columns="Measure", values=""))
        st.caption(load_graph_reader_metrics()[0].format_sentence())
    if best < MIN_SURE:
        st.info(f"Not sure: no action reaches {MIN_SURE:.0%}.", icon=":material/help:")
    show_action_tables(believable, top=8, key="run_graph_actions")
    others = {name: answer for name, answer in viewing.scores.items() if name != GRAPH_READER}
    if others:
        with st.expander(f"What {' and '.join(get_model_label(name) for name in others)} say"):
            st.caption("They know only the synthetic home world, and this video is other footage: a demonstration.")
            show_action_tables(replace(viewing, scores=others), top=8, key="run_actions")


def _choose_believable(prediction: Prediction, viewing: Viewing) -> Viewing:
    """The viewing, of footage that is not of the home world with the scores of what learned on real annotations."""
    if prediction.of_real_homes and GRAPH_READER in viewing.scores:
        return replace(viewing, scores={GRAPH_READER: viewing.scores[GRAPH_READER]})
    return viewing


@st.fragment
def _show_result_player(viewing: Viewing, job_id: str) -> None:
    show_correctable_player(refresh_corrections(viewing), f"run_player_{job_id}", link_path=f"/Run?{JOB}={job_id}")
