"""What is built in or hangs on walls, and what makes a room look lived in; each a function that returns pieces.

As in `props.py`, whose furniture these join: the back at y = 0, the front towards +y, standing on the floor or, for
what hangs, round its middle. A name only where the class is labelled.
"""

import numpy as np

from ag_core.world.objects.props import Hinge, Prop, move_pieces
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import Mesh, box, ellipsoid, join, lathe, quad, tube
from ag_core.world.room.furniture import build_legs

FACING = ((1, 0), (0, 0), (0, 1), (1, 1))  # texture corners of a picture on a wall facing +y

# ------------------------------------------------------------------ in and on walls


def build_doorway(frame: int, width: float, height: float, thick: float) -> Prop:
    """A frame without a leaf round a hole of width x height metres in a wall `thick` metres deep behind y = 0."""
    middle = 0.025 - thick / 2
    posts = [box((0.07, thick + 0.05, height), (s * (width / 2 + 0.035), middle, 0), frame) for s in (-1, 1)]
    return Prop("doorway", [*posts, box((width + 0.14, thick + 0.05, 0.07), (0, middle, height), frame)])


def build_window(frame: int, view: int, metal: int, half: float, hinge_side: int) -> Prop:
    """In a wall facing +y, sill at 0.95 m; the sash at `hinge_side` (-1 left, 1 right) opens into the room."""
    low, high, middle = 0.95, 2.05, 0.5

    def pane(x0: float, x1: float, y: float, shift: float = 0.0) -> Mesh:
        u0, u1 = ((half - x) / (2 * half) for x in (x0 + shift, x1 + shift))
        corners = [(x1, y, low), (x0, y, low), (x0, y, high), (x1, y, high)]
        return quad(corners, view, ((1 - u1, 0), (1 - u0, 0), (1 - u0, 1), (1 - u1, 1)))

    posts = [box((0.05, 0.07, 1.14), (x, 0.03, 0.93), frame) for x in (-half, 0, half)]
    bars = [box((2 * half + 0.1, 0.07, 0.05), (0, 0.03, z), frame) for z in (0.93, 2.03)]
    fixed_x = -hinge_side * middle * half
    bars.append(box((half, 0.05, 0.04), (fixed_x, 0.03, 1.48), frame))
    sill = box((2 * half + 0.2, 0.16, 0.035), (0, 0.08, 0.9), frame)
    span = half - 0.03
    x0, x1 = (-span, 0.0) if hinge_side > 0 else (0.0, span)
    rim = [box((0.045, 0.03, high - low - 0.02), (x, 0, low + 0.01), frame) for x in (x0 + 0.022, x1 - 0.022)]
    rim += [box((span, 0.03, 0.045), ((x0 + x1) / 2, 0, z), frame) for z in (low + 0.01, high - 0.055)]
    glass = pane(x0, x1, 0.002, hinge_side * half)
    back = quad([(x0, -0.002, low), (x1, -0.002, low), (x1, -0.002, high), (x0, -0.002, high)], view)
    grip = np.array([-hinge_side * (span - 0.03), 0.0, 1.35])
    lever = [
        box((0.03, 0.03, 0.10), np.add(grip, (0, 0.025, -0.04)), metal, 0.006),
        box((0.024, 0.03, 0.17), np.add(grip, (0, 0.05, -0.12)), metal, 0.01),
    ]
    hinge = Hinge(
        [*rim, glass, back, *lever],
        np.array([hinge_side * span, 0.075, 0]),
        "z",
        -hinge_side * 1.15,
        np.add(grip, (0, 0.06, -0.05)),
    )
    return Prop("window", [pane(-half, half, 0.005), sill, *posts, *bars], hinge)


