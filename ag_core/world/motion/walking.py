"""Walking: the floor as it is now, the ways over it, and how the body goes along them."""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.gait import Walk
from ag_core.world.body.posture import Segment
from ag_core.world.motion.actor import Actor
from ag_core.world.motion.goals import LookAhead
from ag_core.world.room.paths import FloorGrid


def build_floor_grid(actor: Actor) -> FloorGrid:
    """The floor as it is now, opened doors included."""
    key = tuple(
        sorted(
            i
            for i in actor.performance.hinges
            if actor.find_openness(i) > 0.2 and actor.room.placed[i].prop.name != "laptop"
        )
    )
    if key not in actor.grids:
        prints = [*actor.room.footprints, *actor.solids.list_footprints()]
        for i in key:
            placed = actor.room.placed[i]
            axis = placed.find_hinge_axis()
            tip = placed.find_handle(1.0)
            for share in np.linspace(0.1, 1.05, 7):
                p = axis[:2] + (tip - axis)[:2] * share
                prints.append((p - 0.04, p + 0.04))
        actor.grids[key] = FloorGrid(actor.room.size[0], actor.room.size[1], prints)
    return actor.grids[key]


def find_route(actor: Actor, position: NDArray[np.float64]) -> NDArray[np.float64] | None:
    return build_floor_grid(actor).find_route(actor.position, position)


def is_inside(actor: Actor, position: NDArray[np.float64], margin: float) -> bool:
    """Whether a position lies in the room, so far from the walls."""
    low, high = np.full(2, margin), np.array(actor.room.size) - margin
    return bool((position[:2] > low).all() and (position[:2] < high).all())


def follow_path(actor: Actor, points: NDArray[np.float64], running: bool = False) -> None:
    """Turn to the first of the points [K,2] after the own position and go along them."""
    walk = Walk(points, (0.72 if running else 0.50) * actor.human.tall)
    first = walk.direction(0)
    actor.turn_to(float(np.arctan2(-first[0], first[1])))
    speed = actor.stream.uniform(2.7, 3.1) if running else actor.stream.uniform(1.2, 1.55)
    span = walk.length / speed + 0.35
    actor.performance.gaze.add(actor.time, actor.time + 0.3, LookAhead(0.0))
    kind = "run" if running else "walk"
    actor.add_segment(Segment(kind, actor.time, actor.time + span, actor.position, actor.yaw, walk=walk))
    last = walk.direction(walk.length)
    actor.position, actor.yaw = np.array([*points[-1][:2], 0.0]), float(np.arctan2(-last[0], last[1]))


def sidle_to(actor: Actor, position: NDArray[np.float64], yaw: float) -> None:
    """Step sideways to a position, facing a direction all the time."""
    actor.turn_to(yaw)
    length = float(np.hypot(*(position - actor.position)[:2]))
    span = 0.25 + length / 0.55
    actor.add_segment(Segment("sidle", actor.time, actor.time + span, actor.position, actor.yaw, to=position))
    actor.position = position


def walk_to(actor: Actor, position: NDArray[np.float64], yaw: float) -> bool:
    """Walk to a position and face a direction; False where there is no way."""
    position = np.array([position[0], position[1], 0.0])
    if actor.slot is not None:
        sidle_to(actor, *actor.slot)
        actor.slot = None
    if np.hypot(*(position - actor.position)[:2]) > 0.12:
        points = find_route(actor, position)
        if points is None:
            return False
        follow_path(actor, points)
    actor.turn_to(yaw)
    actor.add_segment(Segment("stand", actor.time, actor.time, actor.position, actor.yaw))
    return True


def find_free_positions(actor: Actor, count: int, clearance: float) -> list[NDArray[np.float64]]:
    """Random positions of the floor [3] with so much room round them."""
    width, depth = actor.room.size
    positions = []
    for _ in range(count):
        position = np.array([actor.stream.uniform(0.4, width - 0.4), actor.stream.uniform(0.6, depth - 0.3), 0.0])
        if build_floor_grid(actor).measure_clearance(position) > clearance:
            positions.append(position)
    return positions


def is_straight_way_free(actor: Actor, a: NDArray[np.float64], b: NDArray[np.float64], clearance: float) -> bool:
    """Whether the straight line between two positions keeps so many metres from everything."""
    return all(build_floor_grid(actor).measure_clearance(position) > clearance for position in np.linspace(a, b, 40))
