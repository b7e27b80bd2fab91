"""Items that a hand can take: centred on the origin, enlarged a little so that they stay visible in a small picture.

Here are the hard ones; `kitchenware.py` and `softgoods.py` have the others. Shape families are drawn with `choice`, so
both splits have them all; sizes and colours are the split's own. The side of -y faces the viewer when an item lies.
Knows shapes and materials; nothing of rooms, people or labels' meaning.
"""

from typing import NamedTuple

import numpy as np

from ag_core.world.objects.props import Hinge, Prop
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import Mesh, box, ellipsoid, join, lathe, quad, tube, turn_x, turn_y
from ag_core.world.render.textures import Palette


class MadeItem(NamedTuple):
    """An item as made. variant: its shape family; materials: its main and its second material."""

    prop: Prop
    variant: str
    materials: tuple[int, int]


def make_phone(c: RandomStream, p: Palette) -> MadeItem:
    """Lies flat, screen up, long side along y: all screen, or with keys and an aerial."""
    variant = c.choice(["slab", "keys"])
    shell, glass = (
        p.add_choice("1d1e22 e8e8ea 3c4f78 8a3f4a 2d5a50 6a5a80", shine=0.35, sharpness=50),
        p.add("b8d0e8", "screen", glow=0.7),
    )
    if variant == "slab":
        w, h, thick = c.split_uniform(0.115, 0.13), c.split_uniform(0.215, 0.24), 0.032
        low, keys = -h / 2 + 0.014, []
    else:
        w, h, thick = c.split_uniform(0.095, 0.11), c.split_uniform(0.22, 0.245), 0.046
        low, button = h * 0.02, p.add_choice("d8d8dc 3a3c42 c8b8a0 8a98a8")
        keys = [
            box((w * 0.22, h * 0.075, 0.008), (x * w * 0.29, -h * 0.44 + h * 0.12 * k, thick / 2), button, 0.003)
            for x in (-1, 0, 1)
            for k in range(4)
        ]
        keys.append(tube([(w * 0.34, h / 2 - 0.01, 0), (w * 0.34, h / 2 + 0.035, 0)], [0.012, 0.009], shell, 8))
    x, top, z = w / 2 - 0.009, h / 2 - 0.014, thick / 2 + 0.0008
    pieces = [
        box((w, h, thick), (0, 0, -thick / 2), shell, 0.008),
        join([quad([(-x, low, z), (x, low, z), (x, top, z), (-x, top, z)], glass), *keys]),
    ]
    return MadeItem(Prop("phone/camera", pieces), variant, (shell, glass))


def make_notebook(c: RandomStream, p: Palette) -> MadeItem:
    """A thick pad, page up, top towards +y: bound at its top, or with rings at its left."""
    variant = c.choice(["pad", "rings"])
    w, h, thick = c.split_uniform(0.23, 0.27), c.split_uniform(0.30, 0.34), c.split_uniform(0.045, 0.06)
    page, white = p.add("f6f3e8", "ruled"), p.add("e8e4d8", "stripes", repeat=1)
    back = p.add_choice("a8483c 3d5a8a d0a030 4a7a5a 6a4a7a 2c2f38")
    z = thick / 2
    block = [
        box((w, h, 0.012), (0, 0, -z), back, 0.004),
        box((w - 0.012, h - 0.012, thick - 0.012), (0, 0, 0.012 - z), white, 0.003),
        quad(
            [
                (-w / 2 + 0.006, -h / 2 + 0.006, z),
                (w / 2 - 0.006, -h / 2 + 0.006, z),
                (w / 2 - 0.006, h / 2 - 0.006, z),
                (-w / 2 + 0.006, h / 2 - 0.006, z),
            ],
            page,
        ).moved(offset=(0, 0, 0.0008)),
    ]
    if variant == "pad":
        spine = [box((w + 0.004, 0.04, thick + 0.006), (0, h / 2 - 0.018, -z - 0.001), back, 0.006)]
    else:
        metal = p.add_choice("8f8f94 3a3c42 b8b2a0", shine=0.5, sharpness=50)
        spine = [
            tube(
                [(-w / 2, y, -z), (-w / 2 - 0.012, y, 0), (-w / 2 + 0.008, y, z + 0.008)],
                [0.005] * 3,
                metal,
                6,
                (0, 1, 0),
            )
            for y in np.linspace(-h * 0.42, h * 0.42, 7)
        ]
    return MadeItem(Prop("paper/notebook", [join(block), join(spine)]), variant, (back, page))


