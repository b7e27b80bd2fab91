"""A child process that takes and gives JSON lines, seen by its parent: start, speak, listen, end."""

import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import ag_core
from ag_core.errors import UserError
from ag_core.jobs.messages import Message, read_message, write_message

STOP_TIMEOUT_S = 8.0


class JsonLinesProcess:
    """One started process. It shall end when its stdin closes, so that it never outlives its parent.

    log: the file for its stderr, written anew; without it, or where it cannot be written, stderr goes nowhere.
    environment: added to this process's. OSError where the program cannot be started.
    """

    def __init__(
        self, command: Sequence[str], log: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        with _open_log(log) as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | find_package() | dict(environment or {}),
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input: IO[bytes] = self._process.stdin
        self._output: IO[bytes] = self._process.stdout
        self._sending = threading.Lock()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def send(self, **fields: Any) -> bool:
        """Send one message; False where the process is gone. May be called while another thread receives."""
        with self._sending:
            try:
                write_message(self._input, fields)
            except (OSError, ValueError):
                return False
        return True

    def receive(self, timeout_s: float | None = None) -> Message | None:
        """Wait for the next message; None where the process ended. One that stays silent so long is killed."""
        if timeout_s is None:
            return read_message(self._output)
        killer = threading.Timer(timeout_s, self._process.kill)
        killer.daemon = True
        killer.start()
        try:
            return read_message(self._output)
        finally:
            killer.cancel()

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait until it has ended; its exit code. subprocess.TimeoutExpired where it goes on."""
        return self._process.wait(timeout_s)

    def stop(self) -> None:
        """Close its stdin, which ends it; kill it where it does not listen. Its last messages can still be received."""
        with suppress(OSError):
            self._input.close()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Kill it where it still runs, and close the pipes."""
        self.kill()
        for pipe in (self._input, self._output):
            with suppress(OSError):
                pipe.close()


def _open_log(log: Path | None) -> IO[bytes]:
    """A new log, or what takes all and keeps nothing: a full disk must not keep a process from starting."""
    if log is not None:
        with suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True)
            return log.open("wb")
    return Path(os.devnull).open("wb")


def build_module_command(module: str, *options: str) -> tuple[str, ...]:
    """The command that runs a module of this package with this Python, wherever it is called from."""
    return (sys.executable, "-m", module, *options)


def run_command(*options: str, timeout_s: float) -> str:
    """Run a command of this project in a process of its own, and return what it printed.

    UserError with its sentence where it refused, and where it did not end in time.
    """
    try:
        done = subprocess.run(
            build_module_command("ag_core", *options),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            env=os.environ | find_package(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"`{options[0]}` did not end within {timeout_s:g} s; try again when less is going on") from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"`{options[0]}` ended without a word"]
        raise UserError(said[-1].removeprefix("error: "))
    return done.stdout.strip()


def find_package() -> dict[str, str]:
    """Environment with which a child finds this package from any folder, also where it is not installed."""
    home = Path(ag_core.__file__).parent.parent
    if home in {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}:
        return {}
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(home), os.environ.get("PYTHONPATH"))))}
