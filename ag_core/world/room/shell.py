"""The empty room: floor, walls with a hole for the doorway, door, and what hangs on the walls."""

import numpy as np
from numpy.typing import NDArray

from ag_core.world.objects import props
from ag_core.world.objects.props import Prop
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import Mesh, Part, box, join, quad
from ag_core.world.render.textures import Palette
from ag_core.world.room import fixtures, furniture
from ag_core.world.room.affordances import LyingSpot, Passage, PlacedProp, Seat, Surface, WorkSpot
from ag_core.world.room.furnisher import WALL_HEIGHT, YAWS, Furnisher, LocalFrame, Rectangle, are_apart
from ag_core.world.room.paths import BODY, FloorGrid

HOLE = 0.90, 2.06  # metres: width and height of the doorway's hole
WALL, BEHIND = 0.12, 1.25  # metres: thickness of the back wall, depth of the space behind the doorway
DOOR_FREE, PASSAGE_FREE = 0.95, 0.80  # metres kept free before door and doorway
PATTERNS = ["plaster", "plaster", "plaster", "stripes", "leaves", "dots"]


class Looks:
    """The materials of one room."""

    def __init__(self, palette: Palette, c: RandomStream) -> None:
        add_choice, add = palette.add_choice, palette.add
        woods = "8a5a34 6b4226 b98a5a c9a577 a87448 d8c4a0 5a3d2a e6e0d4 9a6a44"
        looks = {"repeat": 1.3, "shine": 0.1, "sharpness": 25}
        self.palette = palette
        self.wood, self.wood2 = add_choice(woods, "wood", **looks), add_choice(woods, "wood", **looks)
        cloths = (
            "4f6d8f a8584c 6f8f6a b5894a 7a6a8a 8a8f96 c9b8a0 5a7a80 9a5f6a",
            "4f6d8f a8786c 7f8f6a b5997a 7a6a8a d8cfc0 c9b8a0 6a8a90 b06f7a",
        )
        self.cloth, self.cloth2 = (add_choice(colours, "fabric", repeat=2, rim=0.1) for colours in cloths)
        self.white = add("f1eee8", shine=0.05, sharpness=20)
        self.ceramic = add_choice("f4f2ee eef0f0 f2ebe0", shine=0.5, sharpness=60)
        self.metal = add_choice("b8b2a0 8f8f94 c9a860", shine=0.6, sharpness=60)
        self.black = add("1a1b1e", shine=0.35, sharpness=60)
        self.inside = add_choice("a89a88 8f8a80 c4b8a4")
        self.shade = add_choice("ffe8c0 ffdca0 fff2dc", glow=0.9)
        self.trinkets = [add_choice("8f4a45 4d6a78 6d7a55 b39a78 c9b080 54506a 3d4a5c a86a4a d8d0c0") for _ in range(5)]
        self.drapes = add_choice(
            "c9b8a0 9fb0a5 b59aa5 d8cfc0 a8b4c4 c8a888 8f9a80 d0b0a0 b8b0c8",
            c.choice(["stripes", "fabric", "leaves"]),
            repeat=4,
            rim=0.15,
        )

    def pot_and_leaf(self) -> tuple[int, int]:
        add_choice = self.palette.add_choice
        return add_choice("b5562f d8d4cc 3c4a55 c9a868 7a8a8a 9a5f4a"), add_choice("4a8a44 3f7a4a 5f9040", rim=0.1)


def build_upright(a: tuple[float, float], b: tuple[float, float], low: float, high: float, material: int) -> Mesh:
    """A piece of wall from a to b [2] on the floor, its face to the left of who goes from b to a; texture in metres."""
    way = np.subtract(b, a) / np.hypot(*np.subtract(b, a))
    start, end = float(way @ a), float(way @ b)
    corners = [(*a, low), (*b, low), (*b, high), (*a, high)]
    return quad(corners, material, ((start, low), (end, low), (end, high), (start, high)))


def choose_openings(f: Furnisher, door: bool, doorway: bool) -> tuple[float | None, float | None]:
    """Where along the back wall door and doorway are: one near a corner, the other beside it or near the other."""
    c, width = f.c, f.room.size[0]
    near = 0.60 + c.uniform(0, 0.2)
    other = near + c.uniform(1.12, 1.3) if c.bernoulli(0.5) else width - 0.60 - c.uniform(0, 0.2)
    pair = [near, other] if door and doorway else [near, near]
    pair = c.permutation(pair)
    if c.bernoulli(0.5):
        pair = [width - x for x in pair]
    return (pair[0] if door else None), (pair[1] if doorway else None)


