"""The queue whatever its jobs are: who waits for a job, joining, a process that dies while idle or never starts."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ag_core.errors import Cancelled, UserError
from ag_core.files import is_unfinished, stage_file, write_atomically
from ag_core.jobs import queue as queue_module
from ag_core.jobs import slots
from ag_core.jobs.job import JobKind, JobState
from ag_core.jobs.process import build_module_command
from ag_core.jobs.queue import JobQueue
from ag_core.jobs.serving import serve_process
from ag_core.progress import Progress

SOON_S = 240.0


class Counting:
    """A job that counts to the number in its request and writes that number; 'deaf' ones do not hear a cancel."""

    name = "the counter"

    def do(self, job: dict[str, Any], progress: Progress, is_cancelled: Callable[[], bool]) -> None:
        with stage_file(Path(job["out"])) as staged:
            for done in range(job["number"] + 1):
                progress("counting", done, job["number"])
                if is_cancelled() and not job["deaf"]:
                    raise Cancelled
                time.sleep(0.005)
            staged.write_text(str(job["number"]))

    def describe_status(self) -> dict[str, Any]:
        return {}


class CountingJobs(JobKind[int, int]):
    name = "the counter"
    again = "count again"
    starting = "starting to count"
    cancel_grace_s = 0.3

    def __init__(self, folder: Path, command: Sequence[str] | None = None, deaf: bool = False) -> None:
        self.folder: Path = folder
        self.command = command or (sys.executable, "-m", "tests.jobs.test_queue")
        self.deaf = deaf

    def check_request(self, request: int) -> None:
        if request < 0:
            raise UserError(f"nobody counts to {request}; give a number from 0")

    def get_key(self, request: int) -> str:
        return str(request)

    def get_command(self, worker: str) -> Sequence[str]:
        return self.command

    def describe_job(self, request: int, key: str) -> dict[str, Any]:
        return {"number": request, "out": str(self.folder / key), "deaf": self.deaf}

    def find_result(self, request: int, key: str) -> int | None:
        path = self.folder / key
        return int(path.read_text()) if path.is_file() else None


Counter = JobQueue[int, int]
LONG = 100_000


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Counter]:
    made = JobQueue(CountingJobs(tmp_path))
    yield made
    made.close()


def wait_until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_job_of_any_kind_runs_joins_and_is_kept(queue: Counter, tmp_path: Path) -> None:
    first, second = queue.submit(5), queue.submit(5)
    assert first == second
    assert queue.wait(first, SOON_S).state == JobState.DONE and queue.get_result(first) == 5
    kept = queue.get_job(queue.submit(5))
    assert (kept.state, kept.cached, queue.find(5), queue.find(6)) == (JobState.DONE, True, 5, None)
    (tmp_path / "5").unlink()
    with pytest.raises(UserError, match="removed from the disk; count again"):
        queue.get_result(first)
    with pytest.raises(UserError, match="nobody counts to -1"):
        queue.submit(-1)


def test_one_visitor_who_cancels_does_not_end_the_job_of_another(queue: Counter) -> None:
    job = queue.submit(LONG, "ann")
    assert queue.submit(LONG, "bob") == job
    queue.cancel(job, "eve")  # who never asked for it
    wait_until(lambda: queue.get_job(job).rate)
    assert queue.may_cancel(job, "ann") and not queue.may_cancel(job, "eve")
    queue.cancel(job, "ann")
    queue.cancel(job, "ann")
    assert queue.get_job(job, "ann").state == JobState.CANCELLED and not queue.may_cancel(job, "ann")
    assert [one.state for one in queue.list_jobs("bob")] == [JobState.RUNNING]
    counted = queue.get_job(job, "bob").done
    wait_until(lambda: queue.get_job(job, "bob").done > counted)
    assert queue.submit(LONG, "ann") == job  # who wants it after all
    assert queue.get_job(job, "ann").state == JobState.RUNNING
    queue.cancel(job, "ann")
    queue.cancel(job, "bob")
    assert queue.wait(job, SOON_S).state == JobState.CANCELLED


def test_who_has_gone_holds_no_job(tmp_path: Path) -> None:
    there = {"ann", "bob", "eve"}
    queue = JobQueue(CountingJobs(tmp_path), there.__contains__)
    job = queue.submit(LONG, "ann")
    queue.submit(LONG, "bob")
    assert not queue.may_cancel(job, "eve")
    there.remove("ann")  # the browser was closed
    wait_until(lambda: queue.get_job(job).rate)
    queue.cancel(job, "eve")
    assert queue.get_job(job).state == JobState.RUNNING and not queue.get_job(job).cancelling  # bob is there
    queue.cancel(job, "bob")
    assert queue.get_job(job).cancelling or not queue.get_job(job).active
    assert queue.wait(job, SOON_S).state == JobState.CANCELLED
    orphan = queue.submit(LONG, "bob")
    there.remove("bob")
    counted = queue.get_job(orphan).done
    wait_until(lambda: queue.get_job(orphan).done > counted)  # nobody is there, and the work goes on
    assert queue.may_cancel(orphan, "eve")
    queue.cancel(orphan, "eve")
    assert queue.wait(orphan, SOON_S).state == JobState.CANCELLED
    queue.close()


def test_who_opens_the_link_of_a_job_wants_it(tmp_path: Path) -> None:
    there = {"ann", "ann again", "eve"}
    queue = JobQueue(CountingJobs(tmp_path), there.__contains__)
    job = queue.submit(LONG, "ann")
    there.remove("ann")  # loads the page anew
    queue.join(job, "ann again")
    assert not queue.may_cancel(job, "eve") and queue.may_cancel(job, "ann again")
    queue.cancel(job, "ann again")
    queue.join(job, "ann again")  # the page is still open, and nobody wants the job
    assert not queue.may_cancel(job, "ann again")
    assert queue.wait(job, SOON_S).state == JobState.CANCELLED
    queue.join("none", "eve")
    queue.close()


def test_a_cancel_shows_at_once(tmp_path: Path) -> None:
    queue = JobQueue(CountingJobs(tmp_path, deaf=True))
    job = queue.submit(LONG, "ann")
    wait_until(lambda: queue.get_job(job).rate)
    queue.cancel(job, "ann")
    shown = queue.get_job(job, "ann")  # its process does not hear, and is killed after a while
    assert (shown.state, shown.cancelling) == (JobState.RUNNING, True)
    ended = queue.wait(job, SOON_S)
    assert (ended.state, ended.cancelling) == (JobState.CANCELLED, False)
    queue.close()


def test_a_waiting_job_of_two_goes_when_both_have_cancelled(queue: Counter) -> None:
    running, waiting = queue.submit(LONG, "ann"), queue.submit(3, "ann")
    queue.submit(3, "bob")
    queue.cancel(waiting, "bob")
    assert queue.get_job(waiting, "ann").state == JobState.QUEUED
    queue.cancel(waiting, "ann")
    assert queue.get_job(waiting).state == JobState.CANCELLED
    queue.cancel(running, "ann")
    assert queue.wait(running, SOON_S).state == JobState.CANCELLED


def test_a_process_that_died_while_idle_is_started_anew(queue: Counter) -> None:
    assert queue.wait(queue.submit(1), SOON_S).state == JobState.DONE
    [number] = queue.list_process_ids()[""]
    os.kill(number, signal.SIGKILL)
    job = queue.wait(queue.submit(2), SOON_S)  # at once: perhaps before anybody knows that it is dead
    assert (job.state, job.error) == (JobState.DONE, None)
    assert queue.list_process_ids()[""] != [number]


def test_a_process_that_dies_at_its_work_fails_the_job_and_leaves_nothing(queue: Counter, tmp_path: Path) -> None:
    job = queue.submit(LONG)
    wait_until(lambda: queue.get_job(job).rate)
    assert any(map(is_unfinished, tmp_path.iterdir()))
    os.kill(queue.list_process_ids()[""][0], signal.SIGKILL)
    ended = queue.wait(job, SOON_S)
    assert ended.state == JobState.FAILED
    assert ended.error == "the counter ended unexpectedly (exit code -9); count again"
    assert not any(map(is_unfinished, tmp_path.iterdir()))
    assert queue.wait(queue.submit(2), SOON_S).state == JobState.DONE


def test_a_job_that_does_not_hear_is_killed_with_its_process(tmp_path: Path) -> None:
    queue = JobQueue(CountingJobs(tmp_path, deaf=True))
    job = queue.submit(LONG)
    wait_until(lambda: queue.get_job(job).rate)
    queue.cancel(job)
    again = queue.submit(LONG)  # nobody joins a job that ends
    assert again != job
    assert queue.wait(job, SOON_S).state == JobState.CANCELLED
    wait_until(lambda: queue.get_job(again).state == JobState.RUNNING)
    queue.close()


def test_a_process_that_never_says_that_it_is_ready_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "START_TIMEOUT_S", 0.5)
    queue = JobQueue(CountingJobs(tmp_path, (sys.executable, "-c", "import time; time.sleep(600)")))
    job = queue.wait(queue.submit(1), SOON_S)
    queue.close()
    assert job.state == JobState.FAILED and "ended unexpectedly" in (job.error or "")


class ShortJobs(CountingJobs):
    """Two at a time, none for longer than a third of a second, none that waits for more than two.

    So long even a busy machine does not need until a free slot takes a job.
    """

    slots = 2
    processes_kept = 1
    max_wait_s = 2.0

    def get_time_limit_s(self, request: int) -> float | None:
        return 0.3 if request == LONG else None


def test_slots_work_side_by_side_within_their_limits(tmp_path: Path) -> None:
    queue = JobQueue(ShortJobs(tmp_path))
    first = [queue.wait(queue.submit(number), SOON_S).state for number in (1, 2)]
    assert first == [JobState.DONE] * 2
    assert len(queue.list_process_ids()[""]) == 1, "one after the other, by the process that is there"
    jobs = [queue.submit(LONG + number) for number in (1, 2, 3)]  # none ends by itself, however slowly a process starts
    wait_until(lambda: queue.get_job(jobs[1]).rate)
    assert [queue.get_job(job).state for job in jobs[:2]] == [JobState.RUNNING] * 2
    turned_away = queue.wait(jobs[2], SOON_S)
    assert turned_away.error == "the counter is busy with 2 others; try again in a moment"
    for job in jobs[:2]:
        queue.cancel(job)
    assert [queue.wait(job, SOON_S).state for job in jobs[:2]] == [JobState.CANCELLED] * 2
    wait_until(lambda: len(queue.list_process_ids()[""]) == 1)
    late = queue.wait(queue.submit(LONG), SOON_S)
    assert late.state == JobState.FAILED and "ended unexpectedly (exit code -9)" in (late.error or "")
    queue.forget(late.id)
    with pytest.raises(UserError, match="is not known"):
        queue.get_job(late.id)
    queue.close()


def test_a_slot_that_stood_back_for_a_ready_one_takes_the_next_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = JobQueue(ShortJobs(tmp_path))
    assert queue.wait(queue.submit(1), SOON_S).state == JobState.DONE
    looked = set()
    may_take = queue_module._Worker.may_take

    def look_second(worker: Any, slot: Any) -> bool:  # the ready slot decides after the new one has stood back for it
        looked.add(slot)
        while worker.waiting and slot is worker.slots[0] and len(looked) < 2:
            queue._changed.wait(0.01)
        return may_take(worker, slot)

    monkeypatch.setattr(queue_module._Worker, "may_take", look_second)
    jobs = [queue.submit(LONG + number) for number in (1, 2)]
    wait_until(lambda: all(queue.get_job(job).state == JobState.RUNNING for job in jobs))
    queue.close()


def test_old_jobs_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "MAX_JOBS_KEPT", 3)
    queue = JobQueue(CountingJobs(tmp_path, ("no such program",)))
    write_atomically(tmp_path / "7", "7")
    jobs = [queue.submit(7) for _ in range(5)]
    assert [job.id for job in queue.list_jobs()] == jobs[-3:]
    with pytest.raises(UserError, match="is not known"):
        queue.get_job(jobs[0])
    queue.close()


def test_a_log_that_cannot_be_written_keeps_no_process_from_its_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    from ag_core.jobs.process import JsonLinesProcess

    process = JsonLinesProcess((sys.executable, "-c", "print('{}', flush=True)"), tmp_path / "file" / "log.txt")
    assert process.receive(SOON_S) is not None
    process.close()


def test_workers_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    from ag_core.jobs.process import JsonLinesProcess

    for module in ("ag_core.jobs.prediction_worker", "ag_core.jobs.film_worker"):
        process = JsonLinesProcess(build_module_command(module), tmp_path / "log.txt")
        ready = process.receive(SOON_S)
        assert ready is not None and ready.fields == {"event": "ready", "pid": process.pid}, module
        answers = threading.Thread(target=process.stop)
        answers.start()
        assert process.wait(SOON_S) == 0
        answers.join()
        process.close()


if __name__ == "__main__":
    serve_process(Counting())
