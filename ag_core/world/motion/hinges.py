"""What turns on a hinge: doors, windows, closets; and the laptop.

Each step returns False, and writes nothing, if it cannot be done.
"""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.skeleton import SIDES
from ag_core.world.motion.actor import Actor, StepFunction
from ag_core.world.motion.goals import GripHandle, LookAhead, LookAtPoint, TypeAt
from ag_core.world.motion.phases import ContactPhase
from ag_core.world.motion.reach import (
    find_handle_posture,
    find_posture,
    find_standing_positions,
    is_clear,
    solve_joints_at,
)
from ag_core.world.motion.walking import find_route, walk_to
from ag_core.world.objects import grips
from ag_core.world.render.mesh import UP, turn_z


def ensure_open(actor: Actor, subject: str) -> bool:
    """Open a closet where it is shut; True where there is nothing to open."""
    i = actor.room.find_index(subject)
    return subject != "closet/cabinet" or i is None or actor.find_openness(i) > 0.5 or swing(actor, subject, True)


def use_laptop(actor: Actor, kind: str) -> bool:
    i = actor.room.find_index("laptop")
    if i is None or actor.seat is None or not actor.is_at_table:
        return False
    placed, start = actor.room.placed[i], actor.time
    if kind == "watch laptop":
        end = start + 0.4 + actor.stream.uniform(1.8, 3.0)
        actor.look(LookAtPoint(placed.position + UP * 0.12 + turn_z(placed.yaw) @ (0, 0.1, 0)), start)
    else:
        keys = {
            k: placed.position + turn_z(placed.yaw) @ (np.array(grips.TYPE_WRIST) * (SIDES[k], 1, 1)) for k in (0, 1)
        }
        posture = find_posture(actor, actor.position, actor.yaw, keys, actor.seat)
        if posture is None:
            return False
        actor.bend(posture, start, 0.6)
        for k in (0, 1):
            actor.performance.hands[k].add(start, start + 0.6, TypeAt(placed.position, placed.yaw))
        actor.look(LookAtPoint(placed.position + UP * 0.10 + turn_z(placed.yaw) @ (0, 0.08, 0)), start)
        end = start + 0.6 + actor.stream.uniform(2.0, 3.4)
        actor.relax((0, 1), end)
    actor.add_label("watch" if kind == "watch laptop" else "work", "laptop", start + 0.4, end, i, support="table")
    actor.time = end + 0.3
    actor.look(LookAhead(0.4), end + 0.1)
    return True


def swing(actor: Actor, subject: str, opening: bool) -> bool:
    """Open or close something hinged, the hand on its handle while it can reach, then it swings on."""
    i = actor.room.find_index(subject)
    if i is None or i not in actor.performance.hinges:
        return False
    placed, track = actor.room.placed[i], actor.performance.hinges[i]
    shares = (0.0, 0.3, 0.6) if opening else (1.0, 0.7, 0.4)
    points = [placed.find_handle(s) for s in shares]
    choice = None
    if actor.seat is not None:
        if subject != "laptop":
            return False
        hand = int((actor.viewer - actor.position) @ turn_z(actor.yaw)[:, 0] > 0)
        posture = find_handle_posture(actor, actor.position, actor.yaw, hand, points, actor.seat)
        choice = (actor.position, actor.yaw, hand, posture) if posture else None
    else:
        axis = placed.find_hinge_axis()[:2]
        leaf = float(np.hypot(*(placed.find_handle(0)[:2] - axis))) + 0.12
        for position, yaw in find_standing_positions(actor, points[1], 40):
            away = position[:2] - axis
            tip_yaw = [np.arctan2(*(placed.find_handle(s)[:2] - axis)[::-1]) for s in (0, 0.5, 1)]
            angle = np.arctan2(away[1], away[0])
            near = min(abs((angle - t + np.pi) % (2 * np.pi) - np.pi) for t in tip_yaw)
            if np.hypot(*away) < leaf + 0.16 and near < 0.5:
                continue
            if not is_clear_of_leaf(actor, i, position, yaw, (0.0, 0.0)):
                continue
            hand = int((actor.viewer - position) @ turn_z(yaw)[:, 0] > 0)
            posture = find_handle_posture(actor, position, yaw, hand, points, None)
            if posture is None or not is_clear_of_leaf(actor, i, position, yaw, posture):
                continue
            if find_route(actor, position) is not None:
                choice = (position, yaw, hand, posture)
                break
    if choice is None:
        return False
    position, yaw, hand, posture = choice
    if actor.seat is None:
        walk_to(actor, position, yaw)
    start, span = actor.time, actor.stream.uniform(1.1, 1.5)
    actor.look(LookAtPoint(points[0]), start, 0.3)
    actor.bend(posture, start, 0.6)
    actor.performance.hands[hand].add(start, start + 0.6, GripHandle(i))
    grasp, release = start + 0.7, start + 0.7 + 0.62 * span
    track.add(grasp, grasp + span, 1.0 if opening else 0.0)
    release = grasp + span * 0.5
    if subject == "door":
        knob = actor.room.find_index("doorknob") or 0
        actor.performance.motions.append(ContactPhase("doorknob", "twisting", grasp - 0.15, grasp + 0.25))
        actor.add_label("grasp", "doorknob", start + 0.35, release, knob, support="door")
    actor.relax((hand,), release)
    actor.time = grasp + span
    actor.add_label("open" if opening else "close", subject, start + 0.2, actor.time, i)
    actor.look(LookAhead(0.5), actor.time)
    actor.time += 0.15
    return True


def is_clear_of_leaf(
    actor: Actor, i: int, position: NDArray[np.float64], yaw: float, posture: tuple[float, float]
) -> bool:
    """Whether a hinged leaf can swing past who stands at a position with a lean and a crouch."""
    body = solve_joints_at(actor, position, yaw, None, *posture)
    return all(is_clear(actor, body, None, {i: share}) for share in (0.0, 0.35, 0.7, 1.0))


STEPS: dict[str, StepFunction] = {
    "open": lambda actor, step: swing(actor, step.subject, True),
    "close": lambda actor, step: swing(actor, step.subject, False),
    "type": lambda actor, step: use_laptop(actor, "type"),
    "watch laptop": lambda actor, step: use_laptop(actor, "watch laptop"),
}