def build_mirror(frame: int, glass: int, w: float, h: float, round_frame: bool) -> Prop:
    """Hangs on a wall facing +y, its middle at the origin."""
    if round_frame:
        radius = min(w, h) / 2
        angle = np.linspace(0, 2 * np.pi, 25)
        ring = np.stack([radius * np.cos(angle), np.full(25, 0.03), radius * np.sin(angle)], -1)
        rim = tube(ring, np.full(25, 0.022), frame, 6, across=(0, 1, 0), round_ends=False)
        around = angle[:-1:4] + 0.13
        discs = [
            quad(
                [(0, 0.03, 0), *[(radius * np.cos(a), 0.03, radius * np.sin(a)) for a in (t + 0.53, t, t - 0.53)]],
                glass,
                [(0.5, 0.5), *[(0.5 - 0.5 * np.cos(a), 0.5 + 0.5 * np.sin(a)) for a in (t + 0.53, t, t - 0.53)]],
            )
            for t in around
        ]
        return Prop("mirror", [join([rim, *discs])])
    x, z = w / 2 - 0.03, h / 2 - 0.03
    pane = quad([(x, 0.036, -z), (-x, 0.036, -z), (-x, 0.036, z), (x, 0.036, z)], glass, FACING)
    return Prop("mirror", [box((w, 0.03, h), (0, 0.02, -h / 2), frame, 0.01), pane])


def build_radiator(white: int, length: float) -> Prop:
    """Hangs below a window, 0.10 to 0.65 m high."""
    n = max(4, round(length / 0.11))
    ribs = [
        box((length / n - 0.02, 0.06, 0.52), ((i + 0.5) / n * length - length / 2, 0.07, 0.11), white, 0.02)
        for i in range(n)
    ]
    pipes = [box((length, 0.03, 0.03), (0, 0.07, z), white) for z in (0.13, 0.57)]
    return Prop("", [join([*ribs, *pipes, box((0.03, 0.03, 0.12), (length / 2 - 0.04, 0.07, 0), white)])])


def build_wall_clock(rim: int, face: int, dark: int) -> Prop:
    ring = np.linspace(0, 2 * np.pi, 17)
    edge = np.stack([0.14 * np.cos(ring), np.full(17, 0.02), 0.14 * np.sin(ring)], -1)
    hands = [box((0.012, 0.006, 0.10), (0, 0.042, 0), dark), box((0.07, 0.006, 0.012), (0.035, 0.042, 0), dark)]
    dial = ellipsoid((0.14, 0.012, 0.14), (0, 0.026, 0), face, 8)
    return Prop("", [join([tube(edge, np.full(17, 0.018), rim, 6, across=(0, 1, 0), round_ends=False), dial, *hands])])


def build_wall_cupboard(wood: int, metal: int, length: float) -> Prop:
    """Shut kitchen cupboards, 0.62 m high, their lower edge at the origin."""
    pieces = [box((length, 0.32, 0.62), (0, 0.16, 0), wood, 0.006)]
    n = max(1, round(length / 0.45))
    for i in range(n):
        x = (i + 0.5) / n * length - length / 2
        pieces.append(box((length / n - 0.015, 0.02, 0.60), (x, 0.325, 0.01), wood, 0.005))
        pieces.append(box((0.015, 0.02, 0.10), (x + length / n / 2 - 0.05, 0.345, 0.04), metal, 0.004))
    return Prop("", [join(pieces)])


def build_coat_hooks(wood: int, metal: int, cloth: int, length: float) -> Prop:
    """A board with hooks and a scarf on one of them, its middle at the origin."""
    pieces = [box((length, 0.025, 0.10), (0, 0.015, -0.05), wood, 0.006)]
    hooks = np.linspace(-length / 2 + 0.08, length / 2 - 0.08, 5)
    pieces += [tube([(x, 0.02, 0), (x, 0.08, -0.02), (x, 0.09, 0.02)], [0.009] * 3, metal, 6) for x in hooks]
    x = float(hooks[1])
    scarf = [(x, 0.09, 0.01), (x + 0.01, 0.10, -0.3), (x - 0.01, 0.08, -0.62)]
    pieces.append(tube(scarf, [(0.03, 0.02), (0.05, 0.02), (0.06, 0.015)], cloth, 8))
    return Prop("", [join(pieces)])


