"""One video on a page: gathers all that the player and the tables beside it need, and mounts the player.

The annotation comes from the store; what the models say comes from the shipped prediction or from a finished run.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.annotations.store_format import CORRECTED, DENSE
from ag_core.errors import UserError
from ag_core.graphs import edges
from ag_core.graphs.edges import MIN_SCORE
from ag_core.records import (
    MIN_PROBABILITY,
    ActionInterval,
    ActionScores,
    Detections,
    FrameClock,
    SceneGraph,
    Video,
    latest_graph_at,
)
from ag_core.results.corrections import list_corrections, load_corrections
from ag_core.results.prediction import ModelUse, Prediction, describe_training
from ag_core.results.reasons import FrameReasons
from ag_core.ui import cached, html, tables
from ag_core.ui.formatting import escape_markdown
from ag_core.ui.page import JUDGED, SELECTED, SHOWN, SURFACE, check_link, read_start_time, read_switch, say_unknown
from ag_core.ui.player.filtering import read_between, read_edge_filter
from ag_core.ui.player.judging import TRUTHS, Judgement, JudgeWords, choose_truth, judge_graphs
from ag_core.ui.player.media import serve_video
from ag_core.ui.player.payload import build_player_data
from ag_core.ui.player.player import find_start_selection, show_player
from ag_core.ui.widgets.pickers import format_run, show_download

PREDICTED = edges.PREDICTED
"""Name of the models' graphs in the player."""

LABELS = {ANNOTATION: "Annotation", DENSE: "Exact truth", CORRECTED: "Corrected", PREDICTED: "Predicted"}
"""Sources as the player names them."""

SURFACES = ("one", "two")
"""What a link may say of how the video is drawn: with its boxes on one canvas, or with the boxes above it."""

FALLBACK_FPS = 24.0
"""Stands for the rate of a video whose file is not there, so that its frames have some time on the clock."""


