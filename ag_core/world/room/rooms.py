"""The kinds of room and what stands in each; where exactly is drawn at random by `furnisher.py`.

Whether a class is there depends on the kind of room alone, never on what will happen in it.
"""

from collections.abc import Callable

from ag_core.world.random_streams import RandomStream
from ag_core.world.render.textures import Palette
from ag_core.world.room import fixtures
from ag_core.world.room.affordances import Room
from ag_core.world.room.furnisher import Furnisher
from ag_core.world.room.furnishing import (
    USE,
    add_basket,
    add_bathroom_basin,
    add_bed,
    add_bin_with_lid,
    add_cabinet,
    add_kitchen_run,
    add_ladder,
    add_low_cabinet,
    add_narrow_cabinet,
    add_plant,
    add_refrigerator,
    add_shelf,
    add_sofa,
    add_table_and_chair,
    add_television,
    add_tool_shelf,
    add_tyres,
    add_washing_machine,
    hang_coat_hooks,
    hang_tool_board,
    hang_towel_rail,
    hang_wall_cupboard,
)
from ag_core.world.room.shell import (
    Looks,
    build_shell,
    choose_openings,
    finish_floor,
    hang_clock,
    hang_door,
    hang_mirror,
    hang_picture,
    hang_window,
    light_up,
    open_passage,
)

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


def furnish(kind: str, c: RandomStream) -> Room:
    """A room of a kind in SCENES."""
    looks = Looks(Palette(c), c)
    scene = c.choice([SCENES[kind], ENTRYWAY]) if kind == "hallway" else SCENES[kind]
    for _ in range(ATTEMPTS):
        doorway = c.bernoulli(DOORWAY_SHARE[kind])
        door = not doorway or c.bernoulli(DOOR_SHARE)
        width = c.split_uniform(4.1, 4.6) + (0.3 if door and doorway else 0.0)
        f = Furnisher(scene, kind, (width, c.split_uniform(2.9, 3.2)), looks.palette, c)
        door_at, hole_at = choose_openings(f, door, doorway)
        build_shell(f, looks, hole_at)
        if door_at is not None:
            hang_door(f, looks, door_at)
        if hole_at is not None:
            open_passage(f, looks, hole_at)
        if KINDS[kind](f, looks):
            break
    finish_floor(f, looks)
    return f.room


def add_some(f: Furnisher, looks: Looks, pieces: list[tuple[float, Callable[[Furnisher, Looks], object]]]) -> None:
    """Pieces in random order, each tried with its probability: who comes first finds room."""
    for share, piece in f.c.permutation(pieces):
        if f.c.bernoulli(share):
            piece(f, looks)


def furnish_living_room(f: Furnisher, looks: Looks) -> bool:
    """Sofa, table and lamp; television, shelf, closet, mirror, plant."""
    if add_sofa(f, looks) is None:
        return False
    hang_window(f, looks)
    add_some(f, looks, [(0.8, add_television), (0.25, add_low_cabinet)])
    if not any(add_table_and_chair(f, looks) is not None for _ in range(3)):
        return False
    add_some(f, looks, [(0.9, add_shelf), (0.4, add_low_cabinet)])
    light_up(f, looks, ["floor", "floor", "table"])
    add_some(f, looks, [(1.0, hang_picture), (0.45, hang_mirror), (0.6, add_plant), (0.35, hang_clock)])
    return True


def furnish_bedroom(f: Furnisher, looks: Looks) -> bool:
    """Bed and lamp; closet, table, shelf, television, mirror."""
    if add_bed(f, looks) is None:
        return False
    hang_window(f, looks)
    add_some(f, looks, [(0.85, add_cabinet), (0.75, add_table_and_chair), (0.4, add_television)])
    light_up(f, looks, ["table", "table", "floor", "wall"])
    add_some(f, looks, [(0.6, add_shelf), (0.3, add_basket)])
    add_some(f, looks, [(0.55, hang_mirror), (0.8, hang_picture), (0.3, hang_clock)])
    return True


