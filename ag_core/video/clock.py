"""The clock of a recording: from a file's time stamps to when each frame is shown.

The stamps decide. Only what cannot be is set right, with a sentence that says so: a stamp that is missing, repeated or
out of order, one frame hours away from all others, a rate that no camera has. A recording that pauses, drops frames
or changes its rate keeps its own times. Knows numbers only; no file and no decoder.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ag_core.records import FrameClock

MIN_SAID_RATE, MAX_RATE = 1, 1000
"""Frames a second: the slowest rate that is believed on a header's word alone, and the fastest."""

USUAL_RATE = 25.0
"""Where a file says nothing that can be believed."""

ROUNDING_S = 0.001
"""Containers round times to milliseconds: so far from an even spacing a frame may be and still count as even."""

MAX_LONE_GAP_S = 600.0
"""A first or last frame farther than this from all others, and than ten times their own length, has a wrong stamp."""


MAX_LENGTH_S = 2_000_000.0
"""Longer than three weeks no recording is: stores and players count milliseconds in 32 bits."""


def make_clock(
    pts: Sequence[int | None] | NDArray[np.int64],
    time_base: Fraction | float,
    average: float = 0.0,
    native: float = 0.0,
    duration_s: float = 0.0,
) -> FrameClock:
    """The clock of the frames shown, in their order.

    pts         time stamp of each frame in units of `time_base` seconds; None where the file gives none
    average, native   frames a second as the file's header says; 0 for unknown
    duration_s        length as the header says; 0 for unknown
    """
    n_frames = len(pts)
    said = next((float(rate) for rate in (average, native) if MIN_SAID_RATE <= rate <= MAX_RATE), USUAL_RATE)
    # Whole numbers first: stamps far from zero lose their last digits as floats.
    first = next((int(stamp) for stamp in pts if stamp is not None), 0)
    seconds = np.array([np.nan if stamp is None else float(int(stamp) - first) for stamp in pts]) * float(time_base)
    steps = np.diff(seconds)
    forward = steps[steps > 0]
    if n_frames < 2:
        return FrameClock(said, n_frames)
    if 2 * len(forward) < n_frames - 1:
        return FrameClock(said, n_frames, note=_say_assumed("The file has no usable time stamps", said))
    step = float(np.median(forward))
    if step * MAX_RATE < 0.99:
        reason = f"The time stamps run at {1 / step:,.0f} frames a second, which no recording has"
        return FrameClock(said, n_frames, note=_say_assumed(reason, said))
    if step * MIN_SAID_RATE > 1 and 0 < 10 * duration_s < seconds[-1]:
        rate = n_frames / duration_s
        said = rate if MIN_SAID_RATE <= rate <= MAX_RATE else said
        reason = f"The file says that it lasts {duration_s:.1f} seconds and its time stamps run over {seconds[-1]:,.0f}"
        return FrameClock(said, n_frames, note=_say_assumed(reason, said))
    seconds, n_mended = _mend_stamps(seconds, step)
    if not (np.diff(seconds) > 0).all():
        return FrameClock(said, n_frames, note=_say_assumed("The file has no usable time stamps", said))
    if seconds[-1] > MAX_LENGTH_S:
        reason = f"The time stamps run over {seconds[-1] / 86400:,.0f} days"
        return FrameClock(said, n_frames, note=_say_assumed(reason, said))
    step, note = float(np.median(np.diff(seconds))), ""
    if n_mended:
        what = "time stamp is" if n_mended == 1 else "time stamps are"
        note = (
            f"{n_mended} {what} missing, repeated or far from the others; those frames were fitted between the others."
        )
    mean = (n_frames - 1) / float(seconds[-1])
    # A clock of whole milliseconds and a first or last frame held longer shift a short file's average.
    agreed = [float(rate) for rate in (native, average) if 0 < rate <= MAX_RATE and abs(rate / mean - 1) <= 0.05]
    for rate in (*agreed, mean, 1 / step):
        if _is_even(seconds, rate, float(time_base)):
            return FrameClock(rate, n_frames, note=note)
    agreed = [float(rate) for rate in (native, average) if 0 < rate <= MAX_RATE and abs(rate * step - 1) <= 0.05]
    return FrameClock(agreed[0] if agreed else 1 / step, n_frames, seconds, note)


def _is_even(seconds: NDArray[np.float64], rate: float, tick_s: float) -> bool:
    """Whether frames shown at `seconds` [F] are evenly spaced at `rate` but for the rounding of a clock of `tick_s`."""
    off = float(np.abs(seconds - np.arange(len(seconds)) / rate).max())
    return off <= min(0.5 / rate, 1.01 * max(tick_s, ROUNDING_S))


def _say_assumed(reason: str, rate: float) -> str:
    return f"{reason}; {rate:g} evenly spaced frames a second were assumed."


def _mend_stamps(seconds: NDArray[np.float64], step: float) -> tuple[NDArray[np.float64], int]:
    """[F] seconds from 0, strictly ascending, and how many were set: those NaN, not ascending, or lone and far away."""
    if not (np.diff(seconds) > 0).all():
        seconds = _keep_ascending(seconds, step)
    trusted = np.flatnonzero(~np.isnan(seconds))
    for lone, others in ((trusted[-1], trusted[:-1]), (trusted[0], trusted[1:])):
        if len(others) < 9:
            continue
        span = float(seconds[others[-1]] - seconds[others[0]])
        gap = min(abs(seconds[lone] - seconds[others[-1]]), abs(seconds[lone] - seconds[others[0]]))
        if gap > max(MAX_LONE_GAP_S, 10 * span):
            trusted = others
            break
    numbers = np.arange(len(seconds))
    mended = np.interp(numbers, trusted, seconds[trusted])
    first, last = trusted[0], trusted[-1]
    mended[:first] = mended[first] + (numbers[:first] - first) * step
    mended[last + 1 :] = mended[last] + (numbers[last + 1 :] - last) * step
    return mended - mended[0], len(seconds) - len(trusted)


def _keep_ascending(seconds: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """The same with NaN for stamps out of order; where the clock starts anew, as in joined files, it goes on."""
    kept: list[tuple[int, float]] = []
    numbers = np.flatnonzero(~np.isnan(seconds)).tolist()
    moved = 0.0
    for number, following in zip(numbers, [*numbers[1:], None]):
        time = float(seconds[number]) + moved
        if not kept or time > kept[-1][1]:
            kept.append((number, time))
        elif time == kept[-1][1]:
            continue
        elif len(kept) > 1 and time > kept[-2][1]:  # the one before was too late
            kept[-1] = (number, time)
        elif following is not None and time < float(seconds[following]) + moved <= kept[-1][1]:
            moved += kept[-1][1] + step * (number - kept[-1][0]) - time
            kept.append((number, float(seconds[number]) + moved))
    ascending = np.full(len(seconds), np.nan)
    for number, time in kept:
        ascending[number] = time
    return ascending
