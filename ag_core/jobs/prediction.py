"""Predictions as jobs: one process for each device holds the models; results are kept on disk by what decides them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ag_core.jobs.job import JobKind
from ag_core.jobs.process import build_module_command
from ag_core.jobs.queue import JobQueue
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import (
    PredictionSettings,
    compute_result_key,
    get_result_path,
    load_finished_result,
)
from ag_core.settings import WEIGHTS, settings
from ag_core.video.frames import probe_video


@dataclass(frozen=True)
class PredictionRequest:
    """A video and how it is to be seen. device: 'cpu', 'cuda', '' chooses itself, None is that of the settings."""

    path: Path
    settings: PredictionSettings = field(default_factory=PredictionSettings)
    device: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path).resolve())  # the worker may run in another folder


class PredictionJobs(JobKind[PredictionRequest, Prediction]):
    """What is particular to predictions, for a `JobQueue`.

    folder: of kept predictions, by default that of the settings; weights: folder of weights files.
    command: how a worker starts, for tests; `--device D` is added to it.
    """

    name = "the models' process"
    again = "submit the video again"
    starting = "starting the models' process"
    cancel_grace_s = 60.0  # a process that holds loaded models is worth waiting for

    def __init__(
        self, folder: Path | None = None, weights: Path = WEIGHTS, command: Sequence[str] | None = None
    ) -> None:
        self.folder: Path = (folder or settings().results).resolve()
        self.folders = [self.folder] if folder is not None else settings().list_folders("results")
        self.weights = weights
        self.command = command or build_module_command("ag_core.jobs.prediction_worker", "--weights", str(weights))

    def check_request(self, request: PredictionRequest) -> None:
        """UserError for a file that is no video."""
        probe_video(request.path)

    def get_key(self, request: PredictionRequest) -> str:
        """A hash of all that decides the prediction. UserError for missing weights."""
        return compute_result_key(request.path, request.settings, self.weights)

    def get_worker_name(self, request: PredictionRequest) -> str:
        """The device."""
        return settings().device if request.device is None else request.device

    def get_command(self, worker: str) -> Sequence[str]:
        """The worker on that device."""
        return [*self.command, *(["--device", worker] if worker else [])]

    def describe_job(self, request: PredictionRequest, key: str) -> dict[str, Any]:
        """The video, the settings, and where the result belongs."""
        return {
            "path": str(request.path),
            "settings": asdict(request.settings),
            "out": str(get_result_path(self.folder, key)),
        }

    def find_result(self, request: PredictionRequest, key: str) -> Prediction | None:
        """The kept prediction, under the name that the video has now."""
        return load_finished_result(self.folders, key, request.path)


PredictionQueue = JobQueue[PredictionRequest, Prediction]
