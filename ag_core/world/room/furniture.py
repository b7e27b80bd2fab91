"""Furniture: each piece is one function that returns a prop round the origin.

Furniture stands on the floor or hangs on a wall, its back to y = 0 and its front towards +y; `objects` has what a hand
can take. Knows shapes and materials; nothing of rooms, people or labels' meaning.
"""

import numpy as np

from ag_core.world.objects.props import Hinge, Prop, move_pieces
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import Mesh, box, ellipsoid, grid, join, lathe, quad, tube

SOFA_ARM = 0.16  # metres


def build_legs(half_x: float, half_y: float, height: float, thick: float, material: int) -> list[Mesh]:
    return [box((thick, thick, height), (x, y, 0), material) for x in (-half_x, half_x) for y in (-half_y, half_y)]


def build_table(c: RandomStream, wood: int, length: float, depth: float, height: float) -> Prop:
    """Centred on the origin."""
    thick, leg = c.split_uniform(0.03, 0.06), c.split_uniform(0.045, 0.085)
    top = box((length, depth, thick), (0, 0, height - thick), wood, 0.012)
    if c.bernoulli(0.3) and length < 0.8:
        return Prop(
            "table",
            [
                top,
                tube([(0, 0, 0.03), (0, 0, height - thick)], [0.05, 0.04], wood, 10),
                lathe([(0.001, 0), (0.24, 0), (0.22, 0.03), (0.001, 0.05)], wood),
            ],
        )
    apron = box((length - 0.14, depth - 0.14, 0.06), (0, 0, height - thick - 0.06), wood)
    return Prop("table", [top, apron, *build_legs(length / 2 - 0.07, depth / 2 - 0.06, height - thick, leg, wood)])


def build_chair(c: RandomStream, wood: int, cloth: int) -> Prop:
    """Faces +y, seat at 0.48 m, centred on the origin."""
    tall, style = c.split_uniform(0.36, 0.52), c.split_choice(["rails", "panel", "slats", "round", "rails", "panel"])
    half = c.split_uniform(0.19, 0.22)
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
    return Prop("chair", [*seat, *back, *posts, *build_legs(half - 0.03, 0.18, 0.44, 0.035, wood)])


def build_sofa(c: RandomStream, cloth: int, cushion: int, wood: int, length: float, arms: tuple[int, ...]) -> Prop:
    """Back at y = 0, seat at 0.44 m; arms: the ends, -1 or 1, that have one."""
    arm, tall = SOFA_ARM, c.split_uniform(0.72, 0.90)
    low, high = (s * (length / 2 - (arm if s in arms else 0.02)) for s in (-1, 1))
    half = (high - low) / 2
    pieces = [
        box((length, 0.80, 0.24), (0, 0.42, 0.07), cloth, 0.03),
        box((length, 0.22, tall - 0.1), (0, 0.12, 0.1), cloth, 0.06),
    ]
    pieces += [box((half - 0.01, 0.58, 0.15), (low + half * (k + 0.5), 0.52, 0.29), cushion, 0.05) for k in (0, 1)]
    rest = c.split_uniform(0.5, 0.62)
    pieces += [box((arm, 0.82, rest), (s * (length - arm) / 2, 0.42, 0.07), cloth, 0.05) for s in arms]
    return Prop("sofa/couch", pieces + move_pieces(build_legs(length / 2 - 0.08, 0.3, 0.08, 0.05, wood), (0, 0.42, 0)))


def build_bed(c: RandomStream, wood: int, sheet: int, cover: int, white: int, head: int) -> Prop:
    """Long side along x, headboard at the end `head` (-1 or 1), back at y = 0; top at 0.5 m."""
    length, width = 1.9, 1.1
    y = width / 2 + 0.03
    pieces = [
        box((length, width, 0.22), (0, y, 0.10), wood, 0.02),
        box((length - 0.04, width - 0.04, 0.18), (0, y, 0.31), sheet, 0.06),
    ]
    pieces.append(box((length * 0.66, width + 0.03, 0.12), (-head * length * 0.165, y, 0.39), cover, 0.05))
    pieces.append(box((0.06, width, c.split_uniform(0.8, 1.1)), (head * (length / 2 - 0.01), y, 0), wood, 0.02))
    return Prop("bed", pieces)


def build_shelf(c: RandomStream, wood: int, trinkets: list[int], height: float, width: float) -> Prop:
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
            if c.bernoulli(0.75):
                pieces.append(
                    box(
                        (thick, c.uniform(0.14, 0.2), tall), (x + thick / 2, 0.16, z + 0.025), c.choice(trinkets), 0.004
                    )
                )
            x += thick + 0.008
    return Prop("shelf", pieces)


