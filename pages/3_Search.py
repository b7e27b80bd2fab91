"""Search: find where a sequence of steps holds, one after the other; watch each hit."""

from collections.abc import Sequence as Values
from dataclasses import replace
from functools import partial
from math import ceil
from pathlib import Path

import pandas as pd
import streamlit as st

from ag_core.errors import UserError
from ag_core.queries.sequence.language import format_sequence, format_step, parse_sequence
from ag_core.queries.sequence.query import MAX_HITS, build_hits_query, find_hits
from ag_core.queries.sequence.records import Sequence
from ag_core.table_files import MEDIA_TYPES, TableKind, encode_table
from ag_core.ui import cached, cached_queries, shipped_files
from ag_core.ui.cached import StoreKey
from ag_core.ui.formatting import format_download_name, format_number
from ag_core.ui.page import (
    BACK,
    EXPLORE,
    LIKE,
    RUN,
    SQL,
    VIDEO,
    check_link,
    is_dark,
    read_page_number,
    require_store,
    show_empty_state,
    show_failure,
    show_owner_note,
    show_page_frame,
)
from ag_core.ui.widgets import search_hits as drawn
from ag_core.ui.widgets.next_steps import show_next_steps
from ag_core.ui.widgets.pickers import format_source, link_run, link_source
from ag_core.ui.widgets.sequence_builder import SEQUENCE, TEXT, remember, show_sequence_builder
from ag_core.ui.widgets.video_still import show_still

PER_PAGE = 8
# Hits are plain links: coming back by the browser's button must find the link of this page as it was.
EXPLORE_ADDRESS = Path(EXPLORE).stem.partition("_")[2]
HOW_TO_WRITE = """
| write | for |
| --- | --- |
| `holding cup` | someone holds a cup |
| `holding\\|touching cup\\|dish` | any of these relationships, to any of these objects |
| `looking at & holding cup` | both, to the same cup |
| `cup`, `holding anything` | a cup is there; something is held |
| `not holding cup` | no cup is annotated as held |
| `not (looking at cup)` | brackets, where `not looking at` would be the relationship of that name |
| `cup and not holding dish` | both in the same frame |
| `for at least 2 s and at most 9 s` | how long a step lasts |
| `then`, `then within 5 s`, `then after 1 s within 5 s` | what comes later, and how soon |
| `where action c107\\|c106 and scene "kitchen" and split train` | about the whole hit and its video |
"""


def read_example(key: StoreKey, text: str) -> Sequence:
    """An example, asked of the first model run where the store has no annotation."""
    sequence = parse_sequence(text)
    return replace(sequence, where=replace(sequence.where, source=cached.find_main_source(key)))


def use_example(key: StoreKey) -> None:
    """Put the chosen example into the text."""
    chosen = st.session_state["search_example"]
    if chosen:
        remember(st.session_state.get(TEXT, ""))
        text = next(one["text"] for one in shipped_files.load_sequence_examples() if one["name"] == chosen)
        st.session_state[TEXT] = format_sequence(read_example(key, text))
        st.session_state["hits"] = 1


def fill_text(text: str) -> None:
    """See that the field holds a text, unless the link brings one. A widget's value is lost with its page; written
    again before the widget is drawn, it lives on.
    """
    typed = st.session_state.get(TEXT)
    if typed is not None or TEXT not in st.query_params:
        st.session_state[TEXT] = (typed or "").strip() or text


def read_sequence(fallback: str) -> Sequence | None:
    """The typed sequence; None where the text is none, and why. An empty field stands for `fallback`."""
    fill_text(fallback)
    st.text_area("The same as text", key=TEXT, bind="query-params", height=150, placeholder=fallback)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Find", type="primary", icon=":material/search:", key="search_find")
        with st.popover("How to write it", type="tertiary", icon=":material/help:", width="content"):
            st.markdown(HOW_TO_WRITE)
    try:
        return parse_sequence((st.session_state[TEXT] or "").strip() or fallback)
    except UserError as error:
        show_failure(error)
        return None


def show_answer(key: StoreKey, sequence: Sequence, counts: pd.DataFrame) -> None:
    """How many hits there are, and one page of them."""
    text = format_sequence(sequence)
    page = read_page_number("hits")
    found = cached_queries.load_sequence_hits(key, text, PER_PAGE, (page - 1) * PER_PAGE)
    pages = max(1, ceil(found.total / PER_PAGE))
    check_link("hits", map(str, range(1, pages + 1)), "page")
    if page > pages:
        st.session_state["hits"] = page = 1
        found = cached_queries.load_sequence_hits(key, text, PER_PAGE, 0)
    st.header(f"{format_number(found.total)} hit{'' if found.total == 1 else 's'}", anchor=False)
    in_videos = f"In {format_number(found.videos)} video{'' if found.videos == 1 else 's'}, asked"
    answer = f"{in_videos if found.total else 'Asked'} in {1000 * found.seconds:.0f} ms."
    show_owner_note(f"{answer} Whose frames: {format_source(sequence.where.source)}. {format_cautions(key, sequence)}")
    if not found.total:
        show_empty_state("No hit", drawn.explain_no_hits(sequence, counts))
    else:
        texts = [format_step(step) for step in sequence.steps]
        st.html(drawn.render_legend(sequence, dark=is_dark()))
        for number, (_, row) in enumerate(found.table.iterrows()):
            show_hit(number, row, texts, sequence)
        with st.container(horizontal=True, vertical_alignment="center", key="ag_search_end"):
            if pages > 1:
                st.pagination(pages, key="hits", bind="query-params")
            show_downloads(sequence)
    show_query(sequence)


