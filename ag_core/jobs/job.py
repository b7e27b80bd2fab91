"""What a job is: its state, and what a queue must know of a kind of job. Knows no process and no thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

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
    keeps_process    whether one process does all jobs of a worker, or each job gets a new one
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

    def get_key(self, request: RequestIn) -> str:
        """Equal keys are one job with one result."""
        ...

    def get_worker_name(self, request: RequestIn) -> str:
        """Jobs of one worker share a process and run one after the other."""
        ...

    def get_command(self, worker: str) -> Sequence[str]:
        """How the process of a worker starts."""
        ...

    def describe_job(self, request: RequestIn, key: str) -> dict[str, Any]:
        """What the process is told of a job."""
        ...

    def find_result(self, request: RequestIn, key: str) -> ResultOut | None:
        """The kept result; None where there is none or it is damaged."""
        ...
