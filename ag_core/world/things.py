"""Things that a hand can take: centred on the origin, slightly enlarged so that they stay visible in a small picture.

Knows shapes and materials; nothing of rooms, people or labels' meaning.
"""

from functools import lru_cache

import numpy as np

from ag_core.world.chance import Chance
from ag_core.world.mesh import Mesh, box, ellipsoid, join, lathe, quad, tube, turn_y, turn_z
from ag_core.world.props import Hinge, Prop
from ag_core.world.textures import Palette


def cup(c: Chance, p: Palette) -> Prop:
    glaze = p.one_of("2f7f6f c0563f e0b84c 3d5a8a e8e4da 8a4a6a", shine=0.4, sharpness=40)
    r, h = c.between(0.058, 0.068), c.between(0.14, 0.17)
    top = r * c.between(0.95, 1.12)
    wall = [(0.001, 0), (r * 0.85, 0), (r, 0.03), (top, h), (top - 0.008, h), (r - 0.01, 0.03), (0.001, 0.025)]
    handle = tube(
        [(r, 0, h * 0.8), (r + 0.045, 0, h * 0.75), (r + 0.05, 0, h * 0.42), (r - 0.005, 0, h * 0.28)],
        [0.012] * 4,
        glaze,
        8,
        (0, 1, 0),
    )
    return Prop(
        "cup/glass/bottle",
        [m.moved(turn_z(c.uniform(-2, 2)), (0, 0, -h / 2)) for m in (lathe(wall, glaze, 18), handle)],
    )


def food(c: Chance, p: Palette) -> Prop:
    kind = c.one_of(["apple", "muffin", "pear", "orange", "bun", "peach"])
    colour = {
        "apple": "b8453a",
        "muffin": "b07a45",
        "pear": "a9b04a",
        "orange": "d98a35",
        "bun": "c99a5c",
        "peach": "dd9a6c",
    }[kind]
    skin, stalk = p.one_of(colour, "plaster", shine=0.2, sharpness=20), p.add("5a3d25")
    if kind in ("muffin", "bun"):
        return Prop(
            "food",
            [
                lathe([(0.001, -0.06), (0.05, -0.06), (0.065, 0.01)], p.add("e6d6b8", "stripes", repeat=3), 16),
                ellipsoid((0.075, 0.075, 0.055), (0, 0, 0.015), skin, 10, 0.9),
            ],
        )
    return Prop(
        "food",
        [
            ellipsoid((0.066, 0.066, 0.062 if kind != "pear" else 0.075), (0, 0, 0), skin, 12),
            tube([(0, 0, 0.055), (0.008, 0, 0.085)], [0.006, 0.005], stalk, 6),
        ],
    )


def sandwich(c: Chance, p: Palette) -> Prop:
    w, d = c.between(0.17, 0.20), c.between(0.12, 0.15)
    crust, green = p.one_of("d8ab6c c9924e e0bd88", "plaster"), p.one_of("7fa04a 8fae55 6d9440")
    filling = p.one_of("e0c25a c46a4a d98a6a")
    layers = [(0.03, crust, 0), (0.012, green, 0.012), (0.014, filling, 0.006), (0.03, crust, 0)]
    z, pieces = -0.043, []
    for thick, material, extra in layers:
        pieces.append(box((w + extra, d + extra, thick), (0, 0, z), material, 0.01))
        z += thick
    return Prop("sandwich", [join(pieces)])


def dish(c: Chance, p: Palette) -> Prop:
    glaze = p.one_of("eeeae0 b5cdd6 d8b8a0 c9d6b8 e8d9a0 d0c4dc", shine=0.4, sharpness=40)
    r, h = c.between(0.13, 0.155), c.between(0.035, 0.07)
    wall = [(0.001, 0), (r * 0.55, 0), (r, h), (r - 0.008, h + 0.004), (r * 0.5, 0.014), (0.001, 0.012)]
    return Prop("dish", [lathe(wall, glaze, 22).moved(offset=(0, 0, -h / 2))])


def phone(c: Chance, p: Palette) -> Prop:
    """Lies flat, screen up, long side along y."""
    w, h = c.between(0.095, 0.11), c.between(0.185, 0.21)
    shell, glass = (
        p.one_of("1d1e22 e8e8ea 3c4f78 8a3f4a 2d5a50 6a5a80", shine=0.35, sharpness=50),
        p.add("b8d0e8", "screen", glow=0.7),
    )
    x, y = w / 2 - 0.008, h / 2 - 0.012
    return Prop(
        "phone/camera",
        [
            box((w, h, 0.022), (0, 0, -0.011), shell, 0.006),
            quad([(-x, -y, 0.0115), (x, -y, 0.0115), (x, y, 0.0115), (-x, y, 0.0115)], glass),
        ],
    )


