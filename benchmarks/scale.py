"""Many short films through every engine in one run: the same lake, what an engine costs, and what a kill costs.

    python -m benchmarks.scale [--films 200] [--seconds 2] [--workers 2] [--engines pool ray daft] [--alone]
        [--raylets] [--kills]

Makes films of moving colours, and runs `predict-many` over them once for each engine, with `--alone` also with one
worker. An engine's overhead is its pace after the first video against the pool's with as many workers. Lakes must be
equal byte for byte, or no figure is printed. `--raylets` has Ray run on two raylets as on two machines, too. `--kills`
ends a driver, in another run a worker, and in a third one of the two raylets, with `kill -9` when a third of the films
is done, goes on, and compares again. Memory is that of the command with all its processes, asked for every second: the
largest of the last third of a run against that of the middle third. Engines that are not installed are named, never
left out silently.
"""

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from ag_core.annotations.lake.folder import read_manifest
from ag_core.bulk.engines import DAFT, ENGINES, POOL, RAY
from ag_core.bulk.run import find_work_folder
from ag_core.video.frames import HOME_WORLD_MARK
from benchmarks.raylets import start_raylets
from benchmarks.report import machine

RATE, SIZE_WH = 12, (240, 136)


@dataclass(frozen=True)
class EngineRun:
    """One finished command.

    report, fingerprint  of the run and of its lake; wall_s: seconds of the whole command
    memory               bytes, second by second
    ended_s              when the finished file of each film appeared, ascending
    """

    report: dict[str, Any]
    fingerprint: str
    wall_s: float
    memory: list[int]
    ended_s: list[float]

    @property
    def pace_s(self) -> float:
        """Seconds a video, after the first."""
        done = int(str(self.report["predicted"])) - 1
        return (float(str(self.report["wall_s"])) - float(str(self.report["first_s"]))) / max(done, 1)

    @property
    def growth(self) -> float:
        """The largest memory of the last third of the run against that of the middle third."""
        third = len(self.memory) // 3
        return max(self.memory[-third:]) / max(self.memory[third : 2 * third]) if third else float("nan")

    @property
    def slowing(self) -> float:
        """The time that the last third of the films took against that of the middle third."""
        third = len(self.ended_s) // 3
        first, second, last = (self.ended_s[at] for at in (-1 - 2 * third, -1 - third, -1))
        return (last - second) / (second - first) if third else float("nan")


@dataclass(frozen=True)
class Plan:
    """Which runs are made. alone: with one worker, too; raylets: Ray on two; kills: with a process killed, too."""

    engines: Sequence[str]
    workers: int
    alone: bool
    raylets: bool
    kills: bool


def write_films(folder: Path, count: int, seconds: float) -> None:
    """Films of moving colours that say they are the home world's, each another."""
    folder.mkdir(parents=True)
    x, y = np.meshgrid(np.arange(SIZE_WH[0]), np.arange(SIZE_WH[1]))
    for number in range(count):
        with av.open(str(folder / f"F{number:05}.mp4"), "w") as container:
            container.metadata["comment"] = HOME_WORLD_MARK
            stream = container.add_stream("libx264", rate=RATE)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height, stream.pix_fmt = *SIZE_WH, "yuv420p"
            for at in range(round(RATE * seconds)):
                colours = np.stack([x + 5 * at + number, y + 3 * at, x + y + 7 * number], axis=-1) % 256
                container.mux(stream.encode(av.VideoFrame.from_ndarray(colours.astype(np.uint8), format="rgb24")))
            container.mux(stream.encode())


def start(
    films: Path | str, lake: Path, engine: str, workers: int, log_path: Path | None = None, address: str | None = None
) -> "subprocess.Popen[bytes]":
    """Start the command; what it says goes to a log beside the lake unless another is named."""
    command = [sys.executable, "-m", "ag_core", "predict-many", str(films), "--out", str(lake), "--device", "cpu"]
    options = ["--engine", engine, "--workers", str(workers), *(() if address is None else ("--address", address))]
    log = (log_path or lake.with_suffix(".log")).open("ab")
    alike = os.environ | {"RAY_worker_niceness": "0"}  # Ray's workers would make way for all others
    return subprocess.Popen([*command, *options], stdout=log, stderr=log, env=alike)


def finish(process: "subprocess.Popen[bytes]", lake: Path, root: int | None = None) -> EngineRun:
    """Wait for the command, asking for the memory of it, or of another process, with all below on the way."""
    began, memory = time.perf_counter(), []
    while process.poll() is None:
        memory.append(sum(map(read_memory, list_processes(root or process.pid))))
        time.sleep(1)
    if process.returncode:
        raise SystemExit(f"the command ended with {process.returncode}; see {lake.with_suffix('.log')}")
    report = json.loads(lake.with_name(f"{lake.name}.report.json").read_text())
    wall_s = time.perf_counter() - began
    ended = sorted(path.stat().st_mtime for path in find_work_folder(lake).glob("??/*.parquet"))
    return EngineRun(report, read_manifest(lake).fingerprint, wall_s, memory, ended)


def list_processes(pid: int) -> list[int]:
    """A process and all below it."""
    below = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return [pid, *(one for child in below for one in list_processes(child))]


