"""Where jobs are done: a slot holds one process, gives it a job, listens, and ends it when it must. Knows no queue."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ag_core.errors import UserError
from ag_core.files import remove_leftovers
from ag_core.jobs.job import Job, JobKind, JobState
from ag_core.jobs.messages import Message
from ag_core.jobs.process import STOP_TIMEOUT_S, JsonLinesProcess

START_TIMEOUT_S = 120.0

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclass(frozen=True)
class JobEnd(Generic[Result]):
    """How a job ended: done (with its result, where that is not on the disk), failed with a sentence, or cancelled."""

    state: JobState
    error: str | None = None
    result: Result | None = None


class Slot(Generic[Request, Result]):
    """One process at a time for the jobs of one worker. `do` belongs to one thread, the rest to any.

    running: the id of the job it does; thread: whose calls `do`.
    """

    def __init__(self, kind: JobKind[Request, Result], worker: str) -> None:
        self.kind, self.worker = kind, worker
        self.thread: threading.Thread | None = None
        self.running: str | None = None
        self._process: JsonLinesProcess | None = None
        self._late = False
        self._closed = False
        self._guard = threading.Lock()

    @property
    def process_id(self) -> int | None:
        """The number of its living process, if there is one."""
        process = self._process
        return process.pid if process is not None and process.alive else None

    @property
    def is_ready(self) -> bool:
        """Whether a job could begin without a new process."""
        return self.running is None and self.process_id is not None

    def do(
        self, job: Job[Request], hear: Callable[[dict[str, Any]], None], is_wanted: Callable[[], bool]
    ) -> JobEnd[Result]:
        """Have a job done; a process that died while it was idle is started anew. `hear` is told of progress."""
        self._late = False
        try:
            idle = self._process
            end = self._follow(job, idle, hear, is_wanted) if idle is not None and idle.alive else None
            if end is None and not self._late:
                end = self._follow(job, self._start(), hear, is_wanted)
            return end or self._explain_end(job, is_wanted)
        except OSError as error:
            sentence = f"{self.kind.name} cannot be started ({error.strerror}); check the installation"
            return JobEnd(JobState.FAILED, sentence)
        except UserError as error:  # the process says why it cannot begin
            return JobEnd(JobState.FAILED, str(error))

    def cancel(self, job_id: str) -> None:
        """Ask the process to stop a job; it is killed where it does not within the kind's time."""
        with self._guard:
            process = self._process
        if process is None:
            return
        if not self.kind.cancel_grace_s:
            process.kill()
            return
        process.send(do="cancel", job=job_id)

        def kill() -> None:
            with self._guard:
                hangs = self.running == job_id and self._process is process
            if hangs:
                process.kill()

        start_timer(self.kind.cancel_grace_s, kill)

    def drop_process(self) -> None:
        """End the process, where it has one; the next job gets a new one."""
        with self._guard:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def close(self) -> None:
        """End the process for good, and wait for the thread."""
        with self._guard:
            self._closed = True
            process = self._process
        if process is not None:
            process.stop()
        if self.thread is not None:
            self.thread.join(STOP_TIMEOUT_S)
        if process is not None:
            process.close()

    def _start(self) -> JsonLinesProcess:
        self.drop_process()
        log = self.kind.folder and self.kind.folder / f"worker{'-' * bool(self.worker)}{self.worker}.log"
        process = JsonLinesProcess(self.kind.get_command(self.worker), log, self.kind.environment)
        with self._guard:
            self._process = process
        if self._closed:
            process.stop()
        hello = process.receive(START_TIMEOUT_S)
        if hello is not None and "error" in hello.fields:
            self.drop_process()
            raise UserError(hello.fields["error"])
        return process

    def _follow(
        self,
        job: Job[Request],
        process: JsonLinesProcess,
        hear: Callable[[dict[str, Any]], None],
        is_wanted: Callable[[], bool],
    ) -> JobEnd[Result] | None:
        """Send a job and follow it to its end; None where the process ended before it began with the job."""
        limit_s = self.kind.get_time_limit_s(job.request)

        def end_late() -> None:
            self._late = True
            process.kill()

        timer = None if limit_s is None else start_timer(limit_s, end_late)
        begun = False
        try:
            process.send(do="submit", job=job.id, **self.kind.describe_job(job.request, job.key))
            if not is_wanted():  # cancelled while the process started
                self.cancel(job.id)
            while (message := process.receive()) is not None:
                if message.fields.get("job") != job.id:
                    continue
                begun = True
                if (end := self._read_end(message)) is not None:
                    if message.fields.get("spent"):
                        self.drop_process()
                    return end
                if message.fields["event"] == "progress":
                    hear(message.fields)
        finally:
            if timer is not None:
                timer.cancel()
        return self._explain_end(job, is_wanted) if begun else None

    def _read_end(self, message: Message) -> JobEnd[Result] | None:
        """The end of a job in a message of its process; None where it goes on."""
        match message.fields["event"]:
            case "done":
                return JobEnd(JobState.DONE, result=self.kind.read_result(message))
            case "cancelled":
                return JobEnd(JobState.CANCELLED)
            case "failed":
                return JobEnd(JobState.FAILED, message.fields["error"])
        return None

    def _explain_end(self, job: Job[Request], is_wanted: Callable[[], bool]) -> JobEnd[Result]:
        """The end of a job whose process ended without an answer."""
        with self._guard:
            process, self._process = self._process, None
        code = None
        if process is not None:
            code = process.wait()
            process.close()
        if self.kind.folder is not None:
            remove_leftovers(self.kind.folder)
        if self._closed or not is_wanted():
            return JobEnd(JobState.CANCELLED)
        return JobEnd(JobState.FAILED, self.kind.explain_end(job.request, code, self._late))


def start_timer(seconds: float, action: Callable[[], None]) -> threading.Timer:
    """Do something after a while, unless this process ends first."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer
