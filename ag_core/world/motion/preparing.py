"""Preparing and taking: food and drink, medicine, and what boxes and bags hold.

Each step returns False, and writes nothing, if it cannot be done.
"""

from ag_core.world.body.skeleton import SIDES
from ag_core.world.motion.actor import Actor, StepFunction
from ag_core.world.motion.goals import (
    BeEaten,
    BeHeld,
    FollowStroke,
    GripItem,
    GripLid,
    LookAhead,
    LookAtItem,
    LookAtPoint,
    ReachTo,
)
from ag_core.world.motion.holding import mirror_wrist
from ag_core.world.motion.reach import FROM_ABOVE, come_near, find_posture, go_to_work_spot, go_within_reach, list_owner
from ag_core.world.motion.strokes import STILL, Reach, Stroke
from ag_core.world.objects.grips import CARRY
from ag_core.world.render.mesh import UP, turn_y, turn_z


def cook(actor: Actor) -> bool:
    """Stir at the stove, the other hand beside the pot."""
    stove = actor.room.stove
    found = go_to_work_spot(actor, stove, (0.10, -0.12, 0.14)) if stove is not None else None
    if stove is None or found is None:
        return False
    point, frame, posture = found
    main = int((actor.viewer - actor.position) @ frame[:, 0] > 0)
    start, end = actor.time, actor.time + 0.6 + actor.stream.uniform(2.0, 2.8)
    actor.bend(posture, start, 0.5)
    stir = Stroke((0.05, 0.0, 0.0), (0.0, 0.05, 0.0), 0.9, start)
    for i, reach in (
        (main, Reach(point, (0.06, -0.08, 0.15), (-0.2, 0.5, -0.8), stir)),
        (1 - main, Reach(point, (0.20, -0.12, 0.08), (-0.6, 0.8, 0.0))),
    ):
        actor.performance.hands[i].add(start, start + 0.6, ReachTo(reach, actor.yaw))
    actor.look(LookAtPoint(point), start)
    actor.add_label("prepare", "food", start + 0.3, end, *list_owner(actor, stove))
    actor.relax((0, 1), end)
    actor.time = end + 0.4
    return True


def make_sandwich(actor: Actor, name: str) -> bool:
    """Both hands work on the sandwich where it lies."""
    at, kind = actor.lying[name]
    found = go_within_reach(actor, name, at) if kind in ("table", "counter") else None
    if found is None:
        return False
    frame, posture = turn_z(actor.yaw), found[1]
    offset = (CARRY[name].wrist[0] + 0.035, CARRY[name].wrist[1], 0.06)
    wrists = {i: at + frame @ (SIDES[i] * offset[0], offset[1], offset[2]) for i in (0, 1)}
    better = find_posture(actor, actor.position, actor.yaw, wrists, actor.seat)
    if better is None:
        return False
    posture = max(posture, better)
    start, end = actor.time, actor.time + 0.55 + actor.stream.uniform(2.0, 2.8)
    actor.bend(posture, start, 0.5)
    press = Stroke((0.02, 0.01, 0.0), (0.0, 0.02, 0.035), 0.8, start, apart=0.5)
    for i in (0, 1):
        reach = Reach(at, offset, (-0.5, 0.8, -0.5), press)
        actor.performance.hands[i].add(start, start + 0.55, ReachTo(reach, actor.yaw))
    actor.look(LookAtItem(name), start)
    actor.add_label("prepare", name, start + 0.4, end, name)
    actor.relax((0, 1), end)
    actor.time = end + 0.4
    return True


def pour(actor: Actor, name: str) -> bool:
    """Tilt the bottle over a cup that stands in reach."""
    if (
        "cup" not in actor.lying
        or actor.lying["cup"].surface not in ("table", "counter", "shelf")
        or actor.hand is None
    ):
        return False
    at = actor.lying["cup"].position
    found = go_within_reach(actor, name, at + 0.15 * UP)
    if found is None:
        return False
    side, frame = SIDES[actor.hand], turn_z(actor.yaw)
    turn = frame @ turn_y(-side * 1.85)
    neck = turn @ (0.0, 0.0, float(actor.items[name].corners[:, 2].max()))
    mouth = at + UP * (float(actor.items["cup"].corners[:, 2].max()) + 0.05)
    offsets = mirror_wrist((0.09, -0.105, 0.01))
    wrist = mouth - neck + frame @ offsets[actor.hand]
    posture = find_posture(actor, actor.position, actor.yaw, {actor.hand: wrist}, actor.seat)
    if posture is None:
        return False
    start, path = actor.time, actor.performance.paths[name]
    end = start + 1.0 + actor.stream.uniform(1.2, 1.8)
    actor.bend(posture, start, 0.6)
    upright = mouth + UP * 0.16 + frame @ (side * 0.12, 0.0, 0.0)
    path.add(start, start + 0.5, FollowStroke(upright, frame, offsets, STILL, frame))
    path.add(start + 0.5, start + 1.0, FollowStroke(mouth - neck, turn, offsets, STILL, frame))
    path.add(end - 0.4, end, FollowStroke(upright, frame, offsets, STILL, frame))
    actor.look(LookAtPoint(at), start)
    actor.add_label("prepare", name, start + 0.4, end, name, "cup")
    actor.time = end
    actor.straighten_up(end)
    actor.carry_again(name, 0.5)
    return True


