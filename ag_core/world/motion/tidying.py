"""Putting in order: folding, straightening, mending, and the hair.

Each step returns False, and writes nothing, if it cannot be done.
"""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.skeleton import SIDES
from ag_core.world.motion.actor import Actor, LyingItem, StepFunction
from ag_core.world.motion.goals import BeHeld, GripItem, HangDown, LieAt, LookAhead, LookAtItem, LookAtPoint, ReachTo
from ag_core.world.motion.handiwork import put
from ag_core.world.motion.hinges import ensure_open
from ag_core.world.motion.holding import mirror_wrist
from ag_core.world.motion.phases import Attachment, ContactPhase
from ag_core.world.motion.reach import (
    come_near,
    find_grip_points,
    find_posture,
    find_standing_positions,
    go_within_reach,
)
from ag_core.world.motion.strokes import Reach, Stroke
from ag_core.world.motion.walking import find_route, walk_to
from ag_core.world.objects import props
from ag_core.world.objects.grips import CARRY, Hold
from ag_core.world.render.mesh import UP, turn_x, turn_z


def fold(actor: Actor, name: str) -> bool:
    """Fold what is held, twice, then lay it down."""
    actor.turn_to_viewer()
    start, path = actor.time, actor.performance.paths[name]
    _, y, z = CARRY[name].offset
    other = tuple(i for i in (0, 1) if i not in actor.holding_hands)
    for i in other:
        actor.performance.hands[i].add(start, start + 0.35, GripItem(name))
    actor.look(LookAtItem(name), start)
    for k, (width, lift, tilt) in enumerate(
        ((0.22, 0.10, 1.1), (0.09, 0.0, 0.3), (0.20, 0.09, 0.9), (0.10, -0.01, 0.1))
    ):
        hold = Hold((0.0, y, z + lift), turn_x(tilt), (width, -0.09, 0.03))
        path.add(start + 0.4 * k, start + 0.4 * k + 0.36, BeHeld(hold, None))
    actor.time = start + 1.6
    for i in other:
        actor.performance.hands[i].add(actor.time, actor.time + 0.5, HangDown())
    put(actor, name)
    actor.add_label("tidy", name, start + 0.2, actor.time - 0.2, name)
    return True


def straighten(actor: Actor, subject: str) -> bool:
    """Move an item on a table or a shelf a little and square it up, once or twice; or see to an open closet."""
    if subject == "closet/cabinet":
        return straighten_inside(actor, subject)
    owner = actor.room.find_index(subject)
    names = [name for name, lies in actor.lying.items() if lies.surface == subject]
    if owner is None or not names:
        return False
    begin: float | None = None
    shows: list[str | int] = [owner]
    for name in actor.stream.permutation(names)[:2]:
        at = actor.lying[name].position
        target = find_spot_beside(actor, name, at)
        found = go_within_reach(actor, name, at) if target is not None else None
        if target is None or found is None:
            continue
        hands, posture = found
        there = find_posture(
            actor, actor.position, actor.yaw, find_grip_points(actor, name, target, actor.yaw, hands), actor.seat
        )
        if there is None:
            continue
        posture = max(posture, there)
        both = {i for i in (0, 1) if i in hands}
        start = actor.time
        begin = start if begin is None else begin
        actor.look(LookAtItem(name), start, 0.25)
        actor.bend(posture, start, 0.5)
        for i in both:
            actor.performance.hands[i].add(start, start + 0.5, GripItem(name))
        moved = start + 0.6
        square = turn_z(np.round(actor.yaw / (np.pi / 2)) * np.pi / 2) @ actor.items[name].rest_turn
        actor.performance.paths[name].add(moved, moved + 0.6, LieAt(target, square))
        actor.performance.attached.append(Attachment(name, (0 in both, 1 in both), moved, moved + 0.65))
        actor.lying[name] = LyingItem(target, subject)
        shows.append(name)
        actor.time = moved + 0.75
        actor.relax(tuple(both), actor.time - 0.05, 0.4)
    if begin is None:
        return False
    actor.add_label("tidy", subject, begin + 0.1, actor.time, *shows)
    actor.look(LookAhead(0.3), actor.time)
    actor.time += 0.3
    return True


def straighten_inside(actor: Actor, subject: str) -> bool:
    """Both hands busy on the middle board of an open closet."""
    i = actor.room.find_index(subject)
    hinge = None if i is None else actor.room.placed[i].prop.hinge
    if i is None or hinge is None or actor.find_openness(i) < 0.5 or actor.seat is not None:
        return False
    placed = actor.room.placed[i]
    inside = turn_z(placed.yaw)
    height = float(props.find_footprint(placed.prop)[1][2])
    at = placed.position + inside @ (0.5 * hinge.origin[0], 0.6 * hinge.origin[1], height / 2 + 0.10)
    offset = (0.06, -0.11, 0.03)
    if not come_near(actor, at, mirror_wrist(offset), (0, 1), -inside[:, 1]):
        return False
    start, end = actor.time, actor.time + 0.6 + actor.stream.uniform(1.8, 2.4)
    busy = Stroke((0.05, 0.03, 0.0), (0.0, 0.02, 0.04), 0.9, start, apart=0.5)
    for k in (0, 1):
        actor.performance.hands[k].add(
            start, start + 0.6, ReachTo(Reach(at, offset, (-0.2, 1.0, -0.2), busy), actor.yaw)
        )
    actor.look(LookAtPoint(at), start)
    actor.add_label("tidy", subject, start + 0.3, end, i)
    actor.relax((0, 1), end)
    actor.time = end + 0.4
    return True


