"""Explore: find videos by what is in them, and watch one with its graph, its triplets and its actions."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.annotations.store_format import CORRECTED, DENSE
from ag_core.errors import UserError
from ag_core.records import SceneGraph
from ag_core.ui import cached, tables
from ag_core.ui.cached import StoreKey
from ag_core.ui.columns import explain_columns
from ag_core.ui.explore.grid import close_video, note_seen, open_video, show_grid, show_similar
from ag_core.ui.formatting import (
    escape_markdown,
    format_download_name,
    format_duration,
    format_number,
    format_position,
    format_rate,
)
from ag_core.ui.page import (
    BACK,
    EXPLORE,
    PLAY,
    SEARCH,
    VIDEO,
    check_link,
    read_switch,
    require_store,
    show_empty_state,
    show_failure,
    show_owner_note,
    show_page_frame,
)
from ag_core.ui.player.correcting import refresh_corrections, show_correctable_player
from ag_core.ui.player.viewing import (
    PREDICTED,
    Viewing,
    describe_models,
    describe_scoring_models,
    load_viewing,
    show_action_tables,
)
from ag_core.ui.widgets.export_menu import show_export_menu
from ag_core.ui.widgets.next_steps import show_next_steps
from ag_core.ui.widgets.pickers import (
    link_model_run,
    link_run,
    pick_run,
    show_download,
)


def show_video(key: StoreKey, video_id: str) -> None:
    """One video: the player, and beside it everything known, as tables."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if sought := st.query_params.get(BACK):
            back = {"sequence": sought}
            st.page_link(SEARCH, label="Back to the hits", icon=":material/arrow_back:", query_params=back)
        st.button("All videos", icon=":material/arrow_back:", type="tertiary", on_click=close_video, key="explore_back")
        run = pick_run(key, video_id)
        try:
            viewing = load_viewing(key, video_id, run)
        except UserError as error:
            show_empty_state("No such video", str(error), (EXPLORE, "All videos"))
            return
        has_file = viewing.path is not None and viewing.path.is_file()
        show_next_steps(
            run=link_run(video_id) if has_file else None,
            compare={VIDEO: video_id} | link_model_run(key, video_id, run) if viewing.scores else None,
        )
        if viewing.sources:  # a link to the page that one is on would leave the address as it was
            st.button(
                "Find similar",
                icon=":material/image_search:",
                type="tertiary",
                key="explore_similar",
                on_click=show_similar,
                args=(video_id,),
            )
    note_seen(video_id)
    script = viewing.video.script
    st.markdown(f"**{escape_markdown(video_id)}**" + (f" — {escape_markdown(script)}" if script else ""))
    show_player_and_tables(viewing)


@st.fragment
def show_player_and_tables(viewing: Viewing) -> None:
    """The player and the tables that follow its clock."""
    viewing = refresh_corrections(viewing)
    plays = read_switch(PLAY, "setting whether the video plays at once")
    state = show_correctable_player(viewing, "explore_player", neighbours=True, plays=plays)
    if state.get("navigate"):
        _go_to_neighbour(viewing.video.video_id, state["navigate"])
    source = next(iter(viewing.sources), PREDICTED)
    if not viewing.sources:
        st.caption("Nobody annotated this video, and no model has predicted it yet.")
    head = st.container(horizontal=True, vertical_alignment="bottom", key="explore_head")
    if len(viewing.sources) > 1:
        names = {ANNOTATION: "Annotation", DENSE: "Exact truth", CORRECTED: "Corrected", PREDICTED: "Prediction"}
        names = {name: shown for name, shown in names.items() if name in viewing.sources}
        check_link("tables", names.values(), "source")
        source = head.segmented_control(
            "Tables show",
            list(viewing.sources),
            default=source,
            required=True,
            format_func=names.__getitem__,
            key="tables",
            bind="query-params",
        )
    graphs = viewing.sources.get(source, [])
    time_s = float(state.get("t") or 0.0)
    with head:
        named = viewing.name_source(source)
        owner = _format_owner(source)
        show_export_menu(viewing.video, viewing.path, graphs, named, owner, time_s, viewing.clock, key="explore_export")
    check_link("table", TABS, "table")
    tabs = dict(zip(TABS, st.tabs(list(TABS), key="table", bind="query-params", on_change="rerun")))
    for name, tab in tabs.items():
        if tab.open:  # what nobody looks at is not made
            with tab:
                TABS[name](viewing, source, graphs, time_s)


