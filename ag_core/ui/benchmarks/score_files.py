"""Files of scores that the benchmarks show: the shipped one, ours, and the reader's own, which a command wrote."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, Self, TypeVar

import streamlit as st

from ag_core.errors import UserError
from ag_core.evaluation.protocol import Owner
from ag_core.settings import ASSETS, settings
from ag_core.ui import cached
from ag_core.ui.page import check_link, show_failure

SHIPPED = ASSETS / "benchmarks"
OURS, YOURS = "Ours", "Yours"


class OwnedScores(Protocol):
    """Scores whose numbers are somebody's."""

    def with_owner(self, owner: Owner) -> Self:
        """The same scores as somebody's."""
        ...


Scores = TypeVar("Scores", bound=OwnedScores)


def load_score_files(
    name: str, read: Callable[[Path], Scores], ours: Owner, more: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Scores]:
    """The scores that are there by whose they are; a file that cannot be read is told on the page.

    name  of the file, such as 'actions'; ours: whose the shipped numbers are; more: names of further shipped files
    """
    found = {}
    shipped = [(whose, SHIPPED / f"{file}.json", ours) for whose, file in {OURS: name, **more}.items()]
    for whose, path, owner in (*shipped, (YOURS, settings().own_benchmark(name), Owner.YOURS)):
        if path.is_file():
            try:
                found[whose] = cached.load_scores(path, read).with_owner(owner)
            except UserError as error:
                show_failure(error)
    return found


def pick_whose(every: Mapping[str, Scores], key: str) -> str:
    """Whose scores to show, of at least one; the link remembers."""
    check_link(key, every, "file of scores")
    whose: str = st.segmented_control(
        "Scores", list(every), default=next(iter(every)), required=True, key=key, bind="query-params"
    )
    return whose


def explain_command(command: str, name: str) -> str:
    """How the reader's own numbers come onto a tab: the command and the file that it must write."""
    return f"`python -m ag_core {command} --out {settings().own_benchmark(name)}`"
