"""Housework: sweeping and washing; and a photo.

Each step returns False, and writes nothing, if it cannot be done.
"""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.skeleton import SIDES
from ag_core.world.motion.actor import Actor, StepFunction
from ag_core.world.motion.goals import (
    BeHeld,
    FollowStroke,
    GripItem,
    HangDown,
    LookAhead,
    LookAtItem,
    LookAtPoint,
    ReachTo,
    StandOnFloor,
)
from ag_core.world.motion.phases import ContactPhase
from ag_core.world.motion.reach import Posture, find_posture, find_standing_positions, go_to_work_spot, list_owner
from ag_core.world.motion.strokes import Reach, Stroke
from ag_core.world.motion.walking import build_floor_grid, find_route, is_inside, walk_to
from ag_core.world.objects import props
from ag_core.world.objects.grips import CARRY, Hold
from ag_core.world.render.mesh import UP, turn_x, turn_z

POLE_AHEAD, POLE_TOP = 0.54, np.array([0.03, 0.20, 1.22])
"""Metres ahead of the body where a broom meets the floor, and where its upper part is, right, forward and up."""
POLE_HANDS = (0.90, 1.13)  # metres up the stick, left and right hand
PANE_HEIGHTS = {"window": (1.30, 1.45), "mirror": (-0.10, 0.05)}
"""Metres above a prop's position where it is wiped."""


def sweep(actor: Actor, name: str, swing: tuple[float, float, float], period: float) -> bool:
    """Strokes on a free piece of floor, a step, and strokes again."""
    spot = find_floor_to_sweep(actor, swing)
    if spot is None:
        return False
    position, yaw, posture = spot
    walk_to(actor, position, yaw)
    start, path, frame = actor.time, actor.performance.paths[name], turn_z(yaw)
    actor.bend(posture, start, 0.5)
    began = start + 0.5
    stroke = Stroke(first=(0.0, 0.0, 0.015), second=swing, period=period, since=began)
    for bout in range(2):
        foot = actor.position + frame @ (0.0, POLE_AHEAD, 0.0)
        span = 0.5 if bout == 0 else actor.time - start
        path.add(start, start + span, StandOnFloor(foot, actor.position + frame @ POLE_TOP, stroke, frame, POLE_HANDS))
        actor.look(LookAtPoint(foot), start)
        actor.time = start + span + period * (1.0 if bout else actor.stream.choice([1.0, 1.5]))
        onward = actor.position + 0.26 * frame[:, 1]
        if (
            bout == 0
            and build_floor_grid(actor).measure_clearance(foot + 0.4 * frame[:, 1]) > 0.25
            and find_route(actor, onward) is not None
        ):
            start = actor.time
            walk_to(actor, onward, yaw)
        else:
            break
    end = actor.time
    actor.add_label("tidy", name, began - 0.3, end, name)
    actor.add_label("tidy", "floor", began - 0.3, end, name)
    actor.straighten_up(end)
    actor.look(LookAhead(0.1), end)
    actor.carry_again(name, 0.55)
    return True


def find_floor_to_sweep(
    actor: Actor, swing: tuple[float, float, float]
) -> tuple[NDArray[np.float64], float, Posture] | None:
    """A position, a yaw and a posture with free floor ahead, here or a few steps away; the camera sees the person."""
    options = []
    here = [actor.position] + [
        actor.position + turn_z(angle)[:, 1] * away
        for angle in np.arange(8) * np.pi / 4 + actor.stream.uniform(0, 0.7)
        for away in (0.5, 1.0, 1.6)
    ]
    for position in here:
        if not is_inside(actor, position, 0.25) or build_floor_grid(actor).measure_clearance(position) < 0.2:
            continue
        for yaw in np.arange(12) * np.pi / 6 + actor.stream.uniform(0, 0.5):
            frame = turn_z(yaw)
            ahead = position + POLE_AHEAD * frame[:, 1]
            if not is_inside(actor, ahead, 0.3) or build_floor_grid(actor).measure_clearance(ahead) < 0.3:
                continue
            to_camera = (actor.viewer - position)[:2] / np.hypot(*(actor.viewer - position)[:2])
            seen = float(frame[:2, 1] @ to_camera)
            score = (1.0 if -0.3 < seen < 0.8 else 0.0) + seen - 0.9 * np.hypot(*(position - actor.position)[:2])
            options.append((score, position, float(yaw)))
    for _, position, yaw in sorted(options, key=lambda option: -option[0])[:6]:
        postures = [find_sweeping_posture(actor, position, yaw, part * np.array(swing)) for part in (-1.0, 0.0, 1.0)]
        found = [posture for posture in postures if posture is not None]
        if len(found) == len(postures) and find_route(actor, position) is not None:
            return position, yaw, max((0.16, 0.0), *found)
    return None


