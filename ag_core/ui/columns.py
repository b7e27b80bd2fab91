"""What the numbers of a table mean, as the help of its columns: what is counted, which unit, which threshold."""

from typing import Any

import pandas as pd
import streamlit as st

from ag_core.graphs.edges import MIN_SCORE
from ag_core.records import MIN_PROBABILITY
from ag_core.ui.html import SCORE

MEANINGS: dict[str, str] = {
    "frame": "The number of the frame, counted from 1 at the video's own rate.",
    "frames": "In how many of the frames that both sources have the triplet occurs in either.",
    "time_s": "When the frame is shown, in seconds from the beginning of the video.",
    "start_s": "When the action begins, in seconds from the beginning of the video.",
    "end_s": "When the action ends, in seconds from the beginning of the video.",
    "probability": "How sure the relation head is of this relationship, from 0 to 1; what is below "
    f"{MIN_PROBABILITY:g} does not count. An annotated relationship has none.",
    "score": f"How sure the detector is of this object, from 0 to 1; what is below {MIN_SCORE:g} does not count. "
    "An annotated box has none.",
    "x1": "The left side of the box, in pixels of the video from its left side.",
    "y1": "The upper side of the box, in pixels of the video from its top.",
    "x2": "The right side of the box, in pixels of the video from its left side.",
    "y2": "The lower side of the box, in pixels of the video from its top.",
    "before": f"{SCORE} As the prediction has it.",
    "after": f"{SCORE} With the edits.",
    "change": "The score with the edits, less that without them, in points of a percent.",
}
"""By the name of a column."""

FORMATS = {"time_s": "%.3f", "start_s": "%.2f", "end_s": "%.2f", "probability": "%.2f", "score": "%.2f"}
LABELS = {"time_s": "time (s)", "start_s": "start (s)", "end_s": "end (s)", "change": "change (points)"}


def explain_columns(table: pd.DataFrame, **formats: str) -> dict[str, Any]:
    """The `column_config` of a table: every number with what it means; `formats` are those that differ from usual."""
    chosen = {**FORMATS, **formats}
    return {
        name: st.column_config.NumberColumn(LABELS.get(name), help=MEANINGS[name], format=chosen.get(name))
        for name in map(str, table.columns)
        if name in MEANINGS
    }
