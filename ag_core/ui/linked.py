"""Videos that are not of the store and that a link names: a film made here, or the result of a job of page Run."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.errors import UserError
from ag_core.graphs.kinds import count_kinds
from ag_core.jobs.job import JobState
from ag_core.queries.similar import choose_typical_kinds, format_kinds
from ag_core.records import SceneGraph
from ag_core.results.film_cache import FILE, FinishedFilm
from ag_core.ui import cached, queues
from ag_core.ui.page import LIKE, say_unknown
from ag_core.ui.player.viewing import PREDICTED, Viewing, build_viewing

FILM, JOB = "film", "job"
"""The query parameters: the key of a film, and the name of a job while the app runs."""


def find_linked_film() -> FinishedFilm | None:
    """The film that the link names; None without one, and a sentence where it is not here."""
    key = st.query_params.get(FILM)
    if key is None:
        return None
    if re.fullmatch("[0-9a-f]{16}", key):
        for folder in queues.list_film_folders():
            if (folder / key / FILE).is_file():
                try:
                    return queues.load_film(folder / key)
                except UserError:
                    break
    say_unknown(f"the film {key!r}, which is not kept on this machine; make it again on page Make")
    return None


def find_linked_viewing() -> Viewing | None:
    """The film or the result that the link names, with what is known to be true of it; None without either."""
    if film := find_linked_film():
        return view_film(film)
    job_id = st.query_params.get(JOB)
    if job_id is None:
        return None
    try:
        queue = queues.get_prediction_queue()
        job = queue.get_job(job_id)
        if job.state == JobState.DONE:
            return add_truth(build_viewing(queue.get_result(job_id), job.request.path))
    except UserError as error:
        say_unknown(f"a result that is not here: {error}")
        return None
    say_unknown("a result that is not finished")
    return None


def forget_linked() -> None:
    """Take the film and the result out of the link."""
    for name in (FILM, JOB):
        st.query_params.pop(name, None)


def view_film(film: FinishedFilm) -> Viewing:
    """A film with its exact annotation, and with its prediction where the models ran on it as they usually do."""
    viewing = Viewing(film.video, film.video.path, {ANNOTATION: list(film.graphs)}, list(film.intervals))
    kept = None if film.video.path is None else queues.find_kept_prediction(film.video.path)
    if kept is None:
        return viewing
    predicted = build_viewing(cached.load_prediction(kept), film.video.path)
    return replace(
        viewing,
        sources={**viewing.sources, **predicted.sources},
        scores=predicted.scores,
        prediction=predicted.prediction,
    )


def add_truth(viewing: Viewing) -> Viewing:
    """A result with the annotation of its video, where it is a film made here or a video of the open store."""
    path = viewing.path
    if path is None:
        return viewing
    if (path.parent / FILE).is_file() and path.parent.parent in queues.list_film_folders():
        film = queues.load_film(path.parent)
        return replace(
            viewing, sources={ANNOTATION: list(film.graphs), **viewing.sources}, intervals=list(film.intervals)
        )
    video_id = find_video_of(path)
    if video_id is None:
        return viewing
    key = cached.get_store_key()
    sources, faint = cached.load_sources(key, video_id, None)
    truths = {name: graphs for name, graphs in sources.items() if name != PREDICTED}
    known = ANNOTATION in cached.list_sources_of(key, video_id)
    intervals = cached.load_intervals(key, video_id) if known else None
    return replace(viewing, sources={**truths, **viewing.sources}, intervals=intervals, faint=faint)


def find_video_of(path: Path) -> str | None:
    """The id of the store's video whose file this is; None where it is none of them, or there is no store."""
    try:
        table = cached.load_videos(cached.get_store_key())
    except UserError:
        return None
    found = table.loc[table["path"] == str(path), "video_id"]
    return None if found.empty else str(found.iloc[0])


def link_similar(graphs: Iterable[SceneGraph]) -> dict[str, str] | None:
    """What a link to Explore holds to find videos like one with these graphs; None where nothing typical is in them."""
    try:
        key = cached.get_store_key()
        source = cached.find_main_source(key)
        kinds = choose_typical_kinds(cached.open_store_of(key), count_kinds(graphs), source)
    except UserError:
        return None
    return {LIKE: format_kinds(kinds)} if kinds else None
