"""A predictor without models, for every engine: it does what a file says, and shows the prediction beside it."""

import os
from pathlib import Path

from ag_core.bulk.pool_worker import BulkWork
from ag_core.bulk.predicting import BulkSettings, Predictor, RunError, StageClock
from ag_core.errors import UserError
from ag_core.jobs.serving import serve_process
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import PredictionSettings


class StandIn(Predictor):
    """Obeys the file: 'dies once', 'refuses', a sentence after 'fault:', or anything else."""

    def _predict(self, file: Path, clock: StageClock) -> Prediction:
        said = file.read_text().strip()
        mark = file.with_suffix(".mark")
        if said == "dies once" and not mark.exists():
            mark.touch()
            os._exit(9)
        if said == "refuses":
            raise RunError("the weights are gone")
        if said.startswith("fault:"):
            raise UserError(said.removeprefix("fault:"))
        clock("watching the video")
        return Prediction.load(file.parent / "shown.json").with_file(file)


class StandInSettings(BulkSettings):
    """Settings that need no weights."""

    def compute_key(self) -> str:
        return f"stand-in {self.device}"


def make_settings(work: Path) -> BulkSettings:
    return StandInSettings(PredictionSettings(), None, "learned", work)


class StandInWork(BulkWork):
    predictor = StandIn


if __name__ == "__main__":
    serve_process(StandInWork())
