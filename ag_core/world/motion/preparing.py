"""Preparing and taking: food and drink, medicine, and what boxes and bags hold.

Each step returns False, and writes nothing, if it cannot be done.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import SIDES
from ag_core.world.motion.blocking import FROM_ABOVE, Doing
from ag_core.world.motion.goals import (
    BeEaten,
    BeHeld,
    FollowStroke,
    GripItem,
    GripLid,
    LieAt,
    LookAhead,
    LookAtItem,
    LookAtPoint,
    ReachTo,
)
from ag_core.world.motion.handiwork import Handiwork
from ag_core.world.motion.performance import mirrored
from ag_core.world.motion.strokes import STILL, Reach, Stroke
from ag_core.world.objects.grips import CARRY
from ag_core.world.render.mesh import UP, turn_y, turn_z
from ag_core.world.room.affordances import Place

Posture = tuple[float, float]  # lean and crouch


class Preparing(Handiwork):
    """Steps that prepare and consume, and that open and empty containers."""

    SKILLS: ClassVar[dict[str, Doing]] = {
        "cook": lambda self, step: self.cook(),
        "make sandwich": lambda self, step: self.make_sandwich(step.subject),
        "pour": lambda self, step: self.pour(step.subject),
        "medicate": lambda self, step: self.medicate(step.subject),
        "open lid": lambda self, step: self.turn_lid(step.subject, True),
        "close lid": lambda self, step: self.turn_lid(step.subject, False),
        "take out": lambda self, step: self.take_out(step.subject),
    }

    def straight_up(self, start: float) -> None:
        """Let the body come up again."""
        self.stage.lean.add(start, start + 0.5, 0.03 if self.seat is None else 0.02)
        self.stage.crouch.add(start, start + 0.5, 0.0)

    def go_to(self, where: Place, wrists: tuple[float, float, float]) -> tuple[NDArray, NDArray, Posture] | None:
        """Walk to a sink or a stove: the point to work at, the body's frame there, and the posture.

        Who would hide the hands from the camera stands a little aside.
        """
        if self.seat is not None:
            return None
        to_camera = (self.viewer - where.point)[:2] / np.hypot(*(self.viewer - where.point)[:2])
        away = float(np.hypot(*(where.stand - where.point[:2])))
        options = []
        for aside in (0.0, -0.35, 0.35, -0.6, 0.6):
            frame = turn_z(where.yaw + aside)
            place = np.array([*(where.point[:2] - max(away, 0.48) * frame[:2, 1]), 0.0])
            if aside == 0.0:
                place = np.array([*where.stand, 0.0])
            hidden = max(0.0, float(-frame[:2, 1] @ to_camera) - 0.75)
            options.append((6 * hidden + abs(aside), place, where.yaw + aside))
        for _, place, yaw in sorted(options, key=lambda option: option[0]):
            frame = turn_z(yaw)
            goals = {i: where.point + frame @ offset for i, offset in enumerate(mirrored(wrists))}
            posture = self.posture(place, yaw, goals) if self.grid().clearance(place) > 0.16 else None
            if posture is not None and self.route(place) is not None and self.walk_to(place, yaw):
                return where.point, frame, posture
        return None

    def shown(self, where: Place) -> tuple[int, ...]:
        """The placed prop that a place belongs to, where it has one."""
        return (where.owner,) if where.owner >= 0 else ()

    # -------------------------------------------------------------- food

    def cook(self) -> bool:
        """Stir at the stove, the other hand beside the pot."""
        stove = self.room.stove
        found = self.go_to(stove, (0.10, -0.12, 0.14)) if stove is not None else None
        if stove is None or found is None:
            return False
        point, frame, posture = found
        main = int((self.viewer - self.place) @ frame[:, 0] > 0)
        start, end = self.time, self.time + 0.6 + self.between(2.0, 2.8)
        self.bend(posture, start, 0.5)
        stir = Stroke((0.05, 0.0, 0.0), (0.0, 0.05, 0.0), 0.9, start)
        for i, reach in (
            (main, Reach(point, (0.06, -0.08, 0.15), (-0.2, 0.5, -0.8), stir)),
            (1 - main, Reach(point, (0.20, -0.12, 0.08), (-0.6, 0.8, 0.0))),
        ):
            self.stage.hands[i].add(start, start + 0.6, ReachTo(reach, self.yaw))
        self.look(LookAtPoint(point), start)
        self.label("prepare", "food", start + 0.3, end, *self.shown(stove))
        self.relax((0, 1), end)
        self.time = end + 0.4
        return True

    def make_sandwich(self, name: str) -> bool:
        """Both hands work on the sandwich where it lies."""
        at, kind = self.lying[name]
        found = self.reach_for(name, at) if kind in ("table", "counter") else None
        if found is None:
            return False
        frame, posture = turn_z(self.yaw), found[1]
        offset = (CARRY[name].wrist[0] + 0.035, CARRY[name].wrist[1], 0.06)
        wrists = {i: at + frame @ (SIDES[i] * offset[0], offset[1], offset[2]) for i in (0, 1)}
        better = self.posture(self.place, self.yaw, wrists, self.seat)
        if better is None:
            return False
        posture = max(posture, better)
        start, end = self.time, self.time + 0.55 + self.between(2.0, 2.8)
        self.bend(posture, start, 0.5)
        press = Stroke((0.02, 0.01, 0.0), (0.0, 0.02, 0.035), 0.8, start, apart=0.5)
        for i in (0, 1):
            reach = Reach(at, offset, (-0.5, 0.8, -0.5), press)
            self.stage.hands[i].add(start, start + 0.55, ReachTo(reach, self.yaw))
        self.look(LookAtItem(name), start)
        self.label("prepare", name, start + 0.4, end, name)
        self.relax((0, 1), end)
        self.time = end + 0.4
        return True

    def pour(self, name: str) -> bool:
        """Tilt the bottle over a cup that stands in reach."""
        if "cup" not in self.lying or self.lying["cup"][1] not in ("table", "counter", "shelf") or self.hand is None:
            return False
        at = self.lying["cup"][0]
        found = self.reach_for(name, at + 0.15 * UP)
        if found is None:
            return False
        side, frame = SIDES[self.hand], turn_z(self.yaw)
        turn = frame @ turn_y(-side * 1.85)
        neck = turn @ (0.0, 0.0, float(self.things[name].corners[:, 2].max()))
        mouth = at + UP * (float(self.things["cup"].corners[:, 2].max()) + 0.05)
        offsets = mirrored((0.09, -0.105, 0.01))
        wrist = mouth - neck + frame @ offsets[self.hand]
        posture = self.posture(self.place, self.yaw, {self.hand: wrist}, self.seat)
        if posture is None:
            return False
        start, path = self.time, self.stage.paths[name]
        end = start + 1.0 + self.between(1.2, 1.8)
        self.bend(posture, start, 0.6)
        upright = mouth + UP * 0.16 + frame @ (side * 0.12, 0.0, 0.0)
        path.add(start, start + 0.5, FollowStroke(upright, frame, offsets, STILL, frame))
        path.add(start + 0.5, start + 1.0, FollowStroke(mouth - neck, turn, offsets, STILL, frame))
        path.add(end - 0.4, end, FollowStroke(upright, frame, offsets, STILL, frame))
        self.look(LookAtPoint(at), start)
        self.label("prepare", name, start + 0.4, end, name, "cup")
        self.time = end
        self.straight_up(end)
        self.back_to_carry(name, 0.5)
        return True

    def medicate(self, name: str) -> bool:
        """Put some medicine into the mouth."""
        self.turn_to_viewer()
        start, path = self.time, self.stage.paths[name]
        begin = start + 0.65
        path.add(start, begin, BeEaten(begin))
        end = begin + 0.9 * self.chance.any_of([1, 2]) + 0.45
        self.look(LookAhead(0.2), start)
        self.label("consume", name, start + 0.2, end, name)
        self.time = end
        self.back_to_carry(name)
        return True

    # -------------------------------------------------------------- containers

    def come_near(self, at: NDArray, offsets: NDArray, hands: tuple[int, ...], front: NDArray | None = None) -> bool:
        """Walk to where the given hands reach `at` + offsets [2,3] in the body's frame, bent so; False where none is.

        front [3]: a direction the body should about face there.
        """
        places = [(self.place, self.yaw)] if self.seat is not None else self.stand_places(at, 24)
        if front is not None and self.seat is None:
            places.sort(key=lambda place: -float(turn_z(place[1])[:, 1] @ front))
        for place, yaw in places:
            wrists = {i: at + turn_z(yaw) @ offsets[i] for i in hands}
            posture = self.posture(place, yaw, wrists, self.seat)
            if posture is None or (self.seat is None and self.route(place) is None):
                continue
            if self.seat is None:
                self.look(LookAtPoint(at), self.time)
                self.walk_to(place, yaw)
            self.bend(posture, self.time, 0.5)
            return True
        return False

    def better_hand(self) -> int:
        """The hand on the camera's side."""
        return int((self.viewer - self.place) @ turn_z(self.yaw)[:, 0] > 0)

    def turn_lid(self, name: str, opening: bool) -> bool:
        """A hand at the lid's edge turns it up or down."""
        thing, lid = self.things[name], self.stage.lids.get(name)
        if lid is None or thing.prop is None or thing.prop.hinge is None:
            return False
        (at, _), turn, hinge = self.lying[name], self.turn_of(name), thing.prop.hinge
        shares = (0.0, 0.35, 0.6) if opening else (1.0, 0.7, 0.3)
        points = [at + turn @ (hinge.origin + hinge.rotation(share) @ hinge.handle) for share in shares]
        highest = max(points, key=lambda point: float(point[2]))
        if not self.come_near(highest, mirrored((0.03, -0.13, -0.03)), (0, 1), turn[:, 1]):
            return False
        hand, start, span = self.better_hand(), self.time, self.between(0.8, 1.0)
        turned = start + 0.6
        self.look(LookAtPoint(points[0]), start, 0.25)
        self.stage.hands[hand].add(start, start + 0.55, GripLid(name))
        lid.add(turned, turned + span, 1.0 if opening else 0.0)
        self.relax((hand,), turned + 0.6 * span)
        self.time = turned + span
        self.label("open" if opening else "close", name, start + 0.2, self.time, name)
        self.look(LookAhead(0.4), self.time + 0.2)
        self.time += 0.15
        return True

    def turn_of(self, name: str) -> NDArray:
        """How a lying thing is turned [3,3]."""
        _, goal, _ = self.stage.paths[name].goals_at(self.time + 99)
        assert isinstance(goal, LieAt)
        return goal.turn

    def take_out(self, box: str) -> bool:
        """Reach into an open box and come out with what is in it."""
        name = next((inner for inner, outer in self.contents.items() if outer == box), None)
        if name is None:
            return False
        at = self.lying[box][0]
        offsets = mirrored(FROM_ABOVE)
        if not self.come_near(at + 0.12 * UP, offsets, (0, 1), self.turn_of(box)[:, 1]):
            return False
        hand, start, path = self.better_hand(), self.time, self.stage.paths[name]
        above = Reach(at + 0.22 * UP, FROM_ABOVE, (0.0, 0.3, -1.0))
        self.look(LookAtItem(box), start, 0.25)
        self.stage.hands[hand].add(start, start + 0.45, ReachTo(above, self.yaw))
        self.stage.hands[hand].add(start + 0.45, start + 0.8, GripItem(name))
        attach = start + 0.9
        frame = turn_z(self.yaw)
        path.add(attach, attach + 0.4, FollowStroke(at + 0.24 * UP, frame, offsets, STILL, frame))
        path.add(attach + 0.4, attach + 0.9, BeHeld(CARRY[name], hand))
        self.straight_up(attach + 0.4)
        self.held, self.hand, self.held_since = name, hand, attach
        del self.contents[name]
        self.time = attach + 0.9
        self.label("take", name, start + 0.1, self.time, name, box, support=box)
        return True
