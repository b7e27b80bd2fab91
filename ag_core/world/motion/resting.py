"""Sitting and standing on furniture.

Each step returns False, and writes nothing, if it cannot be done.
"""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.posture import Segment
from ag_core.world.body.skeleton import SIDES
from ag_core.world.motion.actor import Actor, StepFunction
from ag_core.world.motion.dressing import uncover
from ag_core.world.motion.goals import HangDown, LookAhead, LookAtPoint, TouchPoint
from ag_core.world.motion.reach import is_clear, solve_joints_at
from ag_core.world.motion.walking import build_floor_grid, find_route, is_inside, sidle_to, walk_to
from ag_core.world.render.mesh import turn_z
from ag_core.world.room.affordances import Seat
from ag_core.world.room.edges import measure_to_edge
from ag_core.world.room.paths import BODY

NOT_ON_THE_LAP = ("bag", "box", "broom", "groceries", "vacuum")
"""Items with which nobody sits down: they would sink into seat and legs."""
STANDS_BEFORE = {"chair": 0.31, "floor": 0.46}
"""Metres from the point sat on to the feet; before other seats at least 0.40 and clear of the edge."""
EDGE_CLEARANCE = 0.21  # metres


def find_feet_position(actor: Actor, seat: Seat) -> NDArray[np.float64]:
    """Where the feet stand [3] before and while sitting."""
    forward = turn_z(seat.yaw)[:, 1]
    away = STANDS_BEFORE.get(seat.kind)
    if away is None:
        edge = measure_to_edge(actor.room.placed[seat.owner], seat.point, forward)
        away = max(0.40, edge + EDGE_CLEARANCE)
    return seat.point * (1, 1, 0) + away * forward


def find_slot(actor: Actor, seat: Seat) -> NDArray[np.float64] | None:
    """Where one stands [3] beside the gap between a chair and its table, to sidle into it."""
    if seat.kind != "chair":
        return None
    position, aside = find_feet_position(actor, seat), turn_z(seat.yaw)[:, 0]
    found = []
    for away in (0.40, 0.48, 0.56, 0.64):
        for side in SIDES:
            slot = position + side * away * aside
            if is_inside(actor, slot, 0.25) and build_floor_grid(actor).measure_clearance(slot) > BODY:
                found.append((away + 0.3 * float(np.hypot(*(slot - actor.position)[:2])), slot))
    return min(found, key=lambda one: one[0])[1] if found else None


def find_dangling_ankles(actor: Actor, seat: Seat) -> NDArray[np.float64] | None:
    """Ankles [2,3] of a sitter whose feet do not reach the floor, else None."""
    if seat.kind != "table":
        return None
    frame = turn_z(seat.yaw)
    knee = seat.point + frame @ (0, 0.36 * actor.human.tall, 0.04)
    return np.array([knee + frame @ (side * 0.10, 0.0, -0.42 * actor.human.tall) for side in SIDES])


def is_seat_free(actor: Actor, seat: Seat) -> bool:
    """Whether nothing lies where one would sit."""
    for name, (at, _) in actor.lying.items():
        near = np.hypot(*(at - seat.point)[:2]) < 0.19 + actor.items[name].radius
        if near and abs(at[2] - seat.point[2]) < 0.25:
            return False
    return True


def fits_seat(actor: Actor, seat: Seat) -> bool:
    """Whether a body can stand before a seat and sit on it without being in something else."""
    position = find_feet_position(actor, seat)
    standing = solve_joints_at(actor, position, seat.yaw)
    sitting = solve_joints_at(actor, position, seat.yaw, seat, dangling=find_dangling_ankles(actor, seat))
    return is_clear(actor, standing, None) and is_clear(actor, sitting, (seat.owner, "sitting_on"))


def sit_down(actor: Actor, kind: str) -> bool:
    """Walk to a seat, turn round and sit down; not with a bag on the back."""
    if actor.list_worn("have_it_on_the_back") or actor.held in NOT_ON_THE_LAP or actor.seat is not None:
        return False
    for seat in actor.stream.permutation([s for s in actor.room.seats if s.kind == kind]):
        position = find_feet_position(actor, seat)
        if not is_seat_free(actor, seat) or not fits_seat(actor, seat):
            continue
        if kind == "floor" and build_floor_grid(actor).measure_clearance(seat.point) < 0.25:
            continue
        slot = find_slot(actor, seat)
        if slot is None and kind == "chair":
            continue
        if find_route(actor, position if slot is None else slot) is None:
            continue
        walk_to(actor, position if slot is None else slot, seat.yaw)
        if slot is not None:
            sidle_to(actor, position, seat.yaw)
            actor.slot = slot, seat.yaw
        start, span = actor.time, actor.stream.uniform(0.9, 1.1) + (0.35 if kind in ("floor", "table") else 0.0)
        actor.seat = seat
        settle(actor, "sit", start, span)
        prop_up_hands(actor, seat, start, span)
        actor.add_label("change seat", "sit down", start, actor.time, seat.owner)
        actor.sat_since = actor.time - 0.15
        actor.time += 0.15
        return True
    return False


