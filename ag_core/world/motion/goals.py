"""Goals: what an item, a hand or the eyes are sent to. A track leads from one goal to the next.

Each kind of goal is a small value of its own; what it means at a time is decided in `performance.py`, by its type.
Points and positions are [3] in metres of the room, turns and frames [3,3], times in seconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.motion.strokes import Reach, Stroke, Triple
from ag_core.world.objects.grips import Hold

# Where an item is


@dataclass(frozen=True)
class LieAt:
    """At rest on something."""

    position: NDArray[np.float64]
    turn: NDArray[np.float64]


@dataclass(frozen=True)
class BeHeld:
    """Before the chest, as a hold says; hand: 0 left, 1 right, None both. jitter: metres that busy thumbs move it."""

    hold: Hold
    hand: int | None
    jitter: float = 0.0


@dataclass(frozen=True)
class BeDrunkFrom:
    """Its rim at the mouth, tilted."""


@dataclass(frozen=True)
class BeEaten:
    """To the mouth and away, bite by bite; since: the time of the first bite."""

    since: float


@dataclass(frozen=True)
class BeNearMouth:
    """Before the mouth, not at it."""


@dataclass(frozen=True)
class BeAtEar:
    """At the ear of the hand's side, as a telephone is; hand: 0 left, 1 right."""

    hand: int


@dataclass(frozen=True)
class WipeCircles:
    """Round and round on a surface; yaw: where the body faces; since: the time of the first circle's beginning."""

    centre: NDArray[np.float64]
    since: float
    yaw: float


@dataclass(frozen=True)
class FollowStroke:
    """At a position that a stroke moves along axes; wrists: offsets [2,3] of the hands in the body's frame."""

    position: NDArray[np.float64]
    turn: NDArray[np.float64]
    wrists: NDArray[np.float64]
    stroke: Stroke
    axes: NDArray[np.float64]


@dataclass(frozen=True)
class StandOnFloor:
    """A long item whose lower end is on the floor, moved by a stroke, and which leans to `top`.

    hand_heights: metres up the item where the left and the right hand are.
    """

    foot: NDArray[np.float64]
    top: NDArray[np.float64]
    stroke: Stroke
    axes: NDArray[np.float64]
    hand_heights: tuple[float, float]


@dataclass(frozen=True)
class FollowHands:
    """Wherever a reach sends the right hand, turned as a hold says."""

    reach: Reach
    hold: Hold


@dataclass(frozen=True)
class LieInside:
    """In another item, at an offset [3] in its frame; wrist [3]: from where a hand takes it."""

    outer: str
    offset: NDArray[np.float64]
    wrist: Triple


@dataclass(frozen=True)
class Fly:
    """Through the air from start to target, beginning at `since`, for `span` seconds."""

    start: NDArray[np.float64]
    target: NDArray[np.float64]
    turn: NDArray[np.float64]
    since: float
    span: float


ItemGoal = (
    LieAt
    | BeHeld
    | BeDrunkFrom
    | BeEaten
    | BeNearMouth
    | BeAtEar
    | WipeCircles
    | FollowStroke
    | StandOnFloor
    | FollowHands
    | LieInside
    | Fly
)
AT_HEAD = (BeDrunkFrom, BeEaten, BeNearMouth, BeAtEar)
"""Goals that follow the head."""

# Where a hand is


@dataclass(frozen=True)
class HangDown:
    """At rest: hanging, swinging while walking, on the thigh while sitting, on the belly while lying."""


@dataclass(frozen=True)
class GripItem:
    """At its grip on an item."""

    item: str


@dataclass(frozen=True)
class ReachTo:
    """As a reach says; yaw: of the frame that the reach is given in, None for the body's."""

    reach: Reach
    yaw: float | None = None


@dataclass(frozen=True)
class GripLid:
    """At the edge of an item's lid."""

    item: str


@dataclass(frozen=True)
class GripHandle:
    """At the handle of a placed prop, by its index."""

    prop: int


@dataclass(frozen=True)
class TouchPoint:
    """The wrist at a point of the room."""

    point: NDArray[np.float64]


@dataclass(frozen=True)
class TypeAt:
    """Typing on a keyboard at a position, turned by a yaw."""

    position: NDArray[np.float64]
    yaw: float


@dataclass(frozen=True)
class WriteOn:
    """Writing on an item with the main hand (0 left, 1 right), holding it with the other."""

    item: str
    main_hand: int


@dataclass(frozen=True)
class HoldBelly:
    """On the belly, laughing."""


@dataclass(frozen=True)
class CoverFace:
    """Before the mouth, sneezing."""


HandGoal = HangDown | GripItem | ReachTo | GripLid | GripHandle | TouchPoint | TypeAt | WriteOn | HoldBelly | CoverFace

# Where the eyes look


@dataclass(frozen=True)
class LookAhead:
    """Ahead, drifting a little; phase: of the drift in radians."""

    phase: float = 0.0


@dataclass(frozen=True)
class LookAtItem:
    """At an item, wherever it goes."""

    item: str


@dataclass(frozen=True)
class LookAtPoint:
    """At a point of the room."""

    point: NDArray[np.float64]


GazeGoal = LookAhead | LookAtItem | LookAtPoint
