"""From images to graphs: modes, frames apart, nobody in the frame, nothing to do."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ag_core.catalog import RELATION_HEADS, find_detector
from ag_core.errors import UserError
from ag_core.models.checkpoints import find_preset_of, load_checkpoint
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_faster_rcnn
from ag_core.models.pairs import PairBatch
from ag_core.models.pixels import to_image_tensors
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import build_relation_head, load_relation_head
from ag_core.models.scene_graph import (
    SceneGraphPredictor,
    boxes_from_detections,
    boxes_from_graph,
    build_pair_batch,
)
from ag_core.presets import DEMO_DETECTOR, DEMO_RELDN, PAPER_FREQUENCY, PAPER_VRD
from ag_core.records import Detections, SceneGraph
from ag_core.settings import WEIGHTS, settings
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group, Mode
from ag_core.video.frames import read_frames


class FixedDetector:
    """Finds what it was told to, image after image."""

    name = "fixed"

    def __init__(self, found: Sequence[Detections]) -> None:
        self.found = found

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return [self.found[int(image[0, 0, 0])] for image in images]


FOUND = [
    Detections(
        [[10, 10, 40, 70], [12, 8, 44, 71], [50, 20, 70, 40], [51, 20, 70, 41], [5, 5, 9, 9]],
        [0, 0, 3, 3, 8],
        [0.6, 0.9, 0.8, 0.7, 0.04],
    ),
    Detections([[50, 20, 70, 40]], [7], [0.5]),
    Detections.empty(),
]


def make_frames() -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(0)
    images = [random.integers(0, 255, (80, 120, 3), np.uint8) for _ in FOUND]
    for number, image in enumerate(images):
        image[0, 0, 0] = number
    return images


def annotated(person: bool = True) -> SceneGraph:
    return SceneGraph(
        frame=5,
        time_s=0.2,
        person_box_xyxy=[10, 10, 40, 70] if person else None,
        person_score=1.0,
        object_classes=[3, 8, 20],
        object_boxes_xyxy=np.array([[50, 20, 70, 40], [np.nan] * 4, [5, 30, 60, 75]]),
        object_scores=[1, 1, 1],
        relations=np.zeros((3, N_RELATIONS)),
    )


@pytest.fixture(scope="module")
def trunk() -> RegionFeatureExtractor:
    torch.manual_seed(0)
    return RegionFeatureExtractor(build_faster_rcnn(DEMO_DETECTOR))


@pytest.fixture(params=list(RELATION_HEADS))
def predictor(request: pytest.FixtureRequest, trunk: RegionFeatureExtractor) -> SceneGraphPredictor:
    torch.manual_seed(0)
    return SceneGraphPredictor(FixedDetector(FOUND), trunk, build_relation_head(request.param))


def predict(predictor: SceneGraphPredictor, *arguments: Any, **options: Any) -> list[SceneGraph]:
    """The graphs of images, by the arguments of `observe`."""
    return predictor.judge(predictor.observe(*arguments, **options))


def same(a: SceneGraph, b: SceneGraph) -> bool:
    return (
        np.array_equal(a.object_classes, b.object_classes)
        and np.allclose(a.relations, b.relations, atol=1e-4)
        and np.allclose(a.object_boxes_xyxy, b.object_boxes_xyxy)
    )


def test_found_graphs(predictor: SceneGraphPredictor) -> None:
    images = make_frames()
    kept = [image.copy() for image in images]
    graphs = predict(predictor, images, [1, 7, 9], [0.0, 0.5, 0.7])
    assert [(g.frame, g.time_s, len(g)) for g in graphs] == [(1, 0.0, 1), (7, 0.5, 1), (9, 0.7, 0)]
    first, nobody, nothing = graphs
    assert first.person_box_xyxy is not None and first.person_box_xyxy.tolist() == [12, 8, 44, 71]
    assert first.person_score == pytest.approx(0.9)
    assert (first.object_classes.tolist(), first.object_scores.tolist()) == ([3], pytest.approx([0.8]))
    assert first.relations[0, GROUP_SLICES[Group.ATTENTION]].sum() == pytest.approx(1)
    assert nobody.person_box_xyxy is None
    assert nobody.object_classes.tolist() == [7] and not nobody.relations.any()
    assert nothing.person_box_xyxy is None
    assert all(np.array_equal(a, b) for a, b in zip(images, kept))


def test_frames_do_not_influence_one_another(predictor: SceneGraphPredictor) -> None:
    if predictor.head.whole_video:
        pytest.skip("relates frames, as it should")
    images = make_frames()
    together = predict(predictor, images, [1, 2, 3], [0, 1, 2])
    for index, image in enumerate(images):
        assert same(predict(predictor, [image], [1], [0])[0], together[index])


def test_second_call_is_equal(predictor: SceneGraphPredictor) -> None:
    first, second = (predict(predictor, make_frames()[:1], [1], [0.0])[0] for _ in range(2))
    assert np.array_equal(first.relations, second.relations)


@pytest.mark.parametrize("mode", [Mode.PREDCLS, Mode.SGCLS])
def test_given_boxes(predictor: SceneGraphPredictor, mode: Mode) -> None:
    given = annotated()
    (graph,) = predict(predictor, make_frames()[:1], [5], [0.2], [given], mode)
    assert graph.object_boxes_xyxy.tolist() == [[50, 20, 70, 40], [5, 30, 60, 75]]
    assert graph.person_score == 1
    assert ((graph.object_classes > 0) & (graph.object_classes < N_CLASSES)).all()
    if mode == Mode.PREDCLS:
        assert graph.object_classes.tolist() == [3, 20]
        assert graph.object_scores.tolist() == [1, 1]
    else:
        assert ((graph.object_scores > 0) & (graph.object_scores < 1)).all()
    assert given.object_classes.tolist() == [3, 8, 20]


def test_forgotten_classes_are_those_of_sgcls(predictor: SceneGraphPredictor) -> None:
    frames, given = make_frames()[:1], [annotated()]
    known = predictor.observe(frames, [1], [0.0], given, Mode.PREDCLS)
    asked = predictor.observe(frames, [1], [0.0], given, Mode.SGCLS)
    forgotten = predictor.forget_classes(known)
    assert forgotten.mode is Mode.SGCLS
    for field in fields(PairBatch):
        assert torch.equal(getattr(forgotten.batch, field.name), getattr(asked.batch, field.name)), field.name
    assert not torch.equal(forgotten.batch.object_logits, known.batch.object_logits)


def test_given_without_a_person(predictor: SceneGraphPredictor) -> None:
    (graph,) = predict(predictor, make_frames()[:1], [5], [0.2], [annotated(person=False)], Mode.PREDCLS)
    assert len(graph) == 2 and not graph.relations.any()


@pytest.mark.parametrize("mode", list(Mode))
def test_no_images(predictor: SceneGraphPredictor, mode: Mode) -> None:
    assert predict(predictor, [], [], [], [], mode) == []


def test_what_is_missing_is_said(trunk: RegionFeatureExtractor) -> None:
    predictor = SceneGraphPredictor(None, trunk, build_relation_head("frequency"))
    with pytest.raises(ValueError, match="detector"):
        predict(predictor, make_frames(), [1, 2, 3], [0, 1, 2])
    with pytest.raises(ValueError, match="given graph"):
        predict(predictor, make_frames(), [1, 2, 3], [0, 1, 2], mode=Mode.SGCLS)
    with pytest.raises(ValueError, match="one each"):
        predict(predictor, make_frames(), [1], [0])


def test_at_most_twenty_objects() -> None:
    n = 30
    corners = np.stack([np.arange(n) * 20.0, np.zeros(n)], axis=1)
    found = Detections(np.concatenate([corners, corners + 10], axis=1), np.full(n, 5), np.linspace(0.1, 0.9, n))
    boxes = boxes_from_detections(found)
    assert len(boxes.objects) == 20
    assert boxes.objects.scores.min() > 0.35


def test_small_objects_are_left_out_and_small_persons_are_not() -> None:
    boxes_xyxy = np.array([[0, 0, 8, 8], [0, 0, 40, 15], [0, 0, 16, 16], [0, 0, 30, 60]], np.float32)
    found = Detections(boxes_xyxy, np.array([0, 5, 6, 7]), np.full(4, 0.9, np.float32))
    boxes = boxes_from_detections(found, min_side_px=16)
    assert boxes.objects.classes.tolist() == [6, 7] and boxes.person_score > 0
    assert len(boxes_from_detections(found).objects) == 3


def test_batch_rows_belong_together(trunk: RegionFeatureExtractor) -> None:
    known = boxes_from_graph(annotated())
    batch = build_pair_batch(trunk, make_frames(), [known, boxes_from_detections(FOUND[1]), known], [0.0, 0.5, 1.0])
    assert batch.pairs.tolist() == [[0, 1], [0, 2], [3, 4], [3, 5]]
    assert batch.frame_of_pair.tolist() == [0, 0, 2, 2]
    assert batch.object_logits.argmax(dim=1).tolist() == [0, 3, 20, 0, 3, 20]
    assert batch.frame_sizes_wh.tolist() == [[120, 80]] * 3
    assert batch.head_maps.shape == (3, DEMO_DETECTOR.pyramid_channels, 4, 4)
    assert batch.head_maps.abs().amax(dim=(1, 2, 3)).gt(0).tolist() == [True, False, True]
    head = np.array([[10, 10, 40, 34]], np.float32)  # the upper two fifths of the person
    seen = trunk.maps_of(trunk.encode(make_frames()[:1]), [head])
    assert torch.allclose(batch.head_maps[0].mean(), seen.mean(), atol=1e-3)


def test_trunk_takes_boxes_in_original_pixels(trunk: RegionFeatureExtractor) -> None:
    images = make_frames()[:2]
    boxes = np.array([[10, 10, 40, 70], [50, 20, 70, 40]], np.float32)
    features = trunk.region_features(images, [boxes, boxes[:0]])
    assert features.shape == (2, DEMO_DETECTOR.box_head_width)
    assert torch.allclose(trunk.region_features(images[:1], [boxes[1:]])[0], features[1], atol=1e-4)
    assert trunk.class_logits(features).shape == (2, N_CLASSES)
    assert trunk.region_features([], []).shape == (0, DEMO_DETECTOR.box_head_width)
    assert trunk.region_features(images, [boxes[:0]] * 2).shape == (0, DEMO_DETECTOR.box_head_width)


def test_a_head_of_another_size_than_the_features_is_refused(trunk: RegionFeatureExtractor) -> None:
    trunk.check_size(DEMO_RELDN, "the head")
    trunk.check_size(PAPER_FREQUENCY, "the head")  # which looks at no features
    with pytest.raises(UserError, match="the head reads region features of 1024 numbers, and the detector beside it"):
        trunk.check_size(PAPER_VRD, "the head")


def test_trunk_is_frozen(trunk: RegionFeatureExtractor) -> None:
    assert not any(parameter.requires_grad for parameter in trunk.parameters())
    trunk.train()
    assert not any(module.training for module in trunk.modules())
    with pytest.raises(ValueError, match="lists of boxes"):
        trunk.region_features(make_frames(), [np.zeros((1, 4), np.float32)])


class Apart:
    """A detector whose backbone nobody shares."""

    def __init__(self, detector: FasterRcnnDetector) -> None:
        self.detector = detector

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Detections]:
        return self.detector.detect(images)


def test_boxes_and_features_come_from_one_pass() -> None:
    videos = settings().showcase / "videos"
    images = [frame for _, frame in read_frames(min(videos.glob("*.mp4")), [1, 40, 80])]
    images.append(np.ascontiguousarray(images[0][:200]))
    model = load_faster_rcnn(WEIGHTS / "detector.safetensors")
    seen: list[int] = []
    model.backbone.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))
    detector, trunk = FasterRcnnDetector(model), RegionFeatureExtractor(model)
    head, _ = load_relation_head("reldn", WEIGHTS)
    numbers, times = [1, 2, 3, 4], [0.0, 1.0, 2.0, 3.0]
    together = predict(SceneGraphPredictor(detector, trunk, head), images, numbers, times)
    assert sum(seen) == 4
    apart = predict(SceneGraphPredictor(Apart(detector), trunk, head), images, numbers, times)
    assert sum(seen) == 4 + 4 + 4
    assert sum(map(len, together)) > 8
    for one, other in zip(together, apart, strict=True):
        assert one.object_classes.tolist() == other.object_classes.tolist()
        assert np.allclose(one.object_boxes_xyxy, other.object_boxes_xyxy, atol=1e-3)
        assert np.allclose(one.object_scores, other.object_scores, atol=1e-4)
        assert np.allclose(one.relations, other.relations, atol=1e-3)


def test_the_shipped_detector_finds_what_torchvision_finds() -> None:
    """Boxes and scores of the folded network in parts are those of the network as it was trained, as a whole."""
    videos = settings().showcase / "videos"
    images = [frame for _, frame in read_frames(min(videos.glob("*.mp4")), [1, 60])]
    preset = find_preset_of(WEIGHTS / "detector.safetensors", find_detector("home-world"))
    trained = build_faster_rcnn(preset)
    load_checkpoint(WEIGHTS / "detector.safetensors", trained, preset.name, "home-world")
    with torch.no_grad():
        wanted = trained.eval()(to_image_tensors(images))
    found = FasterRcnnDetector.from_checkpoint(WEIGHTS / "detector.safetensors").detect(images)
    for one, other in zip(found, wanted, strict=True):
        kept = other["scores"] > 0.05
        assert one.classes.tolist() == (other["labels"][kept] - 1).tolist()
        assert np.allclose(one.boxes_xyxy, other["boxes"][kept].numpy(), rtol=1e-4, atol=1e-3)
        assert np.allclose(one.scores, other["scores"][kept].numpy(), atol=1e-4)
