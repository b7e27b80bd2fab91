"""How networks on annotated graphs are trained: in seconds on one core, seeded, nothing written."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

Network = TypeVar("Network", bound=nn.Module)

MIN_PRIOR = 1e-4
"""A class that is never shown begins with this probability."""


@dataclass(frozen=True)
class GraphRecipe:
    """How a network is trained; drop_objects is the share of objects that is hidden in each step."""

    epochs: int = 16
    batch: int = 256
    step_size: float = 3e-3
    weight_decay: float = 0.1
    drop_objects: float = 0.1


LINEAR = GraphRecipe(step_size=1e-2, weight_decay=1e-3, drop_objects=0.0)
MLP = GraphRecipe()


def train_graph_network(
    build: Callable[[int, Tensor], Network], context: Tensor, labels: Tensor, recipe: GraphRecipe, seed: int
) -> Network:
    """A network trained on contexts [N,S,35,K] with labels [N,C] of 0 and 1, ready to answer.

    `build` makes it from the number of its inputs, S*35*K, and the logits of the prior [C].
    """
    rows = context.flatten(1)
    objects = torch.arange(context.shape[1] * context.shape[2]).repeat_interleave(context.shape[3])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(rows.shape[1], torch.logit(labels.mean(dim=0).clamp(MIN_PRIOR, 1 - MIN_PRIOR))).train()
        optimiser = torch.optim.AdamW(network.parameters(), recipe.step_size, weight_decay=recipe.weight_decay)
        steps = recipe.epochs * math.ceil(len(rows) / recipe.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.step_size, total_steps=steps, pct_start=0.1)
        for _ in range(recipe.epochs):
            for chosen in torch.randperm(len(rows)).split(recipe.batch):
                shown = rows[chosen]
                if recipe.drop_objects:
                    kept = torch.rand(len(chosen), context.shape[1] * context.shape[2]) >= recipe.drop_objects
                    shown = shown * kept[:, objects]
                losses = binary_cross_entropy_with_logits(network(shown), labels[chosen], reduction="none")
                optimiser.zero_grad()
                losses.sum(dim=1).mean().backward()
                optimiser.step()
                schedule.step()
    return network.eval()
