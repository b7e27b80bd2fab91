"""Predicts one video of a run and writes its finished file: the one function that every engine calls.

A predictor belongs to one process and loads the models once. Whatever is wrong with a video becomes a finished file
with the reason; only what no video could be predicted with ends the run. Files appear whole, under a name that says
what they were made from, so that it does not matter who predicts a video, when, or how often.
"""

import json
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ag_core.annotations.building.finished_videos import (
    FINISHED_VERSION,
    FinishedVideo,
    read_finished,
    write_failure_file,
    write_prediction_file,
)
from ag_core.bulk.source_files import SourceVideo, open_locally
from ag_core.catalog import HABITS_FILE, HOME_WORLD
from ag_core.errors import UserError
from ag_core.files import hash_bytes
from ag_core.jobs.serving import explain_error
from ag_core.results.footage import choose_detector, explain_choices
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import PredictionSettings, compute_settings_key
from ag_core.results.prediction_notes import needs_real_habits
from ag_core.results.result_card import with_card
from ag_core.settings import WEIGHTS, is_address
from ag_core.video.ids import make_id

MAX_TRIES = 3
"""How many processes may die with one video; then it is the video's fault."""

FETCHING, LOADING, WRITING = "fetching", "loading models", "writing"
"""Stages beside those that a prediction tells of."""


class RunError(UserError):
    """Something without which no video of the run can be predicted."""


@dataclass(frozen=True)
class BulkSettings:
    """What is asked of every video of a run.

    chosen    the models and how they are used; its evidence counts where relationships are put right for real homes
    detector  None: the home world's for its films, and for other footage one that was fetched
    habits    'auto': real homes' for all but films of the home world; 'learned' or 'real' for every video
    weights   folder of weights; device: '' for the GPU where there is one
    work      folder of the finished files
    """

    chosen: PredictionSettings
    detector: str | None
    habits: str
    work: Path
    weights: Path = WEIGHTS
    device: str = ""

    def compute_key(self) -> str:
        """Hexadecimal key of all that decides the predictions of the run but the videos themselves.

        UserError where a weights file is missing.
        """
        counted = self.habits == "real" or (self.habits == "auto" and (self.weights / HABITS_FILE).is_file())
        evidence = self.chosen.evidence if counted else None
        known = replace(self.chosen, detector=self.detector or HOME_WORLD, evidence=evidence)
        decided_by = [compute_settings_key(known, self.weights), self.detector or "auto", self.habits]
        return hash_bytes(" ".join([*decided_by, str(FINISHED_VERSION)]).encode())

    def to_json(self) -> dict[str, Any]:
        """As plain values, for another process."""
        return asdict(self) | {"work": str(self.work), "weights": str(self.weights)}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "BulkSettings":
        """The value that `to_json` gave."""
        chosen = PredictionSettings(**content["chosen"])
        paths = {name: Path(content[name]) for name in ("work", "weights")}
        return BulkSettings(**{**content, "chosen": chosen, **paths})


@dataclass(frozen=True)
class Task:
    """A video of a run, and `key`, the name of its finished file."""

    video: SourceVideo
    key: str

    @staticmethod
    def plan(video: SourceVideo, run_key: str) -> "Task":
        """The task of a video in the run of a key."""
        decided_by = (run_key, video.video_id, video.where, video.identity)
        return Task(video, hash_bytes("\n".join(decided_by).encode(errors="surrogateescape"))[:32])

    def find_file(self, work: Path) -> Path:
        """Where the finished file of this task lies; two letters a folder, for disks that mind very full ones."""
        return work / self.key[:2] / f"{self.key}.parquet"

    def to_json(self) -> dict[str, str]:
        """As plain values, for another process or a row of an engine."""
        return {**asdict(self.video), "key": self.key}

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Task":
        """The value that `to_json` gave."""
        return Task(SourceVideo(*(str(content[name]) for name in ("video_id", "where", "identity"))), content["key"])


@dataclass(frozen=True)
class Outcome:
    """What became of a task: the finished video, and how many seconds each stage took here."""

    key: str
    video: FinishedVideo
    seconds: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """As plain values, for another process or a row of an engine."""
        return asdict(self)

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Outcome":
        """The value that `to_json` gave."""
        return Outcome(content["key"], FinishedVideo.from_json(content["video"]), content["seconds"])


def read_row(row: str) -> Outcome:
    """The outcome that `Predictor.predict_row` gave. RunError where the run cannot go on."""
    content = json.loads(row)
    if "refused" in content:
        raise RunError(content["refused"])
    return Outcome.from_json(content)


