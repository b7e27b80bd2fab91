"""The wheel carries the whole application, and works from another folder without a checkout."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOON_S = 240.0


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content, unpacked as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def environment(installed: Path, tmp_path: Path) -> dict[str, str]:
    """What a process needs that uses the unpacked wheel and nothing of this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AG_", "PYTHONPATH"))}
    return kept | {"PYTHONPATH": str(installed), "XDG_DATA_HOME": str(tmp_path / "data"), "OMP_WAIT_POLICY": "passive"}


def test_it_carries_pages_assets_and_types(installed: Path) -> None:
    application = installed / "ag_core" / "application"
    for folder in ("pages", "assets"):
        names = {path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*") if path.is_file()}
        names = {name for name in names if "__pycache__" not in name.parts}
        assert names == {
            path.relative_to(application / folder) for path in (application / folder).rglob("*") if path.is_file()
        }
    assert (application / "app.py").is_file() and (application / ".streamlit" / "config.toml").is_file()
    assert (installed / "ag_core" / "py.typed").is_file()
    [entry_points] = installed.glob("*.dist-info/entry_points.txt")
    assert "action-genome = ag_core.__main__:main" in entry_points.read_text()


def test_predicts_from_another_folder(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    clip = min((installed / "ag_core" / "application" / "assets" / "showcase" / "videos").glob("*.mp4"))
    command = [
        sys.executable,
        "-m",
        "ag_core",
        "predict",
        str(clip),
        "--out",
        "p.json",
        "--rate",
        "0.5",
        "--device",
        "cpu",
    ]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "p.json").read_text())["frames"]
    assert list((tmp_path / "data").rglob("*.json")), "the kept result belongs into the user's data folder"


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def app(environment: dict[str, str], tmp_path: Path, port: int) -> Iterator[str]:
    command = [sys.executable, "-m", "ag_core", "app", "--port", str(port)]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL) as process:
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def test_the_app_opens_from_another_folder(app: str) -> None:
    deadline = time.monotonic() + SOON_S
    while True:
        try:
            with urllib.request.urlopen(f"{app}/_stcore/health", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < deadline, "the app did not answer"
            time.sleep(0.3)


def test_ranges_and_lock_name_the_same_libraries() -> None:
    def names(lines: list[str]) -> set[str]:
        return {re.split(r"[\[=<>~ ;]", line)[0].lower() for line in lines if line and not line.startswith(("#", "-"))}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = names(project["dependencies"])
    assert wanted == names((ROOT / "requirements.in").read_text().splitlines())
    assert wanted <= names((ROOT / "requirements.txt").read_text().splitlines())
