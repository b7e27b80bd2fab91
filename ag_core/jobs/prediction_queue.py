"""The app's side of the models: a queue for each device, one worker process behind it, results kept on disk.

One `PredictionQueue` serves all browser sessions, so one set of models is in memory. Nothing starts before the first
job, and a video that was predicted before needs no worker at all. Knows no torch and no Streamlit.
"""

import atexit
import json
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from ag_core.errors import UserError
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import PredictionSettings, finished_result, result_key, result_path
from ag_core.settings import PROJECT, WEIGHTS, settings
from ag_core.video.frames import probe_video

JOBS_KEPT = 200
STOP_TIMEOUT_S = 8.0
WATCHING = "watching the video"
"""The long stage of a job, whose counts give rate and remaining time."""


class JobState(StrEnum):
    """A job waits, runs, and ends in one of three ways."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Job:
    """What is known of a job at one moment.

    stage, done, total  what is being done and how far it is ('watching the video', 12, 96 pictures and clips)
    seconds             since the job began to run
    rate                of the long stage, pictures and clips a second; remaining_s: seconds left of it; None: unknown
    error               one sentence where the job failed
    cached              whether the result was there already
    log                 one line for each thing that happened
    """

    id: str
    path: Path
    settings: PredictionSettings
    device: str
    key: str
    state: JobState = JobState.QUEUED
    stage: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    rate: float | None = None
    remaining_s: float | None = None
    error: str | None = None
    cached: bool = False
    log: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def fraction(self) -> float:
        """0 to 1, how much is done; by the long stage, beside which the others are short."""
        if self.state == JobState.DONE:
            return 1.0
        return self.done / self.total if self.stage == WATCHING and self.total else 0.0


@dataclass
class _Lane:
    """One device: its waiting jobs, its process, and the thread that speaks with it."""

    device: str
    waiting: deque[str] = field(default_factory=deque)
    thread: threading.Thread | None = None
    process: "subprocess.Popen[str] | None" = None
    running: str | None = None
    cancel_asked: bool = False


class PredictionQueue:
    """Jobs for the models. Every method may be called from any thread.

    results: folder of kept predictions, by default the one of the settings; weights: folder of weights files.
    command: how a worker starts, for tests; `--device D` is added to it.
    """

    def __init__(
        self, results: Path | None = None, weights: Path = WEIGHTS, command: Sequence[str] | None = None
    ) -> None:
        self.results = results or settings().results
        self.weights = weights
        self.command = list(
            command or (sys.executable, "-m", "ag_core.jobs.prediction_worker", "--weights", str(weights))
        )
        self._jobs: dict[str, Job] = {}
        self._began: dict[str, float] = {}
        self._lanes: dict[str, _Lane] = {}
        self._changed = threading.Condition()
        self._closed = False
        atexit.register(self.close)

    def submit(self, path: Path | str, chosen: PredictionSettings | None = None, device: str | None = None) -> str:
        """Ask for a prediction; returns the job's id at once.

        A kept result makes the job done without a worker. The same question, waiting or running, is joined and its id
        returned. Raises UserError for a file that is no video and for missing weights.
        """
        path = Path(path).resolve()
        chosen = chosen or PredictionSettings()
        device = settings().device if device is None else device
        probe_video(path)
        key = result_key(path, chosen, self.weights)
        kept = finished_result(self.results, key, path) is not None
        with self._changed:
            if self._closed:
                raise UserError("the models were shut down; start the app again")
            for job in self._jobs.values():
                if job.active and (job.key, job.device) == (key, device):
                    return job.id
            job = Job(uuid.uuid4().hex[:12], path, chosen, device, key)
            if kept:
                job = replace(job, state=JobState.DONE, cached=True, log=("found among the kept results",))
            self._jobs[job.id] = job
            self._forget_old()
            if not kept:
                self._enqueue(job)
        return job.id

    def find(self, path: Path | str, chosen: PredictionSettings | None = None) -> Prediction | None:
        """The kept prediction of a video, or None; never starts anything. Raises UserError as `submit`."""
        path = Path(path).resolve()
        return finished_result(self.results, result_key(path, chosen or PredictionSettings(), self.weights), path)

    def job(self, job_id: str) -> Job:
        """A job as it is now. UserError for an id that is unknown or was forgotten."""
        with self._changed:
            if job_id not in self._jobs:
                raise UserError(f"job {job_id} is not known; the app may have been restarted since, submit it again")
            job = self._jobs[job_id]
            began = self._began.get(job_id)
            if job.state == JobState.RUNNING and began is not None:
                job = replace(job, seconds=time.monotonic() - began)
            return job

    def jobs(self) -> list[Job]:
        """All jobs of this app, in the order they were submitted."""
        with self._changed:
            return [self.job(job_id) for job_id in self._jobs]

    def cancel(self, job_id: str) -> None:
        """Stop a job: a waiting one at once, a running one before its next picture. Finished jobs stay as they are."""
        job = self.job(job_id)
        with self._changed:
            lane = self._lanes.get(job.device)
            if lane is None:
                return
            if job_id in lane.waiting:
                lane.waiting.remove(job_id)
                self._update(job_id, "cancelled", state=JobState.CANCELLED)
            elif lane.running == job_id:
                lane.cancel_asked = True
                self._update(job_id, "cancel was asked for")
                if lane.process is not None:
                    _tell(lane.process, do="cancel", job=job_id)

    def result(self, job_id: str) -> Prediction:
        """The prediction of a finished job. UserError where it is not done, or its file was removed."""
        job = self.job(job_id)
        if job.state != JobState.DONE:
            raise UserError(job.error or f"job {job_id} is {job.state}; there is no result yet")
        kept = finished_result(self.results, job.key, job.path)
        if kept is None:
            raise UserError(f"the result of {job.path.name} was removed from the disk; submit it again")
        return kept

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job:
        """Block until a job ends or the time is over; returns it as it is then."""
        with self._changed:
            self._changed.wait_for(lambda: not self.job(job_id).active, timeout_s)
            return self.job(job_id)

    def worker_pids(self) -> dict[str, int]:
        """Process ids of the living workers by device ('' chooses itself)."""
        with self._changed:
            lanes = [(lane.device, lane.process) for lane in self._lanes.values()]
        return {device: process.pid for device, process in lanes if process is not None and process.poll() is None}

    def close(self) -> None:
        """End all workers; waiting and running jobs are cancelled. Idempotent."""
        with self._changed:
            self._closed = True
            lanes = list(self._lanes.values())
            for lane in lanes:
                while lane.waiting:
                    self._update(lane.waiting.popleft(), "the app closed", state=JobState.CANCELLED)
            self._changed.notify_all()
        for lane in lanes:
            if lane.process is not None:
                _stop(lane.process)
            if lane.thread is not None:
                lane.thread.join(STOP_TIMEOUT_S)
            if lane.process is not None:
                _close_pipes(lane.process)
        atexit.unregister(self.close)

    # Inside: everything below runs with the lock held, or in a lane's thread.

    def _enqueue(self, job: Job) -> None:
        lane = self._lanes.setdefault(job.device, _Lane(job.device))
        lane.waiting.append(job.id)
        if lane.thread is None:
            lane.thread = threading.Thread(target=self._serve, args=(lane,), name="ag worker lane", daemon=True)
            lane.thread.start()
        self._changed.notify_all()

    def _update(self, job_id: str, line: str = "", **changes: Any) -> None:
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None:
                return
            log = (*job.log, line) if line else job.log
            if changes.get("state", job.state) not in (JobState.QUEUED, JobState.RUNNING):
                began = self._began.pop(job_id, None)
                changes |= {"remaining_s": None, "seconds": 0.0 if began is None else time.monotonic() - began}
            self._jobs[job_id] = replace(job, log=log, **changes)
            self._changed.notify_all()

    def _forget_old(self) -> None:
        finished = [job.id for job in self._jobs.values() if not job.active]
        for job_id in finished[: max(0, len(self._jobs) - JOBS_KEPT)]:
            del self._jobs[job_id]

    def _serve(self, lane: _Lane) -> None:
        """A lane's thread: one job after the other, for as long as the app lives."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: lane.waiting or self._closed)
                if self._closed:
                    return
                job = self._jobs[lane.waiting.popleft()]
                lane.running, lane.cancel_asked = job.id, False
                self._began[job.id] = time.monotonic()
                self._update(job.id, "started", state=JobState.RUNNING, stage="starting the models' process")
            try:
                self._run(lane, job)
            except OSError as error:
                self._fail(job.id, f"the models' process cannot be started ({error.strerror}); check the installation")
            finally:
                with self._changed:
                    lane.running = None

    def _run(self, lane: _Lane, job: Job) -> None:
        order = {
            "do": "submit",
            "job": job.id,
            "path": str(job.path),
            "settings": asdict(job.settings),
            "out": str(result_path(self.results, job.key)),
        }
        process = lane.process
        if process is None or process.poll() is not None or not _tell(process, **order):
            process = self._start(lane)
            _tell(process, **order)
        with self._changed:
            if lane.cancel_asked:
                _tell(process, do="cancel", job=job.id)
        assert process.stdout is not None
        for line in process.stdout:
            if self._hear(job.id, json.loads(line)):
                return
        lane.process = None
        code = process.wait()
        _close_pipes(process)
        if self._closed:
            self._update(job.id, "the app closed", state=JobState.CANCELLED)
        else:
            self._fail(job.id, f"the models' process ended unexpectedly (exit code {code}); submit the video again")

    def _start(self, lane: _Lane) -> "subprocess.Popen[str]":
        if lane.process is not None:
            _close_pipes(lane.process)
        self.results.mkdir(parents=True, exist_ok=True)
        command = [*self.command, *(["--device", lane.device] if lane.device else [])]
        with (self.results / f"worker{'-' * bool(lane.device)}{lane.device}.log").open("w") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, bufsize=1, cwd=PROJECT
            )
        with self._changed:
            lane.process = process
        if self._closed:
            _stop(process)
        return process

    def _hear(self, job_id: str, event: dict[str, Any]) -> bool:
        """Take in one event; True when it ends the job."""
        if event.get("job") != job_id:
            return False
        match event["event"]:
            case "progress":
                self._progress(job_id, event)
            case "done":
                self._update(job_id, "done", state=JobState.DONE, stage="")
            case "cancelled":
                self._update(job_id, "cancelled", state=JobState.CANCELLED, stage="")
            case "failed":
                self._fail(job_id, event["error"])
        return event["event"] in ("done", "cancelled", "failed")

    def _progress(self, job_id: str, event: dict[str, Any]) -> None:
        stage, done, total, seconds = event["stage"], event["done"], event["total"], event["seconds"]
        rate = done / seconds if stage == WATCHING and done and seconds > 0 else None
        remaining_s = (total - done) / rate if rate else None
        line = stage if stage != self.job(job_id).stage else ""
        self._update(job_id, line, stage=stage, done=done, total=total, rate=rate, remaining_s=remaining_s)

    def _fail(self, job_id: str, error: str) -> None:
        self._update(job_id, f"failed: {error}", state=JobState.FAILED, stage="", error=error)


def _tell(process: "subprocess.Popen[str]", **order: Any) -> bool:
    """Send one command; False where the process is gone."""
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
    except (BrokenPipeError, OSError, ValueError):
        return False
    return True


def _stop(process: "subprocess.Popen[str]") -> None:
    """Close a worker's stdin, which ends it; kill it where it does not listen."""
    _close(process.stdin)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _close_pipes(process: "subprocess.Popen[str]") -> None:
    _close(process.stdin)
    _close(process.stdout)


def _close(pipe: IO[str] | None) -> None:
    if pipe is not None:
        try:
            pipe.close()
        except OSError:
            return