def build_tool_board(board: int, metal: int, wood: int, red: int, width: float) -> Prop:
    """A board with a saw, a hammer, spanners and screwdrivers, its middle at the origin; about 0.7 m high."""
    pieces = [box((width, 0.02, 0.70), (0, 0.012, -0.35), board, 0.004)]
    x = -width / 2 + 0.10
    for i in range(int((width - 0.15) / 0.13)):
        z = 0.24
        if i % 3 == 0:  # a hammer
            pieces += [box((0.025, 0.02, 0.26), (x, 0.04, z - 0.28), wood, 0.006)]
            pieces += [box((0.10, 0.03, 0.035), (x, 0.04, z - 0.03), metal, 0.006)]
        elif i % 3 == 1:  # a screwdriver above a spanner
            pieces += [tube([(x, 0.04, z), (x, 0.04, z - 0.09)], [0.016, 0.016], red, 7)]
            pieces += [tube([(x, 0.04, z - 0.09), (x, 0.04, z - 0.22)], [0.006, 0.006], metal, 6)]
            pieces += [box((0.022, 0.012, 0.20), (x, 0.035, z - 0.48), metal, 0.004)]
        else:  # a saw
            pieces += [box((0.08, 0.008, 0.34), (x, 0.03, z - 0.50), metal, 0.002)]
            pieces += [box((0.10, 0.025, 0.12), (x, 0.035, z - 0.16), wood, 0.02)]
        x += 0.13
    return Prop("", [join(pieces)])


def build_towel_rail(metal: int) -> Prop:
    """An empty rail; towels are items of their own."""
    rail = tube(
        [(-0.28, 0.02, 0), (-0.27, 0.08, 0), (0.27, 0.08, 0), (0.28, 0.02, 0)], [0.012] * 4, metal, 7, (0, 0, 1)
    )
    return Prop("", [rail])


# ------------------------------------------------------------------ lamps


def build_table_lamp(c: RandomStream, foot: int, shade: int) -> Prop:
    """On whatever it stands on; about 0.42 m high."""
    fat = c.split_uniform(0.05, 0.085)
    body = lathe([(0.001, 0), (0.07, 0), (fat, 0.06), (0.02, 0.17), (0.012, 0.25), (0.001, 0.25)], foot)
    return Prop(
        "light", [body, lathe([(c.split_uniform(0.12, 0.16), 0.22), (0.09, 0.42), (0.001, 0.42)], shade, 18, True)]
    )


def build_wall_lamp(c: RandomStream, metal: int, shade: int) -> Prop:
    """On a wall facing +y, with its switch below at 1.15 m; the origin is on the floor."""
    low = c.split_uniform(1.68, 1.78)
    return Prop(
        "light",
        [
            box((0.10, 0.02, 0.14), (0, 0.012, low - 0.02), metal, 0.006),
            tube([(0, 0.02, low), (0, 0.13, low), (0, 0.13, low + 0.05)], [0.012] * 3, metal, 7),
            lathe([(0.13, 0.0), (0.08, 0.17), (0.001, 0.17)], shade, 16, True).moved(offset=(0, 0.13, low + 0.02)),
            box((0.012, 0.012, low - 1.2), (0, 0.01, 1.2), metal, 0.003),
            box((0.08, 0.02, 0.11), (0, 0.012, 1.10), metal, 0.006),
            box((0.035, 0.02, 0.05), (0, 0.024, 1.13), metal, 0.006),
        ],
    )


def build_hanging_lamp(c: RandomStream, metal: int, shade: int, ceiling: float) -> Prop:
    """Hangs from the ceiling, its shade round 1.7 m, with a pull cord down to 1.3 m; the origin is on the floor."""
    low, wide = c.split_uniform(1.58, 1.68), c.split_uniform(0.16, 0.22)
    return Prop(
        "light",
        [
            box((0.012, 0.012, ceiling - low - 0.2), (0, 0, low + 0.2), metal, 0.003),
            lathe([(wide, low), (0.06, low + 0.2), (0.001, low + 0.21)], shade, 18, True),
            box((0.008, 0.008, low - 1.28), (0.06, 0, 1.3), metal, 0.002),
            ellipsoid((0.018, 0.018, 0.03), (0.06, 0, 1.28), metal, 5),
        ],
    )


# ------------------------------------------------------------------ kitchen and bathroom


def build_tap(metal: int, reach: float) -> Mesh:
    """Round the origin, its spout towards +y."""
    spout = [(0, 0, 0), (0, 0, 0.2), (0, 0.05, 0.26), (0, reach - 0.02, 0.25), (0, reach, 0.19)]
    return join(
        [tube(spout, [0.018, 0.016, 0.014, 0.014, 0.013], metal, 8), box((0.03, 0.09, 0.02), (0.06, 0.02, 0.04), metal)]
    )


