"""Fetching weights from a local server: whole and checked, or nothing; broken off, wrong, absent, killed."""

import hashlib
import http.server
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ag_core.__main__ import main
from ag_core.catalog import DETECTORS, POSE_NETWORKS, DetectorEntry, Download, RemoteFile
from ag_core.downloads import FOLDER, fetch_all, fetch_weights, find_fetched, list_fetched, list_unfetched
from ag_core.errors import UserError
from ag_core.results.footage import choose_detector
from tests.conftest import write_clip

CONTENT = bytes(range(256)) * 4000


class Weights(http.server.BaseHTTPRequestHandler):
    """Gives CONTENT at /whole, half of it at /cut and /slow (which then waits), and other bytes at /other."""

    def do_GET(self) -> None:
        if self.path == "/absent":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write({"/whole": CONTENT, "/other": CONTENT[::-1]}.get(self.path, CONTENT[: len(CONTENT) // 2]))
        if self.path == "/slow":
            self.wfile.flush()
            self.server.done.wait(60)  # type: ignore[attr-defined]

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Weights) as served:
        served.done = threading.Event()  # type: ignore[attr-defined]
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.done.set()  # type: ignore[attr-defined]
        served.shutdown()


HASH = hashlib.sha256(CONTENT).hexdigest()


def entry(*addresses: str, sha256: str = HASH, convert: str = "", n_files: int = 1) -> DetectorEntry:
    files = (RemoteFile(addresses, sha256),) * n_files
    download = Download(files=files, megabytes=1, kept_as="small.onnx", convert=convert)
    return replace(DETECTORS["nanodet"], download=download)


def hands_at(address: str) -> Download:
    return Download(files=(RemoteFile((address,), HASH),), megabytes=1, kept_as="hands.onnx")


def list_kept(home: Path) -> list[str]:
    return sorted(path.name for path in (home / FOLDER).iterdir()) if (home / FOLDER).is_dir() else []


def test_weights_are_fetched_once_and_told_about(server: str, empty_home: Path) -> None:
    told: list[tuple[str, int, int]] = []
    path = fetch_weights(entry(f"{server}/whole", sha256=HASH[:8]), lambda *one: told.append(one))
    assert path.read_bytes() == CONTENT and path.parent == empty_home / FOLDER
    assert told[-1] == ("fetching NanoDet (photographs) (kB)", 1024, 1024) and len(told) > 2
    assert fetch_weights(entry("http://127.0.0.1:1/gone")) == path, "what is there is not fetched again"
    assert list_kept(empty_home) == ["small.onnx"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "/cut",
            r"/cut broke off after 512,000 of 1,024,000 bytes; try again, or without a network give a YOLOX or Nano",
        ),
        (
            "/other",
            r"/other gave another file than it should: its SHA-256 is [0-9a-f]{16}\.\.\., not .*nothing was kept",
        ),
        (
            "/absent",
            r"/absent cannot be fetched \(Not Found\); try again, or without a network give a YOLOX or NanoDet",
        ),
        (
            ":1/no-server",
            r"cannot be fetched \(.*refused.*\); try again, or without a network give a YOLOX or NanoDet file",
        ),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_leaves_nothing(
    path: str, said: str, server: str, empty_home: Path
) -> None:
    wanted = entry(f"http://127.0.0.1{path}" if path.startswith(":") else server + path)
    with pytest.raises(UserError, match=said) as told:
        fetch_weights(wanted)
    assert "\n" not in str(told.value)
    assert find_fetched(wanted) is None and list_kept(empty_home) == []


KILLED = """
import sys
from dataclasses import replace
from ag_core.catalog import DETECTORS, Download, RemoteFile
from ag_core.downloads import fetch_weights
download = Download(files=(RemoteFile((sys.argv[1],), "0"),), megabytes=1, kept_as="small.onnx")
fetch_weights(replace(DETECTORS["nanodet"], download=download), lambda *told: print(*told, flush=True))
"""


def test_a_killed_download_leaves_nothing_that_counts(server: str, empty_home: Path) -> None:
    command = [sys.executable, "-c", KILLED, f"{server}/slow"]
    environment = os.environ | {"AG_HOME": str(empty_home), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline().startswith("fetching")
        process.send_signal(signal.SIGKILL)
    assert [name.startswith(".small.onnx.") for name in list_kept(empty_home)] == [True]
    assert find_fetched(entry("")) is None
    fetch_weights(entry(f"{server}/whole"))
    assert list_kept(empty_home) == ["small.onnx"], "the next one clears up"


def test_the_next_address_is_asked(server: str, empty_home: Path) -> None:
    path = fetch_weights(entry(f"{server}/absent", f"{server}/other", f"{server}/whole", f"{server}/cut"))
    assert path.read_bytes() == CONTENT and list_kept(empty_home) == ["small.onnx"]


def test_files_that_cannot_be_converted_leave_nothing(server: str, empty_home: Path) -> None:
    convert = "ag_core.models.foreign.nanodet:convert_nanodet"
    with pytest.raises(UserError, match=r"this is no TensorFlow\.js graph model that can be converted"):
        fetch_weights(entry(f"{server}/whole", convert=convert, n_files=2))
    assert list_kept(empty_home) == []


def write_other(folder: Path) -> Path:
    write_clip(folder / "other.mp4", (10, 90, 200), 6)
    return folder / "other.mp4"


@pytest.fixture
def small(server: str, monkeypatch: pytest.MonkeyPatch) -> DetectorEntry:
    """The detector that is offered, and what finds hands, as small files of the local server."""
    monkeypatch.setitem(DETECTORS, "nanodet", entry(f"{server}/whole"))
    hands = hands_at(f"{server}/whole")
    monkeypatch.setitem(POSE_NETWORKS, "movenet", replace(POSE_NETWORKS["movenet"], download=hands))
    return DETECTORS["nanodet"]


def test_the_command_fetches(small: DetectorEntry, empty_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch-detector"]) == 0
    said = capsys.readouterr().out
    assert "small.onnx: 1.0 MB, for --detector nanodet" in said
    assert "hands.onnx: 1.0 MB, finds hands in other footage by itself" in said
    assert main(["fetch-detector", "nanodet"]) == 0
    assert "is here already" in capsys.readouterr().out


def test_a_detector_is_kept_where_what_finds_hands_cannot_be_had(
    small: DetectorEntry, server: str, empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = hands_at(f"{server}/absent")
    monkeypatch.setitem(POSE_NETWORKS, "movenet", replace(POSE_NETWORKS["movenet"], download=absent))
    assert [one.id for one in list_unfetched(small)] == ["nanodet", "movenet"]
    missed = fetch_all(list_unfetched(small))
    assert missed is not None and missed.startswith(
        f"hands are not looked for, since {server}/absent cannot be fetched"
    )
    assert missed.endswith("try again later with `fetch-detector movenet`")
    assert list_kept(empty_home) == ["small.onnx"]
    assert [one.id for one in list_unfetched(small)] == ["movenet"] and list_unfetched(DETECTORS["home-world"]) == []
    monkeypatch.setitem(DETECTORS, "coco", replace(DETECTORS["coco"], download=replace(absent, kept_as="other.onnx")))
    with pytest.raises(UserError, match="/absent cannot be fetched"):
        fetch_all([DETECTORS["coco"]])


def test_other_footage_is_not_read_by_the_home_world_unasked(
    small: DetectorEntry, app_home: Path, showcase: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, other = showcase / "videos" / "AB1CD.mp4", write_other(tmp_path)
    assert choose_detector(film) == "home-world" and choose_detector(other) is None
    assert main(["predict", str(other), "--out", str(tmp_path / "p.json")]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: other.mp4 is not a film of the home world, and the home world's detector sees the home world's things "
        "in anything; add --fetch to fetch a detector for real footage once (1 MB), give a YOLOX or NanoDet file with "
        "--detector FILE.onnx, or insist with --detector home-world"
    )
    assert main(["predict", str(film), "--detector", "nanodet", "--out", str(tmp_path / "p.json")]) == 1
    assert "the detector nanodet is not here yet; `python -m ag_core fetch-detector" in capsys.readouterr().err
    (tmp_path / "notes.onnx").write_text("bread, milk")
    assert (
        main(["predict", str(film), "--detector", str(tmp_path / "notes.onnx"), "--out", str(tmp_path / "p.json")]) == 1
    )
    assert "notes.onnx is a text file and not an ONNX file; give a detector" in capsys.readouterr().err
    fetch_weights(small)
    assert choose_detector(other) == "nanodet" and [one.id for one in list_fetched()] == ["nanodet"]


@pytest.mark.parametrize("yes", [True, False])
def test_a_person_is_asked(
    yes: bool, small: DetectorEntry, app_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return yes

    monkeypatch.setattr("ag_core.commands.predict._ask", ask)
    other = write_other(tmp_path)
    command = ["predict", str(other), "--relation-head", "none", "--out", str(tmp_path / "p.json")]
    assert main(command) == 1  # asked before anything is loaded, and there is no such head
    assert [text.rpartition(". ")[2] for text in asked] == [
        "Fetch NanoDet (photographs) and MoveNet (hands) once, 2 MB? [y/N]"
    ]
    assert (find_fetched(small) is not None) is yes
