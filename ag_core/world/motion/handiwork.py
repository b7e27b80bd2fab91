"""What hands do with items: take, put, throw, use.

Each step returns False, and writes nothing, if it cannot be done.
"""

import numpy as np

from ag_core.world.body.skeleton import SIDES
from ag_core.world.motion.actor import Actor, LyingItem, StepFunction
from ag_core.world.motion.goals import (
    BeAtEar,
    BeDrunkFrom,
    BeEaten,
    BeHeld,
    BeNearMouth,
    Fly,
    GripItem,
    LieAt,
    LookAhead,
    LookAtItem,
    LookAtPoint,
    TouchPoint,
    WipeCircles,
    WriteOn,
)
from ag_core.world.motion.layout import find_free_spot
from ag_core.world.motion.phases import ContactPhase
from ag_core.world.motion.reach import find_grip_points, find_posture, go_within_reach, may_reach
from ag_core.world.motion.script import ITEMS
from ag_core.world.motion.walking import build_floor_grid
from ag_core.world.objects import grips
from ag_core.world.objects.grips import CARRY, Hold
from ag_core.world.objects.items import turn_flat
from ag_core.world.render.mesh import UP, turn_z

TEMPLATE_OF_USE = {
    "drink": "consume",
    "eat": "consume",
    "talk": "talk",
    "play": "work",
    "snuggle": "snuggle",
    "read": "watch",
}
"""What using an item shows; 'lift' (to the mouth and away, a decoy) shows nothing."""


USES = ("drink", "lift", "eat", "talk", "play", "snuggle", "read")


def take(actor: Actor, name: str, only_reach: bool = False) -> bool:
    """Reach, attach, lift. `only_reach`: a decoy that withdraws without the item."""
    at, under = actor.lying[name]
    found = go_within_reach(actor, name, at, squats=not only_reach)
    if found is None:
        return False
    hands, posture = found
    start, span = actor.time, actor.stream.uniform(0.55, 0.8)
    actor.look(LookAtItem(name), start, 0.25)
    actor.bend(posture, start, span)
    for i in hands:
        actor.performance.hands[i].add(start, start + span, GripItem(name))
    actor.time = start + span + 0.1
    if only_reach:
        actor.time += actor.stream.uniform(0.1, 0.4)
        actor.relax(hands, actor.time)
        actor.look(LookAhead(0.5), actor.time)
        actor.time += 0.6
        return True
    attach = actor.time
    lift = actor.stream.uniform(0.6, 0.8)
    actor.hand = None if len(hands) == 2 else hands[0]
    actor.performance.paths[name].add(attach, attach + lift, BeHeld(CARRY[name], actor.hand))
    squatting = posture[1] > 0.5  # then the item leads
    lift_body = attach + (0.3 * lift if squatting else 0.0)
    actor.performance.lean.add(lift_body, attach + lift, 0.03)
    actor.performance.crouch.add(lift_body, attach + lift, 0.0)
    actor.held, actor.held_since = name, attach
    del actor.lying[name]
    actor.time = attach + lift
    actor.add_label("take", name, start, actor.time, name)
    if under == "floor":
        actor.add_label("tidy", "floor", start, actor.time, name)
    return True


def hold(actor: Actor, name: str) -> bool:
    """Keep an item in the hands for a while and look at it."""
    actor.look(LookAtItem(name), actor.time)
    actor.time += actor.stream.uniform(0.8, 1.8)
    return True


def put(actor: Actor, name: str, kinds: tuple[str, ...] = ()) -> bool:
    """Carry to a free spot, lower, detach."""
    for _ in range(12 if actor.seat is None else 60):
        spot = find_free_spot(actor, name, kinds or ITEMS[name].lies_on, 12)
        if spot is None or not may_reach(actor, spot.position):
            continue
        at, kind, _ = spot
        found = go_within_reach(actor, name, at)
        if found is not None:
            break
    else:
        return False
    hands, posture = found
    start, span = actor.time, actor.stream.uniform(0.7, 0.95)
    actor.look(LookAtPoint(at), start, 0.25)
    actor.bend(posture, start, span)
    actor.performance.paths[name].add(start, start + span, LieAt(at, turn_z(actor.yaw) @ turn_flat(name)))
    detach = start + span + 0.12
    actor.let_go(name, detach)
    actor.lying[name] = LyingItem(at, kind)
    actor.relax(hands, detach + 0.02)
    actor.time = detach + actor.stream.uniform(0.45, 0.6)
    owners = tuple(s.owner for s in actor.room.surfaces if s.kind == kind and s.owner > 0)[:1]
    actor.add_label("put", name, start, actor.time - 0.2, name, *owners, support=kind)
    actor.look(LookAhead(1.0), actor.time)
    return True


