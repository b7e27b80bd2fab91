"""The export menu of a video page: the graphs of one source as files, of this frame or of the whole video, and clips.

A file is made when its button is pressed; formats and conventions are described in docs/export.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from ag_core.graphs.formats import FORMATS, Format, export_graphs
from ag_core.records import FrameClock, SceneGraph, Video, latest_graph_at
from ag_core.ui.formatting import format_download_name, format_number
from ag_core.ui.page import is_dark, show_owner_note
from ag_core.ui.widgets.clip_menu import describe_part, pick_part, show_clip, show_clip_buttons
from ag_core.ui.widgets.running_clip import ClipRequest

FRAME, PART, WHOLE = "This frame", "A part", "Whole video"


def show_export_menu(
    video: Video,
    path: Path | None,
    graphs: Sequence[SceneGraph],
    source: str,
    whose: str,
    time_s: float,
    clock: FrameClock,
    key: str,
) -> None:
    """A button that unfolds into the formats. `whose` says in words where the graphs come from.

    `path` is the video's file, where it is there; `time_s` is where the player stands; `clock` says which frame it
    shows.
    """
    menu = st.popover("Export", icon=":material/download:", key=f"{key}_menu", on_change="rerun")
    if not menu.open:
        # Buttons cost time in every run, seen or not; the room for them lets the menu open where it fits.
        menu.html('<div class="ag-exports-room"></div>')
        return
    with menu:
        scope = st.segmented_control(
            "What", [FRAME, PART, WHOLE], default=WHOLE, required=True, key=f"{key}_scope", label_visibility="collapsed"
        )
        has_file = path is not None and path.is_file()
        if scope == PART and not has_file:
            st.caption("The video's file is not here, and a clip is drawn on its frames.")
            return
        newest = latest_graph_at(graphs, clock.frame_at(time_s))
        frame = newest.frame if newest is not None and scope == FRAME else None
        if scope == FRAME and newest is None:
            st.caption("No graph begins before this frame; play on, or choose the whole video.")
            return
        duration_s = clock.duration_s if clock.n_frames else video.duration_s
        part_key = f"{key}_part_{video.video_id}"
        start_s, end_s = pick_part(duration_s, time_s, part_key) if scope == PART else (0.0, None)
        about = f"frame {frame}" if frame else f"{format_number(len(graphs))} frames"
        if scope == PART:
            about = describe_part(start_s, end_s)
        show_owner_note(f"{about[:1].upper()}{about[1:]}, {whose}.")
        dark = is_dark()
        with st.container(key="ag_exports"):
            for one in FORMATS.values():
                if scope != PART and (one.of_frame if frame else one.of_video):
                    _show_button(one, video, _bind_export(one.name, graphs, video, source, frame, dark), frame, key)
            if has_file and not frame:
                wanted = ClipRequest("", replace(video, path=path), source, start_s, end_s, dark, graphs)
                show_clip_buttons(wanted, duration_s, f"{key}_clip")
        show_clip(video.video_id, f"{key}_clip")


def _bind_export(
    name: str, graphs: Sequence[SceneGraph], video: Video, source: str, frame: int | None, dark: bool
) -> Callable[[], bytes]:
    return lambda: export_graphs(name, graphs, video, source=source, frame=frame, dark=dark)


def _show_button(one: Format, video: Video, make: Callable[[], bytes], frame: int | None, key: str) -> None:
    which = video.video_id + (f"_frame{frame}" if frame else "")
    st.download_button(
        one.label,
        make,
        file_name=format_download_name(one.what, which, one.extension),
        mime=one.mime,
        key=f"{key}_{one.name}",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        help=one.use[:1].upper() + one.use[1:],
    )
