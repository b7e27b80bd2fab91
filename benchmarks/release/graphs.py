"""Draws what is annotated in each frame: objects, whether they are visible, relationships and boxes.

Each action interval takes the objects of a real graph in which its action is active, and those of the next interval
fill up. An object keeps its relationships from frame to frame until they change to others seen with its class. Then so
many are added or taken away that the total is right; what is added follows what is seen with the class.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.taxonomy import GROUP_SLICES, N_CLASSES, N_RELATIONS, RELATIONS, Group
from benchmarks.release.counts import Counts
from benchmarks.release.likeness import OTHER_BIT, Likeness, Ragged
from benchmarks.release.videos import Frames, Status, Videos

MAX_ENTRIES = 9
MAX_OF_GROUP = {Group.SPATIAL: 5, Group.CONTACT: 4}
"""Methods A3: no frame has more entries, no entry more relationships of the group."""
CHANGE = 0.3
"""How often an object's relationships are others than in the frame before."""
SIZES_WH = ((480, 270), (270, 480), (640, 480))
OVER_THE_EDGE = 0.01
"""Share of boxes that pass the border of the picture."""
_NOT_CONTACTING = 1 << RELATIONS.index("not_contacting")


@dataclass(frozen=True)
class Graphs:
    """E object entries by frame, and what belongs to each of the F frames.

    frame, classes, visible, masks [E]: row of the frame, object class, visible, relationships as in Likeness.masks
    boxes_xywh [E,4]; sizes_wh [F,2]; person [F] whether one was found; persons_xyxy [F,4], scores [F]
    """

    frame: NDArray[np.int64]
    classes: NDArray[np.int64]
    visible: NDArray[np.bool_]
    masks: NDArray[np.int64]
    boxes_xywh: NDArray[np.float64]
    sizes_wh: NDArray[np.int64]
    person: NDArray[np.bool_]
    persons_xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]


def draw_graphs(videos: Videos, frames: Frames, counts: Counts, like: Likeness, rng: np.random.Generator) -> Graphs:
    """The entries of all frames, with exactly the counts of entries, boxes and relationships."""
    frame, classes, masks = _entries(videos, frames, counts.entries, like, rng)
    visible = _visible(frames, frame, classes, counts, rng)
    masks = _changed(frames, frame, classes, masks, like, rng)
    status = frames.status[frame]
    per_box = counts.relations / counts.boxes
    for of_status, total in (
        (status == Status.KEPT, counts.relations),
        (status == Status.NO_PERSON, round(per_box * (visible & (status == Status.NO_PERSON)).sum())),
    ):
        rows = np.flatnonzero(visible & of_status)
        masks[rows] = with_total(classes[rows], masks[rows], total, like, rng)
    sizes = np.array(SIZES_WH)[rng.choice(3, len(videos.ids), p=(0.7, 0.2, 0.1))][frames.video]
    person = np.where(
        frames.status == Status.NOTHING_VISIBLE, rng.random(len(frames.video)) < 0.9, frames.status == Status.KEPT
    )
    persons, scores = _persons(frames, sizes, rng)
    boxes = _boxes(frames.video[frame], classes, sizes[frame], rng)
    return Graphs(frame, classes, visible, masks, boxes, sizes, person, persons, scores)


