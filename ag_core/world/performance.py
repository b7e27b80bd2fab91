"""The performance: tracks over time in, the whole scene at any time out.

Rule: things lead, hands follow. A thing or a hinge moves along its own track, and the hand that holds it is sent to the
grip on it, so contact holds by construction where the arm reaches. `director.py` writes the tracks.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import SIDES, Human, Joints, Pose
from ag_core.world.body.posture import BodyBase, Segment, base_at, ease
from ag_core.world.motion.strokes import hand_at, pole_at
from ag_core.world.objects import grips
from ag_core.world.objects.grips import CARRY, Hold, between_turns
from ag_core.world.render.mesh import turn_x, turn_y, turn_z, unit
from ag_core.world.room.paths import UP
from ag_core.world.room.props import Prop, footprint
from ag_core.world.room.rooms import Placed, Room

LAUGHS, LAUGH_BEND = 4.0, 0.045  # shakes a second, radians of the chest


FOOT_RAISED = 0.30  # metres that a foot is drawn up to be shod


@dataclass
class Track:
    """A value that goes from goal to goal. keys: (start of the change, its end, goal); `first` holds before."""

    first: Any
    keys: list[tuple[float, float, Any]] = field(default_factory=list)

    def add(self, start: float, end: float, goal: Any) -> None:
        start = max(start, self.keys[-1][1]) if self.keys else start
        self.keys.append((start, max(end, start + 0.02), goal))

    def at(self, time: float) -> tuple[Any, Any, float]:
        """Goal before, goal after, and the eased share 0..1 on the way between them."""
        before, now, share = self.first, self.first, 1.0
        for start, end, goal in self.keys:
            if time < start:
                break
            before, now, share = now, goal, ease((time - start) / (end - start))
        return before, now, share

    def number(self, time: float) -> float:
        before, now, share = self.at(time)
        return float(before + (now - before) * share)


@dataclass(frozen=True)
class Thing:
    """A thing that can be taken. rest_turn [3,3] before its yaw; lift: height of its origin above what it lies on."""

    prop: Prop | None
    lift: float
    radius: float
    rest_turn: NDArray
    covers: tuple[int, int] = (0, 0)  # materials of a book, which is built anew for each opening
    book_size: tuple[float, float] = (0.18, 0.25)
    variant: str = ""  # its shape family

    @cached_property
    def corners(self) -> NDArray:
        """Corners [8,3] of the box round it, a book's when shut."""
        width, height = self.book_size
        low, high = np.array([-0.03, -height / 2, 0]), np.array([0.03, height / 2, width])
        if self.prop is not None:
            low, high = footprint(self.prop)
        return np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])


@dataclass(frozen=True)
class Grip:
    """A thing's place [3], turn [3,3], and both wrists relative to it in the body's frame [2,3]."""

    at: NDArray
    turn: NDArray
    wrists: NDArray


@dataclass(frozen=True)
class Moment:
    """Everything needed to draw and to label the scene at `time`. openness: hinge share of each placed prop."""

    time: float
    joints: Joints
    base: BodyBase
    things: dict[str, Grip]
    openness: dict[int, float]
    book_opening: float
    held: dict[str, tuple[bool, bool]]
    motions: dict[str, str]
    hand_gap: float
    worn: dict[str, str] = field(default_factory=dict)
    lids: dict[str, float] = field(default_factory=dict)
    lamp: float = 1.0
    mouth: float = 0.0
    eyes: float = 1.0


def mirrored(wrist: tuple[float, float, float]) -> NDArray:
    """Offsets of the left and the right wrist [2,3] from the right one."""
    return np.array([(-wrist[0], wrist[1], wrist[2]), wrist], float)


def sitting_share(joints: Joints, frame: NDArray) -> float:
    """How far the thighs point forward, 0..1; nothing up to the little that they do while standing and walking."""
    forward = (frame.T @ (joints.knees.mean(0) - joints.hips.mean(0)))[1]
    return float(np.clip((forward - 0.17) / 0.12, 0, 1))


def seated_hold(hold: Hold, name: str, joints: Joints, frame: NDArray) -> Hold:
    """How a hold changes as the body sits down: what hangs beside the legs comes onto the lap."""
    if name not in grips.LAP or hold is not CARRY[name]:
        return hold
    share, lap = sitting_share(joints, frame), grips.LAP[name]
    x, y, z = np.array(hold.offset) * (1 - share) + np.array(lap.offset) * share
    u, v, w = np.array(hold.wrist) * (1 - share) + np.array(lap.wrist) * share
    return Hold(
        (float(x), float(y), float(z)), between_turns(hold.turn, lap.turn, share), (float(u), float(v), float(w))
    )


