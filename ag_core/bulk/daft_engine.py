"""The engine Daft: a data frame whose one column of tasks becomes one of outcomes; a process for every worker.

There to show that a run needs no particular engine; Daft itself runs on this machine or, where it is told to, on Ray.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from ag_core.bulk.engines import MAX_DEATHS, Resources, explain_deaths, make_rows
from ag_core.bulk.predicting import BulkSettings, Outcome, Predictor, RunError, Task, read_row
from ag_core.jobs.process import find_package

PREDICTOR = Predictor
"""What a worker holds."""


class PredictingUdf:
    """Predicts the task of a row, from text to text."""

    def __init__(self, settings: dict[str, Any], predictor: type[Predictor]) -> None:
        self._predictor = predictor(BulkSettings.from_json(settings))

    def __call__(self, task: str) -> str:
        """The outcome of a task, both as text."""
        return self._predictor.predict_row(task)


def run_tasks(tasks: Sequence[Task], settings: BulkSettings, resources: Resources) -> Generator[Outcome, None, None]:
    """Have the tasks done by Daft (engines.Engine).

    Daft ends when one of its processes does. It is begun anew with what is left; the predictor counts how often a
    process died with a video.
    """
    left = {task.key: task for task in tasks}
    deaths = 0
    while left:
        try:
            for outcome in _run_once(list(left.values()), settings, resources):
                del left[outcome.key]
                deaths *= bool(outcome.video.failure)
                yield outcome
        except RuntimeError:  # Daft's own word for it
            deaths += 1
            if deaths > MAX_DEATHS:
                raise RunError(explain_deaths()) from None


def _run_once(tasks: Sequence[Task], settings: BulkSettings, resources: Resources) -> Iterator[Outcome]:
    """Outcomes by one Daft. RuntimeError where a process of it dies."""
    os.environ.update({**resources.environment, **find_package(), "DAFT_PROGRESS_BAR": "0"})
    import daft

    workers = min(resources.workers, len(tasks))
    udf = daft.cls(PredictingUdf, gpus=1 if resources.gpus else 0, use_process=True, max_concurrency=workers)
    predict = udf(settings.to_json(), PREDICTOR)
    frame = daft.from_pydict({"task": make_rows(tasks)}).into_batches(1)
    for row in frame.select(predict(daft.col("task")).alias("outcome")).iter_rows():
        yield read_row(row["outcome"])
