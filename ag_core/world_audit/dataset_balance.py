"""How a labelled set is balanced: how often each action occurs, what the mere presence of an object tells, box sizes.

Knows arrays only. Each function returns one plain row per class, ready for a report.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.taxonomy import ACTIONS, OBJECT_CLASSES, OBJECTS

MIN_SEEN_WITHOUT_ACTION = 0.5
"""An object class should be there in at least this share of the videos in which nothing is done to it."""

MIN_LARGE_PX = 16
"""Boxes with a shorter side below this are too small to be asked for in SGDet."""


def count_actions(labels: Mapping[str, NDArray[np.bool_]], intervals: NDArray[np.int64]) -> list[dict[str, Any]]:
    """One row per action that occurs: its intervals, and its videos in each part of the set.

    labels [V,157] of the videos of each part, by the part's name; intervals [157] over all videos.
    """
    videos = {part: of_part.sum(axis=0) for part, of_part in labels.items()}
    present = np.flatnonzero(intervals)
    return [
        {"action": ACTIONS[a].id, "intervals": int(intervals[a])} | {part: int(n[a]) for part, n in videos.items()}
        for a in present
    ]


def measure_presence(present: NDArray[np.bool_], labels: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """One row per object class: how much seeing it tells about whether something is done to it.

    present [V,36] whether each class is seen in each video; labels [V,157]. `with_action` and `without_action` count
    videos; seen_with and seen_without are the shares of these in which the class is seen (None without videos), gap is
    their difference; bits is the mutual information of the two; bystander says whether the class is seen often
    enough where nothing is done to it (None where there is no such video).
    """
    rows = []
    for index, name in enumerate(OBJECTS, start=1):
        uses = labels[:, [action.object_class == index for action in ACTIONS]].sum(axis=1) > 0
        seen = present[:, index]
        seen_with, seen_without = _share(seen[uses]), _share(seen[~uses])
        rows.append(
            {
                "object": name,
                "with_action": int(uses.sum()),
                "without_action": int((~uses).sum()),
                "seen_with": seen_with,
                "seen_without": seen_without,
                "gap": None if seen_with is None or seen_without is None else seen_with - seen_without,
                "bits": compute_mutual_information(uses, seen),
                "bystander": None if seen_without is None else seen_without >= MIN_SEEN_WITHOUT_ACTION,
            }
        )
    return rows


def list_seldom_seen_objects(report: Mapping[str, Any]) -> list[str]:
    """Object classes that are seen in too few of the videos in which nothing is done to them, of those acted on."""
    return [row["object"] for row in report["presence"] if row["bystander"] is False and row["with_action"]]


def compute_mutual_information(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Mutual information of two yes-or-no variables [n] in bits; 0 for no examples."""
    if not len(first):
        return 0.0
    joint = np.array([[np.mean((first == a) & (second == b)) for b in (False, True)] for a in (False, True)])
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    some = joint > 0
    return max(0.0, float((joint[some] * np.log2(joint[some] / apart[some])).sum()))


def measure_box_sizes(
    classes: NDArray[np.int64], short_sides: NDArray[np.float32], visibility: NDArray[np.float32]
) -> list[dict[str, Any]]:
    """One row per class that has boxes: their number, share at least 16 px, median short side, mean visibility.

    classes [N] of boxes, the person included; short_sides [N] in pixels; visibility [N], 0 to 1.
    """
    rows = []
    for index in np.unique(classes):
        sides, seen = short_sides[classes == index], visibility[classes == index]
        rows.append(
            {
                "object": OBJECT_CLASSES[index],
                "boxes": len(sides),
                "large": float((sides >= MIN_LARGE_PX).mean()),
                "median_px": float(np.median(sides)),
                "visibility": float(seen.mean()),
            }
        )
    return rows


def _share(values: NDArray[np.bool_]) -> float | None:
    return float(values.mean()) if len(values) else None
