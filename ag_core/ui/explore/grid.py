"""The wall of videos of Explore: what the filters leave, a random one of it, and what was seen last."""

import random
from math import ceil
from pathlib import Path

import pandas as pd
import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.graphs.edges import is_predicted
from ag_core.queries.facets import VideoFilter, find_videos
from ag_core.ui import cached, cached_queries, html
from ag_core.ui.cached import StoreKey
from ag_core.ui.explore.filters import pick_filter, show_facets
from ag_core.ui.explore.hover import play_on_hover
from ag_core.ui.formatting import escape_markdown, format_number
from ag_core.ui.page import (
    BACK,
    LIKE,
    SHOWN,
    VIDEO,
    check_link,
    forget_position,
    read_page_number,
    show_empty_state,
    show_owner_note,
)
from ag_core.ui.player.viewing import PREDICTED, is_upright
from ag_core.ui.widgets.pickers import format_run
from ag_core.ui.widgets.video_still import show_still

PER_PAGE = 24

SEEN, MAX_SEEN = "explore_seen", 8
"""Where the session keeps the ids of the videos that were opened last, the newest first."""


def show_grid(key: StoreKey) -> None:
    """The filters, what they leave, and the posters of it."""
    filters = pick_filter(key)
    found = cached_queries.count_matching_videos(key, filters)
    with st.expander("What is in these videos (number of videos)", key="explore_facets"):
        show_facets(key, filters)
    if not found:
        show_empty_state("No video matches", "All conditions must hold in one video; take one of them away")
        return
    pages = ceil(found / PER_PAGE)
    videos = format_number(cached.count_totals(key, filters.source)["videos"])
    with st.container(horizontal=True, vertical_alignment="center", key="ag_found"):
        show_owner_note(f"{format_number(found)} of {videos} videos match{_describe_owner(key, filters.source)}.")
        st.button(
            "Random video", icon=":material/shuffle:", type="tertiary", key="explore_random",
            help="Opens one of the videos that match, whichever it is.",
            on_click=open_random, args=(key, filters, found),
        )  # fmt: skip
    show_seen(key, filters.source)
    check_link("page", map(str, range(1, pages + 1)), "page")
    if st.session_state.get("page", 1) > pages:
        st.session_state["page"] = 1
    number = read_page_number("page", pages)
    rows = cached_queries.load_matching_videos(key, filters, PER_PAGE, (number - 1) * PER_PAGE)
    with st.container(horizontal=True, key="ag_posters"):
        for _, row in rows.iterrows():
            _show_card(row, filters)
    play_on_hover({str(row["video_id"]): Path(row["path"]) for _, row in rows.iterrows() if pd.notna(row["path"])})
    if pages > 1:
        st.pagination(pages, key="page", bind="query-params")


def _show_card(row: pd.Series, filters: VideoFilter) -> None:
    tall = "tall_" if is_upright(row) else ""  # shown whole, since a cut would show the middle of a body
    with st.container(key=f"ag_poster_{tall}{row['video_id']}"):
        poster = cached.load_poster(row["path"], row["n_frames"])
        show_still(poster, alt=f"A frame from the middle of video {row['video_id']}")
        st.button(
            f"**{escape_markdown(row['video_id'])}**",
            key=f"open_{row['video_id']}",
            type="tertiary",
            on_click=open_video,
            args=(row["video_id"], filters.source),
        )
        if filters.like:
            st.caption(f"{row['shared']} of {len(set(filters.like))} triplets shared")
        st.html(html.render_video_facts(row))


def show_seen(key: StoreKey, source: str) -> None:
    """The videos that were opened last in this session, as far as the store has them."""
    seen = [
        video_id for video_id in st.session_state.get(SEEN, []) if video_id in set(cached.load_videos(key)["video_id"])
    ]
    if not seen:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="ag_seen"):
        st.caption("Seen last (kept until this tab is closed):", width="content")
        for video_id in seen:
            st.button(
                escape_markdown(video_id), key=f"seen_{video_id}", type="tertiary", on_click=open_video,
                args=(video_id, source),
            )  # fmt: skip


def note_seen(video_id: str) -> None:
    """Remember that a video was opened."""
    others = [one for one in st.session_state.get(SEEN, []) if one != video_id]
    st.session_state[SEEN] = [video_id, *others][:MAX_SEEN]


def _describe_owner(key: StoreKey, source: str) -> str:
    """Who says so, to end a sentence with; nobody where the store has video files alone."""
    if source not in cached.list_sources(key):
        return "; nobody annotated or predicted them yet"
    return ", according to the annotation" if source == ANNOTATION else f", as predicted by {format_run(source)}"


def open_random(key: StoreKey, filters: VideoFilter, found: int) -> None:
    """Show any one of the videos that match."""
    rows = find_videos(cached.open_store_of(key), filters, 1, random.randrange(found))
    open_video(str(rows["video_id"].iloc[0]), filters.source)


def open_video(video_id: str, source: str = ANNOTATION) -> None:
    """Show one video, of a model run its graphs first; the link says which."""
    forget_position()
    st.query_params.pop(BACK, None)
    st.query_params[VIDEO] = video_id
    if is_predicted(source):
        st.query_params[SHOWN] = PREDICTED
        st.session_state["tables"] = PREDICTED
        if len(cached.list_model_runs(cached.get_store_key(), video_id)) > 1:
            st.session_state["run"] = source


def show_similar(video_id: str) -> None:
    """Back to the posters, those of videos like one first."""
    close_video()
    st.query_params[LIKE] = video_id


def close_video() -> None:
    """Back to the posters."""
    forget_position()
    for name in (SHOWN, VIDEO, BACK):
        st.query_params.pop(name, None)
