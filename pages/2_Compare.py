"""Compare: a video, who is right about it and where models differ, on one screen and one clock; more in tabs below."""

import streamlit as st

from ag_core.catalog import list_predicting_models
from ag_core.errors import UserError
from ag_core.ui import cached
from ag_core.ui.cached_verdict import load_verdict
from ag_core.ui.compare.beside import build_beside
from ag_core.ui.compare.choices import pick_viewing
from ag_core.ui.compare.evidence import SEEK
from ag_core.ui.compare.matrix import PLAYER, SELECT
from ag_core.ui.compare.panels import show_panels
from ag_core.ui.formatting import escape_markdown
from ag_core.ui.linked import FILM
from ag_core.ui.page import RUN, require_store, show_empty_state, show_page_frame
from ag_core.ui.player.viewing import PREDICTED, Viewing, describe_models, show_viewing
from ag_core.ui.verdict import Verdict
from ag_core.ui.widgets.pickers import link_run


@st.fragment
def show_comparison(viewing: Viewing, verdict: Verdict) -> None:
    """The player with the verdict beside it, and under it everything that follows its clock."""
    beside, differing = build_beside(viewing, verdict)
    state = show_viewing(
        viewing, PLAYER, compare=True, top_k=4, seek=st.session_state.get(SEEK), select=st.session_state.get(SELECT),
        beside=beside, differing=differing,
    )  # fmt: skip
    show_panels(viewing, float(state.get("t") or 0.0))


described = ", ".join(f"{model.label} {model.about}" for model in list_predicting_models())
show_page_frame("Compare", f"{described}; all read the same video here.")
require_store()
key = cached.get_store_key()
if cached.load_videos(key).empty:
    show_empty_state("No videos", "The store holds no videos", (RUN, "Predict a video of your own"))
    st.stop()
try:
    viewing = pick_viewing(key)
except UserError as error:
    show_empty_state("No such video", f"{error}; choose one above")
    st.stop()
if PREDICTED not in viewing.sources and not viewing.scores:
    why = "Nobody has run the models on this video"
    film = st.query_params.get(FILM)
    params = {FILM: film} if film else link_run(viewing.video.video_id)
    show_empty_state("No prediction yet", why, (RUN, "Run the models"), params)
    st.stop()
show_comparison(viewing, load_verdict(key, viewing))
if viewing.prediction:
    st.caption(escape_markdown(describe_models(viewing.prediction)))
