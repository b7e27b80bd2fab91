"""Videos from object storage and lakes copied to it: a server of the S3 protocol on this machine."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import s3fs
from moto.server import ThreadedMotoServer

from ag_core import object_storage
from ag_core.annotations.lake.fetching import fetch_lake
from ag_core.annotations.lake.folder import MANIFEST, read_manifest
from ag_core.annotations.lake.sending import send_lake
from ag_core.annotations.store import AnnotationStore
from ag_core.bulk.run import Share
from ag_core.errors import UserError
from ag_core.results.prediction import Prediction
from tests.bulk.test_run import SOURCE, hear_nothing, predict_here, start
from tests.conftest import stand_in_prediction

pytestmark = pytest.mark.filterwarnings("default")  # theirs

ADDRESS = "s3://films/lake"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A way to the files of a fresh server with the bucket `films`."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(object_storage, "FIRST_WAIT_S", 0.0)
    files = s3fs.S3FileSystem(skip_instance_cache=True)
    files.mkdir("films")
    yield files
    # What a server holds lives in this process and would outlast it.
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    server.stop()


@pytest.fixture
def make_lake(storage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Writes a lake of predictions of the named videos, which lie in the storage."""
    shown = stand_in_prediction("AB1CD")
    monkeypatch.setattr(Prediction, "load", staticmethod(lambda path: shown))

    def make(names: str) -> Path:
        for name in names:
            storage.pipe_file(f"films/{names}/{name}.mp4", b"well")
        run = start(f"s3://films/{names}", tmp_path / names)
        run.predict(predict_here, hear_nothing)
        run.write_lake(hear_nothing)
        return tmp_path / names

    return make


def refuse(storage: Any, monkeypatch: pytest.MonkeyPatch, when: Callable[[int], bool], *methods: str) -> list[int]:
    """Have calls of the storage refused by their number, counted from 1; the list of the refused ones grows."""
    asked, refused = [], []

    def wrap(method: str) -> None:
        plain = getattr(type(storage), method)

        def ask(self: Any, *arguments: Any, **named: Any) -> Any:
            asked.append(method)
            if when(len(asked)):
                refused.append(len(asked))
                raise OSError("503 Slow Down")
            return plain(self, *arguments, **named)

        monkeypatch.setattr(type(storage), method, ask)

    for method in methods:
        wrap(method)
    return refused


def test_videos_come_from_object_storage_and_the_lake_opens_from_it(
    storage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stand_in_prediction("AB1CD")
    monkeypatch.setattr(Prediction, "load", staticmethod(lambda path: shown))
    for name in ("B.mp4", "deep/A.mp4", "notes.txt"):
        storage.pipe_file(f"films/clips/{name}", b"well")
    run = start("s3://films/clips", tmp_path / "lake")
    assert [task.video.where for task in run.tasks] == ["s3://films/clips/deep/A.mp4", "s3://films/clips/B.mp4"]
    run.predict(predict_here, hear_nothing)
    run.write_lake(hear_nothing)
    send_lake(tmp_path / "lake", ADDRESS)
    with AnnotationStore(fetch_lake(ADDRESS, tmp_path / "copies")) as store:
        assert list(store.videos(SOURCE)["video_id"]) == ["A", "B"] and store.video("A").path is None
        assert len(store.graphs_of("B", SOURCE)) == len(shown.frames)

    storage.pipe_file("films/clips/B.mp4", b"fault:it is another now")
    again = start("s3://films/clips", tmp_path / "lake", Share())
    again.predict(predict_here, hear_nothing)
    report = again.report("pool", "complete")
    assert (report.finished_before, [failure.video_id for failure in report.failures]) == (1, ["B"])


def test_storage_that_refuses_every_tenth_request_gives_the_same_lake(
    storage: Any, make_lake: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = make_lake("ABCDEFGHIJKL")
    refused = refuse(storage, monkeypatch, lambda number: number % 10 == 0, "get_file", "put_file", "cat_file")
    run = start("s3://films/ABCDEFGHIJKL", tmp_path / "lake")
    run.predict(predict_here, hear_nothing)
    run.write_lake(hear_nothing)
    report = run.report("pool", "complete")
    assert (report.predicted, report.failed, len(refused)) == (12, 0, 1)
    send_lake(tmp_path / "lake", ADDRESS)
    assert read_manifest(fetch_lake(ADDRESS, tmp_path / "copies")) == read_manifest(calm) and len(refused) >= 3


def test_a_copy_that_was_broken_off_is_no_lake_and_goes_on(
    storage: Any, make_lake: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = make_lake("AB")
    files = len(list(read_manifest(lake).files()))
    with monkeypatch.context() as patch:
        refuse(storage, patch, lambda number: number > 3, "put_file")
        with pytest.raises(
            UserError, match=r"cannot be copied to s3://films/lake; .* \(503 Slow Down\), tried 5 times"
        ):
            send_lake(lake, ADDRESS)
    with pytest.raises(UserError, match="there is no lake at s3://films/lake: it has no"):
        fetch_lake(ADDRESS, tmp_path / "copies")
    counted = refuse(storage, monkeypatch, lambda number: number > files - 3, "put_file")
    send_lake(lake, f"{ADDRESS}/")
    assert not counted, "files that were there are not copied again"
    assert read_manifest(fetch_lake(ADDRESS, tmp_path / "copies")) == read_manifest(lake)


def test_a_newer_lake_takes_the_place_of_the_older_one(
    storage: Any, make_lake: Callable[[str], Path], tmp_path: Path
) -> None:
    older, newer = make_lake("A"), make_lake("BC")
    heard: list[tuple[str, int, int]] = []
    send_lake(older, ADDRESS)
    of_the_past = json.loads((older / MANIFEST).read_text()) | {"version": 0}
    storage.pipe_file(f"films/lake/{MANIFEST}", json.dumps(of_the_past).encode())
    send_lake(newer, ADDRESS, lambda *said: heard.append(said))
    with AnnotationStore(fetch_lake(ADDRESS, tmp_path / "copies")) as store:
        assert list(store.videos(SOURCE)["video_id"]) == ["B", "C"]
    kept = {path.removeprefix("films/lake/").partition("/")[0] for path in storage.find("films/lake")}
    assert kept == {MANIFEST, read_manifest(newer).data}
    size = read_manifest(newer).size_bytes
    assert heard[0] == ("copying to object storage", 0, size) and heard[-1] == ("copying to object storage", size, size)


def test_what_is_no_place_for_a_lake_is_refused(storage: Any, make_lake: Callable[[str], Path], tmp_path: Path) -> None:
    lake = make_lake("A")
    for address in ("https://example.org/lake", "s3://films", "s3:///lake", "lake"):
        with pytest.raises(
            UserError, match=r"cannot be copied to .*; give a folder in object storage: s3://BUCKET/FOLDER"
        ):
            send_lake(lake, address)
    for mine in (b"my own list", b'{"format": "mine"}', b"[]"):
        storage.pipe_file(f"films/lake/{MANIFEST}", mine)
        with pytest.raises(UserError, match=r"holds a manifest.json of something else; name a folder of its own"):
            send_lake(lake, ADDRESS)
        assert storage.cat_file(f"films/lake/{MANIFEST}") == mine
    with pytest.raises(UserError, match="is no lake"):
        send_lake(tmp_path, ADDRESS)


def test_what_is_not_permitted_is_not_asked_again() -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        raise PermissionError("Access Denied")

    with pytest.raises(UserError, match=r"^it cannot be read \(Access Denied\)$"):
        object_storage.ask_again(ask, "it cannot be read")
    assert len(asked) == 1
