"""Make: choose what shall happen, and the home world plays, films and annotates it; watch it, and take it away."""

from pathlib import Path
from random import randrange
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.errors import UserError
from ag_core.jobs.films import STARTING, list_showable_actions
from ag_core.jobs.job import Job, JobState
from ag_core.results.choices import LENGTHS_S, MAX_ACTIONS, N_SEEDS, SPLITS
from ag_core.results.film_cache import FilmRequest, FinishedFilm, list_finished_films
from ag_core.ui import cached, html, queues, tables
from ag_core.ui.columns import explain_columns
from ag_core.ui.formatting import format_action, format_download_name, format_remaining
from ag_core.ui.linked import FILM, link_similar
from ag_core.ui.page import show_failure, show_owner_note, show_page_frame
from ag_core.ui.player.viewing import Viewing, show_viewing
from ag_core.ui.widgets.next_steps import show_next_steps
from ag_core.ui.widgets.pickers import show_download
from ag_core.ui.widgets.video_still import show_still

PEOPLE_NAMES = {"val": "Of the validation films", "train": "Of the training films"}
FIRST_SEED = 7
LISTED = 12


def read_order() -> FilmRequest | None:
    """The film that the link names; None where it names none."""
    query = st.query_params.to_dict()
    if "seed" not in query:
        return None
    return FilmRequest.from_link(query | {"actions": ",".join(st.query_params.get_all("actions"))})


def open_film(order: FilmRequest) -> None:
    """Let the link name a film; the page then shows it."""
    st.query_params.from_dict(order.to_link())


def start_film() -> None:
    """Order what the form says, and let the link name it."""
    state = st.session_state
    order = FilmRequest(state.make_seed, tuple(state.make_actions), state.make_people, state.make_seconds)
    queues.get_film_queue().submit(order, queues.identify_visitor())
    open_film(order)


def choose_seed() -> None:
    """Put a random seed into the form."""
    st.session_state.make_seed = randrange(N_SEEDS)


def fill_form(order: FilmRequest | None) -> None:
    """The form says what the link says, whenever that changed; else it keeps what a person chose."""
    link = order.to_link() if order else {}
    form = order or FilmRequest(FIRST_SEED)
    fresh = st.session_state.get("make_link") != link
    st.session_state.make_link = link
    for key, value in (
        ("make_seed", form.seed),
        ("make_actions", list(form.actions)),
        ("make_people", form.split),
        ("make_seconds", form.seconds),
    ):
        if (fresh and order) or key not in st.session_state:
            st.session_state[key] = value


def show_form() -> None:
    """What shall happen, and everything that is left to the seed."""
    with st.container(border=True, key="ag_form"):
        st.multiselect(
            "Actions, in the order they shall happen",
            list_showable_actions(),
            format_func=format_action,
            key="make_actions",
            max_selections=MAX_ACTIONS,
            placeholder="Choose none, and the person does what suits the room",
            help="The actions of Charades that the home world can show. Room, furniture and things are chosen so that "
            "they can happen; other actions fill the rest of the film.",
            select_all=False,
        )
        first, second, third = st.columns(3)
        first.number_input(
            "Seed",
            0,
            N_SEEDS - 1,
            step=1,
            key="make_seed",
            help="Decides all that you do not: room, person, light, camera.",
        )
        second.selectbox(
            "People and things",
            SPLITS,
            format_func=PEOPLE_NAMES.__getitem__,
            key="make_people",
            help="The looks of people and things in validation films never appear in training films.",
        )
        third.selectbox("Length", LENGTHS_S, format_func=lambda seconds: f"{seconds} s", key="make_seconds")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Make", type="primary", icon=":material/movie:", key="make_start", on_click=start_film)
            st.button("Another seed", icon=":material/casino:", type="tertiary", key="make_dice", on_click=choose_seed)
        st.caption("The same choices give the same film, to the pixel. It is drawn on this machine and kept here.")


def show_film(order: FilmRequest) -> None:
    """The film that the link names, or how far it is."""
    job = queues.get_film_queue().find_latest(order, queues.identify_visitor())
    if job is None:
        st.info(
            "The film of this link is not kept on this machine. **Make** draws it, the same as it was.",
            icon=":material/movie:",
        )
    elif job.active:
        queues.get_film_queue().join(job.id, queues.identify_visitor())
        st.fragment(_show_progress, run_every=0.5)(order)
    elif job.state == JobState.DONE:
        show_result(order)
    elif job.error:
        show_failure(UserError(job.error))
    else:
        st.caption("Cancelled; nothing of this film was kept.")


