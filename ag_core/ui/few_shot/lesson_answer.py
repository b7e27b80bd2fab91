"""The lab's lower half: learning with its progress, then the hits, to be watched and marked right or wrong."""

from dataclasses import dataclass
from html import escape
from math import ceil

import streamlit as st

from ag_core.errors import UserError
from ag_core.jobs.job import Job, JobState
from ag_core.queries.by_example.records import Hit, Lesson, LessonAnswer, Moment
from ag_core.ui import cached, queues
from ag_core.ui.cached import StoreKey
from ag_core.ui.few_shot.lesson_form import load_still, render_player_link, show_moments
from ag_core.ui.few_shot.lesson_plan import LessonPlan, can_undo, change_plan, is_linked, undo
from ag_core.ui.formatting import format_clock, format_number
from ag_core.ui.page import check_link, read_page_number, show_empty_state, show_failure, show_owner_note
from ag_core.ui.widgets.video_still import show_still

PER_PAGE = 12
FIRST = 10
JOB = "lesson_job"
PATIENCE_S = 0.4
"""A lesson of graphs that were read before is over by then, without a word of progress."""


@dataclass(frozen=True)
class Taught:
    """A job and the plan it was for."""

    job_id: str
    plan: LessonPlan


def show_controls(key: StoreKey, plan: LessonPlan) -> None:
    """Learn, undo, begin anew."""

    def learn() -> None:
        try:
            job_id = queues.get_lesson_queue(key).submit(plan.to_lesson(), queues.identify_visitor())
            st.session_state[JOB] = Taught(job_id, plan)
            st.session_state.pop("found", None)
        except UserError as error:
            st.session_state["lesson_failure"] = str(error)

    taught: Taught | None = st.session_state.get(JOB)
    running = taught is not None and _find_job(key, taught) is not None and _get_job(key, taught).active
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Learn again" if taught else "Learn", type="primary", icon=":material/school:", key="lesson_learn",
            on_click=learn, disabled=running or not plan.examples,
        )  # fmt: skip
        st.button("Undo", icon=":material/undo:", key="lesson_undo", on_click=undo, disabled=not can_undo(),
                  help="Takes the last change of examples, marks, action or graphs back")  # fmt: skip
        st.button("Clear", icon=":material/delete_sweep:", type="tertiary", key="lesson_clear", on_click=change_plan,
                  args=(plan, LessonPlan(plan.name, plan.source)))  # fmt: skip
    if not is_linked():
        st.caption("So many moments do not fit into a link: the address of this page does not hold them.")


def show_answer(key: StoreKey, plan: LessonPlan) -> None:
    """How the lesson goes, or what it found."""
    if failure := st.session_state.pop("lesson_failure", None):
        show_failure(UserError(failure))
    show_marks(key, plan)
    taught: Taught | None = st.session_state.get(JOB)
    job = None if taught is None else _find_job(key, taught)
    if taught is None or job is None:
        return
    if job.active:
        job = queues.get_lesson_queue(key).wait(taught.job_id, PATIENCE_S)
    if job.active:
        st.fragment(_show_progress, run_every=0.5)(key, taught)
    elif job.state == JobState.CANCELLED:
        st.info("The lesson was stopped. Press Learn again to go on.", icon=":material/stop:")
    elif job.state == JobState.FAILED:
        show_failure(UserError(job.error or "the lesson failed"))
    else:
        _show_hits(key, plan, taught, queues.get_lesson_queue(key).get_result(taught.job_id))


def show_marks(key: StoreKey, plan: LessonPlan) -> None:
    """The hits that were marked, and the way to take each mark back."""
    for kind, words in (("right", "Marked right"), ("wrong", "Marked wrong")):
        moments: tuple[Moment, ...] = getattr(plan, kind)
        if moments:
            st.markdown(f"**{words}** :gray[{len(moments)}]")
            show_moments(key, plan, moments, kind)


def _show_progress(key: StoreKey, taught: Taught) -> None:
    job = _find_job(key, taught)
    if job is None or not job.active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(1.0, job.fraction), text=f"{(job.stage or 'waiting').capitalize()}, {job.seconds:.1f} s")
        st.button(
            "Cancel", icon=":material/stop:", key="lesson_cancel", on_click=queues.get_lesson_queue(key).cancel,
            args=(taught.job_id, queues.identify_visitor()), disabled=job.cancelling,
        )  # fmt: skip