def build_television(c: RandomStream, black: int, screen: int, wood: int) -> list[Prop]:
    """The set on its stand, facing +y; the stand is part of the television's furniture but has no label."""
    w, h = c.split_uniform(0.85, 1.1), c.split_uniform(0.50, 0.62)
    z = 0.5
    glass = quad(
        [
            (w / 2 - 0.02, 0.182, z + 0.1),
            (-w / 2 + 0.02, 0.182, z + 0.1),
            (-w / 2 + 0.02, 0.182, z + 0.05 + h),
            (w / 2 - 0.02, 0.182, z + 0.05 + h),
        ],
        screen,
        ((1, 0), (0, 0), (0, 1), (1, 1)),
    )
    tv = [
        box((w, 0.05, h), (0, 0.155, z + 0.075), black, 0.01),
        glass,
        box((0.3, 0.2, 0.015), (0, 0.16, z), black, 0.004),
        box((0.06, 0.04, 0.1), (0, 0.15, z), black),
    ]
    stand = [
        box((w + 0.15, 0.36, z - 0.06), (0, 0.18, 0.06), wood, 0.01),
        box((w * 0.9, 0.3, 0.06), (0, 0.18, 0), black),
    ]
    return [Prop("television", tv), Prop("", stand)]


def build_floor_lamp(c: RandomStream, metal: int, shade: int) -> Prop:
    tall = c.split_uniform(1.35, 1.65)
    top, low = c.split_uniform(0.10, 0.16), c.split_uniform(0.17, 0.24)
    return Prop(
        "light",
        [
            lathe([(0.001, 0), (0.14, 0), (0.13, 0.03), (0.001, 0.035)], metal),
            tube([(0, 0, 0.03), (0, 0, tall)], [0.014, 0.014], metal, 8),
            lathe([(low, tall - 0.18), (top, tall + 0.08), (0.001, tall + 0.08)], shade, 18, True),
        ],
    )


def build_curtains(cloth: int, half: float, low: float) -> Prop:
    sheets = []
    for side in (-1, 1):
        x, z = np.meshgrid(np.linspace(-0.16, 0.16, 25), np.linspace(low, 2.2, 5))
        points = np.stack([x + side * (half + 0.14), 0.10 + 0.03 * np.sin(75 * x), z], -1)
        sheets.append(grid(points, cloth, closed=False, two_sided=True))
    return Prop("", sheets)


def build_door(panel: int, frame: int, dark: int, hinge_side: int) -> Prop:
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


def build_doorknob(metal: int) -> Prop:
    """Centred where the neck leaves the door, towards +y."""
    return Prop(
        "doorknob",
        [
            join(
                [
                    tube([(0, -0.04, 0), (0, 0.01, 0)], [0.03, 0.03], metal, 8),
                    ellipsoid((0.082, 0.055, 0.082), (0, 0.035, 0), metal, 9),
                ]
            )
        ],
    )


def build_cabinet(
    c: RandomStream, wood: int, inside: int, metal: int, hinge_side: int, height: float, width: float = 0.8
) -> Prop:
    """A closet, back at y = 0, one leaf that opens towards +y, the other fixed."""
    depth = 0.42
    body = [
        box((width, 0.02, height), (0, 0.01, 0), inside, 0.004),
        box((width, depth, 0.04), (0, depth / 2, height - 0.04), wood, 0.006),
        box((width, depth, 0.08), (0, depth / 2, 0), wood, 0.006),
        *[box((0.025, depth, height), (s * (width / 2 - 0.012), depth / 2, 0), wood, 0.005) for s in (-1, 1)],
        box((width - 0.05, depth - 0.05, 0.02), (0, depth / 2, height / 2), inside, 0.004),
    ]
    half = width / 2 - 0.005
    body.append(box((half - 0.01, 0.02, height - 0.12), (-hinge_side * half / 2, depth, 0.08), wood, 0.005))
    leaf = [
        box((half, 0.022, height - 0.12), (-hinge_side * half / 2, 0, 0.08), wood, 0.005),
        tube(
            [
                (-hinge_side * (half - 0.05), 0.035, height * 0.5),
                (-hinge_side * (half - 0.05), 0.035, height * 0.5 + 0.16),
            ],
            [0.014, 0.014],
            metal,
            8,
        ),
    ]
    handle = np.array([-hinge_side * (half - 0.05), 0.05, height * 0.5 + 0.08])
    return Prop(
        "closet/cabinet", body, Hinge(leaf, np.array([hinge_side * half, depth, 0]), "z", -hinge_side * 1.5, handle)
    )