def build_kitchen_sink(metal: int, dark: int) -> Prop:
    """Let into a worktop, round the origin at the worktop's height."""
    rim = [box((0.46, 0.03, 0.012), (0, s * 0.18, 0), metal) for s in (-1, 1)]
    rim += [box((0.03, 0.38, 0.012), (s * 0.22, 0, 0), metal) for s in (-1, 1)]
    return Prop(
        "", [box((0.42, 0.35, 0.004), (0, 0, 0), dark), *rim, build_tap(metal, 0.16).moved(offset=(0, -0.20, 0))]
    )


def build_hob(black: int, ring: int) -> Prop:
    """Four plates, round the origin at the worktop's height."""
    plates = [
        lathe([(0.001, 0.012), (0.075, 0.014), (0.07, 0.018), (0.001, 0.018)][::1], ring).moved(offset=(x, y, 0))
        for x in (-0.13, 0.13)
        for y in (-0.11, 0.12)
    ]
    return Prop("", [box((0.54, 0.46, 0.014), (0, 0, 0), black, 0.004), join(plates)])


def build_oven_front(black: int, metal: int) -> Prop:
    """A glass door with a bar and knobs, before a cupboard's front at y = 0, 0.14 to 0.84 m high."""
    knobs = [ellipsoid((0.02, 0.02, 0.02), (x, 0.025, 0.79), metal, 5) for x in (-0.18, -0.06, 0.06, 0.18)]
    bar = tube([(-0.2, 0.05, 0.68), (0.2, 0.05, 0.68)], [0.012, 0.012], metal, 7, (0, 0, 1))
    return Prop("", [box((0.54, 0.025, 0.6), (0, 0.012, 0.12), black, 0.01), bar, *knobs])


def build_pot(metal: int, black: int) -> Prop:
    """Stands on its origin, a spoon in it."""
    body = lathe([(0.001, 0), (0.10, 0), (0.11, 0.13), (0.10, 0.13), (0.095, 0.02), (0.001, 0.02)], metal, 16)
    ears = [box((0.05, 0.03, 0.015), (s * 0.125, 0, 0.10), black) for s in (-1, 1)]
    return Prop("", [body, *ears, tube([(0.02, 0, 0.03), (0.10, 0.06, 0.26)], [0.009, 0.009], black, 6)])


def build_basin(white: int, metal: int, foot: int) -> Prop:
    """A washbasin on a pedestal, 0.86 m high, with its tap."""
    bowl = lathe(
        [(0.001, 0.66), (0.12, 0.68), (0.25, 0.80), (0.27, 0.86), (0.24, 0.86), (0.18, 0.78), (0.001, 0.76)], white, 20
    ).moved(np.diag([1.0, 0.78, 1.0]), (0, 0.24, 0))
    column = lathe([(0.12, 0), (0.09, 0.1), (0.075, 0.45), (0.10, 0.70)], foot, 14).moved(offset=(0, 0.20, 0))
    ledge = box((0.44, 0.08, 0.05), (0, 0.045, 0.81), white, 0.02)
    return Prop("", [bowl, column, ledge, build_tap(metal, 0.12).moved(offset=(0, 0.07, 0.85))])


def build_bathtub(white: int, water: int, metal: int, length: float) -> Prop:
    """Long side at the wall; rim at 0.56 m."""
    w, h = 0.72, 0.56
    sides = [box((length, 0.07, h), (0, y, 0), white, 0.025) for y in (0.04, w - 0.035)]
    sides += [box((0.09, w, h), (s * (length / 2 - 0.045), w / 2, 0), white, 0.025) for s in (-1, 1)]
    spout = build_tap(metal, 0.14).moved(offset=(length * 0.28, 0.05, h - 0.02))
    return Prop("", [*sides, box((length - 0.1, w - 0.1, 0.32), (0, w / 2, 0), water, 0.01), spout])


