"""Clothes: jacket and shoes on and off, a bag onto the back, a blanket over the body.

A worn item leaves the hands at one moment, hidden behind or under the body; from then on its worn form is drawn.
Each step returns False, and writes nothing, if it cannot be done.
"""

from dataclasses import replace

import numpy as np

from ag_core.world.body.posture import find_base
from ag_core.world.motion.actor import Actor, StepFunction
from ag_core.world.motion.goals import (
    BeHeld,
    FollowHands,
    GripItem,
    HandGoal,
    ItemGoal,
    LookAhead,
    LookAtItem,
    LookAtPoint,
    ReachTo,
)
from ag_core.world.motion.performance import FOOT_RAISED
from ag_core.world.motion.phases import ContactPhase
from ag_core.world.motion.strokes import FEET, STILL, Reach, Stroke, Triple, place_hand
from ag_core.world.objects.grips import CARRY, LEVEL, Hold
from ag_core.world.render.mesh import turn_x, turn_z

LIFTED = Hold((0.10, 0.34, 0.10), turn_x(1.2), (0.17, -0.08, 0.02))
BEHIND = Hold((0.02, -0.15, 0.12), turn_x(1.57), (0.20, 0.06, 0.02))
"""How a jacket is swung: up before the chest, then behind the shoulders."""
COLLAR = Reach("chest", (0.10, 0.19, 0.02), (-0.5, 0.4, 0.9))
SLEEVE = Reach("chest", (0.50, 0.16, 0.02), (0.9, 0.4, 0.0))
FRONT = Reach("chest", (0.08, 0.20, -0.10), (-0.7, 0.3, -0.2), Stroke((0.0, 0.0, 0.06), (0.02, 0.0, 0.0), 0.7))
ON_BODY = Hold((0.0, 0.0, -0.1), LEVEL, (0.17, 0.1, 0.0))
SPREAD = Hold((0.0, 0.42, 0.02), turn_x(0.8), (0.20, -0.10, 0.03))
OVER_LAP = Hold((0.0, 0.36, -0.14), turn_x(0.2), (0.18, -0.08, 0.05))
HEM = Reach("chest", (0.13, 0.23, -0.18), (-0.35, 0.6, -0.3), Stroke((0.0, 0.03, 0.02), (0.0, 0.0, 0.03), 1.2))
ONTO_BACK = Hold((0.12, -0.05, 0.02), LEVEL, (0.10, 0.10, 0.12))
SHOES = Hold((0.0, 0.0, 0.0), turn_z(np.pi), (0.10, -0.09, 0.06))
SHOULDER_STRAPS = Reach("chest", (0.13, 0.17, 0.02), (-0.3, 0.2, 0.9), Stroke((0.0, 0.0, 0.03), period=0.6))


def wear(actor: Actor, name: str, kind: str, at: float) -> None:
    """From `at` on an item is worn: 'wearing', 'covered_by' or 'have_it_on_the_back'."""
    actor.let_go(name, at)
    actor.performance.worn.append(ContactPhase(name, kind, at, at + 9999))
    actor.performance.paths[name].add(at + 0.02, at + 0.06, BeHeld(ON_BODY, None))


def unwear(actor: Actor, name: str, at: float, goal: ItemGoal) -> None:
    """From `at` on a worn item is in both hands, where the goal puts it."""
    actor.performance.worn = [
        replace(phase, end=min(phase.end, at)) if phase.name == name else phase for phase in actor.performance.worn
    ]
    actor.performance.paths[name].add(at - 0.06, at - 0.02, goal)
    actor.held, actor.hand, actor.held_since = name, None, at


def send_both_hands(actor: Actor, goal: HandGoal, start: float, end: float) -> None:
    """Send both hands to one goal."""
    for i in (0, 1):
        actor.performance.hands[i].add(start, end, goal)


def dress(actor: Actor, name: str) -> bool:
    """Swing the jacket behind the shoulders, an arm into each sleeve, tug it straight."""
    if actor.seat is not None:
        return False
    actor.turn_to_viewer()
    start, path = actor.time, actor.performance.paths[name]
    actor.look(LookAtItem(name), start, 0.25)
    path.add(start, start + 0.4, BeHeld(LIFTED, None))
    path.add(start + 0.4, start + 0.8, BeHeld(BEHIND, None))
    on = start + 0.78
    wear(actor, name, "wearing", on)
    actor.look(LookAhead(0.2), on)
    first = int(actor.stream.bernoulli(0.5))
    for k, i in enumerate((first, 1 - first)):
        out = on + 0.05 + 0.35 * k
        actor.performance.hands[i].add(out, out + 0.35, ReachTo(SLEEVE))
        actor.performance.hands[i].add(out + 0.4, out + 0.8, ReachTo(FRONT))
    end = on + 0.85 + actor.stream.uniform(0.5, 0.9)
    actor.add_label("wear", name, start + 0.1, end, support="on")
    actor.relax((0, 1), end)
    actor.time = end + 0.3
    return True


