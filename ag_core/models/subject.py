"""Whom a video is about: persons found frame by frame, joined into people who are followed through the video.

Ours. A person in one frame may be one in a later frame where the boxes lie near for the time between and overlap or
look alike (colours inside the box), or after a longer absence where the two look alike. Between two frames everybody is
matched to one at most, the most alike first, and small steps must not lead to another look. Boxes that hardly score are
somebody only where they overlap with where that one was, so that what the detector takes for a person in an empty room
joins nobody to who comes next. Of all ways through the video the one with the highest sum of scores and
likeness is the person who is there most; without those frames' boxes, the next one, and so on. Knows boxes, scores and
colours; no network.
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

NEAR = 0.5
"""In box heights: how far a person's middle may be from where it was, to be the same one at once."""
SPEED = 1.0
"""In box heights a second: how much further for every second between."""
SHORT_S = 1.5
"""Until then a person must be near; later one who looks alike may come in anywhere."""
ALIKE = 0.75
"""Shares of colours in common, to be the same person: within a short time with the box before, the boxes' overlap
added; after a longer absence with the box before and with the look until then."""
HARDLY_ALIKE = 0.5
"""Within a short time, shares in common with the look until then: small steps must not lead to somebody else."""
UNMOVED = 0.5
"""Overlap of a box with one in which a person is hardly seen (below `MIN_PERSON_SCORE`), to be the same one."""
LOOK_BACK = 12
"""So many frames before are asked for the same person, and so many make a person's look: their colours' mean."""

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
    def match(earlier: int, frame: int) -> dict[tuple[int, int], float]:
        return match_persons(seen[earlier], seen[frame], times_s[frame] - times_s[earlier])

    while any(left):
        path = _find_best_way(seen, times_s, left, match)
        for frame, place in path.items():
            left[frame].remove(place)
        people.append([path.get(frame) for frame in range(len(seen))])
    return people


@dataclass(frozen=True)
class _Way:
    """The best way through the video up to a person in a frame.

    total  sum of the scores and of the likeness from each to the next
    look   [64] mean of the colours, of the last LOOK_BACK
    """

    frame: int
    place: int
    total: float
    n_seen: int
    look: NDArray[np.float32]
    before: "_Way | None" = None

    def extend(self, frame: int, place: int, person: PersonSeen, likeness: float) -> "_Way":
        """This way and one frame more."""
        n_seen = self.n_seen + 1
        look = self.look + (person.colours - self.look) / np.float32(min(n_seen, LOOK_BACK))
        return _Way(frame, place, self.total + likeness + person.score, n_seen, look, self)


def _find_best_way(
    seen: Sequence[Sequence[PersonSeen]],
    times_s: Sequence[float],
    left: Sequence[Sequence[int]],
    match: Callable[[int, int], dict[tuple[int, int], float]],
) -> dict[int, int]:
    """The frames and places of the way with the highest sum, through those that are left."""
    ways: dict[tuple[int, int], _Way] = {}
    filled = [frame for frame, places in enumerate(left) if places]
    for position, frame in enumerate(filled):
        before: dict[int, list[tuple[_Way, float]]] = {place: [] for place in left[frame]}
        for earlier in filled[max(0, position - LOOK_BACK) : position]:
            for (other, place), likeness in match(earlier, frame).items():
                if place in before and (earlier, other) in ways:
                    before[place].append((ways[earlier, other], likeness))
        for place, candidates in before.items():
            person = seen[frame][place]
            ways[frame, place] = _Way(frame, place, person.score, 1, person.colours)
            for way, likeness in sorted(candidates, key=lambda one: one[0].total + one[1], reverse=True):
                if keeps_look(way.look, person, times_s[frame] - times_s[way.frame]):
                    ways[frame, place] = way.extend(frame, place, person, likeness)
                    break
    last: _Way | None = max(ways.values(), key=lambda way: way.total)
    path = {}
    while last is not None:
        path[last.frame] = last.place
        last = last.before
    return path


def match_persons(
    before: Sequence[PersonSeen], after: Sequence[PersonSeen], gap_s: float
) -> dict[tuple[int, int], float]:
    """Who of one frame may be whom of a later one, by places, with their likeness: one to one, the most alike first."""
    likeness = {
        (other, place): alike
        for other, earlier in enumerate(before)
        for place, later in enumerate(after)
        if (alike := compute_likeness(earlier, later, gap_s)) is not None
    }
    matched: dict[tuple[int, int], float] = {}
    for other, place in sorted(likeness, key=likeness.__getitem__, reverse=True):
        if all(other != taken and place != given for taken, given in matched):
            matched[other, place] = likeness[other, place]
    return matched


def compute_likeness(before: PersonSeen, after: PersonSeen, gap_s: float) -> float | None:
    """How alike a person of one frame is to one of a later frame, 0 to 1; None where they cannot be the same."""
    overlap = float(compute_iou(before.box_xyxy[None], after.box_xyxy[None])[0, 0])
    alike = float(np.minimum(before.colours, after.colours).sum())
    height = max(float(before.box_xyxy[3] - before.box_xyxy[1]), 1.0)
    middles = [(box[:2] + box[2:]) / 2 for box in (before.box_xyxy, after.box_xyxy)]
    near = float(np.linalg.norm(middles[1] - middles[0])) / height <= NEAR + SPEED * gap_s
    if gap_s > SHORT_S:
        same = alike >= ALIKE
    else:
        same = near and overlap + alike >= ALIKE
    clear = min(before.score, after.score) >= MIN_PERSON_SCORE
    if not same or not (clear or overlap >= UNMOVED):
        return None
    return (overlap + alike) / 2


def keeps_look(look: NDArray[np.float32], after: PersonSeen, gap_s: float) -> bool:
    """Whether a person looks as one who was followed until then does."""
    alike = float(np.minimum(look, after.colours).sum())
    return alike >= (ALIKE if gap_s > SHORT_S else HARDLY_ALIKE)
