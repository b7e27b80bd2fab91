"""Pieces of furniture with the places they bring: seats, beds, surfaces, sink and stove.

Each function looks for a spot and returns it, or None where the piece found no room.
"""

import numpy as np

from ag_core.world import fixtures, props
from ag_core.world.furnisher import Furnisher, Spot
from ag_core.world.places import Lie, Place, Seat
from ag_core.world.shell import Looks, hang_mirror, shifted

USE, HINGED = 0.60, 0.75  # metres kept free before furniture, and before what has a leaf that opens
LIE_LENGTH = 0.92  # metres from the pelvis to the top of the head, and about as many to the feet
SIT_BACK, EDGE_FREE = 0.16, 0.45  # metres of a seat behind a table's edge, and of free floor before it
CHAIR_GAP = 0.48  # metres from a table's edge to the middle of the chair's seat
HALF_CHAIR = 0.23
WATER_REACH = 0.44  # metres from the middle of a sink to who stands before it


def place_at(f: Furnisher, spot: Spot, point: tuple[float, float, float], stand: float) -> Place:
    """Where hands work at a local point; who does it stands `stand` metres before it and faces the wall."""
    at = spot.world(point)
    foot = spot.world((point[0], point[1] + stand, 0))
    return Place(-1, at, foot[:2], spot.yaw + np.pi)


def sofa(f: Furnisher, looks: Looks, walls: str = "back back left right") -> Spot | None:
    c, p = f.c, looks.palette
    del p
    length, head = c.between(1.65, 1.95), c.any_of([-1, 1])
    arms = c.one_of([(-1, 1), (head,), (head,), (head,), (-1, 1), (head,)])
    prop = props.sofa(c, looks.cloth, c.any_of([looks.cloth, looks.cloth2]), looks.wood, length, arms)
    spot = f.find([prop], walls, USE)
    if spot is None:
        return None
    i = f.put(prop, spot.origin, spot.yaw)
    low, high = (s * (length / 2 - (props.SOFA_ARM if s in arms else 0.02)) for s in (-1, 1))
    for share in (0.28, 0.72):
        f.seat(i, "sofa/couch", spot, (low + share * (high - low), 0.50, 0.445))
    f.surface(i, "sofa/couch", spot, (low + 0.12, 0.42), (high - 0.12, 0.62), 0.445)
    if len(arms) == 1:
        pelvis = head * (length / 2 - props.SOFA_ARM - LIE_LENGTH)
        f.room.beds.append(Lie(i, "sofa/couch", spot.world((pelvis, 0.52, 0.445)), spot.yaw - head * np.pi / 2, 0.445))
    return spot


def bed(f: Furnisher, looks: Looks) -> Spot | None:
    c, p = f.c, looks.palette
    sheet = p.one_of("e8e2d6 d8dce4 e4d4cc f0ece4 d0d8d0 e0d8e4")
    pattern = c.any_of(["fabric", "check", "leaves", "stripes", "dots"])
    colours = "6a84a0 a86a5c 8fa080 c9a868 8a7a9a b08a90 5a7a7a d0c0a8 7a5a5a"
    cover, head = p.one_of(colours, pattern, repeat=2, rim=0.1), c.any_of([-1, 1])
    prop = props.bed(c, looks.wood, sheet, cover, looks.white, head)
    spot = f.find([prop], "back back left right", USE)
    if spot is None:
        return None
    i = f.put(prop, spot.origin, spot.yaw)
    for x in (0.35, -0.35):
        f.seat(i, "bed", spot, (-head * 0.1 + x + c.uniform(-0.1, 0.1), 0.95, 0.50))
    f.surface(i, "bed", spot, (-0.75, 0.55), (0.75, 1.0), 0.515)
    f.room.beds.append(Lie(i, "bed", spot.world((0, 0.60, 0.505)), spot.yaw - head * np.pi / 2, 0.505))
    return spot


