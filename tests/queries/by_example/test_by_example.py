"""Search by example: what is read, what is learned from, what is found; marks; the process and its end."""

from pathlib import Path

import numpy as np
import pytest

from ag_core.annotations.showcase_store import ensure_store
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import Cancelled, UserError
from ag_core.jobs.job import JobState
from ag_core.queries.by_example.annotated import count_taught_videos, list_annotated_moments
from ag_core.queries.by_example.graph_frames import GraphFrames, read_graph_frames
from ag_core.queries.by_example.learning import (
    average_within,
    describe_frames,
    find_rows,
    fit_logistic,
    learn_lesson,
    weigh_frames,
)
from ag_core.queries.by_example.lessons import open_lesson_queue
from ag_core.queries.by_example.process import LessonWork
from ag_core.queries.by_example.records import Lesson, LessonAnswer, Moment
from ag_core.taxonomy import BANK_SIZE, find_action_index

RUN = "prediction:faster-rcnn+reldn"


def make_frames(n_videos: int = 8, length: int = 24) -> GraphFrames:
    """Two graphs a second; every video shows cell 100, and in its middle third cell 300 as well."""
    video = np.repeat(np.arange(n_videos), length)
    bank = np.zeros((n_videos * length, BANK_SIZE), np.float32)
    bank[:, 100] = 0.8
    middle = np.tile((np.arange(length) >= 8) & (np.arange(length) < 16), n_videos)
    bank[middle, 300] = 0.9
    bank[:, 500:510] = np.random.default_rng(0).random((len(bank), 10)) * 0.2
    times = np.tile(np.arange(length) / 2, n_videos)
    frame = np.tile(np.arange(length) * 12 + 1, n_videos)
    return GraphFrames(tuple(f"V{n}" for n in range(n_videos)), video, times, frame, bank, 0)


def test_graphs_of_the_store_are_rows_of_a_feature_bank(app_home: Path) -> None:
    with AnnotationStore(ensure_store()) as store:
        for source in store.sources():
            frames = read_graph_frames(store, source)
            for number, video_id in enumerate(frames.video_ids):
                graphs = store.graphs_of(video_id, source)
                rows = np.flatnonzero(frames.video == number)
                assert [graph.frame for graph in graphs] == frames.frame[rows].tolist()
                expected = np.stack([graph.confidence_matrix().reshape(-1) for graph in graphs])
                np.testing.assert_allclose(frames.bank[rows], expected, atol=1e-6)
                np.testing.assert_allclose(frames.times_s[rows], [g.time_s for g in graphs], atol=1e-3)
        few = read_graph_frames(store, RUN, wanted=["EF2GH"], most=6)
        assert "EF2GH" in few.video_ids and few.left_out == 2 - len(few.video_ids)
        with pytest.raises(UserError, match="has no graph at a known time"):
            read_graph_frames(store, "prediction:nobody")


def test_annotated_moments_are_those_of_videos_with_graphs(app_home: Path) -> None:
    drinking = find_action_index("c106")
    with AnnotationStore(ensure_store()) as store:
        assert list_annotated_moments(store, drinking, RUN) == [Moment("AB1CD", 0.5, 1.5)]
        counted = count_taught_videos(store, RUN)
        assert dict(zip(counted["action"], counted["videos"])) == {
            find_action_index(n): 1 for n in ("c011", "c106", "c107")
        }
        assert count_taught_videos(store, "prediction:nobody").empty


def test_what_is_found_is_like_the_examples() -> None:
    frames = make_frames()
    answer = learn_lesson(
        frames, describe_frames(frames), Lesson("a", (Moment("V0", 4.5, 7.0), Moment("V1", 5.0, 5.0)))
    )
    first = answer.hits[:6]
    assert {hit.video_id for hit in first} == {f"V{n}" for n in range(2, 8)}
    assert all(4.0 <= hit.time_s <= 7.5 for hit in first)
    assert answer.hits[6].score < first[-1].score and not {"V0", "V1"} & {hit.video_id for hit in answer.hits}
    assert (answer.frames, answer.videos, answer.left_out) == (192, 8, 0)


