"""How well action models tell what happens in videos, as a value and as a file.

The file is JSON of format "action-genome-explorer/action-scores", version 1 (docs/action_scores.md). Knows no models
and no torch, so that pages read it at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.evaluation.average_precision import build_video_map_protocol
from ag_core.evaluation.log_loss import N_BINS, Bin
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Averaging, Owner, Protocol
from ag_core.evaluation.results_log import build_log_row
from ag_core.results.json_values import read_json, take_list, take_number, take_text, take_whole, write_rows
from ag_core.results.metric_rows import check_actions, take_metrics, take_precisions

FORMAT = "action-genome-explorer/action-scores"
VERSION = 1
VIDEO_MAP, LOCALISATION, LOG_LOSS, RANK = "video mAP", "localisation mAP", "log-loss", "effective rank"
"""The names of what is measured."""
MAX_COUNT = 2**53


@dataclass(frozen=True)
class ScoredModel:
    """A model that was scored: id in the catalog, label, of each training the first 12 digits of its file's sha256, and
    the operator of its bank, empty without one."""

    id: str
    label: str
    weights: tuple[str, ...]
    operator: str = ""


@dataclass(frozen=True)
class ActionModelScores:
    """All numbers of one evaluation. Models go by their labels.

    metrics    every number but those of single actions, of all parts of the split
    per_class  by model and action id the AP over the videos of the whole split in percent, mean over the trainings
    positives  by action id how many videos show it
    curves     by model the tenths of probability that hold any clip and class, over all trainings
    missing    by id the weights file that was looked for of each model that was not scored
    """

    models: tuple[ScoredModel, ...]
    metrics: tuple[Metric, ...]
    per_class: Mapping[str, Mapping[str, float]]
    positives: Mapping[str, int]
    curves: Mapping[str, Sequence[Bin]]
    missing: Mapping[str, str]
    notes: tuple[str, ...] = ()

    @property
    def split(self) -> str:
        """The whole that was scored; its parts have metrics of their own."""
        return self.metrics[0].origin.split if self.metrics else ""

    @property
    def parts(self) -> list[str]:
        """The split and its parts."""
        return list(dict.fromkeys(metric.origin.split for metric in self.metrics))

    def find(
        self, model: str, name: str = VIDEO_MAP, part: str | None = None, protocol: Protocol | None = None
    ) -> Metric | None:
        """One number by the model's label, what is measured, and where (the whole split); None where it is not known.

        Without `protocol` the first of that name, which of a mean AP is the plain mean over classes.
        """
        wanted = model, name, part or self.split
        for metric in self.metrics:
            known = metric.model, metric.protocol.name, metric.origin.split
            if known == wanted and protocol in (None, metric.protocol):
                return metric
        return None

    def list_protocols(self, name: str) -> list[Protocol]:
        """How a measure was taken, each way once: log-losses are of clips as long as a network's own."""
        return list(dict.fromkeys(metric.protocol for metric in self.metrics if metric.protocol.name == name))

    def list_named(self, start: str) -> list[Metric]:
        """The numbers whose measure's name begins so."""
        return [metric for metric in self.metrics if metric.protocol.name.startswith(start)]

    def list_class_metrics(self, model: str) -> list[Metric]:
        """The AP of every action with a positive video, of a model by its label."""
        whole = self.find(model)
        assert whole is not None, "every model of per_class has a video mAP"
        one = build_video_map_protocol(Averaging.ONE_CLASS)
        protocol = replace(whole.protocol, name="video AP", averaging=one.averaging)
        n = replace(whole.n, classes=None)
        return [
            Metric(number, replace(protocol, subject=action), whole.origin, n, model=model)
            for action, number in self.per_class.get(model, {}).items()
        ]

    def to_json(self) -> dict[str, Any]:
        """The file's content as plain values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "models": [
                {"id": one.id, "label": one.label, "weights": list(one.weights), "operator": one.operator}
                for one in self.models
            ],
            "missing": dict(self.missing),
            "notes": list(self.notes),
            "metrics": [metric.to_json() for metric in self.metrics],
            "per_class": {model: dict(found) for model, found in self.per_class.items()},
            "positives": dict(self.positives),
            "curves": {
                model: [[count, round(mean, 5), right] for count, mean, right in found]
                for model, found in self.curves.items()
            },
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_rows(path, self.to_json(), "metrics")

    def to_row(self) -> dict[str, Any]:
        """One row of a log."""
        about = {
            "AP": {model: dict(found) for model, found in self.per_class.items()},
            "positive videos": dict(self.positives),
            "bank operator": {one.id: one.operator for one in self.models if one.operator},
        }
        return build_log_row("action models", self.metrics, about)

    def with_owner(self, owner: Owner) -> "ActionModelScores":
        """The same scores as somebody's: whose they are depends on whose file it is."""
        metrics = (replace(metric, origin=replace(metric.origin, owner=owner)) for metric in self.metrics)
        return replace(self, metrics=tuple(metrics))

    @staticmethod
    def from_json(content: Any) -> "ActionModelScores":
        """The value in a file's content. UserError for another format or version, or damaged content."""
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise UserError(f"these are no action scores; the format must be {FORMAT!r}")
        if content.get("version") != VERSION:
            raise UserError(f"these scores have version {content.get('version')}; version {VERSION} is read here")
        try:
            return _parse_scores(content)
        except KeyError as error:
            raise UserError(f"these scores are damaged ({error.args[0]} is missing); evaluate anew") from None
        except (TypeError, ValueError, AttributeError, UserError) as error:
            raise UserError(f"these scores are damaged ({error}); evaluate anew") from None

    @staticmethod
    def load(path: Path) -> "ActionModelScores":
        """Read a file. UserError where it is missing or holds no scores of this version."""
        content = read_json(path, "give a file that `evaluate actions` wrote")
        try:
            return ActionModelScores.from_json(content)
        except UserError as error:
            raise UserError(f"{path.name}: {error}") from None


