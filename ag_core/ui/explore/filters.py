"""The filters of Explore, bound to the link, and beside them what the found videos hold, with counts of videos."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from ag_core.errors import UserError
from ag_core.queries.facets import VideoFilter
from ag_core.queries.quality import QUALITY
from ag_core.queries.sequence.records import SPLITS
from ag_core.queries.similar import TripletKind, format_kinds, parse_kinds
from ag_core.taxonomy import (
    ACTIONS,
    OBJECTS,
    RELATIONS,
    Group,
    find_action_index,
    find_object_index,
    find_relation_index,
    format_name,
)
from ag_core.ui import cached, cached_queries
from ag_core.ui.cached import StoreKey
from ag_core.ui.formatting import (
    escape_markdown,
    format_action_option,
    format_number,
    format_object,
    format_relation,
)
from ag_core.ui.page import LIKE, check_link, say_unknown
from ag_core.ui.widgets.pickers import pick_source

MAX_PILLS = 8
"""How many values of a facet are shown before somebody asks for more."""

QUALITY_OF_LABEL = {condition.label: name for name, condition in QUALITY.items()}


def pick_filter(key: StoreKey) -> VideoFilter:
    """The filters: split, actions, objects, relations, quality, text, and the link's likeness. All must hold.

    They ask the annotation, or the first model run where the store has none; where it has several, one may choose whom.
    """
    sources, source = cached.list_sources(key), cached.find_main_source(key)
    # The address has an action as the picker prints it; a link written by hand may give the bare id.
    ids = {action.id for action in ACTIONS}
    check_link("object", OBJECTS, "object")
    check_link("relation", map(format_name, RELATIONS), "relationship")
    check_link("groups", list(Group), "group of relationships")
    check_link("action", ids | set(map(format_action_option, ids)), "action")
    check_link("split", SPLITS, "split")
    check_link("quality", QUALITY_OF_LABEL, "quality")
    linked = [one for one in st.query_params.get_all("action") if one in ids]
    if linked and "action" not in st.session_state:
        st.session_state["action"] = linked
    with st.container(horizontal=True, key="ag_filters"):
        objects = _choose_many("Objects", sorted(OBJECTS), "object")
        relations = _choose_many(
            "Relationships", [format_name(name) for name in RELATIONS], "relation",
            help="Where objects are chosen, too, all must hold of one of these in one frame.",
        )  # fmt: skip
        groups = _choose_many("Groups of relationships", [group.value for group in Group], "groups")
        actions = _choose_many("Actions", [action.id for action in ACTIONS], "action", format_action_option)
        quality = _choose_many(
            "Quality of frames", list(QUALITY_OF_LABEL), "quality",
            help="\n\n".join(f"**{one.label}**: {one.meaning}" for one in QUALITY.values()),
        )  # fmt: skip
        if len(sources) > 1:
            source = pick_source(key, "source")
        split = st.selectbox(
            "Split", SPLITS, index=None, key="split", bind="query-params", persist_state="session", placeholder="Both"
        )
        text = st.text_input(
            "Words in script or scene", key="text", bind="query-params", persist_state="session", placeholder="Any"
        )
    return VideoFilter(
        tuple(find_action_index(action_id) for action_id in actions),
        tuple(find_object_index(name) for name in objects),
        tuple(find_relation_index(name) for name in relations),
        split,
        text or "",
        source,
        tuple(QUALITY_OF_LABEL[label] for label in quality),
        read_likeness(key, source),
        tuple(map(Group, groups)),
    )


def _choose_many(
    label: str,
    options: list[str],
    key: str,
    format_func: Callable[[str], str] = str,
    help: str | None = None,
) -> list[str]:
    """A choice of several values that the link keeps; a list of what is chosen."""
    return st.multiselect(
        label, options, format_func=format_func, key=key, bind="query-params", persist_state="session",
        placeholder="Any", select_all=False, help=help,
    )  # fmt: skip


def read_likeness(key: StoreKey, source: str) -> tuple[TripletKind, ...]:
    """What the found videos must share with, by the link: a video of the store, or triplets in words; none without."""
    linked = st.query_params.get(LIKE, "")
    if not linked:
        return ()
    try:
        if linked in set(cached.load_videos(key)["video_id"]):
            kinds = cached_queries.choose_typical_kinds(key, linked, source)
            if not kinds:
                say_unknown(f"what is like {linked!r}, in which nothing typical holds; all videos are shown")
        else:
            kinds = parse_kinds(linked)
    except UserError as error:
        say_unknown(f"what videos shall be like, but {error}")
        return ()
    if kinds:
        with st.container(horizontal=True, vertical_alignment="center", key="ag_likeness"):
            of = f"Like **{escape_markdown(linked)}**" if linked not in format_kinds(kinds) else "Alike"
            st.markdown(
                f"{of}: the videos that show most of {escape_markdown(format_kinds(kinds))} come first.",
                width="content",
            )
            st.button("Show all videos", icon=":material/close:", key="explore_unlike", on_click=_forget_likeness)
    return kinds


def _forget_likeness() -> None:
    st.query_params.pop(LIKE, None)


def show_facets(key: StoreKey, filters: VideoFilter) -> None:
    """What else the found videos hold, with counts of videos; choosing one adds it to the filters."""
    facets = cached_queries.load_facets(key, filters)
    chosen_groups = tuple(list(Group).index(group) for group in filters.groups)
    chosen_splits = () if filters.split is None else (SPLITS.index(filters.split),)
    chosen_and_names: tuple[tuple[str, str, tuple[int, ...], Callable[[int], str]], ...] = (
        ("object", "Objects", filters.objects, format_object),
        ("relation", "Relationships", filters.relations, format_relation),
        ("groups", "Groups of relationships", chosen_groups, lambda index: list(Group)[index].value),
        ("action", "Actions", filters.actions, lambda index: ACTIONS[index].id),
        ("split", "Split", chosen_splits, lambda index: SPLITS[index]),
    )
    for kind, label, chosen, value in chosen_and_names:
        rows = _leave_out(
            facets[facets["kind"] == kind.removesuffix("s")], [0, *chosen] if kind == "object" else list(chosen)
        )
        counts = {value(int(index)): int(videos) for index, videos in zip(rows["index"], rows["videos"])}
        _show_pills(kind, label, counts)
    counts = {
        QUALITY[name].label: n
        for name, n in cached_queries.load_quality(key, filters).items()
        if name not in filters.quality
    }
    _show_pills("quality", "Quality of frames", counts)


def _leave_out(rows: pd.DataFrame, indices: list[int]) -> pd.DataFrame:
    return rows[~rows["index"].isin(indices)]


def _show_pills(kind: str, label: str, counts: dict[str, int]) -> None:
    """The values of a facet with how many videos each leaves: the first few, or all where somebody asked for more."""
    if not counts:
        return
    more = f"explore_more_{kind}"
    shown = list(counts) if st.session_state.get(more) else list(counts)[:MAX_PILLS]
    labels = {
        name: f"{format_action_option(name)[5:] if kind == 'action' else name} :gray[{format_number(counts[name])}]"
        for name in shown
    }
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"ag_facet_{kind}"):
        st.pills(
            label,
            list(labels),
            format_func=labels.__getitem__,
            key=f"add_{kind}",
            on_change=_add_filter,
            args=(kind,),
            wrap=True,
            help="How many videos are left if this is added to the filters.",
            width="content",
        )
        if len(counts) > MAX_PILLS:
            text = "fewer" if st.session_state.get(more) else f"{format_number(len(counts) - MAX_PILLS)} more"
            st.button(text, key=f"{more}_button", type="tertiary", on_click=_toggle, args=(more,))


def _toggle(name: str) -> None:
    st.session_state[name] = not st.session_state.get(name)


def _add_filter(kind: str) -> None:
    chosen = st.session_state[f"add_{kind}"]
    if chosen and kind == "split":
        st.session_state[kind] = chosen
    elif chosen and chosen not in st.session_state[kind]:
        st.session_state[kind] = [*st.session_state[kind], chosen]
    st.session_state[f"add_{kind}"] = None
