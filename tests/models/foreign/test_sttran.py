"""STTran's networks converted: the same answers as the originals, and refusals of what does not fit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.ops import roi_align

from ag_core.errors import UserError
from ag_core.models.c4_detector import PixelBoxCoder, make_anchors
from ag_core.models.checkpoints import load_checkpoint, read_metadata
from ag_core.models.detector import FasterRcnnDetector, build_faster_rcnn, load_faster_rcnn
from ag_core.models.foreign.conversion import convert_weights
from ag_core.models.ignored_regions import make_target
from ag_core.models.pairs import PairBatch, make_one_hot_logits
from ag_core.models.region_features import RegionFeatureExtractor
from ag_core.models.relation import build_relation_head
from ag_core.models.relation.place_masks import draw_masks
from ag_core.models.relation.sttran import SttranHead
from ag_core.models.scene_graph import SceneGraphPredictor, boxes_from_detections, build_pair_batch
from ag_core.presets import RELEASED_STTRAN, STTRAN_DETECTOR, C4DetectorPreset, MapSttranPreset
from ag_core.records import Detections
from ag_core.taxonomy import RELATIONS, RELEASED_RELATIONS
from tests.models.foreign.sttran_networks import (
    BLOCKS,
    CLASS_WIDTH,
    DETECTOR_WIDTH,
    HEADS,
    INNER,
    MAP_CHANNELS,
    MASK_CHANNELS,
    PART,
    PROPOSAL_WIDTH,
    REGION_SIZE,
    WORDS,
    SttranDetector,
    SttranRelations,
    scramble,
)

TOY_DETECTOR: C4DetectorPreset = replace(
    STTRAN_DETECTOR,
    name="detector-toy-c4",
    base_width=DETECTOR_WIDTH,
    blocks=BLOCKS,
    proposal_width=PROPOSAL_WIDTH,
    pyramid_channels=MAP_CHANNELS,
    box_head_width=REGION_SIZE,
    min_size=96,
    max_size=400,
    proposals_test=(50, 10),
)
TOY_RELATIONS = MapSttranPreset(
    "sttran-toy", REGION_SIZE, PART, WORDS, MASK_CHANNELS, HEADS, INNER, 2, CLASS_WIDTH, MAP_CHANNELS * 49
)


@pytest.fixture(scope="module")
def original() -> SttranDetector:
    network = scramble(SttranDetector())
    assert isinstance(network, SttranDetector)
    return network


@pytest.fixture(scope="module")
def detector_file(original: SttranDetector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sttran") / "faster_rcnn_ag.pth"
    content = {
        "session": 1,
        "epoch": 10,
        "model": original.state_dict(),
        "pooling_mode": "align",
        "class_agnostic": False,
    }
    torch.save(content, path)
    return path


@pytest.fixture(scope="module")
def relations() -> SttranRelations:
    network = scramble(SttranRelations(), seed=1)
    assert isinstance(network, SttranRelations)
    return network


@pytest.fixture(scope="module")
def relation_file(relations: SttranRelations, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sttran") / "sttran_predcls.tar"
    torch.save({"state_dict": {f"module.{name}": value for name, value in relations.state_dict().items()}}, path)
    return path


def test_the_detector_sees_what_the_original_sees(
    original: SttranDetector, detector_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "detector.safetensors"
    report = convert_weights(detector_file, "home-world", out, TOY_DETECTOR)
    assert set(report.converted) == {
        "backbone.conv1.weight",
        "rpn.head.cls_logits.weight",
        "rpn.head.cls_logits.bias",
    }
    assert (report.missing, report.left_over) == ((), ())
    assert len(report.matched) + 3 == len(build_faster_rcnn(TOY_DETECTOR).state_dict())

    ours = load_faster_rcnn(out, TOY_DETECTOR)
    image = torch.randint(0, 256, (3, 96, 160), generator=torch.Generator().manual_seed(2)).float()
    with torch.no_grad():
        base = original.base(image)
        probabilities, offsets = original.RCNN_rpn(base)
        scaled, _ = ours.transform([image / 255])
        maps = ours.backbone(scaled.tensors)
        [logits], [moves] = ours.rpn.head(list(maps.values()))
        pooled = roi_align(base, [torch.tensor([[10.0, 20, 90, 80]])], 7, 1 / 16, 0, aligned=False)
        regions = RegionFeatureExtractor(ours)
        box = np.array([[10, 20, 90, 80]], np.float32)
        features = regions.region_features([image.byte().permute(1, 2, 0).numpy()], [box])
        scores = ours.roi_heads.box_predictor(features)[0]
        of_original = original.RCNN_cls_score(original.describe(pooled))
    for own, theirs in (
        (maps["0"], base),
        (logits.sigmoid(), probabilities),
        (moves, offsets),
        (features, original.describe(pooled)),
        (scores, of_original),
    ):
        torch.testing.assert_close(own, theirs, rtol=1e-3, atol=1e-4)


def test_the_relation_model_judges_as_the_original_does(
    relations: SttranRelations, relation_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sttran.safetensors"
    report = convert_weights(relation_file, "sttran", out, TOY_RELATIONS)
    assert report.missing == ()
    assert report.left_over == ("object_classifier.decoder_lin.3.weight", "object_classifier.decoder_lin.3.bias")
    head = build_relation_head("sttran", TOY_RELATIONS)
    assert isinstance(head, SttranHead)
    metadata = load_checkpoint(out, head, "sttran-toy", "sttran")
    assert metadata["trained_on_data"] == "Action Genome"

    random = torch.Generator().manual_seed(3)
    classes = torch.tensor([0, 5, 9, 0, 5])
    corners = torch.rand(5, 2, generator=random) * 50
    boxes = torch.cat([corners, corners + 10 + torch.rand(5, 2, generator=random) * 40], dim=1)
    features = torch.randn(5, REGION_SIZE, generator=random)
    unions = torch.randn(3, MAP_CHANNELS, 7, 7, generator=random)
    batch = PairBatch(
        boxes=boxes,
        object_logits=make_one_hot_logits(classes),
        object_features=features,
        pairs=torch.tensor([[0, 1], [0, 2], [3, 4]]),
        union_features=unions.flatten(1),
        frame_of_pair=torch.tensor([0, 0, 1]),
        frame_sizes_wh=torch.full((2, 2), 100.0),
        times_s=torch.tensor([0.0, 0.5]),
        video_of_frame=torch.tensor([0, 0]),
        head_maps=torch.zeros(2, 1, 4, 4),
    )
    people, objects = batch.subject_boxes, batch.target_boxes
    around = torch.cat([torch.minimum(people, objects)[:, :2], torch.maximum(people, objects)[:, 2:]], dim=1)
    masks = torch.stack([draw_masks(people, around), draw_masks(objects, around)], dim=1)
    with torch.no_grad():
        logits = head.eval()(batch)
        subjects, targets = batch.pairs.unbind(dim=1)
        labels = (classes[subjects] + 1, classes[targets] + 1)
        pairs = relations.describe(features[subjects], features[targets], unions, masks, labels)
        torch.testing.assert_close(head.describe_pairs(batch), pairs, rtol=1e-3, atol=1e-4)
        expected = torch.cat(relations.judge_window(pairs[:2], pairs[2:]), dim=1)
    kept = [RELEASED_RELATIONS.index(name) for name in RELATIONS]
    torch.testing.assert_close(logits.probabilities(), expected[:, kept], rtol=1e-3, atol=1e-4)
    assert torch.equal(logits.objects, batch.object_logits)
    assert torch.equal(logits.relatedness, torch.zeros(3))


def test_both_work_together_from_pictures(detector_file: Path, relation_file: Path, tmp_path: Path) -> None:
    convert_weights(detector_file, "home-world", tmp_path / "d.safetensors", TOY_DETECTOR)
    convert_weights(relation_file, "sttran", tmp_path / "r.safetensors", TOY_RELATIONS)
    model = load_faster_rcnn(tmp_path / "d.safetensors", TOY_DETECTOR)
    head = build_relation_head("sttran", TOY_RELATIONS)
    load_checkpoint(tmp_path / "r.safetensors", head, "sttran-toy", "sttran")
    image = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
    found = Detections(
        np.array([[5, 5, 60, 80], [30, 30, 90, 70]], np.float32), np.array([0, 4]), np.array([0.9, 0.8], np.float32)
    )
    trunk = RegionFeatureExtractor(model)
    batch = build_pair_batch(trunk, [image], [boxes_from_detections(found)], [0.0], classes_given=True)
    assert batch.union_features.shape == (1, MAP_CHANNELS * 49)
    predictor = SceneGraphPredictor(FasterRcnnDetector(model), trunk, head)
    [graph, other] = predictor.judge_video([predictor.observe([image, image], [1, 2], [0.0, 0.5])])
    assert len(graph) == len(other)
    empty = build_pair_batch(trunk, [image], [boxes_from_detections(found[:0])], [0.0], classes_given=True)
    assert empty.union_features.shape == (0, MAP_CHANNELS * 49)


def test_the_c4_detector_learns() -> None:
    torch.manual_seed(0)
    model = build_faster_rcnn(TOY_DETECTOR).train()
    truth = Detections(np.array([[5, 5, 60, 80]], np.float32), np.array([3]), np.ones(1, np.float32))
    losses = model([torch.rand(3, 90, 160)], [make_target(truth, truth[:0])])
    assert all(bool(value.isfinite()) for value in losses.values())
    sum(losses.values()).backward()
    assert model.roi_heads.box_head.layer4[0].conv1.weight.grad is not None


def test_published_sizes() -> None:
    """Shapes of methods D2 and D3, from the networks at the size in which they were published."""
    with torch.device("meta"):
        detector = build_faster_rcnn(STTRAN_DETECTOR).state_dict()
        head = build_relation_head("sttran", RELEASED_STTRAN).state_dict()
    shapes = {name: tuple(value.shape) for name, value in (detector | head).items()}
    assert shapes["backbone.conv1.weight"] == (64, 3, 7, 7)
    assert shapes["rpn.head.conv.weight"] == (512, 1024, 3, 3)
    assert shapes["rpn.head.cls_logits.weight"] == (12, 512, 1, 1)
    assert shapes["rpn.head.bbox_pred.weight"] == (48, 512, 1, 1)
    assert shapes["roi_heads.box_predictor.cls_score.weight"] == (37, 2048)
    assert shapes["roi_heads.box_predictor.bbox_pred.weight"] == (148, 2048)
    assert "backbone.layer3.22.conv3.weight" in shapes and "backbone.layer3.23.conv3.weight" not in shapes
    assert shapes["enter_union.weight"] == (512, 1024 * 49)
    assert shapes["encode_frame.attention.in_proj_weight"] == (5808, 1936)


def test_anchors_of_whole_pixels() -> None:
    """The nine anchors of the first Faster R-CNN: ratios 1/2, 1 and 2 in sizes 128, 256 and 512."""
    assert make_anchors((128, 256, 512)).tolist() == [
        [-84, -40, 99, 55],
        [-176, -88, 191, 103],
        [-360, -184, 375, 199],
        [-56, -56, 71, 71],
        [-120, -120, 135, 135],
        [-248, -248, 263, 263],
        [-36, -80, 51, 95],
        [-80, -168, 95, 183],
        [-168, -344, 183, 359],
    ]


def test_boxes_hold_their_last_pixel() -> None:
    """A box from 0 to 15 is 16 wide: moved by a quarter of that and doubled, it is 32 wide around 12."""
    coder = PixelBoxCoder((1.0, 1.0, 1.0, 1.0))
    box, moves = torch.tensor([[0.0, 0, 15, 15]]), torch.tensor([[0.25, 0, float(np.log(2)), 0]])
    assert coder.decode_single(moves, box).tolist() == [[-4, 0, 28, 16]]
    torch.testing.assert_close(coder.encode_single(torch.tensor([[-4.0, 0, 27, 15]]), box), moves)


def spoil(path: Path, out: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    content = torch.load(path, weights_only=True)
    name = "model" if "model" in content else "state_dict"
    change(content[name])
    torch.save(content, out)
    return out


TOP = "RCNN_top.0.0.conv1.weight"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop(TOP), f"lacks {TOP}, without which"),
        (lambda state: state[TOP].fill_(torch.nan), f"holds values in {TOP} that are no numbers"),
        (lambda state: state.update({TOP: state[TOP].int()}), f"holds int32 in {TOP}"),
        (lambda state: state.update({TOP: state[TOP][:3]}), r"does not fit STTran's detector \(roi_heads.box_head"),
        (
            lambda state: state.update({"RCNN_cls_score.weight": torch.zeros(21, REGION_SIZE)}),
            r"cls_score.weight has shape \[21, 128\] instead of \[37, 128\]",
        ),
        (lambda state: state.update({"RCNN_base.1.running_var": -state["RCNN_base.1.running_var"]}), "below 0"),
        (lambda state: state.update({TOP: "text"}), f"holds '{TOP}', which is no tensor"),
    ],
)
def test_a_detector_that_does_not_fit_is_refused(
    detector_file: Path, tmp_path: Path, change: Callable[[dict[str, Tensor]], None], said: str
) -> None:
    spoiled, out = spoil(detector_file, tmp_path / "spoiled.pth", change), tmp_path / "out.safetensors"
    with pytest.raises(UserError, match=said):
        convert_weights(spoiled, "home-world", out, TOY_DETECTOR)
    assert not out.exists()


def test_an_older_file_that_counts_no_batches_is_taken(detector_file: Path, tmp_path: Path) -> None:
    def forget(state: dict[str, Tensor]) -> None:
        for name in [name for name in state if name.endswith("num_batches_tracked")]:
            del state[name]

    path, out = spoil(detector_file, tmp_path / "older.pth", forget), tmp_path / "out.safetensors"
    report = convert_weights(path, "home-world", out, TOY_DETECTOR)
    assert report.converted["backbone.bn1.num_batches_tracked"].startswith("0, since")
    load_faster_rcnn(out, TOY_DETECTOR)


def test_networks_are_not_taken_for_each_other(detector_file: Path, relation_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    with pytest.raises(UserError, match=r"holds STTran's relation model, which becomes sttran, not home-world"):
        convert_weights(relation_file, "home-world", out)
    with pytest.raises(UserError, match=r"holds STTran's detector, which becomes home-world, not sttran"):
        convert_weights(detector_file, "sttran", out)
    convert_weights(detector_file, "home-world", out, TOY_DETECTOR)
    with pytest.raises(UserError, match=r"'detector-toy-c4', and 'detector-sttran' is wanted"):
        load_faster_rcnn(out, STTRAN_DETECTOR)
    assert read_metadata(out)["converted_from"].startswith("STTran's detector: faster_rcnn_ag.pth ")