def build_shower(white: int, metal: int, cloth: int) -> Prop:
    """A tray with a shower head and a curtain drawn aside."""
    tray = box((0.85, 0.85, 0.12), (0, 0.43, 0), white, 0.03)
    head = tube([(0, 0.03, 0.9), (0, 0.03, 2.0), (0, 0.22, 2.05)], [0.014] * 3, metal, 7)
    rose = lathe([(0.10, 1.98), (0.10, 2.0), (0.02, 2.03)], metal, 12, True).moved(offset=(0, 0.24, 0))
    rail = tube([(-0.42, 0.84, 2.0), (0.42, 0.84, 2.0)], [0.012, 0.012], metal, 6, (0, 0, 1))
    folds = [tube([(x, 0.84, 0.16), (x, 0.84, 1.99)], [0.028, 0.022], cloth, 7) for x in np.linspace(-0.40, -0.20, 5)]
    return Prop("", [tray, head, rose, rail, join(folds)])


def build_toilet(white: int, metal: int) -> Prop:
    bowl = lathe([(0.12, 0), (0.11, 0.15), (0.19, 0.36), (0.20, 0.40), (0.001, 0.40)], white, 18)
    lid = ellipsoid((0.20, 0.25, 0.025), (0, 0.42, 0.42), white, 9, 0.8)
    tank = box((0.40, 0.18, 0.36), (0, 0.10, 0.40), white, 0.03)
    neck = box((0.22, 0.25, 0.38), (0, 0.14, 0), white, 0.03)
    button = box((0.08, 0.05, 0.015), (0, 0.10, 0.76), metal)
    return Prop("", [bowl.moved(np.diag([1.0, 1.2, 1.0]), (0, 0.42, 0)), neck, tank, lid, button])


def build_washing_machine(white: int, dark: int, metal: int) -> Prop:
    """Its door shut, 0.85 m high."""
    glass = ellipsoid((0.15, 0.05, 0.15), (0, 0.56, 0.42), dark, 9)
    ring = np.linspace(0, 2 * np.pi, 17)
    rim = np.stack([0.17 * np.cos(ring), np.full(17, 0.565), 0.42 + 0.17 * np.sin(ring)], -1)
    rim_mesh = tube(rim, np.full(17, 0.022), metal, 6, across=(0, 1, 0), round_ends=False)
    panel = [
        box((0.5, 0.012, 0.09), (0, 0.565, 0.72), metal),
        ellipsoid((0.03, 0.02, 0.03), (0.15, 0.58, 0.765), dark, 5),
    ]
    return Prop("", [box((0.58, 0.55, 0.85), (0, 0.29, 0), white, 0.015), glass, rim_mesh, *panel])


# ------------------------------------------------------------------ small furniture


def build_workbench(c: RandomStream, wood: int, metal: int, length: float, depth: float, height: float) -> Prop:
    """A heavy table with a vice at one end, round the origin as `furniture.table`."""
    side = c.choice([-1, 1])
    vice = [
        box((0.12, 0.10, 0.08), (side * (length / 2 - 0.12), depth / 2 - 0.08, height), metal, 0.01),
        box((0.10, 0.05, 0.10), (side * (length / 2 - 0.12), depth / 2 + 0.02, height - 0.04), metal, 0.01),
    ]
    rail = box((length - 0.1, 0.03, 0.14), (0, -depth / 2 + 0.05, height - 0.2), wood)
    board = box((length - 0.14, depth * 0.5, 0.03), (0, -depth * 0.2, 0.16), wood)
    posts = build_legs(length / 2 - 0.06, depth / 2 - 0.06, height - 0.06, 0.08, wood)
    return Prop("table", [box((length, depth, 0.06), (0, 0, height - 0.06), wood, 0.008), rail, board, *vice, *posts])


def build_side_table(c: RandomStream, wood: int, metal: int) -> Prop:
    """A bedside cupboard with two drawers, top at 0.52 m."""
    fronts = [box((0.34, 0.02, 0.18), (0, 0.37, z), wood, 0.008) for z in (0.10, 0.30)]
    pulls = [box((0.08, 0.02, 0.015), (0, 0.39, z), metal, 0.004) for z in (0.19, 0.39)]
    body = box((0.38, 0.36, 0.44), (0, 0.19, 0.08), wood, 0.008)
    return Prop("", [body, *fronts, *pulls, *move_pieces(build_legs(0.15, 0.13, 0.09, 0.03, wood), (0, 0.19, 0))])


def build_shoe_shelf(wood: int, length: float) -> Prop:
    """A low open shelf by the door, top at 0.46 m."""
    sides = [box((0.03, 0.32, 0.46), (s * (length / 2 - 0.015), 0.17, 0), wood, 0.005) for s in (-1, 1)]
    boards = [box((length, 0.32, 0.025), (0, 0.17, z), wood, 0.005) for z in (0.10, 0.27, 0.445)]
    return Prop("shelf", [*sides, *boards])