def find_spot_beside(actor: Actor, name: str, at: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """A free position 6 to 16 cm from where an item lies, on the same surface."""
    surface = next(
        (s for s in actor.room.surfaces if is_within(s.low, at, s.high) and abs(s.height - at[2]) < 0.3), None
    )
    others = [(p, actor.items[n].radius) for n, (p, _) in actor.lying.items() if n != name]
    if surface is None:
        return None
    for angle in np.arange(12) * np.pi / 6 + actor.stream.uniform(0, 0.5):
        target = at + actor.stream.uniform(0.06, 0.16) * np.array([np.cos(angle), np.sin(angle), 0.0])
        clear = all(np.hypot(*(target - p)[:2]) > actor.items[name].radius + r for p, r in others)
        if is_within(surface.low, target, surface.high) and clear:
            return target
    return None


def fix(actor: Actor, subject: str) -> bool:
    """Both hands turn and pull at a part."""
    i = actor.room.find_index(subject)
    shows: tuple[str | int, ...]
    if subject in actor.lying:
        at, shows = actor.lying[subject].position, (subject,)
    elif i is None:
        return False
    else:
        placed = actor.room.placed[i]
        knob = actor.room.find_index("doorknob")
        at, shows = placed.position, (i,)
        if subject == "light":
            top = float(props.find_footprint(placed.prop)[1][2])
            at = placed.position + UP * (np.clip(placed.position[2] + top - 0.34, 0.4, 1.25) - placed.position[2])
        elif subject in ("door", "doorknob"):
            if knob is None or any(
                actor.find_openness(k) > 0.2 for k in actor.performance.hinges if k == placed.rides or k == i
            ):
                return False
            at = actor.room.placed[knob].position + turn_z(actor.room.placed[knob].yaw) @ (0, 0.02, 0)
    return mend(actor, subject, at, shows, 0.26 if subject == "door" else 0.0)


def mend(actor: Actor, subject: str, at: NDArray[np.float64], shows: tuple[str | int, ...], below: float) -> bool:
    """Go to a point and work on it with twisting hands; `below`: metres under it that the second hand holds."""
    offset = (0.045, -0.115, 0.03)
    for position, yaw in find_standing_positions(actor, at, 30):
        frame = turn_z(yaw)
        wrists = {k: at + frame @ (SIDES[k] * offset[0], offset[1], offset[2]) for k in (0, 1)}
        posture = find_posture(actor, position, yaw, wrists)
        if posture is None or find_route(actor, position) is None:
            continue
        walk_to(actor, position, yaw)
        start, end = actor.time, actor.time + 0.6 + actor.stream.uniform(1.8, 2.4)
        actor.bend(posture, start, 0.5)
        twist = Stroke((0.02, 0.0, 0.0), (0.0, 0.01, 0.035), 0.7, start, apart=0.5)
        for k in (0, 1):
            reach = Reach(at - below * k * UP, offset, (-0.35, 0.9, 0.1), twist)
            actor.performance.hands[k].add(start, start + 0.6, ReachTo(reach, yaw))
        actor.look(LookAtPoint(at), start)
        actor.performance.motions.append(ContactPhase(subject, "twisting", start + 0.5, end))
        actor.add_label("fix", subject, start + 0.4, end, *shows)
        actor.relax((0, 1), end)
        actor.time = end + 0.4
        return True
    return False


def fix_hair(actor: Actor) -> bool:
    """Both hands stroke the hair back."""
    actor.turn_to_viewer()
    start, end = actor.time, actor.time + 0.6 + actor.stream.uniform(1.4, 2.0)
    comb = Stroke((0.0, 0.06, 0.015), (0.02, 0.0, -0.03), 1.0, start, apart=0.25)
    for i in (0, 1):
        reach = Reach("head", (0.13, 0.0, 0.04), (-0.7, -0.3, 0.7), comb)
        actor.performance.hands[i].add(start, start + 0.55, ReachTo(reach))
    actor.look(LookAhead(0.1), start)
    actor.add_label("fix", "hair", start + 0.3, end)
    actor.relax((0, 1), end)
    actor.time = end + 0.4
    return True


def is_within(low: NDArray[np.float64], at: NDArray[np.float64], high: NDArray[np.float64]) -> bool:
    """Whether a point lies in a rectangle on the floor."""
    return bool((at[:2] >= low).all() and (at[:2] <= high).all())


STEPS: dict[str, StepFunction] = {
    "fold": lambda actor, step: fold(actor, step.subject),
    "fix": lambda actor, step: fix(actor, step.subject),
    "fix hair": lambda actor, step: fix_hair(actor),
    "straighten": lambda actor, step: ensure_open(actor, step.subject) and straighten(actor, step.subject),
}
