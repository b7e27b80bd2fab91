"""Benchmarks, fourth tab: the frames behind a head's number, the worst first, each a link into the player.

Scores are made elsewhere; the frames are those that the open store has predictions of, and counted as the player marks
them.
"""

from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from ag_core.annotations.store_format import DENSE, PREDICTION_MARK
from ag_core.evaluation.protocol import MODE_NAMES
from ag_core.graphs.edges import PREDICTED
from ag_core.records import frame_to_time
from ag_core.results.scored_heads import ScoredHead
from ag_core.taxonomy import RELATIONS, Mode, find_relation_index, format_name
from ag_core.ui import cached
from ag_core.ui.benchmarks.scope import BenchmarkScope, pick_head
from ag_core.ui.formatting import WHAT_COUNTS, format_number
from ag_core.ui.page import JUDGED, SELECTED, SHOWN, TIME, VIDEO, check_link, show_owner_note
from ag_core.ui.player.judging import JudgedFrames
from ag_core.ui.player.viewing import FALLBACK_FPS
from ag_core.ui.widgets.pickers import format_run, link_source, show_download

FRAMES = "Frames"
"""The tab's name."""

EVERY = "All relationships"


def link_frames(scope: BenchmarkScope, head: str, relation: str = EVERY) -> str:
    """The address of the frames of a head, by its label, and of a relationship, as it is printed."""
    return f"Benchmarks?{urlencode(scope.to_link() | {'benchmark': FRAMES, 'head': head, 'relationship': relation})}"


def show_frames(scope: BenchmarkScope) -> None:
    """The list of one head's frames, for all relationships or one."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        head = pick_head(scope)
        names = [EVERY, *map(format_name, RELATIONS)]
        check_link("relationship", names, "relationship")
        relation = st.selectbox("Relationship", names, key="relationship", bind="query-params", width=260)
    if head is None:
        return
    scored = next(row.scored for row in scope.recalls if row.scored.head == head)
    key = cached.get_store_key()
    sources = cached.list_sources(key)
    runs = find_runs(sources, head, scope.mode)
    if not runs:
        st.caption(explain_missing_frames(scored))
        if scope.mode is not Mode.SGDET and find_runs(sources, head, Mode.SGDET):
            st.button(f"Show {MODE_NAMES[Mode.SGDET]}", key="frames_sgdet", on_click=_choose_sgdet, type="tertiary")
        return
    run = runs[0]
    if len(runs) > 1:
        check_link("predicted", map(format_run, runs), "model run")
        run = st.selectbox(
            "Predicted by", runs, format_func=format_run, key="predicted", bind="query-params", width=320
        )
    found = cached.judge_run(key, run, scored.part)
    chosen = None if relation == EVERY else find_relation_index(relation)
    show_owner_note(describe_frames(found, scored, chosen))
    _show_table(build_frame_list(found, run, chosen), f"{head}-{scope.file_part}")


def find_runs(sources: list[str], head: str, mode: Mode) -> list[str]:
    """The model runs of a store by this relation head, 'prediction:DETECTOR+HEAD' and what may follow after + or @; the
    shortest name, which says of nothing that was done afterwards, comes first."""
    given = [one.value for one in Mode if one is not Mode.SGDET]  # stand in place of a detector that found nothing
    found = []
    for source in sources:
        detector, *parts = source.removeprefix(PREDICTION_MARK).partition("@")[0].split("+")
        fits = detector == mode.value if mode is not Mode.SGDET else detector not in given
        if source.startswith(PREDICTION_MARK) and parts[:1] == [head] and fits:
            found.append(source)
    return sorted(found, key=len)


def explain_missing_frames(scored: ScoredHead) -> str:
    """One sentence on what to do where the open store has not the predictions behind a head's numbers."""
    return (
        f"The open store has no {MODE_NAMES[scored.mode]} predictions by {scored.label}: `python -m ag_core evaluate "
        f"scene-graphs --heads {scored.head} --tasks {scored.mode} --data STORE --out FILE --predictions FOLDER` "
        "writes those that are scored, and `build-store` takes them in with `--predictions FOLDER/*/*.json`."
    )