BOOK_THICK = 0.036
"""Metres from the middle of a closed book to its cover."""


def make_book_mesh(cover: int, page: int, opening: float, size: tuple[float, float] = (0.18, 0.25)) -> Mesh:
    """Spine along y, pages towards z. opening 0 = closed (both halves upright), 1 = nearly flat."""
    halves, (width, height) = [], size
    for side in (-1, 1):
        hinge = turn_y(-side * ((1 - opening) * np.pi / 2 + opening * 0.25))
        layers = ((-BOOK_THICK, 0.010, 1, cover), (-BOOK_THICK + 0.010, BOOK_THICK - 0.010, 0.94, page))
        for lift, thick, shrink, material in layers:
            half = box((width * shrink, height * shrink, thick), (side * width / 2, 0, lift), material, 0.002)
            half.uv[:] = half.vertices[:, :2] / (2 * width, height) + 0.5
            halves.append(half.moved(hinge))
    return join(halves)


def make_cardboard_box(c: RandomStream, p: Palette) -> MadeItem:
    """A carton, a low box with a rim, or a wooden chest. The lid turns up round the far upper edge."""
    variant = c.choice(["carton", "low box", "chest"])
    w, d, h = {
        "carton": (c.split_uniform(0.30, 0.38), c.split_uniform(0.24, 0.30), c.split_uniform(0.19, 0.26)),
        "low box": (c.split_uniform(0.36, 0.42), c.split_uniform(0.25, 0.30), c.split_uniform(0.13, 0.16)),
        "chest": (c.split_uniform(0.32, 0.38), c.split_uniform(0.22, 0.27), c.split_uniform(0.18, 0.22)),
    }[variant]
    card = p.add_choice(
        "b98c5a a87f52 c9a06c 7f93a8 b8624a 8a9a6a", "wood" if variant == "chest" else "fabric", repeat=3
    )
    trim, thick = p.add_choice("d8c9a0 e6dcc0 a89060"), 0.012
    walls = [
        box((w, d, thick), (0, 0, -h / 2), card, 0.003),
        *[box((w, thick, h), (0, s * (d - thick) / 2, -h / 2), card, 0.004) for s in (-1, 1)],
        *[box((thick, d, h), (s * (w - thick) / 2, 0, -h / 2), card, 0.004) for s in (-1, 1)],
    ]
    lid = [box((w + 0.006, d + 0.006, 0.012), (0, -d / 2, 0), card, 0.004)]
    if variant == "carton":
        band = [box((0.05, 0.006, h * 0.6), (0, -d / 2, -h * 0.1), trim, 0.002)]
        lid.append(box((0.05, d + 0.004, 0.006), (0, -d / 2, 0.008), trim, 0.002))
    elif variant == "low box":
        band = [box((w * 0.4, 0.006, h * 0.4), (0, -d / 2, -h * 0.3), trim, 0.002)]
        rim = 0.045
        lid += [
            box((w + 0.018, 0.010, rim), (0, -d - 0.004, 0.012 - rim), card, 0.003),
            *[box((0.010, d + 0.01, rim), (s * (w / 2 + 0.006), -d / 2, 0.012 - rim), card, 0.003) for s in (-1, 1)],
        ]
    else:
        metal = p.add_choice("6a5a40 8f8f94 c9a860", shine=0.5, sharpness=50)
        band = [box((0.03, d + 0.006, h - 0.004), (s * w * 0.32, 0, -h / 2), metal, 0.003) for s in (-1, 1)]
        band = [
            part.moved(offset=(0, s * d / 2, 0))
            for s in (-1, 1)
            for part in [box((0.03, 0.008, h), (k * w * 0.32, 0, -h / 2), metal, 0.003) for k in (-1, 1)]
        ]
        lid.append(box((w - 0.02, d * 0.8, 0.024), (0, -d / 2, 0.012), card, 0.010))
        lid.append(box((0.05, 0.014, 0.05), (0, -d - 0.006, -0.03), metal, 0.004))
    hinge = Hinge([join(lid)], np.array([0, d / 2, h / 2]), "x", -1.95, np.array([0, -d, 0.0]))
    walls[1] = join([walls[1], *band])
    return MadeItem(Prop("box", walls, hinge), variant, (card, trim))


