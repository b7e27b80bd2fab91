"""Messages between the boxes and the pairs of a graph, gathered at those they are sent to.

Edges are rows: `values` [E,H] go to `targets` [E], rows of the receivers, of whom there are `count`.
"""

import torch
from torch import Tensor


def sum_messages(values: Tensor, targets: Tensor, count: int) -> Tensor:
    """[count,H] sums of what each receiver gets; 0 for one that gets nothing."""
    return values.new_zeros(count, values.shape[1]).index_add(0, targets, values)


def average_messages(values: Tensor, targets: Tensor, count: int) -> Tensor:
    """[count,H] means of what each receiver gets; 0 for one that gets nothing."""
    received = torch.bincount(targets, minlength=count).clamp(min=1)[:, None]
    return sum_messages(values, targets, count) / received


def share_attention(scores: Tensor, targets: Tensor, count: int) -> Tensor:
    """[E] softmax of the scores [E] over the edges to the same receiver."""
    highest = scores.new_full((count,), -torch.inf).scatter_reduce(0, targets, scores.detach(), "amax")
    weights = (scores - highest[targets]).exp()
    total = weights.new_zeros(count).index_add(0, targets, weights)
    return weights / total[targets]
