"""Why, and what if: the reader asks a model of graphs about the video on page Compare, and its process answers."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ag_core.catalog import ActionModelEntry, BankKind, list_predicting_models
from ag_core.errors import UserError
from ag_core.jobs.job import Job, JobState
from ag_core.jobs.what_if import Answer, Question
from ag_core.results.prediction_cache import check_scoring_weights, find_scoring_weights
from ag_core.ui import cached, queues
from ag_core.ui.compare.evidence import show_evidence
from ag_core.ui.compare.subject import ASK, ASK_WHY, SCORES_OVER_TIME, Subject
from ag_core.ui.compare.what_if import show_what_if
from ag_core.ui.formatting import escape_markdown, format_number, format_sentence
from ag_core.ui.page import RUN, show_failure
from ag_core.ui.player.viewing import Viewing
from ag_core.ui.widgets.pickers import link_run

ANSWERS, MAX_ANSWERS = "compare_answers", 64


def show_question(asked: str, viewing: Viewing, actions: Sequence[int], time_s: float) -> None:
    """The answer to one of the two questions; actions are those that are drawn."""
    model = find_graph_reader()
    if model is None or model.id not in viewing.scores:
        name = "No model that reads predicted graphs" if model is None else f"{model.label}, which reads the graphs,"
        st.caption(f"{name} has scored this video here, so nobody can be asked.")
        return
    subject = find_subject(viewing, model)
    if subject is not None and asked == ASK_WHY:
        st.caption(f"What in the graphs raised a score of {model.label}: without it, the score would be lower.")
        show_evidence(subject, actions, time_s, fetch_answer)
    elif subject is not None:
        show_what_if(subject, actions, time_s, fetch_answer)


def find_graph_reader() -> ActionModelEntry | None:
    """The first action model that reads predicted graphs; None where there is none."""
    return next((model for model in list_predicting_models() if model.bank is BankKind.PREDICTED_GRAPHS), None)


def find_subject(viewing: Viewing, model: ActionModelEntry) -> Subject | None:
    """What a model is asked about; None, and a sentence, where it cannot be asked."""
    video_id = viewing.video.video_id
    if viewing.path is None or not viewing.path.is_file():
        st.caption(f"The video file is missing, and {model.label} looks at it as well, so it cannot be asked again.")
        return None
    try:
        file = find_whole_prediction(viewing)
        prediction = None if file is None else cached.load_prediction(file)
        if file is not None and prediction is not None:
            check_scoring_weights(prediction, model.id, find_scoring_weights(prediction))
            return Subject(viewing, viewing.path, file, prediction, model)
        why = (
            f"The store keeps what counts of a prediction, and {model.label} reads all of it; run the models on the "
            "video here, and it can be asked"
        )
    except UserError as error:
        why = str(error)
    st.caption(f":material/info: {escape_markdown(format_sentence(why))}")
    st.page_link(RUN, label="Run the models", icon=":material/play_circle:", query_params=link_run(video_id))
    return None


def find_whole_prediction(viewing: Viewing) -> Path | None:
    """The file of the prediction that is looked at: the shipped one, or one that was kept; None where it is not here.

    UserError for missing weights.
    """
    shipped = cached.find_shipped_prediction(viewing.video.video_id)
    if shipped is not None and viewing.prediction is cached.load_prediction(shipped):
        return shipped
    assert viewing.path is not None
    kept = queues.find_kept_prediction(viewing.path)
    prediction = None if kept is None else cached.load_prediction(kept)
    if prediction is None:
        return None
    if viewing.prediction is None:
        return kept if cached.name_prediction(prediction) == viewing.run else None
    return kept if prediction.models == viewing.prediction.models else None


def fetch_answer(question: Question) -> Answer | None:
    """The answer to a question, with progress while it is computed; None where it failed, which is said."""
    queue = queues.get_what_if_queue()
    try:
        key = queue.kind.get_key(question)
        kept: dict[str, Answer] = st.session_state.setdefault(ANSWERS, {})
        if key not in kept:
            job_id = queue.submit(question, queues.identify_visitor())
            _wait(job_id)
            kept[key] = queue.get_result(job_id)
        while len(kept) > MAX_ANSWERS:
            del kept[next(iter(kept))]
        return kept[key]
    except UserError as error:
        show_failure(error)
        return None


def _wait(job_id: str) -> None:
    """Wait for a job. A visitor who does something else meanwhile ends the waiting; the job goes on."""
    queue, place = queues.get_what_if_queue(), st.empty()
    job = queue.wait(job_id, 0.3)  # most answers come at once, and a bar would only flicker
    if job.active:
        with place.container(horizontal=True, vertical_alignment="center"):
            bar = st.empty()
            st.button("Stop", icon=":material/stop:", key="ask_stop", on_click=_stop, args=(job_id,))
        while job.active:
            bar.progress(min(1.0, job.fraction), text=_describe_progress(job))
            job = queue.wait(job_id, 0.3)
    place.empty()
    if job.state == JobState.CANCELLED:
        raise UserError("the question was stopped; choose it again")


def _stop(job_id: str) -> None:
    queues.get_what_if_queue().cancel(job_id, queues.identify_visitor())
    st.session_state[ASK] = SCORES_OVER_TIME


def _describe_progress(job: Job[Question]) -> str:
    first = "The first question about a video takes a while: "
    count = f", {format_number(job.done)} of {format_number(job.total)} clips" if job.total > 1 else ""
    return f"{first}{job.stage or 'waiting'}{count}"
