"""The kinds of room and what stands in each; where exactly is drawn at random by `furnisher.py`.

Whether a class is there depends on the kind of room alone, never on what will happen in it.
"""

from collections.abc import Callable

from ag_core.world.random_streams import Chance
from ag_core.world.render.textures import Palette
from ag_core.world.room import fixtures
from ag_core.world.room.affordances import Lie, Passage, Place, Placed, Room, Seat, Surface
from ag_core.world.room.furnisher import Furnisher
from ag_core.world.room.furnishing import (
    USE,
    basket,
    bathroom_basin,
    bed,
    bin_with_lid,
    cabinet,
    coat_hooks,
    kitchen_run,
    ladder,
    low_cabinet,
    narrow_cabinet,
    plant,
    refrigerator,
    shelf,
    sofa,
    table_and_chair,
    television,
    tool_board,
    tool_shelf,
    towel_rail,
    tyres,
    wall_cupboard,
    washing_machine,
)
from ag_core.world.room.shell import (
    Looks,
    build_shell,
    finish_floor,
    hang_clock,
    hang_door,
    hang_mirror,
    hang_picture,
    hang_window,
    light_up,
    open_passage,
    openings,
)

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
DOORWAY_SHARE = {"living": 0.45, "bedroom": 0.35, "kitchen": 0.6, "hallway": 0.8, "bathroom": 0.3, "garage": 0.4}
DOOR_SHARE = 0.85  # of the rooms that have a doorway; without one there is a door
ATTEMPTS = 20  # layouts that are tried until the main pieces have found room


def furnish(kind: str, c: Chance) -> Room:
    """A room of a kind in SCENES."""
    looks = Looks(Palette(c), c)
    scene = c.any_of([SCENES[kind], ENTRYWAY]) if kind == "hallway" else SCENES[kind]
    for _ in range(ATTEMPTS):
        doorway = c.happens(DOORWAY_SHARE[kind])
        door = not doorway or c.happens(DOOR_SHARE)
        width = c.between(4.1, 4.6) + (0.3 if door and doorway else 0.0)
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


def some(f: Furnisher, looks: Looks, pieces: list[tuple[float, Callable[[Furnisher, Looks], object]]]) -> None:
    """Pieces in random order, each tried with its probability: who comes first finds room."""
    for share, piece in f.c.shuffled(pieces):
        if f.c.happens(share):
            piece(f, looks)


def living_room(f: Furnisher, looks: Looks) -> bool:
    """Sofa, table and lamp; television, shelf, closet, mirror, plant."""
    if sofa(f, looks) is None:
        return False
    hang_window(f, looks)
    some(f, looks, [(0.8, television), (0.25, low_cabinet)])
    if not any(table_and_chair(f, looks) is not None for _ in range(3)):
        return False
    some(f, looks, [(0.9, shelf), (0.4, low_cabinet)])
    light_up(f, looks, ["floor", "floor", "table"])
    some(f, looks, [(1.0, hang_picture), (0.45, hang_mirror), (0.6, plant), (0.35, hang_clock)])
    return True


def bedroom(f: Furnisher, looks: Looks) -> bool:
    """Bed and lamp; closet, table, shelf, television, mirror."""
    if bed(f, looks) is None:
        return False
    hang_window(f, looks)
    some(f, looks, [(0.85, cabinet), (0.75, table_and_chair), (0.4, television)])
    light_up(f, looks, ["table", "table", "floor", "wall"])
    some(f, looks, [(0.6, shelf), (0.3, basket)])
    some(f, looks, [(0.55, hang_mirror), (0.8, hang_picture), (0.3, hang_clock)])
    return True


def kitchen(f: Furnisher, looks: Looks) -> bool:
    """Worktop with sink and hob, refrigerator, table; closet, shelf, cupboards on the wall."""
    if kitchen_run(f, looks) is None or refrigerator(f, looks) is None:
        return False
    hang_window(f, looks, 0.66)
    if not any(table_and_chair(f, looks) is not None for _ in range(3)):
        return False
    some(f, looks, [(0.6, low_cabinet), (0.5, shelf), (0.2, television), (0.4, bin_with_lid)])
    light_up(f, looks, ["wall", "hanging", "hanging", "floor"])
    some(f, looks, [(0.6, wall_cupboard), (0.6, hang_picture), (0.25, hang_mirror), (0.4, hang_clock)])
    return True


def hallway(f: Furnisher, looks: Looks) -> bool:
    """Coat hooks and a shoe shelf; closet, mirror, a small table."""
    c = f.c
    rack = fixtures.shoe_shelf(looks.wood, length := c.between(0.7, 1.0))
    spot = f.find([rack], "back left right", USE)
    if spot is None:
        return False
    i = f.put(rack, spot.origin, spot.yaw)
    f.surface(i, "shelf", spot, (-length / 2 + 0.1, 0.08), (length / 2 - 0.1, 0.28), 0.47)
    some(f, looks, [(0.95, coat_hooks), (0.75, hang_mirror), (0.75, cabinet), (0.6, table_and_chair)])
    light_up(f, looks, ["wall", "wall", "table", "floor"])
    if c.happens(0.35):
        hang_window(f, looks, walls="back left right")
    some(f, looks, [(0.3, sofa), (0.5, plant), (0.9, hang_picture), (0.35, hang_clock)])
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
    some(
        f, looks, [(0.6, narrow_cabinet), (0.5, shelf), (0.35, table_and_chair), (0.5, washing_machine), (0.4, basket)]
    )
    some(f, looks, [(0.9, towel_rail), (0.3, hang_picture)])
    return complete


def garage(f: Furnisher, looks: Looks) -> bool:
    """Workbench with a chair, tools, tool shelf; closet, refrigerator, an old sofa, ladder, tyres."""
    bench = any(table_and_chair(f, looks, bench=True) is not None for _ in range(3))
    if not bench or tool_shelf(f, looks) is None:
        return False
    tool_board(f, looks)
    light_up(f, looks, ["hanging", "wall", "wall"])
    some(f, looks, [(0.6, cabinet), (0.5, tyres), (0.4, ladder), (0.35, sofa), (0.35, refrigerator)])
    if f.c.happens(0.45):
        hang_window(f, looks, 0.5, "back left right")
    some(f, looks, [(0.3, hang_mirror), (0.3, hang_picture), (0.35, hang_clock), (0.3, tool_board)])
    return True


KINDS = {
    "living": living_room,
    "bedroom": bedroom,
    "kitchen": kitchen,
    "hallway": hallway,
    "bathroom": bathroom,
    "garage": garage,
}
