"""The kinds of room and what stands in each; where exactly is drawn at random by `furnisher.py`.

Whether a class is there depends on the kind of room alone, never on what will happen in it.
"""

from ag_core.world import fixtures, props
from ag_core.world.chance import Chance
from ag_core.world.furnisher import Furnisher
from ag_core.world.furnishing import (
    HINGED,
    USE,
    bathroom_basin,
    bed,
    cabinet,
    kitchen_run,
    plant,
    shelf,
    sofa,
    table_and_chairs,
    television,
)
from ag_core.world.places import Lie, Passage, Place, Placed, Room, Seat, Surface
from ag_core.world.shell import (
    Looks,
    build_shell,
    finish_floor,
    hang_decor,
    hang_door,
    hang_mirror,
    hang_picture,
    hang_window,
    light_up,
    open_passage,
    openings,
)
from ag_core.world.textures import Palette

__all__ = ["SCENES", "Lie", "Passage", "Place", "Placed", "Room", "Seat", "Surface", "furnish"]

SCENES = {
    "living": "Living room",
    "bedroom": "Bedroom",
    "kitchen": "Kitchen",
    "hallway": "Hallway",
    "bathroom": "Bathroom",
    "garage": "Garage",
}
ENTRYWAY = "Entryway (A hall that is generally located at the entrance of a house)"
DOORWAY_SHARE = {"living": 0.45, "bedroom": 0.35, "kitchen": 0.45, "hallway": 0.8, "bathroom": 0.3, "garage": 0.4}
DOOR_SHARE = 0.85  # of the rooms that have a doorway; without one there is a door
ATTEMPTS = 8  # layouts that are tried until the main piece has found room


def furnish(kind: str, c: Chance) -> Room:
    """A room of a kind in SCENES."""
    looks = Looks(Palette(c), c)
    scene = c.any_of([SCENES[kind], ENTRYWAY]) if kind == "hallway" else SCENES[kind]
    for _ in range(ATTEMPTS):
        doorway = c.happens(DOORWAY_SHARE[kind])
        door = not doorway or c.happens(DOOR_SHARE)
        width = c.between(4.0, 4.5) + (0.3 if door and doorway else 0.0)
        f = Furnisher(scene, kind, (width, c.between(2.9, 3.2)), looks.palette, c)
        door_at, hole_at = openings(f, door, doorway)
        build_shell(f, looks, hole_at)
        if door_at is not None:
            hang_door(f, looks, door_at)
        if hole_at is not None:
            open_passage(f, looks, hole_at)
        if KINDS[kind](f, looks):
            break
    finish_floor(f, looks)
    return f.room


def living_room(f: Furnisher, looks: Looks) -> bool:
    """Sofa and table; television, shelf, closet, plant."""
    c = f.c
    if sofa(f, looks) is None:
        return False
    hang_window(f, looks)
    complete = table_and_chairs(f, looks) is not None
    television(f, looks)
    if c.happens(0.75):
        shelf(f, looks)
    light_up(f, looks, ["floor", "floor", "table"])
    if c.happens(0.4):
        cabinet(f, looks, 0.9, 1.5)
    hang_picture(f, looks)
    if c.happens(0.4):
        hang_mirror(f, looks)
    if c.happens(0.6):
        plant(f, looks)
    hang_decor(f, looks)
    return complete


def bedroom(f: Furnisher, looks: Looks) -> bool:
    """Bed and closet; table, shelf or television, mirror."""
    c = f.c
    if bed(f, looks) is None:
        return False
    hang_window(f, looks)
    if c.happens(0.8):
        cabinet(f, looks)
    if c.happens(0.7):
        table_and_chairs(f, looks)
    light_up(f, looks, ["table", "table", "floor", "wall"])
    if c.happens(0.4):
        television(f, looks)
    if c.happens(0.55):
        shelf(f, looks)
    if c.happens(0.55):
        hang_mirror(f, looks)
    if c.happens(0.8):
        hang_picture(f, looks)
    if c.happens(0.3):
        f.set_down(fixtures.basket(looks.palette.one_of("b8946a 8a6a48 c8b090")), "back left right")
    hang_decor(f, looks)
    return True


def kitchen(f: Furnisher, looks: Looks) -> bool:
    """Worktop with sink and hob, refrigerator; table, closet or shelf."""
    c, p = f.c, looks.palette
    if kitchen_run(f, looks) is None:
        return False
    white = p.one_of("eceae4 c8ccd0 a8b8b4 d8c8b0 b05a50 4a5258", shine=0.2, sharpness=40)
    food = [p.one_of("b8453a 6d9440 e0c25a d98a35 eceae4 8a5a8a") for _ in range(4)]
    cold = props.refrigerator(c, white, p.add("f4f4f0", glow=0.15), looks.metal, c.any_of([-1, 1]), food)
    if f.set_down(cold, "back left right", HINGED, tries=50) is None:
        return False
    hang_window(f, looks, 0.66)
    complete = table_and_chairs(f, looks) is not None
    light_up(f, looks, ["wall", "hanging", "hanging", "floor"])
    if c.happens(0.6):
        cabinet(f, looks, 1.2, 1.9)
    if c.happens(0.4):
        shelf(f, looks)
    if c.happens(0.15):
        television(f, looks)
    if c.happens(0.5):
        spot = f.find_bare("back left right", 0.96, 1.45, 2.2)
        if spot is not None:
            front = fixtures.wall_cupboard(looks.wood2, looks.metal, 0.9)
            f.put(front, spot.world((0, 0, 1.5)), spot.yaw)
    if c.happens(0.6):
        hang_picture(f, looks)
    if c.happens(0.25):
        hang_mirror(f, looks)
    if c.happens(0.5):
        f.set_down(fixtures.bin_with_lid(c.any_of(looks.trinkets), looks.black), "back left right")
    hang_decor(f, looks)
    return complete


