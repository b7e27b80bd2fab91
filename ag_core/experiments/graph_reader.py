"""Training and judging the graph reader: from annotated graphs to the actions of the moment, as a detector would see.

It learns from annotated graphs as they are and as a predictor might have seen them, some of them without the classes
that a COCO detector never finds. How long, how wide and how much is dropped was chosen on held-out training videos.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ag_core.catalog import GRAPH_READER, GRAPH_READERS, REAL_ANNOTATIONS
from ag_core.errors import UserError
from ag_core.evaluation.average_precision import compute_class_average_precision
from ag_core.evaluation.log_loss import count_bins
from ag_core.evaluation.metrics import Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Origin, Owner, Protocol, Unit
from ag_core.evaluation.results_log import build_log_row
from ag_core.experiments.graph_actions import DETAILS
from ag_core.experiments.labelled_graphs import GraphSplits, LabelledGraphs
from ag_core.models.checkpoints import read_metadata, save_checkpoint
from ag_core.models.coco import UNSEEN_BY_COCO
from ag_core.models.graph_reader import (
    GraphReader,
    add_false_objects,
    build_graph_reader,
    dim_graphs,
    keep_classes,
    load_graph_reader,
)
from ag_core.presets import DEMO_GRAPH_READER
from ag_core.progress import Progress, track_progress
from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, PERSON

BATCH, STEP_SIZE = 256, 3e-3
DECAY, VERB_DECAY, OWN_DECAY = 0.3, 0.02, 0.3
"""Weight decay of the perceptron, of the network of verbs, and of what single actions add to their verbs."""

DIMMED, WITH_FALSE, OF_COCO = 0.8, 0.5, 0.4
"""Shares of the frames that are seen as a predictor might, with objects that are not there, and without the classes
that COCO does not know."""

MIN_PRIOR = 1e-4
"""An action that is never shown begins with this probability."""

SURE = 0.8
"""From here on a score claims to be right at least so often."""

KNOWN_TO_COCO: NDArray[np.bool_] = np.array([name not in UNSEEN_BY_COCO for name in OBJECT_CLASSES if name != PERSON])
"""[35] which object classes a COCO detector finds."""

TEST_SEED = 1
"""Of how the graphs to judge are dimmed."""


@dataclass(frozen=True)
class GraphReaderOptions:
    """How to train: file to write, rounds over all frames, seed."""

    out: Path
    epochs: int = 30
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise UserError(f"--epochs {self.epochs} learns nothing; give 1 or more")


def _ignore(stage: str, done: int, total: int) -> None:
    """Nobody listens."""


def train_graph_reader(splits: GraphSplits, options: GraphReaderOptions, report: Progress = _ignore) -> GraphReader:
    """Train on the frames of the train split and write the weights; the same seed gives the same weights."""
    graphs = splits.train
    matrices, labels = torch.from_numpy(graphs.matrices), torch.from_numpy(graphs.labels).float()
    draws = torch.Generator().manual_seed(options.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        reader = build_graph_reader().train()
        with torch.no_grad():
            reader.classify.bias.copy_(torch.logit(labels.mean(dim=0).clamp(MIN_PRIOR, 1 - MIN_PRIOR)))
        optimiser = torch.optim.AdamW(_group_parameters(reader), STEP_SIZE)
        steps = options.epochs * math.ceil(len(graphs) / BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, STEP_SIZE, total_steps=steps, pct_start=0.1)
        for _ in track_progress(range(options.epochs), options.epochs, "rounds", report):
            for rows in torch.randperm(len(graphs), generator=draws).split(BATCH):
                logits = reader(_see_by_chance(matrices[rows], draws))
                losses = binary_cross_entropy_with_logits(logits, labels[rows], reduction="none")
                optimiser.zero_grad()
                losses.sum(dim=1).mean().backward()
                optimiser.step()
                schedule.step()
    save_checkpoint(options.out, reader.state_dict(), _describe(graphs, splits.name, options), half_precision=True)
    return reader.eval()


def _group_parameters(reader: GraphReader) -> list[dict[str, Any]]:
    """The parameters of a reader with the weight decay of each kind."""
    own = reader.verbs.list_own_parameters()
    verbs = [one for one in reader.verbs.parameters() if all(one is not other for other in own)]
    perceptron = [*reader.hide.parameters(), *reader.classify.parameters()]
    decays = (perceptron, DECAY), (verbs, VERB_DECAY), (own, OWN_DECAY)
    return [{"params": parameters, "weight_decay": decay} for parameters, decay in decays]


def _see_by_chance(matrices: Tensor, draws: torch.Generator) -> Tensor:
    """Some of the frames dimmed, some without the classes that COCO does not know."""
    dimmed = torch.rand(len(matrices), 1, 1, generator=draws) < DIMMED
    of_coco = torch.rand(len(matrices), 1, 1, generator=draws) < OF_COCO
    seen = torch.where(dimmed, dim_graphs(matrices, draws), matrices)
    with_false = torch.rand(len(matrices), 1, 1, generator=draws) < WITH_FALSE
    seen = torch.where(with_false, add_false_objects(seen, draws), seen)
    return torch.where(of_coco, keep_classes(seen, KNOWN_TO_COCO), seen)


def _describe(graphs: LabelledGraphs, data: str, options: GraphReaderOptions) -> dict[str, str]:
    """What the weights file says of itself."""
    return {
        "model": GRAPH_READER,
        "preset": DEMO_GRAPH_READER.name,
        "data": data,
        "trained_on_data": REAL_ANNOTATIONS,
        "trained_on": ",".join(ACTIONS[index].id for index in np.flatnonzero(graphs.labels.any(axis=0))),
        "command": f"train graph-reader --seed {options.seed}",
        "epochs": str(options.epochs),
        "frames": str(len(graphs)),
    }


@dataclass(frozen=True)
class GraphReaderEvaluation:
    """How well actions are read from graphs seen in several ways; per_class by way and action id in percent."""

    metrics: tuple[Metric, ...]
    per_class: Mapping[str, Mapping[str, float]]

    def to_row(self) -> dict[str, Any]:
        """One row of a log."""
        return build_log_row("graph reader on annotated graphs", self.metrics, {"AP": dict(self.per_class)})


def evaluate_graph_reader(
    splits: GraphSplits, weights: Path, owner: Owner = Owner.YOURS, command: str = ""
) -> GraphReaderEvaluation:
    """mAP, and how far scores can be believed, on the frames of the scored split: whole, through COCO's classes, and
    dimmed as a predictor might have seen them."""
    reader, _ = load_graph_reader(weights)
    matrices, truth = torch.from_numpy(splits.val.matrices), splits.val.labels
    draws = torch.Generator().manual_seed(TEST_SEED)
    dimmed = dim_graphs(matrices, draws)
    with_false = add_false_objects(dimmed, draws)
    ways = {
        "all objects": matrices,
        "only objects that COCO knows": keep_classes(matrices, KNOWN_TO_COCO),
        "dimmed": dimmed,
        "dimmed, only objects that COCO knows": keep_classes(dimmed, KNOWN_TO_COCO),
        "dimmed, with false objects": with_false,
        "dimmed, with false objects, only objects that COCO knows": keep_classes(with_false, KNOWN_TO_COCO),
    }
    shown = np.flatnonzero(truth.any(axis=0))
    seed = read_metadata(weights).get("command", "").rpartition("--seed ")[2]
    seeds = (int(seed),) if seed.isdecimal() else ()
    command = command or f"evaluate graph-reader --data {splits.name}"
    origin = Origin(owner, splits.name, splits.scored, splits.truth, seeds, command)
    n = Counts(
        videos=splits.val.n_videos,
        frames=len(splits.val),
        classes=len(shown),
        train_videos=splits.train.n_videos,
        train_frames=len(splits.train),
    )
    metrics, per_class = [], {}
    for way, seen in ways.items():
        with torch.inference_mode():
            scores = reader(seen).sigmoid().numpy()
        found = compute_class_average_precision(scores, truth)[shown]
        details = f"{DETAILS}; {way}"
        counts, sums, right = count_bins(scores, truth)
        sure = slice(round(SURE * len(counts)), None)
        values = {
            ("frame mAP", Averaging.CLASS): float(found.mean()),
            ("calibration error", Averaging.MICRO): float(np.abs(sums - right).sum() / counts.sum()),
            (f"right of scores from {SURE:g}", Averaging.MICRO): float(right[sure].sum() / max(counts[sure].sum(), 1)),
        }
        for (name, averaging), value in values.items():
            protocol = Protocol(name, Unit.PERCENT, averaging=averaging, details=details)
            metrics.append(Metric(to_percent(value), protocol, origin, n, model=GRAPH_READERS[GRAPH_READER].label))
        per_class[way] = {ACTIONS[index].id: round(to_percent(ap), 2) for index, ap in zip(shown, found)}
    return GraphReaderEvaluation(tuple(metrics), per_class)
