"""Runs one trial in a child process of its own, so that a crash, a hang or a hunger for memory is a finding, no end.

The child is forked: what the parent has loaded (models, a whole store) is there at once. Unix only.
"""

import contextlib
import json
import math
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ag_core.errors import UserError

FINE, REFUSED = "fine", "refused"
WRONG, TRACEBACK, CRASH, HANG, MEMORY = "wrong", "traceback", "crash", "hang", "memory"

LIMIT_S = 20.0
"""More work of the processor than this is a hang."""

PATIENCE = 8
"""How much longer than that a trial may wait, on a machine that is busy with other things."""

MAX_MB = 2500
"""More memory than this for files of a few kilobytes is a fault."""


class Wrong(Exception):
    """Something that must hold does not: a wrong answer that nobody would notice."""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: one of the words above, what was said, seconds of work and the most memory it had."""

    word: str
    said: str
    seconds: float
    megabytes: float

    @property
    def passed(self) -> bool:
        """Whether it ended as it may."""
        return self.word in (FINE, REFUSED)


def run_apart(trial: Callable[[], str], limit_s: float = LIMIT_S, max_mb: float = MAX_MB) -> Outcome:
    """The outcome of a trial in a child process; it returns what is worth saying, or raises UserError or Wrong."""
    inlet, outlet = os.pipe()
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.close(inlet)
        _run_child(trial, outlet, limit_s)
    os.close(outlet)
    said, hung = _read_until(inlet, began + PATIENCE * limit_s)
    os.close(inlet)
    if hung:
        os.killpg(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)  # what the trial started and left
    seconds, megabytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    if hung:
        return Outcome(HANG, f"not done after {PATIENCE * limit_s:g} s", seconds, megabytes)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return Outcome(HANG, f"not done after {limit_s:g} s of work", seconds, megabytes)
    if os.WIFSIGNALED(status) or not said:
        return Outcome(CRASH, f"ended by signal {os.WTERMSIG(status)}", seconds, megabytes)
    word, text = json.loads(said)
    if word in (FINE, REFUSED) and megabytes > max_mb:
        return Outcome(MEMORY, f"{megabytes:.0f} MB", seconds, megabytes)
    return Outcome(word, text, seconds, megabytes)


def _read_until(inlet: int, end: float) -> tuple[bytes, bool]:
    """Everything the child writes, and whether it was still at it when the time was over."""
    said = b""
    while (left := end - time.perf_counter()) > 0:
        ready, _, _ = select.select([inlet], [], [], left)
        if ready:
            piece = os.read(inlet, 1 << 16)
            if not piece:
                return said, False
            said += piece
    return said, True


def _run_child(trial: Callable[[], str], outlet: int, limit_s: float) -> None:
    """Run the trial and end the process; never returns."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(limit_s), math.ceil(limit_s) + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    word, text = TRACEBACK, ""
    try:
        word, text = FINE, trial()
    except UserError as error:
        word, text = REFUSED, str(error)
    except Wrong as error:
        word, text = WRONG, str(error)
    except BaseException:
        text = traceback.format_exc()
    with os.fdopen(outlet, "wb") as pipe:
        pipe.write(json.dumps([word, text]).encode())
    os._exit(0)


@contextlib.contextmanager
def captured_output(into: Path) -> Iterator[None]:
    """Everything that is written to the standard outputs within, by whatever library, goes to a file instead."""
    with into.open("ab") as file:
        kept = [os.dup(1), os.dup(2)]
        sys.stdout.flush(), sys.stderr.flush()
        os.dup2(file.fileno(), 1), os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush(), sys.stderr.flush()
            os.dup2(kept[0], 1), os.dup2(kept[1], 2)
            for number in kept:
                os.close(number)
