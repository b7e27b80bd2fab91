"""Compare: two sources of graphs and the action models on one clock: triplets, scores over time, why and what if."""

import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.catalog import BankKind, list_predicting_models
from ag_core.errors import UserError
from ag_core.taxonomy import ACTIONS, find_action_index
from ag_core.ui import cached, tables
from ag_core.ui.charts import plots
from ag_core.ui.compare.evidence import SEEK, forget_evidence, jump_to
from ag_core.ui.compare.questions import show_questions
from ag_core.ui.compare.what_if import forget_edits
from ag_core.ui.formatting import escape_markdown, format_action, format_graph_position
from ag_core.ui.page import (
    RUN,
    check_link,
    forget_position,
    is_dark,
    require_store,
    show_empty_state,
    show_owner_note,
    show_page_frame,
)
from ag_core.ui.player.judging import TRUTHS, choose_truth
from ag_core.ui.player.player import select_top_actions
from ag_core.ui.player.viewing import (
    LABELS,
    PREDICTED,
    Viewing,
    describe_models,
    describe_scoring_models,
    load_viewing,
    show_action_tables,
    show_viewing,
)
from ag_core.ui.verdict import Verdict
from ag_core.ui.widgets.pickers import format_source, link_run, pick_run, pick_video, show_download
from ag_core.ui.widgets.triplet_difference import show_triplet_difference
from ag_core.ui.widgets.verdict_card import load_verdict, show_verdict

MAX_CURVES = 6


