"""Which scene-graph scores the benchmarks show, and what the reader chose of them: what their tabs share."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from ag_core.evaluation.protocol import CONSTRAINT_NAMES, MODE_NAMES, Constraint
from ag_core.results.scene_graph_scores import EdgeRow, RecallRow, SceneGraphScores
from ag_core.taxonomy import Mode
from ag_core.ui.benchmarks.score_files import pick_whose
from ag_core.ui.glossary import explain
from ag_core.ui.page import check_link


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


def pick_scope(every: Mapping[str, SceneGraphScores]) -> BenchmarkScope:
    """What to show of the scores that are there; the link remembers. `every` holds at least one."""
    with st.container(horizontal=True, gap="medium"):
        whose = pick_whose(every, "scores")
        scores = every[whose]
        modes = {MODE_NAMES[mode]: mode for mode in Mode if any(row.scored.mode == mode for row in scores.recalls)}
        check_link("task", modes, "task")
        mode = st.segmented_control(
            "Task", list(modes), default=next(iter(modes)), required=True, key="task", bind="query-params",
            help=explain("predcls", "sgcls", "sgdet"),
        )  # fmt: skip
        constraints = {CONSTRAINT_NAMES[one]: one for one in Constraint}
        check_link("constraint", constraints, "constraint")
        constraint = st.selectbox(
            "Constraint", list(constraints), key="constraint", bind="query-params", width=220,
            help=explain("with-constraint", "no-constraint"),
        )  # fmt: skip
        parts = list(dict.fromkeys(row.scored.part for row in scores.recalls))
        check_link("part", parts, "part")
        part = st.segmented_control(
            "Part", parts, default=parts[0], required=True, key="part", bind="query-params", help=explain("iid", "comp")
        )
        sizes = sorted({str(row.n_relations) for row in scores.recalls})
        check_link("counted", sizes, "number of relationships")
        size = st.segmented_control(
            "Relationships", sizes, default=sizes[0], required=True, key="counted", bind="query-params",
            help="Kinds of relationship that count: 25 as in the paper, or 26 with the released 'other relationship'.",
        )  # fmt: skip
    return BenchmarkScope(whose, scores, modes[mode], constraints[constraint], int(size), part)


def pick_head(scope: BenchmarkScope) -> str | None:
    """One of the heads of the choice, by id; None, with a word why, where there is none."""
    labels = {row.scored.label: row.scored.head for row in scope.recalls}
    if not labels:
        st.caption("No relation head was scored with this choice; choose another task, constraint or part.")
        return None
    check_link("head", labels, "head")
    return labels[st.selectbox("Head", list(labels), key="head", bind="query-params", width=260) or next(iter(labels))]
