"""Which frames of a video a prediction needs: those that get a graph, and the clips around the times of the banks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.models.feature_bank import (
    is_lapse,
    list_bank_times,
    list_first_times,
)
from ag_core.presets import VideoPreset
from ag_core.records import FrameClock, Video
from ag_core.video.clips import list_clip_centre_times, list_clip_frame_numbers


@dataclass(frozen=True)
class Plan:
    """Which frames of a video are needed.

    graph_frames  numbers of the frames that get a graph, ascending
    bank_times_s  [K] times of all feature banks; bank_frames: the frame at each
    centres_s     [K + views] centres of the clips: the bank's times, then the test views
    clips         by clip network, frame numbers of each different clip
    clip_of       by clip network, [K + views] the index of the clip around each centre
    """

    graph_frames: list[int]
    bank_times_s: NDArray[np.float64]
    bank_frames: list[int]
    centres_s: NDArray[np.float64]
    clips: dict[str, list[list[int]]]
    clip_of: dict[str, NDArray[np.int64]]


def choose_graph_times(clock: FrameClock, rate: float) -> NDArray[np.float64]:
    """Seconds that get a graph: the bank's, and between and before them so many that there are `rate` a second.

    Every multiple of 1 / rate before or after the bank's first time; at the bank's own rate, the bank's times. Of these
    a lapse takes the first one in each frame.
    """
    bank, duration_s = choose_bank_times(clock), clock.duration_s
    before = np.floor(bank[0] * rate + 1e-9)
    if is_lapse(clock, rate):
        added = list_first_times(clock, bank[0] - before / rate, rate)
    else:
        added = bank[0] + np.arange(-before, np.ceil((duration_s - bank[0]) * rate) + 1) / rate
    # Rounded, for the same time reached in two ways differs in its last bits.
    return np.union1d(bank.round(9), added[(added >= 0) & (added < duration_s)].round(9))


def choose_bank_times(clock: FrameClock) -> NDArray[np.float64]:
    """The times of the bank in seconds, or the middle alone of a video that ends before the first."""
    times = list_bank_times(clock)
    return times if len(times) else np.array([clock.duration_s / 2])


def make_plan(video: Video, rate: float, clip_presets: dict[str, VideoPreset]) -> Plan:
    """The frames that a prediction of a probed video needs, with clips for each clip network."""
    clock = video.clock
    assert clock is not None
    bank = choose_bank_times(clock)
    centres = np.concatenate([bank, list_clip_centre_times(clock.duration_s)])
    clips, clip_of = {}, {}
    for network, preset in clip_presets.items():
        around = [tuple(list_clip_frame_numbers(t, clock, preset.frames, preset.frame_step_s)) for t in centres]
        index_of = {clip: index for index, clip in enumerate(dict.fromkeys(around))}
        clips[network] = [list(clip) for clip in index_of]
        clip_of[network] = np.array([index_of[clip] for clip in around])
    return Plan(
        graph_frames=sorted({clock.frame_at(t) for t in choose_graph_times(clock, rate)}),
        bank_times_s=bank,
        bank_frames=[clock.frame_at(t) for t in bank],
        centres_s=centres,
        clips=clips,
        clip_of=clip_of,
    )
