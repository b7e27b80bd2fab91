"""The engines that can run many predictions: what each is given, and which there are."""

import importlib
import importlib.util
import json
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ag_core.bulk.predicting import BulkSettings, Outcome, Task
from ag_core.errors import UserError

POOL, RAY, DAFT = "pool", "ray", "daft"
ENGINES = (POOL, RAY, DAFT)

_MODULES = {POOL: "ag_core.bulk.pool", RAY: "ag_core.bulk.ray_engine", DAFT: "ag_core.bulk.daft_engine"}
_PACKAGES = {RAY: "ray", DAFT: "daft"}

MAX_DEATHS = 12
"""Of workers one after another, with no video predicted between: then it is not the videos' fault."""


@dataclass(frozen=True)
class Resources:
    """What a run may use.

    workers  processes, each with its own models
    threads  processor threads of each
    gpus     how many GPUs the workers share out among them; 0 computes on the processor
    address  of a running cluster, for an engine that knows clusters; None starts one on this machine
    """

    workers: int
    threads: int = 1
    gpus: int = 0
    address: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the environment that bound the threads of a worker, which wait without computing."""
        return {"OMP_NUM_THREADS": str(self.threads), "OMP_WAIT_POLICY": "passive"}


class Engine(Protocol):
    """Has every task done once, by the one function `Predictor.predict`, and gives the outcomes as they come.

    RunError where the run cannot go on. Closing the generator ends the workers; what is finished stays.
    """

    def __call__(
        self, tasks: Sequence[Task], settings: BulkSettings, resources: Resources
    ) -> Generator[Outcome, None, None]: ...


def explain_deaths() -> str:
    """Why a run ends after so many deaths, and what to do."""
    ended = f"{MAX_DEATHS} workers ended, one after another, and predicted nothing"
    return f"{ended}; often memory is too short: try --workers 1"


def make_rows(tasks: Sequence[Task]) -> list[str]:
    """The tasks as text, for engines that move rows between processes (`Predictor.predict_row`)."""
    return [json.dumps(task.to_json()) for task in tasks]


def find_engine(name: str) -> Engine:
    """An engine by its name. UserError for an unknown one, and for one whose package is not installed."""
    if name not in ENGINES:
        raise UserError(f"there is no engine {name!r}; choose {', '.join(ENGINES)}")
    package = _PACKAGES.get(name)
    if package is not None and importlib.util.find_spec(package) is None:
        raise UserError(
            f"the engine {name} needs the package {package}, which is not installed; "
            "`pip install 'action-genome-explorer[distributed]'` brings it, and --engine pool does without"
        )
    engine: Engine = importlib.import_module(_MODULES[name]).run_tasks
    return engine


def count_cores() -> int:
    """The processor threads that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
