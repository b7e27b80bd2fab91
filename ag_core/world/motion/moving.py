"""Getting about: through a doorway, running, strolling; looking at objects on walls, and switching the lamp.

Each step returns False, and writes nothing, if it cannot be done.
"""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.posture import Segment
from ag_core.world.motion.actor import Actor, StepFunction
from ag_core.world.motion.goals import LookAhead, LookAtPoint, TouchPoint
from ag_core.world.motion.reach import find_posture, find_standing_positions
from ag_core.world.motion.walking import (
    build_floor_grid,
    find_free_positions,
    find_route,
    follow_path,
    is_inside,
    is_straight_way_free,
    sidle_to,
    walk_to,
)
from ag_core.world.render.mesh import turn_z
from ag_core.world.room.paths import BODY

NOT_WHILE_RUNNING = ("broom", "dish", "vacuum")
LOOKED_AT_HEIGHT = {"window": 1.5, "television": 0.8, "mirror": 0.0, "picture": 0.0}
"""Metres above a prop's position where one looks at it."""
SEEN_FROM = (0.5, 3.4)  # metres to what is looked at
PASSING = 0.75  # metres before and behind an opening that still are walking through it


def walk_through(actor: Actor) -> bool:
    """Out through the doorway and, while the film lasts, back in; or in for one who is outside."""
    passage = actor.room.doorway
    if passage is None or actor.seat is not None:
        return False
    if actor.outside:
        cross_doorway(actor, passage.outside, passage.inside)
        actor.outside = False
        return True
    if find_route(actor, np.array([*passage.inside, 0.0])) is None:
        return False
    cross_doorway(actor, passage.inside, passage.outside)
    actor.outside = True
    if actor.time + 2.2 < actor.duration:
        actor.time += actor.stream.uniform(0.2, 0.8)
        cross_doorway(actor, passage.outside, passage.inside)
        actor.outside = False
    return True


def cross_doorway(actor: Actor, near: NDArray[np.float64], far: NDArray[np.float64]) -> None:
    """Walk to `near`, straight on through the opening to `far` (both [2]), and label the passage."""
    assert actor.room.doorway is not None
    if actor.slot is not None:
        sidle_to(actor, *actor.slot)
        actor.slot = None
    way = [actor.position[:2]]
    if np.hypot(*(near - actor.position[:2])) > 0.12:
        route = find_route(actor, np.array([*near, 0.0]))
        assert route is not None
        way = [*route]
    straight = [near + share * (far - near) for share in (0.25, 0.75, 1.0)]
    follow_path(actor, np.array([*way, *straight]))
    walk = actor.performance.body[-1]
    along = (far - near) / np.hypot(*(far - near))
    opening = actor.room.placed[actor.room.doorway.owner].position[:2]
    times = [float(t) for t in np.arange(walk.start, walk.end, 0.05)]
    near_it = [t for t in times if abs((actor.performance.find_base(t).pelvis[:2] - opening) @ along) < PASSING]
    actor.add_segment(Segment("stand", actor.time, actor.time, actor.position, actor.yaw))
    if near_it:
        actor.add_label("walk or run", "doorway", near_it[0], near_it[-1], actor.room.doorway.owner)


def dash(actor: Actor) -> bool:
    """Run along the free floor, and back while there is time."""
    if actor.seat is not None or actor.held in NOT_WHILE_RUNNING:
        return False
    positions, best = find_free_positions(actor, 40, 0.27), None
    starts = (
        [actor.position, *positions[:12]]
        if build_floor_grid(actor).measure_clearance(actor.position) > 0.22
        else positions[:12]
    )
    for a in starts:
        for b in positions:
            length = float(np.hypot(*(b - a)[:2]))
            if length < 2.0 or not is_straight_way_free(actor, a, b, 0.22):
                continue
            score = length - 0.8 * float(np.hypot(*(a - actor.position)[:2]))
            if best is None or score > best[0]:
                best = score, a, b
    if best is None or find_route(actor, best[1]) is None:
        return False
    _, a, b = best
    ahead = b - a
    walk_to(actor, a, float(np.arctan2(-ahead[0], ahead[1])))
    ends = (b, a) if actor.time + 3.6 < actor.duration else (b,)
    for end in ends:
        points = np.linspace(actor.position[:2], end[:2], 4)
        follow_path(actor, points, running=True)
        run = actor.performance.body[-1]
        actor.add_label("walk or run", "run", run.start, run.end)
    actor.add_segment(Segment("stand", actor.time, actor.time, actor.position, actor.yaw))
    return True


