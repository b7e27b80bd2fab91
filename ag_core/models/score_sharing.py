"""What is done in one frame of a video is often done in the others, too: scores take a part of theirs.

Ours, no paper's. Knows the order of the frames, not their times.
"""

import torch
from torch import Tensor


def share_scores(scores: Tensor, video: Tensor, others: float = 0.15, neighbours: float = 0.1) -> Tensor:
    """[N,C] scores plus parts of the mean over the other frames of the video and over the next frames on both sides.

    scores [N,C] of frames in their order, video [N] the video of each, ascending; the only frame of a video keeps its.
    """
    _, position, counts = torch.unique(video, return_inverse=True, return_counts=True)
    sums = torch.zeros(len(counts), scores.shape[1]).index_add(0, position, scores)
    of_others = (sums[position] - scores) / (counts[position] - 1).clamp_min(1)[:, None]
    follows = (video[1:] == video[:-1]).nonzero().flatten()
    of_neighbours, n_neighbours = torch.zeros_like(scores), torch.zeros(len(scores), 1)
    for here, there in ((follows, follows + 1), (follows + 1, follows)):
        of_neighbours.index_add_(0, here, scores[there])
        n_neighbours.index_add_(0, here, torch.ones(len(here), 1))
    shared: Tensor = scores + others * of_others + neighbours * of_neighbours / n_neighbours.clamp_min(1)
    return shared
