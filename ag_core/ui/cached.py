"""The store as a resource that all sessions share, and what it answers as data, both in Streamlit's caches.

`queues` has what sessions wait for, `cached_doctor` what the doctor found, `cached_few_shot` what can be taught; no
other file caches.

Everything is keyed by plain values: a video id, a source, the chosen filters, and the identity of the store file, so
that a new store is never answered from an old one. A cached resource is shared by all sessions and never changed.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from ag_core.annotations.connection import read_change_time_ns
from ag_core.annotations.readers.prediction_rows import name_source
from ag_core.annotations.showcase_store import ensure_store
from ag_core.annotations.statistics import action_hits, sampling, transitions
from ag_core.annotations.statistics import counts as counting
from ag_core.annotations.store import ANNOTATION, AnnotationStore
from ag_core.annotations.store_format import DENSE, PREDICTION_MARK
from ag_core.errors import UserError
from ag_core.graphs.edges import PREDICTED
from ag_core.records import ActionInterval, ActionScores, Detections, SceneGraph, Video
from ag_core.results.ladder_scores import LadderScores
from ag_core.results.prediction import Prediction
from ag_core.settings import settings
from ag_core.ui.player.judging import TRUTHS, JudgedFrames, choose_truth, judge_graphs
from ag_core.ui.verdict import TOP, list_contrasted
from ag_core.video.frames import read_poster
from ag_core.video.index import read_frame_index
from ag_core.video.transcode import find_large_copy, to_browser_playable
from ag_core.world.dense_source import read_exact_truth

Scores = TypeVar("Scores")

FileState = tuple[int, int, int]
"""Size, time of change and number of a file."""

StoreKey = tuple[str, int]
"""Path of a store file or a lake's folder, and when it last changed."""


def get_store_key() -> StoreKey:
    """Which store is open: changes whenever the file does. Makes the embedded store where it is missing."""
    chosen = settings()
    path, made = _ensure_store(str(chosen.store), str(chosen.showcase))
    if chosen.store == chosen.embedded_store and read_file_state(Path(path)) != made:
        _ensure_store.clear()  # somebody took or cut it
        path, _ = _ensure_store(str(chosen.store), str(chosen.showcase))
    return path, read_change_time_ns(Path(path))


def load_scores(path: Path, read: Callable[[Path], Scores]) -> Scores:
    """The scores in a file, read once for each of its states; UserError where it holds none."""
    scores: Scores = _load_scores(str(path), read_file_state(path), read.__qualname__, read)
    return scores


@st.cache_resource(max_entries=12, show_spinner=False)
def _load_scores(path: str, state: FileState, kind: str, _read: Callable[[Path], Any]) -> Any:
    return _read(Path(path))


def load_ladder_scores(path: Path) -> LadderScores:
    """The error ladder in a file, read once for each of its states; UserError where it holds none."""
    return _load_ladder_scores(str(path), read_file_state(path))


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_ladder_scores(path: str, state: FileState) -> LadderScores:
    return LadderScores.load(Path(path))


@st.cache_resource(max_entries=8, show_spinner="Preparing the data")
def _ensure_store(store: str, showcase: str) -> tuple[str, FileState]:
    # Once in the life of the app: to see whether the showcase changed, all of it is read.
    path = ensure_store()
    return str(path), read_file_state(path)


def open_store() -> AnnotationStore:
    """The store of this process; UserError where there is none and none can be made."""
    return open_store_of(get_store_key())


@st.cache_resource(max_entries=4, show_spinner="Opening the annotations")
def open_store_of(key: StoreKey) -> AnnotationStore:
    return AnnotationStore(Path(key[0]))


@st.cache_data(max_entries=16, show_spinner=False)
def list_sources(key: StoreKey) -> list[str]:
    """The annotation and the model runs in the store."""
    return open_store_of(key).sources()


@st.cache_data(max_entries=32, show_spinner=False)
def load_videos(key: StoreKey, source: str | None = None) -> pd.DataFrame:
    """The videos of a source, one row each, by id; without a source, all that the store knows of."""
    return open_store_of(key).videos(source)


