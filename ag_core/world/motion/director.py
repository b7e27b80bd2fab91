"""The director: chooses the next step that the room allows, and writes tracks and labels for it.

Each family of steps is a mixin with a table SKILLS from the kind of step to the method that does it: hands in
`handiwork.py`, seats and beds in `resting.py`, ways and feelings in `moving.py`; hinges and the laptop are here.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import SIDES
from ag_core.world.body.posture import Segment
from ag_core.world.combinations import held_out
from ag_core.world.motion import script
from ag_core.world.motion.blocking import Doing, Label
from ag_core.world.motion.dressing import Dressing
from ag_core.world.motion.goals import GripHandle, LookAhead, LookAtPoint, TypeAt
from ag_core.world.motion.housework import Housework
from ag_core.world.motion.moving import Moving
from ag_core.world.motion.performance import Performance
from ag_core.world.motion.script import ITEMS, Situation, Step
from ag_core.world.objects import grips
from ag_core.world.render.mesh import UP, turn_z

__all__ = ["Director", "Label"]

MAX_STEPS_TO_A_GOAL = 8
BEGINS_DRESSED = 0.35  # how often a jacket is worn at the beginning rather than lying about


class Director(Housework, Dressing, Moving):
    """Writes one performance, step by step."""

    SKILLS: ClassVar[dict[str, Doing]] = {
        "open": lambda self, step: self.swing(step.subject, True),
        "close": lambda self, step: self.swing(step.subject, False),
        "straighten": lambda self, step: self.opened(step.subject) and self.straighten(step.subject),
        "type": lambda self, step: self.laptop("type"),
        "watch laptop": lambda self, step: self.laptop("watch laptop"),
    }

    def opened(self, thing: str) -> bool:
        """Open a closet where it is shut; True where there is nothing to open."""
        i = self.room.index_of(thing)
        return thing != "closet/cabinet" or i is None or self.open_share(i) > 0.5 or self.swing(thing, True)

    def laptop(self, kind: str) -> bool:
        i = self.room.index_of("laptop")
        if i is None or self.seat is None or not self.at_table():
            return False
        placed, start = self.room.placed[i], self.time
        if kind == "watch laptop":
            end = start + 0.4 + self.between(1.8, 3.0)
            self.look(LookAtPoint(placed.position + UP * 0.12 + turn_z(placed.yaw) @ (0, 0.1, 0)), start)
        else:
            keys = {
                k: placed.position + turn_z(placed.yaw) @ (np.array(grips.TYPE_WRIST) * (SIDES[k], 1, 1))
                for k in (0, 1)
            }
            posture = self.posture(self.place, self.yaw, keys, self.seat)
            if posture is None:
                return False
            self.bend(posture, start, 0.6)
            for k in (0, 1):
                self.stage.hands[k].add(start, start + 0.6, TypeAt(placed.position, placed.yaw))
            self.look(LookAtPoint(placed.position + UP * 0.10 + turn_z(placed.yaw) @ (0, 0.08, 0)), start)
            end = start + 0.6 + self.between(2.0, 3.4)
            self.relax((0, 1), end)
        self.label("watch" if kind == "watch laptop" else "work", "laptop", start + 0.4, end, i, support="table")
        self.time = end + 0.3
        self.look(LookAhead(0.4), end + 0.1)
        return True

    def swing(self, thing: str, opening: bool) -> bool:
        """Open or close something hinged, the hand on its handle while it can reach, then it swings on."""
        i = self.room.index_of(thing)
        if i is None or i not in self.stage.hinges:
            return False
        placed, track = self.room.placed[i], self.stage.hinges[i]
        shares = (0.0, 0.3, 0.6) if opening else (1.0, 0.7, 0.4)
        points = [placed.handle_at(s) for s in shares]
        choice = None
        if self.seat is not None:
            if thing != "laptop":
                return False
            hand = int((self.viewer - self.place) @ turn_z(self.yaw)[:, 0] > 0)
            posture = self.handle_posture(self.place, self.yaw, hand, points, self.seat)
            choice = (self.place, self.yaw, hand, posture) if posture else None
        else:
            axis = placed.hinge_axis()[:2]
            leaf = float(np.hypot(*(placed.handle_at(0)[:2] - axis))) + 0.12
            for place, yaw in self.stand_places(points[1], 40):
                away = place[:2] - axis
                tip_yaw = [np.arctan2(*(placed.handle_at(s)[:2] - axis)[::-1]) for s in (0, 0.5, 1)]
                angle = np.arctan2(away[1], away[0])
                near = min(abs((angle - t + np.pi) % (2 * np.pi) - np.pi) for t in tip_yaw)
                if np.hypot(*away) < leaf + 0.16 and near < 0.5:
                    continue
                if not self.clear_of_leaf(i, place, yaw, (0.0, 0.0)):
                    continue
                hand = int((self.viewer - place) @ turn_z(yaw)[:, 0] > 0)
                posture = self.handle_posture(place, yaw, hand, points, None)
                if posture is None or not self.clear_of_leaf(i, place, yaw, posture):
                    continue
                if self.route(place) is not None:
                    choice = (place, yaw, hand, posture)
                    break
        if choice is None:
            return False
        place, yaw, hand, posture = choice
        if self.seat is None:
            self.walk_to(place, yaw)
        start, span = self.time, self.between(1.1, 1.5)
        self.look(LookAtPoint(points[0]), start, 0.3)
        self.bend(posture, start, 0.6)
        self.stage.hands[hand].add(start, start + 0.6, GripHandle(i))
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
        self.look(LookAhead(0.5), self.time)
        self.time += 0.15
        return True

    def clear_of_leaf(self, i: int, place: NDArray, yaw: float, posture: tuple[float, float]) -> bool:
        """Whether a hinged leaf can swing past who stands at a place with a lean and a crouch."""
        body = self.joints_at(place, yaw, None, *posture)
        return all(self.is_clear(body, None, {i: share}) for share in (0.0, 0.35, 0.7, 1.0))

    # -------------------------------------------------------------- the whole video

    def situation(self) -> Situation:
        lying = {n: kind for n, (_, kind) in self.lying.items()}
        stage, later = self.stage, self.time + 99
        opened = [self.room.placed[i].prop.name for i in stage.hinges if self.open_share(i) > 0.5]
        opened += [key for key, lid in stage.lids.items() if lid.value_at(later) > 0.5]
        lamp = self.room.index_of("light")
        return Situation(
            lying,
            tuple(p.prop.name for p in self.room.placed),
            tuple(sorted({s.kind for s in self.room.seats})),
            tuple(sorted({bed.kind for bed in self.room.beds})),
            sitting=self.seat.kind if self.seat else None,
            at_table=self.at_table(),
            lying=self.recline is not None,
            held=self.held,
            worn=tuple(key for key, _, _, end in stage.worn if end > self.time),
            opened=tuple(opened),
            lit=None if lamp is None else stage.lamp.value_at(later) > 0.5,
            places=tuple(name for name in ("sink", "stove") if getattr(self.room, name) is not None),
            done=tuple(self.steps),
        )

    def do(self, step: Step) -> bool:
        """Try one step."""
        return step.kind in self.skills and self.skills[step.kind](self, step)

    @cached_property
    def skills(self) -> dict[str, Doing]:
        """All kinds of steps that the director and its mixins can do; the nearer class wins."""
        found: dict[str, Doing] = {}
        for part in reversed(type(self).__mro__):
            found |= vars(part).get("SKILLS", {})
        return found

    def begin(self, before: float, asleep: bool = False) -> None:
        """A free place, a seat, a bed or the space behind the doorway, `before` seconds ahead of the film."""
        begins = -before
        places = self.free_places(60, 0.25)
        self.place = places[0] if places else np.array([self.room.size[0] / 2, self.room.size[1] - 0.5, 0])
        self.yaw = self.between(-1.6, 1.6)
        self.extend(Segment("stand", begins, begins, self.place, self.yaw))
        where = self.chance.uniform(0, 1)
        sleeps = 0.20 if "bed" in {place.kind for place in self.room.beds} else 0.05
        if asleep or where < sleeps:
            asleep = self.begin_resting(begins, True)
        if not asleep and 0.20 <= where < 0.30:
            self.begin_resting(begins, False)
        elif not asleep and 0.30 <= where < 0.45 and before < 1.5:
            self.begin_outside(begins)
        self.time = begins
        if "clothes" in self.lying and not asleep and self.chance.happens(BEGINS_DRESSED):
            self.begin_dressed("clothes", begins)

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
            for _ in range(MAX_STEPS_TO_A_GOAL):
                step = script.way_to(goal, self.situation())
                if step is None or not self.perform(step):
                    break
                if step == goal:
                    return True
        return False

    def run(self, wishes: Sequence[int] = ()) -> Performance:
        """Fill the duration with steps: first those that show the wished actions in their order, then others.

        wishes: action indices; `unmet` says afterwards which could not be shown, and why in a few words.
        """
        self.new_steps = 0
        liking = script.moods(self.chance)
        asleep = bool(wishes) and any(goal.kind == "awaken" for goal in script.goals_of(wishes[0])[:1])
        self.begin(0.0 if wishes else self.chance.any_of([0.0, self.between(0.0, 7.0)]), asleep)
        if self.outside:
            self.perform(Step("walk through", "doorway"))
        self.unmet: list[tuple[int, str]] = []
        for action in wishes:
            if self.time > self.duration:
                self.unmet.append((action, "no time is left for it; choose a longer film or fewer actions"))
            elif not self.fulfil(action):
                self.unmet.append((action, "none of the rooms tried has the place and the things for it"))
        while self.time < self.duration - 1.2:
            steps = script.next_steps(self.situation(), liking, self.chance, self.actions)
            if self.may_be_new and not self.new_steps:
                steps.sort(key=lambda step: not self.is_new(self.with_place(step)))
            if not any(self.perform(step) for step in steps):
                break
        if self.held:
            self.let_go(self.held, self.duration + 5)
        self.end_lying(self.duration)
        self.end_sitting(self.duration)
        return self.stage
