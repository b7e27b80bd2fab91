"""Items of cloth and leather that a hand can take: centred on the origin, slightly enlarged.

Each maker takes a stream of shapes and a palette and gives a `Made`. Knows nothing of rooms, people or labels' meaning.
"""

from dataclasses import replace

import numpy as np

from ag_core.world.objects.household import MadeItem
from ag_core.world.objects.props import Hinge, Prop
from ag_core.world.random_streams import RandomStream
from ag_core.world.render.mesh import Mesh, box, ellipsoid, join, tube
from ag_core.world.render.textures import Palette


def make_folds(size: tuple[float, float, float], layers: int, materials: list[int], c: RandomStream) -> list[Mesh]:
    """A pile of folded cloth of a size [3], centred on the origin: soft layers, a little out of line."""
    width, depth, height = size
    thick, pieces = height / layers, []
    for k in range(layers):
        shrink = 1 - 0.03 * k
        half = (width * shrink / 2, depth * shrink / 2, thick * 0.62)
        centre = (c.uniform(-0.008, 0.008), c.uniform(-0.008, 0.008), (k + 0.5) * thick - height / 2)
        pieces.append(make_flat_cushion(half, centre, materials[k % len(materials)]))
    return pieces


def make_flat_cushion(half: tuple[float, float, float], centre: tuple[float, float, float], material: int) -> Mesh:
    """A rounded slab: half sizes [3], its texture laid from above."""
    mesh = ellipsoid(half, centre, material, 10, 0.35)
    uv = (mesh.vertices[:, :2] - np.array(centre[:2], np.float32)) / np.float32(0.4) + np.float32(0.5)
    return replace(mesh, uv=uv.astype(np.float32))


def make_pillow(c: RandomStream, p: Palette) -> MadeItem:
    """Lies flat: oblong, square or a long bolster."""
    variant = c.choice(["oblong", "square", "bolster"])
    cloth = p.add_choice(
        "a8584c 4f6d8f d8c9a0 6f8f6a b5894a 7a6a8a e0d8cc c48a6a 5a8a8a",
        c.split_choice(["fabric", "check", "dots", "leaves", "stripes", "fabric"]),
        repeat=2,
        rim=0.1,
    )
    if variant == "bolster":
        half, r = c.split_uniform(0.22, 0.27), c.split_uniform(0.085, 0.10)
        roll = tube(
            [(-half, 0, 0), (-half + 0.03, 0, 0), (half - 0.03, 0, 0), (half, 0, 0)],
            [r * 0.75, r, r, r * 0.75],
            cloth,
            14,
            (0, 1, 0),
        )
        return MadeItem(Prop("pillow", [roll]), variant, (cloth, cloth))
    size = (
        (c.split_uniform(0.22, 0.26), c.split_uniform(0.15, 0.18))
        if variant == "oblong"
        else (c.split_uniform(0.18, 0.21),) * 2
    )
    mesh = ellipsoid((*size, c.split_uniform(0.07, 0.09)), (0, 0, 0), cloth, 12, 0.6)
    return MadeItem(Prop("pillow", [mesh]), variant, (cloth, cloth))


def make_towel(c: RandomStream, p: Palette) -> MadeItem:
    """Folded to a pile, or rolled."""
    variant = c.choice(["folded", "rolled"])
    cloth = p.add_choice(
        "e8e0d0 9fb8c0 d0a090 a8b890 e0c878 8f8aa8", c.split_choice(["stripes", "fabric", "check"]), repeat=2, rim=0.15
    )
    if variant == "rolled":
        half, r = c.split_uniform(0.15, 0.18), c.split_uniform(0.065, 0.075)
        rolls = [
            tube([(-half * k, 0, 0), (half * k, 0, 0)], [r * s, r * s], cloth, 14, (0, 1, 0))
            for k, s in ((0.92, 1.0), (1.0, 0.7), (1.06, 0.35))
        ]
        return MadeItem(Prop("towel", [join(rolls)]), variant, (cloth, cloth))
    size = (c.split_uniform(0.27, 0.31), c.split_uniform(0.19, 0.22), c.split_uniform(0.11, 0.14))
    return MadeItem(Prop("towel", [join(make_folds(size, 3, [cloth], c))]), variant, (cloth, cloth))


