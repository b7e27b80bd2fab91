"""The director: chooses the next step that the room allows, and writes tracks and labels for it.

Steps of the whole body are here; those of the hands in `handiwork.py`, places and postures in `blocking.py`.
"""

from collections.abc import Sequence

import numpy as np

from ag_core.world import handling, script
from ag_core.world.blocking import Label
from ag_core.world.body import Segment
from ag_core.world.combinations import held_out
from ag_core.world.handiwork import Handiwork
from ag_core.world.human import SIDES
from ag_core.world.mesh import turn_z
from ag_core.world.paths import UP
from ag_core.world.script import ITEMS, Situation, Step
from ag_core.world.sim import (
    Performance,
    handle_point,
    hinge_axis,
)

__all__ = ["Director", "Label"]

MOST_STEPS_TO_A_GOAL = 8


class Director(Handiwork):
    """Writes one performance, step by step."""

    def sit(self, kind: str) -> bool:
        seats = [s for s in self.room.seats if s.kind == kind]
        lying_there = [p for p, _ in self.lying.values()]
        for seat in self.chance.shuffled(seats):
            if any(np.hypot(*(p - seat.point)[:2]) < 0.34 and abs(p[2] - seat.point[2]) < 0.25 for p in lying_there):
                continue
            place = seat.point * (1, 1, 0) + (0.34 if kind == "chair" else 0.40) * turn_z(seat.yaw)[:, 1]
            if self.route(place) is None:
                continue
            self.walk_to(place, seat.yaw)
            start, span = self.time, self.between(0.9, 1.15)
            self.extend(Segment("sit", start, start + span, self.place, self.yaw, seat=seat.point, owner=seat.owner))
            self.extend(
                Segment("seated", self.time, self.time, self.place, self.yaw, seat=seat.point, owner=seat.owner)
            )
            self.label("change seat", "sit down", start, self.time, seat.owner)
            self.seat, self.sat_since = seat, self.time - 0.15
            self.time += 0.2
            return True
        return False

    def end_sitting(self, end: float) -> None:
        seat = self.seat
        if seat is not None:
            table = (self.room.index_of("table") or 0,) if seat.kind == "chair" else ()
            self.label("sit", seat.kind, self.sat_since, end, seat.owner, *table, support="table" if table else "")

    def rise(self) -> bool:
        seat = self.seat
        if seat is None:
            return False
        start, span = self.time + 0.1, self.between(0.9, 1.15)
        self.end_sitting(start + 0.2)
        self.seat = None
        self.extend(Segment("rise", start, start + span, self.place, self.yaw, seat=seat.point, owner=seat.owner))
        self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
        self.label("change seat", "rise", start, self.time, seat.owner)
        return True

    def look_at(self, thing: str) -> bool:
        """Turn towards something on a wall and watch it."""
        i = self.room.index_of(thing)
        if i is None:
            return False
        placed = self.room.placed[i]
        middle = {"window": 1.5, "television": 0.8}.get(thing, 0.0)
        target = placed.position + turn_z(placed.yaw) @ (0, 0.1, middle)
        away = (target - self.place)[:2]
        yaw = float(np.arctan2(-away[0], away[1]))
        off = (yaw - self.yaw + np.pi) % (2 * np.pi) - np.pi
        if np.hypot(*away) < 0.5 or np.hypot(*away) > 3.4 or turn_z(placed.yaw)[:2, 1] @ -away < 0.2:
            return False
        if self.seat is not None and abs(off) > 1.0:
            return False
        if self.seat is None and abs(off) > 0.6:
            self.turn_to(yaw - np.sign(off) * 0.45)
            self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
        start, end = self.time, self.time + 0.4 + self.between(1.8, 3.0)
        self.look(("point", target), start)
        self.label("watch", thing, start + 0.2, end, i)
        self.time = end
        self.look(("ahead", 0.7), end)
        return True

    def laptop(self, kind: str) -> bool:
        i = self.room.index_of("laptop")
        if i is None or self.seat is None or not self.at_table():
            return False
        placed, start = self.room.placed[i], self.time
        if kind == "watch laptop":
            end = start + 0.4 + self.between(1.8, 3.0)
            self.look(("point", placed.position + UP * 0.12 + turn_z(placed.yaw) @ (0, 0.1, 0)), start)
        else:
            keys = {
                k: placed.position + turn_z(placed.yaw) @ (np.array(handling.TYPE_WRIST) * (SIDES[k], 1, 1))
                for k in (0, 1)
            }
            posture = self.posture(self.place, self.yaw, keys, self.seat)
            if posture is None:
                return False
            self.bend(posture, start, 0.6)
            for k in (0, 1):
                self.stage.hands[k].add(start, start + 0.6, ("type", placed.position, placed.yaw))
            self.look(("point", placed.position + UP * 0.10 + turn_z(placed.yaw) @ (0, 0.08, 0)), start)
            end = start + 0.6 + self.between(2.0, 3.4)
            self.relax((0, 1), end)
        self.label("watch" if kind == "watch laptop" else "work", "laptop", start + 0.4, end, i, support="table")
        self.time = end + 0.3
        self.look(("ahead", 0.4), end + 0.1)
        return True

    def swing(self, thing: str, opening: bool) -> bool:
        """Open or close something hinged, the hand on its handle while it can reach, then it swings on."""
        i = self.room.index_of(thing)
        if i is None:
            return False
        placed, track = self.room.placed[i], self.stage.hinges[i]
        shares = (0.0, 0.3, 0.6) if opening else (1.0, 0.7, 0.4)
        points = [handle_point(placed, s) for s in shares]
        choice = None
        if self.seat is not None:
            if thing != "laptop":
                return False
            hand = int((self.viewer - self.place) @ turn_z(self.yaw)[:, 0] > 0)
            posture = self.handle_posture(self.place, self.yaw, hand, points, self.seat)
            choice = (self.place, self.yaw, hand, posture) if posture else None
        else:
            axis = hinge_axis(placed)[:2]
            leaf = float(np.hypot(*(handle_point(placed, 0)[:2] - axis))) + 0.12
            for place, yaw in self.stand_places(points[1], 40):
                away = place[:2] - axis
                tip_yaw = [np.arctan2(*(handle_point(placed, s)[:2] - axis)[::-1]) for s in (0, 0.5, 1)]
                angle = np.arctan2(away[1], away[0])
                near = min(abs((angle - t + np.pi) % (2 * np.pi) - np.pi) for t in tip_yaw)
                if np.hypot(*away) < leaf + 0.16 and near < 0.5:
                    continue
                hand = int((self.viewer - place) @ turn_z(yaw)[:, 0] > 0)
                posture = self.handle_posture(place, yaw, hand, points, None)
                if posture is not None and self.route(place) is not None:
                    choice = (place, yaw, hand, posture)
                    break
        if choice is None:
            return False
        place, yaw, hand, posture = choice
        if self.seat is None:
            self.walk_to(place, yaw)
        start, span = self.time, self.between(1.1, 1.5)
        self.look(("point", points[0]), start, 0.3)
        self.bend(posture, start, 0.6)
        self.stage.hands[hand].add(start, start + 0.6, ("handle", i))
        grasp, release = start + 0.7, start + 0.7 + 0.62 * span
        track.add(grasp, grasp + span, 1.0 if opening else 0.0)
        release = grasp + span * 0.5
        if thing == "door":
            knob = self.room.index_of("doorknob") or 0
            self.stage.motions.append(("doorknob", "twisting", grasp - 0.15, grasp + 0.25))
            self.label("grasp", "doorknob", start + 0.35, release, knob, support="door")
        self.relax((hand,), release)
        self.time = grasp + span
        self.label("open" if opening else "close", thing, start + 0.2, self.time, i)
        self.look(("ahead", 0.5), self.time)
        self.time += 0.15
        return True

    # -------------------------------------------------------------- the whole video

    def situation(self) -> Situation:
        names = {n: kind for n, (_, kind) in self.lying.items() if n not in self.gone}
        things = tuple(p.prop.name for p in self.room.placed)
        opened = tuple(self.room.placed[i].prop.name for i in self.stage.hinges if self.open_share(i) > 0.5)
        seats = tuple(sorted({s.kind for s in self.room.seats}))
        sitting = self.seat.kind if self.seat else None
        return Situation(
            names,
            things,
            seats,
            sitting=sitting,
            at_table=self.at_table(),
            held=self.held,
            opened=opened,
            done=tuple(self.steps),
        )

    def do(self, step: Step) -> bool:
        """Try one step."""
        kind, subject = step.kind, step.subject
        if kind in ("take", "decoy"):
            return self.take(subject, kind == "decoy")
        if kind == "put":
            return self.put(subject, (step.onto,) if step.onto else ())
        if kind == "throw":
            return self.throw(subject)
        if kind == "hold":
            self.look(("item", subject), self.time)
            self.time += self.between(0.8, 1.8)
            return True
        if kind == "sit":
            return self.sit(subject)
        if kind == "rise":
            return self.rise()
        if kind == "look":
            return self.look_at(subject)
        if kind in ("open", "close"):
            return self.swing(subject, kind == "open")
        if kind in ("type", "watch laptop"):
            return self.laptop(kind)
        if kind == "pass":
            return self.stroll()
        known = ("drink", "lift", "eat", "talk", "play", "snuggle", "read", "wipe", "write")
        return kind in known and self.use(kind, subject)

    def stroll(self) -> bool:
        """Walk somewhere without a purpose, past whatever is there."""
        for _ in range(10):
            place = np.array(
                [self.between(0.5, self.room.size[0] - 0.5), self.between(0.8, self.room.size[1] - 0.4), 0]
            )
            if (
                self.grid().clearance(place) > 0.3
                and 0.8 < np.hypot(*(place - self.place)[:2]) < 2.2
                and self.route(place) is not None
            ):
                return self.walk_to(place, self.chance.uniform(-1, 1))
        return False

    def begin(self, before: float) -> None:
        """A free place to start at, or a seat, `before` seconds ahead of the film."""
        grid, places, begins = self.grid(), [], -before
        for _ in range(60):
            place = np.array(
                [self.between(0.4, self.room.size[0] - 0.4), self.between(0.7, self.room.size[1] - 0.3), 0]
            )
            if grid.clearance(place) > 0.25:
                places.append(place)
        self.place = places[0] if places else np.array([self.room.size[0] / 2, self.room.size[1] - 0.5, 0])
        self.yaw = self.between(-1.6, 1.6)
        self.extend(Segment("stand", begins, begins, self.place, self.yaw))
        if self.chance.happens(0.15):
            for seat in self.chance.shuffled(self.room.seats):
                if any(
                    np.hypot(*(p - seat.point)[:2]) < 0.36 and abs(p[2] - seat.point[2]) < 0.25
                    for p, _ in self.lying.values()
                ):
                    continue
                self.place = seat.point * (1, 1, 0) + (0.34 if seat.kind == "chair" else 0.40) * turn_z(seat.yaw)[:, 1]
                self.yaw, self.seat = seat.yaw, seat
                self.stage.body.clear()
                self.extend(Segment("seated", begins, begins, self.place, self.yaw, seat=seat.point, owner=seat.owner))
                break
        self.time = begins

    def perform(self, step: Step) -> bool:
        """Do a step and book it; False, and nothing written, where it cannot be done."""
        before = self.time
        step = self.with_place(step)
        new = self.is_new(step)
        if (new and not self.may_be_new) or not self.do(step):
            return False
        self.new_steps += new
        self.steps.append(step)
        self.step_ends.append(self.time)
        self.time = max(self.time, before + 0.05) + self.between(0.0, 0.3)
        return True

    def with_place(self, step: Step) -> Step:
        """A 'put' with the kind of surface it goes to, one that this part of the data may show where there is any."""
        if step.kind != "put" or step.onto:
            return step
        kinds = {s.kind for s in self.room.surfaces}.intersection(ITEMS[step.subject].lies_on)
        places = [Step("put", step.subject, kind) for kind in sorted(kinds)]
        fitting = [place for place in places if self.is_new(place) == self.may_be_new]
        return self.chance.any_of(fitting or places) if places else step

    def is_new(self, step: Step) -> bool:
        """Whether train never shows this verb with this shape of thing and this support."""
        if not step.skill.brings:
            return False
        template = step.skill.brings[0][0]
        thing = self.things.get(step.subject)
        if step.kind in ("take", "pick up"):
            support = self.lying[step.subject][1]
        elif step.kind == "put":
            support = step.onto
        else:
            support = self.seat.kind if self.seat is not None and thing is not None else ""
        return held_out(template, step.subject, thing.variant if thing else "", support)

    def fulfil(self, action: int) -> bool:
        """Do what shows an action, and before it what that needs."""
        for goal in script.goals_of(action):
            for _ in range(MOST_STEPS_TO_A_GOAL):
                step = script.way_to(goal, self.situation())
                if step is None or not self.perform(step):
                    break
                if step == goal:
                    return True
        return False

    def run(self, wishes: Sequence[int] = ()) -> Performance:
        """Fill the duration with steps: first those that show the wished actions in their order, then others.

        wishes: action indices; `unmet` says afterwards which could not be shown.
        """
        self.new_steps = 0
        liking = script.moods(self.chance)
        self.begin(0.0 if wishes else self.between(0.0, 7.0))
        self.unmet = [action for action in wishes if self.time > self.duration or not self.fulfil(action)]
        while self.time < self.duration - 1.2:
            steps = script.next_steps(self.situation(), liking, self.chance, self.actions)
            if self.may_be_new and not self.new_steps:
                steps.sort(key=lambda step: not self.is_new(self.with_place(step)))
            if not any(self.perform(step) for step in steps):
                break
        if self.held:
            self.let_go(self.held, self.duration + 5)
        self.end_sitting(self.duration)
        return self.stage
