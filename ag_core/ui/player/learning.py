"""Learning from corrected frames: from which, how far it is, and what it gained on frames that it had not seen."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ag_core.catalog import find_relation_head
from ag_core.errors import UserError
from ag_core.jobs.job import Job, JobState
from ag_core.jobs.learning import LearningRequest
from ag_core.results.corrections import Corrections, find_corrections_file, list_corrected_videos
from ag_core.results.learned_heads import MIN_FRAMES, LearnedHead
from ag_core.results.prediction_notes import needs_real_habits
from ag_core.ui import queues
from ag_core.ui.formatting import escape_markdown, format_number, format_percent, format_remaining
from ag_core.ui.page import RUN, show_failure, show_owner_note

_JOB, _OTHERS = "learning_job", "learning_others"


def show_learning(corrections: Corrections) -> None:
    """The button that lets a head learn from the corrections of a video, and what came of it last."""
    path = corrections.video.path
    if path is None or not corrections.frames:
        return
    st.divider()
    chosen = [corrections, *_choose_others(corrections)]
    count = sum(one.n_learnable for one in chosen)
    job_id = _find_job(corrections)
    job = None if job_id is None else _get_job(job_id)
    running = job is not None and job.active
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Learn from these", type="primary", icon=":material/school:", key="learning_start",
            disabled=running or not count, on_click=_start, args=(corrections, chosen),
        )  # fmt: skip
        st.markdown(f":gray[{_describe_count(count)}]", width="stretch")
    if job is None:
        return
    if running:
        st.fragment(_follow, run_every=0.5)(job.id)
    elif job.error:
        show_failure(UserError(job.error))
    elif job.state == JobState.CANCELLED:
        st.caption("The learning was cancelled; nothing was kept of it.")
    else:
        _show_result(job.id)


def _choose_others(corrections: Corrections) -> list[Corrections]:
    """What was corrected of other videos of the same kind, where it shall be learned from as well."""
    assert corrections.video.path is not None
    real = needs_real_habits(corrections.video.path)
    others = [one for one in list_corrected_videos(real) if one.sha256 != corrections.sha256 and one.n_learnable]
    if not others:
        return []
    count = format_number(sum(one.n_learnable for one in others))
    videos = "another video" if len(others) == 1 else f"{len(others)} other videos"
    return others if st.toggle(f"Also from the {count} frames corrected in {videos}", key=_OTHERS) else []


def _describe_count(count: int) -> str:
    """What can be learned from so many frames, in a sentence."""
    if not count:
        return "No corrected frame has a person beside an object, each with a box; correct one that shows both."
    frames = f"{count} frame" + "s" * (count != 1)
    if count < MIN_FRAMES:
        return (
            f"{frames}: too few to hold any out, so nothing will say whether it helped; correct {MIN_FRAMES} or more."
        )
    return f"{frames}; each is also held out once, to see what is gained. The detector stays as it is."


def _start(corrections: Corrections, chosen: Sequence[Corrections]) -> None:
    """Hand the corrections to the queue."""
    videos = tuple((one.video.path, find_corrections_file(one.video.path)) for one in chosen if one.video.path)
    queue = queues.get_learning_queue()
    try:
        job_id = queue.submit(LearningRequest(videos), queues.identify_visitor())
    except UserError as error:
        st.session_state["correct_error"] = str(error)
        return
    st.session_state[_JOB] = (corrections.sha256, job_id)


def _find_job(corrections: Corrections) -> str | None:
    """The last job that learned from this video's corrections in this visit."""
    sha256, job_id = st.session_state.get(_JOB, ("", ""))
    return job_id if sha256 == corrections.sha256 else None


def _get_job(job_id: str) -> Job[LearningRequest] | None:
    try:
        return queues.get_learning_queue().get_job(job_id)
    except UserError:  # the app was started anew
        return None


def _follow(job_id: str) -> None:
    """How far a running job is; alive while it runs."""
    job = _get_job(job_id)
    if job is None or not job.active:
        st.rerun()
    parts = [job.stage or "waiting"]
    if job.total > 1:
        parts += [f"{format_number(job.done)} of {format_number(job.total)}", format_remaining(job.remaining_s)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, job.fraction), text="Cancelling" if job.cancelling else " · ".join(filter(None, parts)))
        st.button("Cancel", icon=":material/stop:", key="learning_cancel", on_click=_cancel, args=(job_id,))


def _cancel(job_id: str) -> None:
    queues.get_learning_queue().cancel(job_id, queues.identify_visitor())


def _show_result(job_id: str) -> None:
    """What a head learned, on frames that it had not seen, and where it can be chosen."""
    try:
        learned = queues.get_learning_queue().get_result(job_id)
    except UserError as error:
        show_failure(error)
        return
    label = find_relation_head(learned.head).label
    st.markdown(
        f"**{escape_markdown(learned.name)}** :gray[is kept among your own weights: {label}, after "
        f"{learned.seconds:.0f} s]"
    )
    if not learned.n_held_out:
        st.info(
            f"With fewer than {MIN_FRAMES} frames none could be held out, so nobody knows whether this head judges "
            "other frames better.",
            icon=":material/help:",
        )
    else:
        show_owner_note(describe_gain(learned))
        st.dataframe(
            build_gain_table(learned),
            hide_index=True,
            alt="Relationships right, false and missed on held-out corrected frames, before and after learning",
        )
    st.page_link(
        RUN,
        label="Run the models with this head",
        icon=":material/play_circle:",
        query_params={"run_own": f"{learned.name} ({label})"},
    )


def describe_gain(learned: LearnedHead) -> str:
    """What was gained on held-out frames, in sentences that say how it was counted and how little it is."""
    before, after = (learned.total(after).f1 or 0.0 for after in (False, True))
    verdict = "" if after > before else " It is no better there: correct more frames, or keep the usual head."
    habits = "" if learned.evidence is None else f", under the habits of real homes (network {learned.evidence:.0%})"
    return (
        f"F1 of relationships {format_percent(before)} before, {format_percent(after)} after, on the "
        f"{learned.n_held_out} corrected frames with their {learned.n_objects} objects: boxes and classes given"
        f"{habits}, each frame judged by a head that learned from the others only.{verdict}"
    )


def build_gain_table(learned: LearnedHead) -> pd.DataFrame:
    """Right, false and missed relationships before and after, by group and for all."""
    rows = []
    for group in (*learned.before, None):
        row: dict[str, object] = {"relationships": "all" if group is None else group}
        for when, counts in (("before", learned.before), ("after", learned.after)):
            one = learned.total(when == "after") if group is None else counts[group]
            row |= {f"right {when}": one.right, f"false {when}": one.false, f"missed {when}": one.missed}
        rows.append(row)
    order = [f"{what} {when}" for what in ("right", "false", "missed") for when in ("before", "after")]
    return pd.DataFrame(rows, columns=["relationships", *order])
