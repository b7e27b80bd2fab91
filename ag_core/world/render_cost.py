"""What it cost to make a set: time, processor seconds, memory and size, added up over all runs that worked on it.

Workers add one line a film to making.jsonl, so a run that is killed has left its share. Nothing here belongs to the
set itself: two equal sets may have cost different amounts.
"""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ag_core.files import write_atomically
from ag_core.video.transcode import LARGE

LINES, SUMMARY = "making.jsonl", "making.json"
FOLDERS = ("videos", LARGE, "dense", "charades", "annotations")
"""Of a set."""
SET_PARTS = (*FOLDERS, "world.json")


@dataclass(frozen=True)
class FilmCost:
    """One drawn film. run: when its run began; at: when it was ready, both in seconds since 1970.

    cpu_s: processor seconds of the worker for this film; seconds: its length; peak_bytes: the most memory the worker
    ever held, 0 where the system does not tell.
    """

    run: float
    at: float
    video_id: str
    cpu_s: float
    seconds: float
    peak_bytes: int

    def append_to(self, folder: Path) -> None:
        """Add the film's line; one short write, which no other process can cut in two."""
        line = json.dumps(asdict(self)) + "\n"
        file = os.open(folder / LINES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


@dataclass(frozen=True)
class RenderCost:
    """Sums over all runs. wall_s: from each run's begin to its last film; files: bytes of the finished set."""

    runs: int
    films: int
    wall_s: float
    cpu_s: float
    cpu_s_a_video_s: float
    peak_bytes_of_a_worker: int
    bytes_on_disk: int

    def describe(self) -> str:
        """For people to read."""
        runs = f"{self.runs} run{'s' * (self.runs != 1)}"
        return (
            f"{self.films:,} films drawn in {runs}: {self.wall_s / 60:.1f} min wall time,"
            f" {self.cpu_s_a_video_s:.2f} CPU seconds a video second, {self.bytes_on_disk / 2**20:.0f} MiB on disk,"
            f" at most {self.peak_bytes_of_a_worker / 2**20:.0f} MiB of memory in a worker"
        )


def sum_costs(folder: Path) -> RenderCost:
    """Sum the lines of a set's folder and write making.json; zeros where nothing was recorded."""
    costs = read_costs(folder)
    ends: dict[float, float] = {}
    for cost in costs:
        ends[cost.run] = max(cost.at, ends.get(cost.run, cost.run))
    cpu_s, seconds = sum(cost.cpu_s for cost in costs), sum(cost.seconds for cost in costs)
    making = RenderCost(
        runs=len(ends),
        films=len(costs),
        wall_s=round(sum(end - run for run, end in ends.items()), 1),
        cpu_s=round(cpu_s, 1),
        cpu_s_a_video_s=round(cpu_s / seconds, 3) if seconds else 0.0,
        peak_bytes_of_a_worker=max((cost.peak_bytes for cost in costs), default=0),
        bytes_on_disk=measure_size(folder),
    )
    write_atomically(folder / SUMMARY, json.dumps(asdict(making), indent=1) + "\n")
    return making


def read_costs(folder: Path) -> list[FilmCost]:
    """All whole lines; one that a kill cut short is left out."""
    costs = []
    path = folder / LINES
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            costs.append(FilmCost(**json.loads(line)))
        except (ValueError, TypeError):
            continue
    return costs


def measure_size(folder: Path) -> int:
    """Bytes of the set's own files."""
    tops = [folder / name for name in SET_PARTS]
    return sum(path.stat().st_size for top in tops for path in (top, *top.rglob("*")) if path.is_file())


def measure_peak_bytes() -> int:
    """The most memory this process ever held; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows has no such module
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


class Stopwatch:
    """Measures one film from here on."""

    def __init__(self, run: float) -> None:
        self.run, self.cpu = run, time.process_time()

    def cost(self, video_id: str, seconds: float) -> FilmCost:
        """What the film has cost so far."""
        return FilmCost(self.run, time.time(), video_id, time.process_time() - self.cpu, seconds, measure_peak_bytes())
