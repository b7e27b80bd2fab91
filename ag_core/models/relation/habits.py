"""Relationships put right for homes with other habits than those in which a head learned to judge.

A head learns how often each relationship holds for a class in the films it saw, and that goes into all it says. By
Bayes' rule its evidence is what is left without these habits, and other habits can take their place (Saerens et al.
2002, on classifiers under new class frequencies). A share of the evidence below one says that the head does not know
such pictures well; at 0 the habits alone speak. Works on probabilities, so after any head.

Where hands were found, a table adds what their distance from an object says.

Each corrected relationship can be taken apart: what the habits alone would say, what the places of the boxes add to it
(a part of the head's evidence that a table explains), what the hands add, and what the head saw beyond places.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ag_core.catalog import HABITS
from ag_core.errors import UserError
from ag_core.models.checkpoints import find_owner, read_metadata, read_tensors, save_checkpoint
from ag_core.models.movenet import PersonPoints
from ag_core.models.relation.frequency import FrequencyHead, count_relation_frequencies, to_relation_logits
from ag_core.models.relation.geometry import find_cells
from ag_core.models.relation.hands import find_hand_cells
from ag_core.records import SceneGraph
from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, Group

TABLE = "frequencies"
_LEAST = 1e-6
_ATTENTION = GROUP_SLICES[Group.ATTENTION]


@dataclass(frozen=True)
class Habits:
    """How often relationships hold for each class where a head learned, and where its words shall hold.

    learned, wanted  [36,25] logits: of attention logarithms of frequencies, of the others log odds
    evidence         0 to 1, how far what the head itself saw counts
    geometry         [cells,25] what the places of boxes say; None where nobody counted it
    hands            [cells,25] what the distance of hands says; None where hands are not looked for
    """

    learned: Tensor
    wanted: Tensor
    evidence: float
    geometry: Tensor | None = None
    hands: Tensor | None = None

    def correct(self, graph: SceneGraph, points: PersonPoints | None = None) -> NDArray[np.float32]:
        """Probabilities [n,25] of the objects of a graph with a person under the wanted habits."""
        rows = torch.from_numpy(graph.object_classes)
        logits = self.wanted[rows] + self.evidence * self._see(graph.relations, rows) + self._feel(graph, points)
        corrected = logits.sigmoid()
        corrected[:, _ATTENTION] = logits[:, _ATTENTION].softmax(dim=1)
        found: NDArray[np.float32] = corrected.float().numpy()
        return found

    def explain(self, graph: SceneGraph, points: PersonPoints | None = None) -> NDArray[np.float64]:
        """[n,25,4] log odds that habits, the boxes' places, hands and the head gave to what `correct` says.

        They add up to it. The first is what the habits alone would say; each further one what is said more or less
        with it than without.
        """
        rows, boxes = torch.from_numpy(graph.object_classes), graph.object_boxes_xyxy
        seen, felt = self._see(graph.relations, rows), self._feel(graph, points)
        places = torch.zeros_like(seen)
        if self.geometry is not None:
            persons = np.broadcast_to(np.asarray(graph.person_box_xyxy, np.float32), boxes.shape)
            places = self.geometry[torch.from_numpy(find_cells(persons, boxes))]
        habits = self.wanted[rows]
        placed = habits + self.evidence * places
        steps = torch.stack([habits, placed, placed + felt, habits + self.evidence * seen + felt])
        chosen = steps[..., _ATTENTION]  # one of three: its odds are to the other two
        beside = chosen.unsqueeze(-2).repeat(1, 1, chosen.shape[-1], 1)
        beside.diagonal(dim1=-2, dim2=-1).fill_(-torch.inf)
        steps[..., _ATTENTION] = chosen - beside.logsumexp(dim=-1)
        shares: NDArray[np.float64] = torch.cat([steps[:1], steps.diff(dim=0)]).permute(1, 2, 0).numpy()
        return shares

    def _see(self, relations: NDArray[np.float32], rows: Tensor) -> Tensor:
        """[n,25] logits of what the head itself saw: what it says without its habits."""
        judged = torch.from_numpy(relations).double().clamp(_LEAST, 1 - _LEAST)
        logits = torch.logit(judged)
        logits[:, _ATTENTION] = judged[:, _ATTENTION].log()
        return logits - self.learned[rows]

    def _feel(self, graph: SceneGraph, points: PersonPoints | None) -> Tensor:
        """[n,25] what the person's hands say; 0 where none are known."""
        if self.hands is None or points is None:
            return torch.zeros(graph.relations.shape, dtype=torch.float64)
        cells = find_hand_cells(np.asarray(graph.person_box_xyxy), graph.object_boxes_xyxy, points)
        return self.hands[torch.from_numpy(cells)]


def correct_graphs(
    graphs: Sequence[SceneGraph], habits: Habits, points: Mapping[int, PersonPoints] | None = None
) -> list[SceneGraph]:
    """The graphs of a video under the wanted habits; those without a person have no relationships and stay.

    `points` of the person by frame, where they are known.
    """
    points = points or {}
    return [
        replace(graph, relations=habits.correct(graph, points.get(graph.frame)))
        if graph.person_box_xyxy is not None and len(graph)
        else graph
        for graph in graphs
    ]


def save_habits(path: Path, classes: NDArray[np.int64], relations: NDArray[np.bool_], metadata: dict[str, str]) -> None:
    """Count relations [n,25] of objects of some classes [n], and write the table."""
    table = torch.from_numpy(count_relation_frequencies(classes, relations))
    save_checkpoint(path, {TABLE: table}, {**metadata, "model": HABITS, "preset": HABITS})


def load_habits(
    path: Path, learned: FrequencyHead, evidence: float, geometry: Tensor | None = None, hands: Tensor | None = None
) -> Habits:
    """The habits in `path` in the place of those that a frequency head counted. UserError for another file."""
    owner = find_owner(read_metadata(path))
    if owner != HABITS:
        raise UserError(f"{path} holds the weights of {owner!r}, and {HABITS} are wanted; give that file")
    table = read_tensors(path).get(TABLE)
    if table is None or table.shape != (N_CLASSES, N_RELATIONS) or not bool(((table > 0) & (table < 1)).all()):
        raise UserError(f"{path} is damaged; count it anew with `train habits`")
    wanted = to_relation_logits(table.float().numpy()).double()
    return Habits(learned.table.double(), wanted, evidence, geometry, hands)
