"""A running Streamlit script with a home of its own, and the browser to look at it with."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import ROOT

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
PATIENCE_S = 120


@dataclass(frozen=True)
class Served:
    """A script that is being served: its address, its process, and the file of what it prints."""

    url: str
    pid: int
    log: Path

    def read_memory_mb(self) -> float:
        """What the server and the processes below it hold now, counted once where they share it."""
        return sum(_read_share_mb(pid) for pid in _list_family(self.pid))


@contextmanager
def serve(script: str, home: Path, **environment: str) -> Iterator[Served]:
    """`streamlit run` of a script of the project; it ends with the block. RuntimeError where it does not start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = {**os.environ, "AG_HOME": str(home), "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / script), "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    log = home / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + PATIENCE_S
        while not is_up(f"{url}/_stcore/health"):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the page did not start: {log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield Served(url, process.pid, log)
    finally:
        process.terminate()
        process.wait(timeout=60)


def is_up(url: str) -> bool:
    """Whether a server answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def find_chromium() -> str:
    """AG_CHROMIUM, or the first Chromium on the path; SystemExit where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = os.environ.get("AG_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        raise SystemExit("no Chromium on this computer; install it or set AG_CHROMIUM to its path")
    return found


def _list_family(pid: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    below = children.read_text().split() if children.is_file() else []
    return [pid, *(one for child in below for one in _list_family(int(child)))]


def _read_share_mb(pid: int) -> float:
    """Proportional set size of a process: pages that several hold count in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)