@st.cache_data(max_entries=128, show_spinner=False)
def list_sources_of(key: StoreKey, video_id: str) -> list[str]:
    """Who says something of a video: the annotation first, then the model runs."""
    return open_store_of(key).sources_of(video_id)


def list_model_runs(key: StoreKey, video_id: str) -> list[str]:
    """The store's sources that predicted a video, by name."""
    return [source for source in list_sources_of(key, video_id) if source.startswith(PREDICTION_MARK)]


def find_main_source(key: StoreKey) -> str:
    """Whose rows a page shows at first: the annotation's, else those of the first model run."""
    return next(iter(list_sources(key)), ANNOTATION)


@st.cache_data(max_entries=32, show_spinner=False)
def count_totals(key: StoreKey, source: str = ANNOTATION) -> dict[str, int]:
    """Counts of everything in one source."""
    return counting.count_rows(open_store_of(key), source)


@st.cache_data(max_entries=64, show_spinner=False)
def load_counts(key: StoreKey, what: str, source: str) -> pd.DataFrame:
    """One of the store's tables of counts: 'object', 'relation', 'object_relation' or 'action'."""
    tables = {
        "object": counting.count_objects,
        "relation": counting.count_relations,
        "object_relation": counting.tabulate_object_relations,
        "action": counting.count_actions,
    }
    return tables[what](open_store_of(key), source)


@st.cache_resource(max_entries=128, show_spinner=False)
def load_video(key: StoreKey, video_id: str) -> Video:
    """One video's record; UserError for an unknown id."""
    return open_store_of(key).video(video_id)


@st.cache_resource(max_entries=64, show_spinner=False)
def load_graphs(key: StoreKey, video_id: str, source: str = ANNOTATION) -> Sequence[SceneGraph]:
    """The scene graphs of a video from one source, sorted by frame."""
    return open_store_of(key).graphs_of(video_id, source)


@st.cache_resource(max_entries=64, show_spinner=False)
def load_faint_objects(key: StoreKey, video_id: str, source: str) -> dict[int, Detections]:
    """By frame number, what is in sight and too faint for a source's graphs; only exact truth knows any."""
    targets = open_store_of(key).targets_of([video_id], source)
    return {int(number): targets.faint_objects_of(index) for index, number in enumerate(targets.frame_numbers)}


def load_shipped_truth(video_id: str) -> tuple[list[SceneGraph], dict[int, Detections]]:
    """The exact truth of an embedded video: the graph of every frame, and what is too faint for it; else empty."""
    chosen = settings()
    path = chosen.showcase / "dense" / f"{video_id}.npz"
    if chosen.store != chosen.embedded_store or not path.is_file():
        return [], {}
    return _load_shipped_truth(str(path), path.stat().st_mtime_ns)


@st.cache_resource(max_entries=32, show_spinner=False)
def _load_shipped_truth(path: str, modified_ns: int) -> tuple[list[SceneGraph], dict[int, Detections]]:
    return read_exact_truth(Path(path))


def name_prediction(prediction: Prediction) -> str:
    """A prediction's name as a source of a store."""
    return name_source({model.role: model.name for model in prediction.models})


def load_sources(
    key: StoreKey, video_id: str, run: str | None
) -> tuple[dict[str, Sequence[SceneGraph]], dict[int, Detections]]:
    """All graphs of a video by 'annotation', 'dense' (exact truth) and 'prediction', by `run` or the shipped one; and
    by frame what is too faint for the exact truth. A source without graphs is left out.
    """
    exact: Sequence[SceneGraph]
    exact, faint = load_shipped_truth(video_id)
    if DENSE in list_sources_of(key, video_id):
        exact, faint = load_graphs(key, video_id, DENSE), load_faint_objects(key, video_id, DENSE)
    shipped = load_shipped_prediction(video_id)
    predicted: Sequence[SceneGraph] = load_graphs(key, video_id, run) if run is not None else []
    if shipped is not None and run in (None, name_prediction(shipped)):
        predicted = shipped.graphs()
    sources = {ANNOTATION: load_graphs(key, video_id), DENSE: exact, PREDICTED: predicted}
    return {name: graphs for name, graphs in sources.items() if graphs}, faint


