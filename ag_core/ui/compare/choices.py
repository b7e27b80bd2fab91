"""What page Compare sets side by side: a video, two or three action models, and up to three sources of graphs."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from ag_core.catalog import get_model_label, list_scorers, name_in_run
from ag_core.records import ActionScores
from ag_core.taxonomy import ACTIONS, find_action_index
from ag_core.ui import cached
from ag_core.ui.compare.evidence import forget_evidence
from ag_core.ui.compare.what_if import forget_edits
from ag_core.ui.formatting import escape_markdown, format_action
from ag_core.ui.linked import find_linked_viewing, forget_linked
from ag_core.ui.page import check_link, forget_position
from ag_core.ui.player.judging import TRUTHS, choose_truth
from ag_core.ui.player.payload import select_top_actions
from ag_core.ui.player.viewing import LABELS, PREDICTED, Viewing, load_viewing
from ag_core.ui.widgets.pickers import format_source, pick_run, pick_video

MAX_SIDES = 3
"""How many models, and how many sources of graphs, stand side by side at most."""

MAX_CURVES = 6


def pick_viewing(key: cached.StoreKey) -> Viewing:
    """The video to compare on, with the chosen models and sources."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="ag_compared"):
        if linked := find_linked_viewing():
            name = linked.path.name if linked.path is not None else linked.video.video_id
            st.markdown(f"**{escape_markdown(name)}**", width="content")
            st.button("A video of the data set", icon=":material/arrow_back:", key="compare_back", on_click=_leave)
            return pick_others(key, pick_models(key, linked))
        video_id = pick_video(key, "compared", first=find_first_video(key), on_change=forget_choices)
        viewing = load_viewing(key, video_id, pick_run(key, video_id, "model"))
        return pick_others(key, pick_models(key, viewing))


def _leave() -> None:
    forget_linked()
    forget_choices()


def find_first_video(key: cached.StoreKey) -> str | None:
    """Where somebody begins who named no video: where models differ, or the first of a model run; None for neither."""
    first = cached.choose_first_video(key)
    return first if cached.list_model_runs(key, first) else cached.find_first_predicted(key)


def pick_models(key: cached.StoreKey, viewing: Viewing) -> Viewing:
    """The viewing with the scores of the models that the reader chooses, of this model run and of others."""
    scores = {**viewing.scores, **load_scores_of_other_runs(key, viewing)}
    if len(scores) < 2:
        return viewing
    names = {model: get_model_label(model) for model in scores}
    check_link("models", names.values(), "model")
    chosen = st.multiselect(
        "Action models",
        list(scores),
        [model for model in list_scorers() if model in viewing.scores][:MAX_SIDES] or list(viewing.scores)[:MAX_SIDES],
        format_func=names.__getitem__,
        max_selections=MAX_SIDES,
        key="models",
        bind="query-params",
        select_all=False,
        placeholder="None",
        width=330,
        help="Two or three of the models that scored this video's actions, from this model run or another.",
    )
    return replace(viewing, scores={model: scores[model] for model in scores if model in chosen})


def load_scores_of_other_runs(key: cached.StoreKey, viewing: Viewing) -> dict[str, ActionScores]:
    """What the models of the store's other runs say of a video, by the model's name within its run."""
    video_id = viewing.video.video_id
    return {
        name_in_run(model, run): answer
        for run in cached.list_model_runs(key, video_id)
        if run != viewing.run
        for model, answer in cached.load_stored_scores(key, video_id, run).items()
    }


def pick_others(key: cached.StoreKey, viewing: Viewing) -> Viewing:
    """The viewing with the prediction beside what the reader chooses: truths or other model runs, if any."""
    names = list_others(key, viewing)
    if PREDICTED not in viewing.sources or not names:
        return viewing
    check_link("against", names.values(), "source")
    usual = choose_truth(viewing.sources, PREDICTED, TRUTHS) or next(iter(names))
    chosen = [usual]
    if len(names) > 1:
        chosen = st.multiselect(
            "Graphs compared with",
            list(names),
            [usual],
            format_func=names.__getitem__,
            max_selections=MAX_SIDES - 1,
            key="against",
            bind="query-params",
            select_all=False,
            placeholder="None",
            width=300,
            help="One or two graphs beside the predicted one: the truth, the annotation, or what another detector and "
            "relation head predicted. The first is what the prediction is judged by.",
        )
    for source in chosen:
        graphs = viewing.sources.get(source) or cached.load_graphs(key, viewing.video.video_id, source)
        viewing = viewing.compare_with(source, graphs)
    return viewing


def list_others(key: cached.StoreKey, viewing: Viewing) -> Mapping[str, str]:
    """What a prediction can be compared with, and how the screens name it."""
    runs = [run for run in cached.list_model_runs(key, viewing.video.video_id) if run != viewing.run]
    truths = [truth for truth in TRUTHS if truth in viewing.sources]
    return {source: LABELS.get(source) or format_source(source) for source in (*truths, *runs)}


def forget_choices() -> None:
    """What was chosen for another video: where in it, what was selected, which actions were drawn, what was asked."""
    forget_position()
    forget_evidence()
    forget_edits()
    for name in ("drawn", "models", "against"):
        st.session_state.pop(name, None)


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