def throw(actor: Actor, name: str) -> bool:
    """Swing and let fly onto a seat, a bed or the floor."""
    if actor.seat is not None:
        return False
    for _ in range(25):
        spot = find_free_spot(actor, name, ("floor", "floor", "sofa/couch", "bed"), 6)
        if spot is None:
            continue
        at, kind, _ = spot
        away = (at - actor.position)[:2]
        distance = float(np.hypot(*away))
        to_camera = (actor.viewer - actor.position)[:2] / np.hypot(*(actor.viewer - actor.position)[:2])
        if not 0.9 < distance < 2.2 or away @ to_camera / distance < -0.75:
            continue
        if kind == "floor" and build_floor_grid(actor).measure_clearance(at) < actor.items[name].radius:
            continue
        break
    else:
        return False
    actor.turn_to(float(np.arctan2(-away[0], away[1])))
    hands, frame = actor.holding_hands, turn_z(actor.yaw)
    start = actor.time
    actor.look(LookAtPoint(at), start, 0.25)
    side = 0.0 if actor.hand is None else 0.18
    wound = Hold((side, 0.22, -0.30), CARRY[name].turn, CARRY[name].wrist)
    swung = Hold((side, 0.48, 0.02), CARRY[name].turn, CARRY[name].wrist)
    path = actor.performance.paths[name]
    path.add(start, start + 0.4, BeHeld(wound, actor.hand))
    path.add(start + 0.4, start + 0.68, BeHeld(swung, actor.hand))
    release = start + 0.68
    chest = actor.position + UP * (actor.human.standing_height + 0.37 * actor.human.tall)
    launch = chest + frame @ (side * (1 if actor.hand is None else SIDES[actor.hand]), 0.50, 0.02)
    span = 0.30 + 0.14 * distance
    path.add(release, release + 0.03, Fly(launch, at, frame @ CARRY[name].turn, release, span))
    path.add(release + span - 0.12, release + span + 0.05, LieAt(at, turn_z(actor.yaw) @ turn_flat(name)))
    for i in hands:
        follow = launch + frame @ (SIDES[i] * (0.2 if actor.hand is None else 0.0), 0.0, 0.12)
        actor.performance.hands[i].add(release, release + 0.15, TouchPoint(follow))
    actor.let_go(name, release)
    actor.relax(hands, release + 0.3, 0.55)
    actor.time = release + span + 0.3
    actor.lying[name] = LyingItem(at, kind)
    actor.add_label("throw", name, start, actor.time, name, support=kind)
    return True


def use(actor: Actor, kind: str, name: str) -> bool:
    """Use what is in the hand."""
    actor.turn_to_viewer()
    path, start = actor.performance.paths[name], actor.time
    if kind == "drink":
        path.add(start, start + 0.75, BeDrunkFrom())
        actor.look(LookAhead(0.2), start)
        begin, end = start + 0.65, start + 0.75 + actor.stream.uniform(1.1, 2.0)
        actor.performance.motions.append(ContactPhase(name, "drinking_from", begin, end))
    elif kind == "lift":
        path.add(start, start + 0.65, BeNearMouth())
        actor.look(LookAtItem(name), start)
        end = start + 0.65 + actor.stream.uniform(0.5, 1.0)
    elif kind == "eat":
        begin = start + 0.65
        end = begin + 0.9 * actor.stream.choice([2, 3, 3])
        path.add(start, begin, BeEaten(begin))
        actor.look(LookAhead(0.2), start)
        actor.performance.motions.append(ContactPhase(name, "eating", begin, end))
    elif kind == "talk":
        assert actor.hand is not None  # a telephone is taken by one hand
        path.add(start, start + 0.7, BeAtEar(actor.hand))
        actor.look(LookAhead(0.9), start)
        end = start + 0.7 + actor.stream.uniform(1.6, 3.0)
    elif kind in ("play", "snuggle"):
        hold = grips.PLAY if kind == "play" else find_hug(actor, name)
        path.add(start, start + 0.6, BeHeld(hold, actor.hand, 0.004 if kind == "play" else 0.008))
        actor.look(LookAtItem(name) if kind == "play" else LookAhead(0.6), start)
        end = start + 0.6 + actor.stream.uniform(1.6, 3.0)
    else:
        path.add(start, start + 0.7, BeHeld(grips.READ, actor.hand))
        actor.look(LookAtItem(name), start)
        actor.performance.opening.add(start + 0.15, start + 0.85, 1.0)
        end = start + 0.85 + actor.stream.uniform(1.8, 3.2)
        actor.add_label("open", name, start, start + 0.9, name)
        actor.performance.opening.add(end, end + 0.6, 0.0)
        actor.add_label("close", name, end - 0.05, end + 0.65, name)
    template = TEMPLATE_OF_USE.get(kind)
    if template:
        early, late = (0.6, 0.0) if kind == "read" else (0.2, 0.15)
        actor.add_label(template, name, start + early, end + late, name)
    actor.time = end
    actor.look(LookAhead(0.3), end + 0.1)
    actor.carry_again(name, actor.stream.uniform(0.55, 0.7))
    return True