def list_videos_of_part(key: StoreKey, part: str) -> list[str]:
    """The videos of a split or of a part of one, such as 'iid', by id; empty where the store knows no such part."""
    query = "select distinct video_id from videos where split = ? or part = ? order by video_id"
    return [video_id for (video_id,) in open_store_of(key).rows(query, [part, part])]


@st.cache_data(max_entries=16, show_spinner="Matching predicted graphs with true ones")
def judge_run(key: StoreKey, run: str, part: str) -> JudgedFrames:
    """What is right in every frame of a model run that has a truth, of the videos of a part or of all where none is."""
    known = load_videos(key, run)["video_id"].tolist()
    of_part = set(list_videos_of_part(key, part))
    judgements, n_unjudged = {}, 0
    for video_id in (video_id for video_id in known if video_id in of_part or not of_part):
        sources, faint = load_sources(key, video_id, run)
        truth = choose_truth(sources, PREDICTED, TRUTHS) if PREDICTED in sources else None
        if truth is None:
            n_unjudged += len(sources.get(PREDICTED, ()))
            continue
        judgements[video_id] = judge_graphs(sources, PREDICTED, truth, faint if truth == DENSE else None)
    return JudgedFrames.join(judgements, n_unjudged)


@st.cache_resource(max_entries=64, show_spinner=False)
def load_intervals(key: StoreKey, video_id: str) -> list[ActionInterval]:
    """The annotated actions of a video."""
    return open_store_of(key).intervals_of(video_id)


@st.cache_resource(max_entries=64, show_spinner=False)
def load_stored_scores(key: StoreKey, video_id: str, source: str) -> dict[str, ActionScores]:
    """Action scores of a video from a model run in the store, by model. The store keeps those of the whole video."""
    scores = open_store_of(key).action_scores_of(video_id, source)
    return {model: ActionScores(model, values) for model, values in scores.items()}


@st.cache_data(max_entries=16, show_spinner=False)
def count_action_hits(key: StoreKey, source: str) -> pd.DataFrame:
    """How many of each model's best actions are annotated: a row a video and model of a model run of the store."""
    return action_hits.count_action_hits(open_store_of(key), source, TOP)


def load_shipped_prediction(video_id: str) -> Prediction | None:
    """What the models say of an embedded video, from the file made beforehand; None where there is no such file."""
    path = find_shipped_prediction(video_id)
    return None if path is None else load_prediction(path)


def load_prediction(path: Path) -> Prediction:
    """A prediction file, read once for each of its states; UserError where it holds none."""
    return _load_prediction(str(path), read_file_state(path))


def find_shipped_prediction(video_id: str) -> Path | None:
    """The file of an embedded video's prediction; None where there is none, or another store is open."""
    chosen = settings()
    path = chosen.showcase / "predictions" / f"{video_id}.json"
    return path if chosen.store == chosen.embedded_store and path.is_file() else None


@st.cache_resource(max_entries=32, show_spinner=False)
def _load_prediction(path: str, state: FileState) -> Prediction:
    return Prediction.load(Path(path))


@st.cache_data(max_entries=512, show_spinner=False)
def _decode_frame(path: str, state: FileState, frame: int) -> bytes:
    return read_poster(Path(path), frame, width=480)


def load_frame_jpeg(path: Any, frame: int) -> bytes | None:
    """One frame of a video as a small JPEG, frames from 1; None where its file is missing or cannot be decoded.

    `path` is as the store's tables have it: text, or a missing value.
    """
    if not isinstance(path, str) or not Path(path).is_file():
        return None
    try:
        return _decode_frame(path, read_file_state(Path(path)), frame)
    except UserError:
        return None


