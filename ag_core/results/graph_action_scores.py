"""How well actions are told from annotated graphs, as a value and as a file.

The file is JSON of format "action-genome-explorer/graph-action-scores", version 1: `metrics`, each as
assets/metric.schema.json describes it, with protocol, origin, n, seeds and command; `per_class`, by model the average
precision of every action in percent, mean over the seeds; `positives`, how many frames show each action. Knows no
models and no torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.evaluation.bootstrap import build_difference_protocol
from ag_core.evaluation.metrics import SPREAD, Metric
from ag_core.evaluation.protocol import Averaging, Owner
from ag_core.evaluation.results_log import build_log_row
from ag_core.results.json_values import read_json, take_whole, write_rows
from ag_core.results.metric_rows import check_actions, take_metrics, take_precisions

FORMAT = "action-genome-explorer/graph-action-scores"
VERSION = 1
MAX_FRAMES = 2**31
FRAME_MAP = "frame mAP"
"""What is measured; few-shot measures have more words before it."""
OBJECTS, GRAPHS = "Objects", ("Graph", "Graphs")
"""How the labels of models begin that see classes alone, and of the same models with relationships."""


@dataclass(frozen=True)
class GraphActionScores:
    """Metrics of every model; per_class by model and action id in percent; positives by action id in frames."""

    metrics: tuple[Metric, ...]
    per_class: Mapping[str, Mapping[str, float]]
    positives: Mapping[str, int]

    def find(self, model: str, name: str = FRAME_MAP) -> Metric | None:
        """One number by the model's label and what is measured; None where it is not known."""
        return next((one for one in self.metrics if (one.model, one.protocol.name) == (model, name)), None)

    def list_class_metrics(self, model: str) -> list[Metric]:
        """The AP of every action with a positive frame, of a model by its label."""
        whole = self.find(model)
        if whole is None:
            return []
        protocol = replace(whole.protocol, name="frame AP", averaging=Averaging.ONE_CLASS)
        n = replace(whole.n, classes=None)
        return [
            Metric(number, replace(protocol, subject=action), whole.origin, n, model=model)
            for action, number in self.per_class[model].items()
        ]

    def list_gains(self) -> list[Metric]:
        """By how much a model that sees relationships is above the same one with objects alone, in points.

        By measure; models go by what their labels have in common. Bounds are of the trainings, seed by seed.
        """
        gains = []
        for model in dict.fromkeys(metric.model for metric in self.metrics):
            if not model.startswith(OBJECTS):
                continue
            rest = model.removeprefix(OBJECTS)
            for metric in (metric for metric in self.metrics if metric.model == model):
                above = (self.find(start + rest, metric.protocol.name) for start in GRAPHS)
                gains += [_subtract(one, metric, rest.strip(", ")) for one in above if one is not None]
        return gains

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "metrics": [metric.to_json() for metric in self.metrics],
            "per_class": {model: dict(found) for model, found in self.per_class.items()},
            "positives": dict(self.positives),
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all, one metric a line."""
        write_rows(path, self.to_json(), "metrics")

    def to_row(self) -> dict[str, Any]:
        """One row of a log."""
        about = {"AP": {model: dict(found) for model, found in self.per_class.items()}}
        return build_log_row("actions from annotated graphs", self.metrics, about)

    def with_owner(self, owner: Owner) -> "GraphActionScores":
        """The same scores as somebody's: whose they are depends on whose file it is."""
        metrics = (replace(metric, origin=replace(metric.origin, owner=owner)) for metric in self.metrics)
        return replace(self, metrics=tuple(metrics))

    @staticmethod
    def load(path: Path) -> "GraphActionScores":
        """Read a file. UserError where it is missing, damaged, or of another format or version."""
        content = read_json(path, "give a file that `evaluate graph-actions` wrote")
        if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
            raise UserError(f"{path.name} is not of format {FORMAT!r}, version {VERSION}; evaluate anew")
        try:
            metrics, per_class = take_metrics(content), take_precisions(content)
            positives = {name: take_whole(content["positives"], name, 0, MAX_FRAMES) for name in content["positives"]}
            check_actions(positives)
        except (KeyError, TypeError, ValueError, AttributeError, UserError) as error:
            raise UserError(f"{path.name} is damaged ({error}); evaluate anew") from None
        return GraphActionScores(metrics, per_class, positives)


def _subtract(above: Metric, below: Metric, model: str) -> Metric:
    """How much one number is above another of the same protocol, data and seeds."""
    of_seed = [one - other for one, other in zip(above.number_of_seed, below.number_of_seed)]
    values = of_seed or [above.number - below.number]
    spread = SPREAD if above.bounds is None else above.bounds.meaning
    return Metric.from_seeds(values, build_difference_protocol(above.protocol), above.origin, above.n, model, spread)


def holds_graph_action_scores(path: Path) -> bool:
    """Whether a file begins as one that `save` writes."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return FORMAT in file.read(200)
