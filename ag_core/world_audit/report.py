"""The result of an audit: one plain object, and the same as Markdown for the data card.

    what, date, command, protocol, seeds, steps, resamples
    world        data, profile, generator_version, seed; from the set's world.json
    n            train, val, iid, comp: videos; intervals; dropped: labels left out for want of visible evidence
    classes      of, present, val (with a positive video), absent [ids], tiers {tier: {of, present}}
    chance       by part, in percent: mean prevalence, which constant scores reach
    audits       [key, name, input, seconds, and by part: mean, low, high, seeds]; mAP in percent
    comparisons  [name, first, second, and by part: mean, low, high] of the difference in points
    labels       [action, label, template, tier, intervals, train, val, iid, comp] videos with each action
    presence     [object, with_action, without_action, seen_with, seen_without, gap, bits, bystander]
    boxes        [object, boxes, large, median_px, visibility]
    agreement    of `evaluation.agreement`; null without a real sample

Parts are val, and iid and comp where the set has both. Shares are 0 to 1; low and high are bounds of 95 %.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.evaluation.average_precision import compute_action_precision
from ag_core.evaluation.bootstrap import N_RESAMPLES, ConfidenceInterval, bootstrap_precision
from ag_core.experiments.datasets import HomeWorld, WorldVideo
from ag_core.taxonomy import ACTIONS, N_ACTIONS, action_index
from ag_core.world.action_table import entries
from ag_core.world_audit.audits import COMPARISONS, AuditResult, graph_sample, seen_boxes, seen_classes
from ag_core.world_audit.dataset_balance import box_sizes, label_frequency, presence_independence
from ag_core.world_audit.graph_distance import GraphSample, agreement

PROTOCOL = (
    "Charades video mAP in percent (not interpolated, stable ties), mean over the classes with a positive video in the "
    "part; trained on train, tested on val; clips of 16 moments in 2.5 s, ten a video, maximum; the same network, "
    "steps and seeds for every input; mean over the seeds; 95 % bounds from a paired bootstrap over the videos"
)
PARTS = ("val", "iid", "comp")
Report = dict[str, Any]


def report(
    world: HomeWorld, results: Sequence[AuditResult], steps: int, command: str, real: Sequence[GraphSample] = ()
) -> Report:
    """Everything about a world: what its audits scored, and what its truths hold.

    real  the parts of a real sample of graphs; only counts and distances over all of it enter the report
    """
    train, val = world.of_split("train"), world.of_split("val")
    parts = {"train": train, "val": val} | _parts_of(val)
    truths = [video.truth for video in world.videos]
    every = np.array([video.labels for video in world.videos])
    intervals = np.bincount([a for truth in truths for a, _, _ in truth.actions], minlength=N_ACTIONS)
    frequency = label_frequency({p: np.array([v.labels for v in videos]) for p, videos in parts.items()}, intervals)
    return {
        "what": "home world audit",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "protocol": PROTOCOL,
        "seeds": list(range(len(results[0].scores))),
        "steps": steps,
        "resamples": N_RESAMPLES,
        "world": _description(world),
        "n": {name: len(videos) for name, videos in parts.items()}
        | {"intervals": int(intervals.sum()), "dropped": sum(truth.dropped for truth in truths)},
        "classes": _classes(intervals, val),
        **_scores(results, {name: videos for name, videos in parts.items() if name != "train"}, val),
        "labels": [_named(row) for row in frequency],
        "presence": presence_independence(np.array([seen_classes(video) for video in world.videos]), every),
        "boxes": box_sizes(*seen_boxes(truths)),
        "agreement": agreement(graph_sample(truths), _joined(real), real) if real else None,
    }


def _parts_of(val: Sequence[WorldVideo]) -> dict[str, list[WorldVideo]]:
    """The parts of val by name; none where it is all of one part, which is then val itself."""
    parts = {part: [video for video in val if video.truth.part == part] for part in PARTS[1:]}
    return parts if all(parts.values()) else {}


def _joined(samples: Sequence[GraphSample]) -> GraphSample:
    return GraphSample(
        np.concatenate([sample.objects_of_frame for sample in samples]),
        np.concatenate([sample.classes for sample in samples]),
        np.concatenate([sample.relations for sample in samples]),
    )


def _description(world: HomeWorld) -> Report:
    """What the set says of itself."""
    path = world.folder / "world.json"
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"data": world.folder.name} | {key: said.get(key) for key in ("profile", "generator_version", "seed")}


def _classes(intervals: NDArray[np.int64], val: Sequence[WorldVideo]) -> Report:
    """How many of the 157 actions occur, also by tier of honesty."""
    tiers: dict[str, dict[str, int]] = {}
    for entry in entries():
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


def _named(row: Report) -> Report:
    """A row of label frequency with what the action is called and how it is shown."""
    index = action_index(row["action"])
    entry = entries()[index]
    about = {"label": ACTIONS[index].label, "template": entry.template, "tier": entry.tier}
    return {"action": row["action"], **about, **row}


def _scores(results: Sequence[AuditResult], parts: Mapping[str, list[WorldVideo]], val: Sequence[WorldVideo]) -> Report:
    """mAP of every audit and the differences of pairs, on all of val and on its parts."""
    scores = np.stack([result.scores for result in results])  # [audits,S,V,157]
    place = {result.audit.key: index for index, result in enumerate(results)}
    number = {video.video_id: index for index, video in enumerate(val)}
    chance, drawn = {}, {}
    for part, videos in parts.items():
        labels = np.array([video.labels for video in videos])
        rows = [number[video.video_id] for video in videos]
        chance[part] = _percent(compute_action_precision(scores[0, 0][rows], labels).chance)
        drawn[part] = bootstrap_precision(scores[:, :, rows], labels)
    audits = []
    for index, result in enumerate(results):
        audit = result.audit
        row: Report = {"key": audit.key, "name": audit.name, "input": list(audit.sees)}
        row["seconds"] = round(result.seconds, 1)
        for part, found in drawn.items():
            row[part] = _bounds(found.bound_model(index)) | {
                "seeds": [_percent(one) for one in found.value_of_seed[index]]
            }
        audits.append(row)
    comparisons = []
    for first, second in COMPARISONS:
        one, other = place[first], place[second]
        name = f"{results[one].audit.name} − {results[other].audit.name}"
        between = {part: _bounds(found.bound_difference(one, other)) for part, found in drawn.items()}
        comparisons.append({"name": name, "first": first, "second": second, **between})
    return {"chance": chance, "audits": audits, "comparisons": comparisons}


def _bounds(found: ConfidenceInterval) -> Report:
    return {"mean": _percent(found.value), "low": _percent(found.low), "high": _percent(found.high)}


def _percent(value: Any) -> float:
    return round(100 * float(value), 2)


def log_row(result: Report) -> Report:
    """The result without its per-class tables, for the log."""
    agreed = result["agreement"] or {}
    metrics = {key: result[key] for key in ("classes", "chance", "audits", "comparisons")}
    metrics["shy objects"] = shy_objects(result)
    metrics["boxes of 16 px"] = {row["object"]: round(row["large"], 3) for row in result["boxes"]}
    wanted = ("distance", "mean", "real_against_itself", "classes_compared", "worst", "home", "real")
    metrics["agreement"] = {key: agreed.get(key) for key in wanted}
    head = {"what": result["what"], "data": result["world"]["data"]}
    return head | {key: result[key] for key in ("protocol", "n", "seeds", "command", "date")} | {"metrics": metrics}


def shy_objects(result: Report) -> list[str]:
    """Object classes that are seen in too few of the videos in which nothing is done to them, of those acted on."""
    return [row["object"] for row in result["presence"] if row["bystander"] is False and row["with_action"]]


# The same as Markdown


def tables(result: Report) -> list[str]:
    """The lines of the data card's numbers: what was measured, audits, differences, agreement, every object class."""
    world, n, classes = result["world"], result["n"], result["classes"]
    parts = [part for part in PARTS if part in result["chance"]]
    tiers = ", ".join(f"{tier} {count['present']} of {count['of']}" for tier, count in classes["tiers"].items())
    return [
        f"Profile {world['profile']}, generator version {world['generator_version']}, set seed {world['seed']}: "
        f"{n['train']} train and {n['val']} val videos, {n['intervals']:,} action intervals, {n['dropped']:,} labels",
        f"left out because the picture does not show their evidence. **{classes['present']} of {classes['of']} classes "
        f"present**, {classes['val']} of them in val; by tier: {tiers}.",
        f"`python -m ag_core {result['command']}`, {result['date'][:10]}, seeds {_listed(result['seeds'])}, "
        f"{result['steps']} steps each.",
        "",
        "### What each input gives away",
        "",
        f"{result['protocol']}.",
        "",
        *_rows(
            ["input", *(f"{part} ({n[part]} videos)" for part in parts)],
            ["chance", *(f"{result['chance'][part]:.1f}" for part in parts)],
            *([one["name"], *(_said(one[part]) for part in parts)] for one in result["audits"]),
        ),
        "",
        *_rows(
            ["difference in points", *parts],
            *([one["name"], *(_said(one[part], "+") for part in parts)] for one in result["comparisons"]),
        ),
        "",
        *_agreement_lines(result["agreement"]),
        "### Object classes",
        "",
        "Boxes: visible ones of every second frame, the share with a shorter side of at least 16 pixels, the median of "
        "that side, and the mean visibility.",
        "Seen: share of the videos in which the class is clearly visible at some moment, with an action on it and "
        "without. Distance: to the real sample.",
        f"Seen in less than half of the videos without an action on them: {_listed(shy_objects(result))}.",
        "",
        *_object_rows(result),
    ]


