"""Furniture and things: each prop is one function that returns pieces round the origin.

Furniture stands on the floor or hangs on a wall, its back to y = 0 and its front towards +y. Things that a hand can take
are centred on the origin and slightly enlarged, so that they stay visible in a small picture.
Knows shapes and materials; nothing of rooms, people or labels' meaning.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ag_core.world.chance import Chance
from ag_core.world.mesh import Mesh, box, ellipsoid, grid, join, lathe, quad, tube, turn_x, turn_y, turn_z
from ag_core.world.textures import Palette


@dataclass(frozen=True)
class Hinge:
    """A part that turns. origin [3]; axis 'x' or 'z'; angle in radians when fully open; handle [3] on the closed part."""

    pieces: list[Mesh]
    origin: NDArray
    axis: str
    angle: float
    handle: NDArray
    starts_open: float = 0.0

    def rotation(self, openness: float) -> NDArray:
        """Rotation [3,3] at `openness` 0 to 1."""
        return (turn_x if self.axis == "x" else turn_z)(self.angle * openness)


@dataclass(frozen=True)
class Prop:
    """A labelled object. name: its class; pieces: meshes, each with its own collision box; hinge: what turns."""

    name: str
    pieces: list[Mesh]
    hinge: Hinge | None = None


def bounds(pieces: list[Mesh]) -> NDArray:
    """Collision boxes [K,2,3] of pieces: lowest and highest corner of each."""
    return np.array([(p.vertices.min(0), p.vertices.max(0)) for p in pieces], float)


def footprint(prop: Prop) -> tuple[NDArray, NDArray]:
    """Lowest and highest corner [3] of a whole prop in its own frame."""
    corners = bounds(prop.pieces + (prop.hinge.pieces if prop.hinge else []))
    return corners[:, 0].min(0), corners[:, 1].max(0)


def legs(half_x: float, half_y: float, height: float, thick: float, material: int) -> list[Mesh]:
    return [box((thick, thick, height), (x, y, 0), material) for x in (-half_x, half_x) for y in (-half_y, half_y)]


def moved(pieces: list[Mesh], offset: ArrayLike, turned: float = 0) -> list[Mesh]:
    return [p.moved(turn_z(turned), offset) for p in pieces]


# ------------------------------------------------------------------ furniture


def table(c: Chance, wood: int, length: float, depth: float, height: float) -> Prop:
    """Centred on the origin."""
    thick, leg = c.between(0.03, 0.06), c.between(0.045, 0.085)
    top = box((length, depth, thick), (0, 0, height - thick), wood, 0.012)
    if c.happens(0.3) and length < 0.8:
        return Prop("table", [top, tube([(0, 0, 0.03), (0, 0, height - thick)], [0.05, 0.04], wood, 10),
                              lathe([(0.001, 0), (0.24, 0), (0.22, 0.03), (0.001, 0.05)], wood)])  # fmt: skip
    apron = box((length - 0.14, depth - 0.14, 0.06), (0, 0, height - thick - 0.06), wood)
    return Prop("table", [top, apron, *legs(length / 2 - 0.07, depth / 2 - 0.06, height - thick, leg, wood)])


def chair(c: Chance, wood: int, cloth: int) -> Prop:
    """Faces +y, seat at 0.48 m, centred on the origin."""
    tall, style = c.between(0.36, 0.52), c.one_of(["rails", "panel", "slats", "round", "rails", "panel"])
    half = c.between(0.19, 0.22)
    posts = [box((0.035, 0.035, tall), (x, -0.18, 0.46), wood) for x in (-half + 0.02, half - 0.02)]
    if style == "panel":
        back = [box((2 * half - 0.04, 0.025, tall * 0.6), (0, -0.185, 0.46 + tall * 0.38), cloth, 0.012)]
    elif style == "slats":
        back = [
            box((0.03, 0.02, tall - 0.06), (x, -0.185, 0.47), wood) for x in np.linspace(-half + 0.07, half - 0.07, 4)
        ]
        back.append(box((2 * half, 0.03, 0.06), (0, -0.185, 0.42 + tall), wood))
    else:
        back = [box((2 * half - 0.05, 0.025, 0.09), (0, -0.185, z), wood) for z in (0.64, 0.40 + tall)]
    seat = [
        box((2 * half, 0.42, 0.035), (0, 0, 0.435), wood),
        box((2 * half - 0.04, 0.38, 0.03), (0, 0, 0.455), cloth, 0.014),
    ]
    return Prop("chair", [*seat, *back, *posts, *legs(half - 0.03, 0.18, 0.44, 0.035, wood)])


def sofa(c: Chance, cloth: int, cushion: int, wood: int, length: float) -> Prop:
    """Back at y = 0, seat at 0.44 m."""
    arm, tall = c.between(0.12, 0.22), c.between(0.72, 0.90)
    inner = length - 2 * arm
    pieces = [
        box((length, 0.80, 0.24), (0, 0.42, 0.07), cloth, 0.03),
        box((length, 0.22, tall - 0.1), (0, 0.12, 0.1), cloth, 0.06),
    ]
    pieces += [box((inner / 2 - 0.01, 0.58, 0.15), (s * inner / 4, 0.52, 0.29), cushion, 0.05) for s in (-1, 1)]
    pieces += [
        box((arm, 0.82, c.between(0.5, 0.62)), (s * (length - arm) / 2, 0.42, 0.07), cloth, 0.05) for s in (-1, 1)
    ]
    return Prop("sofa/couch", pieces + moved(legs(length / 2 - 0.08, 0.3, 0.08, 0.05, wood), (0, 0.42, 0)))


def bed(c: Chance, wood: int, sheet: int, cover: int, white: int, head: int) -> Prop:
    """Long side along x, headboard at the end `head` (-1 or 1), back at y = 0; top at 0.5 m."""
    length, width = 1.9, 1.1
    y = width / 2 + 0.03
    pieces = [
        box((length, width, 0.22), (0, y, 0.10), wood, 0.02),
        box((length - 0.04, width - 0.04, 0.18), (0, y, 0.31), sheet, 0.06),
    ]
    pieces.append(box((length * 0.66, width + 0.03, 0.12), (-head * length * 0.165, y, 0.39), cover, 0.05))
    pieces.append(box((0.06, width, c.between(0.8, 1.1)), (head * (length / 2 - 0.01), y, 0), wood, 0.02))
    return Prop("bed", pieces)


def shelf(c: Chance, wood: int, trinkets: list[int], height: float, width: float) -> Prop:
    """A bookcase, back at y = 0, open towards +y, with a free board at 1.0 m height and one on top of low ones."""
    depth, pieces = 0.30, []
    for side in (-1, 1):
        pieces.append(box((0.03, depth, height), (side * (width / 2 - 0.015), depth / 2 + 0.01, 0), wood, 0.005))
    boards = [0.08, 0.52, 0.96] + ([1.40] if height > 1.7 else []) + [height - 0.03]
    pieces += [box((width - 0.04, depth, 0.025), (0, depth / 2 + 0.01, z), wood, 0.005) for z in boards]
    pieces.append(box((width - 0.04, 0.015, height - 0.06), (0, 0.012, 0.05), wood, 0.004))
    for z in boards[:-1]:
        if abs(z - 0.96) < 0.01:
            continue
        x = -width / 2 + 0.06
        while x < width / 2 - 0.12:
            thick, tall = c.uniform(0.03, 0.06), c.uniform(0.16, 0.27)
            if c.happens(0.75):
                pieces.append(
                    box(
                        (thick, c.uniform(0.14, 0.2), tall), (x + thick / 2, 0.16, z + 0.025), c.any_of(trinkets), 0.004
                    )
                )
            x += thick + 0.008
    return Prop("shelf", pieces)


def television(c: Chance, black: int, screen: int, wood: int) -> list[Prop]:
    """The set on its stand, facing +y; the stand is part of the television's furniture but has no label."""
    w, h = c.between(0.85, 1.1), c.between(0.50, 0.62)
    z = 0.5
    glass = quad([(w / 2 - 0.02, 0.182, z + 0.1), (-w / 2 + 0.02, 0.182, z + 0.1),
                  (-w / 2 + 0.02, 0.182, z + 0.05 + h), (w / 2 - 0.02, 0.182, z + 0.05 + h)], screen,
                 ((1, 0), (0, 0), (0, 1), (1, 1)))  # fmt: skip
    tv = [box((w, 0.05, h), (0, 0.155, z + 0.075), black, 0.01), glass, box((0.3, 0.2, 0.015), (0, 0.16, z), black, 0.004),
          box((0.06, 0.04, 0.1), (0, 0.15, z), black)]  # fmt: skip
    stand = [
        box((w + 0.15, 0.36, z - 0.06), (0, 0.18, 0.06), wood, 0.01),
        box((w * 0.9, 0.3, 0.06), (0, 0.18, 0), black),
    ]
    return [Prop("television", tv), Prop("", stand)]


