"""The process that asks a model of graphs again: `python -m ag_core.jobs.what_if_worker`; what it hears: serving.py.

A job names the "video", its "prediction", the "model", the folder of kept "features", and what is asked: "kind" with
"edits" as in a link, or with "action" and "time_s". The answer comes as bytes (results/evidence.py).
"""

import argparse
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ag_core.files import hash_file_cached
from ag_core.jobs.messages import Message
from ag_core.jobs.serving import serve_process
from ag_core.jobs.what_if import EXPLAINED
from ag_core.progress import Progress
from ag_core.results.graph_edits import parse_edits
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import check_scoring_weights, find_scoring_weights
from ag_core.settings import WEIGHTS

MAX_VIDEOS = 8
"""So many videos stay ready; one is a few hundred kilobytes."""


class WhatIfWork:
    """Answers questions; prepared: how often a video was made ready."""

    name = "the model"

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self.weights = weights
        self.prepared = 0
        self._ready: OrderedDict[tuple[str, ...], tuple[Prediction, Any]] = OrderedDict()

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> Message:
        """Answer one question. Raises Cancelled, and UserError for what a user can mend."""
        rescorer = self._make_ready(job, progress, is_cancelled)
        if job["kind"] == EXPLAINED:
            return Message({"kind": EXPLAINED}, rescorer.explain(job["action"], job["time_s"]).to_bytes())
        return Message({"kind": job["kind"]}, rescorer.rescore(parse_edits(job["edits"])).to_bytes())

    def _make_ready(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> Any:
        video, file, model = Path(job["video"]), Path(job["prediction"]), job["model"]
        key = (hash_file_cached(video), hash_file_cached(file), model)
        if key in self._ready:
            self._ready.move_to_end(key)
            prediction, rescorer = self._ready[key]
            weights = find_scoring_weights(prediction, self.weights)
            check_scoring_weights(prediction, model, weights)  # they may have been trained anew since
            return rescorer
        progress("loading the model", 0, 1)
        from ag_core.rescoring import prepare_video  # seconds to import, and only a first question waits for it

        prediction = Prediction.load(file)
        features = Path(job["features"])
        weights = find_scoring_weights(prediction, self.weights)
        rescorer = prepare_video(video, prediction, model, features, weights, progress, is_cancelled)
        self.prepared += 1
        self._ready[key] = (prediction, rescorer)
        while len(self._ready) > MAX_VIDEOS:
            self._ready.popitem(last=False)
        return rescorer

    def describe_status(self) -> dict[str, Any]:
        """How often a video was made ready."""
        return {"prepared": self.prepared}


def main() -> None:
    """Run the process on stdin and stdout until stdin closes."""
    parser = argparse.ArgumentParser(prog="python -m ag_core.jobs.what_if_worker", description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of the weights files")
    serve_process(WhatIfWork(parser.parse_args().weights))


if __name__ == "__main__":
    main()
