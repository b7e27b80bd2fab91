"""Walking: the floor as it is now, the ways over it, and how the body goes along them."""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.gait import Walk
from ag_core.world.body.posture import Segment
from ag_core.world.motion.actor import Actor
from ag_core.world.motion.goals import LookAhead
from ag_core.world.room.paths import FloorGrid


def floor_grid(actor: Actor) -> FloorGrid:
    """The floor as it is now, opened doors included."""
    key = tuple(
        sorted(
            i
            for i in actor.performance.hinges
            if actor.find_openness(i) > 0.2 and actor.room.placed[i].prop.name != "laptop"
        )
    )
    if key not in actor.grids:
        prints = [*actor.room.footprints, *actor.solids.prints()]
        for i in key:
            placed = actor.room.placed[i]
            axis = placed.hinge_axis()
            tip = placed.handle_at(1.0)
            for share in np.linspace(0.1, 1.05, 7):
                p = axis[:2] + (tip - axis)[:2] * share
                prints.append((p - 0.04, p + 0.04))
        actor.grids[key] = FloorGrid(actor.room.size[0], actor.room.size[1], prints)
    return actor.grids[key]


def find_route(actor: Actor, place: NDArray) -> NDArray | None:
    return floor_grid(actor).route(actor.place, place)


def is_inside(actor: Actor, place: NDArray, margin: float) -> bool:
    """Whether a place lies in the room, so far from the walls."""
    low, high = np.full(2, margin), np.array(actor.room.size) - margin
    return bool((place[:2] > low).all() and (place[:2] < high).all())


def follow_path(actor: Actor, points: NDArray, running: bool = False) -> None:
    """Turn to the first of the points [K,2] after the own place and go along them."""
    walk = Walk(points, (0.72 if running else 0.50) * actor.human.tall)
    first = walk.direction(0)
    actor.turn_to(float(np.arctan2(-first[0], first[1])))
    speed = actor.chance.uniform(2.7, 3.1) if running else actor.chance.uniform(1.2, 1.55)
    span = walk.length / speed + 0.35
    actor.performance.gaze.add(actor.time, actor.time + 0.3, LookAhead(0.0))
    kind = "run" if running else "walk"
    actor.add_segment(Segment(kind, actor.time, actor.time + span, actor.place, actor.yaw, walk=walk))
    last = walk.direction(walk.length)
    actor.place, actor.yaw = np.array([*points[-1][:2], 0.0]), float(np.arctan2(-last[0], last[1]))


def sidle_to(actor: Actor, place: NDArray, yaw: float) -> None:
    """Step sideways to a place, facing a direction all the time."""
    actor.turn_to(yaw)
    length = float(np.hypot(*(place - actor.place)[:2]))
    span = 0.25 + length / 0.55
    actor.add_segment(Segment("sidle", actor.time, actor.time + span, actor.place, actor.yaw, to=place))
    actor.place = place


def walk_to(actor: Actor, place: NDArray, yaw: float) -> bool:
    """Walk to a place and face a direction; False where there is no way."""
    place = np.array([place[0], place[1], 0.0])
    if actor.slot is not None:
        sidle_to(actor, *actor.slot)
        actor.slot = None
    if np.hypot(*(place - actor.place)[:2]) > 0.12:
        points = find_route(actor, place)
        if points is None:
            return False
        follow_path(actor, points)
    actor.turn_to(yaw)
    actor.add_segment(Segment("stand", actor.time, actor.time, actor.place, actor.yaw))
    return True


def find_free_positions(actor: Actor, count: int, clearance: float) -> list[NDArray]:
    """Random places of the floor [3] with so much room round them."""
    width, depth = actor.room.size
    places = []
    for _ in range(count):
        place = np.array([actor.chance.uniform(0.4, width - 0.4), actor.chance.uniform(0.6, depth - 0.3), 0.0])
        if floor_grid(actor).clearance(place) > clearance:
            places.append(place)
    return places


def is_straight_way_free(actor: Actor, a: NDArray, b: NDArray, clearance: float) -> bool:
    """Whether the straight line between two places keeps so many metres from everything."""
    return all(floor_grid(actor).clearance(place) > clearance for place in np.linspace(a, b, 40))
