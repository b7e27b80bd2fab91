"""Proposals of a Faster R-CNN that only predicts: those of torchvision's region proposal network, in less time.

Most anchors are dropped for their score alone. So their offsets are not computed, and they are not made into boxes.
"""

import torch
from torch import Tensor
from torch.nn.functional import linear
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork

from ag_core.models.devices import run_dense_part


@torch.no_grad()
def propose_regions(network: RegionProposalNetwork, images: ImageList, levels: dict[str, Tensor]) -> list[Tensor]:
    """Of each image, boxes [P,4] in pixels of the scaled images, best first. The network is in evaluation mode."""
    makers, boxes, scores = network.anchor_generator, [], []
    first = next(iter(levels.values()))
    makers.set_cell_anchors(first.dtype, first.device)
    for level, anchors in zip(levels.values(), makers.cell_anchors, strict=True):
        found, objectness = _propose_in_level(network, level, anchors, images.tensors.shape)
        boxes.append(found)
        scores.append(objectness)
    counts = [objectness.shape[1] for objectness in scores]
    kept, _ = network.filter_proposals(torch.cat(boxes, 1), torch.cat(scores, 1), images.image_sizes, counts)
    proposals: list[Tensor] = kept
    return proposals


def _propose_in_level(
    network: RegionProposalNetwork, level: Tensor, anchors: Tensor, batch_shape: torch.Size
) -> tuple[Tensor, Tensor]:
    """Boxes [B,K,4] and logits [B,K] of the K best anchors of a level [B,C,H,W]; anchors [A,4] of a cell at 0."""
    height, width = level.shape[-2:]
    n_images, n_anchors = len(level), len(anchors)
    with run_dense_part(level.device):
        convolved = network.head.conv(level)
    # A ReLU again where the head's convolution has one already, as torchvision's has, changes nothing.
    seen = convolved.float().relu_()
    logits = network.head.cls_logits(seen).permute(0, 2, 3, 1).flatten(1)  # [B, H·W·A]
    best, index = logits.topk(min(network.pre_nms_top_n(), logits.shape[1]), dim=1)
    cell, kind = index // n_anchors, index % n_anchors

    # Offsets of the best anchors alone.
    cells = seen.permute(0, 2, 3, 1).flatten(1, 2)
    chosen = cells.gather(1, cell[..., None].expand(-1, -1, cells.shape[2]))  # [B, K, C]
    offsets = network.head.bbox_pred
    moves = linear(chosen, offsets.weight.flatten(1), offsets.bias).unflatten(2, (n_anchors, 4))
    moves = moves.gather(2, kind[..., None, None].expand(-1, -1, 1, 4)).flatten(0, 2)

    # Whole steps from cell to cell, as torchvision's generator makes them.
    step_y, step_x = batch_shape[-2] // height, batch_shape[-1] // width
    x, y = cell % width * step_x, cell // width * step_y
    placed = torch.stack([x, y, x, y], dim=2) + anchors[kind]
    boxes = network.box_coder.decode_single(moves, placed.flatten(0, 1))
    return boxes.reshape(n_images, -1, 4), best