def describe_frames(found: JudgedFrames, scored: ScoredHead, relation: int | None) -> str:
    """Of what the list is, in sentences."""
    right, false, missed = (int(counts.sum()) for counts in _choose(found.counts, relation))
    truth = {(DENSE,): "the exact truth", (): "nothing"}.get(found.truths, "the annotation")
    unjudged = f" {format_number(found.n_unjudged)} more predicted frames have no truth." if found.n_unjudged else ""
    frames, n_videos = format_number(len(found.frames)), len(set(found.video_ids))
    videos = f"{format_number(n_videos)} {'video' if n_videos == 1 else 'videos'}"
    sums = f"{format_number(right)} right (TP), {format_number(false)} false (FP), {format_number(missed)} missed (FN)"
    return (
        f"{scored.label}, {MODE_NAMES[scored.mode]}, in the open store, checked against {truth}: {sums} in {frames} "
        f"frames of {videos}.{unjudged} Counted as the player draws: {WHAT_COUNTS}, the best object of each class. "
        "The other tabs score all that was predicted, however unlikely, and perhaps on other frames."
    )


def build_frame_list(found: JudgedFrames, run: str, relation: int | None) -> pd.DataFrame:
    """One row a frame in which there is anything to be right or wrong about, the worst first, with its link."""
    right, false, missed = _choose(found.counts, relation)
    order = np.lexsort((right, -(false + missed)))
    order = order[(right + false + missed)[order] > 0]
    also = link_source(run) | ({} if relation is None else {SELECTED: format_name(RELATIONS[relation])})
    return pd.DataFrame(
        {
            "watch": [_link(found, int(row), also) for row in order],
            "video": [found.video_ids[row] for row in order],
            "frame": found.frames[order],
            "time_s": found.times_s[order].round(3),
            "right": right[order],
            "false": false[order],
            "missed": missed[order],
        }
    )


def _choose(counts: np.ndarray, relation: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[M] right, false and missed triplets of each frame, of one relationship or of all."""
    right, false, missed = counts.sum(axis=2) if relation is None else counts[:, :, relation]
    return right, false, missed


def _link(found: JudgedFrames, row: int, also: dict[str, str]) -> str:
    """The player's address at a frame, with the marks on."""
    time_s = found.times_s[row]
    time_s = frame_to_time(int(found.frames[row]), FALLBACK_FPS) if np.isnan(time_s) else time_s
    start = {VIDEO: found.video_ids[row], TIME: f"{time_s:.3f}", SHOWN: PREDICTED, JUDGED: "true"}
    return f"Explore?{urlencode(start | also)}"


def _choose_sgdet() -> None:
    st.session_state["task"] = MODE_NAMES[Mode.SGDET]


def _show_table(table: pd.DataFrame, which: str) -> None:
    if table.empty:
        st.caption("Nothing was predicted or true here.")
        return
    st.dataframe(
        table.drop(columns=["time_s"] if table["time_s"].isna().all() else []),
        hide_index=True,
        height=min(560, 38 + 35 * len(table)),
        column_config={
            "watch": st.column_config.LinkColumn(
                "", display_text="Watch", width="small", help="In the player, with marks"
            ),
            "time_s": st.column_config.NumberColumn("time (s)", format="%.3f"),
            "right": st.column_config.NumberColumn("right (TP)"),
            "false": st.column_config.NumberColumn("false (FP)"),
            "missed": st.column_config.NumberColumn("missed (FN)"),
        },
        alt="Frames of the open store with the number of right, false and missed triplets, the worst first",
    )
    with st.container(horizontal=True):
        for kind in ("csv", "json"):
            show_download(table.drop(columns="watch"), "frames", which, f"benchmarks_frames_{kind}", kind)
