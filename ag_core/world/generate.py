"""Makes a data set of the home world: plans every video, draws them in several processes, writes the set's files.

A killed run goes on where it stopped: a video is complete once its truth is there. Ids and seeds follow from the
set's seed and the index of the video alone, so the same set comes from any number of processes and of calls.
"""

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.files import remove_leftovers, write_atomically
from ag_core.progress import Progress
from ag_core.video.transcode import LARGE
from ag_core.world.render_cost import FOLDERS, Stopwatch, sum_costs

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ID_LENGTH = 5
N_IDS = len(LETTERS) ** ID_LENGTH
ID_STEP = 28_629_151
"""Coprime to the number of ids, so that different numbers give different ids that do not look alike."""
SEEDS_A_SET = 1_000_000
OFFSETS = {"train": 0, "val": SEEDS_A_SET // 2}
"""Where the seeds of a split begin. Even: seeds of val alternate between its parts iid and comp."""
MAX_A_SPLIT = SEEDS_A_SET // 2
ENDURED_SHARE = 0.05
"""Up to this share of the videos may fail to be drawn; the set is then complete without them and names them."""

"""Told how many videos are there, of how many, and the seconds since the start."""


@dataclass(frozen=True)
class Task:
    """One video of the plan."""

    video_id: str
    profile: str
    split: str
    seed: int
    fps: float | None = None  # the film's own where it is None
    large: bool = False  # also with twice the pixels a side, to look at


def make_video_id(number: int) -> str:
    """Five characters A-Z, 0-9 for a number; two numbers less than 36^5 apart never share one."""
    rest, letters = (number + 1) * ID_STEP % N_IDS, ""
    for _ in range(ID_LENGTH):
        rest, letter = divmod(rest, len(LETTERS))
        letters = LETTERS[letter] + letters
    return letters


def plan_videos(profile: str, counts: Mapping[str, int], seed: int, fps: float | None = None) -> list[Task]:
    """All videos of a set, train first. counts: videos a split. No seed serves two videos.

    The generator keeps people, rooms and looks of the splits apart.
    """
    if unknown := sorted(set(counts) - set(OFFSETS)):
        raise UserError(f"split {unknown[0]!r} does not exist; give --split train or --split val")
    if not counts or not all(1 <= count <= MAX_A_SPLIT for count in counts.values()) or seed < 0:
        raise UserError(
            f"a set needs 1 to {MAX_A_SPLIT} videos a split and a seed from 0; give --split, --count, --seed"
        )
    tasks = []
    for split, offset in OFFSETS.items():
        for index in range(counts.get(split, 0)):
            number = seed * SEEDS_A_SET + offset + index
            tasks.append(Task(make_video_id(number), profile, split, number, fps))
    return tasks


def generate(
    out: Path | str,
    profile: str,
    counts: Mapping[str, int],
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
    only: Sequence[str] = (),
    detected_people: bool = False,
    fps: float | None = None,
    large: bool = False,
) -> dict[str, Any]:
    """Make so many videos of each split in folder `out`, or only some of these by id; returns what its world.json says.

    detected_people: person boxes as a detector would find them, 2 % off and 5 % missed, instead of exact ones.
    fps: frames a second; few show many homes for the work of one film.
    large: each film also with twice the pixels a side, in the folder `large`, which the player shows; truth and models
    have the others.
    The set is whatever is there: a call for train and one for val make the same set as one call for both.
    UserError where the folder holds another set, or too many videos cannot be drawn; what is finished stays.
    """
    from ag_core.world.action_table import list_profile_actions
    from ag_core.world.export import EXACT, LIKE_A_DETECTOR, write_set
    from ag_core.world.film import FPS, GENERATOR_VERSION

    list_profile_actions(profile)  # refuses an unknown one
    out = Path(out)
    fps = None if fps == FPS else fps
    tasks = plan_videos(profile, counts, seed, fps)
    if unknown := sorted(set(only) - {task.video_id for task in tasks}):
        raise UserError(f"the set has no video {unknown[0]}; give --only ids of its plan, or more videos")
    tasks = [replace(task, large=large) for task in tasks if not only or task.video_id in only]
    description = {"world": "home", "profile": profile, "seed": seed, "generator_version": GENERATOR_VERSION}
    description["person_boxes"] = "like a detector's" if detected_people else "exact"
    description |= {"fps": fps or FPS}
    before = _claim(out, description, counts)
    for name in ("", *FOLDERS):
        remove_leftovers(out / name)

    missing = [task for task in tasks if not is_complete(task, out)]
    failed = draw(missing, out, len(tasks), workers or os.cpu_count() or 1, progress)
    if len(failed) > ENDURED_SHARE * len(tasks):
        video_id, reason = next(iter(failed.items()))
        raise UserError(f"{len(failed)} of {len(tasks)} videos cannot be drawn, such as {video_id}: {reason}")

    there = [task.video_id for task in plan_videos(profile, before["planned"], seed, fps) if is_complete(task, out)]
    failed = {k: why for k, why in sorted((before.get("not_drawn", {}) | failed).items()) if k not in there}
    description |= {"planned": before["planned"]} | ({"not_drawn": failed} if failed else {})
    summary = write_set(out, there, description, LIKE_A_DETECTOR if detected_people else EXACT)
    sum_costs(out)
    return summary


def is_complete(task: Task, out: Path) -> bool:
    """Whether a video of the plan is there, and its larger copy where that is wanted; its truth is written last."""
    return _is_drawn(task, out) and not (task.large and not _place_large(task, out).is_file())


def _is_drawn(task: Task, out: Path) -> bool:
    return (out / "dense" / f"{task.video_id}.npz").is_file() and (out / "videos" / f"{task.video_id}.mp4").is_file()


def _place_large(task: Task, out: Path) -> Path:
    return out / LARGE / f"{task.video_id}.mp4"


def _claim(out: Path, description: dict[str, Any], counts: Mapping[str, int]) -> dict[str, Any]:
    """Mark the folder as this set's and note how many videos are planned, or refuse a folder that holds another set.

    Returns what world.json says now; planned is what this and earlier calls asked for, the larger number of a split.
    """
    mark = out / "world.json"
    found = json.loads(mark.read_text(encoding="utf-8")) if mark.is_file() else dict(description)
    from ag_core.world.film import FPS

    found.setdefault("fps", FPS)  # which older sets do not say
    other = [name for name, value in description.items() if found.get(name) != value]
    if other:
        was = ", ".join(f"{name} {found.get(name)}" for name in other)
        raise UserError(f"{out} holds another set ({was}); give another --out or delete that folder")
    earlier = found.get("planned", {})
    splits = [split for split in OFFSETS if split in counts or split in earlier]
    planned = {split: max(counts.get(split, 0), earlier.get(split, 0)) for split in splits}
    if planned != earlier:
        out.mkdir(parents=True, exist_ok=True)
        write_atomically(mark, json.dumps(found | {"planned": planned}, indent=1) + "\n")
    return found | {"planned": planned}


def draw(tasks: list[Task], out: Path, total: int, workers: int, progress: Progress | None) -> dict[str, str]:
    """Draw the videos, one a task, in that many processes (in this one for 1 video or 1 worker).

    Returns why a video could not be drawn, by its id; the others are drawn all the same.
    """
    run, there = time.time(), total - len(tasks)
    failed: dict[str, str] = {}

    def report(done: int) -> None:
        if progress is not None:
            progress("films", there + done, total)

    report(0)
    if workers == 1 or len(tasks) <= 1:
        for done, task in enumerate(tasks, 1):
            try:
                _draw_measured(draw_one, task, out, run)
            except Exception as error:  # one film with a fault must not cost the other hundreds
                failed[task.video_id] = f"seed {task.seed}: {error!r}"
            report(done)
        return failed
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=spawn, initializer=_end_with_parent)
    try:
        task_of = {pool.submit(_draw_measured, draw_one, task, out, run): task for task in tasks}
        for done, future in enumerate(as_completed(task_of), 1):
            fault = future.exception()
            if isinstance(fault, BrokenProcessPool):
                raise UserError(
                    "a worker process was ended, perhaps for lack of memory; start again with fewer --workers"
                ) from None
            if fault is not None and not isinstance(fault, Exception):
                raise fault  # Ctrl-C reached the worker first
            if fault is not None:
                failed[task_of[future].video_id] = f"seed {task_of[future].seed}: {fault!r}"
            report(done)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return failed


def _end_with_parent() -> None:
    """Let a worker end when the process that started it was killed; it would wait for tasks forever otherwise."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def draw_one(task: Task, out: Path) -> float:
    """Draw what is missing of one video of the plan into the folder; returns its length in seconds."""
    from ag_core.world.export import write_film, write_mp4
    from ag_core.world.film import FPS, compose_film

    fps = task.fps or FPS
    film = compose_film(task.profile, task.split, task.seed, fps=fps)
    if task.large:
        size_wh = 2 * film.width, 2 * film.height
        larger = compose_film(task.profile, task.split, task.seed, size_wh=size_wh, fps=fps)
        _place_large(task, out).parent.mkdir(parents=True, exist_ok=True)
        write_mp4(_place_large(task, out), larger.frames(), fps)
    if not _is_drawn(task, out):
        write_film(film, out, task.video_id)
    return film.n_frames / fps


def _draw_measured(drawer: Callable[[Task, Path], float], task: Task, out: Path, run: float) -> None:
    """Draw one video and note what it cost. run: when this run began, in seconds since 1970."""
    watch = Stopwatch(run)
    seconds = drawer(task, out)
    watch.cost(task.video_id, seconds).append_to(out)
