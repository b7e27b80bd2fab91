"""What befalls a work at a moment: it is killed, its disk is full, a folder is read-only, another does the same work.

Each function takes a work, prepared folders and a moment, and says what is wrong afterwards, or nothing. Unix only;
a full disk and a read-only folder need the rights of an administrator.
"""

import ctypes
import os
import random
import shutil
import signal
import struct
import subprocess
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ag_core.files import is_unfinished
from ag_core.settings import settings
from benchmarks.damage.isolation import captured_output
from benchmarks.damage.works import BROKEN, Work

TRACEBACK_CODE = 99

Run = Callable[[Path, Path], int]


@dataclass(frozen=True)
class Bench:
    """A work with its inputs, what an undisturbed run makes, what was there before, and how long and large it is."""

    work: Work
    folder: Path
    older: str | None
    newer: str
    seconds: float
    kilobytes: int

    @property
    def inputs(self) -> Path:
        """What the work reads."""
        return self.folder / "inputs"

    def make_place(self, name: str) -> Path:
        """A folder for the product, with the older product in it, and a home beside it."""
        place = self.folder / name
        shutil.copytree(self.folder / "older", place / "out")
        (place / "home").mkdir()
        return place


def set_up(work: Work, folder: Path) -> Bench:
    """Prepare the inputs, an older product, and an undisturbed one."""
    for name in ("inputs", "older", "undisturbed/out", "undisturbed/home", "older-home"):
        (folder / name).mkdir(parents=True)
    log = folder / "log"
    steps: tuple[Run, ...] = (
        lambda inputs, out: _do(work.prepare, inputs),
        lambda inputs, out: _do(work.older, inputs, out),
    )
    for step in steps:
        wait_for(start(step, folder / "inputs", folder / "older", folder / "older-home", log))
    # Twice: the first one fills caches of compiled code, the second is timed.
    for _ in range(2):
        shutil.rmtree(folder / "undisturbed")
        shutil.copytree(folder / "older", folder / "undisturbed" / "out")
        (folder / "undisturbed" / "home").mkdir()
        began = time.monotonic()
        child = start(work.run, folder / "inputs", folder / "undisturbed" / "out", folder / "undisturbed" / "home", log)
        code = wait_for(child)
        seconds = time.monotonic() - began
    newer, older = work.product(folder / "undisturbed" / "out"), work.product(folder / "older")
    if code != 0 or newer in (None, BROKEN, older):
        raise RuntimeError(f"{work.name} does not work undisturbed: {code}, {log.read_text()[-2000:]}")
    assert newer is not None
    kilobytes = int(subprocess.run(["du", "-sk", folder / "undisturbed"], capture_output=True).stdout.split()[0])
    return Bench(work, folder, older, newer, seconds, kilobytes)


def _do(work: Callable[..., None], *folders: Path) -> int:
    work(*folders)
    return 0


def start(run: Run, inputs: Path, out: Path, home: Path, log: Path, powerless: bool = False) -> int:
    """Do a work in a child process; its id. `powerless`: rights of files count, as for who is no administrator."""
    child = os.fork()
    if child:
        return child
    code = TRACEBACK_CODE
    try:
        os.setpgid(0, 0)
        if powerless:
            _give_up_power()
        os.environ |= {"AG_HOME": str(home), "TMPDIR": str(home)}
        settings.cache_clear()
        with captured_output(log):
            try:
                code = run(inputs, out)
            except BaseException:
                traceback.print_exc()
    finally:
        os._exit(code)