def find_hug(actor: Actor, name: str) -> Hold:
    """Pressed to the chest, the hands on its far side."""
    hold = grips.SNUGGLE
    corners = hold.turn @ actor.items[name].corners.T
    near, far = float(corners[1].min()), float(corners[1].max())
    wide = float(np.clip(corners[0].max() - 0.05, 0.13, 0.19))
    return Hold((0.0, 0.13 - near, hold.offset[2]), hold.turn, (wide, far + 0.02, hold.wrist[2]))


def wipe(actor: Actor, name: str) -> bool:
    """Circles with the towel on a free part of a table."""
    for _ in range(6):
        spot = find_free_spot(actor, name, ("table",), 12)
        found = go_within_reach(actor, name, spot.position) if spot is not None else None
        if spot is not None and found is not None:
            break
    else:
        return False
    posture = found[1]
    at, start = spot.position - UP * 0.02, actor.time
    end = start + 0.7 + actor.stream.uniform(2.0, 3.2)
    actor.bend((posture[0] + 0.08, posture[1]), start, 0.6)
    actor.performance.paths[name].add(start, start + 0.65, WipeCircles(at, start, actor.yaw))
    actor.look(LookAtPoint(at), start)
    actor.performance.motions.append(ContactPhase(name, "wiping", start + 0.6, end))
    actor.add_label("wash", "table", start + 0.4, end, name, actor.room.find_index("table") or 0, support=name)
    actor.time = end
    actor.performance.lean.add(end, end + 0.6, 0.03)
    actor.performance.crouch.add(end, end + 0.6, 0.0)
    actor.carry_again(name)
    return True


def write(actor: Actor, name: str) -> bool:
    """At a table: lay the notebook down in front, and write in it."""
    if actor.seat is None or not actor.is_at_table:
        return False
    frame, table = turn_z(actor.yaw), next(s for s in actor.room.surfaces if s.kind == "table")
    at = None
    for right in actor.stream.permutation([-0.25, -0.12, 0.0, 0.12, 0.25]):
        for ahead in (0.56, 0.62, 0.68):
            p = actor.seat.point + frame @ (right, ahead, 0)
            p[2] = table.height + actor.items[name].lift
            others = [(q[:2], actor.items[n].radius) for n, (q, _) in actor.lying.items()]
            laptop = actor.room.find_index("laptop")
            if laptop is not None:
                others.append((actor.room.placed[laptop].position[:2], 0.20))
            inside = (p[:2] > table.low - 0.02).all() and (p[:2] < table.high + 0.02).all()
            if inside and all(np.hypot(*(p[:2] - q)) > 0.14 + r for q, r in others):
                at = p
    if at is None:
        return False
    posture = find_posture(
        actor, actor.position, actor.yaw, find_grip_points(actor, name, at, actor.yaw, (0, 1)), actor.seat
    )
    if posture is None:
        return False
    start, main = actor.time, int((actor.viewer - actor.position) @ frame[:, 0] > 0)
    actor.bend((posture[0] + 0.05, 0), start, 0.7)
    actor.performance.paths[name].add(start, start + 0.75, LieAt(at, frame))
    actor.look(LookAtPoint(at), start)
    actor.let_go(name, start + 0.85)
    actor.add_label("put", name, start, start + 1.0, name, actor.room.find_index("table") or 0, support="table")
    actor.lying[name] = LyingItem(at, "table")
    begin, end = start + 1.3, start + 1.4 + actor.stream.uniform(2.0, 3.2)
    for i in (0, 1):
        actor.performance.hands[i].add(start + 0.87, begin, WriteOn(name, main))
    actor.performance.motions.append(ContactPhase(name, "writing_on", begin, end))
    actor.add_label("work", name, begin - 0.1, end, name, support="table")
    actor.time = end
    actor.relax((0, 1), end)
    actor.look(LookAhead(0.1), end + 0.1)
    actor.time += 0.5
    return True


STEPS: dict[str, StepFunction] = {
    "take": lambda actor, step: take(actor, step.subject),
    "pick up": lambda actor, step: take(actor, step.subject),
    "decoy": lambda actor, step: take(actor, step.subject, only_reach=True),
    "put": lambda actor, step: put(actor, step.subject, (step.onto,) if step.onto else ()),
    "throw": lambda actor, step: throw(actor, step.subject),
    "hold": lambda actor, step: hold(actor, step.subject),
    "wipe": lambda actor, step: wipe(actor, step.subject),
    "write": lambda actor, step: write(actor, step.subject),
    **{kind: (lambda actor, step: use(actor, step.kind, step.subject)) for kind in USES},
}
