"""The meter behind `ProgressReporter`: counts, pace and remaining time as text, drawn by tqdm.

tqdm, because it is one small package that needs no others, and its meter can be had as text: the lines in a log then
say exactly what the line on a screen says.
"""

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TextIO

from tqdm import tqdm

UNDER_WAY = "{desc}: {n_fmt} of {total_fmt}, {pace}, {remaining} left{postfix}"
BEGUN = "{desc}: {n_fmt} of {total_fmt}{postfix}"
FINISHED = "{desc}: {n_fmt} of {total_fmt} in {elapsed}{postfix}"
UNCOUNTED = "{desc}{postfix}"


class ProgressMeter(tqdm):  # type: ignore[misc]  # tqdm carries no types
    """One stage of some work, as text and on a screen; without a stream as text only.

    The pace is in words and the mean of the stage so far; there is no thread that redraws.
    """

    monitor_interval = 0
    last_print_t: float

    def __init__(self, stage: str, done: int, total: int, stream: TextIO | None) -> None:
        measured = stream is not None and _is_measured(stream)
        super().__init__(
            desc=stage,
            initial=done,
            total=total,
            file=stream or _Nowhere(),
            unit="",
            disable=False,  # whatever TQDM_DISABLE says: the counts are needed
            smoothing=0,
            dynamic_ncols=measured,
            nrows=None if measured else 20,
            bar_format=BEGUN,
            delay=1,  # keeps tqdm from drawing at once, before the counts are in; `show` draws
        )
        self.delay = 0

    def take(self, done: int, total: int, note: str = "") -> None:
        """Set the counts, and the words at the end of the line."""
        self.n, self.total = done, total
        self.postfix = note  # tqdm puts ", " before it
        if total < 2:
            self.bar_format = UNCOUNTED
        elif done >= total:
            self.bar_format = FINISHED
        else:
            self.bar_format = UNDER_WAY if done > self.initial else BEGUN

    @property
    def format_dict(self) -> Mapping[str, Any]:
        """The facts a format may name; `pace` is ours."""
        facts = dict(super().format_dict)
        if (facts["ncols"] or 0) <= 0:
            facts["ncols"] = None
        made, elapsed = facts["n"] - facts["initial"], facts["elapsed"]
        rate = made / elapsed if made > 0 and elapsed > 0 else 0.0
        facts["pace"] = f"{rate:.1f} a second" if rate >= 1 else f"{1 / rate if rate else 0:.1f} s each"
        return facts

    @property
    def elapsed_s(self) -> float:
        """Seconds since the stage began."""
        return float(super().format_dict["elapsed"])

    def show(self, at_once: bool) -> None:
        """Draw the line, not more often than a person can see."""
        now = self._time()
        if at_once or now - self.last_print_t >= self.mininterval:
            self.last_print_t = now
            self.refresh()


ProgressMeter.set_lock(threading.RLock())  # tqdm's own lock is shared with child processes, which needs a semaphore


def _is_measured(stream: TextIO) -> bool:
    """Whether the screen knows its size; tqdm writes nothing on one that says 0 by 0, as some containers' do."""
    with suppress(OSError):
        return os.get_terminal_size(stream.fileno()).columns > 0
    return False


class _Nowhere:
    """Takes what tqdm would write where there is no screen."""

    def write(self, text: str) -> None: ...

    def flush(self) -> None: ...