def build_refrigerator(c: RandomStream, white: int, inside: int, metal: int, hinge_side: int, items: list[int]) -> Prop:
    """Back at y = 0; the upper, larger leaf opens towards +y."""
    w, d, h, split = 0.66, 0.58, c.split_uniform(1.55, 1.8), c.split_uniform(0.45, 0.62)
    body = [
        box((w, d - 0.06, split), (0, d / 2 - 0.03, 0.0), white, 0.012),
        box((w - 0.03, 0.05, h - split - 0.02), (0, 0.025, split + 0.01), inside, 0.006),
        box((w, d - 0.06, 0.05), (0, d / 2 - 0.03, h - 0.05), white, 0.01),
        *[box((0.05, d - 0.06, h - split), (s * (w / 2 - 0.025), d / 2 - 0.03, split), white, 0.008) for s in (-1, 1)],
        *[box((w - 0.1, d - 0.12, 0.015), (0, d / 2 - 0.05, z), inside, 0.003) for z in (split + 0.32, split + 0.65)],
        box((w - 0.01, 0.05, split - 0.04), (0, d - 0.03, 0.03), white, 0.012),
    ]
    for z in (split + 0.02, split + 0.335, split + 0.665):
        body += [box((0.1, 0.1, c.uniform(0.1, 0.2)), (x, 0.3, z), c.choice(items), 0.02) for x in (-0.18, 0.0, 0.17)]
    leaf = [
        box((w - 0.01, 0.05, h - split - 0.01), (-hinge_side * (w / 2 - 0.005), 0, split + 0.01), white, 0.012),
        tube(
            [(-hinge_side * (w - 0.08), 0.055, split + 0.1), (-hinge_side * (w - 0.08), 0.055, split + 0.5)],
            [0.016, 0.016],
            metal,
            8,
        ),
    ]
    handle = np.array([-hinge_side * (w - 0.08), 0.07, split + 0.35])
    return Prop(
        "refrigerator",
        body,
        Hinge(leaf, np.array([hinge_side * (w / 2 - 0.005), d - 0.03, 0]), "z", -hinge_side * 1.25, handle),
    )


def build_counter(c: RandomStream, wood: int, stone: int, metal: int, length: float) -> Prop:
    """A kitchen worktop over cupboards, back at y = 0, top at 0.9 m; unlabelled."""
    pieces = [
        box((length, 0.56, 0.8), (0, 0.28, 0.06), wood, 0.006),
        box((length + 0.02, 0.6, 0.04), (0, 0.3, 0.86), stone, 0.008),
        box((length, 0.5, 0.06), (0, 0.26, 0), metal),
    ]
    n = max(2, round(length / 0.45))
    for i in range(n):
        x = (i + 0.5) / n * length - length / 2
        pieces.append(box((length / n - 0.02, 0.02, 0.68), (x, 0.565, 0.14), wood, 0.006))
        pieces.append(box((0.10, 0.02, 0.015), (x, 0.585, 0.74), metal, 0.004))
    return Prop("", pieces)


def build_framed_picture(wood: int, image: int, w: float, h: float) -> Prop:
    """Hangs on a wall facing +y, its middle at the origin."""
    x, z = w / 2 - 0.04, h / 2 - 0.04
    canvas = quad(
        [(x, 0.038, -z), (-x, 0.038, -z), (-x, 0.038, z), (x, 0.038, z)], image, ((1, 0), (0, 0), (0, 1), (1, 1))
    )
    return Prop("picture", [box((w, 0.03, h), (0, 0.02, -h / 2), wood, 0.01), canvas])


def build_plant(pot: int, leaf: int, random: np.random.Generator) -> Prop:
    leaves, s = [], np.linspace(0, 1, 6)[:, None]
    for _ in range(13):
        angle, spread, size = random.uniform(0, 6.28), random.uniform(0.3, 0.8), random.uniform(0.4, 0.6)
        outwards = np.array([np.cos(angle), np.sin(angle), 0])
        path = (0, 0, 0.3) + outwards * s * spread * size + np.array([0, 0, 1]) * s * size * (1.2 - spread * s * 0.8)
        widths = [(0.008, 0.004), (0.03, 0.005), (0.042, 0.005), (0.04, 0.005), (0.025, 0.004), (0.004, 0.003)]
        leaves.append(tube(path, widths, leaf, 6, np.cross(outwards, (0, 0, 1))))
    return Prop("", [lathe([(0.001, 0), (0.12, 0), (0.16, 0.28), (0.14, 0.28), (0.001, 0.25)], pot), join(leaves)])
