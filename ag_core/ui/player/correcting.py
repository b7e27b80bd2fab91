"""Correcting frames in the player: which frame and object, what is said of it, what was changed, undo and redo.

The panel works on the frame on which the player stands. Until something of it is changed it is a draft, made of what is
shown there; then the whole frame is a correction, written to the disk at once. Boxes are moved in the player itself, by
dragging and by keys, or typed here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from ag_core.annotations.store_format import ANNOTATION, CORRECTED, DENSE
from ag_core.errors import UserError
from ag_core.graphs.changes import (
    PERSON_ROW,
    add_object,
    begin_annotation,
    change_box,
    change_class,
    change_relations,
    find_row,
    is_same,
    remove_object,
)
from ag_core.records import SceneGraph, latest_graph_at
from ag_core.results.corrections import Corrections, load_corrections, save_corrections
from ag_core.taxonomy import (
    OBJECT_CLASSES,
    OBJECTS,
    PERSON,
    RELATIONS,
    RELATIONS_OF_GROUP,
    Group,
    find_object_index,
    format_name,
)
from ag_core.ui.formatting import format_position
from ag_core.ui.page import read_start_time, show_failure
from ag_core.ui.player.learning import show_learning
from ag_core.ui.player.viewing import PREDICTED, Viewing, load_corrected_graphs, show_viewing

SWITCH = "correct"
"""The switch that opens the panel, and its name in the address."""

_OBJECT, _NEW, _BASE, _ERROR = (f"correct_{name}" for name in ("object", "new", "base", "error"))
_SIDES = ("Left", "Top", "Right", "Bottom")
_UNDO, _REDO, _SEEK, _CHANGES, _PICKS = (f"correct_{name}" for name in ("undone", "redone", "seek", "changes", "picks"))

_BASES = {PREDICTED: "Prediction", ANNOTATION: "Annotation", DENSE: "Exact truth"}
"""What a frame may begin with, the first of them that the video has where nobody chooses."""

Change = Callable[[SceneGraph], SceneGraph]


@dataclass(frozen=True)
class Desk:
    """The frame that is being corrected.

    viewing      the video, with corrected frames and this one as a source; without actions, so that the panel is near
    path         its file
    corrections  what was corrected until now
    graph        this frame as it is now; source: what it began with where it is a draft
    """

    viewing: Viewing
    path: Path
    corrections: Corrections
    graph: SceneGraph
    source: str | None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Of the video's frames."""
        return int(self.corrections.video.width or 0), int(self.corrections.video.height or 0)

    @property
    def is_draft(self) -> bool:
        """Whether nothing of this frame was corrected yet."""
        return self.corrections.graph_at(self.graph.frame) is None

    @property
    def labels(self) -> list[str]:
        """Of the person and the objects, in the order of the graph's rows; the person first."""
        seen: dict[str, int] = {}
        labels = [PERSON]
        for object_class in self.graph.object_classes.tolist():
            name = OBJECT_CLASSES[object_class]
            seen[name] = seen.get(name, 0) + 1
            labels.append(name if seen[name] == 1 else f"{name} {seen[name]}")
        return labels

    def name_widget(self, what: str, row: int) -> str:
        """The key of a widget about one row: no other row has it, whose value a slow browser might still send."""
        return f"correct_{what.lower()}_{self.graph.frame}_{len(self.graph)}_{row}"

    def options(self, row: int) -> dict[str, Any]:
        """What the player is told, with the box of a row picked."""
        object_class = 0 if row == PERSON_ROW else int(self.graph.object_classes[row])
        instance = 0 if row == PERSON_ROW else int((self.graph.object_classes[:row] == object_class).sum())
        picked = {"class": OBJECT_CLASSES[object_class], "instance": instance}
        counts = {"picks": st.session_state.get(_PICKS, 0), "n": st.session_state.get(_CHANGES, 0)}
        return {
            "correcting": {"source": CORRECTED, "frame": self.graph.frame, "picked": picked, **counts},
            "seek": st.session_state.get(_SEEK),
        }


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
    if _CHANGES not in st.session_state or viewing.path is None:
        return viewing
    others = {name: graphs for name, graphs in viewing.sources.items() if name != CORRECTED}
    corrected = load_corrected_graphs(replace(viewing.video, path=viewing.path))
    return replace(viewing, sources={**others, **corrected})