def holds_action_scores(path: Path) -> bool:
    """Whether a file begins as one that `save` writes."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return FORMAT in file.read(200)


def _parse_scores(content: Mapping[str, Any]) -> ActionModelScores:
    models = tuple(_parse_model(row) for row in take_list(content, "models"))
    metrics = take_metrics(content)
    per_class = take_precisions(content)
    positives = {action: take_whole(content["positives"], action, 1, MAX_COUNT) for action in content["positives"]}
    curves = {model: _parse_curve(take_list(content["curves"], model)) for model in content["curves"]}
    labels = {one.label for one in models}
    if unknown := {*per_class, *curves} - labels:
        raise ValueError(f"{min(unknown)} is not among the models")
    check_actions(positives)
    for model, found in per_class.items():
        if set(found) != set(positives):
            raise ValueError(f"{model} has other actions than those with positive videos")
    scores = ActionModelScores(
        models,
        metrics,
        per_class,
        positives,
        curves,
        {model: take_text(content["missing"], model) for model in content["missing"]},
        tuple(take_text({"a note": note}, "a note") for note in take_list(content, "notes")),
    )
    for label in labels:
        if scores.find(label) is None:
            raise ValueError(f"{label} has no {VIDEO_MAP}")
    return scores


def _parse_model(row: Mapping[str, Any]) -> ScoredModel:
    weights = tuple(take_text({"a hash": text}, "a hash") for text in take_list(row, "weights"))
    return ScoredModel(take_text(row, "id"), take_text(row, "label"), weights, take_text(row, "operator"))


def _parse_curve(rows: Sequence[Any]) -> tuple[Bin, ...]:
    if len(rows) > N_BINS:
        raise ValueError(f"a curve has {len(rows)} bins; {N_BINS} are the most")
    bins = []
    for count, mean, right in rows:
        count = take_whole({"a count": count}, "a count", 1, MAX_COUNT)
        mean = take_number({"a probability": mean}, "a probability", 0, 1)
        bins.append((count, mean, take_whole({"a count": right}, "a count", 0, count)))
    return tuple(bins)
