"""Clothes: jacket and shoes on and off, a bag onto the back, a blanket over the body.

A worn thing leaves the hands at one moment, hidden behind or under the body; from then on its worn form is drawn.
Each step returns False, and writes nothing, if it cannot be done.
"""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from ag_core.world.body.posture import base_at
from ag_core.world.motion.blocking import Doing
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
from ag_core.world.motion.handiwork import Handiwork
from ag_core.world.motion.performance import FOOT_RAISED
from ag_core.world.motion.resting import Resting
from ag_core.world.motion.strokes import FEET, STILL, Reach, Stroke, Triple, hand_at
from ag_core.world.motion.tracks import Track
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


class Dressing(Handiwork, Resting):
    """Steps that put things on the body and take them off."""

    SKILLS: ClassVar[dict[str, Doing]] = {
        "dress": lambda self, step: self.dress(step.subject),
        "undress": lambda self, step: self.undress(step.subject),
        "cover": lambda self, step: self.cover(step.subject),
        "put on": lambda self, step: self.put_on(step.subject),
        "take off": lambda self, step: self.take_off(step.subject),
        "shoulder": lambda self, step: self.shoulder(step.subject),
    }

    def sit(self, kind: str) -> bool:
        """Sit down, but not with a bag on the back."""
        return not self.worn_as("have_it_on_the_back") and super().sit(kind)

    def rise(self) -> bool:
        """Stand up, a blanket taken off first."""
        return self.recline is None and self.uncover() and super().rise()

    def lie(self, kind: str) -> bool:
        """Lie down, but not with a blanket over the legs."""
        return not self.worn_as("covered_by") and super().lie(kind)

    def worn_as(self, kind: str) -> list[str]:
        """What is worn now in a way: 'wearing', 'covered_by' or 'have_it_on_the_back'."""
        return [name for name, what, _, end in self.stage.worn if what == kind and end > self.time]

    def wear(self, name: str, kind: str, at: float) -> None:
        """From `at` on a thing is worn: 'wearing', 'covered_by' or 'have_it_on_the_back'."""
        self.let_go(name, at)
        self.stage.worn.append((name, kind, at, at + 9999))
        self.stage.paths[name].add(at + 0.02, at + 0.06, BeHeld(ON_BODY, None))

    def begin_dressed(self, name: str, at: float) -> None:
        """A thing that lay about is worn from the beginning."""
        del self.lying[name]
        self.stage.worn.append((name, "wearing", at, at + 9999))
        self.stage.paths[name] = Track(BeHeld(ON_BODY, None))

    def unwear(self, name: str, at: float, goal: ItemGoal) -> None:
        """From `at` on a worn thing is in both hands, where the goal puts it."""
        self.stage.worn = [
            (worn, kind, start, min(end, at) if worn == name else end) for worn, kind, start, end in self.stage.worn
        ]
        self.stage.paths[name].add(at - 0.06, at - 0.02, goal)
        self.held, self.hand, self.held_since = name, None, at

    def both(self, goal: HandGoal, start: float, end: float) -> None:
        """Send both hands to one goal."""
        for i in (0, 1):
            self.stage.hands[i].add(start, end, goal)

    def dress(self, name: str) -> bool:
        """Swing the jacket behind the shoulders, an arm into each sleeve, tug it straight."""
        if self.seat is not None:
            return False
        self.turn_to_viewer()
        start, path = self.time, self.stage.paths[name]
        self.look(LookAtItem(name), start, 0.25)
        path.add(start, start + 0.4, BeHeld(LIFTED, None))
        path.add(start + 0.4, start + 0.8, BeHeld(BEHIND, None))
        on = start + 0.78
        self.wear(name, "wearing", on)
        self.look(LookAhead(0.2), on)
        first = int(self.chance.happens(0.5))
        for k, i in enumerate((first, 1 - first)):
            out = on + 0.05 + 0.35 * k
            self.stage.hands[i].add(out, out + 0.35, ReachTo(SLEEVE))
            self.stage.hands[i].add(out + 0.4, out + 0.8, ReachTo(FRONT))
        end = on + 0.85 + self.between(0.5, 0.9)
        self.label("wear", name, start + 0.1, end, support="on")
        self.relax((0, 1), end)
        self.time = end + 0.3
        return True

    def undress(self, name: str) -> bool:
        """Both hands to the collar, the jacket slips off behind, and comes round in the hands."""
        if self.seat is not None or name not in self.worn_as("wearing"):
            return False
        self.turn_to_viewer()
        start = self.time
        self.look(LookAhead(0.3), start, 0.25)
        self.both(ReachTo(COLLAR), start, start + 0.45)
        first = int(self.chance.happens(0.5))
        for k, i in enumerate((first, 1 - first)):
            out = start + 0.6 + 0.3 * k
            self.stage.hands[i].add(out, out + 0.35, ReachTo(SLEEVE))
        off = start + 1.6
        self.both(GripItem(name), off - 0.35, off)
        self.unwear(name, off, BeHeld(BEHIND, None))
        path = self.stage.paths[name]
        path.add(off + 0.02, off + 0.42, BeHeld(LIFTED, None))
        path.add(off + 0.42, off + 0.85, BeHeld(CARRY[name], None))
        self.look(LookAtItem(name), off + 0.1)
        self.time = off + 0.85
        self.label("wear", name, start + 0.1, self.time, support="off")
        return True

    def cover(self, name: str) -> bool:
        """Who sits or lies spreads the blanket over the body and holds its edge."""
        if self.seat is None:
            return False
        start, path = self.time, self.stage.paths[name]
        self.look(LookAtItem(name), start, 0.25)
        path.add(start, start + 0.45, BeHeld(SPREAD, None))
        path.add(start + 0.45, start + 0.85, BeHeld(OVER_LAP, None))
        on = start + 0.82
        self.wear(name, "covered_by", on)
        self.both(ReachTo(HEM), on, on + 0.45)
        end = on + 0.4 + self.between(1.4, 2.4)
        self.look(LookAhead(0.5), on + 0.3)
        self.label("snuggle", name, start + 0.3, end, name)
        self.relax((0, 1), end)
        self.time = end + 0.2
        return True

    def uncover(self) -> bool:
        """Take the blanket off the body into both hands, where they are free; True also where none is on it."""
        covers = self.worn_as("covered_by")
        if not covers:
            return True
        if self.held is not None:
            return False
        name, start = covers[0], self.time
        self.look(LookAtItem(name), start, 0.25)
        self.both(GripItem(name), start, start + 0.4)
        off = start + 0.42
        self.unwear(name, off, BeHeld(OVER_LAP, None))
        self.stage.paths[name].add(off + 0.02, off + 0.5, BeHeld(CARRY[name], None))
        self.time = off + 0.5
        return True

    def shoulder(self, name: str) -> bool:
        """Swing the bag up onto the back, and pull the straps."""
        if self.seat is not None:
            return False
        start, path = self.time, self.stage.paths[name]
        path.add(start, start + 0.6, BeHeld(ONTO_BACK, self.hand))
        on = start + 0.6
        self.wear(name, "have_it_on_the_back", on)
        self.both(ReachTo(SHOULDER_STRAPS), on, on + 0.4)
        end = on + 0.4 + self.between(0.5, 0.8)
        self.relax((0, 1), end)
        self.look(LookAhead(0.3), start + 0.3)
        self.time = end + 0.3
        return True

    # -------------------------------------------------------------- shoes

    def lean_to_feet(self) -> float | None:
        """How far one who sits leans forward so that both hands reach a raised foot; None if they do not."""
        base = base_at(self.stage.body, self.human, self.time)
        right = base.feet[1] + base.frame @ (-0.05, -0.03, FOOT_RAISED)
        base = replace(base, feet=(base.feet[0], right))
        for lean in (0.5, 0.65, 0.8, 0.95, 1.1):
            pose = self.stage.posed(base, lean, 0.0, base.pelvis + 2 * base.frame[:, 1])
            joints = self.human.solve(pose)
            wrists = [hand_at(at_foot(1, STILL), i, 0.0, joints, base.frame)[0] for i in (0, 1)]
            joints = self.human.solve(replace(pose, hands=(wrists[0], wrists[1])))
            if all(np.linalg.norm(joints.wrists[i] - wrists[i]) < 0.01 for i in (0, 1)):
                return lean
        return None

    def put_on(self, name: str) -> bool:
        """Draw one foot up after the other; the shoes are on with the first."""
        lean = self.lean_to_feet() if self.seat is not None and self.recline is None else None
        if lean is None:
            return False
        start, stage = self.time, self.stage
        self.look(LookAtItem(name), start, 0.25)
        stage.lean.add(start, start + 0.5, lean)
        stage.raised[1].add(start, start + 0.5, 1.0)
        stage.paths[name].add(start + 0.1, start + 0.65, FollowHands(at_foot(1, STILL, (0.0, 0.0, -0.02)), SHOES))
        on = start + 0.8
        self.wear(name, "wearing", on)
        end = self.work_on_feet((1, 0), on)
        self.label("wear", name, start + 0.1, end, support="on")
        return True

    def take_off(self, name: str) -> bool:
        """Loosen one shoe after the other; with the second both come off into the hands."""
        lean = self.lean_to_feet() if self.seat is not None and self.recline is None else None
        if lean is None or name not in self.worn_as("wearing"):
            return False
        start, stage = self.time, self.stage
        stage.lean.add(start, start + 0.5, lean)
        stage.raised[0].add(start, start + 0.5, 1.0)
        self.work_on_feet((0, 1), start + 0.45, stays_up=True)
        off = self.time
        self.both(GripItem(name), off - 0.2, off)
        self.unwear(name, off, FollowHands(at_foot(1, STILL, (0.0, 0.0, -0.02)), SHOES))
        stage.paths[name].add(off + 0.05, off + 0.6, BeHeld(CARRY[name], None))
        stage.raised[1].add(off + 0.1, off + 0.6, 0.0)
        stage.lean.add(off + 0.05, off + 0.6, 0.02)
        self.look(LookAhead(0.2), off + 0.3)
        self.time = off + 0.65
        self.label("wear", name, start + 0.1, self.time, support="off")
        return True

    def work_on_feet(self, feet: tuple[int, int], start: float, stays_up: bool = False) -> float:
        """Tug at the first foot, which is up, then at the second; returns when the hands are done."""
        stage, change = self.stage, start + 0.65
        for k, foot in enumerate(feet):
            tug = Stroke((0.0, 0.0, 0.02), (0.0, 0.015, 0.0), 0.5, start)
            begin = start + 0.75 * k
            self.look(LookAtPoint(self.place), begin)
            self.both(ReachTo(at_foot(foot, tug)), begin, begin + (0.1 if k == 0 else 0.4))
        stage.raised[feet[0]].add(change, change + 0.45, 0.0)
        stage.raised[feet[1]].add(change + 0.05, change + 0.5, 1.0)
        end = change + 0.5 + self.between(0.5, 0.8)
        self.time = end
        if not stays_up:
            stage.raised[feet[1]].add(end, end + 0.45, 0.0)
            self.relax((0, 1), end)
            self.look(LookAhead(0.3), end)
            self.time = end + 0.45
        return end


def at_foot(foot: int, stroke: Stroke, offset: Triple = (0.075, -0.10, 0.07)) -> Reach:
    """Both hands at one foot, 0 left or 1 right; `offset` [3] of the right wrist."""
    return Reach(FEET[foot], offset, (-0.3, 0.8, -0.5), stroke)
