"""Getting about and showing feelings: walking through a doorway, running, looking, the lamp, laughing, sneezing.

Each step returns False, and writes nothing, if it cannot be done.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.posture import Segment
from ag_core.world.motion.blocking import Blocking, Doing
from ag_core.world.motion.goals import CoverFace, HangDown, HoldBelly, LookAhead, LookAtPoint, TouchPoint
from ag_core.world.render.mesh import turn_z
from ag_core.world.room.paths import BODY

NOT_WHILE_RUNNING = ("broom", "dish", "vacuum")
LOOKED_AT_HEIGHT = {"window": 1.5, "television": 0.8, "mirror": 0.0, "picture": 0.0}
"""Metres above a prop's position where one looks at it."""
SEEN_FROM = (0.5, 3.4)  # metres to what is looked at
PASSING = 0.75  # metres before and behind an opening that still are walking through it


class Moving(Blocking):
    """Steps of the whole body that change no seat."""

    SKILLS: ClassVar[dict[str, Doing]] = {
        "walk through": lambda self, step: self.walk_through(),
        "run": lambda self, step: self.dash(),
        "pass": lambda self, step: self.stroll(),
        "look": lambda self, step: self.look_at(step.subject),
        "laugh": lambda self, step: self.laugh(step.subject),
        "sneeze": lambda self, step: self.sneeze(),
        "switch on": lambda self, step: self.switch(True),
        "switch off": lambda self, step: self.switch(False),
    }

    # -------------------------------------------------------------- through a doorway

    def walk_through(self) -> bool:
        """Out through the doorway and, while the film lasts, back in; or in for one who is outside."""
        passage = self.room.doorway
        if passage is None or self.seat is not None:
            return False
        if self.outside:
            self.cross(passage.outside, passage.inside)
            self.outside = False
            return True
        if self.route(np.array([*passage.inside, 0.0])) is None:
            return False
        self.cross(passage.inside, passage.outside)
        self.outside = True
        if self.time + 2.2 < self.duration:
            self.time += self.between(0.2, 0.8)
            self.cross(passage.outside, passage.inside)
            self.outside = False
        return True

    def cross(self, near: NDArray, far: NDArray) -> None:
        """Walk to `near`, straight on through the opening to `far` (both [2]), and label the passage."""
        assert self.room.doorway is not None
        if self.slot is not None:
            self.sidle(*self.slot)
            self.slot = None
        way = [self.place[:2]]
        if np.hypot(*(near - self.place[:2])) > 0.12:
            route = self.route(np.array([*near, 0.0]))
            assert route is not None
            way = [*route]
        straight = [near + share * (far - near) for share in (0.25, 0.75, 1.0)]
        self.follow(np.array([*way, *straight]))
        walk = self.stage.body[-1]
        along = (far - near) / np.hypot(*(far - near))
        opening = self.room.placed[self.room.doorway.owner].position[:2]
        times = [float(t) for t in np.arange(walk.start, walk.end, 0.05)]
        near_it = [t for t in times if abs((self.stage.base_at(t).pelvis[:2] - opening) @ along) < PASSING]
        self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
        if near_it:
            self.label("walk or run", "doorway", near_it[0], near_it[-1], self.room.doorway.owner)

    def begin_outside(self, begins: float) -> bool:
        """Start the film behind the doorway."""
        passage = self.room.doorway
        if passage is None:
            return False
        inwards = passage.inside - passage.outside
        self.place, self.yaw = np.array([*passage.outside, 0.0]), float(np.arctan2(-inwards[0], inwards[1]))
        self.stage.body.clear()
        self.extend(Segment("stand", begins, begins, self.place, self.yaw))
        self.outside = True
        return True

    # -------------------------------------------------------------- over the floor

    def free_places(self, count: int, clearance: float) -> list[NDArray]:
        """Random places of the floor [3] with so much room round them."""
        width, depth = self.room.size
        places = []
        for _ in range(count):
            place = np.array([self.between(0.4, width - 0.4), self.between(0.6, depth - 0.3), 0.0])
            if self.grid().clearance(place) > clearance:
                places.append(place)
        return places

    def dash(self) -> bool:
        """Run along the free floor, and back while there is time."""
        if self.seat is not None or self.held in NOT_WHILE_RUNNING:
            return False
        places, best = self.free_places(40, 0.27), None
        starts = [self.place, *places[:12]] if self.grid().clearance(self.place) > 0.22 else places[:12]
        for a in starts:
            for b in places:
                length = float(np.hypot(*(b - a)[:2]))
                if length < 2.0 or not self.straight(a, b, 0.22):
                    continue
                score = length - 0.8 * float(np.hypot(*(a - self.place)[:2]))
                if best is None or score > best[0]:
                    best = score, a, b
        if best is None or self.route(best[1]) is None:
            return False
        _, a, b = best
        ahead = b - a
        self.walk_to(a, float(np.arctan2(-ahead[0], ahead[1])))
        ends = (b, a) if self.time + 3.6 < self.duration else (b,)
        for end in ends:
            points = np.linspace(self.place[:2], end[:2], 4)
            self.follow(points, running=True)
            run = self.stage.body[-1]
            self.label("walk or run", "run", run.start, run.end)
        self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
        return True

    def straight(self, a: NDArray, b: NDArray, clearance: float) -> bool:
        """Whether the straight line between two places keeps so many metres from everything."""
        return all(self.grid().clearance(place) > clearance for place in np.linspace(a, b, 40))

    def stroll(self) -> bool:
        """Walk somewhere without a purpose, past whatever is there."""
        for place in self.free_places(14, 0.3):
            if 0.8 < np.hypot(*(place - self.place)[:2]) < 2.2 and self.route(place) is not None:
                return self.walk_to(place, self.chance.uniform(-1, 1))
        return False

    # -------------------------------------------------------------- looking

    def face(self, thing: str) -> tuple[int, NDArray] | None:
        """Come to where a thing on a wall is in view and turn to it: its index and the point to look at [3]."""
        i = self.room.index_of(thing)
        if i is None:
            return None
        placed = self.room.placed[i]
        front = turn_z(placed.yaw)[:, 1]
        target = placed.position + 0.1 * front + (0, 0, LOOKED_AT_HEIGHT.get(thing, 0.0))
        if self.in_view(self.place, target, front):
            away = (target - self.place)[:2]
            yaw = float(np.arctan2(-away[0], away[1]))
            off = (yaw - self.yaw + np.pi) % (2 * np.pi) - np.pi
            if abs(off) <= (1.0 if self.seat is not None else 0.6):
                return i, target
            if self.seat is None:
                self.turn_to(yaw - float(np.sign(off)) * self.between(0.1, 0.45))
                self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
                return i, target
        if self.seat is not None:
            return None
        for distance in (0.9, 1.2, 1.6, 0.75):
            for aside in self.chance.shuffled([-0.5, -0.25, 0.0, 0.25, 0.5]):
                place = (target + turn_z(placed.yaw + aside)[:, 1] * distance) * (1, 1, 0)
                if not self.inside(place, 0.3) or self.grid().clearance(place) < BODY + 0.03:
                    continue
                if self.in_view(place, target, front) and self.route(place) is not None:
                    to = (target - place)[:2]
                    self.walk_to(place, float(np.arctan2(-to[0], to[1])) + self.between(-0.35, 0.35))
                    return i, target
        return None

    def in_view(self, place: NDArray, target: NDArray, front: NDArray) -> bool:
        """Whether something with that front can be looked at from a place."""
        away = (target - place)[:2]
        distance = float(np.hypot(*away))
        return SEEN_FROM[0] < distance < SEEN_FROM[1] and front[:2] @ -away > 0.35 * distance

    def look_at(self, thing: str) -> bool:
        """Turn towards something on a wall and watch it."""
        found = self.face(thing)
        if found is None:
            return False
        i, target = found
        start, end = self.time, self.time + 0.3 + self.between(1.6, 2.6)
        self.look(LookAtPoint(target), start)
        self.label("watch", thing, start + 0.2, end, i)
        self.time = end
        self.look(LookAhead(0.7), end)
        return True

    # -------------------------------------------------------------- feelings

    def free_hand(self) -> int | None:
        """A hand that holds nothing, the one the camera sees better where both are free."""
        seen = int((self.viewer - self.place) @ turn_z(self.yaw)[:, 0] > 0)
        free = [i for i in (seen, 1 - seen) if self.held is None or i not in self.held_hands()]
        return free[0] if free else None

    def laugh(self, about: str) -> bool:
        """Shaking shoulders, the head thrown back, a hand on the belly."""
        if self.held is not None and self.hand is None and about == "":
            return False
        shows: tuple[int, ...] = ()
        if about:
            found = self.face(about)
            if found is None:
                return False
            shows = (found[0],)
            self.look(LookAtPoint(found[1]), self.time, 0.3)
            self.time += 0.4
        stage, start, span = self.stage, self.time, self.between(1.7, 2.4)
        end, hand = start + span, self.free_hand()
        stage.shake.add(start + 0.15, start + 0.4, 1.0)
        stage.shake.add(end - 0.45, end, 0.0)
        for track, first, then, rest in (
            (stage.nod, 0.12 if about else 0.34, -0.02 if about else -0.10, 0.0),
            (stage.lean, -0.10, 0.16, 0.03),
            (stage.mouth, 1.0, 0.8, 0.0),
            (stage.eyes, 0.45, 0.6, 1.0),
        ):
            track.add(start, start + 0.35, first)
            track.add(start + 0.5 * span, start + 0.5 * span + 0.3, then)
            track.add(end - 0.4, end, rest)
        if hand is not None:
            stage.hands[hand].add(start + 0.1, start + 0.55, HoldBelly())
            stage.hands[hand].add(end - 0.2, end + 0.3, HangDown())
        self.label("face", "laugh", start, end, *shows, support=about)
        self.time = end + 0.1
        if about:
            self.look(LookAhead(0.5), self.time)
        return True

    def sneeze(self) -> bool:
        """Wind up with the head back, jerk forward, a hand before the face."""
        stage, start, hand = self.stage, self.time, self.free_hand()
        if hand is None:
            return False
        jerk = start + self.between(0.6, 0.75)
        end = jerk + 0.6
        stage.nod.add(start, jerk - 0.05, 0.36)
        stage.lean.add(start, jerk - 0.05, -0.10)
        stage.mouth.add(start, jerk - 0.1, 0.8)
        stage.eyes.add(start + 0.2, jerk - 0.05, 0.0)
        stage.hands[hand].add(jerk - 0.4, jerk + 0.05, CoverFace())
        stage.nod.add(jerk, jerk + 0.16, -0.35)
        stage.lean.add(jerk, jerk + 0.16, 0.42)
        stage.mouth.add(jerk, jerk + 0.2, 0.0)
        stage.nod.add(jerk + 0.45, end + 0.3, 0.0)
        stage.lean.add(jerk + 0.4, end + 0.3, 0.03)
        stage.eyes.add(jerk + 0.35, jerk + 0.6, 1.0)
        stage.hands[hand].add(jerk + 0.5, end + 0.4, HangDown())
        self.label("face", "sneeze", start, end)
        self.time = end + 0.35
        return True

    # -------------------------------------------------------------- light

    def switch(self, on: bool) -> bool:
        """Press the lamp's switch; the light changes."""
        at = self.room.switch
        if at is None or self.seat is not None or self.held is not None:
            return False
        i, switch = at.owner, at.point
        meant = np.array([*at.stand, 0.0])
        for place, yaw in [*self.stand_places(switch, 16), (meant, at.yaw)]:
            hand = int((self.viewer - place) @ turn_z(yaw)[:, 0] > 0)
            wrist = switch - 0.15 * turn_z(yaw)[:, 1]
            posture = self.posture(place, yaw, {hand: wrist})
            if posture is None or self.route(place) is None:
                continue
            self.walk_to(place, yaw)
            start, pressed = self.time, self.time + self.between(0.55, 0.7)
            self.look(LookAtPoint(switch), start, 0.3)
            self.bend(posture, start, 0.5)
            self.stage.hands[hand].add(start, pressed, TouchPoint(wrist))
            self.stage.lamp.add(pressed + 0.1, pressed + 0.16, 1.0 if on else 0.0)
            self.relax((hand,), pressed + 0.3)
            self.time = pressed + 0.75
            self.label("light", "light", start + 0.1, self.time, i, support="on" if on else "off")
            self.look(LookAhead(0.2), self.time)
            return True
        return False
