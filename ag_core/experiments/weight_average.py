"""The exponential average of a network's weights in training: a smoother network than any single step leaves.

torch's `AveragedModel`, with a short memory in the first steps: there the average would else be the random start.
Buffers are averaged, too: running means of batch normalisation belong to the weights around them.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

DECAY = 0.9995
Tensors = tuple[Tensor, ...] | list[Tensor]


class WeightAverage:
    """Follows a network step by step; `network` is another one of the same kind with the averaged weights.

    decay  what is kept of the average in a step, once it has seen many; after n steps at most (1 + n) / (10 + n)
    """

    def __init__(self, network: nn.Module, decay: float = DECAY) -> None:
        def average(averaged: Tensors, current: Tensors, n_averaged: Tensor | int) -> None:
            n = float(n_averaged)
            get_ema_multi_avg_fn(min(decay, (1 + n) / (10 + n)))(averaged, current, n_averaged)

        self._followed = network
        self._averaged = AveragedModel(network, multi_avg_fn=average, use_buffers=True)

    @property
    def network(self) -> nn.Module:
        """The network with the averaged weights; the one that is trained is not touched by what is done with it."""
        return self._averaged.module

    @torch.no_grad()
    def follow(self, progress: object = None) -> None:
        """Take the weights as they are after a step into the average."""
        self._averaged.update_parameters(self._followed)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training goes on from."""
        return dict(self._averaged.state_dict())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self._averaged.load_state_dict(state)
