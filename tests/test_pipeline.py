"""One video through the whole path, with untrained models, a stand-in detector, and the command around it."""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core import pipeline
from ag_core.annotations.readers.prediction_rows import read_prediction_tables
from ag_core.commands import predict
from ag_core.errors import Cancelled, UserError
from ag_core.jobs.job import JobState
from ag_core.jobs.prediction import PredictionJobs, PredictionRequest
from ag_core.jobs.prediction_worker import PredictionWork
from ag_core.jobs.queue import JobQueue
from ag_core.models.checkpoints import read_metadata, save_checkpoint
from ag_core.models.detector import build_faster_rcnn
from ag_core.models.feature_bank import compute_bank_times
from ag_core.models.graph_reader import build_graph_reader, read_graphs
from ag_core.models.relation import build_relation_head
from ag_core.models.relation.habits import save_habits
from ag_core.models.relation.smoothing import count_transitions, smooth_graphs
from ag_core.models.relation.transitions_file import save_transitions
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import build_bank_head, build_video_model, make_clip_input
from ag_core.pipeline import Models, load_models, make_plan, predict_video
from ag_core.presets import DEMO_DETECTOR, DEMO_GRAPH_READER, DEMO_RELDN, DEMO_STRIDE_4_DETECTOR, DEMO_VIDEO, PAPER_VRD
from ag_core.records import Detections, FrameClock, SceneGraph
from ag_core.results import prediction_notes
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import (
    PredictionSettings,
    compute_key_of,
    compute_result_key,
    keep_result,
    load_finished_result,
)
from ag_core.settings import WEIGHTS, Settings
from ag_core.taxonomy import N_ACTIONS, RELATIONS, Group
from ag_core.video import index
from ag_core.video.clips import letterbox
from ag_core.video.frames import probe_video, read_frames
from tests.video.test_frames import BAD, DATA, bad_file, damage_frames, write_video

SCHEMA = json.loads((Path(__file__).parent.parent / "assets" / "prediction.schema.json").read_text())
MARK = "action-genome-explorer home world"


class TwoBoxes:
    """Finds a person and a cup in every picture, and remembers what it was shown."""

    name = "two boxes"

    def __init__(self) -> None:
        self.shown: list[NDArray[np.uint8]] = []

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        self.shown += images
        boxes = np.array([[4, 4, 30, 44], [20, 20, 40, 40]], np.float32)
        return [Detections(boxes, np.array([0, 10]), np.array([0.9, 0.8], np.float32)) for _ in images]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained weights in the shipped format."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(0)
    states = {
        "detector": (build_faster_rcnn(DEMO_DETECTOR), DEMO_DETECTOR.name),
        "reldn": (build_relation_head("reldn"), DEMO_RELDN.name),
        "frequency": (build_relation_head("frequency"), DEMO_RELDN.name),
        "clip": (build_video_model("i3d"), DEMO_VIDEO.name),
        "lfb": (build_bank_head("lfb"), DEMO_VIDEO.name),
        "sgfb": (build_bank_head("sgfb"), DEMO_VIDEO.name),
    }
    models = {"detector": "home-world", "clip": "i3d"}
    for name, (module, preset) in states.items():
        metadata = {"preset": preset, "model": models.get(name, name)} | (
            {"trained_on": "c000, c156"} if name == "sgfb" else {}
        )
        save_checkpoint(folder / f"{name}.safetensors", module.state_dict(), metadata, half_precision=True)
    return folder


@pytest.fixture(scope="module")
def models(weights: Path) -> Models:
    """The models of the fixture with the stand-in detector."""
    loaded = load_models("cpu", weights=weights)
    return replace(loaded, graphs=SceneGraphPredictor(TwoBoxes(), loaded.graphs.trunk, loaded.graphs.head))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", n_frames=42, rate=12, comment=MARK)


