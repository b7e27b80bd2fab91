"""Rows of the results log from before metrics carried their protocol: what they say in words becomes fields.

Four kinds of row held numbers of an evaluation: detector, relations, action models and the audit of a home world, whose
values were rounded percent. Rows of benchmarks hold no metric.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ag_core.evaluation.average_precision import CHANCE, build_detection_protocol, build_video_map_protocol
from ag_core.evaluation.bootstrap import BOUNDS_MEANING, build_difference_protocol
from ag_core.evaluation.graph_recall import build_recall_protocol
from ag_core.evaluation.metrics import Bounds, Counts, Metric
from ag_core.evaluation.protocol import Averaging, Constraint, Origin, Owner
from ag_core.taxonomy import Mode

AVERAGINGS = {
    "image": Averaging.FRAME,
    "video": Averaging.VIDEO,
    "mean_pooled": Averaging.RELATION,
    "mean_by_image": Averaging.RELATION_BY_FRAME,
}
"""What the four ways of averaging recall were called."""

DENSE_VIEW = "dense view"


def is_old_row(row: Mapping[str, Any]) -> bool:
    """Whether a row is of the earlier form: its metrics were a dictionary."""
    return isinstance(row.get("metrics"), dict)


def read_old_metrics(row: Mapping[str, Any]) -> Iterator[Metric]:
    """The metrics of an earlier row, in its order; none for a row of a benchmark."""
    what = row["what"]
    if what.startswith("detector"):
        yield _read_detector(row)
    elif what.startswith(("relations", "frequency prior")):
        yield from _read_relations(row)
    elif what == "action models":
        yield from _read_actions(row)
    elif what == "home world audit":
        yield from _read_audit(row)


def _build_origin(
    row: Mapping[str, Any], split: str = "val", truth: str = DENSE_VIEW, seeds: tuple[int, ...] = ()
) -> Origin:
    if not seeds and row.get("seed") is not None:
        seeds = (row["seed"],)
    return Origin(Owner.OURS_HOME, row["data"], split, truth, seeds, row["command"])


def _read_detector(row: Mapping[str, Any]) -> Metric:
    counts = Counts(frames=row["n"]["frames"], boxes=row["n"]["boxes"], classes=row["metrics"]["classes"])
    model = row["what"].removeprefix("detector ")
    return Metric(row["metrics"]["mAP@0.5"], build_detection_protocol(0.5), _build_origin(row), counts, model=model)


def _read_relations(row: Mapping[str, Any]) -> Iterator[Metric]:
    n = row["n"]
    counts = Counts(n["videos"], n["frames"], triplets=n["triplets"], train_frames=n.get("train frames"))
    if row["what"].startswith("relations"):
        _, model, mode = row["what"].split(" ")
        origin = _build_origin(row)
    else:
        model, mode = "frequency", Mode.PREDCLS
        # The sample's own split; the whole of its protocol stands in words, since no field knows stand-in boxes.
        truth = "(its authors' split inside Charades train; boxes are stand-ins)"
        origin = Origin(Owner.OURS_REAL, row["data"], "val", truth, command=row["command"])
    for constraint, found in row["metrics"].items():
        for old_name, averaging in AVERAGINGS.items():
            for name, recall in found[old_name].items():
                protocol = build_recall_protocol(
                    int(name.removeprefix("R@")), Mode(mode), Constraint(constraint), averaging
                )
                yield Metric(recall, protocol, origin, counts, model=model)


def _read_actions(row: Mapping[str, Any]) -> Iterator[Metric]:
    metrics, n = row["metrics"], row["n"]
    protocol = build_video_map_protocol(details="10 views, maximum")
    classes = metrics["classes"]
    for model, found in metrics.items():
        if isinstance(found, dict) and "mAP" in found:
            # The seed trained the heads; the clip network alone is always that of seed 0.
            origin = replace(_build_origin(row), seeds=(0,) if model == "i3d" else (row["seed"],))
            yield Metric(found["mAP"], protocol, origin, Counts(n["videos"], classes=classes), model=model)
            for part, value in found.get("mAP of parts", {}).items():
                yield Metric(value, protocol, replace(origin, split=part), Counts(n[part]), model=model)
    chance_origin = replace(_build_origin(row), seeds=())
    yield Metric(metrics[CHANCE], protocol, chance_origin, Counts(n["videos"], classes=classes), model=CHANCE)


def _read_audit(row: Mapping[str, Any]) -> Iterator[Metric]:
    seeds = tuple(row["seeds"])
    protocol = build_video_map_protocol(details="clips of 16 frames in 2.5 s, ten a video, maximum")
    for part, chance in row["metrics"][CHANCE].items():
        counts = Counts(row["n"][part], train_videos=row["n"]["train"])
        yield Metric(chance, protocol, _build_origin(row, part, ""), counts, model=CHANCE)
        for kind, of_kind in (("audits", protocol), ("comparisons", build_difference_protocol(protocol))):
            for one in row["metrics"][kind]:
                found = one[part]
                bounds = Bounds(found["low"], found["high"], BOUNDS_MEANING)
                origin = _build_origin(row, part, "", seeds)
                yield Metric(found["mean"], of_kind, origin, counts, bounds, found.get("seeds", ()), one["name"])
