"""A worker process with a stand-in for the models: the file's name says what it does. Notes each load in a file."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.errors import Cancelled, UserError
from ag_core.files import hash_file
from ag_core.jobs.serving import serve_process
from ag_core.progress import Progress
from ag_core.records import ActionScores
from ag_core.results.prediction import Prediction
from ag_core.taxonomy import N_ACTIONS
from ag_core.video.frames import probe_video


class StandIn:
    name = "the models"

    def __init__(self, diary: Path) -> None:
        self.diary = diary
        self.loads = 0

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> None:
        path = Path(job["path"])
        if not self.loads:
            self.loads += 1
            with self.diary.open("a") as diary:
                diary.write(f"load {os.getpid()}\n")
        with self.diary.open("a") as diary:
            diary.write(f"predict {path.name}\n")
        print("a library that prints to stdout")
        if "refused" in path.name:
            raise UserError("this one is refused; give another")
        if "broken" in path.name:
            raise RuntimeError("something\nunexpected")
        if "dies" in path.name:
            os._exit(3)
        steps = 2000 if "slow" in path.name else 3
        for step in range(steps + 1):
            progress("watching the video", step, steps)
            if is_cancelled():
                raise Cancelled
            time.sleep(0.005)
        scores = ActionScores("lfb", np.zeros(N_ACTIONS))
        rate = job["settings"]["rate"]
        made = Prediction(probe_video(path), path.name, hash_file(path), (), rate, ("by a stand-in",), (), (scores,))
        made.save(Path(job["out"]))

    def describe_status(self) -> dict[str, Any]:
        return {"loads": self.loads}


if __name__ == "__main__":
    serve_process(StandIn(Path(sys.argv[1])))
