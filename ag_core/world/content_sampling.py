"""Who is in the film and with what: the person, their clothes, and the items that lie about."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ag_core.world.body.human import Human, Looks
from ag_core.world.motion.script import ITEMS
from ag_core.world.objects import household as make
from ag_core.world.objects import kitchenware, props, softgoods
from ag_core.world.objects.household import MadeItem
from ag_core.world.objects.items import Item, turn_flat
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import turn_z
from ag_core.world.render.textures import Palette
from ag_core.world.room.affordances import PlacedProp, Room

PRESENCE = 0.65
"""How likely each item is in a film, before some find no room."""
MAKERS: dict[str, Callable[[RandomStream, Palette], MadeItem]] = {
    "cup": kitchenware.make_cup,
    "bottle": kitchenware.make_bottle,
    "dish": kitchenware.make_dish,
    "food": kitchenware.make_food,
    "sandwich": kitchenware.make_sandwich,
    "groceries": kitchenware.make_groceries,
    "medicine": kitchenware.make_medicine,
    "pillow": softgoods.make_pillow,
    "blanket": softgoods.make_blanket,
    "towel": softgoods.make_towel,
    "clothes": softgoods.make_clothes,
    "shoe": softgoods.make_shoe,
    "bag": softgoods.make_bag,
    "box": make.make_cardboard_box,
    "phone": make.make_phone,
    "notebook": make.make_notebook,
    "photo": make.make_photo,
    "hand mirror": make.make_hand_mirror,
    "closed laptop": make.make_closed_laptop,
    "broom": make.make_broom,
    "vacuum": make.make_vacuum,
}


def make_person(split: str, number: int, clothes: RandomStream, palette: Palette) -> Human:
    """Body from the person's own stream, clothes from the film's."""
    body = RandomStream(split, 10_000 + number, "person")
    tall, wide = body.split_uniform(0.92, 1.07), body.split_uniform(0.90, 1.12)
    skin, hair = (
        body.choice("f0cdb2 deb394 c49470 9c7052 6e4c38 d4ab8a".split()),
        body.choice("20160f 3b2717 6b4423 a67c46 7a7570 8a3f22 c9a566".split()),
    )
    looks = Looks(
        body.choice("crop crop parting parting curly long long bun tail thinning bald".split()),
        body.choice(["", "", "", "full", "moustache"]),
        body.bernoulli(0.28),
        clothes.choice("trousers trousers trousers trousers shorts skirt".split()),
        clothes.bernoulli(0.3),
        clothes.choice([0.30, 0.42, 0.42, 0.6, 0.95, 0.95]),
    )
    if looks.haircut in ("long", "bun", "tail"):
        looks = replace(looks, beard="")
    if looks.beard and looks.lower == "skirt":
        looks = replace(looks, lower="shorts")
    old, palette.stream = palette.stream, clothes
    add_choice, add = palette.add_choice, palette.add
    pattern = clothes.choice(["fabric", "fabric", "stripes", "check", "dots"])
    materials = {
        "skin": add(skin, shine=0.06, sharpness=12, rim=0.10),
        "hair": add(hair, "fabric", repeat=2, shine=0.10, sharpness=18),
        "shirt": add_choice(
            "a5645c 56788f 6f8f74 bf9f68 7d7089 d3cdc2 b98590 648a8b 8b9470 9a6a52 6a7ea6 d6cba6",
            pattern,
            repeat=1.5,
            rim=0.1,
        ),
        "trousers": add_choice(
            "2f3a52 4a4a4e 8f7a5c 33443f 5a6a80 6b4a3a 3a2f40 7a7a74 505a3a", "fabric", repeat=2, rim=0.06
        ),
        "shoe": add_choice("222222 7a3b2a e5e5e5 2c4a7a 5a7a5a b08a50", shine=0.15, sharpness=25),
        "sole": add("dcd8d0"),
        "sock": add(clothes.choice("d5d2ca 3c3f46 8a8f96 5d6b7a b9b0a2".split()), "fabric", repeat=2),
        "white": add("f5f2ee", shine=0.2, sharpness=40),
        "iris": add("1d1410", shine=0.5, sharpness=60),
        "mouth": add("a8574e"),
    }
    palette.stream = old
    return Human(materials, tall, wide, looks)


def choose_items(room: Room, shapes: RandomStream, stream: RandomStream) -> dict[str, Item]:
    """Each item is there with the same probability, whatever will be done.

    Of the two kinds of laptop, the one that stands open on the table and the shut one to carry, one at most.
    """
    chosen = [name for name in stream.permutation([*MAKERS, "book"]) if stream.bernoulli(PRESENCE)]
    standing = stream.bernoulli(PRESENCE)
    if standing and "closed laptop" in chosen:
        if stream.bernoulli(0.5):
            standing = False
        else:
            chosen.remove("closed laptop")
    chosen.sort(key=lambda name: len(ITEMS[name].lies_on) > 2)  # what fits few positions chooses first
    items = {name: make_item(name, shapes, room.palette) for name in chosen}
    if standing:
        put_laptop(room, shapes, stream)
    return items


def make_item(name: str, shapes: RandomStream, palette: Palette) -> Item:
    """An item of a key in script.ITEMS."""
    if name == "book":
        cover = palette.add_choice(
            "3a4a7a 8a3b3b 3d6b4f b08a3a 5a3a6a 2f6a7a a85a3a 4a4a50 c0a070", shine=0.15, sharpness=20
        )
        variant = shapes.choice(["tall", "square"])
        wide, high = {"tall": ((0.185, 0.205), (0.27, 0.30)), "square": ((0.21, 0.235), (0.25, 0.275))}[variant]
        size, paper = (shapes.split_uniform(*wide), shapes.split_uniform(*high)), palette.add("f4efe2", "page")
        return Item(None, make.BOOK_THICK + 0.002, 0.16, turn_flat(name), (cover, paper), size, variant)
    prop, variant, materials = MAKERS[name](shapes, palette)
    corners = props.find_bounds(prop.pieces)
    low, high = corners[:, 0].min(0), corners[:, 1].max(0)
    radius = 0.52 * float((high - low)[:2].max())
    return Item(prop, float(-low[2]) + 0.002, radius, np.eye(3), materials, variant=variant)


def put_laptop(room: Room, shapes: RandomStream, stream: RandomStream) -> None:
    """On the table, before the chair, its lid open or shut."""
    seat = next((s for s in room.seats if s.kind == "chair"), None)
    table = next((s for s in room.surfaces if s.kind == "table"), None)
    if seat is None or table is None:
        return
    frame = turn_z(seat.yaw)
    at = seat.point + frame @ (stream.uniform(-0.1, 0.1), stream.uniform(0.60, 0.64), 0)
    prop = make.make_laptop(shapes, room.palette)
    assert prop.hinge is not None
    prop = replace(prop, hinge=replace(prop.hinge, starts_open=float(stream.bernoulli(0.5))))
    room.placed.append(PlacedProp(prop, np.array([at[0], at[1], table.height + 0.012]), seat.yaw))
