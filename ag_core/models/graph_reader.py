"""Actions read from scene graphs alone, learned on annotated graphs: no clip, no pixels.

Ours, no paper's; the thesis of the paper taken at its word. A perceptron reads the 35 x 25 confidence matrix of a
moment, and a network of verbs adds to the actions whose object is there what is done with it. They learn together from
what people annotated, seen as a detector would have seen it (`dim_graphs`): objects missed, whole classes unknown,
scores in place of ones, relationships wrong. So one reader reads annotated graphs, predicted ones, and those of a
detector that knows fourteen classes.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ag_core.catalog import GRAPH_READER
from ag_core.models.checkpoints import check_answers, load_checkpoint
from ag_core.models.feature_bank import build_graph_bank
from ag_core.models.graph_context import add_presence
from ag_core.models.verb_network import VerbNetwork, describe_pairs, find_pairs, weigh_pairs
from ag_core.presets import DEMO_GRAPH_READER, GraphReaderPreset
from ag_core.records import SceneGraph
from ag_core.taxonomy import N_ACTIONS, N_OBJECTS, N_RELATIONS

MISSED = 0.5
"""Largest share of a frame's objects that is missed when it is dimmed."""

WRONG = 0.12
"""Of the relationships that hold, those that are then judged as if they did not."""

FALSE, FAINT = 0.7, 0.7
"""Of the objects of another frame, those that are found though they are not there; and their largest score."""


class GraphReader(nn.Module):
    """Logits of the 157 actions from confidence matrices [N,35,25], each row with its largest value beside it."""

    def __init__(self, preset: GraphReaderPreset) -> None:
        super().__init__()
        self.hide = nn.Linear(N_OBJECTS * (N_RELATIONS + 1), preset.width)
        self.dropout = nn.Dropout(preset.dropout)
        self.classify = nn.Linear(preset.width, N_ACTIONS)
        nn.init.normal_(self.hide.weight, std=0.08)  # few of the inputs are not zero
        nn.init.zeros_(self.hide.bias)
        nn.init.normal_(self.classify.weight, std=0.02)
        self.verbs = VerbNetwork(1, preset.verb_width, preset.verb_dropout)
        nn.init.zeros_(self.verbs.bias.weight)  # the perceptron has the prior

    def forward(self, matrices: Tensor) -> Tensor:
        """[N,35,25] -> [N,157]."""
        context = add_presence(matrices)[:, None]
        logits: Tensor = self.classify(self.dropout(functional.gelu(self.hide(context.flatten(1)))))
        moments, actions = find_pairs(context)
        answers = self.verbs(describe_pairs(context, moments, actions), actions)
        answers = answers * weigh_pairs(context, moments, actions)  # a detector's faintest guess must not count in full
        return logits.index_put((moments, actions), answers, accumulate=True)


def build_graph_reader(preset: GraphReaderPreset = DEMO_GRAPH_READER) -> GraphReader:
    """A reader with fresh weights."""
    return GraphReader(preset)


def load_graph_reader(path: Path) -> tuple[GraphReader, dict[str, str]]:
    """A reader with the weights in `path`, and what their file says of itself. UserError as `load_checkpoint`."""
    reader = build_graph_reader()
    metadata = load_checkpoint(path, reader, DEMO_GRAPH_READER.name, GRAPH_READER)
    return reader.eval(), metadata


@torch.inference_mode()
def read_graphs(reader: GraphReader, graphs: Sequence[SceneGraph]) -> NDArray[np.float32]:
    """[T,157] probabilities of the actions at each of T graphs of a video."""
    matrices = torch.from_numpy(build_graph_bank(graphs)).view(-1, N_OBJECTS, N_RELATIONS)
    found: NDArray[np.float32] = reader.eval()(matrices).sigmoid().numpy()
    return check_answers(found, type(reader).__name__)


def dim_graphs(matrices: Tensor, random: torch.Generator) -> Tensor:
    """Annotated matrices [N,35,25] of 0 and 1 as a predictor might have seen them; drawn by `random`.

    Of each frame up to `MISSED` of the objects are missing. An object that is there has a score, and so has each
    relationship: high where it holds (but for the share `WRONG`), mostly low where it does not.
    """
    there = matrices.amax(dim=2, keepdim=True) > 0
    found = torch.rand(len(matrices), N_OBJECTS, 1, generator=random) >= MISSED * torch.rand(
        len(matrices), 1, 1, generator=random
    )
    scores = 0.3 + 0.7 * torch.rand(len(matrices), N_OBJECTS, 1, generator=random)
    high = 0.4 + 0.6 * torch.rand(matrices.shape, generator=random)
    low = 0.35 * torch.rand(matrices.shape, generator=random) ** 2
    right = torch.rand(matrices.shape, generator=random) >= WRONG
    return torch.where((matrices > 0) & right, high, low) * (scores * there * found)


def add_false_objects(matrices: Tensor, random: torch.Generator) -> Tensor:
    """Matrices [N,35,25] with objects that are not there, as a detector finds them: drawn by `random`.

    They are objects of another of the frames, with the relationships that they have there and faint scores.
    """
    others = matrices[torch.randperm(len(matrices), generator=random)]
    found = torch.rand(len(matrices), N_OBJECTS, 1, generator=random) < FALSE
    faint = FAINT * torch.rand(len(matrices), N_OBJECTS, 1, generator=random)
    there = matrices.amax(dim=2, keepdim=True) > 0
    return torch.where(there, matrices, others * (found * faint))


def keep_classes(matrices: Tensor, known: NDArray[np.bool_]) -> Tensor:
    """Matrices [N,35,25] of a detector that knows only the object classes [35] that are `known`."""
    return matrices * torch.from_numpy(known)[:, None]
