"""What a job is: its state, and what a queue must know of a kind of job. Knows no process and no thread."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

from ag_core.jobs.messages import Message

Request = TypeVar("Request")
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
    cancelling          whether nobody wants it any more, so that it ends as soon as its process hears of it
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
    cancelling: bool = False
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
    """What a queue must know of a kind of job. What is usual need not be said.

    name             how a sentence calls its process, such as "the models' process"
    again            what to do after a failure that is nobody's fault, such as 'submit the video again'
    starting         the stage in which the process starts
    folder           where results and the process's log lie; None where nothing is kept and nothing logged
    cancel_grace_s   time for a job to stop by itself before its process is killed; 0 kills it at once
    slots            how many processes of one worker do jobs side by side
    processes_kept   how many of them stay for the next job when they are idle; 0 gives each job a new one
    max_wait_s       a job that waits longer for its turn is turned away; None lets it wait
    environment      added to that of the process
    """

    name: str
    again: str
    starting: str
    folder: Path | None
    cancel_grace_s: float
    slots: int = 1
    processes_kept: int = 1
    max_wait_s: float | None = None
    environment: Mapping[str, str] = MappingProxyType({})

    def check_request(self, request: RequestIn) -> None:
        """UserError for what cannot be done whatever the process."""
        return

    def get_key(self, request: RequestIn) -> str:
        """Equal keys are one job with one result."""
        ...

    def get_worker_name(self, request: RequestIn) -> str:
        """Jobs of one worker share its processes."""
        return ""

    def get_command(self, worker: str) -> Sequence[str]:
        """How a process of a worker starts."""
        ...

    def describe_job(self, request: RequestIn, key: str) -> dict[str, Any]:
        """What the process is told of a job."""
        ...

    def find_result(self, request: RequestIn, key: str) -> ResultOut | None:
        """The result on the disk; None where there is none or it is damaged."""
        return None

    def read_result(self, message: Message) -> ResultOut | None:
        """The result in the process's last message; None where it lies on the disk."""
        return None

    def get_time_limit_s(self, request: RequestIn) -> float | None:
        """After so long a running job is ended with its process; None lets it run."""
        return None

    def explain_end(self, request: RequestIn, exit_code: int | None, late: bool) -> str:
        """A sentence for a process that ended without an answer; late: it was ended at its time limit."""
        return f"{self.name} ended unexpectedly (exit code {exit_code}); {self.again}"