def undress(actor: Actor, name: str) -> bool:
    """Both hands to the collar, the jacket slips off behind, and comes round in the hands."""
    if actor.seat is not None or name not in actor.list_worn("wearing"):
        return False
    actor.turn_to_viewer()
    start = actor.time
    actor.look(LookAhead(0.3), start, 0.25)
    send_both_hands(actor, ReachTo(COLLAR), start, start + 0.45)
    first = int(actor.stream.bernoulli(0.5))
    for k, i in enumerate((first, 1 - first)):
        out = start + 0.6 + 0.3 * k
        actor.performance.hands[i].add(out, out + 0.35, ReachTo(SLEEVE))
    off = start + 1.6
    send_both_hands(actor, GripItem(name), off - 0.35, off)
    unwear(actor, name, off, BeHeld(BEHIND, None))
    path = actor.performance.paths[name]
    path.add(off + 0.02, off + 0.42, BeHeld(LIFTED, None))
    path.add(off + 0.42, off + 0.85, BeHeld(CARRY[name], None))
    actor.look(LookAtItem(name), off + 0.1)
    actor.time = off + 0.85
    actor.add_label("wear", name, start + 0.1, actor.time, support="off")
    return True


def cover(actor: Actor, name: str) -> bool:
    """Who sits or lies spreads the blanket over the body and holds its edge."""
    if actor.seat is None:
        return False
    start, path = actor.time, actor.performance.paths[name]
    actor.look(LookAtItem(name), start, 0.25)
    path.add(start, start + 0.45, BeHeld(SPREAD, None))
    path.add(start + 0.45, start + 0.85, BeHeld(OVER_LAP, None))
    on = start + 0.82
    wear(actor, name, "covered_by", on)
    send_both_hands(actor, ReachTo(HEM), on, on + 0.45)
    end = on + 0.4 + actor.stream.uniform(1.4, 2.4)
    actor.look(LookAhead(0.5), on + 0.3)
    actor.add_label("snuggle", name, start + 0.3, end, name)
    actor.relax((0, 1), end)
    actor.time = end + 0.2
    return True


def uncover(actor: Actor) -> bool:
    """Take the blanket off the body into both hands, where they are free; True also where none is on it."""
    covers = actor.list_worn("covered_by")
    if not covers:
        return True
    if actor.held is not None:
        return False
    name, start = covers[0], actor.time
    actor.look(LookAtItem(name), start, 0.25)
    send_both_hands(actor, GripItem(name), start, start + 0.4)
    off = start + 0.42
    unwear(actor, name, off, BeHeld(OVER_LAP, None))
    actor.performance.paths[name].add(off + 0.02, off + 0.5, BeHeld(CARRY[name], None))
    actor.time = off + 0.5
    return True


def shoulder(actor: Actor, name: str) -> bool:
    """Swing the bag up onto the back, and pull the straps."""
    if actor.seat is not None:
        return False
    start, path = actor.time, actor.performance.paths[name]
    path.add(start, start + 0.6, BeHeld(ONTO_BACK, actor.hand))
    on = start + 0.6
    wear(actor, name, "have_it_on_the_back", on)
    send_both_hands(actor, ReachTo(SHOULDER_STRAPS), on, on + 0.4)
    end = on + 0.4 + actor.stream.uniform(0.5, 0.8)
    actor.relax((0, 1), end)
    actor.look(LookAhead(0.3), start + 0.3)
    actor.time = end + 0.3
    return True


