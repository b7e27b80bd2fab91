"""Questions to a model of graphs about one video, as jobs: scores of edited graphs, and why an action has its score.

A process of its own holds the model and the clip features of the last videos. The first question about a video makes
the features, with progress; later ones are answered in milliseconds (rescoring.py says why so).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.files import hash_bytes, hash_file_cached
from ag_core.jobs.job import JobKind
from ag_core.jobs.messages import Message
from ag_core.jobs.process import build_module_command
from ag_core.jobs.queue import JobQueue
from ag_core.results.evidence import Evidence, RescoredVideo
from ag_core.results.graph_edits import GraphEdit, format_edits
from ag_core.settings import WEIGHTS, settings

EDITED, EXPLAINED = "edited", "explained"
"""The two kinds of question, as the process is told."""


@dataclass(frozen=True)
class WhatIfQuestion:
    """What would a model say of a video if its graphs were edited?

    video, prediction  their files; model: id of an action model that reads predicted graphs
    """

    video: Path
    prediction: Path
    model: str
    edits: tuple[GraphEdit, ...] = ()


@dataclass(frozen=True)
class WhyQuestion:
    """Why has an action its score, at a time or (None) in the whole video? The rest as of `WhatIfQuestion`."""

    video: Path
    prediction: Path
    model: str
    action: int
    time_s: float | None = None


Question = WhatIfQuestion | WhyQuestion
Answer = RescoredVideo | Evidence


class WhatIfJobs(JobKind[Question, Answer]):
    """What is particular to these questions, for a `JobQueue`.

    features: folder of kept clip features, by default that of the settings; weights: folder of weights files.
    command: how the process starts, for tests.
    """

    name = "the process that asks the model again"
    again = "ask again"
    starting = "starting the model"
    cancel_grace_s = 30.0  # a frame of the first pass over a video takes a moment
    max_wait_s = 300.0
    folder = None

    def __init__(
        self, features: Path | None = None, weights: Path = WEIGHTS, command: Sequence[str] | None = None
    ) -> None:
        self.features, self.weights = features or settings().clip_features, weights
        self.command = command or build_module_command("ag_core.jobs.what_if_worker", "--weights", str(weights))

    def check_request(self, request: Question) -> None:
        """UserError where a file is missing."""
        for path in (request.video, request.prediction):
            if not path.is_file():
                raise UserError(f"{path.name} is missing, so the model cannot be asked again; put it back")

    def get_key(self, request: Question) -> str:
        """A hash of the question and of both files."""
        files = [hash_file_cached(path) for path in (request.video, request.prediction)]
        return hash_bytes(json.dumps([files, request.model, _describe(request)], sort_keys=True).encode())[:32]

    def get_command(self, worker: str) -> Sequence[str]:
        """The process that answers."""
        return self.command

    def describe_job(self, request: Question, key: str) -> dict[str, Any]:
        """The question, and where clip features are kept."""
        return {
            "video": str(request.video.resolve()),
            "prediction": str(request.prediction.resolve()),
            "model": request.model,
            "features": str(self.features.resolve()),
            **_describe(request),
        }

    def read_result(self, message: Message) -> Answer:
        """The answer, which came as bytes."""
        explained = message.fields["kind"] == EXPLAINED
        return Evidence.from_bytes(message.body) if explained else RescoredVideo.from_bytes(message.body)


def _describe(question: Question) -> dict[str, Any]:
    """What is asked, as plain values."""
    if isinstance(question, WhatIfQuestion):
        return {"kind": EDITED, "edits": format_edits(question.edits)}
    return {"kind": EXPLAINED, "action": question.action, "time_s": question.time_s}


WhatIfQueue = JobQueue[Question, Answer]
