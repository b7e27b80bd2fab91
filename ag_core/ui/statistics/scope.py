"""What the statistics are asked of: which store, whose rows. The parts of the page share it."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.taxonomy import OBJECTS, find_object_index, format_name
from ag_core.ui import cached
from ag_core.ui.formatting import WHAT_COUNTS
from ag_core.ui.page import EXPLORE, SWITCH, check_link, show_empty_state
from ag_core.ui.widgets.pickers import format_source


@dataclass(frozen=True)
class StatisticsScope:
    """A store and one of its sources."""

    key: cached.StoreKey
    source: str

    def compute(self, what: str, *about: Any) -> Any:
        """One of `cached.compute_statistic`'s answers for this source."""
        return cached.compute_statistic(self.key, what, self.source, *about)

    def load_counts(self, what: str) -> Any:
        """One of `cached.load_counts`' tables for this source."""
        return cached.load_counts(self.key, what, self.source)

    @property
    def owner(self) -> str:
        """Whose numbers these are, to end a sentence with."""
        if self.source == ANNOTATION:
            return "the annotation of the open data set"
        return f"{format_source(self.source)}, by this project ({WHAT_COUNTS})"

    @property
    def file_part(self) -> str:
        """The source as a part of a file's name."""
        return self.source.replace(":", "-").replace("+", "-")


def show_log_toggle(label: str = "Logarithmic scale") -> bool:
    """Whether counts are drawn on a logarithmic scale, as the paper does; the link remembers."""
    check_link("log", SWITCH, "setting of the scale")
    return st.toggle(label, value=True, key="log", bind="query-params")


def pick_object(scope: StatisticsScope, key: str) -> int | None:
    """One of the objects that occur, most frequent first; None, with a word why, where none does."""
    counted = scope.load_counts("object").sort_values("objects", ascending=False, kind="stable")
    present = counted.loc[counted["objects"] > 0, "object"].tolist()
    if not present:
        show_empty_state("No objects", f"{format_source(scope.source)} has no visible objects", (EXPLORE, "All videos"))
        return None
    check_link(key, map(format_name, present), "object")
    return find_object_index(
        st.selectbox("Object", present, format_func=format_name, key=key, bind="query-params", width=260) or OBJECTS[0]
    )