def table_and_chairs(f: Furnisher, looks: Looks, walls: str = "left right", bench: bool = False) -> Spot | None:
    """A table at a wall with a chair on its long side, or at the end that faces the camera, now and then both."""
    c = f.c
    length, depth = c.between(0.95, 1.25), c.between(0.58, 0.70)
    height = c.between(0.74, 0.78) if bench else c.between(0.71, 0.75)
    make = fixtures.workbench if bench else props.table
    top = (
        make(c, looks.wood, looks.metal, length, depth, height)
        if bench
        else props.table(c, looks.wood, length, depth, height)
    )
    top = shifted(top, depth / 2)
    chair = props.chair(c, looks.wood2, looks.cloth2)
    gap, slide = depth + CHAIR_GAP + c.uniform(-0.02, 0.02), c.uniform(-0.12, 0.12)
    place = (slide, gap)
    taken = np.array(place) - HALF_CHAIR, np.array(place) + HALF_CHAIR
    spot = f.find([top], walls, gap - depth + HALF_CHAIR + 0.02, (taken,))
    if spot is None:
        return None
    i = f.put(top, spot.origin, spot.yaw)
    inset = 0.08
    f.surface(i, "table", spot, (-length / 2 + inset, 0.08), (length / 2 - inset, depth - 0.06), height)
    j = f.put(chair, spot.world((*place, 0)), spot.yaw + np.pi + c.uniform(-0.06, 0.06))
    f.seat(j, "chair", spot, (*place, 0.485), np.pi)
    sit_on_edge(f, spot, i, length, depth, height)
    return spot


def sit_on_edge(f: Furnisher, spot: Spot, owner: int, length: float, depth: float, height: float) -> None:
    """A seat on the table's end that looks towards the camera, or on its long side beside the chair."""
    if spot.wall == "back":
        x = f.c.any_of([-1, 1]) * (length / 2 - 0.2)
        f.room.seats.append(Seat(owner, "table", spot.world((x, depth - SIT_BACK, height)), spot.yaw))
        return
    end = 1 if spot.wall == "right" else -1  # local x of the end nearer to the camera
    free = spot.rectangle((end * length / 2, 0.1), (end * (length / 2 + EDGE_FREE), depth))
    low, high = free[0], np.minimum(free[1], (9.0, f.room.size[1]))
    if f.open_floor((low, high), 0.0):
        f.kept.append((low, high))
        point = spot.world((end * (length / 2 - SIT_BACK), depth * 0.55, height))
        f.room.seats.append(Seat(owner, "table", point, 0.0))


def shelf(f: Furnisher, looks: Looks, tools: bool = False) -> Spot | None:
    c, width = f.c, f.c.between(0.7, 0.9)
    height = c.one_of([1.0, 1.85, 1.7, 1.0, 1.9, 1.02])
    make = fixtures.tool_shelf if tools else props.shelf
    prop = make(c, looks.metal if tools else looks.wood, looks.trinkets, height, width)
    spot = f.find([prop], "back left right", USE)
    if spot is None:
        return None
    i, spread = f.put(prop, spot.origin, spot.yaw), width / 2 - 0.12
    low_one = height < 1.1
    f.surface(i, "shelf", spot, (-spread, 0.06), (spread, 0.28), height if low_one else 0.985)
    if not low_one and c.happens(0.5) and not tools:
        ornament(f, looks, spot.world((c.uniform(-spread, spread), 0.16, height)))
    return spot


def ornament(f: Furnisher, looks: Looks, at: np.ndarray) -> None:
    """A vase with flowers."""
    p = looks.palette
    stalk, flower = p.add("4f7a40"), p.one_of("c05a5a d8a848 b07ab0 e8e0d0 d88a6a 7a8ac8")
    f.put(fixtures.vase(f.c.any_of(looks.trinkets), stalk, flower, f.c.random), at)


def cabinet(f: Furnisher, looks: Looks, low: float = 1.6, high: float = 1.95, width: float = 0.8) -> Spot | None:
    c = f.c
    prop = props.cabinet(c, looks.wood2, looks.inside, looks.metal, c.any_of([-1, 1]), c.between(low, high), width)
    return f.set_down(prop, "back left right", HINGED)


