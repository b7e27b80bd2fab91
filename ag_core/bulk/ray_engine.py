"""The engine Ray Data: streaming, over one machine or a cluster, with one actor for every worker.

Ray places the actors, starts those anew that die and gives them their tasks again. It begins with the actors that find
room, adds others up to the number of workers as machines join, and lets them go as the tasks run out. What travels are
tasks and outcomes as text; rows and models stay with the workers, who write the finished files where every machine sees
them.
"""

import logging
from collections.abc import Generator, Sequence
from typing import Any

from ag_core.bulk.engines import Resources, make_rows
from ag_core.bulk.predicting import BulkSettings, Outcome, Predictor, RunError, Task, read_row
from ag_core.jobs.process import find_package

PREDICTOR = Predictor
"""What an actor holds."""


class PredictingActor:
    """Predicts the rows of a batch, each a task as text."""

    def __init__(self, settings: dict[str, Any], predictor: type[Predictor]) -> None:
        self._predictor = predictor(BulkSettings.from_json(settings))

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """The outcomes of a batch, each as text."""
        return {"outcome": [self._predictor.predict_row(str(row)) for row in batch["task"]]}


def run_tasks(tasks: Sequence[Task], settings: BulkSettings, resources: Resources) -> Generator[Outcome, None, None]:
    """Have the tasks done by Ray (engines.Engine); begins a Ray of its own unless one runs or there is an address."""
    import ray
    import ray.data

    ours = not ray.is_initialized()
    if ours:
        _begin(resources)
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        workers = min(resources.workers, len(tasks))
        rows = ray.data.from_items([{"task": row} for row in make_rows(tasks)], override_num_blocks=len(tasks))
        outcomes = rows.map_batches(
            PredictingActor,
            fn_constructor_args=(settings.to_json(), PREDICTOR),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers, initial_size=workers),
            num_cpus=None if resources.gpus else 1,
            num_gpus=1 if resources.gpus else None,
        )
        for row in outcomes.iter_rows():
            yield read_row(row["outcome"])
    except ray.exceptions.RayError as error:
        last = str(error).strip().splitlines()[-1]
        raise RunError(f"Ray ended the run ({last}); run the same command again") from None
    finally:
        if ours:
            ray.shutdown()


def _begin(resources: Resources) -> None:
    """Begin or join a Ray whose workers find this package and compute with so many threads as asked."""
    import ray

    environment = {"env_vars": {**resources.environment, **find_package()}}
    try:
        if resources.address is not None:
            ray.init(resources.address, runtime_env=environment, logging_level=logging.ERROR)
            return
        gpus = resources.gpus or None
        ray.init(
            num_cpus=resources.workers + 1,  # one for what moves the rows
            num_gpus=gpus,
            include_dashboard=False,
            runtime_env=environment,
            logging_level=logging.ERROR,
        )
    except Exception as error:  # a node that begins too slowly is a plain one
        where = "here" if resources.address is None else f"at {resources.address}"
        said = str(error).strip().splitlines()[0]
        raise RunError(f"no Ray can be reached {where} ({said}); check the address, or do without --address") from None
