"""The one queue for long work: what waits, runs and is done, and for whom; the work is done by processes.

A queue serves all browser sessions. Nothing starts before the first job, and what was made before needs no process at
all. What a job is about, where its result lies and which process does it says a `JobKind`. Knows no torch and no
Streamlit.
"""

import atexit
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from ag_core.errors import UserError
from ag_core.files import remove_leftovers
from ag_core.jobs.messages import Message
from ag_core.jobs.process import STOP_TIMEOUT_S, JsonLinesProcess

MAX_JOBS_KEPT = 200
START_TIMEOUT_S = 120.0

Request = TypeVar("Request")
Result = TypeVar("Result")
RequestIn = TypeVar("RequestIn", contravariant=True)
ResultOut = TypeVar("ResultOut", covariant=True)


class JobState(StrEnum):
    """A job waits, runs, and ends in one of three ways."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Job(Generic[Request]):
    """What is known of a job at one moment.

    stage, done, total  what is being done and how far it is ('drawing', 12, 96 frames); a total below 2: not countable
    seconds             since the job began to run
    rate                of this stage, parts a second; remaining_s: seconds left of it; None: unknown
    error               one sentence where the job failed
    cached              whether the result was there already
    log                 one line for each thing that happened
    """

    id: str
    request: Request
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
        """0 to 1, how much is done; by the countable stage, beside which the others are short."""
        if self.state == JobState.DONE:
            return 1.0
        return self.done / self.total if self.total > 1 else 0.0


class JobKind(Protocol[RequestIn, ResultOut]):
    """What a queue must know of a kind of job.

    name             how a sentence calls its process, such as "the models' process"
    again            what to do after a failure that is nobody's fault, such as 'submit the video again'
    starting         the stage in which the process starts
    folder           where results and the process's log lie
    cancel_grace_s   time for a job to stop by itself before its process is killed
    keeps_process    whether one process does all jobs of a lane, or each job gets a new one
    """

    name: str
    again: str
    starting: str
    folder: Path
    cancel_grace_s: float
    keeps_process: bool

    def check_request(self, request: RequestIn) -> None:
        """UserError for what cannot be done whatever the process."""
        ...

    def key_of(self, request: RequestIn) -> str:
        """Equal keys are one job with one result."""
        ...

    def lane_of(self, request: RequestIn) -> str:
        """Jobs of one lane share a process and run one after the other."""
        ...

    def command_of(self, lane: str) -> Sequence[str]:
        """How the process of a lane starts."""
        ...

    def order_of(self, request: RequestIn, key: str) -> dict[str, Any]:
        """What the process is told of a job."""
        ...

    def find_result(self, request: RequestIn, key: str) -> ResultOut | None:
        """The kept result; None where there is none or it is damaged."""
        ...


@dataclass
class _Lane:
    """The waiting jobs of one process, the process, and the thread that speaks with it."""

    name: str
    waiting: deque[str] = field(default_factory=deque)
    thread: threading.Thread | None = None
    process: JsonLinesProcess | None = None
    running: str | None = None


class JobQueue(Generic[Request, Result]):
    """Jobs of one kind. Every method may be called from any thread.

    A visitor is whoever wants a job's result, by any name: a job that several want ends when the last one cancels.
    """

    def __init__(self, kind: JobKind[Request, Result]) -> None:
        self.kind = kind
        self._jobs: dict[str, Job[Request]] = {}
        self._lane_names: dict[str, str] = {}
        self._interested: dict[str, set[str]] = {}
        self._left: dict[str, set[str]] = {}
        self._began: dict[str, float] = {}
        self._lanes: dict[str, _Lane] = {}
        self._changed = threading.Condition()
        self._closed = False
        atexit.register(self.close)

    def submit(self, request: Request, visitor: str = "") -> str:
        """Ask for a job; returns its id at once.

        A kept result makes the job done without a process. An equal request, waiting or running, is joined and its id
        returned. UserError for what cannot be done.
        """
        self.kind.check_request(request)
        key, lane = self.kind.key_of(request), self.kind.lane_of(request)
        kept = self.kind.find_result(request, key) is not None
        with self._changed:
            if self._closed:
                raise UserError(f"{self.kind.name} was shut down; start the app again")
            for job in self._jobs.values():
                wanted = self._interested.get(job.id)  # nobody wants a job that is being cancelled
                if job.active and wanted and (job.key, self._lane_names[job.id]) == (key, lane):
                    wanted.add(visitor)
                    self._left[job.id].discard(visitor)
                    return job.id
            job = Job(uuid.uuid4().hex[:12], request, key)
            if kept:
                job = replace(job, state=JobState.DONE, cached=True, log=("found among the kept results",))
            self._jobs[job.id], self._lane_names[job.id] = job, lane
            self._interested[job.id], self._left[job.id] = {visitor}, set()
            self._forget_old()
            if not kept:
                self._enqueue(job.id, lane)
        return job.id

    def find(self, request: Request) -> Result | None:
        """The kept result of a request, or None; never starts anything. UserError as `submit`."""
        return self.kind.find_result(request, self.kind.key_of(request))

    def job(self, job_id: str, visitor: str = "") -> Job[Request]:
        """A job as it is now, cancelled for a visitor who cancelled it. UserError for an id that is not known."""
        with self._changed:
            if job_id not in self._jobs:
                raise UserError(f"job {job_id} is not known; the app may have been restarted since, submit it again")
            job, began = self._jobs[job_id], self._began.get(job_id)
            if job.active and visitor in self._left[job_id]:
                return replace(job, state=JobState.CANCELLED, stage="", rate=None, remaining_s=None)
            if job.state == JobState.RUNNING and began is not None:
                job = replace(job, seconds=time.monotonic() - began)
            return job

    def latest(self, request: Request, visitor: str = "") -> Job[Request] | None:
        """The newest job of a request; one that is done where its result was kept earlier; None where there is none."""
        key = self.kind.key_of(request)
        with self._changed:
            found = [job.id for job in self._jobs.values() if job.key == key]
        job = self.job(found[-1], visitor) if found else None
        if job is not None and job.active:
            return job
        if self.kind.find_result(request, key) is not None:
            done = job is not None and job.state == JobState.DONE
            return job if done else Job("", request, key, JobState.DONE, cached=True)
        return None if job is None or job.state == JobState.DONE else job

    def jobs(self, visitor: str = "") -> list[Job[Request]]:
        """All jobs that are remembered, in the order they were submitted."""
        with self._changed:
            return [self.job(job_id, visitor) for job_id in self._jobs]

    def is_wanted_by(self, job_id: str, visitor: str = "") -> bool:
        """Whether a visitor submitted the job and has not cancelled it."""
        with self._changed:
            return visitor in self._interested.get(job_id, ())

    def cancel(self, job_id: str, visitor: str = "") -> None:
        """End a visitor's interest in a job; where nobody else wants it, it stops: at once, or at its next step.

        Finished jobs, and jobs of others, stay as they are.
        """
        self.job(job_id)
        with self._changed:
            interested = self._interested[job_id]
            if not self._jobs[job_id].active or visitor not in interested:
                return
            interested.discard(visitor)
            self._left[job_id].add(visitor)
            if interested:
                self._update(job_id, "a visitor cancelled; others wait for it")
                return
            lane = self._lanes[self._lane_names[job_id]]
            if job_id in lane.waiting:
                lane.waiting.remove(job_id)
                self._update(job_id, "cancelled", state=JobState.CANCELLED)
            elif lane.running == job_id:
                self._update(job_id, "cancel was asked for")
                if lane.process is not None:
                    self._cancel_running(lane, job_id, lane.process)

    def result(self, job_id: str) -> Result:
        """The result of a finished job. UserError where it is not done, or its file was removed."""
        job = self.job(job_id)
        if job.state != JobState.DONE:
            raise UserError(job.error or f"job {job_id} is {job.state}; there is no result yet")
        kept = self.kind.find_result(job.request, job.key)
        if kept is None:
            raise UserError(f"the result of job {job_id} was removed from the disk; {self.kind.again}")
        return kept

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job[Request]:
        """Block until a job ends or the time is over; returns it as it is then."""
        with self._changed:
            self._changed.wait_for(lambda: job_id not in self._jobs or not self._jobs[job_id].active, timeout_s)
            return self.job(job_id)

    def process_ids(self) -> dict[str, int]:
        """Numbers of the living processes by lane."""
        with self._changed:
            lanes = [(lane.name, lane.process) for lane in self._lanes.values()]
        return {name: process.pid for name, process in lanes if process is not None and process.alive}

    def close(self) -> None:
        """End all processes; waiting and running jobs are cancelled. Idempotent."""
        with self._changed:
            self._closed = True
            lanes = list(self._lanes.values())
            for lane in lanes:
                while lane.waiting:
                    self._update(lane.waiting.popleft(), "the app closed", state=JobState.CANCELLED)
            self._changed.notify_all()
        for lane in lanes:
            if (process := lane.process) is not None:
                process.stop()
            if lane.thread is not None:
                lane.thread.join(STOP_TIMEOUT_S)
            if process is not None:
                process.close()
        atexit.unregister(self.close)

    # Inside: everything below runs with the lock held, or in a lane's thread.

    def _enqueue(self, job_id: str, name: str) -> None:
        lane = self._lanes.setdefault(name, _Lane(name))
        lane.waiting.append(job_id)
        if lane.thread is None:
            lane.thread = threading.Thread(target=self._serve, args=(lane,), name="ag job lane", daemon=True)
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
        for job_id in finished[: max(0, len(self._jobs) - MAX_JOBS_KEPT)]:
            for remembered in (self._jobs, self._lane_names, self._interested, self._left):
                del remembered[job_id]

    def _serve(self, lane: _Lane) -> None:
        """A lane's thread: one job after the other, for as long as the app lives."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: lane.waiting or self._closed)
                if self._closed:
                    return
                job = self._jobs[lane.waiting.popleft()]
                lane.running = job.id
                self._began[job.id] = time.monotonic()
                self._update(job.id, "started", state=JobState.RUNNING, stage=self.kind.starting)
            try:
                self._run(lane, job)
            except OSError as error:
                self._fail(job.id, f"{self.kind.name} cannot be started ({error.strerror}); check the installation")
            finally:
                with self._changed:
                    lane.running = None
                if not self.kind.keeps_process and (process := lane.process) is not None:
                    process.close()

    def _run(self, lane: _Lane, job: Job[Request]) -> None:
        """Have a job done by the lane's process; one that died while it was idle is started anew."""
        idle = lane.process
        if idle is not None and idle.alive and self._is_taken(lane, job, idle):
            return
        if not self._is_taken(lane, job, self._start(lane)):
            self._explain_end(lane, job.id)

    def _is_taken(self, lane: _Lane, job: Job[Request], process: JsonLinesProcess) -> bool:
        """Send a job and follow it to its end; False where the process ended before it began with the job."""
        process.send(do="submit", job=job.id, **self.kind.order_of(job.request, job.key))
        with self._changed:
            if not self._interested[job.id]:  # cancelled while the process started
                self._cancel_running(lane, job.id, process)
        begun = False
        while (message := process.receive()) is not None:
            begun = begun or message.fields.get("job") == job.id
            if self._hear(job.id, message):
                return True
        if begun:
            self._explain_end(lane, job.id)
        return begun

    def _start(self, lane: _Lane) -> JsonLinesProcess:
        if lane.process is not None:
            lane.process.close()
        log = self.kind.folder / f"worker{'-' * bool(lane.name)}{lane.name}.log"
        process = JsonLinesProcess(self.kind.command_of(lane.name), log)
        with self._changed:
            lane.process = process
        if self._closed:
            process.stop()
        process.receive(START_TIMEOUT_S)  # that it is ready
        return process

    def _cancel_running(self, lane: _Lane, job_id: str, process: JsonLinesProcess) -> None:
        process.send(do="cancel", job=job_id)

        def kill() -> None:
            with self._changed:
                hangs = lane.running == job_id and lane.process is process
            if hangs:
                process.kill()

        killer = threading.Timer(self.kind.cancel_grace_s, kill)
        killer.daemon = True
        killer.start()

    def _explain_end(self, lane: _Lane, job_id: str) -> None:
        """End the job of a process that ended."""
        process, lane.process = lane.process, None
        code = None if process is None else process.wait()
        if process is not None:
            process.close()
        remove_leftovers(self.kind.folder)
        with self._changed:
            wanted = bool(self._interested.get(job_id))
        if self._closed or not wanted:
            line = "the app closed" if self._closed else "cancelled"
            self._update(job_id, line, state=JobState.CANCELLED, stage="")
        else:
            self._fail(job_id, f"{self.kind.name} ended unexpectedly (exit code {code}); {self.kind.again}")

    def _hear(self, job_id: str, message: Message) -> bool:
        """Take in one event; True when it ends the job."""
        event = message.fields
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
        rate = done / seconds if total > 1 and done and seconds > 0 else None
        remaining_s = (total - done) / rate if rate else None
        line = stage if stage != self._jobs[job_id].stage else ""
        self._update(job_id, line, stage=stage, done=done, total=total, rate=rate, remaining_s=remaining_s)

    def _fail(self, job_id: str, error: str) -> None:
        self._update(job_id, f"failed: {error}", state=JobState.FAILED, stage="", error=error)
