"""The engine that needs nothing but this machine: processes of its own, each with its models.

A thread for every worker gives it one task after the other. A worker that dies is started anew and gets its task again;
the predictor counts how often that happens to one video.
"""

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from ag_core.bulk.engines import MAX_DEATHS, Resources, explain_deaths
from ag_core.bulk.predicting import BulkSettings, Outcome, RunError, Task, read_row
from ag_core.jobs.process import JsonLinesProcess, build_module_command

WORKER = "ag_core.bulk.pool_worker"
"""The module that a worker runs."""

START_TIMEOUT_S = 120.0


def run_tasks(tasks: Sequence[Task], settings: BulkSettings, resources: Resources) -> Generator[Outcome, None, None]:
    """Have the tasks done by a pool of processes (engines.Engine)."""
    pool = _Pool(tasks, settings, resources)
    try:
        for _ in tasks:
            outcome = pool.outcomes.get()
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
    finally:
        pool.close()


class _Pool:
    """outcomes: of tasks as they end; a RunError where a worker cannot go on."""

    def __init__(self, tasks: Sequence[Task], settings: BulkSettings, resources: Resources) -> None:
        self.settings, self.resources = settings, resources
        self.outcomes: SimpleQueue[Outcome | Exception] = SimpleQueue()
        self._tasks: SimpleQueue[Task] = SimpleQueue()
        for task in tasks:
            self._tasks.put(task)
        self._closed = False
        self._deaths = 0
        self._processes: dict[int, JsonLinesProcess] = {}
        self._guard = threading.Lock()
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), daemon=True)
            for number in range(min(resources.workers, len(tasks)))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End all workers at once; what they had in hand is predicted anew by the next run."""
        with self._guard:
            self._closed = True
            processes = list(self._processes.values())
        for process in processes:
            process.kill()
        for thread in self._threads:
            thread.join()
        for process in processes:
            process.close()

    def _serve(self, number: int) -> None:
        try:
            while not self._closed:
                with suppress(Empty):
                    self.outcomes.put(self._do(number, self._tasks.get_nowait()))
                    continue
                return
        except Exception as error:
            self.outcomes.put(error)

    def _do(self, number: int, task: Task) -> Outcome:
        """Have a task done, by as many processes as it takes: one that dies is counted by the predictor."""
        row, settings = json.dumps(task.to_json()), self.settings.to_json()
        while True:
            process = self._find_process(number)
            process.send(do="submit", job=task.key, settings=settings, row=row)
            while (message := process.receive()) is not None:
                match message.fields.get("event"):
                    case "done":
                        outcome = read_row(message.fields["row"])
                        self._deaths *= bool(outcome.video.failure)
                        return outcome
                    case "failed":
                        raise RunError(message.fields["error"])
            process.kill()  # what closed its output may take a moment to end
            self._deaths += 1
            if self._closed or self._deaths > MAX_DEATHS:
                raise RunError(f"{explain_deaths()}, and see {self.settings.work / 'worker-0.log'}")

    def _find_process(self, number: int) -> JsonLinesProcess:
        """The living process of a worker; a new one where there is none. RunError where it cannot begin."""
        with self._guard:
            known = self._processes.get(number)
        if known is not None and known.alive:
            return known
        if known is not None:
            known.close()
        environment = self.resources.environment
        if self.resources.gpus:
            environment["CUDA_VISIBLE_DEVICES"] = str(number % self.resources.gpus)
        log = self.settings.work / f"worker-{number}.log"
        process = JsonLinesProcess(build_module_command(WORKER), log, environment)
        with self._guard:
            self._processes[number] = process
            if self._closed:
                process.kill()
        hello = process.receive(START_TIMEOUT_S)
        if hello is None and not self._closed:
            raise RunError(f"a worker ended before it could begin; {log} has what it said")
        return process
