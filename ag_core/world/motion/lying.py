"""Lying down on what one sits on, sleeping and getting up.

Each step returns False, and writes nothing, if it cannot be done.
"""

import numpy as np

from ag_core.world.body.posture import LEGS_DRAWN_UP, LEGS_STRETCHED, Recline, Segment
from ag_core.world.motion.actor import Actor, StepFunction
from ag_core.world.motion.goals import LookAhead, LookAtPoint
from ag_core.world.motion.resting import find_dangling_ankles, label_sitting
from ag_core.world.motion.walking import build_floor_grid, is_inside
from ag_core.world.render.mesh import turn_z
from ag_core.world.room.affordances import Seat
from ag_core.world.room.edges import measure_along

FOOT_LENGTH = 0.23  # metres


def find_recline(actor: Actor, seat: Seat) -> Recline | None:
    """How one lies down from a seat; None where there is no room for it."""
    beds = [bed for bed in actor.room.beds if bed.kind == seat.kind and bed.owner == seat.owner]
    near = sorted(beds, key=lambda bed: float(np.hypot(*(bed.point - seat.point)[:2])))
    if seat.kind == "floor":
        return find_recline_on_floor(actor, seat)
    for bed in near:
        feet = -turn_z(bed.yaw)[:, 1]
        free = measure_along(actor.room.placed[bed.owner], bed.point, feet)
        legs = float(np.clip(free - 0.10, LEGS_DRAWN_UP, LEGS_STRETCHED))
        if legs < LEGS_STRETCHED - 0.05:  # drawn-up legs stand on their soles, toes ahead
            legs = float(np.clip(free - FOOT_LENGTH, LEGS_DRAWN_UP, 0.62))
        recline = Recline(np.array([*bed.point[:2], bed.height]), bed.yaw, legs)
        if is_strip_free(actor, recline):
            return recline
    return None


def find_recline_on_floor(actor: Actor, seat: Seat) -> Recline | None:
    """Back or aside from sitting on the floor, where nothing stands or lies."""
    grid, (drawn_up, stretched) = build_floor_grid(actor), (actor.stream.uniform(0.46, 0.62), LEGS_STRETCHED)
    for turned in (np.pi, np.pi - 0.6, np.pi + 0.6, np.pi / 2, -np.pi / 2, np.pi - 1.1, np.pi + 1.1):
        for legs in actor.stream.permutation([drawn_up, stretched]):
            recline = Recline(seat.point, seat.yaw + turned, legs)
            head = turn_z(recline.yaw)[:, 1]
            spine = [seat.point + along * head for along in np.linspace(-legs - 0.05, 0.85, 8)]
            free = all(grid.measure_clearance(at) > 0.20 and is_inside(actor, at, 0.1) for at in spine)
            if free and is_strip_free(actor, recline):
                return recline
    return None


def is_strip_free(actor: Actor, recline: Recline) -> bool:
    """Whether nothing lies where the body would."""
    along = turn_z(recline.yaw).T
    for name, (at, _) in actor.lying.items():
        right, ahead, above = along @ (at - recline.point)
        reach = 0.26 + actor.items[name].radius
        if abs(right) < reach and -recline.legs - reach < ahead < 0.60 + reach and -0.2 < above < 0.5:
            return False
    return True


def lie_down(actor: Actor, kind: str) -> bool:
    """Lie down on what one sits on; not with a blanket over the legs."""
    seat = actor.seat
    if actor.list_worn("covered_by") or seat is None or seat.kind != kind or actor.recline is not None:
        return False
    if actor.held is not None:
        return False
    recline = find_recline(actor, seat)
    if recline is None:
        return False
    start, span = actor.time, actor.stream.uniform(1.2, 1.5)
    label_sitting(actor, start + 0.3)
    actor.look(LookAhead(0.4), start)
    add_recline_segment(actor, "lie", start, start + span, seat, recline)
    add_recline_segment(actor, "lying", actor.time, actor.time, seat, recline)
    actor.recline, actor.lain_since = recline, start + 0.6 * span
    actor.time += actor.stream.uniform(0.9, 1.8)
    return True


def add_recline_segment(actor: Actor, kind: str, start: float, end: float, seat: Seat, recline: Recline) -> None:
    actor.add_segment(
        Segment(kind, start, end, actor.position, actor.yaw, seat=seat.point, owner=seat.owner, recline=recline)
    )


def label_lying(actor: Actor, end: float) -> None:
    """Book the time of lying."""
    if actor.seat is not None and actor.recline is not None:
        actor.add_label("lie", actor.seat.kind, actor.lain_since, end, actor.seat.owner)


def awaken(actor: Actor, kind: str) -> bool:
    """Sleep for a moment, open the eyes, and sit up."""
    seat, recline = actor.seat, actor.recline
    if seat is None or recline is None or seat.kind != kind:
        return False
    if actor.performance.eyes.value_at(actor.time) > 0.5:
        actor.performance.eyes.add(actor.time + 0.1, actor.time + 0.5, 0.0)
        actor.time += actor.stream.uniform(1.5, 2.3)
    opened = max(actor.time, 0.0) + actor.stream.uniform(0.1, 0.6)
    actor.performance.eyes.add(opened, opened + 0.35, 1.0)
    actor.look(LookAtPoint(actor.viewer), opened + 0.3)
    start, span = opened + actor.stream.uniform(0.6, 1.0), actor.stream.uniform(1.2, 1.5)
    label_lying(actor, start + 0.35 * span)
    actor.recline = None
    actor.look(LookAhead(0.2), start + 0.3)
    add_recline_segment(actor, "wake", start, start + span, seat, recline)
    dangling = find_dangling_ankles(actor, seat)
    actor.add_segment(
        Segment("seated", actor.time, actor.time, actor.position, actor.yaw, 0, None, seat.point, seat.owner, dangling)
    )
    actor.add_label("awaken", kind, opened - 0.4, actor.time, seat.owner)
    actor.sat_since = start + 0.7 * span
    actor.time += 0.3
    return True


STEPS: dict[str, StepFunction] = {
    "lie": lambda actor, step: lie_down(actor, step.subject),
    "awaken": lambda actor, step: awaken(actor, step.subject),
}
