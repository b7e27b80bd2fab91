"""The process that learns from examples: `python -m ag_core.queries.by_example.process STORE`, as `jobs.serving` says.

A process of its own, so that the app stays alive and Cancel ends the work; it keeps the graphs of the last source, so
that a lesson with one more mark takes a fraction of the first one.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.annotations.store import AnnotationStore
from ag_core.errors import Cancelled, UserError
from ag_core.jobs.messages import Message, take_stdout, write_message
from ag_core.jobs.serving import serve_process
from ag_core.progress import Progress
from ag_core.queries.by_example.graph_frames import GraphFrames, read_graph_frames
from ag_core.queries.by_example.learning import describe_frames, learn_lesson
from ag_core.queries.by_example.records import Lesson


class LessonWork:
    """Learns each lesson from the graphs of one store."""

    name = "the learner"

    def __init__(self, store: AnnotationStore) -> None:
        self.store = store
        self._kept: tuple[str, GraphFrames, NDArray[np.float32]] | None = None

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> Message:
        """Learn one lesson. Raises Cancelled between two steps, and UserError for a moment without a graph."""

        def report(stage: str, done: int, total: int) -> None:
            if is_cancelled():
                raise Cancelled
            progress(stage, done, total)

        lesson = Lesson.from_json(job["lesson"])
        frames, features = self._load(lesson, report)
        return Message(learn_lesson(frames, features, lesson, partial(report, "learning")).to_json())

    def describe_status(self) -> dict[str, Any]:
        """Nothing beside the job."""
        return {}

    def _load(self, lesson: Lesson, report: Progress) -> tuple[GraphFrames, NDArray[np.float32]]:
        wanted = {moment.video_id for moment in (*lesson.examples, *lesson.right, *lesson.wrong)}
        if self._kept is not None and self._kept[0] == lesson.source and wanted <= set(self._kept[1].video_ids):
            return self._kept[1:]
        frames = read_graph_frames(self.store, lesson.source, wanted, partial(report, "reading graphs"))
        self._kept = (lesson.source, frames, describe_frames(frames))
        return self._kept[1:]


def main(where: str) -> None:
    """Open the store and serve."""
    try:
        store = AnnotationStore(Path(where))
    except UserError as error:
        write_message(take_stdout(), {"event": "refused", "error": str(error)})
        return
    serve_process(LessonWork(store))


if __name__ == "__main__":
    main(*sys.argv[1:])
