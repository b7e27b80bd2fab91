"""The actor: who plays, what they hold, wear and sit on now, and what they have written into the performance so far.

Steps read the actor and write through it. Knows time, posture, hands and labels; nothing of ways, reach or furniture.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ag_core.world.action_table import find_actions
from ag_core.world.body.human import Human
from ag_core.world.body.posture import Recline, Segment
from ag_core.world.motion.goals import BeHeld, GazeGoal, HangDown, LieAt
from ag_core.world.motion.performance import Performance
from ag_core.world.motion.phases import Attachment
from ag_core.world.motion.script import Step, find_class
from ag_core.world.motion.tracks import NumberTrack
from ag_core.world.objects.grips import CARRY
from ag_core.world.objects.items import Item
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import turn_z
from ag_core.world.room.affordances import Room, Seat
from ag_core.world.room.clearance import Solids
from ag_core.world.room.paths import FloorGrid

BEGINS_OPEN, BEGINS_DARK = 0.35, 0.4  # how often a door or the like stands open, and a lamp is off, at the beginning
MADE_BED = 0.6  # how often a bed or a sofa is kept free, to lie on
FREE_TABLE_EDGE = 0.5  # how often nothing lies where one can sit on the table
MIN_LABEL_S = 0.25
UPRIGHT_LEAN, SEATED_LEAN = 0.03, 0.02  # radians of a body at rest
FOREVER = 99.0  # seconds after which every change that was written is over


@dataclass(frozen=True)
class Label:
    """An action (index) from start to end; `shows`: keys of items or indices of placed props that must be seen."""

    action: int
    start: float
    end: float
    shows: tuple[str | int, ...] = ()


class LyingItem(NamedTuple):
    """Where an item lies: position [3] and the kind of surface."""

    position: NDArray[np.float64]
    surface: str


@dataclass
class Actor:
    """One person in one room, and the performance that is being written.

    viewer [3]: where the camera will about be; actions: indices of those that may be labelled; labels: those so far.
    """

    room: Room
    human: Human
    items: dict[str, Item]
    stream: RandomStream
    duration: float
    viewer: NDArray[np.float64]
    actions: frozenset[int]
    labels: list[Label] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.performance = Performance(self.room, self.human, self.items)
        # Where the body is now.
        self.time, self.yaw = 0.0, 0.0
        self.position = np.zeros(3)
        self.seat: Seat | None = None
        self.recline: Recline | None = None  # how the person lies on the seat
        self.outside = False  # behind the doorway
        self.slot: tuple[NDArray[np.float64], float] | None = (
            None  # where to sidle out from between table and chair, and the yaw
        )
        self.lain_since, self.sat_since, self.held_since = -99.0, -99.0, -99.0
        # Where the items are now.
        self.lying: dict[str, LyingItem] = {}
        self.contents: dict[str, str] = {}  # item -> the box that it is in
        self.held: str | None = None
        self.hand: int | None = None
        # What the room allows.
        self.solids = Solids(self.room)
        self.grids: dict[tuple[int, ...], FloorGrid] = {}  # the floor by which hinges are open, made once
        self.draw_beginning()

    def draw_beginning(self) -> None:
        """Decide what is kept free of items, what stands open and whether the lamp is on."""
        soft_seats = [s for s in self.room.seats if s.kind in ("sofa/couch", "bed")]
        beds = [bed.owner for bed in self.room.beds if bed.kind != "floor"]
        self.kept_free = beds[0] if beds and self.stream.bernoulli(MADE_BED) else None  # nothing lies on it
        self.reserved = self.stream.permutation(soft_seats)[:1]  # seats without items on them
        if self.stream.bernoulli(FREE_TABLE_EDGE):
            self.reserved += [s for s in self.room.seats if s.kind == "table"]
        for i, placed in enumerate(self.room.placed):
            if placed.prop.hinge is not None:
                hinge, ajar = placed.prop.hinge, self.stream.bernoulli(BEGINS_OPEN)
                begins = hinge.starts_open if placed.prop.name == "laptop" else float(ajar)
                self.performance.hinges[i] = NumberTrack(begins)
        self.performance.lamp = NumberTrack(0.0 if self.stream.bernoulli(BEGINS_DARK) else 1.0)

    # -------------------------------------------------------------- how it is now

    @property
    def is_at_table(self) -> bool:
        """Whether the person sits on a chair; chairs stand at tables."""
        return self.seat is not None and self.seat.kind == "chair"

    @property
    def holding_hands(self) -> tuple[int, ...]:
        """Which hands hold what is held."""
        return (0, 1) if self.hand is None else (self.hand,)

    def find_openness(self, i: int) -> float:
        """How far a hinged prop is open once what was written has happened, 0 to 1."""
        return self.performance.hinges[i].value_at(self.time + FOREVER)

    def find_item_turn(self, name: str) -> NDArray[np.float64]:
        """How a lying item is turned [3,3]."""
        _, goal, _ = self.performance.paths[name].goals_at(self.time + FOREVER)
        assert isinstance(goal, LieAt)
        return goal.turn

    def list_worn(self, kind: str) -> list[str]:
        """What is worn now in a way: 'wearing', 'covered_by' or 'have_it_on_the_back'."""
        return [worn.name for worn in self.performance.worn if worn.relation == kind and worn.end > self.time]

    def choose_seen_hand(self) -> int:
        """The hand on the camera's side."""
        return int((self.viewer - self.position) @ turn_z(self.yaw)[:, 0] > 0)

    # -------------------------------------------------------------- writing

    def add_segment(self, segment: Segment) -> None:
        """Let the body do something; it is then as late as that ends."""
        self.performance.body.append(segment)
        self.time = segment.end

    def stand(self) -> None:
        """Let the body stand still where it is."""
        self.add_segment(Segment("stand", self.time, self.time, self.position, self.yaw))

    def turn_to(self, yaw: float) -> None:
        """Turn on the spot, where it is worth it."""
        turned = abs((yaw - self.yaw + np.pi) % (2 * np.pi) - np.pi)
        if turned > 0.03:
            self.add_segment(Segment("turn", self.time, self.time + 0.25 + 0.22 * turned, self.position, self.yaw, yaw))
        self.yaw = yaw

    def turn_to_viewer(self) -> None:
        """Who stands with the back to the camera turns before using an item."""
        to_camera = (self.viewer - self.position)[:2] / np.hypot(*(self.viewer - self.position)[:2])
        if self.seat is not None or turn_z(self.yaw)[:2, 1] @ to_camera > -0.15:
            return
        towards = float(np.arctan2(-to_camera[0], to_camera[1]))
        off = (towards - self.yaw + np.pi) % (2 * np.pi) - np.pi
        self.turn_to(float(self.yaw + off - np.sign(off) * self.stream.uniform(0.4, 1.25)))
        self.stand()

    def look(self, goal: GazeGoal, start: float, span: float = 0.35) -> None:
        """Turn the eyes to a goal."""
        self.performance.gaze.add(start, start + span, goal)

    def bend(self, posture: tuple[float, float], start: float, span: float) -> None:
        """Lean and crouch so far."""
        self.performance.lean.add(start, start + span, posture[0])
        self.performance.crouch.add(start, start + span, posture[1])

    def straighten_up(self, start: float, span: float = 0.5) -> None:
        """Let the body come up again."""
        self.bend((UPRIGHT_LEAN if self.seat is None else SEATED_LEAN, 0.0), start, span)

    def relax(self, hands: tuple[int, ...], start: float, span: float = 0.5) -> None:
        """Let hands and body come to rest."""
        for i in hands:
            self.performance.hands[i].add(start, start + span, HangDown())
        self.straighten_up(start, span)

    def carry_again(self, name: str, span: float = 0.6) -> None:
        """Bring what was used back to where it is carried."""
        self.performance.paths[name].add(self.time, self.time + span, BeHeld(CARRY[name], self.hand))
        self.time += span

    def let_go(self, name: str, end: float) -> None:
        """Book the time an item was in the hands."""
        hands = (True, True) if self.hand is None else (self.hand == 0, self.hand == 1)
        self.performance.attached.append(Attachment(name, hands, self.held_since, end))
        self.add_label("hold", name, self.held_since, end, name)
        self.held = None

    def add_label(
        self, template: str, subject: str, start: float, end: float, *shows: str | int, support: str = ""
    ) -> None:
        """Book the actions that a template with a subject (item key, object class or word) and a support shows.

        shows: keys of items or indices of placed props that must be seen, or the label is dropped.
        """
        if end - start >= MIN_LABEL_S:
            for action in find_actions(template, find_class(subject), find_class(support)):
                if action in self.actions:
                    self.labels.append(Label(action, start, end, shows))


StepFunction = Callable[[Actor, Step], bool]
"""Tries a step: False, and nothing written, where it cannot be done."""
