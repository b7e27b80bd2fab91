"""The player: a video, its scene graph and its timeline in one browser component with one clock.

`payload.build_player_data` makes its payload, `show_player` mounts it. Everything that moves with the video runs in the
browser (assets/player); Python hears of the position and the selection only now and then. Call `show_player` inside
`st.fragment`, always with the same key.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import streamlit as st

from ag_core.settings import ASSETS
from ag_core.ui.player.payload import check_payload

FOLDER = ASSETS / "player"
SCRIPTS = (
    "elements.js", "annotations.js", "edge_filter.js", "evolution.js", "verdicts.js", "sources.js", "tally.js",
    "name_plates.js", "overlay.js", "editing.js", "explanations.js", "graph.js", "triplets.js", "panels.js",
    "time_plot.js", "actions.js", "scores.js", "lanes.js", "log.js", "beside.js", "timeline.js", "picture.js",
    "clock.js", "controls.js", "selection.js", "linking.js", "pointing.js", "correcting.js", "video_file.js",
    "reports.js", "status.js", "frame_check.js", "player.js",
)  # fmt: skip
"""Pieces of the browser side, joined in this order into one module."""

STYLES = ("player.css", "beside.css")


@cache
def _register_component() -> Any:
    """The component, registered once in this process."""
    return st.components.v2.component(
        "action_genome_player",
        html=(FOLDER / "player.html").read_text(encoding="utf-8"),
        css="".join((FOLDER / name).read_text(encoding="utf-8") for name in STYLES),
        js="\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS),
    )


def show_player(
    data: dict[str, Any],
    key: str,
    height: int | None = None,
    heard: Mapping[str, Callable[[], None]] = MappingProxyType({}),
) -> Any:
    """Mount the player and return its state: `t` (seconds), `selected` and `navigate`.

    While frames are corrected it also tells in the one run after it of a box that was `picked` (class, instance) or
    moved (`boxed`: frame, class, instance, box), of a frame that is right (`confirmed`: its number), and of undo and
    redo (`stepped`: -1 and 1); `heard` has who is called before that run, by these names.

    `selected` is None or a dictionary: kind ('object', 'action', 'relation', or 'edge': a relationship of one object),
    label, class and, of an action or an edge, id.
    `navigate` is 1 or -1 in the one run after N or P. Call it inside `st.fragment`, with the same key in every run.
    """
    check_payload(data)
    return _register_component()(
        data=data,
        key=key,
        default={"t": data["t0"], "selected": find_start_selection(data)},
        height=height or "content",
        on_t_change=_ignore_change,
        on_selected_change=_ignore_change,
        on_navigate_change=_ignore_change,
        on_picked_change=heard.get("picked", _ignore_change),
        on_boxed_change=heard.get("boxed", _ignore_change),
        on_stepped_change=heard.get("stepped", _ignore_change),
        on_confirmed_change=heard.get("confirmed", _ignore_change),
    )


def find_start_selection(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the browser selects at the start, in the form in which it reports selections; None for nothing known."""
    for track in data["tracks"][1:]:
        if data["selected"] in (track["class"], track["label"]):
            return {"kind": "object", "label": track["label"], "class": track["class"]}
    for lane in data["actions"]:
        if data["selected"] == lane["id"]:
            return {"kind": "action", "label": lane["name"], "class": lane["class"], "id": lane["id"]}
    names = [relation["name"] for relation in data["relations"]]
    if data["selected"] in names:
        return {"kind": "relation", "label": data["selected"], "class": None}
    label, _, name = (data["selected"] or "").partition(": ")
    for track in data["tracks"][1:] if name in names else ():
        if track["label"] == label:
            return {"kind": "edge", "label": data["selected"], "class": track["class"], "id": data["selected"]}
    return None


def _ignore_change() -> None:
    """Nothing to do: naming the callback is how Streamlit learns that the state exists."""
