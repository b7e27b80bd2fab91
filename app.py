"""Home: a video with its scene graph and what the models predict for it, the state of the data, and the pages."""

import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.evaluation.paper_results import read_paper_totals
from ag_core.ui import cached, html, shipped_files
from ag_core.ui.cached_verdict import load_verdict
from ag_core.ui.formatting import WHAT_COUNTS, escape_markdown
from ag_core.ui.newcomer import QUESTIONS
from ag_core.ui.page import (
    APP_NAME,
    COMPARE,
    DOCTOR,
    EXPLORE,
    MAKE,
    RUN,
    SEARCH,
    SQL,
    STATISTICS,
    VIDEO,
    describe_issues,
    require_store,
    show_empty_state,
    show_owner_note,
    show_page_frame,
    show_totals,
)
from ag_core.ui.player.viewing import (
    describe_models,
    describe_scoring_models,
    load_viewing,
    show_action_tables,
    show_viewing,
)
from ag_core.ui.verdict import choose_start
from ag_core.ui.widgets.pickers import format_run

show_page_frame(
    APP_NAME,
    "What people do in a video, written as an evolving graph of the things they use and how they use them, "
    "and what models make of it.",
)
require_store()
key = cached.get_store_key()

videos = cached.load_videos(key)
if videos.empty:
    show_empty_state("No videos", "The store holds no videos", (RUN, "Predict a video of your own"))
    st.stop()
chosen = cached.choose_first_video(key)
viewing = load_viewing(key, chosen)
verdict = load_verdict(key, viewing)
shown = next(iter(viewing.sources.values()), [])
start_s = choose_start(viewing.scores, viewing.intervals or [], [viewing.clock.time_of(graph.frame) for graph in shown])
if viewing.scores:
    st.html(html.render_comparison(verdict))


def describe_counts(source: str) -> str:
    """Whose numbers the totals are."""
    if source not in cached.list_sources(key):
        return "The store holds video files alone: nobody annotated them, and no model has predicted them yet."
    if source == ANNOTATION:
        return "Counts of the open data set."
    return f"Nobody annotated these videos: counts of what {format_run(source)} predicted ({WHAT_COUNTS})."


@st.fragment
def show_player() -> None:
    """The video plays by itself, muted, again and again, from where it is worth watching."""
    show_viewing(viewing, "home_player", autoplay=True, start_s=start_s, link_path="/Explore", top_k=3)


poster = cached.load_frame_jpeg(viewing.path and str(viewing.path), viewing.clock.frame_at(start_s))
if poster:
    size_wh = viewing.video.width, viewing.video.height
    st.html(html.render_poster_style(poster, "ag_home_player", size_wh))
with st.container(key="ag_home_player"):
    show_player()

if viewing.scores:
    st.header("What the models say happens here", anchor=False)
    if said := verdict.describe_video():
        st.html(f'<p class="ag-said">{html.mark(said)}</p>')
    checked = "; checked against this video's own annotation" if viewing.intervals is not None else ""
    show_owner_note(f"Scores by {describe_scoring_models(viewing)}{checked}.")
    show_action_tables(viewing, top=5, key="home_actions")

st.header("The data", anchor=False)
source = cached.find_main_source(key)
totals, paper = cached.count_totals(key, source), read_paper_totals(shipped_files.load_paper_results())
show_owner_note(f"{describe_counts(source)} Beneath each, for scale, the Action Genome paper's published total.")
show_totals(totals, paper, source)
st.page_link(DOCTOR, label=f"{describe_issues(totals['issues'])}; see the doctor", icon=":material/stethoscope:")

st.header("Where to go", anchor=False)
with st.container(horizontal=True, key="ag_cards"):
    for page, label, icon, what, params in (
        (EXPLORE, "Explore", "video_library", "Find videos by object, relationship or action, and watch them.", {}),
        (
            COMPARE,
            "Compare",
            "compare_arrows",
            "LFB and SGFB on one clock: who is right, why, and what if.",
            {VIDEO: chosen},
        ),
        (SEARCH, "Search", "manage_search", "Find moments by what happens first and what happens next.", {}),
        (STATISTICS, "Statistics", "bar_chart", "How often things occur, alone, together and one after another.", {}),
        (SQL, "SQL", "database", "Ask the data anything in SQL; nothing can be changed.", {}),
        (RUN, "Run", "play_circle", "Predict the graph and the actions of your own video.", {}),
        (MAKE, "Make", "movie", "Choose actions, and get a film of them with its exact graph.", {}),
        (DOCTOR, "Doctor", "stethoscope", "What is odd in the annotation, where, and what to do.", {}),
    ):
        with st.container(border=True, key=f"ag_card_{label}"):
            st.page_link(page, label=f"**{label}**", icon=f":material/{icon}:", query_params=params or None)
            st.markdown(what)

with st.expander("New here? Ten questions, and where each is answered", icon=":material/help:", key="home_questions"):
    for question in QUESTIONS:
        st.markdown(f"**{question.asked}** {escape_markdown(question.answer)}")
        st.page_link(question.page, label=question.label, icon=":material/arrow_forward:", query_params=question.params)

if viewing.prediction:
    with st.expander("How the result above was made"):
        st.markdown(escape_markdown(describe_models(viewing.prediction)))
