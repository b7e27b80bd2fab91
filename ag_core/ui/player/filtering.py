"""What the player shows: which relationships of a prediction, and which boxes between annotated frames.

The browser does it; here is what a reader may choose, and what the link of a page says of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ag_core.records import MIN_PROBABILITY
from ag_core.ui.page import BETWEEN, FROM, PER, TOP, check_link

MIN_SENT = 0.1
"""Relationships of a prediction are sent to the player from this probability on."""

FROM_CHOICES = tuple(range(round(100 * MIN_SENT), 100, 5))
TOP_CHOICES = (0, 3, 5, 10, 20, 50)
PER_CHOICES = ("all", "group", "object")
BETWEEN_CHOICES = ("interpolate", "hold", "exact")
"""What is drawn between annotated frames; the usual first."""


@dataclass(frozen=True)
class EdgeFilter:
    """Which relationships of a prediction are shown.

    from_percent  the least probability, in percent
    top           at most so many of a frame, the likeliest first; 0 for all
    per           of each object 'all', or the likeliest of each 'group', or the likeliest of the 'object'
    """

    from_percent: int = round(100 * MIN_PROBABILITY)
    top: int = 0
    per: str = "all"

    def to_json(self) -> dict[str, Any]:
        """As the browser and a link name it."""
        return {FROM: self.from_percent, TOP: self.top, PER: self.per}


def list_choices() -> dict[str, Any]:
    """The values that each part of a filter may have, as the browser names them."""
    return {FROM: list(FROM_CHOICES), TOP: list(TOP_CHOICES), PER: list(PER_CHOICES)}


def read_edge_filter() -> EdgeFilter:
    """What the link of the page wants shown; the usual where it says nothing known."""
    usual = EdgeFilter()
    least = _read_choice(FROM, FROM_CHOICES, usual.from_percent, "percentage from which relationships are shown")
    top = _read_choice(TOP, TOP_CHOICES, usual.top, "number of relationships of a frame")
    per = _read_choice(PER, PER_CHOICES, usual.per, "choice of relationships of an object")
    return EdgeFilter(int(least), int(top), per)


def read_between() -> str:
    """What the link of the page wants drawn between annotated frames; the usual where it says nothing known."""
    return _read_choice(BETWEEN, BETWEEN_CHOICES, BETWEEN_CHOICES[0], "choice of boxes between annotated frames")


def _read_choice(name: str, choices: Iterable[object], usual: object, noun: str) -> str:
    known = [str(choice) for choice in choices]
    check_link(name, known, noun)
    asked = st.query_params.get(name)
    return asked if asked in known else str(usual)