def _agreement_lines(agreed: Report | None) -> list[str]:
    if agreed is None:
        return []
    home, real = agreed["home"], agreed["real"]
    names = {
        "objects a frame": "objects_a_frame",
        "relationships an object": "relations_an_object",
        "attention, spatial, contact": ("attention_an_object", "spatial_an_object", "contact_an_object"),
    }
    counts = [
        [
            name,
            *(
                " / ".join(f"{one[key]:.2f}" for key in ([keys] if isinstance(keys, str) else keys))
                for one in (home, real)
            ),
        ]
        for name, keys in names.items()
    ]
    return [
        "### Agreement with real graphs",
        "",
        f"Distance of P(relationship | object), {agreed['distance']}, mean of the three groups and of "
        f"{agreed['classes_compared']} classes: **{_known(agreed['mean'])}**; between two parts of the real sample: "
        f"{_known(agreed.get('real_against_itself'))}.",
        f"Farthest: {_listed(agreed['worst'])}.",
        "",
        *_rows(
            ["", f"home ({home['frames']:,} frames)", f"real ({real['frames']:,} frames)"],
            ["objects", f"{home['objects']:,}", f"{real['objects']:,}"],
            *counts,
            ["one spatial and one contact", f"{home['one_each']:.1%}", f"{real['one_each']:.1%}"],
        ),
        "",
    ]