def pick_viewing(key: cached.StoreKey) -> Viewing:
    """The video to compare on, with what its script says beside the choice."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        video_id = pick_video(key, "compared", first=cached.find_first_predicted(key), on_change=forget_choices)
        viewing = pick_other(key, load_viewing(key, video_id, pick_run(key, video_id, "model")))
        st.markdown(f":gray[{escape_markdown(viewing.video.script or '')}]", width="stretch")
    return viewing


def pick_other(key: cached.StoreKey, viewing: Viewing) -> Viewing:
    """The viewing with the prediction beside what the reader chooses: a truth or another model run, if any."""
    video_id = viewing.video.video_id
    truths = [truth for truth in TRUTHS if truth in viewing.sources]
    others = [*truths, *(run for run in cached.list_model_runs(key, video_id) if run != viewing.run)]
    if PREDICTED not in viewing.sources or not others:
        return viewing
    names = {source: LABELS.get(source) or format_source(source) for source in others}
    check_link("against", names.values(), "source")
    usual = choose_truth(viewing.sources, PREDICTED, TRUTHS) or others[0]
    chosen = others[0]
    if len(others) > 1:
        chosen = st.selectbox(
            "Compared with", others, others.index(usual), format_func=names.__getitem__, key="against",
            bind="query-params", width=260,
        )  # fmt: skip
    return viewing.compare_with(chosen, viewing.sources.get(chosen) or cached.load_graphs(key, video_id, chosen))


def forget_choices() -> None:
    """What was chosen for another video: where in it, what was selected, which actions were drawn, what was asked."""
    forget_position()
    forget_evidence()
    forget_edits()
    st.session_state.pop("drawn", None)


def choose_actions(viewing: Viewing) -> list[int]:
    """Which actions to draw; at first the annotated ones that the models know, then what the models favour."""
    annotated = sorted(viewing.annotated_actions or ())
    known = [action for action in annotated if any(answer.trained_on[action] for answer in viewing.scores.values())]
    favoured = [action for action in select_top_actions(viewing.scores, 3) if action not in known]
    ids = [action.id for action in ACTIONS]
    # The address has an action as the picker prints it; a link written by hand may give the bare id.
    linked = [one for one in st.query_params.get_all("drawn") if one in ids]
    if linked and "drawn" not in st.session_state:
        st.session_state["drawn"] = linked[:MAX_CURVES]
    check_link("drawn", {*ids, *map(_format_action_id, ids)}, "action")
    chosen = st.multiselect(
        "Actions to draw",
        ids,
        default=[ACTIONS[action].id for action in (known + favoured)[:4]],
        format_func=_format_action_id,
        max_selections=MAX_CURVES,
        key="drawn",
        bind="query-params",
        select_all=False,
    )
    return [find_action_index(action_id) for action_id in chosen]


def _format_action_id(action_id: str) -> str:
    return format_action(find_action_index(action_id))


@st.fragment
def show_comparison(viewing: Viewing, verdict: Verdict) -> None:
    """Who is right, the player, and under it everything that follows its clock."""
    if viewing.scores:
        show_verdict(viewing, verdict, jump_to)
    state = show_viewing(viewing, "compare_player", compare=True, top_k=4, seek=st.session_state.get(SEEK))
    time_s = float(state.get("t") or 0.0)
    if viewing.beside is not None:
        st.header("Triplets in both and in one alone", anchor=False)
        show_triplet_difference(viewing, time_s, "compare_triplets")
    if viewing.scores:
        show_questions(viewing, show_scores(viewing, time_s), time_s)
    else:
        st.caption("This prediction has graphs but no action scores.")
    st.header(f"What {' and '.join(READERS)} read{'s' * (len(READERS) == 1)}", anchor=False)
    show_feature(viewing, time_s)


def show_scores(viewing: Viewing, time_s: float) -> list[int]:
    """What the action models say over time, and of the whole video; returns the actions that are drawn."""
    st.header("Scores over time", anchor=False)
    grey = " Grey: where the action is annotated." if viewing.intervals else ""
    show_owner_note(f"By {describe_scoring_models(viewing)}.{grey}")
    actions = choose_actions(viewing)
    curves = tables.build_score_table(viewing.scores, actions)
    if not actions:
        st.caption("Choose at least one action to draw.")
    elif curves.empty:
        st.caption("The store keeps the scores of the whole video alone. Run the models again to see them over time.")
        st.page_link(
            RUN, label="Run the models", icon=":material/play_circle:", query_params=link_run(viewing.video.video_id)
        )
    else:
        truth = tables.build_interval_table(viewing.intervals or [])
        st.plotly_chart(
            plots.draw_score_curves(curves, truth, time_s, viewing.video.duration_s, dark=is_dark()),
            config={"displaylogo": False, "modeBarButtonsToRemove": ["select2d", "lasso2d"]},
            key="compare_curves",
            alt="Score of each chosen action over time, one line for each model",
        )
        show_download(curves, "scores", viewing.video.video_id, "compare_scores_csv")

    st.header("Best actions of the whole video", anchor=False)
    judged = ", beside the video's own annotation" if viewing.intervals is not None else ""
    show_owner_note(f"The highest score over all clips of the video{judged}.")
    show_action_tables(viewing, top=8, key="compare_actions")
    return actions


def show_feature(viewing: Viewing, time_s: float) -> None:
    """The confidence matrix of the graph at a time, of the prediction and of the annotation."""
    if not viewing.sources:
        st.caption("The video has no graph, neither annotated nor predicted, so there is no feature to show.")
        return
    names = {PREDICTED: "Predicted graph", ANNOTATION: "Annotated graph"}
    check_link("feature", names.values(), "graph")
    source = st.segmented_control(
        "Feature of",
        [name for name in names if name in viewing.sources],
        default=PREDICTED if PREDICTED in viewing.sources else ANNOTATION,
        required=True,
        format_func=names.__getitem__,
        key="feature",
        bind="query-params",
    )
    graph = viewing.latest_graph_at(source, time_s) or viewing.sources[source][0]
    show_owner_note(
        f"The 35 x 25 confidence matrix at {format_graph_position(graph)}: "
        "object score times relationship score, the best of each class. "
        "A bank of graphs keeps one for every half second."
    )
    table = tables.build_confidence_table(graph.confidence_matrix())
    st.container(key="ag_wide_compare").altair_chart(
        plots.draw_object_relation_map(table, "confidence", dark=is_dark(), label="confidence", top=1.0),
        width="stretch",
        key="compare_matrix",
        alt="Heat map of 35 objects by 25 relationships; darker means more confident",
    )
    show_download(table, "confidence", viewing.video.video_id, "compare_matrix_csv")


# The models that read predicted graphs.
READERS = [model.label for model in list_predicting_models() if model.bank is BankKind.PREDICTED_GRAPHS]

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
    show_empty_state("No prediction yet", why, (RUN, "Run the models"), link_run(viewing.video.video_id))
    st.stop()
show_comparison(viewing, load_verdict(key, viewing))
if viewing.prediction:
    st.caption(escape_markdown(describe_models(viewing.prediction)))