def find_sweeping_posture(
    actor: Actor, position: NDArray[np.float64], yaw: float, swung: NDArray[np.float64]
) -> Posture | None:
    """The posture with which both hands hold the stick where its end has swung to [3]."""
    frame = turn_z(yaw)
    foot, top = position + POLE_AHEAD * frame[:, 1] + frame @ swung, position + frame @ (POLE_TOP + 0.3 * swung)
    along = (top - foot) / np.linalg.norm(top - foot)
    wrists = {i: foot + POLE_HANDS[i] * along + frame @ (SIDES[i] * 0.02, -0.085, 0) for i in (0, 1)}
    return find_posture(actor, position, yaw, wrists)


def clean(actor: Actor, subject: str) -> bool:
    """Circles with the towel on a window's pane or a mirror."""
    i, name = actor.room.find_index(subject), "towel"
    if i is None or actor.held != name or actor.seat is not None:
        return False
    placed = actor.room.placed[i]
    wall = turn_z(placed.yaw)
    low, high = props.find_footprint(placed.prop)
    front = 0.10 if subject == "window" else float(high[1]) + 0.05
    half = 0.5 * float(high[0] - low[0]) - 0.2
    points = [
        placed.position + wall @ (x, front, z)
        for z in PANE_HEIGHTS[subject]
        for x in actor.stream.permutation([-0.6 * half, 0.0, 0.6 * half])
    ]
    turn = wall @ turn_x(-np.pi / 2)
    stroke_axes = np.stack([wall[:, 0], wall[:, 2], wall[:, 1]], 1)
    offsets = np.array([(-0.03, -0.115, -0.02), (0.03, -0.115, -0.02)])
    for at in points:
        found = find_position_before(actor, name, at, -wall[:, 1], offsets, 0.12)
        if found is None:
            continue
        walk_to(actor, found[0], found[1])
        start = actor.time
        stroke = Stroke((0.13, 0.0, 0.0), (0.0, 0.11, 0.0), 0.85, start)
        end = start + 0.6 + actor.stream.uniform(1.8, 2.6)
        actor.bend(found[2], start, 0.5)
        actor.performance.paths[name].add(start, start + 0.6, FollowStroke(at, turn, offsets, stroke, stroke_axes))
        actor.look(LookAtPoint(at), start)
        actor.performance.motions += [ContactPhase(wiped, "wiping", start + 0.5, end) for wiped in (name, subject)]
        actor.add_label("wash", subject, start + 0.3, end, name, i, support=name)
        actor.time = end
        actor.straighten_up(end)
        actor.carry_again(name)
        return True
    return False


def find_position_before(
    actor: Actor,
    name: str,
    at: NDArray[np.float64],
    towards: NDArray[np.float64],
    offsets: NDArray[np.float64],
    spread: float,
) -> tuple[NDArray[np.float64], float, Posture] | None:
    """Where to stand to work on an upright face: position, yaw and the posture that reaches `spread` round `at`."""
    hands = actor.holding_hands if actor.held == name else (0, 1)
    for position, yaw in find_standing_positions(actor, at, 40):
        if turn_z(yaw)[:, 1] @ towards < 0.85:
            continue
        postures = []
        for right, up in ((0.0, spread), (spread, 0.0), (-spread, 0.0)):
            moved = turn_z(yaw) @ (right, 0.0, up)
            postures.append(
                find_posture(actor, position, yaw, {i: at + moved + turn_z(yaw) @ offsets[i] for i in hands})
            )
        found = [posture for posture in postures if posture is not None]
        if len(found) == len(postures) and find_route(actor, position) is not None:
            return position, yaw, max(found)
    return None