def floor_lamp(c: Chance, metal: int, shade: int) -> Prop:
    tall = c.between(1.35, 1.65)
    top, low = c.between(0.10, 0.16), c.between(0.17, 0.24)
    return Prop("light", [lathe([(0.001, 0), (0.14, 0), (0.13, 0.03), (0.001, 0.035)], metal),
                          tube([(0, 0, 0.03), (0, 0, tall)], [0.014, 0.014], metal, 8),
                          lathe([(low, tall - 0.18), (top, tall + 0.08), (0.001, tall + 0.08)], shade, 18, True)])  # fmt: skip


def window(frame: int, view: int, cloth: int, half: float) -> Prop:
    """In a wall facing +y, sill at 0.95 m, with curtains."""
    pane = quad([(half, 0.005, 0.95), (-half, 0.005, 0.95), (-half, 0.005, 2.05), (half, 0.005, 2.05)], view)
    posts = [box((0.05, 0.07, 1.14), (x, 0.03, 0.93), frame) for x in (-half, 0, half)]
    bars = [box((2 * half + 0.1, 0.07, 0.05), (0, 0.03, z), frame) for z in (0.93, 1.48, 2.03)]
    return Prop("window", [pane, box((2 * half + 0.2, 0.16, 0.035), (0, 0.08, 0.9), frame), *posts, *bars])