def load_poster(path: Any, n_frames: Any) -> bytes | None:
    """A frame from the middle of a video as JPEG; None where its file is missing or cannot be decoded.

    Both are as the store's tables have them: a missing value is None, NaN or NA. Of unknown length, the first frame.
    """
    return load_frame_jpeg(path, 1 if pd.isna(n_frames) else max(1, int(n_frames) // 2))


def make_playable(path: Path) -> Path:
    """What a browser plays of a video: a larger copy where there is one, else the video itself, else its copy.

    A copy is made once, and again where it is not as it was made.
    """
    path = find_large_copy(path) or path
    state = read_file_state(path)
    shown, made = _make_playable(str(path), state)
    if read_file_state(Path(shown)) != made:
        _make_playable.clear(str(path), state)
        shown, _ = _make_playable(str(path), state)
    return Path(shown)


def list_file_notes(path: Path) -> tuple[str, ...]:
    """What is odd about a video file, in sentences; most have nothing. UserError where it cannot be read."""
    return read_frame_index(path).list_notes()  # which remembers the last files itself


@st.cache_data(max_entries=128, show_spinner="Preparing the video for the browser")
def _make_playable(path: str, state: FileState) -> tuple[str, FileState]:
    shown = to_browser_playable(Path(path), settings().home / "playable")[0]
    return str(shown), read_file_state(shown)


def read_file_state(path: Path) -> FileState:
    """What changes when a file is written or replaced; zeros where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return (0, 0, 0)
    return (facts.st_size, facts.st_mtime_ns, facts.st_ino)


@st.cache_data(max_entries=4, show_spinner=False)
def choose_first_video(key: StoreKey) -> str:
    """The video a newcomer sees: with a file and a prediction, and of these the one on which the models differ most in
    how many of their best actions are right; where they are alike, the one with the most going on.
    """
    table = load_videos(key)
    table = table[table["path"].notna()] if table["path"].notna().any() else table
    ids = [video_id for video_id in table["video_id"] if find_shipped_prediction(video_id)]
    if not ids:
        ids = [video_id for video_id in table["video_id"][:50] if len(list_sources_of(key, video_id)) > 1]
    ids = ids or table["video_id"].tolist()
    gaps = _measure_hit_gaps(key)
    first: str = max(
        ids[:50], key=lambda one: (bool(load_graphs(key, one)), gaps.get(one, 0), len(load_intervals(key, one)))
    )
    return first


def _measure_hit_gaps(key: StoreKey) -> dict[str, int]:
    """By video, how far the contrasted models of the first model run are apart in their hits."""
    run = next((source for source in list_sources(key) if source.startswith(PREDICTION_MARK)), None)
    if run is None:
        return {}
    hits = count_action_hits(key, run).pivot(index="video_id", columns="model", values="hits")
    contrasted = hits[list_contrasted(hits.columns)]
    gaps = contrasted.max(axis=1) - contrasted.min(axis=1)
    return {str(video_id): int(gap) for video_id, gap in gaps.items() if pd.notna(gap)}


@st.cache_data(max_entries=4, show_spinner=False)
def find_first_predicted(key: StoreKey) -> str | None:
    """The first video by id that a model run of the store has; None where none was predicted."""
    runs = [source for source in list_sources(key) if source.startswith(PREDICTION_MARK)]
    return min((load_videos(key, run)["video_id"].iloc[0] for run in runs if len(load_videos(key, run))), default=None)


def find_time_in_video(key: StoreKey, video_id: str, frame: Any, *seconds: Any) -> float | None:
    """Where in a video a row of an answer lies: by its frame number, else by the first time given; None for neither."""
    try:
        clock = load_video(key, video_id).clock
    except UserError:
        return None
    if frame is not None and pd.notna(frame) and clock and int(frame) >= 1:
        return clock.time_of(int(frame))
    return next((float(value) for value in seconds if value is not None and pd.notna(value)), None)


@st.cache_data(max_entries=256, show_spinner=False)
def compute_statistic(key: StoreKey, what: str, source: str, *about: Any) -> Any:
    """One of the statistics by its name, counted in one source; `about` is what else it asks for."""
    questions: dict[str, Callable[..., Any]] = {
        "table_1_row": counting.count_table_1_row,
        "object_relation_pairs": counting.count_object_relation_pairs,
        "co_occurrence": counting.count_co_occurrences,
        "actions_beside": counting.count_actions_beside,
        "transitions": transitions.count_transitions,
        "durations": transitions.measure_durations,
        "share_at_midpoints": sampling.count_frames_at_midpoints,
    }
    return questions[what](open_store_of(key), source, *about)
