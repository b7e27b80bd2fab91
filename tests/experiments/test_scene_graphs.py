"""`evaluate scene-graphs` on the stand-in world: rows for every protocol, seeds, parts; an ended evaluation goes on."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ag_core.__main__ import main
from ag_core.annotations.store import AnnotationStore
from ag_core.annotations.store_format import ANNOTATION, DENSE, PREDICTION_MARK
from ag_core.catalog import RELATION_HEADS
from ag_core.errors import UserError
from ag_core.evaluation.protocol import Averaging, Constraint
from ag_core.experiments import scene_graphs
from ag_core.experiments.datasets import TrainingData
from ag_core.experiments.head_runs import load_runs
from ag_core.experiments.kept_graphs import load_graphs, save_graphs
from ag_core.experiments.scene_graphs import (
    SceneGraphOptions,
    evaluate_scene_graphs,
    find_seen_triplets_of,
)
from ag_core.experiments.training_inputs import Listeners
from ag_core.models.checkpoints import read_metadata, read_tensors, save_checkpoint
from ag_core.records import SceneGraph
from ag_core.results.prediction import Prediction
from ag_core.results.scene_graph_scores import SceneGraphScores, find_recall_row
from ag_core.taxonomy import Mode, find_object_index, find_relation_index
from tests.experiments.conftest import add_tiny_presets


def command(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def seeds(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Two folders of weights: detector, RelDN of two seeds, trained for one step, and the same counted prior twice."""
    first, second = (tmp_path_factory.mktemp("weights") / name for name in ("first", "second"))
    with pytest.MonkeyPatch.context() as patch:
        add_tiny_presets(patch)
        words = ("--data", world, "--preset", "tiny", "--threads", 1, "--steps", 1, "--batch", 2, "--autocast", "off")
        assert command("train", "detector", "--out", first / "detector.safetensors", *words) == 0
        second.mkdir()
        shutil.copy(first / "detector.safetensors", second)
        for seed, folder in enumerate((first, second)):
            given = ("--weights", folder, "--seed", seed)
            assert command("train", "relations", "--out", folder / "reldn.safetensors", *given, *words) == 0
        counted = second / "frequency.safetensors"
        save_checkpoint(counted, read_tensors(counted), read_metadata(counted) | {"created": "a day later"})
        yield first, second


@pytest.fixture
def kept(data: TrainingData) -> Iterator[Path]:
    """Where graphs are kept, empty before and after."""
    for folder in data.cache.glob("graphs-*"):
        shutil.rmtree(folder)
    yield data.cache
    for folder in data.cache.glob("graphs-*"):
        shutil.rmtree(folder)


