"""The one queue for long work: what waits, runs and is done, and for whom; the work is done by processes.

A queue serves all browser sessions. Nothing starts before the first job, and what was made before needs no process at
all. What a job is about, where its result lies, which process does it and within which limits says a `JobKind`. Knows
no torch and no Streamlit.
"""

import atexit
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from ag_core.errors import UserError
from ag_core.jobs.job import Job, JobKind, JobState
from ag_core.jobs.slots import Slot, start_timer

MAX_JOBS_KEPT = 200

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass
class _Worker(Generic[Request, Result]):
    """The waiting jobs of one name, and the slots that do them."""

    name: str
    waiting: deque[str] = field(default_factory=deque)
    slots: list[Slot[Request, Result]] = field(default_factory=list)

    def may_take(self, slot: Slot[Request, Result]) -> bool:
        """Whether a job should go to this idle slot: a ready process is better than one that must start."""
        return bool(self.waiting) and (slot.is_ready or not any(other.is_ready for other in self.slots))

    def find_slot(self, job_id: str) -> Slot[Request, Result] | None:
        """The slot that does a job."""
        return next((slot for slot in self.slots if slot.running == job_id), None)


@dataclass
class _Record(Generic[Request, Result]):
    """What the queue knows of a job beside what it tells.

    interested  who wants it; left: who cancelled it; began: when it began to run; result: where it is not on the disk
    ended       set when it has ended; who waits for one job is not woken by the others
    """

    job: Job[Request]
    worker: str
    interested: set[str]
    left: set[str] = field(default_factory=set)
    began: float | None = None
    result: Result | None = None
    ended: threading.Event = field(default_factory=threading.Event)