class Nobody(TwoBoxes):
    """Finds a cup, and a person who is hardly one."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return [replace(found, scores=np.array([0.1, 0.8], np.float32)) for found in super().detect(images)]


def test_where_nobody_is_seen_no_action_is_scored(models: Models, film: Path) -> None:
    empty = predict_video(
        film, replace(models, graphs=SceneGraphPredictor(Nobody(), models.graphs.trunk, models.graphs.head))
    )
    assert empty.actions == () and empty.frames
    assert empty.notes[0] == "No person was found in the 7 frames that were looked at, so no actions are scored."
    again = Prediction.from_json(json.loads(empty.to_text()))
    assert again.actions == () and again.notes == empty.notes
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(empty.to_text()))
    assert predict_video(film, models).actions


class TwoPeople(TwoBoxes):
    """Finds a person on the left and one on the right, now the one and now the other clearer, and a cup."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        found = []
        for _ in images:
            self.turn += 1
            scores = np.array([0.9, 0.7, 0.7] if self.turn % 2 else [0.6, 0.7, 0.7], np.float32)
            boxes = np.array([[2, 4, 14, 44], [34, 4, 46, 44], [20, 20, 30, 30]], np.float32)
            found.append(Detections(boxes, np.array([0, 0, 10]), scores))
        return found


@pytest.mark.parametrize("head", ["reldn", "pair-memory"])
def test_of_two_people_one_is_followed(models: Models, tmp_path: Path, head: str) -> None:
    video = write_video(tmp_path / "two.mp4", n_frames=42, rate=12)
    torch.manual_seed(3)
    judge = models.graphs.head if head == "reldn" else build_relation_head(head)

    def follow(person: int) -> Prediction:
        graphs = SceneGraphPredictor(TwoPeople(), models.graphs.trunk, judge)
        return predict_video(video, replace(models, graphs=graphs), person=person)

    both = [follow(1), follow(2)]
    lefts = [{float(box[0]) for graph in one.frames if (box := graph.person_box_xyxy) is not None} for one in both]
    assert lefts == [{2.0}, {34.0}]  # the same one throughout
    told = "2 people were told apart; followed is the one who is there most, seen in 7 of 7"
    assert both[0].notes[0].startswith(told)
    assert "the second most" in both[1].notes[0]
    assert not np.allclose(both[0].frames[0].relations, both[1].frames[0].relations)
    third = follow(3)
    assert all(graph.person_box_xyxy is None and not graph.relations.any() for graph in third.frames)
    assert third.actions == () and third.notes[0].startswith("No person 3 was found")


def test_relationships_are_put_right_for_real_homes_and_read_alone(
    models: Models, weights: Path, film: Path, tmp_path: Path
) -> None:
    folder, chosen = tmp_path / "weights", PredictionSettings(evidence=0.0)
    shutil.copytree(weights, folder)
    with pytest.raises(UserError, match=r"habits\.safetensors, by which relationships are put right for real homes"):
        load_models("cpu", chosen, folder)
    held = np.zeros((8, len(RELATIONS)), bool)
    held[:, [0, 3, RELATIONS.index("holding")]] = True
    save_habits(folder / "habits.safetensors", np.full(8, 10), held, {"trained_on_data": "my homes"})
    reader = build_graph_reader()
    facts = {"model": "graph", "preset": DEMO_GRAPH_READER.name, "trained_on": "c000", "trained_on_data": "my homes"}
    save_checkpoint(folder / "graph-reader.safetensors", reader.state_dict(), facts)
    loaded = load_models("cpu", chosen, folder)
    graphs = SceneGraphPredictor(TwoBoxes(), loaded.graphs.trunk, loaded.graphs.head)
    real = predict_video(film, replace(loaded, graphs=graphs))
    plain = predict_video(film, models)

    # Without evidence of its own the head says what is usual: held in 9 of 10, smoothed.
    assert [round(float(g.relations[0, RELATIONS.index("holding")]), 3) for g in real.frames] == [0.9] * len(
        real.frames
    )
    uses = {use.role: use for use in real.models}
    assert uses["habits"].preset == "evidence 0" and uses["habits"].trained_on_data == "my homes"
    assert real.of_real_homes and not plain.of_real_homes
    assert any("counts for 0%" in note for note in real.notes)
    answers, before = real.action_scores(), plain.action_scores()
    assert set(answers) == {"lfb", "sgfb", "graph"} and set(before) == {"lfb", "sgfb"}
    np.testing.assert_array_equal(answers["sgfb"].scores, before["sgfb"].scores)  # as the head judged
    np.testing.assert_allclose(answers["graph"].over_time, read_graphs(reader, [real.frames[0]] * 7), atol=1e-3)
    assert answers["graph"].trained_on.sum() == 1
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(real.to_text()))
    again = Prediction.from_json(json.loads(real.to_text()))
    for graph, why, kept in zip(real.frames, real.reasons, again.reasons, strict=True):
        told = ~np.isnan(why.shares[..., 0])
        np.testing.assert_array_equal(told, graph.relations >= 0.5)
        made = 1 / (1 + np.exp(-why.shares[told].sum(axis=1)))
        np.testing.assert_allclose(made, graph.relations[told], atol=2e-7)
        np.testing.assert_allclose(kept.shares, why.shares, atol=5e-5)
    assert not why.shares[told][:, 1:].any()  # habits alone speak
    assert plain.reasons == () and not Prediction.from_json(json.loads(plain.to_text())).reasons
    [source] = set(read_prediction_tables([_write(real, tmp_path)])["videos"]["source"])
    assert "+real-habits" in source


