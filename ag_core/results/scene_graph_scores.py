"""How well relation heads predict scene graphs, under every protocol, as a value and as a file.

The file is JSON of format "action-genome-explorer/scene-graph-scores", version 1 (docs/scene_graph_scores.md). Numbers
are percent, rounded to four decimals; a list holds one number for each seed. A row says of itself head, mode, part,
data, n, seeds, weights and command, and gives its numbers as metrics. Knows no models and no torch, so that pages read
it at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ag_core.errors import UserError
from ag_core.evaluation.edge_quality import N_BINS, build_edge_protocol
from ag_core.evaluation.graph_recall import MEASURES, RELATION_NAMES, build_recall_protocol
from ag_core.evaluation.metrics import Counts, Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Owner
from ag_core.results.json_values import read_json, take_list, take_number, take_text, take_whole, write_rows
from ag_core.results.scored_heads import (
    ScoredHead,
    Values,
    count_to_json,
    parse_count,
    parse_scored,
    parse_values,
    round_values,
    scored_to_json,
)
from ag_core.results.steadiness import SteadinessRow
from ag_core.taxonomy import RELATIONS, Mode

FORMAT = "action-genome-explorer/scene-graph-scores"
VERSION = 1


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
    """All rows of one evaluation, and the heads that had no weights: their ids and the files that were looked for.

    Files of before flicker was measured have no rows of it.
    """

    recalls: tuple[RecallRow, ...]
    edges: tuple[EdgeRow, ...]
    missing: Mapping[str, str]
    notes: tuple[str, ...] = ()
    steadiness: tuple[SteadinessRow, ...] = ()

    def list_metrics(self) -> list[Metric]:
        """Every number but those of single relationships."""
        recalls = [metric for row in self.recalls for metric in row.list_metrics()]
        edges = [metric for row in self.edges for metric in row.list_metrics()]
        return recalls + edges + [metric for row in self.steadiness for metric in row.list_metrics()]

    def to_json(self) -> dict[str, Any]:
        """The file's content as plain values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "missing": dict(self.missing),
            "notes": list(self.notes),
            "recalls": [_recall_to_json(row) for row in self.recalls],
            "edges": [_edges_to_json(row) for row in self.edges],
            "steadiness": [row.to_json() for row in self.steadiness],
        }

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all, one row a line."""
        write_rows(path, self.to_json(), "recalls", "edges", "steadiness")

    def with_owner(self, owner: Owner) -> "SceneGraphScores":
        """The same scores as somebody's: whose they are depends on whose file it is."""

        def give(scored: ScoredHead) -> ScoredHead:
            return replace(scored, origin=replace(scored.origin, owner=owner))

        return replace(
            self,
            recalls=tuple(replace(row, scored=give(row.scored)) for row in self.recalls),
            edges=tuple(replace(row, scored=give(row.scored)) for row in self.edges),
            steadiness=tuple(replace(row, scored=give(row.scored)) for row in self.steadiness),
        )

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
                tuple(
                    map(SteadinessRow.from_json, take_list(content, "steadiness") if "steadiness" in content else ())
                ),
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
        values.setdefault(name, {})[averaging.value] = {str(k): round_values(numbers) for k, numbers in of_k.items()}
    return {
        **scored_to_json(row.scored),
        "constraint": row.constraint.value,
        "n_relations": row.n_relations,
        "n": count_to_json(row.n),
        **({} if row.n_unseen is None else {"n_unseen": count_to_json(row.n_unseen)}),
        "values": values,
        "triplets": dict(row.triplets),
        "per_relation": {
            str(k): {relation: round_values(numbers) for relation, numbers in of_one.items()}
            for k, of_one in row.per_relation.items()
        },
    }


def _edges_to_json(row: EdgeRow) -> dict[str, Any]:
    return {
        **scored_to_json(row.scored),
        "n": count_to_json(row.n),
        "values": {name: round_values(numbers) for name, numbers in row.values.items()},
        "triplets": dict(row.triplets),
        "per_relation": {
            name: {relation: round_values(numbers) for relation, numbers in of_one.items()}
            for name, of_one in row.per_relation.items()
        },
        "bins": {
            relation: [[count, round(confidence, 4), right] for count, confidence, right in found]
            for relation, found in row.bins.items()
        },
    }


def _parse_recall(row: Mapping[str, Any]) -> RecallRow:
    scored = parse_scored(row)
    values: dict[tuple[str, Averaging], Mapping[int, Values]] = {}
    for name, of_averaging in row["values"].items():
        for averaging, of_k in of_averaging.items():
            measure = (name, Averaging(averaging))
            if measure not in MEASURES:
                raise ValueError(f"nothing is measured as {name} by {averaging}")
            values[measure] = {int(k): parse_values(numbers, scored) for k, numbers in of_k.items()}
    return RecallRow(
        scored,
        Constraint(row["constraint"]),
        take_whole(row, "n_relations", len(RELATIONS), len(RELATION_NAMES)),
        parse_count(row["n"]),
        parse_count(row["n_unseen"]) if "n_unseen" in row else None,
        values,
        {
            int(k): {_check_relation(name): parse_values(numbers, scored) for name, numbers in of_one.items()}
            for k, of_one in row["per_relation"].items()
        },
        _parse_triplets(row),
    )


def _parse_edges(row: Mapping[str, Any]) -> EdgeRow:
    scored = parse_scored(row)
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
        parse_count(row["n"]),
        {name: parse_values(numbers, scored) for name, numbers in row["values"].items()},
        {
            name: {_check_relation(relation): parse_values(numbers, scored) for relation, numbers in of_one.items()}
            for name, of_one in row["per_relation"].items()
        },
        _parse_triplets(row),
        bins,
    )


def _parse_triplets(row: Mapping[str, Any]) -> dict[str, int]:
    return {_check_relation(name): take_whole(row["triplets"], name, 0, 2**53) for name in row["triplets"]}


def _check_relation(name: str) -> str:
    if name not in RELATION_NAMES:
        raise ValueError(f"there is no relationship {name!r}")
    return name
