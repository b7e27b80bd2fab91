"""Where the body is: segments of what the feet do in, pelvis, frame and feet at any time out.

Pure geometry of posture: standing, walking, running, turning, sitting, lying, standing on something. Knows nothing of
rooms, items or labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.gait import Walk
from ag_core.world.body.human import ANKLE_HEIGHT, SIDES, Human
from ag_core.world.render.mesh import UP, between_turns, turn_z, unit

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]  # left, right

SITTING_LIFT, SITTING_BACK = 0.125, 0.06  # metres of the pelvis above and behind the seat's point
LYING_LIFT = 0.125  # metres of the pelvis above what it lies on
HEEL = 0.065  # metres of the ankle above what a lying leg's heel rests on
LEGS_STRETCHED, LEGS_DRAWN_UP = 0.84, 0.34  # metres between pelvis and ankles of a lying body
STRETCH = 0.03  # metres a still body stands taller than a walking one
GROUND = np.array([1.0, 1.0, 0.0])


def ease(u: float) -> float:
    """0 to 1 with zero speed and acceleration at both ends."""
    u = min(1.0, max(0.0, u))
    return u**3 * (u * (6 * u - 15) + 10)


@dataclass(frozen=True)
class Recline:
    """Lying on the back. point [3] under the pelvis; yaw of the direction from feet to head; legs: pelvis to ankles."""

    point: NDArray[np.float64]
    yaw: float
    legs: float

    @property
    def frame(self) -> NDArray[np.float64]:
        """Pelvis frame [3,3]: right, forward (the ceiling), up (towards the head)."""
        head = turn_z(self.yaw)[:, 1]
        return np.stack([np.cross(UP, head), UP, head], 1)

    def feet(self) -> tuple[Pair, Pair]:
        """Ankles and toes; soles down where the legs are drawn up, toes up where they are stretched."""
        frame = self.frame
        flat = float(np.clip((0.80 - self.legs) / 0.15, 0, 1))
        height = HEEL + (ANKLE_HEIGHT - HEEL) * flat
        left, right = (self.point + height * UP - self.legs * frame[:, 2] + side * 0.10 * frame[:, 0] for side in SIDES)
        toes = unit((1 - flat) * (UP - 0.35 * frame[:, 2]) - flat * frame[:, 2])
        return (left, right), (toes, toes)


@dataclass(frozen=True)
class Segment:
    """What the body does from `start` to `end`.

    kind    stand, walk, run, sidle, turn, sit, seated, rise, lie, lying, wake, step up, on top, step down
    position  [3] where the feet stand, or stood before; yaw: where the body faces; yaw_to: after a turn
    to      [3] where a body that sidles goes, facing the same way
    seat    [3] point sat on; dangling: ankles [2,3] while seated that do not stand on the floor
    recline how it lies; top: [3] point stood on; owner: index of the placed prop that carries the body, None the floor
    """

    kind: str
    start: float
    end: float
    position: NDArray[np.float64]
    yaw: float
    yaw_to: float = 0.0
    walk: Walk | None = None
    seat: NDArray[np.float64] | None = None
    owner: int | None = None
    dangling: NDArray[np.float64] | None = None
    recline: Recline | None = None
    top: NDArray[np.float64] | None = None
    to: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class BodyBase:
    """Where the body stands.

    frame [3,3]: right, forward, up of the pelvis; sitting, lying, raised (on top of something), running: 0..1;
    curl: radians the chest bends forward by itself; speed in metres a second; owner: index of what carries the body.
    """

    pelvis: NDArray[np.float64]
    yaw: float
    frame: NDArray[np.float64]
    feet: Pair
    toes: Pair
    sitting: float
    rhythm: float
    moving: float
    speed: float
    owner: int | None
    lying: float = 0.0
    raised: float = 0.0
    running: float = 0.0
    curl: float = 0.0

    @property
    def support(self) -> tuple[int, str] | None:
        """Index of the placed prop that carries the body and how ('sitting_on', ...); None for feet on the floor."""
        if self.owner is None:
            return None
        if self.lying > 0.6:
            return self.owner, "lying_on"
        if self.sitting > 0.6 or self.sitting + self.lying > 0.9:
            return self.owner, "sitting_on"
        return (self.owner, "standing_on") if self.raised > 0.5 else None


def find_base(segments: Sequence[Segment], human: Human, time: float) -> BodyBase:
    """Feet and pelvis at a time, before any leaning."""
    s = segments[0]
    for candidate in segments:
        if candidate.start <= time + 1e-9:
            s = candidate
    u = float(np.clip((time - s.start) / max(s.end - s.start, 1e-6), 0, 1))
    if s.kind in ("walk", "run") and s.walk is not None:
        return pose_walking(s, s.walk, human, u)
    if s.kind in ("sit", "seated", "rise") and s.seat is not None:
        return pose_sitting(s, s.seat, human, {"sit": ease(u), "seated": 1.0, "rise": 1 - ease(u)}[s.kind])
    if s.kind in ("lie", "lying", "wake") and s.seat is not None and s.recline is not None:
        return pose_lying(s, s.seat, s.recline, human, {"lie": u, "lying": 1.0, "wake": 1 - u}[s.kind])
    if s.kind in ("step up", "on top", "step down") and s.top is not None:
        return pose_climbing(s, s.top, human, {"step up": u, "on top": 1.0, "step down": 1 - u}[s.kind])
    if s.kind == "sidle" and s.to is not None:
        return pose_sidling(s, s.to, human, u)
    yaw, (feet, toes) = s.yaw, place_feet(s.position, s.yaw)
    if s.kind == "turn":
        turned = (s.yaw_to - s.yaw + np.pi) % (2 * np.pi) - np.pi
        yaw = s.yaw + turned * ease(u)
        feet, toes = shuffle_feet(s.position, s.yaw, turned, u)
    return BodyBase(find_upright_pelvis(s.position, human), yaw, turn_z(yaw), feet, toes, 0, 0, 0, 0, None)


def find_upright_pelvis(position: NDArray[np.float64], human: Human) -> NDArray[np.float64]:
    """The pelvis [3] of a body that stands at a position of the floor."""
    pelvis: NDArray[np.float64] = position * GROUND + UP * (human.standing_height + STRETCH)
    return pelvis


def pose_walking(s: Segment, walk: Walk, human: Human, u: float) -> BodyBase:
    """On the way along a path; running is lower, bounces more and lifts the feet higher."""
    span = max(s.end - s.start, 1e-6)
    ramp = min(0.45, span / 2)  # seconds of speeding up and slowing down
    gone, speed = travel(u * span, span, ramp, walk.length)
    moving = min(1.0, 2 * speed * (span - ramp) / walk.length)
    running = moving if s.kind == "run" else 0.0
    forward = walk.direction(gone)
    yaw, rhythm = float(np.arctan2(-forward[0], forward[1])), np.pi * gone / walk.step
    lift = float(np.clip(min(gone, walk.length - gone) / (0.5 * walk.step), 0, 1))
    feet, toes = [], []
    for i in (0, 1):
        ankle, toe = walk.foot(gone, i)
        feet.append(ankle * GROUND + UP * (ANKLE_HEIGHT + (ankle[2] - ANKLE_HEIGHT) * lift * (1 + 0.9 * running)))
        toes.append(unit(toe * (1, 1, lift)))
    bob = (0.018 + 0.017 * running) * np.cos(2 * rhythm) * moving - 0.045 * running - STRETCH * moving
    pelvis = find_upright_pelvis(walk.at(gone), human) + UP * bob
    frame = turn_z(yaw + 0.06 * np.sin(rhythm) * moving)
    return BodyBase(
        pelvis, yaw, frame, (feet[0], feet[1]), (toes[0], toes[1]), 0, rhythm, moving, speed, None, running=running
    )


def pose_sidling(s: Segment, to: NDArray[np.float64], human: Human, u: float) -> BodyBase:
    """Side steps: one foot goes ahead, the other follows."""
    way = (to - s.position) * GROUND
    length, frame = float(np.linalg.norm(way)), turn_z(s.yaw)
    steps = max(1, round(length / 0.26))
    step, v = min(int(u * steps), steps - 1), u * steps
    v -= step
    feet, toes = place_feet(s.position, s.yaw)
    lead = int(way @ frame[:, 0] > 0)
    shares = [(step + ease(2 * v - (0 if i == lead else 1))) / steps for i in (0, 1)]
    swings = [np.sin(np.pi * np.clip(2 * v - (0 if i == lead else 1), 0, 1)) for i in (0, 1)]
    left, right = (feet[i] + way * shares[i] + 0.02 * swings[i] * UP for i in (0, 1))
    pelvis = find_upright_pelvis(s.position + way * (shares[0] + shares[1]) / 2, human)
    speed = length / max(s.end - s.start, 1e-6)
    return BodyBase(pelvis, s.yaw, frame, (left, right), toes, 0, 0, 0, speed, None)


def pose_sitting(s: Segment, seat: NDArray[np.float64], human: Human, share: float) -> BodyBase:
    """Between standing (0) and sitting (1). The lower the seat, the more the chest bends forward on the way."""
    frame, standing = turn_z(s.yaw), find_upright_pelvis(s.position, human)
    feet, toes = place_feet(s.position, s.yaw)
    seated = find_seated_pelvis(seat, s.yaw)
    pelvis = standing + (seated - standing) * share
    bend = np.sin(np.pi * share)
    if s.dangling is not None:
        pelvis = pelvis + 0.05 * bend * UP
        up = ease((share - 0.3) / 0.7)
        feet = (feet[0] + (s.dangling[0] - feet[0]) * up, feet[1] + (s.dangling[1] - feet[1]) * up)
    low = float(np.clip((0.45 - seat[2]) / 0.45, 0, 1))
    curl = 0.36 * bend + low * (0.35 * bend + 0.10 * share)
    return BodyBase(pelvis, s.yaw, frame, feet, toes, share, 0, 0, 0, s.owner, curl=float(curl))


def find_seated_pelvis(seat: NDArray[np.float64], yaw: float) -> NDArray[np.float64]:
    """The pelvis [3] of a body that sits on a point."""
    return seat + SITTING_LIFT * UP - SITTING_BACK * turn_z(yaw)[:, 1]


def pose_lying(s: Segment, seat: NDArray[np.float64], recline: Recline, human: Human, u: float) -> BodyBase:
    """Between sitting (0) and lying on the back (1): the chest sinks and turns up while the legs swing up."""
    share = ease(u)
    start = pose_sitting(s, seat, human, 1.0)
    feet, toes = recline.feet()
    end = recline.point + LYING_LIFT * UP
    up, across = ease(1.5 * u), ease(1.25 * u - 0.25)
    moved = []
    for before, after in zip(start.feet, feet):
        arc = 0.16 * np.sin(np.pi * share) * (1 if seat[2] > 0.2 else 0.3)
        moved.append(before + (after - before) * (across, across, up) + arc * UP)
    turned = [unit(before + (after - before) * share + 1e-6) for before, after in zip(start.toes, toes)]
    frame = between_turns(start.frame, recline.frame, share)
    pelvis = start.pelvis + (end - start.pelvis) * share
    curl = start.curl * (1 - share) + 0.30 * np.sin(np.pi * share)
    return BodyBase(
        pelvis,
        s.yaw,
        frame,
        (moved[0], moved[1]),
        (turned[0], turned[1]),
        1 - share,
        0,
        0,
        0,
        s.owner,
        lying=share,
        curl=float(curl),
    )


def pose_climbing(s: Segment, top: NDArray[np.float64], human: Human, u: float) -> BodyBase:
    """Between standing before something (0) and standing on its top (1): one foot, the weight, the other foot."""
    (feet, toes), frame = place_feet(s.position, s.yaw), turn_z(s.yaw)
    above, _ = place_feet(top, s.yaw)
    moved = []
    for i, (begin, end) in enumerate(((0.0, 0.45), (0.48, 1.0))):
        v = float(np.clip((u - begin) / (end - begin), 0, 1))
        up, across = ease(1.7 * v), ease(1.4 * v - 0.4)
        target = above[i] + UP * top[2] - 0.05 * frame[:, 1]
        arc = 0.07 * np.sin(np.pi * v) * UP
        moved.append(feet[i] + (target - feet[i]) * (across, across, up) + arc)
    weight = float(np.clip((u - 0.28) / 0.6, 0, 1))
    on_top = find_upright_pelvis(top, human) + UP * top[2] - 0.02 * frame[:, 1]
    standing = find_upright_pelvis(s.position, human)
    across, up = ease(1.3 * weight), ease(weight)
    pelvis = standing + (on_top - standing) * (across, across, up)
    curl = 0.34 * np.sin(np.pi * weight) if 0 < weight < 1 else 0.0
    return BodyBase(
        pelvis, s.yaw, frame, (moved[0], moved[1]), toes, 0, 0, 0, 0, s.owner, raised=ease(weight), curl=float(curl)
    )


def place_feet(position: NDArray[np.float64], yaw: float) -> tuple[Pair, Pair]:
    """Ankles and toes of a body that stands still."""
    frame = turn_z(yaw)
    left_foot, right_foot = (position * GROUND + side * 0.10 * frame[:, 0] + ANKLE_HEIGHT * UP for side in SIDES)
    left_toes, right_toes = (unit(frame[:, 1] + 0.12 * side * frame[:, 0]) for side in SIDES)
    return (left_foot, right_foot), (left_toes, right_toes)


def shuffle_feet(position: NDArray[np.float64], yaw: float, turned: float, u: float) -> tuple[Pair, Pair]:
    """Feet while turning on the spot: one steps after the other."""
    feet, toes = [], []
    for i in (0, 1):
        lead = i == (0 if turned > 0 else 1)
        share = ease(np.clip(2 * u if lead else 2 * u - 1, 0, 1))
        f, t = place_feet(position, yaw + turned * share)
        feet.append(f[i] + 0.05 * np.sin(np.pi * share) * UP)
        toes.append(t[i])
    return (feet[0], feet[1]), (toes[0], toes[1])


def travel(time: float, span: float, ramp: float, length: float) -> tuple[float, float]:
    """Metres gone and speed after `time` of a walk that speeds up and slows down over `ramp` seconds."""
    top = length / (span - ramp)
    if time < ramp:
        return top * time**2 / (2 * ramp), top * time / ramp
    if time > span - ramp:
        left = span - time
        return length - top * left**2 / (2 * ramp), top * left / ramp
    return top * (time - ramp / 2), top
