"""The director: chooses the next step that the room allows, and has the actor do it.

What a step does is a function of its own, in the module of its family; STEP_FUNCTIONS finds it by the kind of step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ag_core.world.combinations import is_held_out
from ag_core.world.motion import (
    dressing,
    feelings,
    handiwork,
    hinges,
    housework,
    lying,
    moving,
    preparing,
    resting,
    tidying,
)
from ag_core.world.motion.actor import FOREVER, Actor, StepFunction
from ag_core.world.motion.beginnings import begin
from ag_core.world.motion.lying import label_lying
from ag_core.world.motion.performance import Performance
from ag_core.world.motion.planning import Situation, draw_moods, find_way, list_goals, list_next_steps
from ag_core.world.motion.resting import label_sitting
from ag_core.world.motion.script import ITEMS, Step

MAX_STEPS_TO_A_GOAL = 8
FAMILIES = (handiwork, housework, tidying, preparing, dressing, resting, lying, moving, feelings, hinges)
STEP_FUNCTIONS: dict[str, StepFunction] = {kind: do for family in FAMILIES for kind, do in family.STEPS.items()}
"""What does a step, by its kind in SKILLS."""


@dataclass
class Director:
    """Has an actor play for the actor's duration.

    may_be_new: whether combinations may occur that train never shows. Afterwards: steps, step_ends in seconds; unmet,
    the wished actions that were not done, each with the reason; new_steps, how many of those combinations there are.
    """

    actor: Actor
    may_be_new: bool = False
    steps: list[Step] = field(default_factory=list)
    step_ends: list[float] = field(default_factory=list)
    unmet: list[tuple[int, str]] = field(default_factory=list)
    new_steps: int = 0

    def see_situation(self) -> Situation:
        """What matters for the next step."""
        actor, performance = self.actor, self.actor.performance
        later = actor.time + FOREVER
        opened = [actor.room.placed[i].prop.name for i in performance.hinges if actor.find_openness(i) > 0.5]
        opened += [key for key, lid in performance.lids.items() if lid.value_at(later) > 0.5]
        lamp = actor.room.find_index("light")
        return Situation(
            {name: lies.surface for name, lies in actor.lying.items()},
            tuple(p.prop.name for p in actor.room.placed),
            tuple(sorted({s.kind for s in actor.room.seats})),
            tuple(sorted({bed.kind for bed in actor.room.beds})),
            sitting=actor.seat.kind if actor.seat else None,
            at_table=actor.is_at_table,
            lying=actor.recline is not None,
            held=actor.held,
            worn=tuple(phase.name for phase in performance.worn if phase.end > actor.time),
            opened=tuple(opened),
            lit=None if lamp is None else performance.lamp.value_at(later) > 0.5,
            work_spots=tuple(name for name in ("sink", "stove") if getattr(actor.room, name) is not None),
            done=tuple(self.steps),
        )

    def perform(self, step: Step) -> bool:
        """Do a step and book it; False, and nothing written, where it cannot be done."""
        actor = self.actor
        before = actor.time
        step = self.choose_surface(step)
        new = self.is_new(step)
        if (new and not self.may_be_new) or not STEP_FUNCTIONS[step.kind](actor, step):
            return False
        self.new_steps += new
        self.steps.append(step)
        self.step_ends.append(actor.time)
        actor.time = max(actor.time, before + 0.05) + actor.stream.uniform(0.0, 0.3)
        return True

    def choose_surface(self, step: Step) -> Step:
        """A 'put' with the kind of surface it goes to, one that this part of the data may show where there is any."""
        if step.kind != "put" or step.onto:
            return step
        kinds = {s.kind for s in self.actor.room.surfaces}.intersection(ITEMS[step.subject].lies_on)
        options = [Step("put", step.subject, kind) for kind in sorted(kinds)]
        fitting = [option for option in options if self.is_new(option) == self.may_be_new]
        return self.actor.stream.choice(fitting or options) if options else step

    def is_new(self, step: Step) -> bool:
        """Whether train never shows this verb with this shape of item and this support."""
        if not step.skill.brings:
            return False
        template, actor = step.skill.brings[0][0], self.actor
        item = actor.items.get(step.subject)
        if step.kind in ("take", "pick up"):
            support = actor.lying[step.subject].surface
        elif step.kind == "put":
            support = step.onto
        else:
            support = actor.seat.kind if actor.seat is not None and item is not None else ""
        return is_held_out(template, step.subject, item.variant if item else "", support)

    def fulfil(self, action: int) -> bool:
        """Do what shows an action, and before it what that needs."""
        for goal in list_goals(action):
            for _ in range(MAX_STEPS_TO_A_GOAL):
                step = find_way(goal, self.see_situation())
                if step is None or not self.perform(step):
                    break
                if step == goal:
                    return True
        return False

    def run(self, wishes: Sequence[int] = ()) -> Performance:
        """Fill the duration with steps: first those that show the wished actions in their order, then others.

        wishes: action indices; `unmet` says afterwards which could not be shown, and why in a few words.
        """
        actor = self.actor
        liking = draw_moods(actor.stream)
        asleep = bool(wishes) and any(goal.kind == "awaken" for goal in list_goals(wishes[0])[:1])
        begin(actor, 0.0 if wishes else actor.stream.choice([0.0, actor.stream.uniform(0.0, 7.0)]), asleep)
        if actor.outside:
            self.perform(Step("walk through", "doorway"))
        for action in wishes:
            if actor.time > actor.duration:
                self.unmet.append((action, "no time is left for it; choose a longer film or fewer actions"))
            elif not self.fulfil(action):
                self.unmet.append((action, "none of the rooms tried has the place and the things for it"))
        while actor.time < actor.duration - 1.2:
            steps = list_next_steps(self.see_situation(), liking, actor.stream, actor.actions)
            if self.may_be_new and not self.new_steps:
                steps.sort(key=lambda step: not self.is_new(self.choose_surface(step)))
            if not any(self.perform(step) for step in steps):
                break
        if actor.held:
            actor.let_go(actor.held, actor.duration + 5)
        label_lying(actor, actor.duration)
        label_sitting(actor, actor.duration)
        return actor.performance
