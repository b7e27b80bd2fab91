"""Planning: which step may follow which, how likely each is, and which leads to a wished action.

Logic only, no geometry.
"""

from dataclasses import dataclass, field

import numpy as np

from ag_core.world.action_table import find_actions
from ag_core.world.motion.script import ITEMS, SEAT_OFTEN, SKILLS, Skill, Step
from ag_core.world.random_streams import RandomStream


@dataclass
class Situation:
    """What matters for the next step.

    items    lying items and the kind of surface under each; props: classes of placed props; seats, beds: their kinds
    sitting  kind of the seat (also while lying on it); at_table, lying; held: key of the item in the hands
    worn     keys of worn items; opened: classes and keys of open hinges and lids; lit: the lamp, None without one
    work_spots  which of 'sink', 'stove' the room has; done: steps so far
    """

    items: dict[str, str]
    props: tuple[str, ...]
    seats: tuple[str, ...]
    beds: tuple[str, ...] = ()
    sitting: str | None = None
    at_table: bool = False
    lying: bool = False
    held: str | None = None
    worn: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    lit: bool | None = None
    work_spots: tuple[str, ...] = ()
    done: tuple[Step, ...] = field(default=())

    def subjects(self, skill: Skill) -> list[str]:
        """Those subjects of a skill that are here; [''] for a skill without."""
        if not skill.subjects:
            return [""]
        at_hand = {*self.items, *self.worn, *self.props, ""} | ({self.held} if self.held else set())
        if skill.kind == "sit":
            at_hand = set(self.seats)
        elif skill.kind in ("lie", "awaken"):
            at_hand = set(self.beds)
        return [subject for subject in skill.subjects if subject in at_hand]

    def in_posture(self, posture: str) -> bool:
        """Whether the body is as a skill wants it."""
        return {
            "any": True,
            "up": not self.lying,
            "standing": self.sitting is None,
            "sitting": self.sitting is not None and not self.lying,
            "at table": self.at_table and not self.lying,
            "settled": self.sitting is not None,
            "lying": self.lying,
        }[posture]

    def hands_are(self, hands: str, subject: str) -> bool:
        """Whether the hands are as a skill wants them."""
        if hands in ("any", "empty"):
            return hands == "any" or self.held is None
        return self.held == (subject if hands == "held" else hands)

    def meets(self, need: str, subject: str) -> bool:
        """Whether one further condition holds."""
        return {
            "lies": subject in self.items and self.items[subject] != "floor",
            "lies on the floor": self.items.get(subject) == "floor",
            "table": "table" in self.props,
            "sink": "sink" in self.work_spots,
            "stove": "stove" in self.work_spots,
            "is closed": subject not in self.opened,
            "is open": subject in self.opened,
            "worn": subject in self.worn,
            "same seat": self.sitting == subject,
            "dark": self.lit is False,
            "lit": self.lit is True,
            "not the held one": self.held != subject,
        }[need]

    def allows(self, step: Step) -> bool:
        """Whether nothing speaks against a step."""
        skill = step.skill
        return (
            self.in_posture(step.posture)
            and self.hands_are(skill.hands, step.subject)
            and all(self.meets(need, step.subject) for need in skill.needs)
            and step.subject in self.subjects(skill)
        )


def draw_moods(stream: RandomStream) -> dict[str, float]:
    """How much this person likes each kind of step: makes videos differ."""
    return {kind: float(np.exp(0.7 * stream.generator.standard_normal())) for kind in SKILLS}


def is_useful(step: Step, wanted: frozenset[int]) -> bool:
    """Whether a step may occur where only the `wanted` actions are filmed: it shows one, or none at all.

    Taking an item, sitting and lying down also serve when something that can follow shows one.
    """
    if not step.skill.brings or wanted.intersection(step.actions(every=True)):
        return True
    if step.kind in ("take", "pick up", "put"):
        uses = (Step(kind, step.subject) for kind, skill in SKILLS.items() if step.subject in skill.subjects)
        return step.kind != "pick up" and any(wanted.intersection(use.actions()) for use in uses)
    return step.kind in ("rise", "awaken")


