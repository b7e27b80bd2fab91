"""Whom a video is about: persons found frame by frame, joined into people who are followed through the video.

Ours. A person in one frame may be one in a later frame where the boxes overlap or lie near for the time between, or
after a longer absence where the two look alike (colours inside the box). Of all ways through the video the one with the
highest sum of scores and likeness is the person who is there most; without those frames' boxes, the next one, and so
on. Knows boxes, scores and colours; no network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ag_core.boxes import compute_iou

MIN_PERSON_SCORE = 0.3
"""A second person in a frame counts from this score on; the best one always does."""
MAX_PEOPLE = 4
"""Looked at in one frame."""

OVERLAP = 0.1
NEAR = 0.5
"""In box heights: how far a person's middle may be from where it was, to be the same one at once."""
SPEED = 1.0
"""In box heights a second: how much further for every second between."""
SHORT_S = 1.5
"""Until then a person must be near; later one who looks alike may come in anywhere."""
ALIKE = 0.75
"""Shares of colours in common, to be the same person after a longer absence."""
HARDLY_ALIKE = 0.4
"""Likewise, of a person who is near and whose boxes do not overlap."""
LOOK_BACK = 12
"""So many frames before are asked for the same person."""

_COLOUR_LEVELS = 4
_GRID = 24
"""Rows and columns of pixels that are looked at in a box."""


@dataclass(frozen=True)
class PersonSeen:
    """A person in one frame: box [4] in pixels, score, and shares [64] of colours inside the box."""

    box_xyxy: NDArray[np.float32]
    score: float
    colours: NDArray[np.float32]


def describe_colours(image: NDArray[np.uint8], box_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
    """[64] the shares of colours in the middle three fifths of a box of an image [H,W,3]; 0 where nothing is inside."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box_xyxy.tolist()
    inset = (x2 - x1) / 5
    columns = np.linspace(x1 + inset, x2 - inset, _GRID)
    rows = np.linspace(y1, y2, _GRID)
    columns, rows = columns[(columns >= 0) & (columns < width)], rows[(rows >= 0) & (rows < height)]
    pixels = image[rows.astype(int)[:, None], columns.astype(int)] // (256 // _COLOUR_LEVELS)
    codes = pixels.reshape(-1, 3) @ np.array([_COLOUR_LEVELS**2, _COLOUR_LEVELS, 1])
    counts = np.bincount(codes.astype(int), minlength=_COLOUR_LEVELS**3)
    shares: NDArray[np.float32] = (counts / max(1, counts.sum())).astype(np.float32)
    return shares


def follow_people(seen: Sequence[Sequence[PersonSeen]], times_s: Sequence[float]) -> list[list[int | None]]:
    """The people of a video, who is there most first: for each the place in every frame's list, None where not seen.

    `seen` are the persons of each frame, by time. Every person of every frame belongs to one of the people.
    """
    left = [list(range(len(persons))) for persons in seen]
    people = []

    @cache  # every one of the people is looked for among the same persons
    def find_likeness(earlier: int, other: int, frame: int, place: int) -> float | None:
        return compute_likeness(seen[earlier][other], seen[frame][place], times_s[frame] - times_s[earlier])

    while any(left):
        path = _find_best_path(seen, left, find_likeness)
        for frame, place in path.items():
            left[frame].remove(place)
        people.append([path.get(frame) for frame in range(len(seen))])
    return people


def _find_best_path(
    seen: Sequence[Sequence[PersonSeen]],
    left: Sequence[Sequence[int]],
    find_likeness: Callable[[int, int, int, int], float | None],
) -> dict[int, int]:
    """The frames and places of the way with the highest sum of scores and likeness, through those that are left."""
    best: dict[tuple[int, int], float] = {}
    came_from: dict[tuple[int, int], tuple[int, int] | None] = {}
    filled = [frame for frame, places in enumerate(left) if places]
    for position, frame in enumerate(filled):
        for place in left[frame]:
            sums: dict[tuple[int, int] | None, float] = {None: 0.0}
            for earlier in filled[max(0, position - LOOK_BACK) : position]:
                for other in left[earlier]:
                    likeness = find_likeness(earlier, other, frame, place)
                    if likeness is not None:
                        sums[earlier, other] = best[earlier, other] + likeness
            came_from[frame, place] = max(sums, key=sums.__getitem__)
            best[frame, place] = seen[frame][place].score + sums[came_from[frame, place]]
    node: tuple[int, int] | None = max(best, key=best.__getitem__)
    path = {}
    while node is not None:
        path[node[0]] = node[1]
        node = came_from[node]
    return path


def compute_likeness(before: PersonSeen, after: PersonSeen, gap_s: float) -> float | None:
    """How alike a person of one frame is to one of a later frame, 0 to 1; None where they cannot be the same."""
    overlap = float(compute_iou(before.box_xyxy[None], after.box_xyxy[None])[0, 0])
    alike = float(np.minimum(before.colours, after.colours).sum())
    height = max(float(before.box_xyxy[3] - before.box_xyxy[1]), 1.0)
    middles = [(box[:2] + box[2:]) / 2 for box in (before.box_xyxy, after.box_xyxy)]
    distance = float(np.linalg.norm(middles[1] - middles[0])) / height
    near = distance <= NEAR + SPEED * gap_s
    if gap_s > SHORT_S:
        same = alike >= ALIKE
    else:
        same = overlap >= OVERLAP or (near and alike >= HARDLY_ALIKE)
    if not same:
        return None
    return (overlap + alike) / 2
