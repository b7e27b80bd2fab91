"""Lessons as jobs over one store: a process learns from the examples and answers with hits; nothing is kept on disk."""

import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ag_core.annotations.connection import fetch_store
from ag_core.jobs.job import JobKind
from ag_core.jobs.messages import Message
from ag_core.jobs.process import build_module_command
from ag_core.jobs.queue import JobQueue
from ag_core.queries.by_example.records import Lesson, LessonAnswer


class LessonJobs(JobKind[Lesson, LessonAnswer]):
    """What is particular to lessons over one store, for a `JobQueue`. UserError where the store is missing."""

    name = "the learner"
    again = "learn again"
    starting = "starting the learner"
    folder = None
    cancel_grace_s = 3.0  # it hears between two steps

    def __init__(self, path: Path | str) -> None:
        self.command = build_module_command("ag_core.queries.by_example.process", str(fetch_store(path)))

    def get_key(self, request: Lesson) -> str:
        """Every lesson is a job of its own."""
        return uuid.uuid4().hex

    def get_command(self, worker: str) -> Sequence[str]:
        """The process that learns."""
        return self.command

    def describe_job(self, request: Lesson, key: str) -> dict[str, Any]:
        """The lesson."""
        return {"lesson": request.to_json()}

    def read_result(self, message: Message) -> LessonAnswer:
        """The hits, as they came."""
        return LessonAnswer.from_json(message.fields)


LessonQueue = JobQueue[Lesson, LessonAnswer]


def open_lesson_queue(path: Path | str, is_present: Callable[[str], bool] = lambda visitor: True) -> LessonQueue:
    """The queue for lessons over one store; `close` ends its process. UserError where the store is missing."""
    return JobQueue(LessonJobs(path), is_present)
