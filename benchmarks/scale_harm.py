"""What harm does to `predict-many` with real models: nothing lost, nothing twice, and a report that says what happened.

    python -m benchmarks.scale_harm [--films 12] [--seconds 1] [--workers 2] [--engines pool ray daft]

Each engine meets, with films as in `benchmarks.scale`: its driver killed in the middle, a worker killed, a film in the
middle that is no video, a disk that is full until it is made larger (a file system in memory; it takes root), and a
server of files that refuses every tenth request. A cell holds when the lake is, byte for byte, that of a run without
harm over the same source, when every film has one finished file, and when the report counts right. Nothing here is a
figure of speed.
"""

import argparse
import functools
import http.server
import importlib.util
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ag_core.bulk.engines import ENGINES, POOL
from ag_core.bulk.run import find_work_folder
from benchmarks.scale import EngineRun, find_worker, finish, kill_in_the_middle, start, write_films

SMALL_DISK_KB = 100
UNREADABLE = "F00003.mp4"


@dataclass(frozen=True)
class Cell:
    """What became of a run under one kind of harm: what is wrong, nothing where it holds."""

    harm: str
    engine: str
    wrong: tuple[str, ...]
    note: str = ""

    def __str__(self) -> str:
        verdict = "; ".join(self.wrong) if self.wrong else "holds"
        return f"| {self.harm} | {self.engine} | {verdict} | {self.note} |"


def check(run: EngineRun, quiet: EngineRun, lake: Path, films: int, failed: int = 0) -> tuple[str, ...]:
    """What is wrong with a run beside the quiet one."""
    report, finished = run.report, len(list(find_work_folder(lake).glob("??/*.parquet")))
    counted = int(str(report["predicted"])) + int(str(report["finished_before"])) + int(str(report["failed"]))
    facts = {
        "another lake than without harm": run.fingerprint == quiet.fingerprint,
        f"the report says {report['state']}": report["state"] == "complete",
        f"the report counts {counted} of {films} films": counted == films,
        f"the report has {report['failed']} failures, not {failed}": report["failed"] == failed,
        f"{finished} finished files for {films} films": finished == films,
    }
    return tuple(sentence for sentence, holds in facts.items() if not holds)


class FailingServer(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; every tenth request is refused where it is told so."""

    asked, every = 0, 0

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer, or refuse."""
        kind = type(self)
        kind.asked += 1
        if kind.every and kind.asked % kind.every == 0:
            self.send_error(503)
        else:
            super().do_GET()


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """A folder at an address of this machine."""
    handler = functools.partial(FailingServer, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@contextmanager
def mount_small_disk(folder: Path) -> Iterator[Callable[[], None]]:
    """A folder on a disk of SMALL_DISK_KB, and what makes it large. OSError where this machine does not let us."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_KB}k", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise OSError(error.stderr.decode().strip()) from None

    def make_larger() -> None:
        subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)

    try:
        yield make_larger
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill_disk(films: Path, folder: Path, engine: str, workers: int, quiet: EngineRun, count: int) -> Cell:
    """A run on a disk that is too small, and the same command when there is room."""
    harm = "disk full, then larger"
    try:
        with mount_small_disk(folder) as make_larger:
            lake = folder / "lake"
            first = start(films, lake, engine, workers, folder.with_suffix(".log"))
            code = first.wait()
            before = len(list(find_work_folder(lake).glob("??/*.parquet")))
            said = folder.with_suffix(".log").read_text()
            make_larger()
            run = finish(start(films, lake, engine, workers, folder.with_suffix(".log")), lake)
            wrong = check(run, quiet, lake, count)
            wrong += () if code else ("the first run did not end with an error",)
            wrong += () if "the disk is full" in said else ("nothing is said of the disk",)
            return Cell(harm, engine, wrong, f"{before} of {count} films before")
    except OSError as error:
        return Cell(harm, engine, (), f"not tried: {error}")


def try_engine(films: Path, out: Path, engine: str, workers: int, quiet: EngineRun) -> Iterator[Cell]:
    """Every kind of harm, one after the other."""
    count = len(list(films.iterdir()))
    for victim, choose in (("driver", lambda pid: pid), ("worker", find_worker)):
        lake = out / f"{engine}-{victim}"
        run = kill_in_the_middle(films, lake, engine, workers, count, choose)
        before = f"{run.report['finished_before']} of {count} films before" if victim == "driver" else ""
        yield Cell(f"{victim} killed", engine, check(run, quiet, lake, count), before)
    yield fill_disk(films, out / f"{engine}-disk", engine, workers, quiet, count)

    damaged = out / f"{engine}-damaged"
    shutil.copytree(films, damaged)
    (damaged / UNREADABLE).write_bytes((damaged / UNREADABLE).read_bytes()[:600])
    first, again = (
        finish(start(damaged, lake, engine, workers), lake)
        for lake in (out / f"{engine}-damaged-1", out / f"{engine}-damaged-2")
    )
    named = [failure["file"] for failure in first.report["failures"]]
    wrong = check(first, again, out / f"{engine}-damaged-1", count, failed=1)
    wrong += () if named == [UNREADABLE] else (f"the report names {named}",)
    yield Cell("an unreadable film", engine, wrong, "beside a second run")

    with serve(films) as address:
        FailingServer.every = 0
        calm = finish(start(address, out / f"{engine}-calm", engine, workers), out / f"{engine}-calm")
        FailingServer.asked, FailingServer.every = 0, 10
        run = finish(start(address, out / f"{engine}-failing", engine, workers), out / f"{engine}-failing")
        refused = FailingServer.asked // 10
        yield Cell(
            "every tenth request refused",
            engine,
            check(run, calm, out / f"{engine}-failing", count),
            f"{refused} of {FailingServer.asked} requests",
        )


def measure(films: int, seconds: float, workers: int, engines: Sequence[str]) -> Iterator[Cell]:
    """What harm does to every engine."""
    with tempfile.TemporaryDirectory(prefix="harm-") as folder:
        out = Path(folder)
        write_films(out / "films", films, seconds)
        quiet = finish(start(out / "films", out / "quiet", POOL, workers), out / "quiet")
        for engine in engines:
            yield from try_engine(out / "films", out, engine, workers, quiet)


def main() -> None:
    """Try everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=ENGINES)
    options = parser.parse_args()
    missing = [e for e in options.engines if e != POOL and importlib.util.find_spec(e) is None]
    engines = [engine for engine in options.engines if engine not in missing]
    print("| harm | engine | what is wrong | |\n| --- | --- | --- | --- |")
    wrong = 0
    for cell in measure(options.films, options.seconds, options.workers, engines):
        print(cell, flush=True)
        wrong += bool(cell.wrong)
    if missing:
        print(f"Not installed, so not tried: {', '.join(missing)}.")
    if wrong:
        raise SystemExit(f"{wrong} cells do not hold")


if __name__ == "__main__":
    main()