class JobQueue(Generic[Request, Result]):
    """Jobs of one kind. Every method may be called from any thread.

    A visitor is whoever wants a job's result, by any name: a job that several want ends when the last one cancels.
    is_present: whether a visitor is still there. Who has gone holds no job any more: what nobody present wants goes on,
    and whoever is there may cancel it.
    """

    def __init__(
        self, kind: JobKind[Request, Result], is_present: Callable[[str], bool] = lambda visitor: True
    ) -> None:
        self.kind = kind
        self._is_present = is_present
        self._records: dict[str, _Record[Request, Result]] = {}
        self._workers: dict[str, _Worker[Request, Result]] = {}
        self._changed = threading.Condition()
        self._closed = False
        atexit.register(self.close)

    @property
    def folder(self) -> Path:
        """Where results are kept; ValueError for a kind that keeps none."""
        if self.kind.folder is None:
            raise ValueError(f"{self.kind.name} keeps no results")
        return self.kind.folder

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
            for record in self._records.values():  # nobody wants a job that is being cancelled
                if record.job.active and record.interested and (record.job.key, record.worker) == (key, worker):
                    record.interested.add(visitor)
                    record.left.discard(visitor)
                    return record.job.id
            job = Job(uuid.uuid4().hex[:12], request, key)
            if kept:
                job = replace(job, state=JobState.DONE, cached=True, log=("found among the kept results",))
            self._records[job.id] = _Record(job, worker, {visitor})
            if kept:
                self._records[job.id].ended.set()
            self._forget_old()
            if not kept:
                self._enqueue(job.id, worker)
        return job.id

    def join(self, job_id: str, visitor: str) -> None:
        """Note that a visitor who looks at an active job wants it, unless it is being cancelled or they left it."""
        with self._changed:
            record = self._records.get(job_id)
            if record is not None and record.job.active and record.interested and visitor not in record.left:
                record.interested.add(visitor)

    def find(self, request: Request) -> Result | None:
        """The kept result of a request, or None; never starts anything. UserError as `submit`."""
        return self.kind.find_result(request, self.kind.get_key(request))

    def get_job(self, job_id: str, visitor: str = "") -> Job[Request]:
        """A job as it is now, cancelled for a visitor who left it to others. UserError for an id that is not known."""
        with self._changed:
            record = self._get_record(job_id)
            job = record.job
            if not job.active:
                return job
            if visitor in record.left and record.interested:
                return replace(job, state=JobState.CANCELLED, stage="", rate=None, remaining_s=None)
            if record.began is not None:
                job = replace(job, seconds=time.monotonic() - record.began)
            return job if record.interested else replace(job, cancelling=True, rate=None, remaining_s=None)

    def find_latest(self, request: Request, visitor: str = "") -> Job[Request] | None:
        """The newest job of a request; one that is done where its result was kept earlier; None where there is none."""
        key = self.kind.get_key(request)
        with self._changed:
            found = [job_id for job_id, record in self._records.items() if record.job.key == key]
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
            return [self.get_job(job_id, visitor) for job_id in self._records]

    def list_jobs_of(self, visitor: str) -> list[Job[Request]]:
        """The jobs that a visitor wants, in the order they were submitted."""
        with self._changed:
            return [self.get_job(job_id) for job_id, record in self._records.items() if visitor in record.interested]

    def may_cancel(self, job_id: str, visitor: str = "") -> bool:
        """Whether a visitor can cancel a job: it is theirs, or nobody who is there wants it."""
        with self._changed:
            record = self._records.get(job_id)
            if record is None or not record.job.active or not record.interested:
                return False
            present = self._list_present(record)
            return visitor in present or (not present and visitor not in record.left)

    def cancel(self, job_id: str, visitor: str = "") -> None:
        """End a visitor's interest in a job; where nobody else wants it, it stops: at once, or at its next step.

        Finished jobs, and jobs of others who are there, stay as they are.
        """
        with self._changed:
            record = self._get_record(job_id)
            if not self.may_cancel(job_id, visitor):
                return
            record.left.add(visitor)
            record.interested.discard(visitor)
            if self._list_present(record):
                self._update(job_id, "a visitor cancelled; others wait for it")
                return
            record.interested.clear()
            worker = self._workers[record.worker]
            if job_id in worker.waiting:
                worker.waiting.remove(job_id)
                self._update(job_id, "cancelled", state=JobState.CANCELLED)
            elif (slot := worker.find_slot(job_id)) is not None:
                self._update(job_id, "cancel was asked for")
                slot.cancel(job_id)

    def cancel_all(self, visitor: str) -> None:
        """As `cancel`, for every job that a visitor wants."""
        with self._changed:
            for job_id, record in self._records.items():
                if visitor in record.interested:
                    self.cancel(job_id, visitor)

    def get_result(self, job_id: str) -> Result:
        """The result of a finished job. UserError where it is not done, or its file was removed."""
        with self._changed:
            record = self._get_record(job_id)
            job, result = record.job, record.result
        if job.state != JobState.DONE:
            raise UserError(job.error or f"job {job_id} is {job.state}; there is no result yet")
        kept = result if result is not None else self.kind.find_result(job.request, job.key)
        if kept is None:
            raise UserError(f"the result of job {job_id} was removed from the disk; {self.kind.again}")
        return kept

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job[Request]:
        """Block until a job ends or the time is over; returns it as it is then."""
        with self._changed:
            record = self._get_record(job_id)
        record.ended.wait(timeout_s)
        with self._changed:
            return record.job if not record.job.active else self.get_job(job_id)

    def forget(self, job_id: str) -> None:
        """Remember an ended job and its result no longer; others stay."""
        with self._changed:
            if job_id in self._records and not self._records[job_id].job.active:
                del self._records[job_id]

    def list_process_ids(self) -> dict[str, list[int]]:
        """Numbers of the living processes by worker."""
        with self._changed:
            found = {w.name: [slot.process_id for slot in w.slots] for w in self._workers.values()}
        alive = {name: [number for number in numbers if number is not None] for name, numbers in found.items()}
        return {name: numbers for name, numbers in alive.items() if numbers}

    def close(self) -> None:
        """End all processes; waiting and running jobs are cancelled. Idempotent."""
        with self._changed:
            self._closed = True
            slots = [slot for worker in self._workers.values() for slot in worker.slots]
            for worker in self._workers.values():
                while worker.waiting:
                    self._update(worker.waiting.popleft(), "the app closed", state=JobState.CANCELLED)
            self._changed.notify_all()
        for slot in slots:
            slot.close()
        atexit.unregister(self.close)

    # Inside: everything below runs with the lock held, or in a slot's thread.

    def _get_record(self, job_id: str) -> _Record[Request, Result]:
        if job_id not in self._records:
            raise UserError(f"job {job_id} is not known; the app may have been restarted since, submit it again")
        return self._records[job_id]

    def _list_present(self, record: _Record[Request, Result]) -> list[str]:
        """Who wants a job and is still there."""
        return [visitor for visitor in record.interested if self._is_present(visitor)]

    def _enqueue(self, job_id: str, name: str) -> None:
        worker: _Worker[Request, Result] = self._workers.setdefault(name, _Worker(name))
        worker.waiting.append(job_id)
        idle = sum(slot.running is None for slot in worker.slots)
        if len(worker.waiting) > idle and len(worker.slots) < self.kind.slots:
            slot = Slot(self.kind, name)
            slot.thread = threading.Thread(target=self._serve, args=(worker, slot), name="ag job slot", daemon=True)
            worker.slots.append(slot)
            slot.thread.start()
        elif len(worker.waiting) > idle and self.kind.max_wait_s is not None:
            start_timer(self.kind.max_wait_s, lambda: self._turn_away(worker, job_id))
        self._changed.notify_all()

    def _turn_away(self, worker: _Worker[Request, Result], job_id: str) -> None:
        """End a job that waited too long for its turn."""
        with self._changed:
            if job_id in worker.waiting:
                worker.waiting.remove(job_id)
                error = f"{self.kind.name} is busy with {len(worker.slots)} others; try again in a moment"
                self._update(job_id, f"failed: {error}", state=JobState.FAILED, error=error)

    def _update(self, job_id: str, line: str = "", **changes: Any) -> None:
        with self._changed:
            record = self._records.get(job_id)
            if record is None:
                return
            job = record.job
            log = (*job.log, line) if line else job.log
            if changes.get("state", job.state) not in (JobState.QUEUED, JobState.RUNNING):
                seconds = 0.0 if record.began is None else time.monotonic() - record.began
                changes |= {"remaining_s": None, "seconds": seconds}
            record.job = replace(job, log=log, **changes)
            if not record.job.active:
                record.ended.set()

    def _forget_old(self) -> None:
        finished = [job_id for job_id, record in self._records.items() if not record.job.active]
        for job_id in finished[: max(0, len(self._records) - MAX_JOBS_KEPT)]:
            del self._records[job_id]

    def _serve(self, worker: _Worker[Request, Result], slot: Slot[Request, Result]) -> None:
        """A slot's thread: one job after the other, for as long as the app lives."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or worker.may_take(slot))
                if self._closed:
                    return
                record = self._records[worker.waiting.popleft()]
                slot.running, record.began = record.job.id, time.monotonic()
                self._update(slot.running, "started", state=JobState.RUNNING, stage=self.kind.starting)
                self._changed.notify_all()  # a slot that left this one the job may take the next
            self._have_done(worker, slot, record)

    def _have_done(
        self, worker: _Worker[Request, Result], slot: Slot[Request, Result], record: _Record[Request, Result]
    ) -> None:
        """Follow a job to its end; the slot's process stays where the kind keeps so many."""
        end = slot.do(record.job, partial(self._hear, record), lambda: bool(record.interested))
        with self._changed:
            others = sum(other.is_ready for other in worker.slots if other is not slot)
            record.result = end.result
            line = f"failed: {end.error}" if end.error else "the app closed" if self._closed else end.state.value
            if others >= self.kind.processes_kept:
                slot.drop_process()
            slot.running = None
            self._changed.notify_all()  # the slot is free
            self._update(record.job.id, line, state=end.state, stage="", error=end.error)

    def _hear(self, record: _Record[Request, Result], event: dict[str, Any]) -> None:
        """Take in how far a job is."""
        stage, done, total, seconds = event["stage"], event["done"], event["total"], event["seconds"]
        rate = done / seconds if total > 1 and done and seconds > 0 else None
        remaining_s = (total - done) / rate if rate else None
        line = stage if stage != record.job.stage else ""
        self._update(record.job.id, line, stage=stage, done=done, total=total, rate=rate, remaining_s=remaining_s)
