"""What a person has to do with an action's own object, learned by one network for all actions at once.

Ours, no paper's. The unit is a pair of a moment and an action whose object is there: the network reads the rows of
that object in the graphs of a context, what is done with the other objects, and which objects are there, and is told
the verb of the action. What it learns of "holding a broom" it knows of "holding a towel"; each action adds a little of
its own, which begins at nothing. Actions without an object of the 35 are asked of every moment, with empty rows.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ag_core.models.graph_context import OWN, PRESENCE
from ag_core.taxonomy import ACTIONS, N_ACTIONS, N_OBJECTS, N_RELATIONS

RELATIONS_OF_OTHERS, COUNT = 0.5, 0.3
"""Weights of what is done with the other objects, and of how many there are; inputs are then of like size."""

RARE = -2.5
"""Logit that an action begins with where its object is there."""

PAIRS_AT_ONCE = 20_000
"""So many pairs are answered at once."""

OBJECT_OF_ACTION = torch.tensor([(action.object_class or 0) - 1 for action in ACTIONS])
"""[157] which of the 35 objects an action is done with; -1 where it has none of them."""

VERBS = sorted({action.verb for action in ACTIONS})


class VerbNetwork(nn.Module):
    """Logits of pairs of a moment and an action, from contexts [N,S,35,26].

    width of the two hidden layers; dropout between them; graphs S of a context: 4, or 1 for moments on their own.
    """

    verb_of_action: Tensor

    def __init__(self, graphs: int = 4, width: int = 192, dropout: float = 0.4) -> None:
        super().__init__()
        inputs = graphs * (N_RELATIONS + 1) + N_RELATIONS + 1 + 2 * N_OBJECTS
        self.input_layer = nn.Linear(inputs, width)
        self.hidden_layer = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)
        self.verb_embedding = nn.Embedding(len(VERBS), width)
        self.action_embedding = nn.Embedding(N_ACTIONS, width)
        self.verb_output, self.action_output = nn.Embedding(len(VERBS), width), nn.Embedding(N_ACTIONS, width)
        self.bias = nn.Embedding(N_ACTIONS, 1)
        nn.init.normal_(self.verb_embedding.weight, std=0.1)
        nn.init.normal_(self.verb_output.weight, std=0.05)
        for own in (self.action_embedding, self.action_output):
            nn.init.zeros_(own.weight)
        nn.init.constant_(self.bias.weight, RARE)
        verbs = torch.tensor([VERBS.index(action.verb) for action in ACTIONS])
        self.register_buffer("verb_of_action", verbs, persistent=False)

    def list_own_parameters(self) -> list[nn.Parameter]:
        """What single actions add to their verbs: it should be small."""
        return [*self.action_embedding.parameters(), *self.action_output.parameters()]

    def forward(self, rows: Tensor, actions: Tensor) -> Tensor:
        """Logits [P] of pairs described by rows [P,D], of the actions [P]."""
        verbs = self.verb_of_action[actions]
        asked = self.input_layer(rows) + self.verb_embedding(verbs) + self.action_embedding(actions)
        hidden = self.dropout(functional.gelu(asked))
        hidden = self.dropout(hidden + functional.gelu(self.hidden_layer(hidden)))
        weights = self.verb_output(verbs) + self.action_output(actions)
        logits: Tensor = (hidden * weights).sum(dim=1) + self.bias(actions)[:, 0]
        return logits

    @torch.no_grad()
    def predict(self, context: Tensor) -> Tensor:
        """[N,157] probabilities; 0 for actions whose object is nowhere in the context."""
        scores = torch.zeros(len(context), N_ACTIONS)
        moments, actions = find_pairs(context)
        for chosen in torch.arange(len(moments)).split(PAIRS_AT_ONCE):
            rows = describe_pairs(context, moments[chosen], actions[chosen])
            scores[moments[chosen], actions[chosen]] = self(rows, actions[chosen]).sigmoid()
        return scores


def find_pairs(context: Tensor) -> tuple[Tensor, Tensor]:
    """Moments [P] and actions [P] of all pairs of contexts [N,S,35,26] in which the action's object is there."""
    there = context[..., PRESENCE].amax(dim=1) > 0
    asked = torch.where(OBJECT_OF_ACTION >= 0, there[:, OBJECT_OF_ACTION.clamp_min(0)], True)
    moments, actions = asked.nonzero(as_tuple=True)
    return moments, actions


def describe_pairs(context: Tensor, moments: Tensor, actions: Tensor) -> Tensor:
    """[P,S*26+25+1+70]: the own object's rows in every graph, what is done with the others, how many objects are there,
    which, and which in the other graphs of the context."""
    of_action = OBJECT_OF_ACTION[actions]
    seen = context[moments]
    own = seen[torch.arange(len(seen)), :, of_action.clamp_min(0)] * (of_action >= 0)[:, None, None]
    others = seen[:, OWN, :, :PRESENCE].sum(dim=1) - own[:, OWN, :PRESENCE]
    objects, of_graphs = seen[:, OWN, :, PRESENCE], seen[..., PRESENCE]
    elsewhere = of_graphs[:, 1:].amax(dim=1) if seen.shape[1] > 1 else torch.zeros_like(objects)
    count = COUNT * objects.sum(dim=1, keepdim=True)
    return torch.cat([own.flatten(1), RELATIONS_OF_OTHERS * others, count, objects, elsewhere], dim=1)


def weigh_pairs(context: Tensor, moments: Tensor, actions: Tensor) -> Tensor:
    """[P] how surely the object of each pair's action is there, in its surest graph; 1 without an object."""
    sureness, of_action = context[..., PRESENCE].amax(dim=1), OBJECT_OF_ACTION[actions]
    return torch.where(of_action >= 0, sureness[moments, of_action.clamp_min(0)], 1.0)
