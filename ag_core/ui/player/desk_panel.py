"""The panel in which a frame is corrected: the frame, its person and objects, and what is said of one of them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from ag_core.errors import UserError
from ag_core.graphs.changes import PERSON_ROW, add_object, change_box, change_class, change_relations, remove_object
from ag_core.taxonomy import (
    OBJECT_CLASSES,
    OBJECTS,
    RELATIONS,
    RELATIONS_OF_GROUP,
    Group,
    find_object_index,
    format_name,
)
from ag_core.ui.formatting import format_position
from ag_core.ui.page import show_failure
from ag_core.ui.player.desk import (
    BASE,
    BASES,
    ERROR,
    OBJECT,
    REDONE,
    SEEK,
    UNDONE,
    Desk,
    change_frame,
    confirm_frame,
    drop_frame,
    list_steps,
    take_step,
)
from ag_core.ui.player.learning import show_learning

_NEW = "correct_new"
_SIDES = ("Left", "Top", "Right", "Bottom")


def show_desk(desk: Desk, row: int) -> None:
    """The panel: the frame, its person and objects, and what is said of one of them."""
    with st.container(border=True, key="ag_desk"):
        if message := st.session_state.pop(ERROR, None):
            show_failure(UserError(message))
        _show_frame(desk)
        _show_objects(desk)
        if row == PERSON_ROW:
            _show_person(desk)
        else:
            _show_class_and_box(desk, row)
            _show_relations(desk, row)
        _show_corrected_frames(desk)
        show_learning(desk.corrections)


def _show_frame(desk: Desk) -> None:
    """Which frame it is, and what can be done with all of it."""
    bases = [name for name in BASES if name in desk.viewing.sources]
    with st.container(horizontal=True, vertical_alignment="center", key="ag_desk_head"):
        clock = desk.viewing.clock
        where = format_position(clock.time_of(desk.graph.frame), clock)
        state = "not corrected yet" if desk.is_draft else "corrected"
        st.markdown(f"**{where}** :gray[{state}]", width="stretch")
        undo, redo = (list_steps(name, desk.corrections.sha256) for name in (UNDONE, REDONE))
        st.button(
            "Undo", icon=":material/undo:", key="correct_undo", disabled=not undo,
            on_click=take_step, args=(desk, UNDONE, REDONE),
        )  # fmt: skip
        st.button(
            "Redo", icon=":material/redo:", key="correct_redo", disabled=not redo,
            on_click=take_step, args=(desk, REDONE, UNDONE),
        )  # fmt: skip
        if desk.is_draft:
            st.button(
                "Right as it is", icon=":material/check:", key="correct_confirm",
                on_click=confirm_frame, args=(desk,),
            )  # fmt: skip
        else:
            st.button("Take back", icon=":material/close:", key="correct_drop", on_click=drop_frame, args=(desk,))
    if desk.is_draft and len(bases) > 1:
        st.session_state[BASE] = desk.source
        st.segmented_control("Begin with", bases, required=True, format_func=BASES.__getitem__, key=BASE)


def _show_objects(desk: Desk) -> None:
    """Choose the person or an object; add one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("Person and objects", desk.labels, required=True, key=OBJECT)
        st.selectbox(
            "Add an object", sorted(OBJECTS), index=None, placeholder="Which?", key=_NEW, width=200,
            on_change=_add, args=(desk,),
        )  # fmt: skip


def _add(desk: Desk) -> None:
    """Add the object that was chosen, in the middle of the frame."""
    name = st.session_state.get(_NEW)
    if name is None:
        return
    st.session_state[_NEW] = None
    width, height = desk.size_wh
    middle = [0.375 * width, 0.375 * height, 0.625 * width, 0.625 * height]
    change_frame(desk, lambda graph: add_object(graph, find_object_index(name), middle, desk.size_wh))
    count = int((desk.graph.object_classes == find_object_index(name)).sum())
    st.session_state[OBJECT] = name if not count else f"{name} {count + 1}"


def _show_person(desk: Desk) -> None:
    if desk.graph.person_box_xyxy is not None:
        _show_box(desk, PERSON_ROW)
        return
    width, height = desk.size_wh
    box = [0.35 * width, 0.1 * height, 0.65 * width, 0.95 * height]
    st.button(
        "There is a person", icon=":material/person_add:", key="correct_person",
        on_click=change_frame, args=(desk, lambda graph: change_box(graph, PERSON_ROW, box, desk.size_wh)),
    )  # fmt: skip


