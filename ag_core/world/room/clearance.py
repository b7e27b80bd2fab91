"""Whether a body is in the furniture: capsules round a skeleton against the boxes of what stands in a room.

Pure geometry; used to choose where to stand and how to reach, and to check what came of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import Joints
from ag_core.world.objects import props
from ag_core.world.render.mesh import turn_z
from ag_core.world.room.affordances import Room

DEPTH = 0.03  # metres that body and furniture may share
LOWEST, HIGHEST = 0.06, 1.85  # metres above the floor between which a standing body can touch something
NEAR = 1.2  # metres from the pelvis that the body reaches at most
POINTS = 7  # tested along each capsule
CAPSULES: dict[str, tuple[str, int | None, str, int | None, float]] = {
    "trunk": ("pelvis", None, "chest", None, 0.11),
    "head": ("neck", None, "head", None, 0.09),
    **{f"thigh {i}": ("hips", i, "knees", i, 0.07) for i in (0, 1)},
    **{f"shin {i}": ("knees", i, "ankles", i, 0.045) for i in (0, 1)},
    **{f"upper arm {i}": ("shoulders", i, "elbows", i, 0.04) for i in (0, 1)},
    **{f"forearm {i}": ("elbows", i, "wrists", i, 0.03) for i in (0, 1)},
}
"""Part of the body: joint and side, joint and side, radius in metres."""
CARRIED = {
    "sitting_on": ("trunk", "thigh"),
    "lying_on": ("trunk", "thigh", "head", "arm", "shin"),
    "standing_on": (),
}
"""Parts that may sink into what carries the body."""
NOT_SOLID = ("floor", "doorknob", "doorway")


@dataclass(frozen=True)
class Boxes:
    """Turned boxes. owners [K]: indices of placed props, -1 without a label; centres, halves [K,3]; turns [K,3,3]."""

    owners: NDArray[np.int64]
    centres: NDArray[np.float64]
    turns: NDArray[np.float64]
    halves: NDArray[np.float64]


class Solids:
    """What a body cannot pass in one room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        parts = [
            (i, props.find_bounds(placed.prop.pieces), turn_z(placed.yaw), placed.position)
            for i, placed in enumerate(room.placed)
            if placed.prop.name not in NOT_SOLID and placed.prop.pieces
        ]
        for part in room.decor:
            bounds = props.find_bounds([part.mesh])
            size = bounds[0, 1] - bounds[0, 0]
            if part.casts_shadow and size.max() < 3.5 and size[2] > 0.05:  # neither walls nor rugs
                parts.append((-1, bounds, np.eye(3), np.zeros(3)))
        self.still = build_boxes(parts)

    def list_footprints(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Rectangles (low [2], high [2]) on the floor under everything still that a standing body could touch."""
        still, found = self.still, []
        for centre, turn, half in zip(still.centres, still.turns, still.halves):
            reach = np.abs(turn) @ half
            if centre[2] + reach[2] > LOWEST and centre[2] - reach[2] < HIGHEST:
                found.append((centre[:2] - reach[:2], centre[:2] + reach[:2]))
        return found

    def boxes(self, openness: Mapping[int, float]) -> Boxes:
        """All boxes, the leaves of hinged props as far open as said."""
        parts = []
        for i, share in openness.items():
            placed = self.room.placed[i]
            hinge, frame = placed.prop.hinge, turn_z(placed.yaw)
            if hinge is not None:
                at = placed.position + frame @ hinge.origin
                parts.append((i, props.find_bounds(hinge.pieces), frame @ hinge.rotation(share), at))
        leaves = build_boxes(parts)
        return Boxes(
            np.concatenate([self.still.owners, leaves.owners]),
            np.concatenate([self.still.centres, leaves.centres]),
            np.concatenate([self.still.turns, leaves.turns]),
            np.concatenate([self.still.halves, leaves.halves]),
        )


def build_boxes(parts: Iterable[tuple[int, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]) -> Boxes:
    """Boxes from (owner, bounds [K,2,3], turn [3,3], position [3])."""
    owners, centres, turns, halves = [], [np.zeros((0, 3))], [np.zeros((0, 3, 3))], [np.zeros((0, 3))]
    for owner, bounds, turn, at in parts:
        owners += [owner] * len(bounds)
        centres.append(bounds.mean(1) @ turn.T + at)
        turns.append(np.broadcast_to(turn, (len(bounds), 3, 3)))
        halves.append((bounds[:, 1] - bounds[:, 0]) / 2)
    return Boxes(np.array(owners, int), np.concatenate(centres), np.concatenate(turns), np.concatenate(halves))


def find_overlaps(
    joints: Joints, boxes: Boxes, support: tuple[int, str] | None, parts: Sequence[str] = tuple(CAPSULES)
) -> Iterator[tuple[float, str, int]]:
    """How deep (metres) which part of the body is in which owner's boxes; support: what carries the body and how."""
    ends, radii = [], []
    for name in parts:
        a, i, b, k, radius = CAPSULES[name]
        start, end = getattr(joints, a), getattr(joints, b)
        ends.append((start if i is None else start[i], end if k is None else end[k]))
        radii.append(radius)
    start, end = np.array(ends).swapaxes(0, 1)
    points = (start[:, None] + np.linspace(0, 1, POINTS)[:, None] * (end - start)[:, None]).reshape(-1, 3)
    reach = np.linalg.norm(boxes.halves, axis=1) + NEAR
    near = np.flatnonzero(((boxes.centres - joints.pelvis) ** 2).sum(1) < reach**2)
    local = (points[None] - boxes.centres[near, None]) @ boxes.turns[near]
    beyond = np.abs(local) - boxes.halves[near, None]
    distance = np.sqrt((np.maximum(beyond, 0) ** 2).sum(-1)) + np.minimum(beyond.max(-1), 0)
    depths = np.array(radii) - distance.reshape(len(near), len(parts), POINTS).min(-1)
    for n, part in np.argwhere(depths > 0):
        owner, name = int(boxes.owners[near[n]]), parts[part]
        carried = support is not None and support[0] == owner
        if not (carried and support is not None and any(word in name for word in CARRIED[support[1]])):
            yield float(depths[n, part]), name, owner
