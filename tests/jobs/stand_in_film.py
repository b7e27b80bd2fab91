"""A process that makes stand-in films as the film worker does; the seed says how it behaves."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ag_core.errors import Cancelled, UserError
from ag_core.files import stage_folder
from ag_core.jobs.serving import serve_process
from ag_core.progress import Progress
from ag_core.records import ActionInterval, Video
from ag_core.results.film_cache import FilmRequest, FinishedFilm
from tests.conftest import FPS, LENGTH, SIZE_WH, stand_in_prediction, write_clip

REFUSED, DIES, SLOW, DEAF = 101, 102, 103, 104


def stand_in_film(folder: Path, order: FilmRequest) -> Path:
    """A film of 3 s in which the first requested action is shown and the others are not."""
    video = Video("AB1CD", LENGTH / FPS, FPS, *SIZE_WH, LENGTH, order.split, "V001", "Kitchen", "A person sits.")
    intervals = tuple(ActionInterval("AB1CD", action, 0.5, 2.5) for action in order.actions[:1])
    unmet = tuple((action, "no table is in this room") for action in order.actions[1:])
    graphs = stand_in_prediction("AB1CD").frames
    with stage_folder(folder / order.key) as staged:
        write_clip(staged / "AB1CD.mp4", colour=(120, 90, 60))
        FinishedFilm(order, video, intervals, unmet, graphs, "id,subject\r\n").save(staged)
    return folder / order.key


class StandIn:
    name = "the renderer"

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> None:
        order = FilmRequest(**job["order"] | {"actions": tuple(job["order"]["actions"])})
        folder = Path(job["folder"])
        if order.seed == REFUSED:
            raise UserError("this one is refused; give another")
        if order.seed == DIES:
            os._exit(3)
        print("a library that prints to stdout")
        steps = 2000 if order.seed in (SLOW, DEAF) else 3
        with stage_folder(folder / "in the making"):
            for step in range(steps + 1):
                progress("drawing", step, steps)
                if order.seed != DEAF and is_cancelled():
                    raise Cancelled
                time.sleep(0.01)
        (folder / "in the making").rmdir()
        stand_in_film(folder, order)

    def describe_status(self) -> dict[str, Any]:
        return {}


if __name__ == "__main__":
    serve_process(StandIn())
