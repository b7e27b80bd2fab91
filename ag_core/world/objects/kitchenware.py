"""Items of the kitchen and the medicine chest that a hand can take: centred on the origin, slightly enlarged.

Each maker takes a stream of shapes and a palette and gives a `Made`. Knows nothing of rooms, people or labels' meaning.
"""

from dataclasses import replace

import numpy as np

from ag_core.world.objects.household import MadeItem
from ag_core.world.objects.props import Prop
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import Mesh, box, ellipsoid, join, lathe, tube, turn_x, turn_y, turn_z
from ag_core.world.render.textures import Palette


def make_cup(c: RandomStream, p: Palette) -> MadeItem:
    """mug with an ear, glass that widens upwards, or tall beaker with a lid."""
    variant = c.choice(["mug", "glass", "tall"])
    glaze = p.add_choice("2f7f6f c0563f e0b84c 3d5a8a e8e4da 8a4a6a", shine=0.4, sharpness=40)
    if variant == "glass":
        pane = p.add_choice("c4d8dc d0dcc8 dcd0c4 b8ccd8 d8d8e0 c8e0d4", shine=0.7, sharpness=70, rim=0.3)
        drink = p.add_choice("c8803a a84a3a d8b858 7a4a2a b86a7a 8a9a4a", shine=0.3, sharpness=40)
        r, h = c.split_uniform(0.050, 0.058), c.split_uniform(0.17, 0.20)
        top = r * c.split_uniform(1.25, 1.4)
        wall = [(0.001, 0), (r, 0), (top, h), (top - 0.006, h), (r * 1.1, h * 0.6)]
        full = [(r * 0.99 + (top - r) * 0.03, h * 0.04), (r + (top - r) * 0.62 + 0.001, h * 0.62)]
        surface = [(r + (top - r) * 0.6, h * 0.62), (0.001, h * 0.62)]
        pieces = [join([lathe(wall, pane, 18), lathe(full, drink, 18), lathe(surface, drink, 18)])]
    elif variant == "tall":
        lid, band = p.add_choice("2a2c30 e8e4da 6b4a35"), p.add_choice("8a5a34 3a4a5a d8c9a0", "fabric", repeat=3)
        r, h = c.split_uniform(0.052, 0.060), c.split_uniform(0.20, 0.23)
        wall = [(0.001, 0), (r * 0.82, 0), (r, h), (0.001, h)]
        sleeve = [(r * 0.89, h * 0.3), (r * 0.90 + 0.004, h * 0.32), (r * 0.96 + 0.004, h * 0.7), (r * 0.96, h * 0.72)]
        cap = [(r + 0.005, h - 0.004), (r + 0.005, h + 0.012), (r * 0.8, h + 0.022), (0.001, h + 0.022)]
        pieces = [join([lathe(wall, glaze, 18), lathe(sleeve, band, 18), lathe(cap, lid, 18)])]
    else:
        r, h = c.split_uniform(0.064, 0.073), c.split_uniform(0.15, 0.18)
        top = r * c.split_uniform(0.95, 1.12)
        wall = [(0.001, 0), (r * 0.85, 0), (r, 0.03), (top, h), (top - 0.008, h), (r - 0.01, 0.03), (0.001, 0.025)]
        ear = tube(
            [(r, 0, h * 0.8), (r + 0.05, 0, h * 0.75), (r + 0.055, 0, h * 0.42), (r - 0.005, 0, h * 0.28)],
            [0.013] * 4,
            glaze,
            8,
            (0, 1, 0),
        )
        pieces = [lathe(wall, glaze, 18), ear]
    turn = turn_z(c.uniform(-2, 2))
    return MadeItem(Prop("cup/glass/bottle", [m.moved(turn, (0, 0, -h / 2)) for m in pieces]), variant, (glaze, glaze))


