"""What page Few-shot asks, in Streamlit's caches: scores of files, and what a store has to learn from."""

from pathlib import Path

import pandas as pd
import streamlit as st

from ag_core.annotations.store_format import DENSE
from ag_core.queries.by_example import annotated
from ag_core.queries.by_example.records import Moment
from ag_core.results.few_shot_scores import FewShotScores
from ag_core.ui import cached
from ag_core.ui.cached import FileState, StoreKey


def load_few_shot_scores(path: Path) -> FewShotScores:
    """The scores in a file, read once for each of its states; UserError where it holds none."""
    return _load_few_shot_scores(str(path), cached.read_file_state(path))


@st.cache_resource(max_entries=4, show_spinner=False)
def _load_few_shot_scores(path: str, state: FileState) -> FewShotScores:
    return FewShotScores.load(Path(path))


@st.cache_data(max_entries=4, show_spinner=False)
def list_lesson_sources(key: StoreKey) -> list[str]:
    """The sources with graphs at known times that an action can be taught on; exact truth is none of them."""
    sources = [source for source in cached.list_sources(key) if source != DENSE]
    return annotated.list_timed_sources(cached.open_store_of(key), sources)


@st.cache_data(max_entries=16, show_spinner=False)
def count_taught_videos(key: StoreKey, source: str) -> pd.DataFrame:
    """Annotated actions in videos that a source has graphs of: action, videos; most videos first."""
    return annotated.count_taught_videos(cached.open_store_of(key), source)


@st.cache_data(max_entries=64, show_spinner=False)
def list_annotated_moments(key: StoreKey, action: int, source: str) -> list[Moment]:
    """Where an action is annotated in videos that a source has graphs of."""
    return annotated.list_annotated_moments(cached.open_store_of(key), action, source)
