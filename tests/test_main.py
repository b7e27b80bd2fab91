"""The program around the commands: what it does where nobody reads, or the terminal cannot write, what it prints."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ag_core.__main__ import main
from ag_core.progress import Progress
from ag_core.settings import PROJECT


def fill_tables(folder: Path, name: str, stdout: int, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the lightest command, which prints one line with the name of its document."""
    (folder / name).write_text("nothing to fill")
    (folder / "log.jsonl").write_text("")
    command = [sys.executable, "-m", "ag_core", "fill-tables", name, "--log", "log.jsonl"]
    given = os.environ | {"PYTHONPATH": str(PROJECT)} | environment
    return subprocess.run(command, cwd=folder, stdout=stdout, stderr=subprocess.PIPE, env=given)


def test_the_options_of_all_commands_are_told_without_loading_what_they_use() -> None:
    program = (
        "import sys; from ag_core.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('loaded', *sorted(name for name in sys.modules if '.' not in name))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.rpartition("loaded ")[2].split())
    assert loaded and not loaded & {"torch", "numpy", "duckdb", "pandas", "pyarrow", "streamlit", "av", "cv2"}


@pytest.mark.slow
def test_a_reader_that_has_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    inlet, outlet = os.pipe()
    os.close(inlet)
    done = fill_tables(tmp_path, "a.md", outlet)
    os.close(outlet)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.slow
def test_a_name_that_the_terminal_cannot_write_is_printed_in_its_letters(tmp_path: Path) -> None:
    done = fill_tables(tmp_path, "ü.md", subprocess.PIPE, PYTHONIOENCODING="ascii:strict")
    assert (done.returncode, done.stdout) == (0, b"0 tables filled in \\xfc.md\n")


def test_an_interruption_waits_while_a_film_is_made_and_ends_it_at_the_next_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compilers turn a KeyboardInterrupt into another error, or swallow it."""
    told = []

    def make(order: object, folder: Path, progress: Progress) -> Path:
        os.kill(os.getpid(), signal.SIGINT)
        told.append("compiled")
        progress("composing the scene", 1, 1)
        raise AssertionError("goes on after an interruption")

    monkeypatch.setattr("ag_core.world.ordered_film.make_ordered_film", make)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # another test may have left its own
    assert main(["film", "--seed", "7", "--actions", "c059", "--out", str(tmp_path)]) == 130
    assert told == ["compiled"] and "interrupted; what was finished is kept" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