def make_bottle(c: RandomStream, p: Palette) -> MadeItem:
    """wine with a long neck, soda with a waist, or flask with a wide cap."""
    variant = c.choice(["wine", "soda", "flask"])
    body = p.add_choice("3f6b45 7a4a2a 3a5a7a 8a3b3b b8a060 4a4a52", shine=0.6, sharpness=60, rim=0.2)
    label = p.add_choice("efe6d0 d8b060 c86a5a a8c0b0 e8e8f0 d0a0a8", "stripes", repeat=2)
    cap = p.add_choice("b8453a 2a2c30 d8b060 4a6a9a e8e4da 7a8a5a")
    r, h = c.split_uniform(0.048, 0.056), c.split_uniform(0.28, 0.33)
    outline = {
        "wine": [(0.001, 0), (1, 0), (1, 0.55), (0.85, 0.64), (0.32, 0.74), (0.30, 0.94)],
        "soda": [(0.001, 0), (0.92, 0), (1, 0.06), (0.86, 0.34), (1, 0.56), (0.9, 0.7), (0.34, 0.86), (0.32, 0.94)],
        "flask": [(0.001, 0), (1.08, 0), (1.12, 0.05), (1.12, 0.7), (0.95, 0.78), (0.6, 0.8), (0.6, 0.86)],
    }[variant]
    wide, low = {"wine": (0.33, 0.90), "soda": (0.36, 0.93), "flask": (0.66, 0.84)}[variant]
    stopper = [(wide * r, low * h), (wide * r, h), (0.001, h)]
    reach = {"wine": 1.0, "soda": 0.98, "flask": 1.12}[variant]
    paper = [(reach * r + 0.002, 0.14 * h), (reach * r + 0.003, 0.15 * h), (reach * r + 0.003, 0.46 * h)]
    paper.append((reach * r + 0.001, 0.47 * h))
    pieces = [lathe([(u * r, v * h) for u, v in outline], body, 18), lathe(paper, label, 18), lathe(stopper, cap, 14)]
    return MadeItem(Prop("cup/glass/bottle", [join(pieces).moved(offset=(0, 0, -h / 2))]), variant, (body, label))


def make_food(c: RandomStream, p: Palette) -> MadeItem:
    """One of several fruits and pastries."""
    colours = {
        "apple": "b8453a a9b04a c25a45 8fa040 d06a50 7f9a40",
        "muffin": "b07a45 8a5a38 c99a5c",
        "pear": "a9b04a c0b858 8fa048",
        "orange": "d98a35 e09a40 c87a2a",
        "bun": "c99a5c b5803f d8b070",
        "peach": "dd9a6c d88a70 e0a880",
        "banana": "dcc04a cdb45a e0cc68",
    }
    variant = c.choice(list(colours))
    skin, stalk = p.add_choice(colours[variant], "plaster", shine=0.2, sharpness=20), p.add("5a3d25")
    size = c.split_uniform(1.04, 1.2)
    if variant == "banana":
        s = np.linspace(-1.05, 1.05, 9)
        path = np.stack([0.13 * np.sin(s), 0.0 * s, 0.115 - 0.13 * np.cos(s)], -1) - (0, 0, 0.02)
        fruit = tube(path, [0.010, 0.020, 0.026, 0.029, 0.030, 0.029, 0.026, 0.019, 0.009], skin, 8, (0, 1, 0))
        pieces = [
            join([fruit.moved(turn_x(tilt), (0, y, 0)) for y, tilt in ((-0.026, 0.2), (0.028, -0.15))]),
            tube([path[-1], path[-1] + (0.012, 0, 0.02)], [0.010, 0.008], stalk, 6, (0, 1, 0)),
        ]
        return MadeItem(Prop("food", _scaled(pieces, size)), variant, (skin, stalk))
    if variant in ("muffin", "bun"):
        low = -0.06 if variant == "muffin" else -0.035
        paper = p.add("e6d6b8", "stripes", repeat=3) if variant == "muffin" else skin
        wide = 0.075 if variant == "muffin" else 0.09
        pieces = [
            lathe([(0.001, low), (wide * 0.68, low), (wide * 0.86, 0.01)], paper, 16),
            ellipsoid((wide, wide, 0.055), (0, 0, 0.015), skin, 10, 0.9),
        ]
        return MadeItem(Prop("food", _scaled(pieces, size)), variant, (skin, paper))
    radii = {"pear": (0.062, 0.062, 0.066), "orange": (0.069, 0.069, 0.067)}.get(variant, (0.066, 0.066, 0.062))
    pieces = [ellipsoid(radii, (0, 0, 0), skin, 12)]
    if variant == "pear":
        pieces = [join([*pieces, ellipsoid((0.036, 0.036, 0.05), (0, 0, 0.055), skin, 8)])]
    high = {"pear": 0.10, "orange": 0.062}.get(variant, 0.055)
    pieces.append(tube([(0, 0, high), (0.008, 0, high + 0.025)], [0.006, 0.005], stalk, 6))
    return MadeItem(Prop("food", _scaled(pieces, size)), variant, (skin, stalk))