def pillow(c: Chance, p: Palette) -> Prop:
    """Lies flat."""
    cloth = p.one_of(
        "a8584c 4f6d8f d8c9a0 6f8f6a b5894a 7a6a8a e0d8cc c48a6a 5a8a8a",
        c.one_of(["fabric", "check", "dots", "leaves", "stripes", "fabric"]),
        repeat=2,
        rim=0.1,
    )
    return Prop(
        "pillow",
        [ellipsoid((c.between(0.20, 0.25), c.between(0.15, 0.18), c.between(0.065, 0.085)), (0, 0, 0), cloth, 12, 0.6)],
    )


def cardboard_box(c: Chance, p: Palette) -> Prop:
    w, d, h = c.between(0.30, 0.38), c.between(0.24, 0.30), c.between(0.19, 0.26)
    card = p.one_of("b98c5a a87f52 c9a06c 7f93a8 b8624a 8a9a6a", "fabric", repeat=3)
    tape = p.one_of("d8c9a0 e6dcc0 a89060")
    return Prop(
        "box",
        [
            box((w, d, h), (0, 0, -h / 2), card, 0.006),
            box((w + 0.004, 0.05, h + 0.004), (0, 0, -h / 2 - 0.002), tape, 0.005),
        ],
    )


def bag(c: Chance, p: Palette) -> Prop:
    w, h, d = c.between(0.30, 0.36), c.between(0.28, 0.34), 0.14
    cloth = p.one_of(
        "7a4a3a 3d4a5c b08a4a 5a6b4a 8a3b4a 40434a", c.one_of(["fabric", "stripes", "check"]), repeat=2, rim=0.08
    )
    s = np.linspace(0, np.pi, 9)
    arcs = [
        tube(
            np.stack([0.09 * np.cos(s), np.full(9, y), 0.05 + h / 2 + 0.14 * np.sin(s) - 0.06], -1),
            [0.012] * 9,
            cloth,
            8,
            (0, 1, 0),
        )
        for y in (-0.04, 0.04)
    ]
    return Prop("bag", [box((w, d, h), (0, 0, -h / 2), cloth, 0.04), *arcs])


def towel(c: Chance, p: Palette) -> Prop:
    cloth = p.one_of(
        "e8e0d0 9fb8c0 d0a090 a8b890 e0c878 8f8aa8", c.one_of(["stripes", "fabric", "check"]), repeat=2, rim=0.15
    )
    return Prop(
        "towel",
        [
            box((0.27, 0.19, 0.05), (0, 0, -0.04), cloth, 0.022),
            box((0.25, 0.18, 0.04), (0.005, 0.0, 0.005), cloth, 0.018),
        ],
    )


def notebook(c: Chance, p: Palette) -> Prop:
    """An open pad, page up, top towards +y."""
    w, h = c.between(0.21, 0.25), c.between(0.28, 0.32)
    page, back = p.add("f6f3e8", "ruled"), p.one_of("a8483c 3d5a8a d0a030 4a7a5a 6a4a7a 2c2f38")
    sheet = quad([(-w / 2, -h / 2, 0.012), (w / 2, -h / 2, 0.012), (w / 2, h / 2, 0.012), (-w / 2, h / 2, 0.012)], page)
    return Prop(
        "paper/notebook",
        [
            box((w, h, 0.022), (0, 0, -0.012), back, 0.004),
            sheet,
            box((w, 0.03, 0.026), (0, h / 2 - 0.015, -0.012), back, 0.004),
        ],
    )


@lru_cache(maxsize=64)  # a book is mostly as open as it was
def book_mesh(cover: int, page: int, opening: float, size: tuple[float, float] = (0.18, 0.25)) -> Mesh:
    """Spine along y, pages towards z. opening 0 = closed (both halves upright), 1 = nearly flat."""
    halves, (width, height) = [], size
    for side in (-1, 1):
        hinge = turn_y(-side * ((1 - opening) * np.pi / 2 + opening * 0.25))
        for lift, thick, shrink, material in ((-0.024, 0.008, 1, cover), (-0.016, 0.016, 0.94, page)):
            half = box((width * shrink, height * shrink, thick), (side * width / 2, 0, lift), material, 0.002)
            half.uv[:] = half.vertices[:, :2] / (2 * width, height) + 0.5
            halves.append(half.moved(hinge))
    return join(halves)


def laptop(c: Chance, p: Palette) -> Prop:
    """Centred on the middle of its base, user at -y; the lid turns up round the far edge."""
    shell = p.one_of("1f2126 b8bcc2 5a5f68 8f959c d8d4cc 3a3f4a", shine=0.35, sharpness=60)
    keys, screen = p.add("2a2c30", "tiles", repeat=2), p.add("d8e2f0", "screen", glow=0.8)
    w, d = c.between(0.36, 0.40), c.between(0.25, 0.28)
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