def build_shell(f: Furnisher, looks: Looks, hole: float | None) -> None:
    """Floor, walls, ceiling and skirting; none of them casts a shadow. hole: middle of the doorway along the wall."""
    room, c, p = f.room, f.c, f.room.palette
    (x, y), z = (room.size[0], room.size[1] + 3.6), WALL_HEIGHT
    tiled = {"kitchen": 0.6, "bathroom": 0.9, "hallway": 0.3}.get(room.kind, 0.0)
    ground = "plaster" if room.kind == "garage" else "tiles" if c.bernoulli(tiled) else "planks"
    colours = "8a5a34 b98a5a c9a577 a87448 b8b2a8 7a5238 d0b892 9c8a78 c8beb0"
    if room.kind in ("garage", "bathroom"):
        colours = "a8a6a2 b8b4ac 9a9894 c4beb4 a89c90 b0b4b8"
    floor_look = p.add_choice(colours, ground, repeat=0.55, shine=0.10, sharpness=30)
    pattern = "tiles" if room.kind == "bathroom" and c.bernoulli(0.6) else c.choice(PATTERNS)
    if room.kind == "garage":
        pattern = "plaster"
    back = p.add_choice("e8dfd0 cfd8d6 c7d0de b9c4a9 e9e6e0 d9c3b0 a9bcc4 d8d0dc c4a58a", pattern, repeat=0.7)
    sides = p.add_choice("e0d4c4 b9c2c8 c8a890 a3b094 e3d5d5 d8d4c8 98a8b4 cbbfd0 b89a84", "plaster", repeat=0.7)

    def ground_piece(a: float, b: float, d: float, e: float) -> Mesh:
        corners = [(a, d), (b, d), (b, e), (a, e)]
        return quad([(*k, 0) for k in corners], floor_look, corners)

    floor = [ground_piece(0, x, 0, y)]
    walls = [
        build_upright((0, 0), (0, y), 0, z, sides),
        build_upright((x, y), (x, 0), 0, z, sides),
        build_upright((0, y), (x, y), 0, z, sides),
        quad([(0, 0, z), (0, y, z), (x, y, z), (x, 0, z)], looks.white),
        box((0.02, y, 0.09), (0.01, y / 2, 0), looks.white),
        box((0.02, y, 0.09), (x - 0.01, y / 2, 0), looks.white),
    ]
    stretches = [(0.0, x)]
    if hole is not None:
        left, right = hole - HOLE[0] / 2, hole + HOLE[0] / 2
        stretches = [(0.0, left), (right, x)]
        a, b, d = left - 0.35, right + 0.35, -BEHIND
        hall = p.add_choice("d8cfc0 c4c8cc d0c4b4 c8ccc0 dcd6cc", "plaster", repeat=0.7)
        floor.append(ground_piece(a, b, d, 0))
        walls += [
            build_upright((right, 0), (left, 0), HOLE[1], z, back),
            build_upright((b, d), (a, d), 0, z, hall),
            build_upright((a, d), (a, 0), 0, z, hall),
            build_upright((b, 0), (b, d), 0, z, hall),
            quad([(a, d, z), (a, 0, z), (b, 0, z), (b, d, z)], looks.white),
            box((b - a, 0.02, 0.09), ((a + b) / 2, d + 0.01, 0), looks.white),
        ]
    for low, high in stretches:
        walls.append(build_upright((high, 0), (low, 0), 0, z, back))
        walls.append(box((high - low, 0.02, 0.09), ((low + high) / 2, 0.01, 0), looks.white))
    room.placed.append(PlacedProp(Prop("floor", floor), np.zeros(3), 0))
    room.decor.append(Part(join(walls), casts_shadow=False))


