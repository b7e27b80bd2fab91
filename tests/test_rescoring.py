"""Scores of edited graphs are those of a full forward pass, clip features are made once, and misfits are said."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ag_core import rescoring
from ag_core.catalog import find_action_model, find_clip_network
from ag_core.errors import Cancelled, UserError
from ag_core.files import hash_file_cached
from ag_core.models.feature_bank import FeatureBank, build_graph_bank
from ag_core.models.video import BankedVideoModel, load_bank_head, load_clip_network, make_clip_input
from ag_core.pipeline import make_plan
from ag_core.records import ActionScores, SceneGraph
from ag_core.rescoring import MAX_TRIPLETS, Rescorer, prepare_video
from ag_core.results.graph_edits import edit_graphs, parse_edits
from ag_core.results.prediction import ModelUse, Prediction
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import N_ACTIONS, N_RELATIONS, OBJECTS, RELATIONS
from ag_core.video.clips import letterbox
from ag_core.video.frames import probe_video, read_frames
from benchmarks.what_if import Answers, measure_areas, to_markdown
from tests.video.test_frames import write_video

EDITS = parse_edits("-bed.lying_on@0-0.6,phone/camera.holding,pillow=0.2")


def predict_by_chance(path: Path) -> Prediction:
    """A prediction of a video with the shipped weights in which everything is random."""
    video, network, model = probe_video(path), find_clip_network("i3d"), find_action_model("sgfb")
    rng = np.random.default_rng(0)
    plan = make_plan(video, 2.0, {"i3d": network.preset()})
    assert video.clock is not None
    graphs = tuple(
        SceneGraph(
            frame, video.clock.time_of(frame), [0, 0, 20, 20], 0.9, [2, 25, 25],
            np.tile([0.0, 0, 9, 9], (3, 1)), rng.random(3), rng.random((3, N_RELATIONS)),
        )
        for frame in plan.graph_frames
    )  # fmt: skip
    uses = tuple(
        ModelUse(part.id, role, "video-demo", hash_file_cached(part.weights_path(WEIGHTS)), "home world")
        for role, part in ((network.role, network), (model.id, model))
    )
    scores = (ActionScores("sgfb", np.zeros(N_ACTIONS)),)
    return Prediction(video, path.name, hash_file_cached(path), uses, 2.0, (), graphs, scores)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", n_frames=14, rate=12)


@pytest.fixture(scope="module")
def prediction(film: Path) -> Prediction:
    return predict_by_chance(film)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "clip_features"


@pytest.fixture(scope="module")
def rescorer(film: Path, prediction: Prediction, kept: Path) -> Rescorer:
    return prepare_video(film, prediction, "sgfb", kept)


@pytest.mark.slow
def test_what_if_is_a_full_forward_pass_with_the_edited_graphs(
    film: Path, prediction: Prediction, rescorer: Rescorer
) -> None:
    preset = find_clip_network("i3d").preset()
    plan = make_plan(probe_video(film), 2.0, {"i3d": preset})
    edited = {graph.frame: graph for graph in edit_graphs(prediction.frames, EDITS)}
    bank = FeatureBank(plan.bank_times_s, build_graph_bank([edited[frame] for frame in plan.bank_frames]))
    small = {number: letterbox(pixels, preset.size_wh) for number, pixels in read_frames(film, range(1, 15))}
    pixels = np.stack([[small[frame] for frame in plan.clips["i3d"][clip]] for clip in plan.clip_of["i3d"]])
    model = BankedVideoModel(load_clip_network("i3d", WEIGHTS)[0].clip_net, load_bank_head("sgfb", WEIGHTS)[0])
    windows = torch.from_numpy(bank.cut_windows(plan.centres_s)[:])
    with torch.inference_mode():
        expected = model(make_clip_input(pixels, preset), windows).sigmoid().numpy()
    answer, n_times = rescorer.rescore(EDITS), len(plan.bank_times_s)
    np.testing.assert_allclose(answer.after.over_time, expected[:n_times], atol=1e-6)
    np.testing.assert_allclose(answer.after.scores, expected[n_times:].max(axis=0), atol=1e-6)
    assert answer.touched.all() and np.abs(answer.after.scores - answer.before.scores).max() > 1e-4


def test_no_edit_changes_nothing_and_the_same_answer_comes_twice(rescorer: Rescorer) -> None:
    answer = rescorer.rescore(())
    assert not answer.touched.any()
    np.testing.assert_array_equal(answer.after.over_time, answer.before.over_time)
    np.testing.assert_array_equal(rescorer.rescore(EDITS).after.scores, rescorer.rescore(EDITS).after.scores)


def test_evidence_is_of_the_clip_that_was_asked_for(rescorer: Rescorer) -> None:
    action, answer = 59, rescorer.rescore(())
    of_video, of_moment = rescorer.explain(action), rescorer.explain(action, 0.9)
    assert of_video.score == pytest.approx(float(answer.before.scores[action]), abs=1e-6)
    assert of_moment.score == pytest.approx(float(answer.before.over_time[1, action]), abs=1e-6)
    assert of_moment.time_s == rescorer.plan.bank_times_s[1]
    assert len(of_moment.triplets) == MAX_TRIPLETS and (np.diff(of_moment.scores_without) >= 0).all()
    thing, relation = of_moment.triplets[0]
    edited = edit_graphs(rescorer.graphs, parse_edits(f"-{OBJECTS[thing]}.{RELATIONS[relation]}"))
    found = rescorer.score(edited).over_time[1, action]
    assert of_moment.scores_without[0] == pytest.approx(float(found), abs=1e-6)


def test_features_are_computed_once_and_again_where_the_file_is_damaged(
    film: Path, prediction: Prediction, rescorer: Rescorer, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Cancelled

    monkeypatch.setattr(rescoring, "compute_clip_features", refuse)
    np.testing.assert_array_equal(prepare_video(film, prediction, "sgfb", kept).features, rescorer.features)
    [file] = kept.iterdir()
    copy = kept.parent / "damaged" / file.name
    copy.parent.mkdir()
    copy.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(Cancelled):
        prepare_video(film, prediction, "sgfb", copy.parent)


def test_what_does_not_fit_together_is_said(
    film: Path, prediction: Prediction, rescorer: Rescorer, kept: Path, tmp_path: Path
) -> None:
    swapped = tuple(replace(use, sha256="1" * 64) if use.role == "sgfb" else use for use in prediction.models)
    with pytest.raises(UserError, match=r"scored with other weights than sgfb\.safetensors here"):
        prepare_video(film, replace(prediction, models=swapped), "sgfb", kept)
    with pytest.raises(UserError, match=r"clip\.safetensors is missing"):
        prepare_video(film, prediction, "sgfb", kept, tmp_path)
    with pytest.raises(UserError, match="another file than its prediction was made of"):
        prepare_video(film, replace(prediction, sha256="2" * 64), "sgfb", kept)
    with pytest.raises(UserError, match="no graph of frame"):
        prepare_video(film, replace(prediction, frames=()), "sgfb", kept)


def test_the_benchmark_tries_evidence(rescorer: Rescorer) -> None:
    areas = measure_areas(rescorer, 59, 0)
    assert areas.deletion["evidence"] < min(areas.deletion["chance"], areas.deletion["attention x confidence"])
    assert areas.insertion["evidence"] > max(areas.insertion["chance"], areas.insertion["attention x confidence"])
    text = to_markdown(Answers([2.0, 1.0], [0.05, 0.1], [0.06]), [areas], 2)
    assert "| what if | 2 | 75 ms |" in text and "| chance |" in text and "1 of 1" in text