def list_next_steps(
    now: Situation, liking: dict[str, float], stream: RandomStream, wanted: frozenset[int]
) -> list[Step]:
    """All possible next steps, in a random order that follows the liking. Never the same step twice in a video."""
    options: list[tuple[Step, float]] = []
    for kind, skill in SKILLS.items():
        possible = [Step(kind, subject) for subject in now.subjects(skill)]
        possible = [step for step in possible if now.allows(step) and is_useful(step, wanted)]
        for step in possible:
            shared = len(possible) if kind in ("take", "decoy") else max(1.0, 0.6 * len(possible))
            often = ITEMS[step.subject].often if kind == "take" else 1.0
            if kind == "sit":
                often, shared = SEAT_OFTEN[step.subject], 1.0
            options.append((step, skill.liking * often * weigh_readiness(step, now) / shared))
    options = [(step, weight) for step, weight in options if weight > 0]
    options = [(step, weight) for step, weight in options if step not in now.done or step.kind in ("rise", "take")]
    # A random order in which heavier options tend to come first (exponential clocks).
    clocks = [stream.generator.exponential() / (weight * liking[step.kind]) for step, weight in options]
    return [options[i][0] for i in np.argsort(clocks)]


def weigh_readiness(step: Step, now: Situation) -> float:
    """How well a step follows what was just done: nobody rises at once, or takes again what was put down."""
    last = now.done[-1] if now.done else None
    if step.kind == "rise":
        just_sat = last is not None and last.kind in ("sit", "awaken")
        return 0.0 if just_sat and last is not None and last.kind == "sit" else (0.4 if now.held else 1.2)
    if step.kind == "take":
        return 0.0 if any(done.subject == step.subject and done.kind in ("put", "throw") for done in now.done) else 1.0
    if step.kind == "sit":
        return 0.0 if any(done.kind == "rise" for done in now.done[-1:]) else (1.2 if now.held else 0.8)
    return 1.0


def list_goals(action: int) -> list[Step]:
    """The steps that can show an action, those with it as their main label first."""
    steps = []
    for kind, skill in SKILLS.items():
        for subject in skill.subjects or ("",):
            step = Step(kind, subject)
            if action in step.actions(every=True):
                onto = next((kind for kind in ("table", "shelf", "floor") if _only_onto(action, kind)), "")
                steps.append((action not in step.actions(), Step(kind, subject, onto)))
    return [step for _, step in sorted(steps, key=lambda pair: pair[0])]


def _only_onto(action: int, kind: str) -> bool:
    """Whether an action is about the surface alone, such as putting anything on a shelf."""
    return any(
        action in find_actions(template, "", kind) and action not in find_actions(template, "", "")
        for template in ("put", "throw")
    )


def find_way(goal: Step, now: Situation) -> Step | None:
    """The step that brings the situation nearer to a goal, the goal itself where it is possible; None without a way."""
    skill = goal.skill
    if now.allows(goal):
        return goal
    wanted_item = goal.subject if skill.hands == "held" else (skill.hands if skill.hands in ITEMS else None)
    if wanted_item and now.held != wanted_item:
        if now.held:
            return find_way(Step("put", now.held), now)
        if wanted_item in now.items:
            return find_way(Step("pick up" if now.items[wanted_item] == "floor" else "take", wanted_item), now)
        if wanted_item in now.worn:
            return find_way(Step("take off" if wanted_item == "shoe" else "undress", wanted_item), now)
        return None
    if skill.hands == "empty" and now.held:
        return find_way(Step("put", now.held), now)
    if not now.in_posture(goal.posture):
        if now.lying:
            return Step("awaken", now.sitting or "")
        if goal.posture in ("standing", "at table") and now.sitting:
            return Step("rise")
        seats = {"at table": ("chair",), "lying": now.beds}.get(goal.posture, now.seats)
        if skill.kind in ("lie", "awaken"):
            seats = (goal.subject,)
        seat = next((kind for kind in seats if kind in now.seats), None)
        if seat is None:
            return None
        return Step("lie", seat) if goal.posture == "lying" and now.sitting == seat else Step("sit", seat)
    for need in skill.needs:
        if not now.meets(need, goal.subject):
            opposite = {
                "is open": ("open lid" if goal.subject in ITEMS else "open"),
                "is closed": ("close lid" if goal.subject in ITEMS else "close"),
                "dark": "switch off",
                "lit": "switch on",
                "worn": "put on" if goal.subject == "shoe" else "dress",
            }.get(need)
            if need == "same seat" and now.sitting:
                return Step("rise")
            if opposite is None or goal.kind == opposite:
                return None
            step = Step(opposite, goal.subject)
            return step if now.allows(step) else find_way(step, now) if goal.kind not in _UNDOING else None
    return None


_UNDOING = ("open", "close", "open lid", "close lid", "switch on", "switch off")
"""Kinds whose unmet need is the other one of the pair: one step undoes it, more would go in circles."""