def _entries(
    videos: Videos, frames: Frames, total: int, like: Likeness, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """frame, class and mask of exactly `total` entries, at least one a frame and no class twice in a frame."""
    graph = like.of_action.draw(videos.action, rng)
    following = np.roll(graph, -1)
    other = like.of_action.draw(rng.permutation(videos.action), rng)
    found = [_spread(source[frames.interval], like.objects) for source in (graph, following, other)]
    frame = np.concatenate([rows for rows, _ in found])
    place = np.concatenate([places for _, places in found])
    source = np.repeat(np.arange(3), [len(rows) for rows, _ in found])
    _, first = np.unique(frame * N_CLASSES + like.classes[place], return_index=True)  # the first source wins
    frame, place, source = frame[first], place[first], source[first]
    priority = source + rng.random(len(frame))
    order = np.lexsort((priority, frame))
    frame, place, priority = frame[order], place[order], priority[order]
    rank = np.arange(len(frame)) - np.searchsorted(frame, frame)
    priority[rank == 0] = -1
    usable = np.flatnonzero(rank < MAX_ENTRIES)
    if len(usable) < total:
        raise ValueError(f"the frames' graphs have {len(usable)} objects, too few for {total} entries")
    chosen = np.sort(usable[np.argsort(priority[usable], kind="stable")[:total]])
    return frame[chosen], like.classes[place[chosen]], like.masks[place[chosen]]


def _spread(lists: NDArray[np.int64], ragged: Ragged) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(row, value) of every value of the wanted lists, one after the other."""
    lengths = ragged.lengths[lists]
    rows = np.repeat(np.arange(len(lists)), lengths)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return rows, ragged.values[ragged.starts[lists][rows] + within]


def _visible(
    frames: Frames,
    frame: NDArray[np.int64],
    classes: NDArray[np.int64],
    counts: Counts,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Which entries are visible: the wanted number in kept frames, at least one in each frame that has any."""
    track = frames.video[frame] * N_CLASSES + classes
    steady = rng.random((frames.video.max() + 1) * N_CLASSES)[track]  # what is seen once is mostly seen again
    priority = 0.6 * steady + 0.4 * rng.random(len(frame))
    order = np.lexsort((priority, frame))
    priority[order[np.diff(frame[order], prepend=-1) > 0]] = -1
    visible, status = np.zeros(len(frame), bool), frames.status[frame]
    n_kept, n_without = (int((frames.status == s).sum()) for s in (Status.KEPT, Status.NO_PERSON))
    for wanted, total in ((Status.KEPT, counts.boxes), (Status.NO_PERSON, round(counts.boxes / n_kept * n_without))):
        rows = np.flatnonzero(status == wanted)
        visible[rows[np.argsort(priority[rows], kind="stable")[:total]]] = True
    return visible


def _changed(
    frames: Frames,
    frame: NDArray[np.int64],
    classes: NDArray[np.int64],
    masks: NDArray[np.int64],
    like: Likeness,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Masks that change now and then along a video and stay in between."""
    order = np.lexsort((frames.number[frame], classes, frames.video[frame]))
    interval = frames.interval[frame[order]]
    changes = rng.random(len(order)) < CHANGE
    drawn = np.where(changes, like.of_class.draw(classes[order], rng), masks[order])
    begins = (np.diff(frames.video[frame[order]] * N_CLASSES + classes[order], prepend=-1) != 0) | changes
    begins |= np.diff(interval, prepend=-1) != 0
    result = np.empty_like(masks)
    result[order] = drawn[np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))]
    return result


def _bits(group: Group) -> int:
    """The bits of a group among those of a mask; `other_relationship` is a contact."""
    names = GROUP_SLICES[group]
    return sum(1 << r for r in range(names.start, names.stop)) | (1 << OTHER_BIT if group is Group.CONTACT else 0)


def n_paper_relations(masks: NDArray[np.int64]) -> int:
    """How many of the paper's 25 relationships the masks hold together."""
    return int(np.bitwise_count(masks & ((1 << N_RELATIONS) - 1)).sum())


def with_total(
    classes: NDArray[np.int64], masks: NDArray[np.int64], total: int, like: Likeness, rng: np.random.Generator
) -> NDArray[np.int64]:
    """The masks with relationships added or taken away at random until the paper's 25 hold `total` times."""
    masks = masks.copy()
    seen = _spatial_and_contact_of_classes(like)
    while missing := total - n_paper_relations(masks):
        rows = rng.permutation(len(masks))
        bits = np.left_shift(1, seen.draw(classes[rows], rng)) if missing > 0 else _lowest_of_several(masks[rows])
        possible = np.flatnonzero(_may_be_added(masks[rows], bits) if missing > 0 else bits > 0)[: abs(missing)]
        if len(possible) == 0:
            raise ValueError(f"{len(masks)} visible objects cannot have {total} relationships")
        masks[rows[possible]] ^= bits[possible]
    return masks


def _spatial_and_contact_of_classes(like: Likeness) -> Ragged:
    """object class -> spatial relationships and contacts seen with it, as often as they were seen."""
    wanted = [r for r in range(3, N_RELATIONS) if 1 << r != _NOT_CONTACTING]
    owner = np.repeat(np.arange(N_CLASSES), like.of_class.lengths)
    pairs = [(owner[like.of_class.values >> r & 1 == 1], r) for r in wanted]
    keys = np.concatenate([rows for rows, _ in pairs])
    return Ragged.of(keys, np.concatenate([np.full(len(rows), r) for rows, r in pairs]), N_CLASSES)


def _may_be_added(masks: NDArray[np.int64], bits: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a bit is new, leaves its group within its limit, and contradicts no `not_contacting`."""
    possible = masks & bits == 0
    for group, most in MAX_OF_GROUP.items():
        of_group = bits & _bits(group) > 0
        possible &= ~(of_group & (np.bitwise_count(masks & _bits(group)) >= most))
    contradictory = (bits & _bits(Group.CONTACT) > 0) & (masks & _NOT_CONTACTING > 0)
    usual: NDArray[np.bool_] = possible & ~contradictory
    return usual


def _lowest_of_several(masks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The lowest paper relationship of a group that has more than one; 0 where no group has."""
    found = np.zeros_like(masks)
    for group in MAX_OF_GROUP:
        of_group = masks & _bits(group)
        paper = of_group & ((1 << N_RELATIONS) - 1)
        found = np.where(np.bitwise_count(of_group) > 1, paper & -paper, found)
    return found


def _boxes(
    video: NDArray[np.int64], classes: NDArray[np.int64], sizes_wh: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """[E,4] x, y, width, height in pixels: one place for each object of a video, a little moved from frame to frame."""
    typical = rng.uniform(0.08, 0.5, (N_CLASSES, 2))
    track = video * N_CLASSES + classes
    n_tracks = int(track.max()) + 1
    spread = np.exp(rng.normal(0, 0.25, (n_tracks, 2)))
    sizes = np.clip(typical[classes] * spread[track], 0.02, 0.9) * sizes_wh
    corners = rng.random((n_tracks, 2))[track] * (sizes_wh - sizes) + rng.normal(0, 4, sizes.shape)
    corners = np.clip(corners, 0, sizes_wh - sizes)
    over = rng.random(len(track)) < OVER_THE_EDGE
    corners[over] += (sizes_wh - sizes - corners)[over] + 2.5
    return np.hstack([corners, sizes])


def _persons(
    frames: Frames, sizes_wh: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes [F,4] and scores [F] of the person, one place in each video and a walk from frame to frame."""
    base = rng.uniform((0.05, 0.02, 0.4, 0.7), (0.5, 0.25, 0.6, 0.98), (int(frames.video.max()) + 1, 4))[frames.video]
    base = base + rng.normal(0, 0.02, base.shape)
    left_top = np.clip(base[:, :2], 0, 0.55)
    right_bottom = np.clip(left_top + np.abs(base[:, 2:]) * 0.9, left_top + 0.1, 0.999)
    boxes = np.hstack([left_top * sizes_wh, right_bottom * sizes_wh]).astype(np.float32)
    return boxes, rng.uniform(0.7, 0.999, len(boxes)).astype(np.float32)