def _object_rows(result: Report) -> list[str]:
    presence = {row["object"]: row for row in result["presence"]}
    distances = {row["object"]: row["distance"] for row in (result["agreement"] or {}).get("classes", ())}
    lines = []
    for row in sorted(result["boxes"], key=lambda row: row["large"]):
        seen = presence.get(row["object"], {})
        lines.append(
            [
                row["object"],
                f"{row['boxes']:,}",
                f"{row['large']:.0%}",
                f"{row['median_px']:.0f}",
                f"{row['visibility']:.2f}",
                *(_share(seen.get(key)) for key in ("seen_with", "seen_without")),
                _known(distances.get(row["object"])),
            ]
        )
    head = ["object", "boxes", "16 px", "median px", "visibility", "seen with", "seen without", "distance"]
    return _rows(head, *lines)


def _rows(head: Sequence[str], *rows: Sequence[str]) -> list[str]:
    """A Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _said(found: Report, sign: str = "") -> str:
    return f"{found['mean']:{sign}.1f} ({found['low']:{sign}.1f} to {found['high']:{sign}.1f})"


def _known(distance: float | None) -> str:
    return "–" if distance is None else f"{distance:.2f}"


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _listed(things: Sequence[Any]) -> str:
    return ", ".join(str(thing) for thing in things) or "none"
