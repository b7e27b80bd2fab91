"""The error ladder: what each combination is made of, and that its ends are SGFB and the oracle to the last bit."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core.__main__ import main
from ag_core.annotations.store_format import ANNOTATION
from ag_core.catalog import ORACLE, SGFB, find_action_model, find_detector, find_relation_head
from ag_core.evaluation.average_precision import compute_action_precision
from ag_core.evaluation.bootstrap import bootstrap_precisions
from ag_core.experiments import ladder
from ag_core.experiments.action import build_extractor, build_head_examples, score_examples
from ag_core.experiments.clip import Clips
from ag_core.experiments.datasets import LabelledVideos, TrainingData
from ag_core.experiments.evaluation import EvaluationOptions
from ag_core.experiments.ladder import evaluate_ladder
from ag_core.experiments.ladder_graphs import (
    JudgedFrame,
    find_true_objects,
    find_truths_near,
    load_or_judge_frames,
)
from ag_core.experiments.training_inputs import Listeners
from ag_core.models.checkpoints import save_checkpoint
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn
from ag_core.models.encoded_images import EncodedImages
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import build_relation_head
from ag_core.models.scene_graph import SceneGraphPredictor
from ag_core.models.video import build_bank_head, build_clip_classifier, load_bank_head
from ag_core.records import Detections, SceneGraph
from ag_core.results.ladder_scores import N_COMBINATIONS, LadderScores
from ag_core.taxonomy import find_object_index
from tests.experiments.test_action import TINY_VIDEO
from tests.experiments.test_detector import TINY

CUP, BOOK, LAPTOP = map(find_object_index, ("cup/glass/bottle", "book", "laptop"))


def find_something(self: FasterRcnnDetector, encoded: EncodedImages) -> list[Detections]:
    """In the place of an untrained detector's boxes: a person and six objects, others for every image."""
    found = []
    for image in encoded.scaled.tensors:
        random = np.random.default_rng(int(image.abs().sum() * 1000))
        corners = random.uniform((0, 0), (130, 70), (7, 2))
        boxes = np.concatenate([corners, corners + random.uniform(16, 28, (7, 2))], axis=1)
        found.append(Detections(boxes, [0, *random.choice([CUP, BOOK, LAPTOP], 6)], random.uniform(0.2, 1, 7)))
    return found


