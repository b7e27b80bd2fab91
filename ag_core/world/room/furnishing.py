"""Pieces of furniture with what they bring: seats, beds, surfaces, sink and stove.

Each function looks for a spot and returns it, or None where the piece found no room.
"""

import numpy as np

from ag_core.world.objects.props import Prop
from ag_core.world.room import fixtures, furniture
from ag_core.world.room.affordances import LyingSpot, Seat, WorkSpot
from ag_core.world.room.furnisher import Furnisher, LocalFrame
from ag_core.world.room.shell import Looks, hang_mirror, shift_prop

USE, HINGED = 0.60, 0.75  # metres kept free before furniture, and before what has a leaf that opens
LIE_LENGTH = 0.92  # metres from the pelvis to the top of the head, and about as many to the feet
SIT_BACK, EDGE_FREE = 0.16, 0.45  # metres of a seat behind a table's edge, and of free floor before it
CHAIR_GAP = 0.48  # metres from a table's edge to the middle of the chair's seat
HALF_CHAIR = 0.23
WATER_REACH = 0.44  # metres from the middle of a sink to who stands before it


def make_work_spot(f: Furnisher, spot: LocalFrame, point: tuple[float, float, float], stand: float) -> WorkSpot:
    """Where hands work at a local point; who does it stands `stand` metres before it and faces the wall."""
    at = spot.to_room(point)
    foot = spot.to_room((point[0], point[1] + stand, 0))
    return WorkSpot(-1, at, foot[:2], spot.yaw + np.pi)


def choose_head_end(f: Furnisher, wall: str) -> int:
    """Local x, -1 or 1, of a head end that does not stand between the camera and who lies there."""
    return {"left": 1, "right": -1}.get(wall) or f.c.choice([-1, 1])


def add_sofa(f: Furnisher, looks: Looks, walls: str = "back back left right") -> LocalFrame | None:
    c = f.c
    length, wall = c.split_uniform(1.65, 1.95), c.choice(walls.split())
    head = choose_head_end(f, wall)
    arms = c.split_choice([(head,), (head,), (head,), (head,), (-1, 1), (-1, 1)])
    prop = furniture.build_sofa(c, looks.cloth, c.choice([looks.cloth, looks.cloth2]), looks.wood, length, arms)
    spot = f.find_spot([prop], wall, USE)
    if spot is None:
        return None
    i = f.put(prop, spot.origin, spot.yaw)
    low, high = (s * (length / 2 - (furniture.SOFA_ARM if s in arms else 0.02)) for s in (-1, 1))
    for share in (0.28, 0.72):
        f.add_seat(i, "sofa/couch", spot, (low + share * (high - low), 0.50, 0.445))
    f.add_surface(i, "sofa/couch", spot, (low + 0.12, 0.42), (high - 0.12, 0.62), 0.445)
    if len(arms) == 1:
        pelvis = spot.to_room((head * (length / 2 - furniture.SOFA_ARM - LIE_LENGTH), 0.52, 0.445))
        f.room.beds.append(LyingSpot(i, "sofa/couch", pelvis, spot.yaw - head * np.pi / 2, 0.445))
    return spot


def add_bed(f: Furnisher, looks: Looks) -> LocalFrame | None:
    c, p = f.c, looks.palette
    sheet = p.add_choice("e8e2d6 d8dce4 e4d4cc f0ece4 d0d8d0 e0d8e4")
    pattern = c.choice(["fabric", "check", "leaves", "stripes", "dots"])
    colours = "6a84a0 a86a5c 8fa080 c9a868 8a7a9a b08a90 5a7a7a d0c0a8 7a5a5a"
    cover, wall = p.add_choice(colours, pattern, repeat=2, rim=0.1), c.choice(["back", "back", "left", "right"])
    head = choose_head_end(f, wall)
    prop = furniture.build_bed(c, looks.wood, sheet, cover, looks.white, head)
    spot = f.find_spot([prop], wall, USE)
    if spot is None:
        return None
    i = f.put(prop, spot.origin, spot.yaw)
    for x in (0.35, -0.35):
        f.add_seat(i, "bed", spot, (-head * 0.1 + x + c.uniform(-0.1, 0.1), 0.95, 0.50))
    f.add_surface(i, "bed", spot, (-0.75, 0.55), (0.75, 1.0), 0.515)
    f.room.beds.append(LyingSpot(i, "bed", spot.to_room((0, 0.60, 0.505)), spot.yaw - head * np.pi / 2, 0.505))
    return spot


