"""Furnished rooms: what stands where, where one can sit, and where things can lie.

Origin at the back left corner of the floor, x along the back wall, y towards the camera, z up; metres.
A room is mirrored at random; furniture that does not fit is left out by rejection. Knows nothing of people.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ag_core.world import props
from ag_core.world.chance import Chance
from ag_core.world.mesh import Part, box, join, quad, turn_z
from ag_core.world.props import Prop
from ag_core.world.textures import Palette

WALL_HEIGHT = 2.6
SCENES = {"living": "Living room", "bedroom": "Bedroom", "kitchen": "Kitchen"}


@dataclass(frozen=True)
class Placed:
    """A prop in the room. position [3]; yaw turns its front from +y; rides: index of the door it is fixed to."""

    prop: Prop
    position: NDArray
    yaw: float
    rides: int | None = None


@dataclass(frozen=True)
class Seat:
    """A place to sit. owner: index of the placed prop; point [3] on the seat; yaw of the sitter (0 looks along +y)."""

    owner: int
    kind: str
    point: NDArray
    yaw: float


@dataclass(frozen=True)
class Surface:
    """A rectangle [2] to [2] at a height where things can lie. owner: index of the placed prop or -1."""

    owner: int
    kind: str
    low: NDArray
    high: NDArray
    height: float


@dataclass(frozen=True)
class Lie:
    """A place to lie on the back. owner: index of the placed prop; kind: sofa/couch, bed or floor.

    point [3]: what the pelvis lies on; yaw: direction from the feet to the head, as that of a person who looks there;
    height of the support in metres.
    """

    owner: int
    kind: str
    point: NDArray
    yaw: float
    height: float


@dataclass(frozen=True)
class Place:
    """Where hands work. owner: index of the placed prop or -1; point [3]; stand [2] on the floor and the yaw there."""

    owner: int
    point: NDArray
    stand: NDArray
    yaw: float


@dataclass(frozen=True)
class Passage:
    """An open way through a wall. owner: index of the doorway; inside [2] in the room, outside [2] behind the wall."""

    owner: int
    inside: NDArray
    outside: NDArray


@dataclass
class Room:
    """One furnished room. footprints: rectangles (low [2], high [2]) that nobody walks through.

    extra_floor: rectangles (low [2], high [2]) of floor outside the room's own, behind a doorway.
    """

    scene: str
    kind: str
    size: tuple[float, float]
    palette: Palette
    placed: list[Placed] = field(default_factory=list)
    decor: list[Part] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    footprints: list[tuple[NDArray, NDArray]] = field(default_factory=list)
    lamp_at: NDArray | None = None
    window_at: NDArray | None = None
    beds: list[Lie] = field(default_factory=list)
    sink: Place | None = None
    stove: Place | None = None
    doorway: Passage | None = None
    extra_floor: list[tuple[NDArray, NDArray]] = field(default_factory=list)

    def index_of(self, name: str) -> int | None:
        """Index of the first placed prop of a class, None where there is none."""
        return next((i for i, p in enumerate(self.placed) if p.prop.name == name), None)


class Furnisher:
    """Puts props into one room, mirrored where `flip` says so."""

    def __init__(self, kind: str, c: Chance) -> None:
        self.c, palette = c, Palette(c)
        self.flip = c.happens(0.5)
        width, depth = c.between(4.0, 4.5), c.between(2.9, 3.2)
        self.room = Room(SCENES[kind], kind, (width, depth), palette)
        one_of, add = palette.one_of, palette.add
        woods = "8a5a34 6b4226 b98a5a c9a577 a87448 d8c4a0 5a3d2a e6e0d4 9a6a44"
        looks = {"repeat": 1.3, "shine": 0.1, "sharpness": 25}
        self.wood, self.wood2 = one_of(woods, "wood", **looks), one_of(woods, "wood", **looks)
        self.cloth = one_of(
            "4f6d8f a8584c 6f8f6a b5894a 7a6a8a 8a8f96 c9b8a0 5a7a80 9a5f6a", "fabric", repeat=2, rim=0.1
        )
        self.cloth2 = one_of(
            "4f6d8f a8786c 7f8f6a b5997a 7a6a8a d8cfc0 c9b8a0 6a8a90 b06f7a", "fabric", repeat=2, rim=0.1
        )
        self.white = add("f1eee8", shine=0.05, sharpness=20)
        self.metal = one_of("b8b2a0 8f8f94 c9a860", shine=0.6, sharpness=60)
        self.black = add("1a1b1e", shine=0.35, sharpness=60)
        self.trinkets = [one_of("8f4a45 4d6a78 6d7a55 b39a78 c9b080 54506a 3d4a5c a86a4a d8d0c0") for _ in range(5)]

    def at(self, x: float) -> float:
        """A position along x, mirrored where the room is."""
        return self.room.size[0] - x if self.flip else x

    def put(
        self, prop: Prop, x: float, y: float, z: float = 0, yaw: float = 0, solid: bool = True, shadow: bool = True
    ) -> int:
        """Place a prop (x and yaw are mirrored with the room); returns its index, or -1 without a label."""
        yaw = -yaw if self.flip else yaw
        position = np.array([self.at(x), y, z])
        if solid:
            low, high = props.footprint(prop)
            corners = (
                np.array([(u, v, 0) for u in (low[0], high[0]) for v in (low[1], high[1])]) @ turn_z(yaw).T + position
            )
            self.room.footprints.append((corners[:, :2].min(0), corners[:, :2].max(0)))
        if not prop.name:
            self.room.decor += [Part(m.moved(turn_z(yaw), position), casts_shadow=shadow) for m in prop.pieces]
            return -1
        self.room.placed.append(Placed(prop, position, yaw))
        return len(self.room.placed) - 1

    def surface(self, owner: int, kind: str, x: tuple[float, float], y: tuple[float, float], height: float) -> None:
        """A place for things, given before mirroring."""
        a, b = sorted((self.at(x[0]), self.at(x[1])))
        self.room.surfaces.append(Surface(owner, kind, np.array([a, y[0]]), np.array([b, y[1]]), height))

    def seat(self, owner: int, kind: str, x: float, y: float, z: float, yaw: float) -> None:
        self.room.seats.append(Seat(owner, kind, np.array([self.at(x), y, z]), -yaw if self.flip else yaw))

    # -------------------------------------------------------------- parts every room has

    def shell(self) -> None:
        """Floor, walls, ceiling and skirting; none of them casts a shadow."""
        (x, y), c, p, z = (self.room.size[0], self.room.size[1] + 3.6), self.c, self.room.palette, WALL_HEIGHT
        kitchen = self.room.kind == "kitchen" and c.happens(0.6)
        boards = p.one_of(
            "8a5a34 b98a5a c9a577 a87448 b8b2a8 7a5238 d0b892 9c8a78 c8beb0",
            "tiles" if kitchen else "planks",
            repeat=0.55,
            shine=0.10,
            sharpness=30,
        )
        pattern = c.any_of(["plaster", "plaster", "plaster", "stripes", "leaves", "dots"])
        back = p.one_of("e8dfd0 cfd8d6 c7d0de b9c4a9 e9e6e0 d9c3b0 a9bcc4 d8d0dc c4a58a", pattern, repeat=0.7)
        sides = p.one_of("e0d4c4 b9c2c8 c8a890 a3b094 e3d5d5 d8d4c8 98a8b4 cbbfd0 b89a84", "plaster", repeat=0.7)

        def metres(u: float, v: float) -> tuple:
            return (0, 0), (u, 0), (u, v), (0, v)

        floor = quad([(0, 0, 0), (x, 0, 0), (x, y, 0), (0, y, 0)], boards, metres(x, y))
        self.room.placed.append(Placed(Prop("floor", [floor]), np.zeros(3), 0))
        self.room.surfaces.append(
            Surface(0, "floor", np.array([0.25, 0.25]), np.array([x - 0.25, self.room.size[1] - 0.2]), 0)
        )
        walls = [
            quad([(x, 0, 0), (0, 0, 0), (0, 0, z), (x, 0, z)], back, metres(x, z)),
            quad([(0, 0, 0), (0, y, 0), (0, y, z), (0, 0, z)], sides, metres(y, z)),
            quad([(x, y, 0), (x, 0, 0), (x, 0, z), (x, y, z)], sides, metres(y, z)),
            quad([(0, y, 0), (x, y, 0), (x, y, z), (0, y, z)], sides, metres(x, z)),
            quad([(0, 0, z), (0, y, z), (x, y, z), (x, 0, z)], self.white),
            box((x, 0.02, 0.09), (x / 2, 0.01, 0), self.white),
            box((0.02, y, 0.09), (0.01, y / 2, 0), self.white),
            box((0.02, y, 0.09), (x - 0.01, y / 2, 0), self.white),
        ]
        self.room.decor.append(Part(join(walls), casts_shadow=False))
        if c.happens(0.7):
            rug = p.one_of(
                "8f4a45 4d6a78 6d7a55 b39a78 a8909c c9a868 5a5a70 b0a898 7a5a4a",
                c.any_of(["fabric", "check", "leaves", "dots"]),
                repeat=2,
            )
            self.room.decor.append(
                Part(
                    box((c.uniform(1.6, 2.2), c.uniform(1.2, 1.6), 0.012), (x / 2, 1.8, 0.001), rug, 0.005),
                    casts_shadow=False,
                )
            )

    def door(self) -> None:
        """At the left end of the back wall, hinged at the corner."""
        p = self.room.palette
        panel = p.one_of(
            "6b4226 8a5a34 e8e2d6 a87448 4f6470 d8cdb8 7a8a78 b89a70 5a3d2a",
            "wood",
            repeat=0.9,
            shine=0.08,
            sharpness=25,
        )
        dark, hinge = p.one_of("4a4038 5a544a 3a3f48", "plaster"), 1 if self.flip else -1
        i = self.put(props.door(panel, self.white, dark, hinge), 0.62, 0, solid=False, shadow=False)
        hinge_part = self.room.placed[i].prop.hinge
        assert hinge_part is not None
        knob_at = self.room.placed[i].position + hinge_part.origin + hinge_part.handle
        self.room.placed.append(Placed(props.doorknob(self.metal), knob_at, 0, rides=i))

    def window(self, x: float, half: float, low: float) -> None:
        """A window with curtains on the back wall, centre x."""
        c, p = self.c, self.room.palette
        drapes = p.one_of(
            "c9b8a0 9fb0a5 b59aa5 d8cfc0 a8b4c4 c8a888 8f9a80 d0b0a0 b8b0c8",
            c.any_of(["stripes", "fabric", "leaves"]),
            repeat=4,
            rim=0.15,
        )
        view = p.add("ffffff", "outside", glow=c.uniform(0.5, 1.1))
        i = self.put(props.window(self.white, view, drapes, half), x, 0, solid=False, shadow=False)
        self.room.window_at = self.room.placed[i].position
        if c.happens(0.75):
            self.put(props.curtains(drapes, half, low), x, 0, solid=False, shadow=False)

    def picture(self, x: float, y: float = 0, yaw: float = 0) -> None:
        c, p = self.c, self.room.palette
        image = p.one_of("ffffff f0e8e0 e8f0f4", c.any_of(["picture", "abstract", "leaves"]))
        frame = c.any_of([self.wood, self.wood2, self.black, self.white])
        self.put(
            props.framed_picture(frame, image, c.between(0.38, 0.62), c.between(0.4, 0.6)),
            x,
            y,
            c.uniform(1.5, 1.62),
            yaw,
            solid=False,
        )

    def lamp(self, x: float, y: float) -> None:
        glow = self.room.palette.one_of("ffe8c0 ffdca0 fff2dc", glow=0.9)
        i = self.put(props.floor_lamp(self.c, self.metal, glow), x, y)
        self.room.lamp_at = self.room.placed[i].position + np.array([0, 0, 1.5])

    def table_and_chair(self, right: bool, y: float) -> None:
        """A table against a side wall and a chair at its inner side."""
        c, width = self.c, self.room.size[0]
        length, depth, height = c.between(0.95, 1.25), c.between(0.58, 0.70), c.between(0.71, 0.75)
        x = depth / 2 + 0.06
        gap = depth + 0.06 + c.uniform(0.46, 0.50)
        side = -1 if right else 1
        place = (lambda u: width - u) if right else (lambda u: u)
        yaw = -side * np.pi / 2
        i = self.put(props.table(c, self.wood, length, depth, height), place(x), y, yaw=yaw)
        self.surface(
            i, "table", (place(0.12), place(depth - 0.02)), (y - length / 2 + 0.08, y + length / 2 - 0.08), height
        )
        seat_y = y + c.uniform(-0.12, 0.12)
        turned = side * np.pi / 2
        j = self.put(props.chair(c, self.wood2, self.cloth2), place(gap), seat_y, yaw=turned + c.uniform(-0.06, 0.06))
        self.seat(j, "chair", place(gap), seat_y, 0.485, turned)

    def shelf(self, x: float, y: float = 0, yaw: float = 0) -> None:
        c, width = self.c, self.c.between(0.7, 0.85)
        height = c.one_of([1.0, 1.85, 1.7, 1.0, 1.9, 1.02])
        i = self.put(props.shelf(c, self.wood, self.trinkets, height, width), x, y, yaw=yaw)
        near, far = (0.06, 0.28)
        spread = width / 2 - 0.12
        if yaw == 0:
            self.surface(i, "shelf", (x - spread, x + spread), (near, far), 0.985 if height > 1.1 else height)
        else:
            sign = 1 if yaw < 0 else -1
            self.surface(
                i,
                "shelf",
                (x + sign * near, x + sign * far),
                (y - spread, y + spread),
                0.985 if height > 1.1 else height,
            )

    def television(self, x: float, y: float, yaw: float) -> None:
        screen = self.room.palette.one_of(
            "ffffff f0f4ff fff4e8", self.c.any_of(["picture", "abstract", "outside"]), glow=0.55
        )
        for prop in props.television(self.c, self.black, screen, self.wood2):
            self.put(prop, x, y, yaw=yaw)

    def plant(self, x: float, y: float) -> None:
        p = self.room.palette
        pot, leaf = p.one_of("b5562f d8d4cc 3c4a55 c9a868 7a8a8a 9a5f4a"), p.one_of("4a8a44 3f7a4a 5f9040", rim=0.1)
        self.put(props.plant(pot, leaf, self.c.random), x, y)


def furnish(kind: str, c: Chance) -> Room:
    """A room of a kind in SCENES."""
    f = Furnisher(kind, c)
    f.shell()
    f.door()
    {"living": living_room, "bedroom": bedroom, "kitchen": kitchen}[kind](f)
    return f.room


def living_room(f: Furnisher) -> None:
    c, (width, _) = f.c, f.room.size
    length = c.between(1.45, 1.7)
    x = 1.25 + length / 2 + c.uniform(0, 0.1)
    i = f.put(props.sofa(c, f.cloth, c.any_of([f.cloth, f.cloth2]), f.wood, length), x, 0.03)
    for side in (-1, 1):
        f.seat(i, "sofa/couch", x + side * (length / 4 - 0.06), 0.50, 0.445, 0)
    f.surface(i, "sofa/couch", (x - length / 2 + 0.3, x + length / 2 - 0.3), (0.42, 0.62), 0.445)
    f.window(x + c.uniform(-0.2, 0.2), c.between(0.45, 0.6), 0.75)
    rest = x + length / 2
    table_right = c.happens(0.5)
    y = c.uniform(1.75, 1.95)
    f.table_and_chair(table_right, y)
    other_x, yaw = (0.06, -np.pi / 2 + 0.45) if table_right else (width - 0.06, np.pi / 2 - 0.45)
    f.television(other_x + (0.25 if table_right else -0.25), c.uniform(1.75, 2.0), yaw)
    if width - rest > 0.95:
        f.shelf(width - 0.47, 0.02)
    if c.happens(0.5) and width - rest < 0.95:
        f.plant(width - 0.28, 0.3)
    f.picture(width - 0.45) if width - rest < 0.95 else f.picture(
        0.02 if table_right else width - 0.02, 0.75, -np.pi / 2 if table_right else np.pi / 2
    )
    f.lamp(width - 0.26, 0.75 if width - rest > 0.95 else 0.95)


def bedroom(f: Furnisher) -> None:
    c, (width, _), p = f.c, f.room.size, f.room.palette
    sheet = p.one_of("e8e2d6 d8dce4 e4d4cc f0ece4 d0d8d0 e0d8e4")
    cover = p.one_of(
        "6a84a0 a86a5c 8fa080 c9a868 8a7a9a b08a90 5a7a7a d0c0a8 7a5a5a",
        c.any_of(["fabric", "check", "leaves", "stripes", "dots"]),
        repeat=2,
        rim=0.1,
    )
    x = width - 1.0
    i = f.put(props.bed(c, f.wood, sheet, cover, f.white, -1 if f.flip else 1), x, 0.03)
    f.seat(i, "bed", x + c.uniform(-0.55, -0.1), 1.00, 0.50, 0)
    f.surface(i, "bed", (x - 0.75, x + 0.45), (0.72, 1.0), 0.515)
    f.window(x + c.uniform(-0.2, 0.2), c.between(0.45, 0.6), 0.75)
    hinge = c.any_of([-1, 1])
    if width > 4.05:
        inside = p.one_of("a89a88 8f8a80 c4b8a4")
        f.put(props.cabinet(c, f.wood2, inside, f.metal, hinge, c.between(1.6, 1.95)), 1.58, 0.02)
    else:
        f.picture(1.6)
    f.table_and_chair(False, c.uniform(1.9, 2.1))
    if c.happens(0.6):
        f.shelf(width - 0.02, c.uniform(2.05, 2.2), np.pi / 2)
    elif c.happens(0.7):
        f.television(width - 0.3, 2.1, np.pi / 2 - 0.4)
    f.lamp(width - 0.26, 1.45)
    if f.room.index_of("picture") is None:
        f.picture(0.02, 1.75, -np.pi / 2)


def kitchen(f: Furnisher) -> None:
    c, (width, _), p = f.c, f.room.size, f.room.palette
    white = p.one_of("eceae4 c8ccd0 a8b8b4 d8c8b0 b05a50 4a5258", shine=0.2, sharpness=40)
    things = [p.one_of("b8453a 6d9440 e0c25a d98a35 eceae4 8a5a8a") for _ in range(4)]
    f.put(props.refrigerator(c, white, p.add("f4f4f0", glow=0.15), f.metal, c.any_of([-1, 1]), things), 1.56, 0.02)
    length = width - 2.1
    x = 2.0 + length / 2
    front = p.one_of("d8cdb8 8fa39a e4e0d8 a87448 6b7a88 c9b8a0", "wood", repeat=0.8)
    f.put(
        props.counter(
            c, front, p.one_of("6a6660 d8d4cc 4a4844 a89a88 8a7a6a c8c4bc", shine=0.25, sharpness=40), f.black, length
        ),
        x,
        0.02,
    )
    f.surface(-1, "counter", (x - length / 2 + 0.12, x + length / 2 - 0.12), (0.3, 0.5), 0.90)
    f.window(x + c.uniform(-0.2, 0.2), c.between(0.45, 0.6), 1.0)
    right = c.happens(0.6)
    f.table_and_chair(right, c.uniform(1.85, 2.05))
    wall, yaw = (0.02, -np.pi / 2) if right else (width - 0.02, np.pi / 2)
    if c.happens(0.5):
        f.shelf(wall, c.uniform(1.7, 1.9), yaw)
    else:
        inside = p.one_of("a89a88 8f8a80 c4b8a4")
        f.put(
            props.cabinet(c, f.wood2, inside, f.metal, c.any_of([-1, 1]), c.between(1.2, 1.9)),
            wall,
            c.uniform(1.8, 1.95),
            yaw=yaw,
        )
    f.picture(width - 0.02 if right else 0.02, c.uniform(1.7, 2.0), np.pi / 2 if right else -np.pi / 2)
    f.lamp(width - 0.26 if not right else 0.26, 2.6)
