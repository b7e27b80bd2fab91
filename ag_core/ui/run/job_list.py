"""The jobs of page Run: starting one, what became of the last ones, and how far those that run are."""

from pathlib import Path

import streamlit as st

from ag_core.catalog import (
    find_detector,
    find_relation_head,
)
from ag_core.errors import UserError
from ag_core.jobs.job import Job, JobState
from ag_core.jobs.prediction import PredictionRequest
from ag_core.results.prediction_cache import PredictionSettings
from ag_core.ui import queues
from ag_core.ui.formatting import escape_markdown, format_number, format_remaining
from ag_core.ui.linked import JOB
from ag_core.ui.page import (
    forget_position,
    show_failure,
    show_owner_note,
)


def start_job(video: Path, chosen: PredictionSettings) -> None:
    """Hand the video to the queue and watch its job."""
    forget_position()
    st.query_params[JOB] = queues.get_prediction_queue().submit(
        PredictionRequest(video, chosen), queues.identify_visitor()
    )


def open_job(job_id: str) -> None:
    """Show a job's result."""
    forget_position()
    st.query_params[JOB] = job_id


def show_queue() -> None:
    """The jobs of this app, the newest first; alive while one of them is."""
    alive = [job.id for job in queues.get_prediction_queue().list_jobs(queues.identify_visitor()) if job.active]
    st.fragment(_show_jobs, run_every=0.5 if alive else 3.0)(alive)


def _show_jobs(alive: list[str]) -> None:
    jobs = queues.get_prediction_queue().list_jobs(queues.identify_visitor())
    if [job.id for job in jobs if job.active] != alive:
        st.rerun()  # a job began or ended: the page shows its result, or looks more often
    if jobs:
        st.header("Queue", anchor=False)
        show_owner_note("All sessions of this app share one set of models; jobs run one after the other.")
    for job in reversed(jobs[-8:]):
        _show_job(job)


def _show_job(job: Job[PredictionRequest]) -> None:
    with st.container(key=f"ag_job_{job.id}"):
        words, button = st.columns([0.87, 0.13], vertical_alignment="center")
    words.markdown(f"**{escape_markdown(job.request.path.name)}** :gray[{_describe_job(job)}]")
    with button:
        if job.active and queues.get_prediction_queue().may_cancel(job.id, queues.identify_visitor()):
            st.button("Cancel", icon=":material/stop:", key=f"cancel_{job.id}", on_click=_cancel_job, args=(job.id,))
        elif job.state == JobState.DONE:
            st.button("Open", icon=":material/play_arrow:", key=f"open_{job.id}", on_click=open_job, args=(job.id,))
    if job.state == JobState.RUNNING:
        text = "Cancelling. The models stop after the frame they are at." if job.cancelling else _describe_progress(job)
        st.progress(min(1.0, job.fraction), text=text)
    if job.error:
        show_failure(UserError(job.error))


def _cancel_job(job_id: str) -> None:
    queues.get_prediction_queue().cancel(job_id, queues.identify_visitor())


def _describe_job(job: Job[PredictionRequest]) -> str:
    state = "cancelling" if job.cancelling else "found among earlier results" if job.cached else job.state.value
    entry = find_detector(job.request.settings.detector)
    detector = entry.label if entry.file_ending is None else Path(job.request.settings.detector).name
    head = find_relation_head(job.request.settings.relation_head).label
    settings = job.request.settings
    steady = " · steady relationships" if settings.smooth else ""
    habits = "" if settings.evidence is None else f" · habits of real homes, network {settings.evidence:.0%}"
    habits += "" if settings.person == 1 else f" · person {settings.person}"
    habits += f" · objects from {settings.min_side_px} pixels on" if settings.min_side_px else ""
    habits += "".join(f" · {name}" for name in settings.own)
    return f"{state} · {detector} · {head}{habits}{steady} · {job.request.settings.rate:g} graphs per second"


def _describe_progress(job: Job[PredictionRequest]) -> str:
    parts = [job.stage or "starting"]
    if job.total:
        parts.append(f"{format_number(job.done)} of {format_number(job.total)}")
    if job.rate:
        parts.append(f"{job.rate:.1f} per second")
        parts.append(format_remaining(job.remaining_s))
    return " · ".join(parts)
