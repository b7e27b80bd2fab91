"""The frequency prior on a sample of real Action Genome graphs: objects given, relationships counted, no pixels.

Without boxes PredCls alone can be scored, under every constraint, with 25 and with 26 relationships.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ag_core.annotations.readers.graph_sample import read_graph_sample
from ag_core.errors import UserError
from ag_core.evaluation.graph_recall import GraphRecall, compute_graph_recalls, find_seen_triplets
from ag_core.evaluation.metrics import Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Origin, Owner
from ag_core.evaluation.results_log import build_log_row
from ag_core.experiments.evaluation import describe_relations
from ag_core.models.relation.frequency import count_relation_frequencies
from ag_core.records import SceneGraph
from ag_core.taxonomy import N_RELATIONS, Mode

TRAIN_FILE, VAL_FILE = "ag_frames_train.jsonl", "ag_frames_val.jsonl"

TRUTH = "(its authors' split inside Charades train; boxes are stand-ins)"
"""Beside the split in every number: no field of a protocol knows stand-in boxes."""

PROTOCOL = (
    "objects given, boxes distinct stand-ins (the sample has none); the prior judges 25 relationships, so that "
    "other_relationship is missed where 26 are counted; split by the sample's authors inside Charades train, frames "
    "chosen by them: not the published test set"
)

HEADLINES = {("R", Averaging.FRAME): (10, 20, 50), ("mR", Averaging.RELATION): (20, 50)}
"""What a row of the log holds as metrics; all numbers stand beside them."""


@dataclass(frozen=True)
class FrequencyEvaluation:
    """Recall of the frequency prior with given objects; on how many frames it was counted, how many labels left out."""

    recalls: tuple[GraphRecall, ...]
    train_frames: int
    labels_left_out: int
    origin: Origin

    def to_metrics(self) -> list[Metric]:
        """Every recall under every protocol."""
        n = Counts(train_frames=self.train_frames)
        return [
            metric for recall in self.recalls for metric in recall.to_metrics(self.origin, Mode.PREDCLS, n, "frequency")
        ]

    def to_row(self) -> dict[str, Any]:
        """One row of a log: the headlines as metrics; beside them every number, and the recall of each relationship."""
        headlines = [
            metric
            for metric in self.to_metrics()
            if metric.protocol.averaging is not None
            and metric.protocol.k in HEADLINES.get((metric.protocol.name, metric.protocol.averaging), ())
        ]
        about = {
            "protocol": PROTOCOL,
            "labels left out of 25": self.labels_left_out,
            "all": {f"{recall.constraint}, {recall.n_relations}": _describe_all(recall) for recall in self.recalls},
        }
        of_25 = [recall for recall in self.recalls if recall.n_relations == N_RELATIONS]
        about |= describe_relations(of_25)
        return build_log_row("frequency prior on real Action Genome graphs, predcls", headlines, about)


def evaluate_frequency_prior(folder: Path, command: str = "") -> FrequencyEvaluation:
    """Count on the train file of a sample, score on its val file. UserError where either has nothing to count."""
    train, val = (read_graph_sample(folder / name) for name in (TRAIN_FILE, VAL_FILE))
    known = [graph for graphs in train.graphs.values() for graph in graphs]
    _check(known, folder / TRAIN_FILE)
    _check([graph for graphs in val.graphs.values() for graph in graphs], folder / VAL_FILE)
    table = count_relation_frequencies(
        np.concatenate([graph.object_classes for graph in known]),
        np.concatenate([graph.relations > 0 for graph in known]),
    )
    predictions = {
        video: [replace(graph, relations=table[graph.object_classes]) for graph in graphs]
        for video, graphs in val.graphs.items()
    }
    known_others = [carries for of_video in train.others.values() for carries in of_video]
    seen = find_seen_triplets(known, known_others)
    recalls = compute_graph_recalls(val.graphs, predictions, seen=seen, others=val.others)
    command = command or f"evaluate frequency-real --graphs {folder.name}"
    origin = Origin(Owner.OURS_REAL, folder.resolve().name, "val", TRUTH, command=command)
    return FrequencyEvaluation(recalls, len(known), val.labels_left_out, origin)


def _describe_all(recall: GraphRecall) -> dict[str, Any]:
    """Every number in percent by measure and K, and on how many triplets and frames it was taken."""
    found: dict[str, Any] = {
        f"{name} {averaging}": {str(k): round(to_percent(value), 2) for k, value in of_k.items() if value == value}
        for (name, averaging), of_k in recall.list_values().items()
    }
    return found | {name: recall.count_scored(name).list_scored() for name in ("R", "zR")}


def _check(graphs: Sequence[SceneGraph], path: Path) -> None:
    if not any(graph.relations.any() for graph in graphs):
        raise UserError(f"{path} has no frame with a relationship; give a sample with annotated relationships")