def floor_height(prop: Prop | None, turn: NDArray) -> float:
    """Height of a turned thing's origin at which its first piece, the working end, touches the floor."""
    assert prop is not None
    low, high = prop.pieces[0].vertices.min(0), prop.pieces[0].vertices.max(0)
    corners = np.array([(x, y, low[2]) for x in (low[0], high[0]) for y in (low[1], high[1])])
    return float(0.002 - (corners @ turn.T)[:, 2].min())


def rim_of(prop: Prop | None) -> NDArray:
    """The drinker's side of a vessel's upper edge [3], in the vessel's own frame."""
    assert prop is not None
    vertices = prop.pieces[0].vertices
    top = float(vertices[:, 2].max())
    upper = vertices[vertices[:, 2] > top - 0.02]
    return np.array([0.0, 0.006 - float(np.hypot(upper[:, 0], upper[:, 1]).max()), top - 0.008])


def hinge_axis(placed: Placed) -> NDArray:
    """Where the hinge of a placed prop stands [3]; only for props that have one."""
    assert placed.prop.hinge is not None
    return placed.position + turn_z(placed.yaw) @ placed.prop.hinge.origin


def handle_point(placed: Placed, openness: float) -> NDArray:
    """Where the handle of a hinged prop is [3]."""
    hinge = placed.prop.hinge
    assert hinge is not None
    return placed.position + turn_z(placed.yaw) @ (hinge.origin + hinge.rotation(openness) @ hinge.handle)


