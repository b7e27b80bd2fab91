"""The annotated graphs that a model of actions sees of one moment: the frame's own and those of its video around it.

Of each object class 26 numbers: its 25 relationships, and whether it is there at all. The order of the frames counts,
their times do not: annotated frames lie where actions begin and end, and a time would give the actions away.
"""

import torch
from torch import Tensor

OWN, BEFORE, AFTER, OTHERS = range(4)
"""The graphs of a context: of the frame, of its neighbours, and the mean of all other frames of the video."""

PRESENCE = -1
"""Where it stands that an object is there, behind its relationships."""


def add_presence(matrices: Tensor) -> Tensor:
    """[N,35,26] from confidence matrices [N,35,25]: each object's relationships, and how surely it is there."""
    return torch.cat([matrices, matrices.amax(dim=2, keepdim=True)], dim=2)


def build_context(matrices: Tensor, video: Tensor) -> Tensor:
    """[N,4,35,26] from confidence matrices [N,35,25] of frames in their order and the video [N] of each, ascending.

    Graphs that are not there, as those around the only frame of a video, are zero.
    """
    own = add_presence(matrices)
    context = torch.zeros(len(own), 4, *own.shape[1:])
    context[:, OWN] = own
    follows = (video[1:] == video[:-1]).nonzero().flatten()
    context[follows + 1, BEFORE], context[follows, AFTER] = own[follows], own[follows + 1]
    _, position, counts = torch.unique(video, return_inverse=True, return_counts=True)
    sums = torch.zeros(len(counts), *own.shape[1:]).index_add(0, position, own)
    context[:, OTHERS] = (sums[position] - own) / (counts[position] - 1).clamp_min(1)[:, None, None]
    return context


def keep_frame(context: Tensor) -> Tensor:
    """[N,1,35,26]: the graph of the frame alone."""
    return context[:, : OWN + 1]


def keep_objects(context: Tensor) -> Tensor:
    """The same context without its relationships: only which objects are there."""
    objects = torch.zeros_like(context)
    objects[..., PRESENCE] = context[..., PRESENCE]
    return objects