def _show_hits(key: StoreKey, plan: LessonPlan, taught: Taught, answer: LessonAnswer) -> None:
    st.header(f"{format_number(len(answer.hits))} hits", anchor=False)
    left_out = f" {format_number(answer.left_out)} videos of the store were left out." if answer.left_out else ""
    show_owner_note(
        f"Learned in {answer.seconds:.1f} s; the best of {format_number(answer.frames)} frames with a graph in "
        f"{format_number(answer.videos)} videos, without those of the examples.{left_out} "
        f"{_count_right(key, taught, answer)}"
    )
    if plan != taught.plan:
        st.info("What you teach has changed since. Learn again to see what that changes.", icon=":material/update:")
    if not answer.hits:
        show_empty_state(
            "No hit", "every video with graphs is an example, so none is left to look through; take one away"
        )
        return
    pages = ceil(len(answer.hits) / PER_PAGE)
    check_link("found", map(str, range(1, pages + 1)), "page")
    page = read_page_number("found", pages)
    with st.container(key="ag_moments_found"):
        for number, hit in list(enumerate(answer.hits))[(page - 1) * PER_PAGE : page * PER_PAGE]:
            _show_hit(key, plan, number, hit)
    if pages > 1:
        st.pagination(pages, key="found", bind="query-params")


def _show_hit(key: StoreKey, plan: LessonPlan, number: int, hit: Hit) -> None:
    moment = Moment(hit.video_id, hit.time_s, hit.time_s)
    marked = "right" if moment in plan.right else "wrong" if moment in plan.wrong else None
    with st.container(gap="xsmall"):
        show_still(load_still(key, hit.video_id, hit.time_s), alt=f"Video {hit.video_id} at {format_clock(hit.time_s)}")
        link = render_player_link(hit.video_id, hit.time_s, plan.source, describe_hit(number, hit))
        st.html(link + render_score(hit, is_annotated(key, plan, hit)))

        def mark(right: bool) -> None:
            change_plan(plan, plan.mark(moment, right=right))

        def take_back() -> None:
            change_plan(plan, plan.take_back(moment))

        with st.container(horizontal=True, gap="xsmall"):
            if marked:
                st.button(f"Marked {marked}", icon=":material/undo:", key=f"lesson_unmark_{number}", on_click=take_back,
                          help="Takes the mark back", type="tertiary")  # fmt: skip
            else:
                for right, word, icon in ((True, "Right", ":material/check:"), (False, "Wrong", ":material/close:")):
                    st.button(word, icon=icon, key=f"lesson_{word.lower()}_hit_{number}", on_click=mark, args=(right,),
                              type="tertiary")  # fmt: skip


def describe_hit(number: int, hit: Hit) -> str:
    """'3. AB1CD · 0:03.200'."""
    return f"{number + 1}. {hit.video_id} · {format_clock(hit.time_s)}"


def render_score(hit: Hit, annotated: bool | None) -> str:
    """The score as a bar and a number, and whether the action is annotated there; None: it cannot be."""
    words = {True: "annotated", False: "not annotated", None: ""}[annotated]
    bar = f'<span class="bar"><i style="width:{100 * hit.score:.1f}%"></i></span>'
    verdict = f'<span class="verdict">{escape(words)}</span>' if words else ""
    kind = "right" if annotated else ""
    return (
        f'<ol class="ag-scores ag-found"><li class="{kind}">{bar}<span class="score">{hit.score:.2f}</span>'
        f"{verdict}</li></ol>"
    )


def is_annotated(key: StoreKey, plan: LessonPlan, hit: Hit) -> bool | None:
    """Whether the taught action is annotated at a hit; None for an action of the visitor's own."""
    if plan.action is None:
        return None
    intervals = cached.load_intervals(key, hit.video_id)
    return any(one.action == plan.action and one.start_s <= hit.time_s <= one.end_s for one in intervals)


def _count_right(key: StoreKey, taught: Taught, answer: LessonAnswer) -> str:
    first = answer.hits[:FIRST]
    if taught.plan.action is None or not first:
        return ""
    right = sum(bool(is_annotated(key, taught.plan, hit)) for hit in first)
    return f"At {right} of the first {len(first)} the action is annotated."


def _find_job(key: StoreKey, taught: Taught) -> Job[Lesson] | None:
    """The job; None where the queue knows it no more, as after another store was opened."""
    try:
        return _get_job(key, taught)
    except UserError:
        return None


def _get_job(key: StoreKey, taught: Taught) -> Job[Lesson]:
    return queues.get_lesson_queue(key).get_job(taught.job_id, queues.identify_visitor())
