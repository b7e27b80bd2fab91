"""Hits as small pieces of HTML for st.html: strips of time with the intervals of every step, marks, and counts.

Never fetches and knows no Streamlit; escapes what it is given. st.html lets no SVG pass, so strips are made of boxes.
"""

from collections.abc import Mapping
from collections.abc import Sequence as Values
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from urllib.parse import urlencode

import pandas as pd

from ag_core.queries.sequence.language import format_step
from ag_core.queries.sequence.query import SqlQuery
from ag_core.queries.sequence.records import MAX_STEPS, Sequence, Step
from ag_core.taxonomy import OBJECT_CLASSES, RELATIONS, format_name
from ag_core.ui.colours import CATEGORIES, INK
from ag_core.ui.formatting import format_clock, format_duration, format_number, format_scene

NARROWEST_PERCENT = 1.2

SELECTED, PLAY = "sel", "play"
"""The query parameters of the player for what is selected, and for playing at once."""


def select_condition(step: Step) -> str:
    """What of a step the player selects: its first condition that holds, as 'cup/glass/bottle: holding', an object or a
    relationship; empty where every condition is negated or open."""
    for condition in step.conditions:
        if condition.negated or not (condition.classes or condition.relations):
            continue
        thing = OBJECT_CLASSES[condition.classes[0]] if condition.classes else ""
        relation = format_name(RELATIONS[condition.relations[0]]) if condition.relations else ""
        return ": ".join(filter(None, (thing, relation)))
    return ""


@dataclass(frozen=True)
class StepInterval:
    """One step of a hit: times in seconds, None where the video's rate is unknown; frames from 1."""

    step: int
    start_s: float | None
    end_s: float | None
    first_frame: int
    last_frame: int


def list_intervals(row: pd.Series) -> list[StepInterval]:
    """The intervals in one row of `SequenceHits.table`, by step."""
    found = []
    for step in range(1, MAX_STEPS + 1):
        if f"step_{step}_first_frame" not in row.index:
            break
        start, end, first, last = (row[f"step_{step}_{name}"] for name in _PARTS)
        known = pd.notna(start)
        found.append(
            StepInterval(
                step,
                float(start) / 1000 if known else None,
                float(end) / 1000 if known else None,
                int(first),
                int(last),
            )
        )
    return found


_PARTS = ("start_ms", "end_ms", "first_frame", "last_frame")


def render_hit(
    row: pd.Series,
    texts: Values[str],
    address: str,
    *,
    dark: bool,
    also: Mapping[str, str] = MappingProxyType({}),
    selected: Values[str] = (),
) -> str:
    """A hit: a link to its beginning, its strip of time, and where it is from.

    row      of `SequenceHits.table`
    texts    what each step says
    address  of the page that plays videos, such as 'Explore'; also: what else its links say, such as whose graphs
    selected  by step, what its condition selects in the player; empty for what cannot be selected

    The headline plays the hit from its beginning; a step leads to its first frame, where the player stands.
    """
    intervals = list_intervals(row)
    video_id = str(row["video_id"])
    selections = [{SELECTED: text} if text else {} for text in selected] or [{} for _ in intervals]
    addresses = [
        _format_address(address, video_id, interval.start_s, {**chosen, **also})
        for interval, chosen in zip(intervals, selections)
    ]
    first = _format_address(address, video_id, intervals[0].start_s, {**selections[0], **also, PLAY: "true"})
    headline = f'<span aria-hidden="true">▶</span>{_format_headline(row)}'
    head = f'<a class="head" href="{first}" target="_self">{headline}</a>'
    strip = _render_strip(row, intervals, texts, addresses, dark)
    return f'<div class="ag-hit">{head}{strip}{_render_about(row, intervals)}</div>'


def _format_address(address: str, video_id: str, time_s: float | None, also: Mapping[str, str]) -> str:
    """A link to a video, at a time where one is known; escaped."""
    query = {"v": video_id, **({} if time_s is None else {"t": f"{time_s:.3f}"}), **also}
    return escape(f"{address}?{urlencode(query)}")