def hallway(f: Furnisher, looks: Looks) -> bool:
    """Coat hooks and a shoe shelf; closet, mirror, a small table."""
    c = f.c
    rack = fixtures.shoe_shelf(looks.wood, length := c.between(0.7, 1.0))
    spot = f.find([rack], "back left right", USE)
    if spot is None:
        return False
    i = f.put(rack, spot.origin, spot.yaw)
    f.surface(i, "shelf", spot, (-length / 2 + 0.1, 0.08), (length / 2 - 0.1, 0.28), 0.47)
    hooks = f.find_bare("back left right", 0.9, 0.95, 1.75)
    if hooks is not None:
        board = fixtures.coat_hooks(looks.wood2, looks.metal, looks.cloth, 0.8)
        f.put(board, hooks.world((0, 0, 1.65)), hooks.yaw)
    if c.happens(0.75):
        hang_mirror(f, looks)
    if c.happens(0.75):
        cabinet(f, looks)
    if c.happens(0.6):
        table_and_chairs(f, looks)
    light_up(f, looks, ["wall", "wall", "table", "floor"])
    if c.happens(0.35):
        hang_window(f, looks, walls="back left right")
    if c.happens(0.25):
        sofa(f, looks, "left right")
    hang_picture(f, looks)
    if c.happens(0.5):
        plant(f, looks)
    hang_decor(f, looks)
    return True


def bathroom(f: Furnisher, looks: Looks) -> bool:
    """Basin under a mirror, toilet, bathtub or shower; closet or shelf, washing machine."""
    c, p = f.c, looks.palette
    if c.happens(0.65):
        water = p.one_of("b8d0d4 c8d4d4 a8c4cc", shine=0.5, sharpness=60)
        wet = fixtures.bathtub(looks.ceramic, water, looks.metal, c.between(1.5, 1.7))
    else:
        wet = fixtures.shower(looks.ceramic, looks.metal, looks.drapes)
    if f.set_down(wet, "back left right", 0.5, tries=50) is None or bathroom_basin(f, looks) is None:
        return False
    complete = f.set_down(fixtures.toilet(looks.ceramic, looks.metal), "back left right", 0.5) is not None
    if c.happens(0.6):
        hang_window(f, looks, 0.5, "back left right")
    light_up(f, looks, ["wall"])
    if c.happens(0.6):
        cabinet(f, looks, 1.4, 1.95, 0.6)
    if c.happens(0.5):
        shelf(f, looks)
    if c.happens(0.35):
        table_and_chairs(f, looks)
    if c.happens(0.5):
        machine = fixtures.washing_machine(looks.white, looks.black, looks.metal)
        f.set_down(machine, "back left right", USE)
    if c.happens(0.4):
        f.set_down(fixtures.basket(p.one_of("b8946a 8a6a48 c8b090")), "back left right")
    rail = f.find_bare("back left right", 0.7, 1.0, 1.3, 0.5)
    if rail is not None:
        f.put(fixtures.towel_rail(looks.metal, looks.cloth), rail.world((0, 0, 1.25)), rail.yaw)
    if c.happens(0.3):
        hang_picture(f, looks)
    return complete


def garage(f: Furnisher, looks: Looks) -> bool:
    """Workbench with a chair under the tools, tool shelf; gate, closet, ladder, tyres."""
    c, p = f.c, looks.palette
    if table_and_chairs(f, looks, "left right", bench=True) is None:
        return False
    if shelf(f, looks, tools=True) is None:
        return False
    width = c.between(0.8, 1.1)
    board = f.find_bare("back left right", width + 0.1, 1.05, 1.8)
    if board is not None:
        wood = p.one_of("b8946a a08058 c4a47c")
        tools = fixtures.tool_board(
            wood, p.add("9a9ca0", shine=0.5, sharpness=50), looks.wood, looks.trinkets[0], width
        )
        f.put(tools, board.world((0, 0, 1.42)), board.yaw)
    light_up(f, looks, ["hanging", "wall", "wall"])
    if c.happens(0.6):
        cabinet(f, looks)
    if c.happens(0.45):
        hang_window(f, looks, 0.5, "back left right")
    if c.happens(0.5):
        f.set_down(fixtures.tyres(p.add("2a2a2c", shine=0.05), c.any_of([2, 3, 4])), "back left right")
    if c.happens(0.4):
        f.set_down(fixtures.ladder(looks.metal), "back left right")
    if c.happens(0.3):
        sofa(f, looks, "back left right")
    if c.happens(0.25):
        cold = props.refrigerator(c, looks.white, looks.white, looks.metal, c.any_of([-1, 1]), looks.trinkets)
        f.set_down(cold, "back left right", HINGED)
    if c.happens(0.3):
        hang_mirror(f, looks)
    if c.happens(0.3):
        hang_picture(f, looks)
    hang_decor(f, looks)
    return True


KINDS = {
    "living": living_room,
    "bedroom": bedroom,
    "kitchen": kitchen,
    "hallway": hallway,
    "bathroom": bathroom,
    "garage": garage,
}
