"""The clock of a recording: what time stamps give, evenly spaced or not, and what is set right."""

import re
from fractions import Fraction

import numpy as np
import pytest

from ag_core.records import FrameClock
from ag_core.settings import PROJECT
from ag_core.video.clock import make_clock

MILLISECONDS = Fraction(1, 1000)


def spaced(n_frames: int, rate: float, start_ms: float = 0.0) -> list[int]:
    """Stamps in whole milliseconds."""
    return [round(start_ms + 1000 * number / rate) for number in range(n_frames)]


def test_evenly_spaced_frames_keep_the_rate_of_the_header_to_the_bit() -> None:
    clock = make_clock(spaced(300, 30), MILLISECONDS, 30.0, 30.0)
    assert (clock.fps, clock.n_frames, clock.duration_s, clock.note) == (30.0, 300, 10.0, "")
    assert clock.even and [clock.time_of(frame) for frame in (1, 2, 300)] == [0, 1 / 30, 299 / 30]


def test_a_rate_that_drifts_from_a_rounded_header_is_the_one_seen() -> None:
    clock = make_clock(spaced(3000, 29.97), MILLISECONDS, 0.0, 30.0)
    assert clock.even and clock.fps == pytest.approx(29.97, abs=1e-4)
    assert clock.time_of(3000) == pytest.approx(2999 / 29.97, abs=0.001)


def test_a_phone_that_slows_down_keeps_its_own_times() -> None:
    stamps = [*spaced(120, 30), *spaced(50, 5, 4000)]
    clock = make_clock(stamps, MILLISECONDS, 12.6, 30.0)
    assert not clock.even and clock.fps == 30 and clock.note == ""
    assert [clock.time_of(frame) for frame in (1, 121, 170)] == [0, 4.0, 13.8]
    assert [clock.frame_at(time) for time in (-1, 0, 3.9999, 4.0, 5.0, 8.0, 99)] == [1, 1, 121, 121, 126, 141, 170]
    assert clock.duration_s == pytest.approx(13.8 + 1 / 30)
    assert [clock.frame_at(clock.time_of(frame)) for frame in range(1, 171)] == list(range(1, 171))
    # Half-way between two frames of a fast part the later is taken; while the recording stands still, what it shows.
    assert clock.frames_nearest([1.5 / 30, 5.1, 5.19]).tolist() == [3, 126, 127]


def test_a_pause_is_kept() -> None:
    clock = make_clock([*spaced(90, 30), *spaced(90, 30, 63_000)], MILLISECONDS, 2.9, 30.0)
    assert clock.fps == 30 and clock.note == ""
    assert clock.time_of(90) == pytest.approx(2.967) and clock.time_of(91) == 63.0
    assert clock.frame_at(40.0) == 90


@pytest.mark.parametrize("lone", [0, -1])
def test_one_frame_an_hour_away_does_not_decide_the_clock(lone: int) -> None:
    stamps = spaced(150, 30)
    stamps[lone] += 3_600_000 if lone else -3_600_000
    clock = make_clock(stamps, MILLISECONDS, 0.04, 30.0)
    assert clock.fps == 30 and clock.duration_s == pytest.approx(5.0, abs=0.01)
    assert clock.time_of(76) == pytest.approx(2.5, abs=0.002)
    assert clock.note.startswith("1 time stamp is missing, repeated or far")


def test_stamps_that_are_missing_equal_or_out_of_order_are_fitted_between_the_others() -> None:
    stamps: list[int | None] = [*spaced(60, 20)]
    stamps[7], stamps[20], stamps[33], stamps[40] = None, stamps[19], 0, 900_000
    clock = make_clock(stamps, MILLISECONDS, 20.0, 20.0)
    assert clock.even and clock.fps == 20 and clock.note.startswith("4 time stamps are")