def make_blanket(c: RandomStream, p: Palette) -> MadeItem:
    """Folded to a thick pile, or rolled."""
    variant = c.choice(["folded", "rolled"])
    pattern = c.split_choice(["check", "fabric", "stripes", "leaves", "dots", "check"])
    cloth = p.add_choice("a8584c 4f6d8f c9a060 6f8f6a 8a5a6a 7a6a8a c8b8a0 5a8a8a 9a7050", pattern, repeat=2, rim=0.15)
    hem = p.add_choice("e0d8c8 d0b080 8a98a8 c8a098", "fabric", repeat=2, rim=0.15)
    if variant == "rolled":
        half, r = c.split_uniform(0.20, 0.23), c.split_uniform(0.095, 0.11)
        rolls = [
            tube([(-half * k, 0, 0), (half * k, 0, 0)], [r * s, r * s], m, 16, (0, 1, 0))
            for k, s, m in ((0.94, 1.0, cloth), (1.0, 0.75, hem), (1.04, 0.5, cloth), (1.07, 0.25, hem))
        ]
        return MadeItem(Prop("blanket", [join(rolls)]), variant, (cloth, hem))
    size = (c.split_uniform(0.40, 0.46), c.split_uniform(0.28, 0.33), c.split_uniform(0.15, 0.19))
    pile = make_folds(size, 4, [cloth], c)
    edge = box((size[0] * 0.9, 0.03, size[2] * 0.16), (0, -size[1] / 2 + 0.008, -size[2] * 0.05), hem, 0.012)
    return MadeItem(Prop("blanket", [join([*pile, edge])]), variant, (cloth, hem))


def make_clothes(c: RandomStream, p: Palette) -> MadeItem:
    """A folded jacket with a zip, a buttoned shirt with a collar, or a sweater; the collar towards +y."""
    variant = c.choice(["jacket", "shirt", "sweater"])
    cloth = p.add_choice(
        "3a4a6a 8a3b3b 4f6a4a b08a3a 5a4a6a 2f6a7a a8684a 55565c c0a080",
        c.split_choice(["fabric", "stripes", "check"]) if variant == "shirt" else "fabric",
        repeat=2,
        rim=0.12,
    )
    trim = p.add_choice("e0d8c8 2c2d33 c8a860 8f9098 d8c8b0 6a4a35", shine=0.2, sharpness=30)
    w, d, h = c.split_uniform(0.31, 0.36), c.split_uniform(0.25, 0.29), c.split_uniform(0.11, 0.14)
    top = h * 0.40
    pieces = make_folds((w, d, h * 0.8), 2, [cloth], c)
    for side in (-1, 1):  # sleeves laid across
        arm = [(side * w * 0.47, d * 0.34, 0.0), (side * w * 0.40, d * 0.05, top), (side * w * 0.10, -d * 0.30, top)]
        pieces.append(tube(arm, [(0.045, 0.022), (0.042, 0.020), (0.036, 0.018)], cloth, 8, (0, 0, 1)))
    s = np.linspace(0, 2 * np.pi, 13)
    ring = np.stack([0.075 * np.cos(s), d * 0.36 + 0.045 * np.sin(s), np.full(13, top + 0.012)], -1)
    collar = {"jacket": 0.026, "shirt": 0.017, "sweater": 0.022}[variant]
    pieces.append(tube(ring, [collar] * 13, cloth if variant != "sweater" else trim, 8, (0, 0, 1), round_ends=False))
    if variant == "jacket":
        pieces.append(box((0.014, d * 0.75, 0.01), (0, -d * 0.08, top + 0.005), trim, 0.003))
    elif variant == "shirt":
        pieces += [ellipsoid((0.010, 0.010, 0.006), (0, y * d, top + 0.008), trim, 5) for y in (-0.35, -0.18, 0, 0.17)]
    return MadeItem(Prop("clothes", [join(pieces)]), variant, (cloth, trim))


def make_shoe(c: RandomStream, p: Palette) -> MadeItem:
    """A pair side by side, toes towards -y: trainers, boots or slippers."""
    variant = c.choice(["trainer", "boot", "slipper"])
    leather = p.add_choice("7a4a2f 2f3a4f b8453a d8d2c4 4a5a48 8a8a92", "fabric", repeat=3, shine=0.15, sharpness=25)
    sole = p.add_choice("e4dfd2 3a2c22 8a6a48 c8c0b0 5a5a5f f0ece0")
    length = c.split_uniform(0.29, 0.33)
    pair = [make_single_shoe(variant, length, leather, sole).moved(offset=(side * 0.068, 0, 0)) for side in (-1, 1)]
    low, high = (f([f(m.vertices[:, 2]) for m in pair]) for f in (min, max))
    return MadeItem(Prop("shoe", [m.moved(offset=(0, 0, -(low + high) / 2)) for m in pair]), variant, (leather, sole))