def make_sandwich(c: RandomStream, p: Palette) -> MadeItem:
    """toast in square layers, a long roll, or a round burger."""
    variant = c.choice(["toast", "roll", "burger"])
    crust, green = p.add_choice("d8ab6c c9924e e0bd88", "plaster"), p.add_choice("7fa04a 8fae55 6d9440")
    filling = p.add_choice("e0c25a c46a4a d98a6a")
    if variant == "toast":
        w, d = c.split_uniform(0.19, 0.22), c.split_uniform(0.14, 0.17)
        layers = [(0.036, crust, 0), (0.015, green, 0.012), (0.017, filling, 0.006), (0.036, crust, 0)]
        z, pieces = -0.052, []
        for thick, material, extra in layers:
            pieces.append(box((w + extra, d + extra, thick), (0, 0, z), material, 0.01))
            z += thick
        return MadeItem(Prop("sandwich", [join(pieces)]), variant, (crust, filling))
    long, wide = (c.split_uniform(0.125, 0.15), 0.055) if variant == "roll" else (c.split_uniform(0.085, 0.098),) * 2
    pieces = [
        ellipsoid((long, wide, 0.038), (0, 0, -0.022), crust, 10, 0.8),
        ellipsoid((long * 1.04, wide * 1.1, 0.016), (0, 0, 0.0), green, 10, 0.8),
        ellipsoid((long * 0.98, wide * 1.05, 0.018), (0, 0, 0.010), filling, 10, 0.8),
        ellipsoid((long, wide, 0.045), (0, 0, 0.020), crust, 10, 0.85),
    ]
    return MadeItem(Prop("sandwich", [join(pieces)]), variant, (crust, filling))


def make_dish(c: RandomStream, p: Palette) -> MadeItem:
    """A deep plate, a bowl, or a casserole with two ears."""
    variant = c.choice(["plate", "bowl", "casserole"])
    glaze = p.add_choice("eeeae0 b5cdd6 d8b8a0 c9d6b8 e8d9a0 d0c4dc", shine=0.4, sharpness=40)
    if variant == "plate":
        r, h = c.split_uniform(0.155, 0.175), c.split_uniform(0.055, 0.075)
        wall = [(0.001, 0), (r * 0.5, 0), (r * 0.66, h * 0.45), (r, h), (r - 0.008, h + 0.004), (r * 0.6, h * 0.5)]
        pieces = [lathe([*wall, (0.001, 0.016)], glaze, 22)]
    elif variant == "bowl":
        r, h = c.split_uniform(0.125, 0.15), c.split_uniform(0.095, 0.115)
        wall = [(0.001, 0), (r * 0.45, 0), (r * 0.5, 0.012), (r * 0.88, h * 0.5), (r, h), (r - 0.009, h)]
        pieces = [lathe([*wall, (r * 0.78, h * 0.5), (0.001, 0.025)], glaze, 22)]
    else:
        r, h = c.split_uniform(0.125, 0.14), c.split_uniform(0.09, 0.105)
        wall = [(0.001, 0), (r * 0.92, 0), (r, 0.015), (r, h), (r - 0.010, h), (r - 0.012, 0.02), (0.001, 0.016)]
        ears = [
            tube(
                [(s * r, -0.04, h * 0.7), (s * (r + 0.035), 0, h * 0.74), (s * r, 0.04, h * 0.7)],
                [0.013] * 3,
                glaze,
                8,
                (0, 0, 1),
            )
            for s in (-1, 1)
        ]
        pieces = [join([lathe(wall, glaze, 22), *ears])]
    return MadeItem(Prop("dish", [m.moved(offset=(0, 0, -h / 2)) for m in pieces]), variant, (glaze, glaze))


def make_groceries(c: RandomStream, p: Palette) -> MadeItem:
    """A bag or a crate out of which a leek, a loaf and a carton of milk look."""
    variant = c.choice(["paper bag", "crate"])
    if variant == "paper bag":
        w, d, h = c.split_uniform(0.25, 0.30), c.split_uniform(0.16, 0.19), c.split_uniform(0.26, 0.31)
        paper = p.add_choice("b98c5a c9a878 a87f52 d0b890 8f9a6a b8a888", "plaster", repeat=2)
        walls = [_open_box(w, d, h, 0.006, paper)]
    else:
        w, d, h = c.split_uniform(0.32, 0.37), c.split_uniform(0.22, 0.26), c.split_uniform(0.16, 0.19)
        paper = p.add_choice("a87448 4f7a5a b8624a c9a577 4d6a8a d8b060", "wood")
        walls = [
            join(
                [
                    _open_box(w, d, 0.07, 0.012, paper),
                    *[_open_box(w, d, 0.045, 0.012, paper).moved(offset=(0, 0, z)) for z in (0.09, h - 0.045)],
                    *[
                        box((0.03, 0.03, h), (s * (w / 2 - 0.02), t * (d / 2 - 0.02), 0), paper, 0.004)
                        for s in (-1, 1)
                        for t in (-1, 1)
                    ],
                ]
            )
        ]
    stem, leaf = p.add("e8ecd0"), p.add_choice("5f8a3f 4a7a44 7a9a4a", rim=0.1)
    loaf, milk = p.add_choice("c08a48 d0a060 a87438", "plaster"), p.add("f0f0ec", shine=0.1)
    stripe = p.add_choice("4a7ab0 b8453a 5a9a5a 3a4a7a c88a3a 7a5a9a")
    leek = [tube([(0, 0, 0.05), (0.01, 0, h + 0.05)], [0.022, 0.020], stem, 8)]
    for lean in (-0.35, 0.0, 0.4):
        tip = (0.01 + 0.16 * np.sin(lean), 0.02 * lean, h + 0.05 + 0.16 * np.cos(lean))
        leek.append(tube([(0.01, 0, h + 0.02), tip], [(0.018, 0.006), (0.016, 0.004)], leaf, 6, (0, 1, 0)))
    bread = tube([(0, 0, 0.06), (0.03, 0, h + 0.13)], [0.036, 0.038], loaf, 10)
    carton = [
        box((0.085, 0.085, h - 0.01), (0, 0, 0.02), milk, 0.006),
        box((0.087, 0.087, 0.05), (0, 0, h - 0.03), stripe, 0.006),
        box((0.085, 0.012, 0.05), (0, 0, h + 0.02), milk, 0.004),
    ]
    goods = [
        join(leek).moved(turn_y(-0.12), (-w * 0.28, d * 0.15, 0)),
        bread.moved(turn_y(0.1), (-w * 0.02, -d * 0.16, 0)),
        join(carton).moved(turn_z(0.3), (w * 0.26, d * 0.06, 0)),
    ]
    whole = [m.moved(offset=(0, 0, -h / 2)) for m in (*walls, *goods)]
    return MadeItem(Prop("groceries", whole), variant, (paper, leaf))


