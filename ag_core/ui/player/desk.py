"""The frame that is being corrected, what is done to it, and how that is undone and redone.

Until something of it is changed it is a draft, made of what is shown there; then the whole frame is a correction,
written to the disk at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from ag_core.annotations.store_format import ANNOTATION, CORRECTED, DENSE
from ag_core.errors import UserError
from ag_core.graphs.changes import PERSON_ROW, begin_annotation, is_same
from ag_core.records import SceneGraph, latest_graph_at
from ag_core.results.corrections import Corrections, load_corrections, save_corrections
from ag_core.taxonomy import OBJECT_CLASSES, PERSON
from ag_core.ui.page import read_start_time
from ag_core.ui.player.viewing import PREDICTED, Viewing

SWITCH = "correct"
"""The switch that opens the panel, and its name in the address."""

OBJECT, BASE, ERROR, SEEK, CHANGES, PICKS = (
    f"correct_{name}" for name in ("object", "base", "error", "seek", "changes", "picks")
)
"""Where in the session stand: the chosen object, what a frame begins with, an error to be shown, a jump of the player,
how many changes there were, and how many picks of the player were taken in."""

UNDONE, REDONE = "correct_undone", "correct_redone"
"""Where in the session stand the corrections before each change, and those that were taken back."""

BASES = {PREDICTED: "Prediction", ANNOTATION: "Annotation", DENSE: "Exact truth"}
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
        counts = {"picks": st.session_state.get(PICKS, 0), "n": st.session_state.get(CHANGES, 0)}
        return {
            "correcting": {"source": CORRECTED, "frame": self.graph.frame, "picked": picked, **counts},
            "seek": st.session_state.get(SEEK),
        }


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
    bases = [name for name in BASES if name in viewing.sources]
    source = st.session_state.get(BASE)
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
    if st.session_state.get(OBJECT) not in labels:
        st.session_state[OBJECT] = labels[min(1, len(labels) - 1)]
    return labels.index(st.session_state[OBJECT]) - 1


def confirm_frame(desk: Desk) -> None:
    """The frame is right as it is."""
    change_frame(desk, lambda graph: graph, confirm=True)


def change_frame(desk: Desk, change: Change, confirm: bool = False) -> None:
    """Change the frame, which makes it a correction; one that changes nothing does so where it is to `confirm` it."""
    try:
        corrections = load_corrections(desk.path, desk.viewing.video.video_id)  # another window may have written
        kept = corrections.graph_at(desk.graph.frame)
        now = kept or desk.graph
        changed = change(now)
        if not is_same(now, changed) or (confirm and kept is None):
            _keep(corrections, corrections.with_frame(changed))
    except UserError as error:
        st.session_state[ERROR] = str(error)
        _count_change()


def _keep(before: Corrections, after: Corrections) -> None:
    """Write corrections, which can be undone."""
    save_corrections(after)
    st.session_state[UNDONE] = [*list_steps(UNDONE, before.sha256), before]
    st.session_state[REDONE] = []
    _count_change()


def _count_change() -> None:
    """Something was done: the player hears that Python is done with it."""
    st.session_state[CHANGES] = st.session_state.get(CHANGES, 0) + 1


def list_steps(name: str, sha256: str) -> list[Corrections]:
    """What can be undone or redone of this video; nothing of the one before."""
    return [one for one in st.session_state.get(name, []) if one.sha256 == sha256]


def take_step(desk: Desk, taken: str, given: str) -> None:
    """Go back or on by one change."""
    steps = list_steps(taken, desk.corrections.sha256)
    if not steps:
        return
    try:
        now = load_corrections(desk.path, desk.viewing.video.video_id)
        save_corrections(replace(now, frames=steps[-1].frames))
    except UserError as error:
        st.session_state[ERROR] = str(error)
        return
    st.session_state[taken] = steps[:-1]
    st.session_state[given] = [*list_steps(given, desk.corrections.sha256), now]
    _count_change()


def drop_frame(desk: Desk) -> None:
    """The frame is no longer corrected."""
    try:
        before = load_corrections(desk.path, desk.viewing.video.video_id)
        _keep(before, before.without_frame(desk.graph.frame))
    except UserError as error:
        st.session_state[ERROR] = str(error)
