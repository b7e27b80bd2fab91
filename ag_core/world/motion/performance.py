"""The performance: tracks over time in, the whole scene at any time out.

Rule: items lead, hands follow. An item or a hinge moves along its own track, and the hand that holds it is sent to the
grip on it, so contact holds by construction where the arm reaches. `director.py` writes the tracks.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import SIDES, Human, Joints, Pose
from ag_core.world.body.posture import BodyBase, Pair, Segment, find_base
from ag_core.world.motion.goals import (
    AT_HEAD,
    BeAtEar,
    BeDrunkFrom,
    BeEaten,
    BeHeld,
    BeNearMouth,
    CoverFace,
    Fly,
    FollowHands,
    FollowStroke,
    GazeGoal,
    GripHandle,
    GripItem,
    GripLid,
    HandGoal,
    HangDown,
    HoldBelly,
    ItemGoal,
    LieAt,
    LieInside,
    LookAhead,
    LookAtItem,
    LookAtPoint,
    ReachTo,
    StandOnFloor,
    TouchPoint,
    TypeAt,
    WipeCircles,
    WriteOn,
)
from ag_core.world.motion.holding import (
    Grip,
    find_wrist_before,
    find_wrist_on_item,
    find_writing_wrist,
    lower_to_lap,
    measure_sitting,
    mirror_wrist,
)
from ag_core.world.motion.phases import Attachment, ContactPhase, SceneState
from ag_core.world.motion.strokes import place_hand, place_pole
from ag_core.world.motion.tracks import NumberTrack, Track
from ag_core.world.objects import grips
from ag_core.world.objects.grips import CARRY
from ag_core.world.objects.items import Item, find_floor_height, find_rim
from ag_core.world.render.mesh import UP, between_turns, turn_x, turn_z, unit
from ag_core.world.room.affordances import Room
from ag_core.world.room.clearance import Solids, find_overlaps

LAUGHS, LAUGH_BEND = 4.0, 0.045  # shakes a second, radians of the chest


FOOT_RAISED = 0.30  # metres that a foot is drawn up to be shod


def _rest_hands() -> tuple[Track[HandGoal], Track[HandGoal]]:
    return Track[HandGoal](HangDown()), Track[HandGoal](HangDown())


@dataclass
class Performance:
    """One video's tracks. All times in seconds; `at` is a pure function of the time once the tracks are written.

    attached  when items are in the hands; motions: what hands act out on items or placed props
    raised    how far each foot is drawn up to the hands of who sits, 0..1
    worn      how items are worn: 'wearing', 'covered_by' or 'have_it_on_the_back'; lids of boxes and bags, 0..1
    lamp      how much light the lamp gives, 0..1
    shake     how strongly the shoulders shake with laughing, 0..1; nod: radians the head is thrown back
    mouth     how far it is open, 0..1; eyes: how far they are open, 0..1
    """

    room: Room
    human: Human
    items: dict[str, Item]
    body: list[Segment] = field(default_factory=list)
    hands: tuple[Track[HandGoal], Track[HandGoal]] = field(default_factory=_rest_hands)
    paths: dict[str, Track[ItemGoal]] = field(default_factory=dict)
    lean: NumberTrack = field(default_factory=lambda: NumberTrack(0.03))
    crouch: NumberTrack = field(default_factory=lambda: NumberTrack(0.0))
    gaze: Track[GazeGoal] = field(default_factory=lambda: Track(LookAhead()))
    raised: tuple[NumberTrack, NumberTrack] = field(default_factory=lambda: (NumberTrack(0.0), NumberTrack(0.0)))
    hinges: dict[int, NumberTrack] = field(default_factory=dict)
    opening: NumberTrack = field(default_factory=lambda: NumberTrack(0.0))
    attached: list[Attachment] = field(default_factory=list)
    motions: list[ContactPhase] = field(default_factory=list)
    worn: list[ContactPhase] = field(default_factory=list)
    lids: dict[str, NumberTrack] = field(default_factory=dict)
    lamp: NumberTrack = field(default_factory=lambda: NumberTrack(1.0))
    shake: NumberTrack = field(default_factory=lambda: NumberTrack(0.0))
    nod: NumberTrack = field(default_factory=lambda: NumberTrack(0.0))
    mouth: NumberTrack = field(default_factory=lambda: NumberTrack(0.0))
    eyes: NumberTrack = field(default_factory=lambda: NumberTrack(1.0))

    # -------------------------------------------------------------- the body

    def find_base(self, time: float) -> BodyBase:
        """Feet and pelvis, before any leaning."""
        base, shares = find_base(self.body, self.human, time), [foot.value_at(time) for foot in self.raised]
        if not any(shares):
            return base
        left, right = (
            base.feet[i] + share * (base.frame @ (-0.05 * SIDES[i], -0.03, FOOT_RAISED))
            for i, share in enumerate(shares)
        )
        return replace(base, feet=(left, right))

    def make_pose(
        self,
        base: BodyBase,
        lean: float,
        crouch: float,
        gaze: NDArray[np.float64],
        hands: Pair | None = None,
    ) -> Pose:
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

    # -------------------------------------------------------------- items

    def find_grip(self, name: str, goal: ItemGoal, time: float, joints: Joints, frame: NDArray[np.float64]) -> Grip:
        """Where a goal puts an item."""
        carry = CARRY[name]
        match goal:
            case LieAt(position, turn):
                return Grip(position, turn, carry.wrists)
            case BeHeld():
                return self.find_held_grip(name, goal, time, joints, frame)
            case BeDrunkFrom():
                turn = frame @ grips.DRINK_TURN
                rim = turn @ find_rim(self.items[name].prop)
                return Grip(joints.mouth + frame @ (0, 0.012, 0) - rim, turn, mirror_wrist(grips.DRINK_WRIST))
            case BeEaten(since):
                bite = 0.5 - 0.5 * np.cos(2 * np.pi * (time - since) / 0.9)
                at = joints.mouth + frame @ (0, grips.BITE + 0.10 * bite, -0.01 - 0.06 * bite)
                return Grip(at, frame @ turn_x(0.2), mirror_wrist(grips.EAT_WRIST))
            case BeNearMouth():
                return Grip(joints.mouth + frame @ (0, 0.20, -0.07), frame, carry.wrists)
            case BeAtEar(hand):
                side = SIDES[hand]
                ear = joints.head + joints.head_frame @ (side * 0.098, 0.02, -0.035)
                return Grip(ear, joints.head_frame @ grips.turn_to_ear(side), mirror_wrist(grips.TALK_WRIST))
            case WipeCircles(centre, since, yaw):
                angle = 2 * np.pi * (time - since) / 0.85
                at = centre + np.array([0.13 * np.cos(angle), 0.09 * np.sin(angle), 0])
                return Grip(at, turn_z(yaw), np.array([(-0.03, -0.11, 0.045), (0.03, -0.11, 0.045)]))
            case FollowStroke(position, turn, wrists, stroke, axes):
                return Grip(position + axes @ stroke.offset(time), turn, wrists)
            case StandOnFloor():
                return self.find_standing_grip(name, goal, time, frame)
            case FollowHands(reach, hold):
                at, _ = place_hand(reach, 1, time, joints, frame)
                return Grip(at, frame @ hold.turn, mirror_wrist(hold.wrist))
            case LieInside(outer_name, offset, wrist):
                outer = self.find_item(outer_name, time, joints, frame)
                return Grip(outer.at + outer.turn @ offset, outer.turn, mirror_wrist(wrist))
            case Fly(start, target, turn, since, span):
                u = float(np.clip((time - since) / span, 0, 1))
                at = start + (target - start) * u + UP * 4.9 * span**2 * u * (1 - u)
                return Grip(at, turn, carry.wrists)

    def find_held_grip(self, name: str, goal: BeHeld, time: float, joints: Joints, frame: NDArray[np.float64]) -> Grip:
        """Where a held item is: as its hold says, over the lap of who sits."""
        hold, sits = lower_to_lap(goal.hold, name, joints, frame), measure_sitting(joints, frame)
        side = SIDES[goal.hand] if goal.hand is not None else 1
        offset = np.array(hold.offset) * (side, 1, 1)
        lowest = offset[2] + (hold.turn @ self.items[name].corners.T)[2].min()
        offset[2] += sits * max(0.0, grips.LAP_HEIGHT * self.human.tall - lowest)
        jitter = goal.jitter * np.array([np.sin(9.1 * time), np.cos(7.7 * time), 0.0]) if goal.jitter else 0
        held_at, turn = joints.chest + frame @ (offset + jitter), frame @ hold.turn
        if hold.on_floor:
            held_at[2] = find_floor_height(self.items[name].prop, turn)
        return Grip(held_at, turn, hold.wrists)

    def find_standing_grip(self, name: str, goal: StandOnFloor, time: float, frame: NDArray[np.float64]) -> Grip:
        """Where a long item is whose lower end is moved over the floor."""
        moved = goal.axes @ goal.stroke.offset(time)
        foot = goal.foot + moved
        low = self.items[name].corners[:, 2].min()
        at, turn = place_pole(foot, goal.top + 0.3 * moved, low, frame[:, 0])
        handles = [foot + goal.hand_heights[i] * turn[:, 2] + frame @ (SIDES[i] * 0.02, -0.085, 0) for i in (0, 1)]
        return Grip(at, turn, np.array([frame.T @ (handle - at) for handle in handles]))

    def find_item(self, name: str, time: float, joints: Joints, frame: NDArray[np.float64]) -> Grip:
        before, now, share = self.paths[name].goals_at(time)
        b = self.find_grip(name, now, time, joints, frame)
        if share >= 1:
            return b
        a = self.find_grip(name, before, time, joints, frame)
        arc = 0.05 * np.sin(np.pi * share) * UP if isinstance(before, LieAt) or isinstance(now, LieAt) else 0
        return Grip(
            a.at + (b.at - a.at) * share + arc,
            between_turns(a.turn, b.turn, share),
            a.wrists + (b.wrists - a.wrists) * share,
        )

    # -------------------------------------------------------------- hands and eyes

    def find_wrist(
        self, i: int, goal: HandGoal, time: float, joints: Joints, base: BodyBase, items: dict[str, Grip]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Wrist [3] and finger direction [3] of a goal."""
        frame, side = base.frame, SIDES[i]
        match goal:
            case GripItem(name):
                return find_wrist_on_item(items[name], name, i, frame)
            case ReachTo(reach, yaw):
                return place_hand(reach, i, time, joints, frame if yaw is None else turn_z(yaw))
            case GripLid(name):
                grip, prop = items[name], self.items[name].prop
                assert prop is not None and prop.hinge is not None
                handle = prop.hinge.rotation(self.lids[name].value_at(time)) @ prop.hinge.handle
                return find_wrist_before(grip.at + grip.turn @ (prop.hinge.origin + handle), joints.shoulders[i])
            case GripHandle(prop_index):
                openness = self.hinges[prop_index].value_at(time)
                return find_wrist_before(self.room.placed[prop_index].find_handle(openness), joints.shoulders[i])
            case TouchPoint(point):
                return point, unit(point - joints.shoulders[i])
            case TypeAt(position, yaw):
                press = 0.018 * np.sin(time * (17 + 4 * i) + 2 * i)
                at = position + turn_z(yaw) @ (np.array(grips.TYPE_WRIST) * (side, 1, 1)) + UP * press
                return at + 0.015 * np.sin(time * 3.1 + i) * frame[:, 0], frame[:, 1] - 0.25 * UP
            case WriteOn(name, main_hand):
                return find_writing_wrist(items[name].at, i, main_hand == i, time, frame)
            case HoldBelly():
                at = joints.waist + joints.chest_frame @ (0.10 * side, 0.15, 0.03)
                return at, joints.chest_frame @ (-side, 0.1, 0.1)
            case CoverFace():
                at = joints.mouth + joints.head_frame @ (0.075 * side, 0.045, -0.075)
                return at, joints.head_frame @ (-0.65 * side, 0.0, 1.0)
            case HangDown():
                return self.find_resting_wrist(i, joints, base)

    def find_resting_wrist(
        self, i: int, joints: Joints, base: BodyBase
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Wrist [3] and finger direction [3] of a hand without anything to do."""
        frame, side = base.frame, SIDES[i]
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

    def find_gaze_point(
        self, goal: GazeGoal, base: BodyBase, joints: Joints, items: dict[str, Grip], time: float
    ) -> NDArray[np.float64]:
        """The point [3] that a goal makes the eyes look at."""
        match goal:
            case LookAtItem(name):
                grip = items[name]
                return grip.at + (grip.turn @ (0.0, 0.0, 0.0) if name != "book" else 0)
            case LookAtPoint(point):
                return point
            case LookAhead(phase):
                drift = 0.25 * np.sin(0.7 * time + phase) * base.frame[:, 0]
                ahead: NDArray[np.float64] = base.pelvis + 3 * base.frame[:, 1] + drift
                return ahead + (0.45 - 0.2 * base.sitting) * UP

    def at(self, time: float) -> SceneState:
        """The scene at `time`."""
        human, base = self.human, self.find_base(time)
        lean, crouch = self.lean.value_at(time), self.crouch.value_at(time)
        lean += self.shake.value_at(time) * LAUGH_BEND * np.sin(2 * np.pi * LAUGHS * time)
        ahead = base.pelvis + 3 * base.frame[:, 1] + 0.45 * UP
        joints = human.solve(self.make_pose(base, lean, crouch, ahead))
        items = {name: self.find_item(name, time, joints, base.frame) for name in self.items}
        before, now, share = self.gaze.goals_at(time)
        points = [self.find_gaze_point(goal, base, joints, items, time) for goal in (before, now)]
        eyes = joints.head
        gaze = eyes + 2 * unit((1 - share) * unit(points[0] - eyes) + share * unit(points[1] - eyes) + 1e-6)
        if share >= 1:
            gaze = points[1]
        nod = self.nod.value_at(time)
        if nod:
            gaze = eyes + joints.chest_frame @ turn_x(nod) @ joints.chest_frame.T @ (gaze - eyes)
        pose = self.make_pose(base, lean, crouch, gaze)
        joints = human.solve(pose)
        for name in self.items:  # what is at the mouth or the ear follows the head's final turn
            if any(isinstance(goal, AT_HEAD) for goal in self.paths[name].goals_at(time)[:2]):
                items[name] = self.find_item(name, time, joints, base.frame)
        wrists, fingers = [], []
        for i in (0, 1):
            first, then, share = self.hands[i].goals_at(time)
            at, pointing = self.find_wrist(i, then, time, joints, base, items)
            if share < 1:
                from_at, from_pointing = self.find_wrist(i, first, time, joints, base, items)
                at, pointing = from_at + (at - from_at) * share, from_pointing + (pointing - from_pointing) * share
                at = at + 0.03 * np.sin(np.pi * share) * UP
            wrists.append(at)
            fingers.append(unit(pointing))
        joints = human.solve(replace(pose, hands=(wrists[0], wrists[1]), fingers=(fingers[0], fingers[1])))
        held = {held.item: held.hands for held in self.attached if held.start <= time < held.end}
        gap = max(
            (
                float(np.linalg.norm(joints.wrists[i] - wrists[i]))
                for hands in held.values()
                for i in (0, 1)
                if hands[i]
            ),
            default=0.0,
        )
        motions = {phase.name: phase.relation for phase in self.motions if phase.start <= time < phase.end}
        openness = {i: track.value_at(time) for i, track in self.hinges.items()}
        worn = {phase.name: phase.relation for phase in self.worn if phase.start <= time < phase.end}
        lids = {name: track.value_at(time) for name, track in self.lids.items()}
        return SceneState(
            time,
            joints,
            base,
            items,
            openness,
            self.opening.value_at(time),
            held,
            motions,
            gap,
            worn,
            lids,
            self.lamp.value_at(time),
            self.mouth.value_at(time),
            self.eyes.value_at(time),
        )


def find_deepest_overlap(performance: Performance, seconds: float, step: float = 0.1) -> tuple[float, float, str, int]:
    """Where in a film the body is deepest in furniture: metres, time, part of the body, owner (-1 without a label)."""
    solids, found = Solids(performance.room), [(0.0, 0.0, "", -1)]
    for time in np.arange(0, seconds, step):
        state = performance.at(float(time))
        boxes = solids.boxes(state.openness)
        found += [
            (d, float(time), part, who) for d, part, who in find_overlaps(state.joints, boxes, state.base.support)
        ]
    return max(found)
