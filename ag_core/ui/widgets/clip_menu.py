"""The part of the export menu that makes clips: which part, the buttons, how far a clip is, and its file."""

from dataclasses import replace
from typing import Any

import streamlit as st

from ag_core.drawn_clips.clip import CLIP_FORMATS, ClipFormat
from ag_core.errors import UserError
from ag_core.graphs.edges import PREDICTED, is_predicted
from ag_core.ui.formatting import format_clock, format_download_name, format_number, format_remaining
from ag_core.ui.page import show_failure
from ag_core.ui.widgets.running_clip import ClipRequest, RunningClip

_CLIP = "running_clip"
"""The clip of this session: one is drawn or ready at a time."""

USUAL_S = 6.0
"""How long a part is as it is first offered."""

STEP_S = 0.1


def pick_part(duration_s: float, time_s: float, key: str) -> tuple[float, float | None]:
    """Choose begin and end in seconds, at first from where the player stands; the end is None at the video's end."""
    last = max(STEP_S, round(duration_s / STEP_S) * STEP_S)
    if key not in st.session_state:
        begin = round(max(0.0, min(time_s, last - USUAL_S)), 1)
        st.session_state[key] = (begin, round(min(last, begin + USUAL_S), 1))
    chosen: Any = st.slider("Part, in seconds", 0.0, round(last, 1), step=STEP_S, format="%.1f", key=key)
    begin, end = chosen
    return begin, None if end > last - STEP_S / 2 else end


def describe_part(start_s: float, end_s: float | None) -> str:
    """A part in words: '0:03.000 to 0:09.500', '0:03.000 to the end', 'the whole video'."""
    if end_s is None:
        return f"{format_clock(start_s)} to the end" if start_s else "the whole video"
    return f"{format_clock(start_s)} to {format_clock(end_s)}"


def show_clip_buttons(wanted: ClipRequest, duration_s: float, key: str) -> None:
    """A button for each format that begins a clip. `wanted` says of what; its format does not matter."""
    length_s = (duration_s if wanted.end_s is None else wanted.end_s) - wanted.start_s
    for one in CLIP_FORMATS.values():
        too_long = one.max_s is not None and length_s > one.max_s
        limit = f"A {one.name.upper()} may last {one.max_s:g} s; choose a part that is shorter" if too_long else ""
        st.button(
            one.label,
            key=f"{key}_{one.name}",
            icon=":material/movie:",
            type="tertiary",
            help=limit or one.use[:1].upper() + one.use[1:],
            disabled=too_long or not length_s > 0,
            on_click=_begin,
            args=(replace(wanted, format_name=one.name),),
        )


def show_clip(video_id: str, key: str) -> None:
    """The clip of this video that is drawn or ready: how far it is, or its file; nothing where there is none."""
    clip = _find_clip(video_id)
    if clip is None:
        return
    if clip.running:
        st.fragment(_follow, run_every=0.5)(video_id, key)
    elif clip.error:
        show_failure(UserError(clip.error))
    elif clip.finished:
        _show_file(clip, CLIP_FORMATS[clip.request.format_name], key)
    elif clip.cancelled:
        st.caption("The clip was cancelled; nothing was kept of it.")


def _find_clip(video_id: str) -> RunningClip | None:
    clip: RunningClip | None = st.session_state.get(_CLIP)
    return clip if clip is not None and clip.request.video.video_id == video_id else None


def _begin(request: ClipRequest) -> None:
    """Draw a clip in place of the one before it."""
    earlier: RunningClip | None = st.session_state.get(_CLIP)
    if earlier is not None:
        earlier.cancel()
    st.session_state[_CLIP] = RunningClip(request)


def _follow(video_id: str, key: str) -> None:
    """How far a clip is; alive while it is drawn."""
    clip = _find_clip(video_id)
    if clip is None or not clip.running:
        st.rerun()
    st.progress(min(1.0, clip.fraction), text=_describe_progress(clip))
    st.button("Cancel", icon=":material/stop:", key=f"{key}_cancel", on_click=clip.cancel)


def _describe_progress(clip: RunningClip) -> str:
    if clip.cancelled:
        return "Cancelling"
    if clip.waiting:
        return "Waiting for another clip"
    frames = f"frame {format_number(clip.done)} of {format_number(clip.total)}" if clip.total else "reading"
    return f"{frames} · {format_remaining(clip.remaining_s)}"


def _show_file(clip: RunningClip, one: ClipFormat, key: str) -> None:
    part = clip.request
    end = "end" if part.end_s is None else f"{part.end_s:g}"
    which = part.video.video_id + ("" if part.end_s is None and not part.start_s else f"_{part.start_s:g}-{end}")
    megabytes = clip.path.stat().st_size / 1e6
    st.download_button(
        f"Save {one.name.upper()} ({megabytes:.1f} MB)",
        clip.read,
        file_name=format_download_name(one.what, which, one.extension),
        mime=one.mime,
        key=f"{key}_file",
        icon=":material/download:",
        on_click="ignore",
        type="primary",
    )
    whose = PREDICTED if is_predicted(part.source) else part.source
    text = f"{describe_part(part.start_s, part.end_s)}, {whose}"
    st.caption(text[:1].upper() + text[1:])