def rinse(actor: Actor, name: str) -> bool:
    """Hold an item under the tap and rub it."""
    sink, wrist = actor.room.sink, CARRY[name].wrist
    if sink is None:
        return False
    found = go_to_work_spot(actor, sink, wrist)
    if found is None:
        return False
    point, frame, posture = found
    start, hands = actor.time, actor.holding_hands
    end = start + 0.6 + actor.stream.uniform(1.8, 2.6)
    actor.bend((posture[0] + 0.06, posture[1]), start, 0.5)
    stroke = Stroke((0.03, 0.0, 0.0), (0.0, 0.02, 0.02), 0.8, start)
    turn = frame @ (turn_x(0.8) if name != "clothes" else CARRY[name].turn)
    at = point + UP * max(0.02, float(-actor.items[name].corners[:, 2].min()) - 0.06)
    actor.performance.paths[name].add(start, start + 0.6, FollowStroke(at, turn, CARRY[name].wrists, stroke, frame))
    for i in (0, 1):
        if i not in hands:
            rub = Stroke((0.03, 0.0, 0.04), (0.0, 0.02, 0.0), 0.45, start)
            reach = Reach(at, (wrist[0] + 0.02, wrist[1], 0.03), (-0.7, 0.6, -0.3), rub)
            actor.performance.hands[i].add(start + 0.1, start + 0.65, ReachTo(reach, actor.yaw))
            actor.performance.hands[i].add(end, end + 0.5, HangDown())
    actor.look(LookAtItem(name), start)
    actor.performance.motions.append(ContactPhase(name, "wiping", start + 0.5, end))
    actor.add_label("wash", name, start + 0.3, end, name)
    actor.time = end
    actor.straighten_up(end)
    actor.carry_again(name)
    return True


def wash_hands(actor: Actor) -> bool:
    """Rub the hands under the tap."""
    sink = actor.room.sink
    found = go_to_work_spot(actor, sink, (0.05, -0.10, 0.05)) if sink is not None else None
    if sink is None or found is None:
        return False
    point, _, posture = found
    start, end = actor.time, actor.time + 0.5 + actor.stream.uniform(1.8, 2.6)
    actor.bend((posture[0] + 0.04, posture[1]), start, 0.5)
    rub = Stroke((0.015, 0.045, 0.0), (0.0, 0.0, 0.015), 0.5, start, apart=0.5)
    for i in (0, 1):
        actor.performance.hands[i].add(
            start, start + 0.5, ReachTo(Reach(point, (0.055, -0.10, 0.05), (-0.45, 0.9, -0.15), rub), actor.yaw)
        )
    actor.look(LookAtPoint(point), start)
    actor.add_label("wash", "hands", start + 0.3, end, *list_owner(actor, sink))
    actor.relax((0, 1), end)
    actor.time = end + 0.4
    return True


def take_photo(actor: Actor, name: str) -> bool:
    """Hold the phone before the eyes with both hands and point it at something."""
    actor.turn_to_viewer()
    start, path = actor.time, actor.performance.paths[name]
    hold = Hold((0.0, 0.42, 0.27), turn_x(np.pi / 2) @ turn_z(np.pi / 2), (0.12, -0.07, -0.05))
    end = start + 0.7 + actor.stream.uniform(1.4, 2.0)
    path.add(start, start + 0.7, BeHeld(hold, actor.hand, 0.003))
    other = 1 - (actor.hand or 0)
    actor.performance.hands[other].add(start, start + 0.7, GripItem(name))
    actor.look(LookAtItem(name), start)
    actor.add_label("photo", name, start + 0.5, end, name)
    actor.performance.hands[other].add(end, end + 0.5, HangDown())
    actor.time = end
    actor.look(LookAhead(0.3), end + 0.1)
    actor.carry_again(name)
    return True


STEPS: dict[str, StepFunction] = {
    "sweep": lambda actor, step: sweep(actor, step.subject, (0.24, 0.03, 0.0), 1.3),
    "vacuum": lambda actor, step: sweep(actor, step.subject, (0.04, 0.20, 0.0), 1.5),
    "clean": lambda actor, step: clean(actor, step.subject),
    "rinse": lambda actor, step: rinse(actor, step.subject),
    "wash hands": lambda actor, step: wash_hands(actor),
    "photo": lambda actor, step: take_photo(actor, step.subject),
}
