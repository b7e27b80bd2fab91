"""Which frames of a video are looked at: graphs, bank and clips on the video's own clock."""

import numpy as np
import pytest

from ag_core.models.feature_bank import compute_bank_times
from ag_core.pipeline.plan import choose_bank_times, choose_graph_times, make_plan
from ag_core.presets import DEMO_VIDEO
from ag_core.records import FrameClock, Video, time_to_frame
from ag_core.video.clips import list_clip_centre_times


@pytest.mark.parametrize(
    ("duration_s", "rate", "count"), [(12, 2, 24), (12, 4, 48), (12, 1, 24), (12, 12, 144), (0.1, 2, 1), (30, 2, 60)]
)
def test_graphs_lie_on_the_bank_and_between(duration_s: float, rate: float, count: int) -> None:
    clock = FrameClock(60, round(60 * duration_s))
    times = choose_graph_times(clock, rate)
    assert len({time_to_frame(t, 12) for t in times}) == pytest.approx(count, abs=1)
    assert times.min() >= 0 and times.max() < duration_s
    assert set(choose_bank_times(clock).round(9)) <= set(times)
    if rate == 2:
        np.testing.assert_allclose(times, choose_bank_times(clock))


def test_the_plan_follows_the_videos_own_rate() -> None:
    video = Video("v", 10.0, 30.0, 64, 48, 300)
    plan = make_plan(video, 2.0, {"i3d": DEMO_VIDEO})
    assert plan.bank_frames[:3] == [14, 29, 44]
    assert plan.graph_frames == plan.bank_frames
    assert len(plan.clip_of["i3d"]) == len(plan.bank_times_s) + 10
    np.testing.assert_allclose(list_clip_centre_times(10.0), np.arange(10) + 0.5)


def test_the_plan_of_a_phones_video_follows_its_own_times() -> None:
    times_s = np.concatenate([np.arange(120) / 30, 4 + np.arange(50) / 5])  # 30 a second, then 5 in a dark room
    plan = make_plan(Video("v", 14.0, 30.0, 64, 48, 170, frame_times_s=times_s), 2.0, {"i3d": DEMO_VIDEO})
    np.testing.assert_allclose(plan.bank_times_s, compute_bank_times(13.8 + 1 / 30))
    shown = [int((times_s <= time + 0.0005).sum()) for time in plan.bank_times_s]
    assert plan.bank_frames == plan.graph_frames == shown
    around_ten = plan.clips["i3d"][plan.clip_of["i3d"][len(plan.bank_times_s) + 7]]  # the view at 10.4 s
    assert abs(times_s[around_ten[len(around_ten) // 2] - 1] - 10.4) < 0.2


def test_a_pause_keeps_two_times_a_second() -> None:
    times_s = np.concatenate([np.arange(90) / 30, 63 + np.arange(90) / 30])
    plan = make_plan(Video("v", 66.0, 30.0, 64, 48, 180, frame_times_s=times_s), 2.0, {"i3d": DEMO_VIDEO})
    np.testing.assert_allclose(plan.bank_times_s, compute_bank_times(66.0))
    assert len(plan.clips["i3d"]) < 60


@pytest.mark.parametrize(("n_frames", "step_s"), [(20, 60.0), (24, 3600.0)])
@pytest.mark.parametrize("rate", [0.5, 2.0, 24.0])
def test_the_cost_of_a_lapse_follows_its_frames(n_frames: int, step_s: float, rate: float) -> None:
    plan = make_plan(Video("v", n_frames * step_s, 1 / step_s, 64, 48, n_frames), rate, {"i3d": DEMO_VIDEO})
    assert plan.bank_frames == plan.graph_frames == list(range(1, n_frames + 1))
    assert len(plan.clips["i3d"]) <= 2 * n_frames
    assert (plan.bank_times_s[0], len(plan.centres_s)) == (11 / 24, n_frames + 10)
    np.testing.assert_allclose((plan.bank_times_s * 24 - 11) % 12, 0, atol=1e-6)  # on the bank's grid
