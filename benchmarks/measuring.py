"""Times two and more ways of doing one job in turn, in this process or each in a process of its own.

A way is measured `repeats` times; the ways take turns, so that a busy minute hurts all of them. Time is counted inside
a `with clock:` block; memory is how much the process grew over the block, at its peak.
"""

import gc
import json
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


class Clock:
    """Counts the seconds spent in its blocks and the memory that the process gained in them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.growth_mb = 0.0

    def __enter__(self) -> "Clock":
        self._before_mb = memory_mb("VmRSS")
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._started
        self.growth_mb = max(self.growth_mb, memory_mb("VmHWM") - self._before_mb)


def memory_mb(kind: str) -> float:
    """Memory of this process in MB: now (VmRSS) or at most so far (VmHWM, also where the first is not told)."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith(kind))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


@dataclass
class Side:
    """One way of doing the job and what it cost; `answer` is that of the last time.

    seconds, growth_mb, peak_mb: one number each time; whole_s: the whole process, from its start to its end
    """

    name: str
    seconds: list[float] = field(default_factory=list)
    growth_mb: list[float] = field(default_factory=list)
    peak_mb: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    answer: Any = None

    @property
    def median_s(self) -> float:
        """The usual time."""
        return statistics.median(self.seconds)

    @property
    def median_growth_mb(self) -> float:
        """The usual growth, at least one MB: less cannot be told apart from nothing."""
        return max(1.0, statistics.median(self.growth_mb))

    @property
    def median_peak_mb(self) -> float:
        """The usual size of the whole process."""
        return statistics.median(self.peak_mb)

    @property
    def median_whole_s(self) -> float:
        """The usual time of the whole process."""
        return statistics.median(self.whole_s)


ENOUGH_S, MAX_CALLS = 0.02, 20
"""A measurement lasts at least so long, in at most so many calls: a single call of a millisecond mostly tells what the
collection of garbage before it has pushed out of the processor's caches."""


def in_turn(ways: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, Side]:
    """Measure each way `repeats` times in this process, after two calls that do not count.

    A measurement is the mean of as many calls as fill ENOUGH_S, one for what takes longer.
    """
    sides, calls = {name: Side(name) for name in ways}, {}
    for name, way in ways.items():
        way()
        started = time.perf_counter()
        sides[name].answer = way()
        calls[name] = min(MAX_CALLS, 1 + int(ENOUGH_S / (time.perf_counter() - started)))
    for _ in range(repeats):
        for name, way in ways.items():
            gc.collect()
            started = time.perf_counter()
            for _ in range(calls[name]):
                sides[name].answer = way()
            sides[name].seconds.append((time.perf_counter() - started) / calls[name])
    return sides


def loaded_for_good() -> None:
    """Take everything that is loaded out of the sight of the garbage collector: no side pays for another's data."""
    gc.collect()
    gc.freeze()


def apart_in_turn(ways: Mapping[str, tuple[str, Mapping[str, Any]]], repeats: int) -> dict[str, Side]:
    """Call each way `repeats` times, each time in a fresh process.

    A way is a function, as 'module:name', and what it is called with after a Clock. The files it reads are in the page
    cache from a first time that does not count, for every way alike.
    """
    sides = {name: Side(name) for name in ways}
    for turn in range(repeats + (repeats > 1)):
        for name, (function, arguments) in ways.items():
            measured = apart(function, arguments)
            side = sides[name]
            side.answer = measured.answer
            if turn or repeats == 1:
                side.seconds += measured.seconds
                side.growth_mb += measured.growth_mb
                side.peak_mb += measured.peak_mb
                side.whole_s += measured.whole_s
    return sides


def apart(function: str, arguments: Mapping[str, Any]) -> Side:
    """Call a function once, in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer"
        command = [sys.executable, "-m", "benchmarks.measuring", function, json.dumps(arguments), str(answer)]
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True)
        whole = time.perf_counter() - started
        seconds, growth, peak, value = pickle.loads(answer.read_bytes())
    return Side(function, [seconds], [growth], [peak], [whole], value)


def _answer_apart(function: str, arguments: str, path: str) -> None:
    """What a process of its own does: call, and leave the answer with its costs in a file."""
    module, _, name = function.partition(":")
    clock = Clock()
    answer = getattr(import_module(module), name)(clock, **json.loads(arguments))
    costs = (clock.seconds, clock.growth_mb, memory_mb("VmHWM"))
    Path(path).write_bytes(pickle.dumps((*costs, answer)))
    gc.unfreeze()


if __name__ == "__main__":
    _answer_apart(*sys.argv[1:])