def add_table_and_chair(f: Furnisher, looks: Looks, bench: bool = False) -> LocalFrame | None:
    """A table, or workbench, at a side wall; its chair on the long side, or at the end behind it as seen by us."""
    c = f.c
    wall, length, depth = c.choice(["left", "right"]), c.split_uniform(0.95, 1.25), c.split_uniform(0.58, 0.70)
    height = c.split_uniform(0.74, 0.78) if bench else c.split_uniform(0.71, 0.75)
    if bench:
        top = fixtures.build_workbench(c, looks.wood, looks.metal, length, depth, height)
    else:
        top = furniture.build_table(c, looks.wood, length, depth, height)
    far = 1 if wall == "left" else -1  # local x of the end away from the camera
    gap, slide = CHAIR_GAP + c.uniform(-0.02, 0.02), far * c.uniform(0.05, 0.16)
    behind = c.bernoulli(0.3)
    chair_at = (far * (length / 2 + gap), depth / 2) if behind else (slide, depth + gap)
    taken = np.array(chair_at) - HALF_CHAIR, np.array(chair_at) + HALF_CHAIR
    spot = f.find_spot([shift_prop(top, depth / 2)], wall, USE if behind else gap + HALF_CHAIR + 0.02, (taken,))
    if spot is None:
        return None
    i = f.put(shift_prop(top, depth / 2), spot.origin, spot.yaw)
    f.add_surface(i, "table", spot, (-length / 2 + 0.08, 0.08), (length / 2 - 0.08, depth - 0.06), height)
    turned = far * np.pi / 2 if behind else np.pi
    f.stands.append(spot.to_room((chair_at[0] - np.sin(turned) * 0.34, chair_at[1] + np.cos(turned) * 0.34, 0)))
    chair = furniture.build_chair(c, looks.wood2, looks.cloth2)
    j = f.put(chair, spot.to_room((*chair_at, 0)), spot.yaw + turned + c.uniform(-0.06, 0.06))
    f.add_seat(j, "chair", spot, (*chair_at, 0.485), turned)
    add_edge_seat(f, spot, i, -far, (length, depth, height))
    return spot


def add_edge_seat(f: Furnisher, spot: LocalFrame, owner: int, near: int, size: tuple[float, float, float]) -> None:
    """A seat on the table's end towards the camera (local x `near`) where that is free, else on its long side."""
    length, depth, height = size
    low, high = spot.bound_rectangle((near * length / 2, 0.1), (near * (length / 2 + EDGE_FREE), depth))
    if high[1] < f.room.size[1] and f.is_open_floor((low, high), 0.0):
        f.kept.append((low, high))
        point = spot.to_room((near * (length / 2 - SIT_BACK), depth * 0.55, height))
        f.room.seats.append(Seat(owner, "table", point, 0.0))
        return
    f.add_seat(owner, "table", spot, (near * (length / 2 - 0.2), depth - SIT_BACK, height))


def add_shelf(f: Furnisher, looks: Looks, tools: bool = False) -> LocalFrame | None:
    c, width = f.c, f.c.split_uniform(0.7, 0.9)
    height = c.split_choice([1.0, 1.85, 1.7, 1.0, 1.9, 1.02])
    make = fixtures.build_tool_shelf if tools else furniture.build_shelf
    prop = make(c, looks.metal if tools else looks.wood, looks.trinkets, height, width)
    spot = f.find_spot([prop], "back left right", 0.5, tries=60)
    if spot is None:
        return None
    i, spread = f.put(prop, spot.origin, spot.yaw), width / 2 - 0.12
    low_one = height < 1.1
    f.add_surface(i, "shelf", spot, (-spread, 0.06), (spread, 0.28), height if low_one else 0.985)
    if not low_one and c.bernoulli(0.5) and not tools:
        add_ornament(f, looks, spot.to_room((c.uniform(-spread, spread), 0.16, height)))
    return spot


def add_ornament(f: Furnisher, looks: Looks, at: np.ndarray) -> None:
    """A vase with flowers."""
    p = looks.palette
    stalk, flower = p.add("4f7a40"), p.add_choice("c05a5a d8a848 b07ab0 e8e0d0 d88a6a 7a8ac8")
    f.put(fixtures.build_vase(f.c.choice(looks.trinkets), stalk, flower, f.c.generator), at)


