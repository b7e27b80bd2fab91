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
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Owner
from ag_core.evaluation.results_log import build_log_row
from ag_core.results.json_values import read_json, take_whole, write_rows
from ag_core.results.metric_rows import check_actions, take_metrics, take_precisions

FORMAT = "action-genome-explorer/graph-action-scores"
VERSION = 1
MAX_FRAMES = 2**31


@dataclass(frozen=True)
class GraphActionScores:
    """Metrics of every model; per_class by model and action id in percent; positives by action id in frames."""

    metrics: tuple[Metric, ...]
    per_class: Mapping[str, Mapping[str, float]]
    positives: Mapping[str, int]

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


def holds_graph_action_scores(path: Path) -> bool:
    """Whether a file begins as one that `save` writes."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return FORMAT in file.read(200)
