"""Blocking: where a person can stand, sit and reach, and how the body gets there.

Every reach is checked with the skeleton before anything is written; knows places and postures, not what is done there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ag_core.world.action_table import actions_for
from ag_core.world.body.gait import Walk
from ag_core.world.body.human import SIDES, Human, Joints
from ag_core.world.body.posture import Recline, Segment, base_at
from ag_core.world.motion.goals import GazeGoal, HangDown, LieAt, LieInside, LookAhead, LookAtPoint
from ag_core.world.motion.performance import Performance
from ag_core.world.motion.script import ITEMS, Step, class_of
from ag_core.world.motion.tracks import NumberTrack, Track
from ag_core.world.objects.grips import CARRY
from ag_core.world.objects.items import Item, turn_flat
from ag_core.world.random_streams import Chance
from ag_core.world.render.mesh import UP, turn_z
from ag_core.world.room.clearance import DEPTH, Solids, overlaps
from ag_core.world.room.paths import ARMS, BODY, FloorGrid
from ag_core.world.room.rooms import Room, Seat

IN_A_BOX = ("food", "cup", "phone", "medicine", "sandwich", "towel")
FROM_ABOVE = (0.02, -0.06, 0.14)
"""The wrist over something in a box, metres right, forward and up of it."""
BEGINS_OPEN, BEGINS_DARK = 0.35, 0.4  # how often a door or the like stands open, and a lamp is off, at the beginning
MADE_BED = 0.6  # how often a bed or a sofa is kept free, to lie on
FREE_TABLE_EDGE = 0.5  # how often nothing lies where one can sit on the table
SQUAT_BELOW = 0.35  # metres of the wrists above the floor for which one squats down
REACHED = 0.035  # metres between wrist and grip that still look like a grip
Doing = Callable[[Any, Step], bool]
"""A method of a director that tries a step: False, and nothing written, where it cannot be done."""


@dataclass(frozen=True)
class Label:
    """An action (index) from start to end; `shows`: keys of things or indices of placed props that must be seen."""

    action: int
    start: float
    end: float
    shows: tuple[str | int, ...] = ()


@dataclass
class Blocking:
    """Writes one performance.

    viewer [3]: where the camera will about be; actions: indices of those that may be labelled; may_be_new: whether
    combinations may occur that train never shows.
    """

    room: Room
    human: Human
    things: dict[str, Item]
    chance: Chance
    duration: float
    viewer: NDArray
    actions: frozenset[int]
    may_be_new: bool = False
    labels: list[Label] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    step_ends: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stage = Performance(self.room, self.human, self.things)
        self.lying: dict[str, tuple[NDArray, str]] = {}  # thing -> place [3] and kind of surface
        self.time, self.yaw = 0.0, 0.0
        soft_seats = [s for s in self.room.seats if s.kind in ("sofa/couch", "bed")]
        beds = [place.owner for place in self.room.beds if place.kind != "floor"]
        self.kept_free = beds[0] if beds and self.chance.happens(MADE_BED) else None  # nothing lies on it
        self.reserved = self.chance.shuffled(soft_seats)[:1]  # kept free of things
        if self.chance.happens(FREE_TABLE_EDGE):
            self.reserved += [s for s in self.room.seats if s.kind == "table"]
        self.place = np.zeros(3)
        self.seat: Seat | None = None
        self.recline: Recline | None = None  # how the person lies on the seat
        self.outside = False  # behind the doorway
        self.slot: tuple[NDArray, float] | None = None  # where to sidle out from between table and chair, and the yaw
        self.lain_since = -99.0
        self.sat_since, self.held_since = -99.0, -99.0
        self.held: str | None = None
        self.hand: int | None = None
        self.contents: dict[str, str] = {}  # thing -> the box that it is in
        self.solids = Solids(self.room)
        self.grids: dict[tuple[int, ...], FloorGrid] = {}
        for i, placed in enumerate(self.room.placed):
            if placed.prop.hinge is not None:
                hinge, ajar = placed.prop.hinge, self.chance.happens(BEGINS_OPEN)
                self.stage.hinges[i] = NumberTrack(hinge.starts_open if placed.prop.name == "laptop" else float(ajar))
        self.stage.lamp = NumberTrack(0.0 if self.chance.happens(BEGINS_DARK) else 1.0)

    def at_table(self) -> bool:
        """Whether the person sits on a chair; chairs stand at tables."""
        return self.seat is not None and self.seat.kind == "chair"

    # -------------------------------------------------------------- laying things out

    def lay_out(self, names: list[str]) -> None:
        """Put each thing somewhere it may lie, not on another; leaves out what finds no place."""
        for name in names:
            spot = self.free_spot(name, ITEMS[name].lies_on)
            if spot is None:
                del self.things[name]
                continue
            self.lying[name] = spot[:2]
            yaw = spot[2]
            self.stage.paths[name] = Track(LieAt(spot[0], turn_z(yaw) @ turn_flat(name)))
        for name in ("box", "bag"):
            if name in self.lying:
                self.stage.lids[name] = NumberTrack(0.0)
        if "box" in self.lying and self.actions.intersection(actions_for("take", "", "box")):
            self.fill_box()

    def fill_box(self) -> None:
        """Hide a small thing in the box, mostly."""
        low, high = self.things["box"].corners.min(0) + 0.015, self.things["box"].corners.max(0) - 0.02
        for name in self.chance.shuffled([name for name in IN_A_BOX if name in self.lying]):
            corners = self.things[name].corners
            if (corners.max(0) - corners.min(0) < high - low).all() and self.chance.happens(0.8):
                at = np.array([0.0, 0.0, low[2] - corners[:, 2].min()])
                self.stage.paths[name] = Track(LieInside("box", at, FROM_ABOVE))
                self.contents[name] = "box"
                del self.lying[name]
                return

    def free_spot(self, name: str, kinds: tuple[str, ...], tries: int = 30) -> tuple[NDArray, str, float] | None:
        """A place [3] on one of the kinds of surface, clear of other things, and a yaw."""
        surfaces = [s for s in self.room.surfaces if s.kind in kinds and s.owner != self.kept_free]
        if not surfaces:
            return None
        thing, c = self.things[name], self.chance
        for _ in range(tries):
            s = c.any_of(surfaces)
            at = np.array([c.uniform(s.low[k], s.high[k]) for k in (0, 1)])
            chair = next((seat for seat in self.room.seats if seat.kind == "chair"), None)
            if s.kind == "table" and chair is not None and c.happens(0.6):  # within reach of who sits there
                at = (chair.point + turn_z(chair.yaw) @ (c.uniform(-0.42, 0.42), c.uniform(0.52, 0.68), 0))[:2]
                at = np.clip(at, s.low, s.high)
            laptop = self.room.index_of("laptop")
            others = [(np.asarray(p)[:2], self.things[n].radius) for n, (p, _) in self.lying.items() if n != name]
            if laptop is not None:
                others.append((self.room.placed[laptop].position[:2], 0.24))
            seats = [q.point for q in self.reserved if abs(q.point[2] - s.height) < 0.12]
            if any(np.hypot(*(at - q[:2])) < 0.24 + thing.radius for q in seats):
                continue
            if all(np.hypot(*(at - p)) > thing.radius + r + 0.02 for p, r in others):
                centre = (s.low + s.high) / 2
                towards = self.viewer[:2] - centre
                yaw = np.arctan2(-towards[0], towards[1]) + np.pi + c.uniform(-0.6, 0.6)
                return np.array([*at, s.height + thing.lift]), s.kind, float(yaw)
        return None

    # -------------------------------------------------------------- can it be reached?

    def grid(self) -> FloorGrid:
        """The floor as it is now, opened doors included."""
        key = tuple(
            sorted(
                i for i in self.stage.hinges if self.open_share(i) > 0.2 and self.room.placed[i].prop.name != "laptop"
            )
        )
        if key not in self.grids:
            prints = [*self.room.footprints, *self.solids.prints()]
            for i in key:
                placed = self.room.placed[i]
                axis = placed.hinge_axis()
                tip = placed.handle_at(1.0)
                for share in np.linspace(0.1, 1.05, 7):
                    p = axis[:2] + (tip - axis)[:2] * share
                    prints.append((p - 0.04, p + 0.04))
            self.grids[key] = FloorGrid(self.room.size[0], self.room.size[1], prints)
        return self.grids[key]

    def open_share(self, i: int) -> float:
        return self.stage.hinges[i].value_at(self.time + 99)

    def posture(
        self, place: NDArray, yaw: float, wrists: dict[int, NDArray], seat: Seat | None = None, squats: bool = True
    ) -> tuple[float, float] | None:
        """The least lean and crouch with which the given wrists [3] are reached from a place; None where none is.

        squats: whether one may go right down for what is on the floor.
        """
        still = Segment(
            "stand" if seat is None else "seated", 0, 0, place, yaw, seat=None if seat is None else seat.point
        )
        base = base_at([still], self.human, 0)
        options = [(lean, 0.0) for lean in (0.03, 0.15, 0.3, 0.45, 0.6)]
        if seat is None:
            options += [(0.6, 0.1), (0.75, 0.18), (0.9, 0.28), (1.0, 0.38)]
            if squats and max(wrist[2] for wrist in wrists.values()) < SQUAT_BELOW:
                options += [(0.95, 0.56), (1.1, 0.60), (1.25, 0.64)]
        reach = sum(self.human.arm) * 0.999
        for lean, crouch in options:
            joints = self.human.solve(self.stage.posed(base, lean, crouch, base.pelvis + base.frame[:, 1] * 2))
            if all(np.linalg.norm(joints.shoulders[i] - w) < reach + REACHED * 0.5 for i, w in wrists.items()):
                resting = (self.stage.hand_goal(i, HangDown(), 0, joints, base, {})[0] for i in (0, 1))
                hands = tuple(wrists.get(i, at) for i, at in enumerate(resting))
                ahead = base.pelvis + base.frame[:, 1] * 2
                joints = self.human.solve(self.stage.posed(base, lean, crouch, ahead, hands))
                if self.is_clear(joints, None if seat is None else (seat.owner, "sitting_on")):
                    return lean, crouch
        return None

    def is_clear(
        self, joints: Joints, support: tuple[int, str] | None, opened: Mapping[int, float] | None = None
    ) -> bool:
        """Whether a body is out of the furniture as it stands now, or with some hinges as far open as said."""
        boxes = self.solids.boxes({i: self.open_share(i) for i in self.stage.hinges} | dict(opened or {}))
        return all(depth < 0.8 * DEPTH for depth, _, _ in overlaps(joints, boxes, support))

    def joints_at(
        self,
        place: NDArray,
        yaw: float,
        seat: Seat | None = None,
        lean: float = 0.03,
        crouch: float = 0.0,
        dangling: NDArray | None = None,
    ) -> Joints:
        """The joints of who stands at a place or sits on a seat, with hands at rest."""
        kind, point = ("stand", None) if seat is None else ("seated", seat.point)
        base = base_at([Segment(kind, 0, 0, place, yaw, seat=point, dangling=dangling)], self.human, 0)
        ahead = base.pelvis + base.frame[:, 1] * 2
        joints = self.human.solve(self.stage.posed(base, lean, crouch, ahead))
        left, right = (self.stage.hand_goal(i, HangDown(), 0, joints, base, {})[0] for i in (0, 1))
        return self.human.solve(self.stage.posed(base, lean, crouch, ahead, (left, right)))

    def hands_for(self, name: str, place: NDArray, yaw: float) -> tuple[int, ...]:
        """Which hands take a thing: both, or the one that the camera sees better."""
        if ITEMS[name].two_hands:
            return (0, 1)
        if self.hand is not None and self.held == name:
            return (self.hand,)
        right = turn_z(yaw)[:, 0]
        return (int((self.viewer - place) @ right > 0),)

    def grip_points(self, name: str, at: NDArray, yaw: float, hands: tuple[int, ...]) -> dict[int, NDArray]:
        offsets = CARRY[name].wrists
        return {i: at + turn_z(yaw) @ offsets[i] for i in hands}

    def stand_places(self, at: NDArray, limit: int = 10) -> list[tuple[NDArray, float]]:
        """Free places round a point and the yaw that faces it, those the camera likes first."""
        grid, found = self.grid(), []
        for radius in (0.38, 0.46, 0.54, 0.62, 0.70):
            for angle in np.arange(20) * np.pi / 10 + self.chance.uniform(0, 0.3):
                place = np.array([at[0] + radius * np.cos(angle), at[1] + radius * np.sin(angle), 0])
                if not (0.2 < place[0] < self.room.size[0] - 0.2 and 0.2 < place[1] < self.room.size[1] - 0.1):
                    continue
                if grid.clearance(place) < BODY + 0.02:
                    continue
                forward = (at - place)[:2] / radius
                yaw = float(np.arctan2(-forward[0], forward[1]))
                to_camera = (self.viewer - place)[:2] / np.hypot(*(self.viewer - place)[:2])
                walk = np.hypot(*(place - self.place)[:2])
                score = 1.6 * forward @ to_camera - 0.6 * walk - 0.6 * abs(radius - 0.5) + self.chance.uniform(0, 0.5)
                score -= 6 * max(0.0, ARMS + 0.03 - grid.clearance(place)) / ARMS
                found.append((score, place, yaw))
        found.sort(key=lambda f: -f[0])
        return [(place, yaw) for _, place, yaw in found[:limit]]

    def route(self, place: NDArray) -> NDArray | None:
        return self.grid().route(self.place, place)

    # -------------------------------------------------------------- moving the body

    def extend(self, segment: Segment) -> None:
        self.stage.body.append(segment)
        self.time = segment.end

    def turn_to(self, yaw: float) -> None:
        """Turn on the spot, where it is worth it."""
        turned = abs((yaw - self.yaw + np.pi) % (2 * np.pi) - np.pi)
        if turned > 0.03:
            self.extend(Segment("turn", self.time, self.time + 0.25 + 0.22 * turned, self.place, self.yaw, yaw))
        self.yaw = yaw

    def held_hands(self) -> tuple[int, ...]:
        """Which hands hold what is held."""
        return (0, 1) if self.hand is None else (self.hand,)

    def inside(self, place: NDArray, margin: float) -> bool:
        """Whether a place lies in the room, so far from the walls."""
        low, high = np.full(2, margin), np.array(self.room.size) - margin
        return bool((place[:2] > low).all() and (place[:2] < high).all())

    def follow(self, points: NDArray, running: bool = False) -> None:
        """Turn to the first of the points [K,2] after the own place and go along them."""
        walk = Walk(points, (0.72 if running else 0.50) * self.human.tall)
        first = walk.direction(0)
        self.turn_to(float(np.arctan2(-first[0], first[1])))
        speed = self.chance.uniform(2.7, 3.1) if running else self.chance.uniform(1.2, 1.55)
        span = walk.length / speed + 0.35
        self.stage.gaze.add(self.time, self.time + 0.3, LookAhead(0.0))
        kind = "run" if running else "walk"
        self.extend(Segment(kind, self.time, self.time + span, self.place, self.yaw, walk=walk))
        last = walk.direction(walk.length)
        self.place, self.yaw = np.array([*points[-1][:2], 0.0]), float(np.arctan2(-last[0], last[1]))

    def sidle(self, place: NDArray, yaw: float) -> None:
        """Step sideways to a place, facing a direction all the time."""
        self.turn_to(yaw)
        length = float(np.hypot(*(place - self.place)[:2]))
        span = 0.25 + length / 0.55
        self.extend(Segment("sidle", self.time, self.time + span, self.place, self.yaw, to=place))
        self.place = place

    def walk_to(self, place: NDArray, yaw: float) -> bool:
        """Walk to a place and face a direction; False where there is no way."""
        place = np.array([place[0], place[1], 0.0])
        if self.slot is not None:
            self.sidle(*self.slot)
            self.slot = None
        if np.hypot(*(place - self.place)[:2]) > 0.12:
            points = self.route(place)
            if points is None:
                return False
            self.follow(points)
        self.turn_to(yaw)
        self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
        return True

    def pause(self, seconds: float) -> None:
        self.time += seconds

    def between(self, low: float, high: float) -> float:
        return self.chance.uniform(low, high)

    def label(
        self, template: str, subject: str, start: float, end: float, *shows: str | int, support: str = ""
    ) -> None:
        """Book the actions that a template with a subject (item key, object class or word) and a support shows.

        shows: keys of things or indices of placed props that must be seen, or the label is dropped.
        """
        if end - start >= 0.25:
            for action in actions_for(template, class_of(subject), class_of(support)):
                if action in self.actions:
                    self.labels.append(Label(action, start, end, shows))

    def look(self, goal: GazeGoal, start: float, span: float = 0.35) -> None:
        self.stage.gaze.add(start, start + span, goal)

    def relax(self, hands: tuple[int, ...], start: float, span: float = 0.5) -> None:
        for i in hands:
            self.stage.hands[i].add(start, start + span, HangDown())
        self.stage.lean.add(start, start + span, 0.03 if self.seat is None else 0.02)
        self.stage.crouch.add(start, start + span, 0.0)

    def may_reach(self, at: NDArray) -> bool:
        """Whether a point is about where one can reach from the seat: ahead, or beside; True while standing."""
        if self.seat is None:
            return True
        right, ahead, _ = turn_z(self.yaw).T @ (at - self.seat.point)
        return bool((ahead > 0.22 and abs(right) < 0.5) or (ahead > -0.15 and 0.26 < abs(right) < 0.66))

    def reach_for(
        self, name: str, at: NDArray, squats: bool = True
    ) -> tuple[tuple[int, ...], tuple[float, float]] | None:
        """Go to where `at` is within reach; the hands that will do it and the posture."""
        if self.seat is not None:
            hands = self.hands_for(name, self.place, self.yaw)
            if not self.may_reach(at):
                return None
            right = float((turn_z(self.yaw).T @ (at - self.seat.point))[0])
            if len(hands) == 1 and self.held != name and abs(right) > 0.2:
                hands = (int(right > 0),)
            posture = self.posture(self.place, self.yaw, self.grip_points(name, at, self.yaw, hands), self.seat)
            return (hands, posture) if posture else None
        found = []
        for rank, (place, yaw) in enumerate(self.stand_places(at)):
            hands = self.hands_for(name, place, yaw)
            posture = self.posture(place, yaw, self.grip_points(name, at, yaw, hands), squats=squats)
            if posture is not None:
                found.append((rank + 12 * posture[0] + 20 * posture[1], place, yaw, hands, posture))
        for _, place, yaw, hands, posture in sorted(found, key=lambda f: f[0]):
            if self.route(place) is not None:
                self.look(LookAtPoint(at), self.time)
                self.walk_to(place, yaw)
                return hands, posture
        return None

    def bend(self, posture: tuple[float, float], start: float, span: float) -> None:
        self.stage.lean.add(start, start + span, posture[0])
        self.stage.crouch.add(start, start + span, posture[1])

    def handle_posture(
        self, place: NDArray, yaw: float, hand: int, points: list[NDArray], seat: Seat | None
    ) -> tuple[float, float] | None:
        """Posture with which one hand follows a handle through all its points."""
        shoulder = (
            (seat.point if seat else place) + UP * (0.55 if seat else 1.35) + turn_z(yaw) @ (SIDES[hand] * 0.165, 0, 0)
        )
        best = (0.0, 0.0)
        for p in points:
            towards = (p - shoulder) * (1, 1, 0.3)
            wrist = p - 0.125 * towards / max(float(np.linalg.norm(towards)), 1e-6)
            posture = self.posture(place, yaw, {hand: wrist}, seat)
            if posture is None:
                return None
            best = max(best, posture)
        return best
