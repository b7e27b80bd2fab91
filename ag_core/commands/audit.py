"""`audit`: what a home world gives away, how it is balanced, and how like the real annotation it is.

The result is one JSON object, also the source of the data card (docs/home_world.md, Statistics page):

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

Parts are val, and iid and comp where the set has them. Shares are 0 to 1; low and high are bounds of 95 %.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ag_core.errors import UserError

if TYPE_CHECKING:
    from ag_core.evaluation.bootstrap import DrawnPrecision, Interval
    from ag_core.training.audits import AuditResult
    from ag_core.training.datasets import HomeWorld, WorldVideo

PROTOCOL = (
    "Charades video mAP in percent (not interpolated, stable ties), mean over the classes with a positive video in the "
    "part; trained on train, tested on val; clips of 16 moments in 2.5 s, ten a video, maximum; the same network, "
    "steps and seeds for every input; mean over the seeds; 95 % bounds from a paired bootstrap over the videos"
)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its options."""
    parser = subparsers.add_parser("audit", help="what a home world gives away, and how like the real data it is")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="home world with train and val videos")
    parser.add_argument(
        "--real", type=Path, metavar="DIR", help="real scene graphs: ag_frames_train.jsonl and ag_frames_val.jsonl"
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="append a short row to this file, one JSON a line")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the whole result as JSON")
    parser.add_argument(
        "--seeds", type=int, default=3, metavar="N", help="trainings of each audit (default %(default)s)"
    )
    parser.add_argument("--steps", type=int, metavar="N", help="steps of each training (default: the fixed recipe's)")
    parser.add_argument("--threads", type=int, default=1, help="processor threads (default %(default)s)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Audit, print the tables, write the result and the log row."""
    import torch

    if options.seeds < 1:
        raise UserError(f"--seeds {options.seeds} trains nothing; give 1 or more")
    torch.set_num_threads(options.threads)
    result = audit(options)
    print("\n".join(tables(result)))
    if options.out is not None:
        from ag_core.world.files import write_whole

        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(options.out, json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    if options.log is not None:
        from ag_core.commands.evaluate import append_row

        append_row(options.log, log_row(result))


def audit(options: argparse.Namespace) -> dict[str, Any]:
    """The whole result, as the head of this module says."""
    import numpy as np

    from ag_core.evaluation.balance import box_sizes, label_frequency, presence_independence
    from ag_core.evaluation.bootstrap import RESAMPLES
    from ag_core.presets import DEMO_VIDEO
    from ag_core.training.audits import AUDITS, STEPS, run_audit, seen_boxes, seen_classes
    from ag_core.training.datasets import HomeWorld, clip_pictures

    world = HomeWorld.open(options.data)
    train, val = world.of_split("train"), world.of_split("val")
    parts = {"train": train, "val": val} | _parts_of(val)
    truths = [video.truth for video in world.videos]
    every = np.array([video.labels for video in world.videos])
    intervals = np.bincount([a for truth in truths for a, _, _ in truth.actions], minlength=every.shape[1])
    pictures = clip_pictures(world, DEMO_VIDEO.size_wh)
    seeds, steps = range(options.seeds), options.steps or STEPS
    started, results = time.monotonic(), []
    for number, one in enumerate(AUDITS, start=1):
        results.append(run_audit(one, train, val, pictures, seeds, steps))
        print(f"{number} of {len(AUDITS)} audits, {(time.monotonic() - started) / 60:.1f} min: {one.name}", flush=True)
    frequency = label_frequency({p: np.array([v.labels for v in videos]) for p, videos in parts.items()}, intervals)
    return {
        "what": "home world audit",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": f"audit --data {options.data.name}" + (f" --real {options.real.name}" if options.real else ""),
        "protocol": PROTOCOL,
        "seeds": list(seeds),
        "steps": steps,
        "resamples": RESAMPLES,
        "world": _description(world),
        "n": {name: len(videos) for name, videos in parts.items()}
        | {"intervals": int(intervals.sum()), "dropped": sum(truth.dropped for truth in truths)},
        "classes": _classes(intervals, val),
        **_scores(results, {name: videos for name, videos in parts.items() if name != "train"}, val),
        "labels": [_named(row) for row in frequency],
        "presence": presence_independence(np.array([seen_classes(video) for video in world.videos]), every),
        "boxes": box_sizes(*seen_boxes(truths)),
        "agreement": _agreement(world, options.real) if options.real else None,
    }


def _parts_of(val: "Sequence[WorldVideo]") -> "dict[str, list[WorldVideo]]":
    """The parts of val that have videos; none where it is all of one part, which is then val itself."""
    parts = {part: [video for video in val if video.truth.part == part] for part in ("iid", "comp")}
    return parts if all(parts.values()) else {}


def _description(world: "HomeWorld") -> dict[str, Any]:
    """What the set says of itself."""
    path = world.folder / "world.json"
    said = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {"data": world.folder.name} | {key: said.get(key) for key in ("profile", "generator_version", "seed")}


def _classes(intervals: Any, val: "Sequence[WorldVideo]") -> dict[str, Any]:
    """How many of the 157 actions occur, by tier of honesty."""
    import numpy as np

    from ag_core.taxonomy import ACTIONS
    from ag_core.world.repertoire import entries

    tiers: dict[str, dict[str, int]] = {}
    for entry in entries():
        tier = tiers.setdefault(entry.tier, {"of": 0, "present": 0})
        tier["of"] += 1
        tier["present"] += int(intervals[entry.action] > 0)
    return {
        "of": len(ACTIONS),
        "present": int((intervals > 0).sum()),
        "val": int(np.any([video.labels for video in val], axis=0).sum()),
        "absent": [action.id for action, count in zip(ACTIONS, intervals) if not count],
        "tiers": dict(sorted(tiers.items())),
    }


def _named(row: dict[str, Any]) -> dict[str, Any]:
    """A row of label frequency with what the action is called and how it is shown."""
    from ag_core.taxonomy import ACTIONS, action_index
    from ag_core.world.repertoire import entries

    index = action_index(row["action"])
    entry = entries()[index]
    about = {"label": ACTIONS[index].label, "template": entry.template, "tier": entry.tier}
    return {"action": row["action"], **about, **row}


def _scores(
    results: "Sequence[AuditResult]", parts: "dict[str, list[WorldVideo]]", val: "Sequence[WorldVideo]"
) -> dict[str, Any]:
    """mAP of every audit and the differences of pairs, on all of val and on its parts."""
    import numpy as np

    from ag_core.evaluation.average_precision import action_precision
    from ag_core.evaluation.bootstrap import drawn_precision
    from ag_core.training.audits import COMPARISONS

    scores = np.stack([result.scores for result in results])  # [audits,S,V,157]
    keys = [result.audit.key for result in results]
    names = {result.audit.key: result.audit.name for result in results}
    number = {video.video_id: index for index, video in enumerate(val)}
    chance: dict[str, float] = {}
    drawn: dict[str, DrawnPrecision] = {}
    for part, videos in parts.items():
        labels = np.array([video.labels for video in videos])
        rows = [number[video.video_id] for video in videos]
        chance[part] = _percent(action_precision(scores[0, 0][rows], labels).chance)
        drawn[part] = drawn_precision(scores[:, :, rows], labels)
    audits = [
        {"key": result.audit.key, "name": result.audit.name, "input": list(result.audit.sees)}
        | {"seconds": round(result.seconds, 1)}
        | {
            part: _interval(found.of(index)) | {"seeds": [_percent(one) for one in found.seeds[index]]}
            for part, found in drawn.items()
        }
        for index, result in enumerate(results)
    ]
    comparisons = [
        {"name": f"{names[first]} − {names[second]}", "first": first, "second": second}
        | {part: _interval(found.difference(keys.index(first), keys.index(second))) for part, found in drawn.items()}
        for first, second in COMPARISONS
    ]
    return {"chance": chance, "audits": audits, "comparisons": comparisons}


def _agreement(world: "HomeWorld", folder: Path) -> dict[str, Any]:
    """The sparse view of all videos beside the real sample; nothing of a single real record is kept."""
    from ag_core.commands.evaluate import real_graphs
    from ag_core.evaluation.agreement import GraphSample, agreement
    from ag_core.training.audits import graph_sample

    files = [folder / f"ag_frames_{split}.jsonl" for split in ("train", "val")]
    real = [[graph for graphs in real_graphs(path)[0].values() for graph in graphs] for path in files]
    samples = [GraphSample.of(graphs) for graphs in real]
    return agreement(graph_sample(v.truth for v in world.videos), GraphSample.of([*real[0], *real[1]]), samples)


# What is printed and logged


def tables(result: dict[str, Any]) -> list[str]:
    """The result as Markdown: the audits, the comparisons, and one line on everything else."""
    parts = [part for part in ("val", "iid", "comp") if part in result["chance"]]
    n, classes, agreed = result["n"], result["classes"], result["agreement"]
    lines = [
        f"{n['train']} train and {n['val']} val videos, {n['intervals']:,} intervals; "
        f"{classes['present']} of {classes['of']} classes present, {classes['val']} in val",
        "",
        f"| input | {' | '.join(f'{part} ({n[part]} videos)' for part in parts)} |",
        f"| --- |{' --- |' * len(parts)}",
        f"| chance | {' | '.join(format(result['chance'][part], '.1f') for part in parts)} |",
        *(f"| {one['name']} | {' | '.join(_bounds(one[part]) for part in parts)} |" for one in result["audits"]),
        "",
        f"| difference in points | {' | '.join(parts)} |",
        f"| --- |{' --- |' * len(parts)}",
        *(
            f"| {one['name']} | {' | '.join(_bounds(one[part], '+') for part in parts)} |"
            for one in result["comparisons"]
        ),
        "",
        f"Seen in less than half of the videos without their action: {', '.join(shy_objects(result)) or 'none'}",
        f"Boxes of at least 16 px, least first: {_least_boxes(result)}",
    ]
    if agreed:
        home, real = agreed["home"], agreed["real"]
        lines += [
            f"Home and real: {home['objects_a_frame']:.2f} and {real['objects_a_frame']:.2f} objects a frame, "
            f"{home['relations_an_object']:.2f} and {real['relations_an_object']:.2f} relations an object, "
            f"{home['one_each']:.1%} and {real['one_each']:.1%} with one spatial and one contact relation",
            f"Distance of P(relation | object), mean of {agreed['classes_compared']} classes: {_known(agreed['mean'])} "
            f"(between two parts of the real sample: {_known(agreed.get('real_against_itself'))}); worst: "
            + ", ".join(agreed["worst"]),
        ]
    return lines


def shy_objects(result: dict[str, Any]) -> list[str]:
    """Object classes that are seen in too few of the videos in which nothing is done to them."""
    return [row["object"] for row in result["presence"] if row["bystander"] is False]


def log_row(result: dict[str, Any]) -> dict[str, Any]:
    """The result without its per-class tables."""
    agreed = result["agreement"] or {}
    metrics = {key: result[key] for key in ("classes", "chance", "audits", "comparisons")}
    metrics["shy objects"] = shy_objects(result)
    metrics["boxes of 16 px"] = {row["object"]: round(row["large"], 3) for row in result["boxes"]}
    metrics["agreement"] = {
        key: agreed.get(key)
        for key in ("distance", "mean", "real_against_itself", "classes_compared", "worst", "home", "real")
    }
    head = {"what": result["what"], "data": result["world"]["data"]}
    return head | {key: result[key] for key in ("protocol", "n", "seeds", "command", "date")} | {"metrics": metrics}


def _least_boxes(result: dict[str, Any], most: int = 8) -> str:
    rows = sorted(result["boxes"], key=lambda row: row["large"])[:most]
    return ", ".join(f"{row['object']} {row['large']:.0%} of {row['boxes']:,}" for row in rows)


def _known(distance: float | None) -> str:
    return "not known" if distance is None else f"{distance:.3f}"


def _bounds(found: dict[str, Any], sign: str = "") -> str:
    return f"{found['mean']:{sign}.1f} ({found['low']:{sign}.1f} to {found['high']:{sign}.1f})"


def _interval(found: "Interval") -> dict[str, float]:
    value = asdict(found)
    return {"mean": _percent(value["value"]), "low": _percent(value["low"]), "high": _percent(value["high"])}


def _percent(value: Any) -> float:
    return round(100 * float(value), 2)
