"""Widgets that several pages share: choose a video, a source, facets; offer a download. They fetch through `cached`."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from ag_core.annotations.store import ANNOTATION
from ag_core.errors import UserError
from ag_core.graphs.edges import PREDICTED, is_predicted
from ag_core.table_files import MEDIA_TYPES, TableKind, encode_table
from ag_core.ui import cached
from ag_core.ui.cached import StoreKey
from ag_core.ui.formatting import format_download_name, format_number
from ag_core.ui.page import SHOWN, VIDEO, check_link

OWN_FILE, OF_DATA_SET = "A file of mine", "One of the data set"
"""Where the video comes from that the models shall run on, as page Run asks it."""


def pick_video(
    key: StoreKey,
    widget_key: str,
    source: str | None = None,
    first: str | None = None,
    on_change: Callable[[], None] | None = None,
) -> str:
    """Choose one of the videos of the store or of one source. There must be one. A link may name it by `v` as well.

    `first` stands there before anything is chosen. UserError, beneath the widget, where the link names a video that is
    not among them. The widget's key is its parameter in the address, and no other page may have it.
    """
    ids = cached.load_videos(key, source)["video_id"].tolist()
    unknown, asked = f"{widget_key}_unknown", st.query_params.get(VIDEO, st.query_params.get(widget_key))
    if asked is not None and asked not in ids:  # said until another one is chosen
        st.session_state[unknown] = asked
    elif VIDEO in st.query_params:
        st.session_state[widget_key] = asked
        with suppress(StreamlitAPIException):  # where the widget was there before, it writes its parameter itself
            st.query_params[widget_key] = str(asked)
    is_set = VIDEO in st.query_params and unknown not in st.session_state  # beside a value a default is one too many
    st.query_params.pop(VIDEO, None)
    usual = first if first in ids and not is_set else ids[0]
    index = None if unknown in st.session_state else ids.index(usual)
    chosen: str | None = st.selectbox(
        "Video", ids, index, key=widget_key, bind="query-params", width=260, on_change=on_change,
        placeholder="Choose a video",
    )  # fmt: skip
    if chosen is None:
        named = st.session_state.get(unknown, "")
        raise UserError(f"the link names video {named!r}, which is not among the {format_number(len(ids))} here")
    st.session_state.pop(unknown, None)
    return chosen


def pick_source(key: StoreKey, widget_key: str) -> str:
    """Choose whose rows to see: the annotation or a model run."""
    sources = cached.list_sources(key)
    check_link(widget_key, map(format_source, sources), "source")
    return st.selectbox("Source", sources, format_func=format_source, key=widget_key, bind="query-params", width=420)


def format_source(source: str) -> str:
    """A source as the screens print it."""
    return "Annotation" if source == ANNOTATION else source.replace("prediction:", "Prediction: ").replace("+", " + ")


def format_run(source: str) -> str:
    """The models of a prediction's source: 'prediction:faster-rcnn+reldn' -> 'faster-rcnn + reldn'."""
    return format_source(source).removeprefix("Prediction: ")


def pick_run(key: StoreKey, video_id: str, widget_key: str = "run") -> str | None:
    """Choose whose prediction of a video to see; without asking, where one run has it (that one) or none (None)."""
    runs = cached.list_model_runs(key, video_id)
    check_link(widget_key, map(format_run, runs), "model run")
    if len(runs) < 2:
        return next(iter(runs), None)
    return st.selectbox("Predicted by", runs, format_func=format_run, key=widget_key, bind="query-params", width=320)


def link_model_run(key: StoreKey, video_id: str, run: str | None) -> dict[str, str]:
    """What a link to Compare adds to name a model run of a video; nothing where there is no choice."""
    return {"model": format_run(run)} if run and len(cached.list_model_runs(key, video_id)) > 1 else {}


def link_source(source: str) -> dict[str, str]:
    """What a link to a video in Explore adds so that player and tables show a model run; nothing for an annotation."""
    return {"run": format_run(source), SHOWN: PREDICTED, "tables": "Prediction"} if is_predicted(source) else {}


def link_run(video_id: str) -> dict[str, str]:
    """What a link to page Run holds so that a video of the store is chosen there."""
    return {"run_kind": OF_DATA_SET, "run_video": video_id}


def show_download(table: pd.DataFrame, what: str, which: str, key: str, kind: TableKind = "csv") -> None:
    """A button that gives a table as a file; made only when it is pressed."""
    st.download_button(
        kind.upper() if kind != "parquet" else "Parquet",
        partial(encode_table, table, kind),
        file_name=format_download_name(what, which, kind),
        mime=MEDIA_TYPES[kind],
        key=key,
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
        disabled=table.empty,
    )