def take_medicine(actor: Actor, name: str) -> bool:
    """Put some medicine into the mouth."""
    actor.turn_to_viewer()
    start, path = actor.time, actor.performance.paths[name]
    begin = start + 0.65
    path.add(start, begin, BeEaten(begin))
    end = begin + 0.9 * actor.stream.choice([1, 2]) + 0.45
    actor.look(LookAhead(0.2), start)
    actor.add_label("consume", name, start + 0.2, end, name)
    actor.time = end
    actor.carry_again(name)
    return True


def turn_lid(actor: Actor, name: str, opening: bool) -> bool:
    """A hand at the lid's edge turns it up or down."""
    item, lid = actor.items[name], actor.performance.lids.get(name)
    if lid is None or item.prop is None or item.prop.hinge is None:
        return False
    at, turn, hinge = actor.lying[name].position, actor.find_item_turn(name), item.prop.hinge
    shares = (0.0, 0.35, 0.6) if opening else (1.0, 0.7, 0.3)
    points = [at + turn @ (hinge.origin + hinge.rotation(share) @ hinge.handle) for share in shares]
    highest = max(points, key=lambda point: float(point[2]))
    if not come_near(actor, highest, mirror_wrist((0.03, -0.13, -0.03)), (0, 1), turn[:, 1]):
        return False
    hand, start, span = actor.choose_seen_hand(), actor.time, actor.stream.uniform(0.8, 1.0)
    turned = start + 0.6
    actor.look(LookAtPoint(points[0]), start, 0.25)
    actor.performance.hands[hand].add(start, start + 0.55, GripLid(name))
    lid.add(turned, turned + span, 1.0 if opening else 0.0)
    actor.relax((hand,), turned + 0.6 * span)
    actor.time = turned + span
    actor.add_label("open" if opening else "close", name, start + 0.2, actor.time, name)
    actor.look(LookAhead(0.4), actor.time + 0.2)
    actor.time += 0.15
    return True


def take_out(actor: Actor, box: str) -> bool:
    """Reach into an open box and come out with what is in it."""
    name = next((inner for inner, outer in actor.contents.items() if outer == box), None)
    if name is None:
        return False
    at = actor.lying[box].position
    offsets = mirror_wrist(FROM_ABOVE)
    if not come_near(actor, at + 0.12 * UP, offsets, (0, 1), actor.find_item_turn(box)[:, 1]):
        return False
    hand, start, path = actor.choose_seen_hand(), actor.time, actor.performance.paths[name]
    above = Reach(at + 0.22 * UP, FROM_ABOVE, (0.0, 0.3, -1.0))
    actor.look(LookAtItem(box), start, 0.25)
    actor.performance.hands[hand].add(start, start + 0.45, ReachTo(above, actor.yaw))
    actor.performance.hands[hand].add(start + 0.45, start + 0.8, GripItem(name))
    attach = start + 0.9
    frame = turn_z(actor.yaw)
    path.add(attach, attach + 0.4, FollowStroke(at + 0.24 * UP, frame, offsets, STILL, frame))
    path.add(attach + 0.4, attach + 0.9, BeHeld(CARRY[name], hand))
    actor.straighten_up(attach + 0.4)
    actor.held, actor.hand, actor.held_since = name, hand, attach
    del actor.contents[name]
    actor.time = attach + 0.9
    actor.add_label("take", name, start + 0.1, actor.time, name, box, support=box)
    return True


STEPS: dict[str, StepFunction] = {
    "cook": lambda actor, step: cook(actor),
    "make sandwich": lambda actor, step: make_sandwich(actor, step.subject),
    "pour": lambda actor, step: pour(actor, step.subject),
    "medicate": lambda actor, step: take_medicine(actor, step.subject),
    "open lid": lambda actor, step: turn_lid(actor, step.subject, True),
    "close lid": lambda actor, step: turn_lid(actor, step.subject, False),
    "take out": lambda actor, step: take_out(actor, step.subject),
}