def make_laptop(c: RandomStream, p: Palette) -> Prop:
    """Centred on the middle of its base, user at -y; the lid turns up round the far edge."""
    shell = p.add_choice("1f2126 b8bcc2 5a5f68 8f959c d8d4cc 3a3f4a", shine=0.35, sharpness=60)
    keys, screen = p.add("2a2c30", "tiles", repeat=2), p.add("d8e2f0", "screen", glow=0.8)
    w, d = c.split_uniform(0.36, 0.40), c.split_uniform(0.25, 0.28)
    board = quad(
        [
            (-w / 2 + 0.03, -0.03, 0.012),
            (w / 2 - 0.03, -0.03, 0.012),
            (w / 2 - 0.03, d / 2 - 0.03, 0.012),
            (-w / 2 + 0.03, d / 2 - 0.03, 0.012),
        ],
        keys,
    )
    glass = quad(
        [
            (-w / 2 + 0.015, -d + 0.015, -0.001),
            (-w / 2 + 0.015, -0.02, -0.001),
            (w / 2 - 0.015, -0.02, -0.001),
            (w / 2 - 0.015, -d + 0.015, -0.001),
        ],
        screen,
        ((0, 1), (0, 0), (1, 0), (1, 1)),
    )
    lid = [box((w, d, 0.012), (0, -d / 2, 0), shell, 0.004), glass]
    hinge = Hinge(lid, np.array([0, d / 2 - 0.004, 0.013]), "x", -1.85, np.array([0, -d + 0.01, 0.01]))
    return Prop("laptop", [box((w, d, 0.022), (0, 0, -0.011), shell, 0.005), board], hinge)


def make_closed_laptop(c: RandomStream, p: Palette) -> MadeItem:
    """Shut: two shells with a dark gap and a mark on the lid."""
    variant = c.choice(["slim", "thick"])
    shell = p.add_choice("1f2126 b8bcc2 5a5f68 8f959c d8d4cc 3a3f4a", shine=0.35, sharpness=60)
    gap, mark = p.add("15161a"), p.add_choice("e8e8ea 8a98a8 d8c9a0 6a9ab0 b8624a c8a860", shine=0.5, sharpness=60)
    w, d = c.split_uniform(0.36, 0.40), c.split_uniform(0.25, 0.28)
    thick = 0.036 if variant == "slim" else 0.056
    half = thick / 2 - 0.003
    pieces = [
        box((w, d, half), (0, 0, -thick / 2), shell, 0.007),
        box((w - 0.01, d - 0.01, 0.008), (0, 0, -0.004), gap, 0.001),
        box((w, d, half), (0, 0, 0.003), shell, 0.007),
        box((0.05, 0.05, 0.003), (0, 0, thick / 2 - 0.001), mark, 0.001),
    ]
    return MadeItem(Prop("laptop", [join(pieces)]), variant, (shell, mark))


