"""Run: the models on a video of your own or of the data set; queue, progress, cancel, and the result to watch."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from ag_core.catalog import (
    DETECTORS,
    FETCHED_FIRST,
    GRAPH_READER,
    HABITS_FILE,
    HOME_WORLD,
    RELATION_HEADS,
    TRANSITIONS_FILE,
    DetectorEntry,
    Entry,
    RelationHeadEntry,
    find_detector,
    find_relation_head,
    get_model_label,
    list_ready_heads,
)
from ag_core.downloads import fetch_weights, find_fetched
from ag_core.errors import UserError
from ag_core.jobs.job import Job, JobState
from ag_core.jobs.prediction import PredictionRequest
from ag_core.results import uploads
from ag_core.results.choices import MAX_RATE, USUAL_EVIDENCE
from ag_core.results.footage import choose_detector, explain_other_footage
from ag_core.results.own_weights import find_own_weights
from ag_core.results.prediction import DEFAULT_RATE, Prediction
from ag_core.results.prediction_cache import PredictionSettings, with_own_weights
from ag_core.results.prediction_notes import is_home_world, needs_real_habits
from ag_core.settings import WEIGHTS
from ag_core.ui import cached, queues
from ag_core.ui.formatting import escape_markdown, format_download_name, format_number, format_remaining
from ag_core.ui.own_weights import pick_own_weights
from ag_core.ui.page import (
    check_link,
    check_link_number,
    forget_position,
    show_failure,
    show_owner_note,
    show_page_frame,
)
from ag_core.ui.player.correcting import refresh_corrections, show_correctable_player
from ag_core.ui.player.viewing import (
    Viewing,
    build_viewing,
    describe_models,
    describe_scoring_models,
    show_action_tables,
)
from ag_core.ui.result_card import show_result_card
from ag_core.ui.shipped_files import load_graph_reader_metrics
from ag_core.ui.widgets.pickers import OF_DATA_SET, OWN_FILE

MIN_RATE = 0.5
MIN_SURE = 0.3  # below this score the best action is called unsure
AUTOMATIC, REAL, LEARNED = "Automatic", "Real homes", "Home world"
HABITS_CHOICES = [AUTOMATIC, REAL, LEARNED]
JOB = "job"  # the query parameter that names a job, so that a result has a link while the app runs


def choose_video() -> Path | None:
    """The video to run on; None while nothing is chosen."""
    known, kinds = list_known_videos(), [OWN_FILE, OF_DATA_SET]
    check_link("run_kind", kinds, "origin of a video")
    kind = st.segmented_control(
        "Video", kinds, default=OWN_FILE, required=True, key="run_kind", bind="query-params", disabled=not known
    )
    if not known:
        st.caption("The open store has no video files, so only a file of your own can be run.")
    if kind == OF_DATA_SET and known:
        check_link("run_video", known, "video")
        return Path(known[st.selectbox("Which", list(known), key="run_video", bind="query-params")])
    handed_in = st.file_uploader(
        f"An mp4, mkv, mov, webm or similar, up to {st.get_option('server.maxUploadSize')} MB",
        list(uploads.UPLOAD_ENDINGS),
        key="run_file",
    )
    return uploads.save_upload(handed_in.name, handed_in.getbuffer()) if handed_in else None


def list_known_videos() -> dict[str, str]:
    """Paths of the data set's videos by id, as far as their files are there; empty where there is no data."""
    try:
        table = cached.load_videos(cached.get_store_key())
    except UserError:
        return {}
    table = table[table["path"].notna()]
    return {row.video_id: row.path for row in table.itertuples() if Path(row.path).is_file()}


