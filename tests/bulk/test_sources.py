"""The videos of a source: the same list from a folder, a text, a store and an address; what is wrong with an entry."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ag_core import object_storage
from ag_core.annotations.building.build import build_store
from ag_core.bulk.source_files import open_locally
from ag_core.bulk.sources import list_videos
from ag_core.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three videos in two folders, two of one id, a hidden one, a link to nowhere, and what is no video."""
    folder = tmp_path / "videos"
    for name in ("b/B.mp4", "A.MP4", "C.webm", "b/C.mp4", ".hidden/X.mp4", "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "D.mkv").symlink_to("nowhere")
    return folder


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """The folder at an address of this machine, whose server fails every third time."""

    class FailingServer(http.server.SimpleHTTPRequestHandler):
        asked = 0

        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            type(self).asked += 1
            if self.asked % 3:
                return super().do_GET()
            return self.send_error(503)

    handler = functools.partial(FailingServer, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_every_kind_of_source_gives_the_same_videos(folder: Path, tmp_path: Path) -> None:
    found = list_videos(str(folder))
    assert [(video.video_id, Path(video.where).relative_to(folder).as_posix()) for video in found.videos] == [
        ("A", "A.MP4"), ("B", "b/B.mp4"), ("C", "C.webm")
    ]  # fmt: skip
    several, dead = sorted(found.issues, key=lambda issue: issue.key)
    assert several.key == "C" and "is a second video C, beside" in several.reason and "ID<tab>PATH" in several.reason
    assert dead.key == "D" and "a link to a file that is not there" in dead.reason

    text = folder.parent / "paths.txt"
    text.write_text("# mine\nvideos/b/B.mp4\n\nvideos/A.MP4\nC\tvideos/C.webm\nother\tvideos/b/C.mp4\ngone.mp4\n")
    listed = list_videos(str(text))
    assert listed.videos[:3] == found.videos and listed.videos[3].video_id == "other"
    assert [issue.reason for issue in listed.issues] == ["video not used: the file is not there"]

    clips = tmp_path / "clips"
    clips.mkdir()
    for name in "AB":
        (clips / f"{name}.mp4").write_text("no video")
    build_store(tmp_path / "store.duckdb", videos=clips)
    with pytest.raises(UserError, match=r"holds no video that can be predicted; the first: .* does not say where"):
        list_videos(str(tmp_path / "store.duckdb"))


def test_an_address_is_listed_and_fetched_though_its_server_fails_now_and_then(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_storage, "FIRST_WAIT_S", 0.0)
    found = list_videos(address)
    *there, dead = found.videos
    assert [video.video_id for video in there] == ["A", "B", "C"] and [issue.key for issue in found.issues] == ["C"]
    for video in there:
        with open_locally(video) as file:
            assert file.read_text() in video.where and file.name == video.file_name
    with pytest.raises(UserError, match=r"D\.mkv cannot be fetched: nothing is there"), open_locally(dead):
        pass
    with pytest.raises(UserError, match="nothing is there"):
        list_videos(f"{address}nowhere/")


def test_what_is_no_source_is_refused_with_a_sentence(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\0\1\2")
    (tmp_path / "empty").mkdir()
    for where, sentence in {
        folder / "A.MP4": "is one video; predict it with",
        tmp_path / "gone": "is not there; give a folder",
        tmp_path / "binary": "is neither a folder, a store nor a text file",
        tmp_path / "empty": "holds no video that can be predicted; give a folder",
    }.items():
        with pytest.raises(UserError, match=sentence):
            list_videos(str(where))
    with pytest.raises(UserError, match="begins with gs://; an address begins with"):
        list_videos("gs://bucket/videos")