def stroll(actor: Actor) -> bool:
    """Walk somewhere without a purpose, past whatever is there."""
    for position in find_free_positions(actor, 14, 0.3):
        if 0.8 < np.hypot(*(position - actor.position)[:2]) < 2.2 and find_route(actor, position) is not None:
            return walk_to(actor, position, actor.stream.uniform(-1, 1))
    return False


def come_to_face(actor: Actor, subject: str) -> tuple[int, NDArray[np.float64]] | None:
    """Come to where a object on a wall is in view and turn to it: its index and the point to look at [3]."""
    i = actor.room.find_index(subject)
    if i is None:
        return None
    placed = actor.room.placed[i]
    front = turn_z(placed.yaw)[:, 1]
    target = placed.position + 0.1 * front + (0, 0, LOOKED_AT_HEIGHT.get(subject, 0.0))
    if is_in_view(actor, actor.position, target, front):
        away = (target - actor.position)[:2]
        yaw = float(np.arctan2(-away[0], away[1]))
        off = (yaw - actor.yaw + np.pi) % (2 * np.pi) - np.pi
        if abs(off) <= (1.0 if actor.seat is not None else 0.6):
            return i, target
        if actor.seat is None:
            actor.turn_to(yaw - float(np.sign(off)) * actor.stream.uniform(0.1, 0.45))
            actor.add_segment(Segment("stand", actor.time, actor.time, actor.position, actor.yaw))
            return i, target
    if actor.seat is not None:
        return None
    for distance in (0.9, 1.2, 1.6, 0.75):
        for aside in actor.stream.permutation([-0.5, -0.25, 0.0, 0.25, 0.5]):
            position = (target + turn_z(placed.yaw + aside)[:, 1] * distance) * (1, 1, 0)
            if not is_inside(actor, position, 0.3) or build_floor_grid(actor).measure_clearance(position) < BODY + 0.03:
                continue
            if is_in_view(actor, position, target, front) and find_route(actor, position) is not None:
                to = (target - position)[:2]
                walk_to(actor, position, float(np.arctan2(-to[0], to[1])) + actor.stream.uniform(-0.35, 0.35))
                return i, target
    return None


def is_in_view(
    actor: Actor, position: NDArray[np.float64], target: NDArray[np.float64], front: NDArray[np.float64]
) -> bool:
    """Whether something with that front can be looked at from a position."""
    away = (target - position)[:2]
    distance = float(np.hypot(*away))
    return SEEN_FROM[0] < distance < SEEN_FROM[1] and bool(front[:2] @ -away > 0.35 * distance)


def look_at(actor: Actor, subject: str) -> bool:
    """Turn towards something on a wall and watch it."""
    found = come_to_face(actor, subject)
    if found is None:
        return False
    i, target = found
    start, end = actor.time, actor.time + 0.3 + actor.stream.uniform(1.6, 2.6)
    actor.look(LookAtPoint(target), start)
    actor.add_label("watch", subject, start + 0.2, end, i)
    actor.time = end
    actor.look(LookAhead(0.7), end)
    return True


def press_switch(actor: Actor, on: bool) -> bool:
    """Press the lamp's switch; the light changes."""
    at = actor.room.switch
    if at is None or actor.seat is not None or actor.held is not None:
        return False
    i, switch = at.owner, at.point
    meant = np.array([*at.stand, 0.0])
    for position, yaw in [*find_standing_positions(actor, switch, 16), (meant, at.yaw)]:
        hand = int((actor.viewer - position) @ turn_z(yaw)[:, 0] > 0)
        wrist = switch - 0.15 * turn_z(yaw)[:, 1]
        posture = find_posture(actor, position, yaw, {hand: wrist})
        if posture is None or find_route(actor, position) is None:
            continue
        walk_to(actor, position, yaw)
        start, pressed = actor.time, actor.time + actor.stream.uniform(0.55, 0.7)
        actor.look(LookAtPoint(switch), start, 0.3)
        actor.bend(posture, start, 0.5)
        actor.performance.hands[hand].add(start, pressed, TouchPoint(wrist))
        actor.performance.lamp.add(pressed + 0.1, pressed + 0.16, 1.0 if on else 0.0)
        actor.relax((hand,), pressed + 0.3)
        actor.time = pressed + 0.75
        actor.add_label("light", "light", start + 0.1, actor.time, i, support="on" if on else "off")
        actor.look(LookAhead(0.2), actor.time)
        return True
    return False


STEPS: dict[str, StepFunction] = {
    "walk through": lambda actor, step: walk_through(actor),
    "run": lambda actor, step: dash(actor),
    "pass": lambda actor, step: stroll(actor),
    "look": lambda actor, step: look_at(actor, step.subject),
    "switch on": lambda actor, step: press_switch(actor, True),
    "switch off": lambda actor, step: press_switch(actor, False),
}
