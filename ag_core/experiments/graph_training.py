"""How networks on annotated graphs are trained: in seconds on one core, seeded, nothing written."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ag_core.models.verb_network import VerbNetwork, describe_pairs, find_pairs

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


@dataclass(frozen=True)
class VerbRecipe:
    """How a verb network is trained: on `batch` pairs a step; own_decay: of what single actions add to their verbs."""

    epochs: int = 8
    batch: int = 512
    step_size: float = 2e-3
    weight_decay: float = 0.02
    own_decay: float = 0.3


VERBS = VerbRecipe()


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


def train_verb_network(
    context: Tensor, labels: Tensor, recipe: VerbRecipe, seed: int, taught: Iterable[int] | None = None
) -> VerbNetwork:
    """A verb network trained on contexts [N,S,35,26] with labels [N,157] of 0 and 1, ready to answer.

    The labels of actions that are not `taught` are not looked at.
    """
    moments, actions = find_pairs(context)
    if taught is not None:
        known = torch.isin(actions, torch.tensor(sorted(taught)))
        moments, actions = moments[known], actions[known]
    rows, targets = describe_pairs(context, moments, actions), labels[moments, actions]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = VerbNetwork(context.shape[1]).train()
        own = network.list_own_parameters()
        shared = [one for one in network.parameters() if all(one is not other for other in own)]
        groups = [
            {"params": shared, "weight_decay": recipe.weight_decay},
            {"params": own, "weight_decay": recipe.own_decay},
        ]
        optimiser = torch.optim.AdamW(groups, recipe.step_size)
        steps = recipe.epochs * math.ceil(len(moments) / recipe.batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.step_size, total_steps=steps)
        for _ in range(recipe.epochs):
            for chosen in torch.randperm(len(moments)).split(recipe.batch):
                loss = binary_cross_entropy_with_logits(network(rows[chosen], actions[chosen]), targets[chosen])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
    return network.eval()