def test_a_mark_changes_what_is_found() -> None:
    frames = make_frames()
    frames.bank[frames.video == 5, 700] = 0.9  # what the wrong one alone shows
    features = describe_frames(frames)
    lesson = Lesson("a", (Moment("V0", 4.5, 7.0),))
    before = learn_lesson(frames, features, lesson)
    wrong = Moment("V5", 6.0, 6.0)
    after = learn_lesson(frames, features, Lesson("a", lesson.examples, wrong=(wrong,)))

    def best(answer: LessonAnswer) -> float:
        return max(hit.score for hit in answer.hits if hit.video_id == "V5")

    assert best(after) < best(before)
    assert all(abs(hit.time_s - 6.0) >= 5 for hit in after.hits if hit.video_id == "V5")
    again = learn_lesson(frames, features, lesson)
    assert again.hits == before.hits


def test_weights_are_shared_out_fairly() -> None:
    frames = make_frames()
    lesson = Lesson(
        "a", (Moment("V0", 4.5, 7.0), Moment("V0", 6.5, 6.5)), (Moment("V1", 5.0, 5.0),), (Moment("V2", 1.0, 2.0),)
    )
    targets, weights = weigh_frames(frames, lesson)
    assert weights.sum() == pytest.approx(1)
    one = weights[find_rows(frames, lesson.right[0])].sum()
    assert weights[targets > 0].sum() == pytest.approx(3 * one)
    assert weights[find_rows(frames, lesson.wrong[0])].sum() == pytest.approx(one)
    assert not weights[(frames.video == 0) & (targets == 0)].any()
    with pytest.raises(UserError, match="video XX has no graph"):
        find_rows(frames, Moment("XX", 0, 1))


def test_means_do_not_reach_into_the_next_video() -> None:
    frames = make_frames(n_videos=3, length=4)
    rows = frames.video[:, None].astype(np.float32)
    np.testing.assert_allclose(average_within(frames, rows, 5.0), rows)
    single = average_within(frames, np.eye(12, dtype=np.float32), 0.5)
    np.testing.assert_allclose(single[5, 4:7], 1 / 3)


def test_the_classifier_minimises_its_loss() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 5)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    targets = (features[:, 0] > 0.1).astype(np.float32)
    weights = random.random(60)
    weights /= weights.sum()
    direction, offset = fit_logistic(features, targets, weights, ridge=0.01, steps=2000)
    errors = (1 / (1 + np.exp(-(features @ direction + offset))) - targets) * weights
    np.testing.assert_allclose(features.T @ errors + 0.01 * direction, 0, atol=1e-4)
    assert errors.sum() == pytest.approx(0, abs=1e-4) and direction[0] > abs(direction[1:]).max()


def test_moments_read_what_they_write() -> None:
    for moment in (Moment("AB1CD", 3.2, 5.0), Moment("a@b", 0.0, 0.0)):
        assert Moment.parse(moment.format()) == moment
    for text in ("AB1CD", "@3", "AB1CD@x", "AB1CD@5-3", "AB1CD@-3", "AB1CD@nan"):
        with pytest.raises(UserError):
            Moment.parse(text)
    with pytest.raises(UserError, match="no example"):
        Lesson("annotation", ())


def test_a_lesson_is_learned_by_a_process_and_can_be_cancelled(app_home: Path) -> None:
    path, lesson = ensure_store(), Lesson(RUN, (Moment("AB1CD", 0.5, 1.5),))
    queue = open_lesson_queue(path)
    try:
        job = queue.submit(lesson)
        assert queue.wait(job, 120).state == JobState.DONE
        answer = queue.get_result(job)
        assert answer.hits and {hit.video_id for hit in answer.hits} == {"EF2GH"}
        missing = queue.submit(Lesson(RUN, (Moment("XX", 0.5, 1.5),)))
        assert "video XX has no graph" in str(queue.wait(missing, 120).error)
    finally:
        queue.close()
    with AnnotationStore(path) as store:
        work = LessonWork(store)
        with pytest.raises(Cancelled):
            work.do({"lesson": lesson.to_json()}, lambda stage, done, total: None, lambda: True)
        told: list[str] = []
        work.do({"lesson": lesson.to_json()}, lambda stage, done, total: told.append(stage), lambda: False)
        assert set(told) == {"reading graphs", "learning"}
