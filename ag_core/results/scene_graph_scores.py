"""How well relation heads predict scene graphs, under every protocol, as a value and as a file.

The file is JSON of format "action-genome-explorer/scene-graph-scores", version 1 (docs/scene_graph_scores.md). Numbers
are percent, rounded to four decimals; a list holds one number for each seed. A row says of itself head, mode, part,
data, n, seeds, weights and command, and gives its numbers as metrics. Knows no models and no torch, so that pages read
it at once.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from ag_core.errors import UserError
from ag_core.evaluation.edge_quality import N_BINS, build_edge_protocol
from ag_core.evaluation.graph_recall import MEASURES, RELATION_NAMES, build_recall_protocol
from ag_core.evaluation.metrics import Bounds, Counts, Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner, Protocol
from ag_core.files import write_atomically
from ag_core.results.json_values import read_json, take_list, take_number, take_text, take_whole
from ag_core.taxonomy import RELATIONS, Mode

FORMAT = "action-genome-explorer/scene-graph-scores"
VERSION = 1

SPREAD = "mean and standard deviation of the trainings"
"""What the bounds of a number of several seeds are."""

Values = tuple[float, ...]
"""One number a seed, NaN where nothing could be measured."""


@dataclass(frozen=True)
class ScoredHead:
    """What was scored in one row: a head of some trainings, on one part of the data, in one mode.

    head         id in the catalog; label its name
    part         'test', or the part of it: 'iid', 'comp'
    weights      first 12 hexadecimal digits of each weights file's sha256, in the order of the origin's seeds
    origin       whose numbers, of which data; its split is the part
    """

    head: str
    label: str
    mode: Mode
    weights: tuple[str, ...]
    origin: Origin

    @property
    def part(self) -> str:
        """Which part of the data was scored."""
        return self.origin.split

    def build_metric(self, values: Values, protocol: Protocol, n: Counts) -> Metric:
        """The mean over the seeds, with the standard deviation around it where there are several."""
        number = fmean(values)
        bounds = None
        if len(values) > 1 and not math.isnan(number):
            spread = stdev(values)
            bounds = Bounds(number - spread, number + spread, SPREAD)
        of_seed = () if bounds is None else values
        return Metric(number, protocol, self.origin, n, bounds, of_seed, self.label)


@dataclass(frozen=True)
class RecallRow:
    """Recall under one constraint. values by what is measured, over what it is a mean, and K.

    per_relation  by K, of each relationship that occurs, its pooled recall; triplets how often it occurs
    n, n_unseen   on what R, mR and hR, and on what zR was measured
    """

    scored: ScoredHead
    constraint: Constraint
    n_relations: int
    n: Counts
    n_unseen: Counts | None
    values: Mapping[tuple[str, Averaging], Mapping[int, Values]]
    per_relation: Mapping[int, Mapping[str, Values]]
    triplets: Mapping[str, int]

    def list_metrics(self) -> list[Metric]:
        """Every number of the row but those of single relationships."""
        return [self.get_metric(name, averaging, k) for (name, averaging), of_k in self.values.items() for k in of_k]

    def get_metric(self, name: str, averaging: Averaging, k: int) -> Metric:
        """One number; KeyError where the row does not hold it."""
        values = self.values[name, averaging][k]
        mode, n = self.scored.mode, self.n_unseen if name == "zR" and self.n_unseen is not None else self.n
        protocol = build_recall_protocol(k, mode, self.constraint, averaging, self.n_relations, name)
        return self.scored.build_metric(values, protocol, n)

    def list_relation_metrics(self, k: int) -> list[Metric]:
        """The pooled recall of each relationship that occurs, at one K that the row holds."""
        mode = self.scored.mode
        protocol = build_recall_protocol(k, mode, self.constraint, Averaging.ONE_CLASS, self.n_relations)
        return [
            self.scored.build_metric(
                values, replace(protocol, subject=relation), replace(self.n, triplets=self.triplets[relation])
            )
            for relation, values in self.per_relation[k].items()
        ]


@dataclass(frozen=True)
class EdgeRow:
    """Edges against exact truth: values by name ('precision of edges', 'false edges', ...), per_relation likewise.

    bins  by relationship: for each of N_BINS bins of confidence, from 0 to 1, how many pairs lie in it, their mean
          confidence and how many came true, over all seeds; bins without a pair are left out
    """

    scored: ScoredHead
    n: Counts
    values: Mapping[str, Values]
    per_relation: Mapping[str, Mapping[str, Values]]
    triplets: Mapping[str, int]
    bins: Mapping[str, tuple[tuple[int, float, int], ...]]

    def list_metrics(self) -> list[Metric]:
        """Precision, recall of edges, false edges a frame and calibration error."""
        return [self.get_metric(name) for name in self.values]

    def get_metric(self, name: str) -> Metric:
        """One of them; KeyError where the row does not hold it."""
        return self.scored.build_metric(self.values[name], build_edge_protocol(name, self.scored.mode), self.n)

    def list_bin_records(self) -> list[dict[str, Any]]:
        """One dictionary for each relationship and bin: relation, confidence (mean), share that came true, pairs."""
        return [
            {"relation": relation, "confidence": confidence, "share": right / count, "pairs": count}
            for relation, found in self.bins.items()
            for count, confidence, right in found
        ]

    def list_relation_metrics(self, name: str) -> list[Metric]:
        """One of them of each relationship for which it is known; KeyError where the row does not hold it."""
        return [
            self.scored.build_metric(
                values,
                build_edge_protocol(name, self.scored.mode, relation),
                replace(self.n, triplets=self.triplets[relation]),
            )
            for relation, values in self.per_relation[name].items()
        ]


@dataclass(frozen=True)
class SceneGraphScores:
    """All rows of one evaluation, and the heads that had no weights: their ids and the files that were looked for."""

    recalls: tuple[RecallRow, ...]
    edges: tuple[EdgeRow, ...]
    missing: Mapping[str, str]
    notes: tuple[str, ...] = ()

    def list_metrics(self) -> list[Metric]:
        """Every number but those of single relationships."""
        recalls = [metric for row in self.recalls for metric in row.list_metrics()]
        return recalls + [metric for row in self.edges for metric in row.list_metrics()]

    def to_json(self) -> dict[str, Any]:
        """The file's content as plain values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "missing": dict(self.missing),
            "notes": list(self.notes),
            "recalls": [_recall_to_json(row) for row in self.recalls],
            "edges": [_edges_to_json(row) for row in self.edges],
        }

    def to_text(self) -> str:
        """The file's text, one row a line."""
        content = self.to_json()
        lines = []
        for key, value in content.items():
            if key in ("recalls", "edges"):
                rows = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in value)
                lines.append(f'"{key}": [\n{rows}\n]' if rows else f'"{key}": []')
            else:
                lines.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
        return "{" + ",\n".join(lines) + "}\n"

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_atomically(path, self.to_text())

    def with_owner(self, owner: Owner) -> "SceneGraphScores":
        """The same scores as somebody's: whose they are depends on whose file it is."""

        def give(scored: ScoredHead) -> ScoredHead:
            return replace(scored, origin=replace(scored.origin, owner=owner))

        recalls = tuple(replace(row, scored=give(row.scored)) for row in self.recalls)
        return replace(self, recalls=recalls, edges=tuple(replace(row, scored=give(row.scored)) for row in self.edges))

    @staticmethod
    def from_json(content: Any) -> "SceneGraphScores":
        """The value in a file's content. UserError for another format or version, or damaged content."""
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise UserError(f"these are no scene-graph scores; the format must be {FORMAT!r}")
        if content.get("version") != VERSION:
            raise UserError(f"these scores have version {content.get('version')}; version {VERSION} is read here")
        try:
            return SceneGraphScores(
                tuple(map(_parse_recall, take_list(content, "recalls"))),
                tuple(map(_parse_edges, take_list(content, "edges"))),
                {head: take_text(content["missing"], head) for head in content["missing"]},
                tuple(take_text({"a note": note}, "a note") for note in take_list(content, "notes")),
            )
        except KeyError as error:
            raise UserError(f"these scores are damaged ({error.args[0]} is missing); evaluate anew") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise UserError(f"these scores are damaged ({error}); evaluate anew") from None

    @staticmethod
    def load(path: Path) -> "SceneGraphScores":
        """Read a file. UserError where it is missing or holds no scores of this version."""
        content = read_json(path, "give a file that `evaluate scene-graphs` wrote")
        try:
            return SceneGraphScores.from_json(content)
        except UserError as error:
            raise UserError(f"{path.name}: {error}") from None


