"""Sitting, lying and standing on things: steps that change what carries the body.

Each step returns False, and writes nothing, if it cannot be done.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ag_core.world.body.human import ANKLE_HEIGHT, SIDES
from ag_core.world.body.posture import LEGS_DRAWN_UP, LEGS_STRETCHED, Recline, Segment
from ag_core.world.motion.blocking import Blocking, Doing
from ag_core.world.motion.goals import HangDown, LookAhead, LookAtPoint, TouchPoint
from ag_core.world.objects import props
from ag_core.world.render.mesh import UP, turn_z
from ag_core.world.room.paths import BODY
from ag_core.world.room.rooms import Placed, Seat

NOT_ON_THE_LAP = ("bag", "box", "broom", "groceries", "vacuum")
"""Things with which nobody sits down: they would sink into seat and legs."""
STANDS_BEFORE = {"chair": 0.31, "floor": 0.46}
"""Metres from the point sat on to the feet; before other seats at least 0.40 and clear of the edge."""
EDGE_CLEARANCE, FOOT_LENGTH = 0.21, 0.23  # metres


class Resting(Blocking):
    """Steps that put the body on a seat, on its back, or on top of a chair."""

    SKILLS: ClassVar[dict[str, Doing]] = {
        "sit": lambda self, step: self.sit(step.subject),
        "rise": lambda self, step: self.rise(),
        "lie": lambda self, step: self.lie(step.subject),
        "awaken": lambda self, step: self.awaken(step.subject),
        "stand on": lambda self, step: self.stand_on(step.subject),
    }

    # -------------------------------------------------------------- seats

    def sit_place(self, seat: Seat) -> NDArray:
        """Where the feet stand [3] before and while sitting."""
        forward = turn_z(seat.yaw)[:, 1]
        away = STANDS_BEFORE.get(seat.kind)
        if away is None:
            edge = way_out(self.room.placed[seat.owner], seat.point, forward)
            away = max(0.40, edge + EDGE_CLEARANCE)
        return seat.point * (1, 1, 0) + away * forward

    def slot_of(self, seat: Seat) -> NDArray | None:
        """Where one stands [3] beside the gap between a chair and its table, to sidle into it."""
        if seat.kind != "chair":
            return None
        place, aside = self.sit_place(seat), turn_z(seat.yaw)[:, 0]
        found = []
        for away in (0.40, 0.48, 0.56, 0.64):
            for side in SIDES:
                slot = place + side * away * aside
                if self.inside(slot, 0.25) and self.grid().clearance(slot) > BODY:
                    found.append((away + 0.3 * float(np.hypot(*(slot - self.place)[:2])), slot))
        return min(found, key=lambda one: one[0])[1] if found else None

    def dangling(self, seat: Seat) -> NDArray | None:
        """Ankles [2,3] of a sitter whose feet do not reach the floor, else None."""
        if seat.kind != "table":
            return None
        frame = turn_z(seat.yaw)
        knee = seat.point + frame @ (0, 0.36 * self.human.tall, 0.04)
        return np.array([knee + frame @ (side * 0.10, 0.0, -0.42 * self.human.tall) for side in SIDES])

    def seat_is_free(self, seat: Seat) -> bool:
        """Whether nothing lies where one would sit."""
        for name, (at, _) in self.lying.items():
            near = np.hypot(*(at - seat.point)[:2]) < 0.19 + self.things[name].radius
            if near and abs(at[2] - seat.point[2]) < 0.25:
                return False
        return True

    def fits(self, seat: Seat) -> bool:
        """Whether a body can stand before a seat and sit on it without being in something else."""
        place = self.sit_place(seat)
        standing = self.joints_at(place, seat.yaw)
        sitting = self.joints_at(place, seat.yaw, seat, dangling=self.dangling(seat))
        return self.is_clear(standing, None) and self.is_clear(sitting, (seat.owner, "sitting_on"))

    def sit(self, kind: str) -> bool:
        """Walk to a seat, turn round and sit down."""
        if self.held in NOT_ON_THE_LAP or self.seat is not None:
            return False
        for seat in self.chance.shuffled([s for s in self.room.seats if s.kind == kind]):
            place = self.sit_place(seat)
            if not self.seat_is_free(seat) or not self.fits(seat):
                continue
            if kind == "floor" and self.grid().clearance(seat.point) < 0.25:
                continue
            slot = self.slot_of(seat)
            if slot is None and kind == "chair":
                continue
            if self.route(place if slot is None else slot) is None:
                continue
            self.walk_to(place if slot is None else slot, seat.yaw)
            if slot is not None:
                self.sidle(place, seat.yaw)
                self.slot = slot, seat.yaw
            start, span = self.time, self.between(0.9, 1.1) + (0.35 if kind in ("floor", "table") else 0.0)
            self.seat = seat
            self.settle("sit", start, span)
            self.support_hands(seat, start, span)
            self.label("change seat", "sit down", start, self.time, seat.owner)
            self.sat_since = self.time - 0.15
            self.time += 0.15
            return True
        return False

    def settle(self, kind: str, start: float, span: float) -> None:
        """Write how the body gets onto its seat, or off it."""
        seat = self.seat
        assert seat is not None
        end = start + span
        dangling = self.dangling(seat)

        def segment(what: str, begin: float, stop: float) -> Segment:
            return Segment(what, begin, stop, self.place, self.yaw, 0, None, seat.point, seat.owner, dangling)

        self.extend(segment(kind, start, end))
        if kind == "sit":
            self.extend(segment("seated", end, end))
        else:
            self.extend(Segment("stand", end, end, self.place, self.yaw))

    def support_hands(self, seat: Seat, start: float, span: float) -> None:
        """Free hands prop the body up on a table's edge, or on the floor."""
        if seat.kind not in ("floor", "table"):
            return
        frame = turn_z(seat.yaw)
        for i in (0, 1):
            if self.held is not None and i in self.held_hands():
                continue
            ahead, above = (-0.26, 0.09) if seat.kind == "floor" else (0.02, 0.07)
            at = seat.point + frame @ (SIDES[i] * (0.30 if seat.kind == "floor" else 0.27), ahead, above)
            self.stage.hands[i].add(start + 0.35 * span, start + 0.8 * span, TouchPoint(at))
            self.stage.hands[i].add(start + span + 0.1, start + span + 0.6, HangDown())

    def end_sitting(self, end: float) -> None:
        """Book the time of sitting."""
        seat = self.seat
        if seat is None or self.recline is not None:
            return
        table = (self.room.index_of("table") or 0,) if seat.kind == "chair" else ()
        self.label("sit", seat.kind, self.sat_since, end, seat.owner, *table, support="table" if table else "")

    def rise(self) -> bool:
        """Stand up from a seat."""
        seat = self.seat
        if seat is None or self.recline is not None:
            return False
        start, span = self.time + 0.05, self.between(0.9, 1.1) + (0.3 if seat.kind == "floor" else 0.0)
        self.end_sitting(start + 0.2)
        if seat.kind in ("floor", "table"):
            self.support_hands(seat, start - 0.5 * span, span)
        self.settle("rise", start, span)
        self.seat = None
        self.label("change seat", "rise", start, self.time, seat.owner)
        return True

    # -------------------------------------------------------------- lying

    def recline_from(self, seat: Seat) -> Recline | None:
        """How one lies down from a seat; None where there is no room for it."""
        beds = [bed for bed in self.room.beds if bed.kind == seat.kind and bed.owner == seat.owner]
        near = sorted(beds, key=lambda bed: float(np.hypot(*(bed.point - seat.point)[:2])))
        if seat.kind == "floor":
            return self.recline_on_floor(seat)
        for bed in near:
            feet = -turn_z(bed.yaw)[:, 1]
            free = way_along(self.room.placed[bed.owner], bed.point, feet)
            legs = float(np.clip(free - 0.10, LEGS_DRAWN_UP, LEGS_STRETCHED))
            if legs < LEGS_STRETCHED - 0.05:  # drawn-up legs stand on their soles, toes ahead
                legs = float(np.clip(free - FOOT_LENGTH, LEGS_DRAWN_UP, 0.62))
            recline = Recline(np.array([*bed.point[:2], bed.height]), bed.yaw, legs)
            if self.strip_is_free(recline):
                return recline
        return None

    def recline_on_floor(self, seat: Seat) -> Recline | None:
        """Back or aside from sitting on the floor, where nothing stands or lies."""
        grid, (drawn_up, stretched) = self.grid(), (self.between(0.46, 0.62), LEGS_STRETCHED)
        for turned in (np.pi, np.pi - 0.6, np.pi + 0.6, np.pi / 2, -np.pi / 2, np.pi - 1.1, np.pi + 1.1):
            for legs in self.chance.shuffled([drawn_up, stretched]):
                recline = Recline(seat.point, seat.yaw + turned, legs)
                head = turn_z(recline.yaw)[:, 1]
                spine = [seat.point + along * head for along in np.linspace(-legs - 0.05, 0.85, 8)]
                free = all(grid.clearance(at) > 0.20 and self.inside(at, 0.1) for at in spine)
                if free and self.strip_is_free(recline):
                    return recline
        return None

    def strip_is_free(self, recline: Recline) -> bool:
        """Whether nothing lies where the body would."""
        along = turn_z(recline.yaw).T
        for name, (at, _) in self.lying.items():
            right, ahead, above = along @ (at - recline.point)
            reach = 0.26 + self.things[name].radius
            if abs(right) < reach and -recline.legs - reach < ahead < 0.60 + reach and -0.2 < above < 0.5:
                return False
        return True

    def lie(self, kind: str) -> bool:
        """Lie down on what one sits on."""
        seat = self.seat
        if seat is None or seat.kind != kind or self.recline is not None or self.held is not None:
            return False
        recline = self.recline_from(seat)
        if recline is None:
            return False
        start, span = self.time, self.between(1.2, 1.5)
        self.end_sitting(start + 0.3)
        self.look(LookAhead(0.4), start)
        self.recline_segment("lie", start, start + span, seat, recline)
        self.recline_segment("lying", self.time, self.time, seat, recline)
        self.recline, self.lain_since = recline, start + 0.6 * span
        self.time += self.between(0.9, 1.8)
        return True

    def recline_segment(self, kind: str, start: float, end: float, seat: Seat, recline: Recline) -> None:
        self.extend(Segment(kind, start, end, self.place, self.yaw, seat=seat.point, owner=seat.owner, recline=recline))

    def end_lying(self, end: float) -> None:
        """Book the time of lying."""
        if self.seat is not None and self.recline is not None:
            self.label("lie", self.seat.kind, self.lain_since, end, self.seat.owner)

    def awaken(self, kind: str) -> bool:
        """Sleep for a moment, open the eyes, and sit up."""
        seat, recline = self.seat, self.recline
        if seat is None or recline is None or seat.kind != kind:
            return False
        if self.stage.eyes.value_at(self.time) > 0.5:
            self.stage.eyes.add(self.time + 0.1, self.time + 0.5, 0.0)
            self.time += self.between(1.5, 2.3)
        opened = max(self.time, 0.0) + self.between(0.1, 0.6)
        self.stage.eyes.add(opened, opened + 0.35, 1.0)
        self.look(LookAtPoint(self.viewer), opened + 0.3)
        start, span = opened + self.between(0.6, 1.0), self.between(1.2, 1.5)
        self.end_lying(start + 0.35 * span)
        self.recline = None
        self.look(LookAhead(0.2), start + 0.3)
        self.recline_segment("wake", start, start + span, seat, recline)
        dangling = self.dangling(seat)
        self.extend(
            Segment("seated", self.time, self.time, self.place, self.yaw, 0, None, seat.point, seat.owner, dangling)
        )
        self.label("awaken", kind, opened - 0.4, self.time, seat.owner)
        self.sat_since = start + 0.7 * span
        self.time += 0.3
        return True

    def begin_resting(self, begins: float, asleep: bool) -> bool:
        """Start the film on a seat, or asleep on a bed, a sofa or the floor."""
        for seat in self.chance.shuffled(self.room.seats):
            if not self.seat_is_free(seat) or (seat.kind == "floor" and self.grid().clearance(seat.point) < 0.25):
                continue
            recline = self.recline_from(seat) if asleep else None
            if asleep and (recline is None or seat.kind == "floor"):
                continue
            slot = self.slot_of(seat)
            if (slot is None) == (seat.kind == "chair"):
                continue
            if not self.fits(seat):
                continue
            self.slot = None if slot is None else (slot, seat.yaw)
            self.place, self.yaw, self.seat = self.sit_place(seat), seat.yaw, seat
            self.stage.body.clear()
            if recline is not None:
                self.recline, self.lain_since = recline, begins
                self.stage.eyes.first = 0.0
                self.recline_segment("lying", begins, begins, seat, recline)
            else:
                dangling = self.dangling(seat)
                self.extend(
                    Segment("seated", begins, begins, self.place, self.yaw, 0, None, seat.point, seat.owner, dangling)
                )
            return True
        return False

    # -------------------------------------------------------------- on top of a chair

    def stand_on(self, kind: str) -> bool:
        """Step onto a chair from where there is room, stay, and step down backwards."""
        if self.seat is not None:
            return False
        for seat in self.chance.shuffled([s for s in self.room.seats if s.kind == kind]):
            if not self.seat_is_free(seat):
                continue
            top = np.array([*seat.point[:2], seat.point[2]])
            places = []
            for turned in (0.0, np.pi / 2, -np.pi / 2):  # from the front and the sides, not over the back
                for away in (0.50, 0.46):
                    place = top * (1, 1, 0) + away * turn_z(seat.yaw + turned)[:, 1]
                    if (
                        self.inside(place, 0.2)
                        and self.grid().clearance(place) > BODY
                        and self.route(place) is not None
                    ):
                        places.append((place, seat.yaw + turned + np.pi))
                        break
            if not places:
                continue
            place, yaw = self.chance.any_of(places)
            self.walk_to(place, float(yaw))
            self.look(LookAtPoint(top), self.time)
            start, span = self.time + 0.1, self.between(1.3, 1.5)
            self.climb("step up", start, span, top, seat.owner)
            self.climb("on top", self.time, 0.0, top, seat.owner)
            self.look(LookAhead(0.3), self.time)
            self.time += self.between(1.4, 2.0)
            self.look(LookAtPoint(self.place), self.time)
            down = self.time
            self.climb("step down", down, span, top, seat.owner)
            self.extend(Segment("stand", self.time, self.time, self.place, self.yaw))
            self.label("stand on", kind, start + 0.55 * span, down + 0.4 * span, seat.owner)
            self.look(LookAhead(0.6), self.time)
            return True
        return False

    def climb(self, kind: str, start: float, span: float, top: NDArray, owner: int) -> None:
        self.extend(Segment(kind, start, start + span, self.place, self.yaw, owner=owner, top=top))