def television(f: Furnisher, looks: Looks) -> Spot | None:
    """On its stand, at a side wall turned towards the camera, or at the back wall."""
    c = f.c
    picture = c.any_of(["picture", "abstract", "outside"])
    screen = looks.palette.one_of("ffffff f0f4ff fff4e8", picture, glow=0.55)
    pieces = props.television(c, looks.black, screen, looks.wood2)
    spot = None
    if c.happens(0.7):
        spot = f.find(pieces, "left right", 0.35, turned=c.uniform(0.3, 0.55))
    spot = spot or f.find(pieces, "back left right", 0.35)
    if spot is not None:
        for prop in pieces:
            f.put(prop, spot.origin, spot.yaw)
    return spot


def plant(f: Furnisher, looks: Looks) -> Spot | None:
    pot, leaf = looks.pot_and_leaf()
    prop = props.plant(pot, leaf, f.c.random)
    foot = shifted(fixtures.bin_with_lid(pot, pot), 0.04)  # the pot's footprint, not that of the leaves
    spot = f.find([foot], "back left right", 0.0)
    if spot is not None:
        f.put(prop, spot.world((0, 0.24, 0)), spot.yaw)
    return spot


# ------------------------------------------------------------------ kitchen and bathroom


def kitchen_run(f: Furnisher, looks: Looks) -> Spot | None:
    """A worktop with sink and hob at its ends and room for things between, cupboards above where the wall is bare."""
    c, p = f.c, looks.palette
    front = p.one_of("d8cdb8 8fa39a e4e0d8 a87448 6b7a88 c9b8a0", "wood", repeat=0.8)
    stone = p.one_of("6a6660 d8d4cc 4a4844 a89a88 8a7a6a c8c4bc", shine=0.25, sharpness=40)
    length, side = c.between(1.75, 2.05), c.any_of([-1, 1])
    prop = props.counter(c, front, stone, looks.metal, length)
    spot = f.find([prop], "back back left right", USE + 0.05, tries=60)
    if spot is None:
        return None
    f.put(prop, spot.origin, spot.yaw)
    sink_x, hob_x = side * (length / 2 - 0.36), -side * (length / 2 - 0.36)
    steel, dark = p.one_of("b8bcc0 a8acb0 c8c8c4", shine=0.6, sharpness=60), p.add("6a6e72", shine=0.3, sharpness=40)
    f.put(fixtures.kitchen_sink(steel, dark), spot.world((sink_x, 0.33, 0.902)), spot.yaw)
    f.put(fixtures.hob(looks.black, p.add("3a3634")), spot.world((hob_x, 0.32, 0.902)), spot.yaw)
    f.put(fixtures.oven_front(looks.black, steel), spot.world((hob_x, 0.58, 0)), spot.yaw)
    pan = p.one_of("a8acb0 8a3a30 3a4a5a 5a5a5a b8a890 3f5a4a", shine=0.4, sharpness=50)
    f.put(fixtures.pot(pan, looks.black), spot.world((hob_x + 0.13, 0.44, 0.92)), spot.yaw)
    middle = sorted((sink_x - side * 0.27, hob_x + side * 0.31))
    f.surface(-1, "counter", spot, (middle[0], 0.28), (middle[1], 0.52), 0.90)
    f.room.sink = place_at(f, spot, (sink_x, 0.40, 1.0), WATER_REACH)
    f.room.stove = place_at(f, spot, (hob_x + 0.13, 0.44, 1.06), WATER_REACH)
    return spot


def bathroom_basin(f: Furnisher, looks: Looks) -> Spot | None:
    """A washbasin, nearly always with a mirror over it."""
    prop = fixtures.basin(looks.ceramic, looks.metal, looks.ceramic)
    spot = f.set_down(prop, "back back left right", USE, tries=50)
    if spot is not None:
        f.room.sink = place_at(f, spot, (0, 0.26, 0.96), WATER_REACH)
        if f.c.happens(0.85):
            hang_mirror(f, looks, spot)
    return spot
