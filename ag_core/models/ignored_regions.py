"""A Faster R-CNN that is taught nothing where the truth is silent: boxes in sight that were too faint to be annotated.

Such a box is no object to learn, and the picture does show one there: it is no background either. Anchors and proposals
that would be matched to it, were it true, and are matched to no true box, are left out of the losses. It travels among
the targets of torchvision's detectors, so that it is scaled with the picture, and has a label below zero: minus the
label that its class would have. Classes are told apart: a proposal on a faint phone that is matched to a true table
still teaches the table.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork

from ag_core.records import Detections

MIN_IGNORED_SIDE = 1.0
"""Ignored boxes with a shorter side, in pixels, cover no anchor and are left out."""


def make_target(truth: Detections, ignored: Detections) -> dict[str, Tensor]:
    """The target of one image: boxes [T+I,4] in pixels, labels [T+I]: class + 1 of true ones, below zero of ignored."""
    sides = (ignored.boxes_xyxy[:, 2:] - ignored.boxes_xyxy[:, :2]).min(axis=1, initial=np.inf)
    ignored = ignored[sides >= MIN_IGNORED_SIDE]
    # The classifier's output 0 is the background.
    labels = np.concatenate([truth.classes + 1, -(ignored.classes + 1)])
    boxes = np.concatenate([truth.boxes_xyxy, ignored.boxes_xyxy])
    return {"boxes": torch.from_numpy(boxes), "labels": torch.from_numpy(labels)}


class IgnoringProposalNetwork(RegionProposalNetwork):  # type: ignore[misc]  # torchvision has no types
    """A region proposal network whose anchors on ignored boxes count neither as objects nor as background."""

    @classmethod
    def like(cls, network: RegionProposalNetwork) -> "IgnoringProposalNetwork":
        """One with the parts and the numbers of another."""
        matcher, sampler = network.proposal_matcher, network.fg_bg_sampler
        return cls(
            network.anchor_generator,
            network.head,
            matcher.high_threshold,
            matcher.low_threshold,
            sampler.batch_size_per_image,
            sampler.positive_fraction,
            network._pre_nms_top_n,
            network._post_nms_top_n,
            network.nms_thresh,
            network.score_thresh,
        )

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[dict[str, Tensor]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Of each image, labels [A]: 1 object, 0 background, -1 neither; and the matched boxes [A,4]."""
        true = [{"boxes": target["boxes"][target["labels"] > 0]} for target in targets]
        ignored = [{"boxes": target["boxes"][target["labels"] < 0]} for target in targets]
        labels, boxes = super().assign_targets_to_anchors(anchors, true)
        on_ignored, _ = super().assign_targets_to_anchors(anchors, ignored)
        return [_leave_out(*pair) for pair in zip(labels, on_ignored)], boxes


class IgnoringRoIHeads(RoIHeads):  # type: ignore[misc]
    """The box head, whose proposals on ignored boxes are not taught to be background."""

    @classmethod
    def like(cls, heads: RoIHeads) -> "IgnoringRoIHeads":
        """One with the parts and the numbers of another."""
        matcher, sampler = heads.proposal_matcher, heads.fg_bg_sampler
        return cls(
            heads.box_roi_pool,
            heads.box_head,
            heads.box_predictor,
            matcher.high_threshold,
            matcher.low_threshold,
            sampler.batch_size_per_image,
            sampler.positive_fraction,
            heads.box_coder.weights,
            heads.score_thresh,
            heads.nms_thresh,
            heads.detections_per_img,
        )

    def assign_targets_to_proposals(
        self, proposals: list[Tensor], gt_boxes: list[Tensor], gt_labels: list[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Of each image, the matched target's index [P], and labels [P]: of the class, 0 background, -1 left out."""
        of_true = [labels > 0 for labels in gt_labels]
        of_ignored = [labels < 0 for labels in gt_labels]
        found, labels = super().assign_targets_to_proposals(proposals, *_choose(of_true, gt_boxes, gt_labels))
        _, on_ignored = super().assign_targets_to_proposals(proposals, *_choose(of_ignored, gt_boxes, gt_labels))
        # Matches count among the true boxes alone, and are wanted among all.
        found = [torch.where(true)[0][index] if true.any() else index for index, true in zip(found, of_true)]
        return found, [_leave_out(*pair) for pair in zip(labels, on_ignored)]


def _choose(chosen: list[Tensor], *of_targets: list[Tensor]) -> list[list[Tensor]]:
    """The chosen rows of what is known of each image's targets."""
    return [[rows[which] for which, rows in zip(chosen, values)] for values in of_targets]


def _leave_out(labels: Tensor, on_ignored: Tensor) -> Tensor:
    """The labels, with -1 in place of background where a label shows that an ignored box is met."""
    return torch.where((labels == 0) & (on_ignored != 0), torch.full_like(labels, -1), labels)


def let_ignore(model: FasterRCNN) -> FasterRCNN:
    """The same detector, which understands the targets of `make_target`; its weights and their names stay."""
    parts: dict[str, Any] = {
        "rpn": IgnoringProposalNetwork.like(model.rpn),
        "roi_heads": IgnoringRoIHeads.like(model.roi_heads),
    }
    for name, part in parts.items():
        setattr(model, name, part)
    return model
