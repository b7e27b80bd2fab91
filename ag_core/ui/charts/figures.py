"""The frame around every chart of the statistics: whose numbers, the chart, what is chosen in it, data and picture.

A mark is chosen with the pointer, or by keyboard in the list beneath; either way a link opens Explore with the filter
in its address. Files are made when they are pressed: pictures are drawn here, without any network, light and on white.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO, StringIO
from textwrap import wrap
from typing import Literal

import altair as alt
import pandas as pd
import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.queries.facets import VideoFilter
from ag_core.queries.sequence.language import format_sequence, parse_sequence
from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, RELATIONS, format_name
from ag_core.ui import cached, cached_queries
from ag_core.ui.charts.plots import MARK, PICK, Chart, fit_width
from ag_core.ui.formatting import format_action_option, format_download_name, format_number
from ag_core.ui.html import render_link
from ag_core.ui.page import EXPLORE, SEARCH, TIME, VIDEO, is_dark, show_owner_note
from ag_core.ui.widgets.pickers import format_source, show_download

SEQUENCE = "sequence"
"""The part of Search's address that holds what is sought."""

PICTURE_WIDTH = 760
"""Of a downloaded picture's plot, in pixels; a PNG has twice as many."""


@dataclass(frozen=True)
class Figure:
    """A chart with all that stands around it.

    title     heads the downloaded picture; `note` says whose numbers these are, of how many, and stands above
    alt       what the chart shows, for those who do not see it
    what, which   name the files
    draw      the chart, in the colours for dark or for light
    table     the data as downloaded
    searches  what each mark (the chart's column `mark`) means in Explore
    times     or: the video and the time in seconds that each mark stands for
    links     or: the address that each mark stands for, and what its link says
    sequences what some marks mean in Search, in its language
    source    whose rows were counted; Explore and Search are asked of the same
    wide      whether the chart keeps its width and scrolls on a narrow screen
    """

    title: str
    note: str
    alt: str
    what: str
    which: str
    draw: Callable[[bool], Chart]
    table: pd.DataFrame
    searches: Mapping[str, VideoFilter] = field(default_factory=dict)
    times: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sequences: Mapping[str, str] = field(default_factory=dict)
    source: str = ANNOTATION
    wide: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """All that can be chosen; the most frequent come first."""
        return (*self.searches, *self.times, *self.links)


def show_figure(figure: Figure, key: str) -> None:
    """The figure on the page; `key` is its own and prefixes those of its parts."""
    show_owner_note(figure.note)
    _show_chart_and_choice(figure, key)


@st.fragment
def _show_chart_and_choice(figure: Figure, key: str) -> None:
    with st.container(key=f"ag_wide_{key}" if figure.wide else None):
        chart = fit_width(figure.draw(is_dark()))
        if figure.marks:
            st.altair_chart(
                chart,
                width="stretch",
                alt=figure.alt,
                key=f"{key}_chart",
                on_select=partial(keep_choice, key, figure.marks),
                selection_mode=PICK.name,
            )
        else:
            st.altair_chart(chart, width="stretch", alt=figure.alt)
    with st.container(horizontal=True, vertical_alignment="center", key=f"ag_figure_{key}"):
        if figure.marks:
            _show_choice(figure, key)
        show_download(figure.table, figure.what, figure.which, f"{key}_csv", "csv")
        show_download(figure.table, figure.what, figure.which, f"{key}_json", "json")
        _download_picture(figure, f"{key}_svg", "svg")
        _download_picture(figure, f"{key}_png", "png")


def keep_choice(key: str, marks: tuple[str, ...]) -> None:
    """Carry a click on the chart into the list beneath it; a click beside all marks clears the choice."""
    picked = st.session_state[f"{key}_chart"]["selection"].get(PICK.name) or []
    mark = picked[0].get(MARK) if picked else None
    st.session_state[f"{key}_mark"] = mark if mark in marks else None


def _show_choice(figure: Figure, key: str) -> None:
    mark = st.selectbox(
        "See in Explore",
        figure.marks,
        index=None,
        key=f"{key}_mark",
        placeholder="Click in the chart or choose here",
        label_visibility="collapsed",
        width=290,
    )
    if mark is not None and mark in figure.links:
        st.html(render_link(*figure.links[mark]))
    elif mark is not None and mark in figure.times:
        video_id, time_s = figure.times[mark]
        _show_link(EXPLORE, "Watch this frame", {VIDEO: [video_id], TIME: [f"{time_s:.3f}"]})
    elif mark is not None:
        store = cached.get_store_key()
        search = replace(figure.searches[mark], source=figure.source)
        found = cached_queries.count_matching_videos(store, search)
        if found:
            videos = "the video" if found == 1 else f"the {format_number(found)} videos"
            parameters = build_explore_parameters(search)
            if figure.source != cached.find_main_source(store):
                parameters["source"] = [format_source(figure.source)]
            _show_link(EXPLORE, f"See {videos} in Explore", parameters)
        else:
            st.caption("No video has it.")
        if mark in figure.sequences:
            _show_link(
                SEARCH, "Find them in Search", {SEQUENCE: [write_sequence_of(figure.sequences[mark], figure.source)]}
            )


def write_sequence_of(text: str, source: str) -> str:
    """A sequence in Search's language, asked of a source."""
    sequence = parse_sequence(text)
    return format_sequence(replace(sequence, where=replace(sequence.where, source=source)))


def _show_link(page: str, label: str, parameters: dict[str, list[str]]) -> None:
    st.page_link(page, label=label, icon=":material/arrow_forward:", query_params=parameters)


def build_explore_parameters(search: VideoFilter) -> dict[str, list[str]]:
    """A search of objects, relationships and actions as Explore's address has it; a key is left out where empty."""
    values = {
        "object": [OBJECT_CLASSES[index] for index in search.objects],
        "relation": [format_name(RELATIONS[index]) for index in search.relations],
        "action": [format_action_option(ACTIONS[index].id) for index in search.actions],
    }
    return {name: chosen for name, chosen in values.items() if chosen}


def _download_picture(figure: Figure, key: str, kind: Literal["svg", "png"]) -> None:
    st.download_button(
        kind.upper(),
        partial(render_figure, figure, kind),
        file_name=format_download_name(figure.what, figure.which, kind),
        mime={"svg": "image/svg+xml", "png": "image/png"}[kind],
        key=key,
        icon=":material/image:",
        on_click="ignore",
        type="tertiary",
    )


def render_figure(figure: Figure, kind: Literal["svg", "png"]) -> bytes:
    """The chart as a file, with its title and its note in it."""
    title = alt.Title(figure.title, subtitle=wrap(figure.note, 110), anchor="start", fontSize=16, offset=14)
    chart = figure.draw(False).properties(title=title, width=PICTURE_WIDTH, background="white", padding=16)
    chart = chart.configure(font="sans-serif").configure_view(stroke=None)
    if kind == "svg":
        text = StringIO()
        chart.save(text, format="svg")
        return text.getvalue().encode()
    pixels = BytesIO()
    chart.save(pixels, format="png", scale_factor=2)
    return pixels.getvalue()
