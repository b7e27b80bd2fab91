"""A process that does jobs, seen from within: takes them one by one, tells how far they are and how they ended.

Reads commands and writes events, one JSON object a line (stdin, stdout). The process ends when its stdin closes.

commands  {"do": "submit", "job", ...what the kind of job needs}   {"do": "cancel", "job"}
          {"do": "ping"}   {"do": "status"}
events    {"event": "ready", "pid"}, or {"event": "refused", "error"} of a process that cannot begin and ends
          {"event": "started", "job"}   {"event": "progress", "job", "stage", "done", "total", "seconds"}
          {"event": "done", "job"}, with the result where it is not on the disk   {"event": "cancelled", "job"}
          {"event": "failed", "job", "error", "spent"}; spent: whether the process can do no other job
          {"event": "pong"}   {"event": "status", "pid", "job", ...}
"""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, BinaryIO, Protocol

from ag_core.errors import Cancelled, UserError
from ag_core.jobs.messages import Message, read_message, take_stdout, write_message
from ag_core.progress import Progress

REPORT_EVERY_S = 0.1
GRACE_S = 5.0
"""Time for a running job to notice that nobody listens any more."""


class ProcessSpent(UserError):
    """The job failed, and left this process too little of what it may have for another job."""


class Work(Protocol):
    """What a process does with a job. name: how a sentence calls it, such as 'the models'."""

    name: str

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> Message | None:
        """Do the job of a submit command; keep its result where the job says, or return it.

        Raises Cancelled soon after `is_cancelled` became true, and UserError for what a user can mend.
        """
        ...

    def describe_status(self) -> dict[str, Any]:
        """Facts for the event 'status'."""
        ...


def serve_process(work: Work) -> None:
    """Serve this process's stdin and stdout until stdin closes; what libraries print goes to stderr instead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the app, which then closes stdin
    server = JobServer(sys.stdin.buffer, take_stdout(), work)
    threading.Thread(target=_leave_soon_after, args=(server.closing,), daemon=True).start()
    server.serve()


class JobServer:
    """Serves commands until they end; closing is set then."""

    def __init__(self, commands: BinaryIO, events: BinaryIO, work: Work) -> None:
        self.commands, self.events, self.work = commands, events, work
        self.closing = threading.Event()
        self._queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._cancelled: set[str] = set()
        self._sending = threading.Lock()
        self._job: str | None = None

    def serve(self) -> None:
        """Read commands in a thread and do jobs here, in order, until the commands end."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._send(event="ready", pid=os.getpid())
        while (job := self._queue.get()) is not None:
            self._do(job)

    def _send(self, body: bytes = b"", **event: Any) -> None:
        with self._sending:
            try:
                write_message(self.events, event, body)
            except (OSError, ValueError):
                self.closing.set()

    def _listen(self) -> None:
        while (message := read_message(self.commands)) is not None:
            command = message.fields
            match command.get("do"):
                case "submit":
                    self._queue.put(command)
                case "cancel":
                    self._cancelled.add(command["job"])
                case "ping":
                    self._send(event="pong")
                case "status":
                    self._send(event="status", pid=os.getpid(), job=self._job, **self.work.describe_status())
        self.closing.set()
        self._queue.put(None)

    def _do(self, job: dict[str, Any]) -> None:
        name = self._job = job["job"]

        def is_cancelled() -> bool:
            return name in self._cancelled or self.closing.is_set()

        self._send(event="started", job=name)
        try:
            if is_cancelled():
                raise Cancelled
            result = self.work.do(job, _Reporter(self._send, name), is_cancelled) or Message({})
            self._send(result.body, event="done", job=name, **result.fields)
        except Cancelled:
            self._send(event="cancelled", job=name)
        except UserError as error:
            self._send(event="failed", job=name, error=str(error), spent=isinstance(error, ProcessSpent))
        except Exception as error:
            traceback.print_exc()
            self._send(event="failed", job=name, error=explain_error(error, self.work.name))
        finally:
            self._job = None


class _Reporter:
    """Passes progress on, not more often than a person can see; a new stage and its end always."""

    def __init__(self, send: Callable[..., None], job: str) -> None:
        self.send, self.job = send, job
        self.stage, self.began, self.sent = "", 0.0, 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self.stage:
            self.stage, self.began, self.sent = stage, now, 0.0
        if now - self.sent >= REPORT_EVERY_S or done == total:
            self.sent = now
            seconds = round(now - self.began, 3)
            self.send(event="progress", job=self.job, stage=stage, done=done, total=total, seconds=seconds)


def explain_error(error: Exception, name: str) -> str:
    """One sentence for an error that nobody foresaw in the work of that name."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return f"{name} ran out of memory; close other programs, or give something shorter or smaller"
    first_line = (str(error).strip() or "no message").splitlines()[0][:200]
    return f"{name} stopped at an unexpected error ({type(error).__name__}: {first_line}); the worker's log has more"


def _leave_soon_after(closing: threading.Event) -> None:
    closing.wait()
    time.sleep(GRACE_S)
    os._exit(0)
