"""A run over many videos: what is finished stays, the rest is predicted by an engine, and all becomes one lake.

Finished files lie in a hidden folder beside the lake, `.LAKE.videos`. A run that was killed, or to whose source videos
were added, goes on with what is missing there; failed videos are tried again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ag_core.annotations.building.finished_lake import write_finished_lake
from ag_core.annotations.building.finished_videos import FinishedVideo, read_finished
from ag_core.annotations.store_format import hold_lock
from ag_core.bulk.engines import Engine, Resources
from ag_core.bulk.predicting import BulkSettings, Outcome, RunError, Task, forget_tries
from ag_core.bulk.report import RunReport, group_cards, list_failures, total_stages
from ag_core.bulk.sources import VideoList
from ag_core.errors import UserError
from ag_core.files import remove_leftovers
from ag_core.outputs import check_folder_target
from ag_core.progress import Progress

PREDICTING = "predicting videos"


@dataclass(frozen=True)
class Share:
    """Every `of`-th video from the `number`-th on, counted from 1: what one of several calls predicts."""

    number: int = 1
    of: int = 1

    @staticmethod
    def parse(text: str) -> "Share":
        """The share in a text such as '3/16'. UserError where it is none."""
        number, slash, of = text.partition("/")
        if not (slash and number.isascii() and number.isdigit() and of.isascii() and of.isdigit()):
            raise UserError(f"--share {text} is not possible; give two whole numbers, such as 3/16")
        if not 1 <= int(number) <= int(of):
            raise UserError(f"--share {text} is not possible; of {of} shares there is 1/{of} to {of}/{of}")
        return Share(int(number), int(of))

    @property
    def whole(self) -> bool:
        """Whether it is all there is."""
        return self.of == 1


def find_work_folder(lake: Path) -> Path:
    """The folder of the finished files of a lake's videos."""
    lake = lake.resolve()
    return lake.with_name(f".{lake.name}.videos")


class BulkRun:
    """One call: `predict` what is not finished, then `write_lake`; `report` tells at any time.

    found: the source's videos; lake: folder of the lake; share: which of the videos are predicted, and reported
    """

    def __init__(
        self, source: str, found: VideoList, lake: Path, settings: BulkSettings, resources: Resources, share: Share
    ) -> None:
        self.source, self.found, self.settings, self.resources = source, found, settings, resources
        self.lake, self.share = check_folder_target(lake), share
        run_key = settings.compute_key()
        self.tasks = [Task.plan(video, run_key) for video in found.videos]
        self.mine = self.tasks[share.number - 1 :: share.of]
        self.finished: dict[str, FinishedVideo] = {}
        self.outcomes: list[Outcome] = []
        self.wall_s = self.first_s = 0.0
        self._before = 0

    def predict(self, engine: Engine, progress: Callable[[str, int, int, str], None]) -> None:
        """Predict what is not finished. RunError where no more can be predicted; what is finished stays.

        progress: told the stage, how many videos are done, how many there are, and a few words.
        """
        work = self.settings.work
        with _hold(work, f".lock-{self.share.number}-{self.share.of}"):
            remove_leftovers(work)
            self.finished |= _read_finished(self.mine, work)
            left = [task for task in self.mine if task.key not in self.finished]
            for task in left:
                forget_tries(task.find_file(work))
            self._before = len(self.finished)
            progress(PREDICTING, self._before, len(self.mine), "")
            began = time.perf_counter()
            try:
                if left:
                    with closing(engine(left, self.settings, self.resources)) as outcomes:
                        for done, outcome in enumerate(outcomes, start=self._before + 1):
                            self._take(outcome, time.perf_counter() - began)
                            progress(PREDICTING, done, len(self.mine), self._describe_pace())
            finally:
                self.wall_s = time.perf_counter() - began
        missing = sum(task.key not in self.finished for task in self.mine)
        if missing:
            raise RunError(f"{missing} videos came back from no worker; run the same command again")

    def write_lake(self, progress: Progress) -> None:
        """Make the lake of everything that is finished in the whole source. UserError where a share is missing."""
        work = self.settings.work
        with _hold(work, ".lock-lake"):
            known = _read_finished(self.tasks, work, failed_too=True)
            missing = len(self.tasks) - len(known)
            if missing:
                raise UserError(
                    f"{missing} of {len(self.tasks)} videos are not predicted yet, such as "
                    f"{next(task.video.video_id for task in self.tasks if task.key not in known)}; run the shares that "
                    "are missing, or without --share"
                )
            files = [task.find_file(work) for task in self.tasks]
            write_finished_lake(self.lake, work, files, self.found.issues, progress)

    def report(self, engine: str, state: str, refusal: str = "") -> RunReport:
        """What was done until now."""
        well = [video for video in self.finished.values() if not video.failure]
        named = [(self.finished[task.key], task.video.file_name) for task in self.mine if task.key in self.finished]
        failures = list_failures(named, self.found.issues if self.share.number == 1 else ())
        predicted = [outcome for outcome in self.outcomes if not outcome.video.failure]
        length_s = sum(outcome.video.duration_s for outcome in predicted)
        return RunReport(
            state=state,
            refusal=refusal,
            source=self.source,
            engine=engine,
            workers=self.resources.workers,
            threads=self.resources.threads,
            videos=len(self.mine) + (len(self.found.issues) if self.share.number == 1 else 0),
            finished_before=self._before,
            predicted=len(predicted),
            failed=len(failures),
            graphs=sum(video.graphs for video in well),
            frames=sum(video.frames for video in well),
            video_hours=round(sum(video.duration_s for video in well) / 3600, 4),
            wall_s=round(self.wall_s, 3),
            first_s=round(self.first_s, 3),
            videos_per_hour=round(len(predicted) / self.wall_s * 3600, 1) if self.wall_s else 0.0,
            video_per_wall=round(length_s / self.wall_s, 4) if self.wall_s else 0.0,
            stages=total_stages(predicted),
            failures=failures,
            cards=group_cards(well),
        )

    def _take(self, outcome: Outcome, wall_s: float) -> None:
        self.finished[outcome.key] = outcome.video
        self.outcomes.append(outcome)
        self.first_s = self.first_s or wall_s
        self.wall_s = wall_s

    def _describe_pace(self) -> str:
        failed = sum(bool(outcome.video.failure) for outcome in self.outcomes)
        length_s = sum(outcome.video.duration_s for outcome in self.outcomes)
        pace = f"{length_s / self.wall_s:.2f} s of video a second" if self.wall_s else ""
        return f"{pace}, {failed} failed" if failed else pace


@contextmanager
def _hold(work: Path, lock: str) -> Iterator[None]:
    """Take turns with another call that does the same. UserError where the folder cannot be made."""
    check_folder_target(work).mkdir(parents=True, exist_ok=True)
    with hold_lock(work / lock):
        yield


def _read_finished(tasks: Sequence[Task], work: Path, failed_too: bool = False) -> dict[str, FinishedVideo]:
    """The finished videos of tasks by key; failed ones are tried again, unless they are asked for."""
    found = {task.key: read_finished(task.find_file(work)) for task in tasks}
    return {key: video for key, video in found.items() if video is not None and (failed_too or not video.failure)}