def hang_door(f: Furnisher, looks: Looks, x: float) -> None:
    """A door in the back wall, hinged on the side of the nearer corner, with its knob."""
    p, room = f.room.palette, f.room
    colours = "6b4226 8a5a34 e8e2d6 a87448 4f6470 d8cdb8 7a8a78 b89a70 5a3d2a"
    panel = p.add_choice(colours, "wood", repeat=0.9, shine=0.08, sharpness=25)
    dark = p.add_choice("4a4038 5a544a 3a3f48", "plaster")
    i = f.put(furniture.build_door(panel, looks.white, dark, -1 if x < room.size[0] / 2 else 1), (x, 0, 0))
    hinge = room.placed[i].prop.hinge
    assert hinge is not None
    knob_at = room.placed[i].position + hinge.origin + hinge.handle
    room.placed.append(PlacedProp(furniture.build_doorknob(looks.metal), knob_at, 0, rides=i))
    f.book_wall("back", x - 0.52, x + 0.52, 0, 2.15)
    f.kept.append((np.array([x - 0.46, 0.0]), np.array([x + 0.46, DOOR_FREE])))
    f.doors += 1
    f.targets.append(np.array([x, 0.6, 0.0]))


def open_passage(f: Furnisher, looks: Looks, x: float) -> None:
    """The frame of the doorway, and the floor behind it."""
    i = f.put(
        fixtures.build_doorway(f.c.choice([looks.white, looks.white, looks.wood]), HOLE[0], HOLE[1], WALL), (x, 0, 0)
    )
    half = HOLE[0] / 2
    f.room.extra_floor.append((np.array([x - half, -BEHIND + 0.05]), np.array([x + half, 0.0])))
    f.room.doorway = Passage(i, np.array([x, 0.55]), np.array([x, -0.70]))
    f.book_wall("back", x - half - 0.1, x + half + 0.1, 0, 2.2)
    f.kept.append((np.array([x - half, 0.0]), np.array([x + half, PASSAGE_FREE])))
    f.doors += 1
    f.targets += [np.array([x, 0.4, 0.0]), np.array([x, -0.7, 0.0])]


# ------------------------------------------------------------------ what hangs


def hang_window(f: Furnisher, looks: Looks, deepest: float = 9.0, walls: str = "back") -> bool:
    """A window with a sash that opens; often curtains, and a radiator below where the floor is free."""
    c, p = f.c, f.room.palette
    half = c.split_uniform(0.45, 0.6)
    spot = f.find_bare(walls, 2 * half + 0.7, 0.95, 2.2, deepest)
    if spot is None:
        return False
    view = p.add("ffffff", "outside", glow=c.uniform(0.5, 1.1))
    i = f.put(fixtures.build_window(looks.white, view, looks.metal, half, c.choice([-1, 1])), spot.origin, spot.yaw)
    f.room.window_at = f.room.placed[i].position + (spot.to_room((0, 0.2, 0)) - spot.origin) * (spot.wall != "back")
    if c.bernoulli(0.7 if f.room.kind not in ("garage", "bathroom") else 0.2):
        f.put(furniture.build_curtains(looks.drapes, half, c.choice([0.75, 0.85])), spot.origin, spot.yaw, shadow=False)
    length = c.split_uniform(0.6, 1.0)
    low, high = spot.bound_rectangle((-length / 2, 0), (length / 2, 0.12))
    reach = f.measure_along(spot.wall, (low, high))
    if c.bernoulli(0.7) and f.is_open_floor((low + 0.06, high + 0.06)) and f.is_bare(spot.wall, *reach, 0, 0.7):
        f.put(fixtures.build_radiator(looks.white, length), spot.origin, spot.yaw)
        f.room.footprints.append((low, high))
        f.book_wall(spot.wall, *reach, 0, 0.7)
    return True


def hang_picture(f: Furnisher, looks: Looks, walls: str = "back left right") -> bool:
    c, p = f.c, f.room.palette
    w, h, z = c.split_uniform(0.38, 0.62), c.split_uniform(0.4, 0.6), c.uniform(1.5, 1.62)
    spot = f.find_bare(walls, w + 0.1, z - h / 2 - 0.05, z + h / 2 + 0.05)
    if spot is None:
        return False
    image = p.add_choice("ffffff f0e8e0 e8f0f4", c.choice(["picture", "abstract", "leaves"]))
    frame = c.choice([looks.wood, looks.wood2, looks.black, looks.white])
    f.put(furniture.build_framed_picture(frame, image, w, h), spot.to_room((0, 0, z)), spot.yaw)
    return True


