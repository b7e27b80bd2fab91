"""The process that draws ordered films: `python -m ag_core.jobs.film_worker`; what it hears and says: serving.py."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ag_core.errors import Cancelled
from ag_core.jobs.serving import serve_process
from ag_core.progress import Progress
from ag_core.results.film_cache import FilmRequest
from ag_core.settings import find_room_for_compiled_code


class FilmWork:
    """Makes each ordered film and keeps it in the folder that the job names."""

    name = "the renderer"

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> None:
        """Make one film. Raises Cancelled before the next frame, and UserError where it cannot be made."""
        from ag_core.world.ordered_film import make_ordered_film

        def report(stage: str, done: int, total: int) -> None:
            if is_cancelled():
                raise Cancelled
            progress(stage, done, total)

        order = job["order"]
        make_ordered_film(FilmRequest(**order | {"actions": tuple(order["actions"])}), Path(job["folder"]), report)

    def describe_status(self) -> dict[str, Any]:
        """Nothing beside the job."""
        return {}


if __name__ == "__main__":
    find_room_for_compiled_code()
    serve_process(FilmWork())
