"""The process that holds the models of one device: `python -m ag_core.jobs.prediction_worker [--device cpu|cuda]`.

What it hears and says: serving.py. Networks are loaded at the first job and kept until their files change, or others
are wanted.
A job names the video's "path", the "settings" (fields of PredictionSettings), and "out", the file of the result.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ag_core.errors import Cancelled, UserError
from ag_core.files import hash_file_cached, write_or_rescue
from ag_core.jobs.serving import serve_process
from ag_core.progress import Progress
from ag_core.results.prediction_cache import PredictionSettings, compute_key_of, find_weights_files
from ag_core.settings import WEIGHTS


class PredictionWork:
    """Runs the pipeline on one device; loads: how often models were loaded."""

    name = "the models"

    def __init__(self, device: str = "", weights: Path = WEIGHTS) -> None:
        self.device, self.weights = device, weights
        self.loads = 0
        self._kept: tuple[tuple[str, ...], Any] | None = None

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> None:
        """Predict one video and keep the result. Raises Cancelled, and UserError for what a user can mend."""
        chosen = PredictionSettings(**job["settings"])
        files = find_weights_files(replace(chosen, smooth=False, evidence=None), self.weights)
        key = (chosen.relation_head, chosen.detector, *map(hash_file_cached, files.values()))
        if self._kept is None or self._kept[0] != key:
            progress("loading models", 0, 1)
        from ag_core import pipeline  # seconds to import, and only a first job waits for it

        if self._kept is None or self._kept[0] != key:
            self._kept = None  # frees the memory first
            models = pipeline.load_models(self.device, chosen, self.weights)
            self._kept = (key, models)
            self.loads += 1
        models = pipeline.adapt_models(self._kept[1], chosen, self.weights)
        prediction = pipeline.predict_video(
            Path(job["path"]), models, chosen.rate, progress, is_cancelled, chosen.person
        )
        if is_cancelled():
            raise Cancelled
        wanted = Path(job["out"])
        if compute_key_of(prediction, chosen, self.weights) != wanted.stem:
            name = Path(job["path"]).name
            raise UserError(f"{name}, or a weights file, is another than when it was submitted; submit it again")
        write_or_rescue(wanted, prediction.save)

    def describe_status(self) -> dict[str, Any]:
        """How often models were loaded."""
        return {"loads": self.loads}


def main() -> None:
    """Run a worker on stdin and stdout until stdin closes."""
    parser = argparse.ArgumentParser(prog="python -m ag_core.jobs.prediction_worker", description=__doc__)
    parser.add_argument("--device", default="", help="cpu or cuda; without it the GPU when there is one")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the weights files")
    options = parser.parse_args()
    serve_process(PredictionWork(options.device, options.weights))


if __name__ == "__main__":
    main()