def make_single_shoe(variant: str, length: float, leather: int, sole: int) -> Mesh:
    """One shoe standing on z = 0, its middle over the origin, toes towards -y; length in metres."""
    half = length / 2
    upper = ellipsoid((0.055, half, 0.062), (0, 0, 0.055), leather, 10, 0.8)
    heel = np.clip((upper.vertices[:, 1] + half * 0.3) / half, 0, 1)
    upper.vertices[:, 2] += (heel * 0.03 * (upper.vertices[:, 2] > 0.05)).astype(np.float32)
    np.maximum(upper.vertices[:, 2], 0.012, out=upper.vertices[:, 2])
    base = ellipsoid((0.060, half * 1.04, 0.022), (0, 0, 0.018), sole, 8, 0.65)
    tall = {"trainer": 0.13, "boot": 0.24, "slipper": 0.0}[variant]
    pieces = [upper, base]
    if tall:
        pieces.append(
            tube(
                [(0, half * 0.48, 0.06), (0, half * 0.52, tall)],
                [(0.046, 0.06), (0.048, 0.062)],
                leather,
                12,
                round_ends=False,
            )
        )
        pieces.append(ellipsoid((0.045, 0.058, 0.008), (0, half * 0.52, tall - 0.006), sole, 6))
    if variant == "trainer":
        pieces += [
            tube([(-0.035, y, z), (0, y - 0.004, z + 0.014), (0.035, y, z)], [0.006] * 3, sole, 6, (0, 1, 0))
            for y, z in ((-half * 0.05, 0.105), (-half * 0.28, 0.098), (half * 0.15, 0.115))
        ]
    elif variant == "slipper":
        pieces.append(ellipsoid((0.045, half * 0.5, 0.02), (0, half * 0.42, 0.10), sole, 8, 0.8))
    return join(pieces)


def make_bag(c: RandomStream, p: Palette) -> MadeItem:
    """A satchel, a tote or a rucksack. The flap turns up round the far upper edge; open it shows a dark inside."""
    variant = c.choice(["satchel", "tote", "rucksack"])
    w, h, d = {
        "satchel": (c.split_uniform(0.32, 0.37), c.split_uniform(0.26, 0.30), 0.14),
        "tote": (c.split_uniform(0.33, 0.38), c.split_uniform(0.30, 0.34), 0.15),
        "rucksack": (c.split_uniform(0.27, 0.31), c.split_uniform(0.35, 0.40), 0.17),
    }[variant]
    cloth = p.add_choice(
        "7a4a3a 3d4a5c b08a4a 5a6b4a 8a3b4a 40434a", c.split_choice(["fabric", "stripes", "check"]), repeat=2, rim=0.08
    )
    dark, metal = p.add("1c1a19"), p.add_choice("c9a860 b8b2a0 8f8f94", shine=0.6, sharpness=60)
    body = box((w, d, h - 0.01), (0, 0, -h / 2), cloth, 0.035)
    mouth = box((w - 0.05, d - 0.05, 0.012), (0, 0, h / 2 - 0.018), dark, 0.004)
    pieces = [join([body, mouth])]
    top, half = 0.29, (0.11 if variant != "rucksack" else 0.07)
    s = np.linspace(0, np.pi, 9)
    rise = top - (h / 2 - 0.03)
    for y in {"satchel": (0.0,), "tote": (-0.05, 0.05), "rucksack": (d / 2 - 0.01,)}[variant]:
        path = np.stack([half * np.cos(s), np.full(9, y), h / 2 - 0.03 + rise * np.sin(s) - 0.012], -1)
        pieces.append(tube(path, [0.012] * 9, cloth, 8, (0, 1, 0)))
    if variant == "rucksack":
        pocket = box((w * 0.7, 0.05, h * 0.4), (0, -d / 2 - 0.015, -h / 2 + 0.03), cloth, 0.02)
        pieces.append(join([pocket, box((w * 0.5, 0.01, 0.012), (0, -d / 2 - 0.04, -h / 2 + 0.03 + h * 0.3), metal)]))
    drop = {"satchel": 0.62, "tote": 0.12, "rucksack": 0.34}[variant] * h
    flap = [
        box((w - 0.012, d + 0.012, 0.014), (0, -d / 2, -0.004), cloth, 0.006),
        box((w - 0.012, 0.014, drop), (0, -d - 0.004, 0.004 - drop), cloth, 0.006),
        box((0.045, 0.012, 0.03), (0, -d - 0.012, 0.01 - drop), metal, 0.004),
    ]
    hinge = Hinge([join(flap)], np.array([0, d / 2, h / 2]), "x", -2.7, np.array([0, -d - 0.01, 0.02 - drop]))
    return MadeItem(Prop("bag", pieces, hinge), variant, (cloth, metal))
