"""Statistics, fifth tab: Figure 2 of the paper on one video, five frames of every action and the frames annotated."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from ag_core.annotations.statistics.sampling import FRAMES_PER_ACTION, NEAR_FRAMES, find_midpoints, find_nearest_frames
from ag_core.annotations.store import ANNOTATION
from ag_core.errors import UserError
from ag_core.records import ActionInterval, FrameClock, Video
from ag_core.taxonomy import ACTIONS
from ag_core.ui import cached
from ag_core.ui.charts import plots
from ag_core.ui.charts.figures import Figure, show_figure
from ag_core.ui.charts.plots import MARK
from ag_core.ui.charts.time_axis import FRAME_KINDS, draw_sampling_strip
from ag_core.ui.formatting import format_action, format_clock, format_number, format_percent
from ag_core.ui.page import EXPLORE, TIME, VIDEO, check_link, show_empty_state, show_owner_note
from ag_core.ui.statistics.scope import StatisticsScope
from ag_core.ui.widgets.pickers import pick_video
from ag_core.ui.widgets.video_still import show_still

AT_MIDPOINT, ELSEWHERE = FRAME_KINDS


def show_sampling(scope: StatisticsScope) -> None:
    """The strip of one video, then one action's five frames. The annotation's, whatever the source."""
    if ANNOTATION not in cached.list_sources(scope.key) or cached.load_videos(scope.key, ANNOTATION).empty:
        show_empty_state("No annotated videos", "The store holds predictions only", (EXPLORE, "All videos"))
        return
    st.header("From actions to annotated frames", anchor=False)
    show_owner_note(
        f"The paper's Figure 2: of every action, {FRAMES_PER_ACTION} frames are annotated, the midpoints of "
        f"{FRAMES_PER_ACTION} equal parts. {_describe_share(scope)}"
    )
    try:
        video_id = pick_video(scope.key, widget_key="video", source=ANNOTATION, on_change=_forget_action)
    except UserError as error:
        show_empty_state("No such video", f"{error}; choose one above")
        return
    video = cached.load_video(scope.key, video_id)
    intervals = cached.load_intervals(scope.key, video_id)
    numbers = [graph.frame for graph in cached.load_graphs(scope.key, video_id)]
    if not intervals or video.clock is None:
        why = (
            "It has no annotated actions"
            if not intervals
            else "Its frame rate is not known, so its frames have no time"
        )
        show_empty_state("No strip for this video", f"{why}; choose another video")
        return
    frames = build_frame_table(numbers, intervals, video.clock)
    _show_strip(video, video.clock, intervals, frames)
    _show_frames(video, video.clock, intervals, frames)


def _forget_action() -> None:
    """The action whose frames were looked at was one of another video."""
    st.session_state.pop("interval", None)


def _describe_share(scope: StatisticsScope) -> str:
    near, total = cached.compute_statistic(scope.key, "share_at_midpoints", ANNOTATION)
    if not total:
        return "The open data has no annotated frames whose time is known."
    return (
        f"In the open data, {format_percent(near / total)} of {format_number(total)} annotated frames lie at most "
        f"{NEAR_FRAMES} frame from such a midpoint."
    )


def build_frame_table(numbers: Sequence[int], intervals: Sequence[ActionInterval], clock: FrameClock) -> pd.DataFrame:
    """frame, time_s, kind: annotated frames of a video with that clock, at a midpoint of an action or elsewhere."""
    middles = find_midpoints(intervals, clock)["frame"].tolist()
    far = np.abs(find_nearest_frames(numbers, middles) - np.asarray(numbers, np.int64)) > NEAR_FRAMES
    return pd.DataFrame(
        {
            "frame": list(numbers),
            "time_s": [clock.time_of(frame) for frame in numbers],
            "kind": [ELSEWHERE if one else AT_MIDPOINT for one in far],
        }
    )


def name_intervals(intervals: Sequence[ActionInterval]) -> list[str]:
    """A name of its own for each interval: its number, its action and when it begins."""
    return [f"{index}. {ACTIONS[interval.action].label}" for index, interval in enumerate(intervals, start=1)]


def _show_strip(video: Video, clock: FrameClock, intervals: Sequence[ActionInterval], frames: pd.DataFrame) -> None:
    names = name_intervals(intervals)
    bars = pd.DataFrame(
        {
            "row": names,
            "action": [format_action(interval.action) for interval in intervals],
            "start_s": [interval.start_s for interval in intervals],
            "end_s": [interval.end_s for interval in intervals],
        }
    )
    middles = find_midpoints(intervals, clock)
    middles = middles.assign(
        row=[names[index] for index in middles["interval"]],
        action=[bars["action"][index] for index in middles["interval"]],
    )
    there = frames["frame"].tolist()
    reached = np.abs(find_nearest_frames(middles["frame"], there) - middles["frame"].to_numpy()) <= NEAR_FRAMES
    at = int((frames["kind"] == AT_MIDPOINT).sum())
    length_s = max([video.duration_s if video.duration_s > 0 else 0.0, *bars["end_s"], *frames["time_s"]])
    marked = frames.assign(
        **{MARK: [format_frame_mark(frame, time_s) for frame, time_s in zip(there, frames["time_s"])]}
    )
    show_figure(
        Figure(
            f"From actions to annotated frames (Figure 2): {video.video_id}",
            f"Video {video.video_id}, {len(intervals)} actions, {len(middles)} midpoints (dots), of which "
            f"{int(reached.sum())} have an annotated frame; {len(frames)} annotated frames (strokes), {at} of them at "
            f"most {NEAR_FRAMES} frame from a midpoint. Counted in the annotation of the open data set.",
            f"Strip: the actions of video {video.video_id} as bars with five midpoints each, and its annotated frames",
            "sampling",
            video.video_id,
            partial(_draw_strip, bars, middles, marked, length_s),
            pd.concat([middles.assign(kind="midpoint").drop(columns=["interval", "row"]), frames], ignore_index=True),
            times={mark: (video.video_id, time_s) for mark, time_s in zip(marked[MARK], marked["time_s"])},
        ),
        "statistics_sampling",
    )


def _draw_strip(
    bars: pd.DataFrame, middles: pd.DataFrame, frames: pd.DataFrame, length_s: float, dark: bool
) -> plots.Chart:
    return draw_sampling_strip(bars, middles, frames, length_s, dark=dark)


def format_frame_mark(frame: int, time_s: float) -> str:
    """How an annotated frame is called where it can be chosen."""
    return f"frame {frame}, {format_clock(time_s)}"


def _show_frames(video: Video, clock: FrameClock, intervals: Sequence[ActionInterval], frames: pd.DataFrame) -> None:
    names = name_intervals(intervals)
    st.header("The five frames of one action", anchor=False)
    check_link("interval", names, "action")
    index = st.selectbox(
        "Action", range(len(names)), format_func=names.__getitem__, key="interval", bind="query-params", width=420
    )
    middles = find_midpoints([intervals[index]], clock)
    nearest = find_nearest_frames(middles["frame"], frames["frame"])
    with st.container(horizontal=True, key="ag_stills"):
        for part, middle, frame in zip(middles["part"], middles["frame"], nearest):
            annotated = frame > 0 and abs(int(frame) - int(middle)) <= NEAR_FRAMES
            number = int(frame) if annotated else int(middle)
            _show_frame(video, number, clock.time_of(number), int(part), bool(annotated))


def _show_frame(video: Video, frame: int, time_s: float, part: int, annotated: bool) -> None:
    with st.container(key=f"ag_still_{part}"):
        image = cached.load_frame_jpeg(None if video.path is None else str(video.path), frame)
        show_still(image, alt=f"Frame {frame} of video {video.video_id}")
        st.page_link(
            EXPLORE,
            label=f"{format_clock(time_s)}, frame {frame}",
            query_params={VIDEO: video.video_id, TIME: f"{time_s:.3f}"},
        )
        st.caption("annotated" if annotated else "not annotated")
