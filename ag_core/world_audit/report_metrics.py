"""The numbers of an audit's report as metrics: what each input scores, how inputs differ, how far the graphs are.

Knows the report's plain object (`world_audit.report` describes it) and no model, so that a screen can read it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ag_core.evaluation.average_precision import CHANCE, build_video_map_protocol
from ag_core.evaluation.bootstrap import BOUNDS_MEANING, build_difference_protocol
from ag_core.evaluation.metric_table import MetricTable
from ag_core.evaluation.metrics import Bounds, Counts, Metric
from ag_core.evaluation.protocol import Averaging, Origin, Owner, Protocol, Unit

PARTS = ("val", "iid", "comp")
"""Parts of val in the order in which they are shown."""

Report = Mapping[str, Any]


def list_parts(report: Report) -> list[str]:
    """The parts of val that the report has."""
    return [part for part in PARTS if part in report["chance"]]


def read_owner(report: Report) -> Owner:
    """Whose the report is; one that does not say is this project's own."""
    return Owner(report.get("owner", Owner.OURS_HOME))


def read_audit_metrics(report: Report) -> dict[str, dict[str, Metric]]:
    """Video mAP in percent of every input by its name, and by part of val; first chance, which nobody trained."""
    parts, protocol = list_parts(report), _build_protocol(report)
    chance = {
        part: Metric(
            report["chance"][part], protocol, _build_origin(report, part, ()), _count(report, part), model=CHANCE
        )
        for part in parts
    }
    rows = {
        one["name"]: {part: _read_metric(report, one, part, protocol) for part in parts} for one in report["audits"]
    }
    return {CHANCE: chance} | rows


def read_difference_metrics(report: Report) -> dict[str, dict[str, Metric]]:
    """How much one input is above another, in points, by the names of both, and by part of val."""
    parts, protocol = list_parts(report), build_difference_protocol(_build_protocol(report))
    return {
        one["name"]: {part: _read_metric(report, one, part, protocol) for part in parts}
        for one in report["comparisons"]
    }


def read_distance_metrics(report: Report) -> dict[str, Metric]:
    """Distance of the world's graphs to the real sample, and of two parts of the sample; none without a sample."""
    agreement = report["agreement"]
    if agreement is None:
        return {}
    protocol = Protocol(
        "distance of P(relationship | object)",
        Unit.RATIO,
        averaging=Averaging.CLASS,
        details=f"total variation, 0 to 1, mean of the three groups; classes with at least "
        f"{agreement['least_objects']} objects on both sides",
    )
    classes, data = agreement["classes_compared"], report["world"]["data"]
    wanted = {
        "home world to real sample": (
            "mean",
            read_owner(report),
            f"{data} to the real sample",
            "home",
        ),
        "real sample to itself": ("real_against_itself", Owner.OURS_REAL, "one part of the real sample to", "real"),
    }
    splits = {"home": "all films", "real": "the other"}
    metrics = {}
    for name, (key, owner, dataset, side) in wanted.items():
        if agreement.get(key) is not None:
            origin = Origin(owner, dataset, splits[side], command=report["command"])
            counts = Counts(frames=agreement[side]["frames"], classes=classes)
            metrics[name] = Metric(agreement[key], protocol, origin, counts)
    return metrics


def tabulate_inputs(report: Report) -> tuple[MetricTable, MetricTable, MetricTable]:
    """Three tables with a column for every part of val: chance, the inputs, their differences."""
    inputs, differences = read_audit_metrics(report), read_difference_metrics(report)
    chance = {CHANCE: inputs.pop(CHANCE)}
    return _tabulate("input", chance), _tabulate("input", inputs), _tabulate("difference", differences)


def _tabulate(title: str, rows: Mapping[str, Mapping[str, Metric]]) -> MetricTable:
    return MetricTable.from_rows(title, {name: list(of_part.values()) for name, of_part in rows.items()})


def _read_metric(report: Report, one: Report, part: str, protocol: Protocol) -> Metric:
    found = one[part]
    bounds = Bounds(found["low"], found["high"], BOUNDS_MEANING)
    origin = _build_origin(report, part, report["seeds"])
    return Metric(
        found["mean"], protocol, origin, _count(report, part), bounds, found.get("seeds", ()), model=one["name"]
    )


def _build_protocol(report: Report) -> Protocol:
    return build_video_map_protocol(details=f"{report['protocol']}, {report['steps']} steps")


def _build_origin(report: Report, part: str, seeds: Sequence[int]) -> Origin:
    return Origin(read_owner(report), report["world"]["data"], part, seeds=tuple(seeds), command=report["command"])


def _count(report: Report, part: str) -> Counts:
    classes = sum(row.get(part, 0) > 0 for row in report["labels"])
    return Counts(videos=report["n"][part], classes=classes, train_videos=report["n"]["train"])