def holds_scores(path: Path) -> bool:
    """Whether a file begins as one that `save` writes."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return FORMAT in file.read(200)


def find_recall_row(
    rows: Iterable[RecallRow], head: str, mode: Mode, part: str, constraint: Constraint, n_relations: int
) -> RecallRow | None:
    """The row of these facts, None where there is none."""
    wanted = (head, mode, part, constraint, n_relations)
    facts = ((row.scored.head, row.scored.mode, row.scored.part, row.constraint, row.n_relations) for row in rows)
    return next((row for row, known in zip(rows, facts) if known == wanted), None)


def _recall_to_json(row: RecallRow) -> dict[str, Any]:
    values: dict[str, dict[str, Any]] = {}
    for (name, averaging), of_k in row.values.items():
        values.setdefault(name, {})[averaging.value] = {str(k): _round(numbers) for k, numbers in of_k.items()}
    return {
        **_scored_to_json(row.scored),
        "constraint": row.constraint.value,
        "n_relations": row.n_relations,
        "n": _count_to_json(row.n),
        **({} if row.n_unseen is None else {"n_unseen": _count_to_json(row.n_unseen)}),
        "values": values,
        "triplets": dict(row.triplets),
        "per_relation": {
            str(k): {relation: _round(numbers) for relation, numbers in of_one.items()}
            for k, of_one in row.per_relation.items()
        },
    }


def _edges_to_json(row: EdgeRow) -> dict[str, Any]:
    return {
        **_scored_to_json(row.scored),
        "n": _count_to_json(row.n),
        "values": {name: _round(numbers) for name, numbers in row.values.items()},
        "triplets": dict(row.triplets),
        "per_relation": {
            name: {relation: _round(numbers) for relation, numbers in of_one.items()}
            for name, of_one in row.per_relation.items()
        },
        "bins": {
            relation: [[count, round(confidence, 4), right] for count, confidence, right in found]
            for relation, found in row.bins.items()
        },
    }


def _scored_to_json(scored: ScoredHead) -> dict[str, Any]:
    origin = {
        "owner": scored.origin.owner.value,
        "dataset": scored.origin.dataset,
        "split": scored.origin.split,
        "truth": scored.origin.truth,
        "seeds": list(scored.origin.seeds),
        "command": scored.origin.command,
    }
    return {
        "head": scored.head,
        "label": scored.label,
        "mode": scored.mode.value,
        "weights": list(scored.weights),
        "origin": origin,
    }


def _count_to_json(n: Counts) -> dict[str, int]:
    return {name: count for name, count in asdict(n).items() if count is not None}


def _round(numbers: Values) -> list[float | None]:
    """JSON has no NaN: null stands for it."""
    return [None if math.isnan(number) else round(number, 4) for number in numbers]


def _parse_scored(row: Mapping[str, Any]) -> ScoredHead:
    origin = row["origin"]
    seeds = tuple(take_whole({"a seed": seed}, "a seed", 0, 2**64) for seed in take_list(origin, "seeds"))
    return ScoredHead(
        take_text(row, "head"),
        take_text(row, "label"),
        Mode(row["mode"]),
        tuple(take_text({"a hash": text}, "a hash") for text in take_list(row, "weights")),
        Origin(
            Owner(origin["owner"]),
            take_text(origin, "dataset"),
            take_text(origin, "split"),
            take_text(origin, "truth"),
            seeds,
            take_text(origin, "command"),
        ),
    )


def _parse_recall(row: Mapping[str, Any]) -> RecallRow:
    scored = _parse_scored(row)
    values: dict[tuple[str, Averaging], Mapping[int, Values]] = {}
    for name, of_averaging in row["values"].items():
        for averaging, of_k in of_averaging.items():
            measure = (name, Averaging(averaging))
            if measure not in MEASURES:
                raise ValueError(f"nothing is measured as {name} by {averaging}")
            values[measure] = {int(k): _parse_values(numbers, scored) for k, numbers in of_k.items()}
    return RecallRow(
        scored,
        Constraint(row["constraint"]),
        take_whole(row, "n_relations", len(RELATIONS), len(RELATION_NAMES)),
        _parse_count(row["n"]),
        _parse_count(row["n_unseen"]) if "n_unseen" in row else None,
        values,
        {
            int(k): {_check_relation(name): _parse_values(numbers, scored) for name, numbers in of_one.items()}
            for k, of_one in row["per_relation"].items()
        },
        _parse_triplets(row),
    )


def _parse_edges(row: Mapping[str, Any]) -> EdgeRow:
    scored = _parse_scored(row)
    bins = {}
    for relation, found in row["bins"].items():
        if len(found) > N_BINS:
            raise ValueError(f"{relation} has {len(found)} bins; {N_BINS} are the most")
        bins[_check_relation(relation)] = tuple(
            (
                take_whole({"a count": count}, "a count", 1, 2**53),
                take_number({"a confidence": confidence}, "a confidence", 0, 1),
                take_whole({"a count": right}, "a count", 0, 2**53),
            )
            for count, confidence, right in found
        )
    return EdgeRow(
        scored,
        _parse_count(row["n"]),
        {name: _parse_values(numbers, scored) for name, numbers in row["values"].items()},
        {
            name: {_check_relation(relation): _parse_values(numbers, scored) for relation, numbers in of_one.items()}
            for name, of_one in row["per_relation"].items()
        },
        _parse_triplets(row),
        bins,
    )


def _parse_values(numbers: Any, scored: ScoredHead) -> Values:
    if not isinstance(numbers, list) or len(numbers) != max(1, len(scored.origin.seeds)):
        raise ValueError(f"a number of {scored.head} is no list of one for each seed")
    return tuple(
        float("nan") if number is None else take_number({"a number": number}, "a number", 0, 1_000_000)
        for number in numbers
    )


def _parse_count(n: Mapping[str, Any]) -> Counts:
    return Counts(**{name: take_whole(n, name, 0, 2**53) for name in n})


def _parse_triplets(row: Mapping[str, Any]) -> dict[str, int]:
    return {_check_relation(name): take_whole(row["triplets"], name, 0, 2**53) for name in row["triplets"]}


def _check_relation(name: str) -> str:
    if name not in RELATION_NAMES:
        raise ValueError(f"there is no relationship {name!r}")
    return name
