"""What is known of a result: what each part learned from, what it can see at all, what is impossible, how good it was.

Numbers come from the files of scores, by the hash of the weights that really took part: what was measured of other
weights is no knowledge of these. Knows no models and no torch, so that pages and commands have it at once.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from ag_core.catalog import (
    COCO_DATA,
    COCO_NAMES_OF_CLASS,
    DETECTORS,
    GRAPH_READER,
    GRAPH_READERS,
    RELATION_HEADS,
    get_model_label,
)
from ag_core.errors import UserError
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Owner
from ag_core.evaluation.results_log import read_log, read_log_row
from ag_core.files import hash_file_cached
from ag_core.results.action_scores import ActionModelScores
from ag_core.results.own_weights import find_own_name
from ag_core.results.prediction import HABITS_ROLE, POSE_ROLE, ModelUse, Prediction, name_training_data
from ag_core.results.scene_graph_scores import SceneGraphScores
from ag_core.results.scored_heads import ScoredHead
from ag_core.settings import ASSETS, PROJECT, WEIGHTS, settings
from ag_core.taxonomy import ACTIONS, N_ACTIONS, N_OBJECTS, OBJECT_CLASSES, OBJECTS, Mode, format_name

SHIPPED = ASSETS / "benchmarks"
LOG = PROJECT / "docs" / "results.jsonl"
"""Where a checkout keeps its log of results; an installed package has none, and then says less."""

OBJECTS_FOUND, RELATIONSHIPS, ACTIONS_NAMED = "Objects", "Relationships", "Actions"
"""What parts are for, as the card says it."""

_RECALL_K, _CONSTRAINT = 20, Constraint.WITH_CONSTRAINT

Scores = TypeVar("Scores", SceneGraphScores, ActionModelScores)


@dataclass(frozen=True)
class CardPart:
    """One part of the models that made a result.

    does        what it is for: OBJECTS_FOUND, RELATIONSHIPS or ACTIONS_NAMED
    model       its name on screen; learned: what its weights learned from, in words: 'trained on ...'
    measured    how good these very weights were, where anybody measured them; how: on what, where that is not plain
    """

    does: str
    model: str
    learned: str
    measured: tuple[Metric, ...] = ()
    how: str = ""


@dataclass(frozen=True)
class ResultCard:
    """What is known of one result.

    unseen         object classes that the detector never finds
    about_unseen   indices of the actions that are about one of these
    never_trained  by scorer's label, indices of the actions of which it never saw an example; only those with any
    habits         what relationships were put right by, for footage of no home world; None where they were not
    """

    parts: tuple[CardPart, ...]
    unseen: tuple[str, ...]
    about_unseen: tuple[int, ...]
    never_trained: Mapping[str, tuple[int, ...]]
    habits: str | None

    def list_sentences(self) -> list[str]:
        """The card in a few sentences."""
        seen = N_OBJECTS - len(self.unseen)
        added = {
            OBJECTS_FOUND: f"can find {seen} of the {N_OBJECTS} classes"
            if self.unseen
            else f"can find all {N_OBJECTS} classes",
            RELATIONSHIPS: ""
            if self.habits is None
            else f"put right by the habits of real homes, counted on {self.habits}",
        }
        sentences = []
        for does in dict.fromkeys(part.does for part in self.parts):
            by_training: dict[str, list[str]] = {}
            for part in self.parts:
                if part.does == does:
                    by_training.setdefault(part.learned, []).append(part.model)
            said = [f"{_list_names(models)}, {learned}" for learned, models in by_training.items()]
            sentences.append(f"{does}: {'; '.join(filter(None, (*said, added.get(does))))}.")
        if self.about_unseen and self.scores_actions:
            sentences.append(
                f"{len(self.about_unseen)} of the {N_ACTIONS} actions are about something that is never found: what "
                "reads the graph can only guess them."
            )
        for actions, models in self._group_untrained():
            sentences.append(f"{models} can never name {len(actions)} actions: there was no example to learn from.")
        if self.habits is not None and any(part.measured for part in self.parts):
            sentences.append("How good they are was measured elsewhere, not on footage like this.")
        return sentences

    @property
    def scores_actions(self) -> bool:
        """Whether any action was scored; where nobody was seen, none is."""
        return any(part.does == ACTIONS_NAMED for part in self.parts)

    def _group_untrained(self) -> Iterable[tuple[tuple[int, ...], str]]:
        """Which actions are unknown to which models; models with the same gaps stand together."""
        groups: dict[tuple[int, ...], list[str]] = {}
        for model, actions in self.never_trained.items():
            groups.setdefault(actions, []).append(model)
        return ((actions, _list_names(models)) for actions, models in groups.items())

    def list_details(self) -> list[tuple[str, str]]:
        """What stands behind the sentences, as pairs of heading and text."""
        details = []
        for part in self.parts:
            told = "; ".join(metric.format_short() for metric in part.measured)
            details.append((f"{part.model}, measured {part.how}".strip(), told or "not with these weights"))
        if self.unseen:
            details.append(("Never found", ", ".join(map(format_name, self.unseen))))
        if self.about_unseen and self.scores_actions:
            details.append(("About something that is never found", _list_actions(self.about_unseen)))
        for actions, models in self._group_untrained():
            details.append((f"Never named by {models}", _list_actions(actions)))
        return details

    def to_text(self) -> str:
        """The card as lines of text."""
        lines = ["What is known of this result", *(f"- {sentence}" for sentence in self.list_sentences())]
        return "\n".join([*lines, "", *(f"{heading}: {text}" for heading, text in self.list_details())])


def build_result_card(prediction: Prediction) -> ResultCard:
    """What is known of a prediction, by the models that it names and the files of scores that are here."""
    uses = {use.role: use for use in prediction.models}
    detector, head = uses.get("detector"), uses.get("relations")
    coco = detector is not None and detector.trained_on_data == COCO_DATA
    parts = []
    if detector is not None:
        labels = {entry.name_in_results: entry.label for entry in DETECTORS.values()}
        label = labels.get(detector.name, detector.name)
        parts.append(_build_part(OBJECTS_FOUND, label, detector, _measure_detector(detector)))
    if head is not None:
        label = RELATION_HEADS[head.name].label if head.name in RELATION_HEADS else head.name
        mode = Mode.SGDET if detector is not None and _is_own_detector(uses) else Mode.PREDCLS
        how = "" if mode == Mode.SGDET else "with boxes given"
        parts.append(_build_part(RELATIONSHIPS, label, head, _measure_head(head, mode), how))
    for scores in prediction.actions:
        if (scorer := uses.get(scores.model)) is not None:
            how = "on real graphs, dimmed as a detector might see them" if scores.model in GRAPH_READERS else ""
            measured = _measure_scorer(scorer, coco)
            parts.append(_build_part(ACTIONS_NAMED, get_model_label(scores.model), scorer, measured, how))
    unseen = tuple(name for name in OBJECTS if name not in COCO_NAMES_OF_CLASS) if coco else ()
    habits = uses.get(HABITS_ROLE)
    near = ", and by how near hands are, found by MoveNet" if POSE_ROLE in uses else ""
    return ResultCard(
        tuple(parts),
        unseen,
        tuple(
            index
            for index, action in enumerate(ACTIONS)
            if action.object_class is not None and OBJECT_CLASSES[action.object_class] in unseen
        ),
        {
            get_model_label(scores.model): tuple((~scores.trained_on).nonzero()[0].tolist())
            for scores in prediction.actions
            if not scores.trained_on.all()
        },
        None if habits is None else name_training_data(habits.trained_on_data) + near,
    )


def with_card(prediction: Prediction) -> Prediction:
    """A prediction as it is handed out: with what is known of it, as of now."""
    return replace(prediction, card=tuple(build_result_card(prediction).list_sentences()))


def _is_own_detector(uses: Mapping[str, ModelUse]) -> bool:
    """Whether boxes and region features come from the same weights, by role: then they are the project's detector's."""
    return "regions" in uses and uses["detector"].sha256 == uses["regions"].sha256


def _build_part(does: str, label: str, use: ModelUse, measured: Iterable[Metric], how: str = "") -> CardPart:
    own = find_own_name(use.sha256)
    named = label if own is None else f"{label} (your weights {own})"
    learned, measured = f"trained on {name_training_data(use.trained_on_data)}", tuple(measured)
    return CardPart(does, named, learned, measured, how if measured else "")


def _measure_detector(use: ModelUse) -> list[Metric]:
    """The newest box mAP in the log, for the shipped weights alone: rows of the log name no weights."""
    own = [entry for entry in DETECTORS.values() if entry.weights_file and entry.name_in_results == use.name]
    if not any(_is_shipped(use, entry.weights_path(WEIGHTS)) for entry in own) or not LOG.is_file():
        return []
    rows = [row for row in _read(LOG, LOG.stat().st_mtime_ns, read_log) or () if row.what == f"detector {use.name}"]
    return [metric for row in rows[-1:] for metric in row.metrics if metric.protocol.name == "box mAP"][:1]


def _measure_head(use: ModelUse, mode: Mode) -> list[Metric]:
    """Recall and the precision of edges."""

    def is_wanted(scored: ScoredHead) -> bool:
        return scored.head == use.name and scored.mode == mode and use.sha256[:12] in scored.weights

    found: list[Metric] = []
    for scores in _list_scores("scene_graphs", SceneGraphScores.load):
        recalls = [row for row in scores.recalls if is_wanted(row.scored) and row.constraint == _CONSTRAINT]
        edges = [row for row in scores.edges if is_wanted(row.scored)]  # the first rows are of the whole split
        found += [row.get_metric("R", Averaging.FRAME, _RECALL_K) for row in recalls[:1]]
        found += [row.get_metric("precision of edges") for row in edges[:1]]
    return found


def _measure_scorer(use: ModelUse, coco: bool) -> list[Metric]:
    """Video mAP of an action model; of the reader of graphs its mAP on real graphs as a detector might see them."""
    if use.role in GRAPH_READERS:
        path = SHIPPED / "graph_reader.json"
        if not path.is_file() or not _is_shipped(use, GRAPH_READERS[GRAPH_READER].weights_path(WEIGHTS)):
            return []
        variant = "; dimmed, with false objects" + (", only objects that COCO knows" if coco else "")
        metrics = read_log_row(json.loads(path.read_text(encoding="utf-8"))).metrics
        return [metric for metric in metrics if metric.protocol.details.endswith(variant)]
    found: dict[Owner, Metric] = {}
    for answers in _list_scores("actions", ActionModelScores.load):
        labels = [model.label for model in answers.models if model.id == use.role and use.sha256[:12] in model.weights]
        for metric in filter(None, map(answers.find, labels)):
            found.setdefault(metric.origin.owner, metric)
    return list(found.values())


def _is_shipped(use: ModelUse, path: Path) -> bool:
    return path.is_file() and use.sha256 == hash_file_cached(path)


def _list_scores(name: str, read: Callable[[Path], Scores]) -> list[Scores]:
    """The shipped scores of a name, those on the most videos (NAME-VIDEOS.json) first, and the reader's own; a file
    that cannot be read tells nothing here."""
    shipped = (*sorted(SHIPPED.glob(f"{name}-*.json"), reverse=True), SHIPPED / f"{name}.json")
    owners = dict.fromkeys(shipped, Owner.OURS_HOME) | {settings().own_benchmark(name): Owner.YOURS}
    found = []
    for path, owner in owners.items():
        if path.is_file() and (scores := _read(path, path.stat().st_mtime_ns, read)) is not None:
            found.append(scores.with_owner(owner))
    return found


@lru_cache(maxsize=8)
def _read(path: Path, changed_ns: int, read: Callable[[Path], Any]) -> Any:
    """A file as it was read when it last changed; None where it cannot be."""
    try:
        return read(path)
    except UserError:
        return None


def _list_names(names: Sequence[str]) -> str:
    """'A', 'A and B', 'A, B and C'."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _list_actions(actions: Iterable[int]) -> str:
    return ", ".join(ACTIONS[action].label for action in actions)