def curtains(cloth: int, half: float, low: float) -> Prop:
    sheets = []
    for side in (-1, 1):
        x, z = np.meshgrid(np.linspace(-0.16, 0.16, 25), np.linspace(low, 2.2, 5))
        points = np.stack([x + side * (half + 0.14), 0.10 + 0.03 * np.sin(75 * x), z], -1)
        sheets.append(grid(points, cloth, closed=False, two_sided=True))
    return Prop("", sheets)


def door(panel: int, frame: int, dark: int, hinge_side: int) -> Prop:
    """In a wall facing +y; the panel opens into the room round the hinge side (-1 left, 1 right)."""
    around = [box((0.07, 0.06, 2.08), (x, 0.03, 0), frame) for x in (-0.46, 0.46)] + [
        box((0.99, 0.06, 0.07), (0, 0.03, 2.05), frame)
    ]
    hole = quad([(0.43, 0.004, 0), (-0.43, 0.004, 0), (-0.43, 0.004, 2.05), (0.43, 0.004, 2.05)], dark)
    leaf = [box((0.84, 0.035, 2.03), (-hinge_side * 0.42, 0, 0.01), panel, 0.006)]
    for x in (-0.2, 0.2):
        leaf += [
            box((0.27, 0.02, h), (-hinge_side * 0.42 + x, 0.018, z), panel, 0.01)
            for z, h in ((0.15, 0.75), (1.05, 0.8))
        ]
    handle = np.array([-hinge_side * 0.75, 0.09, 1.0])
    return Prop(
        "door", [*around, hole], Hinge(leaf, np.array([hinge_side * 0.42, 0.03, 0]), "z", -hinge_side * 0.95, handle)
    )


