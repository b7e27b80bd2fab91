"""The triplets of two sources of one video beside each other: at a moment, and over all frames that both have."""

from typing import Any

import pandas as pd
import streamlit as st

from ag_core.ui import triplet_tables
from ag_core.ui.columns import explain_columns
from ag_core.ui.formatting import format_number, format_position
from ag_core.ui.page import check_link, show_owner_note
from ag_core.ui.player.judging import Judgement, JudgeWords
from ag_core.ui.player.viewing import Viewing, describe_judgement
from ag_core.ui.widgets.pickers import show_download

WHOLE, NOW = "Whole video", "This moment"

RULE = (
    "A triplet is in both where the same relationship joins person and object of the same class and both boxes overlap "
    "by one half; every object is counted once."
)


def show_triplet_difference(viewing: Viewing, time_s: float, key: str) -> None:
    """Which triplets both sources have and which only one, as tables that can be sorted and downloaded."""
    words, judgement = describe_judgement(viewing), viewing.judgement
    if words is None:
        return
    if judgement is None:
        st.caption(words.note)
        return
    check_link("triplets", (WHOLE, NOW), "range of triplets")
    chosen = st.segmented_control(
        "Triplets of", [WHOLE, NOW], default=WHOLE, required=True, key="triplets", bind="query-params"
    )
    if chosen == WHOLE:
        _show_whole(viewing, judgement, words, key)
    else:
        _show_moment(viewing, judgement, words, time_s, key)


def _show_whole(viewing: Viewing, judgement: Judgement, words: JudgeWords, key: str) -> None:
    counts = ", ".join(
        f"{format_number(int(of_frames.sum()))} {word}"
        for word, of_frames in zip(words.words, judgement.matches.count_by_frame())
    )
    shared = format_number(len(judgement.truth_graphs))
    show_owner_note(f"Of {shared} frames that both have: {counts}. {RULE} The table counts frames.")
    table = triplet_tables.build_difference_table(judgement, words.words)
    meanings = (f"In how many frames the triplet is {word}." for word in words.words)
    of_words = {
        word: st.column_config.NumberColumn(format="%d", help=help) for word, help in zip(words.words, meanings)
    }
    _show(table, {**explain_columns(table), **of_words}, viewing, key)


def _show_moment(viewing: Viewing, judgement: Judgement, words: JudgeWords, time_s: float, key: str) -> None:
    graph = viewing.latest_graph_at(judgement.judged, time_s)
    index = None if graph is None else judgement.find_frame(graph.frame)
    if graph is None or index is None:
        st.caption(f"The graph shown here is not in both. {words.note} With the marks on (J), ← → go to the next one.")
        return
    at = format_position(graph.time_s, viewing.video.clock) if viewing.video.clock else f"frame {graph.frame}"
    show_owner_note(f"At {at}. {RULE}")
    table = triplet_tables.build_frame_table(judgement, index, words.words)
    _show(table, explain_columns(table), viewing, key)


def _show(table: pd.DataFrame, columns: dict[str, Any], viewing: Viewing, key: str) -> None:
    if table.empty:
        st.caption("Neither has a triplet here.")
        return
    st.dataframe(
        table,
        hide_index=True,
        height=min(420, 38 + 35 * len(table)),
        column_config=columns,
        alt=f"Triplets of two sources of video {viewing.video.video_id}",
    )
    with st.container(horizontal=True):
        for kind in ("csv", "json"):
            show_download(table, "triplet-difference", viewing.video.video_id, f"{key}_{kind}", kind)
