"""From annotated graphs to the actions of the moment: no pixels, one protocol, several models, in full and few-shot.

Fitted on the training frames, scored on those of other videos; how the models are built was chosen on held-out training
videos (docs/results.md). All annotated frames are pooled, and every action with a positive frame counts alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from ag_core.annotations.few_shot import FewShotClasses, list_few_shot_classes
from ag_core.errors import UserError
from ag_core.evaluation.average_precision import compute_class_average_precision
from ag_core.evaluation.metrics import SPREAD, Counts, Metric, to_percent
from ag_core.evaluation.protocol import Averaging, Origin, Owner, Protocol, Unit
from ag_core.experiments.graph_models import GRAPH_MODELS, FewShotTask, GraphModel
from ag_core.experiments.labelled_graphs import GraphSplits, LabelledGraphs
from ag_core.models.graph_context import build_context
from ag_core.progress import Progress, track_progress
from ag_core.results.graph_action_scores import GraphActionScores
from ag_core.taxonomy import ACTIONS

DETAILS = (
    "not interpolated, stable ties, annotated frames pooled, actions whose interval holds the frame's time, "
    "classes with a positive frame"
)
FEW_SHOT_SPREAD = "mean and standard deviation over the draws of examples"
CHANCE = "chance"


def _ignore(stage: str, done: int, total: int) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class GraphActionOptions:
    """What to evaluate: ids of models, how many examples of each novel class, and whose few-shot lists."""

    models: tuple[str, ...] = tuple(GRAPH_MODELS)
    seeds: tuple[int, ...] = (0, 1, 2)
    shots: tuple[int, ...] = (1, 5, 10)
    profile: str = "home-157"
    owner: Owner = Owner.YOURS
    command: str = ""

    def __post_init__(self) -> None:
        unknown = set(self.models) - set(GRAPH_MODELS)
        if unknown:
            raise UserError(f"{min(unknown)!r} is no model of graphs; choose some of {', '.join(GRAPH_MODELS)}")
        if not self.seeds:
            raise UserError("no seed is given; give one or more, such as 0 1 2")


@dataclass
class _Evaluation:
    """Splits as tensors, and the metrics found so far."""

    splits: GraphSplits
    options: GraphActionOptions
    metrics: list[Metric] = field(default_factory=list)
    per_class: dict[str, dict[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        train, val = self.splits.train, self.splits.val
        self.context, self.val_context = _build_context(train), _build_context(val)
        self.val_video = torch.from_numpy(val.video)
        self.labels = torch.from_numpy(train.labels).float()

    def score_all(self, model: GraphModel) -> None:
        """Learn from all training frames; once for each seed where it matters."""
        seeds = self.options.seeds if model.is_random else ()
        fitted = model.fit(self.context, self.labels, seeds or (0,))
        scores = [score(self.val_context, self.val_video).numpy() for score in fitted]
        truth = self.splits.val.labels
        found = np.array([compute_class_average_precision(one, truth) for one in scores])
        shown = np.flatnonzero(truth.any(axis=0))
        protocol = Protocol("frame mAP", Unit.PERCENT, averaging=Averaging.CLASS, details=DETAILS)
        self._add(model.label, protocol, found[:, shown].mean(axis=1), seeds, truth, SPREAD)
        of_class = zip(shown, found[:, shown].mean(axis=0))
        self.per_class[model.label] = {ACTIONS[index].id: round(to_percent(value), 2) for index, value in of_class}

    def score_few(self, model: GraphModel, classes: FewShotClasses) -> None:
        """Learn base actions from all training frames and each novel one from k examples; one draw a seed."""
        truth = self.splits.val.labels[:, list(classes.novel)]
        shows_novel = np.asarray(truth.any(axis=1))
        task = FewShotTask(self.context, self.labels, classes.base, classes.novel)
        learners = [(seed, model.fit_base(task, seed)) for seed in self.options.seeds]
        for k in self.options.shots:
            every, novel_only = [], []
            for seed, learn in learners:
                score = learn(torch.from_numpy(draw_examples(self.splits.train, classes.novel, k, seed)))
                scores = score(self.val_context, self.val_video)[:, list(classes.novel)].numpy()
                every.append(_average(scores, truth))
                novel_only.append(_average(scores[shows_novel], truth[shows_novel]))
            details = f"{DETAILS}; {len(classes.novel)} novel classes of {classes.profile}, {k} examples of each"
            protocol = Protocol(f"{k}-shot frame mAP", Unit.PERCENT, averaging=Averaging.CLASS, details=details)
            self._add(model.label, protocol, every, self.options.seeds, truth, FEW_SHOT_SPREAD)
            among = Protocol(
                f"{k}-shot frame mAP among novel frames", Unit.PERCENT, averaging=Averaging.CLASS, details=details
            )
            self._add(model.label, among, novel_only, self.options.seeds, truth, FEW_SHOT_SPREAD, shows_novel)

    def score_chance(self) -> None:
        """What constant scores reach: the mean share of positive frames."""
        truth = self.splits.val.labels
        share = float(truth.mean(axis=0)[truth.any(axis=0)].mean())
        protocol = Protocol("frame mAP", Unit.PERCENT, averaging=Averaging.CLASS, details=DETAILS)
        self._add(CHANCE, protocol, [share], (), truth, "")

    def _add(
        self,
        label: str,
        protocol: Protocol,
        values: Iterable[float],
        seeds: tuple[int, ...],
        truth: NDArray[np.bool_],
        spread: str,
        rows: NDArray[np.bool_] | None = None,
    ) -> None:
        """Keep one number: the mean over the seeds with its standard deviation."""
        numbers = [to_percent(value) for value in values]
        kept = np.ones(len(truth), bool) if rows is None else rows
        n = Counts(
            videos=len(np.unique(self.splits.val.video[kept])),
            frames=int(kept.sum()),
            classes=int(truth[kept].any(axis=0).sum()),
            train_videos=self.splits.train.n_videos,
            train_frames=len(self.splits.train),
        )
        origin = Origin(
            self.options.owner,
            self.splits.name,
            self.splits.scored,
            self.splits.truth,
            seeds,
            self.options.command or f"evaluate graph-actions --data {self.splits.name}",
        )
        self.metrics.append(Metric.from_seeds(numbers, protocol, origin, n, label, spread))


def evaluate_graph_actions(
    splits: GraphSplits, options: GraphActionOptions = GraphActionOptions(), report: Progress = _ignore
) -> GraphActionScores:
    """Every model on all training frames and on few examples, scored on the frames of other videos.

    Few-shot numbers are left out where the frames of a split show no novel action.
    """
    classes = list_few_shot_classes(options.profile)
    run = _Evaluation(splits, options)
    run.score_chance()
    novel = list(classes.novel)
    shows_novel = splits.train.labels[:, novel].any() and splits.val.labels[:, novel].any()
    for name in track_progress(options.models, len(options.models), "models", report):
        run.score_all(GRAPH_MODELS[name])
        if shows_novel:
            run.score_few(GRAPH_MODELS[name], classes)
    positives = splits.val.labels.sum(axis=0)
    shown = {ACTIONS[index].id: int(positives[index]) for index in np.flatnonzero(positives)}
    return GraphActionScores(tuple(run.metrics), run.per_class, shown)


def draw_examples(graphs: LabelledGraphs, novel: Iterable[int], k: int, seed: int) -> NDArray[np.int64]:
    """Rows of k frames of each novel action, of k videos where there are so many; ascending, each once."""
    random = np.random.default_rng(seed)
    drawn: set[int] = set()
    for action in novel:
        rows = random.permutation(np.flatnonzero(graphs.labels[:, action]))
        _, first = np.unique(graphs.video[rows], return_index=True)
        drawn |= set(rows[np.sort(first)[:k]].tolist())
    return np.array(sorted(drawn), np.int64)


def _build_context(graphs: LabelledGraphs) -> torch.Tensor:
    return build_context(torch.from_numpy(graphs.matrices), torch.from_numpy(graphs.video))


def _average(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> float:
    """mAP over the classes with a positive frame; NaN without any."""
    found = compute_class_average_precision(scores, truth)
    return float(found[truth.any(axis=0)].mean()) if truth.any() else float("nan")
