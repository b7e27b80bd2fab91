"""Who is in the film and with what: the person, their clothes, and the things that lie about."""

from dataclasses import replace

import numpy as np

from ag_core.world import props
from ag_core.world import things as make
from ag_core.world.chance import Chance
from ag_core.world.human import Human
from ag_core.world.mesh import turn_z
from ag_core.world.rooms import Placed, Room
from ag_core.world.sim import Thing, flat_turn
from ag_core.world.textures import Palette


def person(split: str, number: int, clothes: Chance, palette: Palette) -> Human:
    """Body from the person's own stream, clothes from the film's."""
    body = Chance(split, 10_000 + number, "person")
    tall, wide = body.between(0.92, 1.07), body.between(0.90, 1.12)
    skin, hair = (
        body.any_of("f0c8a8 e0ac84 c68a5e 9a6440 6b4429 dba67c".split()),
        body.any_of("20160f 3b2717 6b4423 a67c46 7a7570 8a3f22 c9a566".split()),
    )
    old, palette.chance = palette.chance, clothes
    one_of, add = palette.one_of, palette.add
    pattern = clothes.any_of(["fabric", "fabric", "stripes", "check", "dots"])
    materials = {
        "skin": add(skin, shine=0.06, sharpness=12, rim=0.10),
        "hair": add(hair, "fabric", repeat=2, shine=0.10, sharpness=18),
        "shirt": one_of(
            "b0524a 3f6d8c 5d8a66 c99a4b 74608a d8d2c6 c47a8a 4a8a8a 8a9a5a a85a3a 5a78b0 e0c890",
            pattern,
            repeat=1.5,
            rim=0.1,
        ),
        "trousers": one_of(
            "2f3a52 4a4a4e 8f7a5c 33443f 5a6a80 6b4a3a 3a2f40 7a7a74 505a3a", "fabric", repeat=2, rim=0.06
        ),
        "shoe": one_of("222222 7a3b2a e5e5e5 2c4a7a 5a7a5a b08a50", shine=0.15, sharpness=25),
        "sole": add("dcd8d0"),
        "white": add("f5f2ee", shine=0.2, sharpness=40),
        "iris": add("1d1410", shine=0.5, sharpness=60),
        "mouth": add("a8574e"),
    }
    palette.chance = old
    return Human(materials, tall, wide, clothes.one_of([0.42, 0.95, 0.6]))


def choose_things(room: Room, shapes: Chance, chance: Chance) -> dict[str, Thing]:
    """Each thing is there with the same probability, whatever will be done; a laptop may stand on the table."""
    makers = {
        "cup": make.cup,
        "phone": make.phone,
        "pillow": make.pillow,
        "box": make.cardboard_box,
        "bag": make.bag,
        "towel": make.towel,
        "dish": make.dish,
        "food": make.food,
        "sandwich": make.sandwich,
        "notebook": make.notebook,
    }
    things: dict[str, Thing] = {}
    for name in chance.shuffled([*makers, "book"]):
        if not chance.happens(0.62):
            continue
        if name == "book":
            cover = room.palette.one_of(
                "3a4a7a 8a3b3b 3d6b4f b08a3a 5a3a6a 2f6a7a a85a3a 4a4a50 c0a070", shine=0.15, sharpness=20
            )
            size = (shapes.between(0.16, 0.195), shapes.between(0.23, 0.27))
            things[name] = Thing(None, 0.035, 0.15, flat_turn(name), (cover, room.palette.add("f4efe2", "page")), size)
            continue
        prop = makers[name](shapes, room.palette)
        low, high = props.footprint(prop)
        radius = (
            0.5
            * float(np.hypot(*(high - low)[:2]))
            * (0.8 if name in ("pillow", "box", "bag", "towel", "notebook") else 1.0)
        )
        things[name] = Thing(prop, float(-low[2]) + 0.002, radius, np.eye(3))
    if chance.happens(0.6):
        place_laptop(room, shapes, chance)
    return things


def place_laptop(room: Room, shapes: Chance, chance: Chance) -> None:
    """On the table, before the chair, its lid open or shut."""
    seat = next((s for s in room.seats if s.kind == "chair"), None)
    table = next((s for s in room.surfaces if s.kind == "table"), None)
    if seat is None or table is None:
        return
    frame = turn_z(seat.yaw)
    at = seat.point + frame @ (chance.uniform(-0.1, 0.1), chance.uniform(0.60, 0.64), 0)
    prop = make.laptop(shapes, room.palette)
    assert prop.hinge is not None
    prop = replace(prop, hinge=replace(prop.hinge, starts_open=float(chance.happens(0.5))))
    room.placed.append(Placed(prop, np.array([at[0], at[1], table.height + 0.012]), seat.yaw))
