"""What is being taught in the lab: kept in the link as long as that is short enough, every change undone by one press.

A plan is a value; whoever changes it hands a new one to `change_plan`.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

import streamlit as st

from ag_core.errors import UserError
from ag_core.queries.by_example.records import Lesson, Moment
from ag_core.taxonomy import ACTIONS, find_action_index
from ag_core.ui.page import say_unknown

TAUGHT, MATERIAL, EXAMPLE, RIGHT, WRONG = "taught", "material", "example", "right", "wrong"
"""Parameters of the link: the action's id or name, whose graphs, and the moments, one parameter each."""

MAX_LINK_LETTERS = 1800
MAX_NAME_LETTERS = 80
MAX_UNDONE = 50
PAST, UNLINKED = "lesson_past", "lesson_unlinked"
_KINDS = {EXAMPLE: "examples", RIGHT: "right", WRONG: "wrong"}


@dataclass(frozen=True)
class LessonPlan:
    """name: a Charades id, or words for an action of one's own; source: whose graphs; then the moments."""

    name: str
    source: str
    examples: tuple[Moment, ...] = ()
    right: tuple[Moment, ...] = ()
    wrong: tuple[Moment, ...] = ()

    @property
    def action(self) -> int | None:
        """The index of a known action; None for one of the visitor's own."""
        try:
            return find_action_index(self.name)
        except KeyError:
            return None

    @property
    def label(self) -> str:
        """The action in words."""
        return self.name if self.action is None else ACTIONS[self.action].label

    def to_lesson(self) -> Lesson:
        """What the learner needs. UserError without an example."""
        return Lesson(self.source, self.examples, self.right, self.wrong)

    def to_link(self) -> dict[str, str | list[str]]:
        """As the page's parameters; empty kinds are left out."""
        moments = {name: [one.format() for one in getattr(self, kind)] for name, kind in _KINDS.items()}
        return {TAUGHT: self.name, MATERIAL: self.source} | {name: texts for name, texts in moments.items() if texts}

    def add(self, *moments: Moment) -> "LessonPlan":
        """With further examples."""
        return replace(self, examples=tuple(dict.fromkeys((*self.examples, *moments))))

    def mark(self, moment: Moment, *, right: bool) -> "LessonPlan":
        """With a hit marked, whatever it was before."""
        cleared = self.take_back(moment)
        return replace(cleared, right=(*cleared.right, moment)) if right else cleared._mark_wrong(moment)

    def take_back(self, moment: Moment) -> "LessonPlan":
        """Without a moment, of whatever kind."""

        def keep(moments: tuple[Moment, ...]) -> tuple[Moment, ...]:
            return tuple(one for one in moments if one != moment)

        return replace(self, examples=keep(self.examples), right=keep(self.right), wrong=keep(self.wrong))

    def _mark_wrong(self, moment: Moment) -> "LessonPlan":
        return replace(self, wrong=(*self.wrong, moment))


def read_plan(usual: LessonPlan, sources: list[str]) -> LessonPlan:
    """The plan of the link, else one too long for it, else what a newcomer gets; says what the link has wrong."""
    if not any(name in st.query_params for name in (TAUGHT, MATERIAL, *_KINDS)):
        kept: LessonPlan | None = st.session_state.get(UNLINKED)
        return kept or usual
    st.session_state.pop(UNLINKED, None)
    source = st.query_params.get(MATERIAL, usual.source)
    if source not in sources:
        say_unknown(f"the source {source!r}, which is not here; it is left out")
        source = usual.source
    found: dict[str, tuple[Moment, ...]] = {}
    for name, kind in _KINDS.items():
        moments = []
        for text in st.query_params.get_all(name):
            try:
                moments.append(Moment.parse(text))
            except UserError:
                say_unknown(f"the moment {text!r}, which is none; it is left out")
        found[kind] = tuple(dict.fromkeys(moments))
    return LessonPlan(st.query_params.get(TAUGHT, usual.name)[:MAX_NAME_LETTERS], source, **found)


def change_plan(before: LessonPlan, after: LessonPlan) -> None:
    """Take a new plan; `undo` brings the one before back."""
    if after != before:
        st.session_state[PAST] = [*st.session_state.get(PAST, []), before][-MAX_UNDONE:]
        _write_link(after)


def can_undo() -> bool:
    """Whether anything was changed."""
    return bool(st.session_state.get(PAST))


def undo() -> None:
    """Bring the plan before the last change back."""
    *rest, last = st.session_state[PAST]
    st.session_state[PAST] = rest
    _write_link(last)


def is_linked() -> bool:
    """Whether the address holds the plan."""
    return UNLINKED not in st.session_state


def _write_link(plan: LessonPlan) -> None:
    link = plan.to_link()
    for name in (TAUGHT, MATERIAL, *_KINDS):
        st.query_params.pop(name, None)
    if len(urlencode(link, doseq=True)) > MAX_LINK_LETTERS:
        st.session_state[UNLINKED] = plan
        return
    st.session_state.pop(UNLINKED, None)
    for name, value in link.items():
        st.query_params[name] = value
