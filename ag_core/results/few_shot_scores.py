"""How well action models learn novel actions from few examples, as a value and as a file.

The file is JSON of format "action-genome-explorer/few-shot-scores", version 1 (docs/few_shot.md): `metrics`, each as
assets/metric.schema.json describes it, with protocol, origin, n, seeds and command; `choices`, how each open question
of the protocol was decided; `per_class`, by model and number of examples the average precision of every novel action in
percent, mean over the seeds; `examples`, by seed and action the drawn examples [video, start in seconds, end in
seconds] in their order: the first k are those of k-shot. Knows no models and no torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Owner
from ag_core.evaluation.results_log import build_log_row
from ag_core.results.json_values import read_json, take_list, take_number, take_text, write_rows
from ag_core.taxonomy import ACTIONS

FORMAT = "action-genome-explorer/few-shot-scores"
VERSION = 1
MAX_TIME_S = 3_000_000.0
K_SHOT = "-shot video mAP"
AMONG_NOVEL = " among videos with a novel action"
"""A metric's name is k, then the one, then, where only such videos are ranked, the other."""


def name_measure(shots: int, among_novel: bool) -> str:
    """What is measured with so many examples of each novel action: on all videos, or on those that show one."""
    return f"{shots}{K_SHOT}{AMONG_NOVEL if among_novel else ''}"


@dataclass(frozen=True)
class Example:
    """A drawn example: an interval of a video in seconds."""

    video_id: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class FewShotScores:
    """Metrics of every model, split and number of examples, and what decided them.

    choices    by question the decision, as the command's options name both
    per_class  by model, number of examples (as text) and action id in percent
    examples   by seed (as text) and action id, in drawn order
    """

    metrics: tuple[Metric, ...]
    choices: Mapping[str, str]
    per_class: Mapping[str, Mapping[str, Mapping[str, float]]]
    examples: Mapping[str, Mapping[str, tuple[Example, ...]]]

    def list_shots(self) -> list[int]:
        """The numbers of examples, ascending."""
        return sorted({int(shots) for found in self.per_class.values() for shots in found})

    def list_splits(self) -> list[str]:
        """What was scored, the whole split first."""
        return list(dict.fromkeys(metric.origin.split for metric in self.metrics))

    def find_metric(self, model: str, shots: int, split: str, among_novel: bool = False) -> Metric | None:
        """One number of a model by its label; None where it was not measured."""
        wanted = (model, split, name_measure(shots, among_novel))
        found = ((m.model, m.origin.split, m.protocol.name) for m in self.metrics)
        return next((metric for metric, key in zip(self.metrics, found) if key == wanted), None)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        drawn = {
            seed: {name: [[one.video_id, one.start_s, one.end_s] for one in shots] for name, shots in found.items()}
            for seed, found in self.examples.items()
        }
        return {
            "format": FORMAT,
            "version": VERSION,
            "metrics": [metric.to_json() for metric in self.metrics],
            "choices": dict(self.choices),
            "per_class": {model: {k: dict(ap) for k, ap in found.items()} for model, found in self.per_class.items()},
            "examples": drawn,
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all, one metric a line."""
        write_rows(path, self.to_json(), "metrics")

    def to_row(self) -> dict[str, Any]:
        """One row of a log."""
        about = {"choices": dict(self.choices), "AP": self.to_json()["per_class"]}
        return build_log_row("few-shot action models", self.metrics, about)

    def with_owner(self, owner: Owner) -> "FewShotScores":
        """The same scores as somebody's: whose they are depends on whose file it is."""
        metrics = (replace(metric, origin=replace(metric.origin, owner=owner)) for metric in self.metrics)
        return replace(self, metrics=tuple(metrics))

    @staticmethod
    def load(path: Path) -> "FewShotScores":
        """Read a file. UserError where it is missing, damaged, or of another format or version."""
        content = read_json(path, "give a file that `evaluate few-shot` wrote")
        if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
            raise UserError(f"{path.name} is not of format {FORMAT!r}, version {VERSION}; evaluate anew")
        try:
            metrics = tuple(Metric.from_json(row) for row in take_list(content, "metrics"))
            choices = {name: take_text(content["choices"], name) for name in content["choices"]}
            per_class = {
                model: {
                    _check_whole(k): {_check_action(name): take_number(found, name, 0, 100) for name in found}
                    for k, found in of_model.items()
                }
                for model, of_model in content["per_class"].items()
            }
            examples = {
                _check_whole(seed): {
                    _check_action(name): tuple(map(_read_example, take_list(found, name))) for name in found
                }
                for seed, found in content["examples"].items()
            }
        except (KeyError, TypeError, ValueError, AttributeError, UserError) as error:
            raise UserError(f"{path.name} is damaged ({error}); evaluate anew") from None
        return FewShotScores(metrics, choices, per_class, examples)


def holds_few_shot_scores(path: Path) -> bool:
    """Whether a file begins as one that `save` writes."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return FORMAT in file.read(200)


def _check_whole(text: str) -> str:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is no whole number")
    return text


def _check_action(name: str) -> str:
    if name not in {action.id for action in ACTIONS}:
        raise ValueError(f"there is no action {name!r}")
    return name


def _read_example(row: Any) -> Example:
    values = dict(zip(("video", "start", "end"), row, strict=True))
    start_s = take_number(values, "start", 0, MAX_TIME_S)
    return Example(take_text(values, "video"), start_s, take_number(values, "end", start_s, MAX_TIME_S))