def hang_mirror(f: Furnisher, looks: Looks, at: LocalFrame | None = None) -> bool:
    """A mirror, over a basin where `at` says so, else on a bare part of a wall that can be stood before."""
    c, p = f.c, f.room.palette
    shape = c.split_choice(["wide", "round", "tall", "tall", "wide", "round"]) if at is None else "wide"
    w, h = {"wide": (c.split_uniform(0.5, 0.7), c.split_uniform(0.55, 0.8)), "round": (0.6, 0.6), "tall": (0.5, 1.35)}[
        shape
    ]
    z = {"wide": 1.5, "round": 1.5, "tall": 1.02}[shape] + c.uniform(-0.05, 0.08)
    spot = at or f.find_bare("back back left right", w + 0.08, z - h / 2 - 0.04, z + h / 2 + 0.04, 0.5)
    if spot is None:
        return False
    if at is not None:
        position = at.origin[0 if at.wall == "back" else 1]
        f.book_wall(at.wall, position - w / 2, position + w / 2, z - h / 2, z + h / 2)
        spot = f.make_frame(at.wall, float(position))
    glass = p.add_choice("dfe8ee e8ecee d8e4e8", "mirror", jitter=0.02, shine=0.7, sharpness=80)
    frame = c.choice([looks.wood, looks.wood2, looks.metal, looks.black])
    f.put(fixtures.build_mirror(frame, glass, w, h, shape == "round"), spot.to_room((0, 0, z)), spot.yaw)
    return True


def hang_clock(f: Furnisher, looks: Looks) -> None:
    spot = f.find_bare("back left right", 0.4, 1.65, 2.05)
    if spot is not None:
        f.put(fixtures.build_wall_clock(looks.wood2, looks.white, looks.black), spot.to_room((0, 0, 1.85)), spot.yaw)


def light_up(f: Furnisher, looks: Looks, kinds: list[str]) -> None:
    """One lamp: on the floor, on a bedside cupboard, on a wall, or from the ceiling."""
    c = f.c
    for kind in [*c.permutation(kinds), "wall", "floor"]:
        spot = None
        if kind == "floor":
            prop = furniture.build_floor_lamp(c, looks.metal, looks.shade)
            spot = f.find_spot([shift_prop(prop, 0.26)], "back left right", 0.5)
            bulb, switch, base = (0.0, 0.26, 1.5), (0.0, 0.28, 1.12), (0.0, 0.26, 0.0)
        elif kind == "table":
            stand = fixtures.build_side_table(c, looks.wood2, looks.metal)
            spot = f.find_spot([stand], "back left right", 0.5)
            if spot is not None:
                f.put(stand, spot.origin, spot.yaw)
            prop, bulb, switch, base = (
                fixtures.build_table_lamp(c, c.choice([looks.metal, looks.ceramic, looks.wood]), looks.shade),
                (0.0, 0.2, 0.85),
                (0.0, 0.22, 0.66),
                (0.0, 0.19, 0.52),
            )
        elif kind == "wall":
            prop = fixtures.build_wall_lamp(c, looks.metal, looks.shade)
            spot = f.find_bare("back left right", 0.34, 1.05, 2.1, 0.5, tries=40)
            bulb, switch, base = (0.0, 0.16, 1.78), (0.0, 0.03, 1.155), (0.0, 0.0, 0.0)
        else:
            prop = fixtures.build_hanging_lamp(c, looks.metal, looks.shade, WALL_HEIGHT)
            spot = find_spot_over_table(f)
            bulb, switch, base = (0.0, 0.0, 1.7), (0.06, 0.0, 1.32), (0.0, 0.0, 0.0)
        if spot is None:
            continue
        i = f.put(prop, spot.to_room(base), spot.yaw)
        f.room.lamp_at = spot.to_room(bulb)
        point = spot.to_room(switch)
        stand_at = find_standing_point(f, spot, point)
        to = (point - stand_at)[:2]
        f.room.switch = WorkSpot(i, point, stand_at[:2], float(np.arctan2(-to[0], to[1])))
        return


def shift_prop(prop: Prop, away: float) -> Prop:
    """A prop round its origin as one with its back at y = 0."""
    return Prop(prop.name, props.move_pieces(prop.pieces, (0, away, 0)), prop.hinge)


