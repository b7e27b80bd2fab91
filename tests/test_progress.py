"""Progress: one rewritten line on a screen of any width, rare plain lines in a log, remaining time in both."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from io import StringIO
from typing import TextIO

import pytest

from ag_core import progress, progress_meter
from ag_core.progress import ProgressReporter, track_progress

PROGRAM = """
from ag_core.progress import ProgressReporter
with ProgressReporter() as report:
    report("loading models", 0, 1)
    for done in range(41):
        report("watching the video", done, 40)
    report("drawing", 10, 12)
    report("drawing", 11, 12, "a note")
"""


def on_screen(columns: int) -> str:
    """What the program writes to a terminal of that width; 0 is one that does not know its size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns else 0, columns, 0, 0))
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # how a terminal says that nobody writes to it any more
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    assert process.wait() == 0
    return written.decode()


@pytest.mark.parametrize("columns", [100, 0])
def test_a_screen_has_a_line_a_stage(columns: int) -> None:
    lines = [line.split("\r")[-1].strip() for line in on_screen(columns).split("\r\n")]
    assert [line.partition(" in ")[0] for line in lines[:2]] == ["loading models", "watching the video: 40 of 40"]
    assert lines[2].startswith("drawing: 1") and lines[3:] == [""]


def test_a_narrow_screen_cuts_the_line() -> None:
    shown = [part.strip() for line in on_screen(30).split("\r\n") for part in line.split("\r")]
    assert max(map(len, shown)) <= 30 and "watching the video: 40 of 40" in shown


def test_a_log_gets_a_line_a_stage_and_one_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    new = progress_meter.ProgressMeter.__init__

    def with_clock(
        meter: progress_meter.ProgressMeter, stage: str, done: int, total: int, stream: TextIO | None
    ) -> None:
        new(meter, stage, done, total, stream)
        meter._time = lambda: now[0]
        meter.start_t = now[0]

    monkeypatch.setattr(progress_meter.ProgressMeter, "__init__", with_clock)
    stream = StringIO()
    with ProgressReporter(stream) as report:
        report("loading models", 0, 1)
        for done in range(10, 101):
            report("watching", done, 100, "loss 0.5" * (done > 90))
            now[0] += 0.5
        report("watching", 100, 100)
        for done in (0, 1, 2):
            report("drawing", done, 2)
            now[0] += 30
    assert stream.getvalue().splitlines() == [
        "loading models",
        "watching: 10 of 100",
        "watching: 30 of 100, 2.0 a second, 00:35 left",
        "watching: 50 of 100, 2.0 a second, 00:25 left",
        "watching: 70 of 100, 2.0 a second, 00:15 left",
        "watching: 90 of 100, 2.0 a second, 00:05 left",
        "watching: 100 of 100 in 00:45, loss 0.5",
        "drawing: 0 of 2",
        "drawing: 1 of 2, 30.0 s each, 00:30 left",
        "drawing: 2 of 2 in 01:00",
    ]
    assert progress.LOG_EVERY_S == 10


def test_parts_are_told_as_they_are_used() -> None:
    told: list[tuple[str, int, int]] = []
    for letter in track_progress("ab", 2, "reading", lambda *counts: told.append(counts)):
        told.append((letter, -1, -1))
    assert told == [("reading", 0, 2), ("a", -1, -1), ("reading", 1, 2), ("b", -1, -1), ("reading", 2, 2)]