def _render_strip(
    row: pd.Series, intervals: Values[StepInterval], texts: Values[str], addresses: Values[str], dark: bool
) -> str:
    """The video's length with a lane for each step; every interval is a link to its beginning."""
    timed = intervals[0].start_s is not None
    spans = [(s.start_s or 0.0, s.end_s or 0.0) if timed else (s.first_frame - 1, s.last_frame) for s in intervals]
    known = row["duration_s"] if timed else row["n_frames"]
    length = max(0 if pd.isna(known) else float(known), max(end for _, end in spans), 1e-3)
    lanes = []
    for interval, (start, end), text, link in zip(intervals, spans, texts, addresses, strict=True):
        left = min(100 * start / length, 100 - NARROWEST_PERCENT)
        width = max(100 * (end - start) / length, NARROWEST_PERCENT)
        label = escape(f"Step {interval.step}, {text}: {_format_span(interval)}")
        style = f"left:{left:.2f}%;width:{width:.2f}%;{_format_colours(interval.step, dark)}"
        lanes.append(
            f'<div class="lane"><a href="{link}" target="_self" title="{label}" aria-label="{label}" style="{style}">'
            f"{interval.step}</a></div>"
        )
    ends = ("0:00", format_clock(length)[:-4]) if timed else ("frame 1", f"frame {length:.0f}")
    return (
        f'<div class="ag-strip">{"".join(lanes)}'
        f'<div class="ends"><span>{ends[0]}</span><span>{ends[1]}</span></div></div>'
    )


def _format_headline(row: pd.Series) -> str:
    """A hit in one line: its video, and from when to when."""
    if pd.isna(row["start_s"]):
        return escape(str(row["video_id"]))
    return escape(f"{row['video_id']} · {format_clock(row['start_s'])} to {format_clock(row['end_s'])}")


def _render_about(row: pd.Series, intervals: Values[StepInterval]) -> str:
    """Which frames, where, and how long, in small type."""
    facts = [_format_frames(intervals[0].first_frame, max(one.last_frame for one in intervals))]
    facts += [format_scene(row["scene"])] if pd.notna(row["scene"]) else []
    facts += [str(row["split"])] if pd.notna(row["split"]) else []
    facts += [f"{format_duration(row['duration_s'])} long"] if pd.notna(row["duration_s"]) else []
    return f'<p class="ag-about">{escape(" · ".join(facts))}</p>'


def render_badge(step: int, *, dark: bool) -> str:
    """The number of a step in its colour."""
    return f'<span class="ag-step" style="{_format_colours(step, dark)}">{step}</span>'


def render_legend(sequence: Sequence, *, dark: bool) -> str:
    """What each number stands for."""
    items = "".join(
        f"<li>{render_badge(number, dark=dark)}<span>{escape(format_step(step))}</span></li>"
        for number, step in enumerate(sequence.steps, 1)
    )
    return f'<ol class="ag-legend">{items}</ol>'


def format_count(intervals: int, videos: int) -> str:
    """How often a step happens: '386 intervals in 120 videos'."""
    if not intervals:
        return "never happens here"
    return f"{format_number(intervals)} interval{'s' if intervals > 1 else ''} in {format_number(videos)} video" + (
        "s" if videos > 1 else ""
    )


def explain_no_hits(sequence: Sequence, counts: pd.DataFrame) -> str:
    """Why there is no hit, by how often each step happens at all (`count_intervals`)."""
    absent = [int(step) for step, intervals in zip(counts["step"], counts["intervals"], strict=True) if not intervals]
    if absent:
        texts = [f"step {step} ({format_step(sequence.steps[step - 1])})" for step in absent]
        verb = "has" if len(absent) == 1 else "have"
        return f"{' and '.join(texts)} {verb} no interval at all; change it, or allow other lengths, scenes or splits"
    way = "loosen a gap or change the order" if len(sequence.steps) > 1 else "loosen a length"
    also = ", or take the action away" if sequence.where.actions else ""
    return f"each step happens, but never one after the other as asked; {way}{also}"


def render_parameters(query: SqlQuery) -> str:
    """The values of a query in the order of its question marks."""
    items = "".join(f"<li>{escape(repr(value))}</li>" for value in query.parameters)
    return f'<ol class="ag-parameters">{items}</ol>'


def drop_paths(table: pd.DataFrame) -> pd.DataFrame:
    """All that may leave the machine: without the locations of files."""
    return table.drop(columns="path")


def _format_frames(first: int, last: int) -> str:
    return f"frame {first}" if first == last else f"frames {first} to {last}"


def _format_span(interval: StepInterval) -> str:
    frames = _format_frames(interval.first_frame, interval.last_frame)
    if interval.start_s is None or interval.end_s is None:
        return frames
    return f"{format_clock(interval.start_s)} to {format_clock(interval.end_s)}, {frames}"


def _format_colours(step: int, dark: bool) -> str:
    return f"background:{CATEGORIES[dark][step - 1]};color:{INK[dark]}"
