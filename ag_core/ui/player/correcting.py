"""The player with a switch beneath it that opens the panel in which its frames are corrected.

The panel works on the frame on which the player stands. Boxes are moved in the player itself, by dragging and by keys,
or typed in the panel.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from ag_core.annotations.store_format import CORRECTED
from ag_core.errors import UserError
from ag_core.graphs.changes import change_box, find_row
from ag_core.taxonomy import OBJECT_CLASSES
from ag_core.ui.page import show_failure
from ag_core.ui.player.desk import (
    CHANGES,
    OBJECT,
    PICKS,
    REDONE,
    SWITCH,
    UNDONE,
    Desk,
    can_correct,
    change_frame,
    choose_row,
    confirm_frame,
    open_desk,
    take_step,
)
from ag_core.ui.player.desk_panel import show_desk
from ag_core.ui.player.viewing import Viewing, load_corrected_graphs, show_viewing


def show_correctable_player(viewing: Viewing, player_key: str, **options: Any) -> Any:
    """The player, a switch beneath it, and with that on the panel in which its frames are corrected.

    Call it inside a fragment. Options and state are those of `show_viewing`.
    """
    try:
        desk = open_desk(viewing, player_key)
    except UserError as error:
        show_failure(error)
        desk = None
    if desk is None:
        state = show_viewing(viewing, player_key, **options)
    else:
        row = choose_row(desk)
        listeners = list_listeners(desk, player_key)
        state = show_viewing(desk.viewing, player_key, heard=listeners, **options, **desk.options(row))
    if can_correct(viewing):
        st.toggle(
            "Correct frames", key=SWITCH, bind="query-params",
            help="Say what is right in a few frames: class, box and relationships, by keys or by mouse. A relation "
            "head can learn from them.",
        )  # fmt: skip
    if desk is not None:
        show_desk(desk, row)
    return state


def refresh_corrections(viewing: Viewing) -> Viewing:
    """The same with what was corrected in this visit since it was made."""
    if CHANGES not in st.session_state or viewing.path is None:
        return viewing
    others = {name: graphs for name, graphs in viewing.sources.items() if name != CORRECTED}
    corrected = load_corrected_graphs(replace(viewing.video, path=viewing.path))
    return replace(viewing, sources={**others, **corrected})


def list_listeners(desk: Desk, player_key: str) -> dict[str, Callable[[], None]]:
    """Who hears of what is done in the player."""
    listeners = {"picked": _hear_pick, "boxed": _hear_box, "stepped": _hear_step, "confirmed": _hear_confirmation}
    return {name: partial(listener, desk, player_key) for name, listener in listeners.items()}


def _hear_pick(desk: Desk, player_key: str) -> None:
    told = st.session_state[player_key]["picked"]
    st.session_state[PICKS] = told["picks"]
    row = find_row(desk.graph, OBJECT_CLASSES.index(told["class"]), told["instance"])
    if row is not None:
        st.session_state[OBJECT] = desk.labels[row + 1]


def _hear_box(desk: Desk, player_key: str) -> None:
    told = st.session_state[player_key]["boxed"]
    row = find_row(desk.graph, OBJECT_CLASSES.index(told["class"]), told["instance"])
    if row is not None and told["frame"] == desk.graph.frame:
        change_frame(desk, lambda graph: change_box(graph, row, told["box"], desk.size_wh))


def _hear_step(desk: Desk, player_key: str) -> None:
    back = st.session_state[player_key]["stepped"] < 0
    take_step(desk, *((UNDONE, REDONE) if back else (REDONE, UNDONE)))


def _hear_confirmation(desk: Desk, player_key: str) -> None:
    if desk.is_draft and st.session_state[player_key]["confirmed"] == desk.graph.frame:
        confirm_frame(desk)