def doorknob(metal: int) -> Prop:
    """Centred where the neck leaves the door, towards +y."""
    return Prop(
        "doorknob",
        [
            join(
                [
                    tube([(0, -0.04, 0), (0, 0.01, 0)], [0.02, 0.02], metal, 8),
                    ellipsoid((0.055, 0.04, 0.055), (0, 0.02, 0), metal, 9),
                ]
            )
        ],
    )


def cabinet(c: Chance, wood: int, inside: int, metal: int, hinge_side: int, height: float, width: float = 0.8) -> Prop:
    """A closet, back at y = 0, one leaf that opens towards +y, the other fixed."""
    depth = 0.42
    body = [box((width, 0.02, height), (0, 0.01, 0), inside, 0.004), box((width, depth, 0.04), (0, depth / 2, height - 0.04), wood, 0.006),
            box((width, depth, 0.08), (0, depth / 2, 0), wood, 0.006),
            *[box((0.025, depth, height), (s * (width / 2 - 0.012), depth / 2, 0), wood, 0.005) for s in (-1, 1)],
            box((width - 0.05, depth - 0.05, 0.02), (0, depth / 2, height / 2), inside, 0.004)]  # fmt: skip
    half = width / 2 - 0.005
    body.append(box((half - 0.01, 0.02, height - 0.12), (-hinge_side * half / 2, depth, 0.08), wood, 0.005))
    leaf = [box((half, 0.022, height - 0.12), (-hinge_side * half / 2, 0, 0.08), wood, 0.005),
            tube([(-hinge_side * (half - 0.05), 0.035, height * 0.5), (-hinge_side * (half - 0.05), 0.035, height * 0.5 + 0.16)], [0.014, 0.014], metal, 8)]  # fmt: skip
    handle = np.array([-hinge_side * (half - 0.05), 0.05, height * 0.5 + 0.08])
    return Prop(
        "closet/cabinet", body, Hinge(leaf, np.array([hinge_side * half, depth, 0]), "z", -hinge_side * 1.5, handle)
    )


def refrigerator(c: Chance, white: int, inside: int, metal: int, hinge_side: int, things: list[int]) -> Prop:
    """Back at y = 0; the upper, larger leaf opens towards +y."""
    w, d, h, split = 0.66, 0.58, c.between(1.55, 1.8), c.between(0.45, 0.62)
    body = [box((w, d - 0.06, split), (0, d / 2 - 0.03, 0.0), white, 0.012), box((w, 0.05, h - split), (0, 0.025, split), inside, 0.006),
            box((w, d - 0.06, 0.05), (0, d / 2 - 0.03, h - 0.05), white, 0.01),
            *[box((0.05, d - 0.06, h - split), (s * (w / 2 - 0.025), d / 2 - 0.03, split), white, 0.008) for s in (-1, 1)],
            *[box((w - 0.1, d - 0.12, 0.015), (0, d / 2 - 0.05, z), inside, 0.003) for z in (split + 0.32, split + 0.65)],
            box((w - 0.01, 0.05, split - 0.04), (0, d - 0.03, 0.03), white, 0.012)]  # fmt: skip
    for z in (split + 0.02, split + 0.335, split + 0.665):
        body += [box((0.1, 0.1, c.uniform(0.1, 0.2)), (x, 0.3, z), c.any_of(things), 0.02) for x in (-0.18, 0.0, 0.17)]
    leaf = [box((w - 0.01, 0.05, h - split - 0.01), (-hinge_side * (w / 2 - 0.005), 0, split + 0.01), white, 0.012),
            tube([(-hinge_side * (w - 0.08), 0.055, split + 0.1), (-hinge_side * (w - 0.08), 0.055, split + 0.5)], [0.016, 0.016], metal, 8)]  # fmt: skip
    handle = np.array([-hinge_side * (w - 0.08), 0.07, split + 0.35])
    return Prop(
        "refrigerator",
        body,
        Hinge(leaf, np.array([hinge_side * (w / 2 - 0.005), d - 0.03, 0]), "z", -hinge_side * 1.25, handle),
    )