def make_photo(c: RandomStream, p: Palette) -> MadeItem:
    """A framed picture that stands, leaning back on a strut; upright, lying, or oval."""
    variant = c.choice(["upright", "lying", "oval"])
    frame = p.add_choice("8a5a34 2c2d33 c9a860 e8e2d6 b8b2a0 6b4226", shine=0.25, sharpness=40)
    image = p.add_choice("ffffff f0e8e0 e8f0f4", c.choice(["picture", "abstract"]))
    long, short = c.split_uniform(0.27, 0.31), c.split_uniform(0.20, 0.23)
    w, h = (long, short) if variant == "lying" else (short, long)
    x, z = w / 2 - 0.025, h / 2 - 0.025
    if variant == "oval":
        s = np.linspace(0, 2 * np.pi, 25)
        ring = np.stack([w / 2 * np.cos(s), 0 * s, h / 2 * np.sin(s)], -1)
        border = tube(ring, [0.020] * 25, frame, 8, (0, 1, 0), round_ends=False)
        plate = ellipsoid((w / 2, 0.008, h / 2), (0, 0, 0), image, 12)
        plate.uv[:] = plate.vertices[:, [0, 2]] / np.array([w, h], np.float32) + np.float32(0.5)
        pieces = [border, plate]
    else:
        border = box((w, 0.026, h), (0, 0, -h / 2), frame, 0.008)
        pieces = [border, quad([(-x, -0.0145, -z), (x, -0.0145, -z), (x, -0.0145, z), (-x, -0.0145, z)], image)]
    strut = box((0.05, 0.012, h * 0.62), (0, 0, 0), frame, 0.004).moved(turn_x(0.42), (0, 0.10, -h / 2 - 0.005))
    whole = join([join(pieces).moved(turn_x(-0.2), (0, 0, 0)), strut])
    return MadeItem(Prop("picture", [_centred(whole)]), variant, (frame, image))


def make_hand_mirror(c: RandomStream, p: Palette) -> MadeItem:
    """A mirror with a stem to hold it by, on a foot; its glass towards -y."""
    variant = c.choice(["round", "oval", "square"])
    frame = p.add_choice("c9a860 b8b2a0 8a3f5a 4a6a6a e8e2d6 6b4226", shine=0.4, sharpness=50)
    glass = p.add_choice("c8d6de d4dce0 bccad2", "outside", shine=0.9, sharpness=90, glow=0.15)
    w = c.split_uniform(0.085, 0.10)
    h = w * {"round": 1.0, "oval": 1.3, "square": 1.1}[variant]
    squareness = 0.45 if variant == "square" else 1.0
    back = ellipsoid((w, 0.016, h), (0, 0, 0), frame, 12, squareness)
    front = ellipsoid((w - 0.014, 0.006, h - 0.014), (0, -0.013, 0), glass, 12, squareness)
    front.uv[:] = front.vertices[:, [0, 2]] / np.array([2 * w, 2 * h], np.float32) + np.float32(0.5)
    stem = tube([(0, 0, -h + 0.01), (0, 0, -h - 0.10)], [0.015, 0.018], frame, 10)
    foot = lathe([(0.001, -h - 0.125), (0.062, -h - 0.125), (0.055, -h - 0.112), (0.001, -h - 0.10)], frame, 16)
    return MadeItem(Prop("mirror", [_centred(join([back, front, stem, foot]))]), variant, (frame, glass))


# ------------------------------------------------------------------ long items: the origin is where hands grip them


