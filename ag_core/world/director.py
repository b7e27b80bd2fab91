"""The director: chooses the next step that the room allows, and writes tracks and labels for it.

Every reach is checked with the skeleton before anything is written: a step that cannot be done is not begun.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ag_core.taxonomy import action_index
from ag_core.world import handling, script
from ag_core.world.chance import Chance
from ag_core.world.handling import CARRY, Hold
from ag_core.world.human import SIDES, Human
from ag_core.world.mesh import turn_z
from ag_core.world.paths import BODY, UP, FloorGrid, Walk
from ag_core.world.rooms import Room, Seat
from ag_core.world.script import ITEMS, Situation, Step
from ag_core.world.sim import (
    SITTING_BACK,
    SITTING_LIFT,
    Performance,
    Segment,
    Thing,
    flat_turn,
    handle_point,
    mirrored,
    standing_feet,
)  # fmt: skip

REACHED = 0.035  # metres between wrist and grip that still look like a grip


@dataclass(frozen=True)
class Label:
    """An action (index) from start to end; `shows`: keys of things or indices of placed props that must be seen."""

    action: int
    start: float
    end: float
    shows: tuple[str | int, ...] = ()


@dataclass
class Director:
    """Writes one performance. viewer [3]: where the camera will about be."""

    room: Room
    human: Human
    things: dict[str, Thing]
    chance: Chance
    duration: float
    viewer: NDArray
    labels: list[Label] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    step_ends: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stage = Performance(self.room, self.human, self.things)
        self.lying: dict[str, tuple[NDArray, str]] = {}  # thing -> place [3] and kind of surface
        self.time, self.yaw = 0.0, 0.0
        self.reserved = self.chance.shuffled([s for s in self.room.seats if s.kind != "chair"])[
            :1
        ]  # kept free of things
        self.place = np.zeros(3)
        self.seat: Seat | None = None
        self.sat_since, self.held_since = -99.0, -99.0
        self.held: str | None = None
        self.hand: int | None = None
        self.gone: set[str] = set()
        self.grids: dict[tuple[int, ...], FloorGrid] = {}
        for i, placed in enumerate(self.room.placed):
            if placed.prop.hinge is not None:
                from ag_core.world.sim import Track

                self.stage.hinges[i] = Track(placed.prop.hinge.starts_open)

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
            from ag_core.world.sim import Track

            self.stage.paths[name] = Track(("rest", spot[0], turn_z(yaw) @ flat_turn(name)))

    def free_spot(self, name: str, kinds: tuple[str, ...], tries: int = 30) -> tuple[NDArray, str, float] | None:
        """A place [3] on one of the kinds of surface, clear of other things, and a yaw."""
        surfaces = [s for s in self.room.surfaces if s.kind in kinds]
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
            prints = list(self.room.footprints)
            for i in key:
                placed = self.room.placed[i]
                axis = placed.position + turn_z(placed.yaw) @ placed.prop.hinge.origin  # type: ignore[union-attr]
                tip = handle_point(placed, 1.0)
                for share in np.linspace(0.1, 1.05, 7):
                    p = axis[:2] + (tip - axis)[:2] * share
                    prints.append((p - 0.04, p + 0.04))
            self.grids[key] = FloorGrid(self.room.size[0], self.room.size[1], prints)
        return self.grids[key]

    def open_share(self, i: int) -> float:
        return self.stage.hinges[i].number(self.time + 99)

    def posture(
        self, place: NDArray, yaw: float, wrists: dict[int, NDArray], seat: Seat | None = None
    ) -> tuple[float, float] | None:
        """The least lean and crouch with which the given wrists [3] are reached from a place; None where none is."""
        frame = turn_z(yaw)
        feet, toes = standing_feet(place, yaw)
        from ag_core.world.sim import BodyBase

        pelvis = place * (1, 1, 0) + UP * self.human.standing_height
        if seat is not None:
            pelvis = seat.point + SITTING_LIFT * UP - SITTING_BACK * frame[:, 1]
        base = BodyBase(pelvis, yaw, frame, feet, toes, float(seat is not None), 0, 0, 0, None)
        options = [(lean, 0.0) for lean in (0.03, 0.15, 0.3, 0.45, 0.6)]
        if seat is None:
            options += [(0.6, 0.1), (0.75, 0.18), (0.9, 0.28), (1.0, 0.38)]
        reach = sum(self.human.arm) * 0.999
        for lean, crouch in options:
            joints = self.human.solve(self.stage.posed(base, lean, crouch, pelvis + frame[:, 1] * 2))
            if all(np.linalg.norm(joints.shoulders[i] - w) < reach + REACHED * 0.5 for i, w in wrists.items()):
                return lean, crouch
        return None

    def hands_for(self, name: str, place: NDArray, yaw: float) -> tuple[int, ...]:
        """Which hands take a thing: both, or the one that the camera sees better."""
        if ITEMS[name].two_hands:
            return (0, 1)
        if self.hand is not None and self.held == name:
            return (self.hand,)
        right = turn_z(yaw)[:, 0]
        return (int((self.viewer - place) @ right > 0),)

    def grip_points(self, name: str, at: NDArray, yaw: float, hands: tuple[int, ...]) -> dict[int, NDArray]:
        offsets = mirrored(CARRY[name].wrist)
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

    def walk_to(self, place: NDArray, yaw: float) -> bool:
        """Walk to a place and face a direction; False where there is no way."""
        place = np.array([place[0], place[1], 0.0])
        if np.hypot(*(place - self.place)[:2]) > 0.12:
            points = self.route(place)
            if points is None:
                return False
            walk = Walk(points, 0.50 * self.human.tall)
            first = walk.direction(0)
            self.turn_to(float(np.arctan2(-first[0], first[1])))
            speed = self.chance.uniform(1.15, 1.5)
            span = walk.length / speed + 0.35
            self.stage.gaze.add(self.time, self.time + 0.3, ("ahead", 0.0))
            self.extend(Segment("walk", self.time, self.time + span, self.place, self.yaw, walk=walk))
            last = walk.direction(walk.length)
            self.place, self.yaw = place, float(np.arctan2(-last[0], last[1]))
        self.turn_to(yaw)
        self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
        return True

    def pause(self, seconds: float) -> None:
        self.time += seconds

    def between(self, low: float, high: float) -> float:
        return self.chance.uniform(low, high)

    def label(self, action: str, start: float, end: float, *shows: str | int) -> None:
        if end - start >= 0.25:
            self.labels.append(Label(action_index(action), start, end, shows))

    def look(self, goal: tuple, start: float, span: float = 0.35) -> None:
        self.stage.gaze.add(start, start + span, goal)

    def relax(self, hands: tuple[int, ...], start: float, span: float = 0.5) -> None:
        for i in hands:
            self.stage.hands[i].add(start, start + span, ("rest",))
        self.stage.lean.add(start, start + span, 0.03 if self.seat is None else 0.02)
        self.stage.crouch.add(start, start + span, 0.0)

    # -------------------------------------------------------------- steps; each returns False if it cannot be done

    def reach_for(self, name: str, at: NDArray) -> tuple[tuple[int, ...], tuple[float, float]] | None:
        """Go to where `at` is within reach; the hands that will do it and the posture."""
        if self.seat is not None:
            hands = self.hands_for(name, self.place, self.yaw)
            offset = turn_z(self.yaw).T @ (at - self.seat.point)
            if offset[1] < 0.22 or abs(offset[0]) > 0.5:
                return None
            posture = self.posture(self.place, self.yaw, self.grip_points(name, at, self.yaw, hands), self.seat)
            return (hands, posture) if posture else None
        found = []
        for rank, (place, yaw) in enumerate(self.stand_places(at)):
            hands = self.hands_for(name, place, yaw)
            posture = self.posture(place, yaw, self.grip_points(name, at, yaw, hands))
            if posture is not None:
                found.append((rank + 12 * posture[0] + 20 * posture[1], place, yaw, hands, posture))
        for _, place, yaw, hands, posture in sorted(found, key=lambda f: f[0]):
            if self.route(place) is not None:
                self.look(("point", at), self.time)
                self.walk_to(place, yaw)
                return hands, posture
        return None

    def bend(self, posture: tuple[float, float], start: float, span: float) -> None:
        self.stage.lean.add(start, start + span, posture[0])
        self.stage.crouch.add(start, start + span, posture[1])

    def take(self, name: str, only_reach: bool = False) -> bool:
        """Reach, attach, lift. `only_reach`: a decoy that withdraws without the thing."""
        at = self.lying[name][0]
        found = self.reach_for(name, at)
        if found is None:
            return False
        hands, posture = found
        start, span = self.time, self.between(0.55, 0.8)
        self.look(("item", name), start, 0.25)
        self.bend(posture, start, span)
        for i in hands:
            self.stage.hands[i].add(start, start + span, ("item", name))
        self.time = start + span + 0.1
        if only_reach:
            self.time += self.between(0.1, 0.4)
            self.relax(hands, self.time)
            self.look(("ahead", 0.5), self.time)
            self.time += 0.6
            return True
        attach = self.time
        lift = self.between(0.6, 0.8)
        self.hand = None if len(hands) == 2 else hands[0]
        self.stage.paths[name].add(attach, attach + lift, ("hold", CARRY[name], self.hand))
        self.stage.lean.add(attach, attach + lift, 0.03)
        self.stage.crouch.add(attach, attach + lift, 0.0)
        self.held, self.held_since = name, attach
        del self.lying[name]
        self.time = attach + lift
        self.label(ITEMS[name].take, start, self.time, name)
        return True

    def let_go(self, name: str, end: float) -> None:
        """Book the time a thing was in the hands."""
        hands = (True, True) if self.hand is None else (self.hand == 0, self.hand == 1)
        self.stage.attached.append((name, hands, self.held_since, end))
        self.label(ITEMS[name].hold, self.held_since, end, name)
        self.held = None

    def held_hands(self) -> tuple[int, ...]:
        return (0, 1) if self.hand is None else (self.hand,)

    def put(self, name: str, kinds: tuple[str, ...] = ()) -> bool:
        """Carry to a free spot, lower, detach."""
        for _ in range(8):
            spot = self.free_spot(name, kinds or ITEMS[name].lies_on, 12)
            if spot is None:
                return False
            at, kind, _ = spot
            found = self.reach_for(name, at)
            if found is not None:
                break
        else:
            return False
        hands, posture = found
        start, span = self.time, self.between(0.7, 0.95)
        self.look(("point", at), start, 0.25)
        self.bend(posture, start, span)
        self.stage.paths[name].add(start, start + span, ("rest", at, turn_z(self.yaw) @ flat_turn(name)))
        detach = start + span + 0.12
        self.let_go(name, detach)
        self.lying[name] = (at, kind)
        self.relax(hands, detach + 0.02)
        self.time = detach + self.between(0.45, 0.6)
        owners = tuple(s.owner for s in self.room.surfaces if s.kind == kind and s.owner > 0)[:1]
        self.label(ITEMS[name].put, start, self.time - 0.2, name)
        if kind in script.PUT_ON_ACTIONS:
            self.label(script.PUT_ON_ACTIONS[kind], start, self.time - 0.2, name, *owners)
        self.look(("ahead", 1.0), self.time)
        return True

    def throw(self, name: str) -> bool:
        """Swing and let fly onto a seat, a bed or the floor."""
        action = ITEMS[name].throw
        if action is None or self.seat is not None:
            return False
        for _ in range(25):
            spot = self.free_spot(name, ("floor", "floor", "sofa/couch", "bed"), 6)
            if spot is None:
                continue
            at, kind, _ = spot
            away = (at - self.place)[:2]
            distance = float(np.hypot(*away))
            to_camera = (self.viewer - self.place)[:2] / np.hypot(*(self.viewer - self.place)[:2])
            if not 0.9 < distance < 2.2 or away @ to_camera / distance < -0.75:
                continue
            if kind == "floor" and self.grid().clearance(at) < self.things[name].radius:
                continue
            break
        else:
            return False
        self.turn_to(float(np.arctan2(-away[0], away[1])))
        hands, frame = self.held_hands(), turn_z(self.yaw)
        start = self.time
        self.look(("point", at), start, 0.25)
        side = 0.0 if self.hand is None else 0.18
        wound = Hold((side, 0.22, -0.30), CARRY[name].turn, CARRY[name].wrist)
        swung = Hold((side, 0.48, 0.02), CARRY[name].turn, CARRY[name].wrist)
        path = self.stage.paths[name]
        path.add(start, start + 0.4, ("hold", wound, self.hand))
        path.add(start + 0.4, start + 0.68, ("hold", swung, self.hand))
        release = start + 0.68
        chest = self.place + UP * (self.human.standing_height + 0.37 * self.human.tall)
        launch = chest + frame @ (side * (1 if self.hand is None else SIDES[self.hand]), 0.50, 0.02)
        span = 0.30 + 0.14 * distance
        path.add(release, release + 0.03, ("fly", launch, at, frame @ CARRY[name].turn, release, span))
        path.add(release + span - 0.12, release + span + 0.05, ("rest", at, turn_z(self.yaw) @ flat_turn(name)))
        for i in hands:
            follow = launch + frame @ (SIDES[i] * (0.2 if self.hand is None else 0.0), 0.0, 0.12)
            self.stage.hands[i].add(release, release + 0.15, ("world", follow))
        self.let_go(name, release)
        self.relax(hands, release + 0.3, 0.55)
        self.time = release + span + 0.3
        self.lying[name] = (at, kind)
        if kind == "floor":
            self.gone.add(name)
            self.label("c126", start, self.time, name)
        self.label(action, start, self.time, name)
        return True

    def back_to_carry(self, name: str, span: float = 0.6) -> None:
        self.stage.paths[name].add(self.time, self.time + span, ("hold", CARRY[name], self.hand))
        self.time += span

    def use(self, kind: str, name: str) -> bool:
        """Use what is in the hand."""
        path, start = self.stage.paths[name], self.time
        actions = script.USE_ACTIONS.get((kind, name), ())
        if kind == "drink":
            path.add(start, start + 0.75, ("drink",))
            self.look(("ahead", 0.2), start)
            begin, end = start + 0.65, start + 0.75 + self.between(1.1, 2.0)
            self.stage.motions.append((name, "drinking_from", begin, end))
        elif kind == "lift":
            path.add(start, start + 0.65, ("near",))
            self.look(("item", name), start)
            end = start + 0.65 + self.between(0.5, 1.0)
        elif kind == "eat":
            begin = start + 0.65
            end = begin + 0.9 * self.chance.any_of([2, 3, 3])
            path.add(start, begin, ("eat", begin))
            self.look(("ahead", 0.2), start)
            self.stage.motions.append((name, "eating", begin, end))
        elif kind == "talk":
            path.add(start, start + 0.7, ("talk", self.hand))
            self.look(("ahead", 0.9), start)
            end = start + 0.7 + self.between(1.6, 3.0)
        elif kind in ("play", "snuggle"):
            hold = handling.PLAY if kind == "play" else handling.SNUGGLE
            path.add(start, start + 0.6, ("hold", hold, self.hand, 0.004 if kind == "play" else 0.008))
            self.look(("item", name) if kind == "play" else ("ahead", 0.6), start)
            end = start + 0.6 + self.between(1.6, 3.0)
        elif kind == "read":
            path.add(start, start + 0.7, ("hold", handling.READ, self.hand))
            self.look(("item", name), start)
            self.stage.opening.add(start + 0.15, start + 0.85, 1.0)
            end = start + 0.85 + self.between(1.8, 3.2)
            self.label(script.BOOK_ACTIONS[0], start, start + 0.9, name)
            self.stage.opening.add(end, end + 0.6, 0.0)
            self.label(script.BOOK_ACTIONS[1], end - 0.05, end + 0.65, name)
        elif kind == "wipe":
            return self.wipe(name)
        else:
            return self.write(name)
        for action in actions:
            self.label(action, start + (0.6 if kind == "read" else 0.2), end + (0.0 if kind == "read" else 0.15), name)
        self.time = end
        self.look(("ahead", 0.3), end + 0.1)
        self.back_to_carry(name, self.between(0.55, 0.7))
        return True

    def wipe(self, name: str) -> bool:
        """Circles with the towel on a free part of a table."""
        for _ in range(6):
            spot = self.free_spot(name, ("table",), 12)
            found = self.reach_for(name, spot[0]) if spot is not None else None
            if spot is not None and found is not None:
                break
        else:
            return False
        hands, posture = found
        at, start = spot[0] - UP * 0.02, self.time
        end = start + 0.7 + self.between(2.0, 3.2)
        self.bend((posture[0] + 0.08, posture[1]), start, 0.6)
        self.stage.paths[name].add(start, start + 0.65, ("wipe", at, start, 1.0, self.yaw))
        self.look(("point", at), start)
        self.stage.motions.append((name, "wiping", start + 0.6, end))
        for action in script.USE_ACTIONS["wipe", name]:
            self.label(action, start + 0.4, end, name, self.room.index_of("table") or 0)
        self.time = end
        self.stage.lean.add(end, end + 0.6, 0.03)
        self.stage.crouch.add(end, end + 0.6, 0.0)
        self.back_to_carry(name)
        return True

    def write(self, name: str) -> bool:
        """At a table: lay the notebook down in front, and write in it."""
        if self.seat is None or not self.at_table():
            return False
        frame, table = turn_z(self.yaw), next(s for s in self.room.surfaces if s.kind == "table")
        at = None
        for right in self.chance.shuffled([-0.25, -0.12, 0.0, 0.12, 0.25]):
            for ahead in (0.56, 0.62, 0.68):
                p = self.seat.point + frame @ (right, ahead, 0)
                p[2] = table.height + self.things[name].lift
                others = [(q[:2], self.things[n].radius) for n, (q, _) in self.lying.items()]
                laptop = self.room.index_of("laptop")
                if laptop is not None:
                    others.append((self.room.placed[laptop].position[:2], 0.20))
                inside = (p[:2] > table.low - 0.02).all() and (p[:2] < table.high + 0.02).all()
                if inside and all(np.hypot(*(p[:2] - q)) > 0.14 + r for q, r in others):
                    at = p
        if at is None:
            return False
        posture = self.posture(self.place, self.yaw, self.grip_points(name, at, self.yaw, (0, 1)), self.seat)
        if posture is None:
            return False
        start, main = self.time, int((self.viewer - self.place) @ frame[:, 0] > 0)
        self.bend((posture[0] + 0.05, 0), start, 0.7)
        self.stage.paths[name].add(start, start + 0.75, ("rest", at, frame))
        self.look(("point", at), start)
        self.let_go(name, start + 0.85)
        self.label(ITEMS[name].put, start, start + 1.0, name)
        self.label(script.PUT_ON_ACTIONS["table"], start, start + 1.0, name, self.room.index_of("table") or 0)
        self.lying[name] = (at, "table")
        begin, end = start + 1.3, start + 1.4 + self.between(2.0, 3.2)
        for i in (0, 1):
            self.stage.hands[i].add(start + 0.87, begin, ("write", name, main))
        self.stage.motions.append((name, "writing_on", begin, end))
        for action in script.USE_ACTIONS["write", name]:
            self.label(action, begin - 0.1, end, name)
        self.time = end
        self.relax((0, 1), end)
        self.look(("ahead", 0.1), end + 0.1)
        self.time += 0.5
        return True

    def at_table(self) -> bool:
        return self.seat is not None and self.seat.kind == "chair"

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
            self.label(script.SIT_DOWN, start, self.time, seat.owner)
            self.seat, self.sat_since = seat, self.time - 0.15
            self.time += 0.2
            return True
        return False

    def end_sitting(self, end: float) -> None:
        seat = self.seat
        if seat is not None:
            self.label(script.SIT_ACTIONS[seat.kind], self.sat_since, end, seat.owner)
            if seat.kind == "chair":
                self.label(script.AT_TABLE, self.sat_since, end, self.room.index_of("table") or 0)

    def rise(self) -> bool:
        seat = self.seat
        if seat is None:
            return False
        start, span = self.time + 0.1, self.between(0.9, 1.15)
        self.end_sitting(start + 0.2)
        self.seat = None
        self.extend(Segment("rise", start, start + span, self.place, self.yaw, seat=seat.point, owner=seat.owner))
        self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
        self.label(script.STAND_UP, start, self.time, seat.owner)
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
        self.label(script.LOOK_ACTIONS[thing], start + 0.2, end, i)
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
        for action in script.LAPTOP_ACTIONS[kind]:
            self.label(action, start + 0.4, end, i)
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
            axis = (placed.position + turn_z(placed.yaw) @ placed.prop.hinge.origin)[:2]  # type: ignore[union-attr]
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
            self.label(script.GRASP_KNOB, start + 0.35, release, knob)
        self.relax((hand,), release)
        self.time = grasp + span
        self.label(script.HINGE_ACTIONS[thing][0 if opening else 1], start + 0.2, self.time, i)
        self.look(("ahead", 0.5), self.time)
        self.time += 0.15
        return True

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
            wrist = p - 0.125 * towards / max(np.linalg.norm(towards), 1e-6)
            posture = self.posture(place, yaw, {hand: wrist}, seat)
            if posture is None:
                return None
            best = max(best, posture)
        return best

    # -------------------------------------------------------------- the whole video

    def situation(self) -> Situation:
        names = [n for n in self.lying if n not in self.gone]
        things = [p.prop.name for p in self.room.placed]
        opened = tuple(self.room.placed[i].prop.name for i in self.stage.hinges if self.open_share(i) > 0.5)
        seats = sorted({s.kind for s in self.room.seats})
        sitting = self.seat.kind if self.seat else None
        return Situation(names, things, seats, sitting, self.at_table(), self.held, opened, tuple(self.steps))

    def do(self, step: Step) -> bool:
        """Try one step."""
        kind, subject = step.kind, step.subject
        if kind in ("take", "decoy"):
            return self.take(subject, kind == "decoy")
        if kind == "put":
            return self.put(subject)
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
        return self.use(kind, subject)

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

    def begin(self) -> None:
        """A free place to start at, or a seat. The performance begins before the film does."""
        grid, places, begins = self.grid(), [], -self.between(0.0, 7.0)
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

    def run(self) -> Performance:
        """Fill the duration with steps."""
        liking = script.moods(self.chance)
        self.begin()
        while self.time < self.duration - 1.2:
            for step in script.next_steps(self.situation(), liking, self.chance):
                before = self.time
                if self.do(step):
                    self.steps.append(step)
                    self.step_ends.append(self.time)
                    self.time = max(self.time, before + 0.05) + self.between(0.0, 0.3)
                    break
            else:
                break
        if self.held:
            self.let_go(self.held, self.duration + 5)
        self.end_sitting(self.duration)
        return self.stage