def _show_class_and_box(desk: Desk, row: int) -> None:
    key = desk.name_widget("class", row)
    st.session_state[key] = OBJECT_CLASSES[desk.graph.object_classes[row]]
    st.selectbox("It is a", sorted(OBJECTS), key=key, width=240, on_change=_rename, args=(desk, row, key))
    _show_box(desk, row)


def _rename(desk: Desk, row: int, key: str) -> None:
    name = st.session_state[key]
    if name == OBJECT_CLASSES[desk.graph.object_classes[row]]:
        return  # a browser that is behind says again what it was shown
    changed = change_class(desk.graph, row, find_object_index(name))
    change_frame(desk, lambda graph: change_class(graph, row, find_object_index(name)))
    st.session_state[OBJECT] = replace(desk, graph=changed).labels[row + 1]


def _show_box(desk: Desk, row: int) -> None:
    """The four sides of a box, and its removal."""
    box = desk.graph.person_box_xyxy if row == PERSON_ROW else desk.graph.object_boxes_xyxy[row]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        keys = [desk.name_widget(side, row) for side in _SIDES]
        for key, label, side in zip(keys, _SIDES, np.asarray(box, float).tolist()):
            st.session_state[key] = None if np.isnan(side) else round(side, 1)
            st.number_input(
                label, value=None, step=1.0, format="%.1f", key=key, width=120, on_change=_type_box,
                args=(desk, row, keys),
            )  # fmt: skip
        what = "No person" if row == PERSON_ROW else "Not there"
        st.button(
            what, icon=":material/delete:", key="correct_remove",
            on_click=change_frame, args=(desk, partial(remove_object, row=row)),
        )  # fmt: skip


def _type_box(desk: Desk, row: int, keys: Sequence[str]) -> None:
    box = [st.session_state[key] for key in keys]
    shown = desk.graph.person_box_xyxy if row == PERSON_ROW else desk.graph.object_boxes_xyxy[row]
    if None not in box and not np.allclose(box, np.asarray(shown, float), rtol=0, atol=0.06):
        change_frame(desk, lambda graph: change_box(graph, row, box, desk.size_wh))


def _show_relations(desk: Desk, row: int) -> None:
    """What holds between the person and an object, group by group."""
    if desk.graph.person_box_xyxy is None:
        st.caption("Nobody is there, so nothing holds between a person and it.")
        return
    held = desk.graph.relations[row] > 0
    for group, names in RELATIONS_OF_GROUP.items():
        key = desk.name_widget(group.value, row)
        chosen = [name for name in names if held[RELATIONS.index(name)]]
        one = group is Group.ATTENTION
        st.session_state[key] = (chosen[0] if chosen else None) if one else chosen
        st.pills(
            group.value.capitalize(), names, selection_mode="single" if one else "multi", format_func=format_name,
            key=key, on_change=_relate, args=(desk, row, group, key),
        )  # fmt: skip


def _relate(desk: Desk, row: int, group: Group, key: str) -> None:
    chosen = st.session_state[key]
    names = [chosen] if isinstance(chosen, str) else chosen or []
    if set(names) == {name for name in RELATIONS_OF_GROUP[group] if desk.graph.relations[row, RELATIONS.index(name)]}:
        return
    change_frame(desk, lambda graph: change_relations(graph, row, group, names))


def _show_corrected_frames(desk: Desk) -> None:
    """The corrected frames, to go to."""
    frames = desk.corrections.frames
    if not frames:
        st.caption(
            "In the player, O takes the next box, arrows move it, with Shift its lower right corner; or drag it. What "
            "is changed is kept at once, in a file of its own; the annotation stays as it is."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", key="ag_corrected"):
        st.markdown(f"Corrected frames: {len(frames)}", width="content")
        for graph in frames:
            st.button(
                str(graph.frame), key=f"correct_go_{graph.frame}", type="tertiary", on_click=_go, args=(graph.time_s,),
                disabled=graph.frame == desk.graph.frame, help=f"To frame {graph.frame}",
            )  # fmt: skip


def _go(time_s: float) -> None:
    number, _ = st.session_state.get(SEEK) or (0, 0.0)
    st.session_state[SEEK] = (number + 1, time_s)
