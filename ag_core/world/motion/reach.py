"""Reach: where a person can stand or sit to reach a point, with which hands and in which posture.

Every reach is checked with the skeleton before anything is written; knows nothing of what is done there.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.posture import Segment, find_base
from ag_core.world.body.skeleton import SIDES, Joints
from ag_core.world.motion.actor import Actor
from ag_core.world.motion.goals import HangDown, LookAtPoint
from ag_core.world.motion.holding import mirror_wrist
from ag_core.world.motion.script import ITEMS
from ag_core.world.motion.walking import build_floor_grid, find_route, walk_to
from ag_core.world.objects.grips import CARRY
from ag_core.world.render.mesh import UP, turn_z
from ag_core.world.room.affordances import Seat, WorkSpot
from ag_core.world.room.clearance import DEPTH, find_overlaps
from ag_core.world.room.paths import ARMS, BODY

FROM_ABOVE = (0.02, -0.06, 0.14)
"""The wrist over something in a box, metres right, forward and up of it."""
SQUAT_BELOW = 0.35  # metres of the wrists above the floor for which one squats down
REACHED = 0.035  # metres between wrist and grip that still look like a grip
Posture = tuple[float, float]
"""Lean in radians and crouch in metres."""


def find_posture(
    actor: Actor,
    position: NDArray[np.float64],
    yaw: float,
    wrists: dict[int, NDArray[np.float64]],
    seat: Seat | None = None,
    squats: bool = True,
) -> tuple[float, float] | None:
    """The least lean and crouch with which the given wrists [3] are reached from a position; None where none is.

    squats: whether one may go right down for what is on the floor.
    """
    still = Segment(
        "stand" if seat is None else "seated", 0, 0, position, yaw, seat=None if seat is None else seat.point
    )
    base = find_base([still], actor.human, 0)
    options = [(lean, 0.0) for lean in (0.03, 0.15, 0.3, 0.45, 0.6)]
    if seat is None:
        options += [(0.6, 0.1), (0.75, 0.18), (0.9, 0.28), (1.0, 0.38)]
        if squats and max(wrist[2] for wrist in wrists.values()) < SQUAT_BELOW:
            options += [(0.95, 0.56), (1.1, 0.60), (1.25, 0.64)]
    reach = sum(actor.human.arm) * 0.999
    for lean, crouch in options:
        joints = actor.human.solve(actor.performance.make_pose(base, lean, crouch, base.pelvis + base.frame[:, 1] * 2))
        if all(np.linalg.norm(joints.shoulders[i] - w) < reach + REACHED * 0.5 for i, w in wrists.items()):
            resting = (actor.performance.find_wrist(i, HangDown(), 0, joints, base, {})[0] for i in (0, 1))
            left, right = (wrists.get(i, at) for i, at in enumerate(resting))
            ahead = base.pelvis + base.frame[:, 1] * 2
            joints = actor.human.solve(actor.performance.make_pose(base, lean, crouch, ahead, (left, right)))
            if is_clear(actor, joints, None if seat is None else (seat.owner, "sitting_on")):
                return lean, crouch
    return None


def is_clear(
    actor: Actor, joints: Joints, support: tuple[int, str] | None, opened: Mapping[int, float] | None = None
) -> bool:
    """Whether a body is out of the furniture as it stands now, or with some hinges as far open as said."""
    boxes = actor.solids.boxes({i: actor.find_openness(i) for i in actor.performance.hinges} | dict(opened or {}))
    return all(depth < 0.8 * DEPTH for depth, _, _ in find_overlaps(joints, boxes, support))


def solve_joints_at(
    actor: Actor,
    position: NDArray[np.float64],
    yaw: float,
    seat: Seat | None = None,
    lean: float = 0.03,
    crouch: float = 0.0,
    dangling: NDArray[np.float64] | None = None,
) -> Joints:
    """The joints of who stands at a position or sits on a seat, with hands at rest."""
    kind, point = ("stand", None) if seat is None else ("seated", seat.point)
    base = find_base([Segment(kind, 0, 0, position, yaw, seat=point, dangling=dangling)], actor.human, 0)
    ahead = base.pelvis + base.frame[:, 1] * 2
    joints = actor.human.solve(actor.performance.make_pose(base, lean, crouch, ahead))
    left, right = (actor.performance.find_wrist(i, HangDown(), 0, joints, base, {})[0] for i in (0, 1))
    return actor.human.solve(actor.performance.make_pose(base, lean, crouch, ahead, (left, right)))


def choose_hands(actor: Actor, name: str, position: NDArray[np.float64], yaw: float) -> tuple[int, ...]:
    """Which hands take an item: both, or the one that the camera sees better."""
    if ITEMS[name].two_hands:
        return (0, 1)
    if actor.hand is not None and actor.held == name:
        return (actor.hand,)
    right = turn_z(yaw)[:, 0]
    return (int((actor.viewer - position) @ right > 0),)


def find_grip_points(
    actor: Actor, name: str, at: NDArray[np.float64], yaw: float, hands: tuple[int, ...]
) -> dict[int, NDArray[np.float64]]:
    offsets = CARRY[name].wrists
    return {i: at + turn_z(yaw) @ offsets[i] for i in hands}


def find_standing_positions(
    actor: Actor, at: NDArray[np.float64], limit: int = 10
) -> list[tuple[NDArray[np.float64], float]]:
    """Free positions round a point and the yaw that faces it, those the camera likes first."""
    grid, found = build_floor_grid(actor), []
    for radius in (0.38, 0.46, 0.54, 0.62, 0.70):
        for angle in np.arange(20) * np.pi / 10 + actor.stream.uniform(0, 0.3):
            position = np.array([at[0] + radius * np.cos(angle), at[1] + radius * np.sin(angle), 0])
            if not (0.2 < position[0] < actor.room.size[0] - 0.2 and 0.2 < position[1] < actor.room.size[1] - 0.1):
                continue
            if grid.measure_clearance(position) < BODY + 0.02:
                continue
            forward = (at - position)[:2] / radius
            yaw = float(np.arctan2(-forward[0], forward[1]))
            to_camera = (actor.viewer - position)[:2] / np.hypot(*(actor.viewer - position)[:2])
            walk = np.hypot(*(position - actor.position)[:2])
            score = 1.6 * forward @ to_camera - 0.6 * walk - 0.6 * abs(radius - 0.5) + actor.stream.uniform(0, 0.5)
            score -= 6 * max(0.0, ARMS + 0.03 - grid.measure_clearance(position)) / ARMS
            found.append((score, position, yaw))
    found.sort(key=lambda f: -f[0])
    return [(position, yaw) for _, position, yaw in found[:limit]]


def may_reach(actor: Actor, at: NDArray[np.float64]) -> bool:
    """Whether a point is about where one can reach from the seat: ahead, or beside; True while standing."""
    if actor.seat is None:
        return True
    right, ahead, _ = turn_z(actor.yaw).T @ (at - actor.seat.point)
    return bool((ahead > 0.22 and abs(right) < 0.5) or (ahead > -0.15 and 0.26 < abs(right) < 0.66))


def go_within_reach(
    actor: Actor, name: str, at: NDArray[np.float64], squats: bool = True
) -> tuple[tuple[int, ...], tuple[float, float]] | None:
    """Go to where `at` is within reach; the hands that will do it and the posture."""
    if actor.seat is not None:
        hands = choose_hands(actor, name, actor.position, actor.yaw)
        if not may_reach(actor, at):
            return None
        right = float((turn_z(actor.yaw).T @ (at - actor.seat.point))[0])
        if len(hands) == 1 and actor.held != name and abs(right) > 0.2:
            hands = (int(right > 0),)
        posture = find_posture(
            actor, actor.position, actor.yaw, find_grip_points(actor, name, at, actor.yaw, hands), actor.seat
        )
        return (hands, posture) if posture else None
    found = []
    for rank, (position, yaw) in enumerate(find_standing_positions(actor, at)):
        hands = choose_hands(actor, name, position, yaw)
        posture = find_posture(actor, position, yaw, find_grip_points(actor, name, at, yaw, hands), squats=squats)
        if posture is not None:
            found.append((rank + 12 * posture[0] + 20 * posture[1], position, yaw, hands, posture))
    for _, position, yaw, hands, posture in sorted(found, key=lambda f: f[0]):
        if find_route(actor, position) is not None:
            actor.look(LookAtPoint(at), actor.time)
            walk_to(actor, position, yaw)
            return hands, posture
    return None


def find_handle_posture(
    actor: Actor,
    position: NDArray[np.float64],
    yaw: float,
    hand: int,
    points: list[NDArray[np.float64]],
    seat: Seat | None,
) -> tuple[float, float] | None:
    """Posture with which one hand follows a handle through all its points."""
    shoulder = (
        (seat.point if seat else position) + UP * (0.55 if seat else 1.35) + turn_z(yaw) @ (SIDES[hand] * 0.165, 0, 0)
    )
    best = (0.0, 0.0)
    for p in points:
        towards = (p - shoulder) * (1, 1, 0.3)
        wrist = p - 0.125 * towards / max(float(np.linalg.norm(towards)), 1e-6)
        posture = find_posture(actor, position, yaw, {hand: wrist}, seat)
        if posture is None:
            return None
        best = max(best, posture)
    return best


def come_near(
    actor: Actor,
    at: NDArray[np.float64],
    offsets: NDArray[np.float64],
    hands: tuple[int, ...],
    front: NDArray[np.float64] | None = None,
) -> bool:
    """Walk to where the given hands reach `at` + offsets [2,3] in the body's frame, bent so; False where none is.

    front [3]: a direction the body should about face there.
    """
    positions = [(actor.position, actor.yaw)] if actor.seat is not None else find_standing_positions(actor, at, 24)
    if front is not None and actor.seat is None:
        positions.sort(key=lambda position: -float(turn_z(position[1])[:, 1] @ front))
    for position, yaw in positions:
        wrists = {i: at + turn_z(yaw) @ offsets[i] for i in hands}
        posture = find_posture(actor, position, yaw, wrists, actor.seat)
        if posture is None or (actor.seat is None and find_route(actor, position) is None):
            continue
        if actor.seat is None:
            actor.look(LookAtPoint(at), actor.time)
            walk_to(actor, position, yaw)
        actor.bend(posture, actor.time, 0.5)
        return True
    return False


def go_to_work_spot(
    actor: Actor, where: WorkSpot, wrists: tuple[float, float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64], Posture] | None:
    """Walk to a sink or a stove: the point to work at, the body's frame there, and the posture.

    Who would hide the hands from the camera stands a little aside.
    """
    if actor.seat is not None:
        return None
    to_camera = (actor.viewer - where.point)[:2] / np.hypot(*(actor.viewer - where.point)[:2])
    away = float(np.hypot(*(where.stand - where.point[:2])))
    options = []
    for aside in (0.0, -0.35, 0.35, -0.6, 0.6):
        frame = turn_z(where.yaw + aside)
        position = np.array([*(where.point[:2] - max(away, 0.48) * frame[:2, 1]), 0.0])
        if aside == 0.0:
            position = np.array([*where.stand, 0.0])
        hidden = max(0.0, float(-frame[:2, 1] @ to_camera) - 0.75)
        options.append((6 * hidden + abs(aside), position, where.yaw + aside))
    for _, position, yaw in sorted(options, key=lambda option: option[0]):
        frame = turn_z(yaw)
        goals = {i: where.point + frame @ offset for i, offset in enumerate(mirror_wrist(wrists))}
        posture = (
            find_posture(actor, position, yaw, goals)
            if build_floor_grid(actor).measure_clearance(position) > 0.16
            else None
        )
        if posture is not None and find_route(actor, position) is not None and walk_to(actor, position, yaw):
            return where.point, frame, posture
    return None


def list_owner(actor: Actor, where: WorkSpot) -> tuple[int, ...]:
    """The placed prop that a work spot belongs to, where it has one."""
    return (where.owner,) if where.owner >= 0 else ()
