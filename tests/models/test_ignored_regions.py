"""Ignored boxes: neither objects nor background to proposals and box head, and nothing else changes."""

import numpy as np
import torch
from torch import Tensor

from ag_core.models.detector import build_faster_rcnn
from ag_core.models.ignored_regions import IgnoringProposalNetwork, IgnoringRoIHeads, make_target
from ag_core.presets import DEMO_DETECTOR
from ag_core.records import Detections

TABLE, PHONE = 31, 24


def found(rows: list[list[float]], classes: list[int]) -> Detections:
    return Detections(np.array(rows, np.float32).reshape(-1, 4), classes, np.ones(len(rows)))


TRUTH = found([[0, 0, 100, 50]], [TABLE])
FAINT = found([[200, 0, 212, 12], [300, 5, 300.5, 9]], [PHONE, PHONE])
REGIONS = torch.tensor(
    [
        [0.0, 0, 100, 50],  # the true box
        [200, 0, 212, 12],  # the ignored box
        [200, 0, 212, 20],  # overlaps it by 0.6
        [200, 0, 230, 30],  # overlaps it by 0.16
        [400, 0, 430, 30],  # nothing
    ]
)


def test_a_target_tells_what_to_ignore_by_its_label() -> None:
    target = make_target(TRUTH, FAINT)
    assert target["boxes"].tolist() == [[0, 0, 100, 50], [200, 0, 212, 12]]  # half a pixel is nothing
    assert target["labels"].tolist() == [TABLE + 1, -PHONE - 1]
    nothing = make_target(TRUTH, Detections.empty())
    assert nothing["labels"].tolist() == [TABLE + 1]


def proposal_network() -> IgnoringProposalNetwork:
    network = build_faster_rcnn(DEMO_DETECTOR).rpn
    assert isinstance(network, IgnoringProposalNetwork)
    return network


def box_head() -> IgnoringRoIHeads:
    heads = build_faster_rcnn(DEMO_DETECTOR).roi_heads
    assert isinstance(heads, IgnoringRoIHeads)
    return heads


def test_anchors_on_ignored_boxes_are_neither() -> None:
    network, target = proposal_network(), make_target(TRUTH, FAINT)
    [labels], [boxes] = network.assign_targets_to_anchors([REGIONS], [target])
    assert labels.tolist() == [1, -1, -1, 0, 0]
    assert boxes[0].tolist() == [0, 0, 100, 50]
    [labels], _ = network.assign_targets_to_anchors([REGIONS], [make_target(TRUTH, Detections.empty())])
    assert labels.tolist() == [1, 0, 0, 0, 0]
    [labels], _ = network.assign_targets_to_anchors([REGIONS], [make_target(Detections.empty(), FAINT)])
    assert labels.tolist() == [0, -1, -1, 0, 0]


def test_proposals_on_ignored_boxes_are_not_taught_background() -> None:
    heads = box_head()
    # The ignored box first: matches count among all boxes of the target.
    target = {name: values.flip(0) for name, values in make_target(TRUTH, FAINT).items()}
    [matched], [labels] = heads.assign_targets_to_proposals([REGIONS], [target["boxes"]], [target["labels"]])
    assert labels.tolist() == [TABLE + 1, -1, -1, 0, 0]
    assert matched[0] == 1
    _, [labels] = heads.assign_targets_to_proposals([REGIONS], [target["boxes"][:1]], [target["labels"][:1]])
    assert labels.tolist() == [0, -1, -1, 0, 0]


def test_a_proposal_on_both_teaches_the_true_class() -> None:
    target = make_target(found([[0, 0, 20, 20]], [TABLE]), found([[0, 0, 20, 22]], [PHONE]))
    regions = torch.tensor([[0.0, 0, 20, 21]])
    _, [labels] = box_head().assign_targets_to_proposals([regions], [target["boxes"]], [target["labels"]])
    assert labels.tolist() == [TABLE + 1]


def test_no_loss_comes_from_an_ignored_box() -> None:
    """Without any true box all is background; where everything is ignored, nothing is left to learn from."""
    torch.manual_seed(0)
    model = build_faster_rcnn(DEMO_DETECTOR).train()
    seen: list[Tensor] = []
    sampler = model.roi_heads.fg_bg_sampler

    def look(labels: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        seen.extend(labels)
        answer: tuple[list[Tensor], list[Tensor]] = sampler(labels)
        return answer

    model.roi_heads.fg_bg_sampler = look
    target = make_target(found([[10, 10, 60, 60]], [TABLE]), found([[100, 20, 180, 90]], [PHONE]))
    losses = model([torch.rand(3, 120, 200)], [target])
    assert all(loss.isfinite() for loss in losses.values())
    assert seen[0].tolist()[-2:] == [TABLE + 1, -1], "the boxes of the target are proposals, too"