def world_boxes(placed: Placed) -> NDArray:
    """Boxes [K,2,3] round the pieces of a placed prop, along the room's axes."""
    return props.bounds([piece.moved(turn_z(placed.yaw), placed.position) for piece in placed.prop.pieces])


def way_out(placed: Placed, point: NDArray, direction: NDArray) -> float:
    """Metres from a point above a prop to the prop's edge, seen from above; 0 outside."""
    boxes = world_boxes(placed)[:, :, :2]
    low, high = boxes[:, 0].min(0), boxes[:, 1].max(0)
    for away in np.arange(0.0, 2.5, 0.02):
        at = point[:2] + away * direction[:2]
        if (at < low).any() or (at > high).any():
            return float(away)
    return 2.5


def way_along(placed: Placed, point: NDArray, direction: NDArray) -> float:
    """Metres one can lie along on a prop until its edge, or until a part of it that stands higher."""
    boxes = world_boxes(placed)
    higher = boxes[boxes[:, 1, 2] > point[2] + 0.06]
    across = np.cross(UP, direction)
    edge = way_out(placed, point, direction)
    for away in np.arange(0.0, edge, 0.02):
        for side in (-0.12, 0.12):
            at = point + away * direction + side * across + (ANKLE_HEIGHT + 0.02) * UP
            if ((higher[:, 0] < at) & (at < higher[:, 1])).all(1).any():
                return float(away)
    return edge
