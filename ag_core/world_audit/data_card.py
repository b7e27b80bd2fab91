"""The data card's numbers as Markdown, from the plain object of an audit's report."""

from collections.abc import Sequence
from typing import Any

from ag_core.world_audit.dataset_balance import list_seldom_seen_objects
from ag_core.world_audit.report_metrics import Report, read_distance_metrics, read_owner, tabulate_inputs


def format_card(report: Report) -> list[str]:
    """The lines of the data card's numbers: what was measured, audits, differences, agreement, every object class."""
    owner = read_owner(report).capitalize()
    world, n, classes = report["world"], report["n"], report["classes"]
    tiers = ", ".join(f"{tier} {count['present']} of {count['of']}" for tier, count in classes["tiers"].items())
    return [
        f"Profile {world['profile']}, generator version {world['generator_version']}, set seed {world['seed']}: "
        f"{n['train']} train and {n['val']} val videos, {n['intervals']:,} action intervals, {n['dropped']:,} labels",
        f"left out because no frame shows their evidence. **{classes['present']} of {classes['of']} classes "
        f"present**, {classes['val']} of them in val; by tier: {tiers}.",
        f"`python -m ag_core {report['command']}`, {report['date'][:10]}.",
        "",
        "### What each input gives away",
        "",
        *(line for table in tabulate_inputs(report) for line in (*table.to_markdown().splitlines(), "")),
        *_list_agreement(report),
        "### Object classes",
        "",
        f"{owner}: counts over the {n['train'] + n['val']} videos of {world['data']}.",
        "Boxes: visible ones of every second frame, the share with a shorter side of at least 16 pixels, the median of "
        "that side, and the mean visibility.",
        "Seen: share of the videos in which the class is clearly visible in some frame, with an action on it and "
        "without. Distance: to the real sample.",
        f"Seen in less than half of the videos without an action on them: {_join(list_seldom_seen_objects(report))}.",
        "",
        *_list_objects(report),
    ]


def _list_agreement(report: Report) -> list[str]:
    agreement = report["agreement"]
    if agreement is None:
        return []
    home, real = agreement["home"], agreement["real"]
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
        *(metric.format_sentence() for metric in read_distance_metrics(report).values()),
        f"Farthest: {_join(agreement['worst'])}.",
        "",
        *_format_table(
            ["", f"{read_owner(report)} ({home['frames']:,} frames)", f"real sample ({real['frames']:,} frames)"],
            ["objects", f"{home['objects']:,}", f"{real['objects']:,}"],
            *counts,
            ["one spatial and one contact", f"{home['one_each']:.1%}", f"{real['one_each']:.1%}"],
        ),
        "",
    ]


def _list_objects(report: Report) -> list[str]:
    presence = {row["object"]: row for row in report["presence"]}
    distances = {row["object"]: row["distance"] for row in (report["agreement"] or {}).get("classes", ())}
    lines = []
    for row in sorted(report["boxes"], key=lambda row: row["large"]):
        seen = presence.get(row["object"], {})
        distance = distances.get(row["object"])
        lines.append(
            [
                row["object"],
                f"{row['boxes']:,}",
                f"{row['large']:.0%}",
                f"{row['median_px']:.0f}",
                f"{row['visibility']:.2f}",
                *(_format_share(seen.get(key)) for key in ("seen_with", "seen_without")),
                "–" if distance is None else f"{distance:.2f}",
            ]
        )
    head = ["object", "boxes", "16 px", "median px", "visibility", "seen with", "seen without", "distance"]
    return _format_table(head, *lines)


def _format_table(head: Sequence[str], *rows: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _format_share(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _join(names: Sequence[Any]) -> str:
    return ", ".join(str(name) for name in names) or "none"
