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
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from ag_core.errors import UserError
from ag_core.files import remove_leftovers
from ag_core.jobs.job import Job, JobKind, JobState
from ag_core.jobs.messages import Message
from ag_core.jobs.process import STOP_TIMEOUT_S, JsonLinesProcess

MAX_JOBS_KEPT = 200
START_TIMEOUT_S = 120.0

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass
class _Worker:
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
        self._worker_names: dict[str, str] = {}
        self._interested: dict[str, set[str]] = {}
        self._left: dict[str, set[str]] = {}
        self._began: dict[str, float] = {}
        self._workers: dict[str, _Worker] = {}
        self._changed = threading.Condition()
        self._closed = False
        atexit.register(self.close)

    def submit(self, request: Request, visitor: str = "") -> str:
        """Ask for a job; returns its id at once.

        A kept result makes the job done without a process. An equal request, waiting or running, is joined and its id
        returned. UserError for what cannot be done.
        """
        self.kind.check_request(request)
        key, worker = self.kind.get_key(request), self.kind.get_worker_name(request)
        kept = self.kind.find_result(request, key) is not None
        with self._changed:
            if self._closed:
                raise UserError(f"{self.kind.name} was shut down; start the app again")
            for job in self._jobs.values():
                wanted = self._interested.get(job.id)  # nobody wants a job that is being cancelled
                if job.active and wanted and (job.key, self._worker_names[job.id]) == (key, worker):
                    wanted.add(visitor)
                    self._left[job.id].discard(visitor)
                    return job.id
            job = Job(uuid.uuid4().hex[:12], request, key)
            if kept:
                job = replace(job, state=JobState.DONE, cached=True, log=("found among the kept results",))
            self._jobs[job.id], self._worker_names[job.id] = job, worker
            self._interested[job.id], self._left[job.id] = {visitor}, set()
            self._forget_old()
            if not kept:
                self._enqueue(job.id, worker)
        return job.id

    def find(self, request: Request) -> Result | None:
        """The kept result of a request, or None; never starts anything. UserError as `submit`."""
        return self.kind.find_result(request, self.kind.get_key(request))

    def get_job(self, job_id: str, visitor: str = "") -> Job[Request]:
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

    def find_latest(self, request: Request, visitor: str = "") -> Job[Request] | None:
        """The newest job of a request; one that is done where its result was kept earlier; None where there is none."""
        key = self.kind.get_key(request)
        with self._changed:
            found = [job.id for job in self._jobs.values() if job.key == key]
        job = self.get_job(found[-1], visitor) if found else None
        if job is not None and job.active:
            return job
        if self.kind.find_result(request, key) is not None:
            done = job is not None and job.state == JobState.DONE
            return job if done else Job("", request, key, JobState.DONE, cached=True)
        return None if job is None or job.state == JobState.DONE else job

    def list_jobs(self, visitor: str = "") -> list[Job[Request]]:
        """All jobs that are remembered, in the order they were submitted."""
        with self._changed:
            return [self.get_job(job_id, visitor) for job_id in self._jobs]

    def is_wanted_by(self, job_id: str, visitor: str = "") -> bool:
        """Whether a visitor submitted the job and has not cancelled it."""
        with self._changed:
            return visitor in self._interested.get(job_id, ())

    def cancel(self, job_id: str, visitor: str = "") -> None:
        """End a visitor's interest in a job; where nobody else wants it, it stops: at once, or at its next step.

        Finished jobs, and jobs of others, stay as they are.
        """
        self.get_job(job_id)
        with self._changed:
            interested = self._interested[job_id]
            if not self._jobs[job_id].active or visitor not in interested:
                return
            interested.discard(visitor)
            self._left[job_id].add(visitor)
            if interested:
                self._update(job_id, "a visitor cancelled; others wait for it")
                return
            worker = self._workers[self._worker_names[job_id]]
            if job_id in worker.waiting:
                worker.waiting.remove(job_id)
                self._update(job_id, "cancelled", state=JobState.CANCELLED)
            elif worker.running == job_id:
                self._update(job_id, "cancel was asked for")
                if worker.process is not None:
                    self._cancel_running(worker, job_id, worker.process)

    def get_result(self, job_id: str) -> Result:
        """The result of a finished job. UserError where it is not done, or its file was removed."""
        job = self.get_job(job_id)
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
            return self.get_job(job_id)

    def list_process_ids(self) -> dict[str, int]:
        """Numbers of the living processes by worker."""
        with self._changed:
            workers = [(worker.name, worker.process) for worker in self._workers.values()]
        return {name: process.pid for name, process in workers if process is not None and process.alive}

    def close(self) -> None:
        """End all processes; waiting and running jobs are cancelled. Idempotent."""
        with self._changed:
            self._closed = True
            workers = list(self._workers.values())
            for worker in workers:
                while worker.waiting:
                    self._update(worker.waiting.popleft(), "the app closed", state=JobState.CANCELLED)
            self._changed.notify_all()
        for worker in workers:
            if (process := worker.process) is not None:
                process.stop()
            if worker.thread is not None:
                worker.thread.join(STOP_TIMEOUT_S)
            if process is not None:
                process.close()
        atexit.unregister(self.close)

    # Inside: everything below runs with the lock held, or in a worker's thread.

    def _enqueue(self, job_id: str, name: str) -> None:
        worker = self._workers.setdefault(name, _Worker(name))
        worker.waiting.append(job_id)
        if worker.thread is None:
            worker.thread = threading.Thread(target=self._serve, args=(worker,), name="ag job worker", daemon=True)
            worker.thread.start()
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
            for remembered in (self._jobs, self._worker_names, self._interested, self._left):
                del remembered[job_id]

    def _serve(self, worker: _Worker) -> None:
        """A worker's thread: one job after the other, for as long as the app lives."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: worker.waiting or self._closed)
                if self._closed:
                    return
                job = self._jobs[worker.waiting.popleft()]
                worker.running = job.id
                self._began[job.id] = time.monotonic()
                self._update(job.id, "started", state=JobState.RUNNING, stage=self.kind.starting)
            try:
                self._run(worker, job)
            except OSError as error:
                self._fail(job.id, f"{self.kind.name} cannot be started ({error.strerror}); check the installation")
            finally:
                with self._changed:
                    worker.running = None
                if not self.kind.keeps_process and (process := worker.process) is not None:
                    process.close()

    def _run(self, worker: _Worker, job: Job[Request]) -> None:
        """Have a job done by the worker's process; one that died while it was idle is started anew."""
        idle = worker.process
        if idle is not None and idle.alive and self._is_taken(worker, job, idle):
            return
        if not self._is_taken(worker, job, self._start(worker)):
            self._explain_end(worker, job.id)

    def _is_taken(self, worker: _Worker, job: Job[Request], process: JsonLinesProcess) -> bool:
        """Send a job and follow it to its end; False where the process ended before it began with the job."""
        process.send(do="submit", job=job.id, **self.kind.describe_job(job.request, job.key))
        with self._changed:
            if not self._interested[job.id]:  # cancelled while the process started
                self._cancel_running(worker, job.id, process)
        begun = False
        while (message := process.receive()) is not None:
            begun = begun or message.fields.get("job") == job.id
            if self._hear(job.id, message):
                return True
        if begun:
            self._explain_end(worker, job.id)
        return begun

    def _start(self, worker: _Worker) -> JsonLinesProcess:
        if worker.process is not None:
            worker.process.close()
        log = self.kind.folder / f"worker{'-' * bool(worker.name)}{worker.name}.log"
        process = JsonLinesProcess(self.kind.get_command(worker.name), log)
        with self._changed:
            worker.process = process
        if self._closed:
            process.stop()
        process.receive(START_TIMEOUT_S)  # that it is ready
        return process

    def _cancel_running(self, worker: _Worker, job_id: str, process: JsonLinesProcess) -> None:
        process.send(do="cancel", job=job_id)

        def kill() -> None:
            with self._changed:
                hangs = worker.running == job_id and worker.process is process
            if hangs:
                process.kill()

        killer = threading.Timer(self.kind.cancel_grace_s, kill)
        killer.daemon = True
        killer.start()

    def _explain_end(self, worker: _Worker, job_id: str) -> None:
        """End the job of a process that ended."""
        process, worker.process = worker.process, None
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