def _give_up_power() -> None:
    """From now on the rights of files count for this process, though it is the administrator's."""
    system = ctypes.CDLL(None, use_errno=True)
    head = struct.pack("=Ii", 0x20080522, 0)
    sets = ctypes.create_string_buffer(24)
    if system.capget(head, sets) != 0:
        raise OSError(ctypes.get_errno(), "capget")
    words = list(struct.unpack("=6I", sets.raw))
    words[0] &= ~0b110  # effective: the rights to write and to read whatever a file's mode says
    words[1] &= ~0b110  # permitted
    if system.capset(head, struct.pack("=6I", *words)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def wait_for(child: int) -> int:
    """The exit code of a child; minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(bench: Bench, place: Path, draw: random.Random) -> str:
    """Killed without warning, then done again."""
    out, log = place / "out", place / "log"
    child = start(bench.work.run, bench.inputs, out, place / "home", log)
    time.sleep(draw.uniform(0, bench.seconds))
    os.killpg(child, signal.SIGKILL)
    wait_for(child)
    wrong = _judge(bench, out, allowed=(bench.older, bench.newer))
    return wrong or _do_again(bench, place)


def fill_disk_at(bench: Bench, place: Path, draw: random.Random) -> str:
    """On a disk with less room than the work needs, or just enough; then done again on a larger one."""
    disk, log = place / "disk", place / "log"
    disk.mkdir()
    size = int(draw.uniform(0.02, 1.3) * bench.kilobytes) + 8
    _run("mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk)
    try:
        try:
            shutil.copytree(place / "out", disk / "out")
            (disk / "home").mkdir()
        except (OSError, shutil.Error):
            return ""  # no room even for what was there before
        code = wait_for(start(bench.work.run, bench.inputs, disk / "out", disk / "home", log))
        wrong = _judge_code(code, log) or _judge(
            bench, disk / "out", allowed=(bench.newer,) if code == 0 else (bench.older,)
        )
        _run("mount", "-o", f"remount,size={20 * bench.kilobytes + 100_000}k", disk)
        return wrong or _do_again(bench, disk, log)
    finally:
        _run("umount", "-l", disk)


def forbid_at(bench: Bench, place: Path, draw: random.Random) -> str:
    """The app's home, or the folder of the product, turns read-only for a person without special rights."""
    out, home, log = place / "out", place / "home", place / "log"
    which = draw.choice((home, home, out))
    moment = draw.uniform(-0.5, 1) * bench.seconds  # below 0: from the beginning
    if moment < 0:
        _run("chmod", "-R", "a-w", which)
    child = start(bench.work.run, bench.inputs, out, home, log, powerless=True)
    time.sleep(max(0, moment))
    _run("chmod", "-R", "a-w", which)
    code = wait_for(child)
    _run("chmod", "-R", "u+w", which)
    if which == home and code != 0:
        return f"with a read-only home: exit code {code}, {_read_end(log)}"
    wrong = _judge_code(code, log) or _judge(bench, out, allowed=(bench.newer,) if code == 0 else (bench.older,))
    return wrong or _do_again(bench, place)


def race_at(bench: Bench, place: Path, draw: random.Random) -> str:
    """Two do the same work at once, the second beginning a moment later."""
    out, logs = place / "out", (place / "log", place / "log of the second")
    first = start(bench.work.run, bench.inputs, out, place / "home", logs[0])
    time.sleep(draw.uniform(0, bench.seconds))
    second = start(bench.work.run, bench.inputs, out, place / "home", logs[1])
    codes = [wait_for(first), wait_for(second)]
    for code, log in zip(codes, logs):
        if wrong := _judge_code(code, log):
            return wrong
    if codes != [0, 0]:
        return f"of two writers one was refused: {[_read_end(log) for log in logs]}"
    return _judge(bench, out, allowed=(bench.newer,))


FAULTS: dict[str, Callable[[Bench, Path, random.Random], str]] = {
    "kill": kill_at,
    "full disk": fill_disk_at,
    "read-only": forbid_at,
    "two writers": race_at,
}


def may_mount() -> bool:
    """Whether this process may mount a disk and act as another user."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    probe = Path("/tmp") / f"mount-probe-{os.getpid()}"
    probe.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", probe)
        _run("umount", probe)
    except (subprocess.CalledProcessError, OSError):
        return False
    finally:
        probe.rmdir()
    return True


def _do_again(bench: Bench, place: Path, log: Path | None = None) -> str:
    """The work once more, undisturbed: its product must be the undisturbed one, and nothing half-written may stay."""
    log = log or place / "log"
    code = wait_for(start(bench.work.again, bench.inputs, place / "out", place / "home", log))
    if code != 0:
        return f"done again: exit code {code}, {_read_end(log)}"
    if wrong := _judge(bench, place / "out", allowed=(bench.newer,)):
        return f"done again: {wrong}"
    left = [path.name for folder in ("out", "home") for path in (place / folder).rglob("*") if is_unfinished(path)]
    return f"half-written files stayed: {left}" if left else ""


def _judge(bench: Bench, out: Path, allowed: tuple[str | None, ...]) -> str:
    found = bench.work.product(out)
    if found in allowed:
        return ""
    names = {
        bench.older: "the older product",
        bench.newer: "the newer product",
        None: "nothing",
        BROKEN: "a broken one",
    }
    return f"{names.get(found, 'something else')} is there instead of {' or '.join(names[one] for one in allowed)}"


def _judge_code(code: int, log: Path) -> str:
    """Wrong unless the work was done, or refused with a sentence."""
    said = log.read_text(errors="replace") if log.exists() else ""
    if "Traceback" in said or code not in (0, 1):
        return f"exit code {code}: {_read_end(log)}"
    return "" if code == 0 or "error: " in said else f"refused without a word: {_read_end(log)}"


def _read_end(log: Path) -> str:
    return log.read_text(errors="replace")[-700:] if log.exists() else ""


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