def _show_progress(order: FilmRequest) -> None:
    job = queues.get_film_queue().find_latest(order, queues.identify_visitor())
    if job is None or not job.active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="ag_job_film"):
        st.markdown(f"**Your film** :gray[{_describe_stage(job)}]", width="stretch")
        visitor = queues.identify_visitor()
        if queues.get_film_queue().may_cancel(job.id, visitor):
            cancel = queues.get_film_queue().cancel
            st.button("Cancel", icon=":material/stop:", key="make_cancel", on_click=cancel, args=(job.id, visitor))
    st.progress(min(1.0, job.fraction), text=_describe_progress(job))


def _describe_stage(job: Job[FilmRequest]) -> str:
    if job.cancelling:
        return "cancelling"
    return "waits for another film" if job.state == JobState.QUEUED else job.stage


def _describe_progress(job: Job[FilmRequest]) -> str:
    if job.cancelling:
        return "Nothing of this film will be kept."
    if job.state == JobState.QUEUED:
        return "Films are drawn one after the other."
    if job.stage == STARTING:
        return "The first film after an update takes longer to start."
    counted = f"{job.done} of {job.total} frames · " if job.fraction else ""
    return counted + format_remaining(job.remaining_s)


def show_result(order: FilmRequest) -> None:
    """The film with its graph, what was requested and what happens, and the files."""
    try:
        film = queues.load_film(queues.find_film_folder(order))
    except UserError as error:
        show_failure(error)
        return
    st.markdown(f"**{film.video.video_id}** — {film.video.script}")
    key = film.request.key
    with st.container(horizontal=True):
        show_next_steps(run={FILM: key}, compare={FILM: key}, similar=link_similar(film.graphs))
    _show_player(film)
    show_downloads(film)
    if order.actions:
        st.header("Requested actions", anchor=False)
        st.html(html.render_requested_actions(film))
    st.header("What happens", anchor=False)
    show_owner_note("Every action of the film, exact by construction.")
    table = tables.build_interval_table(film.intervals)
    if table.empty:
        st.caption("No action of the list happens in this film.")
        return
    st.dataframe(
        table,
        hide_index=True,
        height=min(420, 38 + 35 * len(table)),
        column_config=explain_columns(table),
        alt=f"Actions of film {film.video.video_id}",
    )
    show_download(table, "actions", film.video.video_id, "make_actions_csv")


@st.fragment
def _show_player(film: FinishedFilm) -> None:
    viewing = Viewing(film.video, film.video.path, {ANNOTATION: list(film.graphs)}, list(film.intervals))
    link = f"/Make?{urlencode(film.request.to_link())}"
    show_viewing(viewing, f"make_player_{film.request.key}", link_path=link)


def show_downloads(film: FinishedFilm) -> None:
    """The film and its annotation as files."""
    video_id = film.video.video_id
    assert film.video.path is not None
    with st.container(horizontal=True):
        for label, content, what, extension, mime in (
            ("Video (mp4)", film.video.path.read_bytes, "film", "mp4", "video/mp4"),
            ("Annotation (JSON)", film.to_text, "film", "json", "application/json"),
            ("Charades row (CSV)", lambda: film.charades, "charades", "csv", "text/csv"),
        ):
            st.download_button(
                label,
                content,
                file_name=format_download_name(what, video_id, extension),
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"make_{what}_{extension}",
            )


def show_kept_films() -> None:
    """The films that were made here, the newest first."""
    films = [film for film in map(_load_readable, list_finished_films(queues.list_film_folders(), LISTED)) if film]
    if not films:
        return
    st.header("Films made here", anchor=False)
    with st.container(horizontal=True, key="ag_posters"):
        for film in films:
            video, key = film.video, film.request.key
            with st.container(key=f"ag_poster_{key}"):
                poster = cached.load_poster(str(video.path), video.n_frames)
                show_still(poster, alt=f"A frame from the middle of film {video.video_id}")
                st.button(
                    f"**{video.video_id}**",
                    key=f"open_{key}",
                    type="tertiary",
                    on_click=open_film,
                    args=(film.request,),
                )
                st.html(html.render_video_facts(pd.Series(vars(video))))


def _load_readable(folder: Path) -> FinishedFilm | None:
    """The film in a folder; None for one that is damaged, or that another version of the code made."""
    try:
        film = queues.load_film(folder)
    except UserError:
        return None
    return film if film.request.key == folder.name else None


show_page_frame("Make", "Choose what shall happen; the home world plays, films and annotates it. Every label is exact.")
try:
    order = read_order()
except UserError as error:
    show_failure(error)
    order = None
fill_form(order)
try:
    show_form()
    if order:
        show_film(order)
    show_kept_films()
except UserError as error:
    show_failure(error)
