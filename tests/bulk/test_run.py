"""A run over many videos: the same lake from every engine, after deaths and faults, and however often it is begun."""

import errno
import importlib.util
import json
import os
from collections.abc import Generator, Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ag_core.annotations.building.finished_videos import FinishedVideo, read_finished, write_prediction_file
from ag_core.annotations.lake.folder import read_manifest
from ag_core.annotations.store import AnnotationStore
from ag_core.bulk import pool, predicting
from ag_core.bulk.engines import Resources, find_engine
from ag_core.bulk.predicting import MAX_TRIES, BulkSettings, Outcome, RunError, Task
from ag_core.bulk.run import BulkRun, Share, find_work_folder
from ag_core.bulk.sources import list_videos
from ag_core.errors import UserError
from ag_core.results.prediction import Prediction
from tests.bulk.stand_in import StandIn, make_settings
from tests.conftest import stand_in_prediction

SAID = {"A": "well", "B": "fault:it is no video", "C": "dies once", "D": "well"}
SOURCE = "prediction:faster-rcnn+reldn"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four 'videos': one with a fault, one that ends the process that looks at it first."""
    folder = tmp_path / "videos"
    folder.mkdir()
    stand_in_prediction("AB1CD").save(folder / "shown.json")
    for name, said in SAID.items():
        (folder / f"{name}.mp4").write_text(said)
    return folder


def start(folder: Path | str, lake: Path, share: Share = Share(), workers: int = 2) -> BulkRun:
    settings = make_settings(find_work_folder(lake))
    return BulkRun(str(folder), list_videos(str(folder)), lake, settings, Resources(workers), share)


def predict_here(tasks: Sequence[Task], settings: BulkSettings, resources: Resources) -> Generator[Outcome, None, None]:
    """An engine without processes, in the opposite order."""
    yield from map(StandIn(settings).predict, reversed(tasks))


def hear_nothing(*_: object) -> None: ...


def test_the_pool_goes_on_after_deaths_and_gives_the_lake_of_a_quiet_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WORKER", "tests.bulk.stand_in")
    run = start(folder, tmp_path / "lake")
    run.predict(find_engine("pool"), hear_nothing)
    run.write_lake(hear_nothing)
    report = run.report("pool", "complete")
    assert (report.videos, report.predicted, report.failed, report.finished_before) == (4, 3, 1, 0)
    assert [(failure.video_id, failure.reason) for failure in report.failures] == [("B", "it is no video")]
    assert {"fetching", "watching the video", "writing"} <= set(report.stages)
    (card,) = report.cards
    assert card.videos == 3 and card.sentences[0].startswith("Objects: ") and card.sentences[0] in report.to_text()
    assert json.loads(json.dumps(report.to_json()))["cards"][0]["videos"] == 3

    with AnnotationStore(tmp_path / "lake") as store:  # as the app opens AG_STORE
        assert list(store.videos(SOURCE)["video_id"]) == ["A", "C", "D"]
        assert store.video("C").path == folder / "C.mp4"
        assert len(store.graphs_of("C", SOURCE)) == len(store.graphs_of("D", SOURCE)) > 0
        assert dict(store.issues()[["key", "reason"]].to_numpy())["B"] == "it is no video"
    data = tmp_path / "lake" / read_manifest(tmp_path / "lake").data
    assert [pq.read_metadata(path).num_row_groups for path in data.glob("relations/**/*.parquet")] == [3]

    quiet = start(folder, tmp_path / "quiet")
    quiet.predict(predict_here, hear_nothing)
    quiet.write_lake(hear_nothing)
    whoever = "whoever predicts, and in whatever order"
    assert read_manifest(tmp_path / "quiet").fingerprint == read_manifest(tmp_path / "lake").fingerprint, whoever


def test_a_video_with_which_processes_die_is_given_up(folder: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    task = Task.plan(list_videos(str(folder)).videos[0], "key")
    tries = task.find_file(work).with_suffix(".tries")
    tries.parent.mkdir(parents=True)
    tries.write_bytes(b"." * MAX_TRIES)
    outcome = StandIn(make_settings(work)).predict(task)
    assert outcome.video.failure == "3 processes ended while they predicted it; often memory is too short"
    assert not tries.exists() and read_finished(task.find_file(work)) == outcome.video


def test_a_second_call_predicts_only_what_is_missing_new_or_failed(folder: Path, tmp_path: Path) -> None:
    lake, seen = tmp_path / "lake", []

    def predict_some(
        tasks: Sequence[Task], settings: BulkSettings, resources: Resources
    ) -> Generator[Outcome, None, None]:
        for task in tasks:
            seen.append(task.video.video_id)
            if len(seen) == 3:
                raise KeyboardInterrupt
            yield StandIn(settings).predict(task)

    for name in "CEF":
        (folder / f"{name}.mp4").write_text("well")
    with pytest.raises(KeyboardInterrupt):
        start(folder, lake).predict(predict_some, hear_nothing)
    with pytest.raises(UserError, match="4 of 6 videos are not predicted yet, such as C"):
        start(folder, lake).write_lake(hear_nothing)
    assert seen == ["A", "B", "C"] and not lake.exists()
    whole = find_work_folder(lake)
    [cut] = [path for path in whole.rglob("*.parquet") if b"it is no video" not in path.read_bytes()]
    cut.write_bytes(cut.read_bytes()[:200])
    start(folder, lake, Share(2, 2)).predict(predict_some, hear_nothing)
    assert seen[3:] == ["B", "D", "F"], "a failed one is tried again"
    (folder / "G.mp4").write_text("well")
    last = start(folder, lake)
    last.predict(predict_some, hear_nothing)
    last.write_lake(hear_nothing)
    assert seen[6:] == ["A", "B", "C", "E", "G"], "one that was cut short as well"
    assert last.report("pool", "complete").finished_before == 2
    with AnnotationStore(lake) as store:
        assert list(store.videos(SOURCE)["video_id"]) == ["A", "C", "D", "E", "F", "G"]


def test_what_no_video_can_be_predicted_with_ends_the_run_with_a_sentence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "A.mp4").write_text("refuses")
    with pytest.raises(RunError, match="the weights are gone"):
        start(folder, tmp_path / "lake").predict(predict_here_in_order, hear_nothing)
    with pytest.raises(UserError, match=r"there is no engine 'spark'; choose pool, ray, daft"):
        find_engine("spark")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"engine ray needs the package ray, which is not installed; `pip install"):
        find_engine("ray")
    for text in ("3", "0/4", "5/4", "a/b"):
        with pytest.raises(UserError, match=r"--share .* is not possible"):
            Share.parse(text)


def test_a_full_disk_ends_the_run_and_costs_nothing_that_was_finished(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "C.mp4").write_text("well")
    lake, written = tmp_path / "lake", list[str]()

    def write_until_full(path: Path, name: str, prediction: Prediction) -> FinishedVideo:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(name)
        return write_prediction_file(path, name, prediction)

    run = start(folder, lake)
    with monkeypatch.context() as patch, pytest.raises(RunError, match="cannot be written: No space left on device"):
        patch.setattr(predicting, "write_prediction_file", write_until_full)
        run.predict(predict_here_in_order, hear_nothing)
    assert written == ["A.mp4", "C.mp4"] and not lake.exists()
    report = run.report("pool", "stopped")
    assert (report.videos, report.predicted, report.failed) == (4, 2, 1), "B is no video, and D was not reached"
    again = start(folder, lake)
    again.predict(predict_here_in_order, hear_nothing)
    again.write_lake(hear_nothing)
    report = again.report("pool", "complete")
    assert (report.finished_before, report.predicted, report.failed) == (2, 1, 1)
    quiet = start(folder, tmp_path / "quiet")
    quiet.predict(predict_here, hear_nothing)
    quiet.write_lake(hear_nothing)
    assert read_manifest(tmp_path / "quiet").fingerprint == read_manifest(lake).fingerprint


def predict_here_in_order(
    tasks: Sequence[Task], settings: BulkSettings, resources: Resources
) -> Generator[Outcome, None, None]:
    yield from map(StandIn(settings).predict, tasks)


@pytest.mark.filterwarnings("default")  # theirs
@pytest.mark.parametrize("engine", ["ray", "daft"])
def test_engines_of_others_go_on_after_a_death_and_give_the_same_files(
    engine: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(engine)  # Daft is not among the pinned packages: it takes older ones than the application
    monkeypatch.setattr(f"ag_core.bulk.{engine}_engine.PREDICTOR", StandIn)
    lakes = {}
    for name, chosen in ((engine, find_engine(engine)), ("here", predict_here)):
        run = start(folder, tmp_path / name)
        run.predict(chosen, hear_nothing)
        run.write_lake(hear_nothing)
        lakes[name] = read_manifest(tmp_path / name).fingerprint
    assert lakes[engine] == lakes["here"]