def format_cautions(key: StoreKey, sequence: Sequence) -> str:
    """What a reader must know of this answer."""
    cautions = []
    left_out = cached_queries.count_videos_without_times(key, format_sequence(sequence))
    if left_out:
        cautions.append(
            f"{format_number(left_out)} annotated videos are left out: their frame rate is unknown, and so are the "
            "lengths and gaps that this sequence limits."
        )
    if sequence.negates:
        cautions.append("An absent relationship means only that nobody annotated it.")
    return " ".join(cautions)


def show_hit(number: int, row: pd.Series, texts: Values[str], sequence: Sequence) -> None:
    """One hit: its frame, its strip of time with the ways into the player, and what one may do next."""
    source, video_id = sequence.where.source, str(row["video_id"])
    also = {**link_source(source), BACK: format_sequence(sequence)}
    selected = [drawn.select_condition(step) for step in sequence.steps]
    with st.container(key=f"ag_hit_{number}"):
        jpeg = cached.load_frame_jpeg(row["path"], int(row["frame"]))
        show_still(jpeg, alt=f"Video {row['video_id']} at frame {row['frame']}")
        with st.container(gap="xsmall"):
            st.html(drawn.render_hit(row, texts, EXPLORE_ADDRESS, dark=is_dark(), also=also, selected=selected))
            with st.container(horizontal=True, key=f"ag_next_{number}"):
                has_runs = cached.list_model_runs(cached.get_store_key(), video_id)
                show_next_steps(
                    run=link_run(video_id) if pd.notna(row["path"]) else None,
                    compare={VIDEO: video_id} if has_runs else None,
                    similar={LIKE: video_id},
                )


def show_downloads(sequence: Sequence) -> None:
    """All hits as files; asked for only when a button is pressed."""
    store = cached.open_store()

    def write(kind: TableKind) -> bytes:
        return encode_table(drawn.drop_paths(find_hits(store, sequence, MAX_HITS).table), kind)

    kinds: tuple[TableKind, ...] = ("csv", "json")
    for kind in kinds:
        st.download_button(
            kind.upper(), partial(write, kind), file_name=format_download_name("hits", "search", kind),
            mime=MEDIA_TYPES[kind],
            key=f"search_{kind}", icon=":material/download:", on_click="ignore", type="tertiary",
            help=f"The first {format_number(MAX_HITS)} hits",
        )  # fmt: skip


def show_query(sequence: Sequence) -> None:
    """The SQL that was asked, and its parameters."""
    query = build_hits_query(sequence, PER_PAGE)
    with st.expander("The SQL that answers this", icon=":material/database:", key="search_sql"):
        st.caption("One query; every value travels as a parameter, in the order of the question marks.")
        st.code(query.sql, language="sql", height=420)
        st.html(drawn.render_parameters(query))
        st.page_link(
            SQL, label="Open in SQL, with its values", icon=":material/arrow_forward:",
            query_params={"q": build_hits_query(sequence, 1000).with_values()},
        )  # fmt: skip


show_page_frame("Search", "Find where one thing holds, and then another. The link remembers what you ask.")
require_store()
key = cached.get_store_key()
examples = shipped_files.load_sequence_examples()
if not cached.list_sources(key):
    why = "The store holds video files alone, neither annotated nor predicted; run the models on one of them"
    show_empty_state("Nothing to search", why, (RUN, "Run the models"))
    st.stop()
names = [one["name"] for one in examples]
st.pills("Examples", names, key="search_example", on_change=use_example, args=(key,), wrap=True)
left, right = st.columns([2.1, 1], gap="large")
last = st.session_state.get(SEQUENCE) or read_example(key, examples[0]["text"])
with right:
    sequence = read_sequence(format_sequence(last))
    note = next((one["note"] for one in examples if one["name"] == st.session_state.get("search_example")), None)
    if note:
        st.caption(note)
shown = sequence or last
try:
    counts = cached_queries.count_step_intervals(key, format_sequence(shown))
    with left:
        show_sequence_builder(shown, counts, cached.list_sources(key))
    if sequence is None:
        show_empty_state(
            "Not understood", "the text is not a sequence yet; correct it, or change a step to write it anew"
        )
    elif sequence.where.source not in cached.list_sources(key):
        known = " and ".join(repr(source) for source in cached.list_sources(key))
        show_empty_state("No such source", f"{sequence.where.source!r} is not in this store; it has {known}")
    else:
        show_answer(key, sequence, counts)
except UserError as error:
    show_failure(error)
