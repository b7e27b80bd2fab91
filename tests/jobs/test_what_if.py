"""Questions about a video's scores as jobs: answered, cancelled, refused in a sentence; a video is made ready once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ag_core.catalog import find_clip_network
from ag_core.errors import Cancelled, UserError
from ag_core.jobs.job import JobState
from ag_core.jobs.queue import JobQueue
from ag_core.jobs.what_if import WhatIfJobs, WhatIfQuestion, WhatIfQueue, WhyQuestion
from ag_core.jobs.what_if_worker import WhatIfWork
from ag_core.pipeline import make_plan
from ag_core.results.evidence import Evidence, RescoredVideo
from ag_core.results.graph_edits import parse_edits
from ag_core.results.prediction_cache import compute_features_key
from ag_core.video.frames import probe_video
from tests.test_rescoring import predict_by_chance
from tests.video.test_frames import write_video

SOON_S = 240.0
NETWORK = find_clip_network("i3d")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 1.2 s, its prediction, and clip features that were kept before (random ones)."""
    made = tmp_path_factory.mktemp("questions")
    film = write_video(made / "film.mp4", n_frames=14, rate=12)
    prediction = predict_by_chance(film)
    prediction.save(made / "film.json")
    preset = NETWORK.preset()
    clips = make_plan(probe_video(film), 2.0, {"i3d": preset}).clips["i3d"]
    features = np.random.default_rng(0).random((len(clips), preset.feature_size), np.float32)
    (made / "features").mkdir()
    np.save(made / "features" / f"{compute_features_key(prediction.sha256, 'i3d')}.npy", features)
    return made


@pytest.fixture
def question(folder: Path) -> WhatIfQuestion:
    return WhatIfQuestion(
        folder / "film.mp4", folder / "film.json", "sgfb", parse_edits("-bed,phone/camera.holding@0-1")
    )


@pytest.fixture
def queue(folder: Path) -> Iterator[WhatIfQueue]:
    made = JobQueue(WhatIfJobs(folder / "features"))
    yield made
    made.close()


@pytest.mark.slow
def test_the_process_answers_both_questions(queue: WhatIfQueue, question: WhatIfQuestion) -> None:
    job = queue.wait(queue.submit(question), SOON_S)
    assert job.state == JobState.DONE, job.error
    answer = queue.get_result(job.id)
    assert isinstance(answer, RescoredVideo) and answer.touched.any()
    why = queue.wait(queue.submit(WhyQuestion(question.video, question.prediction, "sgfb", 59, 0.9)), SOON_S)
    evidence = queue.get_result(why.id)
    assert isinstance(evidence, Evidence)
    assert evidence.score == pytest.approx(float(answer.before.over_time[1, 59]), abs=1e-6)
    assert len(queue.list_process_ids()[""]) == 1


def ask(work: WhatIfWork, question: WhatIfQuestion | WhyQuestion, folder: Path) -> RescoredVideo | Evidence:
    """An answer without a process between."""
    jobs = WhatIfJobs(folder / "features")
    return jobs.read_result(work.do(jobs.describe_job(question, ""), lambda *_: None, lambda: False))


def test_a_video_is_made_ready_once(folder: Path, question: WhatIfQuestion) -> None:
    work = WhatIfWork()
    first, again = ask(work, question, folder), ask(work, replace(question, edits=()), folder)
    assert isinstance(first, RescoredVideo) and isinstance(again, RescoredVideo)
    np.testing.assert_array_equal(first.before.scores, again.after.scores)
    assert work.describe_status() == {"prepared": 1}
    ask(work, WhyQuestion(question.video, question.prediction, "sgfb", 3), folder)
    assert work.prepared == 1


def test_a_first_question_can_be_cancelled(folder: Path, question: WhatIfQuestion, tmp_path: Path) -> None:
    stages = []
    job = WhatIfJobs(tmp_path / "features").describe_job(question, "")
    with pytest.raises(Cancelled):
        WhatIfWork().do(job, lambda stage, *_: stages.append(stage), lambda: True)
    assert "watching the video" in stages and not (tmp_path / "features").exists()


def test_what_cannot_be_asked_is_one_sentence(queue: WhatIfQueue, question: WhatIfQuestion, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"other\.mp4 is missing, so the model cannot be asked again"):
        queue.submit(replace(question, video=tmp_path / "other.mp4"))
    without = WhatIfWork(tmp_path)
    with pytest.raises(UserError, match=r"clip\.safetensors is missing"):
        ask(without, question, question.video.parent)
    assert queue.list_process_ids() == {}


def test_equal_questions_are_one_job(question: WhatIfQuestion) -> None:
    jobs = WhatIfJobs()
    moved = replace(question, edits=parse_edits("-bed,phone/camera.holding@0-1.0"))
    assert jobs.get_key(question) == jobs.get_key(moved) != jobs.get_key(replace(question, edits=()))
    why = WhyQuestion(question.video, question.prediction, "sgfb", 3)
    assert jobs.get_key(why) != jobs.get_key(replace(why, time_s=0.5))
