"""Relation training: examples, matching of detected boxes, joining, a head that learns."""

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core.experiments import relations
from ag_core.experiments.datasets import LabelledVideos, TrainingData
from ag_core.experiments.relations import (
    build_video_examples,
    collate_pairs,
    collect_labelled_objects,
    load_examples,
    make_relation_losses,
    match_boxes,
)
from ag_core.experiments.training_loop import Budget, Recipe, fit
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import RelDnHead, find_relation_loss
from ag_core.models.scene_graph import FrameBoxes
from ag_core.records import Detections, SceneGraph
from ag_core.video.frames import read_frames
from tests.experiments.test_detector import TINY


class TrueBoxes:
    """A detector that returns the annotated boxes of one graph, and one stray box."""

    name = "true boxes"

    def __init__(self, graph: SceneGraph) -> None:
        self.graph = graph

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        graph = self.graph
        boxes = np.concatenate([[graph.person_box_xyxy], graph.object_boxes_xyxy, [[0, 0, 9, 9]]])
        return [Detections(boxes, [0, *graph.object_classes, 5], np.linspace(0.9, 0.5, len(boxes)))] * len(images)


@pytest.fixture
def trunk() -> RegionFeatureExtractor:
    return RegionFeatureExtractor(build_faster_rcnn(TINY))


def test_frames_learn_from_given_and_found_boxes(
    data: TrainingData, loaded: LabelledVideos, trunk: RegionFeatureExtractor
) -> None:
    video = loaded.videos[0]
    detector = TrueBoxes(video.counted_graphs[0])
    [examples] = load_examples(data, [video], trunk, detector, "test", every=8)
    given, found = examples
    assert given.targets.related.tolist() == [True, True]
    assert found.targets.related.tolist() == [True, True, False]
    assert torch.equal(given.targets.predicates, found.targets.predicates[:2])
    assert given.targets.object_classes.tolist() == found.targets.object_classes[:2].tolist()
    unsure = found.with_seen_classes().batch
    assert torch.allclose(unsure.object_logits, trunk.class_logits(found.batch.object_features), atol=1e-2)
    [again] = load_examples(data, [video], trunk, None, "test", every=8)
    assert torch.allclose(again[1].batch.object_features, found.batch.object_features)
    for kept in data.cache.glob("*/*.*"):  # frames and features that were cut are made again
        kept.write_bytes(kept.read_bytes()[:-100])
    [anew] = load_examples(data, [video], trunk, detector, "test", every=8)
    assert torch.equal(anew[1].batch.object_features, found.batch.object_features)


def test_boxes_and_features_of_a_frame_come_from_one_pass(
    loaded: LabelledVideos, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    model = build_faster_rcnn(TINY)
    trunk, detector = RegionFeatureExtractor(model), FasterRcnnDetector(model, score_threshold=0.0)
    video, passes = loaded.videos[0], []
    frames = np.stack([frame for _, frame in read_frames(video.path, [g.frame for g in video.counted_graphs[:2]])])
    model.backbone.register_forward_hook(lambda *_: passes.append(1))
    # An untrained network is sure of nothing, and its boxes lie on nothing.
    model.roi_heads.score_thresh = 0.0
    monkeypatch.setattr(
        relations, "boxes_from_detections", lambda found: FrameBoxes(found.boxes_xyxy[0], 1.0, found[1:4])
    )
    monkeypatch.setattr(relations, "match_boxes", lambda found, graph: (found, np.ones((len(found.objects), 25), bool)))
    together = build_video_examples(video, frames, trunk, detector)
    assert len(together) == 4 and len(passes) == 2
    apart = build_video_examples(video, frames, RegionFeatureExtractor(deepcopy(model)), detector)
    for one, other in zip(together, apart, strict=True):
        for name, tensor in one.to_state().items():
            assert torch.equal(tensor, other.to_state()[name]), name


def test_matching_wants_class_and_place(loaded: LabelledVideos) -> None:
    graph = loaded.videos[0].counted_graphs[0]
    boxes, classes = graph.object_boxes_xyxy, graph.object_classes
    wrong = np.array([30, 31])
    found = FrameBoxes(
        graph.person_box_xyxy, 0.9, Detections(boxes, np.where([True, False], classes, wrong), [0.9, 0.8])
    )
    kept, predicates = match_boxes(found, graph)
    assert predicates.any(axis=1).tolist() == [True, False]
    assert len(kept.objects) == 2
    elsewhere = FrameBoxes(np.array([0, 0, 4, 4], np.float32), 0.9, found.objects)
    assert len(match_boxes(elsewhere, graph)[0].objects) == 0
    many = FrameBoxes(found.person_box_xyxy, 0.9, Detections([[0, 0, 9, 9]] * 9, [9] * 9, [0.5] * 9))
    assert len(match_boxes(many, graph)[0].objects) == 3


def test_joined_batches_renumber(data: TrainingData, loaded: LabelledVideos, trunk: RegionFeatureExtractor) -> None:
    [examples] = load_examples(data, [loaded.videos[1]], trunk, None, "joined", every=4)
    batch, targets = collate_pairs(examples)
    assert batch.pairs.tolist() == [[0, 1], [0, 2], [3, 4], [3, 5]]
    assert batch.frame_of_pair.tolist() == [0, 0, 1, 1]
    assert len(targets.related) == 4


def test_a_head_learns_who_is_held(data: TrainingData, loaded: LabelledVideos, trunk: RegionFeatureExtractor) -> None:
    videos = loaded.videos
    examples = [e for found in load_examples(data, videos, trunk, None, "learn") for e in found]
    head = RelDnHead(TINY.box_head_width, (32, 32), 16).fit(*collect_labelled_objects(videos))
    losses = make_relation_losses(head, find_relation_loss("reldn"), examples, 8)
    before = losses(np.random.default_rng(0))["contact"].item()
    fit(head, losses, Recipe(Budget(steps=100), learning_rate=3e-3), report=lambda progress: None)
    assert losses(np.random.default_rng(0))["contact"].item() < 0.7 * before