def furnish_kitchen(f: Furnisher, looks: Looks) -> bool:
    """Worktop with sink and hob, refrigerator, table; closet, shelf, cupboards on the wall."""
    if add_kitchen_run(f, looks) is None or add_refrigerator(f, looks) is None:
        return False
    hang_window(f, looks, 0.66)
    if not any(add_table_and_chair(f, looks) is not None for _ in range(3)):
        return False
    add_some(f, looks, [(0.6, add_low_cabinet), (0.5, add_shelf), (0.2, add_television), (0.4, add_bin_with_lid)])
    light_up(f, looks, ["wall", "hanging", "hanging", "floor"])
    add_some(f, looks, [(0.6, hang_wall_cupboard), (0.6, hang_picture), (0.25, hang_mirror), (0.4, hang_clock)])
    return True


def furnish_hallway(f: Furnisher, looks: Looks) -> bool:
    """Coat hooks and a shoe shelf; closet, mirror, a small table."""
    c = f.c
    rack = fixtures.build_shoe_shelf(looks.wood, length := c.split_uniform(0.7, 1.0))
    spot = f.find_spot([rack], "back left right", USE)
    if spot is None:
        return False
    i = f.put(rack, spot.origin, spot.yaw)
    f.add_surface(i, "shelf", spot, (-length / 2 + 0.1, 0.08), (length / 2 - 0.1, 0.28), 0.47)
    add_some(f, looks, [(0.95, hang_coat_hooks), (0.75, hang_mirror), (0.75, add_cabinet), (0.6, add_table_and_chair)])
    light_up(f, looks, ["wall", "wall", "table", "floor"])
    if c.bernoulli(0.35):
        hang_window(f, looks, walls="back left right")
    add_some(f, looks, [(0.3, add_sofa), (0.5, add_plant), (0.9, hang_picture), (0.35, hang_clock)])
    return True


def furnish_bathroom(f: Furnisher, looks: Looks) -> bool:
    """Basin under a mirror, toilet, bathtub or shower; closet or shelf, washing machine."""
    c, p = f.c, looks.palette
    if c.bernoulli(0.65):
        water = p.add_choice("b8d0d4 c8d4d4 a8c4cc", shine=0.5, sharpness=60)
        wet = fixtures.build_bathtub(looks.ceramic, water, looks.metal, c.split_uniform(1.5, 1.7))
    else:
        wet = fixtures.build_shower(looks.ceramic, looks.metal, looks.drapes)
    if f.set_down(wet, "back left right", 0.5, tries=50) is None or add_bathroom_basin(f, looks) is None:
        return False
    complete = f.set_down(fixtures.build_toilet(looks.ceramic, looks.metal), "back left right", 0.5) is not None
    if c.bernoulli(0.6):
        hang_window(f, looks, 0.5, "back left right")
    light_up(f, looks, ["wall"])
    add_some(
        f,
        looks,
        [
            (0.6, add_narrow_cabinet),
            (0.5, add_shelf),
            (0.35, add_table_and_chair),
            (0.5, add_washing_machine),
            (0.4, add_basket),
        ],
    )
    add_some(f, looks, [(0.9, hang_towel_rail), (0.3, hang_picture)])
    return complete


def furnish_garage(f: Furnisher, looks: Looks) -> bool:
    """Workbench with a chair, tools, tool shelf; closet, refrigerator, an old sofa, ladder, tyres."""
    bench = any(add_table_and_chair(f, looks, bench=True) is not None for _ in range(3))
    if not bench or add_tool_shelf(f, looks) is None:
        return False
    hang_tool_board(f, looks)
    light_up(f, looks, ["hanging", "wall", "wall"])
    add_some(
        f, looks, [(0.6, add_cabinet), (0.5, add_tyres), (0.4, add_ladder), (0.35, add_sofa), (0.35, add_refrigerator)]
    )
    if f.c.bernoulli(0.45):
        hang_window(f, looks, 0.5, "back left right")
    add_some(f, looks, [(0.3, hang_mirror), (0.3, hang_picture), (0.35, hang_clock), (0.3, hang_tool_board)])
    return True


KINDS = {
    "living": furnish_living_room,
    "bedroom": furnish_bedroom,
    "kitchen": furnish_kitchen,
    "hallway": furnish_hallway,
    "bathroom": furnish_bathroom,
    "garage": furnish_garage,
}
