"""Ordering films: the link that names one, the queue before the process that draws, what is kept, cancel and faults."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ag_core.errors import UserError
from ag_core.jobs.films import FilmJobs, FilmQueue, list_showable_actions
from ag_core.jobs.job import JobState
from ag_core.jobs.queue import JobQueue
from ag_core.results.film_cache import FILE, FilmRequest, FinishedFilm, list_finished_films, load_finished_film
from ag_core.taxonomy import find_action_index
from tests.jobs.stand_in_film import DEAF, DIES, REFUSED, SLOW, stand_in_film

SOON_S = 240.0


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[FilmQueue]:
    made = JobQueue(FilmJobs(tmp_path / "films", (sys.executable, "-m", "tests.jobs.stand_in_film")))
    yield made
    made.close()


def test_a_link_names_an_order() -> None:
    order = FilmRequest(12, (59, 107), "train", 20)
    assert order.to_link() == {"seed": "12", "actions": "c059,c107", "people": "train", "seconds": "20"}
    assert FilmRequest.from_link(order.to_link()) == order
    assert FilmRequest.from_link({"seed": "12"}) == FilmRequest(12)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"seed": "x"}, "whole numbers"),
        ({"seed": "-1"}, "seed -1 does not exist"),
        ({"seed": "1", "actions": "c900"}, "'c900' is unknown"),
        ({"seed": "1", "people": "test"}, "choose val or train"),
        ({"seed": "1", "seconds": "7"}, "choose 12, 20, 30"),
        ({"seed": "1", "actions": ",".join(["c059"] * 7)}, "at most 6"),
    ],
)
def test_a_link_that_cannot_be_ordered_says_why(query: dict[str, str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        FilmRequest.from_link(query)


def test_the_key_follows_every_choice() -> None:
    orders = [
        FilmRequest(1),
        FilmRequest(2),
        FilmRequest(1, (59, 107)),
        FilmRequest(1, (107, 59)),
        FilmRequest(1, (), "train"),
    ]
    assert len({order.key for order in orders}) == len(orders)
    assert FilmRequest(1, (59,)).key == FilmRequest(1, (59,)).key


def test_what_can_be_shown_is_offered_by_label() -> None:
    offered = list_showable_actions()
    assert find_action_index("c059") in offered
    assert find_action_index("c152") not in offered  # smiling: a face of a few pixels does not show it


def test_a_film_is_made_once_and_kept(queue: FilmQueue) -> None:
    order = FilmRequest(1, (59, 11))
    assert queue.find_latest(order) is None
    job = queue.wait(queue.submit(order), SOON_S)
    assert (job.state, job.error, job.fraction) == (JobState.DONE, None, 1.0)
    made = queue.get_result(job.id)
    assert [interval.action for interval in made.intervals] == [59]
    assert made.unmet == ((11, "no table is in this room"),)
    assert made.video.path is not None and made.video.path.is_file()
    assert queue.folder / order.key == list_finished_films(queue.folder, 5)[0]
    assert queue.get_job(queue.submit(order)).cached
    other = JobQueue(FilmJobs(queue.folder, ("no such program",)))
    found = other.find_latest(order)
    assert found is not None and found.state == JobState.DONE and other.list_jobs() == []
    other.close()


def test_a_film_reads_back_as_it_was_written(tmp_path: Path) -> None:
    made = FinishedFilm.load(stand_in_film(tmp_path, FilmRequest(3, (59,))))
    again = FinishedFilm.load(stand_in_film(tmp_path / "again", FilmRequest(3, (59,))))
    assert made.to_text() == again.to_text()
    assert len(made.graphs) > 0
    for one, other in zip(made.graphs, again.graphs):
        np.testing.assert_array_equal(one.relations, other.relations)
    assert made.graphs[0].relations.sum() == 4


def test_a_damaged_film_is_not_there(tmp_path: Path) -> None:
    order = FilmRequest(3)
    folder = stand_in_film(tmp_path, order)
    (folder / FILE).write_text("{}")
    assert load_finished_film(tmp_path, order) is None
    with pytest.raises(UserError, match="make it again"):
        FinishedFilm.load(folder)
    assert stand_in_film(tmp_path, order) == folder
    assert load_finished_film(tmp_path, order) is not None


@pytest.mark.parametrize("damage", ["cut", "gone", "emptied"])
def test_a_film_without_its_whole_video_is_not_there(damage: str, tmp_path: Path) -> None:
    order = FilmRequest(3)
    kept = load_finished_film(tmp_path, order) or FinishedFilm.load(stand_in_film(tmp_path, order))
    assert kept.video.path is not None
    if damage == "gone":
        kept.video.path.unlink()
    else:
        content = kept.video.path.read_bytes()
        kept.video.path.write_bytes(content[: 0 if damage == "emptied" else len(content) * 2 // 3])
    assert load_finished_film(tmp_path, order) is None
    with pytest.raises(UserError, match="its video is gone or was cut"):
        FinishedFilm.load(tmp_path / order.key)
    stand_in_film(tmp_path, order)
    assert load_finished_film(tmp_path, order) is not None


@pytest.mark.parametrize("seed", [SLOW, DEAF])
def test_progress_then_cancel_leaves_nothing(queue: FilmQueue, seed: int) -> None:
    order, next_order = FilmRequest(seed), FilmRequest(1)
    running, waiting = queue.submit(order), queue.submit(next_order)
    end = time.monotonic() + SOON_S
    while not (job := queue.get_job(running)).rate:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert 0 < job.fraction < 1 and job.remaining_s is not None and job.remaining_s > 0
    queue.cancel(running)
    assert queue.wait(waiting, SOON_S).state == JobState.DONE
    assert queue.get_job(running).state == JobState.CANCELLED
    assert (cancelled := queue.find_latest(order)) is not None and cancelled.state == JobState.CANCELLED
    assert [path.name for path in queue.folder.iterdir() if path.is_dir()] == [next_order.key]


@pytest.mark.parametrize(("seed", "sentence"), [(REFUSED, "this one is refused; give another"), (DIES, "exit code 3")])
def test_a_film_that_fails_says_why(queue: FilmQueue, seed: int, sentence: str) -> None:
    job = queue.wait(queue.submit(FilmRequest(seed)), SOON_S)
    assert job.state == JobState.FAILED and job.error is not None and sentence in job.error
    with pytest.raises(UserError, match=sentence):
        queue.get_result(job.id)


def test_each_film_is_drawn_by_a_process_that_begins_with_the_code_of_now(queue: FilmQueue) -> None:
    for seed in (1, 2):
        assert queue.wait(queue.submit(FilmRequest(seed)), SOON_S).state == JobState.DONE
        end = time.monotonic() + SOON_S
        while queue.list_process_ids():
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_closed_queue_ends_what_runs(tmp_path: Path) -> None:
    queue = JobQueue(FilmJobs(tmp_path / "films", (sys.executable, "-m", "tests.jobs.stand_in_film")))
    queue.submit(FilmRequest(SLOW))
    queue.close()
    assert queue.list_jobs()[0].state == JobState.CANCELLED
    with pytest.raises(UserError, match="start the app again"):
        queue.submit(FilmRequest(1))


@pytest.mark.slow
def test_the_real_worker_refuses_in_a_sentence(tmp_path: Path) -> None:
    queue = JobQueue(FilmJobs(tmp_path / "films"))
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / FilmRequest(7).key).touch()  # a file where the film's folder belongs
    job = queue.wait(queue.submit(FilmRequest(7)), 5 * SOON_S)
    queue.close()
    assert (
        job.state == JobState.FAILED and job.error is not None and "is a file; give the name of a folder" in job.error
    )
