"""Works interrupted at a few of the many moments that benchmarks/interruptions.py tries: old or new, never broken."""

import subprocess
import sys
from pathlib import Path

import pytest

from ag_core.settings import PROJECT


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are forked")
@pytest.mark.parametrize(("work", "moments"), [("predict", 1), ("store", 2), ("train", 2)])
def test_an_interrupted_work_leaves_the_old_or_the_new(work: str, moments: int, tmp_path: Path) -> None:
    script = str(PROJECT / "benchmarks" / "interruptions.py")
    done = subprocess.run(
        [sys.executable, script, "--works", work, "--moments", str(moments)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"{moments} of {moments} as they must be" in done.stdout
