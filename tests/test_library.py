"""The public face: complete, light to import, and as docs/library.md shows it."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ag_core

ROOT = Path(__file__).parent.parent


def test_every_public_name_is_there() -> None:
    assert dir(ag_core) == sorted(ag_core.__all__)
    for name in ag_core.__all__:
        assert getattr(ag_core, name) is not None


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse((ROOT / "ag_core" / "__init__.py").read_text())
    [typed] = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.name: node.module.removeprefix("ag_core.")
        for node in typed.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert seen == ag_core._MODULES


def test_importing_it_loads_nothing_heavy() -> None:
    program = "import sys, ag_core; print(*sorted(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "numpy", "duckdb", "pandas", "streamlit", "av", "cv2"}


@pytest.mark.slow
def test_the_page_runs_as_it_stands(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AG_")}
    environment |= {"AG_HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "passive"}
    command = [sys.executable, "-m", "doctest", str(ROOT / "docs" / "library.md")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