def build_tool_shelf(c: RandomStream, metal: int, trinkets: list[int], height: float, width: float) -> Prop:
    """A metal rack with tins and crates, back at y = 0, its board at 0.96 m free."""
    depth = 0.36
    posts = move_pieces(build_legs(width / 2 - 0.02, depth / 2 - 0.02, height, 0.035, metal), (0, depth / 2 + 0.01, 0))
    pieces = [join(posts)]
    heights = [0.12, 0.54, 0.96] + ([1.42] if height > 1.5 else []) + [height - 0.03]
    pieces += [box((width, depth, 0.025), (0, depth / 2 + 0.01, z), metal, 0.004) for z in heights]
    for z in heights[:-1]:
        if abs(z - 0.96) < 0.01:
            continue
        x = -width / 2 + 0.12
        while x < width / 2 - 0.08:
            tall = c.uniform(0.12, 0.26)
            if c.bernoulli(0.5):
                radius = c.uniform(0.05, 0.075)
                tin = lathe([(radius, 0), (radius, tall), (0.001, tall)], c.choice(trinkets), 12)
                pieces.append(tin.moved(offset=(x, 0.18, z + 0.025)))
            elif c.bernoulli(0.8):
                pieces.append(box((0.13, 0.22, tall), (x, 0.18, z + 0.025), c.choice(trinkets), 0.01))
            x += 0.17
    return Prop("shelf", pieces)


def build_bin_with_lid(shell: int, lid: int) -> Prop:
    body = lathe([(0.001, 0), (0.12, 0), (0.14, 0.36), (0.001, 0.36)], shell, 14)
    return Prop(
        "", [join([body, lathe([(0.145, 0.36), (0.13, 0.40), (0.001, 0.42)], lid, 14)]).moved(offset=(0, 0.16, 0))]
    )


def build_basket(wicker: int) -> Prop:
    """A round laundry basket with a lid."""
    body = lathe([(0.001, 0), (0.17, 0), (0.21, 0.30), (0.20, 0.50), (0.001, 0.50)], wicker, 16)
    rim = lathe([(0.22, 0.49), (0.22, 0.53), (0.05, 0.56), (0.001, 0.56)], wicker, 16)
    return Prop("", [join([body, rim]).moved(offset=(0, 0.23, 0))])


def build_tyres(rubber: int, count: int) -> Prop:
    """A stack of car tyres."""
    profile = [(0.17, 0), (0.28, 0), (0.30, 0.05), (0.30, 0.13), (0.28, 0.18), (0.17, 0.18), (0.16, 0.1)]
    rings = [lathe([*profile, profile[0]], rubber, 18).moved(offset=(0, 0.31, 0.185 * i)) for i in range(count)]
    return Prop("", [join(rings)])


def build_ladder(metal: int) -> Prop:
    """Leans against the wall."""
    rails = [
        tube([(s * 0.19, 0.38, 0.02), (s * 0.17, 0.04, 1.9)], [0.022, 0.022], metal, 6, (0, 1, 0)) for s in (-1, 1)
    ]
    rungs = []
    for z in np.arange(0.25, 1.9, 0.28):
        y = 0.38 - 0.34 * z / 1.9
        rungs.append(box((0.36, 0.035, 0.02), (0, y, z), metal, 0.004))
    return Prop("", [join([*rails, *rungs])])


def build_vase(glaze: int, stalk: int, flower: int, random: np.random.Generator) -> Prop:
    """Stands on its origin; 0.4 m high with its flowers."""
    body = lathe([(0.001, 0), (0.045, 0), (0.07, 0.08), (0.03, 0.16), (0.04, 0.19)], glaze, 14, True)
    flowers = []
    for _ in range(5):
        x, y = random.uniform(-0.09, 0.09, 2)
        z = random.uniform(0.28, 0.38)
        flowers.append(tube([(0, 0, 0.15), (x, y, z)], [0.005, 0.005], stalk, 5))
        flowers.append(ellipsoid((0.03, 0.03, 0.025), (x, y, z), flower, 5))
    return Prop("", [body, join(flowers)])