def _write(prediction: Prediction, folder: Path) -> Path:
    prediction.save(folder / "prediction.json")
    return folder / "prediction.json"


def test_detector_and_head_are_of_the_size_that_their_files_name(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights, folder)
    preset = DEMO_STRIDE_4_DETECTOR
    facts = {"preset": preset.name, "model": "home-world"}
    save_checkpoint(folder / "detector.safetensors", build_faster_rcnn(preset).state_dict(), facts, half_precision=True)
    uses = {use.role: use.preset for use in load_models("cpu", weights=folder).uses}
    assert (uses["detector"], uses["regions"], uses["relations"]) == (preset.name, preset.name, DEMO_RELDN.name)
    larger = build_relation_head("vrd", PAPER_VRD).state_dict()
    save_checkpoint(folder / "vrd.safetensors", larger, {"preset": PAPER_VRD.name, "model": "vrd"})
    with pytest.raises(UserError, match="reads region features of 1024 numbers, and the detector beside it gives 256"):
        load_models("cpu", PredictionSettings(relation_head="vrd"), folder)


def test_relationships_are_made_steady_and_the_file_says_so(
    models: Models, weights: Path, film: Path, tmp_path: Path
) -> None:
    def hold(frame: int, touching: bool) -> SceneGraph:
        relations = np.zeros((1, len(RELATIONS)), np.float32)
        relations[0, [0, 3, RELATIONS.index("holding" if touching else "not_contacting")]] = 1
        boxes = np.array([[4, 4, 30, 44]], np.float32)
        return SceneGraph(frame, frame / 2, boxes[0], 0.9, np.array([10]), boxes, np.ones(1, np.float32), relations)

    folder = tmp_path / "weights"
    shutil.copytree(weights, folder)
    with pytest.raises(
        UserError, match=r"transitions\.safetensors, by which relationships are made steady, is missing"
    ):
        load_models("cpu", PredictionSettings(smooth=True), folder)
    counted = count_transitions([[hold(1, False), hold(2, True), hold(3, True)]])
    save_transitions(folder / "transitions.safetensors", counted, {"trained_on_data": "my films"})
    loaded = load_models("cpu", PredictionSettings(smooth=True), folder)
    trunk, head = loaded.graphs.trunk, loaded.graphs.head
    plain = predict_video(film, models)
    smoothed = predict_video(film, replace(loaded, graphs=SceneGraphPredictor(TwoBoxes(), trunk, head)))

    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(smoothed.to_text()))
    again = Prediction.from_json(json.loads(smoothed.to_text()))
    [use] = [use for use in again.models if use.role == "smoothing"]
    assert again.smoothed and not plain.smoothed
    assert (use.name, use.trained_on_data) == ("transitions", "my films")
    expected = smooth_graphs(plain.frames, counted)
    for one, other, before in zip(smoothed.frames, expected, plain.frames):
        np.testing.assert_allclose(one.relations, other.relations, atol=1e-6)
        assert not np.allclose(one.relations, before.relations)
    for name, scores in plain.action_scores().items():
        np.testing.assert_array_equal(smoothed.action_scores()[name].scores, scores.scores)

    keys = [compute_result_key(film, PredictionSettings(smooth=smooth), folder) for smooth in (False, True)]
    assert keys[0] != keys[1] == keep_result(smoothed, tmp_path, PredictionSettings(smooth=True), folder)
    tables = [read_prediction_tables([save(one, tmp_path)]) for one in (plain, smoothed)]
    sources = [table["videos"]["source"][0].rpartition("@")[0] for table in tables]
    assert sources == ["prediction:faster-rcnn+reldn", "prediction:faster-rcnn+reldn+smoothed"]


