"""Learning from corrected frames as jobs: one process, of which every job keeps a head among the own weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ag_core.catalog import DEFAULT_RELATION_HEAD, explain_missing_head, find_relation_head
from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file_cached
from ag_core.jobs.job import JobKind
from ag_core.jobs.messages import Message
from ag_core.jobs.process import build_module_command
from ag_core.jobs.queue import JobQueue
from ag_core.results.learned_heads import LearnedHead
from ag_core.settings import WEIGHTS


@dataclass(frozen=True)
class LearningRequest:
    """Videos with the files of their corrections, and the head (a catalog id) that shall learn from them."""

    videos: tuple[tuple[Path, Path], ...]
    head: str = DEFAULT_RELATION_HEAD


class LearningJobs(JobKind[LearningRequest, LearnedHead]):
    """What is particular to learning, for a `JobQueue`.

    weights: folder of the weights to begin with; command: how the process starts, for tests.
    """

    name = "the process that learns"
    again = "learn again"
    starting = "starting to learn"
    cancel_grace_s = 30.0  # one frame takes a moment
    processes_kept = 0
    folder = None

    def __init__(self, weights: Path = WEIGHTS, command: Sequence[str] | None = None) -> None:
        self.weights = weights
        self.command = command or build_module_command("ag_core.jobs.learning_worker", "--weights", str(weights))

    def check_request(self, request: LearningRequest) -> None:
        """UserError where a file is missing."""
        if not find_relation_head(request.head).weights_path(self.weights).is_file():
            raise UserError(explain_missing_head(request.head, self.weights))
        for path in (path for pair in request.videos for path in pair):
            if not path.is_file():
                raise UserError(f"{path.name} is missing, so nothing can be learned from it; put it back")

    def get_key(self, request: LearningRequest) -> str:
        """A hash of the videos, their corrections and the weights to begin with."""
        files = [hash_file_cached(path) for pair in request.videos for path in pair]
        start = hash_file_cached(find_relation_head(request.head).weights_path(self.weights))
        return hash_bytes(" ".join([request.head, start, *files]).encode())[:32]

    def get_command(self, worker: str) -> Sequence[str]:
        """The process that learns."""
        return self.command

    def describe_job(self, request: LearningRequest, key: str) -> dict[str, Any]:
        """The files, and the head."""
        videos = [[str(path.resolve()) for path in pair] for pair in request.videos]
        return {"videos": videos, "head": request.head}

    def read_result(self, message: Message) -> LearnedHead:
        """What the process kept."""
        return LearnedHead.from_json(message.fields["learned"])


LearningQueue = JobQueue[LearningRequest, LearnedHead]
