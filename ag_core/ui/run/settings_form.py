"""How the models shall run: detector, relation head, rate, habits, smoothing and weights of one's own."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from ag_core.catalog import (
    DETECTORS,
    FETCHED_FIRST,
    HABITS_FILE,
    HANDS_FILE,
    HOME_WORLD,
    HOME_WORLD_DATA,
    MOVENET,
    POSE_NETWORKS,
    RELATION_HEADS,
    TRANSITIONS_FILE,
    DetectorEntry,
    Entry,
    PoseNetworkEntry,
    RelationHeadEntry,
    list_ready_heads,
)
from ag_core.downloads import fetch_all, find_fetched, list_unfetched
from ag_core.errors import UserError
from ag_core.results import uploads
from ag_core.results.choices import MAX_MIN_SIDE_PX, MAX_RATE, USUAL_EVIDENCE
from ag_core.results.footage import choose_detector, explain_other_footage
from ag_core.results.own_weights import find_own_weights
from ag_core.results.prediction import DEFAULT_RATE
from ag_core.results.prediction_cache import PredictionSettings, with_own_weights
from ag_core.results.prediction_notes import is_home_world, needs_real_habits
from ag_core.settings import WEIGHTS
from ag_core.ui.formatting import escape_markdown
from ag_core.ui.own_weights import pick_own_weights
from ag_core.ui.page import (
    check_link,
    check_link_number,
)

MIN_RATE = 0.5
AUTOMATIC, REAL, LEARNED = "Automatic", "Real homes", "Home world"
HABITS_CHOICES = [AUTOMATIC, REAL, LEARNED]
FOLDED = ("run_habits", "run_evidence", "run_person", "run_hands", "run_min_size", "run_smooth")
"""What a link may ask of the settings that are folded away: then they are shown."""


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
    with st.expander("More settings", expanded=any(name in st.query_params for name in FOLDED), icon=":material/tune:"):
        evidence, person = choose_evidence_and_person(video)
        hands = evidence is not None and detector is not None and choose_hands()
        min_side_px = choose_min_side()
        smooth = (WEIGHTS / TRANSITIONS_FILE).is_file() and st.toggle(
            "Steady relationships",
            key="run_smooth",
            bind="query-params",
            help="Of all relationships that may follow one another through the video, the likeliest, whichever model "
            "judges them. Without this, each frame is as the model judged it.",
        )
    if detector is None:
        return None
    return with_own_weights(
        PredictionSettings(detector, head, rate, smooth, evidence, person, hands=hands, min_side_px=min_side_px), own
    )


def choose_min_side() -> int:
    """How many pixels wide and high an object must be at least."""
    check_link_number("run_min_size", 0, MAX_MIN_SIDE_PX, "smallest size of objects")
    return st.number_input(
        "Smallest object (pixels)",
        0,
        MAX_MIN_SIDE_PX,
        key="run_min_size",
        bind="query-params",
        width=320,
        help="Objects less wide or less high in the video are left out: what is only a few pixels large is often "
        "something else.",
    )


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
        offer_fetch(*list_unfetched(entry))
        return None
    if named == AUTOMATIC and video is not None:
        st.caption(f"Detector for this video: {entry.label}.")
    elif entry.trained_on == HOME_WORLD_DATA and video is not None and not is_home_world(video):
        st.warning(f"{escape_markdown(explain_other_footage(video))}.", icon=":material/visibility_off:")
    return detector


def offer_fetch(*entries: DetectorEntry | PoseNetworkEntry) -> None:
    """A button that fetches the weights of models, once, with its progress."""
    downloads = [(entry, entry.download) for entry in entries if entry.download is not None]
    for entry, download in downloads:
        st.caption(f"{entry.label}: {entry.about}, from {urlsplit(download.files[0].addresses[0]).hostname}.")
    size = sum(download.megabytes for _, download in downloads)
    text = f"Fetch {' and '.join(entry.label for entry in entries)} ({size} MB, once)"
    if st.button(text, icon=":material/download:", key="run_fetch"):
        bar = st.progress(0.0, text="Connecting")

        def tell(stage: str, done: int, total: int) -> None:
            bar.progress(done / max(total, 1), text=f"{done / 1000:.0f} of {total / 1000:.0f} MB")

        if missed := fetch_all(entries, tell):
            st.toast(escape_markdown(missed), icon=":material/warning:", duration="long")
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


def choose_hands() -> bool:
    """Whether hands are looked for; a button that fetches what finds them where it is not here."""
    entry = POSE_NETWORKS[MOVENET]
    if not (WEIGHTS / HANDS_FILE).is_file():
        return False
    if find_fetched(entry) is None:
        offer_fetch(entry)
        return False
    return st.toggle(
        "Hands near objects count",
        value=True,
        key="run_hands",
        bind="query-params",
        help=f"{entry.label} {entry.about.partition(';')[0]}. How near they are to an object says what it is used for; "
        "how much was counted in the home world.",
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
            "How often relationships hold, as in",
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
            "Weight of what the network sees",
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