def make_medicine(c: RandomStream, p: Palette) -> MadeItem:
    """A bottle of pills, a packet, or a jar of syrup with a cap; larger than life."""
    variant = c.choice(["pill bottle", "packet", "syrup"])
    label, white = p.add_choice("f0efe8 e8f0e8 f4e8e0"), p.add("f4f2ec", shine=0.15)
    mark = p.add_choice("b8453a 3a6a9a 4a8a5a a85a8a c88a3a 5a5a9a")
    if variant == "packet":
        w, d, h = c.split_uniform(0.16, 0.19), 0.065, c.split_uniform(0.10, 0.12)
        pieces = [
            box((w, d, h), (0, 0, 0), white, 0.003),
            box((w + 0.002, d + 0.002, 0.028), (0, 0, 0.012), mark, 0.003),
            box((0.05, d + 0.003, 0.016), (-w * 0.28, 0, h * 0.62), mark, 0.002),
            box((0.016, d + 0.003, 0.05), (-w * 0.28, 0, h * 0.62 - 0.017), mark, 0.002),
        ]
    else:
        glass = p.add_choice(
            "d0803a c06a30 d89a50" if variant == "pill bottle" else "6b3a20 7a4a2a 4a2c1a", shine=0.5, sharpness=50
        )
        r, h = (
            (c.split_uniform(0.044, 0.050), c.split_uniform(0.12, 0.14))
            if variant == "pill bottle"
            else (c.split_uniform(0.044, 0.050), c.split_uniform(0.16, 0.18))
        )
        body = (
            [(0.001, 0), (r, 0), (r, h * 0.74), (r * 0.8, h * 0.78)]
            if variant == "pill bottle"
            else [(0.001, 0), (r, 0), (r, h * 0.6), (r * 0.4, h * 0.76), (r * 0.4, h * 0.84)]
        )
        wide, low = (r * 1.02, h * 0.76) if variant == "pill bottle" else (r * 0.52, h * 0.82)
        paper = [(r, h * 0.14), (r + 0.002, h * 0.15), (r + 0.002, h * 0.56), (r, h * 0.57)]
        line = [(r + 0.001, h * 0.42), (r + 0.003, h * 0.43), (r + 0.003, h * 0.52), (r + 0.001, h * 0.53)]
        pieces = [
            lathe(body, glass, 16),
            lathe(paper, label, 16),
            lathe(line, mark, 16),
            lathe([(wide, low), (wide, h), (0.001, h)], white, 14),
        ]
    return MadeItem(Prop("medicine", [join(pieces).moved(offset=(0, 0, -h / 2))]), variant, (mark, white))


def _open_box(w: float, d: float, h: float, thick: float, material: int) -> Mesh:
    """A floor and four walls, standing on the origin."""
    return join(
        [
            box((w, d, thick), (0, 0, 0), material, 0.002),
            *[box((thick, d, h), (s * (w - thick) / 2, 0, 0), material, 0.002) for s in (-1, 1)],
            *[box((w, thick, h), (0, s * (d - thick) / 2, 0), material, 0.002) for s in (-1, 1)],
        ]
    )


def _scaled(pieces: list[Mesh], size: float) -> list[Mesh]:
    return [replace(m, vertices=m.vertices * np.float32(size)) for m in pieces]