@pytest.fixture
def weights(tiny_presets: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Untrained networks, with a detector that finds much."""
    monkeypatch.setattr(FasterRcnnDetector, "detect_encoded", find_something)
    detector = build_faster_rcnn(TINY)
    reldn, clip = find_relation_head("reldn").preset("tiny"), build_clip_classifier("i3d", TINY_VIDEO)
    heads = {model: build_bank_head(model, TINY_VIDEO) for model in (SGFB, ORACLE)}
    for head in heads.values():
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    written: list[tuple[Any, Any, str]] = [
        (find_detector("home-world"), detector, TINY.name),
        (find_relation_head("reldn"), build_relation_head("reldn", reldn), reldn.name),
        (find_action_model("i3d"), clip, TINY_VIDEO.name),
        *((find_action_model(model), head, TINY_VIDEO.name) for model, head in heads.items()),
    ]
    for entry, network, preset in written:
        facts = {"model": entry.id, "preset": preset, "command": "train action --seed 5"}
        save_checkpoint(entry.weights_path(tmp_path), network.state_dict(), facts)
    return tmp_path


@pytest.mark.slow
def test_the_ends_are_sgfb_and_the_oracle_as_evaluated(
    data: TrainingData, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = data.with_split("test")
    loaded = test.load()
    clips = Clips.from_videos(loaded, TINY_VIDEO)
    features = list(map(build_extractor(test, weights, "tiny"), clips.videos))
    assert all(found.graphs.any() for found in features)
    evaluated = {}
    for model in (SGFB, ORACLE):
        head, _ = load_bank_head(model, weights, TINY_VIDEO)
        of_videos = [
            build_head_examples(model, replace(clips, videos=[video]), [found], at_views=True)
            for video, found in zip(clips.videos, features)
        ]
        evaluated[model] = np.concatenate([score_examples(head, examples) for examples in of_videos])
    seen: list[NDArray[np.float32]] = []

    def keep(scores: NDArray[np.float32], *rest: Any) -> Any:
        seen.extend(scores[:, 0])
        return bootstrap_precisions(scores, *rest)

    monkeypatch.setattr(ladder, "bootstrap_precisions", keep)
    heard: list[tuple[str, int, int]] = []
    options = EvaluationOptions(weights, "tiny")
    scores = evaluate_ladder(test, options, Listeners(lambda *parts: heard.append(parts)), resamples=5)
    assert len(seen) == N_COMBINATIONS
    assert np.array_equal(seen[0], evaluated[SGFB]) and np.array_equal(seen[-1], evaluated[ORACLE])
    assert all(not np.array_equal(seen[0], other) for other in seen[1:])
    labels = np.array([video.labels for video in loaded.videos])
    for cell, model in ((scores.cells[0], SGFB), (scores.cells[-1], ORACLE)):
        mean = compute_action_precision(evaluated[model], labels).mean
        assert cell.number == pytest.approx(100 * mean, abs=1e-4)
    assert sum(scores.compute_exact_shares()) == pytest.approx(scores.cells[-1].number - scores.cells[0].number)
    assert scores.gap.n.videos == 2 and scores.gap.origin.seeds == (5,) and not scores.notes
    assert {("graphs", 2, 2), ("combinations", 16, 16)} <= set(heard)
    # Nothing is looked at twice, and what is kept gives the same.
    monkeypatch.setattr(SceneGraphPredictor, "observe", None)
    assert evaluate_ladder(test, options, resamples=5) == scores


@pytest.mark.slow
def test_the_command_writes_the_file(
    world: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ladder.json"
    words = ["evaluate", "ladder", "--data", world, "--weights", weights, "--preset", "tiny", "--out", out]
    assert main([*map(str, words), "--draws", "3", "--source", ANNOTATION]) == 0
    scores = LadderScores.load(out)
    command = f"evaluate ladder --data rectangles --source annotation --preset tiny --draws 3 --weights {weights.name}"
    assert scores.gap.origin.command == command and str(tmp_path.parent) not in out.read_text()
    assert set(scores.weights) == {"home-world", "reldn", "i3d", SGFB, ORACLE}
    # The annotated frames are few: between them nobody knows the truth.
    assert "The truth is known of" in scores.notes[0]
    assert "graphs: 2 of 2" in capsys.readouterr().err
    content = json.loads(out.read_text())
    assert len(content["cells"]) == N_COMBINATIONS and content["cells"][3]["replaced"] == ["boxes", "classes"]


def make_graph(classes: Sequence[int], boxes: Sequence[Sequence[float]], scores: Sequence[float]) -> SceneGraph:
    relations = np.random.default_rng(len(classes)).random((len(classes), 25))
    return SceneGraph(3, 0.2, [5, 5, 40, 90], 0.9, classes, boxes, scores, relations)


TRUTH = replace(
    make_graph([CUP, BOOK, LAPTOP], [[10, 10, 30, 30], [10, 12, 30, 32], [60, 10, 90, 40]], [1, 1, 1]),
    relations=(np.random.default_rng(0).random((3, 25)) > 0.8).astype(np.float32),
)
FOUND = make_graph(
    # On the book, though it overlaps the cup more; on the cup, called a laptop; on the cup too; on nothing.
    [BOOK, LAPTOP, CUP, BOOK],
    [[10, 10, 30, 30], [10, 9, 30, 29], [10, 8, 30, 28], [100, 60, 120, 80]],
    [0.5, 0.4, 0.3, 0.2],
)


def test_a_detection_lies_on_one_of_its_class_before_any_other() -> None:
    assert find_true_objects(FOUND, TRUTH).tolist() == [1, 0, 0, -1]
    nothing = make_graph([], [], [])
    assert find_true_objects(nothing, TRUTH).tolist() == [] and find_true_objects(FOUND, nothing).tolist() == [-1] * 4


class Finder:
    """A detector that finds the same everywhere."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        boxes = np.concatenate([FOUND.person_box_xyxy[None], FOUND.object_boxes_xyxy])  # type: ignore[index]
        found = Detections(boxes, [0, *FOUND.object_classes], [0.9, *FOUND.object_scores])
        return [found for _ in images]


@pytest.fixture
def judged(loaded: LabelledVideos, tiny_presets: None, tmp_path: Path) -> tuple[JudgedFrame, JudgedFrame]:
    """A frame of which the truth is known, and one of which it is not."""
    trunk = RegionFeatureExtractor(build_faster_rcnn(TINY))
    head = build_relation_head("reldn", find_relation_head("reldn").preset("tiny"))
    head.fit(np.array([CUP, LAPTOP]), np.eye(2, 25, dtype=bool))
    predictor = SceneGraphPredictor(Finder(), trunk, head)
    arguments = (predictor, loaded.videos[0], [3, 9], [0.2, 0.7], [TRUTH, None])
    path = tmp_path / "A-00000000-000000000000.npz"
    first, other = load_or_judge_frames(path, *arguments)
    return first, other


def test_every_combination_of_boxes_classes_and_relations(judged: tuple[JudgedFrame, JudgedFrame]) -> None:
    frame, unknown = judged
    found = frame.compose(False, False, False)
    assert found is frame.found and found.object_classes.tolist() == FOUND.object_classes.tolist()
    # Classes: what lies on a true object is that with certainty; the false detection stays.
    named = frame.compose(False, True, False)
    assert named.object_classes.tolist() == [BOOK, CUP, CUP, BOOK]
    assert named.object_scores == pytest.approx([1, 1, 1, 0.2])
    assert np.array_equal(named.object_boxes_xyxy, found.object_boxes_xyxy)
    assert not np.array_equal(named.relations[1], found.relations[1])  # judged anew: it is no laptop
    # Boxes: the cup as laptop and as cup, the book, and the laptop that was missed; nothing where nothing is.
    placed = frame.compose(True, False, False)
    assert placed.object_classes[:3].tolist() == [LAPTOP, CUP, BOOK] and len(placed) == 4
    assert placed.object_scores[:3] == pytest.approx([0.4, 0.3, 0.5]) and 0 < placed.object_scores[3] < 1
    assert np.array_equal(placed.object_boxes_xyxy, TRUTH.object_boxes_xyxy[[0, 0, 1, 2]])
    given = frame.compose(True, True, False)
    assert np.array_equal(given.object_classes, TRUTH.object_classes) and (given.object_scores == 1).all()
    # Relations: those of the true object; a false detection keeps its own.
    for classes in (False, True):
        before, after = frame.compose(False, classes, False), frame.compose(False, classes, True)
        assert np.array_equal(after.relations[:3], TRUTH.relations[[1, 0, 0]])
        assert np.array_equal(after.relations[3], before.relations[3])
        assert np.array_equal(after.object_scores, before.object_scores)
    assert np.array_equal(frame.compose(True, False, True).relations, TRUTH.relations[[0, 0, 1, 2]])
    assert np.array_equal(frame.compose(True, True, True).confidence_matrix(), TRUTH.confidence_matrix())
    assert all(unknown.compose(*steps) is unknown.found for steps in np.ndindex(2, 2, 2))


def test_the_truth_of_a_moment_is_the_nearest_in_reach() -> None:
    graphs = [replace(TRUTH, time_s=time_s) for time_s in (0.0, 1.0, 1.2)]
    found = find_truths_near(graphs, [0.25, 0.3, 0.8, 1.1, 9.0])
    assert [None if graph is None else graph.time_s for graph in found] == [0.0, None, 1.0, 1.0, None]
    assert find_truths_near([], [0.5]) == [None]
