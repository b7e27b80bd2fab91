"""Films of the home world as jobs: drawn one after the other, each by a process of its own; kept by their order."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ag_core.jobs.job import JobKind
from ag_core.jobs.process import build_module_command
from ag_core.jobs.queue import JobQueue
from ag_core.results.film_cache import FilmRequest, FinishedFilm, load_finished_film
from ag_core.settings import settings
from ag_core.taxonomy import ACTIONS
from ag_core.world.action_table import PROFILES, list_profile_actions

STARTING = "starting the renderer"


def list_showable_actions() -> list[int]:
    """Indices of all actions that the home world can show, by label."""
    return sorted(list_profile_actions(PROFILES[-1]), key=lambda action: ACTIONS[action].label)


class FilmJobs(JobKind[FilmRequest, FinishedFilm]):
    """What is particular to films, for a `JobQueue`.

    folder: of kept films, by default that of the settings; command: how the process starts, for tests.
    """

    name = "the renderer"
    again = "order the film again"
    starting = STARTING
    cancel_grace_s = 2.0  # composing a scene takes seconds in one piece, and nothing is lost with the process
    processes_kept = 0  # a film is named by the code that draws it; a process goes on with the code it began with

    def __init__(self, folder: Path | None = None, command: Sequence[str] | None = None) -> None:
        self.folder: Path = (folder or settings().films).resolve()
        self.folders = [self.folder] if folder is not None else settings().list_folders("films")
        self.command = command or build_module_command("ag_core.jobs.film_worker")

    def get_key(self, request: FilmRequest) -> str:
        """A hash of the order and of the code that draws."""
        return request.key

    def get_command(self, worker: str) -> Sequence[str]:
        """The process that draws."""
        return self.command

    def describe_job(self, request: FilmRequest, key: str) -> dict[str, Any]:
        """The order, and the folder of films."""
        return {"order": asdict(request), "folder": str(self.folder)}

    def find_result(self, request: FilmRequest, key: str) -> FinishedFilm | None:
        """The kept film with its annotation."""
        found = (load_finished_film(folder, request) for folder in self.folders)
        return next((film for film in found if film is not None), None)


FilmQueue = JobQueue[FilmRequest, FinishedFilm]
