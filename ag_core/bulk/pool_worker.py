"""A worker of the pool: `python -m ag_core.bulk.pool_worker`. What it hears and says: jobs/serving.py.

A job has the run's "settings" and a "row", a task as JSON; the models are loaded at the first.
"""

from collections.abc import Callable
from typing import Any

from ag_core.bulk.predicting import BulkSettings, Predictor
from ag_core.jobs.messages import Message
from ag_core.jobs.serving import serve_process
from ag_core.progress import Progress


class BulkWork:
    """Predicts videos of one run."""

    name = "the models"
    predictor: type[Predictor] = Predictor

    def __init__(self) -> None:
        self._predictor: Predictor | None = None

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> Message:
        """Predict one video of the run; its outcome."""
        if self._predictor is None:
            self._predictor = self.predictor(BulkSettings.from_json(job["settings"]))
        return Message({"row": self._predictor.predict_row(job["row"])})

    def describe_status(self) -> dict[str, Any]:
        """How often models were loaded."""
        return {"loads": 0 if self._predictor is None else self._predictor.loads}


if __name__ == "__main__":
    serve_process(BulkWork())