def choose_settings(video: Path | None) -> PredictionSettings | None:
    """Detector, relation head, rate, habits and smoothing; None while a detector's model file is not chosen."""
    ready = list_ready_heads(WEIGHTS)
    if not ready:
        raise UserError("no relation head has its weights here; restore reldn.safetensors from the repository")
    first, second, third = st.columns(3)
    check_link("run_detector", [AUTOMATIC, *(entry.label for entry in DETECTORS.values())], "detector")
    check_link_number("run_rate", MIN_RATE, MAX_RATE, "number of graphs per second")
    check_link("run_head", [entry.label for entry in ready], "relation head")
    with first:
        named = st.selectbox(
            "Detector",
            [AUTOMATIC, *DETECTORS],
            format_func=lambda name: name if name == AUTOMATIC else DETECTORS[name].label,
            key="run_detector",
            bind="query-params",
            help=f"Finds the person and the objects. *{AUTOMATIC}*: the home world's for its own films, and for other "
            f"footage one that was fetched. {format_entries(DETECTORS.values())}",
        )
    with second:
        head = st.selectbox(
            "Relationships by",
            [entry.id for entry in ready],
            format_func=lambda name: RELATION_HEADS[name].label,
            key="run_head",
            bind="query-params",
            help=f"{format_entries(ready)} {explain_others(ready)}",
        )
    with third:
        rate = st.number_input(
            "Graphs per second",
            MIN_RATE,
            MAX_RATE,
            DEFAULT_RATE,
            0.5,
            key="run_rate",
            bind="query-params",
            help="More take longer.",
        )
    own = pick_own_weights()
    has_own_detector = any(find_own_weights(name).kind == "detector" for name in own)
    detector = HOME_WORLD if has_own_detector else find_usable_detector(named, video)
    if detector is not None and (ending := DETECTORS[detector].file_ending) is not None:
        path = st.text_input(f"Path of the {ending} file on this machine", key="run_onnx_path")
        if not path:
            handed_in = st.file_uploader("Or the file itself", ending, key="run_onnx_file")
            if handed_in is None:
                return None
            path = str(uploads.save_upload(handed_in.name, handed_in.getbuffer()))
        detector = path
    evidence, person = choose_evidence_and_person(video)
    smooth = (WEIGHTS / TRANSITIONS_FILE).is_file() and st.toggle(
        "Steady relationships",
        key="run_smooth",
        bind="query-params",
        help="Of all relationships that may follow one another through the video, the likeliest, whichever model "
        "judges them. Without this, each frame is as the model judged it.",
    )
    if detector is None:
        return None
    return with_own_weights(PredictionSettings(detector, head, rate, smooth, evidence, person), own)


def find_usable_detector(named: str, video: Path | None) -> str | None:
    """The detector that was named, or the one for such a video; None, with what to do, where it is not here."""
    detector = named
    if named == AUTOMATIC:
        detector = HOME_WORLD if video is None else choose_detector(video) or FETCHED_FIRST
    entry = DETECTORS[detector]
    if entry.download is not None and find_fetched(entry) is None:
        if named == AUTOMATIC and video is not None:
            st.warning(
                f"{escape_markdown(explain_other_footage(video))}. Fetch a detector for real footage, choose *ONNX "
                "file* to give one of your own, or choose *Home world* if you want that one all the same.",
                icon=":material/visibility_off:",
            )
        offer_fetch(entry)
        return None
    if named == AUTOMATIC and video is not None:
        st.caption(f"Detector for this video: {entry.label}.")
    elif named == HOME_WORLD and video is not None and not is_home_world(video):
        st.warning(f"{escape_markdown(explain_other_footage(video))}.", icon=":material/visibility_off:")
    return detector


def offer_fetch(entry: DetectorEntry) -> None:
    """A button that fetches the weights of a detector, once, with its progress."""
    assert entry.download is not None
    st.caption(f"{entry.label}: {entry.about}, from {urlsplit(entry.download.files[0].addresses[0]).hostname}.")
    text = f"Fetch {entry.label} ({entry.download.megabytes} MB, once)"
    if st.button(text, icon=":material/download:", key="run_fetch"):
        bar = st.progress(0.0, text="Connecting")

        def tell(stage: str, done: int, total: int) -> None:
            bar.progress(done / max(total, 1), text=f"{done / 1000:.0f} of {total / 1000:.0f} MB")

        fetch_weights(entry, tell)
        st.rerun()


def choose_person() -> int:
    """Whom to follow of several people: 1 is who is there most."""
    names = {1: "who is there most", 2: "the second", 3: "the third", 4: "the fourth"}
    check_link("run_person", names.values(), "person")
    return st.selectbox(
        "Of several people follow",
        list(names),
        format_func=names.__getitem__,
        key="run_person",
        bind="query-params",
        help="People are told apart by where they are and by the colours of their clothes.",
    )