def test_random_damage_gives_a_clock() -> None:
    rng = np.random.default_rng(0)
    for _ in range(400):
        n_frames, rate = int(rng.choice([1, 2, 3, 5, 40])), float(rng.choice([1 / 60, 5, 24, 1000]))
        stamps: list[int | None] = [*spaced(n_frames, rate)]
        for _ in range(rng.choice([0, 1, 2, n_frames])):
            odd = int(rng.integers(-(10**12), 10**12))
            stamps[rng.integers(n_frames)] = [None, 0, -(2**63) + 1, 2**62, odd][rng.integers(5)]
        clock = make_clock(stamps, MILLISECONDS, rate, 0.0, float(rng.choice([0, n_frames / rate, 1e9])))
        assert clock.n_frames == n_frames and (np.diff(clock.times_s) > 0).all()
        assert 0 < clock.duration_s < 3_000_000 and clock.fps <= 1010


def test_a_clock_that_starts_anew_goes_on() -> None:
    clock = make_clock([*spaced(50, 25), *spaced(50, 25)], MILLISECONDS, 25.0, 25.0)
    assert clock.even and clock.fps == 25 and clock.duration_s == 4


@pytest.mark.parametrize(
    ("stamps", "base", "header", "length_s", "fps", "why"),
    [
        (list(range(60)), Fraction(1, 1_000_000), 1_000_000.0, 60e-6, 25.0, "1,000,000 frames a second"),
        ([None] * 60, MILLISECONDS, 30.0, 2.0, 30.0, "no usable time stamps"),
        ([5] * 60, MILLISECONDS, 0.0, 0.0, 25.0, "no usable time stamps"),
        ([0, 40, 80, 10**13], MILLISECONDS, 25.0, 0.16, 25.0, "over 115,741 days"),
        (list(range(0, 512 * 90, 512)), Fraction(1), 1 / 512, 3.0, 30.0, "it lasts 3.0 seconds"),
    ],
)
def test_a_clock_that_cannot_be_is_replaced_and_named(
    stamps: list[int | None], base: Fraction, header: float, length_s: float, fps: float, why: str
) -> None:
    clock = make_clock(stamps, base, header, header, length_s)
    assert clock.even and clock.fps == fps and why in clock.note


def test_slow_recordings_are_no_mistake() -> None:
    assert make_clock(spaced(20, 1 / 60), MILLISECONDS, 1 / 60, 1 / 60, 1200.0) == FrameClock(1 / 60, 20)
    assert make_clock(spaced(24, 1 / 3600), MILLISECONDS, 1 / 3600, 1 / 3600, 86400.0).fps == 1 / 3600
    assert make_clock(list(range(300)), MILLISECONDS, 1000.0, 1000.0) == FrameClock(1000, 300)
    assert make_clock([0], Fraction(1), 1 / 512, 1 / 512) == FrameClock(25, 1)


CONVERTERS = ("ag_core/records.py", "ag_core/annotations/clock.py")
"""Where frames become seconds and seconds frames; the player has a counterpart of its own."""

OTHERWISE = {
    "ag_core/ui/player/payload.py": "how many frames to count where nobody knows the rate or the length",
    "ag_core/video/transcode.py": "how far a clock is from an even one",
    "ag_core/doctor/videos.py": "how late a frame may be",
    "ag_core/doctor/predictions.py": "how much two rates may differ",
    "ag_core/world_audit/audit_inputs.py": "metres a second",
}
"""Other sums with a rate, in files that turn no frame into a time."""


def test_nothing_else_turns_frames_into_seconds() -> None:
    folders = [PROJECT / "ag_core", PROJECT / "pages"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".sql")]
    found = {
        path.relative_to(PROJECT).as_posix()
        for path in [*files, PROJECT / "app.py"]
        if re.search(r"[*/] *([a-z_]+\.)*fps\b|\bfps *[*/]", re.sub(r"--.*", "", path.read_text(encoding="utf-8")))
    }
    own = {path for path in found if path.startswith("ag_core/world/")}  # draws at a rate of its own
    assert found - own == {*CONVERTERS, *OTHERWISE}


def test_a_clock_is_checked() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        FrameClock(0.0, 3)
    with pytest.raises(ValueError, match="ascend"):
        FrameClock(25.0, 3, np.array([0.0, 1.0, 1.0]))
    with pytest.raises(ValueError, match="shape"):
        FrameClock(25.0, 3, np.array([0.0, 1.0]))
