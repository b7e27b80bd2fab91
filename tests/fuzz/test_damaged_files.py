"""Damaged files, some of the hundreds that benchmarks/damaged_files.py tries: an answer without anything
impossible in it, or one sentence.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from ag_core.settings import PROJECT
from benchmarks.damage.containers import list_elements
from benchmarks.damage.media import KINDS, damage_media, make_media


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [("media", "--count", "12"), ("data", "--count", "5")], ids=lambda given: given[0]
)
def test_damaged_files_are_answered_or_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    script = str(PROJECT / "benchmarks" / "damaged_files.py")
    command = [sys.executable, script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_same_seed_makes_the_same_file() -> None:
    assert damage_media(11) == damage_media(11)
    assert damage_media(11) != damage_media(12)


def test_the_elements_of_a_whole_file_fill_it() -> None:
    for index, kind in enumerate(KINDS):
        content = make_media(index)
        outer = [element for element in list_elements(content) if not element.inside]
        if kind.ending in ("mp4", "mov", "mkv", "webm", "avi"):
            assert sum(element.size for element in outer) == len(content)
