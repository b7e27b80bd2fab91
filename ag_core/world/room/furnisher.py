"""Puts furniture into a room by rejection: a position along a wall is drawn at random and kept only where it fits.

It fits where it overlaps nothing, leaves everybody's access free, keeps the view from the front open, and where every
seat, surface and door can still be walked to. Knows rectangles and walls; what a kind of room needs is in `rooms.py`.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.world.objects import props
from ag_core.world.objects.props import Prop
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import Part, turn_z
from ag_core.world.render.textures import Palette
from ag_core.world.room.affordances import PlacedProp, Room, Seat, Surface
from ag_core.world.room.paths import BODY, FloorGrid

WALL_HEIGHT = 2.6
WAY = 0.60  # metres of width of the ways to everything that is used
GAP = 0.03  # metres between pieces of furniture
SKIRTING = 0.02  # metres between a wall and what stands before it
STEP = 0.55  # metres from the end of a way to where somebody stands to use something
SIDE = 1.50  # metres from the side walls within which furniture may stand near the camera
FRONT = 1.75  # metres from the back wall: from here on the middle stays open
TALL, TALL_FRONT = 1.2, 2.1  # metres: what is taller than the first ends this far from the back wall, as it hides much
YAWS = {"back": 0.0, "left": -np.pi / 2, "right": np.pi / 2}
Rectangle = tuple[NDArray[np.float64], NDArray[np.float64]]


def is_clear_of(rectangle: Rectangle, others: list[Rectangle], gap: float = 0.0) -> bool:
    """Whether a rectangle is apart from all others."""
    if not others:
        return True
    all_others = np.array(others)
    return bool(((rectangle[0] >= all_others[:, 1] + gap) | (all_others[:, 0] >= rectangle[1] + gap)).any(1).all())


def are_apart(a: Rectangle, b: Rectangle, gap: float = 0.0) -> bool:
    """Whether two rectangles, or intervals, are at least `gap` apart along one axis."""
    return bool(np.any(a[0] >= b[1] + gap) or np.any(b[0] >= a[1] + gap))


def shift_rectangles(offset: NDArray[np.float64], rectangles: list[Rectangle]) -> list[Rectangle]:
    return [(low + offset, high + offset) for low, high in rectangles]


@dataclass(frozen=True)
class LocalFrame:
    """A local frame in the room: origin [3] and yaw; x along the wall, y away from it."""

    wall: str
    origin: NDArray[np.float64]
    yaw: float

    def to_room(self, point: ArrayLike) -> NDArray[np.float64]:
        """A local point [3] in the room."""
        at: NDArray[np.float64] = self.origin + turn_z(self.yaw) @ np.asarray(point, float)
        return at

    def bound_rectangle(self, low: ArrayLike, high: ArrayLike) -> Rectangle:
        """The rectangle on the floor that bounds a local one [2] to [2]."""
        (a, c), (b, d) = np.asarray(low, float)[:2], np.asarray(high, float)[:2]
        corners = np.array([self.to_room((x, y, 0))[:2] for x in (a, b) for y in (c, d)])
        return corners.min(0), corners.max(0)


class Furnisher:
    """One room while it is being furnished."""

    def __init__(self, scene: str, kind: str, size: tuple[float, float], palette: Palette, c: RandomStream) -> None:
        self.c, self.room = c, Room(scene, kind, size, palette)
        self.kept: list[Rectangle] = []  # where people stand to use items
        self.doors = 0  # how many of these, the first ones, are before doors
        self.targets: list[NDArray[np.float64]] = []  # what must stay in reach of the ways
        self.stands: list[
            NDArray[np.float64]
        ] = []  # where the nearest free position must not be cut off, such as at a chair
        self.hung: dict[str, list[Rectangle]] = {wall: [] for wall in YAWS}  # (along, height) on each wall

    # -------------------------------------------------------------- walls

    def measure_length(self, wall: str) -> float:
        return self.room.size[0] if wall == "back" else self.room.size[1]

    def make_frame(self, wall: str, along: float, away: float = 0.0, turned: float = 0.0) -> LocalFrame:
        """The frame at a position along a wall, its front turned away from it."""
        width = self.room.size[0]
        x, y = {"back": (along, away), "left": (away, along), "right": (width - away, along)}[wall]
        return LocalFrame(wall, np.array([x, y, 0.0]), YAWS[wall] + turned)

    def measure_along(self, wall: str, rectangle: Rectangle) -> tuple[float, float]:
        """How far a rectangle on the floor reaches along a wall."""
        axis = 0 if wall == "back" else 1
        return float(rectangle[0][axis]), float(rectangle[1][axis])

    def is_bare(self, wall: str, low: float, high: float, bottom: float, top: float) -> bool:
        """Whether nothing stands before or hangs at a part of a wall."""
        here = np.array([low, bottom]), np.array([high, top])
        return is_clear_of(here, self.hung[wall], 0.04)

    def book_wall(self, wall: str, low: float, high: float, bottom: float, top: float) -> None:
        """Book a part of a wall."""
        self.hung[wall].append((np.array([low, bottom]), np.array([high, top])))

    # -------------------------------------------------------------- ways

    def is_reachable(
        self, more: list[Rectangle], targets: list[NDArray[np.float64]], stands: list[NDArray[np.float64]]
    ) -> bool:
        """Whether ways of the width WAY, all connected, lead to every target, given further footprints.

        stands: positions whose nearest free position has to be connected with the ways, however narrowly.
        """
        grid = FloorGrid(*self.room.size, [*self.room.footprints, *more], self.room.extra_floor)
        count, numbers = cv2.connectedComponents((grid.distance >= WAY / 2).astype(np.uint8), connectivity=4)
        if count < 2:
            return False
        ways = np.argwhere(numbers == 1 + int(np.argmax(np.bincount(numbers.ravel())[1:])))
        x, y = grid.list_cell_centres()
        on_way = np.stack([x[ways[:, 0]], y[ways[:, 1]]], -1)
        if not all(np.hypot(*(on_way - t[:2]).T).min() < STEP for t in targets):
            return False
        _, free = cv2.connectedComponents((grid.distance >= BODY).astype(np.uint8), connectivity=4)
        return all(free[grid.find_nearest_free(position)] == free[tuple(ways[0])] for position in stands + targets)

    def fits(self, rectangle: Rectangle, access: Rectangle | None, high: float) -> bool:
        """Whether a footprint of some height, and the floor kept free before it, find room."""
        (width, depth), (low, top) = self.room.size, rectangle
        if low[0] < -1e-6 or low[1] < -1e-6 or top[0] > width + 1e-6 or top[1] > depth - 0.05:
            return False
        if high > TALL and top[1] > TALL_FRONT:
            return False
        if not are_apart(rectangle, (np.array([SIDE, FRONT]), np.array([width - SIDE, depth + 9]))):
            return False
        if not is_clear_of(rectangle, self.room.footprints, GAP):
            return False
        if not is_clear_of(rectangle, self.kept):
            return False
        if access is None:
            return True
        inside = access[0].min() > -1e-6 and access[1][0] < width + 1e-6 and access[1][1] < depth + 0.3
        return bool(inside) and is_clear_of(access, self.room.footprints)

    def find_spot(
        self,
        pieces: list[Prop],
        walls: str,
        access: float,
        beside: tuple[Rectangle, ...] = (),
        turned: float = 0.0,
        tries: int = 40,
    ) -> LocalFrame | None:
        """A spot for props that stand together with their backs to one of the walls; books floor, wall and access.

        walls: names separated by spaces. access: metres kept free before them. beside: further local footprints that
        come along, such as a chair's, which may stand in the access.
        """
        ends = [props.find_footprint(p) for p in pieces]
        low, high = np.min([e[0] for e in ends], 0), np.max([e[1] for e in ends], 0)
        frames = {}  # everything relative to the origin, for each wall
        for wall in set(walls.split()):
            frame = LocalFrame(wall, np.zeros(3), YAWS[wall] + (turned if wall == "left" else -turned))
            front = [frame.bound_rectangle((low[0], high[1]), (high[0], high[1] + access))] if access > 0 else []
            frames[wall] = frame, frame.bound_rectangle(low, high), front, [frame.bound_rectangle(*r) for r in beside]
        for _ in range(tries):
            wall = self.c.choice(walls.split())
            frame, solid, front, others = frames[wall]
            reach = self.measure_along(wall, solid)
            free = self.measure_length(wall) - (reach[1] - reach[0]) - 2 * GAP
            if free < 0:
                continue
            flush = max(float(solid[1][0]) if wall == "right" else -float(solid[0][int(wall == "back")]), 0.0)
            spot = self.make_frame(
                wall, GAP - reach[0] + self.c.uniform(0, free), flush + SKIRTING, frame.yaw - YAWS[wall]
            )
            solid, *more = shift_rectangles(spot.origin[:2], [solid, *front, *others])
            front, others = more[: len(front)], more[len(front) :]
            behind = (*self.measure_along(wall, solid), 0.0, float(high[2]))
            if not self.is_bare(wall, *behind) or not self.fits(solid, front[0] if front else None, float(high[2])):
                continue
            if not all(self.fits(r, None, 0.9) for r in others):
                continue
            target = spot.to_room(((low[0] + high[0]) / 2, high[1] + (access if beside else access / 2), 0))
            targets = [target] if access > 0 else []
            stands = [(a + b) / 2 for a, b in others]
            if self.is_reachable([solid, *others], self.targets + targets, self.stands + stands):
                self.room.footprints += [solid, *others]
                self.targets += targets
                self.stands += stands
                self.kept += front
                self.book_wall(wall, *behind)
                return spot
        return None

    def find_bare(
        self, walls: str, width: float, bottom: float, top: float, deepest: float = 9.0, tries: int = 25
    ) -> LocalFrame | None:
        """A bare part of a wall for something that hangs there; deepest: metres of furniture that may be below."""
        for _ in range(tries):
            wall = self.c.choice(walls.split())
            position = self.c.uniform(width / 2 + 0.08, max(self.measure_length(wall), width + 0.2) - width / 2 - 0.08)
            if wall != "back" and position > 2.0:
                continue
            if not self.is_bare(wall, position - width / 2, position + width / 2, bottom, top):
                continue
            spot = self.make_frame(wall, position)
            if deepest < 9 and not self.is_clear_before(spot, width, deepest):
                continue
            self.book_wall(wall, position - width / 2, position + width / 2, bottom, top)
            return spot
        return None

    def is_clear_before(self, spot: LocalFrame, width: float, deepest: float) -> bool:
        """Whether furniture before a wall leaves the floor free from `deepest` metres on."""
        before = spot.bound_rectangle((-width / 4, deepest), (width / 4, deepest + 0.35))
        return is_clear_of(before, self.room.footprints)

    # -------------------------------------------------------------- putting down

    def put(self, prop: Prop, at: ArrayLike, yaw: float = 0.0, shadow: bool = True) -> int:
        """Place a prop at [3] in the room; returns its index, or -1 without a label."""
        position = np.asarray(at, float)
        if not prop.name:
            self.room.decor += [Part(m.moved(turn_z(yaw), position), casts_shadow=shadow) for m in prop.pieces]
            return -1
        self.room.placed.append(PlacedProp(prop, position, yaw))
        return len(self.room.placed) - 1

    def set_down(self, prop: Prop, walls: str, access: float = 0.0, tries: int = 25) -> LocalFrame | None:
        """Find a spot for an unlabelled or single prop and put it there."""
        spot = self.find_spot([prop], walls, access, tries=tries)
        if spot is not None:
            self.put(prop, spot.origin, spot.yaw)
        return spot

    def add_surface(
        self, owner: int, kind: str, spot: LocalFrame, low: ArrayLike, high: ArrayLike, height: float
    ) -> None:
        """Add a surface for items, given in the frame of what carries it."""
        self.room.surfaces.append(Surface(owner, kind, *spot.bound_rectangle(low, high), height))

    def add_seat(self, owner: int, kind: str, spot: LocalFrame, point: ArrayLike, turned: float = 0.0) -> None:
        """A seat, given in the frame of what carries it."""
        self.room.seats.append(Seat(owner, kind, spot.to_room(point), spot.yaw + turned))

    # -------------------------------------------------------------- free floor

    def is_open_floor(self, rectangle: Rectangle, gap: float = 0.05) -> bool:
        """Whether a rectangle of the room's floor is free."""
        (low, high), (width, depth) = rectangle, self.room.size
        inside = low.min() > 0.05 and high[0] < width - 0.05 and high[1] < depth + 0.05
        return bool(inside) and is_clear_of(rectangle, self.room.footprints, gap)

    def find_free_patch(self, size: tuple[float, float], lowest_y: float, tries: int = 40) -> Rectangle | None:
        """A free rectangle of a given size on the floor."""
        width, depth = self.room.size
        for _ in range(tries):
            low = np.array(
                [self.c.uniform(0.1, max(0.11, width - size[0] - 0.1)), self.c.uniform(lowest_y, depth - size[1])]
            )
            if self.is_open_floor((low, low + size)):
                return low, low + size
        return None