def make_broom(c: RandomStream, p: Palette) -> MadeItem:
    """Upright, bristles down; the first piece is what sweeps. A flat, a round or a wide one."""
    variant = c.choice(["flat", "round", "wide"])
    stick = p.add_choice("b98a5a 8a5a34 c9a577 b8453a 4a6a9a d8c4a0", "wood", shine=0.15, sharpness=25)
    straw = p.add_choice("c8a458 a8843c d8bc78 5a5a60 7a9a6a b87a4a", "stripes", repeat=3)
    grip, above = c.split_uniform(0.98, 1.04), c.split_uniform(0.30, 0.38)
    band = p.add_choice("8a3b3b 3a5a7a 4a4a50")
    if variant == "round":
        brush = lathe([(0.001, 0), (0.13, 0), (0.10, 0.10), (0.05, 0.26), (0.028, 0.34), (0.001, 0.36)], straw, 16)
        tie = lathe([(0.062, 0.23), (0.064, 0.235), (0.048, 0.275), (0.046, 0.28)], band, 14)
        low = 0.3
    else:
        w = c.split_uniform(0.30, 0.34) if variant == "flat" else c.split_uniform(0.44, 0.50)
        profile = [(w / 2, 0.045), (w / 2 * 0.97, 0.04), (w * 0.44, 0.035)]
        heights = [0.0, 0.09, 0.17]
        brush = tube([(0, 0, z) for z in heights], profile, straw, 16, round_ends=False)
        bottom = ellipsoid((w / 2, 0.045, 0.006), (0, 0, 0.006), straw, 8, 0.8)
        brush = join([brush, bottom])
        tie = box((w * 0.92, 0.08, 0.05), (0, 0, 0.155), band, 0.015)
        low = 0.2
    shaft = tube([(0, 0, low), (0, 0, grip + above)], [0.017, 0.016], stick, 10)
    knob = tube([(0, 0, grip + above - 0.03), (0, 0, grip + above)], [0.022, 0.020], band, 10)
    pieces = [join([brush, tie]), join([shaft, knob])]
    return MadeItem(Prop("broom", [m.moved(offset=(0, 0, -grip)) for m in pieces]), variant, (stick, straw))


def make_vacuum(c: RandomStream, p: Palette) -> MadeItem:
    """A cleaner that stands upright on its head, the head towards +y: a stick, or one with a dust bag."""
    variant = c.choice(["stick", "upright"])
    shell = p.add_choice("b8453a 4a6a9a 3a3c42 7a5a9a d8b058 5a8a7a", shine=0.35, sharpness=50)
    grey, metal = p.add_choice("5a5c62 2a2c30 8a8c92"), p.add_choice("b8b2a0 8f8f94 6a6c72", shine=0.6, sharpness=60)
    grip, wide = c.split_uniform(0.98, 1.04), c.split_uniform(0.27, 0.33)
    head = [
        box((wide, 0.17, 0.055), (0, 0.045, 0), grey, 0.02),
        box((0.22, 0.10, 0.03), (0, 0.03, 0.05), shell, 0.014),
    ]
    tube_ = tube([(0, 0, 0.06), (0, 0, grip - 0.02)], [0.02, 0.02], metal, 10)
    if variant == "stick":
        body = tube([(0, -0.03, grip - 0.34), (0, -0.035, grip - 0.12)], [0.055, 0.06], shell, 12)
        dust = tube([(0, -0.03, grip - 0.40), (0, -0.03, grip - 0.34)], [0.042, 0.044], grey, 12)
    else:
        body = ellipsoid((0.10, 0.075, 0.24), (0, -0.03, 0.48), shell, 12, 0.7)
        dust = box((0.20, 0.14, 0.15), (0, -0.01, 0.09), grey, 0.03)
    handle = tube(
        [(0, 0, grip - 0.06), (0, 0, grip + 0.04), (0, -0.05, grip + 0.10), (0, -0.10, grip + 0.09)],
        [0.022, 0.022, 0.022, 0.02],
        grey,
        10,
    )
    pieces = [join(head), join([tube_, handle]), join([body, dust])]
    return MadeItem(Prop("vacuum", [m.moved(offset=(0, 0, -grip)) for m in pieces]), variant, (shell, grey))


def _centred(mesh: Mesh) -> Mesh:
    """Moved so that its box has its middle at the origin."""
    return mesh.moved(offset=-(mesh.vertices.min(0) + mesh.vertices.max(0)) / 2)