def _show_triplets_now(viewing: Viewing, source: str, graphs: Sequence[SceneGraph], time_s: float) -> None:
    graph = viewing.latest_graph_at(source, time_s)
    now = _format_position(viewing, time_s)
    show_owner_note(f"At {now}; the newest graph at or before it, {_format_owner(source)}.")
    reasons = viewing.reasons if source == PREDICTED else {}
    if reasons:
        st.caption("Log odds of each relationship, and what each part gave to them: they add up.")
    _show_table(tables.build_triplet_table([graph] if graph else [], source, reasons), "triplets-now", viewing, "now")


def _format_position(viewing: Viewing, time_s: float) -> str:
    """Where the player stands: time and frame, or the frame alone where the rate is unknown."""
    if viewing.video.clock:
        return format_position(time_s, viewing.video.clock)
    return f"frame {viewing.clock.frame_at(time_s)}"


def _show_all_triplets(viewing: Viewing, source: str, graphs: Sequence[SceneGraph], time_s: float) -> None:
    show_owner_note(f"Triplets of the whole video, {_format_owner(source)}.")
    _show_table(tables.build_triplet_table(graphs, source), "triplets", viewing, "all")


def _show_actions(viewing: Viewing, source: str, graphs: Sequence[SceneGraph], time_s: float) -> None:
    if viewing.intervals:
        show_owner_note("Annotated actions of the whole video.")
        _show_table(tables.build_interval_table(viewing.intervals), "actions", viewing, "actions")
    if viewing.scores:
        show_owner_note(f"Best actions by {describe_scoring_models(viewing)}.")
        show_action_tables(viewing, top=8, key="explore_models")
    if not viewing.intervals and not viewing.scores:
        st.caption("Nobody annotated an action in this video, and no model has scored its actions.")


def _show_boxes(viewing: Viewing, source: str, graphs: Sequence[SceneGraph], time_s: float) -> None:
    show_owner_note(f"Boxes in pixels, {_format_owner(source)}; the person comes first in each frame.")
    _show_table(tables.build_object_table(graphs, source), "boxes", viewing, "raw")


def _go_to_neighbour(video_id: str, step: int) -> None:
    ids = cached.load_videos(cached.get_store_key())["video_id"].tolist()
    open_video(ids[(ids.index(video_id) + step) % len(ids)])
    st.rerun()


def _format_owner(source: str) -> str:
    owners = {ANNOTATION: "from the annotation", DENSE: "from the exact truth", CORRECTED: "corrected by hand"}
    return owners.get(source, "predicted by this project's models")


def _show_table(table: pd.DataFrame, what: str, viewing: Viewing, key: str) -> None:
    if table.empty:
        st.caption("Nothing here at this moment.")
        return
    st.dataframe(
        table.drop(columns=[name for name in ("time_s",) if name in table and table[name].isna().all()]),
        hide_index=True,
        height=min(420, 38 + 35 * len(table)),
        column_config=explain_columns(table),
        alt=f"{what} of video {viewing.video.video_id}",
    )
    with st.container(horizontal=True):
        for kind in ("csv", "json"):
            show_download(table, what, viewing.video.video_id, f"explore_{key}_{kind}", kind)


def _show_about(viewing: Viewing, source: str, graphs: Sequence[SceneGraph], time_s: float) -> None:
    video = viewing.video
    facts = {
        "Script": video.script,
        "Scene": video.scene,
        "Subject": video.subject,
        "Split": video.split,
        "Length": format_duration(video.duration_s),
        "Size": f"{video.width} x {video.height} pixels" if video.width and video.height else "unknown",
        "Rate": format_rate(video.clock),
        "Frames": format_number(video.n_frames) if video.n_frames else "number unknown",
        "Video file": video.path.name if video.path and video.path.is_file() else "missing",
        "Graphs": ", ".join(f"{len(graphs)} {_format_owner(name)}" for name, graphs in viewing.sources.items())
        or "none",
    }
    st.markdown("\n".join(f"- **{name}**: {escape_markdown(value)}" for name, value in facts.items() if value))
    if viewing.prediction:
        st.caption(escape_markdown(describe_models(viewing.prediction)))
        st.download_button(
            "Prediction (JSON)",
            viewing.prediction.to_text,
            file_name=format_download_name("prediction", video.video_id, "json"),
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            key="explore_prediction",
        )


TABS = {
    "Triplets now": _show_triplets_now,
    "All triplets": _show_all_triplets,
    "Actions": _show_actions,
    "Boxes": _show_boxes,
    "About": _show_about,
}

chosen = st.query_params.get(VIDEO)
show_page_frame("Explore", "" if chosen else "Every condition must hold; the link in the address bar remembers them.")
require_store()
try:
    if chosen:
        show_video(cached.get_store_key(), chosen)
    else:
        show_grid(cached.get_store_key())
except UserError as error:
    show_failure(error)
