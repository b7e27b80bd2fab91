"""The queues that all sessions share, and what they leave: SQL, lessons, predictions, films, what-if, learned heads."""

from pathlib import Path

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ag_core.jobs.films import FilmJobs, FilmQueue
from ag_core.jobs.learning import LearningJobs, LearningQueue
from ag_core.jobs.prediction import PredictionJobs, PredictionQueue, PredictionRequest
from ag_core.jobs.queue import JobQueue
from ag_core.jobs.what_if import WhatIfJobs, WhatIfQueue
from ag_core.queries.by_example.lessons import LessonQueue, open_lesson_queue
from ag_core.queries.sql.sandbox import SqlQueue, SqlSandbox, open_sql_queue
from ag_core.results.film_cache import FILE, FilmRequest, FinishedFilm
from ag_core.results.prediction_cache import get_result_path
from ag_core.settings import settings
from ag_core.ui import cached


def open_session_sandbox() -> SqlSandbox:
    """This session's sandbox over the open store; its own, since to interrupt a sandbox stops all that runs in it."""
    key = cached.get_store_key()
    if st.session_state.get("sandbox_key") != key:
        st.session_state["sandbox"] = SqlSandbox(key[0], queue=_open_sql_queue(key))
        st.session_state["sandbox_key"] = key
    sandbox: SqlSandbox = st.session_state["sandbox"]
    return sandbox


@st.cache_resource(max_entries=2, show_spinner=False, on_release=SqlQueue.close)
def _open_sql_queue(key: cached.StoreKey) -> SqlQueue:
    return open_sql_queue(key[0])


@st.cache_resource(max_entries=2, show_spinner=False, on_release=LessonQueue.close)
def get_lesson_queue(key: cached.StoreKey) -> LessonQueue:
    """Learns from examples of a store, one queue for all sessions; it starts nothing until the first lesson."""
    return open_lesson_queue(key[0], is_visitor_present)


@st.cache_data(max_entries=4, show_spinner=False)
def load_sql_schema(key: cached.StoreKey) -> dict[str, list[tuple[str, str]]]:
    """Columns (name, type) of every table and view of the store."""
    return SqlSandbox(key[0], queue=_open_sql_queue(key)).schema()


def identify_visitor() -> str:
    """The name of this browser session, by which a queue knows who waits for a job."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def is_visitor_present(visitor: str) -> bool:
    """Whether a browser session is still connected: its tab is open, or was not closed for long."""
    return not runtime.exists() or runtime.get_instance().is_active_session(visitor)


def get_prediction_queue() -> PredictionQueue:
    """The client of the model worker, one for all sessions; it starts nothing until the first job."""
    return _get_prediction_queue(str(settings().home))


def find_kept_prediction(path: Path) -> Path | None:
    """The file of a video's kept prediction by the models that nobody chose otherwise; None where there is none.

    UserError for missing weights.
    """
    kind = PredictionJobs()
    key = kind.get_key(PredictionRequest(path))
    files = (get_result_path(folder, key) for folder in kind.folders)
    return next((file for file in files if file.is_file()), None)


@st.cache_resource(max_entries=2, show_spinner=False)
def _get_prediction_queue(home: str) -> PredictionQueue:
    return JobQueue(PredictionJobs(), is_visitor_present)


def get_what_if_queue() -> WhatIfQueue:
    """Asks action models again, one queue for all sessions; it starts nothing until the first question."""
    return _get_what_if_queue(str(settings().home))


@st.cache_resource(max_entries=2, show_spinner=False)
def _get_what_if_queue(home: str) -> WhatIfQueue:
    return JobQueue(WhatIfJobs(), is_visitor_present)


def get_learning_queue() -> LearningQueue:
    """Lets relation heads learn from corrected frames, one queue for all sessions; it starts nothing until then."""
    return _get_learning_queue(str(settings().home))


@st.cache_resource(max_entries=2, show_spinner=False)
def _get_learning_queue(home: str) -> LearningQueue:
    return JobQueue(LearningJobs(), is_visitor_present)


def get_film_queue() -> FilmQueue:
    """Makes films, one queue for all sessions; it starts nothing until the first order."""
    return _get_film_queue(str(settings().home))


@st.cache_resource(max_entries=2, show_spinner=False)
def _get_film_queue(home: str) -> FilmQueue:
    return JobQueue(FilmJobs(), is_visitor_present)


def list_film_folders() -> list[Path]:
    """Where kept films lie: the queue's folder, and that of a home that takes no more files."""
    return [get_film_queue().folder, *settings().list_folders("films")[1:]]


def find_film_folder(request: FilmRequest) -> Path:
    """Where the film of a request lies, or would lie."""
    places = [folder / request.key for folder in list_film_folders()]
    return next((place for place in places if (place / FILE).is_file()), places[0])


def load_film(folder: Path) -> FinishedFilm:
    """A kept film with its annotation; UserError where it cannot be read."""
    return _load_film(str(folder), tuple(map(cached.read_file_state, [folder / FILE, *sorted(folder.glob("*.mp4"))])))


@st.cache_resource(max_entries=32, show_spinner=False)
def _load_film(folder: str, states: tuple[cached.FileState, ...]) -> FinishedFilm:
    return FinishedFilm.load(Path(folder))
