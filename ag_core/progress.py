"""How far a long piece of work is: one line that is rewritten on a screen, plain lines now and then elsewhere.

Every command tells its progress to a `ProgressReporter`. The library below takes any function of that form, `Progress`.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from ag_core.progress_meter import ProgressMeter

Progress = Callable[[str, int, int], None]
"""Told the stage of a piece of work, how many of its parts are done, and how many there are."""

LOG_EVERY_S = 10.0
"""Between two lines of one stage where the progress goes to a file."""

Part = TypeVar("Part")


class ProgressReporter:
    """Takes (stage, done, total) as often as the work likes to tell it, and writes what a person can read.

    stream: by default stderr. What is done when a stage begins was there before and does not count for the rate. A
    total below 2 says that the stage cannot be counted. Leave with `close`, or use it in a `with`.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.on_screen = self.stream.isatty()
        self._stage = ""
        self._meter: ProgressMeter | None = None
        self._logged_s = 0.0

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Take a stage and its counts; note: a few words that stand at the end of the line."""
        meter = self._meter
        fresh = meter is None or stage != self._stage or done < meter.n
        if meter is None or fresh:
            self._begin(stage, done, total)
            meter = self._meter
            assert meter is not None
        was_complete = not fresh and meter.n == meter.total
        meter.take(done, total, note)
        complete = done >= total > 1
        if self.on_screen:
            meter.show(at_once=fresh or complete)
        elif fresh or (complete and not was_complete) or self._is_due(meter, done, total):
            self._logged_s = meter.elapsed_s
            self.stream.write(f"{meter}\n")
            self.stream.flush()

    def close(self) -> None:
        """Leave the line."""
        if self._meter is not None:
            self._meter.close()
            self._meter = None
        self._stage = ""

    def __enter__(self) -> "ProgressReporter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, stage: str, done: int, total: int) -> None:
        self.close()
        self._stage = stage
        self._logged_s = 0.0
        from ag_core.progress_meter import ProgressMeter  # loads tqdm, which only who shows progress needs

        self._meter = ProgressMeter(stage, done, total, self.stream if self.on_screen else None)

    def _is_due(self, meter: "ProgressMeter", done: int, total: int) -> bool:
        return 1 < total > done and meter.elapsed_s - self._logged_s >= LOG_EVERY_S


def track_progress(parts: Iterable[Part], total: int, stage: str, report: Progress) -> Iterator[Part]:
    """The parts one by one, each told as done when the next is asked for."""
    report(stage, 0, total)
    for done, part in enumerate(parts, start=1):
        yield part
        report(stage, done, total)
