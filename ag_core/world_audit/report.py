"""The result of an audit as one plain object, for the data card and the log.

    what, owner, date, command, protocol, seeds, steps, resamples
    world        data, profile, generator_version, seed; from the set's world.json
    n            train, val, iid, comp: videos; intervals; dropped: labels left out for want of visible evidence
    classes      of, present, val (with a positive video), absent [ids], tiers {tier: {of, present}}
    chance       by part, in percent: mean prevalence, which constant scores reach
    audits       [key, name, input, seconds, and by part: mean, low, high, seeds]; mAP in percent
    comparisons  [name, first, second, and by part: mean, low, high] of the difference in points
    labels       [action, label, template, tier, intervals, train, val, iid, comp] videos with each action
    presence     [object, with_action, without_action, seen_with, seen_without, gap, bits, bystander]
    boxes        [object, boxes, large, median_px, visibility]
    agreement    of `world_audit.graph_distance.compare_graph_samples`; null without a real sample

Parts are val, and iid and comp where the set has both. Shares are 0 to 1; low and high are bounds of 95 %.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.average_precision import compute_action_precision
from ag_core.evaluation.bootstrap import N_RESAMPLES, ConfidenceInterval, bootstrap_precisions
from ag_core.evaluation.protocol import Owner
from ag_core.evaluation.results_log import build_log_row
from ag_core.taxonomy import ACTIONS, N_ACTIONS, find_action_index
from ag_core.world.action_table import list_entries
from ag_core.world_audit.audit_inputs import COMPARISONS
from ag_core.world_audit.audits import AuditResult
from ag_core.world_audit.dataset_balance import (
    count_actions,
    list_seldom_seen_objects,
    measure_box_sizes,
    measure_presence,
)
from ag_core.world_audit.graph_distance import GraphSample, compare_graph_samples, join_graph_samples
from ag_core.world_audit.home_world import HomeWorld, WorldVideo
from ag_core.world_audit.report_metrics import (
    PARTS,
    read_audit_metrics,
    read_difference_metrics,
    read_distance_metrics,
)
from ag_core.world_audit.world_statistics import collect_seen_boxes, find_seen_classes, sample_annotated_graphs

PROTOCOL = (
    "trained on train, tested on val; clips of 16 frames in 2.5 s, ten a video, maximum; the same network, steps and "
    "seeds for every input"
)
"""What holds for every audit beside the way in which Charades scores videos."""

Report = dict[str, Any]


def build_report(
    world: HomeWorld,
    results: Sequence[AuditResult],
    steps: int,
    command: str,
    real: Sequence[GraphSample] = (),
    owner: Owner = Owner.YOURS,
) -> Report:
    """Everything about a world: what its audits scored, and what its truths hold.

    owner  whose the numbers are
    real   the parts of a real sample of graphs; only counts and distances over all of it enter the report
    """
    train, val = world.of_split("train"), world.of_split("val")
    parts = {"train": train, "val": val} | _split_parts(val)
    truths = [video.truth for video in world.videos]
    every = np.array([video.labels for video in world.videos])
    intervals = np.bincount([a for truth in truths for a, _, _ in truth.actions], minlength=N_ACTIONS)
    frequency = count_actions({p: np.array([v.labels for v in videos]) for p, videos in parts.items()}, intervals)
    return {
        "what": "home world audit",
        "owner": str(owner),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "protocol": PROTOCOL,
        "seeds": list(range(len(results[0].scores))),
        "steps": steps,
        "resamples": N_RESAMPLES,
        "world": _describe_world(world),
        "n": {name: len(videos) for name, videos in parts.items()}
        | {"intervals": int(intervals.sum()), "dropped": sum(truth.dropped for truth in truths)},
        "classes": _count_classes(intervals, val),
        **_score_audits(results, {name: videos for name, videos in parts.items() if name != "train"}, val),
        "labels": [_describe_action(row) for row in frequency],
        "presence": measure_presence(np.array([find_seen_classes(video) for video in world.videos]), every),
        "boxes": measure_box_sizes(*collect_seen_boxes(truths)),
        "agreement": compare_graph_samples(sample_annotated_graphs(truths), join_graph_samples(real), real)
        if real
        else None,
    }


def _split_parts(val: Sequence[WorldVideo]) -> dict[str, list[WorldVideo]]:
    """The parts of val by name; none where it is all of one part, which is then val itself."""
    parts = {part: [video for video in val if video.truth.part == part] for part in PARTS[1:]}
    return parts if all(parts.values()) else {}


def _describe_world(world: HomeWorld) -> Report:
    """What the set says of itself."""
    path = world.folder / "world.json"
    description = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"data": world.folder.name} | {key: description.get(key) for key in ("profile", "generator_version", "seed")}


def _count_classes(intervals: NDArray[np.int64], val: Sequence[WorldVideo]) -> Report:
    """How many of the 157 actions occur, also by tier of honesty."""
    tiers: dict[str, dict[str, int]] = {}
    for entry in list_entries():
        tier = tiers.setdefault(entry.tier, {"of": 0, "present": 0})
        tier["of"] += 1
        tier["present"] += int(intervals[entry.action] > 0)
    return {
        "of": N_ACTIONS,
        "present": int((intervals > 0).sum()),
        "val": int(np.any([video.labels for video in val], axis=0).sum()),
        "absent": [action.id for action, count in zip(ACTIONS, intervals) if not count],
        "tiers": dict(sorted(tiers.items())),
    }


def _describe_action(row: Report) -> Report:
    """A row of label frequency with what the action is called and how it is shown."""
    index = find_action_index(row["action"])
    entry = list_entries()[index]
    about = {"label": ACTIONS[index].label, "template": entry.template, "tier": entry.tier}
    return {"action": row["action"], **about, **row}


def _score_audits(
    results: Sequence[AuditResult], parts: Mapping[str, list[WorldVideo]], val: Sequence[WorldVideo]
) -> Report:
    """mAP of every audit and the differences of pairs, on all of val and on its parts."""
    scores = np.stack([result.scores for result in results])  # [audits,S,V,157]
    position = {result.audit.key: index for index, result in enumerate(results)}
    number = {video.video_id: index for index, video in enumerate(val)}
    chance, drawn = {}, {}
    for part, videos in parts.items():
        labels = np.array([video.labels for video in videos])
        rows = [number[video.video_id] for video in videos]
        chance[part] = _percent(compute_action_precision(scores[0, 0][rows], labels).chance)
        drawn[part] = bootstrap_precisions(scores[:, :, rows], labels)
    audits = []
    for index, result in enumerate(results):
        audit = result.audit
        row: Report = {"key": audit.key, "name": audit.name, "input": list(audit.inputs)}
        row["seconds"] = round(result.seconds, 1)
        for part, found in drawn.items():
            row[part] = _to_bounds_row(found.bound_model(index)) | {
                "seeds": [_percent(one) for one in found.value_of_seed[index]]
            }
        audits.append(row)
    comparisons = []
    for first, second in COMPARISONS:
        one, other = position[first], position[second]
        name = f"{results[one].audit.name} − {results[other].audit.name}"
        between = {part: _to_bounds_row(found.bound_difference(one, other)) for part, found in drawn.items()}
        comparisons.append({"name": name, "first": first, "second": second, **between})
    return {"chance": chance, "audits": audits, "comparisons": comparisons}


def _to_bounds_row(found: ConfidenceInterval) -> Report:
    return {"mean": _percent(found.value), "low": _percent(found.low), "high": _percent(found.high)}


def _percent(value: Any) -> float:
    return round(100 * float(value), 2)


def summarize_for_log(report: Report) -> Report:
    """The report without its per-class tables, as a row of the results log."""
    agreement = report["agreement"] or {}
    wanted = ("distance", "mean", "real_against_itself", "classes_compared", "worst", "home", "real")
    about = {
        "classes": report["classes"],
        "seldom seen objects": list_seldom_seen_objects(report),
        "boxes of 16 px": {row["object"]: round(row["large"], 3) for row in report["boxes"]},
        "agreement": {key: agreement.get(key) for key in wanted},
        "n": report["n"],
    }
    rows = (*read_audit_metrics(report).values(), *read_difference_metrics(report).values())
    metrics = [metric for of_part in rows for metric in of_part.values()]
    return build_log_row(report["what"], [*metrics, *read_distance_metrics(report).values()], about)
