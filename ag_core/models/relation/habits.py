"""Relationships put right for homes with other habits than those in which a head learned to judge.

A head learns how often each relationship holds for a class in the films it saw, and that goes into all it says. By
Bayes' rule its evidence is what is left without these habits, and other habits can take their place (Saerens et al.
2002, on classifiers under new class frequencies). A share of the evidence below one says that the head does not know
such pictures well; at 0 the habits alone speak. Works on probabilities, so after any head.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ag_core.catalog import HABITS
from ag_core.errors import UserError
from ag_core.models.checkpoints import find_owner, read_metadata, read_tensors, save_checkpoint
from ag_core.models.relation.frequency import FrequencyHead, count_relation_frequencies, to_relation_logits
from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group

TABLE = "frequencies"
_LEAST = 1e-6


@dataclass(frozen=True)
class Habits:
    """How often relationships hold for each class where a head learned, and where its words shall hold.

    learned, wanted  [36,25] logits: of attention logarithms of frequencies, of the others log odds
    evidence         0 to 1, how far what the head itself saw counts
    """

    learned: Tensor
    wanted: Tensor
    evidence: float

    def correct(self, relations: NDArray[np.float32], classes: NDArray[np.int64]) -> NDArray[np.float32]:
        """Probabilities [n,25] of objects of some classes [n] under the wanted habits."""
        judged = torch.from_numpy(relations).double().clamp(_LEAST, 1 - _LEAST)
        attention = GROUP_SLICES[Group.ATTENTION]
        logits = torch.logit(judged)
        logits[:, attention] = judged[:, attention].log()
        rows = torch.from_numpy(classes)
        logits = self.wanted[rows] + self.evidence * (logits - self.learned[rows])
        corrected = logits.sigmoid()
        corrected[:, attention] = logits[:, attention].softmax(dim=1)
        found: NDArray[np.float32] = corrected.float().numpy()
        return found


def correct_graphs(graphs: Sequence[SceneGraph], habits: Habits) -> list[SceneGraph]:
    """The graphs of a video under the wanted habits; those without a person have no relationships and stay."""
    return [
        replace(graph, relations=habits.correct(graph.relations, graph.object_classes))
        if graph.person_box_xyxy is not None and len(graph)
        else graph
        for graph in graphs
    ]


def save_habits(path: Path, classes: NDArray[np.int64], relations: NDArray[np.bool_], metadata: dict[str, str]) -> None:
    """Count relations [n,25] of objects of some classes [n], and write the table."""
    table = torch.from_numpy(count_relation_frequencies(classes, relations))
    save_checkpoint(path, {TABLE: table}, {**metadata, "model": HABITS, "preset": HABITS})


def load_habits(path: Path, learned: FrequencyHead, evidence: float) -> Habits:
    """The habits in `path` in the place of those that a frequency head counted. UserError for another file."""
    owner = find_owner(read_metadata(path))
    if owner != HABITS:
        raise UserError(f"{path} holds the weights of {owner!r}, and {HABITS} are wanted; give that file")
    table = read_tensors(path).get(TABLE)
    if table is None or table.shape != (N_CLASSES, N_RELATIONS) or not bool(((table > 0) & (table < 1)).all()):
        raise UserError(f"{path} is damaged; count it anew with `train habits`")
    wanted = to_relation_logits(table.float().numpy()).double()
    return Habits(learned.table.double(), wanted, evidence)