def add_cabinet(
    f: Furnisher, looks: Looks, low: float = 1.6, high: float = 1.95, width: float = 0.8
) -> LocalFrame | None:
    c = f.c
    prop = furniture.build_cabinet(
        c, looks.wood2, looks.inside, looks.metal, c.choice([-1, 1]), c.split_uniform(low, high), width
    )
    return f.set_down(prop, "back left right", HINGED, tries=60)


def add_tool_shelf(f: Furnisher, looks: Looks) -> LocalFrame | None:
    return add_shelf(f, looks, tools=True)


def add_low_cabinet(f: Furnisher, looks: Looks) -> LocalFrame | None:
    return add_cabinet(f, looks, 0.9, 1.5)


def add_narrow_cabinet(f: Furnisher, looks: Looks) -> LocalFrame | None:
    return add_cabinet(f, looks, 1.4, 1.95, 0.6)


def add_television(f: Furnisher, looks: Looks) -> LocalFrame | None:
    """On its stand, at a side wall turned towards the camera, or at the back wall."""
    c = f.c
    picture = c.choice(["picture", "abstract", "outside"])
    screen = looks.palette.add_choice("ffffff f0f4ff fff4e8", picture, glow=0.55)
    pieces = furniture.build_television(c, looks.black, screen, looks.wood2)
    spot = None
    if c.bernoulli(0.7):
        spot = f.find_spot(pieces, "left right", 0.35, turned=c.uniform(0.3, 0.55), tries=60)
    spot = spot or f.find_spot(pieces, "back left right", 0.35, tries=60)
    if spot is not None:
        for prop in pieces:
            f.put(prop, spot.origin, spot.yaw)
    return spot


def add_plant(f: Furnisher, looks: Looks) -> LocalFrame | None:
    pot, leaf = looks.pot_and_leaf()
    prop = furniture.build_plant(pot, leaf, f.c.generator)
    foot = shift_prop(fixtures.build_bin_with_lid(pot, pot), 0.04)  # the pot's footprint, not that of the leaves
    spot = f.find_spot([foot], "back left right", 0.0)
    if spot is not None:
        f.put(prop, spot.to_room((0, 0.24, 0)), spot.yaw)
    return spot


# ------------------------------------------------------------------ kitchen and bathroom


def add_refrigerator(f: Furnisher, looks: Looks) -> LocalFrame | None:
    c, p = f.c, looks.palette
    white = p.add_choice("eceae4 c8ccd0 a8b8b4 d8c8b0 b05a50 4a5258", shine=0.2, sharpness=40)
    food = [p.add_choice("b8453a 6d9440 e0c25a d98a35 eceae4 8a5a8a") for _ in range(4)]
    prop = furniture.build_refrigerator(c, white, p.add("f4f4f0", glow=0.15), looks.metal, c.choice([-1, 1]), food)
    return f.set_down(prop, "back left right", HINGED, tries=50)


def add_kitchen_run(f: Furnisher, looks: Looks) -> LocalFrame | None:
    """A worktop with sink and hob at its ends and room for items between, cupboards above where the wall is bare."""
    c, p = f.c, looks.palette
    front = p.add_choice("d8cdb8 8fa39a e4e0d8 a87448 6b7a88 c9b8a0", "wood", repeat=0.8)
    stone = p.add_choice("6a6660 d8d4cc 4a4844 a89a88 8a7a6a c8c4bc", shine=0.25, sharpness=40)
    length, side = c.split_uniform(1.75, 2.05), c.choice([-1, 1])
    prop = furniture.build_counter(c, front, stone, looks.metal, length)
    spot = f.find_spot([prop], "back back left right", USE + 0.05, tries=60)
    if spot is None:
        return None
    f.put(prop, spot.origin, spot.yaw)
    sink_x, hob_x = side * (length / 2 - 0.36), -side * (length / 2 - 0.36)
    steel, dark = (
        p.add_choice("b8bcc0 a8acb0 c8c8c4", shine=0.6, sharpness=60),
        p.add("6a6e72", shine=0.3, sharpness=40),
    )
    f.put(fixtures.build_kitchen_sink(steel, dark), spot.to_room((sink_x, 0.33, 0.902)), spot.yaw)
    f.put(fixtures.build_hob(looks.black, p.add("3a3634")), spot.to_room((hob_x, 0.32, 0.902)), spot.yaw)
    f.put(fixtures.build_oven_front(looks.black, steel), spot.to_room((hob_x, 0.58, 0)), spot.yaw)
    pan = p.add_choice("a8acb0 8a3a30 3a4a5a 5a5a5a b8a890 3f5a4a", shine=0.4, sharpness=50)
    f.put(fixtures.build_pot(pan, looks.black), spot.to_room((hob_x + 0.13, 0.44, 0.92)), spot.yaw)
    middle = sorted((sink_x - side * 0.27, hob_x + side * 0.31))
    f.add_surface(-1, "counter", spot, (middle[0], 0.28), (middle[1], 0.52), 0.90)
    f.room.sink = make_work_spot(f, spot, (sink_x, 0.40, 1.0), WATER_REACH)
    f.room.stove = make_work_spot(f, spot, (hob_x + 0.13, 0.44, 1.06), WATER_REACH)
    return spot


