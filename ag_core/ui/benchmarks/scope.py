"""Which scores the benchmarks show, and what the reader chose of them. The parts of the page share it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from ag_core.errors import UserError
from ag_core.evaluation.protocol import CONSTRAINT_NAMES, MODE_NAMES, Constraint, Owner
from ag_core.results.scene_graph_scores import EdgeRow, RecallRow, SceneGraphScores
from ag_core.settings import ASSETS, settings
from ag_core.taxonomy import Mode
from ag_core.ui import cached
from ag_core.ui.page import check_link, show_empty_state, show_failure

SHIPPED = ASSETS / "benchmarks" / "scene_graphs.json"
OURS, YOURS = "Ours", "Yours"
COMMAND = "python -m ag_core evaluate scene-graphs --heads all --tasks all --data STORE --out"


@dataclass(frozen=True)
class BenchmarkScope:
    """One file of scores, by whose it is, and what was chosen: mode, constraint, relationships counted, part."""

    whose: str
    scores: SceneGraphScores
    mode: Mode
    constraint: Constraint
    n_relations: int
    part: str

    @property
    def recalls(self) -> list[RecallRow]:
        """The rows of the choice, one a head."""
        wanted = (self.mode, self.constraint, self.n_relations, self.part)
        return [
            row
            for row in self.scores.recalls
            if (row.scored.mode, row.constraint, row.n_relations, row.scored.part) == wanted
        ]

    @property
    def edges(self) -> dict[str, EdgeRow]:
        """The rows of edges of the choice by head, for which a constraint does not matter."""
        return {
            row.scored.head: row
            for row in self.scores.edges
            if (row.scored.mode, row.scored.part) == (self.mode, self.part)
        }

    def to_link(self) -> dict[str, str]:
        """The choice as the page's address has it."""
        return {
            "scores": self.whose,
            "task": MODE_NAMES[self.mode],
            "constraint": CONSTRAINT_NAMES[self.constraint],
            "part": self.part,
            "counted": str(self.n_relations),
        }

    @property
    def file_part(self) -> str:
        """The choice as a part of a file's name."""
        return f"{self.whose.lower()}-{self.mode}-{self.constraint}-{self.n_relations}-{self.part}"


def load_all_scores() -> dict[str, SceneGraphScores]:
    """The scores that are there by whose they are; one that cannot be read is told on the page."""
    found = {}
    for whose, path, owner in ((OURS, SHIPPED, Owner.OURS_HOME), (YOURS, settings().own_scores, Owner.YOURS)):
        if path.is_file():
            try:
                found[whose] = cached.load_scene_graph_scores(path).with_owner(owner)
            except UserError as error:
                show_failure(error)
    return found


def show_no_scores(path: Path) -> None:
    """What to run where nobody has scored anything."""
    why = (
        "No relation head has been scored yet. Score every head that has weights on a home world or on Action Genome "
        f"with Charades: `{COMMAND} {path}`"
    )
    show_empty_state("No scores yet", why)


def pick_scope(every: Mapping[str, SceneGraphScores]) -> BenchmarkScope:
    """What to show of the scores that are there; the link remembers. `every` holds at least one."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        check_link("scores", every, "file of scores")
        whose = st.segmented_control(
            "Scores", list(every), default=next(iter(every)), required=True, key="scores", bind="query-params"
        )
        scores = every[whose]
        modes = {MODE_NAMES[mode]: mode for mode in Mode if any(row.scored.mode == mode for row in scores.recalls)}
        check_link("task", modes, "task")
        mode = st.segmented_control(
            "Task", list(modes), default=next(iter(modes)), required=True, key="task", bind="query-params"
        )
        constraints = {CONSTRAINT_NAMES[one]: one for one in Constraint}
        check_link("constraint", constraints, "constraint")
        constraint = st.selectbox("Constraint", list(constraints), key="constraint", bind="query-params", width=220)
        parts = list(dict.fromkeys(row.scored.part for row in scores.recalls))
        check_link("part", parts, "part")
        part = st.segmented_control("Part", parts, default=parts[0], required=True, key="part", bind="query-params")
        sizes = sorted({str(row.n_relations) for row in scores.recalls})
        check_link("counted", sizes, "number of relationships")
        size = st.segmented_control(
            "Relationships", sizes, default=sizes[0], required=True, key="counted", bind="query-params"
        )
    return BenchmarkScope(whose, scores, modes[mode], constraints[constraint], int(size), part)


def pick_head(scope: BenchmarkScope) -> str | None:
    """One of the heads of the choice, by id; None, with a word why, where there is none."""
    labels = {row.scored.label: row.scored.head for row in scope.recalls}
    if not labels:
        st.caption("No head was scored so.")
        return None
    check_link("head", labels, "head")
    return labels[st.selectbox("Head", list(labels), key="head", bind="query-params", width=260) or next(iter(labels))]
