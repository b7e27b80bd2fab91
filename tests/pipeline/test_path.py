"""One video through the whole path, with untrained models and a stand-in detector."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch

from ag_core import pipeline
from ag_core.errors import Cancelled
from ag_core.jobs.job import JobState
from ag_core.jobs.prediction import PredictionJobs, PredictionRequest
from ag_core.jobs.queue import JobQueue
from ag_core.models.feature_bank import compute_bank_times
from ag_core.models.video import make_clip_input
from ag_core.pipeline import Models, make_plan, predict_video
from ag_core.records import FrameClock
from ag_core.results.prediction import Prediction
from ag_core.taxonomy import N_ACTIONS, Group
from ag_core.video.clips import letterbox
from ag_core.video.frames import probe_video, read_frames
from tests.pipeline.stand_ins import SCHEMA, TwoBoxes
from tests.video.test_frames import write_video


def test_the_path_from_file_to_scores(models: Models, film: Path) -> None:
    stages: list[tuple[str, int, int]] = []
    prediction = predict_video(film, models, progress=lambda *stage: stages.append(stage))
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(prediction.to_text()))
    assert prediction.video == probe_video(film)
    assert [graph.frame for graph in prediction.frames] == [6, 12, 18, 24, 30, 36, 42]
    assert all(graph.person_box_xyxy is not None and list(graph.object_classes) == [10] for graph in prediction.frames)
    assert prediction.frames[0].relations_of(Group.ATTENTION).sum() == pytest.approx(1, abs=1e-4)
    scores = prediction.action_scores()
    assert list(scores) == ["lfb", "sgfb"]
    np.testing.assert_allclose(scores["lfb"].times_s, compute_bank_times(3.5))
    assert scores["sgfb"].over_time.shape == (7, N_ACTIONS)
    assert np.flatnonzero(scores["sgfb"].trained_on).tolist() == [0, 156]
    assert [use.role for use in prediction.models] == ["detector", "regions", "relations", "clip", "lfb", "sgfb"]
    assert list(dict.fromkeys(stage for stage, _, _ in stages)) == [
        "reading the file",
        "watching the video",
        "scoring actions",
    ]
    watched = [done for stage, done, _ in stages if stage == "watching the video"]
    assert watched == sorted(watched) and watched[-1] == 7 + 15  # two of the 7 + 10 clips are equal to others


def test_each_picture_is_seen_once_and_a_second_run_is_equal(models: Models, film: Path) -> None:
    detector = models.graphs.detector
    assert isinstance(detector, TwoBoxes)
    detector.shown.clear()
    first = predict_video(film, models, rate=4)
    assert len(detector.shown) == len(first.frames)
    for picture, (_, plain) in zip(detector.shown, read_frames(film, [g.frame for g in first.frames]), strict=True):
        np.testing.assert_array_equal(picture, plain)
    assert predict_video(film, models, rate=4).to_json() == first.to_json()


def test_graphs_of_a_phones_video_stand_at_their_own_times(models: Models, tmp_path: Path) -> None:
    shown_at = [*range(20), *range(20, 50, 5)]  # twelfths of a second: 12 frames a second, then 2.4
    path = write_video(tmp_path / "phone.mp4", n_frames=len(shown_at), shown_at=shown_at)
    prediction = predict_video(path, models)
    content = json.loads(prediction.to_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(content)
    assert content["video"]["frame_times_s"] == pytest.approx([number / 12 for number in shown_at], abs=1e-4)
    for graph in content["frames"]:
        assert graph["time_s"] == pytest.approx(shown_at[graph["frame"] - 1] / 12, abs=1e-4)
    np.testing.assert_allclose(prediction.actions[0].times_s, compute_bank_times(45 / 12 + 1 / 12))
    assert [graph["frame"] for graph in content["frames"]] == [6, 12, 18, 21, 22, 24, 25]


def test_more_graphs_to_show_leave_the_scores_as_they_are(models: Models, film: Path, plain: Prediction) -> None:
    dense = predict_video(film, models, rate=6)
    assert {g.frame for g in plain.frames} < {g.frame for g in dense.frames}
    assert len(dense.frames) == 21
    for name, scores in plain.action_scores().items():
        np.testing.assert_array_equal(scores.over_time, dense.action_scores()[name].over_time)


def test_clip_features_do_not_depend_on_how_clips_are_batched(models: Models, film: Path) -> None:
    video = probe_video(film)
    plan = make_plan(video, 2.0, models.clip_presets)
    watcher = pipeline.Watcher(plan, FrameClock(12, 42), models, lambda *_: None)
    kept = 0
    with torch.inference_mode():
        for number, picture in read_frames(film, range(1, 43)):
            watcher.see(number, picture)
            kept = max(kept, len(watcher.clips["i3d"].small))
        _, features = watcher.finish()
        i3d, clips = models.clip_networks["i3d"], plan.clips["i3d"]
        for clip in (0, 3, len(clips) - 1):
            small = dict(read_frames(film, clips[clip]))
            pictures = np.stack([letterbox(small[frame], i3d.preset.size_wh) for frame in clips[clip]])
            alone = i3d.network(make_clip_input(pictures[None], i3d.preset)).numpy()[0]
            np.testing.assert_allclose(features["i3d"][clip], alone, rtol=1e-3, atol=1e-4)
    assert 0 < kept <= 42


def test_a_cancelled_prediction_ends(models: Models, film: Path) -> None:
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        predict_video(film, models, cancelled=lambda: next(asked))


@pytest.mark.parametrize("n_frames", [1, 2, 5])
def test_very_short_videos_have_a_graph_and_scores(models: Models, tmp_path: Path, n_frames: int) -> None:
    prediction = predict_video(write_video(tmp_path / "short.mp4", n_frames=n_frames), models)
    assert len(prediction.frames) == 1
    assert prediction.action_scores()["sgfb"].over_time.shape == (1, N_ACTIONS)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(prediction.to_text()))


def test_a_rotated_video_is_predicted_upright(models: Models, tmp_path: Path) -> None:
    prediction = predict_video(write_video(tmp_path / "phone.mp4", n_frames=8, rotation=90), models)
    assert (prediction.video.width, prediction.video.height) == (48, 64)


@pytest.mark.slow
def test_the_real_worker_serves_two_sessions_with_one_load(film: Path, weights: Path, tmp_path: Path) -> None:
    queue = JobQueue(PredictionJobs(tmp_path / "results", weights))
    other = write_video(tmp_path / "other.mp4", n_frames=4)
    jobs = [queue.submit(PredictionRequest(path, device="cpu")) for path in (film, other, film)]
    for job in jobs:
        assert queue.wait(job, 120).state == JobState.DONE, queue.get_job(job).error
    assert jobs[0] == jobs[2]
    assert [line for job in jobs[:2] for line in queue.get_job(job).log].count("loading models") == 1
    assert len(queue.list_process_ids()) == 1
    assert queue.get_result(jobs[0]).video.n_frames == 42
    queue.close()
