"""A worker process with a stand-in for the models: the file's name says what it does. Notes each load in a file."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ag_core.errors import UserError
from ag_core.files import hash_file
from ag_core.jobs.prediction_worker import Progress, serve_process
from ag_core.records import ActionScores
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import PredictionSettings
from ag_core.taxonomy import N_ACTIONS
from ag_core.video.frames import probe_video


class StandIn:
    def __init__(self, diary: Path) -> None:
        self.diary = diary
        self.loads = 0

    def predict(
        self, path: Path, chosen: PredictionSettings, progress: Progress, cancelled: Callable[[], bool]
    ) -> Prediction | None:
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
            if cancelled():
                return None
            time.sleep(0.005)
        scores = ActionScores("lfb", np.zeros(N_ACTIONS))
        return Prediction(
            probe_video(path), path.name, hash_file(path), (), chosen.rate, ("by a stand-in",), (), (scores,)
        )


if __name__ == "__main__":
    serve_process(StandIn(Path(sys.argv[1])))
