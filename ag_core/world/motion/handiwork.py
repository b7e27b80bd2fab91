"""What hands do with things: take, put, throw, use.

Each step returns False, and writes nothing, if it cannot be done.
"""

from typing import ClassVar

import numpy as np

from ag_core.world.body.human import SIDES
from ag_core.world.body.posture import Segment
from ag_core.world.motion.blocking import Blocking, Doing
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
from ag_core.world.motion.script import ITEMS
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
"""What using a thing shows; 'lift' (to the mouth and away, a decoy) shows nothing."""


USES = ("drink", "lift", "eat", "talk", "play", "snuggle", "read")


class Handiwork(Blocking):
    """Steps that move things."""

    SKILLS: ClassVar[dict[str, Doing]] = {
        "take": lambda self, step: self.take(step.subject),
        "pick up": lambda self, step: self.take(step.subject),
        "decoy": lambda self, step: self.take(step.subject, only_reach=True),
        "put": lambda self, step: self.put(step.subject, (step.onto,) if step.onto else ()),
        "throw": lambda self, step: self.throw(step.subject),
        "hold": lambda self, step: self.hold(step.subject),
        "wipe": lambda self, step: self.wipe(step.subject),
        "write": lambda self, step: self.write(step.subject),
        **{kind: (lambda self, step: self.use(step.kind, step.subject)) for kind in USES},
    }

    def take(self, name: str, only_reach: bool = False) -> bool:
        """Reach, attach, lift. `only_reach`: a decoy that withdraws without the thing."""
        at, under = self.lying[name]
        found = self.reach_for(name, at, squats=not only_reach)
        if found is None:
            return False
        hands, posture = found
        start, span = self.time, self.between(0.55, 0.8)
        self.look(LookAtItem(name), start, 0.25)
        self.bend(posture, start, span)
        for i in hands:
            self.stage.hands[i].add(start, start + span, GripItem(name))
        self.time = start + span + 0.1
        if only_reach:
            self.time += self.between(0.1, 0.4)
            self.relax(hands, self.time)
            self.look(LookAhead(0.5), self.time)
            self.time += 0.6
            return True
        attach = self.time
        lift = self.between(0.6, 0.8)
        self.hand = None if len(hands) == 2 else hands[0]
        self.stage.paths[name].add(attach, attach + lift, BeHeld(CARRY[name], self.hand))
        squatting = posture[1] > 0.5  # then the thing leads
        lift_body = attach + (0.3 * lift if squatting else 0.0)
        self.stage.lean.add(lift_body, attach + lift, 0.03)
        self.stage.crouch.add(lift_body, attach + lift, 0.0)
        self.held, self.held_since = name, attach
        del self.lying[name]
        self.time = attach + lift
        self.label("take", name, start, self.time, name)
        if under == "floor":
            self.label("tidy", "floor", start, self.time, name)
        return True

    def hold(self, name: str) -> bool:
        """Keep a thing in the hands for a while and look at it."""
        self.look(LookAtItem(name), self.time)
        self.time += self.between(0.8, 1.8)
        return True

    def let_go(self, name: str, end: float) -> None:
        """Book the time a thing was in the hands."""
        hands = (True, True) if self.hand is None else (self.hand == 0, self.hand == 1)
        self.stage.attached.append((name, hands, self.held_since, end))
        self.label("hold", name, self.held_since, end, name)
        self.held = None

    def put(self, name: str, kinds: tuple[str, ...] = ()) -> bool:
        """Carry to a free spot, lower, detach."""
        for _ in range(12 if self.seat is None else 60):
            spot = self.free_spot(name, kinds or ITEMS[name].lies_on, 12)
            if spot is None or not self.may_reach(spot[0]):
                continue
            at, kind, _ = spot
            found = self.reach_for(name, at)
            if found is not None:
                break
        else:
            return False
        hands, posture = found
        start, span = self.time, self.between(0.7, 0.95)
        self.look(LookAtPoint(at), start, 0.25)
        self.bend(posture, start, span)
        self.stage.paths[name].add(start, start + span, LieAt(at, turn_z(self.yaw) @ turn_flat(name)))
        detach = start + span + 0.12
        self.let_go(name, detach)
        self.lying[name] = (at, kind)
        self.relax(hands, detach + 0.02)
        self.time = detach + self.between(0.45, 0.6)
        owners = tuple(s.owner for s in self.room.surfaces if s.kind == kind and s.owner > 0)[:1]
        self.label("put", name, start, self.time - 0.2, name, *owners, support=kind)
        self.look(LookAhead(1.0), self.time)
        return True

    def throw(self, name: str) -> bool:
        """Swing and let fly onto a seat, a bed or the floor."""
        if self.seat is not None:
            return False
        for _ in range(25):
            spot = self.free_spot(name, ("floor", "floor", "sofa/couch", "bed"), 6)
            if spot is None:
                continue
            at, kind, _ = spot
            away = (at - self.place)[:2]
            distance = float(np.hypot(*away))
            to_camera = (self.viewer - self.place)[:2] / np.hypot(*(self.viewer - self.place)[:2])
            if not 0.9 < distance < 2.2 or away @ to_camera / distance < -0.75:
                continue
            if kind == "floor" and self.grid().clearance(at) < self.things[name].radius:
                continue
            break
        else:
            return False
        self.turn_to(float(np.arctan2(-away[0], away[1])))
        hands, frame = self.held_hands(), turn_z(self.yaw)
        start = self.time
        self.look(LookAtPoint(at), start, 0.25)
        side = 0.0 if self.hand is None else 0.18
        wound = Hold((side, 0.22, -0.30), CARRY[name].turn, CARRY[name].wrist)
        swung = Hold((side, 0.48, 0.02), CARRY[name].turn, CARRY[name].wrist)
        path = self.stage.paths[name]
        path.add(start, start + 0.4, BeHeld(wound, self.hand))
        path.add(start + 0.4, start + 0.68, BeHeld(swung, self.hand))
        release = start + 0.68
        chest = self.place + UP * (self.human.standing_height + 0.37 * self.human.tall)
        launch = chest + frame @ (side * (1 if self.hand is None else SIDES[self.hand]), 0.50, 0.02)
        span = 0.30 + 0.14 * distance
        path.add(release, release + 0.03, Fly(launch, at, frame @ CARRY[name].turn, release, span))
        path.add(release + span - 0.12, release + span + 0.05, LieAt(at, turn_z(self.yaw) @ turn_flat(name)))
        for i in hands:
            follow = launch + frame @ (SIDES[i] * (0.2 if self.hand is None else 0.0), 0.0, 0.12)
            self.stage.hands[i].add(release, release + 0.15, TouchPoint(follow))
        self.let_go(name, release)
        self.relax(hands, release + 0.3, 0.55)
        self.time = release + span + 0.3
        self.lying[name] = (at, kind)
        self.label("throw", name, start, self.time, name, support=kind)
        return True

    def turn_to_viewer(self) -> None:
        """Who stands with the back to the camera turns before using a thing."""
        to_camera = (self.viewer - self.place)[:2] / np.hypot(*(self.viewer - self.place)[:2])
        if self.seat is not None or turn_z(self.yaw)[:2, 1] @ to_camera > -0.15:
            return
        towards = float(np.arctan2(-to_camera[0], to_camera[1]))
        off = (towards - self.yaw + np.pi) % (2 * np.pi) - np.pi
        self.turn_to(float(self.yaw + off - np.sign(off) * self.between(0.4, 1.25)))
        self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))

    def back_to_carry(self, name: str, span: float = 0.6) -> None:
        self.stage.paths[name].add(self.time, self.time + span, BeHeld(CARRY[name], self.hand))
        self.time += span

    def use(self, kind: str, name: str) -> bool:
        """Use what is in the hand."""
        self.turn_to_viewer()
        path, start = self.stage.paths[name], self.time
        if kind == "drink":
            path.add(start, start + 0.75, BeDrunkFrom())
            self.look(LookAhead(0.2), start)
            begin, end = start + 0.65, start + 0.75 + self.between(1.1, 2.0)
            self.stage.motions.append((name, "drinking_from", begin, end))
        elif kind == "lift":
            path.add(start, start + 0.65, BeNearMouth())
            self.look(LookAtItem(name), start)
            end = start + 0.65 + self.between(0.5, 1.0)
        elif kind == "eat":
            begin = start + 0.65
            end = begin + 0.9 * self.chance.any_of([2, 3, 3])
            path.add(start, begin, BeEaten(begin))
            self.look(LookAhead(0.2), start)
            self.stage.motions.append((name, "eating", begin, end))
        elif kind == "talk":
            assert self.hand is not None  # a telephone is taken by one hand
            path.add(start, start + 0.7, BeAtEar(self.hand))
            self.look(LookAhead(0.9), start)
            end = start + 0.7 + self.between(1.6, 3.0)
        elif kind in ("play", "snuggle"):
            hold = grips.PLAY if kind == "play" else self.hug(name)
            path.add(start, start + 0.6, BeHeld(hold, self.hand, 0.004 if kind == "play" else 0.008))
            self.look(LookAtItem(name) if kind == "play" else LookAhead(0.6), start)
            end = start + 0.6 + self.between(1.6, 3.0)
        else:
            path.add(start, start + 0.7, BeHeld(grips.READ, self.hand))
            self.look(LookAtItem(name), start)
            self.stage.opening.add(start + 0.15, start + 0.85, 1.0)
            end = start + 0.85 + self.between(1.8, 3.2)
            self.label("open", name, start, start + 0.9, name)
            self.stage.opening.add(end, end + 0.6, 0.0)
            self.label("close", name, end - 0.05, end + 0.65, name)
        template = TEMPLATE_OF_USE.get(kind)
        if template:
            early, late = (0.6, 0.0) if kind == "read" else (0.2, 0.15)
            self.label(template, name, start + early, end + late, name)
        self.time = end
        self.look(LookAhead(0.3), end + 0.1)
        self.back_to_carry(name, self.between(0.55, 0.7))
        return True

    def hug(self, name: str) -> Hold:
        """Pressed to the chest, the hands on its far side."""
        hold = grips.SNUGGLE
        corners = hold.turn @ self.things[name].corners.T
        near, far = float(corners[1].min()), float(corners[1].max())
        wide = float(np.clip(corners[0].max() - 0.05, 0.13, 0.19))
        return Hold((0.0, 0.13 - near, hold.offset[2]), hold.turn, (wide, far + 0.02, hold.wrist[2]))

    def wipe(self, name: str) -> bool:
        """Circles with the towel on a free part of a table."""
        for _ in range(6):
            spot = self.free_spot(name, ("table",), 12)
            found = self.reach_for(name, spot[0]) if spot is not None else None
            if spot is not None and found is not None:
                break
        else:
            return False
        posture = found[1]
        at, start = spot[0] - UP * 0.02, self.time
        end = start + 0.7 + self.between(2.0, 3.2)
        self.bend((posture[0] + 0.08, posture[1]), start, 0.6)
        self.stage.paths[name].add(start, start + 0.65, WipeCircles(at, start, self.yaw))
        self.look(LookAtPoint(at), start)
        self.stage.motions.append((name, "wiping", start + 0.6, end))
        self.label("wash", "table", start + 0.4, end, name, self.room.index_of("table") or 0, support=name)
        self.time = end
        self.stage.lean.add(end, end + 0.6, 0.03)
        self.stage.crouch.add(end, end + 0.6, 0.0)
        self.back_to_carry(name)
        return True

    def write(self, name: str) -> bool:
        """At a table: lay the notebook down in front, and write in it."""
        if self.seat is None or not self.at_table():
            return False
        frame, table = turn_z(self.yaw), next(s for s in self.room.surfaces if s.kind == "table")
        at = None
        for right in self.chance.shuffled([-0.25, -0.12, 0.0, 0.12, 0.25]):
            for ahead in (0.56, 0.62, 0.68):
                p = self.seat.point + frame @ (right, ahead, 0)
                p[2] = table.height + self.things[name].lift
                others = [(q[:2], self.things[n].radius) for n, (q, _) in self.lying.items()]
                laptop = self.room.index_of("laptop")
                if laptop is not None:
                    others.append((self.room.placed[laptop].position[:2], 0.20))
                inside = (p[:2] > table.low - 0.02).all() and (p[:2] < table.high + 0.02).all()
                if inside and all(np.hypot(*(p[:2] - q)) > 0.14 + r for q, r in others):
                    at = p
        if at is None:
            return False
        posture = self.posture(self.place, self.yaw, self.grip_points(name, at, self.yaw, (0, 1)), self.seat)
        if posture is None:
            return False
        start, main = self.time, int((self.viewer - self.place) @ frame[:, 0] > 0)
        self.bend((posture[0] + 0.05, 0), start, 0.7)
        self.stage.paths[name].add(start, start + 0.75, LieAt(at, frame))
        self.look(LookAtPoint(at), start)
        self.let_go(name, start + 0.85)
        self.label("put", name, start, start + 1.0, name, self.room.index_of("table") or 0, support="table")
        self.lying[name] = (at, "table")
        begin, end = start + 1.3, start + 1.4 + self.between(2.0, 3.2)
        for i in (0, 1):
            self.stage.hands[i].add(start + 0.87, begin, WriteOn(name, main))
        self.stage.motions.append((name, "writing_on", begin, end))
        self.label("work", name, begin - 0.1, end, name, support="table")
        self.time = end
        self.relax((0, 1), end)
        self.look(LookAhead(0.1), end + 0.1)
        self.time += 0.5
        return True
