"""The process that holds the models of one device: `python -m ag_core.jobs.prediction_worker [--device cpu|cuda]`.

Reads commands and writes events, one JSON object a line (stdin, stdout). One job at a time; models are loaded at the
first job and kept. The process ends when its stdin closes, so that it never outlives the app that started it.

commands  {"do": "submit", "job", "path", "settings": {"detector", "relation_head", "rate"}, "out"}
          {"do": "cancel", "job"}   {"do": "ping"}   {"do": "status"}
events    {"event": "ready", "pid"}   {"event": "started", "job"}
          {"event": "progress", "job", "stage", "done", "total", "seconds"}
          {"event": "done" | "cancelled", "job"}   {"event": "failed", "job", "error"}
          {"event": "pong"}   {"event": "status", "pid", "loads", "job"}
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol, TextIO

from ag_core.errors import UserError
from ag_core.files import hash_file_cached
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import PredictionSettings, weights_files
from ag_core.settings import WEIGHTS

Progress = Callable[[str, int, int], None]

REPORT_EVERY_S = 0.1
GRACE_S = 5.0
"""Time for a running job to notice that nobody listens any more."""


class Predictor(Protocol):
    """What a worker needs: predictions, and how often it loaded models. `cancelled` is asked between frames."""

    loads: int

    def predict(
        self, path: Path, chosen: PredictionSettings, progress: Progress, cancelled: Callable[[], bool]
    ) -> Prediction | None:
        """The prediction, or None where it was cancelled."""
        ...


class PipelinePredictor:
    """Runs the pipeline on one device; the models of the last settings stay in memory until their files change."""

    def __init__(self, device: str = "", weights: Path = WEIGHTS) -> None:
        self.device, self.weights = device, weights
        self.loads = 0
        self._kept: tuple[tuple[str, ...], Any] | None = None

    def predict(
        self, path: Path, chosen: PredictionSettings, progress: Progress, cancelled: Callable[[], bool]
    ) -> Prediction | None:
        """The prediction of one video, or None where it was cancelled. Raises UserError for what a user can mend."""
        files = weights_files(chosen, self.weights)
        key = (chosen.relation_head, chosen.detector, *(hash_file_cached(file) for file in files.values()))
        if self._kept is None or self._kept[0] != key:
            progress("loading models", 0, 1)
        from ag_core.pipeline import Cancelled, load_models, predict_video

        if self._kept is None or self._kept[0] != key:
            self._kept = None
            self._kept = (
                key,
                load_models(self.device, chosen.detector, chosen.relation_head, self.weights),
            )
            self.loads += 1
        try:
            return predict_video(path, self._kept[1], chosen.rate, progress, cancelled)
        except Cancelled:
            return None


class Worker:
    """Serves commands until they end."""

    def __init__(self, commands: TextIO, events: TextIO, predictor: Predictor) -> None:
        self.commands, self.events, self.predictor = commands, events, predictor
        self._queue: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._cancelled: set[str] = set()
        self._closing = threading.Event()
        self._speaking = threading.Lock()
        self._job: str | None = None

    def serve(self) -> None:
        """Read commands in a thread and run jobs here, in order, until the commands end."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._say(event="ready", pid=os.getpid())
        while (order := self._queue.get()) is not None:
            self._run(order)

    def _say(self, **event: Any) -> None:
        with self._speaking:
            try:
                print(json.dumps(event), file=self.events, flush=True)
            except (BrokenPipeError, ValueError):
                self._closing.set()

    def _listen(self) -> None:
        for line in self.commands:
            try:
                order = json.loads(line)
            except ValueError:
                continue
            match order.get("do"):
                case "submit":
                    self._queue.put(order)
                case "cancel":
                    self._cancelled.add(order["job"])
                case "ping":
                    self._say(event="pong")
                case "status":
                    self._say(event="status", pid=os.getpid(), loads=self.predictor.loads, job=self._job)
        self._closing.set()
        self._queue.put(None)

    def _run(self, order: dict[str, Any]) -> None:
        job = self._job = order["job"]
        self._say(event="started", job=job)
        try:
            prediction = self.predictor.predict(
                Path(order["path"]),
                PredictionSettings(**order["settings"]),
                _Reporter(self._say, job),
                lambda: job in self._cancelled or self._closing.is_set(),
            )
            if prediction is None or job in self._cancelled:
                self._say(event="cancelled", job=job)
            else:
                prediction.save(Path(order["out"]))
                self._say(event="done", job=job)
        except UserError as error:
            self._say(event="failed", job=job, error=str(error))
        except Exception as error:
            traceback.print_exc()
            self._say(event="failed", job=job, error=sentence_of(error))
        finally:
            self._job = None


class _Reporter:
    """Passes progress on, not more often than a person can see; a new stage and its end always."""

    def __init__(self, say: Callable[..., None], job: str) -> None:
        self.say, self.job = say, job
        self.stage, self.began, self.told = "", 0.0, 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self.stage:
            self.stage, self.began, self.told = stage, now, 0.0
        if now - self.told >= REPORT_EVERY_S or done == total:
            self.told = now
            seconds = round(now - self.began, 3)
            self.say(event="progress", job=self.job, stage=stage, done=done, total=total, seconds=seconds)


def sentence_of(error: Exception) -> str:
    """One sentence for an error that nobody foresaw."""
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "the models ran out of memory; close other programs, or give a shorter or smaller video"
    first_line = (str(error).strip() or "no message").splitlines()[0][:200]
    return (
        f"the models stopped at an unexpected error ({type(error).__name__}: {first_line}); the worker's log has more"
    )


def main() -> None:
    """Run a worker on stdin and stdout until stdin closes."""
    parser = argparse.ArgumentParser(prog="python -m ag_core.jobs.prediction_worker", description=__doc__)
    parser.add_argument("--device", default="", help="cpu or cuda; without it the GPU when there is one")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the weights files")
    options = parser.parse_args()
    serve_process(PipelinePredictor(options.device, options.weights))


def serve_process(predictor: Predictor) -> None:
    """Serve this process's stdin and stdout; what libraries print goes to stderr instead."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the app, which then closes stdin
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(sys.stdin, events, predictor)
    threading.Thread(target=_leave_soon_after, args=(worker._closing,), daemon=True).start()
    worker.serve()


def _leave_soon_after(closing: threading.Event) -> None:
    closing.wait()
    time.sleep(GRACE_S)
    os._exit(0)


if __name__ == "__main__":
    main()