def open_desk(viewing: Viewing, player_key: str) -> Desk | None:
    """The frame on which a player stands, to be corrected; None where nobody wants to, or there is no video file.

    UserError where what was corrected cannot be read.
    """
    if not st.session_state.get(SWITCH, st.query_params.get(SWITCH) == "true") or not can_correct(viewing):
        return None
    assert viewing.path is not None
    corrections = load_corrections(viewing.path, viewing.video.video_id)
    frame = viewing.clock.frame_at(_read_time(viewing, player_key))
    kept = corrections.graph_at(frame)
    bases = [name for name in _BASES if name in viewing.sources]
    source = st.session_state.get(_BASE)
    source = source if source in bases else next(iter(bases), None)
    graph = kept or _begin(viewing, source, frame)
    graphs = corrections.with_frame(graph).frames
    shown = replace(viewing, sources={**viewing.sources, CORRECTED: list(graphs)}, intervals=None, scores={})
    return Desk(shown, viewing.path, corrections, graph, None if kept else source)


def can_correct(viewing: Viewing) -> bool:
    """Whether there is a picture to correct by."""
    return viewing.path is not None and viewing.path.is_file()


def _begin(viewing: Viewing, source: str | None, frame: int) -> SceneGraph:
    """A draft: what a source shows at a frame."""
    shown = None if source is None else latest_graph_at(viewing.sources[source], frame)
    return begin_annotation(shown, source or ANNOTATION, frame, viewing.clock.time_of(frame))


def _read_time(viewing: Viewing, player_key: str) -> float:
    """Where the player stands, in seconds; before it was there, where it will begin."""
    state = st.session_state.get(player_key)
    if state is not None and state.get("t") is not None:
        return float(state["t"])
    starts = [graphs[0].frame for name, graphs in viewing.sources.items() if name != CORRECTED]
    return read_start_time(viewing.clock.time_of(max(starts, default=1)))


def choose_row(desk: Desk) -> int:
    """The row that the panel shows: of the object that was chosen, else of the first object, else the person's."""
    labels = desk.labels
    if st.session_state.get(_OBJECT) not in labels:
        st.session_state[_OBJECT] = labels[min(1, len(labels) - 1)]
    return labels.index(st.session_state[_OBJECT]) - 1


def list_listeners(desk: Desk, player_key: str) -> dict[str, Callable[[], None]]:
    """Who hears of what is done in the player."""
    listeners = {"picked": _hear_pick, "boxed": _hear_box, "stepped": _hear_step, "confirmed": _hear_confirmation}
    return {name: partial(listener, desk, player_key) for name, listener in listeners.items()}


def _hear_pick(desk: Desk, player_key: str) -> None:
    told = st.session_state[player_key]["picked"]
    st.session_state[_PICKS] = told["picks"]
    row = find_row(desk.graph, OBJECT_CLASSES.index(told["class"]), told["instance"])
    if row is not None:
        st.session_state[_OBJECT] = desk.labels[row + 1]


def _hear_box(desk: Desk, player_key: str) -> None:
    told = st.session_state[player_key]["boxed"]
    row = find_row(desk.graph, OBJECT_CLASSES.index(told["class"]), told["instance"])
    if row is not None and told["frame"] == desk.graph.frame:
        _change(desk, lambda graph: change_box(graph, row, told["box"], desk.size_wh))


def _hear_step(desk: Desk, player_key: str) -> None:
    back = st.session_state[player_key]["stepped"] < 0
    _step(desk, *((_UNDO, _REDO) if back else (_REDO, _UNDO)))


def _hear_confirmation(desk: Desk, player_key: str) -> None:
    if desk.is_draft and st.session_state[player_key]["confirmed"] == desk.graph.frame:
        _confirm(desk)


def _confirm(desk: Desk) -> None:
    """The frame is right as it is."""
    _change(desk, lambda graph: graph, confirm=True)


def _change(desk: Desk, change: Change, confirm: bool = False) -> None:
    """Change the frame, which makes it a correction; one that changes nothing does so where it is to `confirm` it."""
    try:
        corrections = load_corrections(desk.path, desk.viewing.video.video_id)  # another window may have written
        kept = corrections.graph_at(desk.graph.frame)
        now = kept or desk.graph
        changed = change(now)
        if not is_same(now, changed) or (confirm and kept is None):
            _keep(corrections, corrections.with_frame(changed))
    except UserError as error:
        st.session_state[_ERROR] = str(error)
        _count_change()


def _keep(before: Corrections, after: Corrections) -> None:
    """Write corrections, which can be undone."""
    save_corrections(after)
    st.session_state[_UNDO] = [*_list_steps(_UNDO, before.sha256), before]
    st.session_state[_REDO] = []
    _count_change()


def _count_change() -> None:
    """Something was done: the player hears that Python is done with it."""
    st.session_state[_CHANGES] = st.session_state.get(_CHANGES, 0) + 1


