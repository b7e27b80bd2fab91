"""What the filters of Explore and the sequences of Search find in the open store, in Streamlit's caches."""

import pandas as pd
import streamlit as st

from ag_core.graphs.kinds import count_kinds
from ag_core.queries import similar
from ag_core.queries.facets import VideoFilter, count_facets, count_quality, count_videos, find_videos
from ag_core.queries.sequence import query as sequence_query
from ag_core.queries.sequence.language import parse_sequence
from ag_core.queries.similar import TripletKind
from ag_core.ui import cached


@st.cache_data(max_entries=128, show_spinner=False)
def load_matching_videos(key: cached.StoreKey, chosen: VideoFilter, limit: int, offset: int) -> pd.DataFrame:
    """One page of the videos that pass the filters."""
    return find_videos(cached.open_store_of(key), chosen, limit, offset)


@st.cache_data(max_entries=128, show_spinner=False)
def count_matching_videos(key: cached.StoreKey, chosen: VideoFilter) -> int:
    """How many videos pass the filters."""
    return count_videos(cached.open_store_of(key), chosen)


@st.cache_data(max_entries=128, show_spinner=False)
def load_facets(key: cached.StoreKey, chosen: VideoFilter) -> pd.DataFrame:
    """What one more condition would leave: kind, index, name, videos."""
    return count_facets(cached.open_store_of(key), chosen)


@st.cache_data(max_entries=128, show_spinner=False)
def load_quality(key: cached.StoreKey, chosen: VideoFilter) -> dict[str, int]:
    """How many videos one more condition of quality would leave, by its name."""
    return count_quality(cached.open_store_of(key), chosen)


@st.cache_data(max_entries=128, show_spinner=False)
def choose_typical_kinds(key: cached.StoreKey, video_id: str, source: str) -> tuple[TripletKind, ...]:
    """The kinds of triplets that are most typical of a video by one source."""
    counts = count_kinds(cached.load_graphs(key, video_id, source))
    return similar.choose_typical_kinds(cached.open_store_of(key), counts, source)


@st.cache_data(max_entries=128, show_spinner=False)
def load_sequence_hits(key: cached.StoreKey, text: str, limit: int, offset: int) -> sequence_query.SequenceHits:
    """One page of the hits of a sequence in canonical text, and how many there are."""
    return sequence_query.find_hits(cached.open_store_of(key), parse_sequence(text), limit, offset)


@st.cache_data(max_entries=128, show_spinner=False)
def count_step_intervals(key: cached.StoreKey, text: str) -> pd.DataFrame:
    """How often each step of a sequence in canonical text happens: step, intervals, videos."""
    return sequence_query.count_intervals(cached.open_store_of(key), parse_sequence(text))


@st.cache_data(max_entries=128, show_spinner=False)
def count_videos_without_times(key: cached.StoreKey, text: str) -> int:
    """How many videos cannot match a sequence since their rate is unknown."""
    return sequence_query.count_videos_without_times(cached.open_store_of(key), parse_sequence(text))