def save(prediction: Prediction, folder: Path) -> Path:
    path = folder / f"{'smoothed' if prediction.smoothed else 'plain'}.json"
    prediction.save(path)
    return path


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


def test_more_graphs_to_show_leave_the_scores_as_they_are(models: Models, film: Path) -> None:
    plain, dense = predict_video(film, models), predict_video(film, models, rate=6)
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


def test_other_habits_and_steadiness_want_no_other_networks(film: Path, weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(weights, folder)
    for name in ("habits", "transitions"):
        shutil.copy(WEIGHTS / f"{name}.safetensors", folder)
    short = write_video(tmp_path / "short.mp4", n_frames=4)
    work = PredictionWork("cpu", folder)
    for chosen in (PredictionSettings(), PredictionSettings(evidence=0.8, smooth=True)):
        out = tmp_path / f"{compute_result_key(short, chosen, folder)}.json"
        work.do({"path": str(short), "settings": asdict(chosen), "out": str(out)}, lambda *_: None, lambda: False)
    assert work.loads == 1
    predict_video(short, load_models("cpu", chosen, folder)).save(tmp_path / "anew.json")
    assert out.read_text() == (tmp_path / "anew.json").read_text()


def test_other_footage_gets_a_plain_note(models: Models, film: Path, tmp_path: Path) -> None:
    assert predict_video(film, models).notes == ()
    other = write_video(tmp_path / "other.mp4", n_frames=8)
    [note] = predict_video(other, models).notes
    assert note.startswith("Objects, relations and actions come from models trained only on the synthetic home world.")


def test_a_prediction_says_what_its_weights_were_trained_on(weights: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(weights, own)
    for name, module in (("reldn", build_relation_head("reldn")), ("lfb", build_bank_head("lfb"))):
        path = own / f"{name}.safetensors"
        facts = read_metadata(path) | {"trained_on_data": "charades-ag"}
        save_checkpoint(path, module.state_dict(), facts, half_precision=True)
    uses = load_models("cpu", weights=own).uses
    home = dict.fromkeys(("detector", "regions", "clip", "sgfb"), "home world")
    assert {use.role: use.trained_on_data for use in uses} == {**home, "relations": "charades-ag", "lfb": "charades-ag"}
    [note] = prediction_notes.list_domain_notes(uses)
    assert note.startswith("Objects and actions come from models trained only on the synthetic home world.")
    assert prediction_notes.list_domain_notes([use for use in uses if use.trained_on_data != "home world"]) == ()
    steady = replace(uses[0], role="smoothing", trained_on_data="home world")
    assert prediction_notes.list_domain_notes([steady])[0].startswith("Relations come from models")


def test_frames_that_cannot_be_decoded_are_told_or_refused(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MAX_TRIED_PIXELS", 0)  # as if the file were long
    path = write_video(tmp_path / "damaged.mp4", n_frames=24, options={"g": "4", "bf": "0"}, comment=MARK)
    damage_frames(path, range(6, 9))
    prediction = predict_video(path, models)
    [note] = prediction.notes
    assert len(prediction.frames) == 4
    assert note.startswith("The file is damaged: 3 of the") and "the frame before it" in note
    damage_frames(path, range(3, 24))
    with pytest.raises(UserError, match="cannot be decoded: it is badly damaged or encrypted"):
        predict_video(path, models)


def test_a_film_of_the_showcase_is_known_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tmp_path / "showcase" / "videos" / "ABCDE.mp4"
    shown.parent.mkdir(parents=True)
    write_video(shown, n_frames=4)
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(shown.read_bytes())
    own = Settings(tmp_path, tmp_path / "store", "", tmp_path / "showcase")
    monkeypatch.setattr(prediction_notes, "settings", lambda: own)
    assert prediction_notes.is_home_world(copy)
    assert not prediction_notes.is_home_world(write_video(tmp_path / "other.mp4", n_frames=5))


def test_a_film_in_an_exported_world_is_known_by_its_folder(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", n_frames=2)
    (tmp_path / "world" / "videos").mkdir(parents=True)
    inside = path.rename(tmp_path / "world" / "videos" / "ABCDE.mp4")
    assert not prediction_notes.is_home_world(inside)
    (tmp_path / "world" / "world.json").write_text("{}")
    assert prediction_notes.is_home_world(inside)


def test_missing_or_wrong_weights_and_devices_are_sentences(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"detector\.safetensors is missing"):
        load_models("cpu", weights=tmp_path)
    with pytest.raises(UserError, match="no device"):
        load_models("abacus", weights=weights)
    for file in weights.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "lfb.safetensors").write_bytes((weights / "clip.safetensors").read_bytes())
    with pytest.raises(UserError, match="holds the weights of 'i3d', and those of 'lfb' are wanted"):
        load_models("cpu", weights=tmp_path)


def test_the_weights_of_another_model_are_refused_though_they_fit(weights: Path, tmp_path: Path) -> None:
    shutil.copytree(weights, tmp_path, dirs_exist_ok=True)
    shutil.copy(WEIGHTS / "oracle.safetensors", tmp_path / "sgfb.safetensors")
    with pytest.raises(UserError, match=r"sgfb\.safetensors holds the weights of 'oracle', and those of 'sgfb' are"):
        load_models("cpu", weights=tmp_path)


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


# The command


KNOWN = ("--detector", "home-world")
"""The stand-in films carry no mark of the home world."""


def arguments(video: Path, out: Path, weights: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    predict.add_parser(parser.add_subparsers())
    return parser.parse_args(
        ["predict", str(video), "--out", str(out), "--weights", str(weights), "--device", "cpu", *KNOWN, *more]
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own = Settings(tmp_path / "home", tmp_path / "store", "", tmp_path / "showcase")
    monkeypatch.setattr("ag_core.settings.settings", lambda: own)
    return own.home


def test_the_command_writes_the_file_and_keeps_the_result(
    film: Path, weights: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made" / "film.json"
    predict.run(arguments(film, out, weights))
    first = capsys.readouterr()
    assert "7 graphs" in first.out and "graphs a second" in first.out and "watching the video" in first.err
    assert Prediction.load(out).file == "film.mp4"
    assert len(list((home / "results").iterdir())) == 1
    again = tmp_path / "again.json"
    predict.run(arguments(film, again, weights))
    assert "from the kept results" in capsys.readouterr().out
    assert again.read_text() == out.read_text()
    predict.run(arguments(film, again, weights, "--no-cache", "--relation-head", "frequency"))
    assert "is not kept" not in capsys.readouterr().out
    assert len(list((home / "results").iterdir())) == 1
    assert Prediction.load(again).models[2].name == "frequency"


def test_a_home_that_cannot_be_written_costs_the_kept_result_alone(
    film: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    own = Settings(tmp_path / "file" / "home", tmp_path / "store", "", tmp_path / "showcase")
    for place in ("ag_core.settings.settings", "ag_core.outputs.settings"):
        monkeypatch.setattr(place, lambda: own)
    out = tmp_path / "film.json"
    predict.run(arguments(film, out, weights))
    said = capsys.readouterr().out
    assert "note: the result is not kept for the app" in said and "set AG_HOME to a folder that can be written" in said
    assert len(Prediction.load(out).frames) == 7


def test_finished_work_is_kept_where_the_asked_place_takes_nothing(
    film: Path, weights: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of --out becomes a file while the models watch."""
    out = tmp_path / "made" / "film.json"

    def disturb(*_: object) -> tuple[()]:
        out.parent.touch()
        return ()

    monkeypatch.setattr(pipeline, "score_actions", disturb)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(UserError, match=r"not a folder; .* What was to be written lies in") as told:
        predict.run(arguments(film, out, weights, "--no-cache"))
    assert len(Prediction.load(Path(str(told.value).rpartition(" ")[2])).frames) == 7


def test_a_film_that_is_swapped_is_not_kept_for_the_older(film: Path, weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    shutil.copy(film, path)
    models, chosen = load_models("cpu", weights=weights), PredictionSettings()
    key = compute_result_key(path, chosen, weights)

    def swap(stage: str, done: int, total: int) -> None:
        if stage == "scoring actions" and not done:
            write_video(tmp_path / "other.mp4", n_frames=4).replace(path)

    with pytest.raises(UserError, match=r"film\.mp4 became another file while it was watched; predict it again"):
        predict_video(path, models, progress=swap)
    made = predict_video(path, models)  # asked for as the first film, watched as the second
    other = keep_result(made, tmp_path / "kept", chosen, weights)
    assert other != key and other == compute_result_key(path, chosen, weights)
    assert load_finished_result(tmp_path / "kept", other, path) is not None
    assert load_finished_result(tmp_path / "kept", other, film) is None
    used = tuple(replace(use, sha256="1" * 64) if use.role == "lfb" else use for use in made.models)
    assert compute_key_of(replace(made, models=used), chosen, weights) != other, "weights that were swapped count, too"


@pytest.mark.parametrize("kind", BAD)
def test_the_command_refuses_bad_files_and_leaves_nothing(kind: str, weights: Path, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "bad.json"
    with pytest.raises(UserError, match=BAD[kind]):
        predict.run(arguments(bad_file(tmp_path, kind), out, weights))
    assert not out.parent.exists() and not home.exists()


def test_an_interrupted_command_leaves_nothing(
    film: Path, weights: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "score_actions", interrupted)
    with pytest.raises(KeyboardInterrupt):
        predict.run(arguments(film, tmp_path / "film.json", weights))
    assert not (tmp_path / "film.json").exists() and not home.exists()


# Real footage, found by the COCO detector


@pytest.mark.skipif(not DATA.is_dir(), reason="the real videos and the YOLOX file of shared/data are not here")
def test_people_are_found_in_real_footage(weights: Path) -> None:
    found = load_models("cpu", PredictionSettings(str(DATA / "weights" / "yolox_nano.onnx")), weights)
    prediction = predict_video(DATA / "videos-intel-iot" / "asl_book.mkv", found)
    assert sum(graph.person_box_xyxy is not None for graph in prediction.frames) > len(prediction.frames) / 2
    assert any("COCO" in note for note in prediction.notes)
    assert any(note.startswith("Relations and actions come from models trained only") for note in prediction.notes)


def test_the_settings_of_a_prediction_are_its_defaults() -> None:
    options = arguments(Path("v.mp4"), Path("o.json"), Path("w"))
    assert PredictionSettings(options.detector, options.relation_head, options.rate) == PredictionSettings()
    assert "ag_core.pipeline" in sys.modules