def counter(c: Chance, wood: int, stone: int, metal: int, length: float) -> Prop:
    """A kitchen worktop over cupboards, back at y = 0, top at 0.9 m; unlabelled."""
    pieces = [box((length, 0.56, 0.8), (0, 0.28, 0.06), wood, 0.006), box((length + 0.02, 0.6, 0.04), (0, 0.3, 0.86), stone, 0.008),
              box((length, 0.5, 0.06), (0, 0.26, 0), metal)]  # fmt: skip
    n = max(2, round(length / 0.45))
    for i in range(n):
        x = (i + 0.5) / n * length - length / 2
        pieces.append(box((length / n - 0.02, 0.02, 0.68), (x, 0.565, 0.14), wood, 0.006))
        pieces.append(box((0.10, 0.02, 0.015), (x, 0.585, 0.74), metal, 0.004))
    return Prop("", pieces)


def framed_picture(wood: int, image: int, w: float, h: float) -> Prop:
    """Hangs on a wall facing +y, its middle at the origin."""
    x, z = w / 2 - 0.04, h / 2 - 0.04
    canvas = quad(
        [(x, 0.038, -z), (-x, 0.038, -z), (-x, 0.038, z), (x, 0.038, z)], image, ((1, 0), (0, 0), (0, 1), (1, 1))
    )
    return Prop("picture", [box((w, 0.03, h), (0, 0.02, -h / 2), wood, 0.01), canvas])


def plant(pot: int, leaf: int, random: np.random.Generator) -> Prop:
    leaves, s = [], np.linspace(0, 1, 6)[:, None]
    for _ in range(13):
        angle, spread, size = random.uniform(0, 6.28), random.uniform(0.3, 0.8), random.uniform(0.4, 0.6)
        outwards = np.array([np.cos(angle), np.sin(angle), 0])
        path = (0, 0, 0.3) + outwards * s * spread * size + np.array([0, 0, 1]) * s * size * (1.2 - spread * s * 0.8)
        widths = [(0.008, 0.004), (0.03, 0.005), (0.042, 0.005), (0.04, 0.005), (0.025, 0.004), (0.004, 0.003)]
        leaves.append(tube(path, widths, leaf, 6, np.cross(outwards, (0, 0, 1))))
    return Prop("", [lathe([(0.001, 0), (0.12, 0), (0.16, 0.28), (0.14, 0.28), (0.001, 0.25)], pot), join(leaves)])


# ------------------------------------------------------------------ things that a hand can take, centred on the origin


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
        return Prop("food", [lathe([(0.001, -0.06), (0.05, -0.06), (0.065, 0.01)], p.add("e6d6b8", "stripes", repeat=3), 16),
                             ellipsoid((0.075, 0.075, 0.055), (0, 0, 0.015), skin, 10, 0.9)])  # fmt: skip
    return Prop("food", [ellipsoid((0.066, 0.066, 0.062 if kind != "pear" else 0.075), (0, 0, 0), skin, 12),
                         tube([(0, 0, 0.055), (0.008, 0, 0.085)], [0.006, 0.005], stalk, 6)])  # fmt: skip


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
    glass = quad([(-w / 2 + 0.015, -d + 0.015, -0.001), (-w / 2 + 0.015, -0.02, -0.001), (w / 2 - 0.015, -0.02, -0.001), (w / 2 - 0.015, -d + 0.015, -0.001)], screen,
                 ((0, 1), (0, 0), (1, 0), (1, 1)))  # fmt: skip
    lid = [box((w, d, 0.012), (0, -d / 2, 0), shell, 0.004), glass]
    hinge = Hinge(lid, np.array([0, d / 2 - 0.004, 0.013]), "x", -1.85, np.array([0, -d + 0.01, 0.01]))
    return Prop("laptop", [box((w, d, 0.022), (0, 0, -0.011), shell, 0.005), board], hinge)