def add_bathroom_basin(f: Furnisher, looks: Looks) -> LocalFrame | None:
    """A washbasin, nearly always with a mirror over it."""
    prop = fixtures.build_basin(looks.ceramic, looks.metal, looks.ceramic)
    spot = f.set_down(prop, "back back left right", USE, tries=50)
    if spot is not None:
        f.room.sink = make_work_spot(f, spot, (0, 0.26, 0.96), WATER_REACH)
        if f.c.bernoulli(0.85):
            hang_mirror(f, looks, spot)
    return spot


def add_washing_machine(f: Furnisher, looks: Looks) -> LocalFrame | None:
    return f.set_down(fixtures.build_washing_machine(looks.white, looks.black, looks.metal), "back left right", USE)


# ------------------------------------------------------------------ what makes it look lived in


def add_basket(f: Furnisher, looks: Looks) -> LocalFrame | None:
    return f.set_down(fixtures.build_basket(looks.palette.add_choice("b8946a 8a6a48 c8b090")), "back left right")


def add_bin_with_lid(f: Furnisher, looks: Looks) -> LocalFrame | None:
    return f.set_down(fixtures.build_bin_with_lid(f.c.choice(looks.trinkets), looks.black), "back left right")


def add_tyres(f: Furnisher, looks: Looks) -> LocalFrame | None:
    rubber = looks.palette.add("2a2a2c", shine=0.05)
    return f.set_down(fixtures.build_tyres(rubber, f.c.choice([2, 3, 4])), "back left right")


def add_ladder(f: Furnisher, looks: Looks) -> LocalFrame | None:
    return f.set_down(fixtures.build_ladder(looks.metal), "back left right")


def hang_prop(f: Furnisher, prop: Prop, width: float, z: float, low: float, high: float, deepest: float = 9.0) -> None:
    """Hang something unlabelled at height z on a wall that is bare from `low` to `high`."""
    spot = f.find_bare("back left right", width, low, high, deepest)
    if spot is not None:
        f.put(prop, spot.to_room((0, 0, z)), spot.yaw)


def hang_towel_rail(f: Furnisher, looks: Looks) -> None:
    hang_prop(f, fixtures.build_towel_rail(looks.metal), 0.7, 1.25, 1.0, 1.3, 0.5)


def hang_coat_hooks(f: Furnisher, looks: Looks) -> None:
    hang_prop(f, fixtures.build_coat_hooks(looks.wood2, looks.metal, looks.cloth, 0.8), 0.9, 1.65, 0.95, 1.75)


def hang_wall_cupboard(f: Furnisher, looks: Looks) -> None:
    hang_prop(f, fixtures.build_wall_cupboard(looks.wood2, looks.metal, 0.9), 0.96, 1.5, 1.45, 2.2)


def hang_tool_board(f: Furnisher, looks: Looks) -> None:
    p, width = looks.palette, f.c.split_uniform(0.8, 1.1)
    board, steel = p.add_choice("b8946a a08058 c4a47c"), p.add("9a9ca0", shine=0.5, sharpness=50)
    hang_prop(
        f, fixtures.build_tool_board(board, steel, looks.wood, looks.trinkets[0], width), width + 0.1, 1.42, 1.05, 1.8
    )