def test_every_head_mode_and_protocol_in_one_file(
    world: Path, seeds: tuple[Path, Path], kept: Path, tiny_presets: None, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "scores.json"
    words = ("--data", world, "--preset", "tiny", "--threads", 1, "--weights", *seeds, "--frames", 6)
    assert command("evaluate", "scene-graphs", "--heads", "all", "--tasks", "all", "--out", out, *words) == 0
    heard = capsys.readouterr()
    scores = SceneGraphScores.load(out)
    without = [head for head in RELATION_HEADS if head not in ("reldn", "frequency")]
    assert list(scores.missing) == without and all(head in heard.err + heard.out for head in without)
    assert "videos: 2 of 2" in heard.err
    # 2 heads, 3 modes, the split and its one part, 4 constraints; nothing carries other_relationship.
    assert len(scores.recalls) == 2 * 3 * 2 * 4 and len(scores.edges) == 2 * 3 * 2
    assert {row.scored.part for row in scores.recalls} == {"test", "iid"}
    row = find_recall_row(scores.recalls, "reldn", Mode.PREDCLS, "test", Constraint.WITH_CONSTRAINT, 25)
    assert row is not None
    metric = row.get_metric("R", Averaging.FRAME, 20)
    assert metric.origin.seeds == (0, 1) and len(metric.number_of_seed) == len(row.scored.weights) == 2
    assert metric.bounds is not None and metric.bounds.low <= metric.number <= metric.bounds.high
    assert metric.bounds.high - metric.number == pytest.approx(np.std(metric.number_of_seed, ddof=1), abs=1e-3)
    assert metric.n.frames == 6 and metric.n.videos == 2 and metric.origin.dataset == world.name
    said = "evaluate scene-graphs --data rectangles --heads all --tasks all --preset tiny --frames 6 --weights "
    assert metric.origin.command == f"{said}first second" and str(tmp_path) not in out.read_text()
    assert {relation.protocol.subject for relation in row.list_relation_metrics(50)} == set(row.triplets)
    # What is counted has no seed: equal counts of two files are one.
    one = find_recall_row(scores.recalls, "frequency", Mode.PREDCLS, "iid", Constraint.NO_CONSTRAINT, 25)
    assert (
        one is not None and len(one.scored.weights) == 1 and one.get_metric("mR", Averaging.RELATION, 50).bounds is None
    )
    edges = next(row for row in scores.edges if row.scored.head == "reldn")
    assert edges.get_metric("false edges").number >= 0 and edges.bins["holding"]
    assert scores.to_json() == json.loads(out.read_text())
    assert len(scores.steadiness) == 2 * 3 * 2
    assert all(row.get_metric("flicker after smoothing").number >= 0 for row in scores.steadiness)
    # What was kept is not made again, and the file comes out the same.
    before = {path: path.stat().st_mtime_ns for path in kept.glob("graphs-*/*.npz")}
    assert len(before) == 3 * 3 * 2
    text = out.read_text()
    folder = tmp_path / "predictions"
    assert command("evaluate", "scene-graphs", "--out", out, "--predictions", folder, *words) == 0
    assert out.read_text() == text and before == {path: path.stat().st_mtime_ns for path in before}
    # The scored graphs become files, and a store of them shows every frame of every head and mode.
    store = tmp_path / "store.duckdb"
    files = sorted(folder.glob("*/*.json"))
    assert len(files) == 2 * 3 * 2 and Prediction.load(files[0]).notes == (
        "Made with true boxes and classes given (predcls).",
    )
    assert command("build-store", "--home-world", world, "--predictions", *files, "--out", store) == 0
    with AnnotationStore(store) as opened:
        runs = [source for source in opened.sources() if source.startswith(PREDICTION_MARK)]
        assert {run.removeprefix(PREDICTION_MARK) for run in runs} == {
            f"{detector}+{head}" for detector in ("faster-rcnn", "predcls", "sgcls") for head in ("frequency", "reldn")
        }
        ids = opened.videos(runs[0])["video_id"]
        numbers = [[graph.frame for graph in opened.graphs_of(video_id, runs[0])] for video_id in ids]
        assert sum(map(len, numbers)) == 6
        dense = {(video_id, graph.frame) for video_id in ids for graph in opened.graphs_of(video_id, DENSE)}
        assert all((video_id, number) in dense for video_id, found in zip(ids, numbers) for number in found)


def test_an_evaluation_that_was_ended_goes_on(
    data: TrainingData, seeds: tuple[Path, Path], kept: Path, tiny_presets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = data.with_split("test")
    # Two trainings on one detector: each video is looked at once.
    options = SceneGraphOptions(seeds, ("reldn",), (Mode.PREDCLS, Mode.SGCLS), "tiny", max_frames=6)
    seen: list[tuple[str, int, int]] = []

    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("videos", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_scene_graphs(test, options, Listeners(stop))
    looked_at = []
    observe = scene_graphs.observe_video

    def count(video: Any, *rest: Any) -> Any:
        looked_at.append(video.video_id)
        return observe(video, *rest)

    monkeypatch.setattr(scene_graphs, "observe_video", count)
    gone_on = evaluate_scene_graphs(test, options, Listeners(lambda *parts: seen.append(parts)))
    assert len(looked_at) == 1 and ("videos", 1, 2) in seen and ("videos", 2, 2) in seen
    for path in kept.glob("graphs-*/*.npz"):  # what was cut is made again
        path.write_bytes(path.read_bytes()[:-50])
    assert evaluate_scene_graphs(test, options).to_json() == gone_on.to_json()
    assert len(looked_at) == 3


def test_sparse_annotation_has_its_published_rule_and_no_false_edges(
    data: TrainingData, seeds: tuple[Path, Path], kept: Path, tiny_presets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparse = TrainingData.open(data.store, "test", ANNOTATION, data.cache, "mine")
    every = {mode: SceneGraphOptions(seeds[:1], ("frequency",), (mode,), "tiny") for mode in Mode}
    videos = sparse.load().annotated()
    boxes = np.concatenate([graph.object_boxes_xyxy for video in videos for graph in video.counted_graphs])
    sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1)
    limit = int(sides.min())  # so that the smallest are left out
    monkeypatch.setattr(scene_graphs, "MAX_SMALL_SIDE", limit)
    whole = [graph for video in videos for graph in scene_graphs.find_mode_truth(video, Mode.PREDCLS, sparse).graphs]
    for graph, counted in zip(whole, (graph for video in videos for graph in video.counted_graphs), strict=True):
        np.testing.assert_equal(vars(graph), vars(counted))
    large = [scene_graphs.find_mode_truth(video, Mode.SGDET, sparse) for video in videos]
    assert 0 < sum(len(graph) for truth in large for graph in truth.graphs) == (sides > limit).sum() < len(sides)
    assert all(len(graph) == len(others) for truth in large for graph, others in zip(truth.graphs, truth.others))
    for mode, options in every.items():
        scores = evaluate_scene_graphs(sparse, options)
        assert scores.edges == () and "leaves nothing out" in scores.notes[0]
        origin = scores.recalls[0].scored.origin
        assert origin.truth == "annotated frames" + (
            f", objects over {limit} pixels" if mode is not Mode.PREDCLS else ""
        )


def test_damaged_graphs_are_made_anew(
    data: TrainingData, seeds: tuple[Path, Path], kept: Path, tiny_presets: None
) -> None:
    test = data.with_split("test")
    options = SceneGraphOptions(seeds[:1], ("frequency",), (Mode.PREDCLS,), "tiny", max_frames=2)
    whole = evaluate_scene_graphs(test, options)
    path = next(kept.glob("graphs-*/*.npz"))
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(UserError, match="was damaged and is removed; run the same command again"):
        evaluate_scene_graphs(test, options)
    assert evaluate_scene_graphs(test, options).to_json() == whole.to_json()


def test_graphs_are_kept_to_the_bit(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    full = SceneGraph(3, 0.1, [1, 2, 3, 4], 0.7, [1, 2], random.random((2, 4)), [0.3, 0.1], random.random((2, 25)))
    nobody = SceneGraph(9, 0.4, None, 0.0, [5], [[0, 0, 9, 9]], [0.2], np.zeros((1, 25)))
    graphs = [full, SceneGraph(5, 0.2, [1, 2, 3, 4], 1.0, [], [], [], []), nobody]
    path = tmp_path / "A-00000000-000000000000.npz"
    assert load_graphs(path) is None
    for some in (graphs, []):
        save_graphs(path, some)
        again = load_graphs(path)
        assert again is not None and len(again) == len(some)
        for before, after in zip(some, again):
            assert (before.frame, before.time_s, before.person_score) == (after.frame, after.time_s, after.person_score)
            for name in ("person_box_xyxy", "object_classes", "object_boxes_xyxy", "object_scores", "relations"):
                assert np.array_equal(getattr(before, name), getattr(after, name)) or getattr(after, name) is None


def test_what_train_videos_hold_is_not_zero_shot(data: TrainingData) -> None:
    seen = find_seen_triplets_of(data)
    assert seen is not None
    graphs = [graph for video in data.load().videos for graph in video.graphs]
    for graph in graphs:
        rows, relations = np.nonzero(graph.relations)
        assert seen[graph.object_classes[rows], relations].all()
    assert not seen[find_object_index("sandwich"), find_relation_index("eating")]


def test_heads_and_tasks_that_are_not_there_are_named(
    world: Path, tmp_path: Path, tiny_presets: None, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--data", world, "--out", tmp_path / "scores.json", "--preset", "tiny", "--threads", 1)
    for given, said in (
        (("--heads", "motifs"), "--heads motifs is not known; give all, or some of reldn, frequency"),
        (("--tasks", "phrdet"), "--tasks phrdet is not known; give all, or some of predcls, sgcls, sgdet"),
        (("--weights", tmp_path), "none of the heads reldn, frequency"),
    ):
        assert command("evaluate", "scene-graphs", *words, *given) == 1
        assert said in capsys.readouterr().err
    (tmp_path / "scores.json").write_text('{"format": "other"}')
    assert command("evaluate", "scene-graphs", *words) == 1
    assert "is there already and is not a file of scene-graph scores" in capsys.readouterr().err
    with pytest.raises(UserError, match="train one with `train relations --head NAME --out FILE`"):
        load_runs(list(RELATION_HEADS), [tmp_path])
