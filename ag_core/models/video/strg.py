"""Videos as space-time region graphs (Wang and Gupta 2018) on the frozen maps of an I3D.

Nodes are regions of the clip's frames; a graph of what looks alike, and one each of what overlaps in the next and in
the previous frame, are convolved and beside the clip's own feature tell the actions (methods C15, from memory of the
paper, which has no public code). Differences: regions are the best boxes of the project's detector, which knows Action
Genome's classes, not proposals of a COCO network without classes, and found in the small frames that the I3D sees; the
I3D is frozen instead of being trained on together with the graphs, and its whole feature stands beside theirs, so that
nothing is lost of what it knows; frames are never cropped, so no box has to follow a crop.
"""

import torch
from torch import Tensor, nn
from torchvision.ops import box_iou, roi_align

from ag_core.models.video.clip_network import ClipInput, ClipNetwork
from ag_core.models.video.frozen_body import FrozenBody, build_frozen_body
from ag_core.presets import I3dPreset

REGION_SIDE = 7
"""Cells along each side into which a region is pooled, before the maximum over all of them."""


class GraphConvolutions(nn.Module):
    """Layers X <- ReLU(LayerNorm(A X W)) + X over nodes X [N,D] with edges A [N,N]."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.weights = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(layers))

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        for weight, norm in zip(self.weights, self.norms):
            nodes = torch.relu(norm(edges @ weight(nodes))) + nodes
        return nodes


class Strg(ClipNetwork):
    """One pathway [B,3,T,H,W] and regions in it to features [B, body's channels + width].

    A clip without regions has zeros for what its graphs tell.
    """

    def __init__(self, body: FrozenBody, width: int, layers: int) -> None:
        super().__init__()
        self.body = body
        self.reduce = nn.Conv3d(body.channels, width, 1)
        self.theta = nn.Linear(width, width, bias=False)
        self.phi = nn.Linear(width, width, bias=False)
        self.alike, self.forward_in_time, self.back_in_time = (GraphConvolutions(width, layers) for _ in range(3))
        self.width = width
        self.feature_size = body.channels + width

    def forward(self, clips: ClipInput) -> Tensor:
        [clip] = clips.pathways
        maps = self.body(clip)  # [B, C, T', H', W']
        steps = clips.frame_of_box * maps.shape[2] // clip.shape[2]  # [R] which of the T' maps
        nodes = self.describe_regions(self.reduce(maps), clips, steps)  # [R, width]
        told = []
        for number in range(len(clip)):
            mine = clips.clip_of_box == number
            told.append(self.read_graphs(nodes[mine], clips.boxes_xyxy[mine], steps[mine]))
        return torch.cat([maps.mean(dim=(2, 3, 4)), torch.stack(told).to(maps.dtype)], dim=1)

    def describe_regions(self, maps: Tensor, clips: ClipInput, steps: Tensor) -> Tensor:
        """[R,width] of all regions: each pooled from the map [width,H',W'] of its clip and step, the maximum taken."""
        (rows, columns), (height, width) = maps.shape[-2:], clips.pathways[0].shape[-2:]
        scale = clips.boxes_xyxy.new_tensor([columns / width, rows / height] * 2)
        pictures = maps.transpose(1, 2).flatten(0, 1).float()  # [B T', width, H', W']
        numbers = (clips.clip_of_box * maps.shape[2] + steps).to(pictures)
        boxes = torch.cat([numbers[:, None], (clips.boxes_xyxy * scale).to(pictures)], dim=1)
        pooled: Tensor = roi_align(pictures, boxes, REGION_SIDE, aligned=True)  # [R, width, 7, 7]
        return pooled.amax(dim=(2, 3))

    def read_graphs(self, nodes: Tensor, boxes_xyxy: Tensor, steps: Tensor) -> Tensor:
        """[width] what the three graphs of one clip's regions [N,width] tell: the mean over nodes, summed."""
        if not len(nodes):
            return nodes.new_zeros(self.width)
        similar = torch.softmax(self.theta(nodes) @ self.phi(nodes).T, dim=1)
        later, earlier = (link_overlaps(boxes_xyxy, steps, step).to(nodes) for step in (1, -1))
        told: Tensor = (
            self.alike(nodes, similar) + self.forward_in_time(nodes, later) + self.back_in_time(nodes, earlier)
        )
        return told.mean(dim=0)


def link_overlaps(boxes_xyxy: Tensor, steps: Tensor, step: int) -> Tensor:
    """[N,N] the overlap of each region with those `step` later, in shares of 1; zeros where there is none."""
    overlap: Tensor = box_iou(boxes_xyxy, boxes_xyxy) * (steps[None, :] == steps[:, None] + step)
    total = overlap.sum(dim=1, keepdim=True)
    return overlap / torch.where(total > 0, total, 1)


def build_strg(body: I3dPreset, width: int, layers: int) -> Strg:
    """STRG on a frozen I3D, both with fresh weights; arguments as in `StrgPreset`."""
    return Strg(build_frozen_body(body), width, layers)