@dataclass
class Performance:
    """One video's tracks. All times in seconds; `at` is a pure function of the time once the tracks are written.

    attached  (thing, hands, start, end); motions (thing or placed class, contact label, start, end)
    raised    how far each foot is drawn up to the hands of who sits, 0..1
    worn      (thing, 'wearing', 'covered_by' or 'have_it_on_the_back', start, end); lids of boxes and bags 0..1
    lamp      how much light the lamp gives, 0..1
    shake     how strongly the shoulders shake with laughing, 0..1; nod: radians the head is thrown back
    mouth     how far it is open, 0..1; eyes: how far they are open, 0..1
    """

    room: Room
    human: Human
    things: dict[str, Thing]
    body: list[Segment] = field(default_factory=list)
    hands: tuple[Track, Track] = field(default_factory=lambda: (Track(("rest",)), Track(("rest",))))
    paths: dict[str, Track] = field(default_factory=dict)
    lean: Track = field(default_factory=lambda: Track(0.03))
    crouch: Track = field(default_factory=lambda: Track(0.0))
    gaze: Track = field(default_factory=lambda: Track(("ahead", 0.0)))
    raised: tuple[Track, Track] = field(default_factory=lambda: (Track(0.0), Track(0.0)))
    hinges: dict[int, Track] = field(default_factory=dict)
    opening: Track = field(default_factory=lambda: Track(0.0))
    attached: list[tuple[str, tuple[bool, bool], float, float]] = field(default_factory=list)
    motions: list[tuple[str, str, float, float]] = field(default_factory=list)
    worn: list[tuple[str, str, float, float]] = field(default_factory=list)
    lids: dict[str, Track] = field(default_factory=dict)
    lamp: Track = field(default_factory=lambda: Track(1.0))
    shake: Track = field(default_factory=lambda: Track(0.0))
    nod: Track = field(default_factory=lambda: Track(0.0))
    mouth: Track = field(default_factory=lambda: Track(0.0))
    eyes: Track = field(default_factory=lambda: Track(1.0))

    # -------------------------------------------------------------- the body

    def base_at(self, time: float) -> BodyBase:
        """Feet and pelvis, before any leaning."""
        base, shares = base_at(self.body, self.human, time), [foot.number(time) for foot in self.raised]
        if not any(shares):
            return base
        left, right = (
            base.feet[i] + share * (base.frame @ (-0.05 * SIDES[i], -0.03, FOOT_RAISED))
            for i, share in enumerate(shares)
        )
        return replace(base, feet=(left, right))

    def posed(self, base: BodyBase, lean: float, crouch: float, gaze: NDArray, hands: tuple = ()) -> Pose:
        """A pose from a base: leaning moves the pelvis back for balance while standing."""
        up_share = 1 - base.sitting - base.lying
        pelvis = base.pelvis - UP * crouch * up_share - base.frame[:, 1] * 0.16 * np.sin(lean) * up_share
        lean = lean * (1 - base.lying) + base.curl + 0.04 * base.moving + 0.14 * base.running
        wrists = hands or (pelvis, pelvis)
        return Pose(
            pelvis,
            base.frame,
            gaze,
            wrists,
            base.feet,
            base.toes,
            float(lean),
            -0.06 * np.sin(base.rhythm) * base.moving,
        )

    # -------------------------------------------------------------- things

    def grip(self, name: str, goal: tuple, time: float, joints: Joints, frame: NDArray) -> Grip:
        """Where a goal puts a thing."""
        kind, carry = goal[0], CARRY[name]
        wrists = carry.wrists
        if kind == "rest":
            return Grip(goal[1], goal[2], wrists)
        if kind == "hold":
            hold, sits = seated_hold(goal[1], name, joints, frame), sitting_share(joints, frame)
            side = SIDES[goal[2]] if goal[2] is not None else 1
            offset = np.array(hold.offset) * (side, 1, 1)
            lowest = offset[2] + (hold.turn @ self.things[name].corners.T)[2].min()
            offset[2] += sits * max(0.0, grips.LAP_HEIGHT * self.human.tall - lowest)
            jitter = goal[3] * np.array([np.sin(9.1 * time), np.cos(7.7 * time), 0.0]) if len(goal) > 3 else 0
            held_at, turn = joints.chest + frame @ (offset + jitter), frame @ hold.turn
            if hold.on_floor:
                held_at[2] = floor_height(self.things[name].prop, turn)
            return Grip(held_at, turn, hold.wrists)
        if kind == "drink":
            turn = frame @ grips.DRINK_TURN
            rim = turn @ rim_of(self.things[name].prop)
            return Grip(joints.mouth + frame @ (0, 0.012, 0) - rim, turn, mirrored(grips.DRINK_WRIST))
        if kind == "eat":
            bite = 0.5 - 0.5 * np.cos(2 * np.pi * (time - goal[1]) / 0.9)
            at = joints.mouth + frame @ (0, grips.BITE + 0.10 * bite, -0.01 - 0.06 * bite)
            return Grip(at, frame @ turn_x(0.2), mirrored(grips.EAT_WRIST))
        if kind == "near":
            return Grip(joints.mouth + frame @ (0, 0.20, -0.07), frame, wrists)
        if kind == "talk":
            side = SIDES[goal[1]]
            ear = joints.head + joints.head_frame @ (side * 0.098, 0.02, -0.035)
            return Grip(ear, joints.head_frame @ grips.phone_at_ear(side), mirrored(grips.TALK_WRIST))
        if kind == "wipe":
            angle = 2 * np.pi * (time - goal[2]) / 0.85
            at = goal[1] + goal[3] * np.array([0.13 * np.cos(angle), 0.09 * np.sin(angle), 0])
            return Grip(at, turn_z(goal[4]), np.array([(-0.03, -0.11, 0.045), (0.03, -0.11, 0.045)]))
        if kind == "stroke":
            _, at, turn, offsets, stroke, axes = goal
            return Grip(at + axes @ stroke.offset(time), turn, offsets)
        if kind == "pole":
            _, foot, top, stroke, axes, heights = goal
            thing = self.things[name]
            foot = foot + axes @ stroke.offset(time)
            at, turn = pole_at(foot, top + 0.3 * (axes @ stroke.offset(time)), thing.corners[:, 2].min(), frame[:, 0])
            handles = [foot + heights[i] * turn[:, 2] + frame @ (SIDES[i] * 0.02, -0.085, 0) for i in (0, 1)]
            return Grip(at, turn, np.array([frame.T @ (handle - at) for handle in handles]))
        if kind == "by":
            _, reach, hold = goal
            at, _ = hand_at(reach, 1, time, joints, frame)
            return Grip(at, frame @ hold.turn, mirrored(hold.wrist))
        if kind == "inside":
            outer = self.thing_at(goal[1], time, joints, frame)
            return Grip(outer.at + outer.turn @ goal[2], outer.turn, mirrored(goal[3]))
        if kind == "fly":
            _, start, target, turn, begin, span = goal
            u = float(np.clip((time - begin) / span, 0, 1))
            at = start + (target - start) * u + UP * 4.9 * span**2 * u * (1 - u)
            return Grip(at, turn, wrists)
        raise ValueError(f"a thing cannot {kind!r}")

    def thing_at(self, name: str, time: float, joints: Joints, frame: NDArray) -> Grip:
        before, now, share = self.paths[name].at(time)
        b = self.grip(name, now, time, joints, frame)
        if share >= 1:
            return b
        a = self.grip(name, before, time, joints, frame)
        arc = 0.05 * np.sin(np.pi * share) * UP if "rest" in (before[0], now[0]) else 0
        return Grip(
            a.at + (b.at - a.at) * share + arc,
            between_turns(a.turn, b.turn, share),
            a.wrists + (b.wrists - a.wrists) * share,
        )

    # -------------------------------------------------------------- hands and eyes

    def hand_goal(
        self, i: int, goal: tuple, time: float, joints: Joints, base: BodyBase, things: dict[str, Grip]
    ) -> tuple[NDArray, NDArray]:
        """Wrist [3] and finger direction [3] of a goal."""
        frame, side, kind = base.frame, SIDES[i], goal[0]
        if kind == "item":
            grip = things[goal[1]]
            wrist = grip.at + frame @ grip.wrists[i]
            if goal[1] in grips.LONG:
                return wrist, frame @ (-0.55 * side, 0.8, -0.2)
            if grip.wrists[i, 1] > 0.05 and abs(grip.wrists[i, 0]) > 0.1:  # round its far side
                return wrist, frame @ (-side, -0.15, 0.0)
            return wrist, unit(grip.at + frame @ (0, 0, 0.0) - wrist) if goal[1] != "bag" else -UP + 0.1 * frame[:, 1]
        if kind == "reach":
            return hand_at(goal[1], i, time, joints, frame if len(goal) < 3 else turn_z(goal[2]))
        if kind == "lid":
            grip, prop = things[goal[1]], self.things[goal[1]].prop
            assert prop is not None and prop.hinge is not None
            handle = prop.hinge.rotation(self.lids[goal[1]].number(time)) @ prop.hinge.handle
            point = grip.at + grip.turn @ (prop.hinge.origin + handle)
            towards = unit((point - joints.shoulders[i]) * (1, 1, 0.3))
            return point - 0.125 * towards, towards
        if kind == "handle":
            point = handle_point(self.room.placed[goal[1]], self.hinges[goal[1]].number(time))
            towards = unit((point - joints.shoulders[i]) * (1, 1, 0.3))
            return point - 0.125 * towards, towards
        if kind == "world":
            return goal[1], unit(goal[1] - joints.shoulders[i])
        if kind == "type":
            press = 0.018 * np.sin(time * (17 + 4 * i) + 2 * i)
            at = goal[1] + turn_z(goal[2]) @ (np.array(grips.TYPE_WRIST) * (side, 1, 1)) + UP * press
            return at + 0.015 * np.sin(time * 3.1 + i) * frame[:, 0], frame[:, 1] - 0.25 * UP
        if kind == "write":
            paper, main = things[goal[1]].at, goal[2] == i
            if main:
                stroke = np.array(
                    [0.045 * np.sin(2.3 * time) + 0.012 * np.sin(19 * time), 0.012 * np.cos(17 * time), 0]
                )
                return paper + frame @ (np.array(grips.WRITE_WRIST) * (side, 1, 1) + stroke), frame[
                    :, 1
                ] - side * 0.5 * frame[:, 0] - 0.5 * UP
            return paper + frame @ (np.array(grips.PAPER_WRIST) * (side, 1, 1)), frame[:, 1] - side * 0.3 * frame[
                :, 0
            ] - 0.3 * UP
        if kind == "belly":
            at = joints.waist + joints.chest_frame @ (0.10 * side, 0.15, 0.03)
            return at, joints.chest_frame @ (-side, 0.1, 0.1)
        if kind == "face":
            at = joints.mouth + joints.head_frame @ (0.075 * side, 0.045, -0.075)
            return at, joints.head_frame @ (-0.65 * side, 0.0, 1.0)
        reach = 0.965 * sum(self.human.arm)
        swing = 0.5 * np.sin(base.rhythm + np.pi * (1 - i)) * base.moving
        hanging = joints.shoulders[i] + frame @ (
            0.09 * side,
            0.75 * reach * np.sin(swing) + 0.06,
            -reach * np.cos(swing),
        )
        driven = joints.shoulders[i] + frame @ (0.05 * side, 0.16 + 0.42 * np.sin(swing), -0.30 + 0.16 * np.sin(swing))
        hanging = hanging + (driven - hanging) * base.running
        on_thigh = 0.66 * joints.knees[i] + 0.34 * joints.hips[i] + 0.105 * UP + 0.02 * side * frame[:, 0]
        share = base.sitting
        fingers = (1 - share) * (-UP + 0.25 * frame[:, 1]) + share * (0.9 * frame[:, 1] - 0.2 * UP)
        fingers = fingers + base.running * (UP + 0.6 * frame[:, 1])
        at = hanging + (on_thigh - hanging) * share
        if base.lying:
            on_belly = joints.waist + joints.chest_frame @ (0.11 * side, 0.165, -0.03)
            at = at + (on_belly - at) * base.lying
            fingers = fingers + base.lying * (frame @ (-side, 0.1, -0.3) - fingers)
        return at, fingers

    def gaze_point(self, goal: tuple, base: BodyBase, joints: Joints, things: dict[str, Grip], time: float) -> NDArray:
        if goal[0] == "item":
            grip = things[goal[1]]
            return grip.at + (grip.turn @ (0.0, 0.0, 0.0) if goal[1] != "book" else 0)
        if goal[0] == "point":
            return goal[1]
        drift = 0.25 * np.sin(0.7 * time + goal[1]) * base.frame[:, 0]
        return base.pelvis + 3 * base.frame[:, 1] + drift + (0.45 - 0.2 * base.sitting) * UP

    def at(self, time: float) -> Moment:
        """The scene at `time`."""
        human, base = self.human, self.base_at(time)
        lean, crouch = self.lean.number(time), self.crouch.number(time)
        lean += self.shake.number(time) * LAUGH_BEND * np.sin(2 * np.pi * LAUGHS * time)
        ahead = base.pelvis + 3 * base.frame[:, 1] + 0.45 * UP
        joints = human.solve(self.posed(base, lean, crouch, ahead))
        things = {name: self.thing_at(name, time, joints, base.frame) for name in self.things}
        before, now, share = self.gaze.at(time)
        points = [self.gaze_point(goal, base, joints, things, time) for goal in (before, now)]
        eyes = joints.head
        gaze = eyes + 2 * unit((1 - share) * unit(points[0] - eyes) + share * unit(points[1] - eyes) + 1e-6)
        if share >= 1:
            gaze = points[1]
        nod = self.nod.number(time)
        if nod:
            gaze = eyes + joints.chest_frame @ turn_x(nod) @ joints.chest_frame.T @ (gaze - eyes)
        pose = self.posed(base, lean, crouch, gaze)
        joints = human.solve(pose)
        for name in self.things:  # what is at the mouth or the ear follows the head's final turn
            if any(goal[0] in ("drink", "eat", "near", "talk") for goal in self.paths[name].at(time)[:2]):
                things[name] = self.thing_at(name, time, joints, base.frame)
        wrists, fingers = [], []
        for i in (0, 1):
            before, now, share = self.hands[i].at(time)
            at, pointing = self.hand_goal(i, now, time, joints, base, things)
            if share < 1:
                from_at, from_pointing = self.hand_goal(i, before, time, joints, base, things)
                at, pointing = from_at + (at - from_at) * share, from_pointing + (pointing - from_pointing) * share
                at = at + 0.03 * np.sin(np.pi * share) * UP
            wrists.append(at)
            fingers.append(unit(pointing))
        joints = human.solve(replace(pose, hands=(wrists[0], wrists[1]), fingers=(fingers[0], fingers[1])))
        held = {name: hands for name, hands, start, end in self.attached if start <= time < end}
        gap = max(
            (
                float(np.linalg.norm(joints.wrists[i] - wrists[i]))
                for hands in held.values()
                for i in (0, 1)
                if hands[i]
            ),
            default=0.0,
        )
        motions = {name: kind for name, kind, start, end in self.motions if start <= time < end}
        openness = {i: track.number(time) for i, track in self.hinges.items()}
        worn = {name: kind for name, kind, start, end in self.worn if start <= time < end}
        lids = {name: track.number(time) for name, track in self.lids.items()}
        return Moment(
            time,
            joints,
            base,
            things,
            openness,
            self.opening.number(time),
            held,
            motions,
            gap,
            worn,
            lids,
            self.lamp.number(time),
            self.mouth.number(time),
            self.eyes.number(time),
        )


def flat_turn(name: str) -> NDArray:
    """How a thing lies at yaw 0."""
    return turn_y(np.pi / 2) if name == "book" else np.eye(3)