def choose_evidence_and_person(video: Path | None) -> tuple[float | None, int]:
    """How far the head's own evidence counts beside the habits of real homes, None leaves it as it is; and whom to
    follow."""
    first, second, third = st.columns(3)
    with third:
        person = choose_person()
    if not (WEIGHTS / HABITS_FILE).is_file():
        return None, person
    check_link("run_habits", HABITS_CHOICES, "choice of habits")
    check_link_number("run_evidence", 0.0, 1.0, "share of the network's own evidence")
    with first:
        habits = st.selectbox(
            "Habits",
            HABITS_CHOICES,
            key="run_habits",
            bind="query-params",
            help="The relation heads learned in the home world how often each relationship holds. In real homes people "
            "do other things with a thing; how often is counted in the annotations of Action Genome. "
            f"*{AUTOMATIC}*: real homes for all but films of the home world.",
        )
    if habits == LEARNED or (habits == AUTOMATIC and video is not None and not needs_real_habits(video)):
        return None, person
    with second:
        evidence = st.slider(
            "What the network itself sees counts",
            0.0,
            1.0,
            USUAL_EVIDENCE,
            0.05,
            format="percent",
            key="run_evidence",
            bind="query-params",
            help="At 0 % only the habits speak, at 100 % the network is believed as at home. The default is a "
            "choice: no real video with annotated boxes is at hand to measure it.",
        )
    return evidence, person


def format_entries(entries: Iterable[Entry]) -> str:
    """What each of some models is, in one paragraph."""
    return " ".join(f"*{entry.label}*: {entry.about}." for entry in entries)


def explain_others(ready: Sequence[RelationHeadEntry]) -> str:
    """How to get the relation heads that cannot be chosen; nothing where all can."""
    others = {entry.label: entry.id for entry in RELATION_HEADS.values() if entry not in ready}
    if not others:
        return ""
    example = next(iter(others.values()))
    return (
        f"{', '.join(others)} can be chosen once trained, as with `python -m ag_core train relations --head {example}`."
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
    with st.container(horizontal=True, vertical_alignment="center", key=f"ag_job_{job.id}"):
        st.markdown(f"**{escape_markdown(job.request.path.name)}** :gray[{_describe_job(job)}]", width="stretch")
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
    for note in prediction.notes:
        st.warning(escape_markdown(note), icon=":material/info:")
    _show_result_player(viewing, job_id)
    show_actions(prediction, viewing)
    show_result_card(prediction)
    st.download_button(
        "Download the prediction (JSON)",
        prediction.to_text,
        file_name=format_download_name("prediction", prediction.video.video_id, "json"),
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        key="run_download",
    )
    st.caption(escape_markdown(describe_models(prediction)))


def show_actions(prediction: Prediction, viewing: Viewing) -> None:
    """The best actions; of footage that is not of the home world those read from the graph alone, the others folded."""
    if not viewing.scores:
        return
    if not (prediction.of_real_homes and GRAPH_READER in viewing.scores):
        show_owner_note(f"Best actions by {describe_scoring_models(viewing)}.")
        show_action_tables(viewing, top=8, key="run_actions")
        return
    of_graph = {GRAPH_READER: viewing.scores[GRAPH_READER]}
    best = float(of_graph[GRAPH_READER].scores.max())
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
    show_action_tables(replace(viewing, scores=of_graph), top=8, key="run_graph_actions")
    others = {name: answer for name, answer in viewing.scores.items() if name != GRAPH_READER}
    if others:
        with st.expander(f"What {' and '.join(get_model_label(name) for name in others)} say"):
            st.caption("They know only the synthetic home world, and this video is other footage: a demonstration.")
            show_action_tables(replace(viewing, scores=others), top=8, key="run_actions")


@st.fragment
def _show_result_player(viewing: Viewing, job_id: str) -> None:
    show_correctable_player(refresh_corrections(viewing), f"run_player_{job_id}", link_path=f"/Run?{JOB}={job_id}")


show_page_frame("Run", "A video goes in; its scene graphs and its actions come out. Nothing leaves this machine.")
with st.container(border=True, key="ag_form"):
    try:
        video, chosen = choose_video(), None
        chosen = choose_settings(video)
        complete = video is not None and chosen is not None
        pressed = st.button(
            "Start", type="primary", icon=":material/play_arrow:", disabled=not complete, key="run_start"
        )
        if pressed and video is not None and chosen is not None:
            start_job(video, chosen)
    except UserError as error:
        show_failure(error)
    st.caption(
        "The networks that look at pictures learned only in the synthetic home world. On real footage a "
        "detector trained on photographs finds things; actions are then read from the graph, by a network that learned "
        "from real annotations."
    )
show_queue()
if JOB in st.query_params:
    show_result(st.query_params[JOB])
