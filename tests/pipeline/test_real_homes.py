"""Relationships put right for real homes, read alone, and made steady: what the file says of it."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from numpy.typing import ArrayLike, NDArray

from ag_core.annotations.building.build import build_store
from ag_core.annotations.readers.prediction_rows import read_prediction_tables
from ag_core.annotations.store import AnnotationStore
from ag_core.errors import UserError
from ag_core.jobs.prediction_worker import PredictionWork
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.graph_reader import build_graph_reader, read_graphs
from ag_core.models.movenet import PersonPoints, PoseNetwork
from ag_core.models.relation.habits import save_habits
from ag_core.models.relation.hands import N_CELLS
from ag_core.models.relation.smoothing import count_transitions, smooth_graphs
from ag_core.models.relation.transitions_file import save_transitions
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.pipeline import load_models, predict_video
from ag_core.presets import DEMO_GRAPH_READER
from ag_core.records import SceneGraph
from ag_core.results.prediction import Prediction
from ag_core.results.prediction_cache import (
    PredictionSettings,
    compute_result_key,
    keep_result,
)
from ag_core.results.reasons import PARTS
from ag_core.settings import WEIGHTS
from ag_core.taxonomy import RELATIONS
from tests.pipeline.stand_ins import SCHEMA, TwoBoxes
from tests.video.test_frames import write_video


def test_relationships_are_put_right_for_real_homes_and_read_alone(
    weights: Path, film: Path, plain: Prediction, tmp_path: Path
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
    tables = read_prediction_tables([_write(real, tmp_path)])
    [source] = set(tables["videos"]["source"])
    assert "+real-habits" in source
    assert len(tables["relation_reasons"]["prior"]) == sum((g.relations >= 0.5).sum() for g in real.frames)
    build_store(tmp_path / "store.duckdb", predictions=[tmp_path / "prediction.json"])
    with AnnotationStore(tmp_path / "store.duckdb") as store:
        stored = store.rows(
            "select n.frame, n.relation, log_odds, prior, hands, score from named_reasons n "
            "join named_relations r using (source, video_id, frame, object, relation) order by n.frame, n.relation"
        )
    assert len(stored) == len(tables["relation_reasons"]["prior"])
    for _, _, log_odds, prior, of_hands, score in stored:
        assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(score, abs=1e-4)
        assert prior == pytest.approx(log_odds, abs=1e-3) and of_hands == 0


class HandOnCup(PoseNetwork):
    """Finds one wrist in the middle of the cup that `TwoBoxes` finds."""

    def __init__(self) -> None:
        pass

    def find_points(self, image: NDArray[np.uint8], box_xyxy: ArrayLike) -> PersonPoints:
        np.testing.assert_array_equal(box_xyxy, [4, 4, 30, 44])
        return PersonPoints(np.full((3, 2), 30, np.float32), np.array([0.9, 0.8, 0.1], np.float32))


def test_hands_near_an_object_count_and_are_a_reason(weights: Path, film: Path, tmp_path: Path) -> None:
    folder, chosen = tmp_path / "weights", PredictionSettings(evidence=0.5)
    shutil.copytree(weights, folder)
    shutil.copy(WEIGHTS / "habits.safetensors", folder)
    loaded = load_models("cpu", chosen, folder)
    assert loaded.pose is None and loaded.habits is not None
    graphs = SceneGraphPredictor(TwoBoxes(), loaded.graphs.trunk, loaded.graphs.head)
    holding, table = RELATIONS.index("holding"), torch.zeros(N_CELLS, len(RELATIONS), dtype=torch.float64)
    table[5, holding] = 2.0  # on a small object
    table[1, holding] = 1.0  # on a large one, as here
    near = replace(loaded, graphs=graphs, habits=replace(loaded.habits, hands=table), pose=HandOnCup())
    with_hands = predict_video(film, near)
    without = predict_video(film, replace(near, pose=None))
    for one, other, why in zip(with_hands.frames, without.frames, with_hands.reasons, strict=True):
        odds = [float(np.log(g.relations[0, holding] / (1 - g.relations[0, holding]))) for g in (one, other)]
        assert odds[0] - odds[1] == pytest.approx(1, abs=1e-3)
        if one.relations[0, holding] >= 0.5:
            assert why.shares[0, holding, PARTS.index("hands")] == pytest.approx(1)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(with_hands.to_text()))


def _write(prediction: Prediction, folder: Path) -> Path:
    prediction.save(folder / "prediction.json")
    return folder / "prediction.json"


def test_relationships_are_made_steady_and_the_file_says_so(
    weights: Path, film: Path, plain: Prediction, tmp_path: Path
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
