"""Makes a data set of the home world: plans every video, draws them in several processes, writes the set's files.

A killed run goes on where it stopped: a video is complete once its truth is there. Ids and seeds follow from the
set's seed and the place of the video alone, so the same call gives the same set on any number of processes.
"""

import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ag_core.errors import UserError

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ID_LENGTH = 5
N_IDS = len(LETTERS) ** ID_LENGTH
ID_STEP = 28_629_151
"""Coprime to the number of ids, so that different numbers give different ids that do not look alike."""
SEEDS_A_SET = 1_000_000
VAL_OFFSET = SEEDS_A_SET // 2
ENDURED_SHARE = 0.05
"""Up to this share of the videos may fail to be drawn; the set is then complete without them and names them."""

Progress = Callable[[int, int, float], None]
"""Told how many videos are there, of how many, and the seconds since the start."""


@dataclass(frozen=True)
class Task:
    """One video of the plan."""

    video_id: str
    profile: str
    split: str
    seed: int


def video_id_of(number: int) -> str:
    """Five characters A-Z, 0-9 for a number; two numbers less than 36^5 apart never share one."""
    rest, letters = (number + 1) * ID_STEP % N_IDS, ""
    for _ in range(ID_LENGTH):
        rest, letter = divmod(rest, len(LETTERS))
        letters = LETTERS[letter] + letters
    return letters


def plan(profile: str, train: int, val: int, seed: int) -> list[Task]:
    """All videos of a set. No seed serves two videos; the generator keeps people and rooms of the splits apart."""
    if train < 0 or val < 0 or train + val == 0 or max(train, val) > VAL_OFFSET or seed < 0:
        raise UserError(
            f"a set needs 1 to {VAL_OFFSET} videos a split and a seed from 0; give --train, --val and --seed"
        )
    tasks = []
    for split, count, offset in (("train", train, 0), ("val", val, VAL_OFFSET)):
        for place in range(count):
            number = seed * SEEDS_A_SET + offset + place
            tasks.append(Task(video_id_of(number), profile, split, number))
    return tasks


def generate(
    out: Path | str,
    profile: str,
    train: int,
    val: int,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
    only: Sequence[str] = (),
) -> dict[str, Any]:
    """Make the set in folder `out`, or only some videos of it by id; returns what its world.json says.

    UserError where the folder holds another set, or too many videos cannot be drawn; what is finished stays.
    """
    from ag_core.world.export import write_set
    from ag_core.world.film import GENERATOR_VERSION, PROFILES

    if profile not in PROFILES:
        raise UserError(f"profile {profile!r} does not exist; give one of {', '.join(PROFILES)}")
    out = Path(out)
    tasks = plan(profile, train, val, seed)
    if unknown := sorted(set(only) - {task.video_id for task in tasks}):
        raise UserError(f"the set has no video {unknown[0]}; give --only ids of its plan, or more videos")
    tasks = [task for task in tasks if not only or task.video_id in only]
    description = {"world": "home", "profile": profile, "seed": seed, "generator_version": GENERATOR_VERSION}
    _claim(out, description)
    missing = [task for task in tasks if not is_complete(out, task)]
    failed = draw(missing, out, len(tasks), workers or os.cpu_count() or 1, progress)
    if len(failed) > ENDURED_SHARE * len(tasks):
        video_id, reason = next(iter(failed.items()))
        raise UserError(f"{len(failed)} of {len(tasks)} videos cannot be drawn, such as {video_id}: {reason}")
    drawn = [task.video_id for task in tasks if task.video_id not in failed]
    return write_set(out, drawn, description | ({"not_drawn": failed} if failed else {}))


def is_complete(out: Path, task: Task) -> bool:
    """Whether a video of the plan is there; its truth is written last."""
    return (out / "dense" / f"{task.video_id}.npz").is_file() and (out / "videos" / f"{task.video_id}.mp4").is_file()


def _claim(out: Path, description: dict[str, Any]) -> None:
    """Mark the folder as this set's, or refuse one that holds another."""
    mark = out / "world.json"
    if mark.is_file():
        found = json.loads(mark.read_text(encoding="utf-8"))
        other = [name for name, value in description.items() if found.get(name) != value]
        if other:
            was = ", ".join(f"{name} {found.get(name)}" for name in other)
            raise UserError(f"{out} holds another set ({was}); give another --out or delete that folder")
        return
    out.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")


def draw(tasks: list[Task], out: Path, total: int, workers: int, progress: Progress | None) -> dict[str, str]:
    """Draw the videos, one a task, in that many processes (in this one for 1 video or 1 worker).

    Returns why a video could not be drawn, by its id; the others are drawn all the same.
    """
    start, there = time.monotonic(), total - len(tasks)
    failed: dict[str, str] = {}

    def say(done: int) -> None:
        if progress is not None:
            progress(there + done, total, time.monotonic() - start)

    say(0)
    if workers == 1 or len(tasks) <= 1:
        for done, task in enumerate(tasks, 1):
            try:
                draw_one(task, out)
            except Exception as error:  # one film with a fault must not cost the other hundreds
                failed[task.video_id] = f"seed {task.seed}: {error!r}"
            say(done)
        return failed
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=spawn, initializer=_end_with_parent)
    try:
        task_of = {pool.submit(draw_one, task, out): task for task in tasks}
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
            say(done)
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


def draw_one(task: Task, out: Path) -> None:
    """Draw one video of the plan into the folder."""
    from ag_core.world.export import write_film
    from ag_core.world.film import film

    write_film(film(task.profile, task.split, task.seed), out, task.video_id)