def read_memory(pid: int) -> int:
    """Bytes of a process in memory that it shares with nobody; 0 for one that is gone."""
    try:
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
    except OSError:
        return 0
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def kill_in_the_middle(
    films: Path, lake: Path, engine: str, workers: int, count: int, choose: Callable[[int], int]
) -> EngineRun:
    """Run until a third is finished, kill one process, and go on with the same command where the driver was killed."""
    process = start(films, lake, engine, workers)
    wait_for_a_third(process, lake, count)
    victim = choose(process.pid)
    os.kill(victim, signal.SIGKILL)
    if victim == process.pid:
        process.wait()
        process = start(films, lake, engine, workers)
    return finish(process, lake)


def wait_for_a_third(process: "subprocess.Popen[bytes]", lake: Path, count: int) -> None:
    """Until a third of the films is finished; SystemExit where the command ends before."""
    work = find_work_folder(lake)
    while len(list(work.glob("??/*.parquet"))) < max(count // 3, 1):
        if process.poll() is not None:
            raise SystemExit(f"the command ended before a third was done; see {lake.with_suffix('.log')}")
        time.sleep(0.1)


def run_on_raylets(films: Path, lake: Path, workers: int, count: int, kill: bool) -> EngineRun:
    """Ray on two raylets; one of them is killed when a third is done, if it is to be."""
    with start_raylets(workers) as (address, kill_one):
        process = start(films, lake, RAY, workers, address=address)
        if kill:
            wait_for_a_third(process, lake, count)
            kill_one()
        return finish(process, lake, os.getpid())


def find_worker(driver: int) -> int:
    """A process below the driver that holds models: the one with the most memory."""
    return max(list_processes(driver)[1:], key=read_memory)


def _run_each(films: Path, out: Path, plan: Plan) -> Iterator[tuple[str, EngineRun]]:
    """Every run by its name; those with a kill come last."""
    workers, count = plan.workers, len(list(films.iterdir()))
    for engine in plan.engines:
        for n in dict.fromkeys((1, workers) if plan.alone and engine != DAFT else (workers,)):
            lake = out / f"{engine}-{n}"
            yield f"{engine}, {n} worker{'s' * (n > 1)}", finish(start(films, lake, engine, n), lake)
    if plan.raylets:
        yield "ray, two raylets", run_on_raylets(films, out / "raylets", workers, count, kill=False)
    if plan.raylets and plan.kills:
        killed = run_on_raylets(films, out / "raylets-killed", workers, count, kill=True)
        yield "ray, one of two raylets killed", killed
    for engine in plan.engines if plan.kills else ():
        for victim, choose in (("driver", lambda pid: pid), ("worker", find_worker)):
            lake = out / f"{engine}-killed-{victim}"
            yield f"{engine}, its {victim} killed", kill_in_the_middle(films, lake, engine, workers, count, choose)


def run_all(films: Path, out: Path, plan: Plan) -> list[str]:
    """Lines of a Markdown table; SystemExit where lakes differ."""
    runs: dict[str, EngineRun] = {}
    for name, run in _run_each(films, out, plan):
        runs[name] = run
        print(f"{name}: {run.pace_s:.3g} s a video, {run.wall_s:.0f} s", file=sys.stderr, flush=True)
    if len({run.fingerprint for run in runs.values()}) > 1:
        raise SystemExit(f"lakes differ: { {name: run.fingerprint[:8] for name, run in runs.items()} }")
    heads = (
        "s a video | against the pool | last third to middle | whole command | failed | memory, last third to middle"
    )
    lines = [f"| run | {heads} |", "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    pools = {run.report["workers"]: run for name, run in runs.items() if name.startswith(POOL) and "killed" not in name}
    for name, run in runs.items():
        memory = f"{max(run.memory) / 1e6:,.0f} MB"
        figures = ["", "", "", f"{run.wall_s:.0f} s", str(run.report["failed"]), memory]
        if "killed" not in name:
            pool = pools.get(run.report["workers"])
            ratio = "" if pool is None else f"{run.pace_s / pool.pace_s:.2f}x"
            figures = [f"{run.pace_s:.3g}", ratio, f"{run.slowing:.2f}x", *figures[3:5], f"{memory}, {run.growth:.2f}x"]
        lines.append(f"| {name} | {' | '.join(figures)} |")
    return [*lines, "", f"All {len(runs)} lakes are equal, byte for byte."]


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a film (default %(default)s)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    parser.add_argument("--alone", action="store_true", help="pool and Ray with one worker, too")
    parser.add_argument("--raylets", action="store_true", help="Ray on two raylets as on two machines, too")
    parser.add_argument("--kills", action="store_true", help="kill -9 a driver, a worker, a raylet in the middle, too")
    options = parser.parse_args()
    missing = [e for e in options.engines if e != POOL and importlib.util.find_spec(e) is None]
    engines = [engine for engine in options.engines if engine not in missing]
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        films = Path(folder) / "films"
        write_films(films, options.films, options.seconds)
        raylets = options.raylets and RAY in engines
        lines = run_all(films, Path(folder), Plan(engines, options.workers, options.alone, raylets, options.kills))
    print(f"{machine()} {options.films} films of {options.seconds:g} s, demo models, one thread a worker.\n")
    print("\n".join(lines))
    if missing:
        print(f"Not installed, so not measured: {', '.join(missing)}.")


if __name__ == "__main__":
    main()