@dataclass
class StageClock:
    """Adds up the seconds of each stage; takes progress as a prediction tells it."""

    seconds: dict[str, float] = field(default_factory=dict)
    _stage: str = ""
    _began: float = 0.0

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """The stage that begins, or goes on; '' for none."""
        if stage == self._stage:
            return
        now = time.perf_counter()
        if self._stage:
            self.seconds[self._stage] = round(self.seconds.get(self._stage, 0.0) + now - self._began, 6)
        self._stage, self._began = stage, now


class Predictor:
    """Predicts videos of a run, one after the other; loads: how often models were loaded."""

    def __init__(self, settings: BulkSettings) -> None:
        self.settings = settings
        self.loads = 0
        self._networks: dict[str, Any] = {}  # by detector: films and other footage may come mixed

    def predict(self, task: Task) -> Outcome:
        """Predict a video and write its finished file, or why it cannot be predicted.

        RunError where no video could be predicted, or nothing can be written.
        """
        clock = StageClock()
        path = task.find_file(self.settings.work)
        done = read_finished(path)
        if done is not None and not done.failure:  # a process that was given up for dead had finished it
            return Outcome(task.key, done, {})
        with _explain_writing():
            tries = _count_try(path)
        try:
            if tries > MAX_TRIES:
                raise UserError(f"{MAX_TRIES} processes ended while they predicted it; often memory is too short")
            clock(FETCHING)
            with open_locally(task.video) as file:
                prediction = with_card(_name(self._predict(file, clock), task.video, file))
            clock(WRITING)
            with _explain_writing():
                video = write_prediction_file(path, task.video.file_name, prediction)
        except RunError:
            raise
        except Exception as error:
            if not isinstance(error, UserError):
                traceback.print_exc()
            reason = str(error) if isinstance(error, UserError) else explain_error(error, "the models")
            with _explain_writing():
                video = write_failure_file(path, task.video.file_name, task.video.video_id, reason)
        forget_tries(path)
        clock("")
        return Outcome(task.key, video, clock.seconds)

    def predict_row(self, row: str) -> str:
        """As `predict`, from a task as JSON to its outcome as JSON; a RunError becomes {"refused": SENTENCE}.

        For engines that move rows between processes and would try an exception again.
        """
        try:
            return json.dumps(self.predict(Task.from_json(json.loads(row))).to_json())
        except RunError as error:
            return json.dumps({"refused": str(error)})

    def _predict(self, file: Path, clock: StageClock) -> Prediction:
        clock(LOADING)
        from ag_core import pipeline  # seconds to import

        wanted = self.settings
        detector = wanted.detector or choose_detector(file)
        if detector is None:
            raise UserError(explain_choices(file))
        real = wanted.habits == "real" or (wanted.habits == "auto" and needs_real_habits(file, wanted.weights))
        chosen = replace(wanted.chosen, detector=detector, evidence=wanted.chosen.evidence if real else None)
        try:
            if detector not in self._networks:
                self._networks[detector] = pipeline.load_models(wanted.device, chosen, wanted.weights)
                self.loads += 1
            models = pipeline.adapt_models(self._networks[detector], chosen, wanted.weights)
        except UserError as error:
            raise RunError(str(error)) from None
        return pipeline.predict_video(file, models, chosen.rate, clock, person=chosen.person)


def _name(prediction: Prediction, video: SourceVideo, file: Path) -> Prediction:
    """The prediction of a file under its id in the source; without a path where the file was fetched and goes again."""
    path = None if is_address(video.where) else file
    return replace(prediction, video=replace(prediction.video, video_id=make_id(video.video_id), path=path))


@contextmanager
def _explain_writing() -> Iterator[None]:
    """What cannot be written ends the run: the next video would fare no better."""
    try:
        yield
    except (UserError, OSError) as error:
        said = str(error) if isinstance(error, UserError) else f"{error.filename} cannot be written: {error.strerror}"
        raise RunError(said) from None


def _count_try(path: Path) -> int:
    """Note that a process begins with a video; how many have begun and not ended, this one included."""
    tries = path.with_suffix(".tries")
    tries.parent.mkdir(parents=True, exist_ok=True)
    with tries.open("ab") as file:
        file.write(b".")
        return file.tell()


def forget_tries(path: Path) -> None:
    """Forget who began with the video of a finished file."""
    with suppress(OSError):
        path.with_suffix(".tries").unlink(missing_ok=True)
