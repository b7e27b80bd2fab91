"""The register of published results: every number with its protocol, where it was read, and who disagrees.

Takes the plain objects of assets/published_scene_graphs.json and published_actions.json. Papers print one another's
numbers, and not always the same: where two readings of one method under one protocol differ, both say so. A number is
what somebody printed, not what was measured here, and stands beside ours only where the protocol is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ag_core.evaluation.graph_columns import N_RELEASED
from ag_core.evaluation.graph_recall import build_recall_protocol
from ag_core.evaluation.metrics import Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner, Protocol, Unit
from ag_core.taxonomy import Mode

AVERAGING_OF_NAME = {"R": Averaging.FRAME, "mR": Averaging.RELATION}
DETAILS = "as printed; overlap and mean recall as the public evaluators define them"


class Reading(StrEnum):
    """How a number came into the register."""

    REPOSITORY = "repository"
    NOTES = "notes"
    MEMORY = "memory"


READING_NAMES = {
    Reading.REPOSITORY: "read in a public repository",
    Reading.NOTES: "from notes of others, not checked against the paper",
    Reading.MEMORY: "from memory, not checked",
}


@dataclass(frozen=True)
class PublishedNumber:
    """One number as printed. disagreements: for each reading of the same thing that differs, its number and source."""

    metric: Metric
    reading: Reading
    disagreements: tuple[str, ...] = ()


def read_published_results(published: Mapping[str, Any]) -> list[PublishedNumber]:
    """Every number of the register in its order, the contradictions between its sources marked."""
    numbers = [number for row in published["rows"] for number in _read_row(row)]
    of_what: dict[tuple[Any, ...], list[PublishedNumber]] = {}
    for number in numbers:
        of_what.setdefault(_identify(number), []).append(number)
    return [replace(number, disagreements=_list_others(number, of_what[_identify(number)])) for number in numbers]


def read_published_actions(published: Mapping[str, Any]) -> list[PublishedNumber]:
    """The video mAP on Charades that papers print of other methods, the highest first."""
    protocol = Protocol("video mAP", Unit.PERCENT, averaging=Averaging.CLASS, details="as printed")
    numbers = [
        PublishedNumber(
            Metric(
                row["map_charades_val"],
                protocol,
                Origin(Owner.OTHER_PAPER, "Charades", "val", source=row["read_in"]),
                model=row["method"],
            ),
            Reading(row["checked"]),
        )
        for row in published["rows"]
    ]
    return sorted(numbers, key=lambda number: -number.metric.number)


def _read_row(row: Mapping[str, Any]) -> list[PublishedNumber]:
    name = row["name"]
    origin = Origin(Owner.OTHER_PAPER, row.get("dataset", "Action Genome"), "test", source=row["read_in"])
    reading = Reading(row["checked"])
    return [
        PublishedNumber(
            Metric(
                number,
                replace(
                    build_recall_protocol(
                        int(k), Mode(row["mode"]), Constraint(row["constraint"]), AVERAGING_OF_NAME[name], N_RELEASED
                    ),
                    details=DETAILS,
                ),
                origin,
                model=row["method"],
            ),
            reading,
        )
        for k, number in row["values"].items()
    ]


def _identify(number: PublishedNumber) -> tuple[Any, ...]:
    metric = number.metric
    return metric.model, metric.origin.dataset, metric.origin.split, metric.protocol


def _list_others(number: PublishedNumber, same: Sequence[PublishedNumber]) -> tuple[str, ...]:
    others = [other.metric for other in same if other.metric.number != number.metric.number]
    return tuple(f"{metric.format_number()} in: {metric.origin.source}" for metric in others)