@dataclass(frozen=True)
class Viewing:
    """A video, whose graphs are there to see, and what is known of its actions.

    sources     graphs by 'annotation', 'dense' (exact truth), 'corrected' or 'prediction'; none without graphs
    intervals   annotated actions; None where nobody annotated the video
    scores      what each model says of the actions
    prediction  where `scores` and the predicted graphs come from, where the whole of it is known
    run         the store's source of the prediction; None where it is not from the store
    faint       by frame, the objects in sight that are too faint for the exact truth
    compared    the sources that the prediction is compared with: truths, or other model runs; judged by the first
    """

    video: Video
    path: Path | None
    sources: Mapping[str, Sequence[SceneGraph]]
    intervals: list[ActionInterval] | None
    scores: Mapping[str, ActionScores] = field(default_factory=dict)
    prediction: Prediction | None = None
    run: str | None = None
    faint: Mapping[int, Detections] = field(default_factory=dict)
    compared: tuple[str, ...] = ()

    @property
    def annotated_actions(self) -> set[int] | None:
        """Action indices of the annotation; None where there is none."""
        return None if self.intervals is None else {interval.action for interval in self.intervals}

    def name_source(self, source: str) -> str:
        """A source as files name it: a prediction by its models, where they are known."""
        if source != PREDICTED:
            return source
        if self.prediction is None:
            return self.run or source
        return cached.name_prediction(self.prediction)

    @cached_property
    def reasons(self) -> dict[int, FrameReasons]:
        """Why relationships hold in the predicted graphs, by frame; empty where the prediction does not tell."""
        if self.prediction is None or not self.prediction.reasons:
            return {}
        return dict(zip((graph.frame for graph in self.prediction.frames), self.prediction.reasons))

    @property
    def clock(self) -> FrameClock:
        """When its frames are shown; with a rate that stands for an unknown one."""
        return self.video.clock or FrameClock(FALLBACK_FPS, self.video.n_frames)

    @property
    def labels(self) -> dict[str, str]:
        """Sources as the player names them: model runs by their models where two are compared."""
        runs = [source for source in self.compared if source not in TRUTHS]
        if not runs or self.run is None:
            return LABELS
        return {**LABELS, PREDICTED: format_run(self.run), **{run: format_run(run) for run in runs}}

    @property
    def beside(self) -> str | None:
        """The first of the sources that the prediction is compared with: what it is judged by."""
        return next(iter(self.compared), None)

    def compare_with(self, source: str, graphs: Sequence[SceneGraph]) -> "Viewing":
        """The same, with the prediction beside a further source of the video."""
        return replace(self, sources={**self.sources, source: graphs}, compared=(*self.compared, source))

    @cached_property
    def judgement(self) -> Judgement | None:
        """What of the prediction is right, by `beside` or else by a truth; None where they share no frame."""
        if PREDICTED not in self.sources:
            return None
        truth = self.beside or choose_truth(self.sources, PREDICTED, TRUTHS)
        if truth is None:
            return None
        judgement = judge_graphs(self.sources, PREDICTED, truth, self.faint if truth == DENSE else None)
        return judgement if judgement.truth_graphs else None

    @cached_property
    def _made(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The options of the newest payload, and that payload; empty before the first."""
        return []

    def build_payload(self, **options: Any) -> dict[str, Any]:
        """What the player is given, by the options of `build_player_data`; never changed.

        Kept while the options stay: a fragment runs about once a second while the video plays, and nothing differs.
        """
        for known, data in self._made:
            if known == options:
                return data
        plays = bool(options.get("autoplay"))  # by itself: what was said of the video, and no exam
        data = build_player_data(
            self.video,
            fallback_fps=FALLBACK_FPS,
            sources={name: graphs for name, graphs in self.sources.items() if not (plays and name == DENSE)},
            intervals=self.intervals or (),
            scores=self.scores,
            labels=self.labels,
            reasons=self.reasons,
            judgement=None if plays else self.judgement,
            **options,
        )
        self._made[:] = [(options, data)]
        return data

    def latest_graph_at(self, source: str, time_s: float) -> SceneGraph | None:
        """The graph of a source that holds at a time; None before the first or where the source has none."""
        return latest_graph_at(self.sources.get(source, []), self.clock.frame_at(time_s))


def load_viewing(key: cached.StoreKey, video_id: str, run: str | None = None) -> Viewing:
    """All that is known of a video, predictions by one model run: `run`, or the first of the store that has the video.

    UserError for an unknown video.
    """
    video = cached.load_video(key, video_id)
    runs = cached.list_model_runs(key, video_id)
    run = run if run in runs else next(iter(runs), None)
    prediction = cached.load_shipped_prediction(video_id)
    scores: dict[str, ActionScores] = {}
    if prediction is not None and run in (None, cached.name_prediction(prediction)):
        scores = prediction.action_scores()
    elif run is not None:
        prediction = None
        scores = cached.load_stored_scores(key, video_id, run)
    sources, faint = cached.load_sources(key, video_id, run)
    sources = {**sources, **load_corrected_graphs(video)}
    known = cached.list_sources_of(key, video_id)
    intervals = cached.load_intervals(key, video_id) if ANNOTATION in known else None
    return Viewing(video, video.path, sources, intervals, scores, prediction, run, faint)


def load_corrected_graphs(video: Video) -> dict[str, Sequence[SceneGraph]]:
    """What somebody corrected in a video, as a source; nothing where nobody did, or its file cannot be read."""
    if video.path is None or not video.path.is_file() or not list_corrections():
        return {}
    with suppress(UserError):
        frames = load_corrections(video.path, video.video_id).frames
        return {CORRECTED: list(frames)} if frames else {}
    return {}


def build_viewing(prediction: Prediction, path: Path | None) -> Viewing:
    """What the models said of a video that nobody annotated."""
    sources: dict[str, Sequence[SceneGraph]] = {PREDICTED: prediction.graphs()} if prediction.frames else {}
    sources |= {} if path is None else load_corrected_graphs(replace(prediction.video, path=path))
    return Viewing(prediction.video, path, sources, None, prediction.action_scores(), prediction)


def is_upright(row: pd.Series) -> bool:
    """Whether a row of the store's videos is taller than wide; False where its size is unknown."""
    return bool(pd.notna(row["width"]) and pd.notna(row["height"]) and row["height"] > row["width"])


def show_viewing(
    viewing: Viewing,
    key: str,
    *,
    compare: bool = False,
    start_s: float = 0.0,
    heard: Mapping[str, Callable[[], None]] = MappingProxyType({}),
    **options: Any,
) -> Any:
    """Mount the player; call inside a fragment. Returns its state: `t` in seconds, `selected`, `navigate`.

    It begins as the page's link says, or at `start_s` where it plays by itself. `compare` puts the graphs of all
    sources side by side; `heard` is that of `show_player`. Further options are those of `build_player_data`.
    """
    url, missing = None, describe_missing_video(viewing)
    odd: Sequence[str] = ()
    if not missing and viewing.path:
        try:
            url = serve_video(cached.make_playable(viewing.path))
            odd = cached.list_file_notes(viewing.path)
        except (UserError, FileNotFoundError) as error:
            missing = f"The video cannot be shown ({error}); boxes and graphs are shown without it."
    said_below = viewing.prediction.notes if viewing.prediction is not None else ()
    odd = [note for note in odd if note not in said_below]
    for note in filter(None, (missing, describe_unknown_rate(viewing), *odd)):
        st.caption(f":material/info: {escape_markdown(note)}")
    sources = viewing.sources
    t0 = start_s
    if not options.get("autoplay"):  # a still player begins where every source has a graph
        starts = [graphs[0].frame for name, graphs in sources.items() if name != CORRECTED]
        judging = read_switch(JUDGED, "setting of the marks of what is right")
        if judging and viewing.judgement:
            starts = [viewing.judgement.truth_graphs[0].frame]
        t0 = read_start_time(viewing.clock.time_of(max(starts, default=1)))
        options |= {"selected": st.query_params.get(SELECTED), "shown": st.query_params.get(SHOWN)}
        options["between"] = read_between()
        options |= {"judging": judging, "judge_words": describe_judgement(viewing), "edge_filter": read_edge_filter()}
    check_link(SURFACE, SURFACES, "way to draw the video")
    options["one_surface"] = st.query_params.get(SURFACE) != SURFACES[1]
    together = (PREDICTED, *viewing.compared) if compare and viewing.compared else ()
    payload = viewing.build_payload(
        src_url=url, t0=t0, compare=tuple(name for name in sources if name in together), **options
    )
    _say_unknown_start(payload)
    return show_player(payload, key, heard=heard)


def _say_unknown_start(payload: Mapping[str, Any]) -> None:
    """What the link wants selected or shown at the start and the video does not have."""
    selected, shown = payload["selected"], payload["shown"]
    if selected and find_start_selection(payload) is None:
        say_unknown(
            f"{selected!r}, which is no object or action of this video, and no relationship; nothing is selected"
        )
    if shown and shown not in [source["name"] for source in payload["sources"]]:
        say_unknown(f"the graphs {shown!r}, which this video does not have; others are shown")


def describe_missing_video(viewing: Viewing) -> str:
    """What is missing where there is no video file, and how to add it; empty where the file is there."""
    video_id = viewing.video.video_id
    remedy = f"put {video_id}.mp4 into a folder and build the store again with `--videos FOLDER`"
    if viewing.path is None:
        return f"The video file of {video_id} is missing, so its graphs are shown on an empty frame; {remedy}."
    if not viewing.path.is_file():
        return (
            f"The video file {viewing.path.name} is not where the store was built with it, so the graphs are shown on "
            f"an empty frame; put it back, or {remedy}."
        )
    return ""


def describe_judgement(viewing: Viewing) -> JudgeWords | None:
    """How the player says what of the prediction is right, or why nobody can; None where nothing is predicted."""
    if PREDICTED not in viewing.sources:
        return None
    judgement = viewing.judgement
    if judgement is None and viewing.beside is not None:
        return JudgeWords("The two have no frame in common, so their triplets cannot be compared.")
    if judgement is None and not any(truth in viewing.sources for truth in TRUTHS):
        return JudgeWords("Nobody annotated this video, so nothing says what of the prediction is right.")
    if judgement is None:
        return JudgeWords(
            "No frame of this video is both annotated and predicted, so nothing says what is right; the command "
            "evaluate scene-graphs predicts annotated frames, and writes them with --predictions."
        )
    frames = f"{len(judgement.truth_graphs)} of {judgement.n_judged} predicted frames"
    if viewing.beside is not None:
        one, other = (name_in_sentence(viewing, name) for name in (judgement.judged, judgement.truth))
        terms = JudgeWords.terms if judgement.truth in TRUTHS else ()
        return JudgeWords(f"{frames} are in both.", ("in both", f"only {one}", f"only {other}"), terms)
    if judgement.truth == DENSE:
        return JudgeWords(f"Checked against the exact truth, in {frames}.")
    note = f"{frames} are annotated; ← → go to them. An annotation may leave out what the person does not act on."
    return JudgeWords(note, ("right", "not annotated", "missed"))


def name_in_sentence(viewing: Viewing, source: str) -> str:
    """A source as the player names it, within a sentence."""
    label = viewing.labels[source]
    return label.lower() if label in LABELS.values() else label


def describe_unknown_rate(viewing: Viewing) -> str:
    """How frames are counted where the video's rate is unknown; empty where it is known."""
    if viewing.video.fps or not (viewing.sources or viewing.intervals):
        return ""
    beside = ""
    if viewing.intervals:
        beside = f", and places its actions, which have times in seconds, at {FALLBACK_FPS:g} frames a second"
    return (
        f"The frame rate of {viewing.video.video_id} is unknown, so the player counts frames{beside}; a table of rates "
        "for `build-store --rates FILE.csv` is enough to have times."
    )


def show_action_tables(viewing: Viewing, top: int, key: str) -> None:
    """The best actions of each model side by side, with the annotation's verdict where there is one."""
    parts, answers = [], list(viewing.scores.items())
    across = 2 if len(answers) == 4 else 3  # four side by side leave no room for names
    for first in range(0, len(answers), across):
        beside = answers[first : first + across]
        for column, (model, answer) in zip(st.columns(min(across, len(answers)), gap="large"), beside):
            table = tables.build_top_action_table(answer, viewing.annotated_actions, top)
            parts.append(table.assign(model=model))
            column.html(html.render_score_list(model, table, judged=viewing.intervals is not None))
    if parts:
        show_download(pd.concat(parts), "actions", viewing.video.video_id, f"{key}_csv")


def describe_scoring_models(viewing: Viewing) -> str:
    """Whose scores a video's actions have and what those models were trained on, as a part of a sentence."""
    if viewing.prediction is not None:
        return describe_training(viewing.prediction.models)
    return "models of which the store does not say what they were trained on"


def describe_models(prediction: Prediction) -> str:
    """Who made a prediction: every model with what it was trained on."""
    made = ", ".join(f"{_name_use(model)} ({model.trained_on_data})" for model in prediction.models)
    return " ".join((f"Predicted by {escape_markdown(made)}.", describe_thresholds(), *prediction.notes))


def describe_thresholds() -> str:
    """From which score on a prediction is shown."""
    return (
        f"The player, the tables and the exports show a person who scores {MIN_SCORE:.0%} or more, of each class the "
        f"best object that does, and relationships between the two of {MIN_PROBABILITY:.0%} or more."
    )


def _name_use(use: ModelUse) -> str:
    """What a model does and its name, each word once."""
    return use.name if use.role == use.name or use.name.startswith(use.role.rstrip("s")) else f"{use.role} {use.name}"
