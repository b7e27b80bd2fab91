"""Predictions as jobs: one worker for all, results kept, cancel, and what happens when a worker dies.

Most tests use a worker whose models are a stand-in (stand_in_worker.py); it is a process of its own like the real one.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ag_core.catalog import DETECTORS, RELATION_HEADS, TRANSITIONS_FILE, find_clip_networks, list_predicting_models
from ag_core.errors import UserError
from ag_core.jobs.job import JobState
from ag_core.jobs.prediction import PredictionJobs, PredictionQueue, PredictionRequest
from ag_core.jobs.queue import JobQueue
from ag_core.results import prediction_cache
from ag_core.results.prediction_cache import PredictionSettings, compute_result_key, get_result_path
from tests.video.test_frames import write_video

SOON_S = 240.0


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    models = list_predicting_models()
    for entry in (DETECTORS["home-world"], *RELATION_HEADS.values(), *find_clip_networks(models), *models):
        entry.weights_path(folder).write_text(entry.id)
    (folder / TRANSITIONS_FILE).write_text("counted")
    return folder


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary.txt"


@pytest.fixture
def queue(tmp_path: Path, weights: Path, diary: Path) -> Iterator[PredictionQueue]:
    command = (sys.executable, "-m", "tests.jobs.stand_in_worker", str(diary))
    made = JobQueue(PredictionJobs(tmp_path / "results", weights, command))
    yield made
    made.close()


def film(folder: Path, name: str = "clip") -> Path:
    # The length makes the content differ, as videos do.
    return write_video(folder / f"{name}.mp4", n_frames=2 + sum(map(ord, name)) % 50)


def test_a_job_runs_and_its_result_is_kept(queue: PredictionQueue, tmp_path: Path, diary: Path) -> None:
    job = queue.wait(queue.submit(PredictionRequest(film(tmp_path))), SOON_S)
    assert (job.state, job.fraction, job.cached, job.error) == (JobState.DONE, 1.0, False, None)
    assert job.log[0] == "started" and "watching the video" in job.log
    prediction = queue.get_result(job.id)
    assert (prediction.file, prediction.notes) == ("clip.mp4", ("by a stand-in",))
    again = queue.get_job(queue.submit(PredictionRequest(tmp_path / "clip.mp4")))
    assert (again.state, again.cached) == (JobState.DONE, True)
    assert diary.read_text().count("predict") == 1


def test_a_kept_result_starts_no_worker(queue: PredictionQueue, weights: Path, tmp_path: Path) -> None:
    path = film(tmp_path)
    queue.wait(queue.submit(PredictionRequest(path)), SOON_S)
    other = JobQueue(PredictionJobs(queue.folder, weights, ("no such program",)))
    copy = path.with_name("another name.mp4")
    copy.write_bytes(path.read_bytes())
    job = other.get_job(other.submit(PredictionRequest(copy)))
    assert (job.state, job.cached) == (JobState.DONE, True)
    assert other.get_result(job.id).file == "another name.mp4"
    assert other.list_process_ids() == {}
    found = other.find(PredictionRequest(copy))
    assert found is not None and found.video.path == copy
    other.close()


def test_two_sessions_share_one_process_and_one_load(queue: PredictionQueue, tmp_path: Path, diary: Path) -> None:
    paths = [film(tmp_path, name) for name in ("one", "two", "three")]
    jobs: list[str] = []
    sessions = [
        threading.Thread(target=lambda: jobs.extend(queue.submit(PredictionRequest(p)) for p in paths))
        for _ in range(2)
    ]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join()
    for job in jobs:
        assert queue.wait(job, SOON_S).state == JobState.DONE
    lines = diary.read_text().splitlines()
    assert sum(line.startswith("load") for line in lines) == 1
    assert sorted(line for line in lines if line.startswith("predict")) == [
        "predict one.mp4",
        "predict three.mp4",
        "predict two.mp4",
    ]
    assert list(queue.list_process_ids().values()) == [[int(lines[0].split()[1])]]


def test_the_same_question_twice_is_one_job(queue: PredictionQueue, tmp_path: Path) -> None:
    path = film(tmp_path, "slow")
    first, second = queue.submit(PredictionRequest(path)), queue.submit(PredictionRequest(path))
    other = queue.submit(PredictionRequest(path, PredictionSettings(relation_head="frequency")))
    assert first == second != other
    queue.cancel(other)
    queue.cancel(first)
    assert queue.wait(first, SOON_S).state == JobState.CANCELLED


def test_a_running_job_shows_progress_and_is_cancelled(queue: PredictionQueue, tmp_path: Path) -> None:
    running, waiting = (
        queue.submit(PredictionRequest(film(tmp_path, "slow"))),
        queue.submit(PredictionRequest(film(tmp_path, "next"))),
    )
    end = time.monotonic() + SOON_S
    while queue.get_job(running).rate is None and time.monotonic() < end:
        time.sleep(0.01)
    job = queue.get_job(running)
    assert job.state == JobState.RUNNING and job.stage == "watching the video"
    assert 0 < job.fraction < 1 and job.remaining_s is not None and job.remaining_s > 0 and job.seconds > 0
    assert queue.get_job(waiting).state == JobState.QUEUED
    queue.cancel(waiting)
    assert queue.get_job(waiting).state == JobState.CANCELLED
    queue.cancel(running)
    assert queue.wait(running, SOON_S).state == JobState.CANCELLED
    assert not list(queue.folder.glob("*.json"))
    assert queue.wait(queue.submit(PredictionRequest(film(tmp_path, "after"))), SOON_S).state == JobState.DONE
    queue.cancel(running)
    assert [job.state for job in queue.list_jobs()] == [JobState.CANCELLED, JobState.CANCELLED, JobState.DONE]


def test_a_job_is_cancelled_before_its_worker_is_up(queue: PredictionQueue, tmp_path: Path) -> None:
    job = queue.submit(PredictionRequest(film(tmp_path, "slow")))
    queue.cancel(job)
    assert queue.wait(job, SOON_S).state == JobState.CANCELLED


@pytest.mark.parametrize(
    ("name", "said"),
    [("refused", "this one is refused"), ("broken", r"unexpected error \(RuntimeError: something\)")],
)
def test_errors_are_one_sentence_and_the_worker_lives(
    queue: PredictionQueue, tmp_path: Path, name: str, said: str
) -> None:
    job = queue.wait(queue.submit(PredictionRequest(film(tmp_path, name))), SOON_S)
    assert job.state == JobState.FAILED and job.error is not None and "\n" not in job.error
    with pytest.raises(UserError, match=said):
        queue.get_result(job.id)
    before = queue.list_process_ids()
    assert queue.wait(queue.submit(PredictionRequest(film(tmp_path, "next"))), SOON_S).state == JobState.DONE
    assert queue.list_process_ids() == before != {}


def test_a_dead_worker_fails_its_job_and_the_next_gets_a_new_one(queue: PredictionQueue, tmp_path: Path) -> None:
    jobs = [queue.submit(PredictionRequest(film(tmp_path, name))) for name in ("dies", "next")]
    dead, following = (queue.wait(job, SOON_S) for job in jobs)
    assert dead.state == JobState.FAILED and dead.error is not None and "ended unexpectedly (exit code 3)" in dead.error
    assert following.state == JobState.DONE


def test_a_worker_that_cannot_start_is_a_sentence(tmp_path: Path, weights: Path) -> None:
    queue = JobQueue(PredictionJobs(tmp_path / "results", weights, ("no such program",)))
    job = queue.wait(queue.submit(PredictionRequest(film(tmp_path))), SOON_S)
    assert job.state == JobState.FAILED and job.error is not None and "cannot be started" in job.error
    queue.close()


def test_bad_files_missing_weights_and_unknown_names_are_refused(
    queue: PredictionQueue, weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UserError, match="cannot be read as a video"):
        queue.submit(PredictionRequest(tmp_path / "text.mp4"))
    with pytest.raises(UserError, match="no detector 'other'"):
        PredictionSettings(detector="other")
    with pytest.raises(UserError, match="no relation head"):
        PredictionSettings(relation_head="other")
    with pytest.raises(UserError, match="rate"):
        PredictionSettings(rate=0)
    with pytest.raises(UserError, match=r"none\.onnx is missing; give its path"):
        queue.submit(PredictionRequest(film(tmp_path), PredictionSettings(detector=str(tmp_path / "none.onnx"))))
    with pytest.raises(UserError, match="is not known"):
        queue.get_job("nothing")
    (weights / "transitions.safetensors").unlink()
    queue.cancel(queue.submit(PredictionRequest(film(tmp_path))))
    with pytest.raises(UserError, match=r"transitions\.safetensors, by which .* is missing; count it with"):
        queue.submit(PredictionRequest(film(tmp_path), PredictionSettings(smooth=True)))
    (weights / "sgfb.safetensors").unlink()
    with pytest.raises(UserError, match=r"sgfb\.safetensors is missing"):
        queue.submit(PredictionRequest(film(tmp_path)))


def test_the_key_follows_all_that_decides(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, plain = film(tmp_path), PredictionSettings()
    keys = [compute_result_key(path, plain, weights)]
    copy = path.with_name("copy.mp4")
    copy.write_bytes(path.read_bytes())
    assert compute_result_key(copy, plain, weights) == keys[0]
    keys.append(compute_result_key(film(tmp_path, "other"), plain, weights))
    keys.append(compute_result_key(path, PredictionSettings(rate=4), weights))
    keys.append(compute_result_key(path, PredictionSettings(relation_head="frequency"), weights))
    keys.append(compute_result_key(path, PredictionSettings(smooth=True), weights))
    (weights / "transitions.safetensors").write_text("counted anew")
    assert compute_result_key(path, plain, weights) == keys[0]
    keys.append(compute_result_key(path, PredictionSettings(smooth=True), weights))
    (weights / "lfb.safetensors").write_text("trained on")
    keys.append(compute_result_key(path, plain, weights))
    monkeypatch.setattr(prediction_cache, "_hash_code", lambda: "another version")
    keys.append(compute_result_key(path, plain, weights))
    assert len(set(keys)) == len(keys)


def test_a_damaged_result_is_made_anew(queue: PredictionQueue, weights: Path, tmp_path: Path) -> None:
    path = film(tmp_path)
    queue.folder.mkdir()
    get_result_path(queue.folder, compute_result_key(path, PredictionSettings(), weights)).write_text("{")
    job = queue.wait(queue.submit(PredictionRequest(path)), SOON_S)
    assert (job.state, job.cached) == (JobState.DONE, False)


def test_closing_ends_the_worker_and_the_jobs(queue: PredictionQueue, tmp_path: Path) -> None:
    running, waiting = (
        queue.submit(PredictionRequest(film(tmp_path, "slow"))),
        queue.submit(PredictionRequest(film(tmp_path, "next"))),
    )
    end = time.monotonic() + SOON_S
    while queue.get_job(running).rate is None and time.monotonic() < end:
        time.sleep(0.01)
    queue.close()
    queue.close()
    assert queue.list_process_ids() == {}
    assert {queue.get_job(job).state for job in (running, waiting)} == {JobState.CANCELLED}
    with pytest.raises(UserError, match="shut down"):
        queue.submit(PredictionRequest(tmp_path / "slow.mp4"))


def test_a_worker_ends_when_its_app_is_gone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ag_core.jobs.prediction_worker", "--device", "cpu"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        assert '"ready"' in process.stdout.readline()
        process.stdin.write('not json\n{"do": "ping"}\n{"do": "status"}\n')
        process.stdin.flush()
        assert '"pong"' in process.stdout.readline()
        assert '"loads": 0' in process.stdout.readline()
        process.stdin.close()
        assert process.wait(SOON_S) == 0
