"""What a person has to do with an action's own object, learned for all actions of a verb at once.

Ours, no paper's. "Holding a broom" and "holding a towel" ask the same of the broom and of the towel: one ridge
regression for each verb reads the rows of the action's own object, so that rare actions learn from common ones. Each
action keeps a mean of its own. Actions without an object of the 35 are told nothing (0).
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from ag_core.models.graph_context import OWN, PRESENCE
from ag_core.taxonomy import ACTIONS, N_RELATIONS


class VerbRegression:
    """How likely each action is where its object is there, from contexts [N,S,35,26].

    smoothing  the ridge; others  the weight of what is done with the frame's other objects
    """

    def __init__(self, smoothing: float = 30.0, others: float = 0.5) -> None:
        self._smoothing, self._others = smoothing, others
        self._actions_of_verb: dict[str, list[int]] = {}
        for index, action in enumerate(ACTIONS):
            if action.object_class is not None:
                self._actions_of_verb.setdefault(action.verb, []).append(index)

    def fit(self, context: Tensor, labels: Tensor, taught: Iterable[int] | None = None) -> None:
        """Learn from labels [N,157] of 0 and 1, of the frames in whose context the object is.

        The labels of actions that are not `taught` are not looked at; they are as likely as others of their verb.
        """
        known = set(range(len(ACTIONS)) if taught is None else taught)
        self._weights: dict[str, Tensor] = {}
        self._rows_means: dict[int, Tensor] = {}
        self._means: dict[int, float] = {}
        for verb, actions in self._actions_of_verb.items():
            size = context.shape[1] * context.shape[3] + N_RELATIONS
            products, answers = self._smoothing * torch.eye(size), torch.zeros(size)
            n_frames = n_positive = 0.0
            for action in actions:
                there = self._find(context, action)
                rows = self._describe(context[there], action)
                self._rows_means[action] = rows.sum(dim=0) / max(len(rows), 1)
                if action in known and len(rows):
                    rows, targets = rows - self._rows_means[action], labels[there, action]
                    self._means[action] = float(targets.mean())
                    products += rows.T @ rows
                    answers += rows.T @ (targets - targets.mean())
                    n_frames, n_positive = n_frames + len(rows), n_positive + float(targets.sum())
            for action in actions:
                self._means.setdefault(action, n_positive / max(n_frames, 1))
            self._weights[verb] = torch.linalg.solve(products, answers)

    def predict(self, context: Tensor) -> Tensor:
        """[M,157] about 0 to 1; 0 where the object is nowhere in the context, and for actions without an object."""
        scores = torch.zeros(len(context), len(ACTIONS))
        for verb, actions in self._actions_of_verb.items():
            for action in actions:
                there = self._find(context, action)
                rows = self._describe(context[there], action) - self._rows_means[action]
                scores[there, action] = rows @ self._weights[verb] + self._means[action]
        return scores

    def _find(self, context: Tensor, action: int) -> Tensor:
        """[N] whether the action's object is in any graph of the context."""
        return context[:, :, _find_row(action), PRESENCE].amax(dim=1) > 0

    def _describe(self, context: Tensor, action: int) -> Tensor:
        """[N,S*26+25]: the own object's rows in every graph, then what is done with the other objects of the frame."""
        own = context[:, :, _find_row(action)]
        relations = context[:, OWN, :, :PRESENCE]
        others = relations.sum(dim=1) - own[:, OWN, :PRESENCE]
        return torch.cat([own.flatten(1), self._others * others], dim=1)


def _find_row(action: int) -> int:
    """The row of an action's object in a context."""
    object_class = ACTIONS[action].object_class
    assert object_class is not None, "only actions with an object are described"
    return object_class - 1