def find_lean_to_feet(actor: Actor) -> float | None:
    """How far one who sits leans forward so that both hands reach a raised foot; None if they do not."""
    base = find_base(actor.performance.body, actor.human, actor.time)
    right = base.feet[1] + base.frame @ (-0.05, -0.03, FOOT_RAISED)
    base = replace(base, feet=(base.feet[0], right))
    for lean in (0.5, 0.65, 0.8, 0.95, 1.1):
        pose = actor.performance.make_pose(base, lean, 0.0, base.pelvis + 2 * base.frame[:, 1])
        joints = actor.human.solve(pose)
        wrists = [place_hand(reach_foot(1, STILL), i, 0.0, joints, base.frame)[0] for i in (0, 1)]
        joints = actor.human.solve(replace(pose, hands=(wrists[0], wrists[1])))
        if all(np.linalg.norm(joints.wrists[i] - wrists[i]) < 0.01 for i in (0, 1)):
            return lean
    return None


def put_on(actor: Actor, name: str) -> bool:
    """Draw one foot up after the other; the shoes are on with the first."""
    lean = find_lean_to_feet(actor) if actor.seat is not None and actor.recline is None else None
    if lean is None:
        return False
    start, stage = actor.time, actor.performance
    actor.look(LookAtItem(name), start, 0.25)
    stage.lean.add(start, start + 0.5, lean)
    stage.raised[1].add(start, start + 0.5, 1.0)
    stage.paths[name].add(start + 0.1, start + 0.65, FollowHands(reach_foot(1, STILL, (0.0, 0.0, -0.02)), SHOES))
    on = start + 0.8
    wear(actor, name, "wearing", on)
    end = work_on_feet(actor, (1, 0), on)
    actor.add_label("wear", name, start + 0.1, end, support="on")
    return True


def take_off(actor: Actor, name: str) -> bool:
    """Loosen one shoe after the other; with the second both come off into the hands."""
    lean = find_lean_to_feet(actor) if actor.seat is not None and actor.recline is None else None
    if lean is None or name not in actor.list_worn("wearing"):
        return False
    start, stage = actor.time, actor.performance
    stage.lean.add(start, start + 0.5, lean)
    stage.raised[0].add(start, start + 0.5, 1.0)
    work_on_feet(actor, (0, 1), start + 0.45, stays_up=True)
    off = actor.time
    send_both_hands(actor, GripItem(name), off - 0.2, off)
    unwear(actor, name, off, FollowHands(reach_foot(1, STILL, (0.0, 0.0, -0.02)), SHOES))
    stage.paths[name].add(off + 0.05, off + 0.6, BeHeld(CARRY[name], None))
    stage.raised[1].add(off + 0.1, off + 0.6, 0.0)
    stage.lean.add(off + 0.05, off + 0.6, 0.02)
    actor.look(LookAhead(0.2), off + 0.3)
    actor.time = off + 0.65
    actor.add_label("wear", name, start + 0.1, actor.time, support="off")
    return True


def work_on_feet(actor: Actor, feet: tuple[int, int], start: float, stays_up: bool = False) -> float:
    """Tug at the first foot, which is up, then at the second; returns when the hands are done."""
    stage, change = actor.performance, start + 0.65
    for k, foot in enumerate(feet):
        tug = Stroke((0.0, 0.0, 0.02), (0.0, 0.015, 0.0), 0.5, start)
        begin = start + 0.75 * k
        actor.look(LookAtPoint(actor.position), begin)
        send_both_hands(actor, ReachTo(reach_foot(foot, tug)), begin, begin + (0.1 if k == 0 else 0.4))
    stage.raised[feet[0]].add(change, change + 0.45, 0.0)
    stage.raised[feet[1]].add(change + 0.05, change + 0.5, 1.0)
    end = change + 0.5 + actor.stream.uniform(0.5, 0.8)
    actor.time = end
    if not stays_up:
        stage.raised[feet[1]].add(end, end + 0.45, 0.0)
        actor.relax((0, 1), end)
        actor.look(LookAhead(0.3), end)
        actor.time = end + 0.45
    return end


def reach_foot(foot: int, stroke: Stroke, offset: Triple = (0.075, -0.10, 0.07)) -> Reach:
    """Both hands at one foot, 0 left or 1 right; `offset` [3] of the right wrist."""
    return Reach(FEET[foot], offset, (-0.3, 0.8, -0.5), stroke)


STEPS: dict[str, StepFunction] = {
    "dress": lambda actor, step: dress(actor, step.subject),
    "undress": lambda actor, step: undress(actor, step.subject),
    "cover": lambda actor, step: cover(actor, step.subject),
    "put on": lambda actor, step: put_on(actor, step.subject),
    "take off": lambda actor, step: take_off(actor, step.subject),
    "shoulder": lambda actor, step: shoulder(actor, step.subject),
}