def _list_steps(name: str, sha256: str) -> list[Corrections]:
    """What can be undone or redone of this video; nothing of the one before."""
    return [one for one in st.session_state.get(name, []) if one.sha256 == sha256]


def _step(desk: Desk, taken: str, given: str) -> None:
    """Go back or on by one change."""
    steps = _list_steps(taken, desk.corrections.sha256)
    if not steps:
        return
    try:
        now = load_corrections(desk.path, desk.viewing.video.video_id)
        save_corrections(replace(now, frames=steps[-1].frames))
    except UserError as error:
        st.session_state[_ERROR] = str(error)
        return
    st.session_state[taken] = steps[:-1]
    st.session_state[given] = [*_list_steps(given, desk.corrections.sha256), now]
    _count_change()


def show_desk(desk: Desk, row: int) -> None:
    """The panel: the frame, its person and objects, and what is said of one of them."""
    with st.container(border=True, key="ag_desk"):
        if message := st.session_state.pop(_ERROR, None):
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
    bases = [name for name in _BASES if name in desk.viewing.sources]
    with st.container(horizontal=True, vertical_alignment="center", key="ag_desk_head"):
        clock = desk.viewing.clock
        where = format_position(clock.time_of(desk.graph.frame), clock)
        state = "not corrected yet" if desk.is_draft else "corrected"
        st.markdown(f"**{where}** :gray[{state}]", width="stretch")
        undo, redo = (_list_steps(name, desk.corrections.sha256) for name in (_UNDO, _REDO))
        st.button(
            "Undo", icon=":material/undo:", key="correct_undo", disabled=not undo,
            on_click=_step, args=(desk, _UNDO, _REDO),
        )  # fmt: skip
        st.button(
            "Redo", icon=":material/redo:", key="correct_redo", disabled=not redo,
            on_click=_step, args=(desk, _REDO, _UNDO),
        )  # fmt: skip
        if desk.is_draft:
            st.button(
                "Right as it is", icon=":material/check:", key="correct_confirm",
                on_click=_confirm, args=(desk,),
            )  # fmt: skip
        else:
            st.button("Take back", icon=":material/close:", key="correct_drop", on_click=_drop, args=(desk,))
    if desk.is_draft and len(bases) > 1:
        st.session_state[_BASE] = desk.source
        st.segmented_control("Begin with", bases, required=True, format_func=_BASES.__getitem__, key=_BASE)


def _drop(desk: Desk) -> None:
    """The frame is no longer corrected."""
    try:
        before = load_corrections(desk.path, desk.viewing.video.video_id)
        _keep(before, before.without_frame(desk.graph.frame))
    except UserError as error:
        st.session_state[_ERROR] = str(error)


def _show_objects(desk: Desk) -> None:
    """Choose the person or an object; add one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("Person and objects", desk.labels, required=True, key=_OBJECT)
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
    _change(desk, lambda graph: add_object(graph, find_object_index(name), middle, desk.size_wh))
    count = int((desk.graph.object_classes == find_object_index(name)).sum())
    st.session_state[_OBJECT] = name if not count else f"{name} {count + 1}"


def _show_person(desk: Desk) -> None:
    if desk.graph.person_box_xyxy is not None:
        _show_box(desk, PERSON_ROW)
        return
    width, height = desk.size_wh
    box = [0.35 * width, 0.1 * height, 0.65 * width, 0.95 * height]
    st.button(
        "There is a person", icon=":material/person_add:", key="correct_person",
        on_click=_change, args=(desk, lambda graph: change_box(graph, PERSON_ROW, box, desk.size_wh)),
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
    _change(desk, lambda graph: change_class(graph, row, find_object_index(name)))
    st.session_state[_OBJECT] = replace(desk, graph=changed).labels[row + 1]


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
            on_click=_change, args=(desk, partial(remove_object, row=row)),
        )  # fmt: skip


def _type_box(desk: Desk, row: int, keys: Sequence[str]) -> None:
    box = [st.session_state[key] for key in keys]
    shown = desk.graph.person_box_xyxy if row == PERSON_ROW else desk.graph.object_boxes_xyxy[row]
    if None not in box and not np.allclose(box, np.asarray(shown, float), rtol=0, atol=0.06):
        _change(desk, lambda graph: change_box(graph, row, box, desk.size_wh))


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
    _change(desk, lambda graph: change_relations(graph, row, group, names))


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
    number, _ = st.session_state.get(_SEEK) or (0, 0.0)
    st.session_state[_SEEK] = (number + 1, time_s)