def find_spot_over_table(f: Furnisher) -> LocalFrame | None:
    """Above the middle of a table."""
    table = next((s for s in f.room.surfaces if s.kind == "table"), None)
    if table is None:
        return None
    middle = (table.low + table.high) / 2
    return LocalFrame("", np.array([*middle, 0.0]), 0.0)


def find_standing_point(f: Furnisher, spot: LocalFrame, point: NDArray[np.float64]) -> NDArray[np.float64]:
    """The free position [3] from which a point is reached, before the spot if possible; it is kept free from now on."""
    grid = FloorGrid(*f.room.size, f.room.footprints, f.room.extra_floor)
    front = (spot.to_room((0, 1, 0)) - spot.origin)[:2]
    x, y = grid.list_cell_centres()
    positions = np.stack(np.meshgrid(x, y, indexing="ij"), -1)
    away = np.hypot(*(positions - point[:2]).transpose(2, 0, 1))
    cost = np.abs(away - 0.45) - 0.3 * (positions - point[:2]) @ front / np.maximum(away, 0.1)
    cost[(grid.distance < BODY + 0.02) | (away < 0.3) | (positions[..., 1] < 0.1)] = np.inf
    at = positions[np.unravel_index(int(np.argmin(cost)), cost.shape)]
    f.kept.append((at - 0.2, at + 0.2))
    f.stands.append(np.array([*at, 0.0]))
    return f.stands[-1]


def finish_floor(f: Furnisher, looks: Looks) -> None:
    """Rug or mat; patches of free floor, strips along the walls; where one sits and lies on the floor."""
    c, room = f.c, f.room
    for size in ((1.6, 0.7), (1.0, 0.6), (0.6, 0.5)):
        patch = f.find_free_patch(size, 0.3)
        if patch is not None:
            room.surfaces.append(Surface(0, "floor", *patch, 0))
    for wall in YAWS:
        for _ in range(25):
            reach = c.uniform(0.4, 0.9)
            spot = f.make_frame(wall, c.uniform(reach / 2 + 0.1, min(f.measure_length(wall), 2.6) - reach / 2))
            low, high = spot.bound_rectangle((-reach / 2, 0.06), (reach / 2, 0.34))
            if f.is_open_floor((low, high), 0.02) and all(are_apart((low, high), door) for door in f.kept[: f.doors]):
                room.surfaces.append(Surface(0, "wall", low, high, 0))
                break
    for _ in range(2):
        patch = f.find_free_patch((0.8, 1.1), 0.5)
        if patch is not None:
            middle = (patch[0] + patch[1]) / 2
            room.seats.append(Seat(0, "floor", np.array([middle[0], middle[1] - 0.2, 0.0]), c.uniform(-0.5, 0.5)))
    patch = f.find_free_patch((1.95, 0.75), 0.8)
    if patch is not None:
        head = c.choice([-1, 1])
        middle = np.array([*(patch[0] + patch[1]) / 2, 0.0])
        room.beds.append(LyingSpot(0, "floor", middle, -head * np.pi / 2, 0.0))
    lay_rug(f, looks, patch)


def lay_rug(f: Furnisher, looks: Looks, patch: Rectangle | None) -> None:
    """A rug in the middle or under who lies there, or a mat."""
    c = f.c
    small = f.room.kind in ("bathroom", "garage", "hallway", "kitchen")
    if not c.bernoulli(0.35 if f.room.kind == "garage" else 0.75):
        return
    colours = "8f4a45 4d6a78 6d7a55 b39a78 a8909c c9a868 5a5a70 b0a898 7a5a4a"
    rug = looks.palette.add_choice(colours, c.choice(["fabric", "check", "leaves", "dots"]), repeat=2)
    size = (c.uniform(0.7, 0.9), c.uniform(0.45, 0.55)) if small else (c.uniform(1.6, 2.1), c.uniform(1.0, 1.4))
    if patch is None or c.bernoulli(0.3):
        patch = f.find_free_patch(size, 0.5) or patch
    if patch is not None:
        middle = (patch[0] + patch[1]) / 2
        low, high = np.maximum(middle - np.array(size) / 2, 0.06), middle + np.array(size) / 2
        high = np.minimum(high, (f.room.size[0] - 0.06, f.room.size[1] + 0.6))
        piece = box((*(high - low), 0.012), (*(low + high) / 2, 0.001), rug, 0.005)
        f.room.decor.append(Part(piece, casts_shadow=False))