def settle(actor: Actor, kind: str, start: float, span: float) -> None:
    """Write how the body gets onto its seat, or off it."""
    seat = actor.seat
    assert seat is not None
    end = start + span
    dangling = find_dangling_ankles(actor, seat)

    def make_segment(what: str, begin: float, stop: float) -> Segment:
        return Segment(what, begin, stop, actor.position, actor.yaw, 0, None, seat.point, seat.owner, dangling)

    actor.add_segment(make_segment(kind, start, end))
    if kind == "sit":
        actor.add_segment(make_segment("seated", end, end))
    else:
        actor.add_segment(Segment("stand", end, end, actor.position, actor.yaw))


def prop_up_hands(actor: Actor, seat: Seat, start: float, span: float) -> None:
    """Free hands prop the body up on a table's edge, or on the floor."""
    if seat.kind not in ("floor", "table"):
        return
    frame = turn_z(seat.yaw)
    for i in (0, 1):
        if actor.held is not None and i in actor.holding_hands:
            continue
        ahead, above = (-0.26, 0.09) if seat.kind == "floor" else (0.02, 0.07)
        at = seat.point + frame @ (SIDES[i] * (0.30 if seat.kind == "floor" else 0.27), ahead, above)
        actor.performance.hands[i].add(start + 0.35 * span, start + 0.8 * span, TouchPoint(at))
        actor.performance.hands[i].add(start + span + 0.1, start + span + 0.6, HangDown())


def label_sitting(actor: Actor, end: float) -> None:
    """Book the time of sitting."""
    seat = actor.seat
    if seat is None or actor.recline is not None:
        return
    table = (actor.room.find_index("table") or 0,) if seat.kind == "chair" else ()
    actor.add_label("sit", seat.kind, actor.sat_since, end, seat.owner, *table, support="table" if table else "")


def rise(actor: Actor) -> bool:
    """Stand up from a seat, a blanket taken off first."""
    if actor.recline is not None or not uncover(actor):
        return False
    seat = actor.seat
    if seat is None:
        return False
    start, span = actor.time + 0.05, actor.stream.uniform(0.9, 1.1) + (0.3 if seat.kind == "floor" else 0.0)
    label_sitting(actor, start + 0.2)
    if seat.kind in ("floor", "table"):
        prop_up_hands(actor, seat, start - 0.5 * span, span)
    settle(actor, "rise", start, span)
    actor.seat = None
    actor.add_label("change seat", "rise", start, actor.time, seat.owner)
    return True


def stand_on(actor: Actor, kind: str) -> bool:
    """Step onto a chair from where there is room, stay, and step down backwards."""
    if actor.seat is not None:
        return False
    for seat in actor.stream.permutation([s for s in actor.room.seats if s.kind == kind]):
        if not is_seat_free(actor, seat):
            continue
        top = np.array([*seat.point[:2], seat.point[2]])
        positions = []
        for turned in (0.0, np.pi / 2, -np.pi / 2):  # from the front and the sides, not over the back
            for away in (0.50, 0.46):
                position = top * (1, 1, 0) + away * turn_z(seat.yaw + turned)[:, 1]
                if (
                    is_inside(actor, position, 0.2)
                    and build_floor_grid(actor).measure_clearance(position) > BODY
                    and find_route(actor, position) is not None
                ):
                    positions.append((position, seat.yaw + turned + np.pi))
                    break
        if not positions:
            continue
        position, yaw = actor.stream.choice(positions)
        walk_to(actor, position, float(yaw))
        actor.look(LookAtPoint(top), actor.time)
        start, span = actor.time + 0.1, actor.stream.uniform(1.3, 1.5)
        climb(actor, "step up", start, span, top, seat.owner)
        climb(actor, "on top", actor.time, 0.0, top, seat.owner)
        actor.look(LookAhead(0.3), actor.time)
        actor.time += actor.stream.uniform(1.4, 2.0)
        actor.look(LookAtPoint(actor.position), actor.time)
        down = actor.time
        climb(actor, "step down", down, span, top, seat.owner)
        actor.add_segment(Segment("stand", actor.time, actor.time, actor.position, actor.yaw))
        actor.add_label("stand on", kind, start + 0.55 * span, down + 0.4 * span, seat.owner)
        actor.look(LookAhead(0.6), actor.time)
        return True
    return False


def climb(actor: Actor, kind: str, start: float, span: float, top: NDArray[np.float64], owner: int) -> None:
    actor.add_segment(Segment(kind, start, start + span, actor.position, actor.yaw, owner=owner, top=top))


STEPS: dict[str, StepFunction] = {
    "sit": lambda actor, step: sit_down(actor, step.subject),
    "rise": lambda actor, step: rise(actor),
    "stand on": lambda actor, step: stand_on(actor, step.subject),
}
