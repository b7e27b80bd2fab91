"""Videos from an object store and a lake in it: a server of the S3 protocol on this machine, where its package is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from ag_core.annotations.lake.fetching import fetch_lake
from ag_core.annotations.lake.folder import read_manifest
from ag_core.annotations.store import AnnotationStore
from ag_core.bulk import source_files
from ag_core.bulk.run import Share
from ag_core.results.prediction import Prediction
from tests.bulk.test_run import SOURCE, hear_nothing, predict_here, start
from tests.conftest import stand_in_prediction

pytestmark = pytest.mark.filterwarnings("default")  # theirs


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A way to the files of a fresh server with the bucket `films`."""
    server_module = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    files = s3fs.S3FileSystem(skip_instance_cache=True)
    files.mkdir("films")
    yield files
    # What a server holds lives in this process and would outlast it.
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST")).close()
    server.stop()


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
    storage.put(str(tmp_path / "lake"), "films/lake", recursive=True)
    with AnnotationStore(fetch_lake("s3://films/lake", tmp_path / "copies")) as store:
        assert list(store.videos(SOURCE)["video_id"]) == ["A", "B"] and store.video("A").path is None
        assert len(store.graphs_of("B", SOURCE)) == len(shown.frames)

    storage.pipe_file("films/clips/B.mp4", b"fault:it is another now")
    again = start("s3://films/clips", tmp_path / "lake", Share())
    again.predict(predict_here, hear_nothing)
    report = again.report("pool", "complete")
    assert (report.finished_before, [failure.video_id for failure in report.failures]) == (1, ["B"])


def test_storage_that_refuses_every_tenth_request_gives_the_same_lake(
    storage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = stand_in_prediction("AB1CD")
    monkeypatch.setattr(Prediction, "load", staticmethod(lambda path: shown))
    monkeypatch.setattr(source_files, "FIRST_WAIT_S", 0.0)
    for number in range(12):
        storage.pipe_file(f"films/clips/{number:02}.mp4", b"well")
    calm = start("s3://films/clips", tmp_path / "calm")
    calm.predict(predict_here, hear_nothing)
    calm.write_lake(hear_nothing)

    asked, refused = [], []
    get_file = type(storage).get_file

    def refuse_now_and_then(self: Any, *arguments: Any, **named: Any) -> Any:
        asked.append(arguments[0])
        if len(asked) % 10 == 0:
            refused.append(arguments[0])
            raise OSError("503 Slow Down")
        return get_file(self, *arguments, **named)

    monkeypatch.setattr(type(storage), "get_file", refuse_now_and_then)
    run = start("s3://films/clips", tmp_path / "lake")
    run.predict(predict_here, hear_nothing)
    run.write_lake(hear_nothing)
    report = run.report("pool", "complete")
    assert (report.predicted, report.failed, len(refused)) == (12, 0, 1)
    assert read_manifest(tmp_path / "lake").fingerprint == read_manifest(tmp_path / "calm").fingerprint
