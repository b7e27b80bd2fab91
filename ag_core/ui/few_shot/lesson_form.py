"""The lab's upper half: which action, whose graphs, which moments are examples; with a still of each."""

from dataclasses import replace
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from ag_core.annotations.store import ANNOTATION
from ag_core.errors import UserError
from ag_core.queries.by_example.records import MAX_EXAMPLES, Moment
from ag_core.taxonomy import ACTIONS, find_action_index
from ag_core.ui import cached, cached_few_shot
from ag_core.ui.cached import StoreKey
from ag_core.ui.few_shot.lesson_plan import MAX_NAME_LETTERS, LessonPlan, change_plan
from ag_core.ui.formatting import escape_markdown, format_clock, format_number
from ag_core.ui.page import EXPLORE, TIME, VIDEO
from ag_core.ui.widgets.pickers import format_run, link_source
from ag_core.ui.widgets.video_still import show_still

EXPLORE_ADDRESS = Path(EXPLORE).stem.partition("_")[2]
AT_ONCE = 3
MIN_PART_S = 0.1


def choose_usual_plan(key: StoreKey, sources: list[str]) -> LessonPlan:
    """Predicted graphs where there are any, the action with an object in most videos, and examples of it."""
    source = next((one for one in sources if one != ANNOTATION), sources[0])
    counted = cached_few_shot.count_taught_videos(key, source)
    if counted.empty:
        return LessonPlan("my action", source)
    # Of what is done with a thing, graphs tell most.
    with_object = [int(action) for action in counted["action"] if ACTIONS[int(action)].object_class is not None]
    action = next(iter(with_object), int(counted["action"].iloc[0]))
    plan = LessonPlan(ACTIONS[action].id, source)
    return plan.add(*choose_moments(key, plan, AT_ONCE))


def choose_moments(key: StoreKey, plan: LessonPlan, count: int) -> list[Moment]:
    """So many annotated moments of videos that the plan has no example of, one of each."""
    if plan.action is None:
        return []
    taken = {moment.video_id for moment in plan.examples}
    first: dict[str, Moment] = {}
    for moment in cached_few_shot.list_annotated_moments(key, plan.action, plan.source):
        first.setdefault(moment.video_id, moment)
    return [moment for video_id, moment in first.items() if video_id not in taken][:count]


