"""The app's side of making films: a queue, and for each film a process that draws it and says how far it is.

One `FilmQueue` serves all browser sessions and draws one film at a time. A film that was made before needs no process.
The process is `python -m ag_core film --events`; it ends when its stdin closes, so that it never outlives the app.
"""

import atexit
import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.files import remove_leftovers
from ag_core.jobs.prediction_queue import JobState
from ag_core.results.film_cache import FilmOrder, MadeFilm, finished_film
from ag_core.settings import PROJECT, settings
from ag_core.taxonomy import ACTIONS
from ag_core.world.action_table import PROFILES, actions_of

STARTING, DRAWING = "starting the renderer", "drawing"
ENDED = {JobState.DONE, JobState.FAILED, JobState.CANCELLED}
STOP_TIMEOUT_S = 5.0


def showable() -> list[int]:
    """Indices of all actions that the home world can show, by label."""
    return sorted(actions_of(PROFILES[-1]), key=lambda action: ACTIONS[action].label)


@dataclass(frozen=True)
class FilmJob:
    """What is known of an ordered film at one moment.

    stage, done, total: what is being done and how far it is ('drawing', 30, 144 pictures); seconds: of this stage
    error: one sentence where it failed
    """

    order: FilmOrder
    state: JobState = JobState.QUEUED
    stage: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    error: str | None = None

    @property
    def active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state not in ENDED

    @property
    def fraction(self) -> float:
        """0 to 1, how much is drawn; composing is short beside it."""
        return self.done / self.total if self.stage == DRAWING and self.total else float(self.state == JobState.DONE)

    @property
    def remaining_s(self) -> float | None:
        """Seconds of drawing that are left; None while nobody knows."""
        if self.stage != DRAWING or not self.done:
            return None
        return self.seconds / self.done * (self.total - self.done)


class FilmQueue:
    """Orders for films. Every method may be called from any thread.

    folder: of kept films, by default that of the settings; command: how the process starts, for tests; the options of
    the order are added to it.
    """

    def __init__(self, folder: Path | None = None, command: Sequence[str] | None = None) -> None:
        self.folder = folder or settings().films
        self.command = list(command or (sys.executable, "-m", "ag_core", "film"))
        self._jobs: dict[FilmOrder, FilmJob] = {}
        self._waiting: deque[FilmOrder] = deque()
        self._changed = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._running: FilmOrder | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        atexit.register(self.close)

    def submit(self, order: FilmOrder) -> None:
        """Ask for a film; returns at once. What is kept is done at once; what is under way is joined."""
        with self._changed:
            if self._closed:
                raise UserError("the studio was shut down; start the app again")
            if order in self._jobs and self._jobs[order].active:
                return
            if finished_film(self.folder, order) is not None:
                self._jobs[order] = FilmJob(order, JobState.DONE)
                return
            self._jobs.pop(order, None)  # the newest order stands last
            self._jobs[order] = FilmJob(order)
            self._waiting.append(order)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="ag studio", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def job(self, order: FilmOrder) -> FilmJob | None:
        """What is known of an order; None where nobody asked for it and it is not kept."""
        with self._changed:
            job = self._jobs.get(order)
        if (job is None or not job.active) and finished_film(self.folder, order) is not None:
            return FilmJob(order, JobState.DONE)
        return None if job is not None and job.state == JobState.DONE else job

    def jobs(self) -> list[FilmJob]:
        """All orders of this app, the oldest first."""
        with self._changed:
            return list(self._jobs.values())

    def cancel(self, order: FilmOrder) -> None:
        """Stop a film that waits or runs; nothing of it is kept."""
        with self._changed:
            if order not in self._jobs or not self._jobs[order].active:
                return
            self._update(order, state=JobState.CANCELLED)
            if order in self._waiting:
                self._waiting.remove(order)
            elif self._running == order and self._process is not None:
                self._process.kill()

    def film(self, order: FilmOrder) -> MadeFilm:
        """The finished film; UserError where it is not there."""
        return MadeFilm.load(self.folder / order.key)

    def wait(self, order: FilmOrder, timeout_s: float | None = None) -> FilmJob:
        """Block until an ordered film is finished or the time is over; returns its job as it is then."""
        with self._changed:
            self._changed.wait_for(lambda: not self._jobs[order].active, timeout_s)
            return self._jobs[order]

    def close(self) -> None:
        """End the process and the queue. Idempotent."""
        with self._changed:
            self._closed = True
            for order, job in self._jobs.items():
                if job.active:
                    self._update(order, state=JobState.CANCELLED)
            self._waiting.clear()
            if self._process is not None:
                self._process.kill()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)
        atexit.unregister(self.close)

    # Inside: with the lock held, or in the thread.

    def _update(self, order: FilmOrder, **changes: Any) -> None:
        with self._changed:
            self._jobs[order] = replace(self._jobs[order], **changes)
            self._changed.notify_all()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                order = self._running = self._waiting.popleft()
                self._update(order, state=JobState.RUNNING, stage=STARTING)
            try:
                self._make(order)
            except OSError as error:
                self._end(order, f"the renderer cannot be started ({error.strerror}); check the installation")
            finally:
                with self._changed:
                    self._running = self._process = None

    def _make(self, order: FilmOrder) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [*self.command, "--events", "--seed", str(order.seed), "--split", order.split]
        command += ["--seconds", str(order.seconds), "--out", str(self.folder)]
        command += ["--actions", *(ACTIONS[action].id for action in order.actions)]
        log = self.folder / "studio.log"
        with (
            log.open("w") as errors,
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=PROJECT
            ) as process,
        ):
            with self._changed:
                self._process = process
                if not self._jobs[order].active:  # cancelled while it started
                    process.kill()
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("{"):
                    self._update(order, **json.loads(line))
        remove_leftovers(self.folder)
        made = finished_film(self.folder, order) is not None
        self._end(order, None if made else _why(process.returncode, log))

    def _end(self, order: FilmOrder, error: str | None) -> None:
        with self._changed:
            if self._jobs[order].active:
                self._update(order, state=JobState.FAILED if error else JobState.DONE, error=error)


def _why(code: int, log: Path) -> str:
    """One sentence for a film that was not finished: the process's own where it gave one."""
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if code == 1 and said and said[-1].startswith("error: "):
        return said[-1].removeprefix("error: ")
    return f"the film could not be finished (exit code {code}); {log.name} in the films folder says more, or try again"
