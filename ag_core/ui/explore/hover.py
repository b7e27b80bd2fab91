"""A card of the wall plays its video while the pointer rests on it, or the focus is in it.

The browser side (assets/hover) asks for the address of a video when it is wanted, so that the files of a page of cards
are not read beforehand; only the last few stay in the server's memory.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from ag_core.errors import UserError
from ag_core.settings import ASSETS
from ag_core.ui.player.media import serve_video
from ag_core.video.transcode import is_playable

KEY, KEPT = "explore_hover", "explore_hovered"
MAX_KEPT = 3


@cache
def _register_component() -> Any:
    """The component, registered once in this process."""
    script = (ASSETS / "hover" / "hover.js").read_text(encoding="utf-8")
    return st.components.v2.component("action_genome_hover", html="<span></span>", js=script)


@st.fragment
def play_on_hover(paths: Mapping[str, Path]) -> None:
    """Have the cards of videos, by the id that their keys end with, play; call it once, beside the cards."""
    urls: dict[str, str] = {}
    for video_id in st.session_state.get(KEPT, []):
        path = paths.get(video_id)
        if path is not None and path.is_file():
            url = _serve(path)
            urls |= {video_id: url} if url else {}
    _register_component()(key=KEY, data={"urls": urls}, on_wanted_change=_remember, height=0)


def _serve(path: Path) -> str:
    """The address of a file that browsers play; empty for one that they do not, which stays a still picture."""
    try:
        return serve_video(path) if is_playable(path) else ""
    except UserError:
        return ""


def _remember() -> None:
    wanted = getattr(st.session_state.get(KEY), "wanted", None)
    if wanted:
        kept = [one for one in st.session_state.get(KEPT, []) if one != wanted]
        st.session_state[KEPT] = [*kept, str(wanted)][-MAX_KEPT:]