def show_lesson_form(key: StoreKey, plan: LessonPlan, sources: list[str]) -> None:
    """Choose and see what is taught."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _pick_action(key, plan)
        _pick_material(plan, sources)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _offer_annotated_moments(key, plan)
        with st.popover("A part of any video", icon=":material/content_cut:"):
            _offer_part(key, plan)
    st.markdown(f"**Examples** :gray[{len(plan.examples)}]")
    if not plan.examples:
        st.caption("None yet. Add one or more moments that show the action; different videos teach more.")
    show_moments(key, plan, plan.examples, "example")


def _pick_action(key: StoreKey, plan: LessonPlan) -> None:
    counted = cached_few_shot.count_taught_videos(key, plan.source)
    videos = {ACTIONS[int(row.action)].id: int(row.videos) for row in counted.itertuples()}

    def name(option: str) -> str:
        if option not in videos:
            return LessonPlan(option, plan.source).label
        return f"{ACTIONS[find_action_index(option)].label} ({option}), {_count(videos[option], 'video')}"

    def take() -> None:
        chosen = (st.session_state["lesson_action"] or "").strip()[:MAX_NAME_LETTERS]
        if chosen and chosen != plan.name:
            change_plan(plan, LessonPlan(chosen, plan.source))

    st.session_state["lesson_action"] = plan.name
    st.selectbox(
        "Action",
        list(dict.fromkeys((plan.name, *videos))),
        format_func=name,
        key="lesson_action",
        on_change=take,
        accept_new_options=True,
        help="An annotated action, or type the name of one of your own. Another action begins without examples.",
    )


def _pick_material(plan: LessonPlan, sources: list[str]) -> None:
    def take() -> None:
        change_plan(plan, replace(plan, source=st.session_state["lesson_source"]))

    st.session_state["lesson_source"] = plan.source
    st.selectbox(
        "Learn from",
        sources,
        format_func=name_material,
        key="lesson_source",
        on_change=take,
        help="SGFB reads predicted graphs, the oracle annotated ones. LFB reads features of clips, which a store does "
        "not keep, so it cannot be taught here; `evaluate few-shot` teaches all three.",
    )


def name_material(source: str) -> str:
    """Whose graphs, in the words of the models."""
    return "Annotated graphs (oracle)" if source == ANNOTATION else f"Graphs predicted by {format_run(source)} (SGFB)"


def _offer_annotated_moments(key: StoreKey, plan: LessonPlan) -> None:
    if plan.action is None:
        return
    known = [
        one for one in cached_few_shot.list_annotated_moments(key, plan.action, plan.source) if one not in plan.examples
    ]
    if not known:
        return
    texts = {moment.format(): moment for moment in known}
    chosen = st.selectbox(
        "Where it is annotated", list(texts), format_func=lambda text: describe_moment(texts[text]), key="lesson_moment"
    )

    def add(count: int) -> None:
        found = choose_moments(key, plan, count) if count > 1 else [texts[st.session_state["lesson_moment"]]]
        change_plan(plan, plan.add(*found))

    full = len(plan.examples) >= MAX_EXAMPLES
    st.button("Add", icon=":material/add:", key="lesson_add", on_click=add, args=(1,), disabled=full or chosen is None)
    st.button(f"Add {AT_ONCE}", key="lesson_add_more", on_click=add, args=(AT_ONCE,), disabled=full,
              help="Of different videos")  # fmt: skip


def _offer_part(key: StoreKey, plan: LessonPlan) -> None:
    """Any part of any video that has graphs."""
    videos = cached.load_videos(key, plan.source)
    videos = videos[videos["duration_s"].notna()]
    video_id = st.selectbox("Video", videos["video_id"].tolist(), key="lesson_video")
    if video_id is None:
        st.caption("No video of this source has a known length.")
        return
    length = float(videos.set_index("video_id")["duration_s"][video_id])
    start_s, end_s = st.slider(
        "Seconds", 0.0, max(length, MIN_PART_S), (0.0, min(2.0, length)), MIN_PART_S, format="%.1f",
        key=f"lesson_part_{video_id}",
    )  # fmt: skip
    for at, time_s in (("Begins", start_s), ("Ends", end_s)):
        st.caption(f"{at} at {format_clock(time_s)}")
        show_still(load_still(key, video_id, time_s), alt=f"Video {video_id} at {format_clock(time_s)}")
    part = Moment(video_id, round(start_s, 1), round(end_s, 1))

    def add() -> None:
        change_plan(plan, plan.add(part))

    st.button("Add this part", icon=":material/add:", key="lesson_add_part", on_click=add, type="primary")


def show_moments(key: StoreKey, plan: LessonPlan, moments: tuple[Moment, ...], kind: str) -> None:
    """A card for each moment: its still, a link to it, and the way to take it back."""
    if not moments:
        return
    with st.container(key=f"ag_moments_{kind}"):
        for number, moment in enumerate(moments):
            with st.container(gap="xsmall"):
                still = load_still(key, moment.video_id, moment.middle_s)
                show_still(still, alt=f"Video {moment.video_id} at {format_clock(moment.middle_s)}")
                st.html(render_moment(moment, plan.source))

                def take_back(moment: Moment = moment) -> None:
                    change_plan(plan, plan.take_back(moment))

                st.button(
                    "Take back", icon=":material/close:", type="tertiary", key=f"lesson_{kind}_{number}",
                    on_click=take_back, help=f"{describe_moment(moment)} is no {NOUNS[kind]} any more",
                )  # fmt: skip


NOUNS = {"example": "example", "right": "right hit", "wrong": "wrong hit"}


def render_moment(moment: Moment, source: str) -> str:
    """A link to a moment in the player."""
    return render_player_link(moment.video_id, moment.start_s, source, describe_moment(moment))


def render_player_link(video_id: str, time_s: float, source: str, text: str) -> str:
    """A link to a time of a video in the player, with the graphs that were learned from."""
    query = urlencode({VIDEO: video_id, TIME: f"{time_s:.3f}", **link_source(source)})
    arrow = '<span aria-hidden="true">▶</span>'
    href = escape(f"{EXPLORE_ADDRESS}?{query}")
    return f'<div class="ag-hit"><a class="head" href="{href}" target="_self">{arrow}{escape(text)}</a></div>'


def describe_moment(moment: Moment) -> str:
    """'AB1CD · 0:03.200 to 0:05.000'."""
    end = "" if moment.end_s == moment.start_s else f" to {format_clock(moment.end_s)}"
    return f"{moment.video_id} · {format_clock(moment.start_s)}{end}"


def load_still(key: StoreKey, video_id: str, time_s: float) -> bytes | None:
    """The frame shown at a time; None where there is no file, or no such video."""
    try:
        video = cached.load_video(key, video_id)
    except UserError:
        return None
    return cached.load_frame_jpeg(str(video.path), video.clock.frame_at(time_s)) if video.path and video.clock else None


def describe_taught(plan: LessonPlan) -> str:
    """What is taught, for a heading."""
    return escape_markdown(plan.label)


def _count(number: int, noun: str) -> str:
    return f"{format_number(number)} {noun}{'' if number == 1 else 's'}"
