"""Housework: sweeping, washing, folding, putting in order, mending; and a photo.

Each step returns False, and writes nothing, if it cannot be done.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import SIDES
from ag_core.world.motion.blocking import Doing
from ag_core.world.motion.goals import (
    BeHeld,
    FollowStroke,
    GripItem,
    HangDown,
    LieAt,
    LookAhead,
    LookAtItem,
    LookAtPoint,
    ReachTo,
    StandOnFloor,
)
from ag_core.world.motion.performance import mirrored
from ag_core.world.motion.preparing import Posture, Preparing
from ag_core.world.motion.strokes import Reach, Stroke
from ag_core.world.objects import props
from ag_core.world.objects.grips import CARRY, Hold
from ag_core.world.render.mesh import UP, turn_x, turn_z

POLE_AHEAD, POLE_TOP = 0.54, np.array([0.03, 0.20, 1.22])
"""Metres ahead of the body where a broom meets the floor, and where its upper part is, right, forward and up."""
POLE_HANDS = (0.90, 1.13)  # metres up the stick, left and right hand
PANE_HEIGHTS = {"window": (1.30, 1.45), "mirror": (-0.10, 0.05)}
"""Metres above a prop's position where it is wiped."""


class Housework(Preparing):
    """Steps that clean, tidy and mend."""

    SKILLS: ClassVar[dict[str, Doing]] = {
        "sweep": lambda self, step: self.sweep(step.subject, (0.24, 0.03, 0.0), 1.3),
        "vacuum": lambda self, step: self.sweep(step.subject, (0.04, 0.20, 0.0), 1.5),
        "clean": lambda self, step: self.clean(step.subject),
        "rinse": lambda self, step: self.rinse(step.subject),
        "wash hands": lambda self, step: self.wash_hands(),
        "fold": lambda self, step: self.fold(step.subject),
        "straighten": lambda self, step: self.straighten(step.subject),
        "fix": lambda self, step: self.fix(step.subject),
        "fix hair": lambda self, step: self.fix_hair(),
        "photo": lambda self, step: self.photo(step.subject),
    }

    # -------------------------------------------------------------- the floor

    def sweep(self, name: str, swing: tuple[float, float, float], period: float) -> bool:
        """Strokes on a free piece of floor, a step, and strokes again."""
        spot = self.floor_to_sweep(swing)
        if spot is None:
            return False
        place, yaw, posture = spot
        self.walk_to(place, yaw)
        start, path, frame = self.time, self.stage.paths[name], turn_z(yaw)
        self.bend(posture, start, 0.5)
        began = start + 0.5
        stroke = Stroke(first=(0.0, 0.0, 0.015), second=swing, period=period, since=began)
        for bout in range(2):
            foot = self.place + frame @ (0.0, POLE_AHEAD, 0.0)
            span = 0.5 if bout == 0 else self.time - start
            path.add(start, start + span, StandOnFloor(foot, self.place + frame @ POLE_TOP, stroke, frame, POLE_HANDS))
            self.look(LookAtPoint(foot), start)
            self.time = start + span + period * (1.0 if bout else self.chance.any_of([1.0, 1.5]))
            onward = self.place + 0.26 * frame[:, 1]
            if bout == 0 and self.grid().clearance(foot + 0.4 * frame[:, 1]) > 0.25 and self.route(onward) is not None:
                start = self.time
                self.walk_to(onward, yaw)
            else:
                break
        end = self.time
        self.label("tidy", name, began - 0.3, end, name)
        self.label("tidy", "floor", began - 0.3, end, name)
        self.straight_up(end)
        self.look(LookAhead(0.1), end)
        self.back_to_carry(name, 0.55)
        return True

    def floor_to_sweep(self, swing: tuple[float, float, float]) -> tuple[NDArray, float, Posture] | None:
        """A place, a yaw and a posture with free floor ahead, here or a few steps away; the camera sees the person."""
        options = []
        here = [self.place] + [
            self.place + turn_z(angle)[:, 1] * away
            for angle in np.arange(8) * np.pi / 4 + self.chance.uniform(0, 0.7)
            for away in (0.5, 1.0, 1.6)
        ]
        for place in here:
            if not self.inside(place, 0.25) or self.grid().clearance(place) < 0.2:
                continue
            for yaw in np.arange(12) * np.pi / 6 + self.chance.uniform(0, 0.5):
                frame = turn_z(yaw)
                ahead = place + POLE_AHEAD * frame[:, 1]
                if not self.inside(ahead, 0.3) or self.grid().clearance(ahead) < 0.3:
                    continue
                to_camera = (self.viewer - place)[:2] / np.hypot(*(self.viewer - place)[:2])
                seen = float(frame[:2, 1] @ to_camera)
                score = (1.0 if -0.3 < seen < 0.8 else 0.0) + seen - 0.9 * np.hypot(*(place - self.place)[:2])
                options.append((score, place, float(yaw)))
        for _, place, yaw in sorted(options, key=lambda option: -option[0])[:6]:
            postures = [self.sweeping_posture(place, yaw, part * np.array(swing)) for part in (-1.0, 0.0, 1.0)]
            found = [posture for posture in postures if posture is not None]
            if len(found) == len(postures) and self.route(place) is not None:
                return place, yaw, max((0.16, 0.0), *found)
        return None

    def sweeping_posture(self, place: NDArray, yaw: float, swung: NDArray) -> Posture | None:
        """The posture with which both hands hold the stick where its end has swung to [3]."""
        frame = turn_z(yaw)
        foot, top = place + POLE_AHEAD * frame[:, 1] + frame @ swung, place + frame @ (POLE_TOP + 0.3 * swung)
        along = (top - foot) / np.linalg.norm(top - foot)
        wrists = {i: foot + POLE_HANDS[i] * along + frame @ (SIDES[i] * 0.02, -0.085, 0) for i in (0, 1)}
        return self.posture(place, yaw, wrists)

    # -------------------------------------------------------------- washing

    def clean(self, subject: str) -> bool:
        """Circles with the towel on a window's pane or a mirror."""
        i, name = self.room.index_of(subject), "towel"
        if i is None or self.held != name or self.seat is not None:
            return False
        placed = self.room.placed[i]
        wall = turn_z(placed.yaw)
        low, high = props.footprint(placed.prop)
        front = 0.10 if subject == "window" else float(high[1]) + 0.05
        half = 0.5 * float(high[0] - low[0]) - 0.2
        points = [
            placed.position + wall @ (x, front, z)
            for z in PANE_HEIGHTS[subject]
            for x in self.chance.shuffled([-0.6 * half, 0.0, 0.6 * half])
        ]
        turn = wall @ turn_x(-np.pi / 2)
        stroke_axes = np.stack([wall[:, 0], wall[:, 2], wall[:, 1]], 1)
        offsets = np.array([(-0.03, -0.115, -0.02), (0.03, -0.115, -0.02)])
        for at in points:
            found = self.stand_before(name, at, -wall[:, 1], offsets, 0.12)
            if found is None:
                continue
            self.walk_to(found[0], found[1])
            start = self.time
            stroke = Stroke((0.13, 0.0, 0.0), (0.0, 0.11, 0.0), 0.85, start)
            end = start + 0.6 + self.between(1.8, 2.6)
            self.bend(found[2], start, 0.5)
            self.stage.paths[name].add(start, start + 0.6, FollowStroke(at, turn, offsets, stroke, stroke_axes))
            self.look(LookAtPoint(at), start)
            self.stage.motions += [(name, "wiping", start + 0.5, end), (subject, "wiping", start + 0.5, end)]
            self.label("wash", subject, start + 0.3, end, name, i, support=name)
            self.time = end
            self.straight_up(end)
            self.back_to_carry(name)
            return True
        return False

    def stand_before(
        self, name: str, at: NDArray, towards: NDArray, offsets: NDArray, spread: float
    ) -> tuple[NDArray, float, Posture] | None:
        """Where to stand to work on an upright face: place, yaw and the posture that reaches `spread` round `at`."""
        hands = self.held_hands() if self.held == name else (0, 1)
        for place, yaw in self.stand_places(at, 40):
            if turn_z(yaw)[:, 1] @ towards < 0.85:
                continue
            postures = []
            for right, up in ((0.0, spread), (spread, 0.0), (-spread, 0.0)):
                moved = turn_z(yaw) @ (right, 0.0, up)
                postures.append(self.posture(place, yaw, {i: at + moved + turn_z(yaw) @ offsets[i] for i in hands}))
            found = [posture for posture in postures if posture is not None]
            if len(found) == len(postures) and self.route(place) is not None:
                return place, yaw, max(found)
        return None

    def rinse(self, name: str) -> bool:
        """Hold a thing under the tap and rub it."""
        sink, wrist = self.room.sink, CARRY[name].wrist
        if sink is None:
            return False
        found = self.go_to(sink, wrist)
        if found is None:
            return False
        point, frame, posture = found
        start, hands = self.time, self.held_hands()
        end = start + 0.6 + self.between(1.8, 2.6)
        self.bend((posture[0] + 0.06, posture[1]), start, 0.5)
        stroke = Stroke((0.03, 0.0, 0.0), (0.0, 0.02, 0.02), 0.8, start)
        turn = frame @ (turn_x(0.8) if name != "clothes" else CARRY[name].turn)
        at = point + UP * max(0.02, float(-self.things[name].corners[:, 2].min()) - 0.06)
        self.stage.paths[name].add(start, start + 0.6, FollowStroke(at, turn, CARRY[name].wrists, stroke, frame))
        for i in (0, 1):
            if i not in hands:
                rub = Stroke((0.03, 0.0, 0.04), (0.0, 0.02, 0.0), 0.45, start)
                reach = Reach(at, (wrist[0] + 0.02, wrist[1], 0.03), (-0.7, 0.6, -0.3), rub)
                self.stage.hands[i].add(start + 0.1, start + 0.65, ReachTo(reach, self.yaw))
                self.stage.hands[i].add(end, end + 0.5, HangDown())
        self.look(LookAtItem(name), start)
        self.stage.motions.append((name, "wiping", start + 0.5, end))
        self.label("wash", name, start + 0.3, end, name)
        self.time = end
        self.straight_up(end)
        self.back_to_carry(name)
        return True

    def wash_hands(self) -> bool:
        """Rub the hands under the tap."""
        sink = self.room.sink
        found = self.go_to(sink, (0.05, -0.10, 0.05)) if sink is not None else None
        if sink is None or found is None:
            return False
        point, _, posture = found
        start, end = self.time, self.time + 0.5 + self.between(1.8, 2.6)
        self.bend((posture[0] + 0.04, posture[1]), start, 0.5)
        rub = Stroke((0.015, 0.045, 0.0), (0.0, 0.0, 0.015), 0.5, start, apart=0.5)
        for i in (0, 1):
            self.stage.hands[i].add(
                start, start + 0.5, ReachTo(Reach(point, (0.055, -0.10, 0.05), (-0.45, 0.9, -0.15), rub), self.yaw)
            )
        self.look(LookAtPoint(point), start)
        self.label("wash", "hands", start + 0.3, end, *self.shown(sink))
        self.relax((0, 1), end)
        self.time = end + 0.4
        return True

    # -------------------------------------------------------------- order

    def fold(self, name: str) -> bool:
        """Fold what is held, twice, then lay it down."""
        self.turn_to_viewer()
        start, path = self.time, self.stage.paths[name]
        _, y, z = CARRY[name].offset
        other = tuple(i for i in (0, 1) if i not in self.held_hands())
        for i in other:
            self.stage.hands[i].add(start, start + 0.35, GripItem(name))
        self.look(LookAtItem(name), start)
        for k, (width, lift, tilt) in enumerate(
            ((0.22, 0.10, 1.1), (0.09, 0.0, 0.3), (0.20, 0.09, 0.9), (0.10, -0.01, 0.1))
        ):
            hold = Hold((0.0, y, z + lift), turn_x(tilt), (width, -0.09, 0.03))
            path.add(start + 0.4 * k, start + 0.4 * k + 0.36, BeHeld(hold, None))
        self.time = start + 1.6
        for i in other:
            self.stage.hands[i].add(self.time, self.time + 0.5, HangDown())
        self.put(name)
        self.label("tidy", name, start + 0.2, self.time - 0.2, name)
        return True

    def straighten(self, subject: str) -> bool:
        """Move a thing on a table or a shelf a little and square it up, once or twice; or see to an open closet."""
        if subject == "closet/cabinet":
            return self.straighten_inside(subject)
        owner = self.room.index_of(subject)
        names = [name for name, (_, kind) in self.lying.items() if kind == subject]
        if owner is None or not names:
            return False
        begin: float | None = None
        shows: list[str | int] = [owner]
        for name in self.chance.shuffled(names)[:2]:
            at = self.lying[name][0]
            target = self.spot_beside(name, at)
            found = self.reach_for(name, at) if target is not None else None
            if target is None or found is None:
                continue
            hands, posture = found
            there = self.posture(self.place, self.yaw, self.grip_points(name, target, self.yaw, hands), self.seat)
            if there is None:
                continue
            posture = max(posture, there)
            both = {i for i in (0, 1) if i in hands}
            start = self.time
            begin = start if begin is None else begin
            self.look(LookAtItem(name), start, 0.25)
            self.bend(posture, start, 0.5)
            for i in both:
                self.stage.hands[i].add(start, start + 0.5, GripItem(name))
            moved = start + 0.6
            square = turn_z(np.round(self.yaw / (np.pi / 2)) * np.pi / 2) @ self.things[name].rest_turn
            self.stage.paths[name].add(moved, moved + 0.6, LieAt(target, square))
            self.stage.attached.append((name, (0 in both, 1 in both), moved, moved + 0.65))
            self.lying[name] = (target, subject)
            shows.append(name)
            self.time = moved + 0.75
            self.relax(tuple(both), self.time - 0.05, 0.4)
        if begin is None:
            return False
        self.label("tidy", subject, begin + 0.1, self.time, *shows)
        self.look(LookAhead(0.3), self.time)
        self.time += 0.3
        return True

    def straighten_inside(self, subject: str) -> bool:
        """Both hands busy on the middle board of an open closet."""
        i = self.room.index_of(subject)
        hinge = None if i is None else self.room.placed[i].prop.hinge
        if i is None or hinge is None or self.open_share(i) < 0.5 or self.seat is not None:
            return False
        placed = self.room.placed[i]
        inside = turn_z(placed.yaw)
        height = float(props.footprint(placed.prop)[1][2])
        at = placed.position + inside @ (0.5 * hinge.origin[0], 0.6 * hinge.origin[1], height / 2 + 0.10)
        offset = (0.06, -0.11, 0.03)
        if not self.come_near(at, mirrored(offset), (0, 1), -inside[:, 1]):
            return False
        start, end = self.time, self.time + 0.6 + self.between(1.8, 2.4)
        busy = Stroke((0.05, 0.03, 0.0), (0.0, 0.02, 0.04), 0.9, start, apart=0.5)
        for k in (0, 1):
            self.stage.hands[k].add(start, start + 0.6, ReachTo(Reach(at, offset, (-0.2, 1.0, -0.2), busy), self.yaw))
        self.look(LookAtPoint(at), start)
        self.label("tidy", subject, start + 0.3, end, i)
        self.relax((0, 1), end)
        self.time = end + 0.4
        return True

    def spot_beside(self, name: str, at: NDArray) -> NDArray | None:
        """A free place 6 to 16 cm from where a thing lies, on the same surface."""
        surface = next(
            (s for s in self.room.surfaces if within(s.low, at, s.high) and abs(s.height - at[2]) < 0.3), None
        )
        others = [(p, self.things[n].radius) for n, (p, _) in self.lying.items() if n != name]
        if surface is None:
            return None
        for angle in np.arange(12) * np.pi / 6 + self.chance.uniform(0, 0.5):
            target = at + self.chance.uniform(0.06, 0.16) * np.array([np.cos(angle), np.sin(angle), 0.0])
            clear = all(np.hypot(*(target - p)[:2]) > self.things[name].radius + r for p, r in others)
            if within(surface.low, target, surface.high) and clear:
                return target
        return None

    # -------------------------------------------------------------- other

    def photo(self, name: str) -> bool:
        """Hold the phone before the eyes with both hands and point it at something."""
        self.turn_to_viewer()
        start, path = self.time, self.stage.paths[name]
        hold = Hold((0.0, 0.42, 0.27), turn_x(np.pi / 2) @ turn_z(np.pi / 2), (0.12, -0.07, -0.05))
        end = start + 0.7 + self.between(1.4, 2.0)
        path.add(start, start + 0.7, BeHeld(hold, self.hand, 0.003))
        other = 1 - (self.hand or 0)
        self.stage.hands[other].add(start, start + 0.7, GripItem(name))
        self.look(LookAtItem(name), start)
        self.label("photo", name, start + 0.5, end, name)
        self.stage.hands[other].add(end, end + 0.5, HangDown())
        self.time = end
        self.look(LookAhead(0.3), end + 0.1)
        self.back_to_carry(name)
        return True

    def fix(self, subject: str) -> bool:
        """Both hands turn and pull at a part."""
        i = self.room.index_of(subject)
        shows: tuple[str | int, ...]
        if subject in self.lying:
            at, shows = self.lying[subject][0], (subject,)
        elif i is None:
            return False
        else:
            placed = self.room.placed[i]
            knob = self.room.index_of("doorknob")
            at, shows = placed.position, (i,)
            if subject == "light":
                top = float(props.footprint(placed.prop)[1][2])
                at = placed.position + UP * (np.clip(placed.position[2] + top - 0.34, 0.4, 1.25) - placed.position[2])
            elif subject in ("door", "doorknob"):
                if knob is None or any(
                    self.open_share(k) > 0.2 for k in self.stage.hinges if k == placed.rides or k == i
                ):
                    return False
                at = self.room.placed[knob].position + turn_z(self.room.placed[knob].yaw) @ (0, 0.02, 0)
        return self.mend(subject, at, shows, 0.26 if subject == "door" else 0.0)

    def mend(self, subject: str, at: NDArray, shows: tuple[str | int, ...], below: float) -> bool:
        """Go to a point and work on it with twisting hands; `below`: metres under it that the second hand holds."""
        offset = (0.045, -0.115, 0.03)
        for place, yaw in self.stand_places(at, 30):
            frame = turn_z(yaw)
            wrists = {k: at + frame @ (SIDES[k] * offset[0], offset[1], offset[2]) for k in (0, 1)}
            posture = self.posture(place, yaw, wrists)
            if posture is None or self.route(place) is None:
                continue
            self.walk_to(place, yaw)
            start, end = self.time, self.time + 0.6 + self.between(1.8, 2.4)
            self.bend(posture, start, 0.5)
            twist = Stroke((0.02, 0.0, 0.0), (0.0, 0.01, 0.035), 0.7, start, apart=0.5)
            for k in (0, 1):
                reach = Reach(at - below * k * UP, offset, (-0.35, 0.9, 0.1), twist)
                self.stage.hands[k].add(start, start + 0.6, ReachTo(reach, yaw))
            self.look(LookAtPoint(at), start)
            self.stage.motions.append((subject, "twisting", start + 0.5, end))
            self.label("fix", subject, start + 0.4, end, *shows)
            self.relax((0, 1), end)
            self.time = end + 0.4
            return True
        return False

    def fix_hair(self) -> bool:
        """Both hands stroke the hair back."""
        self.turn_to_viewer()
        start, end = self.time, self.time + 0.6 + self.between(1.4, 2.0)
        comb = Stroke((0.0, 0.06, 0.015), (0.02, 0.0, -0.03), 1.0, start, apart=0.25)
        for i in (0, 1):
            reach = Reach("head", (0.13, 0.0, 0.04), (-0.7, -0.3, 0.7), comb)
            self.stage.hands[i].add(start, start + 0.55, ReachTo(reach))
        self.look(LookAhead(0.1), start)
        self.label("fix", "hair", start + 0.3, end)
        self.relax((0, 1), end)
        self.time = end + 0.4
        return True


def within(low: NDArray, at: NDArray, high: NDArray) -> bool:
    """Whether a point lies in a rectangle on the floor."""
    return bool((at[:2] >= low).all() and (at[:2] <= high).all())
