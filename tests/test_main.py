"""The program around the commands: what it does where nobody reads, or the terminal cannot write, what it prints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
